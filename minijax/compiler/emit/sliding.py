"""Sliding products: convolutions of what was padded, written into the module that needs them.

    code_slide_<dtype>_<input>_<kernel>_<strides>_<dilations>(input, kernel, out, moves, places)

    out[n, p…, o] = Σ input[n, p · stride + w · dilation …, f] · kernel[w…, f, o]   over w…, f

The input is (images, *lengths, features), the kernel (*window, features, outputs), the result
(images, *places, outputs), each row-major. A tile of results is some rows (an image and a place of
the window) of a few vectors of outputs, and stays in registers while a stretch of the sum is added:
each step loads the vectors of the kernel once and one number of the input for each row. Rows have
their addresses one by one, in a table, so that any stride, dilation and number of axes is the same
loop, and no patch of the input is ever copied. That loop is compiled once for all programs
(`panels`); what is written here fills the tables and calls it.

Source: M. Dukhan, The Indirect Convolution Algorithm, 2019, for rows of any addresses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minijax.compiler.emit import panels
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.panels import Panel
from minijax.compiler.emit.positions import clamp, plus, times
from minijax.compiler.engine import host
from minijax.compiler.fuse.matrices import strides_of
from minijax.compiler.text import Operand
from minijax.primitives.sliding_products import MOST_ROWS

_ROWS = {1: 10, 2: 6, 3: 4}  # by vectors of outputs: sums, a row's number and the kernel fit
_PANEL = 1 << 17  # bytes of the kernel that all rows read before the next stretch of the sum


def define(c: Context, symbol: str) -> None:
    """Writes a function into the module.

    Args:
        c: the context.
        symbol: its name.
    """
    _, _, name, *lists = symbol.split("_")
    numbers = [[int(n) for n in x.split("x") if n] for x in lists]
    here = c.fn
    args = [("ptr noalias", x) for x in panels.POINTERS]
    c.fn = c.module.function(symbol, args, "void", "internal")
    with c.on(1):
        _SlidingProducts(c, np.dtype(name), *numbers).write()
        c.fn.ret()
    c.fn = here


class _SlidingProducts:
    def __init__(
        self,
        c: Context,
        dtype: np.dtype,
        data: Sequence[int],
        kernel: Sequence[int],
        strides: Sequence[int],
        dilations: Sequence[int],
    ) -> None:
        self.c, self.dtype = c, dtype
        self.ty = layout(dtype).register
        *window, features, self.outputs = kernel
        lengths = data[1:-1]
        spans = [(w - 1) * d + 1 for w, d in zip(window, dilations, strict=True)]
        places = [(n - span) // s + 1 for n, span, s in zip(lengths, spans, strides, strict=True)]
        image, *steps = strides_of(data)[:-1]
        self.places = (data[0], *places)
        self.place_steps = (image, *(n * s for n, s in zip(steps, strides, strict=True)))
        self.rows = math.prod(self.places)
        # A stretch of the sum lies without a gap in both operands.
        moves = [(w, n * d) for w, n, d in zip(window, steps, dilations, strict=True)]
        self.run = features
        while moves and moves[-1][1] == self.run:
            self.run *= moves.pop()[0]
        self.moves = moves
        self.runs = math.prod(w for w, _ in moves)

    def write(self) -> None:
        """Writes the body of the function."""
        c = self.c
        self._fill("%moves", self.runs, self.runs, self.moves)
        places = list(zip(self.places, self.place_steps, strict=True))
        self._fill("%places", self.rows + MOST_ROWS, self.rows, places)
        lanes = host().vector_bytes // self.dtype.itemsize
        ranges = _ranges(self.outputs, lanes)
        widest = max(count for _, _, count in ranges) * lanes
        length = max(_PANEL // (self.run * widest * self.dtype.itemsize), 1)
        with c.fn.loop(0, self.runs, length) as block:
            stop: Operand = self.runs
            if length < self.runs:
                stop = clamp(c, "smin", plus(c, block.index, length), self.runs)
            for column, end, vectors in ranges:
                alive = min(end - column, vectors * lanes)
                most = min(_ROWS[vectors], self.rows)
                rows = -(-self.rows // -(-self.rows // most))
                panel = Panel(self.dtype, lanes, rows, alive, c.contract)
                self._call(panel, block.index, stop, column, end)

    def _call(self, panel: Panel, start: Operand, stop: Operand, column: int, end: int) -> None:
        c, symbol = self.c, panel.symbol
        c.symbols[symbol] = panels.address(symbol)
        numbers = (start, stop, self.run, self.rows, self.outputs, column, end)
        args: list[tuple[str, Operand]] = [("ptr", f"%{x}") for x in panels.POINTERS]
        c.fn.call("void", symbol, args + [("i64", n) for n in numbers])

    def _fill(self, table: str, length: int, count: int, axes: Sequence[tuple[int, int]]) -> None:
        """Writes the positions of elements, in row-major order; the last one is repeated."""
        c = self.c
        with c.fn.loop(length) as loop:
            number: Operand = loop.index
            if length > count:
                number = clamp(c, "smin", number, count - 1)
            place = self._position(number, axes)
            c.fn.store("i64", place, c.fn.gep("i64", table, loop.index))

    def _position(self, number: Operand, axes: Sequence[tuple[int, int]]) -> Operand:
        """Returns the place of an element in memory, given its number in row-major order."""
        c = self.c
        found: Operand = 0
        for axis, (size, step) in reversed([*enumerate(axes)]):
            part = number
            if axis:
                part = c.fn.emit(f"urem i64 {number}, {size}")
                number = c.fn.emit(f"udiv i64 {number}, {size}")
            found = plus(c, found, times(c, part, step))
        return found


def _ranges(outputs: int, lanes: int) -> list[tuple[int, int, int]]:
    """Returns ranges of outputs with the number of vectors that are taken of each at a time."""
    columns = -(-outputs // lanes)
    if columns in _ROWS:
        return [(0, outputs, columns)]
    whole = outputs // (2 * lanes) * 2 * lanes
    rest = [(whole, outputs, -(-(outputs - whole) // lanes))] if whole < outputs else []
    return [(0, whole, 2), *rest]
