"""Calls of native functions on batches of matrices: LAPACK, BLAS, Fourier transforms, our own.

One native loop goes over the batch. LAPACK works in place: where a result starts as a copy of an
operand, the copy is made once for the whole batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from minijax.compiler.emit import dense, sliding, spreading
from minijax.compiler.emit.calls import emit_host_call
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame, copy, nbytes
from minijax.compiler.emit.numbers.types import literal_float
from minijax.compiler.emit.positions import plus, times
from minijax.compiler.fuse.hosts import OWN, is_linked
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.roots import HostCall, Native


def emit_native(frame: Frame, native: Native, position: int) -> None:
    """Emits the loop over the batch and the calls in it.

    Where a function cannot be had, Python does the same with NumPy arrays.
    """
    count = math.prod(native.batch)
    if count == 0 or all(out.size == 0 for out in native.outs):
        return
    if not is_linked(native):
        emit_host_call(frame, HostCall(native.outs, native.evaluate, native.operands))
        return
    c = frame.c
    first, last = frame.span(count)
    for k, j in native.start:
        stride = nbytes(native.operands[j]) // count
        places = (frame.address(native.outs[k]), frame.address(native.operands[j]))
        target, source = (_moved(c, place, first, stride) for place in places)
        size = times(c, plus(c, last, times(c, first, -1)), stride)
        copy(c, target, source, size)
    addresses = {
        "in": [frame.address(x) for x in native.operands],
        "out": [frame.address(x) for x in native.outs],
        "work": [frame.scratch(position, k) for k in range(len(native.work))],
    }
    strides = {
        "in": [
            0 if j in native.shared else nbytes(x) // count for j, x in enumerate(native.operands)
        ],
        "out": [nbytes(x) // count for x in native.outs],
        "work": [0 for _ in native.work],
    }
    real = dtypes.real_dtype(native.operands[0].dtype)
    with c.fn.loop(first, last) as batch:
        matrices = {
            (kind, k): _moved(c, place, batch.index, strides[kind][k])
            for kind, places in addresses.items()
            for k, place in enumerate(places)
        }
        for call in native.calls:
            if call.symbol.startswith(OWN):
                _define(c, call.symbol)
            else:
                c.outside(call.symbol)
            args: list[tuple[str, Operand]] = [
                ("ptr", _argument(c, matrices, real, *argument)) for argument in call.arguments
            ]
            c.fn.call("void", call.symbol, args)


def _define(c: Context, symbol: str) -> None:
    """Writes a function of our own into the module, unless it is there."""
    if c.module.defines(symbol):
        return
    kind = symbol.removeprefix(OWN).split("_", 1)[0]
    defines = {"lu": dense.define, "slide": sliding.define, "spread": spreading.define}
    defines[kind](c, symbol)


def _moved(c: Context, address: str, index: Operand, stride: int) -> str:
    if stride == 0:
        return address
    return c.fn.gep("i8", address, times(c, index, stride))


def _argument(
    c: Context, matrices: Mapping[tuple[str, int], str], real: np.dtype, kind: str, argument: Any
) -> str:
    match kind:
        case "char":
            return c.module.data(argument.encode())
        case "int":
            return c.module.constant("i32", str(argument))
        case "longs":
            listed = ", ".join(f"i64 {x}" for x in argument)
            return c.module.constant(f"[{len(argument)} x i64]", f"[{listed}]")
        case "float":
            ty = "float" if real == dtypes.float32 else "double"
            parts = f"{ty} {literal_float(ty, argument)}, {ty} {literal_float(ty, 0.0)}"
            return c.module.constant(f"[2 x {ty}]", f"[{parts}]")
        case "symbol":
            c.outside(argument)
            known = c.symbols[argument]
            return c.module.declare(argument, "void", ()) if known else "null"
        case "table":
            table = c.fn.alloca("ptr", len(argument))
            for k, each in enumerate(argument):
                place = c.fn.gep("ptr", table, k)
                c.fn.store("ptr", _argument(c, matrices, real, *each), place)
            return table
        case _:
            return matrices[kind, argument]
