"""Compiled programs as functions of C.

    int run(const void *const *inputs, void *const *outputs)

takes an address for each input, in the order of the leaves of the arguments, and one for each
output: where its elements are, in C order, aligned as their type wants it; scalars too. It
returns 0, or 2 if there is no memory, or 4 if a handler of a signal raised in the middle of a long
loop. It needs neither a thread of Python nor its lock, and any number of threads may run it.

Other signatures, such as SciPy's, are made of this one (`SIGNATURES`).
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.compiler.blas_threads import blas_functions
from minijax.compiler.cache.modules import cached_module
from minijax.compiler.engine import Effort, Program
from minijax.compiler.entry.arena import return_arena, take_arena
from minijax.compiler.entry.c_signatures import SIGNATURES, Adapter
from minijax.compiler.entry.layout import kept_block_address
from minijax.compiler.pipeline import Compiled, compile_jaxpr
from minijax.compiler.text import FunctionWriter, ModuleWriter
from minijax.core.array import value_of
from minijax.core.avals import Aval, ShapedArray
from minijax.core.jaxpr import Jaxpr

RUN = "run"
_ADAPTED = "adapted"
_CTYPES = {
    "double": ctypes.c_double,
    "i32": ctypes.c_int,
    "i64": ctypes.c_ssize_t,
    "ptr": ctypes.c_void_p,
    "void": None,
}


class CFunction:
    """A program as a function of C; it owns the code.

    Attributes:
        address: of the function.
        data: the aval of what the user's pointer points to, if the program takes it.
    """

    __slots__ = ("_kept", "address", "data", "signature")

    def __init__(
        self, jaxpr: Jaxpr, consts: Sequence[Any] = (), signature: str | None = None
    ) -> None:
        """Compiles the function.

        Args:
            jaxpr: the program.
            consts: the values of its leading inputs, which callers do not pass.
            signature: a key of `SIGNATURES`; without, the function is `run`.

        Raises:
            ValueError: if the program calls Python.
            TypeError: if arguments or results do not fit the signature.
        """
        program = compile_jaxpr(jaxpr)
        if program.calls_python:
            raise ValueError(
                "A program that calls Python (pure_callback, io_callback, debug.print, …) has no "
                "address for C: the functions it calls need the interpreter. Leave them out."
            )
        bound = [np.ascontiguousarray(value_of(x)) for x in consts]
        writer = _Writer(program, bound, jaxpr.in_avals[len(consts) :], jaxpr.out_avals)
        self.data: ShapedArray | None = None
        self.signature = signature
        if signature is not None:
            self.data = writer.write_adapted(signature)
        code = writer.compile(RUN if signature is None else _ADAPTED)
        self.address = code.address
        self._kept = (program, code, writer.addresses, bound)

    def low_level_callable(self, data: Any = None) -> Any:
        """Returns a `scipy.LowLevelCallable`, which keeps the code and the data alive.

        Args:
            data: what the user's pointer points to, if the program takes it.

        Raises:
            TypeError: if the data is not of the shape and dtype that the program was traced for.
        """
        function, pointer = self.as_ctypes(), None
        if self.data is not None:
            held = None if data is None else np.ascontiguousarray(value_of(data))
            if held is None or (held.size, held.dtype) != (self.data.size, self.data.dtype):
                given = "nothing" if held is None else f"{held.dtype}{list(held.shape)}"
                raise TypeError(f"The program takes data of {self.data} and was given {given}.")
            pointer = ctypes.c_void_p(held.ctypes.data)
            function.held = held
        elif data is not None:
            raise TypeError("The program takes no data: all its arguments are in the signature.")
        scipy = importlib.import_module("scipy")
        return scipy.LowLevelCallable(function, pointer, self.signature)

    def as_ctypes(self) -> Any:
        """Returns a function of `ctypes`, which keeps the code alive."""
        if self.signature is None:
            kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        else:
            found = SIGNATURES[self.signature]
            types: list[Any] = [_CTYPES[ty] for ty, _ in found.arguments]
            kind = ctypes.CFUNCTYPE(_CTYPES[found.returns], *types)
        function: Any = kind(self.address)
        function.kept = self
        return function


class _Writer:
    """Writes the module of a C function.

    Attributes:
        addresses: of what the program takes besides its inputs: it must live as long as the code.
    """

    def __init__(
        self,
        program: Compiled,
        bound: Sequence[np.ndarray],
        in_avals: Sequence[Aval],
        out_avals: Sequence[Aval],
    ) -> None:
        self.program = program
        self.in_avals = [_array(aval) for aval in in_avals]
        self.out_avals = [_array(aval) for aval in out_avals]
        self.module = ModuleWriter()
        before = *(x.ctypes.data for x in bound), *program.const_addresses
        behind = program.trailing_addresses()
        self.counts = len(before), len(in_avals), len(behind)
        known = (*before, *behind)
        self.addresses = (ctypes.c_uint64 * max(len(known), 1))(*known)
        self.symbols = {
            "program": program.address,
            "addresses": ctypes.addressof(self.addresses),
            "kept_block": kept_block_address(),
        }
        self._write_run()

    def compile(self, entry: str) -> Program:
        """Returns the code."""
        exports = (RUN,)
        return cached_module(str(self.module), entry, self.symbols, Effort.LIGHT, exports)

    def _write_run(self) -> None:
        fn = self.module.function(RUN, [("ptr", "inputs"), ("ptr", "outputs")])
        before, count, behind = self.counts
        places = fn.alloca("ptr", max(before + count + behind, 1))
        known = self.module.declare("addresses", "void", [])
        _copy(fn, places, known, before)
        _copy(fn, fn.gep("ptr", places, before), "%inputs", count)
        _copy(fn, fn.gep("ptr", places, before + count), fn.gep("ptr", known, before), behind)
        kept, size = self.module.declare("kept_block", "void", []), self.program.plan_size
        arena = take_arena(fn, size, kept)
        blas = blas_functions() if self.program.uses_blas else None
        if blas is not None:
            self.symbols["limit_blas"], self.symbols["free_blas"] = blas
            fn.call("void", "limit_blas", [])
        given = [("ptr", places), ("ptr", "%outputs"), ("ptr", arena)]
        status = fn.call("i32", "program", given)
        if blas is not None:
            fn.call("void", "free_blas", [])
        return_arena(fn, size, kept, arena)
        fn.ret(status)

    def write_adapted(self, name: str) -> ShapedArray | None:
        """Writes the function of another signature; returns the aval of the user's data."""
        if name not in SIGNATURES:
            known = "\n    ".join(SIGNATURES)
            raise ValueError(f"No such signature of C: {name!r}. Known are\n    {known}")
        signature = SIGNATURES[name]
        fn = self.module.function(_ADAPTED, signature.arguments, signature.returns)
        adapter = Adapter(fn, name, self.in_avals, self.out_avals)
        inputs = adapter.inputs()
        outputs, result = adapter.outputs()
        given = [("ptr", _table(fn, inputs)), ("ptr", _table(fn, outputs))]
        good = adapter.counts_are_right()
        with fn.if_else(good, ["i32"]) as choice:
            with choice.then():
                choice.give(fn.call("i32", RUN, given))
            with choice.otherwise():
                choice.give(-1)
        good = fn.emit(f"icmp eq i32 {choice.results[0]}, 0")
        if signature.returns == "double":
            nan = "0x7FF8000000000000"
            fn.ret(fn.emit(f"select i1 {good}, double {fn.load('double', result)}, double {nan}"))
        elif signature.returns == "i32":
            fn.ret(fn.emit(f"zext i1 {good} to i32"))
        else:
            fn.ret()
        return adapter.data


def _array(aval: Aval) -> ShapedArray | None:
    return aval if type(aval) is ShapedArray else None


def _copy(fn: FunctionWriter, target: str, source: str, count: int) -> None:
    if count:
        fn.call("ptr", "memcpy", [("ptr", target), ("ptr", source), ("i64", 8 * count)])


def _table(fn: FunctionWriter, addresses: Sequence[str]) -> str:
    table = fn.alloca("ptr", max(len(addresses), 1))
    for k, address in enumerate(addresses):
        fn.store("ptr", address, fn.gep("ptr", table, k))
    return table
