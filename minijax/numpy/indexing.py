"""Reading elements: `x[index]`, `x.at[index].get()`."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from minijax.core.activity import recording
from minijax.core.array import ConcreteArray, wrap
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.numpy.promotion import scalar
from minijax.numpy.subscripts import Range, Subscript, index_vectors, is_empty, parse, wrapped
from minijax.primitives import shape as shape_family
from minijax.primitives import slicing, windows
from minijax.primitives.broadcast import Axes, full
from minijax.primitives.gather import gather
from minijax.primitives.indexing import GatherDimensionNumbers


def getitem(x: Array, index: Any) -> Array:
    """Returns the elements of an array at an index; NumPy's rules.

    Static parts become slices. Traced indices out of bounds are moved to the nearest place, to
    which their derivative goes.

    Args:
        x: an array.
        index: ints, slices, None, Ellipsis, masks, integer arrays, or a tuple of these.

    Raises:
        TypeError: if it is no index.
        IndexError: if a static index is out of range.
    """
    if type(x) is ConcreteArray and not recording:
        found = _read_now(x, index)
        if found is not None:
            return found
    if type(index) is int:
        shape = x.aval.shape
        if shape and -shape[0] <= index < shape[0]:
            return _row(x, shape, index)
    key = _plain_key(index)
    if key is not None:
        return _planned(key, x.aval.shape).read(x)
    return read(x, parse(index, x.aval.shape), "clip")


_PLAIN = (int, type(None), type(Ellipsis))


def _is_plain(entry: Any) -> bool:
    """Whether a part of an index means the same to NumPy: an int, a slice of ints, None, `...`."""
    if type(entry) is slice:
        parts = entry.start, entry.stop, entry.step
        return all(part is None or type(part) is int for part in parts)
    return type(entry) in _PLAIN


def _read_now(x: ConcreteArray, index: Any) -> Array | None:
    """Reads as NumPy does, where the index is plain and in range and nothing is recorded."""
    if type(index) is tuple:
        if not all(map(_is_plain, index)):
            return None
    elif not _is_plain(index):
        return None
    aval = x.aval
    if aval.dtype.kind == "V":
        return None
    try:
        value = x._value[index]
    except IndexError:
        return None
    return wrap(value, ShapedArray(value.shape, aval.dtype, aval.weak_type))


def _row(x: Array, shape: tuple[int, ...], index: int) -> Array:
    start = index + shape[0] if index < 0 else index
    rest = shape[1:]
    row = windows.slice(x, (start, *[0] * len(rest)), (start + 1, *rest))
    return shape_family.reshape(row, rest)


def read(
    x: Array,
    subscript: Subscript,
    mode: Any,
    fill_value: Any = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    wrap_negative_indices: bool = True,
) -> Array:
    """Returns what a subscript selects.

    Args:
        x: an array.
        subscript: the index, taken apart for the array's shape.
        mode: of indices out of bounds: "clip", "fill" or "promise_in_bounds".
        fill_value: what to return out of bounds in mode "fill".
        indices_are_sorted: a promise.
        unique_indices: a promise.
        wrap_negative_indices: whether negative indices count from the end.
    """
    if subscript.new_axes:
        x = shape_family.expand_dims(x, subscript.new_axes)
    x = _read_static(x, subscript)
    arrays = subscript.arrays
    if not arrays:
        return x
    # Static ints are gone: the axes of arrays are counted among those that are left.
    kept = [d for d, entry in enumerate(subscript.entries) if not isinstance(entry, int)]
    axes = tuple(kept.index(d) for d, _ in arrays)
    columns = [a for _, a in arrays]
    if wrap_negative_indices:
        columns = [wrapped(a, x.shape[axis]) for a, axis in zip(columns, axes, strict=True)]
    if not subscript.batch and mode == "clip":
        return _read_window(x, axes, columns)
    if is_empty(subscript.shape):
        # An empty axis has no window of length 1 to gather, and nothing asks for one.
        return full(subscript.shape, 0, x.dtype, x.weak_type)
    rank, windows = len(subscript.batch), x.ndim - len(axes)
    place = subscript.place
    numbers = GatherDimensionNumbers(
        offset_dims=(*range(place), *range(place + rank, windows + rank)),
        collapsed_slice_dims=axes,
        start_index_map=axes,
    )
    return gather(
        x,
        index_vectors(columns, subscript.batch),
        numbers,
        [1 if d in axes else n for d, n in enumerate(x.shape)],
        unique_indices=unique_indices,
        indices_are_sorted=indices_are_sorted,
        mode=mode,
        fill_value=fill_value,
    )


def _read_window(x: Array, axes: tuple[int, ...], columns: list[Array]) -> Array:
    """Reads at traced ints; `dynamic_slice` moves a start out of bounds to the nearest place."""
    dtype = columns[0].dtype
    starts: list[Array] = [scalar(0, dtype)] * x.ndim
    for axis, column in zip(axes, columns, strict=True):
        starts[axis] = column
    sizes = [1 if d in axes else n for d, n in enumerate(x.shape)]
    window = slicing.dynamic_slice(x, starts, sizes, allow_negative_indices=False)
    return shape_family.squeeze(window, axes)


def _read_static(x: Array, subscript: Subscript) -> Array:
    """Applies the static ints and ranges; whole axes stay."""
    return _window_of(subscript, x.aval.shape).read(x)


class _Window(NamedTuple):
    """How the static part of an index is read.

    Attributes:
        new_axes: axes of length 1 to insert first.
        span: starts, limits and strides of a slice, None if all is read.
        reversed_axes, squeezed_axes: those whose order changes, and those that go.
    """

    new_axes: Axes
    span: tuple[Axes, Axes, Axes] | None
    reversed_axes: Axes
    squeezed_axes: Axes

    def read(self, x: Array) -> Array:
        """Reads it from an array of the shape it was made for."""
        if self.new_axes:
            x = shape_family.expand_dims(x, self.new_axes)
        if self.span is not None:
            starts, limits, strides = self.span
            x = windows.slice_p.bind(x, starts=starts, limits=limits, strides=strides)[0]
        if self.reversed_axes:
            x = shape_family.rev(x, self.reversed_axes)
        return shape_family.squeeze(x, self.squeezed_axes) if self.squeezed_axes else x


def _window_of(subscript: Subscript, shape: Axes) -> _Window:
    """Returns how the ints and ranges of a subscript are read, new axes being there already."""
    starts, limits, strides = [0] * len(shape), list(shape), [1] * len(shape)
    reversed_axes, squeezed_axes = [], []
    for d, entry in enumerate(subscript.entries):
        if isinstance(entry, int):
            starts[d], limits[d] = entry, entry + 1
            squeezed_axes.append(d)
        elif isinstance(entry, Range) and not entry.is_whole(shape[d]):
            starts[d], limits[d], strides[d] = _bounds(entry)
            if entry.step < 0 and entry.size > 1:
                reversed_axes.append(d)
    span = tuple(starts), tuple(limits), tuple(strides)
    is_all = span == ((0,) * len(shape), shape, (1,) * len(shape))
    return _Window((), None if is_all else span, tuple(reversed_axes), tuple(squeezed_axes))


def _plain_key(index: Any) -> Any:
    """Returns what tells a plain index from others and has a hash, None for one that is not."""
    key: list[Any] = []
    for entry in index if type(index) is tuple else (index,):
        if not _is_plain(entry):
            return None
        is_slice = type(entry) is slice
        key.append((entry.start, entry.stop, entry.step) if is_slice else entry)
    return tuple(key)


@functools.lru_cache(maxsize=2048)
def _planned(key: Any, shape: Axes) -> _Window:
    index = tuple([slice(*entry) if type(entry) is tuple else entry for entry in key])
    subscript = parse(index, shape)
    sizes = list(shape)
    for axis in subscript.new_axes:
        sizes.insert(axis, 1)
    return _window_of(subscript, tuple(sizes))._replace(new_axes=subscript.new_axes)


def _bounds(entry: Range) -> tuple[int, int, int]:
    """Returns start, limit and stride of a slice with the elements of a range, in any order."""
    if entry.size == 0:
        return 0, 0, 1
    last = entry.start + (entry.size - 1) * entry.step
    low, high = min(entry.start, last), max(entry.start, last)
    return low, high + 1, abs(entry.step)
