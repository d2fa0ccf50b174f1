"""The gamma distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def _standard(name: str, x: Any, a: Any, loc: Any, scale: Any) -> tuple[Array, Array, Array]:
    x, a, loc, scale = floating(f"stats.gamma.{name}", x, a, loc, scale)
    return (x - loc) / scale, a, scale


def logpdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where.
        a: the order.
        loc: where the support begins.
        scale: the scale, the inverse of the rate.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.gamma.logpdf(2.0, 1.0)
        Array(-2., dtype=float64, weak_type=True)
    """
    z, a, scale = _standard("logpdf", x, a, loc, scale)
    safe = jnp.where(z < 0, 1, z)
    found = special.xlogy(a - 1, safe) - safe - special.gammaln(a) - jnp.log(scale)
    return jnp.where(z < 0, -jnp.inf, found)


def pdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where.
        a: the order, positive.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gamma.pdf(0.0, 1.0)), 4)
        1.0
    """
    return jnp.exp(logpdf(x, a, loc, scale))


def cdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where.
        a: the order, positive.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gamma.cdf(1.0, 1.0)), 4)
        0.6321
    """
    z, a, _ = _standard("cdf", x, a, loc, scale)
    inside = (z > 0) & (z < jnp.inf)
    found = special.gammainc(a, jnp.where(inside, z, 1))
    return jnp.where(inside, found, jnp.where(z <= 0, 0, jnp.where(z > 0, 1, z)))


def logcdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of at most x elementwise.

    Args:
        x: where.
        a: the order, positive.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gamma.logcdf(1.0, 1.0)), 4)
        -0.4587
    """
    z, a, _ = _standard("logcdf", x, a, loc, scale)
    inside = (z > 0) & (z < jnp.inf)
    found = jnp.log(special.gammainc(a, jnp.where(inside, z, 1)))
    return jnp.where(inside, found, jnp.where(z <= 0, -jnp.inf, jnp.where(z > 0, 0, z)))


def sf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of more than x elementwise.

    Args:
        x: where.
        a: the order, positive.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gamma.sf(1.0, 1.0)), 4)
        0.3679
    """
    z, a, _ = _standard("sf", x, a, loc, scale)
    inside = (z > 0) & (z < jnp.inf)
    found = special.gammaincc(a, jnp.where(inside, z, 1))
    return jnp.where(inside, found, jnp.where(z <= 0, 1, jnp.where(z > 0, 0, z)))


def logsf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of more than x elementwise.

    Args:
        x: where.
        a: the order, positive.
        loc, scale: shift and factor of the distribution.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gamma.logsf(3.0, 1.0)), 4)
        -3.0
    """
    return jnp.log(sf(x, a, loc, scale))


_guard_functions(globals())
