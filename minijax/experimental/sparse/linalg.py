"""Linear equations with sparse matrices."""

from __future__ import annotations

from typing import Any

import minijax.numpy as jnp
from minijax import lax
from minijax.core.operators import Array
from minijax.experimental.sparse.compressed import CSR
from minijax.primitives.linalg.sparse_solve import solve_rows


def spsolve(
    data: Any, indices: Any, indptr: Any, b: Any, tol: float = 1e-6, reorder: int = 1
) -> Array:
    """Solves a · x = b for a square matrix by compressed rows, by a sparse factorisation.

    It can be differentiated with respect to `data` and `b`, any number of times.

    Args:
        data: the stored elements of a.
        indices: the column of each.
        indptr: where each row begins, and the end.
        b: a vector.
        tol, reorder: accepted for compatibility; SciPy's factorisation chooses.

    Returns:
        The vector x.

    Raises:
        ValueError: if b is no vector of the length of a.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental.sparse import CSR
        >>> from minijax.experimental.sparse.linalg import spsolve
        >>> m = CSR.fromdense(jnp.array([[2.0, 0.0], [1.0, 4.0]]))
        >>> spsolve(m.data, m.indices, m.indptr, jnp.array([2.0, 9.0]))
        Array([1., 2.], dtype=float64)
    """
    data, indices, indptr, b = map(jnp.asarray, (data, indices, indptr, b))
    if b.ndim != 1 or indptr.shape != (b.shape[0] + 1,):
        raise ValueError(
            f"spsolve takes a vector b of the length of the matrix, got b of shape {b.shape} and "
            f"{max(indptr.shape[0] - 1, 0)} rows."
        )
    dtype = jnp.promote_types(jnp.result_type(data, b), jnp.float32)
    data, b = data.astype(dtype), b.astype(dtype)
    n = b.shape[0]

    def product(x: Array) -> Array:
        return CSR((data, indices, indptr), shape=(n, n)) @ x

    fixed = lax.stop_gradient(data)
    return lax.custom_linear_solve(
        product,
        b,
        lambda _, y: solve_rows(fixed, indices, indptr, y, False),
        lambda _, y: solve_rows(fixed, indices, indptr, y, True),
    )
