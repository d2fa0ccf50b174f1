"""Rows in which what is true comes first: elements are written one behind the other.

    place = 0; for i: out[place] = x[i]; place += flag[i]          there is nothing to be guessed

Every element is written, and those that do not belong are overwritten by the next one. Blocks in
which none belongs are passed over.
"""

from __future__ import annotations

from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.memory_access import load
from minijax.compiler.emit.sorts.moved import Moved
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.roots import Sort

_BLOCK = 32


class FlagsFirst:
    """Writes rows of a sort by bools, of which so many are kept."""

    def __init__(self, frame: Frame, sort: Sort) -> None:
        assert sort.keep is not None, "so many are kept"
        self.c = frame.c
        self.moved = Moved(frame, sort)
        self.n = sort.operands[0].shape[sort.axis]
        self.keep = sort.keep

    def write(self, start: str, target_start: str) -> None:
        """Writes the row that starts at a position from one that starts at another."""
        done: Operand = 0
        for wanted in (True, False):
            done = self._pass(wanted, done, start, target_start)

    def _pass(self, wanted: bool, done: Operand, start: str, target_start: str) -> str:
        """Takes those of a row that are true, or the others, as far as there is room."""
        fn = self.c.fn

        def take(place: str, at: str) -> tuple[str, str]:
            (flag,) = self._flag(start, place, wanted)
            self.moved.move(start, place, target_start, at)
            one = fn.emit(f"zext i1 {flag} to i64")
            return fn.emit(f"add nsw i64 {place}, 1"), fn.emit(f"add nsw i64 {at}, {one}")

        with fn.while_loop([("i64", 0), ("i64", done)]) as blocks:
            place, at = blocks.values
            fits = fn.emit(f"icmp sle i64 {place}, {self.n - _BLOCK}")
            has_room = fn.emit(f"icmp sle i64 {at}, {self.keep - _BLOCK}")
            blocks.test(fn.emit(f"and i1 {fits}, {has_room}"))
            with fn.if_else(self._has_any(start, place, wanted), ["i64"]) as choice:
                with choice.then():
                    after, last = place, at
                    for _ in range(_BLOCK):
                        after, last = take(after, last)
                    choice.give(last)
                with choice.otherwise():
                    choice.give(at)
            blocks.next(fn.emit(f"add nsw i64 {place}, {_BLOCK}"), choice.results[0])
        with fn.while_loop([("i64", x) for x in blocks.results]) as rest:
            place, at = rest.values
            fits = fn.emit(f"icmp slt i64 {place}, {self.n}")
            has_room = fn.emit(f"icmp slt i64 {at}, {self.keep}")
            rest.test(fn.emit(f"and i1 {fits}, {has_room}"))
            rest.next(*take(place, at))
        return rest.results[1]

    def _has_any(self, start: str, place: str, wanted: bool) -> str:
        """Returns whether any flag of a block is as wanted; true where that is not seen at once."""
        source = self.moved.sources[0]
        if self.moved.stride != 1 or source is None:
            return "true"
        c = self.c
        with c.on(_BLOCK):
            (flags,) = load(c, dtypes.bool_, source, c.fn.emit(f"add nsw i64 {start}, {place}"))
            ty = c.type("i1")
        name = f"llvm.vector.reduce.{'or' if wanted else 'and'}.v{_BLOCK}i1"
        found = c.pure_call("i1", name, [(ty, flags)])
        return found if wanted else c.fn.emit(f"xor i1 {found}, true")

    def _flag(self, start: str, place: str, wanted: bool) -> tuple[str]:
        (flag,) = self.moved.take(0, start, place)
        return (flag if wanted else self.c.fn.emit(f"xor i1 {flag}, true"),)
