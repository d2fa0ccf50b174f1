"""Factorisations of matrices."""

from __future__ import annotations

from typing import Any

from minijax.core import dtypes
from minijax.core.dtypes import int64
from minijax.core.operators import Array
from minijax.numpy import factorizations
from minijax.numpy.linear import matmul
from minijax.numpy.matrices import diag, eye, tril, triu
from minijax.numpy.promotion import inexact, operand, promote_dtypes, strong
from minijax.primitives.linalg import eigh as eigh_family
from minijax.primitives.linalg import lu as lu_family
from minijax.primitives.linalg import qr as qr_family
from minijax.primitives.linalg.triangular_solve import triangular_solve


def _matrices(name: str, x: Any) -> Array:
    return strong(inexact(name, x))


def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Array:
    """Returns the Cholesky factor of Hermitian positive definite matrices.

    Args:
        a: an array of shape (..., n, n).
        lower: whether to return l with l · lᴴ = a in place of u with uᴴ · u = a; and which
            triangle of a to read.
        overwrite_a, check_finite: without effect.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.cholesky(jnp.array([[4.0, 2.0], [2.0, 10.0]]))
        Array([[2., 1.],
               [0., 3.]], dtype=float64)
    """
    x = _matrices("cholesky", a)
    read = x if lower else factorizations.adjoint(x)
    factor = factorizations.cholesky(read, symmetrize_input=False)
    return factor if lower else factorizations.adjoint(factor)


def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Array, bool]:
    """Returns the Cholesky factor as `cho_solve` takes it.

    Args:
        a, lower, overwrite_a, check_finite: as for `cholesky`.

    Returns:
        The factor, and `lower`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.cho_factor(jnp.array([[4.0]]))
        (Array([[2.]], dtype=float64), False)
    """
    return cholesky(a, lower), lower


def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Array, Array]:
    """Returns the LU factorisation as `lu_solve` takes it.

    Args:
        a: an array of shape (..., m, n).
        overwrite_a, check_finite: without effect.

    Returns:
        The factors in one array, and pivots: row i was exchanged with row pivots[i].

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.lu_factor(jnp.array([[1.0, 2.0], [4.0, 4.0]]))[1]
        Array([1, 1], dtype=int32)
    """
    factors, pivots, _ = lu_family.lu(_matrices("lu_factor", a))
    return factors, pivots


def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Array, ...]:
    """Returns the LU factorisation a = p · l · u.

    Args:
        a: an array of shape (..., m, n).
        permute_l: whether to return p · l and u.
        overwrite_a, check_finite: without effect.

    Returns:
        p of shape (..., m, m), l of shape (..., m, k) and u of shape (..., k, n), k = min(m, n).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.lu(jnp.array([[1.0, 2.0], [4.0, 4.0]]))[0]
        Array([[0., 1.],
               [1., 0.]], dtype=float64)
    """
    x = _matrices("lu", a)
    factors, _, permutation = lu_family.lu(x)
    m, n = x.shape[-2:]
    k = min(m, n)
    whole: Any = factors
    lower = tril(whole[..., :, :k], -1) + eye(m, k, dtype=x.dtype)
    upper = triu(whole[..., :k, :])
    order: Any = permutation
    places: Any = eye(m, dtype=int64).argmax(-1)
    p = (order[..., None, :] == places[..., :, None]).astype(x.dtype)
    return (matmul(p, lower), upper) if permute_l else (p, lower, upper)


def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> tuple[Array, ...]:
    """Returns the QR factorisation a = q · r, or a[..., p] = q · r.

    Args:
        a: an array of shape (..., m, n).
        mode: "full" for a square q, "economic" for min(m, n) columns, "r" for r alone.
        pivoting: whether to exchange columns so that the diagonal of r does not increase; the
            int32 indices p, of shape (..., n), are returned last then.
        overwrite_a, lwork, check_finite: without effect.

    Raises:
        ValueError: if there is no such mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.qr(jnp.array([[3.0], [4.0]]), mode="economic")[1]
        Array([[-5.]], dtype=float64)
    """
    if mode not in ("full", "economic", "r"):
        raise ValueError(f'qr: mode must be "full", "economic" or "r", got {mode!r}.')
    found = qr_family.qr(_matrices("qr", a), pivoting=pivoting, full_matrices=mode != "economic")
    return found[1:] if mode == "r" else found


def qr_multiply(
    a: Any,
    c: Any,
    mode: str = "right",
    pivoting: bool = False,
    conjugate: bool = False,
    overwrite_a: bool = False,
    overwrite_c: bool = False,
) -> tuple[Array, ...]:
    """Returns the product with the q of a QR factorisation, and r.

    Args:
        a: an array of shape (..., m, n); q has k = min(m, n) columns.
        c: an array of shape (..., k, p) or (k,) for mode "left", of shape (..., p, m) or (m,) for
            mode "right".
        mode: "left" for q · c, "right" for c · q.
        pivoting: as for `qr`.
        conjugate: whether to take the conjugate of q.
        overwrite_a, overwrite_c: without effect.

    Returns:
        The product, r, and with `pivoting` the indices of the columns.

    Raises:
        ValueError: if there is no such mode, or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.qr_multiply(jnp.array([[3.0], [4.0]]), jnp.array([3.0, 4.0]))[0]
        Array([-5.], dtype=float64)
    """
    if mode not in ("left", "right"):
        raise ValueError(f'qr_multiply: mode must be "left" or "right", got {mode!r}.')
    x, y = (strong(z) for z in promote_dtypes("qr_multiply", a, c, inexact=True))
    q, r, *order = qr_family.qr(x, pivoting=pivoting, full_matrices=False)
    q = q.conj() if conjugate else q
    is_left, is_vector = mode == "left", y.ndim == 1
    factor: Any = (y[:, None] if is_left else y[None, :]) if is_vector else y
    if (
        factor.ndim < 2
        or (factor.shape[-2] if is_left else factor.shape[-1]) != q.shape[is_left - 2]
    ):
        product = (
            f"q · c with q of shape {q.shape}" if is_left else f"c · q with q of shape {q.shape}"
        )
        raise ValueError(f"qr_multiply: {product} does not fit c of shape {y.shape}.")
    found: Any = matmul(q, factor) if is_left else matmul(factor, q)
    return (found.reshape((*found.shape[:-2], -1)) if is_vector else found), r, *order


