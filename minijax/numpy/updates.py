"""Changed copies: `x.at[index].set(values)`, `.add(values)` and so on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.array import to_array, value_of
from minijax.core.dtypes import is_complex, is_float, is_integer
from minijax.core.operators import Array
from minijax.core.records import record, replace
from minijax.core.source import api_boundary
from minijax.core.trace import EVAL, Tracer, current_trace, set_trace
from minijax.numpy import ufuncs
from minijax.numpy.creation import asarray, ones_like
from minijax.numpy.dtypes import result_pair
from minijax.numpy.indexing import read
from minijax.numpy.promotion import Shape, broadcast_shapes, convert, operand, scalar, spread_to
from minijax.numpy.subscripts import Range, Subscript, index_vectors, is_empty, parse, wrapped
from minijax.primitives import arithmetic, scatter, slicing
from minijax.primitives import shape as shape_family
from minijax.primitives.broadcast import full
from minijax.primitives.compare import select_n
from minijax.primitives.control.loops import while_loop
from minijax.primitives.indexing import GatherScatterMode, ScatterDimensionNumbers
from minijax.primitives.reduction import reduce_or


@record(eq=True)
class _Options:
    """The keyword arguments that all updates take."""

    indices_are_sorted: bool = False
    unique_indices: bool = False
    mode: Any = None
    wrap_negative_indices: bool = True


class At:
    """What `x.at` is: index it, then say what to do there."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> Place:
        return Place(self.array, index)

    def __repr__(self) -> str:
        return f"{self.array!r}.at"


_UNSAFE = (
    ".at[].{0} cannot safely cast values of {1} to {2}, the dtype of the array. They are cast all "
    "the same, which may become an error: say values.astype(x.dtype), or begin with another array."
)


