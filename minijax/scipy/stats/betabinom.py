"""The beta-binomial distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpmf(k: Any, n: Any, a: Any, b: Any, loc: Any = 0) -> Array:
    """Returns the logarithm of the probability of k successes in n trials, elementwise.

    Args:
        k: how many.
        n: the number of trials.
        a, b: the orders of the beta distribution of the chance of success.
        loc: is subtracted from k.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.betabinom.logpmf(1, 1, 1.0, 1.0)
        Array(-0.69314718, dtype=float64, weak_type=True)
    """
    k, n, a, b, loc = floating("stats.betabinom.logpmf", k, n, a, b, loc)
    x = k - loc
    possible = (x >= 0) & (x <= n)
    safe = jnp.where(possible, x, 0)
    rest = n - safe
    ways = -jnp.log(n + 1) - special.betaln(rest + 1, safe + 1)
    found = ways + special.betaln(safe + a, rest + b) - special.betaln(a, b)
    found = jnp.where(possible, found, -jnp.inf)
    return jnp.where((n >= 0) & (a >= 0) & (b >= 0), found, jnp.nan)


def pmf(k: Any, n: Any, a: Any, b: Any, loc: Any = 0) -> Array:
    """Returns the probability of k successes in n trials, elementwise.

    Args:
        k: numbers of successes.
        n: numbers of trials.
        a, b: positive parameters of the beta distribution that the chance of success has.
        loc: the shift of `k`.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.betabinom.pmf(1, 3, 1.0, 1.0)), 4)
        0.25
    """
    return jnp.exp(logpmf(k, n, a, b, loc))


_guard_functions(globals())
