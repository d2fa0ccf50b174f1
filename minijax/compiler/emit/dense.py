"""Functions on one matrix of moderate size, written into the module that calls them.

`Native` calls them by names that begin with `code_`, and with pointers, as they call LAPACK. Up to
some dozens of rows, what LAPACK does around its arithmetic takes most of its time. Matrices are
row-major, and vectors go along the rows.

    code_lu_<dtype>_<rows>_<columns>(matrix, pivots, order)

Vectors always start at the same columns: what one writes, the next one reads as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.lanes import Lanes
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.engine import host
from minijax.compiler.text import Operand, literal
from minijax.core import dtypes

_PLACES = dtypes.int32


def define(c: Context, symbol: str) -> None:
    """Writes a function into the module.

    Args:
        c: the context.
        symbol: its name.
    """
    _, _, name, rows, columns = symbol.split("_")
    args = [("ptr noalias", x) for x in ("matrix", "pivots", "order")]
    here, c.fn = c.fn, c.module.function(symbol, args, "void", "internal")
    with c.on(1):
        _Elimination(c, np.dtype(name), int(rows), int(columns)).write()
        c.fn.ret()
    c.fn = here


class _Elimination:
    """The LU factorisation: column by column, rows exchanged, the rest brought up to date."""

    def __init__(self, c: Context, dtype: np.dtype, m: int, n: int) -> None:
        self.c = c
        self.m, self.n = m, n
        self.dtype = dtype
        self.ty = layout(dtype).register
        self.lanes = host().vector_bytes // dtype.itemsize

    def write(self) -> None:
        """Writes the body of the function."""
        fn = self.c.fn
        with fn.loop(self.m) as i:
            store(self.c, _PLACES, (fn.emit(f"trunc i64 {i.index} to i32"),), "%order", i.index)
        with fn.loop(min(self.m, self.n)) as k:
            place = self._pivot(k.index)
            number = fn.emit(f"trunc i64 {place} to i32")
            store(self.c, _PLACES, (number,), "%pivots", k.index)
            with fn.when(fn.emit(f"icmp ne i64 {place}, {k.index}")):
                self._exchange(k.index, place)
            after = fn.emit(f"add nsw i64 {k.index}, 1")
            self._scale(k.index, after)
            self._update(k.index, after)

    def _at(self, row: Operand, column: Operand) -> str:
        start = self.c.fn.emit(f"mul nsw i64 {row}, {self.n}")
        return self.c.fn.emit(f"add nsw i64 {start}, {column}")

    def _element(self, row: Operand, column: Operand) -> str:
        return load(self.c, self.dtype, "%matrix", self._at(row, column))[0]

    def _size(self, x: str) -> str:
        return self.c.intrinsic("fabs", self.ty, [(self.ty, x)])

    def _pivot(self, k: str) -> str:
        """Returns the row of the largest element of a column."""
        fn = self.c.fn
        first = self._size(self._element(k, k))
        below = fn.emit(f"add nsw i64 {k}, 1")
        with fn.loop(below, self.m, carried=[(self.ty, first), ("i64", k)]) as rows:
            largest, place = rows.values
            size = self._size(self._element(rows.index, k))
            larger = self.c.op("fcmp ogt", self.ty, size, largest)
            rows.next(
                fn.emit(f"select i1 {larger}, {self.ty} {size}, {self.ty} {largest}"),
                fn.emit(f"select i1 {larger}, i64 {rows.index}, i64 {place}"),
            )
        return rows.results[1]

    def _exchange(self, k: str, other: str) -> None:
        starts = [self._at(row, 0) for row in (k, other)]
        for start in self._stretches(0):
            places = [self.c.fn.emit(f"add nsw i64 {x}, {start}") for x in starts]
            values = [load(self.c, self.dtype, "%matrix", place) for place in places]
            for place, x in zip(reversed(places), values, strict=True):
                store(self.c, self.dtype, x, "%matrix", place)
        numbers = [load(self.c, _PLACES, "%order", row) for row in (k, other)]
        for row, x in zip((other, k), numbers, strict=True):
            store(self.c, _PLACES, x, "%order", row)

    def _scale(self, k: str, below: str) -> None:
        """Divides what is below the pivot by it; a column of zeros stays so."""
        fn, ty = self.c.fn, self.ty
        pivot = self._element(k, k)
        smallest = literal(ty, float(np.finfo(self.dtype).tiny))
        one = literal(ty, 1.0)
        is_zero = self.c.op("fcmp oeq", ty, pivot, literal(ty, 0.0))
        divisor = fn.emit(f"select i1 {is_zero}, {ty} {one}, {ty} {pivot}")
        # The inverse of the smallest numbers overflows.
        large = self.c.op("fcmp oge", ty, self._size(divisor), smallest)
        with fn.if_else(large) as choice:
            with choice.then():
                self._each_below(k, below, "fmul", self.c.op("fdiv", ty, one, divisor))
            with choice.otherwise():
                self._each_below(k, below, "fdiv", divisor)

    def _each_below(self, k: str, below: str, operation: str, x: str) -> None:
        with self.c.fn.loop(below, self.m) as rows:
            at = self._at(rows.index, k)
            (y,) = load(self.c, self.dtype, "%matrix", at)
            store(self.c, self.dtype, (self.c.op(operation, self.ty, y, x),), "%matrix", at)

    def _update(self, k: str, after: str) -> None:
        """Subtracts multiples of the pivot's row from the rows below it."""
        top = self._at(k, 0)
        fn = self.c.fn
        with fn.loop(after, self.m) as rows:
            start = self._at(rows.index, 0)
            factor = self._element(rows.index, k)
            for column in self._stretches(fn.emit(f"and i64 {after}, {-self.lanes}")):
                places = [self.c.fn.emit(f"add nsw i64 {x}, {column}") for x in (start, top)]
                x, y = (load(self.c, self.dtype, "%matrix", place)[0] for place in places)
                spread = str(self.c.spread(self.ty, factor))
                flags = self.c.float_flags()
                product = self.c.op(f"fmul {flags}".rstrip(), self.ty, spread, y)
                left = self.c.op(f"fsub {flags}".rstrip(), self.ty, x, product)
                left = self.c.select(self._from(after, column), self.ty, left, x)
                store(self.c, self.dtype, (left,), "%matrix", places[0])

    # -- along a row

    def _from(self, first: str, column: str) -> str:
        """Returns which lanes of a vector are at a column or behind it."""
        missing = self.c.fn.emit(f"sub nsw i64 {first}, {column}")
        return self.c.op("icmp sge", "i64", self.c.counting(), self.c.spread("i64", missing))

    def _stretches(self, first: Operand) -> Iterator[str]:
        """Goes over the columns from one on: a loop over whole vectors, then what is left."""
        whole = self.n // self.lanes * self.lanes
        with self.c.fn.loop(first, whole, self.lanes) as columns, self.c.on(self.lanes):
            yield columns.index
        if whole < self.n:
            lanes = Lanes.first(self.n - whole, self.lanes)
            with self.c.on(lanes.count, lanes.mask):
                yield str(whole)
