"""The Laplace distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.operands import floating


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.laplace.logpdf(0.0)
        Array(-0.69314718, dtype=float64, weak_type=True)
    """
    x, loc, scale = floating("stats.laplace.logpdf", x, loc, scale)
    return -jnp.abs(x - loc) / scale - jnp.log(2 * scale)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.laplace.pdf(0.5)), 6)
        0.303265
    """
    return jnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.laplace.cdf(0.5)), 6)
        0.696735
    """
    x, loc, scale = floating("stats.laplace.cdf", x, loc, scale)
    z = (x - loc) / scale
    tail = 0.5 * jnp.exp(-jnp.abs(z))
    return jnp.where(z <= 0, tail, 1 - tail)


_guard_functions(globals())
