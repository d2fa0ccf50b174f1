"""Factorisations of matrices: Cholesky, QR, singular values, eigenvalues."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.axes import flip, matrix_transpose
from minijax.numpy.elementary import conjugate
from minijax.numpy.promotion import inexact, strong
from minijax.numpy.selection import where
from minijax.numpy.sorting import argsort
from minijax.numpy.taking import take_along_axis
from minijax.primitives import arithmetic
from minijax.primitives.linalg import cholesky as cholesky_family
from minijax.primitives.linalg import eig as eig_family
from minijax.primitives.linalg import eigh as eigh_family
from minijax.primitives.linalg import qr as qr_family
from minijax.primitives.linalg import svd as svd_family
from minijax.primitives.linalg.matrices import index_range
from minijax.primitives.linalg.reflections import geqrf


class QRResult(NamedTuple):
    """What `qr` returns."""

    Q: Array
    R: Array


class SVDResult(NamedTuple):
    """What `svd` returns."""

    U: Array
    S: Array
    Vh: Array


class EigResult(NamedTuple):
    """What `eig` returns."""

    eigenvalues: Array
    eigenvectors: Array


class EighResult(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Array
    eigenvectors: Array


def _matrices(name: str, x: Any) -> Array:
    return strong(inexact(name, x))


def adjoint(x: Array) -> Array:
    """Returns the conjugated transposes of matrices."""
    return conjugate(matrix_transpose(x))


def cholesky(a: Any, *, upper: bool = False, symmetrize_input: bool = True) -> Array:
    """Returns the Cholesky factor of Hermitian positive definite matrices.

    Args:
        a: an array of shape (..., n, n).
        upper: whether to return u with uᴴ · u = a in place of l with l · lᴴ = a.
        symmetrize_input: whether to take the mean of a and its adjoint first.

    Returns:
        A triangular factor, NaN where a is not positive definite.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.cholesky(jnp.array([[4.0, 2.0], [2.0, 10.0]]))
        Array([[2., 0.],
               [1., 3.]], dtype=float64)
    """
    x = _matrices("cholesky", a)
    if upper and not symmetrize_input:
        x = adjoint(x)
    factor = cholesky_family.cholesky(x, symmetrize_input=symmetrize_input)
    return adjoint(factor) if upper else factor


def qr(a: Any, mode: str = "reduced") -> Any:
    """Returns the QR factorisation a = q · r.

    Args:
        a: an array of shape (..., m, n).
        mode: "reduced" for q of shape (..., m, k) and r of shape (..., k, n), k = min(m, n);
            "complete" or "full" for a square q; "r" for r alone; "raw" for the transpose of the
            packed reflections, of shape (..., n, m), and their scales, of shape (..., k).

    Raises:
        ValueError: if there is no such mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.qr(jnp.array([[3.0], [4.0]])).R
        Array([[-5.]], dtype=float64)
    """
    if mode == "full":
        mode = "complete"
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(
            f'qr: mode must be "reduced", "complete", "full", "r" or "raw", got {mode!r}.'
        )
    x = _matrices("qr", a)
    if mode == "raw":
        packed, taus = geqrf(x)
        return QRResult(packed.mT, taus)
    q, r = qr_family.qr(x, full_matrices=mode == "complete")[:2]
    return r if mode == "r" else QRResult(q, r)


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
    subset_by_index: tuple[int, int] | None = None,
) -> Any:
    """Returns the singular value decomposition a = u · diag(s) · vh.

    Args:
        a: an array of shape (..., m, n).
        full_matrices: whether u and vh are square; else they have k = min(m, n) vectors.
        compute_uv: whether u and vh are wanted; else s is returned alone.
        hermitian: whether a is known to be Hermitian, which is faster.
        subset_by_index: a pair (start, end): only the singular values start…end-1 are returned.

    Returns:
        u of shape (..., m, k), s of shape (..., min(m, n)) in descending order, and vh of shape
        (..., k, n).

    Raises:
        ValueError: if both `full_matrices` and a subset are asked for, or the subset is no range
            of singular values.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.svd(jnp.array([[3.0, 0.0], [0.0, 4.0]])).S
        Array([4., 3.], dtype=float64)
    """
    x = _matrices("svd", a)
    if subset_by_index is None:
        return _svd(x, full_matrices, compute_uv, hermitian)
    if full_matrices:
        raise ValueError(
            "svd: full_matrices and subset_by_index cannot both be set; use full_matrices=False."
        )
    found = _svd(x, False, compute_uv, hermitian)
    s = found.S if compute_uv else found
    start, end = index_range("svd", subset_by_index, s.shape[-1])
    if not compute_uv:
        return s[..., start:end]
    return SVDResult(found.U[..., :, start:end], s[..., start:end], found.Vh[..., start:end, :])


def _svd(x: Array, full_matrices: bool, compute_uv: bool, hermitian: bool) -> Any:
    if hermitian:
        return _hermitian_svd(x, compute_uv)
    found: Any = svd_family.svd(x, full_matrices=full_matrices, compute_uv=compute_uv)
    return SVDResult(*found) if compute_uv else found


def _hermitian_svd(x: Array, compute_uv: bool) -> Any:
    v, w = eigh_family.eigh(x)
    sizes = arithmetic.abs(w)
    order = flip(argsort(sizes, axis=-1), axis=-1)
    s = take_along_axis(sizes, order, axis=-1)
    if not compute_uv:
        return s
    u = take_along_axis(v, order[..., None, :], axis=-1)
    # A negative eigenvalue is a singular value whose left vector points the other way.
    is_negative = take_along_axis(w, order, axis=-1) < 0
    left = where(is_negative[..., None, :], -u, u)
    return SVDResult(left, s, adjoint(u))


def svdvals(x: Any, /) -> Array:
    """Returns the singular values of matrices, in descending order.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.svdvals(jnp.array([[3.0, 0.0], [0.0, 4.0]]))
        Array([4., 3.], dtype=float64)
    """
    return svd(x, compute_uv=False)


def eig(a: Any) -> EigResult:
    """Returns eigenvalues and right eigenvectors of square matrices.

    Args:
        a: an array of shape (..., n, n).

    Returns:
        Complex eigenvalues of shape (..., n), in no particular order, and eigenvectors of norm 1
        in the columns of an array of shape (..., n, n).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.eig(jnp.array([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
        Array([0.+1.j, 0.-1.j], dtype=complex128)
    """
    x = _matrices("eig", a)
    return EigResult(*eig_family.eig(x, compute_left_eigenvectors=False))


def eigvals(a: Any) -> Array:
    """Returns the complex eigenvalues of square matrices, in no particular order.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.eigvals(jnp.array([[2.0, 0.0], [0.0, 1.0]]))
        Array([2.+0.j, 1.+0.j], dtype=complex128)
    """
    x = _matrices("eigvals", a)
    return eig_family.eig(x, compute_left_eigenvectors=False, compute_right_eigenvectors=False)[0]


def eigh(a: Any, UPLO: str | None = None, symmetrize_input: bool = True) -> EighResult:
    """Returns eigenvalues and eigenvectors of Hermitian matrices.

    Args:
        a: an array of shape (..., n, n).
        UPLO: which triangle to read, "L" (also if None) or "U", if the input is not symmetrised.
        symmetrize_input: whether to take the mean of a and its adjoint first.

    Returns:
        Real eigenvalues of shape (..., n), ascending, and orthonormal eigenvectors in the columns
        of an array of shape (..., n, n).

    Raises:
        ValueError: if UPLO is something else.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.eigh(jnp.array([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        Array([1., 2.], dtype=float64)
    """
    x, lower = _matrices("eigh", a), _is_lower(UPLO)
    v, w = eigh_family.eigh(x, lower=lower, symmetrize_input=symmetrize_input)
    return EighResult(w, v)


def _is_lower(triangle: str | None) -> bool:
    if triangle not in (None, "L", "U"):
        raise ValueError(f'eigh: UPLO must be "L" or "U", got {triangle!r}.')
    return triangle != "U"


def eigvalsh(a: Any, UPLO: str | None = "L", *, symmetrize_input: bool = True) -> Array:
    """Returns the real eigenvalues of Hermitian matrices, ascending.

    Args:
        a: an array of shape (..., n, n).
        UPLO: which triangle to read, "L" (also if None) or "U", if the input is not symmetrised.
        symmetrize_input: whether to take the mean of `a` and its adjoint first.

    Returns:
        Real numbers of shape (..., n).

    Raises:
        ValueError: if `UPLO` is something else.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.eigvalsh(jnp.array([[2.0, 1.0], [1.0, 2.0]])).round(6)
        Array([1., 3.], dtype=float64)
    """
    x, lower = _matrices("eigvalsh", a), _is_lower(UPLO)
    return eigh_family.eigvalsh(x, lower=lower, symmetrize_input=symmetrize_input)


def rounding(x: Array) -> float:
    """Returns the relative size below which a singular value of matrices is rounding."""
    return float(np.finfo(dtypes.real_dtype(x.dtype)).eps) * max(x.shape[-2:])
