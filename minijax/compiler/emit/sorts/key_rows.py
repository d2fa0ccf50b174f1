"""Rows of numbers seen as keys: integers that order as the numbers do.

They are counted between two keys, kept if they are, and looked up by their number among equals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minijax.compiler import numpy_sorts
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.sorts import chosen
from minijax.compiler.engine import host
from minijax.compiler.status import OUT_OF_MEMORY
from minijax.compiler.text import Operand, literal
from minijax.core import dtypes

NUMBERS, ROOM = "%numbers", "%room"
_UNROLLED = 4
_SPARSE = 24  # one of so many keys left: vectors without any are passed over


def key_dtype(dtype: np.dtype) -> np.dtype:
    """Returns the dtype of the integers that order as numbers of a dtype do."""
    return np.dtype(f"i{dtype.itemsize}") if dtypes.is_float(dtype) else dtype


def ordering_key(c: Context, dtype: np.dtype, x: str) -> str:
    """Emits the integer that orders as a number does: -0 equals 0, NaNs are equal and above all."""
    if not dtypes.is_float(dtype):
        return x
    own, bits = layout(dtype).register, 8 * dtype.itemsize
    ty, most = f"i{bits}", (1 << (bits - 1)) - 1
    # The sum of -0 and 0 is 0.
    found = c.cast("bitcast", own, c.op("fadd", own, x, literal(own, 0.0)), ty)
    flips = c.op("and", ty, c.op("ashr", ty, found, bits - 1), most)
    return c.select(c.op("fcmp uno", own, x, x), ty, most, c.op("xor", ty, found, flips))


class Bracket(NamedTuple):
    """Two keys, and how many of those left are less than the first, or up to the second."""

    low: str
    high: str
    less: str
    upto: str


class KeyRow:
    """Emits what is done to the row of numbers of a function, or to keys in its working memory.

    The function has the arguments `numbers`, `room` (for as many keys) and `n`.
    """

    def __init__(self, c: Context, dtype: np.dtype) -> None:
        self.c = c
        self.number = dtype
        self.dtype = dtype = key_dtype(dtype)
        self.ty = f"i{8 * dtype.itemsize}"
        self.sign = "s" if dtype.kind == "i" else "u"
        self.lanes = max(2 * host().vector_bytes // dtype.itemsize, 4)
        self.moves_lanes = chosen.can_move([dtype])

    def convert_all(self) -> None:
        """Makes keys of all numbers."""
        fn = self.c.fn
        whole = fn.emit(f"and i64 %n, {-self.lanes}")
        with fn.loop(0, whole, self.lanes) as loop, self.c.on(self.lanes):
            x = self.key(NUMBERS, loop.index)
            store(self.c, self.dtype, (x,), ROOM, loop.index)
        with fn.loop(whole, "%n") as rest:
            store(self.c, self.dtype, (self.key(NUMBERS, rest.index),), ROOM, rest.index)

    def key(self, source: str, place: str) -> str:
        """Loads a key, or a vector of neighbours: `numbers` are not yet keys."""
        dtype = self.number if source == NUMBERS else self.dtype
        (x,) = load(self.c, dtype, source, place)
        return ordering_key(self.c, dtype, x)

    # -- counting and keeping

    def counts(self, source: str, count: str, low: str, high: str) -> tuple[str, str]:
        """Counts the keys less than one key and those up to another."""
        c, fn = self.c, self.c.fn
        tests = ((f"icmp {self.sign}lt", low), (f"icmp {self.sign}le", high))
        whole = fn.emit(f"and i64 {count}, {-self.lanes}")
        with fn.loop(0, whole, self.lanes, carried=[("i64", 0)] * 2) as loop:
            with c.on(self.lanes):
                keys = self.key(source, loop.index)
                flags = [c.op(test, self.ty, keys, c.spread(self.ty, x)) for test, x in tests]
            pairs = zip(loop.values, flags, strict=True)
            loop.next(*(fn.emit(f"add nsw i64 {n}, {self._ones(x)}") for n, x in pairs))
        carried = [("i64", x) for x in loop.results]
        with fn.loop(whole, count, carried=carried) as rest:
            key = self.key(source, rest.index)
            sums = []
            for n, (test, x) in zip(rest.values, tests, strict=True):
                one = fn.emit(f"zext i1 {c.op(test, self.ty, key, x)} to i64")
                sums.append(fn.emit(f"add nsw i64 {n}, {one}"))
            rest.next(*sums)
        return rest.results[0], rest.results[1]

    def _ones(self, flags: str) -> str:
        """Returns how many of a vector of bools hold."""
        fn, bits = self.c.fn, f"i{self.lanes}"
        word = fn.emit(f"bitcast <{self.lanes} x i1> {flags} to {bits}")
        total = self.c.pure_call(bits, f"llvm.ctpop.{bits}", [(bits, word)])
        if self.lanes == 64:
            return total
        return fn.emit(f"{'zext' if self.lanes < 64 else 'trunc'} {bits} {total} to i64")

    def tried(self, source: str, count: str, low: str, high: str) -> Bracket:
        return Bracket(low, high, *self.counts(source, count, low, high))

    def filter(self, source: str, count: str, kept: str, tried: Bracket) -> None:
        """Moves the keys of a bracket to the front of the room, where others may be already."""
        fn = self.c.fn
        scaled = fn.emit(f"mul nsw i64 {kept}, {_SPARSE}")
        is_sparse = fn.emit(f"icmp slt i64 {scaled}, {count}")
        with fn.if_else(is_sparse) as choice:
            with choice.then():
                whole = fn.emit(f"and i64 {count}, {-self.lanes}")
                done = self._filter_vectors(source, whole, tried)
                self._keep(source, whole, count, done, tried)
            with choice.otherwise():
                if source == NUMBERS and self.number != self.dtype and not self.moves_lanes:
                    # Vectors become keys faster than numbers one by one.
                    self.convert_all()
                    source = ROOM
                self._keep(source, "0", count, "0", tried)

    def _filter_vectors(self, source: str, whole: str, tried: Bracket) -> str:
        """Keeps what is in the bracket where that is rare; returns how many are kept."""
        fn = self.c.fn
        with fn.loop(0, whole, self.lanes, carried=[("i64", 0)]) as blocks:
            (done,) = blocks.values
            some = self._has_some(source, blocks.index, tried)
            with fn.if_else(some, ["i64"]) as hit:
                with hit.then():
                    end = fn.emit(f"add nsw i64 {blocks.index}, {self.lanes}")
                    hit.give(self._keep(source, blocks.index, end, done, tried))
                with hit.otherwise():
                    hit.give(done)
            blocks.next(hit.results[0])
        return blocks.results[0]

    def _has_some(self, source: str, start: str, tried: Bracket) -> str:
        c = self.c
        with c.on(self.lanes):
            keys = self.key(source, start)
            inside = self._is_inside(keys, tried)
        flags = f"<{self.lanes} x i1>"
        return c.pure_call("i1", f"llvm.vector.reduce.or.v{self.lanes}i1", [(flags, inside)])

    def _is_inside(self, key: str, tried: Bracket) -> str:
        c, ty = self.c, self.ty
        low, high = (c.spread(ty, x) for x in (tried.low, tried.high))
        if c.lanes == 1:
            span = c.op("sub", ty, high, low)
            return c.op("icmp ule", ty, c.op("sub", ty, key, low), span)
        above = c.op(f"icmp {self.sign}ge", ty, key, low)
        return c.op("and", "i1", above, c.op(f"icmp {self.sign}le", ty, key, high))

    def _keep(self, source: str, start: str, end: str, done: str, tried: Bracket) -> str:
        """Keeps what is in the bracket, without choosing a way for each key."""
        fn = self.c.fn

        def keep(place: str, at: str) -> str:
            key = self.key(source, place)
            store(self.c, self.dtype, (key,), ROOM, at)
            one = fn.emit(f"zext i1 {self._is_inside(key, tried)} to i64")
            return fn.emit(f"add nsw i64 {at}, {one}")

        together = chosen.LANES if self.moves_lanes else _UNROLLED
        length = fn.emit(f"sub nsw i64 {end}, {start}")
        stop = fn.emit(f"add nsw i64 {start}, {fn.emit(f'and i64 {length}, {-together}')}")
        with fn.loop(start, stop, together, carried=[("i64", done)]) as several:
            (at,) = several.values
            if self.moves_lanes:
                at = self._keep_vector(source, several.index, at, tried)
            else:
                for k in range(_UNROLLED):
                    at = keep(fn.emit(f"add nsw i64 {several.index}, {k}"), at)
            several.next(at)
        with fn.loop(stop, end, carried=[("i64", several.results[0])]) as each:
            each.next(keep(each.index, each.values[0]))
        return each.results[0]

    def _keep_vector(self, source: str, start: str, at: str, tried: Bracket) -> str:
        """Keeps what is in the bracket of a vector, all of which was in front of its end before."""
        c = self.c
        with c.on(chosen.LANES):
            keys = self.key(source, start)
            word = chosen.word_of(c, self._is_inside(keys, tried))
            chosen.store_chosen(c, self.dtype, keys, word, ROOM, at)
        return c.fn.emit(f"add nsw i64 {at}, {chosen.ones(c, word)}")

    def place(self, key: str, number: str) -> str:
        """Returns where the key is that so many of its equals stand in front of."""
        fn = self.c.fn
        last = fn.emit(f"sub nsw i64 %n, {self.lanes}")
        carried: list[tuple[str, Operand]] = [
            ("i64", 0),
            ("i64", number),
            ("i64", 0),
            ("i1", "true"),
        ]
        with fn.while_loop(carried) as blocks:
            start, left, _, goes_on = blocks.values
            fits = fn.emit(f"icmp sle i64 {start}, {last}")
            blocks.test(fn.emit(f"and i1 {goes_on}, {fits}"))
            equal = self._ones(self._equal(key, start))
            passes = fn.emit(f"icmp sle i64 {equal}, {left}")
            # Goes on before it knows whether to, so that no vector waits for the one before.
            after = fn.emit(f"add nsw i64 {start}, {self.lanes}")
            blocks.next(after, fn.emit(f"sub nsw i64 {left}, {equal}"), equal, passes)
        start, left, equal, passed = blocks.results
        by = fn.emit(f"select i1 {passed}, i64 0, i64 {self.lanes}")
        more = fn.emit(f"select i1 {passed}, i64 0, i64 {equal}")
        before = fn.emit(f"sub nsw i64 {start}, {by}")
        return self._place_from(key, before, fn.emit(f"add nsw i64 {left}, {more}"))

    def _equal(self, key: str, start: str) -> str:
        c = self.c
        with c.on(self.lanes):
            keys = self.key(NUMBERS, start)
            return c.op("icmp eq", self.ty, keys, c.spread(self.ty, key))

    def _place_from(self, key: str, start: str, number: str) -> str:
        """Goes on one by one, to the last key at most."""
        fn = self.c.fn
        last = fn.emit("sub nsw i64 %n, 1")
        with fn.while_loop([("i64", start), ("i64", number)]) as each:
            place, left = each.values
            found = self.key(NUMBERS, place)
            equal = fn.emit(f"icmp eq {self.ty} {found}, {key}")
            other = fn.emit(f"xor i1 {equal}, true")
            early = fn.emit(f"icmp ne i64 {left}, 0")
            more = fn.emit(f"icmp slt i64 {place}, {last}")
            each.test(fn.emit(f"and i1 {more}, {fn.emit(f'or i1 {other}, {early}')}"))
            one = fn.emit(f"zext i1 {equal} to i64")
            each.next(fn.emit(f"add nsw i64 {place}, 1"), fn.emit(f"sub nsw i64 {left}, {one}"))
        return each.results[0]

    # -- sorting a few

    def sort(self, row: str, count: str) -> None:
        c, fn = self.c, self.c.fn
        if not numpy_sorts.available(self.dtype):
            self._insert_all(row, count)
            return
        symbol = f"numpy_sort_{self.dtype.name}"
        c.outside(symbol)
        code = fn.call("i32", symbol, [("ptr", row), ("i64", count), ("ptr", "null")])
        fn.fail_if(fn.emit(f"icmp ne i32 {code}, 0"), OUT_OF_MEMORY)

    def _insert_all(self, row: str, count: str) -> None:
        """Sorts by insertion, where NumPy's functions are not known."""
        c, fn = self.c, self.c.fn
        with fn.loop(1, count) as each:
            (key,) = load(c, self.dtype, row, each.index)
            with fn.while_loop([("i64", each.index), ("i1", "true")]) as loop:
                place, goes_on = loop.values
                inside = fn.emit(f"icmp sgt i64 {place}, 0")
                loop.test(fn.emit(f"and i1 {inside}, {goes_on}"))
                below = fn.emit(f"sub nsw i64 {place}, 1")
                (other,) = load(c, self.dtype, row, below)
                less = fn.emit(f"icmp {self.sign}lt {self.ty} {key}, {other}")
                with fn.when(less):
                    store(c, self.dtype, (other,), row, place)
                loop.next(fn.emit(f"select i1 {less}, i64 {below}, i64 {place}"), less)
            store(c, self.dtype, (key,), row, loop.results[0])
