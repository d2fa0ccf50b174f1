"""Linear equations with sparse matrices, which SciPy solves by a factorisation."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.operators import Array
from minijax.primitives.control.callback import pure_callback


def _solved(data: Any, indices: Any, pointers: Any, b: Any, *, transposed: bool) -> np.ndarray:
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import spsolve

    right = np.asarray(b)
    n = right.shape[0]
    rows = csr_matrix((np.asarray(data), np.asarray(indices), np.asarray(pointers)), shape=(n, n))
    columns = rows.T.tocsc() if transposed else rows.tocsc()
    return np.asarray(spsolve(columns, right), right.dtype)


def solve_rows(data: Any, indices: Any, pointers: Any, b: Any, transposed: bool) -> Array:
    """Solves a · x = b for a matrix by compressed rows; it has no derivative of its own.

    Args:
        data: the stored elements, float32, float64 or complex.
        indices: the column of each.
        pointers: where each row begins, and the end.
        b: a vector of the dtype of `data`.
        transposed: whether to solve aᵀ · x = b.

    Example:
        >>> import minijax.numpy as jnp
        >>> diagonal = jnp.array([2.0, 4.0])
        >>> solve_rows(diagonal, jnp.arange(2), jnp.arange(3), jnp.array([1.0, 1.0]), False)
        Array([0.5 , 0.25], dtype=float64)
    """
    solve = functools.partial(_solved, transposed=transposed)
    shape = aval_of(b)
    return pure_callback(solve, shape, data, indices, pointers, b, vmap_method="sequential")
