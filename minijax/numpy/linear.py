"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from minijax.core.operators import Array
from minijax.numpy import ufuncs
from minijax.numpy.axes import moveaxis, ravel
from minijax.numpy.dtypes import to_dtype
from minijax.numpy.elementary import conjugate
from minijax.numpy.joining import stack
from minijax.numpy.promotion import (
    broadcast_shapes,
    canonical_axes,
    canonical_axis,
    convert,
    operand,
    promote_dtypes,
    refuse_out,
    spread_to,
)
from minijax.primitives import shape as shape_family
from minijax.primitives.dot import dot_general

Axes = Sequence[int]


def _contract(
    a: Array,
    b: Array,
    contracting: tuple[Axes, Axes],
    batch: tuple[Axes, Axes] = ((), ()),
    precision: Any = None,
    preferred: Any = None,
) -> Array:
    """Returns a dot_general of operands of one dtype, weak if both are."""
    dimension_numbers = (
        (tuple(contracting[0]), tuple(contracting[1])),
        (tuple(batch[0]), tuple(batch[1])),
    )
    is_weak = a.weak_type and b.weak_type and preferred is None
    wanted = None if preferred is None else to_dtype(preferred)
    result = dot_general(
        a, b, dimension_numbers, precision=precision, preferred_element_type=wanted
    )
    return convert(result, result.dtype, is_weak)


