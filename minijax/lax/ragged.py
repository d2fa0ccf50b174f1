"""Contractions in which consecutive rows belong to different groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.lax.precision import DotDimensionNumbers
from minijax.primitives.dot import dot_general


@dataclass(frozen=True, init=False)
class RaggedDotDimensionNumbers:
    """Which axes a ragged contraction is about.

    Attributes:
        dot_dimension_numbers: the contracted and batch axes, as of `dot_general`.
        lhs_ragged_dimensions: the one axis of lhs that is divided into groups.
        rhs_group_dimensions: the axis of rhs that counts groups; empty if groups are contracted.
    """

    dot_dimension_numbers: DotDimensionNumbers
    lhs_ragged_dimensions: Sequence[int]
    rhs_group_dimensions: Sequence[int]

    def __init__(
        self,
        dot_dimension_numbers: DotDimensionNumbers,
        lhs_ragged_dimensions: Sequence[int],
        rhs_group_dimensions: Sequence[int],
    ) -> None:
        (lhs, rhs), (lhs_batch, rhs_batch) = dot_dimension_numbers
        numbers = ((tuple(lhs), tuple(rhs)), (tuple(lhs_batch), tuple(rhs_batch)))
        object.__setattr__(self, "dot_dimension_numbers", numbers)
        object.__setattr__(self, "lhs_ragged_dimensions", tuple(lhs_ragged_dimensions))
        object.__setattr__(self, "rhs_group_dimensions", tuple(rhs_group_dimensions))


_ROWS = RaggedDotDimensionNumbers((((1,), (1,)), ((), ())), (0,), (0,))


def ragged_dot(
    lhs: Any,
    rhs: Any,
    group_sizes: Any,
    precision: Any = None,
    preferred_element_type: Any = None,
    group_offset: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Multiplies consecutive groups of rows with a matrix each.

    Args:
        lhs: rows, of shape (m, k).
        rhs: a matrix for each group, of shape (g, k, n).
        group_sizes: how many rows each group has, integers of shape (g,); rows beyond give 0.
        precision: for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result.
        group_offset: must be None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        An array of shape (m, n).

    Raises:
        TypeError: if the ranks do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> rhs = jnp.array([[[1.0]], [[10.0]]])
        >>> lax.ragged_dot(jnp.ones((3, 1)), rhs, jnp.array([1, 2])).ravel()
        Array([ 1., 10., 10.], dtype=float64)
    """
    return ragged_dot_general(
        lhs, rhs, group_sizes, _ROWS, precision, preferred_element_type, group_offset, out_sharding
    )


def ragged_dot_general(
    lhs: Any,
    rhs: Any,
    group_sizes: Any,
    ragged_dot_dimension_numbers: RaggedDotDimensionNumbers,
    precision: Any = None,
    preferred_element_type: Any = None,
    group_offset: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Contracts two arrays, an axis of the first of which is divided into groups.

    Args:
        lhs, rhs: arrays.
        group_sizes: the lengths of the groups along the ragged axis, integers of shape (g,), or
            with the batch axes in front.
        ragged_dot_dimension_numbers: the axes. If the ragged axis is neither contracted nor a
            batch axis, each group meets its own part of rhs; if it is contracted, the result has a
            leading axis of one contraction for each group; if it is a batch axis, groups mean
            nothing.
        precision: for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result.
        group_offset: must be None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        TypeError: if there is not one ragged axis, or ranks do not fit.
        ValueError: if there is a group offset.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> rows = jnp.array([[1.0], [2.0], [4.0]])
        >>> numbers = lax.RaggedDotDimensionNumbers((((0,), (0,)), ((), ())), (0,), ())
        >>> lax.ragged_dot_general(rows, rows, jnp.array([1, 2]), numbers).ravel()
        Array([ 1., 20.], dtype=float64)
    """
    lhs, rhs, group_sizes = jnp.asarray(lhs), jnp.asarray(rhs), jnp.asarray(group_sizes)
    numbers = ragged_dot_dimension_numbers
    (contract, _), (batch, _) = numbers.dot_dimension_numbers
    if group_offset is not None:
        raise ValueError("ragged_dot_general: group_offset must be None on one CPU.")
    if len(numbers.lhs_ragged_dimensions) != 1:
        raise TypeError(
            "ragged_dot_general needs exactly one ragged axis, got "
            f"{numbers.lhs_ragged_dimensions}."
        )
    (ragged,) = numbers.lhs_ragged_dimensions
    if ragged in batch:
        return dot_general(
            lhs, rhs, numbers.dot_dimension_numbers, precision, preferred_element_type
        )
    member = _members(lhs, group_sizes, ragged, tuple(batch))
    masked = jnp.where(member, lhs[None], 0)
    if ragged in contract:
        return _each_group(masked, rhs, numbers, precision, preferred_element_type)
    return _own_group(masked, rhs, numbers, precision, preferred_element_type)


def _members(lhs: Array, group_sizes: Array, ragged: int, batch: tuple[int, ...]) -> Array:
    """Returns which elements of lhs are in which group, with the axis of groups in front."""
    if group_sizes.ndim not in (1, len(batch) + 1):
        raise TypeError(f"ragged_dot_general: group_sizes of shape {group_sizes.shape} do not fit.")
    ends = jnp.cumsum(group_sizes, -1)
    starts = ends - group_sizes
    position = jnp.arange(lhs.shape[ragged])
    inside = (position >= starts[..., None]) & (position < ends[..., None])
    # (batch…, group, ragged) to (group, axes of lhs…).
    lead = batch if group_sizes.ndim > 1 else ()
    inside = jnp.moveaxis(inside, -2, 0)
    order = sorted(range(len(lead) + 1), key=lambda place: (*lead, ragged)[place])
    inside = jnp.transpose(inside, (0, *(place + 1 for place in order)))
    shape = [lhs.shape[axis] if axis in (*lead, ragged) else 1 for axis in range(lhs.ndim)]
    return inside.reshape((group_sizes.shape[-1], *shape))


def _each_group(masked: Array, rhs: Array, numbers: Any, precision: Any, dtype: Any) -> Array:
    (contract, rhs_contract), (batch, rhs_batch) = numbers.dot_dimension_numbers
    lhs_axes = (tuple(a + 1 for a in contract), tuple(a + 1 for a in batch))
    dims = ((lhs_axes[0], rhs_contract), (lhs_axes[1], rhs_batch))
    found = dot_general(masked, rhs, dims, precision, dtype)
    # The batch axes come first; the groups are the first free axis of lhs.
    return jnp.moveaxis(found, len(batch), 0)


def _own_group(masked: Array, rhs: Array, numbers: Any, precision: Any, dtype: Any) -> Array:
    (contract, rhs_contract), (batch, rhs_batch) = numbers.dot_dimension_numbers
    if len(numbers.rhs_group_dimensions) != 1:
        raise TypeError(
            "ragged_dot_general needs exactly one group axis of rhs, got "
            f"{numbers.rhs_group_dimensions}."
        )
    # Rows outside of a group are zero in its part: groups are contracted too.
    left = (*(a + 1 for a in contract), 0)
    right = (*rhs_contract, *numbers.rhs_group_dimensions)
    dims = ((left, right), (tuple(a + 1 for a in batch), rhs_batch))
    return dot_general(masked, rhs, dims, precision, dtype)
