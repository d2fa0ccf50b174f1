"""The generalized normal distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpdf(x: Any, beta: Any) -> Array:
    """Returns the logarithm of the density, which falls like e^(-|x|^β), elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.gennorm.logpdf(0.0, 1.0)
        Array(-0.69314718, dtype=float64, weak_type=True)
    """
    x, beta = floating("stats.gennorm.logpdf", x, beta)
    return jnp.log(0.5 * beta) - special.gammaln(1 / beta) - jnp.abs(x) ** beta


def pdf(x: Any, beta: Any) -> Array:
    """Returns the density elementwise."""
    return jnp.exp(logpdf(x, beta))


def cdf(x: Any, beta: Any) -> Array:
    """Returns the probability of at most x elementwise."""
    x, beta = floating("stats.gennorm.cdf", x, beta)
    return 0.5 * (1 + jnp.sign(x) * special.gammainc(1 / beta, jnp.abs(x) ** beta))
