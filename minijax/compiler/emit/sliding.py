"""Sliding products: convolutions of what was padded, written into the module that needs them.

    code_slide_<dtype>_<input>_<kernel>_<strides>_<dilations>(input, kernel, out)

    out[n, p…, o] = Σ input[n, p · stride + w · dilation …, f] · kernel[w…, f, o]   over w…, f

The input is (images, *lengths, features), the kernel (*window, features, outputs), the result
(images, *places, outputs), each row-major. A tile of results is some rows (an image and a place of
the window) of a few vectors of outputs, and stays in registers while a stretch of the sum is added:
each step loads the vectors of the kernel once and one number of the input for each row. Rows have
their addresses one by one, so that any stride, dilation and number of axes is the same loop, and no
patch of the input is ever copied.

Source: M. Dukhan, The Indirect Convolution Algorithm, 2019, for rows of any addresses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import clear
from minijax.compiler.emit.lanes import Lanes
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.positions import clamp, plus, times
from minijax.compiler.engine import host
from minijax.compiler.fuse.matrices import strides_of
from minijax.compiler.text import Operand

_ROWS = {1: 10, 2: 6, 3: 4}  # by vectors of outputs: sums, a row's number and the kernel fit
_PANEL = 1 << 17  # bytes of the kernel that all rows read before the next stretch of the sum
_ARGS = ("input", "kernel", "out")


def define(c: Context, symbol: str) -> None:
    """Writes a function into the module.

    Args:
        c: the context.
        symbol: its name.
    """
    _, _, name, *lists = symbol.split("_")
    numbers = [[int(n) for n in x.split("x") if n] for x in lists]
    here = c.fn
    args = [("ptr noalias", x) for x in _ARGS]
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
        lanes = min(
            host().vector_bytes // self.dtype.itemsize, 1 << (self.outputs - 1).bit_length()
        )
        panels = _panels(self.outputs, lanes)
        widest = max(count for _, _, count in panels) * lanes
        length = max(_PANEL // (self.run * widest * self.dtype.itemsize), 1)
        if length < self.runs:
            clear(self.c, "%out", self.rows * self.outputs * self.dtype.itemsize)
        with self.c.fn.loop(0, self.runs, length) as block:
            stop: Operand = self.runs
            if length < self.runs:
                stop = clamp(self.c, "smin", plus(self.c, block.index, length), self.runs)
            for start, end, count in panels:
                with self.c.fn.loop(start, end, count * lanes) as column:
                    alive = min(end - start, count * lanes)
                    panel = _Panel(self, column.index, lanes, alive)
                    panel.write(block.index, stop, fresh=length >= self.runs)


def _panels(outputs: int, lanes: int) -> list[tuple[int, int, int]]:
    """Returns ranges of outputs with the number of vectors that are taken of each at a time."""
    columns = -(-outputs // lanes)
    if columns in _ROWS:
        return [(0, outputs, columns)]
    whole = outputs // (2 * lanes) * 2 * lanes
    rest = [(whole, outputs, -(-(outputs - whole) // lanes))] if whole < outputs else []
    return [(0, whole, 2), *rest]


class _Panel:
    """Some outputs of all rows: neighbours in a few vectors, the last of which may be masked."""

    def __init__(self, of: _SlidingProducts, column: Operand, lanes: int, alive: int) -> None:
        self.of, self.c, self.column = of, of.c, column
        whole, rest = divmod(alive, lanes)
        self.vectors = [Lanes(lanes)] * whole + ([Lanes.first(rest, lanes)] if rest else [])
        most = min(_ROWS[len(self.vectors)], of.rows)
        self.rows = -(-of.rows // -(-of.rows // most))

    def write(self, start: Operand, stop: Operand, fresh: bool) -> None:
        """Adds a stretch of the sum to the results, or sets them where they are fresh."""
        c, of = self.c, self.of
        with c.fn.loop(0, of.rows, self.rows) as tile:
            # The last tile may meet its last row more than once, and stores it as often.
            bounded = of.rows % self.rows != 0
            rows = [self._row(plus(c, tile.index, k), bounded) for k in range(self.rows)]
            firsts = [self._position(row, of.places, of.place_steps) for row in rows]
            inputs = [c.fn.gep(of.ty, "%input", first) for first in firsts]
            outs = [plus(c, times(c, row, of.outputs), self.column) for row in rows]
            sums = [zero for _ in rows for zero in self._zeros()] if fresh else self._loaded(outs)
            sums = [*self._added(inputs, sums, start, stop)]
            for k, place in enumerate(outs):
                for v, lanes in self._each():
                    x = sums[k * len(self.vectors) + v]
                    store(c, of.dtype, (x,), "%out", plus(c, place, v * lanes.count))

    def _each(self) -> Iterator[tuple[int, Lanes]]:
        for v, lanes in enumerate(self.vectors):
            with self.c.on(lanes.count, lanes.mask):
                yield v, lanes

    @contextmanager
    def _wide(self) -> Iterator[None]:
        with self.c.on(self.vectors[0].count):
            yield

    def _zeros(self) -> list[str]:
        with self._wide():
            zero = str(self.c.operand(self.of.ty, "0.0"))
        return [zero for _ in self.vectors]

    def _loaded(self, outs: Sequence[Operand]) -> list[str]:
        return [
            load(self.c, self.of.dtype, "%out", plus(self.c, place, v * lanes.count))[0]
            for place in outs
            for v, lanes in self._each()
        ]

    def _row(self, row: Operand, bounded: bool) -> Operand:
        return clamp(self.c, "smin", row, self.of.rows - 1) if bounded else row

    def _position(self, number: Operand, sizes: Sequence[int], steps: Sequence[int]) -> Operand:
        """Returns the place of an element in memory, given its number in row-major order."""
        c = self.c
        found: Operand = 0
        for axis in range(len(sizes) - 1, -1, -1):
            part = number
            if axis:
                part = c.fn.emit(f"urem i64 {number}, {sizes[axis]}")
                number = c.fn.emit(f"udiv i64 {number}, {sizes[axis]}")
            found = plus(c, found, times(c, part, steps[axis]))
        return found

    def _added(
        self, inputs: Sequence[str], sums: Sequence[str], start: Operand, stop: Operand
    ) -> Sequence[str]:
        c, of = self.c, self.of
        with c.fn.loop(start, stop, carried=self._carried(sums)) as outer:
            moved = self._position(outer.index, [w for w, _ in of.moves], [n for _, n in of.moves])
            places = [c.fn.gep(of.ty, x, moved) for x in inputs]
            at = plus(c, times(c, outer.index, of.run * of.outputs), self.column)
            kernel = c.fn.gep(of.ty, "%kernel", at)
            found: Sequence[str] = outer.values
            if of.run == 1:
                found = self._step(places, kernel, 0, found)
            else:
                with c.fn.loop(0, of.run, carried=self._carried(found)) as loop:
                    loop.next(*self._step(places, kernel, loop.index, loop.values))
                found = loop.results
            outer.next(*found)
        return outer.results

    def _carried(self, sums: Sequence[str]) -> list[tuple[str, Operand]]:
        with self._wide():
            return [(self.c.type(self.of.ty), x) for x in sums]

    def _step(
        self, places: Sequence[str], kernel: str, at: Operand, sums: Sequence[str]
    ) -> list[str]:
        """Adds one product to each sum."""
        c, of = self.c, self.of
        start = times(c, at, of.outputs)
        weights = [
            load(c, of.dtype, kernel, plus(c, start, v * lanes.count))[0]
            for v, lanes in self._each()
        ]
        flags = c.float_flags()
        found = []
        for k, place in enumerate(places):
            (x,) = load(c, of.dtype, place, at)
            with self._wide():
                spread = c.spread(of.ty, x)
                for v, weight in enumerate(weights):
                    product = c.op(f"fmul {flags}".rstrip(), of.ty, spread, weight)
                    total = sums[k * len(weights) + v]
                    found.append(c.op(f"fadd {flags}".rstrip(), of.ty, total, product))
        return found
