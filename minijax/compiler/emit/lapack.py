"""Calls of LAPACK and BLAS on batches of matrices.

One native loop goes over the batch. LAPACK works in place: where a result starts as a copy of an
operand, the copy is made once for the whole batch.
"""

from __future__ import annotations

import math
from typing import Any

from minijax.compiler.emit import dense
from minijax.compiler.emit.body import plus, times
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame, copy, nbytes
from minijax.compiler.emit.types import literal_float
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.roots import Native, Value


def emit_native(frame: Frame, native: Native, position: int) -> None:
    """Emits the loop over the batch and the calls in it."""
    count = math.prod(native.batch)
    if count == 0 or all(out.size == 0 for out in native.outs):
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
        "in": [nbytes(x) // count for x in native.operands],
        "out": [nbytes(x) // count for x in native.outs],
        "work": [0 for _ in native.work],
    }
    with c.fn.loop(first, last) as batch:
        for call in native.calls:
            if call.symbol.startswith(dense.OWN):
                dense.define(c, call.symbol)
            else:
                c.outside(call.symbol)
            args: list[tuple[str, Operand]] = []
            for kind, argument in call.arguments:
                if kind in addresses:
                    place = addresses[kind][argument]
                    args.append(("ptr", _moved(c, place, batch.index, strides[kind][argument])))
                else:
                    args.append(("ptr", _constant(c, native.operands[0], kind, argument)))
            c.fn.call("void", call.symbol, args)


def _moved(c: Context, address: str, index: Operand, stride: int) -> str:
    if stride == 0:
        return address
    return c.fn.gep("i8", address, times(c, index, stride))


def _constant(c: Context, first: Value, kind: str, argument: Any) -> str:
    if kind == "char":
        return c.module.data(argument.encode())
    if kind == "int":
        return c.module.constant("i32", str(argument))
    ty = "float" if dtypes.real_dtype(first.dtype) == dtypes.float32 else "double"
    parts = f"{ty} {literal_float(ty, argument)}, {ty} {literal_float(ty, 0.0)}"
    return c.module.constant(f"[2 x {ty}]", f"[{parts}]")
