"""The elementary functions on NumPy arrays, for tests and measurements.

>>> import numpy as np
>>> [round(float(x), 6) for x in on_arrays("exp", 4)(np.array([0.0, 1.0, -1.0]))]
[1.0, 2.718282, 0.367879]
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np

from minijax.compiler.engine import compile_module
from minijax.compiler.text import ModuleWriter
from minijax.compiler.vector_math import library

_TYPES = {"f": "float", "d": "double"}


def on_arrays(name: str, lanes: int) -> Callable[..., np.ndarray]:
    """Returns a function of float arrays of one shape and type.

    Args:
        name: the name in `library.FUNCTIONS`.
        lanes: how many numbers it takes at a time.
    """

    def function(*operands: np.ndarray) -> np.ndarray:
        first = operands[0]
        ty = _TYPES[first.dtype.char]
        padding = -first.size % lanes
        padded = [np.pad(x.ravel(), (0, padding), constant_values=1) for x in operands]
        out = np.empty_like(padded[0])
        run = loop(name, ty, lanes, len(operands))
        run(out.size // lanes, out.ctypes.data, *(x.ctypes.data for x in padded))
        return out[: first.size].reshape(first.shape)

    return function


def loop(name: str, ty: str, lanes: int, count: int) -> Callable[..., object]:
    """Returns a call that runs over memory: the number of vectors, the results, the operands."""
    symbol = library.symbol(name, ty, lanes)
    wide = ty if lanes == 1 else f"<{lanes} x {ty}>"
    align = 8 if ty == "double" else 4
    module = ModuleWriter()
    pointers = [f"p{k}" for k in range(count)]
    args = [("i64", "n"), ("ptr", "out"), *(("ptr", p) for p in pointers)]
    fn = module.function("run", args, "void")
    with fn.loop("%n") as steps:
        loaded = [fn.load(wide, fn.gep(wide, f"%{p}", steps.index), align) for p in pointers]
        found = fn.call(wide, symbol, [(wide, x) for x in loaded])
        fn.store(wide, found, fn.gep(wide, "%out", steps.index), align)
    fn.ret()
    address = library.address(name, ty, lanes, count)
    program = compile_module(str(module), "run", {symbol: address})
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (count + 1))
    call = prototype(program.address)

    def run(*arguments: int) -> None:
        assert program.address, "the code lives as long as this call"
        call(*arguments)

    return run
