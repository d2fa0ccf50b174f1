"""Sorts by the usual order of one key: rows go through NumPy's own functions.

These functions are the fastest there are, but do not keep the order of equal elements. What could
tell is put right afterwards: where a row has a -0 or a NaN, its zeros and NaNs are written again in
their first order. Where an order is asked for, keys are sorted together with their places
(`packed`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minijax.compiler import numpy_sorts
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame, copy
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.sorts.moved import Moved
from minijax.compiler.emit.sorts.packed import order_sorter
from minijax.compiler.emit.sorts.selection import selector as _selector
from minijax.compiler.engine import host
from minijax.compiler.fuse import ordering
from minijax.compiler.status import OUT_OF_MEMORY
from minijax.compiler.text import FunctionWriter, Operand
from minijax.core import dtypes
from minijax.kernel.roots import Sort

_INT64 = dtypes.int64
_NOT_COUNTED = 40


class PlainSort:
    """Writes rows of a sort."""

    def __init__(self, frame: Frame, sort: Sort, position: int, keys: Sequence[np.dtype]) -> None:
        self.c = frame.c
        self.keys = keys
        self.moved = Moved(frame, sort)
        self.stride = self.moved.stride
        self.n = sort.operands[0].shape[sort.axis]
        self.kept = sort.outs[0].shape[sort.axis]
        self.selects = len(keys) == 1 and ordering.selects(sort)
        self.moves_values = ordering.sorts_values(sort)
        count = len(ordering.scratch(sort))
        self.scratch = [frame.scratch(position, k) for k in range(count)]

    def write(self, start: str, target_start: str) -> None:
        """Writes the row that starts at a position from one that starts at another."""
        if self.moves_values:
            self._values(start)
            return
        order = self._order(start)
        with self.c.fn.loop(self.kept) as k:
            (found,) = load(self.c, _INT64, order, k.index)
            self.moved.move(start, found, target_start, k.index)

    def _values(self, start: str) -> None:
        (key,), c = self.keys, self.c
        item = layout(key).memory
        source, result = self.moved.sources[0], self.moved.targets[0]
        assert result is not None, "somebody reads the only result"
        if self.stride == 1 and source is not None:
            row, target = (c.fn.gep(item, x, start) for x in (source, result))
            self._call(_value_sorter(c, key), [("ptr", row), ("ptr", target)])
            return
        row, other = self.scratch
        self._gather(0, start)
        # Where nothing is put right afterwards, a row is sorted where it is.
        target = other if dtypes.is_float(key) else row
        self._call(_value_sorter(c, key), [("ptr", row), ("ptr", target)])
        with c.fn.loop(self.n) as k:
            x = load(c, key, target, k.index)
            store(c, key, x, result, self.moved.offset(start, k.index))

    def _order(self, start: str) -> str:
        """Returns the address of the places of a row's elements in their order."""
        row, order, other = self.scratch
        last = len(self.keys) - 1
        key = self.keys[last]
        source = self.moved.sources[last]
        if self.stride == 1 and source is not None:
            keys = self.c.fn.gep(layout(key).memory, source, start)
        else:
            self._gather(last, start)
            keys = row
        if self.selects:
            name = _selector(self.c, key)
            args: list[tuple[str, Operand]] = [("ptr", keys), ("ptr", order), ("ptr", other)]
            self.c.fn.call("void", name, [*args, ("i64", self.n), ("i64", self.kept)])
            return order
        self._call(order_sorter(self.c, key), [("ptr", keys), ("ptr", order)])
        for number in reversed(range(last)):
            self._reorder(number, start)
        return order

    def _reorder(self, number: int, start: str) -> None:
        """Sorts what is in order of less important keys by a more important one."""
        row, order, other = self.scratch
        c = self.c
        self._gather(number, start, order)
        self._call(order_sorter(c, self.keys[number]), [("ptr", row), ("ptr", other)])
        with c.fn.loop(self.n) as k:
            (place,) = load(c, _INT64, other, k.index)
            store(c, _INT64, load(c, _INT64, order, place), other, k.index)
        copy(c, order, other, self.n * _INT64.itemsize)

    def _gather(self, number: int, start: str, order: str | None = None) -> None:
        """Copies the keys of a row to where they are neighbours, in an order if there is one."""
        dtype = self.keys[number]
        with self.c.fn.loop(self.n) as k:
            found = k.index if order is None else load(self.c, _INT64, order, k.index)[0]
            x = self.moved.take(number, start, found, dtype)
            store(self.c, dtype, x, self.scratch[0], k.index)

    def _call(self, name: str, args: Sequence[tuple[str, Operand]]) -> None:
        fn = self.c.fn
        code = fn.call("i32", name, [*args, ("i64", self.n)])
        fn.fail_if(fn.emit(f"icmp ne i32 {code}, 0"), OUT_OF_MEMORY)


# -- functions of the module, one for each dtype


