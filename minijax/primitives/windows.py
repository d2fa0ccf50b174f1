"""Contiguous and strided windows of arrays whose place is known: slice and its relatives.

The transpose of a read adds the cotangent to the window of the operand's accumulator, in place
(`slice_add`), so that the gradient of a loop of reads never makes dense arrays of zeros.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.array import to_array
from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.dtypes import NUMERIC, bool_
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, Rule, linear, primitive
from minijax.core.quiet import quiet
from minijax.interpreters.batch import move_batch_axis
from minijax.interpreters.transpose import is_linear
from minijax.primitives.broadcast import Axes
from minijax.primitives.families import check_dtype
from minijax.primitives.shape import canonical_axis, squeeze

# -- slice


def _window(starts: Axes, shape: Axes, strides: Axes) -> tuple[builtins.slice, ...]:
    return tuple(
        builtins.slice(start, start + n * stride, stride)
        for start, n, stride in zip(starts, shape, strides, strict=True)
    )


def _slice_impl(x: np.ndarray, *, starts: Axes, limits: Axes, strides: Axes) -> Any:
    return (x[tuple(map(builtins.slice, starts, limits, strides))],)


def _slice_abstract(x: ShapedArray, *, starts: Axes, limits: Axes, strides: Axes) -> Any:
    if not len(starts) == len(limits) == len(strides) == x.ndim:
        raise TypeError(
            f"slice: needs one start, limit and stride for each axis of shape {x.shape}, got "
            f"starts {starts}, limits {limits}, strides {strides}."
        )
    for n, start, limit, stride in zip(x.shape, starts, limits, strides, strict=True):
        if not (0 <= start <= limit <= n and stride > 0):
            raise TypeError(
                "slice: needs 0 <= start <= limit <= length and stride > 0 for each axis, got "
                f"starts {starts}, limits {limits}, strides {strides} for shape {x.shape}. "
                "Negative numbers are for slice_in_dim and x[...]."
            )
    spans = zip(starts, limits, strides, strict=True)
    shape = tuple(-((start - limit) // stride) for start, limit, stride in spans)
    return (ShapedArray(shape, x.dtype, x.weak_type),)


def _slice_transpose(cts: Any, x: Any, *, starts: Axes, limits: Axes, strides: Axes) -> Any:
    return (slice_add_p.bind(x.take(), cts[0], starts=starts, strides=strides)[0],)


def _slice_batch(
    size: int, operands: Any, dims: Any, *, starts: Axes, limits: Axes, strides: Axes
) -> Any:
    (x,), (dim,) = operands, dims
    out = slice_p.bind(
        x,
        starts=insert(starts, dim, 0),
        limits=insert(limits, dim, size),
        strides=insert(strides, dim, 1),
    )
    return out, (dim,)


def insert(items: Sequence[Any], position: int, item: Any) -> tuple[Any, ...]:
    """Returns a tuple with one more item at a position."""
    return (*items[:position], item, *items[position:])


def _slice_lower(k: Any, x: Any, *, out: Any, starts: Axes, limits: Axes, strides: Axes) -> Any:
    return k.element(out[0], lambda *i: x(*_places(k, i, starts, strides)))


def _places(k: Any, indices: Sequence[Any], starts: Sequence[Any], strides: Axes) -> list[Any]:
    triples = zip(indices, starts, strides, strict=True)
    return [k.add(k.mul(i, stride), start) for i, start, stride in triples]


slice_p = primitive(
    "slice",
    impl=_slice_impl,
    abstract=_slice_abstract,
    jvp=linear,
    transpose=_slice_transpose,
    batch=_slice_batch,
    lower=_slice_lower,
)


# -- slice_add: the operand with an update added to a window of it


def _slice_add_impl(x: np.ndarray, update: np.ndarray, *, starts: Axes, strides: Axes) -> Any:
    result = np.array(x, order="C")
    with quiet():
        result[_window(starts, update.shape, strides)] += update
    return (result,)


def _slice_add_abstract(x: ShapedArray, update: ShapedArray, *, starts: Axes, strides: Axes) -> Any:
    check_dtype("slice_add", x, NUMERIC, "an operand")
    check_update("slice_add", x, update)
    for n, start, m, stride in zip(x.shape, starts, update.shape, strides, strict=True):
        if start < 0 or (m and start + (m - 1) * stride >= n):
            raise TypeError(
                f"slice_add: an update of shape {update.shape} at {starts} with strides {strides} "
                f"is not within an operand of shape {x.shape}."
            )
    return (x,)


def check_update(name: str, x: ShapedArray, update: ShapedArray) -> None:
    """Refuses an update that is not a window of the operand.

    Raises:
        TypeError: if the ranks or dtypes differ or the update is larger.
    """
    if update.dtype != x.dtype:
        raise TypeError(
            f"{name}: the update must have the operand's dtype {x.dtype}, got {update.dtype}: "
            "convert it with .astype(...)."
        )
    if update.ndim != x.ndim or any(m > n for m, n in zip(update.shape, x.shape, strict=True)):
        raise TypeError(
            f"{name}: the update must have the operand's rank and be no larger, got shape "
            f"{update.shape} for an operand of shape {x.shape}."
        )


def add_jvp(get: Callable[[], Primitive], update: int = 1) -> Rule:
    """Returns the jvp rule of an operation that adds operand `update` to a part of operand 0."""

    def jvp(primals: Any, tangents: Any, **params: Any) -> Any:
        outs = get().bind(*primals, **params)
        if type(tangents[update]) is Zero:
            return outs, (tangents[0],)
        operands = [materialize(tangents[0]), *primals[1:]]
        operands[update] = tangents[update]
        return outs, get().bind(*operands, **params)

    return jvp


def _slice_add_transpose(cts: Any, x: Any, update: Any, *, starts: Axes, strides: Axes) -> Any:
    (ct,) = cts
    update_bar = None
    if is_linear(update):
        update_bar = _read_window(ct, starts, update.aval.shape, strides)
    return ct if is_linear(x) else None, update_bar


def _read_window(x: Any, starts: Axes, shape: Axes, strides: Axes) -> Any:
    triples = zip(starts, shape, strides, strict=True)
    limits = [start + max((n - 1) * by + 1, 0) if n else start for start, n, by in triples]
    return slice(x, starts, limits, strides)


def _slice_add_batch(size: int, operands: Any, dims: Any, *, starts: Axes, strides: Axes) -> Any:
    (x, update), (dim, update_dim) = operands, dims
    place = update_dim if dim is None else dim
    out = slice_add_p.bind(
        move_batch_axis(x, dim, size, place),
        move_batch_axis(update, update_dim, size, place),
        starts=insert(starts, place, 0),
        strides=insert(strides, place, 1),
    )
    return out, (place,)


def _slice_add_lower(k: Any, x: Any, update: Any, *, out: Any, starts: Axes, strides: Axes) -> Any:
    # One more loop over a large part costs more than a look at every element.
    if set(strides) <= {1} and 0 < x.size <= 2 * update.size:
        return _slice_add_everywhere(k, x, update, out[0], starts)
    return k.scatter(
        out[0],
        x,
        update.shape,
        lambda *i: (_places(k, i, starts, strides), k.constant(True, bool_)),
        update,
        k.add,
        unique=True,
    )


def _slice_add_everywhere(k: Any, x: Any, update: Any, aval: Any, starts: Axes) -> Any:
    def body(*i: Any) -> Any:
        windows = list(zip(i, starts, update.shape, x.shape, strict=True))
        conditions = [k.ge(at, start) for at, start, _, _ in windows if start]
        conditions += [k.lt(at, start + m) for at, start, m, n in windows if start + m < n]
        inside = k.all_of(conditions)
        places = [k.select(inside, k.sub(at, start), 0) for at, start, _, _ in windows]
        return k.select(inside, k.add(x(*i), update(*places)), x(*i))

    return k.element(aval, body)


slice_add_p: Primitive = primitive(
    "slice_add",
    impl=_slice_add_impl,
    abstract=_slice_add_abstract,
    jvp=add_jvp(lambda: slice_add_p),
    transpose=_slice_add_transpose,
    batch=_slice_add_batch,
    lower=_slice_add_lower,
)


# -- public functions


def slice(
    operand: Any,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None = None,
) -> Array:
    """Returns a window of an array, or every few elements of it.

    Args:
        operand: an array of rank r.
        start_indices: r indices of the first elements, nonnegative.
        limit_indices: r indices after the last elements, at most the lengths of the axes.
        strides: r positive steps; None for 1.

    Returns:
        An array of rank r, with `ceil((limit - start) / stride)` elements along each axis.

    Raises:
        TypeError: if the window is not within the operand.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.slice(jnp.arange(10), (1,), (8,), (3,))
        Array([1, 4, 7], dtype=int64)
    """
    x = to_array(operand)
    starts, limits = (tuple(map(operator.index, i)) for i in (start_indices, limit_indices))
    steps = (1,) * len(starts) if strides is None else tuple(map(operator.index, strides))
    if starts == (0,) * x.ndim and limits == x.shape and steps == (1,) * x.ndim:
        return x
    return slice_p.bind(x, starts=starts, limits=limits, strides=steps)[0]


def slice_in_dim(
    operand: Any,
    start_index: int | None,
    limit_index: int | None,
    stride: int = 1,
    axis: int = 0,
) -> Array:
    """Returns a window along one axis.

    Args:
        operand: an array of rank 1 or more.
        start_index: the first index; None for 0. Negative ones count from the end.
        limit_index: the index after the last one; None for the length of the axis.
        stride: a positive step.
        axis: the axis; negative ones count from the end.

    Raises:
        TypeError: if the window is not within the operand.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.slice_in_dim(jnp.arange(5), 1, -1)
        Array([1, 2, 3], dtype=int64)
    """
    x = to_array(operand)
    axis = canonical_axis("slice_in_dim", axis, x.ndim)
    n = x.shape[axis]
    start = 0 if start_index is None else operator.index(start_index)
    limit = n if limit_index is None else operator.index(limit_index)
    starts, limits, strides = [0] * x.ndim, list(x.shape), [1] * x.ndim
    starts[axis] = start + n if start < 0 else start
    limits[axis] = limit + n if limit < 0 else limit
    strides[axis] = operator.index(stride)
    return slice(x, starts, limits, strides)


def index_in_dim(operand: Any, index: int, axis: int = 0, keepdims: bool = True) -> Array:
    """Returns the elements at one index of an axis.

    Args:
        operand: an array of rank 1 or more.
        index: the index; negative ones count from the end.
        axis: the axis; negative ones count from the end.
        keepdims: whether the axis stays, with length 1.

    Raises:
        IndexError: if the index is out of range.
        ValueError: if the axis is.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.index_in_dim(jnp.array([[1, 2], [3, 4]]), -1, keepdims=False)
        Array([3, 4], dtype=int64)
    """
    x = to_array(operand)
    axis = canonical_axis("index_in_dim", axis, x.ndim)
    n, i = x.shape[axis], operator.index(index)
    if not -n <= i < n:
        raise IndexError(f"index_in_dim: index {i} is out of bounds for an axis of length {n}.")
    i = i + n if i < 0 else i
    found = slice_in_dim(x, i, i + 1, 1, axis)
    return found if keepdims else squeeze(found, (axis,))
