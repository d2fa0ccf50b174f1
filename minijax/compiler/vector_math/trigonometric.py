"""Trigonometric functions and their inverses.

Arguments are reduced by multiples of π/2 in the manner of Cody and Waite, those too large for it
by the C library. W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980.
"""

from __future__ import annotations

import math

from minijax.compiler.vector_math.exponential import quotient
from minijax.compiler.vector_math.extended import Pair, ordered_sum_of, product_of
from minijax.compiler.vector_math.language import Number, polynomial

# π/2 in four parts: the products of the first three with a whole number below 2^20 are exact.
_HALF_PI = (
    *(1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21),
    8.4784276603689e-32,
)
_TWO_OVER_PI = 2.0 / math.pi
# Larger magnitudes go to the C library.
LARGE = 2.0**20
# (sin(r) - r) / r³ and (cos(r) - 1 + r²/2) / r⁴ as polynomials in r² for |r| ≤ π/4; the errors of
# the functions are below 2^-55 and 2^-35. All of single precision is computed in double.
_SIN = {
    "double": (
        *(-0.16666666666666666, 0.008333333333330936, -0.00019841269836740532),
        *(2.7557316093198404e-06, -2.5051129896450185e-08, 1.5917988979397435e-10),
    ),
    "float": (
        *(-0.16666666663844049, 0.008333331870341349, -0.00019840084376422702),
        2.724962008007533e-06,
    ),
}
_COS = {
    "double": (
        *(0.041666666666666664, -0.0013888888888887389, 2.48015872987544e-05),
        *(-2.755731726587808e-07, 2.087614504941318e-09, -1.138254464534925e-11),
    ),
    "float": (
        *(0.041666666664311826, -0.0013888887668370663, 2.480059840835012e-05),
        -2.730070403808665e-07,
    ),
}
# (atan(t) - t) / t³ as a polynomial in t² for |t| ≤ 1/2; the errors are below 2^-55 and 2^-34.
_ATAN = {
    "double": (
        *(-0.3333333333333333, 0.19999999999999485, -0.1428571428559874, 0.11111111100881761),
        *(-0.09090908618865388, 0.07692294677482635, -0.06666435144143137, 0.05879573107799684),
        *(-0.052400641544110685, 0.04627870086418654, -0.03806224794996687),
        *(0.024999689507521367, -0.009211063504627926),
    ),
    "float": (
        *(-0.33333333311970625, 0.19999991610206633, -0.1428517132009834, 0.11097781802754113),
        *(-0.08932305485407246, 0.06690709717164335, -0.032731865651228056),
    ),
}
# (asin(s) - s) / s³ as a polynomial in s² for |s| ≤ 1/2; the errors are below 2^-57 and 2^-34.
_ASIN = {
    "double": (
        *(0.16666666666666669, 0.07499999999998425, 0.04464285714637338, 0.030381944137085216),
        *(0.022372173002005596, 0.017352391265909227, 0.013971235301124539),
        *(0.011478952690257387, 0.010324318288744113, 0.00545087818772055),
        *(0.017419357964884856, -0.014881409392818066, 0.02877844261259304),
    ),
    "float": (
        *(0.16666666686147094, 0.07499992383419403, 0.044647675217118564, 0.030268919101073113),
        *(0.02361371422189475, 0.01056694782140368, 0.03098546039993495),
    ),
}
# Multiples of π/4: the nearest doubles and what they lack.
_PI = (math.pi, 1.2246467991473532e-16)
_HALF = (math.pi / 2, 6.123233995736766e-17)
_QUARTER = (math.pi / 4, 3.061616997868383e-17)
_THREE_QUARTERS = (2.356194490192345, 9.184850993605148e-17)


def sin(x: Number) -> Number:
    """Returns the sine."""
    wide = x.converted("double")
    quadrant, sine, cosine = _circular(wide, x.ty)
    found = _flipped((quadrant & 1).equals(0).where(sine[0], cosine[0]), quadrant)
    found = wide.equals(0.0).where(wide, found)
    return _or_library("sin", wide, found).converted(x.ty)


def cos(x: Number) -> Number:
    """Returns the cosine."""
    wide = x.converted("double")
    quadrant, sine, cosine = _circular(wide, x.ty)
    found = _flipped((quadrant & 1).equals(0).where(cosine[0], sine[0]), quadrant + 1)
    return _or_library("cos", wide, found).converted(x.ty)


def sin_and_cos(x: Number) -> tuple[Number, Number]:
    """Returns the sine and the cosine in double precision, for magnitudes up to LARGE."""
    quadrant, (sine, _), (cosine, _) = _circular(x, "double")
    even = (quadrant & 1).equals(0)
    found = _flipped(even.where(sine, cosine), quadrant)
    return x.equals(0.0).where(x, found), _flipped(even.where(cosine, sine), quadrant + 1)


def tan(x: Number) -> Number:
    """Returns the tangent."""
    wide = x.converted("double")
    quadrant, sine, cosine = _circular(wide, x.ty)
    even = (quadrant & 1).equals(0)
    top, rest = (even.where(s, -c) for s, c in zip(sine, cosine, strict=True))
    bottom, lost = (even.where(c, s) for s, c in zip(sine, cosine, strict=True))
    found = quotient(top, bottom, lost, rest) if x.ty == "double" else top / bottom
    found = wide.equals(0.0).where(wide, found)
    return _or_library("tan", wide, found).converted(x.ty)


