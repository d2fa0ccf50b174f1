"""broadcast_in_dim and reduce_sum: each the other's transpose, and what all batch rules need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.activity import recording
from minijax.core.array import aval_of, to_array, wrap
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.core.primitive import linear, primitive
from minijax.core.quiet import quiet
from minijax.core.trace import EVAL, current

Axes = tuple[int, ...]
_FEW = 1024  # elements that are written sooner than a view is made


# -- broadcast_in_dim: operand axis k becomes result axis broadcast_dimensions[k]


def _expanded(x: np.ndarray, shape: Axes, broadcast_dimensions: Axes) -> np.ndarray:
    expanded = [1] * len(shape)
    for n, dim in zip(x.shape, broadcast_dimensions, strict=True):
        expanded[dim] = n
    return x.reshape(expanded)


def broadcast_view(x: np.ndarray, *, shape: Axes, broadcast_dimensions: Axes) -> Any:
    """Returns what `impl` does, always as a view of the operand."""
    return (np.broadcast_to(_expanded(x, shape, broadcast_dimensions), shape),)


def _broadcast_impl(x: np.ndarray, *, shape: Axes, broadcast_dimensions: Axes) -> Any:
    if math.prod(shape) > _FEW:
        return broadcast_view(x, shape=shape, broadcast_dimensions=broadcast_dimensions)
    result = np.empty(shape, x.dtype)
    result[...] = _expanded(x, shape, broadcast_dimensions)
    return (result,)


def _broadcast_abstract(x: ShapedArray, *, shape: Axes, broadcast_dimensions: Axes) -> Any:
    if len(broadcast_dimensions) != x.ndim:
        raise TypeError(
            f"broadcast_in_dim: {x} needs one entry of broadcast_dimensions for each of its axes, "
            f"got {broadcast_dimensions}."
        )
    if list(broadcast_dimensions) != sorted(set(broadcast_dimensions)):
        raise TypeError(
            "broadcast_in_dim: broadcast_dimensions must be strictly increasing, "
            f"got {broadcast_dimensions}."
        )
    for n, dim in zip(x.shape, broadcast_dimensions, strict=True):
        if not 0 <= dim < len(shape) or n not in (1, shape[dim]):
            raise TypeError(
                f"broadcast_in_dim: an operand of shape {x.shape} does not broadcast to {shape} "
                f"along axes {broadcast_dimensions}: each axis must be 1 or equal."
            )
    return (ShapedArray(shape, x.dtype, x.weak_type),)


def _broadcast_transpose(cts: Any, x: Any, *, shape: Axes, broadcast_dimensions: Axes) -> Any:
    (ct,) = cts
    kept = [
        dim for n, dim in zip(x.aval.shape, broadcast_dimensions, strict=True) if n == shape[dim]
    ]
    summed = reduce_sum(ct, tuple(d for d in range(len(shape)) if d not in kept))
    ones = tuple(i for i, d in enumerate(broadcast_dimensions) if d not in kept)
    return (insert_ones(summed, ones),)


def _broadcast_batch(
    size: int, operands: Any, dims: Any, *, shape: Axes, broadcast_dimensions: Axes
) -> Any:
    (x,), (dim,) = operands, dims
    moved = move_axis(x, dim, 0)
    new_dims = (0, *(d + 1 for d in broadcast_dimensions))
    return broadcast_in_dim_p.bind(moved, shape=(size, *shape), broadcast_dimensions=new_dims), (0,)


def _broadcast_lower(k: Any, x: Any, *, out: Any, shape: Axes, broadcast_dimensions: Axes) -> Any:
    def body(*i: Any) -> Any:
        sizes = zip(x.shape, broadcast_dimensions, strict=True)
        return x(*(i[dim] if n == shape[dim] else 0 for n, dim in sizes))

    return k.element(out[0], body)


broadcast_in_dim_p = primitive(
    "broadcast_in_dim",
    impl=_broadcast_impl,
    abstract=_broadcast_abstract,
    jvp=linear,
    transpose=_broadcast_transpose,
    batch=_broadcast_batch,
    lower=_broadcast_lower,
)


def broadcast_in_dim(
    operand: Any, shape: Sequence[int], broadcast_dimensions: Sequence[int]
) -> Array:
    """Repeats an array along new axes and along axes of length 1.

    Args:
        operand: an array of rank r.
        shape: the shape of the result.
        broadcast_dimensions: r axes of the result; operand axis k becomes
            `broadcast_dimensions[k]` and has its length or length 1.

    Returns:
        An array of the given shape.

    Raises:
        TypeError: if an axis does not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.broadcast_in_dim(jnp.array([1, 2]), (2, 3), (0,))
        Array([[1, 1, 1],
               [2, 2, 2]], dtype=int64)
    """
    x = to_array(operand)
    shape, dims = tuple(map(int, shape)), tuple(map(int, broadcast_dimensions))
    if x.shape == shape and dims == tuple(range(len(shape))):
        return x
    if len(dims) == x.ndim and len(set(dims)) == x.ndim:
        x, dims = _in_order(x, dims)
    return broadcast_in_dim_p.bind(x, shape=shape, broadcast_dimensions=dims)[0]


def _in_order(x: Array, dims: Axes) -> tuple[Array, Axes]:
    """Returns an array whose axes stand in the order of those they become, and these."""
    left = list(dims)
    ordered = tuple(sorted(dims))
    for to, dim in enumerate(ordered):
        at = left.index(dim, to)
        if at != to:
            x = x.aval.move_axis(x, at, to)
            left.insert(to, left.pop(at))
    return x, ordered


# -- reduce_sum

_HALF = frozenset((dtypes.bfloat16, dtypes.float16))


def _reduce_sum_impl(x: np.ndarray, *, axes: Axes) -> Any:
    if x.dtype in _HALF:
        return (x.astype(np.float32).sum(axis=axes).astype(x.dtype),)
    with quiet():
        return (np.asarray(np.add.reduce(x, axis=axes, dtype=x.dtype)),)


def reduced_shape(shape: Axes, axes: Axes) -> Axes:
    """Returns a shape without some of its axes."""
    return tuple(n for d, n in enumerate(shape) if d not in axes)


def check_axes(name: str, x: ShapedArray, axes: Axes) -> None:
    """Refuses axes that are out of range or named twice."""
    if any(not 0 <= axis < x.ndim for axis in axes) or len(set(axes)) != len(axes):
        raise ValueError(
            f"{name}: axes must be distinct and in 0…{x.ndim - 1} for an operand of shape "
            f"{x.shape}, got {axes}."
        )


def _reduce_sum_abstract(x: ShapedArray, *, axes: Axes) -> Any:
    check_axes("reduce_sum", x, axes)
    return (ShapedArray(reduced_shape(x.shape, axes), x.dtype, x.weak_type),)


def _reduce_sum_transpose(cts: Any, x: Any, *, axes: Axes) -> Any:
    kept = tuple(d for d in range(len(x.aval.shape)) if d not in axes)
    return (broadcast_in_dim(cts[0], x.aval.shape, kept),)


def _reduce_sum_batch(size: int, operands: Any, dims: Any, *, axes: Axes) -> Any:
    (x,), (dim,) = operands, dims
    moved, out_dim = axes_around_batch(axes, dim, x.ndim)
    return reduce_sum_p.bind(x, axes=moved), (out_dim,)


def axes_around_batch(axes: Axes, dim: int, ndim: int) -> tuple[Axes, int]:
    """Returns a reduction's axes in the batched operand, and where the batch axis ends up."""
    moved = tuple(axis + (axis >= dim) for axis in axes)
    return moved, dim - sum(axis < dim for axis in moved)


