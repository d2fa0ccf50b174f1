"""The normal distribution between two bounds."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.primitives.special_integrals import log_ndtr
from minijax.scipy import special
from minijax.scipy.operands import floating
from minijax.scipy.stats import norm


def _log_difference(larger: Array, smaller: Array) -> Array:
    """Returns log(e^larger - e^smaller)."""
    is_some = larger > smaller
    gap = jnp.where(is_some, smaller, 0) - jnp.where(is_some, larger, 1)
    return jnp.where(is_some, larger + jnp.log1p(-jnp.exp(gap)), -jnp.inf)


def _log_mass(a: Array, b: Array) -> Array:
    """Returns the logarithm of the probability that a standard normal number is in a … b.

    It is a difference of two tails where both bounds are on one side, 1 minus two tails otherwise.
    """
    is_right, is_across = a > 0, (a <= 0) & (b > 0)
    low, high = jnp.where(is_right, -b, a), jnp.where(is_right, -a, b)
    low, high = jnp.where(is_across, -2, low), jnp.where(is_across, -1, high)
    tail = _log_difference(log_ndtr(high), log_ndtr(low))
    left, right = jnp.where(is_across, a, -1), jnp.where(is_across, b, 1)
    across = jnp.log1p(-special.ndtr(left) - special.ndtr(-right))
    return jnp.where(is_across, across, tail)


def _standard(
    name: str, x: Any, a: Any, b: Any, loc: Any, scale: Any
) -> tuple[Array, Array, Array, Array]:
    x, a, b, loc, scale = floating(f"stats.truncnorm.{name}", x, a, b, loc, scale)
    return (x - loc) / scale, a, b, scale


def logpdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where.
        a, b: the bounds of (x - loc) / scale; the results are NaN unless a < b.
        loc: the mean of the normal distribution.
        scale: its standard deviation.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.truncnorm.logpdf(0.0, -1.0, 1.0)
        Array(-0.53722339, dtype=float64, weak_type=True)
    """
    z, a, b, scale = _standard("logpdf", x, a, b, loc, scale)
    found = norm.logpdf(z) - jnp.log(scale) - _log_mass(a, b)
    found = jnp.where((z < a) | (z > b), -jnp.inf, found)
    return jnp.where(a >= b, jnp.nan, found)


def pdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where.
        a, b: the bounds, in standard deviations from loc.
        loc, scale: mean and standard deviation of the normal distribution that is cut.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.truncnorm.pdf(0.0, -1.0, 1.0)), 4)
        0.5844
    """
    return jnp.exp(logpdf(x, a, b, loc, scale))


def logcdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of at most x elementwise.

    Args:
        x: where.
        a, b: the bounds, in standard deviations from loc.
        loc, scale: mean and standard deviation of the normal distribution that is cut.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.truncnorm.logcdf(0.0, -1.0, 1.0)), 4)
        -0.6931
    """
    z, a, b, _ = _standard("logcdf", x, a, b, loc, scale)
    found = _log_mass(a, jnp.clip(z, a, b)) - _log_mass(a, b)
    # Near the upper bound the complement is what has digits.
    above = jnp.exp(_log_mass(jnp.clip(z, a, b), b) - _log_mass(a, b))
    found = jnp.where(found > -0.1, jnp.log1p(-jnp.where(found > -0.1, above, 0)), found)
    found = jnp.where(z <= a, -jnp.inf, jnp.where(z >= b, 0, found))
    return jnp.where((a >= b) | jnp.isnan(z), jnp.nan, found)


def cdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where.
        a, b: the bounds, in standard deviations from loc.
        loc, scale: mean and standard deviation of the normal distribution that is cut.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.truncnorm.cdf(0.0, -1.0, 1.0)), 4)
        0.5
    """
    return jnp.exp(logcdf(x, a, b, loc, scale))


def logsf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of more than x elementwise.

    Args:
        x: where.
        a, b: the bounds, in standard deviations from loc.
        loc, scale: mean and standard deviation of the normal distribution that is cut.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.truncnorm.logsf(0.0, -1.0, 1.0)), 4)
        -0.6931
    """
    # Turned around, more than x is at most -x.
    z, a, b, _ = _standard("logsf", x, a, b, loc, scale)
    return logcdf(-z, -b, -a)


def sf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of more than x elementwise.

    Args:
        x: where.
        a, b: the bounds, in standard deviations from loc.
        loc, scale: mean and standard deviation of the normal distribution that is cut.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.truncnorm.sf(2.0, -1.0, 1.0)), 4)
        0.0
    """
    return jnp.exp(logsf(x, a, b, loc, scale))


_guard_functions(globals())
