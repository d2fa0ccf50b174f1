"""Matrices of a given form, their parts, and index grids."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.numpy.axes import moveaxis, ravel
from minijax.numpy.dtypes import dtype_or
from minijax.numpy.promotion import (
    broadcast_shapes,
    canonical_axis,
    convert,
    operand,
    scalar,
    select,
    spread_to,
)
from minijax.primitives import arithmetic, compare, windows
from minijax.primitives import shape as shape_family
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.joining import concatenate as join
from minijax.primitives.joining import pad as pad_primitive


def _diagonal_mask(rows: int, columns: int, k: Any, holds: Any) -> Array:
    shape = (rows, columns)
    row, column = (broadcasted_iota(dtypes.int64, shape, d) for d in (0, 1))
    return holds(arithmetic.add(row, convert(operand(k, "k"), dtypes.int64)), column)


def eye(
    N: int, M: int | None = None, k: Any = 0, dtype: Any = None, *, device: Any = None
) -> Array:
    """Returns a matrix with ones on a diagonal and zeros elsewhere.

    Args:
        N: how many rows.
        M: how many columns, N if None.
        k: which diagonal: 0 the main one, positive above, negative below.
        dtype: the dtype, float64 if None.
        device: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.eye(2)
        Array([[1., 0.],
               [0., 1.]], dtype=float64)
    """
    rows, columns = operator.index(N), operator.index(N if M is None else M)
    if rows < 0 or columns < 0:
        raise ValueError(f"eye: lengths cannot be negative, got {rows} and {columns}.")
    return convert(_diagonal_mask(rows, columns, k, compare.eq), dtype_or(dtype, dtypes.float64))


def identity(n: int, dtype: Any = None) -> Array:
    """Returns the identity matrix.

    Args:
        n: the length along the axis.
        dtype: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.identity(2, int)
        Array([[1, 0],
               [0, 1]], dtype=int64)
    """
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Returns a matrix with ones on and below a diagonal; float32 unless told otherwise.

    Args:
        N, M, k: as for `eye`.
        dtype: the dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.tri(2)
        Array([[1., 0.],
               [1., 1.]], dtype=float32)
    """
    mask = _diagonal_mask(N, N if M is None else M, k, compare.ge)
    return convert(mask, dtype_or(dtype, dtypes.float32))


def tril(m: Any, k: int = 0) -> Array:
    """Returns matrices with zeros above a diagonal.

    Args:
        m: an array of shape (..., n, m).
        k: the diagonal.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.tril(jnp.ones((2, 2)))
        Array([[1., 0.],
               [1., 1.]], dtype=float64)
    """
    x = _matrices("tril", m)
    mask = spread_to(_diagonal_mask(x.shape[-2], x.shape[-1], k, compare.ge), x.shape)
    return select(mask, x, _zero(x))


def triu(m: Any, k: int = 0) -> Array:
    """Returns matrices with zeros below a diagonal.

    Args:
        m: an array of shape (..., n, m).
        k: the diagonal.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.triu(jnp.ones((2, 2)))
        Array([[1., 1.],
               [0., 1.]], dtype=float64)
    """
    x = _matrices("triu", m)
    mask = spread_to(_diagonal_mask(x.shape[-2], x.shape[-1], k - 1, compare.ge), x.shape)
    return select(mask, _zero(x), x)


def _matrices(name: str, m: Any) -> Array:
    x = operand(m, name)
    if x.ndim < 2:
        raise ValueError(f"{name} needs an array of at least two axes, got shape {x.shape}.")
    return x


def _zero(x: Array) -> Array:
    return scalar(0, x.dtype, x.weak_type) if x.dtype != dtypes.bool_ else scalar(False, x.dtype)


def diag(v: Any, k: int = 0) -> Array:
    """Returns the diagonal matrix of a vector, or the diagonal of a matrix.

    Args:
        v: a vector or a matrix.
        k: the diagonal.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.diag(jnp.array([1, 2]))
        Array([[1, 0],
               [0, 2]], dtype=int64)
        >>> jnp.diag(jnp.array([[1, 2], [3, 4]]))
        Array([1, 4], dtype=int64)
    """
    x = operand(v, "diag")
    offset = operator.index(k)
    if x.ndim == 2:
        return diagonal(x, offset)
    if x.ndim != 1:
        raise ValueError(f"diag takes a vector or a matrix, got shape {x.shape}.")
    size = x.shape[0] + abs(offset)
    shifted = pad_primitive(x, _zero(x), [(max(offset, 0), max(-offset, 0), 0)])
    mask = _diagonal_mask(size, size, offset, compare.eq)
    return select(mask, spread_to(shifted, (size, size)), _zero(x))


