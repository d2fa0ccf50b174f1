"""Making, stacking and picking arrays, and functions of shape that take a sharding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives import broadcast, creation, gather, shape
from minijax.primitives.arithmetic import rem
from minijax.primitives.compare import lt, select_n
from minijax.primitives.indexing import GatherDimensionNumbers
from minijax.primitives.joining import concatenate
from minijax.primitives.shape import canonical_axis, expand_dims, squeeze
from minijax.primitives.windows import slice_in_dim


@api_boundary
def dtype(x: Any) -> np.dtype:
    """Returns the dtype of a value, or a dtype given by name or type.

    Args:
        x: an array, a number, a dtype, a scalar type or the name of a dtype.

    Raises:
        ValueError: if it is None.
        TypeError: if it has no dtype.

    Example:
        >>> from minijax import lax
        >>> lax.dtype(1.0)
        dtype('float64')
    """
    if x is None:
        raise ValueError("dtype: None has no dtype.")
    if isinstance(x, type | str | np.dtype):
        return dtypes.canonical(x)
    return aval_of(x if hasattr(x, "aval") else to_array(x)).dtype


@api_boundary
def empty(shape: int | Sequence[int], dtype: Any, *, out_sharding: Any = None) -> Array:
    """Returns an array whose elements mean nothing; here they are zeros.

    Args:
        shape: the shape.
        dtype: the dtype.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        An array of zeros, on which no program should rely.

    Raises:
        TypeError: if there is no such dtype.

    Example:
        >>> from minijax import lax
        >>> lax.empty((2, 3), "float32").shape
        (2, 3)
    """
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    return broadcast.full(sizes, 0, dtypes.canonical(dtype))


@api_boundary
def broadcast_like(arr: Any, like_arr: Any) -> Array:
    """Returns an array broadcast to the shape of another, by NumPy's rules.

    Args:
        arr: the array to repeat, whose axes have length 1 or that of the axis of `like_arr`; both
            are aligned at their last axes.
        like_arr: an array, of which only the shape counts.

    Returns:
        An array of the shape of `like_arr` and the dtype of `arr`.

    Raises:
        ValueError: if it does not broadcast.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.broadcast_like(1.0, jnp.zeros((2, 3))).shape
        (2, 3)
    """
    x, size = to_array(arr), aval_of(to_array(like_arr)).shape
    if np.broadcast_shapes(x.shape, size) != size:
        raise ValueError(f"broadcast_like: shape {x.shape} does not broadcast to {size}.")
    kept = [axis for axis, n in enumerate(x.shape) if n != 1]
    inner = shape.reshape(x, tuple(x.shape[axis] for axis in kept))
    return broadcast.broadcast_in_dim(inner, size, tuple(a + len(size) - x.ndim for a in kept))


@api_boundary
def broadcast_in_dim(
    operand: Any,
    shape: Sequence[int],
    broadcast_dimensions: Sequence[int],
    *,
    out_sharding: Any = None,
) -> Array:
    """Returns an array of a larger shape, an axis of which each axis of the operand becomes.

    Args:
        operand: an array.
        shape: the shape of the result.
        broadcast_dimensions: for each axis of the operand the axis it becomes, in order; it has
            the length of that axis, or 1.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        TypeError: if the axes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.broadcast_in_dim(jnp.array([1, 2]), (2, 2), (0,))
        Array([[1, 1],
               [2, 2]], dtype=int64)
    """
    return broadcast.broadcast_in_dim(operand, shape, broadcast_dimensions)


@api_boundary
def broadcasted_iota(
    dtype: Any, shape: Sequence[int], dimension: int, *, out_sharding: Any = None
) -> Array:
    """Returns an array of positions along an axis.

    Args:
        dtype: the dtype.
        shape: the shape.
        dimension: the axis.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Example:
        >>> from minijax import lax
        >>> lax.broadcasted_iota(int, (2, 3), 1)
        Array([[0, 1, 2],
               [0, 1, 2]], dtype=int64)
    """
    return creation.broadcasted_iota(dtype, shape, dimension)


@api_boundary
def reshape(
    operand: Any,
    new_sizes: Sequence[int],
    dimensions: Sequence[int] | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Returns the elements of an array, in row-major order, in another shape.

    Args:
        operand: an array.
        new_sizes: the shape.
        dimensions: an order of the axes to transpose to first, if not None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        TypeError: if the shapes have different numbers of elements.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reshape(jnp.arange(6), (2, 3)).shape
        (2, 3)
    """
    return shape.reshape(operand, new_sizes, dimensions)


