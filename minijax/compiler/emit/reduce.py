"""Folds, in one of three orders.

* *in order*: accumulators in registers, one element after the other;
* *lanes*: for float sums and the like along contiguous memory. Element k of a row goes to
  accumulator k mod L; the L accumulators are added in a tree. The machine can add L elements at a
  time, and errors grow with n / L instead of n. Every `_BLOCK` rounds the accumulators are emptied
  into a second row of them. L depends on n alone, so the result depends on nothing else;
* *rows*: where the kept axis is the contiguous one, a stretch of results is accumulated together
  while memory is walked row by row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minijax.compiler.emit import convert
from minijax.compiler.emit.body import Body, combine, row_major
from minijax.compiler.emit.frame import Frame, clear, load, store
from minijax.compiler.emit.types import Scalar, constant, layout, registers
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Loop, Operand
from minijax.core import dtypes
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce

_NEUTRAL = {"add": 0, "mul": 1}
_SHORT = 32
_FEW_LANES, _MANY_LANES, _MANY = 16, 64, 4096
_BLOCK = 64
_STRETCH = 2048
_ZEROS = ("0", "0x0000000000000000")


def emit_reduce(frame: Frame, reduce: Reduce) -> None:
    """Emits the loops of a fold."""
    if 0 in reduce.outs[0].shape:
        return
    fold = _Fold(frame, reduce)
    if any(i.payload == 0 for i in reduce.inner):
        fold.emit_nothing()
        return
    if _walks_rows(reduce):
        fold.emit_rows()
    elif _wants_lanes(reduce):
        fold.emit_lanes()
    else:
        fold.emit_in_order()


def _wants_lanes(reduce: Reduce) -> bool:
    if reduce.kind not in ("add", "mul", "max", "min") or not reduce.inner:
        return False
    inexact = all(dtypes.is_inexact(e.dtype) for e in reduce.elements)
    return inexact and reduce.inner[-1].payload >= _SHORT


def _walks_rows(reduce: Reduce) -> bool:
    """Whether loads stride along what is folded but not along the last kept axis."""
    if not reduce.outer or not reduce.inner or reduce.outer[-1].payload < 8:
        return False
    kept, folded = 0, 0
    for node in postorder(reduce.elements):
        if node.op != "load":
            continue
        strides = {id(x): c for x, c in zip(node.operands, node.payload.coefficients, strict=True)}
        kept += strides.get(id(reduce.outer[-1]), 0) not in (0, 1)
        folded += strides.get(id(reduce.inner[-1]), 0) not in (0, 1)
    return kept < folded


@dataclass(slots=True)
class _Rows:
    """A stretch of accumulators in memory for each result."""

    addresses: list[str]


class _Fold:
    def __init__(self, frame: Frame, reduce: Reduce) -> None:
        self.frame = frame
        self.c = frame.c
        self.reduce = reduce
        self.body = Body(frame)
        self.dtypes = [e.dtype for e in reduce.elements]
        self.types = [ty for dtype in self.dtypes for ty in registers(dtype)]

    # -- parts

    def combined(self, accs: Sequence[Scalar], news: Sequence[Scalar]) -> list[Scalar]:
        """Emits new accumulators."""
        variables = (*self.reduce.accs, *self.reduce.news)
        return combine(self.frame, variables, (*accs, *news), self.reduce.combined)

    def starts(self, neutral: bool) -> list[Scalar]:
        """Returns what the fold, or a part of it, starts from."""
        if neutral and self.reduce.kind in _NEUTRAL:
            number = _NEUTRAL[self.reduce.kind]
            return [_number(dtype, number) for dtype in self.dtypes]
        return [self.body.emit(x) if x.operands else constant(x.payload) for x in self.reduce.init]

    def finish(self, results: Sequence[Scalar], offset: Operand = 0) -> None:
        """Hands over the results of one index of the kept axes."""
        for value, dtype, x in zip(self.reduce.outs, self.dtypes, results, strict=True):
            result = convert.convert(self.c, x, dtype, value.dtype)
            if value.ndim == 0:
                self.frame.scalars[value] = result
            else:
                store(self.c, value.dtype, result, self.body.address(value), offset)

    def elements(self) -> list[Scalar]:
        """Emits the next elements."""
        return [self.body.emit(e) for e in self.reduce.elements]

    # -- the orders

    def emit_nothing(self) -> None:
        """A fold over nothing is what it starts from."""
        with self.body.loops(self.reduce.outer):
            self.finish(self.starts(neutral=False), row_major(self.body, self.reduce.outer))

    def emit_in_order(self) -> None:
        """One element after the other."""
        with self.body.loops(self.reduce.outer):
            accs = self._fold_over(self.reduce.inner, self.starts(neutral=False))
            self.finish(accs, row_major(self.body, self.reduce.outer))

    def _fold_over(self, indices: Sequence[Expr], accs: Sequence[Scalar]) -> list[Scalar]:
        if not indices:
            return self.combined(accs, self.elements())
        first, *others = indices
        with self.body.loop(first.payload, first, self._carried(accs)) as loop:
            news = self._fold_over(others, self._regrouped(loop.values))
            loop.next(*_flat(news))
        return self._regrouped(loop.results)

    def _carried(self, accs: Sequence[Scalar]) -> list[tuple[str, Operand]]:
        return list(zip(self.types, _flat(accs), strict=True))

    def _regrouped(self, parts: Sequence[str]) -> list[Scalar]:
        found, rest = [], list(parts)
        for dtype in self.dtypes:
            count = layout(dtype).parts
            found.append(tuple(rest[:count]))
            del rest[:count]
        return found

    def emit_lanes(self) -> None:
        """Several accumulators in turn along the last folded axis."""
        *others, last = self.reduce.inner
        count = math.prod(i.payload for i in self.reduce.inner)
        lanes = _FEW_LANES if count < _MANY else _MANY_LANES
        rows = self._rows(lanes)
        is_short = not others and last.payload < _BLOCK * lanes
        totals = rows if is_short else self._rows(lanes, len(self.dtypes))
        with self.body.loops(self.reduce.outer):
            self._fill(rows, lanes)
            if not is_short:
                self._fill(totals, lanes)
            with self.body.loops(others):
                self._fold_row(last, lanes, rows, totals)
            if not is_short:
                self._add_row(totals, rows, lanes)
            accs = self._tree(totals, lanes)
            accs = self.combined(self.starts(neutral=False), accs) if self._is_sum() else accs
            self.finish(accs, row_major(self.body, self.reduce.outer))

    def _is_sum(self) -> bool:
        return self.reduce.kind in _NEUTRAL

    def _fold_row(self, last: Expr, lanes: int, rows: _Rows, totals: _Rows) -> None:
        """Folds one row: whole rounds of lanes in blocks, then the rest."""
        n = last.payload
        rounds, rest = divmod(n, lanes)
        blocks, left = divmod(rounds, _BLOCK)
        if blocks:
            with self.body.loop(blocks) as block:
                start = self.c.fn.emit(f"mul nsw i64 {block.index}, {_BLOCK * lanes}")
                self._rounds(last, _BLOCK, lanes, start, rows)
                self._add_row(totals, rows, lanes)
                self._fill(rows, lanes)
        done = blocks * _BLOCK * lanes
        if left:
            self._rounds(last, left, lanes, done, rows)
        if rest:
            self._round(last, rest, str(n - rest), rows)

    def _rounds(self, last: Expr, count: int, lanes: int, start: Operand, rows: _Rows) -> None:
        with self.body.loop(count) as each:
            shift = self.c.fn.emit(f"mul nsw i64 {each.index}, {lanes}")
            first = self.c.fn.emit(f"add nsw i64 {shift}, {start}")
            self._round(last, lanes, first, rows)

    def _round(self, last: Expr, count: Operand, first: str, rows: _Rows) -> None:
        with self.body.loop(count, independent=True) as lane:
            position = self.c.fn.emit(f"add nsw i64 {first}, {lane.index}")
            self.body.bind(last, (position,))
            self._accumulate(rows, lane)

    def emit_rows(self) -> None:
        """A stretch of the last kept axis at a time, row by row."""
        *before, last = self.reduce.outer
        n = last.payload
        stretch = min(n, _STRETCH)
        rows = self._rows(stretch)
        with self.body.loops(before), self.body.loop(-(-n // stretch)) as part:
            first = self.c.fn.emit(f"mul nsw i64 {part.index}, {stretch}")
            count: Operand = stretch
            if n % stretch:
                left = self.c.fn.emit(f"sub nsw i64 {n}, {first}")
                args: list[tuple[str, Operand]] = [("i64", left), ("i64", stretch)]
                count = self.c.pure_call("i64", "llvm.smin.i64", args)
            self._fill(rows, count, neutral=False)
            with self.body.loops(self.reduce.inner):
                self._round(last, count, first, rows)
            self._store_stretch(before, last, first, count, rows)

    def _store_stretch(
        self, before: Sequence[Expr], last: Expr, first: str, count: Operand, rows: _Rows
    ) -> None:
        offset = row_major(self.body, before)
        with self.body.loop(count, independent=True) as lane:
            position = self.c.fn.emit(f"add nsw i64 {first}, {lane.index}")
            if offset != 0:
                above = self.c.fn.emit(f"mul nsw i64 {offset}, {last.payload}")
                position = self.c.fn.emit(f"add nsw i64 {above}, {position}")
            self.finish(self._load_row(rows, lane.index), position)

    # -- rows of accumulators

    def _rows(self, count: int, slot: int = 0) -> _Rows:
        sizes = [count * max(dtype.itemsize, 1) for dtype in self.dtypes]
        return _Rows([self.c.room(slot + k, size) for k, size in enumerate(sizes)])

    def _fill(self, rows: _Rows, count: Operand, neutral: bool = True) -> None:
        starts = self.starts(neutral)
        if isinstance(count, int) and all(part in _ZEROS for x in starts for part in x):
            for dtype, place in zip(self.dtypes, rows.addresses, strict=True):
                clear(self.c, place, count * dtype.itemsize)
            return
        with self.body.loop(count, independent=True) as lane:
            self._store_row(rows, lane.index, starts)

    def _load_row(self, rows: _Rows, offset: Operand) -> list[Scalar]:
        pairs = zip(self.dtypes, rows.addresses, strict=True)
        return [load(self.c, dtype, place, offset, self.body.note) for dtype, place in pairs]

    def _store_row(self, rows: _Rows, offset: Operand, values: Sequence[Scalar]) -> None:
        for dtype, place, value in zip(self.dtypes, rows.addresses, values, strict=True):
            store(self.c, dtype, value, place, offset, self.body.note)

    def _accumulate(self, rows: _Rows, lane: Loop) -> None:
        news = self.elements()
        accs = self._load_row(rows, lane.index)
        self._store_row(rows, lane.index, self.combined(accs, news))

    def _add_row(self, target: _Rows, source: _Rows, lanes: int) -> None:
        with self.body.loop(lanes, independent=True) as lane:
            news = self._load_row(source, lane.index)
            accs = self._load_row(target, lane.index)
            self._store_row(target, lane.index, self.combined(accs, news))

    def _tree(self, rows: _Rows, lanes: int) -> list[Scalar]:
        """Combines neighbours of neighbours: a tree of fixed shape."""
        while lanes > _FEW_LANES:
            lanes //= 2
            with self.body.loop(lanes, independent=True) as lane:
                other = self.c.fn.emit(f"add nsw i64 {lane.index}, {lanes}")
                accs = self._load_row(rows, lane.index)
                news = self._load_row(rows, other)
                self._store_row(rows, lane.index, self.combined(accs, news))
        level = [self._load_row(rows, k) for k in range(lanes)]
        while len(level) > 1:
            half = len(level) // 2
            level = [self.combined(level[k], level[k + half]) for k in range(half)]
        return level[0]


def _number(dtype: np.dtype, number: int) -> Scalar:
    return constant(np.asarray(number).astype(dtype))


def _flat(scalars: Sequence[Scalar]) -> list[str]:
    return [part for x in scalars for part in x]
