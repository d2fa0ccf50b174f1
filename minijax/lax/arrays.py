"""Small functions of arrays that are compositions of primitives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives import broadcast as broadcast_primitives
from minijax.primitives.arithmetic import div
from minijax.primitives.convert import convert_element_type_p
from minijax.primitives.families import match
from minijax.primitives.shape import reshape
from minijax.primitives.sort import sort


@api_boundary
def broadcast(operand: Any, sizes: Sequence[int], *, out_sharding: Any = None) -> Array:
    """Returns an array with new leading axes of the given lengths.

    Args:
        operand: an array or a scalar, of shape s.
        sizes: the lengths of the axes that are put in front.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        An array of shape (*sizes, *s), every part of which along the new axes is `operand`.

    Raises:
        ValueError: if a length is negative.

    Example:
        >>> from minijax import lax
        >>> lax.broadcast(1.0, (2, 3)).shape
        (2, 3)
    """
    x = to_array(operand)
    lead = tuple(map(int, sizes))
    kept = range(len(lead), len(lead) + x.ndim)
    return broadcast_primitives.broadcast_in_dim(x, (*lead, *x.shape), tuple(kept))


@api_boundary
def full(
    shape: Sequence[int] | int, fill_value: Any, dtype: Any = None, *, sharding: Any = None
) -> Array:
    """Returns an array of one repeated value.

    Args:
        shape: the shape.
        fill_value: a scalar.
        dtype: the dtype; by default that of the value.
        sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        An array of shape `shape`, all of whose elements are `fill_value`.

    Raises:
        TypeError: if `fill_value` has axes.

    Example:
        >>> from minijax import lax
        >>> lax.full((2, 2), 7.0)
        Array([[7., 7.],
               [7., 7.]], dtype=float64, weak_type=True)
    """
    value = to_array(fill_value)
    if value.shape:
        raise TypeError(f"full: fill_value must have rank 0, got shape {value.shape}.")
    size = (shape,) if isinstance(shape, int) else tuple(map(int, shape))
    if dtype is not None:
        value = value.astype(dtypes.canonical(dtype))
    return broadcast_primitives.broadcast_in_dim(value, size, ())


@api_boundary
def full_like(
    x: Any,
    fill_value: Any,
    dtype: Any = None,
    shape: Sequence[int] | None = None,
    sharding: Any = None,
) -> Array:
    """Returns an array of one repeated value with the shape and dtype of `x`.

    Args:
        x: an array.
        fill_value: a scalar.
        dtype, shape: in place of those of `x`, if given.
        sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        An array, all of whose elements are `fill_value` converted to the dtype.

    Raises:
        TypeError: if `fill_value` has axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.full_like(jnp.arange(3, dtype="int8"), 5)
        Array([5, 5, 5], dtype=int8)
    """
    aval = aval_of(x)
    found = aval.dtype if dtype is None else dtypes.canonical(dtype)
    weak = dtype is None and aval.weak_type
    value = to_array(fill_value)
    if value.shape:
        raise TypeError(f"full_like: fill_value must have rank 0, got shape {value.shape}.")
    (value,) = convert_element_type_p.bind(value, new_dtype=found, weak_type=weak)
    size = aval.shape if shape is None else tuple(map(int, shape))
    return broadcast_primitives.broadcast_in_dim(value, size, ())


@api_boundary
def collapse(operand: Any, start_dimension: int, stop_dimension: int | None = None) -> Array:
    """Returns an array with the axes from start to stop (exclusive) made one.

    Args:
        operand: an array.
        start_dimension: the first axis of those that become one; negative ones count from the end.
        stop_dimension: the axis after the last of them; None for all axes to the end.

    Returns:
        The elements of `operand` in row-major order, with one axis whose length is the product of
        the lengths of the axes it replaces.

    Raises:
        ValueError: if `stop_dimension` comes before `start_dimension`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.collapse(jnp.zeros((2, 3, 4)), 0, 2).shape
        (6, 4)
    """
    x = to_array(operand)
    lo, hi, _ = slice(start_dimension, stop_dimension).indices(x.ndim)
    if hi < lo:
        raise ValueError(f"collapse: the axes {start_dimension}…{stop_dimension} are out of order.")
    return reshape(x, (*x.shape[:lo], math.prod(x.shape[lo:hi]), *x.shape[hi:]))


@api_boundary
def reciprocal(x: Any) -> Array:
    """Returns 1 / x elementwise.

    Args:
        x: a floating-point or complex array of any shape.

    Returns:
        An array of the shape and dtype of `x`; ±inf where a real `x` is ±0.

    Raises:
        TypeError: if x is not floating-point or complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reciprocal(jnp.array([4.0, 0.0]))
        Array([0.25,  inf], dtype=float64)
    """
    (x,) = match(x)
    if not dtypes.is_inexact(aval_of(x).dtype):
        raise TypeError(f"reciprocal needs a floating-point or complex array, got {aval_of(x)}.")
    return div(full_like(x, 1, shape=()), x)


@api_boundary
def sort_key_val(
    keys: Any, values: Any, dimension: int = -1, is_stable: bool = True
) -> tuple[Array, Array]:
    """Returns keys in ascending order along an axis, and values in the same order.

    Args:
        keys: an array of numbers or bools.
        values: an array of the shape of `keys`.
        dimension: the axis to sort along; negative ones count from the end.
        is_stable: accepted for compatibility; values of equal keys always keep their order.

    Returns:
        The sorted keys, with NaNs last, and the permuted values.

    Raises:
        TypeError: if the shapes differ, or the keys are neither numbers nor bools.
        ValueError: if there is no such axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> keys, values = lax.sort_key_val(jnp.array([3, 1, 2]), jnp.array([30, 10, 20]))
        >>> values
        Array([10, 20, 30], dtype=int64)
    """
    first, second = sort((keys, values), dimension=dimension, is_stable=is_stable, num_keys=1)
    return first, second


def broadcast_shapes(*shapes: Sequence[int]) -> tuple[int, ...]:
    """Returns the shape that arrays of these shapes broadcast to.

    Args:
        shapes: tuples of lengths, which are aligned at their last axes.

    Returns:
        A tuple as long as the longest of `shapes`; () for none.

    Raises:
        ValueError: if they do not broadcast.

    Example:
        >>> from minijax import lax
        >>> lax.broadcast_shapes((4, 1), (3,), ())
        (4, 3)
    """
    return tuple(np.broadcast_shapes(*(tuple(shape) for shape in shapes)))


def broadcast_to_rank(x: Any, rank: int) -> Array:
    """Returns an array with leading axes of length 1 up to a rank.

    Args:
        x: an array.
        rank: how many axes the result has, if more than `x` has.

    Returns:
        The elements of `x`, of shape (1, ..., 1, *x.shape); `x` itself if `rank` is no more than
        its number of axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.broadcast_to_rank(jnp.zeros((2, 3)), 4).shape
        (1, 1, 2, 3)
    """
    x = to_array(x)
    return reshape(x, (1,) * (rank - x.ndim) + x.shape)
