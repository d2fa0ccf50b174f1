"""The polar decomposition a = u · h."""

from __future__ import annotations

from typing import Any

from minijax.core.array import aval_of, to_array
from minijax.core.dtypes import bool_, int64
from minijax.core.operators import Array
from minijax.primitives.arithmetic import mul
from minijax.primitives.broadcast import full
from minijax.primitives.compare import lt, select_n
from minijax.primitives.convert import convert_element_type
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.families import scalar_like
from minijax.primitives.linalg.matrices import (
    adjoint,
    as_dtype,
    check_matrices,
    matmul,
    rows_of,
    symmetrized,
)
from minijax.primitives.linalg.svd import svd


def polar_factors(a: Any) -> tuple[Array, Array]:
    """Returns u with orthonormal columns and the positive semidefinite h, a = u · h.

    Args:
        a: an array of shape (..., m, n). If m < n, u has orthonormal rows.
    """
    found: Any = svd(a, full_matrices=False)
    left, s, vh = found
    values = rows_of(as_dtype(s, vh.dtype), vh.shape[-1])
    return matmul(left, vh), symmetrized(matmul(adjoint(vh), mul(values, vh)))


def qdwh(
    x: Any,
    *,
    is_hermitian: bool = False,
    max_iterations: int | None = None,
    eps: float | None = None,
    dynamic_shape: tuple[Any, Any] | None = None,
) -> tuple[Array, Array, Array, Array]:
    """Returns the polar decomposition x = u · h of a matrix, by its singular values.

    Args:
        x: a matrix of shape (m, n), m >= n, of full rank.
        is_hermitian, max_iterations, eps: for compatibility; without effect.
        dynamic_shape: the shape of the part of x that counts; all of x if None.

    Returns:
        u with orthonormal columns, the positive semidefinite h, the number of iterations, which is
        always 1, and whether they have converged, which is always true.

    Raises:
        ValueError: if x is no matrix, or m < n.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.qdwh(jnp.array([[-2.0]]))[:2]
        (Array([[-1.]], dtype=float64), Array([[2.]], dtype=float64))
    """
    a = to_array(x)
    check_matrices("qdwh", aval_of(a))
    if a.ndim != 2 or a.shape[0] < a.shape[1]:
        raise ValueError(f"qdwh takes a matrix of shape (m, n) with m >= n; got {a.shape}.")
    kept = None if dynamic_shape is None else _inside(a.shape, dynamic_shape)
    u, h = polar_factors(a if kept is None else _masked(a, kept))
    u = u if kept is None else _masked(u, kept)
    return u, h, full((), 1, int64), full((), True, bool_)


def _inside(shape: tuple[int, ...], sizes: tuple[Any, Any]) -> Array:
    marks = []
    for axis, size in enumerate(sizes):
        limit = full(shape, convert_element_type(size, int64), int64)
        marks.append(lt(broadcasted_iota(int64, shape, axis), limit))
    return marks[0] & marks[1]


def _masked(x: Any, kept: Any) -> Array:
    return select_n(kept, scalar_like(0, x.dtype), x)
