"""Sums of bools along rows, in numbers as narrow as what the bools are made of.

    for i: n += x[i]      ──▶      vectors of bytes count for 128 rounds, then 64 bits take over

Bytes hold eight times as many counters as numbers of 64 bits, so a comparison of narrow numbers is
not widened before it is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minijax.compiler.emit.lanes import Lanes, lanes_for
from minijax.compiler.emit.numbers.types import Scalar, registers
from minijax.compiler.emit.positions import plus, times
from minijax.compiler.engine import host
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Operand
from minijax.core.dtypes import bool_, is_integer
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce

if TYPE_CHECKING:
    from minijax.compiler.emit.folds.fold import Fold

_VECTORS = 4
_ROUNDS = {8: 128, 16: 1 << 14, 32: 1 << 24}  # until a counter of so many bits could overflow


def counted_flags(reduce: Reduce) -> list[Expr]:
    """Returns the bools that a fold counts, none if it does something else."""
    if type(reduce) is not Reduce or reduce.kind != "add":
        return []
    found = [
        e.operands[0]
        for e in reduce.elements
        if e.op == "convert" and is_integer(e.dtype) and e.operands[0].dtype == bool_
    ]
    return found if len(found) == len(reduce.elements) else []


class Counts:
    """Emits the counts of one fold."""

    def __init__(self, fold: Fold, flags: Sequence[Expr], lanes: int, bits: int) -> None:
        self.fold = fold
        self.body = fold.body
        self.c = fold.c
        self.flags = flags
        self.lanes = lanes
        self.ty = f"i{bits}"
        self.wide = f"i{2 * bits}"
        self.rounds = _ROUNDS[bits]
        *self.others, self.last = fold.inner

    @classmethod
    def of(cls, fold: Fold) -> Counts | None:
        """Returns what counts the bools of a fold; None where that is not worth it."""
        flags = counted_flags(fold.reduce)
        if not flags or not fold.inner:
            return None
        size = fold.inner[-1].payload
        lanes = lanes_for(postorder(flags), size)
        bits = 8 * host().vector_bytes // lanes
        return cls(fold, flags, lanes, bits) if bits in _ROUNDS and size >= lanes > 1 else None

    def emit(self) -> None:
        """Emits the loops of the fold."""
        with self.body.loops(self.fold.outer):
            totals = self._over(self.others, ["0"] * len(self.flags))
            pairs = zip(self.fold.dtypes, self.fold.starts(), totals, strict=True)
            self.fold.finish([self._from(start, total, dtype) for dtype, start, total in pairs])

    def _from(self, start: Scalar, total: str, dtype: np.dtype) -> Scalar:
        (ty,) = registers(dtype)
        narrow = total if ty == "i64" else self.c.cast("trunc", "i64", total, ty)
        return (self.c.op("add", ty, start[0], narrow),)

    def _over(self, indices: Sequence[Expr], totals: Sequence[str]) -> Sequence[str]:
        if not indices:
            return self._row(totals)
        first, *rest = indices
        carried = [("i64", x) for x in totals]
        with self.body.loop(first.payload, first, carried) as loop:
            loop.next(*self._over(rest, loop.values))
        return loop.results

    def _row(self, totals: Sequence[str]) -> Sequence[str]:
        """Counts along one row: blocks of rounds of several vectors, then what is left over."""
        size, lanes = self.last.payload, self.lanes
        width = _VECTORS * lanes
        blocks, left = divmod(size // width, self.rounds)
        if blocks:
            with self.body.loop(blocks, carried=[("i64", x) for x in totals]) as block:
                start = times(self.c, block.index, self.rounds * width)
                counts = self._counted(start, self.rounds, self._zeros())
                block.next(*self._added(block.values, counts))
            totals = block.results
        done = blocks * self.rounds * width
        counts = self._zeros()
        if left:
            counts = self._counted(done, left, counts)
        for base in range(done + left * width, size, lanes):
            counts = self._take(min(base, size - lanes), counts, max(base + lanes - size, 0))
            counts = [x[1:] + x[:1] for x in counts]
        return self._added(totals, counts)

    def _zeros(self) -> list[list[str]]:
        zeros = f"<{', '.join([f'{self.ty} 0'] * self.lanes)}>"
        return [[zeros] * _VECTORS for _ in self.flags]

    def _counted(self, start: Operand, rounds: int, counts: list[list[str]]) -> list[list[str]]:
        """Counts in so many rounds of several vectors."""
        vector = f"<{self.lanes} x {self.ty}>"
        carried = [(vector, x) for each in counts for x in each]
        with self.body.loop(rounds, carried=carried) as loop:
            base = plus(self.c, times(self.c, loop.index, _VECTORS * self.lanes), start)
            news = _by_fold(loop.values)
            for k in range(_VECTORS):
                news = self._take(plus(self.c, base, k * self.lanes), news)
                news = [x[1:] + x[:1] for x in news]
            loop.next(*(x for each in news for x in each))
        return _by_fold(loop.results)

    def _take(self, base: Operand, counts: list[list[str]], again: int = 0) -> list[list[str]]:
        """Counts a vector of elements with the first counters.

        Args:
            base: where the vector begins.
            counts: vectors of counters for each sum.
            again: how many of its first elements have been counted before.
        """
        found = []
        with self.body.vector(Lanes(self.lanes), self.last, base):
            for flag, each in zip(self.flags, counts, strict=True):
                (x,) = self.body.whole(flag)
                if again:
                    bits = ", ".join(
                        f"i1 {'false' if k < again else 'true'}" for k in range(self.lanes)
                    )
                    x = self.c.op("and", "i1", x, f"<{bits}>")
                one = self.c.cast("zext", "i1", x, self.ty)
                found.append([self.c.op("add", self.ty, each[0], one), *each[1:]])
        return found

    def _added(self, totals: Sequence[str], counts: list[list[str]]) -> list[str]:
        return [
            self.c.fn.emit(f"add i64 {total}, {self._sum(each)}")
            for total, each in zip(totals, counts, strict=True)
        ]

    def _sum(self, counts: Sequence[str]) -> str:
        c = self.c
        with c.on(self.lanes):
            first, *others = (c.cast("zext", self.ty, x, self.wide) for x in counts)
            for x in others:
                first = c.op("add", self.wide, first, x)
            if self.wide != "i64":
                first = c.cast("zext", self.wide, first, "i64")
        name = f"llvm.vector.reduce.add.v{self.lanes}i64"
        return c.pure_call("i64", name, [(f"<{self.lanes} x i64>", first)])


def _by_fold(values: Sequence[str]) -> list[list[str]]:
    return [list(values[k : k + _VECTORS]) for k in range(0, len(values), _VECTORS)]
