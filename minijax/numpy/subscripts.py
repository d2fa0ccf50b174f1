"""What an index says: one entry for each axis, and where new axes go.

    x[1, ::2, None, rows]   has the entries   1, Range(0, n, 2), Range(0, 1, 1), rows

A new axis is an axis of length 1 that is put into the array before it is indexed. Masks have become
integer arrays, slices have become ranges, and static ints count from the front.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, to_array, value_of
from minijax.core.errors import NonConcreteBooleanIndexError
from minijax.core.operators import Array
from minijax.core.records import record
from minijax.core.trace import Tracer
from minijax.numpy.promotion import Shape, broadcast_shapes, convert, scalar, select, spread_to
from minijax.primitives import arithmetic, compare
from minijax.primitives.joining import concatenate
from minijax.primitives.shape import expand_dims


@record(eq=True)
class Range:
    """The elements start, start + step, … of one axis, `size` of them."""

    start: int
    size: int
    step: int

    def is_whole(self, length: int) -> bool:
        """Whether this is the whole axis in its order."""
        return self.step == 1 and self.size == length


Entry = int | Range | Array


@record(eq=True)
class Subscript:
    """An index, taken apart.

    Attributes:
        new_axes: axes of length 1 to insert into the array.
        entries: for each axis of that array an int, a range or an integer array.
        place: how many axes of ranges come before those of the integer arrays in the result.
        batch: the common shape of the integer arrays.
    """

    new_axes: tuple[int, ...]
    entries: tuple[Entry, ...]
    place: int
    batch: Shape

    @property
    def arrays(self) -> list[tuple[int, Array]]:
        """The integer arrays, each with its axis."""
        return [(d, e) for d, e in enumerate(self.entries) if isinstance(e, Array)]

    @property
    def shape(self) -> Shape:
        """The shape of what is selected."""
        sizes = tuple(e.size for e in self.entries if isinstance(e, Range))
        return sizes[: self.place] + self.batch + sizes[self.place :]


def parse(index: Any, shape: Shape, is_strict: bool = True) -> Subscript:
    """Takes an index of an array apart.

    Args:
        index: what stands in the brackets.
        shape: the shape of the array.
        is_strict: whether a static int out of range is an error; else it is a traced one.

    Raises:
        TypeError: if something in it is no index.
        IndexError: if there are too many indices, a static one is out of range or a mask does not
            fit; NonConcreteBooleanIndexError for a traced mask.
    """
    if isinstance(index, list):
        raise TypeError(
            "A list is not an index, since its meaning beside tuples is easily mistaken: write "
            f"x[jnp.array({index!r:.60})]."
        )
    items = [_item(i) for i in (index if isinstance(index, tuple) else (index,))]
    consumed = sum(_consumes(item) for item in items)
    if consumed > len(shape):
        raise IndexError(
            f"Too many indices: array is {len(shape)}-dimensional (shape {shape}), but {consumed} "
            "were indexed."
        )
    items = _without_ellipsis(items, len(shape) - consumed)
    new_axes: list[int] = []
    entries: list[Entry] = []
    lengths = iter(enumerate(shape))
    for item in items:
        if item is None or isinstance(item, bool):
            new_axes.append(len(entries))
            entries.append(Range(0, 1, 1) if item is None else _constant(np.zeros(int(item), int)))
        elif isinstance(item, np.ndarray):
            entries.extend(_mask_entries(item, lengths))
        else:
            entries.append(_entry(item, *next(lengths), is_strict))
    arrays = [e for e in entries if isinstance(e, Array)]
    batch = _batch_shape(arrays)
    return Subscript(tuple(new_axes), tuple(entries), _place(entries, bool(arrays)), batch)


def _constant(value: np.ndarray) -> Array:
    return to_array(value)


def _batch_shape(arrays: Sequence[Array]) -> Shape:
    try:
        return broadcast_shapes(*(x.shape for x in arrays))
    except ValueError as error:
        raise IndexError(f"Index arrays must broadcast against each other. {error}") from None


def _place(entries: Sequence[Entry], has_arrays: bool) -> int:
    """Where the axes of index arrays go: in their place if they stand together, else in front."""
    if not has_arrays:
        return 0
    advanced = [d for d, entry in enumerate(entries) if not isinstance(entry, Range)]
    is_together = advanced[-1] - advanced[0] == len(advanced) - 1
    return advanced[0] if is_together else 0


# -- single items


def _item(item: Any) -> Any:
    """Returns None, Ellipsis, a slice, a bool, an int, an integer array or (as ndarray) a mask."""
    if item is None or item is Ellipsis or isinstance(item, slice | bool):
        return item
    if isinstance(item, np.bool_):
        return bool(item)
    if isinstance(item, int | np.integer):
        return int(item)
    if isinstance(item, list | tuple):
        item = np.asarray(item) if item else np.zeros(0, int)
    if isinstance(item, np.ndarray) and item.ndim == 0 and item.dtype.kind in "iu":
        return int(item)
    if isinstance(item, str) or not (hasattr(item, "dtype") or hasattr(item, "__jax_array__")):
        if hasattr(item, "__index__"):
            return operator.index(item)
        raise TypeError(
            f"An index is an int, a slice, None, Ellipsis, or an array of ints or bools, got "
            f"{type(item).__name__}: {item!r:.60}."
        )
    array = to_array(item)
    if array.dtype == dtypes.bool_:
        return _mask(array)
    if not dtypes.is_integer(array.dtype):
        raise TypeError(
            f"Index arrays have integers or bools, got {array.dtype} (shape {array.shape}): "
            "convert it with .astype(int)."
        )
    return array


def _mask(array: Array) -> Any:
    known = array.concrete() if isinstance(array, Tracer) else array
    if known is None:
        raise NonConcreteBooleanIndexError.of(array)
    value = value_of(known)
    return bool(value) if value.ndim == 0 else value


def _consumes(item: Any) -> int:
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    return item.ndim if isinstance(item, np.ndarray) else 1


def _without_ellipsis(items: list[Any], missing: int) -> list[Any]:
    places = [position for position, item in enumerate(items) if item is Ellipsis]
    if len(places) > 1:
        raise IndexError(f"An index holds {len(places)} ellipses (...); it can hold one.")
    place = places[0] if places else len(items)
    return [*items[:place], *[slice(None)] * missing, *items[place + 1 :]]


def _entry(item: Any, axis: int, length: int, is_strict: bool) -> Entry:
    if isinstance(item, Array):
        return item
    if isinstance(item, slice):
        return _range(item, length)
    if not -length <= item < length:
        if is_strict:
            raise IndexError(
                f"index {item} is out of bounds for axis {axis} with size {length}. To read or "
                'write past the end use x.at[i].get(mode="fill") or "clip", .set(v, mode="drop").'
            )
        return to_array(item)
    return item + length if item < 0 else item


def _range(item: slice, length: int) -> Range:
    bounds = (item.start, item.stop, item.step)
    if any(isinstance(b, Tracer) and b.concrete() is None for b in bounds):
        raise IndexError(
            "Slices need static bounds, since the shape of the result depends on them; got "
            f"{item}. Use lax.dynamic_slice_in_dim(x, start, size) for a traced start and a static "
            "size, or a mask with jnp.where."
        )
    start, stop, step = item.indices(length)
    return Range(start, len(range(start, stop, step)), step)


def _mask_entries(mask: np.ndarray, lengths: Iterator[tuple[int, int]]) -> list[Array]:
    for size in mask.shape:
        axis, length = next(lengths)
        if size != length:
            raise IndexError(
                f"boolean index did not match shape of indexed array in index {axis}: the mask has "
                f"shape {mask.shape}, axis {axis} has length {length}."
            )
    return [_constant(places) for places in np.nonzero(mask)]


# -- index arrays


def wrapped(indices: Array, length: int) -> Array:
    """Returns indices in which negative ones count from the front, as int32 or int64."""
    if indices.dtype not in (dtypes.int32, dtypes.int64):
        indices = convert(indices, dtypes.int64)
    if type(indices) is ConcreteArray:
        value = value_of(indices)
        if value.size == 0 or value.min() >= 0:
            return indices
        return to_array(np.where(value < 0, value + value.dtype.type(length), value))
    below = compare.lt(indices, scalar(0, indices.dtype))
    return select(below, arithmetic.add(indices, scalar(length, indices.dtype)), indices)


def index_vectors(columns: Sequence[Array], batch: Shape) -> Array:
    """Returns integer arrays, broadcast to one shape, side by side along a new last axis."""
    if len({x.dtype for x in columns}) > 1:
        columns = [convert(x, dtypes.int64) for x in columns]
    spread = [expand_dims(spread_to(x, batch), (len(batch),)) for x in columns]
    return spread[0] if len(spread) == 1 else concatenate(spread, len(batch))


def is_empty(shape: Shape) -> bool:
    """Whether a shape has no elements."""
    return math.prod(shape) == 0
