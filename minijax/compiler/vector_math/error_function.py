"""The error function and its complement.

Near zero erf(x) = x + x P(x²). Further out erfc(x) = exp(-x²) G(t) / (1 + 2x), where G hardly
changes and t = (x - c) / (x + c) is between -1 and 1.

M. M. Shepherd, J. G. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x in
0 ≤ x < ∞", Mathematics of Computation 36, 1981.
"""

from __future__ import annotations

from minijax.compiler.vector_math.exponential import exp, exp_parts, quotient, scaled
from minijax.compiler.vector_math.extended import ordered_sum_of, product_of, sum_of
from minijax.compiler.vector_math.language import Number, polynomial

# P for |x| ≤ 1; the errors of erf are below 2^-56 and 2^-29. Single is computed in double.
_NEAR = {
    "double": (
        *(0.1283791670955126, -0.37612638903183754, 0.1128379167095512, -0.02686617064512984),
        *(0.0052239776254232985, -0.000854832702193483, 0.00012055332902888736),
        *(-1.4925647567519332e-05, 1.6462045441468418e-06, -1.6364642158167616e-07),
        *(1.4792401209404813e-08, -1.216456005728345e-09, 8.709045129053106e-11),
        -4.230945824295338e-12,
    ),
    "float": (
        *(0.12837916584835093, -0.37612626666720334, 0.11283594715160218, -0.026854212010626412),
        *(0.005189087423433974, -0.000801686428716587, 7.875875062685488e-05),
    ),
}
# c, and G for x ≥ 1/2 (in single precision up to 10.2); the errors are below 2^-54 and 2^-30.
_FAR = {
    "double": (
        4.0,
        (
            *(1.2329951186255526, -0.13962111684056253, 0.015379652102619027),
            *(0.0680970542546948, -0.10103906603625375, 0.09373283499828751),
            *(-0.06633036581360713, 0.03716751553818893, -0.01619773403826592),
            *(0.0050319699756138135, -0.0007577734486762808, -0.00019925671345040716),
            *(0.00015062249512264785, -2.4398983809134553e-05, -1.12247322473501e-05),
            *(5.7086428044048145e-06, 2.9955790685567077e-07, -8.22559563206072e-07),
            *(6.702452833728971e-08, 1.0568025135820959e-07, -1.2224048303152388e-08),
            -1.0476718674668371e-08,
        ),
    ),
    "float": (
        3.0,
        (
            *(1.2530080588379888, -0.13562110508616412, -0.04756238240132647),
            *(0.12964507437973682, -0.11927147484420167, 0.0683100974947083),
            *(-0.023789669760160982, 0.0025092306955513564, 0.0019574502858507774),
            *(-0.0006969076483695834, -0.00019073743376396915),
        ),
    ),
}
# Beyond this erf(x) is 1.
_ERF_ONE = 6.0
# Beyond this erfc(x) is 0.
_ERFC_ZERO = {"double": 28.0, "float": 10.2}


def erf(x: Number) -> Number:
    """Returns the error function."""
    wide = x.converted("double")
    size = wide.abs()
    near = _near(wide, x.ty).abs()
    size = (size > _ERF_ONE).where(_ERF_ONE, size)
    centre, terms = _FAR[x.ty]
    divisor, shifted = size.fma(2.0, 1.0), size + centre
    inverse = 1.0 / (divisor * shifted)
    weight = polynomial((size - centre) * divisor * inverse, terms) * shifted * inverse
    far = 1.0 - exp(-(size * size)) * weight
    return (size < 1.0).where(near, far).converted(x.ty).copysign(x)


def erfc(x: Number) -> Number:
    """Returns the complement of the error function, 1 - erf(x)."""
    wide = x.converted("double")
    size, end = wide.abs(), _ERFC_ZERO[x.ty]
    size = (size > end).where(end, size)
    far = _complement(size, x.ty)
    far = (wide < 0.0).where(2.0 - far, far)
    return (size < 0.5).where(1.0 - _near(wide, x.ty), far).converted(x.ty)


def _near(x: Number, precision: str) -> Number:
    return x.fma(polynomial(x * x, _NEAR[precision]), x)


def _complement(x: Number, precision: str) -> Number:
    """Returns erfc(x) for x ≥ 1/2, with the rounding errors of the factors."""
    centre, terms = _FAR[precision]
    t = (x - centre) / (x + centre)
    weight, slight = ordered_sum_of(x.like(terms[0]), t * polynomial(t, terms[1:]))
    square, lost = product_of(x, x)
    grown, tail, n = exp_parts(-square, -lost)
    product, error = product_of(grown, weight)
    error = error + (grown * slight + tail * weight)
    divisor, left = sum_of(x + x, x.like(1.0))
    return scaled(quotient(product, divisor, left, error), n)
