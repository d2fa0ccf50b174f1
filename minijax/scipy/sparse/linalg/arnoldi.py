"""GMRES: the best solution in a Krylov space, built by Arnoldi's process."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from minijax import lax
from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.pytree import leaves
from minijax.flatten_util import ravel_pytree
from minijax.lax.implicit import custom_linear_solve
from minijax.scipy.linalg.solving import solve_triangular
from minijax.scipy.sparse.linalg.operators import Operator, system
from minijax.transforms.jit import jit

_METHODS = ("incremental", "batched")


def gmres(
    A: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: Any = 1e-5,
    atol: Any = 0.0,
    restart: int = 20,
    maxiter: Any = None,
    M: Any = None,
    solve_method: str = "batched",
) -> tuple[Any, Array]:
    """Solves A(x) = b for any operator by the generalised method of minimal residuals.

    Args:
        A, b, x0, M: as for `cg`; A need not be Hermitian.
        tol, atol: the residual's norm shall be at most max(tol · ‖b‖, atol).
        restart: the dimension of the Krylov spaces.
        maxiter: how many Krylov spaces are built at most; by default ten times the number of
            unknowns.
        solve_method: "incremental" looks at the residual after every step and stops a space early;
            "batched" builds each space to its end.

    Returns:
        The solution, and an int that is 0, or -1 if the solution is not finite.

    Raises:
        TypeError: if an operator is neither a matrix nor a function.
        ValueError: if a matrix is not square, `x0` is not like `b`, or there is no such method.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.sparse.linalg import gmres
        >>> gmres(jnp.array([[4.0, 2.0], [1.0, 3.0]]), jnp.array([1.0, 2.0]))[0]
        Array([-0.1,  0.7], dtype=float64)

    Source:
        Y. Saad, M. Schultz, GMRES: a generalized minimal residual algorithm, 1986.
    """
    if solve_method not in _METHODS:
        raise ValueError(
            f"invalid solve_method {solve_method}, must be either 'incremental' or 'batched'"
        )
    given = system("gmres", A, b, x0, maxiter, M)
    size = sum(x.size for x in leaves(given.rhs))
    plan = min(restart, size), solve_method == "incremental"
    apply = _solve_compiled if given.is_given_by_arrays else _solve_with
    limits = (tol, atol, given.maxiter)
    x = apply(plan, given.operator, given.rhs, given.guess, given.preconditioner, limits)
    is_lost = ~jnp.all(jnp.isfinite(ravel_pytree(x)[0]))
    return x, jnp.where(is_lost, -1, 0)


def _solve_with(
    plan: tuple[int, bool], A: Operator, b: Any, x0: Any, M: Operator, limits: Any
) -> Any:
    solve = partial(_restarted, x0=x0, M=M, plan=plan, limits=limits)
    return custom_linear_solve(A, b, solve, solve)


_solve_compiled = jit(_solve_with, static_argnums=0)


def _restarted(
    A: Operator, b: Any, *, x0: Any, M: Operator, plan: tuple[int, bool], limits: Any
) -> Any:
    """Builds Krylov spaces, each from where the one before has ended."""
    start, unravel = ravel_pytree(x0)
    tol, atol, maxiter = limits

    def residual(x: Any) -> Any:
        image = A(unravel(x))
        return ravel_pytree(M(_difference(b, image)))[0]

    def product(x: Any) -> Any:
        return ravel_pytree(M(A(unravel(x))))[0]

    size = jnp.linalg.norm(ravel_pytree(b)[0])
    bound = jnp.maximum(tol * size, atol)
    inner_bound = jnp.linalg.norm(ravel_pytree(M(b))[0]) * jnp.minimum(1.0, bound / size)

    def unfinished(state: Any) -> Array:
        _, r, count = state
        return (count < maxiter) & (jnp.linalg.norm(r) > bound)

    def step(state: Any) -> Any:
        x, r, count = state
        # A space that is not looked at while it grows ends only where it cannot grow.
        x = x + _correction(product, r, plan[0], inner_bound if plan[1] else 0.0)
        return x, residual(x), count + 1

    return unravel(lax.while_loop(unfinished, step, (start, residual(start), 0))[0])


def _difference(x: Any, y: Any) -> Any:
    first, unravel = ravel_pytree(x)
    return unravel(first - ravel_pytree(y)[0].astype(first.dtype))


class _Space(NamedTuple):
    """A Krylov space under construction.

    Attributes:
        count: how many vectors have been added.
        error: the norm of the best residual in it.
        basis: its orthonormal vectors are rows, zero where there is none yet; (m + 1, n).
        triangle: the columns of R in the QR factorization of the Hessenberg matrix, as rows.
        rotations: the Givens rotations of that factorization, (m, 2).
        target: the first unit vector times the residual's norm, rotated.
    """

    count: Any
    error: Any
    basis: Any
    triangle: Any
    rotations: Any
    target: Any


def _correction(product: Any, r: Any, size: int, bound: Any) -> Any:
    """Returns what of a Krylov space of a residual solves for the residual best."""
    norm = jnp.linalg.norm(r)
    first = jnp.where(norm > 0, r / norm, 0)
    start = _Space(
        0,
        norm,
        jnp.zeros((size + 1, r.size), r.dtype).at[0].set(first),
        jnp.eye(size, size + 1, dtype=r.dtype),
        jnp.zeros((size, 2), r.dtype),
        jnp.zeros(size + 1, r.dtype).at[0].set(norm.astype(r.dtype)),
    )
    space = lax.while_loop(
        lambda space: (space.count < size) & (space.error > bound), partial(_grow, product), start
    )
    # Rows that no step has reached are those of the identity, and count for nothing.
    reached = jnp.arange(size) < space.count
    target = jnp.where(reached, space.target[:-1], 0)
    weights = solve_triangular(space.triangle[:, :-1].T, target)
    return weights @ space.basis[:-1]


def _grow(product: Any, space: _Space) -> _Space:
    """Adds one orthonormal vector, and factorizes what it adds to the Hessenberg matrix."""
    count, _, basis, triangle, rotations, target = space
    vector = product(basis[count])
    full = jnp.linalg.norm(vector)
    # Orthogonalizing twice is enough to be orthogonal to rounding.
    column = basis.conj() @ vector
    vector = vector - column @ basis
    again = basis.conj() @ vector
    vector = vector - again @ basis
    rest = jnp.linalg.norm(vector)
    is_new = rest > jnp.finfo(basis.dtype).eps * full
    basis = basis.at[count + 1].set(jnp.where(is_new, vector / jnp.where(is_new, rest, 1), 0))
    column = (column + again).at[count + 1].set(jnp.where(is_new, rest, 0).astype(basis.dtype))
    column = lax.fori_loop(0, count, lambda i, c: _rotated(c, i, rotations[i]), column)
    rotation = _rotation(column[count], column[count + 1])
    column = _rotated(column, count, rotation)
    target = _rotated(target, count, rotation)
    # The space cannot grow any more where no direction is left.
    error = jnp.where(is_new, jnp.abs(target[count + 1]), 0.0)
    return _Space(
        count + 1,
        error,
        basis,
        triangle.at[count].set(column),
        rotations.at[count].set(rotation),
        target,
    )


def _rotation(a: Any, b: Any) -> Any:
    """Returns (c, s) with -conj(s) · a + conj(c) · b = 0, of norm 1."""
    size: Any = jnp.sqrt(jnp.abs(a) ** 2 + jnp.abs(b) ** 2)
    is_zero = size == 0
    safe = jnp.where(is_zero, 1, size).astype(a.dtype)
    return jnp.stack([jnp.where(is_zero, 1, a / safe), jnp.where(is_zero, 0, b / safe)])


def _rotated(vector: Any, at: Any, rotation: Any) -> Any:
    """Returns a vector with two neighbours rotated."""
    c, s = rotation
    x, y = vector[at], vector[at + 1]
    vector = vector.at[at].set(c.conj() * x + s.conj() * y)
    return vector.at[at + 1].set(c * y - s * x)
