"""The binomial distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Array:
    """Returns the logarithm of the probability of k successes in n trials, elementwise.

    Args:
        k: a count.
        n: the number of trials.
        p: the probability of a success.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.binom.logpmf(1, 2, 0.5)
        Array(-0.69314718, dtype=float64, weak_type=True)
    """
    k, n, p, loc = floating("stats.binom.logpmf", k, n, p, loc)
    x = k - loc
    possible = (x >= 0) & (x <= n)
    safe = jnp.where(possible, x, 0)
    ways = special.gammaln(n + 1) - special.gammaln(safe + 1) - special.gammaln(n - safe + 1)
    found = ways + special.xlogy(safe, p) + special.xlog1py(n - safe, -p)
    return jnp.where(possible, found, -jnp.inf)


def pmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Array:
    """Returns the probability of k successes in n trials, elementwise.

    Args:
        k: a count.
        n: the number of trials.
        p: the probability of a success.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.binom.pmf(1, 4, 0.5)), 6)
        0.25
    """
    return jnp.exp(logpmf(k, n, p, loc))


_guard_functions(globals())
