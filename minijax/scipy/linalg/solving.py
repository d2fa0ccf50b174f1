"""Linear equations."""

from __future__ import annotations

from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import equations, linalg_determinants
from minijax.numpy.axes import broadcast_to
from minijax.numpy.creation import zeros
from minijax.numpy.joining import concatenate
from minijax.numpy.matrices import diagonal
from minijax.numpy.promotion import broadcast_shapes, promote_dtypes, strong
from minijax.numpy.selection import where
from minijax.primitives import arithmetic
from minijax.primitives.identities import stop_gradient
from minijax.primitives.linalg.lu import lu_pivots_to_permutation
from minijax.primitives.linalg.matrices import check_matrices
from minijax.primitives.linalg.schur import schur
from minijax.primitives.linalg.solve import solve_factored
from minijax.primitives.linalg.sylvester import sylvester_factored
from minijax.primitives.linalg.triangular_solve import triangular_solve
from minijax.scipy.linalg.factorizations import cholesky

_TRANSPOSES = {0: 0, 1: 1, 2: 2, "N": 0, "T": 1, "C": 2}


def _pair(name: str, a: Any, b: Any) -> tuple[Any, Any, bool]:
    """Returns matrices and columns with common leading axes, and whether b was a vector."""
    x, y = (strong(z) for z in promote_dtypes(name, a, b, inexact=True))
    if x.ndim < 2 or y.ndim == 0 or x.shape[-1] != y.shape[max(y.ndim - 2, 0)]:
        raise ValueError(
            f"{name} takes matrices of shape (..., n, n) and b of shape (n,) or (..., n, m); got "
            f"{x.shape} and {y.shape}."
        )
    columns: Any = y[:, None] if y.ndim == 1 else y
    batch = broadcast_shapes(x.shape[:-2], columns.shape[:-2])
    spread = [broadcast_to(z, (*batch, *z.shape[-2:])) for z in (x, columns)]
    return spread[0], spread[1], y.ndim == 1


def solve_triangular(
    a: Any,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    debug: Any = None,
    check_finite: bool = True,
) -> Array:
    """Solves op(a) · x = b for triangular matrices.

    Args:
        a: an array of shape (..., n, n).
        b: an array of shape (n,) or (..., n, m).
        trans: 0 or "N" for a, 1 or "T" for its transpose, 2 or "C" for its adjoint.
        lower: whether a is lower triangular.
        unit_diagonal: whether the diagonal of a is taken to be 1.
        overwrite_b, debug, check_finite: without effect.

    Raises:
        ValueError: if `trans` is something else, or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> a = jnp.array([[2.0, 0.0], [1.0, 4.0]])
        >>> linalg.solve_triangular(a, jnp.array([2.0, 9.0]), lower=True)
        Array([1., 2.], dtype=float64)
    """
    if trans not in _TRANSPOSES:
        raise ValueError(
            f'solve_triangular: trans must be 0, 1, 2, "N", "T" or "C", got {trans!r}.'
        )
    x, y, is_vector = _pair("solve_triangular", a, b)
    code = _TRANSPOSES[trans]
    found: Any = triangular_solve(
        x,
        y,
        left_side=True,
        lower=lower,
        transpose_a=code > 0,
        conjugate_a=code == 2,
        unit_diagonal=unit_diagonal,
    )
    return found[..., 0] if is_vector else found


