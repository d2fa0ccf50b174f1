"""The negative binomial distribution: the number of failures before the n-th success."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Array:
    """Returns the logarithm of the probability of k failures, elementwise.

    Args:
        k: how many.
        n: the number of successes.
        p: the chance of success.
        loc: is subtracted from k.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.nbinom.logpmf(0, 1.0, 0.5)
        Array(-0.69314718, dtype=float64, weak_type=True)
    """
    k, n, p, loc = floating("stats.nbinom.logpmf", k, n, p, loc)
    x = k - loc
    possible = x >= 0
    safe = jnp.where(possible, x, 0)
    ways = special.gammaln(safe + n) - special.gammaln(safe + 1) - special.gammaln(n)
    found = ways + special.xlogy(n, p) + special.xlog1py(safe, -p)
    return jnp.where(possible, found, -jnp.inf)


def pmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Array:
    """Returns the probability of k failures, elementwise.

    Args:
        k: a count.
        n: the number of trials.
        p: the probability of a success.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.nbinom.pmf(1, 4, 0.5)), 6)
        0.125
    """
    return jnp.exp(logpmf(k, n, p, loc))


_guard_functions(globals())