def circular_of_pi(x: Number) -> tuple[Number, Number]:
    """Returns the magnitude of sin(πx), and cos(πx) / sin(πx), in double precision."""
    half, quadrant = ((x - x.round()) * 2.0).nearest()
    r = half.fma(-0.5, x - x.round())
    high, low = product_of(r, r.like(_PI[0]))
    (sine, _), (cosine, _) = _sine_and_cosine(high, r.fma(_PI[1], low), "double")
    even = (quadrant & 1).equals(0)
    top, bottom = even.where(cosine, -sine), even.where(sine, cosine)
    return bottom.abs(), top / bottom


def _circular(x: Number, precision: str) -> tuple[Number, Pair, Pair]:
    """Returns q, sin r and cos r with x = q π/2 + r."""
    q, r, rest = _reduced(x)
    return q, *_sine_and_cosine(r, rest, precision)


def _sine_and_cosine(r: Number, rest: Number, precision: str) -> tuple[Pair, Pair]:
    """Returns the functions of r + rest for |r| ≤ π/4 and a rest that is small beside r.

    Both come with their rounding errors.
    """
    square = r * r
    sine_terms = (r * square) * polynomial(square, _SIN[precision])
    half = square * 0.5
    head = 1.0 - half
    # The rest counts where cos is 1 - r²/2 for it, and sin is r.
    sine = ordered_sum_of(r, rest.fma(head, sine_terms))
    tail = (square * square).fma(polynomial(square, _COS[precision]), (1.0 - head) - half)
    return sine, ordered_sum_of(head, rest.fma(-r, tail))


def _reduced(x: Number) -> tuple[Number, Number, Number]:
    """Returns q, r and the rounding error of r with x = q π/2 + r."""
    first, second, third, fourth = _HALF_PI
    n, q = (x * _TWO_OVER_PI).nearest()
    left = n.fma(-first, x)
    nearly = n.fma(-second, left)
    lost = n.fma(-second, left - nearly)
    r = n.fma(-third, nearly)
    rest = lost + n.fma(-third, nearly - r)
    return q, r, n.fma(-fourth, rest)


def _flipped(x: Number, quadrant: Number) -> Number:
    """Returns x, with the other sign in the quadrants 2 and 3."""
    return (x.bits() ^ ((quadrant >> 1) << 63)).as_float()


def _or_library(name: str, x: Number, found: Number) -> Number:
    return (x.abs() > LARGE).rarely(found, lambda: x.scalar(name))


# -- inverses


def atan(x: Number) -> Number:
    """Returns the inverse of the tangent, between -π/2 and π/2."""
    size = x.converted("double").abs()
    return _angle(size, size.like(1.0), None, x.ty).converted(x.ty).copysign(x)


def atan2(y: Number, x: Number) -> Number:
    """Returns the angle of the point (x, y), between -π and π."""
    up, right = y.converted("double"), x.converted("double")
    leftwards = right.bits() < 0
    rise, run = up.abs(), right.abs()
    if x.ty == "double":
        huge = (rise > 2.0**1000).where(rise, run) > 2.0**1000
        scale = huge.where(2.0**-4, x.like(1.0))
        rise, run = rise * scale, run * scale
    both = rise.equals(math.inf) & run.equals(math.inf)
    rise, run = both.where(1.0, rise), both.where(1.0, run)
    return _angle(rise, run, leftwards, x.ty).converted(x.ty).copysign(y)


def _angle(rise: Number, run: Number, leftwards: Number | None, precision: str) -> Number:
    """Returns the angle of a slope: about π/4 and π/2 it is that of a small slope and a constant.

    The constants are those of the other side where the point lies leftwards.
    """
    steep = rise > run * 2.0
    middle = rise > run * 0.5
    top = steep.where(-run, middle.where(rise - run, rise))
    bottom = steep.where(rise, middle.where(rise + run, run))
    t = top / bottom.equals(0.0).where(1.0, bottom)
    zero = rise.like(0.0)
    whole, lost = (steep.where(_HALF[k], middle.where(_QUARTER[k], zero)) for k in range(2))
    if leftwards is not None:
        t = leftwards.where(-t, t)
        mirrored = (
            steep.where(_HALF[k], middle.where(_THREE_QUARTERS[k], zero.like(_PI[k])))
            for k in range(2)
        )
        whole, lost = (
            leftwards.where(there, here)
            for there, here in zip(mirrored, (whole, lost), strict=True)
        )
    square = t * t
    return whole + (t + (t * square).fma(polynomial(square, _ATAN[precision]), lost))


def asin(x: Number) -> Number:
    """Returns the inverse of the sine, between -π/2 and π/2."""
    size = x.converted("double").abs()
    outer, s, more = _arc(size, x.ty)
    high, low = _HALF
    far = high - ((s + s) + (more + more - low))
    return outer.where(far, s + more).converted(x.ty).copysign(x)


def acos(x: Number) -> Number:
    """Returns the inverse of the cosine, between 0 and π."""
    wide = x.converted("double")
    outer, s, more = _arc(wide.abs(), x.ty)
    twice, negative = (s + more) * 2.0, wide < 0.0
    far = negative.where(_PI[0] - (twice - _PI[1]), twice)
    s, more = (negative.where(-v, v) for v in (s, more))
    near = _HALF[0] - (s + (more - _HALF[1]))
    return outer.where(far, near).converted(x.ty)


def _arc(x: Number, precision: str) -> tuple[Number, Number, Number]:
    """Returns whether x > 1/2, and the sine s of an angle and asin(s) - s.

    Beyond 1/2 the angle is half of π/2 - asin(x).
    """
    outer = x > 0.5
    square = outer.where(x.fma(-0.5, 0.5), x * x)
    s = outer.where(square.sqrt(), x)
    return outer, s, s * square * polynomial(square, _ASIN[precision])
