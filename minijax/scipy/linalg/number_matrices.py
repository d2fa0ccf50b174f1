"""Matrices of numbers that a size alone decides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core.dtypes import float32
from minijax.core.operators import Array
from minijax.numpy.creation import array

_KINDS = ("symmetric", "lower", "upper")


def hadamard(n: int, dtype: Any = int) -> Array:
    """Returns the Hadamard matrix of Sylvester's construction: ±1, with orthogonal rows.

    Args:
        n: its size, a power of 2.
        dtype: its dtype.

    Raises:
        ValueError: if n is no power of 2.

    Example:
        >>> from minijax.scipy import linalg
        >>> linalg.hadamard(2)
        Array([[ 1,  1],
               [ 1, -1]], dtype=int64)
    """
    if n < 1 or n & (n - 1):
        raise ValueError(f"hadamard: n must be a positive power of 2, got {n}.")
    found = np.ones((1, 1), np.int64)
    while found.shape[0] < n:
        found = np.block([[found, found], [found, -found]])
    return array(found, dtype)


def helmert(n: int, full: bool = False) -> Array:
    """Returns the Helmert matrix: each row compares an element with the mean of those before.

    Args:
        n: its size.
        full: whether the row of the mean is included, as the first one.

    Returns:
        A matrix with orthonormal rows, of shape (n - 1, n), or (n, n) if `full`.

    Raises:
        ValueError: if n is not positive.

    Example:
        >>> from minijax.scipy import linalg
        >>> linalg.helmert(2).round(4)
        Array([[ 0.7071, -0.7071]], dtype=float64)
    """
    if n < 1:
        raise ValueError(f"helmert: n must be a positive integer, got {n}.")
    rows = np.tril(np.ones((n, n)), -1) - np.diag(np.arange(float(n)))
    rows[0] = 1
    sizes = np.arange(n) * np.arange(1, n + 1)
    sizes[0] = n
    found = rows / np.sqrt(sizes)[:, None]
    return array(found if full else found[1:])


def invhilbert(n: int) -> Array:
    """Returns the inverse of the Hilbert matrix, whose elements are integers.

    Example:
        >>> from minijax.scipy import linalg
        >>> linalg.invhilbert(2)
        Array([[ 4., -6.],
               [-6., 12.]], dtype=float64)
    """
    rows = [[_inverse_element(n, i, j) for j in range(1, n + 1)] for i in range(1, n + 1)]
    return array(np.array(rows, np.float64).reshape(n, n))


def _inverse_element(n: int, i: int, j: int) -> float:
    outer = math.comb(n + i - 1, n - j) * math.comb(n + j - 1, n - i)
    return float((-1) ** (i + j) * (i + j - 1) * outer * math.comb(i + j - 2, i - 1) ** 2)


def _check_kind(name: str, kind: str | None) -> str:
    kind = "symmetric" if kind is None else kind
    if kind not in _KINDS:
        raise ValueError(f"{name}: kind must be one of {', '.join(_KINDS)}, got {kind!r}.")
    return kind


def _binomials(n: int) -> Any:
    rows = [[float(math.comb(i, j)) for j in range(n)] for i in range(n)]
    return np.array(rows, np.float64).reshape(n, n)


def pascal(n: int, kind: str | None = None) -> Array:
    """Returns the Pascal matrix of binomial coefficients.

    Args:
        n: its size.
        kind: "symmetric" (also if None) for the coefficients (i + j over i), "lower" for (i over
            j), "upper" for the transpose.

    Returns:
        A float32 array of shape (n, n).

    Raises:
        ValueError: if there is no such kind.

    Example:
        >>> from minijax.scipy import linalg
        >>> linalg.pascal(3)
        Array([[1., 1., 1.],
               [1., 2., 3.],
               [1., 3., 6.]], dtype=float32)
    """
    kind = _check_kind("pascal", kind)
    lower = _binomials(n)
    rows = [[float(math.comb(i + j, i)) for j in range(n)] for i in range(n)]
    symmetric = np.array(rows, np.float64).reshape(n, n)
    return array({"symmetric": symmetric, "lower": lower, "upper": lower.T}[kind], float32)


def invpascal(n: int, kind: str | None = None) -> Array:
    """Returns the inverse of the Pascal matrix, whose elements are integers.

    Args:
        n: its size.
        kind: as for `pascal`.

    Returns:
        A float64 array of shape (n, n).

    Raises:
        ValueError: if there is no such kind.

    Example:
        >>> from minijax.scipy import linalg
        >>> linalg.invpascal(2)
        Array([[ 2., -1.],
               [-1.,  1.]], dtype=float64)
    """
    kind = _check_kind("invpascal", kind)
    # Integers of any size until the end: the sums would cancel in floats.
    lower = [[(-1) ** (i + j) * math.comb(i, j) for j in range(n)] for i in range(n)]
    if kind != "symmetric":
        found = np.array(lower, np.float64).reshape(n, n)
        return array(found if kind == "lower" else found.T)
    rows = [
        [float(sum(lower[k][i] * lower[k][j] for k in range(n))) for j in range(n)]
        for i in range(n)
    ]
    return array(np.array(rows, np.float64).reshape(n, n))
