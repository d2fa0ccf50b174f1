"""Matrices made of vectors or of a size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.numpy.axes import atleast_1d, atleast_2d
from minijax.numpy.creation import array, zeros
from minijax.numpy.joining import concatenate
from minijax.numpy.matrices import eye
from minijax.numpy.promotion import operand, promote_dtypes


def block_diag(*arrs: Any) -> Array:
    """Returns the matrix with blocks along its diagonal and zeros elsewhere.

    Args:
        arrs: matrices; vectors are rows.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.block_diag(jnp.array([[1, 2]]), jnp.array([[3]]))
        Array([[1, 2, 0],
               [0, 0, 3]], dtype=int64)
    """
    if not arrs:
        return zeros((1, 0))
    blocks: Any = [atleast_2d(x) for x in promote_dtypes("block_diag", *arrs)]
    width = sum(x.shape[1] for x in blocks)
    rows, start = [], 0
    for x in blocks:
        height, own = x.shape
        before = zeros((height, start), x.dtype)
        after = zeros((height, width - start - own), x.dtype)
        rows.append(concatenate([before, x, after], 1))
        start += own
    return concatenate(rows, 0)


def toeplitz(c: Any, r: Any = None) -> Array:
    """Returns the matrix that is constant along its diagonals.

    Args:
        c: its first column, of shape (..., n).
        r: its first row, of shape (..., m), but for the first element, which is that of c; None
            for the conjugate of c.

    Returns:
        An array of shape (..., n, m).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.toeplitz(jnp.array([1, 2]), jnp.array([1, 5, 6]))
        Array([[1, 5, 6],
               [2, 1, 5]], dtype=int64)
    """
    column: Any = atleast_1d(operand(c, "toeplitz"))
    row: Any = column.conj() if r is None else atleast_1d(operand(r, "toeplitz"))
    column, row = promote_dtypes("toeplitz", column, row)
    n, m = column.shape[-1], row.shape[-1]
    line: Any = concatenate([column[..., ::-1], row[..., 1:]], -1)
    places = np.arange(n - 1, -1, -1)[:, None] + np.arange(m)[None, :]
    return line[..., places]


def hankel(c: Any, r: Any = None) -> Array:
    """Returns the matrix that is constant along its anti-diagonals.

    Args:
        c: its first column.
        r: its last row, but for the first element, which is the last of c; None for zeros.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.hankel(jnp.array([1, 2]), jnp.array([2, 3]))
        Array([[1, 2],
               [2, 3]], dtype=int64)
    """
    column: Any = atleast_1d(operand(c, "hankel"))
    row: Any = column * 0 if r is None else atleast_1d(operand(r, "hankel"))
    column, row = promote_dtypes("hankel", column, row)
    n, m = column.shape[-1], row.shape[-1]
    line: Any = concatenate([column, row[..., 1:]], -1)
    return line[..., np.arange(n)[:, None] + np.arange(m)[None, :]]


def circulant(c: Any) -> Array:
    """Returns the matrix whose columns are a vector and its rotations.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.circulant(jnp.array([1, 2, 3]))
        Array([[1, 3, 2],
               [2, 1, 3],
               [3, 2, 1]], dtype=int64)
    """
    column: Any = atleast_1d(operand(c, "circulant"))
    n = column.shape[-1]
    return column[..., (np.arange(n)[:, None] - np.arange(n)[None, :]) % max(n, 1)]


def companion(a: Any) -> Array:
    """Returns the companion matrix of a polynomial: its eigenvalues are the roots.

    Args:
        a: at least two coefficients, the highest first.

    Raises:
        ValueError: if there are fewer.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.companion(jnp.array([1.0, -3.0, 2.0]))
        Array([[ 3., -2.],
               [ 1.,  0.]], dtype=float64)
    """
    x: Any = operand(a, "companion")
    if x.ndim != 1 or x.shape[0] < 2:
        raise ValueError(f"companion takes at least two coefficients, got shape {x.shape}.")
    first = -x[1:] / x[0]
    n = x.shape[0] - 1
    return concatenate([first[None, :], eye(n - 1, n, dtype=first.dtype)], 0)


def hilbert(n: int) -> Array:
    """Returns the Hilbert matrix, whose element (i, j) is 1 / (i + j + 1).

    Example:
        >>> from minijax.scipy import linalg
        >>> linalg.hilbert(2)[0]
        Array([1. , 0.5], dtype=float64)
    """
    places = np.arange(n, dtype=np.float64)
    return array(1 / (places[:, None] + places[None, :] + 1))


def dft(n: int, scale: str | None = None, *, dtype: Any = None) -> Array:
    """Returns the matrix of the discrete Fourier transform.

    Args:
        n: its size.
        scale: "sqrtn" divides by the square root of n, "n" by n.
        dtype: a complex dtype.

    Raises:
        ValueError: if there is no such scale.

    Example:
        >>> from minijax.scipy import linalg
        >>> linalg.dft(2).real
        Array([[ 1.,  1.],
               [ 1., -1.]], dtype=float64)
    """
    scales = {None: 1.0, "sqrtn": math.sqrt(n), "n": float(n)}
    if scale not in scales:
        raise ValueError(f'dft: scale must be None, "sqrtn" or "n", got {scale!r}.')
    places = np.arange(n)
    turns = (places[:, None] * places[None, :]) % max(n, 1)
    values = np.exp(-2j * np.pi * turns / max(n, 1)) / scales[scale]
    return array(values, dtype)
