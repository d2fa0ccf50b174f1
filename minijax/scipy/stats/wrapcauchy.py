"""The Cauchy distribution wrapped around the circle."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.operands import floating


def logpdf(x: Any, c: Any) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: angles; the result is -inf outside of 0 … 2π.
        c: the concentration, between 0 and 1; the result is NaN otherwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.wrapcauchy.logpdf(0.0, 0.5)
        Array(-0.73926478, dtype=float64, weak_type=True)
    """
    x, c = floating("stats.wrapcauchy.logpdf", x, c)
    possible = (c > 0) & (c < 1)
    safe = jnp.where(possible, c, 0.5)
    size = 1 + safe * safe - 2 * safe * jnp.cos(x)
    found = jnp.log1p(-safe * safe) - math.log(2 * math.pi) - jnp.log(size)
    inside = (x >= 0) & (x <= 2 * math.pi)
    return jnp.where(possible, jnp.where(inside, found, -jnp.inf), jnp.nan)


def pdf(x: Any, c: Any) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        c: the concentration.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.wrapcauchy.pdf(0.5, 0.5)), 6)
        0.320517
    """
    return jnp.exp(logpdf(x, c))


_guard_functions(globals())
