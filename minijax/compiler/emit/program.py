"""A program: its steps in order, then the outputs that are copies.

`emit_module` writes one function, `i32 run(ptr inputs, ptr outputs, ptr arena)`: two tables of
addresses and the working memory; it returns 0, or the status of a host call that failed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.dot import emit_dot
from minijax.compiler.emit.elements import emit_element
from minijax.compiler.emit.folds.reduce import emit_reduce
from minijax.compiler.emit.frame import Frame, Slot, copy, nbytes
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import Scalar, constant
from minijax.compiler.emit.parts import emit_in_parts
from minijax.compiler.emit.pieces import Allowance, Crossing
from minijax.compiler.emit.rows import emit_rows
from minijax.compiler.emit.tapes import release
from minijax.compiler.fuse.steps import Fused, Step
from minijax.compiler.fuse.storage import Storage
from minijax.compiler.memory.plan import Plan
from minijax.compiler.status import ENTRY
from minijax.core.lazy import Place, find
from minijax.kernel.expr import Expr
from minijax.kernel.roots import (
    Branch,
    Cumulate,
    Dot,
    Element,
    HostCall,
    Native,
    Reduce,
    Scan,
    Scatter,
    Sort,
    Unrolled,
    Value,
    While,
)

# The emitters of steps that most programs do not have: imported at the first such step, so that
# the first program of a process waits for no code that it does not need.
_EMITTERS: dict[type, Place] = {
    Branch: ("minijax.compiler.emit.control", "emit_branch"),
    Cumulate: ("minijax.compiler.emit.folds.cumulate", "emit_cumulate"),
    HostCall: ("minijax.compiler.emit.calls", "emit_host_call"),
    Native: ("minijax.compiler.emit.lapack", "emit_native"),
    Scan: ("minijax.compiler.emit.control", "emit_scan"),
    Scatter: ("minijax.compiler.emit.scatter", "emit_scatter"),
    Sort: ("minijax.compiler.emit.sorts.sort", "emit_sort"),
    Unrolled: ("minijax.compiler.emit.unrolled", "emit_unrolled"),
    While: ("minijax.compiler.emit.control", "emit_while"),
}


def emit_module(c: Context, plan: Plan, literals: Sequence[tuple[Value, np.ndarray]]) -> None:
    """Writes the function of a whole program.

    Args:
        c: the module to write into.
        plan: the planned program.
        literals: constant arrays of this program and all nested ones, which follow the inputs in
            the table of addresses.
    """
    c.fn = fn = c.module.function(
        ENTRY, [("ptr noalias", "inputs"), ("ptr noalias", "outputs"), ("ptr noalias", "arena")]
    )
    program = plan.fused.program
    inputs = [_table_entry(c, "%inputs", k) for k in range(len(program.inputs))]
    addresses = {
        value: _table_entry(c, "%inputs", len(inputs) + k) for k, (value, _) in enumerate(literals)
    }
    c.table_size = len(inputs) + len(literals)
    outputs = [_table_entry(c, "%outputs", k) for k in range(len(program.outputs))]
    slots: list[Slot] = [
        load(c, x.dtype, address, 0) if x.ndim == 0 else address
        for x, address in zip(program.inputs, inputs, strict=True)
    ]
    targets = [
        None if x.ndim == 0 else address
        for x, address in zip(program.outputs, outputs, strict=True)
    ]
    frame = Frame(c, plan, slots, targets, "%arena", addresses)
    for value, address, result in zip(program.outputs, outputs, _run_steps(frame), strict=True):
        if result is not None:
            store(c, value.dtype, result, address, 0)
    fn.ret()


def _table_entry(c: Context, table: str, number: int) -> str:
    return c.fn.load("ptr", c.fn.gep("ptr", table, number))


def all_literals(fused: Fused) -> list[tuple[Value, np.ndarray]]:
    """Returns the constant arrays of a program and of those nested in it."""
    found: list[tuple[Value, np.ndarray]] = []
    pending = [fused]
    while pending:
        each = pending.pop()
        found += each.program.literals
        pending += [inner for step in each.steps for inner in step.inner]
    return found


def _run_nested(
    outer: Frame, plan: Plan, inputs: Sequence[Slot], outputs: Sequence[str | None], arena: str
) -> list[Scalar | None]:
    frame = Frame(outer.c, plan, inputs, outputs, arena, outer.literals)
    return _run_steps(frame)


def _run_steps(frame: Frame) -> list[Scalar | None]:
    """Emits the steps of a program; returns its scalar outputs, None for the arrays."""
    done = _emit_steps(frame, 0)
    if done < len(frame.plan.fused.steps):
        _emit_pieces(frame, done)
    for number, source in frame.plan.copies:
        target = frame.outputs[number]
        assert target is not None, "an array has an address"
        copy(frame.c, target, frame.address(source), nbytes(source))
    return [
        _scalar(frame, value) if value.ndim == 0 else None
        for value in frame.plan.fused.program.outputs
    ]


def _emit_steps(frame: Frame, first: int) -> int:
    """Emits steps into the present function while it has room; returns the first that is left."""
    allowance = Allowance(frame.c.fn)
    steps = frame.plan.fused.steps
    for position in range(first, len(steps)):
        step = steps[position]
        if step.group in (None, position):
            if allowance.is_spent():
                return position
            _emit_loops(frame, step, position)
        release(frame, frame.plan.releases.get(position, ()))
    return len(steps)


def _emit_pieces(frame: Frame, first: int) -> None:
    """Emits steps into functions of their own."""
    crossing = Crossing(frame)
    while first < len(frame.plan.fused.steps):
        with crossing.piece() as inner:
            first = _emit_steps(inner, first)
    crossing.finish()


def _emit_loops(frame: Frame, step: Step, position: int) -> None:
    """Emits a step, or those that share their rows, in parts if that is planned."""
    steps = frame.plan.fused.steps

    def emit(inner: Frame) -> None:
        if step.group is None:
            _emit_step(inner, step, position)
        else:
            emit_rows(inner, [s for s in steps if s.group == position])

    split = frame.plan.splits.get(position)
    if split is None or frame.c.in_part or isinstance(step.definition, Dot | Scatter):
        emit(frame)
    else:
        emit_in_parts(frame, position, split, emit)


def _scalar(frame: Frame, value: Value) -> Scalar:
    bindings = frame.plan.fused.bindings
    if bindings.storage.get(value) is Storage.INLINE:
        body: Expr = bindings.element(value)[1]
        return constant(body.payload)
    return frame.scalars[value]


def _emit_step(frame: Frame, step: Step, position: int) -> None:
    match step.definition:
        case Element() as element:
            emit_element(frame, element)
        case Reduce() as reduce:
            emit_reduce(frame, reduce)
        case Dot() as dot:
            emit_dot(frame, dot, position)
        case Unrolled() | Cumulate() | HostCall() as rare:
            find(_EMITTERS[type(rare)])(frame, rare)
        case Scatter() | Sort() | Native() as rare:
            find(_EMITTERS[type(rare)])(frame, rare, position)
        case Branch() | While() | Scan() as control:
            find(_EMITTERS[type(control)])(frame, control, position, _run_nested)
