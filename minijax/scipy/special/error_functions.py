"""The error function and its relatives, the normal and the logistic distribution function."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.primitives import exponential, special, special_integrals
from minijax.scipy.operands import one, strong
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
    """Returns 1 - erf(x) elementwise, exact for large x.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.erfc(0.5)), 6)
        0.4795
    """
    return special.erfc(one("special.erfc", x))


def erfinv(x: Any) -> Array:
    """Returns the inverse of `erf` elementwise; ±inf at ±1, NaN beyond.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.erfinv(0.5)), 6)
        0.476936
    """
    return special.erf_inv(one("special.erfinv", x))


def erfcx(x: Any) -> Array:
    """Returns e^(x²) erfc(x) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.erfcx(0.5)), 6)
        0.61569
    """
    return special_integrals.erfcx(one("special.erfcx", x))


def dawsn(x: Any) -> Array:
    """Returns Dawson's integral elementwise: e^(-x²) times the integral of e^(t²) from 0 to x.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.dawsn(0.5)), 6)
        0.424436
    """
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
    """Returns the exponential integral E₁ elementwise; NaN below 0.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.exp1(0.5)), 6)
        0.559774
    """
    return special_integrals.exp1(one("special.exp1", x))


def spence(x: Any) -> Array:
    """Returns the dilogarithm of 1 - x elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.spence(0.5)), 6)
        0.582241
    """
    return special_integrals.spence(one("special.spence", x))


# -- the normal distribution


def ndtr(x: Any) -> Array:
    """Returns the normal distribution function elementwise: P(X <= x) for a standard normal X.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.ndtr(0.0))
        0.5
    """
    return 0.5 * special.erfc(_single_or_double("special.ndtr", x) * -math.sqrt(0.5))


def log_ndtr(x: Any, series_order: int = 3) -> Array:
    """Returns the logarithm of the normal distribution function, exact far below 0 too.

    Args:
        x: a float array.
        series_order: for compatibility, an int from 0 to 30; without effect.

    Raises:
        TypeError: if `x` is neither float32 nor float64 or `series_order` is no int.
        ValueError: if `series_order` is out of its range.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.log_ndtr(0.5)), 6)
        -0.368946
    """
    if not isinstance(series_order, int):
        raise TypeError(f"special.log_ndtr: series_order is a Python int, got {series_order!r}.")
    if not 0 <= series_order <= 30:
        raise ValueError(f"special.log_ndtr: series_order is from 0 to 30, got {series_order}.")
    return strong(special_integrals.log_ndtr(_single_or_double("special.log_ndtr", x)))


def _single_or_double(name: str, x: Any) -> Array:
    x = jnp.asarray(x)
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise TypeError(
            f"{name} takes arrays of float32 or float64, got {x.aval}: convert it with .astype(...)"
        )
    return x


def ndtri(p: Any) -> Array:
    """Returns the inverse of `ndtr` elementwise; ±inf at 1 and 0, NaN beyond.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.ndtri(0.5))
        0.0
    """
    return special_integrals.ndtri(_single_or_double("special.ndtri", p))


# -- the logistic distribution


def expit(x: Any) -> Array:
    """Returns 1 / (1 + e^-x) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.expit(0.5)), 6)
        0.622459
    """
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
