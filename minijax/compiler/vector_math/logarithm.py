"""Logarithms: x = 2ᵏ (1 + f), and log(1 + f) by the series of atanh in s = f / (2 + f).

With h = f²/2 and R = (log(1 + f) - 2s) / s it is log(1 + f) = f - (h - s (h + R)), where the
rounding errors of the last term hardly count.

P. T. P. Tang, "Table-driven implementation of the logarithm function", ACM TOMS 16, 1990 (the
reduction without its table); K. C. Ng's form of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from minijax.compiler.vector_math.exponential import power_of_two
from minijax.compiler.vector_math.extended import (
    Pair,
    ordered_sum_of,
    product_of,
    sum_of,
    times,
)
from minijax.compiler.vector_math.language import Number, polynomial

# (log((1 + s) / (1 - s)) - 2s) / s³ as a polynomial in s² for 1/√2 ≤ (1 + s)/(1 - s) ≤ √2; the
# errors of the logarithm are below 2^-57 and 2^-31.
_SERIES = {
    "double": (
        *(0.666666666666667, 0.3999999999989889, 0.28571428626253836),
        *(0.22222211089379496, 0.1818289243253687, 0.15331611722055008, 0.14617807153417325),
    ),
    "float": (0.6666666865348816, 0.4000012278556824, 0.28550779819488525, 0.23331613838672638),
}
# ln 2 in two parts: the product of the first with a whole number below 2^11 is exact.
_LN2 = {
    "double": (0.6931471803691238, 1.9082149292705877e-10),
    "float": (0.693359375, -2.12194440e-4),
}
_LN2_WHOLE = 0.6931471805599453
_LEAST_NORMAL = {"double": 2.0**-1022, "float": 2.0**-126}
# Beyond this squares may overflow, and x + √(x² ± 1) is 2x.
_LARGE = {"double": 2.0**500, "float": 2.0**60}


def log(x: Number) -> Number:
    """Returns the natural logarithm."""
    k, _, m = decomposed(x)
    return at_edges(x, of_parts(k, m - 1.0, x.like(0.0)))


def log1p(x: Number) -> Number:
    """Returns log(1 + x)."""
    total, lost = sum_of(x.like(1.0), x)
    return total.equals(1.0).where(x, log_of_sum(total, lost))


def log_one_plus(x: Number, rest: Number) -> Number:
    """Returns log(1 + x + rest) for a rest that is small beside x."""
    total, lost = sum_of(x.like(1.0), x)
    return log_of_sum(total, lost + rest).copysign(x)


def log_of_sum(x: Number, rest: Number) -> Number:
    """Returns log(x + rest) for a normal number x and a rest that is small beside it."""
    k, whole, m = normal_parts(x)
    # 2¹⁻ᵏ is 0 where k is largest: there the rest does not count.
    f, rest = ordered_sum_of(m - 1.0, rest * (power_of_two(-(whole - 1)) * 0.5))
    return at_edges(x, of_parts(k, f, rest))


def of_parts(k: Number, f: Number, rest: Number) -> Number:
    """Returns k ln 2 + log(1 + f) + rest."""
    high, low = _LN2[f.ty]
    half, tail = _halves(f)
    return k * high - ((half - (tail + k.fma(low, rest))) - f)


def _halves(f: Number) -> Pair:
    """Returns h and s (h + R)."""
    half = f * f * 0.5
    s = f / (f + 2.0)
    square = s * s
    return half, s * square.fma(polynomial(square, _SERIES[f.ty]), half)


def decomposed(x: Number) -> tuple[Number, Number, Number]:
    """Returns k, as a float and an integer, and m from 1/√2 to √2 with x = 2ᵏ m."""
    lift = 54 if x.ty == "double" else 25
    subnormal = x < _LEAST_NORMAL[x.ty]
    k, whole, m = normal_parts(subnormal.where(x * 2.0**lift, x))
    return k - subnormal.where(lift, x.like(0.0)), whole - subnormal.where(whole.like(lift), 0), m


def normal_parts(x: Number) -> tuple[Number, Number, Number]:
    """Returns what `decomposed` does, for a positive number that is not subnormal."""
    shift, bias = (52, 1023) if x.ty == "double" else (23, 127)
    least = x.like(math.sqrt(0.5)).bits()
    # The bits of √2 x: their exponent is k, their fraction the distance of m from 1/√2.
    moved = x.bits() + (x.like(1.0).bits() - least)
    raised = moved.shifted_down(shift)
    m = ((moved & ((1 << shift) - 1)) + least).as_float()
    return raised.to_float(less=bias), raised - bias, m


def at_edges(x: Number, found: Number) -> Number:
    """Returns a logarithm with its values at zero, below it and at infinity."""
    found = (x < math.inf).where(found, x)
    found = x.equals(0.0).where(-math.inf, found)
    return (x < 0.0).where(math.nan, found)


def in_double(function: Callable[..., Number]) -> Callable[..., Number]:
    """Returns a function that computes with double precision, for operands of any."""

    def widened(*operands: Number) -> Number:
        wide = [x.converted("double") for x in operands]
        return function(*wide).converted(operands[0].ty)

    return widened


# -- other bases

_LOG2_E = (1.4426950408889634, 2.0355273740931033e-17)
_LOG10_E = (0.4342944819032518, 1.098319650216765e-17)
# log10(2) in two parts, as ln 2 above.
_LOG10_2 = (0.30102999566395283, 2.8363394551044964e-14)


@in_double
def log2(x: Number) -> Number:
    """Returns the logarithm to base 2, exact at powers of two."""
    k, _, m = decomposed(x)
    high, low = _in_base(m - 1.0, _LOG2_E)
    total, rest = sum_of(k, high)
    return at_edges(x, total + (rest + low))


@in_double
def log10(x: Number) -> Number:
    """Returns the logarithm to base 10, exact at powers of ten."""
    k, _, m = decomposed(x)
    high, low = _in_base(m - 1.0, _LOG10_E)
    total, rest = sum_of(k * _LOG10_2[0], high)
    return at_edges(x, total + (rest + k.fma(_LOG10_2[1], low)))


def _in_base(f: Number, factor: tuple[float, float]) -> Pair:
    """Returns log(1 + f) times the reciprocal of the logarithm of a base."""
    square, lost = product_of(f, f)
    _, tail = _halves(f)
    high, low = ordered_sum_of(f, square * -0.5)
    low = low + lost.fma(-0.5, tail)
    return times((high, low), (f.like(factor[0]), f.like(factor[1])))


# -- inverses of hyperbolic functions


def asinh(x: Number) -> Number:
    """Returns log(x + √(1 + x²)), with 1 + x² - 1 written as a quotient."""
    size = x.abs()
    large = size > _LARGE[x.ty]
    square = size * size
    more = large.where(0.0, square / ((square + 1.0).sqrt() + 1.0))
    total, rest = sum_of(size, more)
    found = log_one_plus(total, rest)
    return (found + large.where(_LN2_WHOLE, x.like(0.0))).copysign(x)


def acosh(x: Number) -> Number:
    """Returns log(x + √(x² - 1)) = log(1 + t + √(t (t + 2))) with t = x - 1."""
    large = x > _LARGE[x.ty]
    t = x - 1.0
    shifted, lost = sum_of(t, t.like(2.0))
    square, rest = product_of(t, shifted)
    root = square.sqrt()
    back, error = product_of(root, root)
    error = ((square - back) - error) + t.fma(lost, rest)
    correction = (root > 0.0).where(error / (root + root), 0.0)
    total, rest = sum_of(t, large.where(0.0, root))
    found = log_one_plus(total, rest + large.where(0.0, correction))
    found = (found + large.where(_LN2_WHOLE, x.like(0.0))).abs()
    return (x < 1.0).where(math.nan, found)


def atanh(x: Number) -> Number:
    """Returns log(1 + 2x / (1 - x)) / 2."""
    size = x.abs()
    twice = size + size
    divisor, lost = sum_of(x.like(1.0), -size)
    inverse = 1.0 / divisor
    ratio = twice * inverse
    back, error = product_of(ratio, divisor)
    rest = (((twice - back) - error) - ratio * lost) * inverse
    found = log_one_plus(ratio, size.equals(1.0).where(0.0, rest)) * 0.5
    return found.copysign(x)
