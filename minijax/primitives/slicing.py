"""Windows whose place is known only when the program runs: dynamic_slice, dynamic_update_slice.

A window always lies within the operand: starts are clamped. The transpose of a read adds to the
window of the operand's accumulator in place (`dynamic_slice_add`). Windows whose place is known
while tracing are in `windows`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, aval_of, to_array, value_of
from minijax.core.avals import ShapedArray, materialize
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, Rule, primitive
from minijax.core.quiet import quiet
from minijax.interpreters.batch import move_batch_axis
from minijax.interpreters.transpose import is_linear
from minijax.primitives.arithmetic import add
from minijax.primitives.broadcast import Axes, full
from minijax.primitives.compare import lt, select_n
from minijax.primitives.convert import convert_element_type
from minijax.primitives.families import check_dtype, scalar_like
from minijax.primitives.gather import gather_p, scatter_add_p
from minijax.primitives.indexing import (
    GatherDimensionNumbers,
    GatherScatterMode,
    ScatterDimensionNumbers,
    as_int64,
    kernel_index,
)
from minijax.primitives.joining import concatenate
from minijax.primitives.joining import split as split
from minijax.primitives.scatter import scatter_p
from minijax.primitives.shape import canonical_axis, expand_dims, squeeze
from minijax.primitives.windows import add_jvp, check_update, insert
from minijax.primitives.windows import index_in_dim as index_in_dim
from minijax.primitives.windows import slice as slice
from minijax.primitives.windows import slice_in_dim as slice_in_dim

# -- where the window is


def _check_starts(name: str, x: ShapedArray, starts: Sequence[ShapedArray]) -> None:
    if len(starts) != x.ndim:
        raise TypeError(
            f"{name}: needs one start for each axis of shape {x.shape}, got {len(starts)}."
        )
    for start in starts:
        if start.shape != () or not dtypes.is_integer(start.dtype):
            raise TypeError(f"{name}: starts must be integers of rank 0, got {start}.")


def _window(starts: Sequence[np.ndarray], sizes: Axes, shape: Axes) -> tuple[Any, ...]:
    triples = zip(starts, sizes, shape, strict=True)
    firsts = [min(max(int(as_int64(start)), 0), n - size) for start, size, n in triples]
    return tuple(np.s_[first : first + size] for first, size in zip(firsts, sizes, strict=True))


def _kernel_starts(k: Any, starts: Sequence[Any], sizes: Axes, shape: Axes) -> list[Any]:
    triples = zip(starts, sizes, shape, strict=True)
    return [k.clamp_index(kernel_index(k, start()), n - size) for start, size, n in triples]


def _shift(k: Any, firsts: Sequence[Any], indices: Sequence[Any]) -> list[Any]:
    return [k.add(first, i) for first, i in zip(firsts, indices, strict=True)]


_ORIGIN = scalar_like(0, dtypes.int64)


def _is_origin(start: Any) -> bool:
    return type(start) is ConcreteArray and not start.shape and value_of(start) == 0


def _index_vectors(
    size: int, starts: Sequence[Any], dims: Sequence[int | None], sizes: Axes, shape: Axes
) -> tuple[Any, Axes]:
    """Returns starts as an array of one index vector for each example, and the axes they index.

    Axes along which a window can only start at 0 are left out.
    """
    axes, columns = [], []
    for axis, (start, dim) in enumerate(zip(starts, dims, strict=True)):
        if sizes[axis] == shape[axis] or _is_origin(start):
            continue
        axes.append(axis)
        column = move_batch_axis(_to_int64(start), dim, size)
        columns.append(expand_dims(column, (1,)))
    if not columns:
        return full((size, 0), 0, dtypes.int64), ()
    return concatenate(columns, 1), tuple(axes)


def _to_int64(index: Any) -> Any:
    """Returns integers as int64; of unsigned ones the largest is left as large as can be."""
    dtype = aval_of(index).dtype
    if dtype == dtypes.uint64:
        largest = full(index.shape, np.iinfo(np.int64).max, dtype)
        index = select_n(lt(index, largest), largest, index)
    return convert_element_type(index, dtypes.int64)


# -- dynamic_slice


def _dynamic_slice_impl(x: np.ndarray, *starts: np.ndarray, slice_sizes: Axes) -> Any:
    return (x[_window(starts, slice_sizes, x.shape)],)


def _dynamic_slice_abstract(x: ShapedArray, *starts: ShapedArray, slice_sizes: Axes) -> Any:
    _check_starts("dynamic_slice", x, starts)
    fits = len(slice_sizes) == x.ndim and all(
        0 <= size <= n for size, n in zip(slice_sizes, x.shape, strict=True)
    )
    if not fits:
        raise TypeError(
            f"dynamic_slice: slice_sizes must hold a length for each axis of shape {x.shape}, none "
            f"larger than the axis, got {slice_sizes}."
        )
    return (ShapedArray(slice_sizes, x.dtype, x.weak_type),)


def _dynamic_slice_jvp(primals: Any, tangents: Any, *, slice_sizes: Axes) -> Any:
    x, *starts = primals
    outs = dynamic_slice_p.bind(x, *starts, slice_sizes=slice_sizes)
    return outs, dynamic_slice_p.bind(tangents[0], *starts, slice_sizes=slice_sizes)


def _dynamic_slice_transpose(cts: Any, x: Any, *starts: Any, slice_sizes: Axes) -> Any:
    (total,) = dynamic_slice_add_p.bind(x.take(), cts[0], *starts)
    return (total, *(None for _ in starts))


def _dynamic_slice_batch(size: int, operands: Any, dims: Any, *, slice_sizes: Axes) -> Any:
    (x, *starts), (dim, *start_dims) = operands, dims
    if all(d is None for d in start_dims):
        starts = insert(starts, dim, _ORIGIN)
        sizes = insert(slice_sizes, dim, size)
        return dynamic_slice_p.bind(x, *starts, slice_sizes=sizes), (dim,)
    shape = x.shape if dim is None else x.shape[:dim] + x.shape[dim + 1 :]
    vectors, axes = _index_vectors(size, starts, start_dims, slice_sizes, shape)
    numbers = GatherDimensionNumbers(tuple(range(len(shape))), (), axes)
    return gather_p.batch(
        size,
        (x, vectors),
        (dim, 0),
        dimension_numbers=numbers,
        slice_sizes=slice_sizes,
        unique_indices=False,
        indices_are_sorted=False,
        mode=GatherScatterMode.CLIP,
        fill_value=None,
    )


def _dynamic_slice_lower(k: Any, x: Any, *starts: Any, out: Any, slice_sizes: Axes) -> Any:
    firsts = _kernel_starts(k, starts, slice_sizes, x.shape)
    return k.element(out[0], lambda *i: x(*_shift(k, firsts, i)))


dynamic_slice_p = primitive(
    "dynamic_slice",
    impl=_dynamic_slice_impl,
    abstract=_dynamic_slice_abstract,
    jvp=_dynamic_slice_jvp,
    transpose=_dynamic_slice_transpose,
    batch=_dynamic_slice_batch,
    lower=_dynamic_slice_lower,
)


# -- dynamic_update_slice, dynamic_slice_add: a window of the operand replaced, or added to


def _store_impl(store: Callable[[np.ndarray, Any, np.ndarray], None]) -> Rule:
    def impl(x: np.ndarray, update: np.ndarray, *starts: np.ndarray) -> Any:
        result = np.array(x, order="C")
        with quiet():
            store(result, _window(starts, update.shape, x.shape), update)
        return (result,)

    return impl


def _store_lower(combine: Callable[..., Any] | None) -> Rule:
    def lower(k: Any, x: Any, update: Any, *starts: Any, out: Any) -> Any:
        if not x.ndim:
            return k.element(out[0], lambda: combine(k, x(), update()) if combine else update())
        firsts = _kernel_starts(k, starts, update.shape, x.shape)
        return k.scatter(
            out[0],
            x,
            update.shape,
            lambda *i: (_shift(k, firsts, i), k.constant(True, dtypes.bool_)),
            update,
            None if combine is None else lambda old, new: combine(k, old, new),
            unique=True,
        )

    return lower


def _store_batch(get: Callable[[], Primitive], general: Primitive) -> Rule:
    """Returns the batch rule; starts that differ between examples make it a scatter."""

    def batch(size: int, operands: Any, dims: Any) -> Any:
        (x, update, *starts), (dim, update_dim, *start_dims) = operands, dims
        if all(d is None for d in start_dims):
            place = update_dim if dim is None else dim
            x = move_batch_axis(x, dim, size, place)
            update = move_batch_axis(update, update_dim, size, place)
            return get().bind(x, update, *insert(starts, place, _ORIGIN)), (place,)
        shape, sizes = (
            aval_of(a).shape if d is None else aval_of(a).without_axis(d).shape
            for a, d in ((x, dim), (update, update_dim))
        )
        vectors, axes = _index_vectors(size, starts, start_dims, sizes, shape)
        return general.batch(
            size,
            (x, vectors, update),
            (dim, 0, update_dim),
            dimension_numbers=ScatterDimensionNumbers(tuple(range(len(shape))), (), axes),
            indices_are_sorted=True,
            unique_indices=True,
            mode=GatherScatterMode.CLIP,
        )

    return batch


def _dynamic_update_slice_abstract(
    x: ShapedArray, update: ShapedArray, *starts: ShapedArray
) -> Any:
    check_update("dynamic_update_slice", x, update)
    _check_starts("dynamic_update_slice", x, starts)
    weak = all(aval.weak_type for aval in (x, update, *starts))
    return (ShapedArray(x.shape, x.dtype, weak),)


def _dynamic_update_slice_jvp(primals: Any, tangents: Any) -> Any:
    starts = primals[2:]
    outs = dynamic_update_slice_p.bind(*primals)
    x_dot, update_dot = map(materialize, tangents[:2])
    return outs, dynamic_update_slice_p.bind(x_dot, update_dot, *starts)


def _dynamic_update_slice_transpose(cts: Any, x: Any, update: Any, *starts: Any) -> Any:
    (ct,) = cts
    shape = aval_of(update).shape
    x_bar = update_bar = None
    if is_linear(x):
        (x_bar,) = dynamic_update_slice_p.bind(ct, full(shape, 0, ct.dtype), *starts)
    if is_linear(update):
        (update_bar,) = dynamic_slice_p.bind(ct, *starts, slice_sizes=shape)
    return (x_bar, update_bar, *(None for _ in starts))


def _replace(array: np.ndarray, window: Any, values: np.ndarray) -> None:
    array[window] = values


dynamic_update_slice_p: Primitive = primitive(
    "dynamic_update_slice",
    impl=_store_impl(_replace),
    abstract=_dynamic_update_slice_abstract,
    jvp=_dynamic_update_slice_jvp,
    transpose=_dynamic_update_slice_transpose,
    batch=_store_batch(lambda: dynamic_update_slice_p, scatter_p),
    lower=_store_lower(None),
)


def _dynamic_slice_add_abstract(x: ShapedArray, update: ShapedArray, *starts: ShapedArray) -> Any:
    check_dtype("dynamic_slice_add", x, dtypes.NUMERIC, "an operand")
    check_update("dynamic_slice_add", x, update)
    _check_starts("dynamic_slice_add", x, starts)
    return (x,)


def _dynamic_slice_add_transpose(cts: Any, x: Any, update: Any, *starts: Any) -> Any:
    (ct,) = cts
    update_bar = None
    if is_linear(update):
        (update_bar,) = dynamic_slice_p.bind(ct, *starts, slice_sizes=update.aval.shape)
    return (ct if is_linear(x) else None, update_bar, *(None for _ in starts))


def _add_to(array: np.ndarray, window: Any, values: np.ndarray) -> None:
    array[window] += values


dynamic_slice_add_p: Primitive = primitive(
    "dynamic_slice_add",
    impl=_store_impl(_add_to),
    abstract=_dynamic_slice_add_abstract,
    jvp=add_jvp(lambda: dynamic_slice_add_p),
    transpose=_dynamic_slice_add_transpose,
    batch=_store_batch(lambda: dynamic_slice_add_p, scatter_add_p),
    lower=_store_lower(lambda k, old, new: k.add(old, new)),
)


# -- public functions


def _starts_of(
    name: str, x: Any, start_indices: Any, allow_negative: bool | Sequence[bool]
) -> list[Any]:
    """Returns one start for each axis; negative ones have the axis' length added."""
    if hasattr(start_indices, "ndim"):
        if start_indices.ndim != 1:
            raise ValueError(
                f"{name}: start indices must be a sequence or an array of rank 1, got shape "
                f"{start_indices.shape}."
            )
        vector = to_array(start_indices)
        start_indices = [squeeze(part, (0,)) for part in split(vector, (1,) * vector.shape[0])]
    if len(start_indices) != x.ndim:
        raise ValueError(
            f"{name}: needs one start for each axis of shape {x.shape}, got {len(start_indices)}."
        )
    allowed = [allow_negative] * x.ndim if isinstance(allow_negative, bool) else allow_negative
    triples = zip(start_indices, x.shape, allowed, strict=True)
    return [_start_of(name, i, n, may_wrap) for i, n, may_wrap in triples]


