"""exp and its relatives, by Cody and Waite's reduction: exp(x) = 2ⁿ exp(r) with |r| ≤ ln(2)/2.

W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980.
"""

from __future__ import annotations

from collections.abc import Sequence

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
# tanh(x) = x - x³ P(x²) / (1 + x² Q(x²)): Q, then P, from convergents of Lambert's continued
# fraction. Relative errors are below 2^-59 and 2^-31 up to 0.55, 2^-60 and 2^-25 up to ln(2)/4.
_TANH = {
    "double": (
        tuple(q / 2027025.0 for q in (945945.0, 51975.0, 630.0, 1.0)),
        tuple(p / 2027025.0 for p in (675675.0, 45045.0, 594.0, 1.0)),
    ),
    "float": ((420.0 / 945.0, 15.0 / 945.0), (315.0 / 945.0, 14.0 / 945.0)),
}
_TANH_NEAR = {
    "double": (
        tuple(q / 10395.0 for q in (4725.0, 210.0, 1.0)),
        tuple(p / 10395.0 for p in (3465.0, 189.0, 1.0)),
    ),
    "float": ((6.0 / 15.0,), (5.0 / 15.0,)),
}
_TANH_SMALL = 0.55
_LOGISTIC_RANGE = {"double": (-746.0, 40.0), "float": (-104.0, 20.0)}
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
    """Returns 1 / (1 + exp(-x)) = e / (e + 1), with e = exp(x) = 2ⁿ (1 + t) / (1 - t).

    Below zero, where n < 0, the quotient without its power of two is written as 1 plus a small one.
    """
    ty = x.ty
    x = clamped(x, *_LOGISTIC_RANGE[ty])
    n, whole = (x * _LOG2_E).nearest()
    left = _less_halves(x * 0.5, n)
    even, odd, _ = _tanh_parts(left, _TANH_NEAR[ty])
    grown, shrunk = even + odd, even - odd
    half, other = _halves_of_power(whole)
    scale = half * other
    is_below = n < 0.0
    above = is_below.where((-scale).fma(grown, odd * 2.0), grown)
    found = above / scale.fma(grown, shrunk)
    return is_below.where(found + 1.0, found) * half * other


def tanh(x: Number) -> Number:
    """Returns tanh(x): x less a small quotient near zero, else 1 - 2 / (e + 1) with e = exp(2x).

    e is 2ⁿ (1 + t) / (1 - t), t the tanh of what the reduction leaves of x; so the last division
    is the only one.
    """
    size, one = x.abs(), _TANH_ONE[x.ty]
    size = (size > one).where(one, size)
    is_small = size < _TANH_SMALL
    n, whole = (size * (2.0 * _LOG2_E)).nearest()
    left = _less_halves(size, is_small.where(0.0, n))
    even, odd, lost = _tanh_parts(left, _TANH[x.ty])
    grown, shrunk = even + odd, even - odd
    above = is_small.where(left * lost, shrunk * 2.0)
    below = is_small.where(even, power_of_two(whole).fma(grown, shrunk))
    return (is_small.where(size, x.like(1.0)) - above / below).copysign(x)


def _less_halves(x: Number, n: Number) -> Number:
    """Returns x - n ln(2) / 2."""
    first, second = _LN2_PARTS[x.ty]
    return n.fma(-second / 2.0, n.fma(-first / 2.0, x))


def _tanh_parts(
    x: Number, parts: tuple[Sequence[float], Sequence[float]]
) -> tuple[Number, Number, Number]:
    """Returns an even, an odd number whose quotient is tanh(x), and even - odd / x."""
    square = x * x
    growing, lost = (polynomial(square, part) for part in parts)
    even, lost = square.fma(growing, 1.0), square * lost
    return even, x * (even - lost), lost


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
    x = (x > high).where(high, x)
    return (x < low).where(low, x)


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
    half, other = _halves_of_power(n)
    return x * half * other


def _halves_of_power(n: Number) -> tuple[Number, Number]:
    """Returns two numbers whose product is 2ⁿ, which need not be a normal number."""
    half = n >> 1
    return power_of_two(half), power_of_two(n - half)


def power_of_two(n: Number) -> Number:
    """Returns 2ⁿ for an integer n whose result is a normal number."""
    bias, shift = (1023, 52) if n.ty == "i64" else (127, 23)
    return ((n + bias) << shift).as_float()
