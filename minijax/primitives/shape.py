"""Changes of shape that move no element out of order, and reversal: reshape squeeze rev."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.core.primitive import linear, primitive
from minijax.primitives.broadcast import (
    Axes,
    axes_around_batch,
    check_axes,
    move_axis,
    reduced_shape,
    transpose,
)


def canonical_axis(name: str, axis: int, ndim: int) -> int:
    """Returns an axis counted from the front.

    Raises:
        AxisError: a ValueError and IndexError, if it is out of range.
    """
    axis = int(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(
            f"{name}: axis {axis} is out of range for an array of {ndim} axes; "
            f"allowed: {-ndim} to {ndim - 1}."
        )
    return axis + ndim if axis < 0 else axis


# -- reshape


def _reshape_abstract(x: ShapedArray, *, new_sizes: Axes) -> Any:
    if any(n < 0 for n in new_sizes):
        raise TypeError(f"reshape: sizes must not be negative, got {new_sizes}.")
    if math.prod(new_sizes) != x.size:
        raise TypeError(
            f"reshape: an operand of shape {x.shape} has {x.size} elements and the new shape "
            f"{new_sizes} has {math.prod(new_sizes)}: they must be equal."
        )
    return (ShapedArray(new_sizes, x.dtype, x.weak_type),)


def _split_point(new_sizes: Axes, before: int, after: int) -> int | None:
    """Returns where sizes split into a part of `before` and one of `after` elements, if they do."""
    for p in range(len(new_sizes) + 1):
        if math.prod(new_sizes[:p]) == before and math.prod(new_sizes[p:]) == after:
            return p
    return None


def _reshape_batch(size: int, operands: Any, dims: Any, *, new_sizes: Axes) -> Any:
    (x,), (dim,) = operands, dims
    # Where the result's axes split as the operand's do at the batch axis, nothing moves.
    place = _split_point(new_sizes, math.prod(x.shape[:dim]), math.prod(x.shape[dim + 1 :]))
    if place is None:
        x, place = move_axis(x, dim, 0), 0
    sizes = (*new_sizes[:place], size, *new_sizes[place:])
    return reshape_p.bind(x, new_sizes=sizes), (place,)


reshape_p = primitive(
    "reshape",
    impl=lambda x, new_sizes: (x.reshape(new_sizes),),
    abstract=_reshape_abstract,
    jvp=linear,
    transpose=lambda cts, x, new_sizes: (reshape(cts[0], x.aval.shape),),
    batch=_reshape_batch,
    lower=lambda k, x, out, new_sizes: k.reshape(x, out[0]),
)


def reshape(
    operand: Any, new_sizes: Sequence[int], dimensions: Sequence[int] | None = None
) -> Array:
    """Returns the elements of an array in row-major order with another shape.

    Args:
        operand: an array of any shape.
        new_sizes: the shape of the result, with as many elements.
        dimensions: a permutation of the operand's axes to apply first, or None.

    Returns:
        An array of shape `new_sizes`.

    Raises:
        TypeError: if the numbers of elements differ.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reshape(jnp.array([[1, 2, 3], [4, 5, 6]]), (3, 2))
        Array([[1, 2],
               [3, 4],
               [5, 6]], dtype=int64)
    """
    x = to_array(operand)
    if dimensions is not None:
        x = transpose(x, dimensions)
    sizes = tuple(operator.index(n) for n in new_sizes)
    return x if x.shape == sizes else reshape_p.bind(x, new_sizes=sizes)[0]


# -- squeeze


def _squeeze_impl(x: np.ndarray, *, dimensions: Axes) -> Any:
    return (x.reshape(reduced_shape(x.shape, dimensions)),)


def _squeeze_abstract(x: ShapedArray, *, dimensions: Axes) -> Any:
    check_axes("squeeze", x, dimensions)
    if any(x.shape[d] != 1 for d in dimensions):
        raise ValueError(
            f"squeeze: only axes of length 1 can go, got dimensions {dimensions} for an operand "
            f"of shape {x.shape}."
        )
    return (ShapedArray(reduced_shape(x.shape, dimensions), x.dtype, x.weak_type),)


def _squeeze_batch(size: int, operands: Any, dims: Any, *, dimensions: Axes) -> Any:
    (x,), (dim,) = operands, dims
    moved, out_dim = axes_around_batch(dimensions, dim, x.ndim)
    return squeeze_p.bind(x, dimensions=moved), (out_dim,)


squeeze_p = primitive(
    "squeeze",
    impl=_squeeze_impl,
    abstract=_squeeze_abstract,
    jvp=linear,
    transpose=lambda cts, x, dimensions: (reshape(cts[0], x.aval.shape),),
    batch=_squeeze_batch,
    lower=lambda k, x, out, dimensions: k.reshape(x, out[0]),
)


def squeeze(array: Any, dimensions: Sequence[int]) -> Array:
    """Removes axes of length 1.

    Args:
        array: an array of any shape.
        dimensions: the axes to remove; negative ones count from the end.

    Raises:
        ValueError: if an axis is out of range, named twice or not of length 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.squeeze(jnp.zeros((1, 3, 1)), (0, 2)).shape
        (3,)
    """
    x = to_array(array)
    axes = tuple(canonical_axis("squeeze", d, x.ndim) for d in dimensions)
    return squeeze_p.bind(x, dimensions=axes)[0] if axes else x


def expand_dims(array: Any, dimensions: Sequence[int]) -> Array:
    """Inserts axes of length 1.

    Args:
        array: an array of any shape.
        dimensions: where the new axes are in the result; negative ones count from its end.

    Raises:
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.expand_dims(jnp.zeros((3,)), (0, -1)).shape
        (1, 3, 1)
    """
    x = to_array(array)
    ndim = x.ndim + len(tuple(dimensions))
    axes = [canonical_axis("expand_dims", d, ndim) for d in dimensions]
    if len(set(axes)) != len(axes):
        raise ValueError(f"expand_dims: dimensions must be distinct, got {tuple(dimensions)}.")
    sizes = iter(x.shape)
    return reshape(x, [1 if d in axes else next(sizes) for d in range(ndim)])


# -- rev


def _rev_abstract(x: ShapedArray, *, dimensions: Axes) -> Any:
    check_axes("rev", x, dimensions)
    return (x,)


def _rev_batch(size: int, operands: Any, dims: Any, *, dimensions: Axes) -> Any:
    (x,), (dim,) = operands, dims
    moved, _ = axes_around_batch(dimensions, dim, x.ndim)
    return rev_p.bind(x, dimensions=moved), (dim,)


def _rev_lower(k: Any, x: Any, *, out: Any, dimensions: Axes) -> Any:
    def body(*indices: Any) -> Any:
        return x(
            *(k.sub(x.shape[d] - 1, i) if d in dimensions else i for d, i in enumerate(indices))
        )

    return k.element(out[0], body)


rev_p = primitive(
    "rev",
    impl=lambda x, dimensions: (np.flip(x, dimensions),),
    abstract=_rev_abstract,
    jvp=linear,
    transpose=lambda cts, x, dimensions: (rev(cts[0], dimensions),),
    batch=_rev_batch,
    lower=_rev_lower,
)


def rev(operand: Any, dimensions: Sequence[int]) -> Array:
    """Reverses the order of the elements along axes.

    Args:
        operand: an array.
        dimensions: the axes to reverse; negative ones count from the end.

    Returns:
        An array of the shape and dtype of `operand`.

    Raises:
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.rev(jnp.array([1, 2, 3]), (0,))
        Array([3, 2, 1], dtype=int64)
    """
    x = to_array(operand)
    axes = tuple(canonical_axis("rev", d, x.ndim) for d in dimensions)
    return rev_p.bind(x, dimensions=axes)[0] if axes else x
