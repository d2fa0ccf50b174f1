"""Calls of the host: Python functions of NumPy arrays in the middle of compiled code.

The code passes one table of addresses, operands first, then results. Python sees copies of the
operands, and its results are checked and copied out. An exception is kept for the caller of the
compiled function; the code leaves at once with a status.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.compiler.emit.frame import Frame, nbytes
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.status import FAILED
from minijax.kernel.roots import HostCall, Value

_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)


def emit_host_call(frame: Frame, call: HostCall) -> None:
    """Emits the call and the exit if it fails."""
    c = frame.c
    places = [_operand(frame, x) for x in call.operands]
    results = [frame.address(x) if x.ndim else c.fn.alloca("i64", 2) for x in call.outs]
    table = c.fn.alloca("ptr", max(len(places) + len(results), 1))
    for k, place in enumerate((*places, *results)):
        c.fn.store("ptr", place, c.fn.gep("ptr", table, k))
    function = _native(call.callback, call.operands, call.outs, c.failures)
    symbol = c.fresh_name("host")
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None, "a callback has an address"
    c.symbols[symbol] = address
    c.kept.append(function)
    status = c.fn.call("i32", symbol, [("ptr", table)])
    c.fn.fail_if(c.fn.emit(f"icmp ne i32 {status}, 0"), status)
    for x, place in zip(call.outs, results, strict=True):
        if x.ndim == 0:
            frame.scalars[x] = load(c, x.dtype, place, 0)


def _operand(frame: Frame, x: Value) -> str:
    if x.ndim:
        return frame.address(x)
    place = frame.c.fn.alloca("i64", 2)
    store(frame.c, x.dtype, frame.scalars[x], place, 0)
    return place


def _native(
    callback: Callable[..., Any],
    operands: Sequence[Value],
    outs: Sequence[Value],
    failures: dict[int, BaseException],
) -> Any:
    """Returns the C function that calls a Python function on a table of addresses."""
    count = len(operands) + len(outs)

    def call(table: int) -> int:
        try:
            addresses = (ctypes.c_void_p * max(count, 1)).from_address(table)[:count]
            arrays = [_copied(a, x) for a, x in zip(addresses, operands, strict=False)]
            results = callback(*arrays)
            for address, x, result in zip(addresses[len(operands) :], outs, results, strict=True):
                _copy_out(np.asarray(result), x, address)
        except BaseException as error:  # must not cross C: kept for the caller
            failures[threading.get_ident()] = error
            return FAILED
        return 0

    return _FUNCTION(call)


def _copied(address: int | None, x: Value) -> np.ndarray:
    array = np.empty(x.shape, x.dtype)
    if address and nbytes(x):
        ctypes.memmove(array.ctypes.data, address, nbytes(x))
    return array


def _copy_out(result: np.ndarray, x: Value, address: int | None) -> None:
    if result.shape != x.shape or result.dtype != x.dtype:
        raise TypeError(
            f"The callback returned an array of shape {result.shape} and dtype {result.dtype}, "
            f"but it was declared to return {x.aval}: return arrays that match the declaration."
        )
    if address and nbytes(x):
        contiguous = np.ascontiguousarray(result)
        ctypes.memmove(address, contiguous.ctypes.data, nbytes(x))
