"""Functions of matrices by their Schur form: square roots, and any function of the eigenvalues."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.axes import broadcast_to
from minijax.numpy.creation import ones_like
from minijax.numpy.factorizations import adjoint
from minijax.numpy.linear import matmul
from minijax.numpy.logic import isfinite
from minijax.numpy.matrices import diagonal, eye, triu
from minijax.numpy.promotion import inexact, strong
from minijax.numpy.selection import where
from minijax.numpy.ufuncs import maximum, sqrt
from minijax.primitives import arithmetic
from minijax.primitives.control.loops import fori_loop
from minijax.primitives.identities import stop_gradient
from minijax.primitives.linalg import eig as eig_family
from minijax.primitives.linalg.matrices import check_matrices
from minijax.primitives.linalg.solve import linear_solve
from minijax.primitives.linalg.sylvester import sylvester_factored
from minijax.primitives.linalg.triangular_solve import triangular_solve
from minijax.scipy.linalg.schur_forms import complex_schur
from minijax.transforms.custom import custom_jvp
from minijax.transforms.forward import jvp


def _by_columns(t: Any, start: Any, equation: Callable[..., Any]) -> Any:
    """Finds a triangular matrix column by column, from its diagonal.

    Args:
        t: triangular matrices, of shape (..., n, n).
        start: diagonal matrices of that shape: the diagonal that is looked for.
        equation: takes the columns found, t, the column of t and the diagonal elements of t and of
            the result in it; returns the matrix and the right-hand side of the equation of what
            is above the diagonal.
    """
    n = t.shape[-1]
    if n < 2:
        return start
    places = np.arange(n)
    identity = eye(n, dtype=t.dtype)

    def step(j: Any, found: Any) -> Any:
        above: Any = places < j
        here: Any = places == j
        column = reductions.sum(where(here, t, 0), -1)
        of_t, of_result = (
            reductions.sum(where(here, diagonal(x, 0, -2, -1), 0), -1)[..., None]
            for x in (t, found)
        )
        matrix, right = equation(found, t, column, of_t, of_result)
        matrix = where(above[:, None] & above[None, :], matrix, 0)
        on_diagonal: Any = diagonal(matrix, 0, -2, -1)
        vanishes = on_diagonal == 0
        matrix = matrix + where(vanishes[..., None], identity, 0)
        right = where(above, right, 0)[..., None]
        solved = triangular_solve(matrix, right, left_side=True)
        return found + where(above[:, None] & here, solved, 0)

    return fori_loop(1, n, step, start)


def _diagonal_matrix(values: Any) -> Any:
    return values[..., :, None] * eye(values.shape[-1], dtype=values.dtype)


# -- square roots


def sqrtm(A: Any, blocksize: int = 1) -> Array:
    """Returns the principal square roots of square matrices (Björck and Hammarling 1983).

    The derivative solves Sylvester's equation with the factorisation that is there already.

    Args:
        A: an array of shape (..., n, n).
        blocksize: must be 1.

    Returns:
        Complex matrices of this shape.

    Raises:
        ValueError: if the matrices are not square, or there is another block size.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.sqrtm(jnp.array([[4.0, 0.0], [0.0, 9.0]])).real
        Array([[2., 0.],
               [0., 3.]], dtype=float64)
    """
    if blocksize > 1:
        raise ValueError(
            f"sqrtm: columns are not taken in blocks; use blocksize=1, got {blocksize}."
        )
    x = strong(inexact("sqrtm", A))
    check_matrices("sqrtm", x.aval, square=True)
    t, z = complex_schur(stop_gradient(x))
    start = _diagonal_matrix(sqrt(diagonal(t, 0, -2, -1)))
    return _sqrtm(x, _by_columns(t, start, _root_equation), z)


def _root_equation(found: Any, t: Any, column: Any, of_t: Any, of_result: Any) -> Any:
    return found + _diagonal_matrix(broadcast_to(of_result, column.shape)), column


@custom_jvp
def _sqrtm(x: Array, s: Array, z: Array) -> Array:
    return matmul(matmul(z, s), adjoint(z))


@_sqrtm.defjvp
def _sqrtm_rule(primals: Any, tangents: Any) -> Any:
    _, s, z = primals
    root: Any = _sqrtm(*primals)
    change = tangents[0].astype(root.dtype)
    return root, sylvester_factored(root, root, s, z, s, z, change)


# -- any function


def funm(A: Any, func: Callable[[Array], Array], disp: bool = True) -> Any:
    """Returns a function of a matrix, given as a function of its eigenvalues (Parlett 1976).

    Derivatives need eigenvectors that are a basis. First derivatives are exact at repeated
    eigenvalues, too; second ones are not.

    Args:
        A: a matrix of shape (n, n).
        func: takes and returns complex vectors, element by element.
        disp: whether to return the result alone.

    Returns:
        A complex matrix; with `disp=False` also an estimate of the relative error.

    Raises:
        ValueError: if A is no square matrix.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.funm(jnp.array([[4.0, 0.0], [0.0, 9.0]]), lambda w: w + 1).real
        Array([[ 5.,  0.],
               [ 0., 10.]], dtype=float64)
    """
    x = strong(inexact("funm", A))
    if x.ndim != 2 or x.shape[0] != x.shape[1]:
        raise ValueError(f"funm takes a square matrix of shape (n, n); got {x.shape}.")
    t, z = complex_schur(stop_gradient(x))
    found = _funm(func, x, t, z)
    return found if disp else (found, _error(t, found))


def _parlett_equation(found: Any, t: Any, column: Any, of_t: Any, of_result: Any) -> Any:
    product: Any = matmul(found, column[..., None])
    right = product[..., 0] - of_result * column
    return t - _diagonal_matrix(broadcast_to(of_t, column.shape)), right


@functools.partial(custom_jvp, nondiff_argnums=(0,))
def _funm(func: Callable[[Array], Array], x: Array, t: Array, z: Array) -> Array:
    values = func(diagonal(t, 0, -2, -1)).astype(t.dtype)
    found = _by_columns(t, _diagonal_matrix(values), _parlett_equation)
    return matmul(matmul(z, found), adjoint(z))


@_funm.defjvp
def _funm_rule(func: Callable[[Array], Array], primals: Any, tangents: Any) -> Any:
    # Daleckii and Krein (1965): quotients of differences, and the derivative on the diagonal.
    x, _, _ = primals
    w, v = eig_family.eig(x, compute_left_eigenvectors=False)
    seen = linear_solve(v, matmul(tangents[0].astype(v.dtype), v))
    values, slopes = jvp(func, (w,), (ones_like(w),))
    gaps: Any = w[:, None] - w[None, :]
    largest = reductions.max(arithmetic.abs(stop_gradient(w)), initial=0)
    # Here the errors of a quotient and of a mean of derivatives are about the same.
    limit = largest * float(np.finfo(w.dtype).eps) ** (1 / 3)
    is_close = arithmetic.abs(stop_gradient(gaps)) <= limit
    quotients = (values[:, None] - values[None, :]) / where(is_close, 1, gaps)
    weights = where(is_close, (slopes[:, None] + slopes[None, :]) / 2, quotients)
    inner = matmul(v, (weights * seen).astype(v.dtype))
    # inner · v⁻¹, as the solution of an equation with the transpose of v.
    change = linear_solve(v.T, inner.T).T
    return _funm(func, *primals), change


def _error(t: Any, found: Any) -> Any:
    """Returns SciPy's estimate: the smallest gap of eigenvalues decides."""
    eps = float(np.finfo(t.dtype).eps)
    w: Any = diagonal(t, 0, -2, -1)
    n = w.shape[-1]
    gaps = arithmetic.abs(w[:, None] - w[None, :])
    least: Any = reductions.min(where(np.tri(n, dtype=bool), np.inf, gaps), initial=np.inf)
    least = where(least == 0, eps, least)
    above = reductions.max(reductions.sum(arithmetic.abs(triu(t, 1)), 0), initial=0)
    error = maximum(eps, eps / least * above)
    is_lost = (~isfinite(found)).all()
    return where(is_lost, np.inf, error).astype(dtypes.real_dtype(t.dtype))
