"""Special functions: our own and those of SciPy, with our answers at their singularities.

| function          | where          | answer                                        |
|-------------------|----------------|-----------------------------------------------|
| lgamma            | ±inf           | inf                                           |
| digamma           | 0, -1, -2, …   | nan                                           |
| polygamma, even m | 0, -1, -2, …   | nan: the two sides go to opposite infinities  |
| polygamma         | m not 0, 1, …  | nan                                           |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers.real import Real

_OF_C = "c_"


def apply(c: Context, ty: str, name: str, operands: Sequence[str]) -> str:
    """Emits a special function of floats of a type."""
    if name.startswith(_OF_C):
        return Real(c, ty).c_function(name.removeprefix(_OF_C), *operands)
    real = Real(c, "double")
    wide = [x if ty == "double" else c.cast("fpext", "float", x, "double") for x in operands]
    found = _OWN[name](real, *wide) if name in _OWN else _call(real, name, *wide)
    return found if ty == "double" else c.cast("fptrunc", "double", found, "float")


def _call(real: Real, name: str, *operands: str) -> str:
    symbol = f"special_{name}"
    types = real.c.outside(symbol)
    # Cython's dispatch flag follows the arguments.
    extra = [(ty, "0") for ty in types.args[len(operands) :]]
    return real.c.scalar_call("double", symbol, [*(("double", x) for x in operands), *extra])


def _library(name: str) -> Callable[..., str]:
    def emit(real: Real, x: str) -> str:
        return real.library(name, x)

    return emit


def _polygamma(real: Real, m: str, x: str) -> str:
    """ψ⁽ᵐ⁾(x) = (-1)ᵐ⁺¹ m! ζ(m + 1, x) for m ≥ 1; Abramowitz and Stegun 6.4.10."""
    zero, one = real.number(0.0), real.number(1.0)
    above = real.add(m, one)
    size = real.mul(real.library("tgamma", above), _call(real, "zeta", above, x))
    is_even = real.compare("oeq", real.library("fmod", m, real.number(2.0)), zero)
    series = real.select(is_even, real.neg(size), size)
    undefined = real.c.op("and", "i1", is_even, _is_pole(real, x))
    fraction = real.compare("une", m, real.intrinsic("floor", m))
    negative = real.compare("olt", m, zero)
    for wrong in (fraction, negative):
        undefined = real.c.op("or", "i1", undefined, wrong)
    found = real.select(undefined, real.number(math.nan), series)
    return real.select(real.compare("oeq", m, zero), real.library("digamma", x), found)


def _is_pole(real: Real, x: str) -> str:
    whole = real.compare("oeq", x, real.intrinsic("floor", x))
    below = real.compare("ole", x, real.number(0.0))
    return real.c.op("and", "i1", whole, below)


_OWN: dict[str, Callable[..., str]] = {
    "lgamma": _library("lgamma"),
    "digamma": _library("digamma"),
    "polygamma": _polygamma,
}
