"""Arrays with elements taken out, put in, or put on the diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.trace import Tracer
from minijax.numpy.axes import moveaxis, ravel, reshape
from minijax.numpy.creation import asarray
from minijax.numpy.joining import concatenate
from minijax.numpy.promotion import (
    canonical_axes,
    canonical_axis,
    convert,
    operand,
    spread_to,
)
from minijax.numpy.ranges import arange
from minijax.numpy.selection import nonzero, where
from minijax.numpy.sorting import searchsorted, sort
from minijax.numpy.taking import take

_MOST_STRETCHES = 8  # of elements that stay neighbours


def _along(arr: Any, axis: int | None, name: str) -> tuple[Array, int]:
    x = asarray(arr)
    return (ravel(x), 0) if axis is None else (x, canonical_axis(axis, x.ndim, name))


def _known(obj: Any, length: int) -> Any:
    if isinstance(obj, slice):
        return np.arange(length)[obj]
    return np.asarray(obj, None if np.size(obj) else np.int64)


def delete(
    arr: Any, obj: Any, axis: int | None = None, *, assume_unique_indices: bool = False
) -> Array:
    """Returns an array without some of its elements.

    Args:
        arr: an array.
        obj: an int, which may be traced; or a slice, ints or a mask, which may not.
        axis: the axis; None takes the elements of the whole array.
        assume_unique_indices: whether no two of the ints name one element; they may be traced
            then.

    Raises:
        IndexError: if an index is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.delete(jnp.array([1, 2, 3]), 1)
        Array([1, 3], dtype=int64)
    """
    x, axis = _along(arr, axis, "delete")
    length = x.shape[axis]
    if isinstance(obj, Tracer) and obj.ndim == 0:
        index: Any = obj
        index = where(index < 0, index + length, index)
        places: Any = arange(length - 1)
        return take(x, where(places < index, places, places + 1), axis)
    if isinstance(obj, Tracer) and assume_unique_indices and dtypes.is_integer(obj.dtype):
        return take(x, _places_left(ravel(obj), length), axis)
    known = _known(obj, length)
    _check_range("delete", known, length, length - 1)
    return _rearranged([x], np.delete(np.arange(length), known), axis)


def _places_left(deleted: Any, length: int) -> Array:
    """Returns the places that stay when others, each named once, are deleted."""
    ordered = sort(where(deleted < 0, deleted + length, deleted))
    # So many places stay in front of each deleted one.
    in_front = ordered - arange(ordered.size)
    places: Any = arange(length - ordered.size)
    return places + searchsorted(in_front, places, side="right")


def _check_range(name: str, known: Any, length: int, last: int) -> None:
    """Raises an IndexError for indices beyond -length and `last`; masks and slices pass."""
    given = None if isinstance(known, slice) else np.asarray(known)
    if given is None or given.dtype == np.bool_ or not given.size:
        return
    if given.min() < -length or given.max() > last:
        raise IndexError(f"{name}: index {known} is out of bounds for an axis of length {length}.")


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Array:
    """Returns an array with values put before some of its elements.

    Args:
        arr: an array.
        obj: an int, ints or a slice, not traced.
        values: what to put there; they take the dtype of `arr` and broadcast.
        axis: the axis; None takes the elements of the whole array.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.insert(jnp.array([1, 3]), 1, 2)
        Array([1, 2, 3], dtype=int64)
    """
    x, axis = _along(arr, axis, "insert")
    length = x.shape[axis]
    where_to = _known(obj, length)
    new = convert(asarray(values), x.dtype)
    new = reshape(new, (1,) * (x.ndim - new.ndim) + new.shape)
    if where_to.ndim == 0:
        new = moveaxis(new, 0, axis)
        where_to = np.repeat(where_to, new.shape[axis])
    count = where_to.size if where_to.size != 1 else new.shape[axis]
    new = spread_to(new, (*x.shape[:axis], count, *x.shape[axis + 1 :]))
    if where_to.size == 1:
        where_to = np.repeat(where_to, count)
    _check_range("insert", where_to, length, length)
    order = np.insert(np.arange(length), where_to, np.arange(length, length + count))
    return _rearranged([x, new], order, axis)


def _rearranged(parts: Sequence[Array], order: np.ndarray, axis: int) -> Array:
    """Returns elements along an axis of arrays behind each other: of few stretches, as slices."""
    ends = np.cumsum([x.shape[axis] for x in parts])
    owner = np.searchsorted(ends, order, "right")
    starts = np.flatnonzero((np.diff(order, prepend=-2) != 1) | (np.diff(owner, prepend=-1) != 0))
    if not 0 < starts.size <= _MOST_STRETCHES:
        whole = parts[0] if len(parts) == 1 else concatenate(parts, axis)
        return take(whole, asarray(order), axis)
    found = []
    for first, last in zip(starts, [*starts[1:], order.size], strict=True):
        number = int(owner[first])
        begin = int(order[first] - (ends[number - 1] if number else 0))
        place = slice(begin, begin + int(last - first))
        found.append(parts[number][(slice(None),) * axis + (place,)])
    return found[0] if len(found) == 1 else concatenate(found, axis)


def fill_diagonal(a: Any, val: Any, wrap: bool = False, *, inplace: bool = True) -> Array:
    """Returns an array with other values on its main diagonal.

    Args:
        a: an array of rank 2 or more; of rank 3 or more with axes of equal length.
        val: the values, repeated as often as needed.
        wrap: whether the diagonal of a tall matrix starts again below the square part.
        inplace: must be False: arrays are immutable.

    Raises:
        ValueError: if `inplace` is True, or the shape does not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fill_diagonal(jnp.zeros((2, 2)), 1.0, inplace=False)
        Array([[1., 0.],
               [0., 1.]], dtype=float64)
    """
    if inplace:
        raise ValueError("fill_diagonal cannot change an array: use inplace=False and the result.")
    x = asarray(a)
    if x.ndim < 2 or (x.ndim > 2 and len(set(x.shape)) > 1):
        raise ValueError(
            "fill_diagonal takes a matrix or an array with axes of equal length, "
            f"got shape {x.shape}."
        )
    end = x.shape[1] ** 2 if x.ndim == 2 and not wrap else x.size
    step = 1 + sum(int(np.prod(x.shape[d + 1 :], dtype=int)) for d in range(x.ndim - 1))
    places = np.arange(0, min(end, x.size), step)
    source = ravel(asarray(val))
    chosen = take(source, asarray(np.arange(places.size, dtype=dtypes.int64) % source.size))
    flat: Any = ravel(x)
    return reshape(flat.at[asarray(places)].set(convert(chosen, x.dtype)), x.shape)


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Array:
    """Returns an array without the zeros at its ends.

    Args:
        filt: an array whose values are known.
        trim: "f" to cut at the front, "b" at the back, "fb" at both.
        axis: the axis or axes to cut, all if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.trim_zeros(jnp.array([0, 0, 1, 2, 0]))
        Array([1, 2], dtype=int64)
    """
    x: Any = operand(filt, "trim_zeros")
    sides = trim.lower()
    found = [np.asarray(where_) for where_ in nonzero(x)]
    index = [slice(None)] * x.ndim
    for d in canonical_axes(axis, x.ndim, "trim_zeros"):
        length = x.shape[d]
        start, stop = (int(found[d].min()), int(found[d].max()) + 1) if found[d].size else (0, 0)
        index[d] = slice(start if "f" in sides else 0, stop if "b" in sides else length)
    return x[tuple(index)]
