"""The assignment of memory to the values of a program.

Values that share memory form one *buffer*: an in-place result and its operand. A buffer is an
output of the program, an input that may be overwritten, a small piece of the stack, or a range of
the arena; ranges whose lives do not meet share bytes. A nested program has a plan of its own, whose
arena is a range of the step it belongs to.

A carried array of a loop is updated *in place* where the body's result takes over the memory of
the carry; else there are two memories that change roles (`double`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from minijax.compiler.fuse.steps import Fused, Step
from minijax.compiler.fuse.walk import is_array, is_tape
from minijax.compiler.memory.inplace import overwritable
from minijax.compiler.memory.liveness import last_uses, row_values
from minijax.compiler.memory.ranges import (
    ALIGNMENT,
    Buffer,
    Place,
    place_in_arena,
    place_in_outputs,
)
from minijax.compiler.memory.scratch import step_scratch
from minijax.compiler.threads.partition import Split, split_rows, split_step
from minijax.kernel.roots import Definition, Dot, Scan, Value, While, results

_STACK_BUFFER = 1024
_STACK_TOTAL = 1 << 14
_STACK_NESTED = 1 << 11


class Private(NamedTuple):
    """A range of the arena of which every thread has a copy of its own: offset and bytes."""

    start: int
    size: int


@dataclass(slots=True)
class Plan:
    """Where the values of one program are.

    Attributes:
        places: of every memory.
        copies: outputs that are copies of a memory, made after the last step.
        scratch: for each step the arena offsets of its working memories.
        inner: for each step the plans of its nested programs.
        carries: for each loop how its carried values are kept: "register", "through", "in place"
            or "double".
        releases: for each step the tapes that are not read after it.
        rows: the values of which only one row exists at a time, with its number of elements.
        splits: how the loops of steps are cut into parts, by the step or the first of its group.
        private: the working memory of a part of a step.
        size: bytes of arena.
    """

    fused: Fused
    places: dict[Value, Place] = field(default_factory=dict)
    copies: list[tuple[int, Value]] = field(default_factory=list)
    scratch: dict[int, list[int]] = field(default_factory=dict)
    inner: dict[int, tuple[Plan, ...]] = field(default_factory=dict)
    carries: dict[int, tuple[str, ...]] = field(default_factory=dict)
    releases: dict[int, list[Value]] = field(default_factory=dict)
    rows: dict[Value, int] = field(default_factory=dict)
    splits: dict[int, Split] = field(default_factory=dict)
    private: dict[int, Private] = field(default_factory=dict)
    size: int = 0


def plan_memory(fused: Fused, overwritten: Mapping[int, int] | None = None) -> Plan:
    """Returns the plan of a program.

    Args:
        fused: the program as steps.
        overwritten: for a nested program the inputs that it may overwrite, each with the output
            that must then be in its memory.
    """
    nested = overwritten is not None
    return _Planner(fused, overwritten or {}, _STACK_NESTED if nested else _STACK_TOTAL).run()


def plan_overwriting(
    fused: Fused, wanted: Mapping[int, int], stack: int = _STACK_TOTAL
) -> tuple[Plan, dict[int, int]]:
    """Returns the plan of a program that may overwrite inputs.

    Args:
        fused: the program as steps.
        wanted: the inputs that it may overwrite, each with the output that is to be in its memory.
        stack: bytes of stack that it may take.

    Returns:
        The plan, and those of the inputs whose memory ends as the output; others are left alone.
    """
    inputs, outputs = fused.program.inputs, fused.program.outputs
    wanted = {number: out for number, out in wanted.items() if inputs[number].ndim}
    while True:
        plan = _Planner(fused, wanted, stack).run()
        kept = {
            number: out
            for number, out in wanted.items()
            if plan.places.get(fused.home(outputs[out])) == Place("input", number)
        }
        if kept == wanted:
            return plan, kept
        wanted = kept


def nbytes(value: Value) -> int:
    """Returns the bytes of a value's memory."""
    return value.size * value.dtype.itemsize


