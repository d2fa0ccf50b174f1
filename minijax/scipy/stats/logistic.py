"""The logistic distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def _standard(name: str, x: Any, loc: Any, scale: Any) -> tuple[Array, Array]:
    x, loc, scale = floating(f"stats.logistic.{name}", x, loc, scale)
    return (x - loc) / scale, scale


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.logistic.logpdf(0.0)
        Array(-1.38629436, dtype=float64, weak_type=True)
    """
    z, scale = _standard("logpdf", x, loc, scale)
    return -jnp.abs(z) - 2 * jnp.log1p(jnp.exp(-jnp.abs(z))) - jnp.log(scale)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.logistic.pdf(0.5)), 6)
        0.235004
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
        >>> round(float(jsp.stats.logistic.cdf(0.5)), 6)
        0.622459
    """
    return special.expit(_standard("cdf", x, loc, scale)[0])


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.logistic.sf(0.5)), 6)
        0.377541
    """
    return special.expit(-_standard("sf", x, loc, scale)[0])


def ppf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns where the probability of at most that is x, elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.logistic.ppf(0.5)), 6)
        0.0
    """
    q, loc, scale = floating("stats.logistic.ppf", x, loc, scale)
    return special.logit(q) * scale + loc


def isf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns where the probability of more than that is x, elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.logistic.isf(0.5)), 6)
        0.0
    """
    q, loc, scale = floating("stats.logistic.isf", x, loc, scale)
    return loc - special.logit(q) * scale


_guard_functions(globals())
