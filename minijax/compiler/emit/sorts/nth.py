"""The key of one place of the sorted order, without sorting: a bracket that closes around it.

Keys are integers that order as numbers do, between `least` and `most`, and so is the wanted one.
In a round a sample of the keys left is sorted; two of it enclose, most likely, the wanted one. Keys
between these two are counted, and if the wanted one is among them, they are what is left; if not,
the bracket ends where they begin. Few keys are sorted. A pattern that fools the sample is met by
halving the range of keys instead, which ends after as many rounds as keys have bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import copy
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.sorts.key_rows import NUMBERS, ROOM, Bracket, KeyRow
from minijax.compiler.text import Operand, literal
from minijax.core import dtypes

_INT64 = dtypes.int64
_FEW = 128  # are sorted
# Of how many keys, from the most on, how many are taken.
_SAMPLES = ((1 << 17, 1024), (1 << 12, 256), (512, 64), (0, 32))
_SAMPLED_ROUNDS = 10
_MANY = 4096  # floats: fewer are converted before the search
_SPREAD, _SLACK = 2.5, 1.5  # of the sample's place, in standard deviations and in places
_FACTOR, _INCREMENT = 6364136223846793005, 1442695040888963407


def nth_finder(c: Context, dtype: np.dtype) -> str:
    """Returns `i32 f(numbers, room, n, k, found)`, which finds the k-th number and where it is.

    Of equal ones the first goes first. `found` receives the key and behind it, in 8 bytes more,
    its place. `room` is working memory for as many keys as there are numbers, `n` of them, at least
    one. The result is not 0 where memory was refused.

    Args:
        c: the context.
        dtype: the dtype of the numbers.
    """
    name = f"nth_{dtype.name}"
    if not c.module.defines(name):
        pointers = [("ptr", "numbers"), ("ptr", "room")]
        args = [*pointers, ("i64", "n"), ("i64", "k"), ("ptr", "found")]
        here, c.fn = c.fn, c.module.function(name, args, "i32", "internal")
        with c.on(1):
            _Finder(c, dtype).write()
        c.fn = here
    return name


class _Finder(KeyRow):
    def __init__(self, c: Context, dtype: np.dtype) -> None:
        super().__init__(c, dtype)
        info = np.iinfo(self.dtype)
        self.ends = int(info.min), int(info.max)
        self.sample = c.fn.alloca(self.ty, _SAMPLES[0][1], align=64)

    # -- the bracket

    def write(self) -> None:
        """Writes the body of the function."""
        c, fn, ty = self.c, self.c.fn, self.ty
        types = ("ptr", "i64", "i64", ty, ty)
        first = list(zip(types, self._start(), strict=True))
        with fn.while_loop([*first, ("i64", 1)]) as loop:
            source, count, rank, least, most, number = loop.values
            many = fn.emit(f"icmp sgt i64 {count}, {_FEW}")
            is_open = fn.emit(f"icmp ne {ty} {least}, {most}")
            loop.test(fn.emit(f"and i1 {many}, {is_open}"))
            low, high = self._guess(source, count, rank, least, most, number)
            tried = self.tried(source, count, low, high)
            narrowed = self._narrowed(loop.values, tried)
            loop.next(*narrowed, fn.emit(f"add nsw i64 {number}, 1"))
        source, count, rank, least, most, _ = loop.results
        is_open = fn.emit(f"icmp ne {ty} {least}, {most}")
        with fn.if_else(is_open, [ty, "i64"]) as choice:
            with choice.then():
                choice.give(*self._among_few(source, count, rank))
            with choice.otherwise():
                less, _ = self.counts(source, count, least, least)
                choice.give(least, fn.emit(f"sub nsw i64 {rank}, {less}"))
        key, number = choice.results
        store(c, self.dtype, (key,), "%found", 0)
        place = self.place(key, number)
        store(c, _INT64, (place,), fn.gep("i8", "%found", 8), 0)
        fn.ret()

    def _start(self) -> Sequence[Operand]:
        """Returns source, count, rank and bracket to begin with.

        Of many floats only those in the first bracket become keys in memory, of few all do.
        """
        fn = self.c.fn
        whole = ("%n", "%k", *self.ends)
        if self.number == self.dtype:
            return NUMBERS, *whole
        ty = self.ty
        with fn.if_else(fn.emit(f"icmp sge i64 %n, {_MANY}"), ["i64", "i64", ty, ty]) as choice:
            with choice.then():
                pair = self._from_sample(NUMBERS, "%n", "%k", "0")
                tried = self.tried(NUMBERS, "%n", *pair)
                narrowed = self._narrowed((NUMBERS, *map(str, whole), "0"), tried)
                choice.give(*narrowed[1:])
            with choice.otherwise():
                self.convert_all()
                choice.give(*whole)
        return ROOM, *choice.results

    def _narrowed(self, before: Sequence[str], tried: Bracket) -> Sequence[str]:
        """Returns source, count, rank and bracket after a guess."""
        fn, ty = self.c.fn, self.ty
        source, count, rank, least, most, _ = before
        above = fn.emit(f"icmp sge i64 {rank}, {tried.upto}")
        below = fn.emit(f"icmp slt i64 {rank}, {tried.less}")
        outside = fn.emit(f"or i1 {above}, {below}")
        with fn.if_else(outside, ["ptr", "i64", "i64", ty, ty]) as choice:
            with choice.then():
                next_least = fn.emit(f"add {ty} {tried.high}, 1")
                next_most = fn.emit(f"sub {ty} {tried.low}, 1")
                first = fn.emit(f"select i1 {above}, {ty} {next_least}, {ty} {least}")
                last = fn.emit(f"select i1 {above}, {ty} {most}, {ty} {next_most}")
                kept_in = source
                if source == NUMBERS and self.number != self.dtype:
                    self.convert_all()
                    kept_in = ROOM
                choice.give(kept_in, count, rank, first, last)
            with choice.otherwise():
                kept = fn.emit(f"sub nsw i64 {tried.upto}, {tried.less}")
                self.filter(source, count, kept, tried)
                left = fn.emit(f"sub nsw i64 {rank}, {tried.less}")
                choice.give(ROOM, kept, left, tried.low, tried.high)
        return choice.results

    def _guess(
        self, source: str, count: str, rank: str, least: str, most: str, number: str
    ) -> tuple[str, str]:
        """Returns the two keys that the wanted one is looked for between."""
        fn, ty = self.c.fn, self.ty
        half = fn.emit(f"lshr {ty} {fn.emit(f'sub {ty} {most}, {least}')}, 1")
        middle = fn.emit(f"add {ty} {least}, {half}")
        is_early = fn.emit(f"icmp slt i64 {number}, {_SAMPLED_ROUNDS}")
        with fn.if_else(is_early, [ty, ty]) as choice:
            with choice.then():
                pair = self._from_sample(source, count, rank, number)
                names = "min", "max"
                for limit in (most, least):
                    kind = f"{self.sign}{names[0] if limit is most else names[1]}"
                    pair = [self._extreme(kind, x, limit) for x in pair]
                choice.give(*pair)
            with choice.otherwise():
                choice.give(least, middle)
        low, high = choice.results
        return low, high

    def _extreme(self, kind: str, x: Operand, y: Operand) -> str:
        return self.c.pure_call(self.ty, f"llvm.{kind}.{self.ty}", [(self.ty, x), (self.ty, y)])

    # -- the sample

    def _from_sample(self, source: str, count: str, rank: str, number: str) -> list[str]:
        """Sorts a sample; returns what stands below and above the wanted place in it."""
        fn = self.c.fn
        size = str(_SAMPLES[-1][1])
        for least, many in reversed(_SAMPLES[:-1]):
            enough = fn.emit(f"icmp sge i64 {count}, {least}")
            size = fn.emit(f"select i1 {enough}, i64 {many}, i64 {size}")
        seed = fn.emit(f"add i64 {count}, {number}")
        with fn.loop(size, carried=[("i64", seed)]) as each:
            (state,) = each.values
            # 24 random bits, and as many more as a length can have.
            bits = fn.emit(f"lshr i64 {state}, 40")
            place = fn.emit(f"lshr i64 {fn.emit(f'mul nuw i64 {bits}, {count}')}, 24")
            store(self.c, self.dtype, (self.key(source, place),), self.sample, each.index)
            grown = fn.emit(f"mul i64 {state}, {_FACTOR}")
            each.next(fn.emit(f"add i64 {grown}, {_INCREMENT}"))
        self.sort(self.sample, size)
        return self._around_rank(size, count, rank)

    def _around_rank(self, size: str, count: str, rank: str) -> list[str]:
        fn, double = self.c.fn, "double"

        def number(x: str) -> str:
            return fn.emit(f"sitofp i64 {x} to double")

        def constant(x: float) -> str:
            return literal(double, x)

        many = number(size)
        share = fn.emit(f"fdiv double {number(rank)}, {number(count)}")
        other = fn.emit(f"fsub double {constant(1.0)}, {share}")
        middle = fn.emit(f"fmul double {many}, {share}")
        variance = fn.emit(f"fmul double {middle}, {other}")
        root = self.c.pure_call(double, "llvm.sqrt.f64", [(double, variance)])
        spread = fn.emit(f"fmul double {root}, {constant(_SPREAD)}")
        reach = fn.emit(f"fadd double {spread}, {constant(_SLACK)}")
        found = []
        for word, end, test in (("fsub", self.ends[0], "slt"), ("fadd", self.ends[1], "sge")):
            at = fn.emit(f"fptosi double {fn.emit(f'{word} double {middle}, {reach}')} to i64")
            # Rounded towards zero: what is below the first place has to stay there.
            at = fn.emit(f"sub nsw i64 {at}, 1") if word == "fsub" else at
            is_out = fn.emit(f"icmp {test} i64 {at}, {0 if word == 'fsub' else size}")
            safe = fn.emit(f"select i1 {is_out}, i64 0, i64 {at}")
            (key,) = load(self.c, self.dtype, self.sample, safe)
            found.append(fn.emit(f"select i1 {is_out}, {self.ty} {end}, {self.ty} {key}"))
        return found

    # -- the end

    def _among_few(self, source: str, count: str, rank: str) -> tuple[str, str]:
        """Returns, by sorting, the key of a rank, and how many of its equals go before it."""
        fn = self.c.fn
        copy(self.c, self.sample, source, fn.emit(f"mul nsw i64 {count}, {self.dtype.itemsize}"))
        self.sort(self.sample, count)
        (key,) = load(self.c, self.dtype, self.sample, rank)
        with fn.while_loop([("i64", rank)]) as loop:
            (place,) = loop.values
            below = fn.emit(f"sub nsw i64 {place}, 1")
            is_inside = fn.emit(f"icmp sgt i64 {place}, 0")
            safe = fn.emit(f"select i1 {is_inside}, i64 {below}, i64 0")
            (other,) = load(self.c, self.dtype, self.sample, safe)
            equal = fn.emit(f"icmp eq {self.ty} {other}, {key}")
            loop.test(fn.emit(f"and i1 {is_inside}, {equal}"))
            loop.next(below)
        return key, fn.emit(f"sub nsw i64 {rank}, {loop.results[0]}")
