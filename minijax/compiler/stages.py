"""The stages before the engine: from a jaxpr to LLVM text.

    jaxpr ──simplify──▶ jaxpr ──lower──▶ kernels ──fuse──▶ steps ──plan──▶ memory ──emit──▶ text

`pipeline` imports this module when a program must be compiled, or one from disk is to be looked at.
"""

from __future__ import annotations

import numpy as np

from minijax.compiler.cache.record import Record
from minijax.compiler.clock import clock
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.program import all_literals, emit_module
from minijax.compiler.fuse.counts import Cost, count
from minijax.compiler.fuse.estimate import estimate
from minijax.compiler.fuse.steps import fuse
from minijax.compiler.memory.plan import Plan, plan_overwriting
from minijax.compiler.simplify import simplify
from minijax.core.jaxpr import Jaxpr
from minijax.core.records import record
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.printing import format_program
from minijax.kernel.roots import Program

Overwritten = tuple[tuple[int, int], ...]
# Letting go of the interpreter's lock and taking it again costs a tenth of a microsecond.
_LONG = 3e4


@record
class Written:
    """A program that has become LLVM text.

    Attributes:
        plan: the fused program and where its values live.
        context: the module, and what it needs of this process.
        literals: the constant arrays, which follow the inputs.
        reused: the inputs that a run overwrites, each with the output that takes its memory.
    """

    plan: Plan
    context: Context
    text: str
    literals: tuple[np.ndarray, ...]
    reused: Overwritten

    def record(self, image: bytes) -> Record:
        """Returns what to keep of it, given its object."""
        long = estimate(self.plan.fused) > _LONG
        names = tuple(self.context.symbols)
        return Record(image, names, self.plan.size, long, self.literals, self.reused)

    def kernels(self) -> str:
        """Returns the kernel program before fusion, as text."""
        return format_program(self.plan.fused.program)

    def cost(self) -> Cost:
        """Returns what a run computes and moves, estimated from the steps."""
        return count(self.plan.fused)


def write(
    source: Jaxpr | Program,
    contract: bool,
    overwritten: Overwritten,
    timings: dict[str, float],
) -> Written:
    """Returns a program as LLVM text.

    Args:
        source: a closed jaxpr, or a kernel program.
        contract: whether multiplications and additions may be fused.
        overwritten: the inputs that it may overwrite, each with the output that takes its memory.
        timings: receives the seconds spent in each stage.
    """
    program = _lower(source, timings) if isinstance(source, Jaxpr) else source
    with clock(timings, "fuse"):
        fused = fuse(program)
    with clock(timings, "memory"):
        plan, reused = plan_overwriting(fused, dict(overwritten))
    context = Context(contract)
    with clock(timings, "text"):
        found = all_literals(fused)
        emit_module(context, plan, found)
        text = str(context.module)
    literals = tuple(np.ascontiguousarray(x) for _, x in found)
    return Written(plan, context, text, literals, tuple(reused.items()))


def _lower(jaxpr: Jaxpr, timings: dict[str, float]) -> Program:
    with clock(timings, "simplify"):
        simpler = simplify(jaxpr)
    with clock(timings, "lower"):
        return lower_jaxpr(simpler)