def _value_sorter(c: Context, dtype: np.dtype) -> str:
    """Returns `i32 f(source, target, n)`, which sorts a row into another memory (or the same)."""
    name = f"sort_row_{dtype.name}"
    if not c.module.defines(name):
        here, c.fn = c.fn, _function(c, name, "source", "target")
        with c.on(1):
            _write_value_sorter(c, dtype)
        c.fn = here
    return name


def _function(c: Context, name: str, *pointers: str) -> FunctionWriter:
    args = [*(("ptr", x) for x in pointers), ("i64", "n")]
    return c.module.function(name, args, "i32", "internal")


def _write_value_sorter(c: Context, dtype: np.dtype) -> None:
    fn = c.fn
    if not dtypes.is_float(dtype):
        size = fn.emit(f"mul nsw i64 %n, {dtype.itemsize}")
        copy(c, "%target", "%source", size)
        if not numpy_sorts.is_fast("sort", dtype):
            # Counting all numbers of a byte takes longer.
            short = fn.emit(f"icmp sle i64 %n, {_NOT_COUNTED}")
            with fn.if_else(short, ["i32"]) as choice:
                with choice.then():
                    choice.give(_sorted(c, dtype, "%target", "%n", "numpy_quicksort"))
                with choice.otherwise():
                    choice.give(_sorted(c, dtype, "%target", "%n"))
            fn.ret(choice.results[0])
            return
        fn.ret(_sorted(c, dtype, "%target", "%n"))
        return
    delicate = _copied(c, dtype)
    code = _sorted(c, dtype, "%target", "%n")
    with fn.when(delicate):
        _restore(c, dtype)
    fn.ret(code)


def _sorted(c: Context, dtype: np.dtype, row: str, n: str, function: str = "numpy_sort") -> str:
    symbol = f"{function}_{dtype.name}"
    c.outside(symbol)
    return c.fn.call("i32", symbol, [("ptr", row), ("i64", n), ("ptr", "null")])


def _copied(c: Context, dtype: np.dtype) -> str:
    """Copies a row of floats; returns whether there is a -0 or a NaN in it."""
    fn = c.fn
    lanes = host().vector_bytes // dtype.itemsize
    whole = fn.emit(f"and i64 %n, {-lanes}")
    flags = f"<{lanes} x i1>"
    with fn.loop(0, whole, lanes, carried=[(flags, "zeroinitializer")]) as loop, c.on(lanes):
        found = _is_delicate(c, dtype, loop.index)
        loop.next(fn.emit(f"or {flags} {found}, {loop.values[0]}"))
    name = f"llvm.vector.reduce.or.v{lanes}i1"
    start = c.pure_call("i1", name, [(flags, loop.results[0])])
    with fn.loop(whole, "%n", carried=[("i1", start)]) as rest:
        found = _is_delicate(c, dtype, rest.index)
        rest.next(fn.emit(f"or i1 {found}, {rest.values[0]}"))
    return rest.results[0]


def _is_delicate(c: Context, dtype: np.dtype, offset: str) -> str:
    (x,) = load(c, dtype, "%source", offset)
    store(c, dtype, (x,), "%target", offset)
    ty, bits = layout(dtype).register, f"i{8 * dtype.itemsize}"
    is_nan = c.op("fcmp uno", ty, x, x)
    sign = c.op("icmp eq", bits, c.cast("bitcast", ty, x, bits), -(1 << (8 * dtype.itemsize - 1)))
    return c.op("or", "i1", is_nan, sign)


def _restore(c: Context, dtype: np.dtype) -> None:
    """Writes zeros and NaNs of a sorted row in the order that they had."""
    fn, ty = c.fn, layout(dtype).register
    zero = "0x0000000000000000"
    with fn.loop("%n", carried=[("i64", 0), ("i64", "%n")]) as count:
        (x,) = load(c, dtype, "%source", count.index)
        below = fn.emit(f"zext i1 {c.op('fcmp olt', ty, x, zero)} to i64")
        nan = fn.emit(f"zext i1 {c.op('fcmp uno', ty, x, x)} to i64")
        zeros, nans = count.values
        count.next(fn.emit(f"add nsw i64 {zeros}, {below}"), fn.emit(f"sub nsw i64 {nans}, {nan}"))
    carried = [("i64", x) for x in count.results]
    with fn.loop("%n", carried=carried) as loop:
        (x,) = load(c, dtype, "%source", loop.index)
        zeros, nans = loop.values
        is_zero, is_nan = c.op("fcmp oeq", ty, x, zero), c.op("fcmp uno", ty, x, x)
        with fn.when(fn.emit(f"or i1 {is_zero}, {is_nan}")):
            place = fn.emit(f"select i1 {is_nan}, i64 {nans}, i64 {zeros}")
            store(c, dtype, (x,), "%target", place)
        steps = [fn.emit(f"zext i1 {flag} to i64") for flag in (is_zero, is_nan)]
        loop.next(
            fn.emit(f"add nsw i64 {zeros}, {steps[0]}"), fn.emit(f"add nsw i64 {nans}, {steps[1]}")
        )
