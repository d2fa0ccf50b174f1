"""Gumbel's distribution of largest values."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.operands import floating


def _standard(name: str, x: Any, loc: Any, scale: Any) -> tuple[Array, Array]:
    x, loc, scale = floating(f"stats.gumbel_r.{name}", x, loc, scale)
    return (x - loc) / scale, scale


def _log_complement(logarithm: Array) -> Array:
    """Returns log(1 - e^x) for x below 0, without loss near 0 or far from it."""
    near = logarithm > -math.log(2)
    small, large = jnp.where(near, logarithm, -1), jnp.where(near, -1, logarithm)
    return jnp.where(near, jnp.log(-jnp.expm1(small)), jnp.log1p(-jnp.exp(large)))


def logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where.
        loc: the mode.
        scale: the scale.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.gumbel_r.logpdf(0.0)
        Array(-1., dtype=float64, weak_type=True)
    """
    z, scale = _standard("logpdf", x, loc, scale)
    return jnp.where(scale > 0, -z - jnp.exp(-z) - jnp.log(scale), -jnp.inf)


def pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gumbel_r.pdf(0.5)), 6)
        0.330704
    """
    return jnp.exp(logpdf(x, loc, scale))


def logcdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of at most x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gumbel_r.logcdf(0.5)), 6)
        -0.606531
    """
    z, _ = _standard("logcdf", x, loc, scale)
    return -jnp.exp(-z)


def cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gumbel_r.cdf(0.5)), 6)
        0.545239
    """
    z, _ = _standard("cdf", x, loc, scale)
    return jnp.exp(-jnp.exp(-z))


def logsf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gumbel_r.logsf(0.5)), 6)
        -0.787984
    """
    z, _ = _standard("logsf", x, loc, scale)
    return _log_complement(-jnp.exp(-z))


def sf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gumbel_r.sf(0.5)), 6)
        0.454761
    """
    z, _ = _standard("sf", x, loc, scale)
    return -jnp.expm1(-jnp.exp(-z))


def ppf(p: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns where the probability of at most that is p, elementwise.

    Args:
        p: the probability of a success.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.gumbel_r.ppf(0.5)), 6)
        0.366513
    """
    p, loc, scale = floating("stats.gumbel_r.ppf", p, loc, scale)
    return loc - scale * jnp.log(-jnp.log(p))


_guard_functions(globals())
