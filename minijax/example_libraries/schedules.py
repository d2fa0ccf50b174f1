"""Schedules: step sizes as functions of the number of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minijax import numpy as jnp

Schedule = Callable[[Any], Any]


def constant(step_size: Any) -> Schedule:
    """Returns the schedule of one step size for all steps.

    Args:
        step_size: the step size.

    Example:
        >>> constant(0.1)(1000)
        0.1
    """

    def schedule(i: Any) -> Any:
        return step_size

    return schedule


def exponential_decay(step_size: Any, decay_steps: Any, decay_rate: Any) -> Schedule:
    """Returns the schedule `step_size * decay_rate ** (i / decay_steps)`.

    Args:
        step_size: the first step size.
        decay_steps: after how many steps it has fallen by `decay_rate`.
        decay_rate: the factor.

    Example:
        >>> exponential_decay(1.0, decay_steps=10, decay_rate=0.5)(20)
        0.25
    """

    def schedule(i: Any) -> Any:
        return step_size * decay_rate ** (i / decay_steps)

    return schedule


def inverse_time_decay(
    step_size: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False
) -> Schedule:
    """Returns the schedule `step_size / (1 + decay_rate * i / decay_steps)`.

    Args:
        step_size: the first step size.
        decay_steps, decay_rate: how fast it falls.
        staircase: whether the quotient of steps is rounded down.

    Example:
        >>> inverse_time_decay(1.0, 10, 1.0)(5), float(inverse_time_decay(1.0, 10, 1.0, True)(5))
        (0.6666666666666666, 1.0)
    """
    if staircase:

        def stairs(i: Any) -> Any:
            return step_size / (1 + decay_rate * jnp.floor(i / decay_steps))

        return stairs

    def schedule(i: Any) -> Any:
        return step_size / (1 + decay_rate * i / decay_steps)

    return schedule


def polynomial_decay(
    step_size: Any, decay_steps: Any, final_step_size: Any, power: Any = 1.0
) -> Schedule:
    """Returns the schedule that falls as a power from one step size to another, and stays there.

    Args:
        step_size: the first step size.
        decay_steps: after how many steps it reaches the last one.
        final_step_size: the last one.
        power: the exponent.

    Example:
        >>> schedule = polynomial_decay(1.0, decay_steps=10, final_step_size=0.2)
        >>> [round(float(schedule(i)), 2) for i in (0, 5, 10, 20)]
        [1.0, 0.6, 0.2, 0.2]
    """

    def schedule(step_num: Any) -> Any:
        left = 1 - jnp.minimum(step_num, decay_steps) / decay_steps
        return left**power * (step_size - final_step_size) + final_step_size

    return schedule


def piecewise_constant(boundaries: Any, values: Any) -> Schedule:
    """Returns the schedule with one value up to each boundary and a last one after them.

    Args:
        boundaries: a vector of numbers of steps.
        values: a vector with one element more.

    Raises:
        ValueError: if the lengths do not fit.

    Example:
        >>> schedule = piecewise_constant([10, 20], [1.0, 0.5, 0.1])
        >>> [float(schedule(i)) for i in (10, 11, 21)]
        [1.0, 0.5, 0.1]
    """
    edges, levels = jnp.array(boundaries), jnp.array(values)
    if not edges.ndim == levels.ndim == 1:
        raise ValueError(
            "boundaries and values are sequences of numbers, got arrays of shapes "
            f"{edges.shape} and {levels.shape}."
        )
    if edges.shape[0] != levels.shape[0] - 1:
        raise ValueError(
            f"boundaries length must be one shorter than values length, got {edges.shape[0]} and "
            f"{levels.shape[0]}."
        )

    def schedule(i: Any) -> Any:
        return levels[jnp.sum(i > edges)]

    return schedule


def make_schedule(scalar_or_schedule: Any) -> Schedule:
    """Returns a schedule as it is, and a number as a constant schedule.

    Raises:
        TypeError: if it is neither.

    Example:
        >>> make_schedule(0.1)(5), make_schedule(lambda i: 1 / i)(5)
        (0.1, 0.2)
    """
    if callable(scalar_or_schedule):
        return scalar_or_schedule
    if jnp.ndim(scalar_or_schedule) == 0:
        return constant(scalar_or_schedule)
    raise TypeError(type(scalar_or_schedule))
