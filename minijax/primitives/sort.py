"""Sorting: sort of several operands by the first few of them, and top_k.

The order of floats is the usual one with every NaN last and -0 equal to 0; complex numbers compare
by real part, then imaginary part. `top_k` alone tells -0 from 0 and orders NaNs by their sign.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import bool_, int32, int64, uint8
from minijax.core.operators import Array
from minijax.core.primitive import primitive
from minijax.interpreters.batch import move_batch_axis
from minijax.kernel.roots import numbers_places
from minijax.primitives.broadcast import full, insert_ones
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.families import NOT_LINEAR, check_dtype
from minijax.primitives.gather import gather
from minijax.primitives.indexing import GatherDimensionNumbers, GatherScatterMode
from minijax.primitives.shape import canonical_axis

Axes = tuple[int, ...]
_LONG_LINE = 512
_LONG_LINE_AROUND = 128  # of lines that are arranged around a place, which is less work

# -- sort


def sort_keys(x: np.ndarray) -> list[np.ndarray]:
    """Returns the real arrays whose lexicographic order is the order of `x`, last one first."""
    if dtypes.is_complex(x.dtype):
        return [x.imag, x.real]
    return [x.astype(np.float32) if x.dtype == dtypes.bfloat16 else x]


def _sort_impl(*operands: np.ndarray, dimension: int, is_stable: bool, num_keys: int) -> Any:
    first = operands[0]
    if len(operands) == 1 and (first.dtype.kind in "biu" or first.dtype in _NATIVE_FLOAT):
        return (np.sort(first, axis=dimension, kind="stable"),)
    keys = [key for x in reversed(operands[:num_keys]) for key in sort_keys(x)]
    if len(keys) == 1:
        order = np.argsort(keys[0], axis=dimension, kind="stable")
    else:
        order = np.lexsort(keys, axis=dimension)
    return tuple(np.take_along_axis(x, order, axis=dimension) for x in operands)


_NATIVE_FLOAT = (np.dtype(np.float16), dtypes.float32, dtypes.float64)


def _sort_abstract(*avals: ShapedArray, dimension: int, is_stable: bool, num_keys: int) -> Any:
    shapes = {aval.shape for aval in avals}
    if len(shapes) != 1:
        shown = ", ".join(str(aval.shape) for aval in avals)
        raise TypeError(f"sort needs operands of one shape, got {shown or 'no operand'}.")
    if not 1 <= num_keys <= len(avals):
        raise ValueError(
            f"sort: num_keys must be between 1 and the number of operands {len(avals)}, "
            f"got {num_keys}."
        )
    if not 0 <= dimension < avals[0].ndim:
        raise ValueError(
            f"sort: dimension {dimension} is not an axis of operands of shape {avals[0].shape}."
        )
    for position, aval in enumerate(avals[:num_keys]):
        check_dtype("sort", aval, dtypes.ALL, f"key {position}")
    return avals


def take_along(x: Any, indices: Any, dimension: int) -> Array:
    """Returns the elements of x at indices along one axis, each line by its own indices.

    Args:
        x: an array of rank r.
        indices: an integer array of rank r, equal to x in shape but for the axis; in bounds.
        dimension: the axis.
    """
    if not x.size:
        return full(indices.shape, 0, x.dtype)
    others = tuple(d for d in range(x.ndim) if d != dimension)
    numbers = GatherDimensionNumbers((), (dimension,), (dimension,), others, others)
    return gather(
        x,
        insert_ones(indices, (indices.ndim,)),
        numbers,
        (1,) * x.ndim,
        unique_indices=True,
        mode=GatherScatterMode.PROMISE_IN_BOUNDS,
    )


def moved_tangents(tangents: Any, outs: Any, order: Any, dimension: int) -> Any:
    """Returns the tangents of results that are operands in another order."""
    return tuple(
        Zero(out.aval.tangent()) if type(t) is Zero else take_along(t, order, dimension)
        for t, out in zip(tangents, outs, strict=True)
    )


def _sort_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    if all(type(t) is Zero for t in tangents):
        outs = sort_p.bind(*primals, **params)
        return outs, tuple(Zero(out.aval.tangent()) for out in outs)
    dimension = params["dimension"]
    places = broadcasted_iota(int64, primals[0].shape, dimension)
    *ordered, order = sort_p.bind(*primals, places, **params)
    return tuple(ordered), moved_tangents(tangents, ordered, order, dimension)


def _sort_batch(size: int, operands: Any, dims: Any, *, dimension: int, **params: Any) -> Any:
    place = next(dim for dim in dims if dim is not None)
    aligned = [move_batch_axis(x, dim, size, place) for x, dim in zip(operands, dims, strict=True)]
    outs = sort_p.bind(*aligned, dimension=dimension + (dimension >= place), **params)
    return outs, (place,) * len(outs)


def key_expression(k: Any, x: Any) -> Any:
    """Returns what `lt_total` orders as a sort orders x: all NaNs are alike."""
    if x.dtype == bool_:
        return k.convert(x, uint8)
    if dtypes.is_float(x.dtype):
        # lt_total has NaNs of negative sign first.
        return k.select(k.is_nan(x), k.constant(np.nan, x.dtype), x)
    return x


def _parts(k: Any, x: Any) -> list[Any]:
    """Returns the real arrays whose lexicographic order is the order of `x`."""
    if not dtypes.is_complex(x.dtype):
        return [x]
    part = ShapedArray(x.shape, dtypes.real_dtype(x.dtype))
    return [k.element(part, lambda *i, f=f: f(x(*i)))[0] for f in (k.real, k.imag)]


def _sort_lower(
    k: Any, *operands: Any, out: Any, dimension: int, is_stable: bool, num_keys: int
) -> Any:
    keys = [part for x in operands[:num_keys] for part in _parts(k, x)]
    is_split = len(keys) > num_keys
    others = operands if is_split else operands[num_keys:]

    def less(lhs: Any, rhs: Any) -> Any:
        pairs = [
            (key_expression(k, x), key_expression(k, y))
            for x, y in zip(lhs[: len(keys)], rhs[: len(keys)], strict=True)
        ]
        result = k.lt_total(*pairs[-1])
        for x, y in reversed(pairs[:-1]):
            result = k.or_(k.lt_total(x, y), k.and_(k.le_total(x, y), result))
        return result

    found = along(k, (*keys, *others), dimension, less)
    return found[len(keys) :] if is_split else found


def along(k: Any, operands: Any, axis: int, less: Any, **how: int | None) -> Any:
    """Sorts along an axis; long lines that do not lie together in memory are brought together.

    Args:
        k: the builder.
        operands: the arrays.
        axis: the axis.
        less: whether an element of each goes before another.
        how: further arguments of the builder's `sort`.
    """
    shape = operands[0].shape
    long = _LONG_LINE if how.get("around") is None else _LONG_LINE_AROUND
    if shape[axis] < long or math.prod(shape[axis + 1 :]) == 1:
        return k.sort(operands, axis, less, **how)
    order = (*(d for d in range(len(shape)) if d != axis), axis)
    lines = [_line(k, x, order, axis) for x in operands]
    outs = k.sort(lines, len(shape) - 1, less, **how)
    back = tuple(order.index(d) for d in range(len(shape)))
    return tuple(_transposed(k, x, back) for x in outs)


def _line(k: Any, x: Any, order: Axes, axis: int) -> Any:
    if numbers_places(x, axis):
        aval = ShapedArray(tuple(x.shape[d] for d in order), x.dtype)
        return k.element(aval, lambda *i: k.convert(i[-1], x.dtype))[0]
    return _transposed(k, x, order)


def _transposed(k: Any, x: Any, order: Axes) -> Any:
    def element(*i: Any) -> Any:
        return x(*(i[order.index(d)] for d in range(len(order))))

    return k.element(ShapedArray(tuple(x.shape[d] for d in order), x.dtype), element)[0]


sort_p = primitive(
    "sort",
    impl=_sort_impl,
    abstract=_sort_abstract,
    jvp=_sort_jvp,
    transpose=NOT_LINEAR,
    batch=_sort_batch,
    lower=_sort_lower,
)


def sort(
    operand: Any, dimension: int = -1, is_stable: bool = True, num_keys: int = 1
) -> Array | tuple[Array, ...]:
    """Sorts along an axis; several arrays by the first of them.

    Args:
        operand: an array, or a sequence of arrays of one shape that are permuted alike.
        dimension: the axis; negative ones count from the end.
        is_stable: for compatibility; equal elements always keep their order.
        num_keys: how many of the arrays to sort by, lexicographically.

    Returns:
        An array for an array, a tuple for a sequence. NaNs come last; -0 and 0 are equal.

    Raises:
        TypeError: if shapes differ or a key is not numeric or bool.
        ValueError: if the axis or `num_keys` is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.sort((jnp.array([3, 1, 2]), jnp.array([10, 20, 30])))
        (Array([1, 2, 3], dtype=int64), Array([20, 30, 10], dtype=int64))
    """
    is_sequence = isinstance(operand, Sequence)
    arrays = [to_array(x) for x in operand] if is_sequence else [to_array(operand)]
    if not arrays:
        raise TypeError("sort needs at least one operand, got an empty sequence.")
    outs = sort_p.bind(
        *arrays,
        dimension=canonical_axis("sort", dimension, arrays[0].ndim),
        is_stable=bool(is_stable),
        num_keys=operator.index(num_keys),
    )
    return outs if is_sequence else outs[0]


# -- top_k


def _descending_keys(x: np.ndarray) -> np.ndarray:
    """Returns integers that decrease where the elements increase."""
    if not dtypes.is_float(x.dtype):
        return ~x
    bits = x.view(np.dtype(f"i{x.dtype.itemsize}"))
    # The bits of negative floats grow downwards.
    return ~np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits)


def _top_k_impl(x: np.ndarray, *, k: int, axis: int) -> Any:
    order = np.argsort(_descending_keys(x), axis=axis, kind="stable")
    kept = np.take(order, range(k), axis=axis)
    return np.take_along_axis(x, kept, axis=axis), kept.astype(np.int32)


def _top_k_abstract(x: ShapedArray, *, k: int, axis: int) -> Any:
    if dtypes.is_complex(x.dtype) or x.dtype not in dtypes.ALL:
        raise ValueError(f"top_k orders real numbers and bools, got an operand {x}.")
    if not 0 <= axis < x.ndim:
        raise ValueError(f"top_k: {axis} is not an axis of an operand of shape {x.shape}.")
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(
            f"top_k: k must be between 0 and the length of the axis, got k={k} for axis {axis} of "
            f"shape {x.shape}."
        )
    shape = (*x.shape[:axis], k, *x.shape[axis + 1 :])
    return ShapedArray(shape, x.dtype, x.weak_type), ShapedArray(shape, int32)


def _top_k_jvp(primals: Any, tangents: Any, *, k: int, axis: int) -> Any:
    values, indices = top_k_p.bind(*primals, k=k, axis=axis)
    (t,) = tangents
    value_dot = Zero(values.aval.tangent()) if type(t) is Zero else take_along(t, indices, axis)
    return (values, indices), (value_dot, Zero(indices.aval.tangent()))


def _top_k_batch(size: int, operands: Any, dims: Any, *, k: int, axis: int) -> Any:
    (x,), (dim,) = operands, dims
    return top_k_p.bind(x, k=k, axis=axis + (axis >= dim)), (dim, dim)


def _total_key(k: Any, x: Any) -> Any:
    if not dtypes.is_float(x.dtype):
        return x
    signed = np.dtype(f"i{x.dtype.itemsize}")
    bits = k.bitcast(x, signed)
    flipped = k.xor(bits, k.constant(np.iinfo(signed).max, signed))
    return k.select(k.lt(bits, k.constant(0, signed)), flipped, bits)


def _top_k_lower(builder: Any, x: Any, *, out: Any, k: int, axis: int) -> Any:
    places = ShapedArray(x.shape, int32)
    (iota,) = builder.element(places, lambda *i: builder.convert(i[axis], int32))
    if x.dtype == bool_:

        def first(lhs: Any, rhs: Any) -> Any:
            return builder.and_(lhs[0], builder.not_(rhs[0]))

        return along(builder, (x, iota), axis, first, keep=k)

    def descending(*i: Any) -> Any:
        return builder.not_(_total_key(builder, x(*i)))

    dtype = np.dtype(f"i{x.dtype.itemsize}") if dtypes.is_float(x.dtype) else x.dtype
    (keys,) = builder.element(ShapedArray(x.shape, dtype), descending)
    operands = (keys, x, iota)
    found = along(builder, operands, axis, lambda lhs, rhs: builder.lt(lhs[0], rhs[0]), keep=k)
    return found[1:]


top_k_p = primitive(
    "top_k",
    impl=_top_k_impl,
    abstract=_top_k_abstract,
    jvp=_top_k_jvp,
    transpose=NOT_LINEAR,
    batch=_top_k_batch,
    lower=_top_k_lower,
)


def top_k(operand: Any, k: int, *, axis: int = -1) -> tuple[Array, Array]:
    """Returns the largest elements along an axis, in decreasing order, and where they are.

    Args:
        operand: a real or bool array of rank at least 1.
        k: how many, at most the length of the axis.
        axis: the axis; negative ones count from the end.

    Returns:
        Values and int32 indices; among equal elements the first comes first. The order is that of
        IEEE 754's totalOrder: NaN is above inf, 0 above -0, and NaN with the sign set below -inf.

    Raises:
        ValueError: if the operand is complex, or `k` or the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.top_k(jnp.array([1, 3, 2]), 2)
        (Array([3, 2], dtype=int64), Array([1, 2], dtype=int32))
    """
    x = to_array(operand)
    place = canonical_axis("top_k", axis, x.ndim)
    return top_k_p.bind(x, k=operator.index(k), axis=place)
