"""Running folds: along the axis in order, the first element by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.combine import combine
from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.lanes import lanes_for
from minijax.compiler.emit.memory_access import load
from minijax.compiler.emit.numbers.types import Scalar, layout, registers
from minijax.compiler.emit.positions import plus, row_major, times
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Cumulate

_UNROLLED = 4
_SHORT_BODY = 12  # nodes of what is unrolled


def emit_cumulate(frame: Frame, cumulate: Cumulate) -> None:
    """Emits the loops of a running fold.

    With nothing after the axis the accumulators are in registers. Otherwise whole slices go
    along the axis, each combined with the one stored before it.
    """
    if 0 in cumulate.outs[0].shape:
        return
    fold = _Running(frame, cumulate)
    with fold.body.loops(fold.before):
        if fold.axis is None:
            fold.over_slice(lambda: fold.store(fold.elements(), "0"))
        elif fold.after:
            fold.emit_slices()
        else:
            fold.emit_in_registers()


class _Running:
    def __init__(self, frame: Frame, cumulate: Cumulate) -> None:
        self.frame = frame
        self.c = frame.c
        self.cumulate = cumulate
        self.body = Body(frame)
        axis = cumulate.axis
        self.axis: Expr | None = None if axis < 0 else cumulate.indices[axis]
        # Without loop along the axis (length 1) the other loops do not depend on each other.
        self.before = cumulate.indices[:axis] if axis >= 0 else ()
        self.after = cumulate.indices[axis + 1 :] if axis >= 0 else cumulate.indices

    def elements(self) -> list[Scalar]:
        """Emits the next elements."""
        return [self.body.whole(e) for e in self.cumulate.elements]

    def combined(self, accs: Sequence[Scalar], news: Sequence[Scalar]) -> list[Scalar]:
        """Emits the new accumulators."""
        variables = (*self.cumulate.accs, *self.cumulate.news)
        return combine(self.frame, variables, (*accs, *news), self.cumulate.combined)

    def place(self, step: str) -> str:
        """Returns the index along the axis of a step."""
        assert self.axis is not None, "there is an axis"
        if not self.cumulate.reverse:
            return step
        return self.c.fn.emit(f"sub nsw i64 {self.axis.payload - 1}, {step}")

    def offset(self, index: str) -> Operand:
        """Emits the position of the present element at an index along the axis."""
        position = row_major(self.body, self.before)
        if self.axis is not None:
            position = plus(self.c, times(self.c, position, self.axis.payload), index)
        for each in self.after:
            if each.op == "index":
                above = times(self.c, position, each.payload)
                position = plus(self.c, above, self.body.position(each))
        return position

    def store(self, values: Sequence[Scalar], index: str) -> None:
        """Stores results at an index along the axis."""
        offset = self.offset(index)
        for out, x in zip(self.cumulate.outs, values, strict=True):
            self.body.store(out, x, offset)

    def emit_in_registers(self) -> None:
        """Carries the accumulators from element to element."""
        assert self.axis is not None, "there is an axis"
        with self.body.scope():
            self.body.bind(self.axis, (self.place("0"),))
            first = self.elements()
            self.store(first, self.place("0"))
        types = [ty for e in self.cumulate.elements for ty in registers(e.dtype)]
        carried = list(zip(types, (part for x in first for part in x), strict=True))
        work = postorder((*self.cumulate.elements, *self.cumulate.combined))
        several = _UNROLLED if len(work) <= _SHORT_BODY else 1
        rounds = (self.axis.payload - 1) // several
        with self.body.loop(rounds, carried=carried) as loop:
            base = times(self.c, loop.index, several)
            accs = self._steps(self._regrouped(loop.values), plus(self.c, base, 1), several)
            loop.next(*(part for x in accs for part in x))
        left = self.axis.payload - 1 - rounds * several
        self._steps(self._regrouped(loop.results), rounds * several + 1, left)

    def _steps(self, accs: list[Scalar], start: Operand, count: int) -> list[Scalar]:
        """Takes so many elements in, from a step on."""
        assert self.axis is not None, "there is an axis"
        for k in range(count):
            with self.body.scope():
                index = self.place(str(plus(self.c, start, k)))
                self.body.bind(self.axis, (index,))
                accs = self.combined(accs, self.elements())
                self.store(accs, index)
        return accs

    def _regrouped(self, parts: Sequence[str]) -> list[Scalar]:
        found, rest = [], list(parts)
        for e in self.cumulate.elements:
            count = layout(e.dtype).parts
            found.append(tuple(rest[:count]))
            del rest[:count]
        return found

    def emit_slices(self) -> None:
        """Combines each slice with the one before."""
        assert self.axis is not None, "there is an axis"
        with self.body.scope():
            self.body.bind(self.axis, (self.place("0"),))
            self.over_slice(lambda: self.store(self.elements(), self.place("0")))
        with self.body.loop(self.axis.payload - 1) as loop:
            step = self.c.fn.emit(f"add nsw i64 {loop.index}, 1")
            index, previous = self.place(step), self.place(loop.index)
            self.body.bind(self.axis, (index,))

            def follow() -> None:
                back = self.offset(previous)
                accs = [
                    load(self.c, v.dtype, self.body.address(v), back) for v in self.cumulate.outs
                ]
                self.store(self.combined(accs, self.elements()), index)

            self.over_slice(follow)

    def over_slice(self, write: Callable[[], None]) -> None:
        """Emits `write` for every element that shares an index along the axis."""
        indices = [i for i in self.after if i.op == "index"]
        if not indices:
            write()
            return
        *others, last = indices
        with self.body.loops(others):
            lanes = lanes_for(postorder(self.cumulate.elements), last.payload)
            self.body.across(last.payload, last, lanes, lambda _: write())
