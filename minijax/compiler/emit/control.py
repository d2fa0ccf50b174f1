"""Branches and loops: programs inside programs, emitted in place.

Scalars travel in registers: what a branch gives or a loop carries is a phi node. An array that is
carried is either updated in place, in the memory of the result, or lives in two memories that
change roles from step to step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minijax.compiler.emit.frame import Frame, Slot, copy, nbytes, register_types
from minijax.compiler.emit.interrupts import emit_poll, is_long
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import Scalar, layout
from minijax.compiler.emit.tapes import Tapes
from minijax.compiler.fuse.estimate import estimate
from minijax.compiler.fuse.walk import is_tape
from minijax.compiler.memory.plan import Plan
from minijax.compiler.text import Operand
from minijax.core.avals import ShapedArray
from minijax.kernel.roots import Branch, Scan, Value, While

Run = Callable[[Frame, Plan, Sequence[Slot], Sequence[str | None], str], list[Scalar | None]]


def emit_branch(frame: Frame, branch: Branch, position: int, run: Run) -> None:
    """Emits one of several programs, chosen by the index."""
    c = frame.c
    operands = [frame.slot(x) for x in branch.operands]
    targets = [frame.address(x) if x.ndim else None for x in branch.outs]
    scalars = [x for x in branch.outs if x.ndim == 0]
    types = [ty for x in scalars for ty in register_types(x)]
    arena = frame.scratch(position, 0)
    (index,) = frame.scalars[branch.index]
    index_type = layout(branch.index.dtype).register
    with c.fn.switch(index, len(branch.programs), types, index_type) as choice:
        for number, plan in enumerate(frame.plan.inner[position]):
            with choice.case(number):
                results = run(frame, plan, operands, targets, arena)
                choice.give(*(part for x in results if x is not None for part in x))
    _name_scalars(frame, scalars, choice.results)


def _name_scalars(frame: Frame, values: Sequence[Value], parts: Sequence[str]) -> None:
    rest = list(parts)
    for value in values:
        count = layout(value.dtype).parts
        frame.scalars[value] = tuple(rest[:count])
        del rest[:count]


class Carry:
    """The values that a loop carries: scalars as phi nodes, arrays by address.

    Args:
        frame: the program that the loop stands in.
        outs: the results of the loop.
        init: the first values.
        ways: how each is kept, from the memory plan.
        spare: for each value the address of its second memory (used by "double").
    """

    def __init__(
        self,
        frame: Frame,
        outs: Sequence[Value],
        init: Sequence[Value],
        ways: Sequence[str],
        spare: Sequence[str],
    ) -> None:
        self.frame = frame
        self.outs = outs
        self.init = init
        self.ways = ways
        self.spare = spare
        self.homes = [
            frame.address(out) if way in ("in place", "double") else ""
            for out, way in zip(outs, ways, strict=True)
        ]
        for x, way, home in zip(init, ways, self.homes, strict=True):
            if way == "in place":
                copy(frame.c, home, frame.address(x), nbytes(x))

    def carried(self, odd: bool | None = None) -> list[tuple[str, Operand]]:
        """Returns types and first values of the phi nodes.

        Args:
            odd: whether the number of steps is odd, where it is known: the last step then writes
                into the memory of the result.
        """
        found: list[tuple[str, Operand]] = []
        for k, (x, way) in enumerate(zip(self.init, self.ways, strict=True)):
            if way == "register":
                found += zip(register_types(x), self.frame.scalars[x], strict=True)
            elif way == "double":
                pair = [self.homes[k], self.spare[k]]
                if odd is False:
                    pair.reverse()
                found += [("ptr", place) for place in (self.frame.address(x), *pair)]
        return found

    def slots(self, values: Sequence[str]) -> list[Slot]:
        """Returns the carry as operands of the body, from the phi nodes."""
        rest = list(values)
        found: list[Slot] = []
        for k, (x, way) in enumerate(zip(self.init, self.ways, strict=True)):
            if way == "register":
                count = layout(x.dtype).parts
                found.append(tuple(rest[:count]))
                del rest[:count]
            elif way == "double":
                found.append(rest[0])
                del rest[:3]
            else:
                found.append(self.homes[k] if way == "in place" else self.frame.address(x))
        return found

    def targets(self, values: Sequence[str]) -> list[str | None]:
        """Returns where the body writes the new carry."""
        rest = list(values)
        found: list[str | None] = []
        for k, (x, way) in enumerate(zip(self.init, self.ways, strict=True)):
            if way == "register":
                found.append(None)
                del rest[: layout(x.dtype).parts]
            elif way == "double":
                found.append(rest[1])
                del rest[:3]
            else:
                found.append(self.homes[k] or None)
        return found

    def following(self, values: Sequence[str], results: Sequence[Scalar | None]) -> list[str]:
        """Returns what the phi nodes are in the next step."""
        rest = list(values)
        found: list[str] = []
        for x, way, result in zip(self.init, self.ways, results, strict=True):
            if way == "register":
                assert result is not None, "a scalar is handed back"
                found += result
                del rest[: layout(x.dtype).parts]
            elif way == "double":
                _, written, other = rest[:3]
                found += [written, other, written]
                del rest[:3]
        return found

    def finish(self, values: Sequence[str], settled: bool) -> None:
        """Names the scalars after the loop; brings arrays home unless they are known to be."""
        rest = list(values)
        for k, (out, x, way) in enumerate(zip(self.outs, self.init, self.ways, strict=True)):
            if way == "register":
                count = layout(x.dtype).parts
                self.frame.scalars[out] = tuple(rest[:count])
                del rest[:count]
            elif way == "double":
                if not settled:
                    copy(self.frame.c, self.homes[k], rest[0], nbytes(x))
                del rest[:3]


def emit_while(frame: Frame, loop: While, position: int, run: Run) -> None:
    """Emits a loop that runs while its condition holds, recording on tapes if it is to."""
    c, count = frame.c, len(loop.init)
    ways = frame.plan.carries[position]
    spare = [frame.scratch(position, k) for k in range(count)]
    arena = frame.scratch(position, count)
    carry = Carry(frame, loop.outs[:count], loop.init, ways, spare)
    tapes = Tapes(c, loop.outs[count + 1 :]) if loop.recording else None
    cond_consts = [frame.slot(x) for x in loop.cond_consts]
    body_consts = [frame.slot(x) for x in loop.body_consts]
    cond, body = frame.plan.inner[position]
    first = carry.carried()
    work = estimate(cond.fused) + estimate(body.fused)
    taped = tapes.carried() if tapes else []
    with c.fn.while_loop([*first, *taped, ("i64", 0)]) as steps:
        values, (*recorded, counter) = steps.values[: len(first)], steps.values[len(first) :]
        slots = carry.slots(values)
        (goes_on,) = run(frame, cond, [*cond_consts, *slots], [None], arena)
        assert goes_on is not None, "a condition is a scalar"
        steps.test(goes_on[0])
        records = tapes.room(recorded) if tapes else []
        targets = [*carry.targets(values), *records]
        results = run(frame, body, [*body_consts, *slots], targets, arena)
        emit_poll(c, counter, work)
        following = carry.following(values, results[:count])
        noted = tapes.recorded(results[count:]) if tapes else []
        steps.next(*following, *noted, c.fn.emit(f"add nsw i64 {counter}, 1"))
    carry.finish(steps.results[: len(first)], settled=False)
    if tapes:
        length, _, *places = steps.results[len(first) : -1]
        frame.scalars[loop.outs[count]] = (length,)
        frame.tapes.update(zip(loop.outs[count + 1 :], places, strict=True))


def emit_scan(frame: Frame, scan: Scan, position: int, run: Run) -> None:
    """Emits a loop over leading axes, or over tapes."""
    c, count = frame.c, len(scan.init)
    if scan.length == 0:
        for out, first in zip(scan.outs[:count], scan.init, strict=True):
            if out.ndim == 0:
                frame.scalars[out] = frame.scalars[first]
        return
    known = isinstance(scan.length, int)
    length: Operand = scan.length if isinstance(scan.length, int) else frame.scalars[scan.length][0]
    spare = [frame.scratch(position, k) for k in range(count)]
    arena = frame.scratch(position, count)
    carry = Carry(frame, scan.outs[:count], scan.init, frame.plan.carries[position], spare)
    consts = [frame.slot(x) for x in scan.consts]
    sources = [frame.tapes[x] if is_tape(x) else frame.address(x) for x in scan.xs]
    homes = [frame.address(y) for y in scan.outs[count:]]
    (body,) = frame.plan.inner[position]
    outputs = body.fused.program.outputs[count:]
    odd = length % 2 == 1 if isinstance(length, int) else None
    work = estimate(body.fused)
    with c.fn.loop(*frame.span(length), carried=carry.carried(odd)) as steps:
        at = steps.index
        if scan.reverse:
            last = c.fn.emit(f"sub nsw i64 {length}, 1")
            at = c.fn.emit(f"sub nsw i64 {last}, {at}")
        xs = [_slice(frame, x, source, at) for x, source in zip(scan.xs, sources, strict=True)]
        rows = [
            None if y.ndim == 0 else _row(frame, y.aval, home, at)
            for y, home in zip(outputs, homes, strict=True)
        ]
        targets = [*carry.targets(steps.values), *rows]
        results = run(frame, body, [*consts, *carry.slots(steps.values), *xs], targets, arena)
        for y, home, result in zip(outputs, homes, results[count:], strict=True):
            if result is not None:
                store(c, y.dtype, result, home, at)
        if not isinstance(length, int) or is_long(length * work):
            emit_poll(c, steps.index, work)
        steps.next(*carry.following(steps.values, results[:count]))
    carry.finish(steps.results, settled=known)


def _slice(frame: Frame, x: Value, address: str, at: str) -> Slot:
    """Returns the element (in registers) or the address of the slice at an index."""
    element = x.aval.element if is_tape(x) else x.aval.without_axis(0)
    if element.ndim == 0:
        return load(frame.c, element.dtype, address, at)
    return _row(frame, element, address, at)


def _row(frame: Frame, element: ShapedArray, address: str, at: str) -> str:
    size = element.size * element.dtype.itemsize
    return frame.c.fn.gep(f"[{size} x i8]", address, at)
