"""A step along a direction that satisfies the strong Wolfe conditions.

Source:
    J. Nocedal, S. Wright, Numerical Optimization, 1999, algorithms 3.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from minijax import lax
from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.pytree import tree_map
from minijax.transforms.reverse import value_and_grad

DECREASE = 1e-4
CURVATURE = 0.9
_MOST_ZOOMS = 30


class Point(NamedTuple):
    """The function along a line: the step, the value, the slope, the gradient."""

    step: Any
    value: Any
    slope: Any
    gradient: Any


class Found(NamedTuple):
    """What a search returns.

    Attributes:
        point: where it ended.
        failed: whether no step satisfies the conditions.
        status: 0, 1 if an interval shrank to nothing, 3 if there were too many steps.
        evaluations: how often function and gradient were evaluated.
    """

    point: Point
    failed: Any
    status: Any
    evaluations: Any


class _Line(NamedTuple):
    """The line, and the conditions a point on it is tested for."""

    at: Callable[[Any], Point]
    start: Point

    def rises(self, point: Point) -> Array:
        """Whether the value has not decreased enough."""
        return point.value > self.start.value + DECREASE * point.step * self.start.slope

    def is_flat(self, point: Point) -> Array:
        """Whether the slope is small enough."""
        return jnp.abs(point.slope) <= -CURVATURE * self.start.slope


def _pick(chosen: Any, then: Any, otherwise: Any) -> Any:
    return tree_map(partial(jnp.where, chosen), then, otherwise)


def search(
    fun: Callable[[Any], Any],
    x: Any,
    direction: Any,
    value: Any,
    gradient: Any,
    first: Any,
    maxiter: Any,
) -> Found:
    """Looks for a step along a direction from x.

    Args:
        fun: the function.
        x, direction: arrays of shape (n,).
        value, gradient: of the function at x.
        first: the first step that is tried; every further one is twice as long.
        maxiter: how many steps are tried before an interval is found.
    """

    def at(step: Any) -> Point:
        step = jnp.asarray(step, dtype)
        value, gradient = value_and_grad(fun)(x + step.astype(direction.dtype) * direction)
        slope = jnp.real(jnp.dot(gradient, direction))
        return Point(step, value.astype(dtype), slope.astype(dtype), gradient)

    dtype = value.dtype
    slope = jnp.real(jnp.dot(gradient, direction)).astype(dtype)
    line = _Line(at, Point(jnp.zeros((), dtype), value, slope, gradient))
    return _bracket(line, jnp.asarray(first, dtype), maxiter)


class _Search(NamedTuple):
    count: Any
    previous: Point
    best: Point
    done: Any
    failed: Any
    evaluations: Any


def _bracket(line: _Line, first: Any, maxiter: Any) -> Found:
    """Takes longer and longer steps until one will do, or a good one lies between two."""

    def unfinished(state: _Search) -> Array:
        return ~state.done & ~state.failed & (state.count <= maxiter)

    def step(state: _Search) -> _Search:
        previous = state.previous
        point = line.at(jnp.where(state.count == 1, first, 2 * previous.step))
        is_above = line.rises(point) | ((point.value >= previous.value) & (state.count > 1))
        is_good = ~is_above & line.is_flat(point)
        is_past = ~is_above & ~is_good & (point.slope >= 0)
        low, high = _pick(is_above, (previous, point), (point, previous))
        inside = _zoom(line, low, high, is_above | is_past)
        is_within = is_above | is_past
        best = _pick(is_good, point, _pick(is_within, inside.best, state.best))
        return _Search(
            state.count + 1,
            point,
            best,
            is_good | is_within,
            is_within & inside.failed,
            state.evaluations + 1 + inside.count,
        )

    no = jnp.asarray(False)
    start = _Search(jnp.asarray(1), line.start, line.start, no, no, jnp.asarray(0))
    end = lax.while_loop(unfinished, step, start)
    status = jnp.where(end.failed, 1, jnp.where(end.count > maxiter, 3, 0))
    return Found(_not_tiny(end.best), end.failed | ~end.done, status, end.evaluations)


def _not_tiny(point: Point) -> Point:
    """Returns a point with a step that has an effect in a short dtype."""
    if jnp.finfo(point.step.dtype).bits == 64:
        return point
    is_tiny = jnp.abs(point.step) < 1e-8
    return point._replace(step=jnp.where(is_tiny, jnp.sign(point.step) * 1e-8, point.step))


class _Interval(NamedTuple):
    """An interval that holds a good step: its ends, the end that it lost last, the result."""

    count: Any
    low: Point
    high: Point
    lost: Point
    best: Point
    done: Any
    failed: Any


def _zoom(line: _Line, low: Point, high: Point, wanted: Any) -> _Interval:
    """Shrinks an interval until a step in it will do."""
    narrowest = 1e-10 if jnp.finfo(low.step.dtype).bits == 64 else 1e-5

    def unfinished(state: _Interval) -> Array:
        return wanted & ~state.done & ~state.failed

    def step(state: _Interval) -> _Interval:
        low, high = state.low, state.high
        width = high.step - low.step
        point = line.at(_trial(state, width))
        is_above = line.rises(point) | (point.value >= low.value)
        is_good = ~is_above & line.is_flat(point)
        turns = ~is_above & ~is_good & (point.slope * width >= 0)
        # The low end is the best point so far; the slope there leads into the interval.
        new_low = _pick(is_above, low, point)
        new_high = _pick(is_above, point, _pick(turns, low, high))
        lost = _pick(is_above | turns, high, low)
        return _Interval(
            state.count + 1,
            new_low,
            new_high,
            lost,
            _pick(is_good, point, state.best),
            is_good,
            (width <= narrowest) | (state.count + 1 >= _MOST_ZOOMS),
        )

    # A search that fails reports a full step.
    best = low._replace(step=jnp.ones_like(low.step), gradient=line.start.gradient)
    no = jnp.asarray(False)
    start = _Interval(jnp.asarray(0), low, high, high, best, no, no)
    return lax.while_loop(unfinished, step, start)


def _trial(state: _Interval, width: Any) -> Any:
    """Returns a step inside: the least of a cubic, else of a parabola, else the middle."""
    low, high = state.low, state.high
    left, right = jnp.minimum(low.step, high.step), jnp.maximum(low.step, high.step)

    def is_inside(step: Any, share: float) -> Array:
        return (step > left + share * width) & (step < right - share * width)

    cubic = _least_of_cubic(low, high, state.lost)
    parabola = low.step - low.slope / (2 * _curvature(low, high))
    middle = (low.step + high.step) / 2
    lower = jnp.where(is_inside(parabola, 0.1), parabola, middle)
    return jnp.where((state.count > 0) & is_inside(cubic, 0.2), cubic, lower)


def _curvature(low: Point, other: Point) -> Any:
    """Returns a in the parabola f + f' · t + a · t² through two points."""
    t = other.step - low.step
    return (other.value - low.value - low.slope * t) / t**2


def _least_of_cubic(low: Point, high: Point, lost: Point) -> Any:
    """Returns where the cubic through three points, with the first one's slope, is least."""
    near, far = high.step - low.step, lost.step - low.step
    a, b = _curvature(low, high), _curvature(low, lost)
    # f(t) = f + f' · t + (second + third · t) · t²
    third = (a - b) / (near - far)
    second = a - third * near
    return low.step + (jnp.sqrt(second**2 - 3 * third * low.slope) - second) / (3 * third)
