"""The compiler from end to end.

    jaxpr ──simplify──▶ jaxpr ──lower──▶ kernels ──fuse──▶ steps ──plan──▶ memory
          ──emit──▶ LLVM text ──engine──▶ address ──▶ Compiled

A program that was compiled before on this machine is linked from the cache on disk; the stages
before the engine then run only if somebody asks to see them.

>>> import numpy as np
>>> from minijax.core.avals import ShapedArray
>>> from minijax.interpreters.stage import stage
>>> from minijax.primitives.arithmetic import add, mul
>>> program = stage(lambda x: [add(mul(x, 2.0), 1.0)], [ShapedArray((3,), np.dtype("float64"))])
>>> compile_jaxpr(program).run([np.array([1.0, 2.0, 3.0])])
[array([3., 5., 7.])]
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from minijax.compiler import symbols
from minijax.compiler.blas_threads import one_blas_thread
from minijax.compiler.cache.key import program_key
from minijax.compiler.cache.location import store
from minijax.compiler.cache.modules import cached_module
from minijax.compiler.cache.record import Record, from_bytes
from minijax.compiler.cache.store import Store
from minijax.compiler.clock import clock
from minijax.compiler.engine import EngineError, assembly_of, compile_module, load_object
from minijax.compiler.engine import Program as Code
from minijax.compiler.memory import workspace
from minijax.compiler.status import ENTRY, FAILED, INTERRUPTED, reraise
from minijax.compiler.threads import runtime
from minijax.core.array import value_of
from minijax.core.collector import paused
from minijax.core.config import config
from minijax.core.jaxpr import Jaxpr
from minijax.core.lazy import find
from minijax.core.logs import logger

if TYPE_CHECKING:
    from minijax.compiler.fuse.counts import Cost
    from minijax.compiler.memory.plan import Plan
    from minijax.compiler.stages import Written
    from minijax.kernel.roots import Program

Overwritten = tuple[tuple[int, int], ...]
_RUN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@dataclass(slots=True, eq=False)
class Source:
    """A program, which becomes LLVM text when that is asked for.

    Attributes:
        program: a closed jaxpr, or a kernel program.
        contract: whether multiplications and additions may be fused.
        overwritten: the inputs that it may overwrite, each with the output that takes its memory.
        timings: seconds spent in each stage so far.
    """

    program: Jaxpr | Program
    contract: bool
    overwritten: Overwritten = ()
    timings: dict[str, float] = field(default_factory=dict)
    _written: Written | None = None

    def written(self) -> Written:
        """Returns the program after the stages before LLVM; they run once."""
        found = self._written
        if found is None:
            # A process that finds its programs on disk never imports these stages.
            write = find(("minijax.compiler.stages", "write"))
            found = write(self.program, self.contract, self.overwritten, self.timings)
            self._written = found
        return found


class Compiled:
    """A compiled program: it runs, and it shows every stage it went through.

    Attributes:
        from_disk: whether its code was found in the cache on disk.
        timings: seconds spent in each stage.
    """

    def __init__(
        self,
        source: Source,
        record: Record,
        code: Code,
        avals: tuple[Sequence[Any], Sequence[Any]],
        consts: Sequence[np.ndarray],
        from_disk: bool,
    ) -> None:
        inputs, self._out_avals = avals
        self._source = source
        self._record = record
        self._code = code
        self._function = _RUN(code.address)
        self._consts = [_contiguous(x, aval) for x, aval in zip(consts, inputs, strict=False)]
        self._in_avals = inputs[len(consts) :]
        self._threads = one_blas_thread if self.uses_blas else nullcontext
        self.from_disk = from_disk
        # A copy: looking at the stages of a program from disk is not part of compiling it.
        self.timings = dict(source.timings)

    def run(self, args: Sequence[np.ndarray], free: Sequence[int] = ()) -> list[np.ndarray]:
        """Runs the program.

        Args:
            args: an array of the shape and dtype of each of the program's inputs.
            free: the numbers of arrays that nobody else has. Of inputs that the program overwrites
                these are given to it, and become outputs; of others it gets copies.

        Returns:
            The outputs: fresh arrays, but for those in the memory of free inputs.
        """
        inputs = [_contiguous(x, aval) for x, aval in zip(args, self._in_avals, strict=True)]
        reused = dict(self._record.reused)
        for number in reused:
            place = number - len(self._consts)
            if number not in free or inputs[place] is not args[place]:
                inputs[place] = np.array(inputs[place], order="C")
        taken = {out: inputs[number - len(self._consts)] for number, out in reused.items()}
        outputs = [
            taken[k] if k in taken else np.empty(aval.shape, aval.dtype)
            for k, aval in enumerate(self._out_avals)
        ]
        arena = workspace.take(self.plan_size)
        with self._threads():
            status = self._function(
                _addresses([*self._consts, *inputs, *self._record.literals], self._counts()),
                _addresses(outputs),
                arena.ctypes.data,
            )
        workspace.give_back(arena)
        if status:
            self.fail(status)
        return outputs

    def fail(self, status: int) -> None:
        """Raises the error that a run ended with."""
        if status == FAILED:
            raise self._source.written().context.failures.pop(threading.get_ident())
        if status == INTERRUPTED:
            reraise()
        raise MemoryError("A compiled program needed more memory than there is.")

    # -- for entries, which call the code themselves

    @property
    def address(self) -> int:
        """The address of `i32 run(inputs, outputs, arena)`."""
        return self._code.address

    @property
    def const_addresses(self) -> tuple[int, ...]:
        """The addresses of the captured arrays, the leading inputs."""
        return tuple(x.ctypes.data for x in self._consts)

    def trailing_addresses(self, threads: int | None = None) -> tuple[int, ...]:
        """Returns what follows the inputs in the table of addresses.

        Args:
            threads: how many threads loops in parts may use; without, what is configured.
        """
        return (*(x.ctypes.data for x in self._record.literals), *self._counts(threads))

    def _counts(self, threads: int | None = None) -> tuple[int, ...]:
        return (runtime.count_address(threads),) if self._record.shares_parts else ()

    @property
    def plan_size(self) -> int:
        """The bytes of working memory that a run needs."""
        return self._record.arena

    @property
    def uses_blas(self) -> bool:
        """Whether a run calls BLAS or LAPACK."""
        return self._record.uses_blas

    @property
    def calls_python(self) -> bool:
        """Whether a run calls Python functions."""
        return any(name.startswith("host") for name in self._record.symbols)

    @property
    def runs_python(self) -> bool:
        """Whether anything in Python may run meanwhile: callbacks, or handlers of signals."""
        return self.calls_python or "raised" in self._record.symbols

    @property
    def is_long(self) -> bool:
        """Whether a run is likely to take long, so that other threads should run meanwhile."""
        return self._record.is_long

    @property
    def record(self) -> Record:
        """What is kept of the program on disk."""
        return self._record

    @property
    def plan(self) -> Plan:
        """The fused program and where its values live."""
        return self._source.written().plan

    def kernels(self) -> str:
        """Returns the kernel program before fusion."""
        return self._source.written().kernels()

    def llvm_ir(self) -> str:
        """Returns the LLVM text as it was emitted."""
        return self._source.written().text

    def assembly(self) -> str:
        """Returns the machine code as text."""
        return assembly_of(self.llvm_ir())

    def cost(self) -> Cost:
        """Returns what a run computes and moves, estimated from the steps."""
        return self._source.written().cost()

    def memory(self) -> dict[str, int]:
        """Returns the bytes of working memory, of the outputs, and of captured constants."""
        outs = sum(aval.size * aval.dtype.itemsize for aval in self._out_avals)
        consts = sum(x.nbytes for x in (*self._consts, *self._record.literals))
        return {"arena": self.plan_size, "outputs": outs, "constants": consts}


def execute(jaxpr: Jaxpr, args: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Runs a program on NumPy arrays, compiled on its first run."""
    return compile_jaxpr(jaxpr).run(args)


