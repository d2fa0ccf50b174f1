"""minimize: least values of functions of many variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from minijax import lax
from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.scipy.optimize.limited_memory import minimize_limited
from minijax.scipy.optimize.line_search import search
from minijax.transforms.reverse import value_and_grad

_LIMITED = "l-bfgs-experimental-do-not-rely-on-this"


class OptimizeResults(NamedTuple):
    """What `minimize` returns.

    Attributes:
        x: where the function is least, of shape (n,).
        success: whether the gradient there is small enough.
        status: 0 if so, 1 after too many iterations, else why the search gave up.
        fun: the value there.
        jac: the gradient there.
        hess_inv: the approximate inverse of the Hessian there, None where there is none.
        nfev: how often the function was evaluated.
        njev: how often its gradient was.
        nit: the number of iterations.
    """

    x: Array
    success: bool | Array
    status: int | Array
    fun: Array
    jac: Array
    hess_inv: Array | None
    nfev: int | Array
    njev: int | Array
    nit: int | Array


def minimize(
    fun: Callable,
    x0: Array,
    args: tuple = (),
    *,
    method: str,
    tol: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> OptimizeResults:
    """Minimizes a function of one vector.

    Args:
        fun: `fun(x, *args)` returns a number.
        x0: where to start, of shape (n,).
        args: more arguments of `fun`.
        method: "BFGS".
        tol: kept for compatibility; see the option `gtol`.
        options: `maxiter`, `norm` (the order of the norm of the gradient), `gtol` (how small it
            shall be) and `line_search_maxiter`.

    Raises:
        TypeError: if `args` is not a tuple, or there is no such option.
        ValueError: if there is no such method.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.optimize import minimize
        >>> found = minimize(lambda x: jnp.sum((x - 1.0) ** 4), jnp.zeros(2), method="BFGS")
        >>> bool(found.success)
        True

    Source:
        J. Nocedal, S. Wright, Numerical Optimization, 1999, algorithm 6.1.
    """
    options = {} if options is None else options
    if not isinstance(args, tuple):
        raise TypeError(
            f"args argument to minijax.scipy.optimize.minimize must be a tuple, got {args!r}"
        )
    if not hasattr(x0, "shape"):
        raise TypeError(f"minimize: x0 must be an array of shape (n,), got {x0!r}.")
    x = jnp.asarray(x0)
    if x.ndim != 1:
        raise TypeError(f"minimize: x0 must be an array of shape (n,), got shape {x.shape}.")

    def of_vector(x: Any) -> Any:
        return fun(x, *args)

    if method.lower() == "bfgs":
        return _minimize_bfgs(of_vector, x, **options)
    if method.lower() == _LIMITED:
        found = minimize_limited(of_vector, x, **options)
        return OptimizeResults(
            found.x,
            found.converged & ~found.failed,
            found.status,
            found.value,
            found.gradient,
            None,
            found.evaluations,
            found.evaluations,
            found.count,
        )
    raise ValueError(f"minimize: Method {method} not recognized; there is 'BFGS'.")


class _State(NamedTuple):
    x: Any
    value: Any
    gradient: Any
    inverse: Any
    previous: Any
    count: Any
    evaluations: Any
    converged: Any
    failed: Any
    search_status: Any


def _minimize_bfgs(
    fun: Callable[[Any], Any],
    x0: Any,
    maxiter: Any = None,
    norm: Any = np.inf,
    gtol: Any = 1e-5,
    line_search_maxiter: Any = 10,
) -> OptimizeResults:
    most = 200 * x0.size if maxiter is None else maxiter

    def unfinished(state: _State) -> Array:
        return ~state.converged & ~state.failed & (state.count < most)

    def step(state: _State) -> _State:
        direction = -jnp.dot(state.inverse, state.gradient)
        slope = jnp.dot(state.gradient, direction)
        # The decrease of the step before, at the slope there is now.
        guess = 2.02 * (state.value - state.previous) / slope
        first = jnp.where(guess > 1, 1, guess)
        found = search(
            fun, state.x, direction, state.value, state.gradient, first, line_search_maxiter
        )
        moved = found.point.step.astype(direction.dtype) * direction
        gradient = found.point.gradient
        return _State(
            state.x + moved,
            found.point.value,
            gradient,
            _updated(state.inverse, moved, gradient - state.gradient),
            state.value,
            state.count + 1,
            state.evaluations + found.evaluations,
            jnp.linalg.norm(gradient, ord=norm) < gtol,
            found.failed,
            found.status,
        )

    value, gradient = value_and_grad(fun)(x0)
    start = _State(
        x0,
        value,
        gradient,
        jnp.eye(x0.size, dtype=x0.dtype),
        value + jnp.linalg.norm(gradient) / 2,
        jnp.asarray(0),
        jnp.asarray(1),
        jnp.linalg.norm(gradient, ord=norm) < gtol,
        jnp.asarray(False),
        jnp.asarray(0),
    )
    end = lax.while_loop(unfinished, step, start)
    gave_up = jnp.where(end.failed, 2 + end.search_status, -1)
    status = jnp.where(end.converged, 0, jnp.where(end.count == most, 1, gave_up))
    return OptimizeResults(
        end.x,
        end.converged & ~end.failed,
        status,
        end.value,
        end.gradient,
        end.inverse,
        end.evaluations,
        end.evaluations,
        end.count,
    )


def _updated(inverse: Any, moved: Any, change: Any) -> Any:
    """Returns the inverse Hessian that agrees with a step and the gradient's change along it."""
    rho = 1 / jnp.dot(change, moved)
    reflection = jnp.eye(moved.size, dtype=rho.dtype) - rho * jnp.outer(moved, change)
    following = reflection @ inverse @ reflection.T + rho * jnp.outer(moved, moved)
    return jnp.where(jnp.isfinite(rho), following, inverse)
