"""The compiled elementary functions: each compiled once per type and number of lanes.

A program calls them by symbols such as `exp_f64x8`.
"""

from __future__ import annotations

from collections.abc import Callable

from minijax.compiler.emit.context import Context
from minijax.compiler.engine import Effort, Program, compile_module
from minijax.compiler.vector_math import exponential
from minijax.compiler.vector_math.language import Number

FUNCTIONS: dict[str, Callable[..., Number]] = {
    "exp": exponential.exp,
}
_BITS = {"double": 64, "float": 32}
_compiled: dict[str, Program] = {}


def symbol(name: str, ty: str, lanes: int) -> str:
    """Returns the symbol of a function."""
    return f"{name}_f{_BITS[ty]}x{lanes}"


def address(name: str, ty: str, lanes: int, count: int) -> int:
    """Returns the address of a function of `count` operands, compiled at its first use."""
    own = symbol(name, ty, lanes)
    if own not in _compiled:
        text = module_text(name, ty, lanes, count)
        _compiled[own] = compile_module(text, own, effort=Effort.LIGHT)
    return _compiled[own].address


def module_text(name: str, ty: str, lanes: int, count: int) -> str:
    """Returns the LLVM text of a function."""
    c = Context(contract=False)
    with c.on(lanes):
        wide = c.type(ty)
        args = [(wide, f"x{k}") for k in range(count)]
        c.fn = c.module.function(symbol(name, ty, lanes), args, wide)
        result = FUNCTIONS[name](*(Number(c, ty, f"%x{k}") for k in range(count)))
        c.fn.ret(result.name)
    return str(c.module)
