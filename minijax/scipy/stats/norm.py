"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def _standard(name: str, x: Any, loc: Any, scale: Any) -> tuple[Array, Array]:
    x, loc, scale = floating(f"stats.norm.{name}", x, loc, scale)
    return (x - loc) / scale, scale


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where.
        loc: the mean.
        scale: the standard deviation.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.norm.logpdf(0.0)
        Array(-0.91893853, dtype=float64, weak_type=True)
    """
    z, scale = _standard("logpdf", x, loc, scale)
    return -0.5 * z * z - _HALF_LOG_TWO_PI - jnp.log(scale)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.norm.pdf(0.5)), 6)
        0.352065
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
        >>> round(float(jsp.stats.norm.cdf(0.5)), 6)
        0.691462
    """
    return special.ndtr(_standard("cdf", x, loc, scale)[0])


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of at most x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.norm.logcdf(0.5)), 6)
        -0.368946
    """
    return special.log_ndtr(_standard("logcdf", x, loc, scale)[0])


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.norm.sf(0.5)), 6)
        0.308538
    """
    return special.ndtr(-_standard("sf", x, loc, scale)[0])


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.norm.logsf(0.5)), 6)
        -1.175912
    """
    return special.log_ndtr(-_standard("logsf", x, loc, scale)[0])


def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns where the probability of at most that is q, elementwise.

    Args:
        q: a probability.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.norm.ppf(0.25)), 6)
        -0.67449
    """
    q, loc, scale = floating("stats.norm.ppf", q, loc, scale)
    return special.ndtri(q) * scale + loc


def isf(q: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns where the probability of more than that is q, elementwise.

    Args:
        q: a probability.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.norm.isf(0.25)), 6)
        0.67449
    """
    q, loc, scale = floating("stats.norm.isf", q, loc, scale)
    return loc - special.ndtri(q) * scale


_guard_functions(globals())
