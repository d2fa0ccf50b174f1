"""The chi-squared distribution: a gamma distribution of order df / 2 and twice its scale."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.operands import floating
from minijax.scipy.stats import gamma


def _as_gamma(name: str, df: Any, scale: Any) -> tuple[Array, Array]:
    df, scale = floating(f"stats.chi2.{name}", df, scale)
    return df / 2, scale * 2


def logpdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where to evaluate.
        df: the degrees of freedom.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.chi2.logpdf(2.0, 2.0)
        Array(-1.69314718, dtype=float64, weak_type=True)
    """
    a, scale = _as_gamma("logpdf", df, scale)
    return gamma.logpdf(x, a, loc, scale)


def pdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        df: the degrees of freedom.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.chi2.pdf(0.5, 3.0)), 6)
        0.219696
    """
    return jnp.exp(logpdf(x, df, loc, scale))


def cdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of at most x elementwise.

    Args:
        x: where to evaluate.
        df: the degrees of freedom.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.chi2.cdf(0.5, 3.0)), 6)
        0.081109
    """
    a, scale = _as_gamma("cdf", df, scale)
    return gamma.cdf(x, a, loc, scale)


def logcdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of at most x elementwise.

    Args:
        x: where to evaluate.
        df: the degrees of freedom.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.chi2.logcdf(0.5, 3.0)), 6)
        -2.511966
    """
    a, scale = _as_gamma("logcdf", df, scale)
    return gamma.logcdf(x, a, loc, scale)


def sf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        df: the degrees of freedom.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.chi2.sf(0.5, 3.0)), 6)
        0.918891
    """
    a, scale = _as_gamma("sf", df, scale)
    return gamma.sf(x, a, loc, scale)


def logsf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the probability of more than x elementwise.

    Args:
        x: where to evaluate.
        df: the degrees of freedom.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.chi2.logsf(0.5, 3.0)), 6)
        -0.084587
    """
    return jnp.log(sf(x, df, loc, scale))


_guard_functions(globals())
