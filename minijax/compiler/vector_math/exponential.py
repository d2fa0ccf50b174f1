"""exp, by Cody and Waite's reduction: exp(x) = 2ⁿ exp(r) with |r| ≤ ln(2)/2.

W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980.
"""

from __future__ import annotations

import math

from minijax.compiler.vector_math.language import Number, polynomial

_LOG2_E = 1.4426950408889634
# ln 2 in two parts: the product of the first with a whole number below 2^11 is exact.
_LN2 = {
    "double": (0.6931471803691238, 1.9082149292705877e-10),
    "float": (0.693359375, -2.12194440e-4),
}
_DEGREE = {"double": 13, "float": 7}
_RANGE = {"double": (-746.0, 710.0), "float": (-104.0, 89.0)}


def exp(x: Number) -> Number:
    """Returns e to the power of x."""
    low, high = _RANGE[x.ty]
    x = (x < low).where(low, (x > high).where(high, x))
    n, r = reduced(x)
    return scaled(series(r) + 1.0, n)


def reduced(x: Number) -> tuple[Number, Number]:
    """Returns n and r with x = n ln 2 + r."""
    n = (x * _LOG2_E).round()
    first, second = _LN2[x.ty]
    return n, n.fma(-second, n.fma(-first, x))


def series(r: Number) -> Number:
    """Returns exp(r) - 1 for a small r."""
    terms = [1.0 / math.factorial(k) for k in range(2, _DEGREE[r.ty] + 1)]
    return (r * r).fma(polynomial(r, terms), r)


def scaled(x: Number, n: Number) -> Number:
    """Returns x · 2ⁿ in two steps, so that it may end in the subnormal numbers or at infinity."""
    whole = (n.is_nan()).where(0.0, n).to_integer()
    half = whole >> 1
    return x * power_of_two(half) * power_of_two(whole - half)


def power_of_two(n: Number) -> Number:
    """Returns 2ⁿ for an integer n whose result is a normal number."""
    bias, shift = (1023, 52) if n.ty == "i64" else (127, 23)
    return ((n + bias) << shift).as_float()
