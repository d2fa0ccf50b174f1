"""The geometric distribution: the number of trials up to the first success."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpmf(k: Any, p: Any, loc: Any = 0) -> Array:
    """Returns the logarithm of the probability of k trials elementwise.

    Args:
        k: a count.
        p: the probability of a success.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.geom.logpmf(1, 0.5)
        Array(-0.69314718, dtype=float64, weak_type=True)
    """
    k, p, loc = floating("stats.geom.logpmf", k, p, loc)
    x = k - loc
    possible = x > 0
    safe = jnp.where(possible, x, 1)
    return jnp.where(possible, special.xlog1py(safe - 1, -p) + jnp.log(p), -jnp.inf)


def pmf(k: Any, p: Any, loc: Any = 0) -> Array:
    """Returns the probability of k trials elementwise.

    Args:
        k: a count.
        p: the probability of a success.
        loc: the shift.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.geom.pmf(1, 0.5)), 6)
        0.5
    """
    return jnp.exp(logpmf(k, p, loc))


_guard_functions(globals())