def compile_jaxpr(jaxpr: Jaxpr, overwritten: Overwritten = ()) -> Compiled:
    """Compiles a program for this machine, once: the result is remembered with the program.

    Args:
        jaxpr: the program.
        overwritten: the inputs that it may overwrite, each with the output that takes its memory.
    """
    key = ("compiled", bool(config.fp_contract), *overwritten)
    compiled: Compiled | None = jaxpr.memo.get(key)
    if compiled is None:
        with paused():
            compiled = jaxpr.memo[key] = _compile(jaxpr, overwritten)
        if config.explain_compiles:
            _announce(jaxpr.name, compiled)
    return compiled


def compiled_forms(jaxpr: Jaxpr) -> list[Compiled]:
    """Returns what was compiled of a program: one form for each configuration."""
    return [x for x in jaxpr.memo.values() if isinstance(x, Compiled)]


def _announce(name: str, compiled: Compiled) -> None:
    how = "Linked from disk" if compiled.from_disk else "Compiled"
    stages = ", ".join(f"{stage} {1e3 * t:.1f}" for stage, t in compiled.timings.items())
    total = 1e3 * sum(compiled.timings.values())
    logger().warning("%s %s in %.1f ms: %s", how, name or "a program", total, stages)


def _compile(jaxpr: Jaxpr, overwritten: Overwritten) -> Compiled:
    closed = jaxpr.close()
    # A copy: the compiled program is remembered with the program itself, which it must not hold.
    source = Source(closed.replace(), bool(config.fp_contract), overwritten)
    avals = closed.in_avals, closed.out_avals
    consts = [np.asarray(value_of(x)) for x in jaxpr.consts]
    files = store()
    key = None
    if files is not None:
        with clock(source.timings, "key"):
            key = program_key(closed, (source.contract, overwritten))
    if files is None or key is None:
        return _build(source, avals, consts)
    found = _from_disk(source, avals, consts, files, key)
    return found or _build(source, avals, consts, (files, key))


