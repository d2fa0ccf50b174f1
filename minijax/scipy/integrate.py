"""Integrals of sampled functions, under the names of `scipy.integrate`."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    """Returns the integral along an axis by the trapezoidal rule.

    Args:
        y: the values, of shape (..., n, ...).
        x: where they were sampled; by default at distances `dx`.
        dx: the distance between samples, without `x`.
        axis: the axis to integrate along.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.integrate import trapezoid
        >>> float(trapezoid(jnp.array([0.0, 1.0, 4.0]), dx=0.5))
        1.5
    """
    return jnp.trapezoid(y, x, dx, axis)


_guard_functions(globals())
