"""What gather and scatter share: dimension numbers, modes, and where a window's elements are.

Both speak of an operand, an array of *starts* whose last axis holds index vectors, and an array of
*windows*: what a gather returns and what a scatter stores. An axis of the windows is either a
window axis (`offset_dims`, the axes of the operand in order, without collapsed and batching ones)
or it comes from an axis of the starts. So one description, `Windows`, serves both directions.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.records import record
from minijax.primitives.broadcast import Axes


class GatherScatterMode(enum.Enum):
    """What happens to a window that is not within the operand.

    Attributes:
        CLIP: it is moved until it is.
        FILL_OR_DROP: a gather returns the fill value in all of it, a scatter leaves it out.
        PROMISE_IN_BOUNDS: the caller promises that there is none; a gather clips, a scatter drops.
    """

    CLIP = 1
    FILL_OR_DROP = 2
    PROMISE_IN_BOUNDS = 3

    @staticmethod
    def from_any(mode: str | GatherScatterMode | None) -> GatherScatterMode:
        """Returns the mode that a name stands for; None stands for FILL_OR_DROP.

        Raises:
            ValueError: if the name is unknown.
        """
        if isinstance(mode, GatherScatterMode):
            return mode
        if mode not in _MODES:
            known = ", ".join(repr(name) for name in _MODES if name)
            raise ValueError(f"Unknown mode {mode!r} of gather or scatter; use one of {known}.")
        return _MODES[mode]


_MODES = {
    "clip": GatherScatterMode.CLIP,
    "fill": GatherScatterMode.FILL_OR_DROP,
    "drop": GatherScatterMode.FILL_OR_DROP,
    "promise_in_bounds": GatherScatterMode.PROMISE_IN_BOUNDS,
    None: GatherScatterMode.FILL_OR_DROP,
}


class GatherDimensionNumbers(NamedTuple):
    """How the axes of a gather's operand, starts and result relate.

    Attributes:
        offset_dims: the axes of the result that run within a window, increasing.
        collapsed_slice_dims: axes of the operand, with windows of length 1, that the result lacks.
        start_index_map: the axis of the operand that each component of an index vector is for.
        operand_batching_dims: axes of the operand that are matched one to one with
        start_indices_batching_dims: axes of the starts.
    """

    offset_dims: Axes
    collapsed_slice_dims: Axes
    start_index_map: Axes
    operand_batching_dims: Axes = ()
    start_indices_batching_dims: Axes = ()


class ScatterDimensionNumbers(NamedTuple):
    """How the axes of a scatter's operand, indices and updates relate.

    Attributes:
        update_window_dims: the axes of the updates that run within a window, increasing.
        inserted_window_dims: axes of the operand, with windows of length 1, that updates lack.
        scatter_dims_to_operand_dims: the axis of the operand that each component of an index vector
            is for.
        operand_batching_dims: axes of the operand that are matched one to one with
        scatter_indices_batching_dims: axes of the indices.
    """

    update_window_dims: Axes
    inserted_window_dims: Axes
    scatter_dims_to_operand_dims: Axes
    operand_batching_dims: Axes = ()
    scatter_indices_batching_dims: Axes = ()


@record(eq=True)
class Windows:
    """The geometry of one gather or scatter.

    Attributes:
        operand_shape: the shape of the operand.
        dims: the dimension numbers, as those of a gather.
        slice_sizes: the length of a window along each axis of the operand.
        starts_shape: the shape of the starts; its last axis holds index vectors.
    """

    operand_shape: Axes
    dims: GatherDimensionNumbers
    slice_sizes: Axes
    starts_shape: Axes

    @property
    def window_axes(self) -> Axes:
        """The axes of the operand that are axes of the windows too."""
        gone = {*self.dims.collapsed_slice_dims, *self.dims.operand_batching_dims}
        return tuple(d for d in range(len(self.operand_shape)) if d not in gone)

    @property
    def ndim(self) -> int:
        """The rank of the windows."""
        return len(self.dims.offset_dims) + len(self.starts_shape) - 1

    @property
    def batch_axes(self) -> Axes:
        """The axes of the windows that come from axes of the starts."""
        return tuple(d for d in range(self.ndim) if d not in self.dims.offset_dims)

    @property
    def sequence(self) -> Axes:
        """The axes of the windows in the order of a scatter: window by window."""
        return (*self.batch_axes, *self.dims.offset_dims)

    @property
    def along_memory(self) -> Axes:
        """The axes of the windows in an order that does the same as `sequence`, nearer to memory.

        Axes of the operand in front of all that are indexed come first: windows that differ there
        never meet, so what is written to one place is written in the same order.
        """
        indexed = min(self.dims.start_index_map, default=0)
        pairs = zip(self.window_axes, self.dims.offset_dims, strict=True)
        first = tuple(d for axis, d in pairs if axis < indexed)
        return (*first, *(d for d in self.sequence if d not in first))

    @property
    def shape(self) -> Axes:
        """The shape of the windows."""
        window = iter([self.slice_sizes[d] for d in self.window_axes])
        batch = iter(self.starts_shape[:-1])
        return tuple(
            next(window) if d in self.dims.offset_dims else next(batch) for d in range(self.ndim)
        )

    @property
    def is_single(self) -> bool:
        """Whether there is at most one window (in each batch), so that none overlap."""
        matched = self.dims.start_indices_batching_dims
        return math.prod(n for d, n in enumerate(self.starts_shape[:-1]) if d not in matched) <= 1

    def upper(self, axis: int) -> int:
        """Returns the last place along an operand's axis where a window may start."""
        return self.operand_shape[axis] - self.slice_sizes[axis]

    def _batching_axis(self, axis: int) -> int | None:
        """Returns the axis of the windows that runs with a batching axis of the operand."""
        if axis not in self.dims.operand_batching_dims:
            return None
        position = self.dims.operand_batching_dims.index(axis)
        return self.batch_axes[self.dims.start_indices_batching_dims[position]]

    def numpy_places(
        self, starts: np.ndarray, clip: bool
    ) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """Returns the operand's indices for each element of the windows, and which are valid.

        The indices are in bounds everywhere; all arrays broadcast to the shape of the windows.
        """
        starts = as_int64(starts)
        valid = np.ones((1,) * self.ndim, bool)
        batch_shape = [1] * self.ndim
        for d, n in zip(self.batch_axes, self.starts_shape[:-1], strict=True):
            batch_shape[d] = n
        places: list[np.ndarray] = []
        for axis in range(len(self.operand_shape)):
            place = np.zeros((1,) * self.ndim, np.int64)
            if axis in self.dims.start_index_map:
                start = starts[..., self.dims.start_index_map.index(axis)].reshape(batch_shape)
                place = np.clip(start, 0, self.upper(axis))
                if not clip:
                    valid = valid & (place == start)
            places.append(place + self._numpy_offset(axis))
        return tuple(places), valid

    def _numpy_offset(self, axis: int) -> np.ndarray:
        shape = [1] * self.ndim
        window_axes, along = self.window_axes, self._batching_axis(axis)
        if axis in window_axes:
            along = self.dims.offset_dims[window_axes.index(axis)]
        if along is None:
            return np.zeros(shape, np.int64)
        shape[along] = self.shape[along]
        return np.arange(shape[along]).reshape(shape)

    def kernel_places(self, k: Any, starts: Any, indices: Sequence[Any], clip: bool) -> Any:
        """Returns the operand's index expressions for an element of the windows, and a bool.

        The bool says whether the window is within the operand; with `clip` it is made to be.
        """
        batch = [indices[d] for d in self.batch_axes]
        window_axes = self.window_axes
        places, conditions = [], []
        for axis in range(len(self.operand_shape)):
            along = self._batching_axis(axis)
            place = k.constant(0) if along is None else indices[along]
            if axis in self.dims.start_index_map:
                position = self.dims.start_index_map.index(axis)
                place = kernel_index(k, starts(*batch, position))
                if clip:
                    place = k.clamp_index(place, self.upper(axis))
                else:
                    conditions += [k.ge(place, 0), k.le(place, self.upper(axis))]
            if axis in window_axes:
                place = k.add(place, indices[self.dims.offset_dims[window_axes.index(axis)]])
            places.append(place)
        return places, k.all_of(conditions)


