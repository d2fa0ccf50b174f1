"""Powers and roots.

x to the power of y is exp(y log x), the logarithm and the product in twice the precision: an error
of the product is multiplied by up to 745 in the result.
"""

from __future__ import annotations

import math

from minijax.compiler.vector_math import extended
from minijax.compiler.vector_math.exponential import clamped, exp_of_sum, power_of_two
from minijax.compiler.vector_math.extended import (
    Pair,
    ordered_sum_of,
    plus,
    product_of,
    times,
)
from minijax.compiler.vector_math.language import Number, polynomial
from minijax.compiler.vector_math.logarithm import decomposed, in_double, normal_parts

# ln 2 in two parts: the product of the first with a whole number below 2^11 is exact.
_LN2 = (0.6931471805598903, 5.497923018708371e-14)
_TWO_THIRDS = (2.0 / 3.0, 3.700743415417188e-17)
# (log((1 + s) / (1 - s)) - 2s - 2s³/3) / s⁵ as a polynomial in s² for quotients from 1/√2 to √2;
# the error of the logarithm is below 2^-66.
_SERIES = (
    *(0.4, 0.2857142857142937, 0.22222222221652765, 0.18181818336099848),
    *(0.1538459488700718, 0.1333480879881234, 0.11706126464563398, 0.11724327060846747),
)
# For powers of single precision, as the series in `logarithm` and `exponential`; the errors are
# below 2^-43 and 2^-32.
_LOG_SINGLE = (
    *(0.6666666666737868, 0.3999999879244169, 0.28571755535032944, 0.22191337428065783),
    0.19363884986633198,
)
_EXP_SINGLE = (
    *(0.5000000013498178, 0.16666666681659179, 0.04166646460202654, 0.008333310889582076),
    *(0.0013933685862617174, 0.00019891030654370327),
)
# The cube root for 1/√2 ≤ m ≤ √2; the error is below 2^-30.
_CUBE_ROOT = (
    *(0.35112975606220126, 1.5707519194123223, -2.4815494571596662, 3.5494182269796233),
    *(-3.7724798564985664, 2.8688307488042426, -1.5145132030050337, 0.5271120429411913),
    *(-0.10878922894802039, 0.010088851491750997),
)
_LARGE_EXPONENT = 2.0**80


def power(x: Number, y: Number) -> Number:
    """Returns x to the power of y, with the special cases of IEEE 754."""
    size = x.abs()
    found = _positive(size, y) if x.ty == "double" else _single(size, y)
    usual = (x > 0.0) & (x < math.inf) & (y.abs() < math.inf)
    return (~usual).rarely(found, lambda: _special(x, y, found))


def _special(x: Number, y: Number, found: Number) -> Number:
    """Returns the power where x is negative, zero or infinite, y is infinite, or one is NaN.

    Args:
        x: the base.
        y: the exponent.
        found: the power of the magnitude, where x and y are finite and x is not zero.
    """
    size, half = x.abs(), y * 0.5
    grows = (size > 1.0) ^ (y < 0.0)
    extreme = size.equals(0.0) | size.equals(math.inf)
    limit = size.equals(1.0).where(1.0, grows.where(math.inf, x.like(0.0)))
    found = (extreme | y.abs().equals(math.inf)).where(limit, found)
    whole = y.floor().equals(y)
    odd = whole & ~half.floor().equals(half)
    found = ((x.bits() < 0) & odd).where(-found, found)
    undefined = ((x < 0.0) & ~whole & ~extreme) | x.is_nan() | y.is_nan()
    found = undefined.where(math.nan, found)
    return (y.equals(0.0) | x.equals(1.0)).where(1.0, found)


def _positive(x: Number, y: Number) -> Number:
    high, low = _extended_log(x)
    if not extended.fuses():
        # Halves of larger numbers overflow; the logarithm is 0, or the product out of range.
        y = clamped(y, -_LARGE_EXPONENT, _LARGE_EXPONENT)
    product, lost = product_of(high, y)
    lost = low.fma(y, lost)
    # Where the product leaves the range of exp, its error means nothing and may be NaN.
    inside = product.abs() < 1000.0
    return exp_of_sum(product, inside.where(lost, 0.0))


