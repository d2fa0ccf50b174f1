"""Operations that return what they are given, and mean something to transformations."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import Zero
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, constant, linear, primitive
from minijax.core.pytree import flatten, unflatten


def _identity_impl(*operands: np.ndarray) -> tuple[np.ndarray, ...]:
    return operands


def _identity_abstract(*avals: Any) -> Any:
    return avals


def _identity_lower(k: Any, *operands: Any, out: Any) -> Any:
    return operands


stop_gradient_p: Primitive = primitive(
    "stop_gradient",
    impl=_identity_impl,
    abstract=_identity_abstract,
    jvp=constant,
    transpose=absent("its derivative is zero"),
    batch=lambda size, operands, dims: (stop_gradient_p.bind(*operands), dims),
    lower=_identity_lower,
)
copy_p: Primitive = primitive(
    "copy",
    impl=_identity_impl,
    abstract=_identity_abstract,
    jvp=linear,
    transpose=lambda cts, x: copy_p.bind(*cts),
    batch=lambda size, operands, dims: (copy_p.bind(*operands), dims),
    lower=_identity_lower,
)


def _barrier_jvp(primals: Any, tangents: Any) -> Any:
    outs = optimization_barrier_p.bind(*primals)
    return outs, _barrier_of_nonzero(tangents)


def _barrier_of_nonzero(vectors: Any) -> tuple[Any, ...]:
    dense = [v for v in vectors if type(v) is not Zero]
    passed = iter(optimization_barrier_p.bind(*dense) if dense else ())
    return tuple(v if type(v) is Zero else next(passed) for v in vectors)


optimization_barrier_p: Primitive = primitive(
    "optimization_barrier",
    impl=_identity_impl,
    abstract=_identity_abstract,
    jvp=_barrier_jvp,
    transpose=lambda cts, *operands: _barrier_of_nonzero(cts),
    batch=lambda size, operands, dims: (optimization_barrier_p.bind(*operands), dims),
    lower=_identity_lower,
)


def stop_gradient(x: Any) -> Any:
    """Returns `x` (an array or a pytree of arrays) as a constant of differentiation.

    Example:
        >>> import minijax
        >>> minijax.grad(lambda x: x * stop_gradient(x))(3.0)
        Array(3., dtype=float64, weak_type=True)
    """
    leaves, tree = flatten(x)
    return unflatten(tree, [_stopped(leaf) for leaf in leaves])


def _stopped(x: Any) -> Any:
    if not dtypes.is_inexact(aval_of(x).dtype):
        return x
    return stop_gradient_p.bind(to_array(x))[0]


def copy(x: Any) -> Array:
    """Returns a copy of an array."""
    return copy_p.bind(to_array(x))[0]


def optimization_barrier(operand: Any) -> Any:
    """Returns an array or a pytree of arrays such that no computation moves past this point.

    Everything that the operands need is done before anything that uses the results, and what is
    computed on both sides is not merged.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.optimization_barrier(jnp.array([0.25, 0.5]))
        Array([0.25, 0.5 ], dtype=float64)
    """
    leaves, tree = flatten(operand)
    outs = optimization_barrier_p.bind(*map(to_array, leaves)) if leaves else ()
    return unflatten(tree, list(outs))
