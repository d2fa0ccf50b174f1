"""Numbers in twice the precision: unevaluated sums of two floats, the second a rounding error.

T. J. Dekker, "A floating-point technique for extending the available precision", Numerische
Mathematik 18, 1971; D. E. Knuth, The Art of Computer Programming, volume 2, section 4.2.2.
"""

from __future__ import annotations

import functools

from minijax.compiler.engine import host
from minijax.compiler.vector_math.language import Number

Pair = tuple[Number, Number]

_SPLITTER = {"double": 2.0**27 + 1.0, "float": 2.0**12 + 1.0}


@functools.cache
def fuses() -> bool:
    """Returns whether the machine multiplies and adds with one rounding."""
    present = set(host().features.split(","))
    return bool(present & {"+fma", "+fma4"}) or host().triple.startswith(("aarch64", "arm64"))


def sum_of(x: Number, y: Number) -> Pair:
    """Returns x + y exactly."""
    total = x + y
    seen = total - x
    return total, (x - (total - seen)) + (y - seen)


def ordered_sum_of(x: Number, y: Number) -> Pair:
    """Returns x + y exactly, where |x| ≥ |y| or x is zero."""
    total = x + y
    return total, y - (total - x)


def product_of(x: Number, y: Number) -> Pair:
    """Returns x · y exactly, as far as nothing underflows."""
    product = x * y
    if fuses():
        return product, x.fma(y, -product)
    x_high, x_low = _split(x)
    y_high, y_low = _split(y)
    rest = x_high * y_high - product
    return product, ((rest + x_high * y_low) + x_low * y_high) + x_low * y_low


def times(x: Pair, y: Pair) -> Pair:
    """Returns x · y to about twice the precision."""
    product, rest = product_of(x[0], y[0])
    return product, rest + (x[0] * y[1] + x[1] * y[0])


def plus(x: Pair, y: Pair) -> Pair:
    """Returns x + y, where |x| ≥ |y|."""
    total, rest = ordered_sum_of(x[0], y[0])
    return total, rest + (x[1] + y[1])


def _split(x: Number) -> Pair:
    """Returns x as a sum of two numbers of half the digits."""
    scaled = x * _SPLITTER[x.ty]
    high = scaled - (scaled - x)
    return high, x - high
