"""The compiled elementary functions: each compiled once per type and number of lanes.

A program calls them by symbols such as `exp_f64x8`. The modules that write them are imported when
one must be compiled, and not where it is found on disk.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minijax.compiler.cache.modules import cached_module
from minijax.compiler.emit.context import Context
from minijax.compiler.engine import Effort, Program
from minijax.core.lazy import Place, find, places

# The functions by the module of this package that writes them; `name=function` where they differ.
_UNARY = places(
    {
        "error_function": "erf erfc",
        "exponential": "exp exp2 expm1 logistic sinh cosh tanh",
        "gamma": "lgamma digamma",
        "logarithm": "log log1p log2 log10 asinh acosh atanh",
        "power": "cbrt",
        "trigonometric": "sin cos tan asin acos atan",
    }
)
_BINARY = places({"power": "pow=power hypot", "remainder": "fmod", "trigonometric": "atan2"})
FUNCTIONS = _UNARY | _BINARY
# Those of complex numbers: two parts in, two parts out; in double precision only.
COMPLEX = places(
    {
        "complex_functions": """
            cexp=exp clog=log csqrt=sqrt csin=sin ccos=cos ctan=tan csinh=sinh ccosh=cosh ctanh=tanh
        """
    }
)
_BITS = {"double": 64, "float": 32}
_TYPES = {"64": "double", "32": "float"}
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
    number = _found(("language", "Number"))
    c = Context(contract=False)
    with c.on(lanes):
        wide = c.type(ty)
        args = [(wide, f"x{k}") for k in range(count)]
        ret = pair(wide) if name in COMPLEX else wide
        c.fn = c.module.function(symbol(name, ty, lanes), args, ret)
        operands = [number(c, ty, f"%x{k}") for k in range(count)]
        if name in COMPLEX:
            re, im = writer(name)(*operands)
            half = c.fn.emit(f"insertvalue {ret} poison, {wide} {re.name}, 0")
            c.fn.ret(c.fn.emit(f"insertvalue {ret} {half}, {wide} {im.name}, 1"))
        else:
            c.fn.ret(writer(name)(*operands).name)
    return str(c.module)


def writer(name: str) -> Callable[..., Any]:
    """Returns the function that writes one of ours: numbers of the language in and out."""
    return _found(COMPLEX[name] if name in COMPLEX else FUNCTIONS[name])


def _found(place: Place) -> Callable[..., Any]:
    module, name = place
    found: Callable[..., Any] = find((f"minijax.compiler.vector_math.{module}", name))
    return found


def pair(ty: str) -> str:
    """Returns the type of the results of a function of complex numbers."""
    return f"{{ {ty}, {ty} }}"
