"""Matrices made of vectors or of a size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.numpy.axes import atleast_1d, atleast_2d, broadcast_to
from minijax.numpy.creation import array, zeros
from minijax.numpy.joining import concatenate
from minijax.numpy.matrices import eye
from minijax.numpy.promotion import broadcast_shapes, inexact, operand, promote_dtypes
from minijax.primitives import arithmetic


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
    """Returns the companion matrices of polynomials: their eigenvalues are the roots.

    Args:
        a: at least two coefficients, the highest first, of shape (..., n).

    Returns:
        An array of shape (..., n - 1, n - 1).

    Raises:
        ValueError: if there are fewer coefficients.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.companion(jnp.array([1.0, -3.0, 2.0]))
        Array([[ 3., -2.],
               [ 1.,  0.]], dtype=float64)
    """
    x: Any = atleast_1d(operand(a, "companion"))
    if x.shape[-1] < 2:
        raise ValueError(f"companion takes at least two coefficients, got shape {x.shape}.")
    first = -x[..., 1:] / x[..., :1]
    n = x.shape[-1] - 1
    rest = broadcast_to(eye(n - 1, n, dtype=first.dtype), (*x.shape[:-1], n - 1, n))
    return concatenate([first[..., None, :], rest], -2)


def fiedler(a: Any) -> Array:
    """Returns the symmetric matrix of distances |a[i] - a[j]|.

    Args:
        a: an array of shape (..., n).

    Returns:
        An array of shape (..., n, n).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.fiedler(jnp.array([1, 4]))
        Array([[0, 3],
               [3, 0]], dtype=int64)
    """
    x: Any = atleast_1d(operand(a, "fiedler"))
    return arithmetic.abs(x[..., :, None] - x[..., None, :])


def fiedler_companion(a: Any) -> Array:
    """Returns Fiedler's companion matrices of polynomials, which have five diagonals.

    Args:
        a: coefficients, the highest first, of shape (..., n).

    Returns:
        An array of shape (..., n - 1, n - 1).

    Raises:
        ValueError: if there are no coefficients.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.fiedler_companion(jnp.array([1.0, -3.0, 2.0]))
        Array([[ 3., -2.],
               [ 1.,  0.]], dtype=float64)
    """
    x: Any = atleast_1d(inexact("fiedler_companion", a))
    if x.shape[-1] == 0:
        raise ValueError(f"fiedler_companion takes at least one coefficient, got {x.shape}.")
    n = x.shape[-1] - 1
    found: Any = zeros((*x.shape[:-1], n, n), x.dtype)
    if n == 0:
        return found
    x = -x / x[..., :1]
    even, odd = np.arange(0, n - 2, 2), np.arange(1, n - 2, 2)
    found = found.at[..., even, even + 2].set(1).at[..., odd + 2, odd].set(1)
    found = found.at[..., 0, 0].set(x[..., 1])
    if n == 1:
        return found
    found = found.at[..., 1, 0].set(1)
    steps = np.arange(0, n - 1)
    rows, columns = (
        np.where(steps % 2 == 0, steps, steps + 1),
        np.where(steps % 2 == 0, steps + 1, steps),
    )
    keep = steps % 2 == 0
    found = found.at[..., rows[keep], columns[keep]].set(x[..., 2::2])
    return found.at[..., rows[~keep], columns[~keep]].set(x[..., 3::2])


def leslie(f: Any, s: Any) -> Array:
    """Returns the Leslie matrix of a population: how many are born and survive in a step.

    Args:
        f: births for each age, of shape (..., n), n >= 2.
        s: the share of each age but the last that survives, of shape (..., n - 1).

    Returns:
        An array of shape (..., n, n).

    Raises:
        ValueError: if shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.leslie(jnp.array([1.0, 2.0]), jnp.array([0.5]))
        Array([[1. , 2. ],
               [0.5, 0. ]], dtype=float64)
    """
    births, shares = (atleast_1d(x) for x in promote_dtypes("leslie", f, s))
    n = births.shape[-1]
    if n < 2 or shares.shape[-1] != n - 1:
        raise ValueError(
            f"leslie takes f of shape (..., n), n >= 2, and s of shape (..., n - 1); got "
            f"{births.shape} and {shares.shape}."
        )
    batch = broadcast_shapes(births.shape[:-1], shares.shape[:-1])
    top: Any = broadcast_to(births, (*batch, n))
    steps: Any = broadcast_to(shares, (*batch, n - 1))
    rest = steps[..., :, None] * eye(n - 1, n, dtype=steps.dtype)
    return concatenate([top[..., None, :], rest], -2)


def convolution_matrix(a: Any, n: int, mode: str = "full") -> Array:
    """Returns the matrix whose product with a vector is its convolution with a.

    Args:
        a: an array of shape (..., m), m >= 1.
        n: the length of the vectors.
        mode: "full", "same" or "valid", as for `numpy.convolve`.

    Returns:
        An array of shape (..., k, n), with k = m + n - 1, max(m, n) or max(m, n) - min(m, n) + 1.

    Raises:
        ValueError: if n is not positive, a is empty, or there is no such mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.convolution_matrix(jnp.array([1, 2]), 2)
        Array([[1, 0],
               [2, 1],
               [0, 2]], dtype=int64)
    """
    if n <= 0:
        raise ValueError(f"convolution_matrix: n must be a positive integer, got {n}.")
    if mode not in ("full", "same", "valid"):
        raise ValueError(
            f'convolution_matrix: mode must be "full", "same" or "valid", got {mode!r}.'
        )
    x: Any = atleast_1d(operand(a, "convolution_matrix"))
    m = x.shape[-1]
    if m == 0:
        raise ValueError(f"convolution_matrix takes at least one element, got shape {x.shape}.")
    edge = zeros((*x.shape[:-1], n - 1), x.dtype)
    line: Any = concatenate([edge, x, edge], -1)
    places = np.arange(m + n - 1)[:, None] - np.arange(n)[None, :] + n - 1
    if mode != "full":
        cut = min(n, m) - 1
        before = cut // 2 if mode == "same" else cut
        after = cut - before if mode == "same" else cut
        places = places[before : places.shape[0] - after]
    return line[..., places]


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