def as_int64(indices: np.ndarray) -> np.ndarray:
    """Returns integers as int64; what does not fit becomes the largest."""
    if indices.dtype == np.uint64:
        indices = np.minimum(indices, np.uint64(np.iinfo(np.int64).max))
    return indices.astype(np.int64)


def kernel_index(k: Any, index: Any) -> Any:
    """Returns an integer expression as int64; what does not fit becomes the largest."""
    if index.dtype == dtypes.uint64:
        index = k.min(index, k.constant(np.iinfo(np.int64).max, dtypes.uint64))
    return k.convert(index, dtypes.int64)


def default_fill(dtype: np.dtype) -> Any:
    """Returns what a gather gives outside: NaN, the least int, the largest uint, True."""
    if dtypes.is_inexact(dtype):
        return np.asarray(np.nan).astype(dtype)[()]
    if dtype == dtypes.bool_:
        return np.bool_(True)
    if dtype == dtypes.key_dtype:
        return np.array(((0xFFFFFFFF, 0xFFFFFFFF),), dtype)[()]
    limits = np.iinfo(dtype)
    return dtype.type(limits.min if dtype.kind == "i" else limits.max)


# -- validation


def check_windows(name: str, windows: Windows, starts: ShapedArray) -> None:
    """Refuses dimension numbers that do not fit the shapes.

    Raises:
        TypeError: naming the number that does not fit and what it must be.
    """
    if not dtypes.is_integer(starts.dtype):
        raise TypeError(f"{name}: indices must be integers, got {starts}.")
    if not starts.shape:
        raise TypeError(f"{name}: indices need a last axis of index vectors, got {starts}.")
    dims, rank = windows.dims, len(windows.operand_shape)
    given = f"{dims} for an operand of shape {windows.operand_shape} and indices {starts}"
    problem = (
        _axes_problem(dims, rank, len(starts.shape) - 1)
        or _batching_problem(windows)
        or _size_problem(windows)
    )
    if problem:
        raise TypeError(f"{name}: {problem}; got {given}, windows of {windows.slice_sizes}.")


