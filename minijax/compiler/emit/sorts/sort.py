"""Sorting: a stable merge sort, written for the comparison at hand.

(Where that is the usual order of one key, `plain_sort` is faster.)

Every row along the axis is copied into contiguous working memory, runs of `_RUN` elements are
sorted by insertion, and runs are merged pairwise, back and forth between two memories.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from minijax.compiler.emit.combine import combine
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.emit.sorts.around import Around
from minijax.compiler.emit.sorts.flags import FlagsFirst
from minijax.compiler.emit.sorts.moved import Moved, RowWriter, each_row
from minijax.compiler.emit.sorts.plain_sort import PlainSort
from minijax.compiler.emit.sorts.several import SeveralAround
from minijax.compiler.fuse.ordering import flags_first, key_around, plain_keys
from minijax.compiler.text import Operand
from minijax.kernel.roots import Sort

_RUN = 16


def emit_sort(frame: Frame, sort: Sort, position: int) -> None:
    """Emits the sort of every row along the axis."""
    first = sort.operands[0]
    if first.ndim == 0:
        for out, operand in zip(sort.outs, sort.operands, strict=True):
            frame.scalars[out] = frame.scalars[operand]
        return
    if first.size == 0 or sort.outs[0].size == 0 or len(sort.unread) == len(sort.outs):
        return
    writer = _row_writer(frame, sort, position)
    if writer is not None:
        around = key_around(sort)
        several = None if around is None else SeveralAround.of(frame, sort, around)
        each_row(frame, sort, writer, several)
    else:
        _merge_sort(frame, sort, position)


def _row_writer(frame: Frame, sort: Sort, position: int) -> RowWriter | None:
    """Returns what writes rows in an order that needs no comparison of its own."""
    around = key_around(sort)
    if around is not None:
        return Around(frame, sort, position, around)
    if flags_first(sort):
        return FlagsFirst(frame, sort)
    keys = plain_keys(sort)
    return PlainSort(frame, sort, position, keys) if keys else None


def _merge_sort(frame: Frame, sort: Sort, position: int) -> None:
    first = sort.operands[0]
    c = frame.c
    n, axis = first.shape[sort.axis], sort.axis
    outer, stride = math.prod(first.shape[:axis]), math.prod(first.shape[axis + 1 :])
    sorter = _Sorter(frame, sort, position, n)
    moved = Moved(frame, sort)
    numbers = range(len(sort.operands))
    targets = [frame.address(x) for x in sort.outs]
    with (
        c.fn.loop(*frame.span(outer, outer >= stride)) as i,
        c.fn.loop(*frame.span(stride, outer < stride)) as j,
    ):
        above = c.fn.emit(f"mul nsw i64 {i.index}, {n * stride}")
        start = c.fn.emit(f"add nsw i64 {above}, {j.index}")
        with c.fn.loop(n) as k:
            found = [moved.take(number, start, k.index) for number in numbers]
            sorter.put(sorter.rows[0], k.index, found)
        sorter.insertion()
        result = sorter.merge_all()
        kept = sort.outs[0].shape[axis]
        above = c.fn.emit(f"mul nsw i64 {i.index}, {kept * stride}")
        start = c.fn.emit(f"add nsw i64 {above}, {j.index}")
        with c.fn.loop(kept) as k:
            place = _strided(c, start, k.index, stride)
            sorter.put(targets, place, sorter.take(result, k.index))


def _strided(c: Context, start: str, index: str, stride: int) -> str:
    return c.fn.emit(f"add nsw i64 {start}, {c.fn.emit(f'mul nsw i64 {index}, {stride}')}")


class _Sorter:
    def __init__(self, frame: Frame, sort: Sort, position: int, n: int) -> None:
        self.frame = frame
        self.c = frame.c
        self.sort = sort
        self.n = n
        count = len(sort.operands)
        places = [frame.scratch(position, k) for k in range(2 * count)]
        self.rows = (places[0::2], places[1::2])
        self.dtypes = [x.dtype for x in sort.operands]

    def take(self, row: Sequence[str], offset: Operand) -> list[Scalar]:
        """Loads one element of each operand."""
        return [load(self.c, d, a, offset) for d, a in zip(self.dtypes, row, strict=True)]

    def put(self, row: Sequence[str], offset: Operand, values: Sequence[Scalar]) -> None:
        """Stores one element of each operand."""
        for dtype, address, x in zip(self.dtypes, row, values, strict=True):
            store(self.c, dtype, x, address, offset)

    def before(self, x: Sequence[Scalar], y: Sequence[Scalar]) -> str:
        """Emits whether x must stand before y."""
        variables = (*self.sort.lhs, *self.sort.rhs)
        return combine(self.frame, variables, (*x, *y), (self.sort.less,))[0][0]

    def _min(self, x: str, y: Operand) -> str:
        return self.c.pure_call("i64", "llvm.smin.i64", [("i64", x), ("i64", y)])

    def insertion(self) -> None:
        """Sorts runs of a few elements in place."""
        fn, row = self.c.fn, self.rows[0]
        with fn.loop(-(-self.n // _RUN)) as run:
            low = fn.emit(f"mul nsw i64 {run.index}, {_RUN}")
            high = self._min(fn.emit(f"add nsw i64 {low}, {_RUN}"), self.n)
            with fn.loop(fn.emit(f"add nsw i64 {low}, 1"), high) as each:
                moving = self.take(row, each.index)
                self.put(row, self._hole(low, each.index, moving), moving)

    def _hole(self, low: str, start: str, moving: Sequence[Scalar]) -> str:
        """Moves what is larger up by one; returns where the gap ends up."""
        fn, row = self.c.fn, self.rows[0]
        with fn.while_loop([("i64", start), ("i1", "true")]) as loop:
            place, going = loop.values
            inside = fn.emit(f"icmp sgt i64 {place}, {low}")
            loop.test(fn.emit(f"and i1 {inside}, {going}"))
            below = fn.emit(f"sub nsw i64 {place}, 1")
            neighbour = self.take(row, below)
            smaller = self.before(moving, neighbour)
            with fn.when(smaller):
                self.put(row, place, neighbour)
            loop.next(fn.emit(f"select i1 {smaller}, i64 {below}, i64 {place}"), smaller)
        return loop.results[0]

    def merge_all(self) -> list[str]:
        """Merges runs until one is left; returns the addresses of the sorted rows."""
        fn = self.c.fn
        source, target = self.rows
        width = _RUN
        while width < self.n:
            with fn.loop(-(-self.n // (2 * width))) as pair:
                low = fn.emit(f"mul nsw i64 {pair.index}, {2 * width}")
                middle = self._min(fn.emit(f"add nsw i64 {low}, {width}"), self.n)
                high = self._min(fn.emit(f"add nsw i64 {low}, {2 * width}"), self.n)
                self._merge(source, target, low, middle, high)
            source, target = target, source
            width *= 2
        return list(source)

    def _merge(
        self, source: Sequence[str], target: Sequence[str], low: str, middle: str, high: str
    ) -> None:
        """Merges two neighbouring runs; of equal elements the left one goes first."""
        fn = self.c.fn
        with fn.while_loop([("i64", low), ("i64", low), ("i64", middle)]) as loop:
            place, left, right = loop.values
            loop.test(fn.emit(f"icmp slt i64 {place}, {high}"))
            has_left = fn.emit(f"icmp slt i64 {left}, {middle}")
            has_right = fn.emit(f"icmp slt i64 {right}, {high}")
            last = fn.emit(f"sub nsw i64 {high}, 1")
            x = self.take(source, self._min(left, last))
            y = self.take(source, self._min(right, last))
            sooner = fn.emit(f"and i1 {self.before(y, x)}, {has_right}")
            takes_right = fn.emit(f"select i1 {has_left}, i1 {sooner}, i1 true")
            chosen = fn.emit(f"select i1 {takes_right}, i64 {right}, i64 {left}")
            self.put(target, place, self.take(source, chosen))
            step = fn.emit(f"zext i1 {takes_right} to i64")
            other = fn.emit(f"sub nsw i64 1, {step}")
            loop.next(
                fn.emit(f"add nsw i64 {place}, 1"),
                fn.emit(f"add nsw i64 {left}, {other}"),
                fn.emit(f"add nsw i64 {right}, {step}"),
            )
