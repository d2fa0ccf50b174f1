"""The multinomial distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpmf(x: Any, n: Any, p: Any) -> Array:
    """Returns the logarithm of the probability of counts.

    Args:
        x: the counts, of shape (..., k).
        n: the number of trials, of shape (...).
        p: the chances, of shape (..., k).

    Returns:
        An array of shape (...), -inf where the counts do not add up to n.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.stats.multinomial.logpmf(jnp.array([1, 1]), 2, jnp.array([0.5, 0.5]))
        Array(-0.69314718, dtype=float64)
    """
    (p,) = floating("stats.multinomial.logpmf", p)
    x, n = (jnp.asarray(v).astype(p.dtype) for v in (x, n))
    found = special.gammaln(n + 1) + jnp.sum(special.xlogy(x, p) - special.gammaln(x + 1), -1)
    return jnp.where(jnp.equal(jnp.sum(x, -1), n), found, -jnp.inf)


def pmf(x: Any, n: Any, p: Any) -> Array:
    """Returns the probability of counts; shapes are those of `logpmf`.

    Args:
        x: counts, along the last axis.
        n: the number of trials.
        p: the probabilities, along the last axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.multinomial.pmf(jnp.array([1, 1]), 2, jnp.array([0.5, 0.5]))), 6)
        0.5
    """
    return jnp.exp(logpmf(x, n, p))


_guard_functions(globals())
