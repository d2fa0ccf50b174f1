"""The compiled elementary functions: each compiled once per type and number of lanes.

A program calls them by symbols such as `exp_f64x8`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from minijax.compiler.cache.modules import cached_module
from minijax.compiler.emit.context import Context
from minijax.compiler.engine import Effort, Program
from minijax.compiler.vector_math import (
    complex_functions,
    error_function,
    exponential,
    gamma,
    logarithm,
    power,
    remainder,
    trigonometric,
)
from minijax.compiler.vector_math.language import Number

FUNCTIONS: dict[str, Callable[..., Number]] = {
    "exp": exponential.exp,
    "exp2": exponential.exp2,
    "expm1": exponential.expm1,
    "logistic": exponential.logistic,
    "sinh": exponential.sinh,
    "cosh": exponential.cosh,
    "tanh": exponential.tanh,
    "log": logarithm.log,
    "log1p": logarithm.log1p,
    "log2": logarithm.log2,
    "log10": logarithm.log10,
    "asinh": logarithm.asinh,
    "acosh": logarithm.acosh,
    "atanh": logarithm.atanh,
    "sin": trigonometric.sin,
    "cos": trigonometric.cos,
    "tan": trigonometric.tan,
    "asin": trigonometric.asin,
    "acos": trigonometric.acos,
    "atan": trigonometric.atan,
    "atan2": trigonometric.atan2,
    "pow": power.power,
    "cbrt": power.cbrt,
    "hypot": power.hypot,
    "fmod": remainder.fmod,
    "erf": error_function.erf,
    "erfc": error_function.erfc,
    "lgamma": gamma.lgamma,
    "digamma": gamma.digamma,
}
# Those of complex numbers: two parts in, two parts out; in double precision only.
COMPLEX: dict[str, Callable[[Number, Number], tuple[Number, Number]]] = {
    "cexp": complex_functions.exp,
    "clog": complex_functions.log,
    "csqrt": complex_functions.sqrt,
    "csin": complex_functions.sin,
    "ccos": complex_functions.cos,
    "ctan": complex_functions.tan,
    "csinh": complex_functions.sinh,
    "ccosh": complex_functions.cosh,
    "ctanh": complex_functions.tanh,
}
_BITS = {"double": 64, "float": 32}
_TYPES = {"64": "double", "32": "float"}
_BINARY = frozenset(("atan2", "hypot", "pow"))
_compiled: dict[str, Program] = {}


def symbol(name: str, ty: str, lanes: int) -> str:
    """Returns the symbol of a function."""
    return f"{name}_f{_BITS[ty]}x{lanes}"


def parsed(symbol: str) -> tuple[str, str, int, int] | None:
    """Returns name, type, lanes and number of operands of a symbol, if it is one of ours.

    Example:
        >>> parsed("pow_f32x8"), parsed("pow")
        (('pow', 'float', 8, 2), None)
    """
    name, _, rest = symbol.rpartition("_f")
    bits, _, lanes = rest.partition("x")
    if bits not in _TYPES or not lanes.isdigit() or not (name in FUNCTIONS or name in COMPLEX):
        return None
    count = 2 if name in _BINARY or name in COMPLEX else 1
    return name, _TYPES[bits], int(lanes), count


def address(name: str, ty: str, lanes: int, count: int) -> int:
    """Returns the address of a function of `count` operands, compiled at its first use."""
    own = symbol(name, ty, lanes)
    if own not in _compiled:
        write = functools.partial(module_text, name, ty, lanes, count)
        code = cached_module(write, own, effort=Effort.LIGHT, name=own)
        # The first of several threads decides: its code may be in use already.
        _compiled.setdefault(own, code)
    return _compiled[own].address


def module_text(name: str, ty: str, lanes: int, count: int) -> str:
    """Returns the LLVM text of a function."""
    c = Context(contract=False)
    with c.on(lanes):
        wide = c.type(ty)
        args = [(wide, f"x{k}") for k in range(count)]
        ret = pair(wide) if name in COMPLEX else wide
        c.fn = c.module.function(symbol(name, ty, lanes), args, ret)
        operands = [Number(c, ty, f"%x{k}") for k in range(count)]
        if name in COMPLEX:
            re, im = COMPLEX[name](*operands)
            half = c.fn.emit(f"insertvalue {ret} poison, {wide} {re.name}, 0")
            c.fn.ret(c.fn.emit(f"insertvalue {ret} {half}, {wide} {im.name}, 1"))
        else:
            c.fn.ret(FUNCTIONS[name](*operands).name)
    return str(c.module)


def pair(ty: str) -> str:
    """Returns the type of the results of a function of complex numbers."""
    return f"{{ {ty}, {ty} }}"
