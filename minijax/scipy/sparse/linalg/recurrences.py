"""Methods that keep a few vectors: conjugate gradients, and stabilised biconjugate gradients."""

from __future__ import annotations

from functools import partial
from typing import Any

from minijax import lax
from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.pytree import leaves, tree_map
from minijax.lax.implicit import custom_linear_solve
from minijax.scipy.sparse.linalg.operators import (
    Operator,
    System,
    inner,
    is_real,
    minus,
    plus,
    real_inner,
    system,
)
from minijax.transforms.jit import jit


def cg(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: Any = 1e-5,
    atol: Any = 0.0,
    maxiter: Any = None,
    M: Any = None,
) -> tuple[Any, None]:
    """Solves A(x) = b for a Hermitian positive definite operator by conjugate gradients.

    Derivatives follow from the equation: they are solutions of systems with the same operator.

    Args:
        A: a matrix of shape (n, n), or a function of pytrees of the structure of `b`.
        b: the right-hand side, a pytree of arrays.
        x0: where to start; by default at zero.
        tol, atol: the residual's norm shall be at most max(tol · ‖b‖, atol).
        maxiter: the largest number of steps; by default ten times the number of unknowns.
        M: an approximate inverse of A, a matrix or a function.

    Returns:
        The solution, and None in place of information on convergence.

    Raises:
        TypeError: if an operator is neither a matrix nor a function.
        ValueError: if a matrix is not square, or `x0` is not like `b`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.sparse.linalg import cg
        >>> cg(jnp.array([[4.0, 1.0], [1.0, 3.0]]), jnp.array([1.0, 2.0]))[0]
        Array([0.09090909, 0.63636364], dtype=float64)

    Source:
        M. Hestenes, E. Stiefel, Methods of conjugate gradients for solving linear systems, 1952.
    """
    given = system("cg", A, b, x0, maxiter, M)
    return _solve("cg", given, tol, atol), None


def bicgstab(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: Any = 1e-5,
    atol: Any = 0.0,
    maxiter: Any = None,
    M: Any = None,
) -> tuple[Any, None]:
    """Solves A(x) = b for any operator by stabilised biconjugate gradients.

    Args:
        A, b, x0, tol, atol, maxiter, M: as for `cg`; A need not be Hermitian.

    Returns:
        The solution, and None in place of information on convergence.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.sparse.linalg import bicgstab
        >>> bicgstab(jnp.array([[4.0, 2.0], [1.0, 3.0]]), jnp.array([1.0, 2.0]))[0]
        Array([-0.1,  0.7], dtype=float64)

    Source:
        H. van der Vorst, Bi-CGSTAB: a fast and smoothly converging variant of Bi-CG, 1992.
    """
    given = system("bicgstab", A, b, x0, maxiter, M)
    return _solve("bicgstab", given, tol, atol), None


def _solve(method: str, given: System, tol: Any, atol: Any) -> Any:
    apply = _solve_compiled if given.is_given_by_arrays else _solve_with
    return apply(
        method,
        given.operator,
        given.rhs,
        given.guess,
        given.preconditioner,
        (tol, atol, given.maxiter),
    )


def _solve_with(
    method: str, A: Operator, b: Any, x0: Any, M: Operator, limits: tuple[Any, Any, Any]
) -> Any:
    steps = _conjugate_gradients if method == "cg" else _biconjugate_gradients
    solve = partial(steps, x0=x0, M=M, limits=limits)
    # A real positive definite operator is its own transpose; a complex one is not.
    symmetric = method == "cg" and is_real(b)
    return custom_linear_solve(A, b, solve, solve, symmetric)


# Matrices are arguments of a program that is kept, whoever calls.
_solve_compiled = jit(_solve_with, static_argnums=0)


def _bound(b: Any, limits: tuple[Any, Any, Any]) -> Array:
    """Returns the square of the residual's norm at which to stop."""
    tol, atol, _ = limits
    return jnp.maximum(jnp.square(tol) * real_inner(b, b), jnp.square(atol))


def _conjugate_gradients(A: Operator, b: Any, *, x0: Any, M: Operator, limits: Any) -> Any:
    bound = _bound(b, limits)

    def unfinished(state: Any) -> Array:
        _, r, _, _, count = state
        return (real_inner(r, r) > bound) & (count < limits[2])

    def step(state: Any) -> Any:
        x, r, gamma, p, count = state
        image = A(p)
        alpha = gamma / real_inner(p, image).astype(gamma.dtype)
        x, r = plus(x, p, alpha), plus(r, image, -alpha)
        z = M(r)
        following = real_inner(r, z).astype(gamma.dtype)
        return x, r, following, plus(z, p, following / gamma), count + 1

    r = minus(b, A(x0))
    z = M(r)
    gamma = real_inner(r, z).astype(jnp.result_type(*leaves(z)))
    return lax.while_loop(unfinished, step, (x0, r, gamma, z, 0))[0]


def _biconjugate_gradients(A: Operator, b: Any, *, x0: Any, M: Operator, limits: Any) -> Any:
    bound = _bound(b, limits)

    def unfinished(state: Any) -> Array:
        _, r, *_, count = state
        # A negative count says that the recurrence has broken down.
        return (real_inner(r, r) > bound) & (count < limits[2]) & (count >= 0)

    def step(state: Any) -> Any:
        x, r, alpha, omega, rho, p, q, count = state
        new_rho = inner(shadow, r)
        beta = new_rho / rho * alpha / omega
        p = plus(r, plus(p, q, -omega), beta)
        direction = M(p)
        q = A(direction)
        alpha = new_rho / inner(shadow, q)
        s = plus(r, q, -alpha)
        is_done = real_inner(s, s) < bound
        correction = M(s)
        t = A(correction)
        omega = inner(t, s) / inner(t, t)
        half = plus(x, direction, alpha)
        x = tree_map(partial(jnp.where, is_done), half, plus(half, correction, omega))
        r = tree_map(partial(jnp.where, is_done), s, plus(s, t, -omega))
        broken = (omega == 0) | (alpha == 0) | (new_rho == 0)
        return x, r, alpha, omega, new_rho, p, q, jnp.where(broken, -1, count + 1)

    shadow = minus(b, A(x0))
    one = jnp.ones((), jnp.result_type(*leaves(b)))
    start = (x0, shadow, one, one, one, shadow, shadow, 0)
    return lax.while_loop(unfinished, step, start)[0]
