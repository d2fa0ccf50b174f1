"""The compiler from end to end.

    jaxpr ──simplify──▶ jaxpr ──lower──▶ kernels ──fuse──▶ steps ──plan──▶ memory
          ──emit──▶ LLVM text ──engine──▶ address ──▶ Compiled

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
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from minijax.compiler.blas_threads import one_blas_thread
from minijax.compiler.emit.calls import FAILED
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.interrupts import INTERRUPTED, reraise
from minijax.compiler.emit.program import ENTRY, all_literals, emit_module
from minijax.compiler.engine import Program as Code
from minijax.compiler.engine import compile_module
from minijax.compiler.fuse.estimate import estimate
from minijax.compiler.fuse.steps import fuse
from minijax.compiler.memory import workspace
from minijax.compiler.memory.plan import Plan, plan_memory
from minijax.compiler.simplify import simplify
from minijax.core.array import value_of
from minijax.core.config import config
from minijax.core.jaxpr import Jaxpr
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.printing import format_program
from minijax.kernel.roots import Program

_LONG = 2e5
_RUN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Compiled:
    """A compiled program: it runs, and it shows every stage it went through.

    Attributes:
        timings: seconds spent in each stage.
    """

    def __init__(
        self,
        plan: Plan,
        context: Context,
        code: Code,
        consts: Sequence[np.ndarray],
        literals: Sequence[np.ndarray],
        timings: dict[str, float],
    ) -> None:
        program = plan.fused.program
        self._plan = plan
        self._context = context
        self._code = code
        self._function = _RUN(code.address)
        self._consts = [
            _contiguous(x, v.aval) for x, v in zip(consts, program.inputs, strict=False)
        ]
        self._in_avals = [v.aval for v in program.inputs[len(consts) :]]
        self._out_avals = [v.aval for v in program.outputs]
        self._literals = [np.ascontiguousarray(x) for x in literals]
        self.uses_blas = any(s.startswith(("blas_", "lapack_")) for s in context.symbols)
        # Host calls, and loops that ask for signals.
        self.calls_python = any(s.startswith("host") for s in context.symbols)
        self.runs_python = self.calls_python or "raised" in context.symbols
        self._threads = one_blas_thread if self.uses_blas else nullcontext
        self.timings = timings

    def run(self, args: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Runs the program.

        Args:
            args: an array of the shape and dtype of each of the program's inputs.

        Returns:
            The outputs: fresh arrays.
        """
        inputs = [_contiguous(x, aval) for x, aval in zip(args, self._in_avals, strict=True)]
        outputs = [np.empty(aval.shape, aval.dtype) for aval in self._out_avals]
        arena = workspace.take(self._plan.size)
        with self._threads():
            status = self._function(
                _addresses([*self._consts, *inputs, *self._literals]),
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
            raise self._context.failures.pop(threading.get_ident())
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

    @property
    def literal_addresses(self) -> tuple[int, ...]:
        """The addresses of the constant arrays, which follow the inputs."""
        return tuple(x.ctypes.data for x in self._literals)

    @property
    def plan_size(self) -> int:
        """The bytes of working memory that a run needs."""
        return self._plan.size

    @property
    def is_long(self) -> bool:
        """Whether a run is likely to take long, so that other threads should run meanwhile."""
        return estimate(self._plan.fused) > _LONG

    def kernels(self) -> str:
        """Returns the kernel program before fusion."""
        return format_program(self._plan.fused.program)

    def llvm_ir(self) -> str:
        """Returns the LLVM text as it was emitted."""
        return str(self._context.module)

    def assembly(self) -> str:
        """Returns the machine code as text."""
        return self._code.assembly()

    def memory(self) -> dict[str, int]:
        """Returns the bytes of working memory, of the outputs, and of captured constants."""
        outs = sum(aval.size * aval.dtype.itemsize for aval in self._out_avals)
        consts = sum(x.nbytes for x in (*self._consts, *self._literals))
        return {"arena": self._plan.size, "outputs": outs, "constants": consts}


def execute(jaxpr: Jaxpr, args: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Runs a program on NumPy arrays, compiled on its first run."""
    return compile_jaxpr(jaxpr).run(args)


def compile_jaxpr(jaxpr: Jaxpr) -> Compiled:
    """Compiles a program for this machine, once: the result is remembered with the program."""
    key = ("compiled", bool(config.fp_contract))
    compiled: Compiled | None = jaxpr.memo.get(key)
    if compiled is None:
        compiled = jaxpr.memo[key] = _compile(jaxpr)
    return compiled


def _compile(jaxpr: Jaxpr) -> Compiled:
    timings: dict[str, float] = {}
    with _clock(timings, "simplify"):
        program = simplify(jaxpr.close())
    with _clock(timings, "lower"):
        kernels = lower_jaxpr(program)
    consts = [np.asarray(value_of(x)) for x in jaxpr.consts]
    return compile_program(kernels, consts, timings)


def compile_program(
    program: Program,
    consts: Sequence[np.ndarray] = (),
    timings: dict[str, float] | None = None,
) -> Compiled:
    """Compiles a kernel program for this machine.

    Args:
        program: the program.
        consts: values of its leading inputs, which `run` then does not ask for.
        timings: receives the seconds spent in each stage.
    """
    timings = {} if timings is None else timings
    with _clock(timings, "fuse"):
        fused = fuse(program)
    with _clock(timings, "memory"):
        plan = plan_memory(fused)
    context = Context(bool(config.fp_contract))
    with _clock(timings, "text"):
        literals = all_literals(fused)
        emit_module(context, plan, literals)
        text = str(context.module)
    code = compile_module(text, ENTRY, context.symbols)
    timings |= code.timings
    return Compiled(plan, context, code, consts, [array for _, array in literals], timings)


@contextmanager
def _clock(timings: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - start


def _contiguous(x: np.ndarray, aval: Any) -> np.ndarray:
    x = np.asarray(x)  # a NumPy scalar has no address
    assert (x.shape, x.dtype) == (aval.shape, aval.dtype), f"{x.dtype}{x.shape} is not {aval}"
    flags = x.flags
    if flags.c_contiguous and flags.aligned:
        return x
    return np.array(x, order="C")


def _addresses(arrays: Sequence[np.ndarray]) -> Any:
    return (ctypes.c_void_p * max(len(arrays), 1))(*(x.ctypes.data for x in arrays))