def compile_program(program: Program, consts: Sequence[np.ndarray] = ()) -> Compiled:
    """Compiles a kernel program for this machine.

    Args:
        program: the program.
        consts: values of its leading inputs, which `run` then does not ask for.
    """
    source = Source(program, bool(config.fp_contract))
    avals = [v.aval for v in program.inputs], [v.aval for v in program.outputs]
    return _build(source, avals, consts)


_Avals = tuple[Sequence[Any], Sequence[Any]]


def _build(
    source: Source,
    avals: _Avals,
    consts: Sequence[np.ndarray],
    kept: tuple[Store, str] | None = None,
) -> Compiled:
    """Compiles a program; keeps it under a key if it can be kept, else its text is the key."""
    written = source.written()
    record = written.record(b"")
    under_key = kept is not None and record.is_storable()
    make = compile_module if under_key else cached_module
    code = make(written.text, ENTRY, written.context.symbols)
    source.timings |= code.timings
    record = written.record(code.object)
    if kept is not None and under_key:
        files, key = kept
        with clock(source.timings, "keep"):
            files.put(key, record.to_bytes())
    return Compiled(source, record, code, avals, consts, "emit" not in code.timings)


def _from_disk(
    source: Source, avals: _Avals, consts: Sequence[np.ndarray], files: Store, key: str
) -> Compiled | None:
    """Returns the program that was kept under a key; None if there is none that links."""
    with clock(source.timings, "read"):
        data = files.get(key)
        record = None if data is None else from_bytes(data)
    if record is None:
        return None
    try:
        with clock(source.timings, "symbols"):
            known = {name: symbols.address(name) for name in record.symbols}
        code = load_object(record.image, ENTRY, known)
    except EngineError:
        files.remove(key)
        return None
    source.timings |= code.timings
    return Compiled(source, record, code, avals, consts, True)


def _contiguous(x: np.ndarray, aval: Any) -> np.ndarray:
    x = np.asarray(x)  # a NumPy scalar has no address
    assert (x.shape, x.dtype) == (aval.shape, aval.dtype), f"{x.dtype}{x.shape} is not {aval}"
    flags = x.flags
    if flags.c_contiguous and flags.aligned:
        return x
    return np.array(x, order="C")


def _addresses(arrays: Sequence[np.ndarray], others: Sequence[int] = ()) -> Any:
    found = [*(x.ctypes.data for x in arrays), *others]
    return (ctypes.c_void_p * max(len(found), 1))(*found)
