"""reduce: folding arrays over axes with any associative function of scalars.

The function is a closed program of 2n scalars, n accumulators and n elements. A tree of its
applications, elementwise on halves, defines the derivative; so it needs no transpose of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.array import to_array
from minijax.core.avals import Aval, ShapedArray, Zero
from minijax.core.dtypes import bool_
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import primitive
from minijax.core.pytree import flatten, unflatten
from minijax.interpreters.batch import batch, batch_jaxpr, move_batch_axis
from minijax.interpreters.evaluate import eval_jaxpr, evaluate
from minijax.interpreters.jvp import jvp
from minijax.interpreters.stage import stage_closed
from minijax.primitives.broadcast import (
    Axes,
    axes_around_batch,
    broadcast_in_dim,
    check_axes,
    mix_indices,
    reduce_sum,
    reduced_shape,
    transpose,
)
from minijax.primitives.families import NOT_LINEAR
from minijax.primitives.joining import concatenate
from minijax.primitives.reduction import (
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
    reduce_xor,
)
from minijax.primitives.shape import reshape
from minijax.primitives.windows import index_in_dim, slice_in_dim


def _folded_shape(shape: Axes, dimensions: Axes) -> tuple[Axes, int, Axes]:
    """Returns the permutation that puts folded axes first, their size, and the other sizes."""
    kept = tuple(d for d in range(len(shape)) if d not in dimensions)
    count = math.prod(shape[d] for d in dimensions)
    return (*dimensions, *kept), count, reduced_shape(shape, dimensions)


def _batched(computation: Jaxpr, size: int) -> Jaxpr:
    inputs = [True] * len(computation.invars)
    return batch_jaxpr(computation, size, inputs, [True] * len(computation.outvars))[0]


def _reduce_impl(*args: np.ndarray, computation: Jaxpr, dimensions: Axes) -> Any:
    arity = len(args) // 2
    order, count, rest = _folded_shape(args[0].shape, dimensions)
    size = math.prod(rest)
    program = _batched(computation, size)
    rows = [x.transpose(order).reshape(count, size) for x in args[:arity]]
    found: Sequence[np.ndarray] = [np.broadcast_to(init, (size,)) for init in args[arity:]]
    for news in zip(*rows, strict=True):
        found = evaluate(program, [*found, *news])
    return tuple(x.reshape(rest) for x in found)


def _reduce_abstract(*avals: ShapedArray, computation: Jaxpr, dimensions: Axes) -> Any:
    arity = len(avals) // 2
    operands, inits = avals[:arity], avals[arity:]
    if any(x.shape != operands[0].shape for x in operands):
        shown = ", ".join(str(x.shape) for x in operands)
        raise TypeError(f"reduce needs operands of one shape, got {shown}.")
    check_axes("reduce", operands[0], dimensions)
    for x, init in zip(operands, inits, strict=True):
        if init.shape != () or init.dtype != x.dtype:
            raise TypeError(
                f"reduce: the initial value of an operand {x} must be a scalar of its dtype, got "
                f"{init}: convert it with .astype(...)."
            )
    results = [(out.shape, out.dtype) for out in computation.out_avals]  # type: ignore[attr-defined]
    expected = [((), x.dtype) for x in operands]
    if results != expected:
        shown = ", ".join(map(str, computation.out_avals))
        raise TypeError(
            "reduce: the computation must return one scalar of the dtype of each operand, "
            f"{', '.join(str(dtype) for _, dtype in expected)}; it returned {shown}."
        )
    shape = reduced_shape(operands[0].shape, dimensions)
    return tuple(ShapedArray(shape, x.dtype) for x in operands)


# -- the tree, in terms of other operations


def _elementwise(computation: Jaxpr, lhs: Sequence[Any], rhs: Sequence[Any]) -> list[Any]:
    """Returns the computation applied to arrays of one shape, element by element."""
    shape = lhs[0].shape
    size = math.prod(shape)
    flat = [reshape(x, (size,)) for x in (*lhs, *rhs)]
    outs, dims = batch(lambda *xs: eval_jaxpr(computation, *xs), flat, [0] * len(flat), size)
    return [
        reshape(move_batch_axis(out, dim, size), shape) for out, dim in zip(outs, dims, strict=True)
    ]


def _tree(computation: Jaxpr, dimensions: Axes, args: Sequence[Any]) -> list[Any]:
    arity = len(args) // 2
    order, count, rest = _folded_shape(args[0].shape, dimensions)
    rows = [reshape(transpose(x, order), (count, *rest)) for x in args[:arity]]
    start = [broadcast_in_dim(init, rest, ()) for init in args[arity:]]
    if count == 0:
        return start
    while count > 1:
        pairs = count - count % 2
        # Neighbours meet, so the order of elements is kept.
        even, odd = ([slice_in_dim(x, p, pairs, 2) for x in rows] for p in (0, 1))
        met = _elementwise(computation, even, odd)
        if pairs < count:
            last = [slice_in_dim(x, pairs, count) for x in rows]
            met = [concatenate([x, y], 0) for x, y in zip(met, last, strict=True)]
        rows, count = met, (count + 1) // 2
    firsts = [index_in_dim(x, 0, keepdims=False) for x in rows]
    return _elementwise(computation, start, firsts)


def _reduce_jvp(primals: Any, tangents: Any, *, computation: Jaxpr, dimensions: Axes) -> Any:
    if all(type(t) is Zero for t in tangents):
        outs = reduce_p.bind(*primals, computation=computation, dimensions=dimensions)
        return outs, tuple(Zero(out.aval.tangent()) for out in outs)
    pair = jvp(lambda *args: _tree(computation, dimensions, args), primals, tangents)
    return tuple(pair[0]), tuple(pair[1])


def _reduce_batch(
    size: int, operands: Any, dims: Any, *, computation: Jaxpr, dimensions: Axes
) -> Any:
    arity = len(operands) // 2
    if any(dim is not None for dim in dims[arity:]):
        pair = batch(lambda *args: _tree(computation, dimensions, args), operands, dims, size)
        return tuple(pair[0]), tuple(pair[1])
    place = next(dim for dim in dims if dim is not None)
    aligned = [
        move_batch_axis(x, dim, size, place)
        for x, dim in zip(operands[:arity], dims[:arity], strict=True)
    ]
    moved, out_dim = axes_around_batch(dimensions, place, aligned[0].ndim)
    inits = operands[arity:]
    outs = reduce_p.bind(*aligned, *inits, computation=computation, dimensions=moved)
    return outs, (out_dim,) * arity


def _reduce_lower(k: Any, *args: Any, out: Any, computation: Jaxpr, dimensions: Axes) -> Any:
    arity = len(args) // 2
    operands, inits = args[:arity], args[arity:]

    def element(outer: Any, inner: Any) -> Any:
        indices = mix_indices(outer, inner, dimensions)
        return (*(x(*indices) for x in operands), k.constant(True, bool_))

    def combine(acc: Any, new: Any) -> Any:
        both = k.inline_scalars(computation, (*acc[:-1], *new[:-1]))
        started = acc[-1]
        # No constant is neutral for every function, so a flag tells an empty accumulator.
        met = [
            k.select(started, k.select(new[-1], z, x), y)
            for x, y, z in zip(acc[:-1], new[:-1], both, strict=True)
        ]
        return (*met, k.or_(started, new[-1]))

    flag = ShapedArray(out[0].shape, bool_)
    empty = [k.constant(np.zeros((), x.dtype), x.dtype) for x in operands]
    sizes = [operands[0].shape[d] for d in dimensions]
    start = (*empty, k.constant(False, bool_))
    *found, started = k.reduce((*out, flag), sizes, element, start, combine)

    def finished(*i: Any) -> Any:
        first = tuple(init() for init in inits)
        both = k.inline_scalars(computation, (*first, *(x(*i) for x in found)))
        return tuple(k.select(started(*i), z, x) for x, z in zip(first, both, strict=True))

    return k.elements(out, finished)


reduce_p = primitive(
    "reduce",
    impl=_reduce_impl,
    abstract=_reduce_abstract,
    jvp=_reduce_jvp,
    transpose=NOT_LINEAR,
    batch=_reduce_batch,
    lower=_reduce_lower,
)


def staged_computation(
    computation: Callable[[Any, Any], Any], avals: Sequence[Aval], treedef: Any
) -> Jaxpr:
    """Returns the closed program of a computation that combines two pytrees of scalars."""

    def flat(*args: Any) -> list[Any]:
        arity = len(args) // 2
        accs, news = unflatten(treedef, args[:arity]), unflatten(treedef, args[arity:])
        return [to_array(x) for x in flatten(computation(accs, news))[0]]

    scalars = [ShapedArray((), aval.dtype) for aval in avals]  # type: ignore[attr-defined]
    return stage_closed(flat, [*scalars, *scalars], "reduce")


_OWN_REDUCTIONS = {
    "add": reduce_sum,
    "mul": reduce_prod,
    "max": reduce_max,
    "min": reduce_min,
    "and": reduce_and,
    "or": reduce_or,
    "xor": reduce_xor,
}


def own_reduction(computation: Jaxpr) -> str | None:
    """Returns the operation that a computation is, if that has a reduction of its own."""
    if len(computation.eqns) != 1 or len(computation.invars) != 2:
        return None
    (eqn,) = computation.eqns
    is_plain = set(eqn.invars) == set(computation.invars) and computation.outvars == eqn.outvars
    name = eqn.primitive.name
    return name if is_plain and name in _OWN_REDUCTIONS else None


def _in_dtype(init: Any, dtype: np.dtype) -> Any:
    return init.astype(dtype) if init.weak_type and init.dtype != dtype else init


def reduce(
    operands: Any,
    init_values: Any,
    computation: Callable[[Any, Any], Any],
    dimensions: Sequence[int],
    out_sharding: Any = None,
) -> Any:
    """Folds arrays over some of their axes with a function of two values.

    Args:
        operands: an array, or a pytree of arrays of one shape that are folded together.
        init_values: a scalar for each array, in the same structure: what the folds start from.
        computation: an associative function of two scalars (two pytrees of scalars), made of
            elementwise operations, that returns their combination.
        dimensions: distinct axes, counted from the front, which go.
        out_sharding: for compatibility; without effect.

    Returns:
        The results, in the structure of `operands`.

    Raises:
        TypeError: if shapes, dtypes or structures do not fit.
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reduce(jnp.array([1.0, 5.0, 2.0]), 0.0, lambda x, y: jnp.hypot(x, y), (0,))
        Array(5.47722558, dtype=float64)
    """
    arrays, treedef = flatten(operands)
    inits, init_treedef = flatten(init_values)
    if treedef != init_treedef or not arrays:
        raise TypeError(
            "reduce needs at least one operand and as many initial values in the same structure, "
            f"got {treedef} and {init_treedef}."
        )
    arrays, inits = [to_array(x) for x in arrays], [to_array(x) for x in inits]
    inits = [_in_dtype(init, x.dtype) for init, x in zip(inits, arrays, strict=True)]
    axes = tuple(int(d) for d in dimensions)
    program = staged_computation(computation, [x.aval for x in arrays], treedef)
    name = own_reduction(program)
    if name is not None and inits[0].shape == () and inits[0].dtype == arrays[0].dtype:
        found = _OWN_REDUCTIONS[name](arrays[0], axes)
        outs = program.eqns[0].primitive.bind(inits[0], found)
    else:
        outs = reduce_p.bind(*arrays, *inits, computation=program, dimensions=axes)
    return unflatten(treedef, outs)