def dot(
    a: Any,
    b: Any,
    *,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns the dot product: of the last axis of `a` with the last but one (or only) of `b`.

    Args:
        a: an array of shape (..., n), or a number.
        b: an array of shape (n,) or (..., n, m), or a number.
        precision: kept for compatibility: products are computed in full precision.
        preferred_element_type: the dtype of the result.
        out_sharding: kept for compatibility.

    Raises:
        TypeError: if the lengths differ.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.dot(jnp.array([[1.0, 2.0]]), jnp.array([3.0, 4.0]))
        Array([11.], dtype=float64)
    """
    x, y = promote_dtypes("dot", a, b)
    if x.ndim == 0 or y.ndim == 0:
        product = ufuncs.multiply(x, y)
        wanted = preferred_element_type
        return product if wanted is None else convert(product, to_dtype(wanted))
    axis = max(y.ndim - 2, 0)
    _check_length("dot", x, y, x.shape[-1], y.shape[axis])
    contracting = ((x.ndim - 1,), (axis,))
    return _contract(x, y, contracting, precision=precision, preferred=preferred_element_type)


def _check_length(name: str, x: Array, y: Array, n: int, m: int) -> None:
    if n != m:
        raise TypeError(
            f"{name}: shapes {x.shape} and {y.shape} do not fit: the axes to be multiplied and "
            f"summed have lengths {n} and {m}."
        )


def matmul(
    a: Any,
    b: Any,
    *,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns the matrix product; axes in front of the last two broadcast.

    Args:
        a: an array of shape (n,) or (..., k, n).
        b: an array of shape (n,) or (..., n, m).
        precision: kept for compatibility.
        preferred_element_type: the dtype of the result.
        out_sharding: kept for compatibility.

    Returns:
        An array of shape (..., k, m), without the axis of an operand that is a vector.

    Raises:
        ValueError: if an operand has rank 0.
        TypeError: if the shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.matmul(jnp.array([[1, 2], [3, 4]]), jnp.array([1, 1]))
        Array([3, 7], dtype=int64)
    """
    x, y = promote_dtypes("matmul", a, b)
    for position, z in enumerate((x, y)):
        if z.ndim == 0:
            raise ValueError(f"matmul: operand {position} has rank 0; jnp.multiply takes numbers.")
    _check_length("matmul", x, y, x.shape[-1], y.shape[max(y.ndim - 2, 0)])
    if y.ndim <= 2 or x.ndim == 1:
        return _matmul_without_batch(x, y, precision, preferred_element_type)
    batch = _batch_shape(x.shape[:-2], y.shape[:-2])
    x, y = (spread_to(z, (*batch, *z.shape[-2:])) for z in (x, y))
    rank = len(batch)
    together = (tuple(range(rank)),) * 2
    contracting = ((rank + 1,), (rank,))
    return _contract(x, y, contracting, together, precision, preferred_element_type)


def _batch_shape(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return broadcast_shapes(x, y)
    except ValueError as error:
        raise TypeError(f"matmul: the axes of stacked matrices do not fit. {error}") from None


def _matmul_without_batch(x: Array, y: Array, precision: Any, preferred: Any) -> Array:
    axis = max(y.ndim - 2, 0)
    contracting = ((x.ndim - 1,), (axis,))
    return _contract(x, y, contracting, precision=precision, preferred=preferred)


def tensordot(
    a: Any,
    b: Any,
    axes: Any = 2,
    *,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns the sum of products over pairs of axes.

    Args:
        a, b: arrays.
        axes: how many last axes of `a` go with as many first axes of `b`; or the pair (axes of a,
            axes of b).
        precision: kept for compatibility.
        preferred_element_type: the dtype of the result.
        out_sharding: kept for compatibility.

    Returns:
        An array with the remaining axes of `a`, then those of `b`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.tensordot(jnp.ones((2, 3)), jnp.ones((3, 4)), 1).shape
        (2, 4)
    """
    x, y = promote_dtypes("tensordot", a, b)
    if isinstance(axes, Sequence):
        first, second = axes
        pair = (
            canonical_axes(first, x.ndim, "tensordot"),
            canonical_axes(second, y.ndim, "tensordot"),
        )
    else:
        count = operator.index(axes)
        if not 0 <= count <= min(x.ndim, y.ndim):
            raise TypeError(f"tensordot: {count} axes are more than {x.shape} and {y.shape} have.")
        pair = tuple(range(x.ndim - count, x.ndim)), tuple(range(count))
    lengths = [tuple(z.shape[d] for d in dims) for z, dims in zip((x, y), pair, strict=True)]
    if lengths[0] != lengths[1]:
        raise TypeError(
            f"tensordot: shapes {x.shape} and {y.shape} do not fit along axes {pair}: lengths "
            f"{lengths[0]} and {lengths[1]}."
        )
    return _contract(x, y, pair, precision=precision, preferred=preferred_element_type)


def inner(a: Any, b: Any, *, precision: Any = None, preferred_element_type: Any = None) -> Array:
    """Returns the products of the last axes of two arrays, summed.

    Args:
        a: an array.
        b: the second array.
        precision: kept for compatibility.
        preferred_element_type: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.inner(jnp.array([1.0, 2.0]), jnp.array([3.0, 4.0]))
        Array(11., dtype=float64)
    """
    x, y = promote_dtypes("inner", a, b)
    if x.ndim == 0 or y.ndim == 0:
        return ufuncs.multiply(x, y)
    return tensordot(
        x,
        y,
        ((-1,), (-1,)),
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def vdot(a: Any, b: Any, *, precision: Any = None, preferred_element_type: Any = None) -> Array:
    """Returns the dot product of two ravelled arrays, the first one conjugated.

    Args:
        a: an array.
        b: the second array.
        precision: kept for compatibility.
        preferred_element_type: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.vdot(jnp.array([1j]), jnp.array([1j]))
        Array(1.+0.j, dtype=complex128)
    """
    x, y = ravel(conjugate(a)), ravel(b)
    return dot(x, y, precision=precision, preferred_element_type=preferred_element_type)


def vecdot(
    x1: Any,
    x2: Any,
    /,
    *,
    axis: int = -1,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Array:
    """Returns the dot products of vectors along an axis, the first ones conjugated.

    Args:
        x1: the first array.
        x2: the second array.
        axis: the axis or axes.
        precision: kept for compatibility.
        preferred_element_type: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.vecdot(jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([1.0, 1.0]))
        Array([3., 7.], dtype=float64)
    """
    x, y = promote_dtypes("vecdot", x1, x2)
    x, y = (moveaxis(z, canonical_axis(axis, z.ndim, "vecdot"), -1) for z in (conjugate(x), y))
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(f"vecdot: axes must match; got shapes {x.shape} and {y.shape}.")
    shape = broadcast_shapes(x.shape, y.shape)
    x, y = spread_to(x, shape), spread_to(y, shape)
    together = (tuple(range(len(shape) - 1)),) * 2
    last = ((len(shape) - 1,),) * 2
    return _contract(x, y, last, together, precision, preferred_element_type)


def _check_core(what: str, matrices: Array, vectors: Array) -> None:
    if matrices.ndim < 2 or vectors.ndim < 1:
        raise ValueError(
            f"{what} takes matrices, of shape (..., n, m), and vectors, of shape (..., m); "
            f"got shapes {matrices.shape} and {vectors.shape}."
        )


def matvec(x1: Any, x2: Any, /) -> Array:
    """Returns the products of matrices with vectors; axes in front broadcast.

    Args:
        x1: the first array.
        x2: the second array.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.matvec(jnp.array([[1.0, 2.0]]), jnp.array([3.0, 4.0]))
        Array([11.], dtype=float64)
    """
    vectors = operand(x2, "matvec")
    _check_core("matvec", operand(x1, "matvec"), vectors)
    columns = shape_family.expand_dims(vectors, (vectors.ndim,))
    return shape_family.squeeze(matmul(x1, columns), (-1,))


def vecmat(x1: Any, x2: Any, /) -> Array:
    """Returns the products of conjugated vectors with matrices; axes in front broadcast.

    Args:
        x1: the first array.
        x2: the second array.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.vecmat(jnp.array([3.0]), jnp.array([[1.0, 2.0]]))
        Array([3., 6.], dtype=float64)
    """
    vectors = conjugate(operand(x1, "vecmat"))
    _check_core("vecmat", operand(x2, "vecmat"), vectors)
    rows = shape_family.expand_dims(vectors, (vectors.ndim - 1,))
    return shape_family.squeeze(matmul(rows, x2), (-2,))


def outer(a: Any, b: Any, out: None = None) -> Array:
    """Returns all products of an element of `a` with one of `b`, as a matrix.

    Args:
        a: an array.
        b: the second array.
        out: must be None, as arrays are immutable.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.outer(jnp.array([1, 2]), jnp.array([3, 4]))
        Array([[3, 4],
               [6, 8]], dtype=int64)
    """
    refuse_out("outer", out)
    x, y = ravel(a), ravel(b)
    return ufuncs.multiply(shape_family.expand_dims(x, (1,)), shape_family.expand_dims(y, (0,)))


def kron(a: Any, b: Any) -> Array:
    """Returns the Kronecker product: `a` with each element replaced by its product with `b`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.kron(jnp.array([1, 10]), jnp.array([1, 2]))
        Array([ 1,  2, 10, 20], dtype=int64)
    """
    x, y = promote_dtypes("kron", a, b)
    rank = max(x.ndim, y.ndim)
    n, m = ((1,) * (rank - z.ndim) + z.shape for z in (x, y))
    left = shape_family.reshape(x, tuple(k for length in n for k in (length, 1)))
    right = shape_family.reshape(y, tuple(k for length in m for k in (1, length)))
    product = ufuncs.multiply(left, right)
    return shape_family.reshape(product, tuple(p * q for p, q in zip(n, m, strict=True)))


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    """Returns the cross products of vectors in space or in the plane.

    Args:
        a, b: arrays with vectors of length 3 (or 2, whose third component is 0).
        axisa, axisb: the axes of the vectors.
        axisc: the axis of the vectors in the result.
        axis: stands for all three.

    Returns:
        Vectors of length 3; if both operands have length 2, only their third components.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cross(jnp.array([1.0, 0.0, 0.0]), jnp.array([0.0, 1.0, 0.0]))
        Array([0., 0., 1.], dtype=float64)
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = promote_dtypes("cross", a, b)
    x, y = moveaxis(x, axisa, -1), moveaxis(y, axisb, -1)
    if x.shape[-1] not in (2, 3) or y.shape[-1] not in (2, 3):
        raise ValueError(f"cross: vectors have length 2 or 3, got shapes {x.shape} and {y.shape}.")
    u, v = _components(x), _components(y)
    third = _difference(u[0], v[1], u[1], v[0])
    if x.shape[-1] == y.shape[-1] == 2:
        return third
    first = _difference(u[1], v[2], u[2], v[1])
    second = _difference(u[2], v[0], u[0], v[2])
    result = stack([first, second, third], -1)
    return moveaxis(result, -1, axisc)


def _components(x: Any) -> list[Array]:
    parts = [x[..., i] for i in range(x.shape[-1])]
    return parts if len(parts) == 3 else [*parts, parts[0] * 0]


def _difference(p: Array, q: Array, r: Array, s: Array) -> Array:
    return ufuncs.subtract(ufuncs.multiply(p, q), ufuncs.multiply(r, s))
