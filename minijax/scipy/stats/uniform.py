"""The uniform distribution between loc and loc + scale."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.operands import floating


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.stats.uniform.logpdf(0.5)) == 0
        True
    """
    x, loc, scale = floating("stats.uniform.logpdf", x, loc, scale)
    outside = (x > loc + scale) | (x < loc)
    return jnp.where(outside, -jnp.inf, -jnp.log(scale))


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.uniform.pdf(0.5)), 6)
        1.0
    """
    return jnp.exp(logpdf(x, loc, scale))


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.uniform.cdf(0.5)), 6)
        0.5
    """
    x, loc, scale = floating("stats.uniform.cdf", x, loc, scale)
    return jnp.where(x <= loc, 0, jnp.where(x >= loc + scale, 1, (x - loc) / scale))


def ppf(q: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns where the probability of at most that is q, elementwise; NaN outside of 0 … 1.

    Args:
        q: a probability.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.uniform.ppf(0.25)), 6)
        0.25
    """
    q, loc, scale = floating("stats.uniform.ppf", q, loc, scale)
    return jnp.where((q < 0) | (q > 1), jnp.nan, q * scale + loc)


_guard_functions(globals())
