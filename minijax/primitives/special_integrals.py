"""Integrals of exponentials and logarithms: normal distribution, Ei, E₁, Dawson, Spence."""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.dtypes import FLOAT
from minijax.core.operators import Array
from minijax.core.primitive import Primitive
from minijax.kernel.scalars import install_special_functions
from minijax.primitives.arithmetic import abs as abs_of
from minijax.primitives.arithmetic import add, div, mul, neg, sub
from minijax.primitives.broadcast import full, full_like
from minijax.primitives.compare import eq, gt, select_n
from minijax.primitives.exponential import exp, log
from minijax.primitives.families import match, unary
from minijax.primitives.powers import square
from minijax.primitives.scaling import scale


@functools.cache
def _scipy() -> Any:
    # Loading it takes longer than importing this package.
    return importlib.import_module("scipy.special")


def _scalar(value: float, x: Any) -> Array:
    return full((), value, aval_of(x).dtype, aval_of(x).weak_type)


def _integral(name: str, slope: Callable[[Any, Any], Any]) -> Primitive:
    """Declares SciPy's function of this name; `slope(x, y)` is its derivative."""

    def function(x: np.ndarray) -> np.ndarray:
        return getattr(_scipy(), name)(x)

    install_special_functions({name: function})
    return unary(
        name,
        function,
        on=FLOAT,
        tangent=lambda t, x, y: scale(t, slope(x, y)),
        element=lambda k, x: k.special(name, x),
    )


def _half_square(x: Any) -> Any:
    return mul(square(x), _scalar(0.5, x))


def _log_ndtr_slope(x: Any, y: Any) -> Any:
    """Returns the density divided by the probability, both of which may be too small to hold."""
    logarithm = neg(sub(_half_square(x), _scalar(-0.5 * math.log(2 * math.pi), x)))
    return exp(sub(logarithm, y))


def _ndtri_slope(x: Any, y: Any) -> Any:
    # At the ends of its domain the slope is infinite; there it counts as 0.
    is_end = eq(abs_of(y), full_like(y, np.inf))
    safe = select_n(is_end, y, full_like(y, 0))
    slope = mul(_scalar(math.sqrt(2 * math.pi), y), exp(_half_square(safe)))
    return select_n(is_end, slope, full_like(y, 0))


def _spence_slope(x: Any, y: Any) -> Any:
    """Returns log(x) / (1 - x), whose limit at 1 is -1."""
    is_one = eq(x, full_like(x, 1))
    safe = select_n(is_one, x, full_like(x, 2))
    slope = div(log(safe), sub(full_like(safe, 1), safe))
    return select_n(is_one, slope, full_like(x, -1))


def _far(x: Any, sign: int) -> tuple[Any, Any, Any]:
    """Returns where x is large, 1 there and x elsewhere, and a series for large x.

    It is Σ (±1)ⁿ (2n-1)!! / (2x²)ⁿ from n = 1 to 3: for large x the difference of 1 and 2xy has
    no digits left.
    """
    is_far = gt(abs_of(x), full_like(x, 200 if aval_of(x).dtype.itemsize == 8 else 10))
    safe = select_n(is_far, full_like(x, 1), x)
    near = select_n(is_far, x, full_like(x, 1))
    step = div(full_like(x, 0.5 * sign), square(safe))
    series = full_like(x, 0)
    for odd in (5, 3, 1):
        series = mul(step, mul(full_like(x, odd), add(series, full_like(x, 1))))
    return is_far, near, series


def _erfcx_slope(x: Any, y: Any) -> Any:
    scale = _scalar(2 / math.sqrt(math.pi), x)
    is_far, near_x, series = _far(x, -1)
    far = select_n(gt(x, full_like(x, 0)), full_like(x, -np.inf), mul(series, scale))
    near = sub(mul(mul(near_x, y), _scalar(2, x)), scale)
    return select_n(is_far, near, far)


def _dawsn_slope(x: Any, y: Any) -> Any:
    is_far, near_x, series = _far(x, 1)
    near = sub(_scalar(1, x), mul(mul(near_x, y), _scalar(2, x)))
    return select_n(is_far, near, neg(series))


log_ndtr_p = _integral("log_ndtr", _log_ndtr_slope)
ndtri_p = _integral("ndtri", _ndtri_slope)
expi_p = _integral("expi", lambda x, y: div(exp(x), x))
exp1_p = _integral("exp1", lambda x, y: neg(div(exp(neg(x)), x)))
erfcx_p = _integral("erfcx", _erfcx_slope)
dawsn_p = _integral("dawsn", _dawsn_slope)
spence_p = _integral("spence", _spence_slope)


def log_ndtr(x: Any) -> Array:
    """Returns the logarithm of the normal distribution function, exact far below 0 too.

    Example:
        >>> import minijax.numpy as jnp
        >>> log_ndtr(jnp.array([0.0, -40.0]))
        Array([-6.93147181e-01, -8.04608442e+02], dtype=float64)
    """
    return log_ndtr_p.bind(*match(x))[0]


def ndtri(p: Any) -> Array:
    """Returns where the normal distribution function has the value p; NaN outside of 0 … 1."""
    return ndtri_p.bind(*match(p))[0]


def expi(x: Any) -> Array:
    """Returns Ei(x), the principal value of the integral of e^t / t from -∞ to x."""
    return expi_p.bind(*match(x))[0]


def exp1(x: Any) -> Array:
    """Returns E₁(x), the integral of e^-t / t from x to ∞."""
    return exp1_p.bind(*match(x))[0]


def erfcx(x: Any) -> Array:
    """Returns e^(x²) erfc(x)."""
    return erfcx_p.bind(*match(x))[0]


def dawsn(x: Any) -> Array:
    """Returns Dawson's integral, e^(-x²) times the integral of e^(t²) from 0 to x."""
    return dawsn_p.bind(*match(x))[0]


def spence(x: Any) -> Array:
    """Returns the dilogarithm of 1 - x, the integral of log(t) / (1 - t) from 1 to x."""
    return spence_p.bind(*match(x))[0]
