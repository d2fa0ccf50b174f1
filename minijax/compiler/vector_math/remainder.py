"""The remainder of a division, exact as that of the C library."""

from __future__ import annotations

import math

from minijax.compiler.vector_math import extended
from minijax.compiler.vector_math.extended import product_of
from minijax.compiler.vector_math.language import Number

# Up to here a quotient is wrong by less than 1, and whole.
_LARGEST = {"double": 2.0**52, "float": 2.0**22}
# Between these, products can be split into halves.
_MIDDLE = {"double": (2.0**-900, 2.0**900), "float": (2.0**-90, 2.0**100)}


def fmod(x: Number, y: Number) -> Number:
    """Returns x - y · trunc(x / y), with the sign of x.

    The quotient in floats is off by one at most. What is left after so many times y is a multiple
    of the last bit of y and hardly larger than y, so it is exact, and so is its correction.
    """
    size, divisor = x.abs(), y.abs()
    ratio = size / divisor
    product, lost = product_of(ratio.floor(), divisor)
    left = (size - product) - lost
    left = (left < 0.0).where(left + divisor, left)
    left = (left >= divisor).where(left - divisor, left)
    usual = (ratio < _LARGEST[x.ty]) & (divisor < math.inf)
    if not extended.fuses():
        least, most = _MIDDLE[x.ty]
        usual = usual & (divisor > least) & (divisor < most) & (size < most)
    return (~usual).rarely(left.copysign(x), lambda: x.scalar("fmod", y))
