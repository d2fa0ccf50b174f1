"""Folds row by row, with a stretch of results in memory that stays in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from minijax.compiler.emit.folds.fold import SHORT_BODY, Fold
from minijax.compiler.emit.frame import clear
from minijax.compiler.emit.lanes import lanes_for
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.emit.positions import plus, row_major, times
from minijax.compiler.fuse.sweeps import STRETCH
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.expr import Expr

_ROWS_AT_ONCE = 4
# Short rows from far are read one by one: the processor foresees what comes in order, but not
# several stretches that soon end. Complex accumulators are taken apart whenever they are met.
_LONG_ROW, _FAR = 1 << 11, 1 << 20
_VERY_FAR = 1 << 24  # bytes that no cache holds: more rows are read at a time
_NARROW = 4  # bytes of a number
_ZEROS = ("0", "0x0000000000000000", "false")


class RowsFold(Fold):
    """Walks the operand row by row."""

    def emit_rows(self) -> None:
        """A stretch of the last kept axis at a time, row by row."""
        *before, last = self.outer
        part = self.body.part_of(last)
        width = self._width() if part is None else part.length
        whole, rest = divmod(last.payload, width)
        places = [
            self.c.room(k, min(last.payload, width) * dtype.itemsize)
            for k, dtype in enumerate(self.dtypes)
        ]
        with self.body.loops(before), self.body.all_of(last):
            if part is None:
                self._stretches(before, last, whole, width, places)
            else:
                with self.body.when_begins(part, 0, whole * width):
                    self._stretch(before, last, part.start, width, places)
            if rest:
                with self.body.when_begins(part, whole * width, last.payload):
                    self._stretch(before, last, whole * width, rest, places)

    def _width(self) -> int:
        """Returns how many results are folded in memory at a time: more of narrow numbers."""
        return STRETCH if max(x.itemsize for x in self.dtypes) > _NARROW else 2 * STRETCH

    def _stretches(
        self, before: Sequence[Expr], last: Expr, count: int, width: int, places: Sequence[str]
    ) -> None:
        if count:
            with self.body.loop(count) as stretch:
                first = times(self.c, stretch.index, width)
                self._stretch(before, last, first, width, places)

    def _stretch(
        self,
        before: Sequence[Expr],
        last: Expr,
        first: Operand,
        count: int,
        places: Sequence[str],
    ) -> None:
        lanes = lanes_for(self.nodes, count)
        self._fill(places, count, lanes)
        *others, rows = self.inner
        at_once = self._rows_at_once(count)
        blocks, rest = divmod(rows.payload, at_once)

        def walk(start: Operand, many: int) -> None:
            positions = [plus(self.c, start, k) for k in range(many)]
            self._across(
                last, first, count, lanes, lambda at: self._accumulate(places, at, rows, positions)
            )

        with self.body.loops(others):
            if blocks:
                with self.body.loop(blocks) as block:
                    walk(times(self.c, block.index, at_once), at_once)
            if rest:
                walk(blocks * at_once, rest)
        offset = times(self.c, row_major(self.body, before), last.payload)

        def hand_over(at: Operand) -> None:
            position = plus(self.c, offset, plus(self.c, first, at))
            self.finish(self._row(places, at), position)

        self.body.across(count, None, lanes, hand_over)

    def _rows_at_once(self, count: int) -> int:
        """Returns how many rows meet accumulators that are in registers."""
        if len(self.nodes) > SHORT_BODY:
            return 1
        loads = [node for node in self.nodes if node.op == "load"]
        sizes = [math.prod(x.payload.value.shape) * x.dtype.itemsize for x in loads]
        is_short = [
            count * x.dtype.itemsize < _LONG_ROW >> dtypes.is_complex(x.dtype) for x in loads
        ]
        if any(size >= _FAR and short for size, short in zip(sizes, is_short, strict=True)):
            return 1
        takes_long = max(sizes, default=0) >= _VERY_FAR or dtypes.is_complex(self.dtypes[0])
        return 2 * _ROWS_AT_ONCE if takes_long and len(self.dtypes) == 1 else _ROWS_AT_ONCE

    def _across(
        self, last: Expr, first: Operand, count: int, lanes: int, write: Callable[[Operand], None]
    ) -> None:
        """Goes over a stretch; `last` stands for the position in the whole axis."""

        def shifted(at: Operand) -> None:
            self.body.move(last, plus(self.c, first, at))
            write(at)

        self.body.across(count, last, lanes, shifted)

    def _fill(self, places: Sequence[str], count: int, lanes: int) -> None:
        starts = self.starts()
        if all(part in _ZEROS for x in starts for part in x):
            for dtype, place in zip(self.dtypes, places, strict=True):
                clear(self.c, place, count * dtype.itemsize)
            return
        self.body.across(count, None, lanes, lambda at: self._keep(places, at, self.starts()))

    def _row(self, places: Sequence[str], at: Operand) -> list[Scalar]:
        pairs = zip(self.dtypes, places, strict=True)
        return [load(self.c, dtype, place, at) for dtype, place in pairs]

    def _keep(self, places: Sequence[str], at: Operand, values: Sequence[Scalar]) -> None:
        for dtype, place, value in zip(self.dtypes, places, values, strict=True):
            store(self.c, dtype, value, place, at)

    def _accumulate(
        self, places: Sequence[str], at: Operand, rows: Expr, positions: Sequence[Operand]
    ) -> None:
        """Folds a few rows into a stretch, in order."""
        accs = self._row(places, at)
        for position in positions:
            with self.body.scope():
                self.body.bind(rows, (str(position),))
                accs = self.followed(accs, self.elements())
        self._keep(places, at, accs)
