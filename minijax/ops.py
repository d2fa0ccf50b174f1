"""Reductions over segments: rows that carry the same number are reduced together."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.core.source import guard_functions as _guard_functions
from minijax.primitives.reduction import highest, lowest


def _reduce(
    method: str,
    start: Any,
    data: Any,
    segment_ids: Any,
    num_segments: int | None,
    options: tuple[bool, bool, Any],
) -> Array:
    data, ids = jnp.asarray(data), jnp.asarray(segment_ids)
    if not dtypes.is_integer(ids.dtype):
        raise TypeError(f"segment ids must be integers, got {ids.aval}.")
    count = int(jnp.max(ids)) + 1 if num_segments is None else int(num_segments)
    if count < 0:
        raise ValueError(f"num_segments must not be negative, got {count}.")
    is_sorted, is_unique, mode = options
    out = jnp.full((count, *data.shape[ids.ndim :]), start, dtype=data.dtype)
    # A negative number belongs to no segment; an index past the end is dropped.
    ids = jnp.where(ids < 0, count, ids)
    update = getattr(out.at[ids], method)
    return update(data, indices_are_sorted=is_sorted, unique_indices=is_unique, mode=mode or "drop")


@api_boundary
def segment_sum(
    data: Any,
    segment_ids: Any,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Sums the rows of each segment.

    Args:
        data: an array; its leading axes are those of `segment_ids`.
        segment_ids: integers: the segment of each row; rows of negative segments, and of segments
            past the last, are left out.
        num_segments: how many segments; by default the largest number and 1 (which must be known).
        indices_are_sorted, unique_indices: promises about `segment_ids`.
        bucket_size: accepted for compatibility; sums are exact to rounding in any case.
        mode: what happens to segments out of range.
        out_sharding: accepted for compatibility; has no meaning on one device.

    Returns:
        An array of shape `(num_segments, ...)`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.ops import segment_sum
        >>> segment_sum(jnp.arange(4.0), jnp.array([0, 0, 2, 2]), num_segments=3)
        Array([1., 0., 5.], dtype=float64)
    """
    options = (indices_are_sorted, unique_indices, mode)
    return _reduce("add", 0, data, segment_ids, num_segments, options)


@api_boundary
def segment_prod(
    data: Any,
    segment_ids: Any,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Multiplies the rows of each segment; arguments as for `segment_sum`.

    Args:
        data: an array; its leading axes are those of `segment_ids`.
        segment_ids: integers: the segment of each row.
        num_segments: how many segments; by default the largest number and 1 (which must be known).
        indices_are_sorted, unique_indices: promises about `segment_ids`.
        bucket_size: accepted for compatibility.
        mode: what happens to segments out of range.
        out_sharding: accepted for compatibility; has no meaning on one device.

    Returns:
        An array of shape `(num_segments, ...)`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.ops import segment_prod
        >>> segment_prod(jnp.array([3, 2, 5]), jnp.array([0, 0, 1]), num_segments=2)
        Array([6, 5], dtype=int64)
    """
    options = (indices_are_sorted, unique_indices, mode)
    return _reduce("multiply", 1, data, segment_ids, num_segments, options)


@api_boundary
def segment_max(
    data: Any,
    segment_ids: Any,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns the largest row of each segment; arguments as for `segment_sum`.

    An empty segment gets the smallest value of the dtype.

    Args:
        data: an array; its leading axes are those of `segment_ids`.
        segment_ids: integers: the segment of each row.
        num_segments: how many segments; by default the largest number and 1 (which must be known).
        indices_are_sorted, unique_indices: promises about `segment_ids`.
        bucket_size: accepted for compatibility.
        mode: what happens to segments out of range.
        out_sharding: accepted for compatibility; has no meaning on one device.

    Returns:
        An array of shape `(num_segments, ...)`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.ops import segment_max
        >>> segment_max(jnp.array([3, 2, 5]), jnp.array([0, 0, 1]), num_segments=2)
        Array([3, 5], dtype=int64)
    """
    options = (indices_are_sorted, unique_indices, mode)
    start = lowest(jnp.asarray(data).dtype)
    return _reduce("max", start, data, segment_ids, num_segments, options)


@api_boundary
def segment_min(
    data: Any,
    segment_ids: Any,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns the smallest row of each segment; arguments as for `segment_sum`.

    An empty segment gets the largest value of the dtype.

    Args:
        data: an array; its leading axes are those of `segment_ids`.
        segment_ids: integers: the segment of each row.
        num_segments: how many segments; by default the largest number and 1 (which must be known).
        indices_are_sorted, unique_indices: promises about `segment_ids`.
        bucket_size: accepted for compatibility.
        mode: what happens to segments out of range.
        out_sharding: accepted for compatibility; has no meaning on one device.

    Returns:
        An array of shape `(num_segments, ...)`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.ops import segment_min
        >>> segment_min(jnp.array([3, 2, 5]), jnp.array([0, 0, 1]), num_segments=2)
        Array([2, 5], dtype=int64)
    """
    options = (indices_are_sorted, unique_indices, mode)
    start = highest(jnp.asarray(data).dtype)
    return _reduce("min", start, data, segment_ids, num_segments, options)


_guard_functions(globals())