def mix_indices(outer: Sequence[Any], inner: Sequence[Any], axes: Axes) -> tuple[Any, ...]:
    """Returns an operand's indices from the kept ones and the reduced ones, in axis order."""
    kept, reduced = iter(outer), dict(zip(axes, inner, strict=True))
    ndim = len(outer) + len(inner)
    return tuple(reduced[d] if d in reduced else next(kept) for d in range(ndim))


def _reduce_sum_lower(k: Any, x: Any, *, out: Any, axes: Axes) -> Any:
    return k.reduce(
        out,
        [x.shape[axis] for axis in axes],
        lambda outer, inner: (x(*mix_indices(outer, inner, axes)),),
        (k.constant(0, x.dtype),),
        lambda acc, new: (k.add(acc[0], new[0]),),
        "add",
    )


reduce_sum_p = primitive(
    "reduce_sum",
    impl=_reduce_sum_impl,
    abstract=_reduce_sum_abstract,
    jvp=linear,
    transpose=_reduce_sum_transpose,
    batch=_reduce_sum_batch,
    lower=_reduce_sum_lower,
)


def reduce_sum(operand: Any, axes: Sequence[int]) -> Array:
    """Sums an array over some of its axes, which go.

    Args:
        operand: an array.
        axes: the axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> reduce_sum(jnp.array([[1.0, 2.0], [3.0, 4.0]]), (0,))
        Array([4., 6.], dtype=float64)
    """
    axes = tuple(axes)
    x = to_array(operand)
    return x if not axes else reduce_sum_p.bind(x, axes=axes)[0]