class Place:
    """Some elements of an array. Each method returns a changed copy of the array.

    All methods take these keyword arguments:
        indices_are_sorted: a promise that the indices increase.
        unique_indices: a promise that no element is named twice.
        mode: what happens to indices out of bounds: "drop" (the default of updates), "clip" (that
            of `get`), "fill" (for `get`) or "promise_in_bounds". Where no mode is given, a static
            int out of range is an IndexError.
        wrap_negative_indices: whether negative indices count from the end.
        out_sharding: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.zeros(3)
        >>> x.at[1].set(5.0)
        Array([0., 5., 0.], dtype=float64)
        >>> x.at[jnp.array([0, 0, 2])].add(1.0)
        Array([2., 0., 1.], dtype=float64)
    """

    __slots__ = ("array", "index")

    def __init__(self, array: Array, index: Any) -> None:
        self.array = array
        self.index = index

    def __repr__(self) -> str:
        return f"{self.array!r}.at[{self.index!r}]"

    def get(
        self,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        fill_value: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Returns the elements; `fill_value` stands for those out of bounds in mode "fill"."""
        GatherScatterMode.from_any(mode)  # refuses unknown modes, also where no index is traced
        index = self.index if wrap_negative_indices else _as_given(self.index)
        subscript = parse(index, self.array.shape, mode is None)
        return read(
            self.array,
            subscript,
            "clip" if mode is None else mode,
            fill_value,
            indices_are_sorted,
            unique_indices,
            wrap_negative_indices,
        )

    def set(
        self,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Puts values there."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        return self._update("set", values, options)

    def add(
        self,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Adds values; those for the same element are all added."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        return self._update("add", values, options)

    def subtract(
        self,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Subtracts values; those for the same element are all subtracted."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        return self._update("add", ufuncs.negative(_array_of(values, "subtract")), options)

    sub = subtract

    def multiply(
        self,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Multiplies by values; those for the same element all take part."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        return self._update("multiply", values, options)

    mul = multiply

    def divide(
        self,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Divides by values; those for the same element all take part."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        x = self.array
        divisors = Place(ones_like(x), self.index)._update("multiply", values, options)
        return ufuncs.divide(x, divisors)

    def power(
        self,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Raises to the power of values; those for the same element all take part."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        x = self.array
        exponents = Place(ones_like(x), self.index)._update("multiply", values, options)
        return ufuncs.power(x, exponents)

    def min(
        self,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Puts the smaller of element and value there."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        return self._update("min", values, options)

    def max(
        self,
        values: Any,
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        out_sharding: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Puts the larger of element and value there."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        return self._update("max", values, options)

    def apply(
        self,
        func: Callable[[Array], Any],
        *,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
        mode: Any = None,
        wrap_negative_indices: bool = True,
    ) -> Array:
        """Puts `func` of the elements there, applied once for each time an element is named."""
        options = _Options(indices_are_sorted, unique_indices, mode, wrap_negative_indices)
        values = func(
            self.get(
                indices_are_sorted=indices_are_sorted,
                unique_indices=unique_indices,
                mode=mode,
                wrap_negative_indices=wrap_negative_indices,
            )
        )
        found = self._update("set", values, options)
        if unique_indices or not _may_repeat(self.index):
            return found
        return _apply_again(found, func, self.index, options)

    def _update(self, how: str, values: Any, options: _Options) -> Array:
        x = self.array
        GatherScatterMode.from_any(options.mode)  # refuses unknown modes, also of static indices
        index = self.index if options.wrap_negative_indices else _as_given(self.index)
        subscript = parse(index, x.shape, options.mode is None)
        y = _array_of(values, how)
        common = result_pair(x, y)[0]
        if _is_other_kind(x.dtype, common):
            warnings.warn(_UNSAFE.format(how, y.dtype, x.dtype), FutureWarning, stacklevel=4)
        dtype = x.dtype if how == "set" else common
        work = x if x.dtype == dtype else convert(x, dtype)
        y = convert(y, dtype, y.weak_type and x.weak_type)
        return convert(write(work, subscript, y, how, options), x.dtype, x.weak_type)


def _array_of(values: Any, how: str) -> Array:
    """Returns the values of an update, which may be nested lists, as an array."""
    is_nested = values is None or isinstance(values, list | tuple)
    return asarray(values) if is_nested else operand(values, f".at[].{how}")


for _method in (
    "get",
    "set",
    "add",
    "subtract",
    "multiply",
    "divide",
    "power",
    "min",
    "max",
    "apply",
):
    setattr(Place, _method, api_boundary(getattr(Place, _method)))


def _is_other_kind(dtype: np.dtype, common: np.dtype) -> bool:
    """Whether the dtype of an array cannot hold what is more than a finer number of its kind."""
    return any(kind(dtype) != kind(common) for kind in (is_complex, is_float, is_integer))


def _may_repeat(index: Any) -> bool:
    """Whether an index may name an element more than once: only arrays of integers do."""
    entries = index if isinstance(index, tuple) else (index,)
    return any(
        np.size(entry) > 1 and not (hasattr(entry, "dtype") and entry.dtype == np.bool_)
        for entry in entries
        if isinstance(entry, list) or hasattr(entry, "dtype")
    )


def _apply_again(x: Array, func: Callable[[Array], Any], index: Any, options: _Options) -> Array:
    """Applies a function to the elements that an index names again, once for each time."""
    entries = index if isinstance(index, tuple) else (index,)
    is_known = not any(isinstance(entry, Tracer) for entry in entries)
    with set_trace(EVAL if is_known else current_trace()):
        nowhere = full(x.shape, 0, np.dtype(np.int32))
        left = ufuncs.subtract(Place(nowhere, index)._update("add", 1, options), 1)

    def again(state: tuple[Array, Array]) -> tuple[Array, Array]:
        array, rest = state
        changed = convert(operand(func(array), ".at[].apply"), array.dtype, array.weak_type)
        return select_n(ufuncs.greater(rest, 0), array, changed), ufuncs.subtract(rest, 1)

    if is_known:
        for _ in range(int(np.max(value_of(left), initial=0))):
            x, left = again((x, left))
        return x
    axes = tuple(range(x.ndim))

    def is_left(state: tuple[Array, Array]) -> Array:
        return reduce_or(ufuncs.greater(state[1], 0), axes)

    return while_loop(is_left, again, (x, left))[0]


def _as_given(index: Any) -> Any:
    """Returns an index with arrays in place of ints, which would count from the end."""
    entries = index if isinstance(index, tuple) else (index,)
    return tuple(
        to_array(entry)
        if isinstance(entry, int | np.integer) and not isinstance(entry, bool)
        else entry
        for entry in entries
    )


# -- the two ways to write


def write(x: Array, subscript: Subscript, values: Array, how: str, options: _Options) -> Array:
    """Returns an array with what a subscript selects changed.

    Args:
        x: an array.
        subscript: the index, taken apart for the array's shape.
        values: an array of the same dtype that broadcasts to the selection.
        how: "set", "add", "multiply", "min" or "max".
        options: what the keyword arguments of the methods of `Place` say.

    Raises:
        ValueError: if the values do not broadcast to the selection.
    """
    target = subscript.shape
    if is_empty(target):
        return x
    values = _fit(values, target)
    shape = x.shape
    if subscript.new_axes:
        x = shape_family.expand_dims(x, subscript.new_axes)
    if all(_is_contiguous(entry) for entry in subscript.entries):
        result = _write_window(x, subscript, values, how)
    else:
        result = _write_scattered(x, subscript, values, how, options)
    return shape_family.reshape(result, shape) if subscript.new_axes else result


def _fit(values: Array, target: Shape) -> Array:
    fits = values.ndim <= len(target)
    try:
        fits = fits and broadcast_shapes(values.shape, target) == target
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"Values of shape {values.shape} do not broadcast to the selection of shape {target}."
        )
    return spread_to(values, target)


def _is_contiguous(entry: Any) -> bool:
    return isinstance(entry, int) or (isinstance(entry, Range) and entry.step == 1)


_COMBINE: dict[str, Callable[[Any, Any], Array]] = {
    "add": ufuncs.add,
    "multiply": ufuncs.multiply,
    "min": arithmetic.min,
    "max": arithmetic.max,
}


def _write_window(x: Array, subscript: Subscript, values: Array, how: str) -> Array:
    """Writes to a static block."""
    if how != "set":
        values = _COMBINE[how](read(x, replace(subscript, new_axes=()), "clip"), values)
    starts = [e if isinstance(e, int) else e.start for e in subscript.entries]
    sizes = [1 if isinstance(e, int) else e.size for e in subscript.entries]
    block = shape_family.reshape(values, sizes)
    if tuple(sizes) == x.shape:
        return block
    return slicing.dynamic_update_slice(x, block, starts)


@record
class _Layout:
    """Which axes of the updates run within a window, and which come from the indices."""

    window_dims: list[int]
    batch_dims: list[int]
    array_dims: list[int]
    own_dim: dict[int, int]


def _layout(subscript: Subscript) -> _Layout:
    """Lays out the axes of the selection; a range with steps has an axis of indices of its own."""
    ranges = [d for d, e in enumerate(subscript.entries) if isinstance(e, Range)]
    rank = len(subscript.batch)
    layout = _Layout([], [], [], {})
    place = subscript.place
    axes: list[int | None] = [*ranges[:place], *[None] * rank, *ranges[place:]]
    for position, axis in enumerate(axes):
        entry = None if axis is None else subscript.entries[axis]
        if axis is None or not isinstance(entry, Range):
            layout.array_dims.append(position)
        elif entry.step == 1:
            layout.window_dims.append(position)
            continue
        else:
            layout.own_dim[axis] = position
        layout.batch_dims.append(position)
    return layout


def _write_scattered(
    x: Array, subscript: Subscript, values: Array, how: str, options: _Options
) -> Array:
    """Writes to places that integer arrays or ranges with steps name."""
    layout = _layout(subscript)
    target = subscript.shape
    batch = tuple(target[d] for d in layout.batch_dims)
    columns, axes, inserted = [], [], []
    for axis, entry in enumerate(subscript.entries):
        if isinstance(entry, Range) and entry.is_whole(x.shape[axis]):
            continue
        axes.append(axis)
        if not (isinstance(entry, Range) and entry.step == 1):
            inserted.append(axis)
        wrap = options.wrap_negative_indices
        columns.append(_column(entry, axis, x.shape[axis], layout, batch, wrap))
    numbers = ScatterDimensionNumbers(
        update_window_dims=tuple(layout.window_dims),
        inserted_window_dims=tuple(inserted),
        scatter_dims_to_operand_dims=tuple(axes),
    )
    return _SCATTER[how](
        x,
        index_vectors(columns, batch),
        values,
        numbers,
        indices_are_sorted=options.indices_are_sorted,
        unique_indices=options.unique_indices,
        mode=options.mode,
    )


_SCATTER: dict[str, Callable[..., Array]] = {
    "set": scatter.scatter,
    "add": scatter.scatter_add,
    "multiply": scatter.scatter_mul,
    "min": scatter.scatter_min,
    "max": scatter.scatter_max,
}


def _column(entry: Any, axis: int, length: int, layout: _Layout, batch: Shape, wrap: bool) -> Array:
    """Returns the indices along one axis, in a shape that broadcasts to the batch's."""
    if isinstance(entry, int):
        return scalar(entry, np.dtype(np.int64))
    if isinstance(entry, Range):
        if entry.step == 1:
            return scalar(entry.start, np.dtype(np.int64))
        places = to_array(entry.start + entry.step * np.arange(entry.size))
        return _aligned(places, [layout.own_dim[axis]], layout.batch_dims)
    indices = wrapped(entry, length) if wrap else entry
    dims = layout.array_dims[len(layout.array_dims) - indices.ndim :]
    return _aligned(indices, dims, layout.batch_dims)


def _aligned(x: Array, dims: Sequence[int], batch_dims: Sequence[int]) -> Array:
    shape = [1] * len(batch_dims)
    for n, dim in zip(x.shape, dims, strict=True):
        shape[batch_dims.index(dim)] = n
    return shape_family.reshape(x, shape)
