"""exp and its relatives, by Cody and Waite's reduction: exp(x) = 2ⁿ exp(r) with |r| ≤ ln(2)/2.

W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980.
"""

from __future__ import annotations

from minijax.compiler.vector_math.extended import Pair, ordered_sum_of
from minijax.compiler.vector_math.language import Number, polynomial

_LOG2_E = 1.4426950408889634
_LN2 = 0.6931471805599453
# ln 2 in two parts: the product of the first with a whole number below 2^11 is exact.
_LN2_PARTS = {
    "double": (0.6931471803691238, 1.9082149292705877e-10),
    "float": (0.693359375, -2.12194440e-4),
}
# (exp(r) - 1 - r) / r² for |r| ≤ ln(2)/2; the errors of exp(r) are below 2^-61 and 2^-26.
_SERIES = {
    "double": (
        *(0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326112),
        *(0.001388888888888373, 0.0001984126987490126, 2.4801587325605324e-05),
        *(2.7557255297969643e-06, 2.755727357010214e-07, 2.5105259538448494e-08),
        2.0914717341716378e-09,
    ),
    "float": (
        *(0.5, 0.16666576266288757, 0.041666556149721146, 0.008363203145563602),
        0.0013926213141530752,
    ),
}
# (sinh(x) - x) / x³ as a polynomial in x² for |x| ≤ 1; the errors of sinh are below 2^-56, 2^-32.
_SINH = {
    "double": (
        *(0.16666666666666666, 0.008333333333333299, 0.00019841269841324198),
        *(2.7557319191381816e-06, 2.5052117695907823e-08, 1.6057679623801638e-10),
        7.746178593018827e-13,
    ),
    "float": (
        *(0.16666666646842135, 0.00833333967591706, 0.00019838101968683888),
        2.8062802582276946e-06,
    ),
}
_RANGE = {"double": (-746.0, 710.0), "float": (-104.0, 89.0)}
_RANGE_2 = {"double": (-1076.0, 1025.0), "float": (-151.0, 129.0)}
_HIGHEST = {"double": 1023.0, "float": 127.0}
# From here on tanh is 1.
_TANH_ONE = {"double": 20.0, "float": 10.0}


def exp(x: Number) -> Number:
    """Returns e to the power of x."""
    _, n, r, _ = reduced(clamped(x, *_RANGE[x.ty]))
    return scaled(series(r, r) + 1.0, n)


def exp2(x: Number) -> Number:
    """Returns 2 to the power of x."""
    x = clamped(x, *_RANGE_2[x.ty])
    n, whole = x.nearest()
    r = (x - n) * _LN2
    return scaled(series(r, r) + 1.0, whole)


def exp_of_sum(x: Number, rest: Number) -> Number:
    """Returns exp(x + rest) for a small rest; exact where the result is a float."""
    total, tail, n = exp_parts(x, rest)
    return scaled(total + tail, n)


def exp_parts(x: Number, rest: Number) -> tuple[Number, Number, Number]:
    """Returns a number, a small one and an integer n: exp(x + rest) is 2ⁿ times their sum."""
    _, n, r, low = reduced(clamped(x, *_RANGE[x.ty]))
    # Where r is smaller than the rest, both are too small for their order to count.
    r, rest = ordered_sum_of(r, low + rest)
    total, lost = ordered_sum_of(r.like(1.0), r)
    return total, series(r, lost + rest), n


def expm1(x: Number) -> Number:
    """Returns exp(x) - 1."""
    _, high = _RANGE[x.ty]
    n, whole, r, low = reduced(clamped(x, -50.0, high))
    # 2ⁿ may lie just above the largest float; half of it does not.
    beyond = n > _HIGHEST[x.ty]
    total, rest = _less_one(beyond.where(whole - 1, whole), r, low)
    return ((total + rest) * beyond.where(2.0, x.like(1.0))).copysign(x)


def _less_one(n: Number, r: Number, low: Number) -> Pair:
    """Returns exp(x) - 1 = (2ⁿ - 1) + 2ⁿ r + 2ⁿ (exp(r) - 1 - r), the first sum without error."""
    scale = power_of_two(n)
    total, lost = ordered_sum_of(scale - 1.0, scale * r)
    return total, scale.fma(series(r, low), lost)


def logistic(x: Number) -> Number:
    """Returns 1 / (1 + exp(-x)), or exp(x) / (1 + exp(x)) below zero: nothing overflows."""
    grown = exp(-x.abs())
    divisor = grown + 1.0
    lost = grown - (divisor - 1.0)
    return quotient((x < 0.0).where(grown, x.like(1.0)), divisor, lost, x.like(0.0))


def tanh(x: Number) -> Number:
    """Returns tanh(x) = t / (t + 2) with t = exp(2x) - 1."""
    size, one = x.abs(), _TANH_ONE[x.ty]
    _, n, r, low = reduced((size > one).where(one, size) * 2.0)
    t, rest = ordered_sum_of(*_less_one(n, r, low))
    divisor = t + 2.0
    lost = t - (divisor - 2.0)
    return quotient(t, divisor, lost + rest, rest).copysign(x)


def quotient(x: Number, divisor: Number, lost: Number, rest: Number) -> Number:
    """Returns (x + rest) / (divisor + lost), to first order in rest and lost."""
    inverse = 1.0 / divisor
    found = x * inverse
    left = found.fma(-divisor, x) + found.fma(-lost, rest)
    return left.fma(inverse, found)


def sinh(x: Number) -> Number:
    """Returns (exp(x) - exp(-x)) / 2, by a polynomial where that cancels."""
    size = x.abs()
    half = _half_exp(size)
    square = size * size
    near = (size * square).fma(polynomial(square, _SINH[x.ty]), size)
    return (size < 1.0).where(near, half - 0.25 / half).copysign(x)


def cosh(x: Number) -> Number:
    """Returns (exp(x) + exp(-x)) / 2."""
    half = _half_exp(x.abs())
    return half + 0.25 / half


def _half_exp(x: Number) -> Number:
    """Returns exp(x) / 2, which is finite a little longer than exp(x)."""
    low, high = _RANGE[x.ty]
    _, n, r, _ = reduced(clamped(x, low, high + 1.0))
    return scaled(series(r, r) + 1.0, n - 1)


def clamped(x: Number, low: float, high: float) -> Number:
    """Returns the nearest number of a range; NaN stays."""
    return (x < low).where(low, (x > high).where(high, x))


def reduced(x: Number) -> tuple[Number, Number, Number, Number]:
    """Returns n, as a float and an integer, and r and its rounding error: x = n ln 2 + r."""
    n, whole = (x * _LOG2_E).nearest()
    first, second = _LN2_PARTS[x.ty]
    left = n.fma(-first, x)
    r = n.fma(-second, left)
    return n, whole, r, n.fma(-second, left - r)


def series(r: Number, rest: Number) -> Number:
    """Returns exp(r) - 1 - r + rest for a small r."""
    return (r * r).fma(polynomial(r, _SERIES[r.ty]), rest)


def scaled(x: Number, n: Number) -> Number:
    """Returns x · 2ⁿ in two steps, so that it may end in the subnormal numbers or at infinity."""
    half = n >> 1
    return x * power_of_two(half) * power_of_two(n - half)


def power_of_two(n: Number) -> Number:
    """Returns 2ⁿ for an integer n whose result is a normal number."""
    bias, shift = (1023, 52) if n.ty == "i64" else (127, 23)
    return ((n + bias) << shift).as_float()
