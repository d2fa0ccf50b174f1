"""The error function and its relatives, the normal and the logistic distribution function."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.primitives import exponential, special, special_integrals
from minijax.scipy.operands import one
from minijax.transforms.custom import custom_jvp


def erf(x: Any) -> Array:
    """Returns the error function elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.erf(0.0))
        0.0
    """
    return special.erf(one("special.erf", x))


def erfc(x: Any) -> Array:
    """Returns 1 - erf(x) elementwise, exact for large x."""
    return special.erfc(one("special.erfc", x))


def erfinv(x: Any) -> Array:
    """Returns the inverse of `erf` elementwise; ±inf at ±1, NaN beyond."""
    return special.erf_inv(one("special.erfinv", x))


def erfcx(x: Any) -> Array:
    """Returns e^(x²) erfc(x) elementwise."""
    return special_integrals.erfcx(one("special.erfcx", x))


def dawsn(x: Any) -> Array:
    """Returns Dawson's integral elementwise: e^(-x²) times the integral of e^(t²) from 0 to x."""
    return special_integrals.dawsn(one("special.dawsn", x))


def expi(x: Any) -> Array:
    """Returns the exponential integral Ei elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.expi(1.0)
        Array(1.89511782, dtype=float64, weak_type=True)
    """
    return special_integrals.expi(one("special.expi", x))


def exp1(x: Any) -> Array:
    """Returns the exponential integral E₁ elementwise; NaN below 0."""
    return special_integrals.exp1(one("special.exp1", x))


def spence(x: Any) -> Array:
    """Returns the dilogarithm of 1 - x elementwise."""
    return special_integrals.spence(one("special.spence", x))


# -- the normal distribution


def ndtr(x: Any) -> Array:
    """Returns the normal distribution function elementwise: P(X <= x) for a standard normal X.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.ndtr(0.0))
        0.5
    """
    return 0.5 * special.erfc(one("special.ndtr", x) * -math.sqrt(0.5))


def log_ndtr(x: Any) -> Array:
    """Returns the logarithm of the normal distribution function, exact far below 0 too."""
    return special_integrals.log_ndtr(one("special.log_ndtr", x))


def ndtri(p: Any) -> Array:
    """Returns the inverse of `ndtr` elementwise; ±inf at 1 and 0, NaN beyond.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.ndtri(0.5))
        0.0
    """
    return special_integrals.ndtri(one("special.ndtri", p))


# -- the logistic distribution


def expit(x: Any) -> Array:
    """Returns 1 / (1 + e^-x) elementwise."""
    return exponential.logistic(one("special.expit", x))


@custom_jvp
def _logit(x: Any) -> Array:
    return jnp.log(x / (1 - x))


def _logit_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return _logit(x), t / (x * (1 - x))


_logit.defjvp(_logit_jvp)


def logit(x: Any) -> Array:
    """Returns log(x / (1 - x)) elementwise, the inverse of `expit`.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.logit(0.5))
        0.0
    """
    return _logit(one("special.logit", x))
