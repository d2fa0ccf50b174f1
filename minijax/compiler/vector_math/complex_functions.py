"""Elementary functions of complex numbers, in double precision.

Formulas serve operands whose parts are finite and of ordinary size. The others, rare, go to the C
library, which follows Annex G of the C standard in infinities, signed zeros and scaling.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from minijax.compiler.emit.context import Context
from minijax.compiler.text import Operand
from minijax.compiler.vector_math import exponential, logarithm, trigonometric
from minijax.compiler.vector_math.extended import ordered_sum_of, product_of
from minijax.compiler.vector_math.language import Number

Parts = tuple[Number, Number]

# Where exp, and where the squares of sinh, are finite.
_GROWING, _SQUARED = 700.0, 340.0
# Where squares are neither subnormal nor infinite.
_SMALLEST, _LARGEST = 2.0**-480, 2.0**500


def exp(re: Number, im: Number) -> Parts:
    """Returns e to the power of a complex number."""
    size = exponential.exp(re)
    sine, cosine = trigonometric.sin_and_cos(im)
    usual = _moderate(re, im, _GROWING)
    return _or_library("cexp", usual, (re, im), (size * cosine, size * sine))


def log(re: Number, im: Number) -> Parts:
    """Returns log |z| and the angle; |z|² in twice the precision, for it may be nearly 1."""
    x, y = re.abs(), im.abs()
    wider = x > y
    square, lost = product_of(*[wider.where(x, y)] * 2)
    other, more = product_of(*[wider.where(y, x)] * 2)
    total, rest = ordered_sum_of(square, other)
    real = logarithm.log_of_sum(total, rest + (lost + more)) * 0.5
    found = real, trigonometric.atan2(im, re)
    return _or_library("clog", _ordinary(x, y), (re, im), found)


def sqrt(re: Number, im: Number) -> Parts:
    """Returns the root with a positive real part: the larger part first, the other by division."""
    x, y = re.abs(), im.abs()
    larger = ((x + x.fma(x, y * y).sqrt()) * 0.5).sqrt()
    smaller = y / (larger + larger)
    right = re >= 0.0
    found = right.where(larger, smaller), right.where(smaller, larger).copysign(im)
    return _or_library("csqrt", _ordinary(x, y), (re, im), found)


def sin(re: Number, im: Number) -> Parts:
    """Returns sin a cosh b + i cos a sinh b."""
    sine, cosine = trigonometric.sin_and_cos(re)
    found = sine * exponential.cosh(im), cosine * exponential.sinh(im)
    return _or_library("csin", _moderate(im, re, _GROWING), (re, im), found)


def cos(re: Number, im: Number) -> Parts:
    """Returns cos a cosh b - i sin a sinh b."""
    sine, cosine = trigonometric.sin_and_cos(re)
    found = cosine * exponential.cosh(im), -(sine * exponential.sinh(im))
    return _or_library("ccos", _moderate(im, re, _GROWING), (re, im), found)


def sinh(re: Number, im: Number) -> Parts:
    """Returns sinh a cos b + i cosh a sin b."""
    sine, cosine = trigonometric.sin_and_cos(im)
    found = exponential.sinh(re) * cosine, exponential.cosh(re) * sine
    return _or_library("csinh", _moderate(re, im, _GROWING), (re, im), found)


def cosh(re: Number, im: Number) -> Parts:
    """Returns cosh a cos b + i sinh a sin b."""
    sine, cosine = trigonometric.sin_and_cos(im)
    found = exponential.cosh(re) * cosine, exponential.sinh(re) * sine
    return _or_library("ccosh", _moderate(re, im, _GROWING), (re, im), found)


def tan(re: Number, im: Number) -> Parts:
    """Returns (sin a cos a + i sinh b cosh b) / (cos² a + sinh² b)."""
    found = _tangent(re, im)
    return _or_library("ctan", _moderate(im, re, _SQUARED), (re, im), found)


def tanh(re: Number, im: Number) -> Parts:
    """Returns (sinh a cosh a + i sin b cos b) / (sinh² a + cos² b)."""
    found = _tangent(im, re)
    return _or_library("ctanh", _moderate(re, im, _SQUARED), (re, im), (found[1], found[0]))


def _tangent(angle: Number, growth: Number) -> Parts:
    sine, cosine = trigonometric.sin_and_cos(angle)
    grown, size = exponential.sinh(growth), exponential.cosh(growth)
    inverse = 1.0 / cosine.fma(cosine, grown * grown)
    return sine * cosine * inverse, grown * size * inverse


def _moderate(growth: Number, angle: Number, limit: float) -> Number:
    return (growth.abs() < limit) & (angle.abs() < trigonometric.LARGE)


def _ordinary(x: Number, y: Number) -> Number:
    larger = (x > y).where(x, y)
    return (larger > _SMALLEST) & (x < _LARGEST) & (y < _LARGEST)


# -- the C library


def _or_library(name: str, usual: Number, parts: Parts, found: Parts) -> Parts:
    """Returns what was found, and the C library's results on the lanes that are not usual."""
    c = usual.c
    wide = c.type("double")
    with c.fn.if_else((~usual).any(), [wide, wide]) as choice:
        with choice.then():
            others = by_c_library(c, name, [x.name for x in parts])
            pairs = zip(found, others, strict=True)
            choice.give(*(usual.where(x, x.made(y)).name for x, y in pairs))
        with choice.otherwise():
            choice.give(*(x.name for x in found))
    re, im = (found[0].made(x) for x in choice.results)
    return re, im


def by_c_library(c: Context, name: str, parts: Sequence[str]) -> tuple[str, ...]:
    """Returns the parts of the result of a function of the C library, lane by lane."""
    call = _call_on_windows if os.name == "nt" else _call

    def lane(*operands: Operand) -> Sequence[str]:
        return call(c, name, operands)

    return c.each_lane(("double", "double"), [("double", x) for x in parts], lane)


def _call(c: Context, name: str, parts: Sequence[Operand]) -> Sequence[str]:
    """By the ABIs of Unix a complex number travels in two float registers."""
    pair = "{ double, double }"
    both = c.pure_call(pair, name, [("double", part) for part in parts])
    return [c.fn.emit(f"extractvalue {pair} {both}, {k}") for k in range(2)]


def _call_on_windows(c: Context, name: str, parts: Sequence[Operand]) -> Sequence[str]:
    """There it travels by address."""
    places = [c.fn.alloca("double", 2) for _ in range(1 + len(parts) // 2)]
    for k, part in enumerate(parts):
        c.fn.store("double", part, c.fn.gep("double", places[1 + k // 2], k % 2))
    c.fn.call("void", name, [("ptr", place) for place in places])
    return [c.fn.load("double", c.fn.gep("double", places[0], k)) for k in range(2)]