def _axes_problem(dims: GatherDimensionNumbers, rank: int, batch_rank: int) -> str:
    gone = (*dims.collapsed_slice_dims, *dims.operand_batching_dims)
    if len(set(gone)) < len(gone) or not set(gone) <= set(range(rank)):
        return "collapsed (inserted) and batching axes must be distinct axes of the operand"
    if len(dims.offset_dims) != rank - len(gone):
        return "there must be one window axis for each other axis of the operand"
    ndim = len(dims.offset_dims) + batch_rank
    if not _is_increasing(dims.offset_dims, ndim):
        return f"window axes must be increasing and in 0…{ndim - 1}"
    mapped = dims.start_index_map
    if len(set(mapped)) < len(mapped) or not set(mapped) <= set(range(rank)):
        return "components of index vectors must be for distinct axes of the operand"
    if set(mapped) & set(dims.operand_batching_dims):
        return "an axis of the operand cannot be indexed and batching"
    return ""


def _is_increasing(axes: Axes, ndim: int) -> bool:
    return list(axes) == sorted(set(axes)) and all(0 <= d < ndim for d in axes)


def _batching_problem(windows: Windows) -> str:
    dims, starts_shape = windows.dims, windows.starts_shape
    own, theirs = dims.operand_batching_dims, dims.start_indices_batching_dims
    if len(own) != len(theirs) or len(set(theirs)) < len(theirs):
        return "batching axes of operand and indices must be matched one to one"
    if any(not 0 <= d < len(starts_shape) - 1 for d in theirs):
        return "batching axes of the indices must be axes before the last"
    pairs = zip(own, theirs, strict=True)
    if any(windows.operand_shape[a] != starts_shape[b] for a, b in pairs):
        return "matched batching axes must have one length"
    if starts_shape[-1] != len(dims.start_index_map):
        return f"index vectors must have {len(dims.start_index_map)} components"
    return ""


def _size_problem(windows: Windows) -> str:
    sizes = windows.slice_sizes
    if len(sizes) != len(windows.operand_shape):
        return "there must be one window length for each axis of the operand"
    pairs = zip(sizes, windows.operand_shape, strict=True)
    if any(not 0 <= size <= n for size, n in pairs):
        return "windows must be no longer than the operand"
    dims = windows.dims
    if any(sizes[d] > 1 for d in (*dims.collapsed_slice_dims, *dims.operand_batching_dims)):
        return "windows must have length 1 along collapsed (inserted) and batching axes"
    return ""


# -- batching


def _shifted(axes: Axes, place: int) -> Axes:
    return tuple(d + (d >= place) for d in axes)


def _inserted(items: Axes, position: int, item: int) -> Axes:
    return (*items[:position], item, *items[position:])


def batched_operand(windows: Windows, dim: int) -> tuple[GatherDimensionNumbers, int]:
    """Returns dimension numbers for an operand with one more window axis at `dim`.

    Also returns where that axis is in the windows.
    """
    dims = windows.dims
    rank = sum(axis < dim for axis in windows.window_axes)
    offsets = dims.offset_dims
    place = offsets[rank] if rank < len(offsets) else windows.ndim
    return GatherDimensionNumbers(
        _inserted(_shifted(offsets, place), rank, place),
        _shifted(dims.collapsed_slice_dims, dim),
        _shifted(dims.start_index_map, dim),
        _shifted(dims.operand_batching_dims, dim),
        dims.start_indices_batching_dims,
    ), place


def batched_starts(
    windows: Windows, starts_dim: int, dim: int | None
) -> tuple[GatherDimensionNumbers, int]:
    """Returns dimension numbers for starts with one more axis at `starts_dim` (not the last).

    With `dim` the operand has one more axis there, matched with that of the starts. Also returns
    where the axis is in the windows.
    """
    dims = windows.dims
    batch = windows.batch_axes
    place = batch[starts_dim] if starts_dim < len(batch) else windows.ndim
    found = GatherDimensionNumbers(
        _shifted(dims.offset_dims, place),
        dims.collapsed_slice_dims,
        dims.start_index_map,
        dims.operand_batching_dims,
        _shifted(dims.start_indices_batching_dims, starts_dim),
    )
    if dim is None:
        return found, place
    own = _shifted(dims.operand_batching_dims, dim)
    position = sum(d < dim for d in own)
    return GatherDimensionNumbers(
        found.offset_dims,
        _shifted(dims.collapsed_slice_dims, dim),
        _shifted(dims.start_index_map, dim),
        _inserted(own, position, dim),
        _inserted(found.start_indices_batching_dims, position, starts_dim),
    ), place
