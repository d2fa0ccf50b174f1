"""The key of one place of the sorted order, without sorting: a bracket that closes around it.

Keys are integers, at least `least` and at most `most` and so is the wanted one. In a round a sample
of the keys left is sorted; two of it enclose, most likely, the wanted one. Keys between these two
are counted, and if the wanted one is among them, they are what is left; if not, the bracket ends
where they begin. Few keys are sorted. A pattern that fools the sample is met by halving the range
of keys instead, which ends after as many rounds as keys have bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minijax.compiler import numpy_sorts
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import copy
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.types import layout
from minijax.compiler.engine import host
from minijax.compiler.status import OUT_OF_MEMORY
from minijax.compiler.text import Operand, literal
from minijax.core import dtypes

_INT64 = dtypes.int64
_FEW = 256  # are sorted
_SAMPLES = ((1 << 17, 1024), (1 << 12, 256), (0, 64))  # of how many keys how many are taken
_SAMPLED_ROUNDS = 10
_SPREAD, _SLACK = 2.5, 1.5  # of the sample's place, in standard deviations and in places
_UNROLLED = 4
_SPARSE = 24  # one of so many keys left: vectors without any are passed over
_FACTOR, _INCREMENT = 6364136223846793005, 1442695040888963407


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


def nth_finder(c: Context, dtype: np.dtype) -> str:
    """Returns `i32 f(keys, room, n, k, found)`, which finds the k-th key and where it is.

    Of equal keys the first goes first. `found` receives the key and behind it, in 8 bytes more,
    its place. `room` is working memory for as many keys as there are, `n` of them, at least one.
    The result is not 0 where memory was refused.

    Args:
        c: the context.
        dtype: the dtype of the keys, an integer's.
    """
    name = f"nth_{dtype.name}"
    if not c.module.defines(name):
        pointers = [("ptr", "keys"), ("ptr", "room")]
        args = [*pointers, ("i64", "n"), ("i64", "k"), ("ptr", "found")]
        here, c.fn = c.fn, c.module.function(name, args, "i32", "internal")
        with c.on(1):
            _Finder(c, dtype).write()
        c.fn = here
    return name


class _Bracket(NamedTuple):
    """Two keys, and how many of those left are less than the first, or up to the second."""

    low: str
    high: str
    less: str
    upto: str


class _Finder:
    def __init__(self, c: Context, dtype: np.dtype) -> None:
        self.c = c
        self.dtype = dtype
        self.ty = f"i{8 * dtype.itemsize}"
        self.sign = "s" if dtype.kind == "i" else "u"
        self.lanes = max(2 * host().vector_bytes // dtype.itemsize, 4)
        info = np.iinfo(dtype)
        self.ends = int(info.min), int(info.max)
        self.sample = c.fn.alloca(self.ty, _SAMPLES[0][1], align=64)

    # -- the bracket

    def write(self) -> None:
        """Writes the body of the function."""
        c, fn, ty = self.c, self.c.fn, self.ty
        keys = [("ptr", "%keys"), ("i64", "%n"), ("i64", "%k")]
        rest = [(ty, self.ends[0]), (ty, self.ends[1]), ("i64", 0)]
        with fn.while_loop([*keys, *rest]) as loop:
            source, count, rank, least, most, number = loop.values
            many = fn.emit(f"icmp sgt i64 {count}, {_FEW}")
            is_open = fn.emit(f"icmp ne {ty} {least}, {most}")
            loop.test(fn.emit(f"and i1 {many}, {is_open}"))
            low, high = self._guess(source, count, rank, least, most, number)
            tried = self._tried(source, count, low, high)
            narrowed = self._narrowed(loop.values, tried)
            loop.next(*narrowed, fn.emit(f"add nsw i64 {number}, 1"))
        source, count, rank, least, most, _ = loop.results
        is_open = fn.emit(f"icmp ne {ty} {least}, {most}")
        with fn.if_else(is_open, [ty, "i64"]) as choice:
            with choice.then():
                choice.give(*self._among_few(source, count, rank))
            with choice.otherwise():
                less, _ = self._counts(source, count, least, least)
                choice.give(least, fn.emit(f"sub nsw i64 {rank}, {less}"))
        key, number = choice.results
        store(c, self.dtype, (key,), "%found", 0)
        place = self._place(key, number)
        store(c, _INT64, (place,), fn.gep("i8", "%found", 8), 0)
        fn.ret()

    def _narrowed(self, before: Sequence[str], tried: _Bracket) -> Sequence[str]:
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
                choice.give(source, count, rank, first, last)
            with choice.otherwise():
                kept = fn.emit(f"sub nsw i64 {tried.upto}, {tried.less}")
                self._filter(source, count, kept, tried)
                left = fn.emit(f"sub nsw i64 {rank}, {tried.less}")
                choice.give("%room", kept, left, tried.low, tried.high)
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
            found = load(self.c, self.dtype, source, place)
            store(self.c, self.dtype, found, self.sample, each.index)
            grown = fn.emit(f"mul i64 {state}, {_FACTOR}")
            each.next(fn.emit(f"add i64 {grown}, {_INCREMENT}"))
        self._sort(self.sample, size)
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

    # -- counting and keeping

    def _counts(self, source: str, count: str, low: str, high: str) -> tuple[str, str]:
        """Counts the keys less than one key and those up to another."""
        c, fn = self.c, self.c.fn
        tests = ((f"icmp {self.sign}lt", low), (f"icmp {self.sign}le", high))
        whole = fn.emit(f"and i64 {count}, {-self.lanes}")
        with fn.loop(0, whole, self.lanes, carried=[("i64", 0)] * 2) as loop:
            with c.on(self.lanes):
                (keys,) = load(c, self.dtype, source, loop.index)
                flags = [c.op(test, self.ty, keys, c.spread(self.ty, x)) for test, x in tests]
            pairs = zip(loop.values, flags, strict=True)
            loop.next(*(fn.emit(f"add nsw i64 {n}, {self._ones(x)}") for n, x in pairs))
        carried = [("i64", x) for x in loop.results]
        with fn.loop(whole, count, carried=carried) as rest:
            (key,) = load(c, self.dtype, source, rest.index)
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

    def _tried(self, source: str, count: str, low: str, high: str) -> _Bracket:
        return _Bracket(low, high, *self._counts(source, count, low, high))

    def _filter(self, source: str, count: str, kept: str, tried: _Bracket) -> None:
        """Moves the keys of a bracket to the front of the room, where others may be already."""
        fn = self.c.fn
        scaled = fn.emit(f"mul nsw i64 {kept}, {_SPARSE}")
        is_sparse = fn.emit(f"icmp slt i64 {scaled}, {count}")
        with fn.if_else(is_sparse, ["i64", "i64"]) as choice:
            with choice.then():
                whole = fn.emit(f"and i64 {count}, {-self.lanes}")
                choice.give(whole, self._filter_vectors(source, whole, tried))
            with choice.otherwise():
                choice.give("0", "0")
        start, done = choice.results
        self._keep(source, start, count, done, tried)

    def _filter_vectors(self, source: str, whole: str, tried: _Bracket) -> str:
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

    def _has_some(self, source: str, start: str, tried: _Bracket) -> str:
        c = self.c
        with c.on(self.lanes):
            (keys,) = load(c, self.dtype, source, start)
            inside = self._is_inside(keys, tried)
        flags = f"<{self.lanes} x i1>"
        return c.pure_call("i1", f"llvm.vector.reduce.or.v{self.lanes}i1", [(flags, inside)])

    def _is_inside(self, key: str, tried: _Bracket) -> str:
        c, ty = self.c, self.ty
        low, high = (c.spread(ty, x) for x in (tried.low, tried.high))
        if c.lanes == 1:
            span = c.op("sub", ty, high, low)
            return c.op("icmp ule", ty, c.op("sub", ty, key, low), span)
        above = c.op(f"icmp {self.sign}ge", ty, key, low)
        return c.op("and", "i1", above, c.op(f"icmp {self.sign}le", ty, key, high))

    def _keep(self, source: str, start: str, end: str, done: str, tried: _Bracket) -> str:
        """Keeps what is in the bracket, without choosing a way for each key."""
        fn = self.c.fn

        def keep(place: str, at: str) -> str:
            (key,) = load(self.c, self.dtype, source, place)
            store(self.c, self.dtype, (key,), "%room", at)
            one = fn.emit(f"zext i1 {self._is_inside(key, tried)} to i64")
            return fn.emit(f"add nsw i64 {at}, {one}")

        length = fn.emit(f"sub nsw i64 {end}, {start}")
        stop = fn.emit(f"add nsw i64 {start}, {fn.emit(f'and i64 {length}, {-_UNROLLED}')}")
        with fn.loop(start, stop, _UNROLLED, carried=[("i64", done)]) as several:
            (at,) = several.values
            for k in range(_UNROLLED):
                at = keep(fn.emit(f"add nsw i64 {several.index}, {k}"), at)
            several.next(at)
        with fn.loop(stop, end, carried=[("i64", several.results[0])]) as each:
            each.next(keep(each.index, each.values[0]))
        return each.results[0]

    # -- the end

    def _among_few(self, source: str, count: str, rank: str) -> tuple[str, str]:
        """Returns, by sorting, the key of a rank, and how many of its equals go before it."""
        fn = self.c.fn
        copy(self.c, self.sample, source, fn.emit(f"mul nsw i64 {count}, {self.dtype.itemsize}"))
        self._sort(self.sample, count)
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

    def _place(self, key: str, number: str) -> str:
        """Returns where the key is that so many of its equals stand in front of."""
        fn = self.c.fn
        last = fn.emit(f"sub nsw i64 %n, {self.lanes}")
        with fn.while_loop([("i64", 0), ("i64", number), ("i1", "true")]) as blocks:
            start, left, goes_on = blocks.values
            fits = fn.emit(f"icmp sle i64 {start}, {last}")
            blocks.test(fn.emit(f"and i1 {goes_on}, {fits}"))
            equal = self._ones(self._equal(key, start))
            passes = fn.emit(f"icmp sle i64 {equal}, {left}")
            by = fn.emit(f"select i1 {passes}, i64 {self.lanes}, i64 0")
            gone = fn.emit(f"select i1 {passes}, i64 {equal}, i64 0")
            moved = fn.emit(f"add nsw i64 {start}, {by}")
            blocks.next(moved, fn.emit(f"sub nsw i64 {left}, {gone}"), passes)
        return self._place_from(key, *blocks.results[:2])

    def _equal(self, key: str, start: str) -> str:
        c = self.c
        with c.on(self.lanes):
            (keys,) = load(c, self.dtype, "%keys", start)
            return c.op("icmp eq", self.ty, keys, c.spread(self.ty, key))

    def _place_from(self, key: str, start: str, number: str) -> str:
        """Goes on one by one, to the last key at most."""
        fn = self.c.fn
        last = fn.emit("sub nsw i64 %n, 1")
        with fn.while_loop([("i64", start), ("i64", number)]) as each:
            place, left = each.values
            (found,) = load(self.c, self.dtype, "%keys", place)
            equal = fn.emit(f"icmp eq {self.ty} {found}, {key}")
            other = fn.emit(f"xor i1 {equal}, true")
            early = fn.emit(f"icmp ne i64 {left}, 0")
            more = fn.emit(f"icmp slt i64 {place}, {last}")
            each.test(fn.emit(f"and i1 {more}, {fn.emit(f'or i1 {other}, {early}')}"))
            one = fn.emit(f"zext i1 {equal} to i64")
            each.next(fn.emit(f"add nsw i64 {place}, 1"), fn.emit(f"sub nsw i64 {left}, {one}"))
        return each.results[0]

    # -- sorting a few

    def _sort(self, row: str, count: str) -> None:
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
