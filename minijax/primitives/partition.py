"""Partition: the element of one place of the sorted order, what is before it, what is behind it.

The order is that of `sort`. Both sides keep the order that they had, so a result is told by its
operands alone and not by the way it was found:

    x                        3 1 4 1 5 9 2 6      its order: 1 3 6 0 2 4 7 5 (places)
    partition(x, 3)          1 1 2 │ 3 │ 4 5 9 6
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import float32, int64
from minijax.core.operators import Array
from minijax.core.primitive import primitive
from minijax.interpreters.batch import move_batch_axis
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.families import NOT_LINEAR, check_dtype
from minijax.primitives.shape import canonical_axis
from minijax.primitives.sort import along, key_expression, moved_tangents, sort_keys

_REAL = tuple(dtype for dtype in dtypes.ALL if not dtypes.is_complex(dtype))


def _partition_impl(*operands: np.ndarray, dimension: int, kth: int) -> Any:
    (key,) = sort_keys(operands[0])
    chosen = np.take(np.partition(key, kth, axis=dimension), [kth], axis=dimension)
    is_less, is_equal = key < chosen, key == chosen
    if dtypes.is_float(key.dtype):
        is_nan = np.isnan(key)
        is_less |= np.isnan(chosen) & ~is_nan
        is_equal |= np.isnan(chosen) & is_nan
    number = np.cumsum(is_equal, axis=dimension, dtype=np.int64) * is_equal
    wanted = kth + 1 - np.sum(is_less, axis=dimension, dtype=np.int64, keepdims=True)
    is_before = is_less | (is_equal & (number < wanted))
    side = 2 - 2 * is_before.astype(np.int8) - (is_equal & (number == wanted))
    order = np.argsort(side, axis=dimension, kind="stable")
    return tuple(np.take_along_axis(x, order, axis=dimension) for x in operands)


def _partition_abstract(*avals: ShapedArray, dimension: int, kth: int) -> Any:
    if len({aval.shape for aval in avals}) != 1:
        shown = ", ".join(str(aval.shape) for aval in avals)
        raise TypeError(f"partition needs operands of one shape, got {shown or 'no operand'}.")
    check_dtype("partition", avals[0], _REAL, "the key")
    if not 0 <= dimension < avals[0].ndim:
        raise ValueError(
            f"partition: {dimension} is not an axis of operands of shape {avals[0].shape}."
        )
    if not 0 <= kth < avals[0].shape[dimension]:
        raise ValueError(
            f"partition: there is no place {kth} along axis {dimension} of shape {avals[0].shape}."
        )
    return avals


def _partition_jvp(primals: Any, tangents: Any, *, dimension: int, kth: int) -> Any:
    if all(type(t) is Zero for t in tangents):
        outs = partition_p.bind(*primals, dimension=dimension, kth=kth)
        return outs, tuple(Zero(out.aval.tangent()) for out in outs)
    places = broadcasted_iota(int64, primals[0].shape, dimension)
    *ordered, order = partition_p.bind(*primals, places, dimension=dimension, kth=kth)
    return tuple(ordered), moved_tangents(tangents, ordered, order, dimension)


def _partition_batch(size: int, operands: Any, dims: Any, *, dimension: int, kth: int) -> Any:
    place = next(dim for dim in dims if dim is not None)
    aligned = [move_batch_axis(x, dim, size, place) for x, dim in zip(operands, dims, strict=True)]
    outs = partition_p.bind(*aligned, dimension=dimension + (dimension >= place), kth=kth)
    return outs, (place,) * len(outs)


def _partition_lower(k: Any, *operands: Any, out: Any, dimension: int, kth: int) -> Any:
    first = operands[0]
    has_own_key = dtypes.is_float(first.dtype) and first.dtype.itemsize < float32.itemsize
    if has_own_key:
        aval = ShapedArray(first.shape, float32)
        operands = (k.element(aval, lambda *i: k.convert(first(*i), float32))[0], *operands)

    def less(lhs: Any, rhs: Any) -> Any:
        return k.lt_total(key_expression(k, lhs[0]), key_expression(k, rhs[0]))

    found = along(k, operands, dimension, less, around=kth)
    return found[1:] if has_own_key else found


partition_p = primitive(
    "partition",
    impl=_partition_impl,
    abstract=_partition_abstract,
    jvp=_partition_jvp,
    transpose=NOT_LINEAR,
    batch=_partition_batch,
    lower=_partition_lower,
)


def partition(operands: Sequence[Any], kth: int, dimension: int = -1) -> tuple[Array, ...]:
    """Puts along an axis what a sort puts in one place there, smaller elements in front of it.

    Args:
        operands: arrays of one shape that are permuted alike, by the first of them.
        kth: the place, counted from the end if negative.
        dimension: the axis; negative ones count from the end.

    Returns:
        As many arrays. Elements on the same side of the place keep their order.

    Raises:
        TypeError: if shapes differ or the first array is complex.
        ValueError: if there is no such place or axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.primitives.partition import partition
        >>> partition([jnp.array([3, 1, 4, 1, 5, 9, 2, 6])], 3)
        (Array([1, 1, 2, 3, 4, 5, 9, 6], dtype=int64),)
    """
    arrays = [to_array(x) for x in operands]
    place = canonical_axis("partition", dimension, arrays[0].ndim)
    length = arrays[0].shape[place]
    number = operator.index(kth)
    return partition_p.bind(*arrays, dimension=place, kth=number + length if number < 0 else number)
