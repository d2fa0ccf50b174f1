"""The Bernoulli distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpmf(k: Any, p: Any, loc: Any = 0) -> Array:
    """Returns the logarithm of the probability of k elementwise.

    Args:
        k: a count.
        p: the probability of a success.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.bernoulli.logpmf(1, 0.5)
        Array(-0.69314718, dtype=float64, weak_type=True)
    """
    k, p, loc = floating("stats.bernoulli.logpmf", k, p, loc)
    x = k - loc
    possible = jnp.equal(x, 0) | jnp.equal(x, 1)
    safe = jnp.where(possible, x, 0)
    found = special.xlogy(safe, p) + special.xlog1py(1 - safe, -p)
    return jnp.where(possible, found, -jnp.inf)


def pmf(k: Any, p: Any, loc: Any = 0) -> Array:
    """Returns the probability of k elementwise.

    Args:
        k: a count.
        p: the probability of a success.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.bernoulli.pmf(1, 0.5)), 6)
        0.5
    """
    return jnp.exp(logpmf(k, p, loc))


def cdf(k: Any, p: Any) -> Array:
    """Returns the probability of at most k elementwise; NaN where p is no probability.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.bernoulli.cdf(1, 0.5)), 6)
        1.0
    """
    k, p = floating("stats.bernoulli.cdf", k, p)
    found = jnp.where(k < 0, 0, jnp.where(k < 1, 1 - p, 1))
    return jnp.where(jnp.isnan(p) | (p < 0) | (p > 1), jnp.nan, found)


def ppf(q: Any, p: Any) -> Array:
    """Returns the least k whose probability of at most k is q or more, elementwise.

    Args:
        q: a probability.
        p: the probability of a success.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.bernoulli.ppf(0.25, 0.5)), 6)
        0.0
    """
    q, p = floating("stats.bernoulli.ppf", q, p)
    known = (q >= 0) & (q <= 1) & (p >= 0) & (p <= 1)
    return jnp.where(known, jnp.where(q <= 1 - p, 0.0, 1.0), jnp.nan).astype(q.dtype)


_guard_functions(globals())
