"""The order of keys by a sort of words of 64 bits: 32 bits of the key, then 32 of its place.

Words are sorted by NumPy's function for values, which is several times as fast as the one for
orders, and no two words are equal: what comes first stays first.

    key       as an unsigned number, minus the least of all
    range     fits into 11 bits: keys are counted instead
              fits into 32 bits: words hold all of a key
              else: words hold the upper 32 bits of the range; where those of several keys are
              equal, the words of these keys get the lower bits instead, and are sorted again
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import clear
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.engine import host
from minijax.compiler.text import Operand, literal
from minijax.core import dtypes

_INT64, _INT32 = dtypes.int64, dtypes.int32
_COUNTED_BITS = 11
_PLACE = 2**32 - 1
_SORT = "numpy_sort_uint64"


def order_sorter(c: Context, dtype: np.dtype) -> str:
    """Returns `i32 f(keys, order, n)`, which writes the places of the keys in their order.

    Of equal keys the first goes first; every NaN comes last, and -0 equals 0. There are fewer than
    2³² keys, and at least one. The result is not 0 where memory was refused.

    Args:
        c: the context.
        dtype: the dtype of the keys.
    """
    name = f"order_row_{dtype.name}"
    if not c.module.defines(name):
        args = [("ptr", "keys"), ("ptr", "order"), ("i64", "n")]
        here, c.fn = c.fn, c.module.function(name, args, "i32", "internal")
        with c.on(1):
            _OrderSorter(c, dtype).write()
        c.fn = here
    return name


class _OrderSorter:
    def __init__(self, c: Context, dtype: np.dtype) -> None:
        self.c = c
        self.dtype = dtype
        self.lanes = host().vector_bytes // 8

    def write(self) -> None:
        """Writes the body of the function."""
        c, fn = self.c, self.c.fn
        least, largest = self._bounds()
        span = fn.emit(f"sub i64 {largest}, {least}")
        few = fn.emit(f"icmp ult i64 {span}, {1 << _COUNTED_BITS}")
        # Tables cost as much as some hundred keys.
        many = fn.emit(f"icmp sge i64 %n, {1 << (_COUNTED_BITS - 3)}")
        with fn.if_else(fn.emit(f"and i1 {few}, {many}"), ["i32"]) as choice:
            with choice.then():
                self._count(least)
                choice.give("0")
            with choice.otherwise():
                zeros = c.pure_call("i64", "llvm.ctlz.i64", [("i64", span), ("i1", "false")])
                spare = fn.emit(f"sub nsw i64 32, {zeros}")
                shift = c.pure_call("i64", "llvm.smax.i64", [("i64", spare), ("i64", 0)])
                choice.give(self._sort_words(least, shift))
        fn.ret(choice.results[0])

    # -- keys

    def _key(self, place: Operand) -> str:
        """Loads a key as a number of 64 bits that orders as the keys do, without a sign."""
        c = self.c
        (x,) = load(c, self.dtype, "%keys", place)
        size = 8 * self.dtype.itemsize
        ty, sign = f"i{size}", -(1 << (size - 1))
        if dtypes.is_float(self.dtype):
            own = layout(self.dtype).register
            is_nan = c.op("fcmp uno", own, x, x)
            # The sum of -0 and 0 is 0.
            found = c.cast("bitcast", own, c.op("fadd", own, x, literal(own, 0.0)), ty)
            mask = c.select(c.op("icmp slt", ty, found, 0), ty, -1, sign)
            found = c.select(is_nan, ty, -1, c.op("xor", ty, found, mask))
        else:
            found = c.op("xor", ty, x, sign) if self.dtype.kind == "i" else x
        return found if size == 64 else c.cast("zext", ty, found, "i64")

    def _bounds(self) -> tuple[str, str]:
        """Returns the least and the largest key."""
        c, fn = self.c, self.c.fn
        whole = fn.emit(f"and i64 %n, {-self.lanes}")
        names = ("umin", "umax")
        wide = f"<{self.lanes} x i64>"
        carried = [(wide, "splat (i64 -1)"), (wide, "zeroinitializer")]
        with fn.loop(0, whole, self.lanes, carried=carried) as loop, c.on(self.lanes):
            key = self._key(loop.index)
            pairs = zip(names, loop.values, strict=True)
            loop.next(*(c.intrinsic(f, "i64", [("i64", x), ("i64", key)]) for f, x in pairs))
        starts = [
            ("i64", c.pure_call("i64", f"llvm.vector.reduce.{f}.v{self.lanes}i64", [(wide, x)]))
            for f, x in zip(names, loop.results, strict=True)
        ]
        with fn.loop(whole, "%n", carried=starts) as rest:
            key = self._key(rest.index)
            pairs = zip(names, rest.values, strict=True)
            rest.next(*(c.intrinsic(f, "i64", [("i64", x), ("i64", key)]) for f, x in pairs))
        return rest.results[0], rest.results[1]

    # -- counting

    def _count(self, least: str) -> None:
        c, fn = self.c, self.c.fn
        size = 1 << _COUNTED_BITS
        table = fn.alloca("i32", size, align=64)
        clear(c, table, 4 * size)
        with fn.loop("%n") as k:
            self._increase(table, fn.emit(f"sub i64 {self._key(k.index)}, {least}"))
        with fn.loop(size, carried=[("i32", 0)]) as loop:
            (count,) = load(c, _INT32, table, loop.index)
            store(c, _INT32, (loop.values[0],), table, loop.index)
            loop.next(fn.emit(f"add i32 {loop.values[0]}, {count}"))
        with fn.loop("%n") as k:
            at = self._increase(table, fn.emit(f"sub i64 {self._key(k.index)}, {least}"))
            store(c, _INT64, (k.index,), "%order", fn.emit(f"zext i32 {at} to i64"))

    def _increase(self, table: str, at: str) -> str:
        """Adds one to an entry of a table; returns what it was."""
        (count,) = load(self.c, _INT32, table, at)
        store(self.c, _INT32, (self.c.fn.emit(f"add i32 {count}, 1"),), table, at)
        return count

    # -- words

    def _sort_words(self, least: str, shift: str) -> str:
        """Sorts by the upper bits, then by the lower ones where there are any; returns a status."""
        c, fn = self.c, self.c.fn

        def pack(start: str) -> None:
            offset = c.op("sub", "i64", self._key(start), c.spread("i64", least))
            upper = c.op("lshr", "i64", offset, c.spread("i64", shift))
            place: Operand = c.spread("i64", start)
            if c.lanes > 1:
                place = c.op("add", "i64", place, c.counting())
            store(c, _INT64, (self._word(upper, place),), "%order", start)

        def unpack(start: str) -> None:
            (word,) = load(c, _INT64, "%order", start)
            store(c, _INT64, (c.op("and", "i64", word, _PLACE),), "%order", start)

        self._everywhere(pack)
        status = self._sorted("%order", "%n")
        with fn.when(fn.emit(f"icmp sgt i64 {shift}, 0")):
            self._sort_runs(least, shift)
        self._everywhere(unpack)
        return status

    def _everywhere(self, work: Callable[[str], None]) -> None:
        """Does a piece of work on vectors of keys, then on those that are left over."""
        c, fn = self.c, self.c.fn
        whole = fn.emit(f"and i64 %n, {-self.lanes}")
        with fn.loop(0, whole, self.lanes) as loop, c.on(self.lanes):
            work(loop.index)
        with fn.loop(whole, "%n") as rest:
            work(rest.index)

    def _word(self, upper: Operand, place: Operand) -> str:
        return self.c.op("or", "i64", self.c.op("shl", "i64", upper, 32), place)

    def _sorted(self, words: str, count: str) -> str:
        self.c.outside(_SORT)
        return self.c.fn.call("i32", _SORT, [("ptr", words), ("i64", count), ("ptr", "null")])

    def _sort_runs(self, least: str, shift: str) -> None:
        """Sorts what has equal upper bits by the lower ones."""
        c, fn = self.c, self.c.fn
        ones = fn.emit(f"shl i64 -1, {shift}")
        lower = fn.emit(f"xor i64 {ones}, -1")
        (first,) = load(c, _INT64, "%order", 0)
        with fn.loop(1, "%n", carried=[("i64", 0), ("i64", fn.emit(f"lshr i64 {first}, 32"))]) as k:
            start, before = k.values
            (word,) = load(c, _INT64, "%order", k.index)
            upper = fn.emit(f"lshr i64 {word}, 32")
            differs = fn.emit(f"icmp ne i64 {upper}, {before}")
            length = fn.emit(f"sub nsw i64 {k.index}, {start}")
            several = fn.emit(f"icmp sgt i64 {length}, 1")
            with fn.when(fn.emit(f"and i1 {differs}, {several}")):
                self._sort_run(start, length, least, lower)
            k.next(fn.emit(f"select i1 {differs}, i64 {k.index}, i64 {start}"), upper)
        start = k.results[0]
        length = fn.emit(f"sub nsw i64 %n, {start}")
        with fn.when(fn.emit(f"icmp sgt i64 {length}, 1")):
            self._sort_run(start, length, least, lower)

    def _sort_run(self, start: str, length: str, least: str, lower: str) -> None:
        c, fn = self.c, self.c.fn
        words = fn.gep("i64", "%order", start)
        with fn.loop(length) as k:
            (word,) = load(c, _INT64, words, k.index)
            place = fn.emit(f"and i64 {word}, {_PLACE}")
            offset = fn.emit(f"sub i64 {self._key(place)}, {least}")
            rest = fn.emit(f"and i64 {offset}, {lower}")
            store(c, _INT64, (self._word(rest, place),), words, k.index)
        self._sorted(words, length)
