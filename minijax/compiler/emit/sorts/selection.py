"""The few first of many: a row is searched for what is before the last of the best so far."""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.engine import host
from minijax.compiler.text import Operand
from minijax.core import dtypes

_INT64 = dtypes.int64


def selector(c: Context, dtype: np.dtype) -> str:
    """Returns `void f(keys, order, best, n, count)`, which writes the places of the least keys.

    Keys are integers; of equal ones the first goes first. `best` is working memory for as many
    keys, and `order` receives their places. There are at least as many keys as are asked for.
    """
    name = f"select_row_{dtype.name}"
    if not c.module.defines(name):
        args = [("ptr", "keys"), ("ptr", "order"), ("ptr", "best"), ("i64", "n"), ("i64", "count")]
        here, c.fn = c.fn, c.module.function(name, args, "void", "internal")
        with c.on(1):
            _Selector(c, dtype).write()
        c.fn = here
    return name


class _Selector:
    def __init__(self, c: Context, dtype: np.dtype) -> None:
        self.c = c
        self.dtype = dtype
        self.ty = layout(dtype).register
        self.less = "icmp slt" if dtype.kind == "i" else "icmp ult"
        self.lanes = max(2, min(64, 4 * host().vector_bytes // dtype.itemsize))

    def write(self) -> None:
        """Writes the body of the function."""
        fn = self.c.fn
        with fn.loop("%count") as k:
            self._insert(k.index, k.index)
        self._last = fn.emit("sub nsw i64 %count, 1")
        left = fn.emit("sub nsw i64 %n, %count")
        whole = fn.emit(f"and i64 {left}, {-self.lanes}")
        end = fn.emit(f"add nsw i64 %count, {whole}")
        with fn.loop("%count", end, self.lanes) as block, fn.when(self._has_better(block.index)):
            self._consider(block.index, fn.emit(f"add nsw i64 {block.index}, {self.lanes}"))
        self._consider(end, "%n")
        fn.ret()

    def _worst(self) -> str:
        return load(self.c, self.dtype, "%best", self._last)[0]

    def _has_better(self, start: str) -> str:
        c = self.c
        worst = self._worst()
        with c.on(self.lanes):
            (keys,) = load(c, self.dtype, "%keys", start)
            better = c.op(self.less, self.ty, keys, c.spread(self.ty, worst))
            flags = c.type("i1")
        return c.pure_call("i1", f"llvm.vector.reduce.or.v{self.lanes}i1", [(flags, better)])

    def _consider(self, start: str, end: str) -> None:
        """Takes in, one by one, the keys of a stretch that are better than the worst."""
        fn = self.c.fn
        with fn.loop(start, end) as each:
            (key,) = load(self.c, self.dtype, "%keys", each.index)
            with fn.when(self.c.op(self.less, self.ty, key, self._worst())):
                self._insert(each.index, self._last)

    def _insert(self, place: str, hole: Operand) -> None:
        """Moves what is worse up, from a place that is free on."""
        c, fn = self.c, self.c.fn
        (key,) = load(c, self.dtype, "%keys", place)
        with fn.while_loop([("i64", hole), ("i1", "true")]) as loop:
            at, going = loop.values
            inside = fn.emit(f"icmp sgt i64 {at}, 0")
            loop.test(fn.emit(f"and i1 {inside}, {going}"))
            below = fn.emit(f"sub nsw i64 {at}, 1")
            (other,) = load(c, self.dtype, "%best", below)
            smaller = c.op(self.less, self.ty, key, other)
            with fn.when(smaller):
                store(c, self.dtype, (other,), "%best", at)
                store(c, _INT64, load(c, _INT64, "%order", below), "%order", at)
            loop.next(fn.emit(f"select i1 {smaller}, i64 {below}, i64 {at}"), smaller)
        store(c, self.dtype, (key,), "%best", loop.results[0])
        store(c, _INT64, (place,), "%order", loop.results[0])
