"""Taking elements by index along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import value_of
from minijax.core.operators import Array
from minijax.core.trace import Tracer
from minijax.numpy.promotion import (
    UnsupportedArgumentError,
    canonical_axis,
    convert,
    operand,
    promote_dtypes,
    refuse_out,
    same_shape,
    scalar,
    spread_to,
)
from minijax.numpy.subscripts import wrapped
from minijax.numpy.ufuncs import remainder
from minijax.primitives import arithmetic
from minijax.primitives import shape as shape_family
from minijax.primitives.broadcast import full
from minijax.primitives.gather import gather
from minijax.primitives.indexing import GatherDimensionNumbers, GatherScatterMode


def _indices(name: str, indices: Any, length: int, mode: Any) -> tuple[Array, Any]:
    """Returns indices as the mode wants them, and the mode of the gather."""
    found = operand(indices, name)
    if not dtypes.is_integer(found.dtype):
        raise ValueError(f"{name}: indices must be integers, got {found.dtype}.")
    if mode == "wrap":
        found = convert(found, dtypes.int64)
        return remainder(found, max(length, 1)), "promise_in_bounds"
    if mode == "clip":
        if found.dtype not in (dtypes.int32, dtypes.int64):
            found = convert(found, dtypes.int64)
        zero = scalar(0, found.dtype, weak=True)
        return arithmetic.max(found, zero), "clip"
    if mode == "raise":
        raise UnsupportedArgumentError(
            f'{name}: mode "raise" is not possible in a traced program; use "fill".'
        )
    return wrapped(found, length), GatherScatterMode.from_any(mode)


def take(
    a: Any,
    indices: Any,
    axis: int | None = None,
    out: None = None,
    mode: str | None = None,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    fill_value: Any = None,
) -> Array:
    """Returns the elements of an array at indices along an axis.

    Args:
        a: an array.
        indices: integers of any shape; their axes stand in the place of the axis.
        axis: the axis; None ravels the array.
        mode: of indices out of bounds: "fill" (the default), "clip", or "wrap", where they count on
            from the other end. Negative indices count from the end, but not in mode "clip".
        unique_indices: a promise that no index comes twice.
        indices_are_sorted: a promise that they increase.
        fill_value: what stands for elements out of bounds: by default NaN, the least signed
            integer, the largest unsigned one, True.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.take(jnp.array([5.0, 6.0, 7.0]), jnp.array([2, 0, 9]))
        Array([ 7.,  5., nan], dtype=float64)
    """
    refuse_out("take", out)
    x = operand(a, "take")
    if axis is None:
        x, axis = shape_family.reshape(x, (x.size,)), 0
    place = canonical_axis(axis, x.ndim, "take")
    found, how = _indices("take", indices, x.shape[place], mode)
    if found.size and not x.shape[place]:
        raise IndexError(f"take: axis {place} of shape {x.shape} is empty, so there is no element.")
    if not found.size and not x.shape[place]:  # no windows to take, and no room for one
        return full((*x.shape[:place], *found.shape, *x.shape[place + 1 :]), 0, x.dtype)
    rank = found.ndim
    numbers = GatherDimensionNumbers(
        offset_dims=(*range(place), *range(place + rank, x.ndim - 1 + rank)),
        collapsed_slice_dims=(place,),
        start_index_map=(place,),
    )
    return gather(
        x,
        shape_family.expand_dims(found, (rank,)),
        numbers,
        [1 if d == place else n for d, n in enumerate(x.shape)],
        unique_indices=unique_indices,
        indices_are_sorted=indices_are_sorted,
        mode=how,
        fill_value=fill_value,
    )


def take_along_axis(
    arr: Any,
    indices: Any,
    axis: int | None = -1,
    mode: Any = None,
    fill_value: Any = None,
    *,
    wrap_negative_indices: bool | None = None,
) -> Array:
    """Returns elements at indices that are matched with the other axes one to one.

    Args:
        arr: an array.
        indices: integers; their shape broadcasts with the array's, but for the axis.
        axis: the axis; None ravels the array.
        mode: of indices out of bounds: "fill" (the default) or "clip".
        fill_value: as for `take`.
        wrap_negative_indices: whether negative indices count from the end; they do if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.array([[3, 1], [2, 4]])
        >>> jnp.take_along_axis(x, jnp.argsort(x, axis=1), axis=1)
        Array([[1, 3],
               [2, 4]], dtype=int64)
    """
    x = operand(arr, "take_along_axis")
    if axis is None:
        x, axis = shape_family.reshape(x, (x.size,)), 0
    place = canonical_axis(axis, x.ndim, "take_along_axis")
    found = operand(indices, "take_along_axis")
    if found.ndim != x.ndim:
        raise ValueError(
            f"take_along_axis: indices of shape {found.shape} need as many axes as the array of "
            f"shape {x.shape}."
        )
    if not dtypes.is_integer(found.dtype):
        raise TypeError(f"take_along_axis: indices must be integers, got {found.dtype}.")
    if (
        mode == "clip" and wrap_negative_indices is not False
    ):  # unlike take, which then moves negative indices to 0
        found = wrapped(found, x.shape[place])
    if wrap_negative_indices is False:
        how = GatherScatterMode.from_any(mode)
    else:
        found, how = _indices("take_along_axis", found, x.shape[place], mode)
    pairs = list(zip(x.shape, found.shape, strict=True))
    joint = [m if n == 1 else n for n, m in pairs]
    if 0 in joint:
        return full(tuple(joint), 0, x.dtype)
    x = spread_to(x, tuple(n if d == place else joint[d] for d, (n, _) in enumerate(pairs)))
    found = spread_to(found, tuple(m if d == place else joint[d] for d, (_, m) in enumerate(pairs)))
    others = tuple(d for d in range(x.ndim) if d != place)
    numbers = GatherDimensionNumbers(
        offset_dims=(),
        collapsed_slice_dims=(place,),
        start_index_map=(place,),
        operand_batching_dims=others,
        start_indices_batching_dims=others,
    )
    return gather(
        x,
        shape_family.expand_dims(found, (x.ndim,)),
        numbers,
        (1,) * x.ndim,
        mode=how,
        fill_value=fill_value,
    )


def unravel_index(indices: Any, shape: Any) -> tuple[Array, ...]:
    """Returns the indices along each axis of places in the ravelled array.

    Args:
        indices: integers; negative ones count from the end, those out of bounds are clipped.
        shape: the shape of the array.

    Example:
        >>> import minijax.numpy as jnp
        >>> [int(i) for i in jnp.unravel_index(5, (2, 3))]
        [1, 2]
    """
    found = operand(indices, "unravel_index")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    total = int(np.prod(sizes, dtype=int))
    found = wrapped(found, total)
    low, high = scalar(0, found.dtype), scalar(max(total - 1, 0), found.dtype)
    found = arithmetic.min(arithmetic.max(found, low), high)
    parts = []
    for size in reversed(sizes):
        length = scalar(max(size, 1), found.dtype)
        parts.append(arithmetic.rem(found, length))
        found = arithmetic.div(found, length)
    return tuple(reversed(parts))


def _check_bounds(pairs: list[tuple[Array, int]]) -> None:
    for part, size in pairs:
        known = part.concrete() if isinstance(part, Tracer) else part
        if known is None:
            continue
        value = value_of(known)
        if value.size and (value.min() < 0 or value.max() >= size):
            raise ValueError(
                f"ravel_multi_index: an index is out of bounds for an axis of length {size}. "
                'Use mode="clip" or "wrap".'
            )


def ravel_multi_index(
    multi_index: Any, dims: Any, mode: str = "raise", order: str = "C", *, dtype: Any = None
) -> Array:
    """Returns places in the ravelled array from the indices along each axis.

    Args:
        multi_index: one integer array for each axis.
        dims: the shape of the array.
        mode: of indices out of bounds: "clip" or "wrap"; "raise", the default, refuses them
            where they are not traced.
        order: "C" for row-major places, "F" for column-major ones.
        dtype: the dtype of the result, that of the indices if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> int(jnp.ravel_multi_index((1, 2), (3, 4)))
        6
    """
    sizes = [int(n) for n in dims]
    parts = [operand(i, "ravel_multi_index") for i in multi_index]
    parts = same_shape("ravel_multi_index", *promote_dtypes("ravel_multi_index", *parts))
    if parts and not dtypes.is_integer(parts[0].dtype):
        raise ValueError(f"ravel_multi_index takes integer indices, got {parts[0].dtype}.")
    pairs = list(zip(parts, sizes, strict=True))
    if mode == "raise":
        _check_bounds(pairs)
    result = scalar(0, parts[0].dtype if parts else dtypes.int64)
    for part, size in pairs if order == "C" else reversed(pairs):
        if mode == "wrap":
            part = remainder(part, size)
        elif mode == "clip":
            bounds = scalar(0, part.dtype), scalar(size - 1, part.dtype)
            part = arithmetic.min(arithmetic.max(part, bounds[0]), bounds[1])
        result = arithmetic.add(arithmetic.mul(result, scalar(size, part.dtype)), part)
    return result if dtype is None else convert(result, np.dtype(dtype))