def _start_of(name: str, index: Any, n: int, may_wrap: bool) -> Any:
    if isinstance(index, int | np.integer):
        if index < 0 and not may_wrap:
            raise ValueError(
                f"{name}: index {index} of an axis of length {n} is negative and "
                "allow_negative_indices is False."
            )
        return scalar_like(_within_int64(index + n if index < 0 else index), dtypes.int64)
    start = to_array(index)
    if not may_wrap or not dtypes.is_integer(start.dtype) or start.dtype.kind == "u":
        return start
    start = convert_element_type(start, dtypes.int64)
    return select_n(lt(start, _ORIGIN), start, add(start, scalar_like(n, dtypes.int64)))


def _within_int64(index: Any) -> int:
    limits = np.iinfo(np.int64)
    return max(min(int(index), limits.max), limits.min)


def dynamic_slice(
    operand: Any,
    start_indices: Any,
    slice_sizes: Sequence[int],
    *,
    allow_negative_indices: bool | Sequence[bool] = True,
) -> Array:
    """Returns a window of static size that starts at a place known only at run time.

    Args:
        operand: an array of rank r.
        start_indices: r integers (a sequence of scalars or an array of shape (r,)). Starts that
            would put a part of the window outside are clamped.
        slice_sizes: the r lengths of the window.
        allow_negative_indices: whether negative starts count from the end; one bool for each axis
            or for all.

    Returns:
        An array of shape `slice_sizes`.

    Raises:
        TypeError: if the window is larger than the operand or a start is not an integer.
        ValueError: if there is not one start for each axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.dynamic_slice(jnp.arange(5), (4,), (2,))
        Array([3, 4], dtype=int64)
    """
    x = to_array(operand)
    starts = _starts_of("dynamic_slice", x, start_indices, allow_negative_indices)
    return dynamic_slice_p.bind(x, *starts, slice_sizes=tuple(int(n) for n in slice_sizes))[0]


