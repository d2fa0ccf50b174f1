"""gather and scatter_add: each the other's transpose.

The rules that every scatter shares are here as well: `scatter_primitive` declares one by how an
element and an update combine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.core.primitive import Absent, Constant, Linear, Primitive, Rule, primitive
from minijax.core.quiet import quiet
from minijax.interpreters.batch import move_batch_axis
from minijax.interpreters.transpose import is_linear
from minijax.primitives.broadcast import Axes, move_axis
from minijax.primitives.families import check_dtype
from minijax.primitives.indexing import (
    GatherDimensionNumbers,
    GatherScatterMode,
    ScatterDimensionNumbers,
    Windows,
    batched_operand,
    batched_starts,
    check_windows,
    default_fill,
)
from minijax.primitives.windows import add_jvp

_CLIP, _FILL = GatherScatterMode.CLIP, GatherScatterMode.FILL_OR_DROP


# -- gather


def _gather_windows(operand: Any, starts: Any, params: dict[str, Any]) -> Windows:
    sizes = params["slice_sizes"]
    return Windows(operand.shape, params["dimension_numbers"], sizes, starts.shape)


def _fill_of(dtype: np.dtype, fill_value: Any) -> Any:
    if fill_value is None:
        return default_fill(dtype)
    return np.asarray(fill_value).astype(dtype)[()]


def _gather_impl(operand: np.ndarray, starts: np.ndarray, **params: Any) -> Any:
    windows = _gather_windows(operand, starts, params)
    fill = _fill_of(operand.dtype, params["fill_value"])
    shape = windows.shape
    if 0 in operand.shape:
        result = np.empty(shape, operand.dtype)
        result[...] = fill
        return (result,)
    places, valid = windows.numpy_places(starts, params["mode"] is not _FILL)
    result = np.array(np.broadcast_to(operand[places] if places else operand, shape), order="C")
    if not valid.all():
        result[~np.broadcast_to(valid, shape)] = fill
    return (result,)


def _gather_abstract(operand: ShapedArray, starts: ShapedArray, **params: Any) -> Any:
    windows = _gather_windows(operand, starts, params)
    check_windows("gather", windows, starts)
    return (ShapedArray(windows.shape, operand.dtype, operand.weak_type),)


def _gather_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    operand, starts = primals
    outs = gather_p.bind(operand, starts, **params)
    fill = 0 if params["mode"] is _FILL else None
    # Outside the operand the result is a constant, whatever it is.
    return outs, gather_p.bind(tangents[0], starts, **params | {"fill_value": fill})


def _gather_transpose(cts: Any, operand: Any, starts: Any, **params: Any) -> Any:
    # A gather of PROMISE_IN_BOUNDS clips, a scatter of that mode drops.
    mode = _FILL if params["mode"] is _FILL else _CLIP
    out = scatter_add_p.bind(
        operand.take(),
        starts,
        cts[0],
        dimension_numbers=ScatterDimensionNumbers(*params["dimension_numbers"]),
        indices_are_sorted=params["indices_are_sorted"],
        unique_indices=params["unique_indices"],
        mode=mode,
    )
    return out[0], None


def _gather_batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
    (operand, starts), (dim, starts_dim) = operands, dims
    sizes = params["slice_sizes"]
    windows = Windows(
        _without(operand.shape, dim), params["dimension_numbers"], sizes,
        _without(starts.shape, starts_dim),
    )  # fmt: skip
    if starts_dim is None:
        numbers, place = batched_operand(windows, dim)
        sizes = (*sizes[:dim], size, *sizes[dim:])
    else:
        starts, starts_dim = _before_last(starts, starts_dim)
        numbers, place = batched_starts(windows, starts_dim, dim)
        if dim is not None:
            sizes = (*sizes[:dim], min(size, 1), *sizes[dim:])
    changed = {"dimension_numbers": numbers, "slice_sizes": sizes}
    return gather_p.bind(operand, starts, **params | changed), (place,)


def _without(shape: Axes, dim: int | None) -> Axes:
    return shape if dim is None else shape[:dim] + shape[dim + 1 :]


def _before_last(starts: Any, dim: int) -> tuple[Any, int]:
    """Returns starts whose batch axis is not the last one, which holds index vectors."""
    return (move_axis(starts, dim, 0), 0) if dim == starts.ndim - 1 else (starts, dim)


def _gather_lower(k: Any, operand: Any, starts: Any, *, out: Any, **params: Any) -> Any:
    windows = _gather_windows(operand, starts, params)
    clip = params["mode"] is not _FILL
    fill = k.constant(_fill_of(operand.dtype, params["fill_value"]), operand.dtype)

    def body(*i: Any) -> Any:
        places, valid = windows.kernel_places(k, starts, i, clip)
        return k.guard(valid, operand, places, fill)

    return k.element(out[0], body)


gather_p = primitive(
    "gather",
    impl=_gather_impl,
    abstract=_gather_abstract,
    jvp=_gather_jvp,
    transpose=_gather_transpose,
    batch=_gather_batch,
    lower=_gather_lower,
)


def gather(
    operand: Any,
    start_indices: Any,
    dimension_numbers: GatherDimensionNumbers,
    slice_sizes: Sequence[int],
    *,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    mode: str | GatherScatterMode | None = None,
    fill_value: Any = None,
) -> Array:
    """Collects windows of an array that start at the places an array of index vectors tells.

    Args:
        operand: an array of rank r.
        start_indices: an integer array of shape (..., n) of index vectors. Negative indices are out
            of bounds.
        dimension_numbers: how the axes relate; the vectors have `len(start_index_map)` components.
        slice_sizes: the r lengths of a window.
        unique_indices: a promise that no element is collected twice.
        indices_are_sorted: a promise that the index vectors increase.
        mode: "fill", "clip" or "promise_in_bounds" (the default).
        fill_value: what to return out of bounds in mode "fill"; by default NaN, the least signed
            integer, the largest unsigned one, True.

    Returns:
        An array with the axes of `start_indices` but the last, and the window axes at
        `offset_dims`.

    Raises:
        TypeError: if the dimension numbers do not fit.
        ValueError: if the mode is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> numbers = lax.GatherDimensionNumbers((), (0,), (0,))
        >>> lax.gather(jnp.array([5, 6, 7]), jnp.array([[2], [0]]), numbers, (1,))
        Array([7, 5], dtype=int64)
    """
    how = GatherScatterMode.PROMISE_IN_BOUNDS if mode is None else GatherScatterMode.from_any(mode)
    return gather_p.bind(
        to_array(operand),
        to_array(start_indices),
        dimension_numbers=GatherDimensionNumbers(*map(tuple, dimension_numbers)),
        slice_sizes=tuple(int(n) for n in slice_sizes),
        unique_indices=bool(unique_indices),
        indices_are_sorted=bool(indices_are_sorted),
        mode=how,
        fill_value=fill_value if how is _FILL else None,
    )[0]


# -- what all scatters share


def scatter_windows(operand: Any, starts: Any, updates: Any, numbers: Any) -> Windows:
    """Returns the geometry of a scatter from its operands (or their avals)."""
    dims = GatherDimensionNumbers(*numbers)
    gone = {*dims.collapsed_slice_dims, *dims.operand_batching_dims}
    lengths = iter([updates.shape[d] if d < updates.ndim else 0 for d in dims.offset_dims])
    sizes = tuple(min(n, 1) if d in gone else next(lengths, 0) for d, n in enumerate(operand.shape))
    return Windows(operand.shape, dims, sizes, starts.shape)


def _scatter_impl(store: Callable[..., None]) -> Rule:
    def impl(operand: Any, starts: Any, updates: Any, **params: Any) -> Any:
        windows = scatter_windows(operand, starts, updates, params["dimension_numbers"])
        result = np.array(operand, order="C")
        if not result.size or not updates.size:
            return (result,)
        places, valid = windows.numpy_places(starts, params["mode"] is _CLIP)
        # One axis of places: windows one after the other, elements of each in order.
        order = windows.sequence
        kept = np.broadcast_to(valid, updates.shape).transpose(order)
        lines = [np.broadcast_to(p, updates.shape).transpose(order)[kept] for p in places]
        lines = lines or [np.zeros(np.count_nonzero(kept), np.int64)]
        with quiet():
            line = result if result.ndim else result.reshape(1)
            store(line, tuple(lines), updates.transpose(order)[kept])
        return (result,)

    return impl


def _scatter_abstract(name: str, on: Sequence[np.dtype]) -> Rule:
    def abstract(operand: Any, starts: Any, updates: Any, **params: Any) -> Any:
        check_dtype(name, operand, on, "an operand")
        if updates.dtype != operand.dtype:
            raise TypeError(
                f"{name}: updates must have the operand's dtype {operand.dtype}, got "
                f"{updates.dtype}: convert them with .astype(...)."
            )
        windows = scatter_windows(operand, starts, updates, params["dimension_numbers"])
        check_windows(name, windows, starts)
        if updates.shape != windows.shape:
            raise TypeError(
                f"{name}: {params['dimension_numbers']} and indices {starts} need updates of shape "
                f"{windows.shape}, got {updates.shape}."
            )
        return (operand,)

    return abstract


def _scatter_batch(get: Callable[[], Primitive]) -> Rule:
    def batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
        (operand, starts, updates), (dim, starts_dim, updates_dim) = operands, dims
        at = 0 if dim is None else dim
        one, one_starts, one_update = (
            _Shape(_without(x.shape, d)) for x, d in zip(operands, dims, strict=True)
        )
        windows = scatter_windows(one, one_starts, one_update, params["dimension_numbers"])
        if starts_dim is None:
            numbers, place = batched_operand(windows, at)
        else:
            starts, starts_dim = _before_last(starts, starts_dim)
            numbers, place = batched_starts(windows, starts_dim, at)
        out = get().bind(
            move_batch_axis(operand, dim, size, at),
            starts,
            move_batch_axis(updates, updates_dim, size, place),
            **params | {"dimension_numbers": ScatterDimensionNumbers(*numbers)},
        )
        return out, (at,)

    return batch


class _Shape:
    """A shape on its own, in the place of an array."""

    __slots__ = ("ndim", "shape")

    def __init__(self, shape: Axes) -> None:
        self.shape = shape
        self.ndim = len(shape)


def _scatter_lower(combine: Callable[..., Any] | None) -> Rule:
    def lower(k: Any, operand: Any, starts: Any, updates: Any, *, out: Any, **params: Any) -> Any:
        windows = scatter_windows(operand, starts, updates, params["dimension_numbers"])
        if not operand.size or not updates.size:
            return k.element(out[0], operand)
        line = operand.aval if operand.ndim else ShapedArray((1,), operand.dtype)

        order = windows.along_memory

        def in_order(i: Sequence[Any]) -> list[Any]:
            return [i[order.index(d)] for d in range(len(i))]

        def place(*i: Any) -> Any:
            clip = params["mode"] is _CLIP
            places, valid = windows.kernel_places(k, starts, in_order(i), clip)
            return places or (k.constant(0),), valid

        (stored,) = k.scatter(
            line,
            operand if operand.ndim else k.reshape(operand, line)[0],
            [updates.shape[d] for d in order],
            place,
            lambda *i: updates(*in_order(i)),
            None if combine is None else lambda old, new: combine(k, old, new),
            unique=params["unique_indices"] or windows.is_single,
        )
        return (stored,) if operand.ndim else k.reshape(stored, out[0])

    return lower


def scatter_primitive(
    name: str,
    store: Callable[..., None],
    *,
    on: Sequence[np.dtype],
    combine: Callable[..., Any] | None,
    jvp: Rule | Linear | Constant,
    transpose: Rule | Absent,
) -> Primitive:
    """Declares a scatter.

    Args:
        name: its name.
        store: the NumPy function `(array, indices, values)` that changes the array.
        on: the dtypes it takes.
        combine: `(k, old, new) -> expr`; None to replace.
        jvp, transpose: the rules.
    """
    made: list[Primitive] = []
    made.append(
        primitive(
            name,
            impl=_scatter_impl(store),
            abstract=_scatter_abstract(name, on),
            jvp=jvp,
            transpose=transpose,
            batch=_scatter_batch(lambda: made[0]),
            lower=_scatter_lower(combine),
        )
    )
    return made[0]


def gather_windows_of(x: Any, starts: Any, updates: Any, params: dict[str, Any]) -> Any:
    """Returns the elements that a scatter's updates would meet, zero where they are dropped.

    Args:
        x: an array of the scatter's operand's shape.
        starts: the scatter's indices.
        updates: the scatter's updates or their aval.
        params: the scatter's parameters.
    """
    windows = scatter_windows(x, starts, updates, params["dimension_numbers"])
    clip = params["mode"] is _CLIP
    return gather_p.bind(
        x,
        starts,
        dimension_numbers=windows.dims,
        slice_sizes=windows.slice_sizes,
        unique_indices=params["unique_indices"],
        indices_are_sorted=params["indices_are_sorted"],
        mode=_CLIP if clip else _FILL,
        fill_value=None if clip else 0,
    )[0]


def bind_scatter(
    p: Primitive,
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: ScatterDimensionNumbers,
    indices_are_sorted: bool,
    unique_indices: bool,
    mode: str | GatherScatterMode | None,
) -> Array:
    """Applies a scatter to what a public function was given."""
    return p.bind(
        to_array(operand),
        to_array(scatter_indices),
        to_array(updates),
        dimension_numbers=ScatterDimensionNumbers(*map(tuple, dimension_numbers)),
        indices_are_sorted=bool(indices_are_sorted),
        unique_indices=bool(unique_indices),
        mode=GatherScatterMode.from_any(mode),
    )[0]


# -- scatter_add


def _scatter_add_transpose(cts: Any, operand: Any, starts: Any, updates: Any, **params: Any) -> Any:
    (ct,) = cts
    updates_bar = None
    if is_linear(updates):
        updates_bar = gather_windows_of(ct, starts, updates.aval, params)
    return ct if is_linear(operand) else None, None, updates_bar


scatter_add_p: Primitive = scatter_primitive(
    "scatter_add",
    np.add.at,
    on=dtypes.NUMERIC,
    combine=lambda k, old, new: k.add(old, new),
    jvp=add_jvp(lambda: scatter_add_p, update=2),
    transpose=_scatter_add_transpose,
)


def scatter_add(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: ScatterDimensionNumbers,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Array:
    """Adds updates to windows of an array that start where an array of index vectors tells.

    Args:
        operand: an array of rank r.
        scatter_indices: an integer array of shape (..., n) of index vectors. Negative indices are
            out of bounds.
        updates: an array with the axes of `scatter_indices` but the last, and window axes at
            `update_window_dims`.
        dimension_numbers: how the axes relate.
        indices_are_sorted: a promise that the index vectors increase.
        unique_indices: a promise that no element is met twice.
        mode: "drop" (the default), "clip" or "promise_in_bounds".

    Returns:
        An array like `operand`. Where windows overlap all updates are added.

    Raises:
        TypeError: if dtypes, shapes or dimension numbers do not fit.
        ValueError: if the mode is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
        >>> places, values = jnp.array([[1], [1], [5]]), jnp.array([10.0, 20.0, 30.0])
        >>> lax.scatter_add(jnp.zeros(3), places, values, numbers)
        Array([ 0., 30.,  0.], dtype=float64)
    """
    flags = (indices_are_sorted, unique_indices, mode)
    return bind_scatter(scatter_add_p, operand, scatter_indices, updates, dimension_numbers, *flags)