def cho_solve(
    c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Array:
    """Solves a · x = b, given the Cholesky factorisation of a.

    Args:
        c_and_lower: what `cho_factor` returns.
        b: an array of shape (n,) or (..., n, m).
        overwrite_b, check_finite: without effect.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.cho_solve(linalg.cho_factor(jnp.array([[4.0]])), jnp.array([8.0]))
        Array([2.], dtype=float64)
    """
    factor, lower = c_and_lower
    first, second = (0, 2) if lower else (2, 0)
    inner = solve_triangular(factor, b, first, lower)
    return solve_triangular(factor, inner, second, lower)


def lu_solve(
    lu_and_piv: tuple[Any, Any],
    b: Any,
    trans: int = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Array:
    """Solves op(a) · x = b, given the LU factorisation of a.

    Args:
        lu_and_piv: what `lu_factor` returns.
        b: an array of shape (n,) or (..., n, m).
        trans: 0 for a, 1 for its transpose, 2 for its adjoint.
        overwrite_b, check_finite: without effect.

    Raises:
        ValueError: if `trans` is something else, or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> factored = linalg.lu_factor(jnp.array([[0.0, 2.0], [1.0, 0.0]]))
        >>> linalg.lu_solve(factored, jnp.array([2.0, 3.0]))
        Array([3., 1.], dtype=float64)
    """
    if trans not in (0, 1, 2):
        raise ValueError(f"lu_solve: trans must be 0, 1 or 2, got {trans!r}.")
    factors, pivots = lu_and_piv
    x, y, is_vector = _pair("lu_solve", factors, b)
    permutation = lu_pivots_to_permutation(pivots, x.shape[-1])
    order = broadcast_to(permutation, y.shape[:-1])
    found: Any = solve_factored(x, order, y, trans)
    return found[..., 0] if is_vector else found


def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    debug: bool = False,
    check_finite: bool = True,
    assume_a: str = "gen",
) -> Array:
    """Solves a · x = b.

    Args:
        a: an array of shape (..., n, n).
        b: an array of shape (n,) or (..., n, m).
        lower: which triangle of a to read, if `assume_a` is "pos".
        assume_a: "gen", "sym" or "her" for any matrix, "pos" for positive definite ones.
        overwrite_a, overwrite_b, debug, check_finite: without effect.

    Raises:
        ValueError: if `assume_a` is something else, or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.solve(jnp.array([[4.0]]), jnp.array([8.0]), assume_a="pos")
        Array([2.], dtype=float64)
    """
    if assume_a not in ("gen", "sym", "her", "pos"):
        raise ValueError(f'solve: assume_a must be "gen", "sym", "her" or "pos", got {assume_a!r}.')
    if assume_a != "pos":
        return equations.solve(a, b)
    return cho_solve((cholesky(a, lower), lower), b)


def solve_sylvester(A: Any, B: Any, C: Any, *, method: str = "schur", tol: float = 1e-8) -> Array:
    """Solves Sylvester's equation A · x + x · B = C.

    Args:
        A: an array of shape (..., m, m).
        B: an array of shape (..., n, n).
        C: an array of shape (..., m, n); leading axes broadcast.
        method: "schur" or "eigen"; both take Schur decompositions.
        tol: how near to zero a sum of eigenvalues of A and B makes the solution NaN.

    Returns:
        x, of shape (..., m, n).

    Raises:
        ValueError: if there is no such method, or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.solve_sylvester(2 * jnp.eye(1), 3 * jnp.eye(1), jnp.array([[10.0]]))
        Array([[2.]], dtype=float64)
    """
    if method not in ("schur", "eigen"):
        raise ValueError(f'solve_sylvester: method must be "schur" or "eigen", got {method!r}.')
    a, b, c = (strong(x) for x in promote_dtypes("solve_sylvester", A, B, C, inexact=True))
    for x, square in ((a, True), (b, True), (c, False)):
        check_matrices("solve_sylvester", x.aval, square=square)
    if c.shape[-2:] != (a.shape[-1], b.shape[-1]):
        raise ValueError(
            "solve_sylvester takes A of shape (..., m, m), B of shape (..., n, n) and C of shape "
            f"(..., m, n); got {a.shape}, {b.shape} and {c.shape}."
        )
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2], c.shape[:-2])
    a, b, c = (broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b, c))
    (r, u), (s, v) = schur(stop_gradient(a)), schur(stop_gradient(b))
    found = sylvester_factored(a, b, r, u, s, v, c)
    if not found.size:
        return found
    sums: Any = arithmetic.abs(_eigenvalues(r)[..., :, None] + _eigenvalues(s)[..., None, :])
    return where((sums.min((-2, -1)) <= tol)[..., None, None], float("nan"), found)


def _eigenvalues(t: Any) -> Any:
    """Returns the eigenvalues of a Schur form; a real one has blocks with equal diagonals."""
    values: Any = diagonal(t, 0, -2, -1)
    if dtypes.is_complex(t.dtype) or t.shape[-1] < 2:
        return values.astype(dtypes.complex_dtype(t.dtype))
    products: Any = diagonal(t, 1, -2, -1) * diagonal(t, -1, -2, -1)
    size = where(products < 0, -products, 0) ** 0.5
    edge = zeros((*size.shape[:-1], 1), size.dtype)
    imaginary = concatenate([size, edge], -1) - concatenate([edge, size], -1)
    return values + 1j * imaginary


def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """Returns the determinants of square matrices.

    Args:
        a: matrices, of shape (..., n, n).
        overwrite_a, check_finite: without effect.

    Returns:
        An array of shape (...).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.det(jnp.array([[1.0, 2.0], [3.0, 4.0]]))
        Array(-2., dtype=float64)
    """
    return linalg_determinants.det(a)


def inv(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """Returns the inverses of square matrices.

    Args:
        a: matrices, of shape (..., n, n).
        overwrite_a, check_finite: without effect.

    Returns:
        An array of the shape of `a`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.inv(jnp.array([[4.0]]))
        Array([[0.25]], dtype=float64)
    """
    return equations.inv(a)
