"""The shape of arrays: reshaping, moving, adding, removing and reversing axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.creation import to_shape
from minijax.numpy.dtypes import to_dtype
from minijax.numpy.elementary import real
from minijax.numpy.promotion import (
    Shape,
    broadcast_shapes,
    canonical_axes,
    canonical_axis,
    convert,
    operand,
    spread_to,
)
from minijax.primitives import broadcast as broadcast_family
from minijax.primitives import shape as shape_family


def shape(a: Any) -> Shape:
    """Returns the lengths of the axes of an array or nested list.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.shape(jnp.ones((2, 3)))
        (2, 3)
    """
    return tuple(a.shape) if hasattr(a, "shape") else np.shape(a)


def ndim(a: Any) -> int:
    """Returns the number of axes of an array or nested list.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ndim(jnp.ones((2, 3)))
        2
    """
    return len(shape(a))


def size(a: Any, axis: Any = None) -> int:
    """Returns the number of elements of an array, or the length of some of its axes.

    Args:
        a: an array.
        axis: the axis or axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.size(jnp.ones((2, 3))), jnp.size(jnp.ones((2, 3)), 1)
        (6, 3)
    """
    lengths = shape(a)
    return math.prod(lengths[axis] for axis in canonical_axes(axis, len(lengths), "size"))


def astype(x: Any, dtype: Any, /, *, copy: bool = False, device: Any = None) -> Array:
    """Returns an array converted to a dtype.

    Args:
        x: an array.
        dtype: the dtype, float64 for None. Complex numbers lose their imaginary part in a real one.
        copy, out_sharding: kept for compatibility.
        device: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.astype(jnp.array([1.7, -1.7]), int)
        Array([ 1, -1], dtype=int64)
    """
    x = operand(x, "astype")
    found = dtypes.float64 if dtype is None else to_dtype(dtype)
    if dtypes.is_complex(x.dtype) and not dtypes.is_complex(found) and found != dtypes.bool_:
        x = real(x)
    return convert(x, found)


# -- reshape


def reshape(
    a: Any, shape: Any, order: str = "C", *, copy: bool | None = None, out_sharding: Any = None
) -> Array:
    """Returns the elements of an array in another shape.

    Args:
        a: an array.
        shape: an int or a tuple of ints; one of them may be -1 and follows from the others.
        order: "C" for row-major order of the elements, "F" for column-major order.
        copy: kept for compatibility.
        out_sharding: kept for compatibility.

    Raises:
        TypeError: if the number of elements differs.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.reshape(jnp.arange(4), (2, -1))
        Array([[0, 1],
               [2, 3]], dtype=int64)
    """
    x = operand(a, "reshape")
    sizes = _complete_shape(x, shape)
    if order == "C":
        return shape_family.reshape(x, sizes)
    if order != "F":
        raise ValueError(f'reshape: order is "C" or "F", got {order!r}.')
    return transpose(shape_family.reshape(transpose(x), sizes[::-1]))


def _complete_shape(x: Array, shape: Any) -> Shape:
    if isinstance(shape, Array | np.ndarray):
        shape = shape.tolist()
    sizes = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    unknown = [d for d, n in enumerate(sizes) if not isinstance(n, Array) and n == -1]
    known = to_shape(tuple(1 if d in unknown else n for d, n in enumerate(sizes)), "reshape")
    total = math.prod(known)
    fits = total == x.size if not unknown else total and x.size % total == 0
    if len(unknown) > 1 or not fits:
        raise TypeError(
            f"cannot reshape array of shape {x.shape} (size {x.size}) into shape {sizes}: the "
            "number of elements must stay, and at most one length may be -1."
        )
    if unknown:
        return tuple(x.size // total if d in unknown else n for d, n in enumerate(known))
    return known


def ravel(a: Any, order: str = "C", *, out_sharding: Any = None) -> Array:
    """Returns the elements of an array along one axis.

    Args:
        a: an array.
        order: "C" or "F": the order of elements.
        out_sharding: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ravel(jnp.array([[1, 2], [3, 4]]), order="F")
        Array([1, 3, 2, 4], dtype=int64)
    """
    x = operand(a, "ravel")
    return x if x.ndim == 1 else reshape(x, (x.size,), "C" if order in ("A", "K") else order)


def expand_dims(a: Any, axis: Any) -> Array:
    """Returns an array with axes of length 1 inserted.

    Args:
        a: an array.
        axis: where the new axes are in the result: an int or a sequence of ints.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.expand_dims(jnp.ones(3), (0, 2)).shape
        (1, 3, 1)
    """
    x = operand(a, "expand_dims")
    count = len(axis) if isinstance(axis, tuple | list | range) else 1
    return shape_family.expand_dims(x, canonical_axes(axis, x.ndim + count, "expand_dims"))


def squeeze(a: Any, axis: Any = None) -> Array:
    """Returns an array without axes of length 1.

    Args:
        a: an array.
        axis: the axes to remove; all of length 1 if None.

    Raises:
        ValueError: if a named axis has another length.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.squeeze(jnp.ones((1, 3, 1)), 0).shape
        (3, 1)
    """
    x = operand(a, "squeeze")
    if axis is None:
        axis = tuple(d for d, n in enumerate(x.shape) if n == 1)
    return shape_family.squeeze(x, canonical_axes(axis, x.ndim, "squeeze"))


def atleast_1d(*arys: Any) -> Any:
    """Returns arrays with at least one axis: a list if there are several arguments.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.atleast_1d(3.0).shape
        (1,)
    """
    return _at_least("atleast_1d", arys, lambda x: (1,) if x.ndim == 0 else x.shape)


def atleast_2d(*arys: Any) -> Any:
    """Returns arrays with at least two axes, new ones in front.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.atleast_2d(jnp.ones(3)).shape
        (1, 3)
    """
    return _at_least("atleast_2d", arys, lambda x: (1,) * (2 - x.ndim) + x.shape)


def atleast_3d(*arys: Any) -> Any:
    """Returns arrays with at least three axes; a vector of length n becomes (1, n, 1).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.atleast_3d(jnp.ones(3)).shape
        (1, 3, 1)
    """
    shapes = {0: lambda s: (1, 1, 1), 1: lambda s: (1, *s, 1), 2: lambda s: (*s, 1)}
    return _at_least("atleast_3d", arys, lambda x: shapes.get(x.ndim, tuple)(x.shape))


def _at_least(name: str, arrays: Any, wanted: Any) -> Any:
    if len(arrays) == 1 and isinstance(arrays[0], tuple | list):
        arrays = tuple(arrays[0])
        return [_at_least(name, (x,), wanted) for x in arrays]
    found = [operand(x, name) for x in arrays]
    results = [shape_family.reshape(x, wanted(x)) for x in found]
    return results[0] if len(results) == 1 else results


# -- broadcasting


def broadcast_to(array: Any, shape: Any, *, out_sharding: Any = None) -> Array:
    """Returns an array repeated along new axes and axes of length 1.

    Args:
        array: an array.
        shape: the shape of the result.
        out_sharding: kept for compatibility.

    Raises:
        ValueError: if the array does not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.broadcast_to(jnp.array([1, 2]), (2, 2))
        Array([[1, 2],
               [1, 2]], dtype=int64)
    """
    x, sizes = operand(array, "broadcast_to"), to_shape(shape, "broadcast_to")
    if x.ndim > len(sizes) or broadcast_shapes(x.shape, sizes) != sizes:
        raise ValueError(
            f"broadcast_to: an array of shape {x.shape} does not broadcast to {sizes}: counted "
            "from the last axis, each length must be equal or 1."
        )
    return spread_to(x, sizes)


def broadcast_arrays(*args: Any) -> list[Array]:
    """Returns arrays broadcast to their common shape.

    Raises:
        ValueError: if the shapes do not broadcast.

    Example:
        >>> import minijax.numpy as jnp
        >>> [x.shape for x in jnp.broadcast_arrays(jnp.ones((2, 1)), jnp.ones(3))]
        [(2, 3), (2, 3)]
    """
    arrays = [operand(x, "broadcast_arrays") for x in args]
    common = broadcast_shapes(*(x.shape for x in arrays))
    return [spread_to(x, common) for x in arrays]


# -- moving axes


def transpose(a: Any, axes: Any = None) -> Array:
    """Returns an array with its axes permuted.

    Args:
        a: an array.
        axes: axis k of the result is axis `axes[k]` of `a`; reversed if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.transpose(jnp.ones((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    x = operand(a, "transpose")
    if axes is None:
        return broadcast_family.transpose(x, tuple(range(x.ndim))[::-1])
    order = canonical_axes(tuple(axes), x.ndim, "transpose")
    if len(order) != x.ndim:
        raise ValueError(f"transpose: axes {order} must name each axis of shape {x.shape} once.")
    return broadcast_family.transpose(x, order)


def permute_dims(a: Any, /, axes: Any) -> Array:
    """Returns an array with its axes permuted; the array API's name of `transpose`.

    Args:
        a: an array.
        axes: the axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.permute_dims(jnp.ones((2, 3)), (1, 0)).shape
        (3, 2)
    """
    return transpose(a, axes)


def matrix_transpose(x: Any, /) -> Array:
    """Returns an array with its last two axes exchanged.

    Raises:
        ValueError: if there are fewer than two axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.matrix_transpose(jnp.ones((5, 2, 3))).shape
        (5, 3, 2)
    """
    x = operand(x, "matrix_transpose")
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose needs at least two axes, got shape {x.shape}.")
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Array:
    """Returns an array with two axes exchanged.

    Args:
        a: an array.
        axis1: the first axis.
        axis2: the second axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.swapaxes(jnp.ones((2, 3, 4)), 0, 2).shape
        (4, 3, 2)
    """
    x = operand(a, "swapaxes")
    first, second = (canonical_axis(axis, x.ndim, "swapaxes") for axis in (axis1, axis2))
    order = list(range(x.ndim))
    order[first], order[second] = second, first
    return broadcast_family.transpose(x, order)


def moveaxis(a: Any, source: Any, destination: Any) -> Array:
    """Returns an array with some axes moved to other places; the rest keep their order.

    Args:
        a: an array.
        source: an axis or a sequence of axes.
        destination: their places in the result, as many.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.moveaxis(jnp.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    x = operand(a, "moveaxis")
    sources = canonical_axes(source, x.ndim, "moveaxis")
    places = canonical_axes(destination, x.ndim, "moveaxis")
    if len(sources) != len(places):
        raise ValueError(
            f"moveaxis: {len(sources)} axes cannot move to {len(places)} places: "
            f"source={source}, destination={destination}."
        )
    order = [d for d in range(x.ndim) if d not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return broadcast_family.transpose(x, order)


def rollaxis(a: Any, axis: int, start: int = 0) -> Array:
    """Returns an array with an axis moved in front of the axis `start`.

    Args:
        a: an array of at least one axis.
        axis: the axis to move.
        start: which axis it comes to stand before, counted from the end if negative; `a.ndim`
            puts it last.

    Returns:
        An array with the lengths of `a` in that order.

    Raises:
        ValueError: if there is no such axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.rollaxis(jnp.ones((2, 3, 4)), 2).shape
        (4, 2, 3)
    """
    x = operand(a, "rollaxis")
    source = canonical_axis(axis, x.ndim, "rollaxis")
    # A negative place counts from the last axis, not from behind it.
    from_end = x.ndim if start < 0 else 0
    place = canonical_axis(start + from_end, x.ndim + 1, "rollaxis")
    return moveaxis(x, source, place - (source < place))


# -- reversing


def flip(m: Any, axis: Any = None) -> Array:
    """Returns an array with the order along some axes reversed.

    Args:
        m: an array.
        axis: an axis, several, or None for all.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.flip(jnp.array([1, 2, 3]))
        Array([3, 2, 1], dtype=int64)
    """
    x = operand(m, "flip")
    axes = canonical_axes(axis, x.ndim, "flip")
    return shape_family.rev(x, axes) if axes else x


def fliplr(m: Any) -> Array:
    """Returns an array with the order along its second axis reversed.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fliplr(jnp.array([[1, 2]]))
        Array([[2, 1]], dtype=int64)
    """
    return flip(m, 1)


def flipud(m: Any) -> Array:
    """Returns an array with the order along its first axis reversed.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.flipud(jnp.array([1, 2]))
        Array([2, 1], dtype=int64)
    """
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Array:
    """Returns an array turned by k quarter turns in the plane of two axes.

    Args:
        m: an array of at least two axes.
        k: how many quarter turns from the first axis towards the second; negative ones turn back.
        axes: the two axes that span the plane.

    Returns:
        An array of the shape of `m`, with the two lengths exchanged if k is odd.

    Raises:
        ValueError: if the axes are not two different ones of `m`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.rot90(jnp.array([[1, 2], [3, 4]]))
        Array([[2, 4],
               [1, 3]], dtype=int64)
    """
    x = operand(m, "rot90")
    first, second = canonical_axes(tuple(axes), x.ndim, "rot90")
    turns = k % 4
    if turns == 2:
        return flip(x, (first, second))
    if turns == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second) if turns == 3 else x
