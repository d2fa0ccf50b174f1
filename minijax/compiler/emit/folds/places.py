"""Places of extremes along rows: folds that keep a number and where it was.

    for k: if x[k] is better: best, place = x[k], k     ──▶     vectors keep numbers and rounds

Rounds are counted in numbers as wide as what is compared, so that a register of bytes needs one
register of counters. When all rounds are done, the best number is known, then its first round, and
the elements of that round tell the place:

    round       0 | 1 | 2 | 3        several vectors each; the last one ends with the row, and
                        └─┬─┘        may begin in the round before: an earlier round goes first
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minijax.compiler.emit.combine import combine
from minijax.compiler.emit.lanes import Lanes, lanes_for
from minijax.compiler.emit.numbers.types import Scalar, bits_of, layout
from minijax.compiler.emit.positions import plus, times
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce

if TYPE_CHECKING:
    from minijax.compiler.emit.folds.fold_lanes import LanesFold

_VECTORS = 4
_ROUNDS = 4  # of a row at least, where it takes several vectors at a time
_SHORT_BODY = 8  # nodes of elements that are cheap to compute again


def is_better(reduce: Reduce) -> Expr | None:
    """Returns the bool that takes a new number, if a fold keeps the best one and its place.

    Args:
        reduce: a fold.
    """
    if type(reduce) is not Reduce or len(reduce.following) != 2 or len(reduce.inner) != 1:
        return None
    tests = []
    for x, new, acc in zip(reduce.following, reduce.news, reduce.accs, strict=True):
        if x.op != "select" or x.operands[1] is not new or x.operands[2] is not acc:
            return None
        tests.append(x.operands[0])
    places = (reduce.news[1], reduce.accs[1])
    if tests[0] is not tests[1] or any(x is y for x in postorder(tests[:1]) for y in places):
        return None
    return tests[0] if _place_terms(reduce) is not None else None


def _place_terms(reduce: Reduce) -> list[Expr] | None:
    """Returns what is added to the index of a row to give the place; None if it is none."""
    at, index = reduce.elements[1], reduce.inner[0]
    while at.op == "convert" and dtypes.is_integer(at.dtype):
        (at,) = at.operands
    terms = [*at.operands] if at.op == "add" else [at]
    others = [x for x in terms if x is not index]
    moves = len(others) != len(terms) - 1 or any(x is index for x in postorder(others))
    return None if moves or index.op != "index" else others


class Places:
    """Emits the rows of one fold."""

    def __init__(self, fold: LanesFold, test: Expr, lanes: int, count: int) -> None:
        self.fold = fold
        self.body = fold.body
        self.c = fold.c
        self.test = test
        self.lanes = lanes
        self.count = count
        self.dtype = fold.dtypes[0]
        self.ty = layout(self.dtype).register
        self.bits = max(bits_of(self.ty), 8)  # a bool is one
        self.counter = f"i{self.bits}"
        self.width = lanes * count
        self.size = fold.inner[0].payload
        nodes = postorder(fold.reduce.elements[:1])
        # Only what is exact is the same number when it is computed again.
        self.is_grouped = len(nodes) <= _SHORT_BODY and not any(
            dtypes.is_inexact(x.dtype) for x in nodes
        )

    @classmethod
    def of(cls, fold: LanesFold) -> Places | None:
        """Returns what emits the rows of a fold; None where that is not worth it."""
        test = is_better(fold.reduce)
        if test is None:
            return None
        size = fold.inner[0].payload
        lanes = lanes_for(postorder(fold.reduce.elements[:1]), size)
        count = _VECTORS
        while count > 1 and _ROUNDS * count * lanes > size:
            count //= 2
        found = cls(fold, test, lanes, count)
        several = found.bits < 32 or size < found.width << (found.bits - 1)
        return found if lanes > 1 and found.width <= size and several else None

    def emit(self) -> None:
        """Emits the loops of the fold."""
        with self.body.loops(self.fold.outer):
            self.fold.finish(self._row())

    # -- rows and blocks

    def _row(self) -> list[Scalar]:
        """Returns the best number of a row and its place."""
        rounds = -(-self.size // self.width)
        most = rounds if self.bits >= 32 else (1 << (self.bits - 1)) - 1
        blocks = (rounds - 1) // most
        best = self.fold.starts()[0]
        place_type = layout(self.fold.dtypes[1]).register
        if blocks:
            carried: list[tuple[str, Operand]] = [(self.ty, best[0]), ("i64", 0)]
            with self.body.loop(blocks, carried=carried) as loop:
                start = times(self.c, loop.index, most * self.width)
                loop.next(*self._after(loop.values, self._block(start, most, False)))
            total: Sequence[str] = loop.results
        left = rounds - blocks * most
        found = self._block(blocks * most * self.width, left, True)
        if blocks:
            found = self._after(total, found)
        at = found[1]
        for term in _place_terms(self.fold.reduce) or ():
            at = str(plus(self.c, at, self.body.emit(term)[0]))
        if place_type != "i64":
            at = self.c.cast("trunc", "i64", at, place_type)
        return [(found[0],), (at,)]

    def _after(self, total: Sequence[str], found: tuple[str, str]) -> tuple[str, str]:
        """Returns the better of what stands in front and what comes behind."""
        better = self._is_better(total[0], found[0])
        number = self.c.select(better, self.ty, found[0], total[0])
        return number, self.c.select(better, "i64", found[1], total[1])

    def _block(self, start: Operand, rounds: int, is_last: bool) -> tuple[str, str]:
        """Returns the best number of so many rounds and its place.

        Args:
            start: where the block begins.
            rounds: how many rounds it has.
            is_last: whether the last one ends where the row ends.
        """
        c, plain = self.c, rounds - is_last
        with c.on(self.lanes):
            number = c.vector(self.ty, self.fold.starts()[0][0])
            zero = c.vector(self.counter, 0)
            wide = c.type(self.ty), c.type(self.counter)
        kept = 1 if self.is_grouped else self.count
        accs = [number, zero] * kept
        if plain:
            pairs = list(zip(wide * kept, accs, strict=True))
            with self.body.loop(plain, carried=pairs) as loop:
                base = plus(c, times(c, loop.index, self.width), start)
                loop.next(*self._round(base, loop.index, loop.values))
            accs = list(loop.results)
        if is_last:
            accs = self._round(self.size - self.width, str(plain), accs)
        best, number_of_round = self._first(accs)
        where = plus(c, times(c, number_of_round, self.width), start)
        if is_last and self.size % self.width:
            ends = c.fn.emit(f"icmp eq i64 {number_of_round}, {plain}")
            where = c.select(ends, "i64", self.size - self.width, where)
        return best, self._within(str(where), best, number_of_round, accs)

    # -- rounds

    def _numbers(self, base: Operand) -> list[str]:
        """Returns the elements of a round."""
        found = []
        for turn in range(self.count):
            at = plus(self.c, base, turn * self.lanes)
            with self.body.vector(Lanes(self.lanes), self.fold.inner[0], at):
                found.append(self.body.whole(self.fold.reduce.elements[0])[0])
        return found

    def _round(self, base: Operand, number: str, accs: Sequence[str]) -> list[str]:
        """Returns numbers and rounds after one more."""
        c = self.c
        short = self._counted(number)
        news = self._numbers(base)
        found = []
        with c.on(self.lanes):
            count = c.spread(self.counter, short)
            if self.is_grouped:
                news = [self._best(news)]
            for new, acc, place in zip(news, accs[::2], accs[1::2], strict=True):
                better = self._is_better(acc, new)
                found += [c.select(better, self.ty, new, acc)]
                found += [c.select(better, self.counter, count, place)]
        return found

    def _counted(self, number: str) -> str:
        if self.bits == 64 or number[0] != "%":
            return number
        return self.c.fn.emit(f"trunc i64 {number} to {self.counter}")

    def _is_better(self, acc: str, new: str) -> str:
        reduce = self.fold.reduce
        variables = (reduce.accs[0], reduce.news[0])
        return combine(self.fold.frame, variables, ((acc,), (new,)), (self.test,))[0][0]

    def _best(self, numbers: Sequence[str]) -> str:
        """Returns the best of vectors, lane by lane."""
        found = list(numbers)
        while len(found) > 1:
            pairs = zip(found[::2], found[1::2], strict=True)
            found = [self.c.select(self._is_better(x, y), self.ty, y, x) for x, y in pairs]
        return found[0]

    # -- the end

    def _first(self, accs: Sequence[str]) -> tuple[str, str]:
        """Returns the best number and the first round that has it."""
        c, fn = self.c, self.c.fn
        numbers, counts = accs[::2], accs[1::2]
        with c.on(self.lanes):
            best = self._across(self._best(numbers))
            spread = c.spread(self.ty, best)
            rounds = []
            for number, count in zip(numbers, counts, strict=True):
                other = self._is_better(number, str(spread))
                rounds.append(c.select(other, self.counter, (1 << (self.bits - 1)) - 1, count))
            first = rounds[0]
            for each in rounds[1:]:
                pair = [(self.counter, first), (self.counter, each)]
                first = c.intrinsic("smin", self.counter, pair)
        name = f"llvm.vector.reduce.smin.v{self.lanes}{self.counter}"
        found = c.pure_call(self.counter, name, [(f"<{self.lanes} x {self.counter}>", first)])
        return best, found if self.bits == 64 else fn.emit(f"zext {self.counter} {found} to i64")

    def _across(self, numbers: str) -> str:
        """Returns the best of a vector."""
        c, lanes = self.c, self.lanes
        while lanes > 1:
            wide, lanes = f"<{lanes} x {self.ty}>", lanes // 2
            low, high = (self._half(wide, numbers, first, lanes) for first in (0, lanes))
            with c.on(lanes):
                numbers = c.select(self._is_better(low, high), self.ty, high, low)
        return numbers

    def _half(self, wide: str, numbers: str, first: int, lanes: int) -> str:
        fn = self.c.fn
        if lanes == 1:
            return fn.emit(f"extractelement {wide} {numbers}, i64 {first}")
        order = ", ".join(f"i32 {first + k}" for k in range(lanes))
        which = f"<{lanes} x i32> <{order}>"
        return fn.emit(f"shufflevector {wide} {numbers}, {wide} poison, {which}")

    def _within(self, base: str, best: str, number: str, accs: Sequence[str]) -> str:
        """Returns the place of the best number, which is in a round that begins at `base`."""
        c, fn = self.c, self.c.fn
        short = self._counted(number)
        numbers = self._numbers(base) if self.is_grouped else accs[::2]
        flags = []
        with c.on(self.lanes):
            spread = str(c.spread(self.ty, best))
            for k, x in enumerate(numbers):
                same = c.op("xor", "i1", self._is_better(x, spread), "true")
                if not self.is_grouped:
                    here = c.op(
                        "icmp eq", self.counter, accs[2 * k + 1], c.spread(self.counter, short)
                    )
                    same = c.op("and", "i1", same, here)
                flags.append(same)
        word, bits = "0", f"i{max(self.width, 64)}"
        for k, flag in enumerate(flags):
            part = fn.emit(f"bitcast <{self.lanes} x i1> {flag} to i{self.lanes}")
            if bits != f"i{self.lanes}":
                part = fn.emit(f"zext i{self.lanes} {part} to {bits}")
            part = fn.emit(f"shl {bits} {part}, {k * self.lanes}")
            word = fn.emit(f"or {bits} {word}, {part}")
        place = c.pure_call(bits, f"llvm.cttz.{bits}", [(bits, word), ("i1", "false")])
        if bits != "i64":
            place = fn.emit(f"trunc {bits} {place} to i64")
        return fn.emit(f"add i64 {base}, {place}")
