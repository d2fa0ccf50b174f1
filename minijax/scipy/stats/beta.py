"""The beta distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def _standard(name: str, x: Any, a: Any, b: Any, loc: Any, scale: Any) -> list[Array]:
    x, a, b, loc, scale = floating(f"stats.beta.{name}", x, a, b, loc, scale)
    return [(x - loc) / scale, a, b, scale]


def logpdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where, between loc and loc + scale.
        a, b: the orders.
        loc: where the support begins.
        scale: its length.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.beta.logpdf(0.5, 2.0, 1.0)
        Array(0., dtype=float64, weak_type=True)
    """
    z, a, b, scale = _standard("logpdf", x, a, b, loc, scale)
    outside = (z < 0) | (z > 1)
    safe = jnp.where(outside, 0.5, z)
    powers = special.xlogy(a - 1, safe) + special.xlog1py(b - 1, -safe)
    return jnp.where(outside, -jnp.inf, powers - special.betaln(a, b) - jnp.log(scale))


def pdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where, between loc and loc + scale.
        a, b: positive shape parameters.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.beta.pdf(0.5, 2.0, 2.0)), 4)
        1.5
    """
    return jnp.exp(logpdf(x, a, b, loc, scale))


def cdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where, between loc and loc + scale.
        a, b: positive shape parameters.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.beta.cdf(0.5, 2.0, 1.0)), 4)
        0.25
    """
    z, a, b, _ = _standard("cdf", x, a, b, loc, scale)
    inside = (z > 0) & (z < 1)
    found = special.betainc(a, b, jnp.where(inside, z, 0.5))
    return jnp.where(inside, found, jnp.where(z <= 0, 0, jnp.where(z >= 1, 1, z)))


def logcdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of at most x elementwise.

    Args:
        x: where, between loc and loc + scale.
        a, b: positive shape parameters.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.beta.logcdf(0.5, 2.0, 2.0)), 4)
        -0.6931
    """
    z, a, b, _ = _standard("logcdf", x, a, b, loc, scale)
    inside = (z > 0) & (z < 1)
    found = jnp.log(special.betainc(a, b, jnp.where(inside, z, 0.5)))
    return jnp.where(inside, found, jnp.where(z <= 0, -jnp.inf, jnp.where(z >= 1, 0, z)))


def sf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of more than x elementwise.

    Args:
        x: where, between loc and loc + scale.
        a, b: positive shape parameters.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.beta.sf(0.5, 2.0, 1.0)), 4)
        0.75
    """
    z, a, b, _ = _standard("sf", x, a, b, loc, scale)
    inside = (z > 0) & (z < 1)
    found = special.betainc(b, a, jnp.where(inside, 1 - z, 0.5))
    return jnp.where(inside, found, jnp.where(z <= 0, 1, jnp.where(z >= 1, 0, z)))


def logsf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of more than x elementwise.

    Args:
        x: where, between loc and loc + scale.
        a, b: positive shape parameters.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.beta.logsf(0.5, 2.0, 2.0)), 4)
        -0.6931
    """
    z, a, b, _ = _standard("logsf", x, a, b, loc, scale)
    inside = (z > 0) & (z < 1)
    found = jnp.log(special.betainc(b, a, jnp.where(inside, 1 - z, 0.5)))
    return jnp.where(inside, found, jnp.where(z <= 0, 0, jnp.where(z >= 1, -jnp.inf, z)))


_guard_functions(globals())
