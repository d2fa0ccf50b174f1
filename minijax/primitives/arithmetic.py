"""Arithmetic: neg add sub mul div rem, powers and roots, sign and rounding, max and min."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.avals import ArraySpace, install_array_space
from minijax.core.dtypes import NUMERIC, float0
from minijax.core.array import aval_of
from minijax.core.operators import Array
from minijax.interpreters.transpose import is_linear
from minijax.primitives.broadcast import full, move_axis, spread, unbroadcast
from minijax.primitives.families import match, nary, unary

# -- neg

neg_p = unary(
    "neg",
    np.negative,
    on=NUMERIC,
    tangent=lambda t, x, y: neg(t),
    element=lambda k, x: k.neg(x),
    transpose=lambda cts, x: (neg(cts[0]),),
)


def neg(x: Any) -> Array:
    """Returns -x elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> neg(jnp.array([1.0, -2.0]))
        Array([-1.,  2.], dtype=float64)
    """
    return neg_p.bind(*match(x))[0]


# -- add, sub


def _add_transpose(cts: Any, x: Any, y: Any) -> Any:
    (ct,) = cts
    return tuple(unbroadcast(ct, z.aval) if is_linear(z) else None for z in (x, y))


add_p = nary(
    "add",
    np.add,
    on=NUMERIC,
    tangents=(lambda t, x, y, out: t, lambda t, x, y, out: t),
    element=lambda k, x, y: k.add(x, y),
    transpose=_add_transpose,
)


def add(x: Any, y: Any) -> Array:
    """Returns x + y elementwise, for operands of one dtype and one shape or rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> add(jnp.array([1.0, 2.0]), 0.5)
        Array([1.5, 2.5], dtype=float64)
    """
    return add_p.bind(*match(x, y))[0]


def _sub_transpose(cts: Any, x: Any, y: Any) -> Any:
    (ct,) = cts
    return (
        unbroadcast(ct, x.aval) if is_linear(x) else None,
        unbroadcast(neg(ct), y.aval) if is_linear(y) else None,
    )


sub_p = nary(
    "sub",
    np.subtract,
    on=NUMERIC,
    tangents=(lambda t, x, y, out: t, lambda t, x, y, out: neg(t)),
    element=lambda k, x, y: k.sub(x, y),
    transpose=_sub_transpose,
)


def sub(x: Any, y: Any) -> Array:
    """Returns x - y elementwise, for operands of one dtype and one shape or rank 0."""
    return sub_p.bind(*match(x, y))[0]


# -- mul


def _mul_transpose(cts: Any, x: Any, y: Any) -> Any:
    (ct,) = cts
    if is_linear(x):
        return unbroadcast(mul(ct, y), x.aval), None
    return None, unbroadcast(mul(x, ct), y.aval)


mul_p = nary(
    "mul",
    np.multiply,
    on=NUMERIC,
    tangents=(lambda t, x, y, out: mul(t, y), lambda t, x, y, out: mul(x, t)),
    element=lambda k, x, y: k.mul(x, y),
    transpose=_mul_transpose,
)


def mul(x: Any, y: Any) -> Array:
    """Returns x · y elementwise, for operands of one dtype and one shape or rank 0."""
    return mul_p.bind(*match(x, y))[0]


# -- the vector space of arrays


def _zeros(aval: Any) -> Array:
    return full(aval.shape, 0, aval.dtype, aval.weak_type)


def _add_vectors(x: Any, y: Any) -> Any:
    # Two float0 zeros have nothing to add.
    return x if aval_of(x).dtype == float0 else add(x, y)


install_array_space(ArraySpace(_zeros, _add_vectors, spread, move_axis))