def dynamic_update_slice(
    operand: Any,
    update: Any,
    start_indices: Any,
    *,
    allow_negative_indices: bool | Sequence[bool] = True,
) -> Array:
    """Returns an array with a window replaced that starts at a place known only at run time.

    Args:
        operand: an array of rank r.
        update: an array of rank r and the operand's dtype, no larger than the operand.
        start_indices: r integers, as for `dynamic_slice`; clamped so that the update fits.
        allow_negative_indices: whether negative starts count from the end.

    Returns:
        An array like `operand`.

    Raises:
        TypeError: if dtypes or shapes do not fit.
        ValueError: if there is not one start for each axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.dynamic_update_slice(jnp.zeros(4), jnp.ones(2), (1,))
        Array([0., 1., 1., 0.], dtype=float64)
    """
    x, new = to_array(operand), to_array(update)
    starts = _starts_of("dynamic_update_slice", x, start_indices, allow_negative_indices)
    return dynamic_update_slice_p.bind(x, new, *starts)[0]


def _along(axis: int, ndim: int, start: Any, allow_negative: bool) -> tuple[list[Any], list[bool]]:
    starts, allowed = [0] * ndim, [True] * ndim
    starts[axis], allowed[axis] = start, allow_negative
    return starts, allowed


def dynamic_slice_in_dim(
    operand: Any,
    start_index: Any,
    slice_size: int,
    axis: int = 0,
    *,
    allow_negative_indices: bool = True,
) -> Array:
    """Returns a window along one axis that starts at a place known only at run time.

    Args:
        operand: an array of rank 1 or more.
        start_index: an integer scalar; clamped so that the window is within the axis.
        slice_size: the length of the window.
        axis: the axis; negative ones count from the end.
        allow_negative_indices: whether a negative start counts from the end.

    Raises:
        TypeError: if the window is longer than the axis.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.dynamic_slice_in_dim(jnp.arange(5), 1, 3)
        Array([1, 2, 3], dtype=int64)
    """
    x = to_array(operand)
    axis = canonical_axis("dynamic_slice_in_dim", axis, x.ndim)
    starts, allowed = _along(axis, x.ndim, start_index, allow_negative_indices)
    sizes = (*x.shape[:axis], int(slice_size), *x.shape[axis + 1 :])
    return dynamic_slice(x, starts, sizes, allow_negative_indices=allowed)


