"""Further special functions: Bessel functions, the incomplete beta function, Hurwitz's zeta."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.dtypes import FLOAT
from minijax.core.operators import Array
from minijax.kernel.scalars import install_special_functions
from minijax.primitives.arithmetic import abs as abs_of
from minijax.primitives.arithmetic import add, div, mul, neg, sign, sub
from minijax.primitives.bitwise import bitwise_or
from minijax.primitives.broadcast import full_like
from minijax.primitives.compare import eq, ge, gt, le, lt, select_n
from minijax.primitives.exponential import exp, log, log1p
from minijax.primitives.families import match, nary, unary
from minijax.primitives.scaling import scale
from minijax.primitives.special import digamma, lgamma
from minijax.primitives.special_hypergeometric import narrowed, series_slopes, wide_operands


@functools.cache
def _scipy() -> Any:
    # Loading it takes longer than importing this package.
    return importlib.import_module("scipy.special")


def _i0e(x: np.ndarray) -> np.ndarray:
    return _scipy().i0e(x)


def _i1e(x: np.ndarray) -> np.ndarray:
    return _scipy().i1e(x)


def _betainc(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _scipy().betainc(a, b, x)


def _zeta(x: np.ndarray, q: np.ndarray) -> np.ndarray:
    return _scipy().zeta(x, q)


# -- Bessel functions


def _i1e_slope(x: Any, y: Any) -> Any:
    """Returns i0e(x) - (sign(x) + 1/x) i1e(x), whose limit at 0 is 1/2."""
    tiny = float(np.finfo(np.float32 if aval_of(x).dtype != np.float64 else np.float64).eps)
    is_zero = le(abs_of(x), full_like(x, tiny))
    safe = select_n(is_zero, x, full_like(x, tiny))
    slope = sub(bessel_i0e(safe), mul(y, add(sign(safe), div(full_like(safe, 1), safe))))
    return select_n(is_zero, slope, full_like(x, 0.5))


bessel_i0e_p = unary(
    "bessel_i0e",
    _i0e,
    on=FLOAT,
    tangent=lambda t, x, y: mul(t, sub(bessel_i1e(x), mul(sign(x), y))),
    element=lambda k, x: k.special("i0e", x),
)
bessel_i1e_p = unary(
    "bessel_i1e",
    _i1e,
    on=FLOAT,
    tangent=lambda t, x, y: mul(t, _i1e_slope(x, y)),
    element=lambda k, x: k.special("i1e", x),
)


def bessel_i0e(x: Any) -> Array:
    """Returns e^-|x| I₀(x), the scaled modified Bessel function of order 0, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.bessel_i0e(jnp.array([0.0, 1.0]))
        Array([1.        , 0.46575961], dtype=float64)
    """
    return bessel_i0e_p.bind(*match(x))[0]


def bessel_i1e(x: Any) -> Array:
    """Returns e^-|x| I₁(x), the scaled modified Bessel function of order 1, elementwise.

    Args:
        x: a float array of any shape.

    Returns:
        An array of the shape and dtype of `x`, odd in `x`.

    Raises:
        TypeError: if `x` is not of floats.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.bessel_i1e(jnp.array([0.0, 1.0, -1.0]))
        Array([ 0.        ,  0.20791042, -0.20791042], dtype=float64)
    """
    return bessel_i1e_p.bind(*match(x))[0]


# -- the regularized incomplete beta function


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    """Returns x^(a-1) (1-x)^(b-1) / B(a, b)."""
    first, second = sub(a, full_like(a, 1)), sub(b, full_like(b, 1))
    zero = full_like(add(add(a, b), x), 0)
    one, x = full_like(zero, 1), add(x, zero)
    # 0^0 is 1 at either end.
    low = eq(add(abs_of(first), abs_of(x)), zero)
    high = eq(add(abs_of(second), abs_of(sub(one, x))), zero)
    by_second = mul(second, log1p(neg(select_n(high, x, zero))))
    powers = add(by_second, mul(first, log(select_n(low, x, one))))
    front = sub(lgamma(add(a, b)), add(lgamma(a), lgamma(b)))
    return mul(one, exp(add(front, powers)))


def _beta_slopes(a: Any, b: Any, x: Any) -> tuple[Any, Any]:
    """Returns the derivatives of the incomplete beta function by a and b, where x is not large.

    I = x^a (1-x)^b / (a B(a, b)) 2F1(a + b, 1; a + 1; x), DLMF 8.17.8: all terms are positive.
    """
    one = full_like(x, 1)
    both = add(a, b)
    total, (by_both, _, by_next) = series_slopes([both, one], [add(a, one)], x)
    powers = add(mul(a, log(x)), mul(b, log1p(neg(x))))
    front = exp(add(powers, sub(lgamma(both), add(lgamma(add(a, one)), lgamma(b)))))
    by_a = sub(add(log(x), digamma(both)), digamma(add(a, one)))
    by_b = sub(add(log1p(neg(x)), digamma(both)), digamma(b))
    slope = add(mul(total, by_a), add(by_both, by_next))
    return mul(front, slope), mul(front, add(mul(total, by_b), by_both))


def _beta_by(position: int) -> Any:
    def tangent(t: Any, a: Any, b: Any, x: Any, out: Any) -> Any:
        (a, b, x), dtype = wide_operands(a, b, x)
        one, zero = full_like(x, 1), full_like(x, 0)
        # Beyond about the mean the series would be slow: I(a, b, x) = 1 - I(b, a, 1 - x).
        is_large = gt(mul(x, add(add(a, b), full_like(x, 2))), add(a, one))
        is_edge = bitwise_or(le(x, zero), ge(x, one))
        place = select_n(is_edge, select_n(is_large, x, sub(one, x)), full_like(x, 0.25))
        slopes = _beta_slopes(select_n(is_large, a, b), select_n(is_large, b, a), place)
        found = select_n(is_large, slopes[position], neg(slopes[1 - position]))
        outside = bitwise_or(lt(x, zero), gt(x, one))
        at_edge = select_n(outside, zero, full_like(x, np.nan))
        return scale(t, narrowed(select_n(is_edge, found, at_edge), dtype))

    return tangent


betainc_p = nary(
    "betainc",
    _betainc,
    on=FLOAT,
    tangents=(
        _beta_by(0),
        _beta_by(1),
        lambda t, a, b, x, out: scale(t, _beta_density(a, b, x)),
    ),
    element=lambda k, a, b, x: k.special("betainc", a, b, x),
)


def betainc(a: Any, b: Any, x: Any) -> Array:
    """Returns the regularized incomplete beta function elementwise.

    Args:
        a, b: its orders, positive float arrays.
        x: a float array with elements from 0 to 1.

    Returns:
        The integral of t^(a-1) (1-t)^(b-1) from 0 to x, divided by that from 0 to 1.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.betainc(2.0, 1.0, jnp.array([0.0, 0.5, 1.0]))
        Array([0.  , 0.25, 1.  ], dtype=float64)
    """
    return betainc_p.bind(*match(a, b, x))[0]


# -- Hurwitz's zeta function


# B(2j) / (2j)!
_BERNOULLI = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
    43867 / 5109094217170944000,
)
_FIRST_TERMS = 12


def _zeta_by_exponent(x: Any, q: Any) -> Any:
    """Returns the derivative of ζ(x, q) by x, term by term of Euler and Maclaurin's formula.

    Source:
        DLMF 25.11.28; with twelve terms before it and nine corrections good for doubles.
    """
    (x, q), dtype = wide_operands(x, q)
    one = full_like(x, 1)
    total, place = full_like(x, 0), q
    for _ in range(_FIRST_TERMS):
        logarithm = log(place)
        total = sub(total, mul(logarithm, exp(neg(mul(x, logarithm)))))
        place = add(place, one)
    logarithm, inverse = log(place), div(one, place)
    power, less = exp(neg(mul(x, logarithm))), div(one, sub(x, one))
    integral = mul(mul(place, less), add(logarithm, less))
    tail = neg(add(integral, mul(logarithm, full_like(x, 0.5))))
    rising, slope, front = x, one, inverse
    for order, weight in enumerate(_BERNOULLI, 1):
        term = mul(front, sub(slope, mul(rising, logarithm)))
        tail = add(tail, mul(term, full_like(x, weight)))
        for shift in (2 * order - 1, 2 * order):
            factor = add(x, full_like(x, shift))
            rising, slope = mul(rising, factor), add(mul(slope, factor), rising)
        front = mul(front, mul(inverse, inverse))
    found = add(total, mul(power, tail))
    return narrowed(select_n(gt(x, one), full_like(x, np.nan), found), dtype)


zeta_p = nary(
    "zeta",
    _zeta,
    on=FLOAT,
    tangents=(
        lambda t, x, q, out: scale(t, _zeta_by_exponent(x, q)),
        lambda t, x, q, out: neg(scale(t, mul(x, zeta(add(x, full_like(x, 1)), q)))),
    ),
    element=lambda k, x, q: k.special("zeta", x, q),
)


def zeta(x: Any, q: Any) -> Array:
    """Returns Hurwitz's zeta function, the sum of (q + n)^-x over n = 0, 1, …, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.zeta(jnp.array([2.0]), jnp.array([1.0]))
        Array([1.64493407], dtype=float64)
    """
    return zeta_p.bind(*match(x, q))[0]


install_special_functions({"i0e": _i0e, "i1e": _i1e, "betainc": _betainc, "zeta": _zeta})
