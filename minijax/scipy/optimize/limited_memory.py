"""BFGS that remembers the last steps in place of a matrix.

Source:
    J. Nocedal, S. Wright, Numerical Optimization, 1999, algorithms 7.4 and 7.5. For functions of
    complex variables: L. Sorber, M. Van Barel, L. De Lathauwer, Unconstrained optimization of real
    functions in complex variables, 2012.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minijax import lax
from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.scipy.optimize.line_search import search
from minijax.transforms.reverse import value_and_grad


class Limited(NamedTuple):
    """The state of the method.

    Attributes:
        x, value, gradient: where it is.
        steps, changes: of the last iterations the steps and the changes of the gradient, the
            newest last; (maxcor, n).
        weights: the reciprocals of their inner products; (maxcor,).
        scale: of the inverse Hessian that the updates start from.
        count, evaluations: of iterations and of the function.
        converged, failed, status: whether and why it is over.
    """

    x: Any
    value: Any
    gradient: Any
    steps: Any
    changes: Any
    weights: Any
    scale: Any
    count: Any
    evaluations: Any
    converged: Any
    failed: Any
    status: Any


def minimize_limited(
    fun: Callable[[Any], Any],
    x0: Any,
    maxiter: Any = None,
    norm: Any = np.inf,
    maxcor: int = 10,
    ftol: Any = 2.220446049250313e-09,
    gtol: Any = 1e-05,
    maxfun: Any = None,
    maxgrad: Any = None,
    maxls: Any = 20,
) -> Limited:
    """Minimizes a function of one vector.

    Args:
        fun: takes a vector, real or complex, and returns a real number.
        x0: where to start, of shape (n,).
        maxiter, maxfun, maxgrad: limits of iterations and evaluations; without any of them there
            are at most 200 n iterations.
        norm: the order of the norm of the gradient.
        maxcor: how many steps are remembered.
        ftol: it is over if the value decreases by less.
        gtol: it has succeeded if the gradient's norm is less.
        maxls: the largest number of steps tried along one direction.

    Returns:
        The last state. Its status is 0 for success, 1, 2, 3 for the limits, 4 for a small decrease
        and 5 if no step along a direction was good.
    """
    if maxiter is None and maxfun is None and maxgrad is None:
        maxiter = 200 * x0.size
    limits = [np.inf if limit is None else limit for limit in (maxiter, maxfun, maxgrad)]

    def step(state: Limited) -> Limited:
        direction = _direction(state)
        found = search(fun, state.x, direction, state.value, state.gradient, 1, maxls)
        moved = found.point.step.astype(direction.dtype) * direction
        gradient = found.point.gradient
        change = gradient - state.gradient
        curvature = jnp.real(jnp.dot(change, moved))
        status = jnp.where(state.value - found.point.value < ftol, 4, 0)
        used = (state.count, state.evaluations, state.evaluations)
        for code, (limit, reached) in reversed(
            list(enumerate(zip(limits, used, strict=True), start=1))
        ):
            status = jnp.where(reached >= limit, code, status)
        status = jnp.where(found.failed, 5, status)
        converged = jnp.linalg.norm(gradient, ord=norm) < gtol
        return Limited(
            state.x + moved,
            found.point.value,
            gradient,
            _remember(state.steps, moved),
            _remember(state.changes, change),
            _remember(state.weights, (1 / curvature).astype(state.weights.dtype)),
            curvature / jnp.real(jnp.vdot(change, change)),
            state.count + 1,
            state.evaluations + found.evaluations,
            converged,
            (status > 0) & ~converged,
            jnp.where(converged, 0, status),
        )

    return lax.while_loop(
        lambda state: ~state.converged & ~state.failed, step, _start(fun, x0, maxcor)
    )


def _start(fun: Callable[[Any], Any], x0: Any, maxcor: int) -> Limited:
    value, gradient = value_and_grad(fun)(x0)
    no, nothing = jnp.asarray(False), jnp.zeros((maxcor, x0.size), x0.dtype)
    return Limited(
        x0,
        value,
        gradient,
        nothing,
        nothing,
        jnp.zeros(maxcor, value.dtype),
        jnp.ones((), value.dtype),
        jnp.asarray(0),
        jnp.asarray(1),
        no,
        no,
        jnp.asarray(0),
    )


def _remember(history: Any, newest: Any) -> Any:
    return jnp.concatenate([history[1:], newest[None]])


def _direction(state: Limited) -> Array:
    """Returns minus the inverse Hessian times the gradient, from the remembered steps.

    A place that is still empty has weight zero, and changes nothing.
    """

    def newest_first(q: Any, place: Any) -> Any:
        step, change, weight = place
        share = weight * jnp.real(jnp.vdot(step, q))
        return q - share * jnp.conj(change), share

    def oldest_first(q: Any, place: Any) -> Any:
        step, change, weight, share = place
        again = weight * jnp.real(jnp.dot(change, q))
        return q + (share - again) * step, None

    places = (state.steps, state.changes, state.weights)
    q, shares = lax.scan(newest_first, -jnp.conj(state.gradient), places, reverse=True)
    q = state.scale * q
    return lax.scan(oldest_first, q, (*places, shares))[0]