def diagflat(v: Any, k: int = 0) -> Array:
    """Returns the matrix with the elements of an array on a diagonal and zeros elsewhere.

    Args:
        v: an array of any shape; it is ravelled.
        k: which diagonal: 0 the main one, positive above, negative below.

    Returns:
        A matrix of shape (n, n), where n is `v.size` + |k|.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.diagflat(jnp.array([[1], [2]]))
        Array([[1, 0],
               [0, 2]], dtype=int64)
    """
    return diag(ravel(v), k)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Returns the diagonals of matrices, along a last axis.

    Args:
        a: an array.
        offset: which diagonal: positive above the main one, negative below.
        axis1, axis2: the axes of rows and columns.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.diagonal(jnp.arange(6).reshape(2, 3), offset=1)
        Array([1, 5], dtype=int64)
    """
    x = _matrices("diagonal", a)
    axes = tuple(canonical_axis(axis, x.ndim, "diagonal") for axis in (axis1, axis2))
    x = moveaxis(x, axes, (-2, -1))
    *batch, rows, columns = x.shape
    k = operator.index(offset)
    first = k if k >= 0 else -k * columns
    count = max(0, min(rows, columns - k) if k >= 0 else min(rows + k, columns))
    flat = shape_family.reshape(x, (*batch, rows * columns))
    # Neighbours on a diagonal are one row and one column apart.
    step = columns + 1
    stop = first + (count - 1) * step + 1 if count else first
    first, stop = (first, stop) if count else (0, 0)
    zeros = [0] * len(batch)
    ones = [1] * len(batch)
    return windows.slice(flat, (*zeros, first), (*batch, stop), (*ones, step))


def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None
) -> Array:
    """Returns the sums of the diagonals of matrices.

    Args:
        a, offset, axis1, axis2: as for `diagonal`.
        dtype: the dtype of the sum.
        out: must be None, as arrays are immutable.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.trace(jnp.array([[1, 2], [3, 4]]))
        Array(5, dtype=int64)
    """
    from_diagonal: Any = diagonal(a, offset, axis1, axis2)
    return from_diagonal.sum(-1, dtype=dtype, out=out)


# -- grids


def meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> list[Array]:
    """Returns the coordinates of the points of a grid, one array for each axis.

    Args:
        *xi: vectors of coordinates.
        copy: kept for compatibility.
        sparse: whether the results keep length 1 along the other axes.
        indexing: "xy", where the first two axes of the results are exchanged, or "ij".

    Example:
        >>> import minijax.numpy as jnp
        >>> [g.tolist() for g in jnp.meshgrid(jnp.array([1, 2]), jnp.array([5, 6]))]
        [[[1, 2], [1, 2]], [[5, 5], [6, 6]]]
    """
    vectors = [ravel(x) for x in xi]
    if any(operand(x, "meshgrid").ndim > 1 for x in xi):
        raise ValueError("meshgrid takes vectors of coordinates.")
    if indexing not in ("xy", "ij"):
        raise ValueError(f'meshgrid: indexing is "xy" or "ij", got {indexing!r}.')
    order = list(range(len(vectors)))
    if indexing == "xy" and len(order) >= 2:
        order[0], order[1] = 1, 0
    results = [
        shape_family.reshape(x, [x.size if d == axis else 1 for d in range(len(vectors))])
        for axis, x in zip(order, vectors, strict=True)
    ]
    if sparse:
        return results
    shape = broadcast_shapes(*(x.shape for x in results))
    return [spread_to(x, shape) for x in results]


def indices(dimensions: Any, dtype: Any = None, sparse: bool = False) -> Any:
    """Returns the indices of the elements of an array, stacked by axis.

    Args:
        dimensions: the shape of the array.
        dtype: the dtype, int64 if None.
        sparse: whether to return a tuple of arrays with length 1 along other axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.indices((2, 2)).tolist()
        [[[0, 0], [1, 1]], [[0, 1], [0, 1]]]
    """
    shape = tuple(dimensions)
    found = dtype_or(dtype, dtypes.int64)
    if sparse:
        grids = np.indices(shape, sparse=True)
        return tuple(convert(to_array(grid), found) for grid in grids)
    return convert(to_array(np.indices(shape)), found)


def diag_indices(n: int, ndim: int = 2) -> tuple[Array, ...]:
    """Returns the indices of the main diagonal of an array of `ndim` axes of length n.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.zeros((2, 2)).at[jnp.diag_indices(2)].set(1.0)
        Array([[1., 0.],
               [0., 1.]], dtype=float64)
    """
    if n < 0 or ndim < 0:
        raise ValueError(f"diag_indices: arguments must not be negative, got {n} and {ndim}.")
    return (to_array(np.arange(n)),) * ndim


def diag_indices_from(arr: Any) -> tuple[Array, ...]:
    """Returns the indices of the main diagonal of an array whose axes have one length.

    Example:
        >>> import minijax.numpy as jnp
        >>> [i.tolist() for i in jnp.diag_indices_from(jnp.ones((2, 2)))]
        [[0, 1], [0, 1]]
    """
    x = _matrices("diag_indices_from", arr)
    if len(set(x.shape)) > 1:
        raise ValueError(f"diag_indices_from: all axes must have one length, got {x.shape}.")
    return diag_indices(x.shape[0], x.ndim)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, Array]:
    """Returns the indices of the elements of an n × m matrix on and below a diagonal.

    Args:
        n: how many rows.
        k: which diagonal: 0 the main one, positive above, negative below.
        m: how many columns, n if None.

    Returns:
        Two vectors of one length: the rows and the columns of these elements, row by row.

    Example:
        >>> import minijax.numpy as jnp
        >>> [i.tolist() for i in jnp.tril_indices(2)]
        [[0, 1, 1], [0, 0, 1]]
    """
    rows, columns = np.tril_indices(n, k, m)
    return to_array(rows), to_array(columns)


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, Array]:
    """Returns the indices of the elements of an n × m matrix on and above a diagonal.

    Args:
        n: how many rows.
        k: which diagonal: 0 the main one, positive above, negative below.
        m: how many columns, n if None.

    Returns:
        Two vectors of one length: the rows and the columns of these elements, row by row.

    Example:
        >>> import minijax.numpy as jnp
        >>> [i.tolist() for i in jnp.triu_indices(2)]
        [[0, 0, 1], [0, 1, 1]]
    """
    rows, columns = np.triu_indices(n, k, m)
    return to_array(rows), to_array(columns)


def tril_indices_from(arr: Any, k: int = 0) -> tuple[Array, Array]:
    """Returns the indices of the elements of a matrix on and below a diagonal.

    Args:
        arr: an array.
        k: the diagonal; 0 is the main one.

    Example:
        >>> import minijax.numpy as jnp
        >>> [i.tolist() for i in jnp.tril_indices_from(jnp.ones((2, 2)))]
        [[0, 1, 1], [0, 0, 1]]
    """
    return tril_indices(arr.shape[-2], k, arr.shape[-1])


def triu_indices_from(arr: Any, k: int = 0) -> tuple[Array, Array]:
    """Returns the indices of the elements of a matrix on and above a diagonal.

    Args:
        arr: an array.
        k: the diagonal; 0 is the main one.

    Example:
        >>> import minijax.numpy as jnp
        >>> [i.tolist() for i in jnp.triu_indices_from(jnp.ones((2, 2)))]
        [[0, 0, 1], [0, 1, 1]]
    """
    return triu_indices(arr.shape[-2], k, arr.shape[-1])


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Array:
    """Returns the matrix whose columns are the powers of a vector.

    Args:
        x: a vector of shape (n,).
        N: how many powers, n if None.
        increasing: whether the powers grow from 0 to the right; they fall to 0 if False.

    Returns:
        A matrix of shape (n, N).

    Raises:
        ValueError: if `x` is no vector.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.vander(jnp.array([2.0, 3.0]), 3)
        Array([[4., 2., 1.],
               [9., 3., 1.]], dtype=float64)
    """
    vector: Any = operand(x, "vander")
    if vector.ndim != 1:
        raise ValueError(f"vander takes a vector, got shape {vector.shape}.")
    count = vector.size if N is None else N
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    columns = [shape_family.expand_dims(vector ** int(p), (1,)) for p in powers]
    return join(columns, 1) if columns else vector.reshape(vector.size, 1)[:, :0]
