"""Rows in which what is true comes first: elements are written one behind the other.

    place = 0; for i: out[place] = x[i]; place += flag[i]          there is nothing to be guessed

Every element is written, and those that do not belong are overwritten by the next one.
"""

from __future__ import annotations

from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.sorts.moved import Moved
from minijax.compiler.text import Operand
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
            for _ in range(_BLOCK):
                place, at = take(place, at)
            blocks.next(place, at)
        with fn.while_loop([("i64", x) for x in blocks.results]) as rest:
            place, at = rest.values
            fits = fn.emit(f"icmp slt i64 {place}, {self.n}")
            has_room = fn.emit(f"icmp slt i64 {at}, {self.keep}")
            rest.test(fn.emit(f"and i1 {fits}, {has_room}"))
            rest.next(*take(place, at))
        return rest.results[1]

    def _flag(self, start: str, place: str, wanted: bool) -> tuple[str]:
        (flag,) = self.moved.take(0, start, place)
        return (flag if wanted else self.c.fn.emit(f"xor i1 {flag}, true"),)
