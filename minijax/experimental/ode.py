"""Ordinary differential equations by an adaptive Runge-Kutta method.

Source:
    J. Dormand, P. Prince, A family of embedded Runge-Kutta formulae, 1980; the interpolant from
    L. Shampine, Some practical Runge-Kutta formulas, 1986; the first step and the control of the
    step size from E. Hairer, S. Nørsett, G. Wanner, Solving Ordinary Differential Equations I.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minijax import lax
from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.operators import Array
from minijax.core.pytree import flatten, unflatten
from minijax.core.source import api_boundary
from minijax.flatten_util import ravel_pytree
from minijax.transforms.arguments import flatten_arrays
from minijax.transforms.batching import vmap
from minijax.transforms.custom import custom_vjp
from minijax.transforms.reverse import vjp
from minijax.transforms.staging import closure_convert

Field = Callable[[Any, Any], Any]

# Row i: what the slopes so far count for in the state at which slope i + 1 is taken.
_STAGES = np.zeros((6, 7))
_STAGES[0, :1] = 1 / 5
_STAGES[1, :2] = 3 / 40, 9 / 40
_STAGES[2, :3] = 44 / 45, -56 / 15, 32 / 9
_STAGES[3, :4] = 19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729
_STAGES[4, :5] = 9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656
_STAGES[5, :6] = 35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84
_TIMES = np.array([1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1])
_FOURTH = np.array([1951 / 21600, 0, 22642 / 50085, 451 / 720, -12231 / 42400, 649 / 6300, 1 / 60])
_ERROR = _STAGES[5] - _FOURTH
_MIDDLE = 0.5 * np.array(
    [
        6025192743 / 30085553152,
        0,
        51252292925 / 65400821598,
        -2691868925 / 45128329728,
        187940372067 / 1594534317056,
        -1776094331 / 19743644256,
        11237099 / 235043384,
    ]
)


@dataclass(frozen=True, slots=True)
class _Control:
    """How exact the solution shall be, and how many and how long steps may be."""

    rtol: Any
    atol: Any
    mxstep: Any
    hmax: Any

    def allowed(self, size: Any) -> Any:
        return self.atol + self.rtol * size


@api_boundary
def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    *args: Any,
    rtol: Any = 1.4e-8,
    atol: Any = 1.4e-8,
    mxstep: Any = math.inf,
    hmax: Any = math.inf,
) -> Any:
    """Solves dy/dt = func(y, t, *args) from a state at the first of several times.

    Reverse mode solves the adjoint equation backwards in time, in constant memory.

    Args:
        func: returns the derivative, a pytree like `y0`.
        y0: the state at t[0], a pytree of arrays.
        t: the times, increasing, of shape (n,) and a floating dtype.
        *args: further arguments of `func`, pytrees of arrays; they are differentiated.
        rtol, atol: an error of at most atol + rtol · |y| per step is accepted.
        mxstep: the largest number of steps between two of the times.
        hmax: the largest step.

    Returns:
        The states at all times: a pytree like `y0` with a new leading axis of length n.

    Raises:
        TypeError: if an argument is no array, or `t` is not of a floating dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental.ode import odeint
        >>> decay = odeint(lambda y, t: -y, 1.0, jnp.array([0.0, 1.0]))
        >>> print(jnp.round(decay, 6))
        [1.       0.367879]

    Source:
        The adjoint: R. Chen and others, Neural ordinary differential equations, 2018, appendix C.
    """
    try:
        flatten_arrays("odeint: *args", args)
    except TypeError as error:
        raise TypeError(
            f"The contents of odeint *args must be arrays or scalars: {error}"
        ) from None
    times: Any = jnp.asarray(t)
    if not dtypes.is_float(times.dtype) or times.ndim != 1:
        raise TypeError(f"odeint: t is an array of floats of one dimension, got {t!r}.")
    start, unravel = ravel_pytree(y0)
    if not dtypes.is_inexact(start.dtype):
        raise TypeError(f"odeint: y0 must hold floating or complex numbers, got {start.dtype}.")
    converted, captured = closure_convert(func, y0, times[0], *args)
    leaves, tree = flatten((args, tuple(captured)))
    moving = tuple(dtypes.is_inexact(aval_of(x).dtype) for x in leaves)

    def field(y: Any, t: Any, free: Sequence[Any], fixed: Sequence[Any]) -> Any:
        parts = iter(free), iter(fixed)
        merged = [next(parts[0] if on else parts[1]) for on in moving]
        given, consts = unflatten(tree, merged)
        return ravel_pytree(converted(unravel(y), t, *given, *consts))[0]

    free = [x for x, on in zip(leaves, moving, strict=True) if on]
    fixed = [x for x, on in zip(leaves, moving, strict=True) if not on]
    control = _Control(rtol, atol, mxstep, hmax)
    return vmap(unravel)(_solution(field, control, start, times, free, fixed))


@partial(custom_vjp, nondiff_argnums=(0, 1))
def _solution(
    field: Callable[..., Any], control: _Control, y0: Any, times: Any, free: Any, fixed: Any
) -> Array:
    def slope(y: Any, t: Any) -> Any:
        return field(y, t, free, fixed)

    first = slope(y0, times[0])
    h = jnp.clip(_first_step(slope, control, times[0], y0, first), 0.0, control.hmax)
    state = _State(y0, first, times[0], h, times[0], jnp.stack([y0] * 5))
    _, ys = lax.scan(partial(_advance, slope, control), state, times[1:])
    return jnp.concatenate([y0[None], ys])


class _State(NamedTuple):
    """Where the solution has got to.

    Attributes:
        y, slope, t: state, derivative and time.
        h: the next step.
        last: the time at which the last accepted step began.
        fit: the coefficients of the polynomial over that step, highest power first; (5, n).
    """

    y: Any
    slope: Any
    t: Any
    h: Any
    last: Any
    fit: Any


def _advance(slope: Field, control: _Control, state: _State, target: Any) -> tuple[_State, Any]:
    """Steps until a time is passed, and returns the state at that time."""

    def unfinished(carry: Any) -> Any:
        count, state = carry
        return (state.t < target) & (count < control.mxstep) & (state.h > 0)

    def step(carry: Any) -> Any:
        count, state = carry
        return count + 1, _step(slope, control, state)

    _, state = lax.while_loop(unfinished, step, (0, state))
    share = ((target - state.last) / (state.t - state.last)).astype(state.fit.dtype)
    return state, jnp.polyval(state.fit, share)


def _step(slope: Field, control: _Control, state: _State) -> _State:
    """Tries one step; the state stays where it is if the error is too large."""
    y, h = state.y, state.h
    short = h.astype(y.dtype)
    stages, moments = jnp.asarray(_STAGES, y.dtype), jnp.asarray(_TIMES, h.dtype)

    def stage(i: Any, slopes: Any) -> Any:
        at = y + short * jnp.dot(stages[i], slopes)
        return slopes.at[i + 1].set(slope(at, state.t + h * moments[i]))

    slopes = jnp.zeros((7, *y.shape), y.dtype).at[0].set(state.slope)
    slopes = lax.fori_loop(0, 6, stage, slopes)
    end, last_slope = y + short * jnp.dot(stages[5], slopes), slopes[6]
    error = short * jnp.dot(jnp.asarray(_ERROR, y.dtype), slopes)
    allowed = control.allowed(jnp.maximum(jnp.abs(y), jnp.abs(end)))
    ratio = jnp.sqrt(jnp.mean((jnp.abs(error) / allowed) ** 2))
    middle = y + short * jnp.dot(jnp.asarray(_MIDDLE, y.dtype), slopes)
    fit = _quartic(y, middle, end, short * slopes[0], short * last_slope)
    next_h = jnp.clip(_next_step(h, ratio), 0.0, control.hmax).astype(h.dtype)
    accepted = _State(end, last_slope, state.t + h, next_h, state.t, fit)
    is_accepted = ratio <= 1
    kept = state._replace(h=next_h)
    return _State(*(jnp.where(is_accepted, a, b) for a, b in zip(accepted, kept, strict=True)))


def _quartic(start: Any, middle: Any, end: Any, rise: Any, last_rise: Any) -> Any:
    """Returns the quartic on [0, 1] through three values, with given slopes at the ends."""
    return jnp.stack(
        [
            2 * (last_rise - rise) - 8 * (start + end) + 16 * middle,
            5 * rise - 3 * last_rise + 18 * start + 14 * end - 32 * middle,
            last_rise - 4 * rise - 11 * start - 5 * end + 16 * middle,
            rise,
            start,
        ]
    )


def _next_step(h: Any, ratio: Any) -> Any:
    """Returns the step that is likely to have an error just small enough."""
    least = jnp.where(ratio < 1, 1.0, 0.2)
    safe = jnp.where(ratio == 0, 1, ratio)
    factor = jnp.minimum(10.0, jnp.maximum(0.9 * safe**-0.2, least))
    return h * jnp.where(ratio == 0, 10.0, factor)


def _first_step(slope: Field, control: _Control, t: Any, y: Any, first: Any) -> Any:
    """Returns a step over which an Euler step changes little."""
    scale = control.allowed(jnp.abs(y))
    size, speed = jnp.linalg.norm(y / scale), jnp.linalg.norm(first / scale)
    h = jnp.where((size < 1e-5) | (speed < 1e-5), 1e-6, 0.01 * size / speed)
    second = slope(y + h.astype(y.dtype) * first, t + h.astype(t.dtype))
    bend = jnp.linalg.norm((second - first) / scale) / h
    largest = jnp.maximum(speed, bend)
    still = jnp.maximum(1e-6, 1e-3 * h)
    proposed = jnp.where(largest <= 1e-15, still, (0.01 / largest) ** 0.2)
    return jnp.minimum(100 * h, proposed).astype(t.dtype)


# -- the adjoint


def _forward(
    field: Callable[..., Any], control: _Control, y0: Any, times: Any, free: Any, fixed: Any
) -> tuple[Any, Any]:
    ys = _solution(field, control, y0, times, free, fixed)
    return ys, (ys, times, free, fixed)


def _backward(field: Callable[..., Any], control: _Control, residuals: Any, ct: Any) -> Any:
    ys, times, free, fixed = residuals

    def adjoint(state: Any, minus_t: Any, free: Any) -> Any:
        y, y_bar, _, _ = state
        rate, pullback = vjp(lambda *parts: field(*parts, fixed), y, -minus_t, free)
        return -rate, *pullback(y_bar)

    def backwards(carry: Any, i: Any) -> Any:
        y_bar, start_bar, free_bar = carry
        # Moving an observation in time moves the state along the field.
        rate = field(ys[i], times[i], free, fixed)
        time_bar = jnp.real(jnp.dot(rate, ct[i])).astype(times.dtype)
        span = jnp.stack([-times[i], -times[i - 1]])
        state = (ys[i], y_bar, start_bar - time_bar, free_bar)
        found = odeint(
            adjoint,
            state,
            span,
            free,
            rtol=control.rtol,
            atol=control.atol,
            mxstep=control.mxstep,
            hmax=control.hmax,
        )
        leaves, tree = flatten(found[1:])
        y_bar, start_bar, free_bar = unflatten(tree, [x[1] for x in leaves])
        return (y_bar + ct[i - 1], start_bar, free_bar), time_bar

    zeros = [jnp.zeros_like(x) for x in free]
    start = (ct[-1], jnp.zeros((), times.dtype), zeros)
    indices = jnp.arange(len(times) - 1, 0, -1)
    (y_bar, start_bar, free_bar), time_bars = lax.scan(backwards, start, indices)
    times_bar = jnp.concatenate([start_bar[None], time_bars[::-1]])
    return y_bar, times_bar.astype(times.dtype), free_bar, None


_solution.defvjp(_forward, _backward)