# -- transpose


def _transpose_impl(x: np.ndarray, *, permutation: Axes) -> Any:
    return (x.transpose(permutation),)


def _transpose_abstract(x: ShapedArray, *, permutation: Axes) -> Any:
    if sorted(permutation) != list(range(x.ndim)):
        raise TypeError(
            f"transpose: permutation must hold each axis of shape {x.shape} once, "
            f"got {permutation}."
        )
    return (ShapedArray(tuple(x.shape[p] for p in permutation), x.dtype, x.weak_type),)


def _inverse(permutation: Axes) -> Axes:
    return tuple(permutation.index(d) for d in range(len(permutation)))


def _transpose_batch(size: int, operands: Any, dims: Any, *, permutation: Axes) -> Any:
    (x,), (dim,) = operands, dims
    shifted = tuple(p + (p >= dim) for p in permutation)
    return transpose_p.bind(x, permutation=(dim, *shifted)), (0,)


def _transpose_lower(k: Any, x: Any, *, out: Any, permutation: Axes) -> Any:
    inverse = _inverse(permutation)
    return k.element(out[0], lambda *i: x(*(i[p] for p in inverse)))


transpose_p = primitive(
    "transpose",
    impl=_transpose_impl,
    abstract=_transpose_abstract,
    jvp=linear,
    transpose=lambda cts, x, permutation: (transpose(cts[0], _inverse(permutation)),),
    batch=_transpose_batch,
    lower=_transpose_lower,
)


def transpose(operand: Any, permutation: Sequence[int]) -> Array:
    """Permutes the axes of an array: result axis k is operand axis `permutation[k]`.

    Raises:
        TypeError: if `permutation` does not hold every axis once.

    Example:
        >>> import minijax.numpy as jnp
        >>> transpose(jnp.zeros((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    x, permutation = to_array(operand), tuple(map(int, permutation))
    if permutation == tuple(range(x.ndim)):
        return x
    return transpose_p.bind(x, permutation=permutation)[0]


# -- what rules of other families need


def insert_ones(x: Array, axes: Axes) -> Array:
    """Returns an array with axes of length 1 at the given positions of the result."""
    if not axes:
        return x
    ndim = x.ndim + len(axes)
    kept = [d for d in range(ndim) if d not in axes]
    shape = [1] * ndim
    for n, d in zip(x.shape, kept, strict=True):
        shape[d] = n
    return broadcast_in_dim(x, shape, kept)


def move_axis(x: Any, source: int, destination: int) -> Array:
    """Returns an array with one axis moved to another position."""
    order = [d for d in range(x.ndim) if d != source]
    order.insert(destination, source)
    return transpose(x, order)


def spread(x: Any, size: int, dim: int) -> Array:
    """Returns an array repeated along a new axis at `dim`."""
    x = to_array(x)
    shape = (*x.shape[:dim], size, *x.shape[dim:])
    return broadcast_in_dim(x, shape, [d for d in range(len(shape)) if d != dim])


def full(shape: Sequence[int], value: Any, dtype: np.dtype, weak_type: bool = False) -> Array:
    """Returns an array of one repeated constant."""
    if current.trace is EVAL and not recording:
        # Nobody asks how it is made.
        sizes = tuple(map(int, shape))
        if not any(n < 0 for n in sizes):
            buffer = np.empty(sizes, dtype)
            buffer[...] = np.asarray(value, dtype)
            return wrap(buffer, ShapedArray(sizes, dtype, weak_type))
    scalar = wrap(np.asarray(value, dtype), ShapedArray((), dtype, weak_type))
    return broadcast_in_dim(scalar, shape, ())


def full_like(x: Any, value: Any) -> Array:
    """Returns an array of the shape and dtype of `x` filled with a constant."""
    aval = aval_of(x)
    return full(aval.shape, value, aval.dtype, aval.weak_type)


def unbroadcast(ct: Any, aval: ShapedArray) -> Any:
    """Returns the cotangent of an operand of rank 0 that met operands with axes."""
    if not aval.shape and aval_of(ct).shape:
        return reduce_sum(ct, tuple(range(aval_of(ct).ndim)))
    return ct
