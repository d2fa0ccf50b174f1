"""Where the numbers of short rows go around one place, by comparing all with all.

    rank of x[i]     how many x[j] are less, and how many are equal with j < i
    goes to          one behind the last in front, the place itself, or one behind the last behind

Vectors hold one number of each of several rows and no way is chosen: up to some dozens of numbers
that takes less time than to look for the number of the place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.sorts.key_rows import key_dtype, ordering_key
from minijax.compiler.engine import host

SHORT = 64
_TOGETHER = 4  # vectors


def lanes_across(dtype: np.dtype) -> int:
    """Returns how many rows are looked at together."""
    return host().vector_bytes // dtype.itemsize


def places_around(c: Context, dtype: np.dtype, n: int, around: int, gap: int) -> str:
    """Returns `void f(numbers, places)`, which writes where the numbers of some rows go.

    Places are integers of the size of the numbers: first those of the first numbers of all rows. In
    the order of numbers, of equal ones the first goes first; every NaN comes last, and -0 equals 0.

    Args:
        c: the context.
        dtype: the dtype of the numbers.
        n: the length of a row, at most `SHORT`.
        around: the place.
        gap: from a number of a row to the next one; rows are neighbours then. 1 for rows that lie
            one behind the other.
    """
    name = f"around_{dtype.name}_{n}_{around}_{gap}"
    if not c.module.defines(name):
        args = [("ptr", "numbers"), ("ptr", "places")]
        here, c.fn = c.fn, c.module.function(name, args, "void", "internal")
        with c.on(1):
            writer = _Places(c, dtype, n)
            writer.read(gap)
            writer.rank()
            writer.place(around)
            c.fn.ret()
        c.fn = here
    return name


class _Places:
    def __init__(self, c: Context, dtype: np.dtype, n: int) -> None:
        self.c = c
        self.number = dtype
        self.dtype = key_dtype(dtype)
        self.ty = f"i{8 * dtype.itemsize}"
        self.sign = "s" if self.dtype.kind == "i" else "u"
        self.n = n
        self.lanes = lanes_across(dtype)
        self.keys = c.fn.alloca(self.ty, n * self.lanes, align=64)

    def read(self, gap: int) -> None:
        """Writes the keys of all rows where those of one place are neighbours."""
        c, fn, source = self.c, self.c.fn, "%numbers"
        if gap == 1:
            source, gap = self.keys, self.lanes
            with fn.loop(self.lanes) as row, fn.loop(self.n) as each:
                start = fn.emit(f"mul nsw i64 {row.index}, {self.n}")
                x = load(c, self.dtype, "%numbers", fn.emit(f"add nsw i64 {start}, {each.index}"))
                target = fn.emit(f"mul nsw i64 {each.index}, {self.lanes}")
                store(c, self.dtype, x, source, fn.emit(f"add nsw i64 {target}, {row.index}"))
        with fn.loop(self.n) as each:
            at = fn.emit(f"mul nsw i64 {each.index}, {gap}")
            target = fn.emit(f"mul nsw i64 {each.index}, {self.lanes}")
            with c.on(self.lanes):
                (number,) = load(c, self.number, source, at)
                key = ordering_key(c, self.number, number)
                store(c, self.dtype, (key,), self.keys, target)

    def rank(self) -> None:
        """Writes the ranks of all numbers to where their places will be."""
        whole = self.n // _TOGETHER * _TOGETHER
        if whole:
            with self.c.fn.loop(0, whole, _TOGETHER) as block:
                self._block(block.index, _TOGETHER)
        if whole < self.n:
            self._block(str(whole), self.n - whole)

    def place(self, around: int) -> None:
        """Writes places over ranks."""
        c, ty = self.c, self.ty
        with c.on(self.lanes):
            wide = c.type(ty)
            starts = [c.vector(ty, x) for x in (0, around + 1)]
        with c.fn.loop(self.n, carried=[(wide, x) for x in starts]) as each:
            front, back = each.values
            at = c.fn.emit(f"mul nsw i64 {each.index}, {self.lanes}")
            with c.on(self.lanes):
                (rank,) = load(c, self.dtype, "%places", at)
                is_front = c.op("icmp slt", ty, rank, around)
                is_back = c.op("icmp sgt", ty, rank, around)
                found = c.select(is_back, ty, back, around)
                found = c.select(is_front, ty, front, found)
                store(c, self.dtype, (found,), "%places", at)
                each.next(
                    self._added(front, c.cast("sext", "i1", is_front, ty)),
                    self._added(back, c.cast("sext", "i1", is_back, ty)),
                )

    def _key(self, place: str) -> str:
        at = self.c.fn.emit(f"mul nsw i64 {place}, {self.lanes}")
        with self.c.on(self.lanes):
            return load(self.c, self.dtype, self.keys, at)[0]

    def _block(self, first: str, count: int) -> None:
        """Writes the ranks of some numbers that follow each other in their rows."""
        c, fn = self.c, self.c.fn
        places = [fn.emit(f"add nsw i64 {first}, {k}") for k in range(count)]
        own = [self._key(place) for place in places]
        with c.on(self.lanes):
            # Those in front count until they turn out to be greater.
            in_front = first if self.ty == "i64" else fn.emit(f"trunc i64 {first} to {self.ty}")
            start = c.vector(self.ty, c.spread(self.ty, in_front))
        ranks = self._compared(("0", first), own, [start] * count, True)
        with c.on(self.lanes):
            for i in range(count):
                for j in range(i):
                    # One of both counts for the other.
                    less = self._less(own[i], own[j])
                    ranks[j] = self._added(ranks[j], less)
                    ranks[i] = c.op("add", self.ty, ranks[i], c.op("add", self.ty, less, 1))
        behind = fn.emit(f"add nsw i64 {first}, {count}")
        ranks = self._compared((behind, str(self.n)), own, ranks, False)
        for place, rank in zip(places, ranks, strict=True):
            at = fn.emit(f"mul nsw i64 {place}, {self.lanes}")
            with c.on(self.lanes):
                store(c, self.dtype, (rank,), "%places", at)

    def _less(self, x: str, y: str) -> str:
        """Returns -1 where one key is less than another, else 0."""
        flag = self.c.op(f"icmp {self.sign}lt", self.ty, x, y)
        return self.c.cast("sext", "i1", flag, self.ty)

    def _added(self, rank: str, less: str) -> str:
        return self.c.op("sub", self.ty, rank, less)

    def _compared(
        self, bounds: tuple[str, str], own: Sequence[str], ranks: list[str], in_front: bool
    ) -> list[str]:
        """Returns the ranks of some numbers after a comparison with a stretch of the others.

        Args:
            bounds: where the stretch begins and ends.
            own: the keys of the numbers.
            ranks: their ranks so far.
            in_front: whether the stretch is in front of the numbers.
        """
        c = self.c
        with c.on(self.lanes):
            wide = c.type(self.ty)
        with c.fn.loop(*bounds, carried=[(wide, x) for x in ranks]) as loop:
            other, news = self._key(loop.index), []
            with c.on(self.lanes):
                for x, rank in zip(own, loop.values, strict=True):
                    if in_front:
                        news.append(c.op("add", self.ty, rank, self._less(x, other)))
                    else:
                        news.append(self._added(rank, self._less(other, x)))
            loop.next(*news)
        return list(loop.results)
