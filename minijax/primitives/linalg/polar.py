"""The polar decomposition a = u · h."""

from __future__ import annotations

from typing import Any

from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import bool_, int64
from minijax.core.operators import Array
from minijax.primitives.arithmetic import add, mul, sub
from minijax.primitives.broadcast import full
from minijax.primitives.compare import lt, select_n
from minijax.primitives.convert import convert_element_type
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.families import scalar_like
from minijax.primitives.linalg.composed import composed
from minijax.primitives.linalg.matrices import (
    adjoint,
    as_dtype,
    check_matrices,
    eye,
    matmul,
    rows_of,
    symmetrized,
)
from minijax.primitives.linalg.solve import linear_solve
from minijax.primitives.linalg.svd import svd
from minijax.primitives.linalg.sylvester import sylvester_factored


def _check(a: ShapedArray) -> None:
    check_matrices("polar", a)
    if a.shape[-2] < a.shape[-1]:
        raise ValueError(f"polar takes matrices of shape (..., m, n), m >= n; got {a.shape}.")


def _values(a: Any) -> Any:
    """Returns u and h, and the eigenvectors v and eigenvalues s of h."""
    found: Any = svd(a, full_matrices=False)
    left, s, vh = found
    v = adjoint(vh)
    values = rows_of(as_dtype(s, vh.dtype), vh.shape[-1])
    return matmul(left, vh), symmetrized(matmul(v, mul(values, vh))), v, s


def _jvp(primals: Any, tangents: Any) -> Any:
    # From a = u · h: uᴴ · a' = w · h + h', with uᴴ · u' = w skew and h' Hermitian, so that
    # h · w + w · h is twice the skew part. h has its own eigenvectors for a Schur decomposition.
    outs = polar_p.bind(*primals)
    u, h, v, s = outs
    (t,) = tangents
    zeros = tuple(Zero(x.aval.tangent()) for x in outs)
    if type(t) is Zero:
        return outs, zeros
    seen = matmul(adjoint(u), t)
    r = mul(eye(h.shape, h.dtype), rows_of(as_dtype(s, h.dtype), h.shape[-1]))
    turn = sylvester_factored(h, h, r, v, r, v, sub(seen, adjoint(seen)))
    u_dot = matmul(u, turn)
    if u.shape[-2] > u.shape[-1]:
        outside = sub(t, matmul(u, seen))
        u_dot = add(u_dot, adjoint(linear_solve(h, adjoint(outside))))
    return outs, (u_dot, sub(seen, matmul(turn, h)), *zeros[2:])


polar_p = composed("polar", _values, _check, _jvp)


def polar_factors(a: Any) -> tuple[Array, Array]:
    """Returns the polar decomposition a = u · h, with a positive semidefinite h.

    Derivatives of all orders are exact wherever a has full rank.

    Args:
        a: an array of shape (..., m, n).

    Returns:
        u of shape (..., m, n) with orthonormal columns (rows if m < n), h of shape (..., n, n).
    """
    if aval_of(a).shape[-2] >= aval_of(a).shape[-1]:
        u, h, _, _ = polar_p.bind(a)
        return u, h
    wide, p, _, _ = polar_p.bind(adjoint(a))
    return adjoint(wide), matmul(wide, p, adjoint(wide))


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