def eigh_tridiagonal(
    d: Any,
    e: Any,
    *,
    eigvals_only: bool = False,
    select: str = "a",
    select_range: tuple[float, float] | None = None,
    tol: float | None = None,
    key: Any = None,
) -> Array | tuple[Array, Array]:
    """Returns eigenvalues and eigenvectors of a Hermitian tridiagonal matrix.

    Args:
        d: the diagonal, of shape (n,).
        e: the diagonal above it, of shape (n - 1,).
        eigvals_only: whether to return the eigenvalues alone.
        select: "a" for all of them, "i" for those of the indices in `select_range`.
        select_range: the first and the last index.
        tol, key: for compatibility; without effect.

    Returns:
        The eigenvalues, ascending, and the eigenvectors in columns.

    Raises:
        ValueError: if `select` or `select_range` or shapes do not fit.
        TypeError: if the dtypes differ, or are not inexact.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.eigh_tridiagonal(jnp.zeros(2), jnp.ones(1), eigvals_only=True)
        Array([-1.,  1.], dtype=float64)
    """
    x, y = (strong(operand(z, "eigh_tridiagonal")) for z in (d, e))
    if x.dtype != y.dtype or not dtypes.is_inexact(x.dtype):
        raise TypeError(
            f"eigh_tridiagonal takes floats of one dtype, got {x.dtype} and {y.dtype}: convert "
            "with .astype(...)."
        )
    if x.ndim != 1 or y.shape != (max(x.shape[0] - 1, 0),):
        raise ValueError(
            f"eigh_tridiagonal takes d of shape (n,) and e of shape (n - 1,); got {x.shape} and "
            f"{y.shape}."
        )
    subset = _selected(select, select_range)
    beside: Any = diag(y, 1) + diag(y.conj(), -1) if y.size else 0
    v, w = eigh_family.eigh(diag(x) + beside, subset_by_index=subset)
    return w if eigvals_only else (w, v)


def _selected(select: str, select_range: tuple[float, float] | None) -> tuple[int, int] | None:
    if select == "a":
        return None
    if select != "i":
        raise ValueError(f'eigh_tridiagonal: select must be "a" or "i", got {select!r}.')
    if select_range is None:
        raise ValueError('eigh_tridiagonal: select="i" needs select_range=(first, last).')
    return int(select_range[0]), int(select_range[1]) + 1


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Returns the singular value decomposition; `minijax.numpy.linalg.svd` says of what.

    Args:
        a: an array of shape (..., m, n).
        full_matrices: whether u and vh are square.
        compute_uv: whether u and vh are wanted.
        overwrite_a, check_finite, lapack_driver: without effect.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.svd(jnp.array([[3.0, 0.0], [0.0, 4.0]]), compute_uv=False)
        Array([4., 3.], dtype=float64)
    """
    found = factorizations.svd(a, full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


def eigh(
    a: Any,
    b: Any = None,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    turbo: bool = True,
    eigvals: None = None,
    type: int = 1,
    check_finite: bool = True,
) -> Any:
    """Returns eigenvalues and eigenvectors of Hermitian matrices: a · v = b · v · diag(w).

    Args:
        a: an array of shape (..., n, n).
        b: positive definite matrices of the same shape; None for the identity.
        lower: which triangle to read.
        eigvals_only: whether to return the eigenvalues alone.
        type: must be 1.
        overwrite_a, overwrite_b, turbo, check_finite: without effect.
        eigvals: must be None: all eigenvalues are computed.

    Returns:
        The eigenvalues, ascending, and the eigenvectors v with vᴴ · b · v the identity.

    Raises:
        ValueError: if `type` or `eigvals` ask for something else.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.eigh(jnp.array([[2.0, 0.0], [0.0, 1.0]]), eigvals_only=True)
        Array([1., 2.], dtype=float64)
    """
    if type != 1 or eigvals is not None:
        raise ValueError(f"eigh solves type 1 for all eigenvalues, got {type=} and {eigvals=}.")
    x = _matrices("eigh", a)
    triangle = "L" if lower else "U"
    if b is None and eigvals_only:
        return factorizations.eigvalsh(x, triangle, symmetrize_input=False)
    if b is None:
        w, v = factorizations.eigh(x, triangle, symmetrize_input=False)
        return w, v
    factor = cholesky(b, lower=True)
    full = _from_triangle(x, lower)
    right = triangular_solve(factor, full, lower=True, transpose_a=True, conjugate_a=True)
    inner = triangular_solve(factor, right, left_side=True, lower=True)
    w, v = factorizations.eigh(inner)
    back = {"left_side": True, "lower": True, "transpose_a": True, "conjugate_a": True}
    return w if eigvals_only else (w, triangular_solve(factor, v, **back))


def _from_triangle(x: Array, lower: bool) -> Array:
    """Returns the Hermitian matrices that one triangle tells."""
    strict = tril(x, -1) if lower else triu(x, 1)
    return (tril(x) if lower else triu(x)) + factorizations.adjoint(strict)
