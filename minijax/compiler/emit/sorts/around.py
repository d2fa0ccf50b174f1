"""Rows arranged around one place of their sorted order.

The place is found first (`nth`). What stands in front of it are the keys less than its own, and
those equal to it that come sooner: so one sweep up to it and one behind it know from a comparison
to which side an element goes, and both sides are filled in order. Where lanes can be moved, vectors
are taken apart (`chosen`), and both halves written whole as long as both sides have room.
"""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.sorts import chosen
from minijax.compiler.emit.sorts.key_rows import key_dtype, ordering_key
from minijax.compiler.emit.sorts.moved import Moved
from minijax.compiler.emit.sorts.nth import nth_finder
from minijax.compiler.engine import host
from minijax.compiler.fuse import ordering
from minijax.compiler.status import OUT_OF_MEMORY
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.roots import Sort

_INT64 = dtypes.int64
_SPARSE = 24  # one of so many on one side: vectors go to the other side whole


class Around:
    """Writes rows of a sort around a place."""

    def __init__(self, frame: Frame, sort: Sort, position: int, number: np.dtype) -> None:
        assert sort.around is not None, "there is a place"
        self.c = frame.c
        self.moved = Moved(frame, sort)
        self.n = sort.operands[0].shape[sort.axis]
        self.around = sort.around
        self.number = number
        self.direct = ordering.reads_keys(sort)
        # What does not lie together is brought together, as keys.
        self.compared = number if self.direct else key_dtype(number)
        self.scratch = [frame.scratch(position, k) for k in range(len(ordering.scratch(sort)))]
        self.pivot_is_nan = False
        self.found = self.c.fn.alloca("i64", 2)
        smaller = min(self.around, self.n - 1 - self.around)
        self.is_sparse = self.moved.stride == 1 and smaller * _SPARSE < self.n
        self.lanes = host().vector_bytes // max(*(x.itemsize for x in self.moved.dtypes), 1)
        vectors = [self.compared, *self.moved.dtypes]
        self.moves_lanes = self.moved.stride == 1 and chosen.can_move(vectors)

    def write(self, start: str, target_start: str) -> None:
        """Writes the row that starts at a position from one that starts at another."""
        c, fn = self.c, self.c.fn
        keys = self._keys(start)
        args: list[tuple[str, Operand]] = [("ptr", keys), ("ptr", self.scratch[-1])]
        args += [("i64", self.n), ("i64", self.around), ("ptr", self.found)]
        code = fn.call("i32", nth_finder(c, self.compared), args)
        fn.fail_if(fn.emit(f"icmp ne i32 {code}, 0"), OUT_OF_MEMORY)
        (place,) = load(c, _INT64, fn.gep("i8", self.found, 8), 0)
        (pivot,) = load(c, self.compared, keys, place)
        self.moved.move(start, place, target_start, str(self.around))
        if not dtypes.is_float(self.compared):
            self._sweeps(keys, pivot, place, (start, target_start))
            return
        ty = layout(self.compared).register
        with fn.if_else(fn.emit(f"fcmp uno {ty} {pivot}, {pivot}")) as choice:
            for pivot_is_nan, branch in ((True, choice.then), (False, choice.otherwise)):
                self.pivot_is_nan = pivot_is_nan
                with branch():
                    self._sweeps(keys, pivot, place, (start, target_start))

    def _sweeps(self, keys: str, pivot: str, place: str, starts: tuple[str, str]) -> None:
        """Moves what is in front of the place in a row, then what is behind it."""
        done = self._sweep(keys, pivot, ("0", place), "0", "le", starts)
        behind = self.c.fn.emit(f"add nsw i64 {place}, 1")
        self._sweep(keys, pivot, (behind, str(self.n)), done, "lt", starts)

    def _keys(self, start: str) -> str:
        """Returns the address of what is compared of a row."""
        c, fn, source = self.c, self.c.fn, self.moved.sources[0]
        if self.direct:
            assert source is not None, "what is read has an address"
            return fn.gep(layout(self.number).memory, source, start)
        with fn.loop(self.n) as each:
            (x,) = self.moved.take(0, start, each.index, self.number)
            key = ordering_key(c, self.number, x)
            store(c, self.compared, (key,), self.scratch[0], each.index)
        return self.scratch[0]

    def _sweep(
        self,
        keys: str,
        pivot: str,
        bounds: tuple[str, str],
        done: str,
        test: str,
        starts: tuple[str, str],
    ) -> str:
        """Moves a stretch of a row to both sides; returns how many are in front by then.

        Args:
            keys: the address of the keys.
            pivot: the key of the place.
            bounds: where the stretch begins and ends.
            done: how many are in front so far.
            test: how a key compares with the pivot that goes in front.
            starts: where the rows of operands and results start.
        """
        fn = self.c.fn
        first, end = bounds
        # Rows of nothing but NaN around the place are too rare for code of their own.
        parts = self.moves_lanes and not self.pivot_is_nan
        if self.is_sparse or parts:
            block, lanes = (
                (self._block, self.lanes) if self.is_sparse else (self._parted, chosen.LANES)
            )
            length = fn.emit(f"sub nsw i64 {end}, {first}")
            whole = fn.emit(f"and i64 {length}, {-lanes}")
            stop = fn.emit(f"add nsw i64 {first}, {whole}")
            with fn.loop(first, stop, lanes, carried=[("i64", done)]) as blocks:
                blocks.next(block(keys, pivot, blocks.index, blocks.values[0], test, starts))
            first, done = stop, blocks.results[0]
        return self._each(keys, pivot, (first, end), done, test, starts)

    def _each(
        self,
        keys: str,
        pivot: str,
        bounds: tuple[str, str],
        done: str,
        test: str,
        starts: tuple[str, str],
    ) -> str:
        """Moves elements one by one, without choosing a way for each."""
        c, fn = self.c, self.c.fn
        start, target_start = starts
        with fn.loop(*bounds, carried=[("i64", done)]) as each:
            (before,) = each.values
            (key,) = load(c, self.compared, keys, each.index)
            goes_first = self._goes_first(key, pivot, test)
            behind = self._behind(each.index, before, test)
            target = fn.emit(f"select i1 {goes_first}, i64 {before}, i64 {behind}")
            self.moved.move(start, each.index, target_start, target)
            one = fn.emit(f"zext i1 {goes_first} to i64")
            each.next(fn.emit(f"add nsw i64 {before}, {one}"))
        return each.results[0]

    def _goes_first(self, key: str, pivot: str, test: str) -> str:
        """Emits whether an element goes in front; every NaN is above all numbers."""
        c, ty = self.c, layout(self.compared).register
        spread = c.spread(ty, pivot)
        if not dtypes.is_float(self.compared):
            sign = "s" if self.compared.kind == "i" else "u"
            return c.op(f"icmp {sign}{test}", ty, key, spread)
        if not self.pivot_is_nan:
            return c.op(f"fcmp o{test}", ty, key, spread)
        return c.op("fcmp ord" if test == "lt" else "fcmp true", ty, key, key)

    def _behind(self, place: str, before: str, test: str) -> str:
        """Returns where an element goes that does not go in front: what is behind has a gap."""
        rest = self.c.fn.emit(f"sub nsw i64 {place}, {before}")
        skipped = self.around + (1 if test == "le" else 0)  # behind the place itself
        return self.c.fn.emit(f"add nsw i64 {rest}, {skipped}")

    def _block(
        self, keys: str, pivot: str, place: str, before: str, test: str, starts: tuple[str, str]
    ) -> str:
        """Moves a vector of elements: whole, where all go to the side where most go."""
        c, fn, lanes = self.c, self.c.fn, self.lanes
        start, target_start = starts
        mostly_behind = self.around * 2 < self.n
        with c.on(lanes):
            (found,) = load(c, self.compared, keys, place)
            flags = self._goes_first(found, pivot, test)
        word = fn.emit(f"bitcast <{lanes} x i1> {flags} to i{lanes}")
        alike = fn.emit(f"icmp eq i{lanes} {word}, {0 if mostly_behind else -1}")
        with fn.if_else(alike, ["i64"]) as choice:
            with choice.then():
                target = self._behind(place, before, test) if mostly_behind else before
                with c.on(lanes):
                    self.moved.move(start, place, target_start, target)
                by = 0 if mostly_behind else lanes
                choice.give(fn.emit(f"add nsw i64 {before}, {by}"))
            with choice.otherwise():
                end = fn.emit(f"add nsw i64 {place}, {lanes}")
                choice.give(self._each(keys, pivot, (place, end), before, test, starts))
        return choice.results[0]

    def _parted(
        self, keys: str, pivot: str, place: str, before: str, test: str, starts: tuple[str, str]
    ) -> str:
        """Moves the lanes of a vector to the sides where they go."""
        c, fn, lanes = self.c, self.c.fn, chosen.LANES
        behind = self._behind(place, before, test)
        with c.on(lanes):
            (found,) = load(c, self.compared, keys, place)
            front = chosen.word_of(c, self._goes_first(found, pivot, test))
        room = [
            fn.emit(f"icmp sle i64 {at}, {stop - lanes}")
            for at, stop in ((before, self.around), (behind, self.n))
        ]
        with fn.if_else(fn.emit(f"and i1 {room[0]}, {room[1]}"), ["i64"]) as choice:
            with choice.then():
                rest = fn.emit(f"xor i8 {front}, -1")
                with c.on(lanes):
                    self.moved.move_chosen(starts, place, ((front, before), (rest, behind)))
                choice.give(fn.emit(f"add nsw i64 {before}, {chosen.ones(c, front)}"))
            with choice.otherwise():
                choice.give(self._at_an_end(keys, pivot, (place, before), front, test, starts))
        return choice.results[0]

    def _at_an_end(
        self,
        keys: str,
        pivot: str,
        at: tuple[str, str],
        front: str,
        test: str,
        starts: tuple[str, str],
    ) -> str:
        """Moves a vector where a side is nearly full: whole, if all lanes go to one side."""
        c, fn, lanes = self.c, self.c.fn, chosen.LANES
        place, before = at
        none, every = (fn.emit(f"icmp eq i8 {front}, {word}") for word in (0, -1))
        with fn.if_else(fn.emit(f"or i1 {none}, {every}"), ["i64"]) as choice:
            with choice.then():
                behind = self._behind(place, before, test)
                target = fn.emit(f"select i1 {none}, i64 {behind}, i64 {before}")
                with c.on(lanes):
                    self.moved.move(starts[0], place, starts[1], target)
                choice.give(fn.emit(f"add nsw i64 {before}, {chosen.ones(c, front)}"))
            with choice.otherwise():
                end = fn.emit(f"add nsw i64 {place}, {lanes}")
                choice.give(self._each(keys, pivot, (place, end), before, test, starts))
        return choice.results[0]