def _single(x: Number, y: Number) -> Number:
    """Returns a power of single precision by double precision, where its range has no edges."""
    k, _, m = normal_parts(x.converted("double"))
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    logarithm = s.fma(square.fma(polynomial(square, _LOG_SINGLE), 2.0), k * math.log(2.0))
    product = clamped(logarithm * y.converted("double"), -200.0, 200.0)
    n, whole = (product * (1.0 / math.log(2.0))).nearest()
    r = n.fma(-math.log(2.0), product)
    grown = (r * r).fma(polynomial(r, _EXP_SINGLE), r) + 1.0
    return (grown * power_of_two(whole)).converted("float")


def _extended_log(x: Number) -> Pair:
    """Returns the logarithm of a positive number with a relative error of 2^-64.

    With s = (m - 1) / (m + 1) it is k ln 2 + 2s + s³ (2/3 + s² (2/5 + …)).
    """
    k, _, m = decomposed(x)
    divisor = m + 1.0
    lost = m - (divisor - 1.0)
    inverse = 1.0 / divisor
    f = m - 1.0
    s = f * inverse
    product, error = product_of(s, divisor)
    quotient = s, (((f - product) - error) - s * lost) * inverse
    square = times(quotient, quotient)
    high, low = (m.like(part) for part in _TWO_THIRDS)
    series = ordered_sum_of(high, square[0] * polynomial(square[0], _SERIES))
    weight = times(square, (series[0], series[1] + low))
    tail = times(quotient, weight)
    total = plus((s * 2.0, quotient[1] * 2.0), tail)
    first, rest = ordered_sum_of(k * _LN2[0], total[0])
    return ordered_sum_of(first, rest + k.fma(_LN2[1], total[1]))


@in_double
def cbrt(x: Number) -> Number:
    """Returns the cube root: a polynomial's, and one step of Halley's method."""
    k, _, m = decomposed(x.abs())
    third, whole = (k * (1.0 / 3.0)).nearest()
    left = third.fma(-3.0, k)
    up, down = left > 0.0, left < 0.0
    start = polynomial(m, _CUBE_ROOT)
    m = m * up.where(2.0, down.where(0.5, m.like(1.0)))
    start = start * up.where(2.0 ** (1 / 3), down.where(2.0 ** (-1 / 3), m.like(1.0)))
    square, lost = product_of(start, start)
    cube, more = product_of(start, square)
    missing = (m - cube) - lost.fma(start, more)
    root = start + start * missing / (cube + cube + m)
    found = (root * power_of_two(whole)).copysign(x)
    return (x.abs() < math.inf).where(x.equals(0.0).where(x, found), x)


# What is too large or too small for its square, and by what it is multiplied then.
_FAR = {
    "double": (2.0**500, 2.0**-400, 2.0**-600, 2.0**600),
    "float": (2.0**60, 2.0**-50, 2.0**-70, 2.0**100),
}


def hypot(x: Number, y: Number) -> Number:
    """Returns √(x² + y²), without overflow on the way; infinite if either is."""
    infinite = x.abs().equals(math.inf) | y.abs().equals(math.inf)
    return infinite.where(math.inf, _hypot(x, y))


def _hypot(x: Number, y: Number) -> Number:
    """Takes what is far from 1 nearer to it, so that no square is too large or too small."""
    most, least, down, up = _FAR[x.ty]
    x, y = x.abs(), y.abs()
    first_is_larger = x > y
    larger, smaller = first_is_larger.where(x, y), first_is_larger.where(y, x)
    large, small = larger > most, larger < least
    scale = large.where(down, small.where(up, x.like(1.0)))
    back = large.where(1 / down, small.where(1 / up, x.like(1.0)))
    # Only the square of the smaller one is rounded by itself.
    return _root_of_squares(larger * scale, smaller * scale) * back


def _root_of_squares(x: Number, y: Number) -> Number:
    return x.fma(x, y * y).sqrt()
