"""Sorting and searching."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.axes import ravel
from minijax.numpy.logic import isnan
from minijax.numpy.promotion import (
    canonical_axis,
    convert,
    operand,
    promote_dtypes,
    scalar,
    select,
    spread_to,
)
from minijax.numpy.taking import take
from minijax.primitives import arithmetic, bitwise, compare
from minijax.primitives import complex as complex_family
from minijax.primitives import partition as partition_family
from minijax.primitives import shape as shape_family
from minijax.primitives import sort as sort_family
from minijax.primitives.broadcast import reduce_sum
from minijax.primitives.creation import broadcasted_iota

# Rows that are sorted where only one place of them is asked for: longer than what is ranked.
_RANKED, _ARRANGED, _SORTED_ITEM = 64, 200, 4  # lengths; bytes of numbers that vectors sort


def _sortable(name: str, a: Any, axis: int | None, kind: Any, order: Any) -> tuple[Array, int]:
    if kind is not None or order is not None:
        raise TypeError(f"{name}: kind= and order= are not possible; use stable=.")
    x = operand(a, name)
    if axis is None:
        return ravel(x), 0
    return x, canonical_axis(axis, x.ndim, name)


def sort(
    a: Any,
    axis: int | None = -1,
    *,
    kind: None = None,
    order: None = None,
    stable: bool = True,
    descending: bool = False,
) -> Array:
    """Returns the elements along an axis in order, NaN last.

    Args:
        a: an array.
        axis: the axis; None ravels the array.
        kind, order: must be None: there is one way of sorting and there are no fields.
        stable: kept for compatibility: equal elements always keep their order.
        descending: whether the largest comes first (and NaN before it).

    Returns:
        An array of the shape of `a`, or (a.size,) if there is no axis.

    Raises:
        TypeError: if `kind` or `order` is given.
        ValueError: if there is no such axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.sort(jnp.array([3, 1, 2]))
        Array([1, 2, 3], dtype=int64)
    """
    x, place = _sortable("sort", a, axis, kind, order)
    result: Any = sort_family.sort(x, dimension=place, is_stable=stable)
    return shape_family.rev(result, (place,)) if descending else result


def argsort(
    a: Any,
    axis: int | None = -1,
    *,
    kind: None = None,
    order: None = None,
    stable: bool = True,
    descending: bool = False,
    dtype: Any = None,
) -> Array:
    """Returns the indices that put the elements along an axis in order.

    Args:
        a: an array.
        axis: the axis; None ravels the array.
        kind, order: must be None: there is one way of sorting and there are no fields.
        stable: whether equal elements keep their order.
        descending: whether the largest comes first.
        dtype: the dtype of the indices, int64 if None.

    Returns:
        Indices in the shape of `a`, or (a.size,) if there is no axis.

    Raises:
        TypeError: if `kind` or `order` is given.
        ValueError: if there is no such axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.argsort(jnp.array([3, 1, 2]))
        Array([1, 2, 0], dtype=int64)
    """
    x, place = _sortable("argsort", a, axis, kind, order)
    found = dtypes.int64 if dtype is None else np.dtype(dtype)
    positions = broadcasted_iota(found, x.shape, place)
    if descending:
        # Sorted from the back, equal elements come out in order when the result is turned round.
        x, positions = (shape_family.rev(z, (place,)) for z in (x, positions))
    keys = (x, positions)
    result = sort_family.sort(keys, dimension=place, is_stable=stable, num_keys=1)[1]
    return shape_family.rev(result, (place,)) if descending else result


def lexsort(keys: Any, axis: int = -1) -> Array:
    """Returns the indices that sort by several keys, the last one first.

    Args:
        keys: a sequence of arrays of one shape, or an array whose first axis is that sequence.
        axis: the axis to sort along.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.lexsort((jnp.array([2, 1, 3]), jnp.array([0, 0, -1])))
        Array([2, 1, 0], dtype=int64)
    """
    arrays = [operand(key, "lexsort") for key in keys]
    if not arrays:
        raise TypeError("lexsort needs at least one key.")
    if len({x.shape for x in arrays}) > 1:
        shapes = [x.shape for x in arrays]
        raise ValueError(f"lexsort: all keys need the same shape, got {shapes}.")
    if arrays[0].ndim == 0:
        return scalar(0, dtypes.int64)
    place = canonical_axis(axis, arrays[0].ndim, "lexsort")
    positions = broadcasted_iota(dtypes.int64, arrays[0].shape, place)
    operands = (*reversed(arrays), positions)
    return sort_family.sort(operands, dimension=place, num_keys=len(arrays))[-1]


def partition(a: Any, kth: int, axis: int = -1) -> Array:
    """Returns the elements along an axis with the k-th in its sorted place, smaller ones before it.

    Args:
        a: an array of at least one axis.
        kth: which place is to hold its sorted element, counted from the end if negative.
        axis: the axis.

    Returns:
        An array of the shape of `a`. Which order the others have, nothing promises.

    Raises:
        ValueError: if there is no such place or axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.partition(jnp.array([3, 1, 2]), 1)[1]
        Array(2, dtype=int64)
    """
    x = operand(a, "partition")
    place = canonical_axis(axis, x.ndim, "partition")
    number = canonical_axis(kth, x.shape[place], "partition")
    if dtypes.is_complex(x.dtype) or _is_sorted_sooner(x.dtype, x.shape[place]):
        return sort(x, place)
    return partition_family.partition([x], number, place)[0]


def _is_sorted_sooner(dtype: np.dtype, length: int) -> bool:
    """Tells whether a row is sorted sooner than arranged: vectors sort what is not too long."""
    return dtype.itemsize >= _SORTED_ITEM and _RANKED < length < _ARRANGED


def argpartition(a: Any, kth: int, axis: int = -1) -> Array:
    """Returns the indices that partition the elements along an axis as `partition` does.

    Args:
        a: an array of at least one axis.
        kth: which place is to hold the index of its sorted element, counted from the end if
            negative.
        axis: the axis.

    Returns:
        Indices of dtype int32 in the shape of `a`.

    Raises:
        ValueError: if there is no such place or axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.argpartition(jnp.array([3, 1, 2]), 1)[1]
        Array(2, dtype=int32)
    """
    x = operand(a, "argpartition")
    place = canonical_axis(axis, x.ndim, "argpartition")
    number = canonical_axis(kth, x.shape[place], "argpartition")
    if dtypes.is_complex(x.dtype):
        return argsort(x, place, dtype=dtypes.int32)
    places = broadcasted_iota(dtypes.int32, x.shape, place)
    return partition_family.partition([x, places], number, place)[1]


def searchsorted(
    a: Any, v: Any, side: str = "left", sorter: Any = None, *, method: str = "scan"
) -> Array:
    """Returns where to insert values into a sorted vector so that it stays sorted.

    Args:
        a: a sorted vector.
        v: values of any shape.
        side: whether a value goes before ("left") or after ("right") equal elements.
        sorter: the indices that sort `a` where it is not sorted.
        method: "compare_all" compares each value with each element, all others search by halving.

    Returns:
        int32 indices of the shape of `v`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.searchsorted(jnp.array([1.0, 2.0, 3.0]), jnp.array([2.0, 9.0]))
        Array([1, 3], dtype=int32)
    """
    if side not in ("left", "right"):
        raise ValueError(f'searchsorted: side is "left" or "right", got {side!r}.')
    if method not in ("scan", "scan_unrolled", "sort", "compare_all"):
        raise ValueError(f"searchsorted: unknown method {method!r}.")
    x, values = promote_dtypes("searchsorted", a, v)
    if x.ndim != 1:
        raise ValueError(f"searchsorted: a must be a vector, got shape {x.shape}.")
    if sorter is not None:
        x = take(x, sorter, axis=0, mode="clip")
    length = x.shape[0]
    index_dtype = dtypes.int32 if length < 2**31 else dtypes.int64
    if method == "compare_all":
        return _count_before(x, values, side, index_dtype)
    # `left` more places are possible; half of them go in one step, whatever the comparison says.
    place: Array = spread_to(scalar(0, index_dtype), values.shape)
    left = length
    while left:
        half = max(left // 2, 1)
        probe = take(x, arithmetic.add(place, scalar(half - 1, index_dtype)), mode="clip")
        ahead = arithmetic.add(place, scalar(half, index_dtype))
        place = select(_precedes(probe, values, side), ahead, place)
        left -= half
    return place


def _precedes(element: Array, value: Array, side: str) -> Array:
    """Whether an element comes before where the value goes; NaN is above all numbers."""
    if dtypes.is_complex(element.dtype):
        return _complex_precedes(element, value, side)
    holds = compare.lt(element, value) if side == "left" else compare.le(element, value)
    if not dtypes.is_inexact(element.dtype):
        return holds
    value_is_nan = isnan(value)
    if side == "left":
        value_is_nan = bitwise.bitwise_and(value_is_nan, bitwise.bitwise_not(isnan(element)))
    return bitwise.bitwise_or(holds, value_is_nan)


def _complex_precedes(element: Array, value: Array, side: str) -> Array:
    """The order of complex numbers: by their real parts, then by their imaginary parts."""
    reals = complex_family.real(element), complex_family.real(value)
    imags = complex_family.imag(element), complex_family.imag(value)
    is_tie = bitwise.bitwise_and(_precedes(*reals, "right"), _precedes(*reals[::-1], "right"))
    return select(is_tie, _precedes(*imags, side), _precedes(*reals, "left"))


def _count_before(x: Array, values: Array, side: str, dtype: np.dtype) -> Array:
    shape = (*values.shape, x.shape[0])
    spread_values = spread_to(shape_family.expand_dims(values, (values.ndim,)), shape)
    before = _precedes(spread_to(x, shape), spread_values, side)
    return reduce_sum(convert(before, dtype), (values.ndim,))


def digitize(x: Any, bins: Any, right: bool = False, *, method: str | None = None) -> Array:
    """Returns the number of the bin in which each value lies.

    Args:
        x: values of any shape.
        bins: a vector of edges, increasing or decreasing.
        right: whether bins contain their right edge in place of their left one.
        method: as for `searchsorted`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.digitize(jnp.array([0.5, 1.0, 5.0]), jnp.array([0.0, 1.0, 2.0]))
        Array([1, 2, 3], dtype=int32)
    """
    edges = operand(bins, "digitize")
    if edges.ndim != 1:
        raise ValueError(f"digitize: bins must be a vector, got shape {edges.shape}.")
    how = {"side": "left" if right else "right", "method": method or "scan"}
    if edges.shape[0] < 2:
        return searchsorted(edges, x, **how)
    ascends = compare.le(take(edges, 0), take(edges, -1))
    found = searchsorted(select(ascends, edges, shape_family.rev(edges, (0,))), x, **how)
    return select(ascends, found, arithmetic.sub(scalar(edges.shape[0], found.dtype), found))


def sort_complex(a: Any) -> Array:
    """Returns the elements along the last axis in order, as complex numbers.

    Args:
        a: an array with at least one axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.sort_complex(jnp.array([2.0, 1.0]))
        Array([1.+0.j, 2.+0.j], dtype=complex128)
    """
    ordered = sort(a)
    is_wide = ordered.dtype.itemsize == 8 and not dtypes.is_complex(ordered.dtype)
    wide = is_wide or ordered.dtype == dtypes.complex128
    return convert(ordered, dtypes.complex128 if wide else dtypes.complex64)
