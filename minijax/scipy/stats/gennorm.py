"""The generalized normal distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def _power(x: Array, beta: Array) -> Array:
    """Returns |x|^β, whose derivative at 0 is 0."""
    is_zero = jnp.equal(x, 0)
    return jnp.where(is_zero, 0, jnp.abs(jnp.where(is_zero, 1, x)) ** beta)


def logpdf(x: Any, beta: Any) -> Array:
    """Returns the logarithm of the density, which falls like e^(-|x|^β), elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.gennorm.logpdf(0.0, 1.0)
        Array(-0.69314718, dtype=float64, weak_type=True)

    Args:
        x: where.
        beta: the exponent β, positive: 1 for Laplace's distribution, 2 for a normal one.
    """
    x, beta = floating("stats.gennorm.logpdf", x, beta)
    return jnp.log(0.5 * beta) - special.gammaln(1 / beta) - _power(x, beta)


def pdf(x: Any, beta: Any) -> Array:
    """Returns the density elementwise.

    Args:
        x: where.
        beta: the exponent β, positive: 1 for Laplace's distribution, 2 for a normal one.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gennorm.pdf(0.0, 1.0)), 4)
        0.5
    """
    return jnp.exp(logpdf(x, beta))


def cdf(x: Any, beta: Any) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where.
        beta: the exponent β, positive: 1 for Laplace's distribution, 2 for a normal one.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gennorm.cdf(0.0, 2.0)), 4)
        0.5
    """
    x, beta = floating("stats.gennorm.cdf", x, beta)
    is_zero = jnp.equal(x, 0)
    safe = jnp.where(is_zero, 1, x)
    order, place = 1 / beta, jnp.abs(safe) ** beta
    below = 0.5 * special.gammaincc(order, place)
    found = jnp.where(safe < 0, below, 0.5 + 0.5 * special.gammainc(order, place))
    # At 0 the power has no derivative, but the distribution function has.
    return jnp.where(is_zero, 0.5 + x * jnp.exp(logpdf(jnp.zeros_like(x), beta)), found)


_guard_functions(globals())