def dynamic_index_in_dim(
    operand: Any,
    index: Any,
    axis: int = 0,
    keepdims: bool = True,
    *,
    allow_negative_indices: bool = True,
) -> Array:
    """Returns the elements at one index of an axis that is known only at run time.

    Args:
        operand: an array of rank 1 or more.
        index: an integer scalar, clamped into the axis.
        axis: the axis; negative ones count from the end.
        keepdims: whether the axis stays, with length 1.
        allow_negative_indices: whether a negative index counts from the end.

    Raises:
        TypeError: if the axis is empty.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.dynamic_index_in_dim(jnp.array([[1, 2], [3, 4]]), 1, keepdims=False)
        Array([3, 4], dtype=int64)
    """
    x = to_array(operand)
    axis = canonical_axis("dynamic_index_in_dim", axis, x.ndim)
    allowed = allow_negative_indices
    found = dynamic_slice_in_dim(x, index, 1, axis, allow_negative_indices=allowed)
    return found if keepdims else squeeze(found, (axis,))


def dynamic_update_slice_in_dim(
    operand: Any,
    update: Any,
    start_index: Any,
    axis: int,
    *,
    allow_negative_indices: bool = True,
) -> Array:
    """Returns an array with a window along one axis replaced.

    Args:
        operand: an array of rank r.
        update: an array of rank r and the operand's dtype, no larger than the operand.
        start_index: an integer scalar; clamped so that the update fits.
        axis: the axis; negative ones count from the end.
        allow_negative_indices: whether a negative start counts from the end.

    Raises:
        TypeError: if dtypes or shapes do not fit.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.dynamic_update_slice_in_dim(jnp.zeros(4), jnp.ones(2), 2, 0)
        Array([0., 0., 1., 1.], dtype=float64)
    """
    x = to_array(operand)
    axis = canonical_axis("dynamic_update_slice_in_dim", axis, x.ndim)
    starts, allowed = _along(axis, x.ndim, start_index, allow_negative_indices)
    return dynamic_update_slice(x, update, starts, allow_negative_indices=allowed)


def dynamic_update_index_in_dim(
    operand: Any,
    update: Any,
    index: Any,
    axis: int,
    *,
    allow_negative_indices: bool = True,
) -> Array:
    """Returns an array with the elements at one index of an axis replaced.

    Args:
        operand: an array of rank r.
        update: an array of rank r with length 1 along the axis, or of rank r - 1 without it.
        index: an integer scalar, clamped into the axis.
        axis: the axis; negative ones count from the end.
        allow_negative_indices: whether a negative index counts from the end.

    Raises:
        TypeError: if dtypes or shapes do not fit.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.dynamic_update_index_in_dim(jnp.zeros(3), 5.0, 1, 0)
        Array([0., 5., 0.], dtype=float64)
    """
    x, new = to_array(operand), to_array(update)
    axis = canonical_axis("dynamic_update_index_in_dim", axis, x.ndim)
    if new.ndim != x.ndim:
        new = expand_dims(new, (axis,))
    allowed = allow_negative_indices
    return dynamic_update_slice_in_dim(x, new, index, axis, allow_negative_indices=allowed)
