"""The Pareto distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.operands import floating


def _standard(name: str, x: Any, b: Any, loc: Any, scale: Any) -> list[Array]:
    x, b, loc, scale = floating(f"stats.pareto.{name}", x, b, loc, scale)
    z = (x - loc) / scale
    return [z < 1, jnp.where(z < 1, 1, z), b, scale]


def logpdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where to evaluate.
        b: the second shape parameter.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.stats.pareto.logpdf(1.0, 1.0)) == 0
        True
    """
    outside, z, b, scale = _standard("logpdf", x, b, loc, scale)
    return jnp.where(outside, -jnp.inf, jnp.log(b / scale) - (b + 1) * jnp.log(z))


def pdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        b: the second shape parameter.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.pareto.pdf(0.5, 3.0)), 6)
        0.0
    """
    return jnp.exp(logpdf(x, b, loc, scale))


def cdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where to evaluate.
        b: the second shape parameter.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.pareto.cdf(0.5, 3.0)), 6)
        0.0
    """
    _, z, b, _ = _standard("cdf", x, b, loc, scale)
    return -jnp.expm1(-b * jnp.log(z))


def logcdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of at most x elementwise.

    Args:
        x: where.
        b: the exponent, positive.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.pareto.logcdf(2.0, 1.0)), 4)
        -0.6931
    """
    outside, z, b, _ = _standard("logcdf", x, b, loc, scale)
    safe = jnp.where(outside, 2, z)
    return jnp.where(outside, -jnp.inf, jnp.log(-jnp.expm1(-b * jnp.log(safe))))


def sf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        b: the second shape parameter.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.pareto.sf(0.5, 3.0)), 6)
        1.0
    """
    return jnp.exp(logsf(x, b, loc, scale))


def logsf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        b: the second shape parameter.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.pareto.logsf(0.5, 3.0)), 6)
        -0.0
    """
    _, z, b, _ = _standard("logsf", x, b, loc, scale)
    return -b * jnp.log(z)


def ppf(q: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns where the probability of at most that is q, elementwise.

    Args:
        q: a probability.
        b: the second shape parameter.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.pareto.ppf(0.25, 3.0)), 6)
        1.100642
    """
    q, b, loc, scale = floating("stats.pareto.ppf", q, b, loc, scale)
    return jnp.where((q < 0) | (q > 1), jnp.nan, loc + scale * jnp.exp(-jnp.log1p(-q) / b))


_guard_functions(globals())
