"""The Poisson distribution."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating

_LARGE_MEAN = 100.0
_COUNTS = 240
# Of inverse powers of the mean, from the highest.
_ENTROPY_SERIES = (-863 / 2520, -9 / 80, -19 / 360, -1 / 24, -1 / 12)


def logpmf(k: Any, mu: Any, loc: Any = 0) -> Array:
    """Returns the logarithm of the probability of k elementwise.

    Args:
        k: a count.
        mu: the mean.
        loc: the shift.

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
    """Returns the probability of k elementwise.

    Args:
        k: a count.
        mu: the mean.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.poisson.pmf(1, 2.0)), 6)
        0.270671
    """
    return jnp.exp(logpmf(k, mu, loc))


def cdf(k: Any, mu: Any, loc: Any = 0) -> Array:
    """Returns the probability of at most k elementwise.

    Args:
        k: a count.
        mu: the mean.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.poisson.cdf(1, 2.0)), 6)
        0.406006
    """
    k, mu, loc = floating("stats.poisson.cdf", k, mu, loc)
    x = jnp.floor(k - loc)
    return jnp.where(x < 0, 0, special.gammaincc(jnp.where(x < 0, 0, x) + 1, mu))


def entropy(mu: Any, loc: Any = 0) -> Array:
    """Returns the entropy of the distribution elementwise.

    Args:
        mu: the mean; the result is NaN below 0.
        loc: for the shape of the result only: moving a distribution keeps its entropy.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.poisson.entropy(1.0)
        Array(1.30484224, dtype=float64)

    Source:
        The sum up to a mean of 100, the asymptotic series beyond: Evans and Boersma 1988.
    """
    mu, loc = floating("stats.poisson.entropy", mu, loc)
    mu = jnp.broadcast_to(mu, jnp.broadcast_shapes(mu.shape, loc.shape))
    is_large = mu > _LARGE_MEAN
    small, large = jnp.where(is_large, 1, mu), jnp.where(is_large, mu, _LARGE_MEAN)
    found = jnp.where(is_large, _asymptotic_entropy(large), _summed_entropy(small))
    return jnp.where(mu < 0, jnp.nan, found)


def _summed_entropy(mu: Array) -> Array:
    counts = jnp.arange(_COUNTS, dtype=mu.dtype)
    is_zero = jnp.equal(mu, 0)
    logarithms = logpmf(counts, jnp.where(is_zero, 1, mu)[..., None])
    return jnp.where(is_zero, 0, -jnp.sum(jnp.exp(logarithms) * logarithms, -1))


def _asymptotic_entropy(mu: Array) -> Array:
    inverse = 1 / mu
    series = 0.0 * mu
    for coefficient in _ENTROPY_SERIES:
        series = inverse * (series + coefficient)
    return 0.5 * jnp.log(2 * math.pi * math.e * mu) + series


_guard_functions(globals())
