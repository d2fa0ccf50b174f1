"""The operands of a sort on their way to their new places, row by row.

What nobody reads is not written, and what numbers its own places is not read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.emit.sorts.chosen import store_chosen
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.roots import Sort, numbers_places


class RowWriter(Protocol):
    """Writes one row of the results of a sort."""

    def write(self, start: str, target_start: str) -> None:
        """Writes the row that starts at a position from one that starts at another."""


class RowsWriter(RowWriter, Protocol):
    """Writes neighbouring rows of the results of a sort.

    Attributes:
        count: how many rows are written at a time.
    """

    count: int


def each_row(
    frame: Frame, sort: Sort, writer: RowWriter, several: RowsWriter | None = None
) -> None:
    """Emits the loops over the rows of a sort; neither operands nor results are empty.

    Args:
        frame: where they are emitted.
        sort: the sort.
        writer: writes one row.
        several: writes neighbours, as long as there are enough of them.
    """
    shape, axis, fn = sort.operands[0].shape, sort.axis, frame.c.fn
    outer, stride = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    kept = sort.outs[0].shape[axis]

    def write(i: str, j: str, act: Callable[[str, str], None]) -> None:
        starts = []
        for length in (shape[axis], kept):
            above = fn.emit(f"mul nsw i64 {i}, {length * stride}")
            starts.append(fn.emit(f"add nsw i64 {above}, {j}"))
        act(*starts)

    rows, neighbours = frame.span(outer, outer >= stride), frame.span(stride, outer < stride)
    if stride == 1:
        _in_groups(frame, rows, (writer, several), lambda i, act: write(i, "0", act))
        return
    with fn.loop(*rows) as i:
        _in_groups(frame, neighbours, (writer, several), lambda j, act: write(i.index, j, act))


def _in_groups(
    frame: Frame,
    bounds: tuple[Operand, Operand],
    writers: tuple[RowWriter, RowsWriter | None],
    write: Callable[[str, Callable[[str, str], None]], None],
) -> None:
    """Emits a loop over as many rows at a time as there are writers for, then over the rest."""
    (first, end), (writer, several), fn = bounds, writers, frame.c.fn
    if several is not None:
        length = fn.emit(f"sub nsw i64 {end}, {first}")
        left = fn.emit(f"srem i64 {length}, {several.count}")
        stop = fn.emit(f"sub nsw i64 {end}, {left}")
        with fn.loop(first, stop, several.count) as group:
            write(group.index, several.write)
        first = stop
    with fn.loop(first, end) as each:
        write(each.index, writer.write)


class Moved:
    """The operands and results of a sort.

    Attributes:
        stride: from an element of a row to the next.
    """

    def __init__(self, frame: Frame, sort: Sort) -> None:
        self.c = frame.c
        self.stride = math.prod(sort.operands[0].shape[sort.axis + 1 :])
        self.dtypes = [x.dtype for x in sort.operands]
        self.sources = [
            None if numbers_places(x, sort.axis) else frame.address(x) for x in sort.operands
        ]
        self.targets = [
            None if k in sort.unread else frame.address(x) for k, x in enumerate(sort.outs)
        ]

    def take(self, number: int, start: str, place: str, dtype: np.dtype | None = None) -> Scalar:
        """Loads an element of an operand's row; on lanes, it and its neighbours.

        Args:
            number: which operand.
            start: where the row starts.
            place: the place in it.
            dtype: as what to read it, another one of its size: bools are bytes too.
        """
        source = self.sources[number]
        if source is None:
            return (_numbered(self, self.dtypes[number], place),)
        seen = self.dtypes[number] if dtype is None else dtype
        return load(self.c, seen, source, self.offset(start, place))

    def move(self, start: str, place: str, target_start: str, target: str) -> None:
        """Moves an element of each operand's row; on lanes, it and its neighbours."""
        at = self.offset(target_start, target)
        for number, address in enumerate(self.targets):
            if address is not None:
                x = self.take(number, start, place)
                store(self.c, self.dtypes[number], x, address, at)

    def move_chosen(
        self, starts: tuple[str, str], place: str, parts: Sequence[tuple[str, str]]
    ) -> None:
        """Moves the chosen ones of neighbours to each of some places; there is room for all.

        Args:
            starts: where the rows of operands and results start.
            place: the place of the first neighbour.
            parts: pairs of a choice and the place where the first one chosen goes.
        """
        for number, address in enumerate(self.targets):
            if address is not None:
                (x,) = self.take(number, starts[0], place)
                for word, target in parts:
                    at = self.offset(starts[1], target)
                    store_chosen(self.c, self.dtypes[number], x, word, address, at)

    def offset(self, start: str, place: Operand) -> str:
        """Returns the position of a place of a row."""
        fn = self.c.fn
        moved = place if self.stride == 1 else fn.emit(f"mul nsw i64 {place}, {self.stride}")
        return fn.emit(f"add nsw i64 {start}, {moved}")


def _numbered(moved: Moved, dtype: np.dtype, place: str) -> str:
    """Emits a place as a number of a dtype, on lanes those behind it too."""
    c = moved.c
    x = str(c.spread("i64", place))
    if c.lanes > 1:
        x = c.op("add nsw", "i64", x, c.counting())
    return x if dtype.itemsize == dtypes.int64.itemsize else c.cast("trunc", "i64", x, _bits(dtype))


def _bits(dtype: np.dtype) -> str:
    return f"i{8 * dtype.itemsize}"
