"""Sliding products: convolutions of what was padded, written into the module that needs them.

    code_slide_<dtype>_<sizes>(input, kernel, out, moves, places, results)

    out[n, p…, o] = Σ input[n, p · stride + w · dilation …, f] · kernel[w…, f, o]   over w…, f

The input is (images, *lengths, features), the kernel (*window, features, outputs), or the input
(features, *lengths, images) and the kernel (features, *window, outputs); the result is
(images, *places, outputs); each is row-major (`primitives/sliding_products.py` says where windows
begin and which of the results these are). A tile of results is some rows (an image and a place of
the window) of a few vectors of outputs, and stays in registers while a stretch of the sum is added:
each step loads the vectors of the kernel once and one number of the input for each row. Rows have
their addresses one by one, in tables, so that any stride, dilation and number of axes is the same
loop, and no patch of the input is ever copied. That loop is compiled once for all programs
(`panels`); what is written here has the tables filled and calls it.

Source: M. Dukhan, The Indirect Convolution Algorithm, 2019, for rows of any addresses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack

from minijax.compiler.emit import panels
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import clear
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.panels import Panel
from minijax.compiler.emit.positions import clamp, plus, times
from minijax.compiler.engine import host
from minijax.compiler.fuse.matrices import strides_of
from minijax.compiler.text import Operand
from minijax.primitives.sliding_products import MOST_ROWS, Slide

_ROWS = {1: 10, 2: 6, 3: 4}  # by vectors of outputs: sums, a row's number and the kernel fit
_PANEL = 1 << 17  # bytes of the kernel that all rows read before the next stretch of the sum


def define(c: Context, symbol: str) -> None:
    """Writes a function into the module.

    Args:
        c: the context.
        symbol: its name.
    """
    here = c.fn
    args = [("ptr noalias", x) for x in panels.POINTERS]
    c.fn = c.module.function(symbol, args, "void", "internal")
    with c.on(1):
        _SlidingProducts(c, Slide.parsed(symbol)).write()
        c.fn.ret()
    c.fn = here


class _SlidingProducts:
    def __init__(self, c: Context, slide: Slide) -> None:
        self.c, self.slide, self.dtype = c, slide, slide.dtype
        lengths = [a.length for a in slide.axes]
        outer, inner = (
            (slide.features, slide.images) if slide.is_first else (slide.images, slide.features)
        )
        first, *self.steps, last = strides_of((outer, *lengths, inner))
        self.image_step, feature = (last, first) if slide.is_first else (first, last)
        along = zip(slide.axes, self.steps, strict=True)
        summed = [(a.window, n * a.dilation) for a, n in along]
        deep = (slide.features, feature)
        self.moves = [deep, *summed] if slide.is_first else [*summed, deep]
        # A stretch of the sum has its numbers at one distance in both operands.
        self.run, self.hop = self.moves.pop()
        while self.moves and self.moves[-1][1] == self.run * self.hop:
            self.run *= self.moves.pop()[0]
        self.runs = math.prod(w for w, _ in self.moves)

    def write(self) -> None:
        """Writes the body of the function."""
        c, slide = self.c, self.slide
        size = slide.images * math.prod(a.total for a in slide.axes) * slide.outputs
        if slide.clears:
            clear(c, "%out", size * self.dtype.itemsize)
        ends = strides_of((slide.images, *(a.total for a in slide.axes), slide.outputs))
        places = self._rows(self.image_step, self.steps, [a.stride for a in slide.axes])
        results = self._rows(ends[0], ends[1:-1], [a.apart for a in slide.axes])
        begin = sum(a.start * n for a, n in zip(slide.axes, self.steps, strict=True))
        first = sum(a.place * n for a, n in zip(slide.axes, ends[1:-1], strict=True))
        self._fill("%moves", self.moves, 0, 0)
        self._fill("%places", self._inner(places), begin, MOST_ROWS)
        self._fill("%results", self._inner(results), first, MOST_ROWS)
        with ExitStack() as loops:
            at: list[Operand] = [0, 0]
            for axis in range(slide.outer_axes):
                index = self._index(loops, axis)
                steps = (places[axis][1], results[axis][1])
                at = [plus(c, x, times(c, index, n)) for x, n in zip(at, steps, strict=True)]
            ty = layout(self.dtype).register
            data, out = (c.fn.gep(ty, x, n) for x, n in zip(("%input", "%out"), at, strict=True))
            self._add(data, out)

    def _inner(self, rows: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
        """Returns the axes of the rows in the tables: the inner ones and a block of the next."""
        outer = self.slide.outer_axes
        block = [(self.slide.block, rows[outer - 1][1])] if outer else []
        return [*block, *rows[outer:]]

    def _index(self, loops: ExitStack, axis: int) -> Operand:
        """Begins the loop over one of the outer axes, the last of which goes by blocks.

        The last block ends with the axis: it sets some results again.
        """
        c, slide = self.c, self.slide
        count, _ = slide.row_axes[axis]
        step = slide.block if axis == slide.outer_axes - 1 else 1
        index: Operand = loops.enter_context(c.fn.loop(0, count, step)).index
        return clamp(c, "smin", index, count - step) if count % step else index

    def _rows(
        self, image: int, steps: Sequence[int], strides: Sequence[int]
    ) -> list[tuple[int, int]]:
        """Returns the axes of rows: their lengths, and how far neighbours are apart."""
        return [
            (count, image if d is None else steps[d] * strides[d])
            for count, d in self.slide.row_axes
        ]

    def _add(self, data: str, out: str) -> None:
        """Sets the results of the rows in the tables, stretch by stretch of the sum."""
        c, slide = self.c, self.slide
        lanes = host().vector_bytes // self.dtype.itemsize
        ranges = _ranges(slide.outputs, lanes)
        widest = max(count for _, _, count in ranges) * lanes
        length = max(_PANEL // (self.run * widest * self.dtype.itemsize), 1)
        with c.fn.loop(0, self.runs, length) as block:
            stop: Operand = self.runs
            if length < self.runs:
                stop = clamp(c, "smin", plus(c, block.index, length), self.runs)
            for column, end, vectors in ranges:
                alive = min(end - column, vectors * lanes)
                most = min(_ROWS[vectors], slide.table_rows)
                rows = -(-slide.table_rows // -(-slide.table_rows // most))
                panel = Panel(self.dtype, lanes, rows, alive, c.contract)
                stretch = (block.index, stop, self.run, self.hop)
                numbers = (*stretch, slide.table_rows, slide.outputs, column, end)
                pointers = (data, "%kernel", out, "%moves", "%places", "%results")
                self._call(panel.symbol, pointers, numbers)

    def _fill(self, table: str, axes: Sequence[tuple[int, int]], base: int, repeat: int) -> None:
        """Has a table filled with the positions of elements in row-major order."""
        numbers = [f"i64 {x}" for pair in reversed(axes) for x in pair]
        listed = self.c.module.constant(f"[{len(numbers)} x i64]", f"[{', '.join(numbers)}]")
        self._call(panels.TABLE, [table, listed], (len(axes), base, repeat))

    def _call(self, symbol: str, pointers: Sequence[str], numbers: Sequence[Operand]) -> None:
        """Calls a function that is compiled once for all programs."""
        self.c.symbols[symbol] = panels.address(symbol)
        args: list[tuple[str, Operand]] = [("ptr", x) for x in pointers]
        self.c.fn.call("void", symbol, args + [("i64", n) for n in numbers])


def _ranges(outputs: int, lanes: int) -> list[tuple[int, int, int]]:
    """Returns ranges of outputs with the number of vectors that are taken of each at a time."""
    columns = -(-outputs // lanes)
    if columns in _ROWS:
        return [(0, outputs, columns)]
    whole = outputs // (2 * lanes) * 2 * lanes
    rest = [(whole, outputs, -(-(outputs - whole) // lanes))] if whole < outputs else []
    return [(0, whole, 2), *rest]
