"""The Poisson distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpmf(k: Any, mu: Any, loc: Any = 0) -> Array:
    """Returns the logarithm of the probability of k elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.poisson.logpmf(0, 2.0)
        Array(-2., dtype=float64, weak_type=True)
    """
    k, mu, loc = floating("stats.poisson.logpmf", k, mu, loc)
    x = k - loc
    possible = (x >= 0) & (jnp.round(x) == x)
    safe = jnp.where(possible, x, 0)
    found = special.xlogy(safe, mu) - special.gammaln(safe + 1) - mu
    return jnp.where(possible, found, -jnp.inf)


def pmf(k: Any, mu: Any, loc: Any = 0) -> Array:
    """Returns the probability of k elementwise."""
    return jnp.exp(logpmf(k, mu, loc))


def cdf(k: Any, mu: Any, loc: Any = 0) -> Array:
    """Returns the probability of at most k elementwise."""
    k, mu, loc = floating("stats.poisson.cdf", k, mu, loc)
    x = jnp.floor(k - loc)
    return jnp.where(x < 0, 0, special.gammaincc(jnp.where(x < 0, 0, x) + 1, mu))