class _Planner:
    def __init__(self, fused: Fused, overwritten: Mapping[int, int], stack: int) -> None:
        self.fused = fused
        self.overwritten = overwritten
        self.plan = Plan(fused)
        self.last = last_uses(fused)
        self.plan.rows = row_values(fused)
        self.buffer_of: dict[Value, Buffer] = {}
        self.stack = stack
        self.stack_used = 0

    def run(self) -> Plan:
        for number, value in enumerate(self.fused.program.inputs):
            if number in self.overwritten:
                buffer = Buffer([value], -1, self.last.get(value, -1), nbytes(value))
                buffer.place = Place("input", number)
                self.buffer_of[value] = buffer
            self.plan.places[value] = Place("input", number)
        for position, step in enumerate(self.fused.steps):
            self._plan_split(position, step)
            self._plan_nested(position, step)
            self._plan_results(position, step)
        self._place_outputs()
        self._place_rest()
        self._release_tapes()
        return self.plan

    def _plan_split(self, position: int, step: Step) -> None:
        if step.group is None:
            split = split_step(step)
        elif step.group == position:
            split = split_rows([s for s in self.fused.steps if s.group == position])
        else:
            return
        if split is not None:
            self.plan.splits[position] = split

    def _plan_results(self, position: int, step: Step) -> None:
        taken: dict[Value, Value] = {}
        ways = self.plan.carries.get(position)
        for out, operand in overwritable(self.fused, step):
            if out in taken or operand in taken.values():
                continue
            # Of two memories that change roles neither may hold the first carry.
            if ways is not None and ways[out.position] != "in place":
                continue
            dies = self.last.get(operand) == position and self._is_own(operand, position, step)
            dies = dies and (out in self.plan.rows) == (operand in self.plan.rows)
            if dies and operand in self.buffer_of:
                taken[out] = operand
        for out in results(step.definition):
            if not is_array(out) or self.fused.home(out) is not out:
                continue
            end = self.last.get(out, position)
            if out in taken:
                buffer = self.buffer_of[taken[out]]
                buffer.values.append(out)
                buffer.end = max(buffer.end, end)
            else:
                start = position if step.group is None else step.group
                elements = self.plan.rows.get(out, out.size)
                buffer = Buffer([out], start, end, elements * out.dtype.itemsize)
            self.buffer_of[out] = buffer

    def _is_own(self, operand: Value, position: int, step: Step) -> bool:
        """Whether no other step of a step's group may read other rows of a memory."""
        if step.group is None:
            return True
        others = self.fused.steps[step.group : position]
        made = any(operand in results(other.definition) for other in others)
        return made or not any(operand in other.loads for other in others)

    # -- loops and branches

    def _plan_nested(self, position: int, step: Step) -> None:
        match step.definition:
            case While() as loop:
                cond = plan_memory(step.inner[0], {})
                body, kept = _plan_body(step.inner[1], len(loop.body_consts), loop.init)
                self.plan.inner[position] = (cond, body)
                self.plan.carries[position] = kept
            case Scan() as loop:
                body, kept = _plan_body(step.inner[0], len(loop.consts), loop.init)
                self.plan.inner[position] = (body,)
                self.plan.carries[position] = kept
            case _ if step.inner:
                self.plan.inner[position] = tuple(plan_memory(inner, {}) for inner in step.inner)

    def _release_tapes(self) -> None:
        last: dict[Value, int] = {}
        for position, step in enumerate(self.fused.steps):
            operands = step.definition.xs if isinstance(step.definition, Scan) else ()
            for value in (*results(step.definition), *operands):
                if is_tape(value):
                    last[value] = position
        for value, position in last.items():
            self.plan.releases.setdefault(position, []).append(value)

    # -- places

    def _place_outputs(self) -> None:
        for number, value in enumerate(self.fused.program.outputs):
            if value.ndim == 0:
                continue
            home = self.fused.home(value)
            buffer = self.buffer_of.get(home)
            if buffer is None:
                self.plan.copies.append((number, home))
            elif buffer.place is None:
                buffer.place = Place("output", number)
            elif not self._is_in_its_input(buffer, number):
                self.plan.copies.append((number, home))

    def _is_in_its_input(self, buffer: Buffer, output: int) -> bool:
        place = buffer.place
        assert place is not None, "asked only of placed buffers"
        return place.kind == "input" and self.overwritten[place.at] == output

    def _place_rest(self) -> None:
        ranges: list[Buffer] = []
        outputs: list[Buffer] = []
        own: dict[int, list[Buffer]] = {}
        for buffer in {id(b): b for b in self.buffer_of.values()}.values():
            if buffer.place is None and buffer.size <= _STACK_BUFFER:
                self._place_on_stack(buffer)
            if buffer.place is not None:
                outputs += [buffer] if buffer.place.kind == "output" else []
            else:
                is_own = buffer.values[0] in self.plan.rows and buffer.start in self.plan.splits
                (own.setdefault(buffer.start, []) if is_own else ranges).append(buffer)
        place_in_outputs(ranges, outputs)
        ranges = [b for b in ranges if b.place is None]
        scratch = self._scratch_ranges()
        for position, blocks in scratch.items():
            is_own = position in self.plan.splits
            if is_own and not isinstance(self._definition(position), Dot):
                own.setdefault(position, []).extend(blocks)
            else:
                ranges += blocks
        shared = {position: self._together(position, blocks) for position, blocks in own.items()}
        self.plan.size = place_in_arena([*ranges, *shared.values()])
        for position, whole in shared.items():
            self._move(position, whole, own[position])
        for position, blocks in scratch.items():
            self.plan.scratch[position] = [b.place.at for b in blocks if b.place is not None]
        for value, buffer in self.buffer_of.items():
            assert buffer.place is not None, "every buffer has been placed"
            self.plan.places[value] = buffer.place

    def _definition(self, position: int) -> Definition:
        return self.fused.steps[position].definition

    def _together(self, position: int, blocks: Sequence[Buffer]) -> Buffer:
        """Places the working memories of a step in parts relative to a block that holds them."""
        size = place_in_arena(blocks)
        ends = [p for p, s in enumerate(self.fused.steps) if s.group == position]
        return Buffer([], position, max(ends, default=position), size)

    def _move(self, position: int, whole: Buffer, blocks: Sequence[Buffer]) -> None:
        assert whole.place is not None, "the block has been placed"
        self.plan.private[position] = Private(whole.place.at, whole.size)
        for block in blocks:
            assert block.place is not None, "the working memory has been placed"
            block.place = Place("arena", whole.place.at + block.place.at)

    def _place_on_stack(self, buffer: Buffer) -> None:
        if self.stack_used + buffer.size <= self.stack:
            buffer.place = Place("stack", self.stack_used)
            self.stack_used += -(-max(buffer.size, 1) // ALIGNMENT) * ALIGNMENT

    def _scratch_ranges(self) -> dict[int, list[Buffer]]:
        found = {}
        for position, step in enumerate(self.fused.steps):
            sizes = step_scratch(step.definition, self.plan.carries.get(position, ()))
            inner = self.plan.inner.get(position, ())
            sizes.append(max((p.size for p in inner), default=0))
            found[position] = [Buffer([], position, position, size) for size in sizes]
        return found


def _plan_body(body: Fused, before: int, init: tuple[Value, ...]) -> tuple[Plan, tuple[str, ...]]:
    """Returns the plan of a loop body and how each carried value is kept."""
    program = body.program
    arrays = [j for j, first in enumerate(init) if first.ndim]
    through = {j for j in arrays if program.outputs[j] is program.inputs[before + j]}
    wanted = {before + j: j for j in arrays if j not in through}
    plan, wanted = plan_overwriting(body, wanted, _STACK_NESTED)
    # What goes through is where it was before the loop.
    plan.copies = [(number, home) for number, home in plan.copies if number not in through]
    ways = ["double" if first.ndim else "register" for first in init]
    for j in through:
        ways[j] = "through"
    for j in wanted.values():
        ways[j] = "in place"
    return plan, tuple(ways)
