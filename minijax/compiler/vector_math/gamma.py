"""The logarithm of the gamma function and its derivative, computed in double precision.

Recurrences lead into an interval with a polynomial; from 8 on it is Stirling's series, below zero
the reflection. NIST Digital Library of Mathematical Functions, sections 5.5 and 5.11.
"""

from __future__ import annotations

import math

from minijax.compiler.vector_math.language import Number, polynomial
from minijax.compiler.vector_math.logarithm import in_double, log
from minijax.compiler.vector_math.trigonometric import circular_of_pi

_FAR = 8.0
_HALF_LOG_TWO_PI = 0.9189385332046728
# log Γ(2 + t) / t for -3/4 ≤ t ≤ 1/4; the error is below 2^-56.
_LGAMMA = (
    *(0.42278433509846713, 0.32246703342411326, -0.06735230105319767, 0.020580808427773923),
    *(-0.007385551028762679, 0.002890510331695684, -0.0011927539039353042),
    *(0.0005096694948405424, -0.0002231550859715561, 9.945759080836898e-05),
    *(-4.491964674241342e-05, 2.052053718879593e-05, -9.487744447608211e-06),
    *(4.142020064879751e-06, -2.22297080039024e-06, 1.8359777498788917e-06),
    *(2.3831568905243507e-06, 4.047446372901842e-06, 2.58764175184737e-06),
    8.890417043351835e-07,
)
# x (log Γ(x) - (x - 1/2) log x + x - log(2π)/2) in 1/x² for x ≥ 8; the error is below 2^-63.
_STIRLING = (
    *(0.08333333333333333, -0.0027777777777777744, 0.0007936507936450394),
    *(-0.0005952380914267929, 0.000841749570829054, -0.001917287055870562),
    *(0.006383322059276921, -0.027742741357277903, 0.11001554697563673),
)
# ψ(1.7 + t) / (1.7 + t - root) for |t| ≤ 1/2, where the root of ψ has two parts; error 2^-55.
_ROOT = (1.4616321449683622, 9.549995429965697e-17)
_DIGAMMA_CENTRE = 1.7
_DIGAMMA = (
    *(0.8748993225022484, -0.34260698585977867, 0.17016742380244726, -0.09190454544365503),
    *(0.05158331270191152, -0.02953466112023903, 0.017097762504940585, -0.009960996810769177),
    *(0.0058250124054786585, -0.0034140743529255365, 0.0020037671600779037),
    *(-0.0011770390247202416, 0.0006918142879807665, -0.00040672725181044284),
    *(0.0002388495647877321, -0.00014046950424263774, 8.415308455174818e-05),
    *(-4.949768115552758e-05, 2.4539448245678585e-05, -1.4434414386979538e-05),
    *(1.619640506011819e-05, -9.527203366619244e-06),
)
# x² (ψ(x) - log x + 1/(2x)) in 1/x² for x ≥ 8; the error is below 2^-64.
_DIGAMMA_FAR = (
    *(-0.08333333333333333, 0.008333333333331664, -0.003968253965999701),
    *(0.004166665501516725, -0.007575459920369176, 0.02105106090804774),
    *(-0.08002337465397756, 0.299425370626735),
)


@in_double
def lgamma(x: Number) -> Number:
    """Returns log |Γ(x)|, infinite at the poles and at both infinities."""
    size = x.abs()
    positive = _lgamma_positive(size)

    def reflected() -> Number:
        # Γ(-x) Γ(1 + x) = -π / sin(πx); Γ(-x) is nearly -1/x where x is tiny.
        sine, _ = circular_of_pi(size)
        found = -log(size * (sine * (1.0 / math.pi))) - positive
        found = size.equals(size.floor()).where(math.inf, found)
        return (size < 2.0**-60).where(positive, found)

    return (x < 0.0).rarely(positive, reflected)


def _lgamma_positive(x: Number) -> Number:
    factor, t = x.like(1.0), x - 2.0
    for _ in range(6):
        above = t > 0.25
        factor = above.where(factor * (t + 1.0), factor)
        t = above.where(t - 1.0, t)
    below, least = x < 1.25, x < 0.25
    factor = least.where(x * (x + 1.0), below.where(x, factor))
    t = least.where(x, below.where(x - 1.0, t))
    far = x > _FAR
    logarithm = log(far.where(x, factor))
    near = t.fma(polynomial(t, _LGAMMA), below.where(-logarithm, logarithm))
    inverse = 1.0 / x
    series = inverse.fma(polynomial(inverse * inverse, _STIRLING), _HALF_LOG_TWO_PI - 0.5)
    return far.where((x - 0.5).fma(logarithm - 1.0, series), near)


@in_double
def digamma(x: Number) -> Number:
    """Returns the derivative of log Γ(x); NaN at the poles."""
    negative = x < 0.0
    found = _digamma_positive(negative.where(1.0 - x, x))

    def reflected() -> Number:
        _, cotangent = circular_of_pi(x)
        return cotangent.fma(-math.pi, found)

    found = negative.rarely(found, reflected)
    pole = (x <= 0.0) & x.equals(x.floor())
    return pole.where(math.nan, found)


def _digamma_positive(x: Number) -> Number:
    # The sum of 1/y over the steps downwards is kept as a fraction.
    top, bottom, y = x.like(0.0), x.like(1.0), x
    for _ in range(6):
        above = y > 2.2
        less = y - 1.0
        top = above.where(top.fma(less, bottom), top)
        bottom = above.where(bottom * less, bottom)
        y = above.where(less, y)
    below, least = x < 1.2, x < 0.2
    above = x + 1.0
    top = least.where(-1.0 - (x + x), below.where(-1.0, top))
    bottom = least.where(x * above, below.where(x, bottom))
    y = least.where(above + 1.0, below.where(above, y))
    near = ((y - _ROOT[0]) - _ROOT[1]) * polynomial(y - _DIGAMMA_CENTRE, _DIGAMMA) + top / bottom
    inverse = 1.0 / x
    square = inverse * inverse
    far = log(x) + inverse.fma(-0.5, square * polynomial(square, _DIGAMMA_FAR))
    return (x > _FAR).where(far, near)