@api_boundary
def reduce_sum(operand: Any, axes: Sequence[int], *, out_sharding: Any = None) -> Array:
    """Returns sums over axes, which the result does not have.

    Args:
        operand: an array.
        axes: the axes.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        An array of the dtype of `operand`, without `axes`.

    Raises:
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reduce_sum(jnp.array([[1, 2], [3, 4]]), (0,))
        Array([4, 6], dtype=int64)
    """
    return broadcast.reduce_sum(operand, axes)


@api_boundary
def stack(operands: Sequence[Any], axis: int = 0) -> Array:
    """Returns arrays of one shape and dtype joined along a new axis.

    Args:
        operands: the arrays.
        axis: where the new axis goes.

    Raises:
        TypeError: if shapes or dtypes differ, or there is none.

    Example:
        >>> from minijax import lax
        >>> lax.stack([1.0, 2.0]).shape
        (2,)
    """
    arrays = [to_array(x) for x in operands]
    if not arrays or any(x.shape != arrays[0].shape for x in arrays):
        raise TypeError(f"stack needs arrays of one shape, got shapes {[x.shape for x in arrays]}.")
    place = canonical_axis("stack", axis, arrays[0].ndim + 1)
    return concatenate([expand_dims(x, (place,)) for x in arrays], place)


@api_boundary
def unstack(x: Any, axis: int = 0) -> tuple[Array, ...]:
    """Returns the arrays that an axis counts.

    Args:
        x: an array of at least one axis.
        axis: the axis to take apart; negative ones count from the end.

    Returns:
        A tuple of as many arrays as `axis` is long, each without that axis.

    Raises:
        ValueError: if there is no such axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> [part.item() for part in lax.unstack(jnp.arange(2))]
        [0, 1]
    """
    x = to_array(x)
    place = canonical_axis("unstack", axis, x.ndim)
    parts = (slice_in_dim(x, i, i + 1, axis=place) for i in range(x.shape[place]))
    return tuple(squeeze(part, (place,)) for part in parts)


@api_boundary
def tile(operand: Any, reps: Sequence[int]) -> Array:
    """Returns an array repeated along each axis.

    Args:
        operand: an array.
        reps: how often, one number for each axis.

    Raises:
        ValueError: if there is not one number for each axis, or one is negative.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.tile(jnp.array([1, 2]), (2,)).tolist()
        [1, 2, 1, 2]
    """
    x, counts = to_array(operand), tuple(map(int, reps))
    if len(counts) != x.ndim or any(n < 0 for n in counts):
        raise ValueError(
            f"tile needs a count of at least 0 for each of {x.ndim} axes, got {counts}."
        )
    paired = tuple(n for pair in zip(counts, x.shape, strict=True) for n in pair)
    repeated = broadcast.broadcast_in_dim(x, paired, tuple(range(1, 2 * x.ndim, 2)))
    return shape.reshape(repeated, tuple(n * m for n, m in zip(counts, x.shape, strict=True)))


@api_boundary
def index_take(src: Any, idxs: Sequence[Any], axes: Sequence[int]) -> Array:
    """Returns the parts of an array at positions along some axes, which wrap around.

    Args:
        src: an array.
        idxs: for each of the axes an array of k positions.
        axes: the axes.

    Returns:
        An array of shape (k, …), without the axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.index_take(jnp.arange(4), [jnp.array([-1, 1])], [0]).tolist()
        [3, 1]
    """
    x, axes = to_array(src), tuple(axes)
    columns = []
    for places, axis in zip(idxs, axes, strict=True):
        places = to_array(places)
        rest = rem(places, np.asarray(x.shape[axis], places.dtype))
        size = np.asarray(x.shape[axis], places.dtype)
        below = lt(rest, np.asarray(0, places.dtype))
        columns.append(expand_dims(select_n(below, rest, rest + size), (1,)))
    sizes = tuple(1 if axis in axes else n for axis, n in enumerate(x.shape))
    numbers = GatherDimensionNumbers(
        offset_dims=tuple(range(1, x.ndim - len(axes) + 1)),
        collapsed_slice_dims=tuple(sorted(axes)),
        start_index_map=axes,
    )
    return gather.gather(x, concatenate(columns, 1), numbers, sizes)
