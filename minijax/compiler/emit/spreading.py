"""Spread products: convolutions that add shifted products, written into the module that needs them.

    code_spread_<dtype>_<sizes>(input, kernel, out, products, sums)

For each image, BLAS multiplies some elements of the window with it, and each row of the products is
added to the sums at its place (`primitives/spread_products.py` says which). The sums of an image
stay in the cache. Where elements are apart, sums whose places have the same remainder are
neighbours; the results come of them by turns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minijax.compiler.emit.blas import emit_gemm
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import clear
from minijax.compiler.emit.lanes import Lanes
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.positions import clamp, plus, times
from minijax.compiler.engine import host
from minijax.compiler.fuse.matrices import Layout, strides_of
from minijax.compiler.text import Operand
from minijax.primitives.spread_products import Spread

_ARGS = ("input", "kernel", "out", "products", "sums")


def define(c: Context, symbol: str) -> None:
    """Writes a function into the module.

    Args:
        c: the context.
        symbol: its name.
    """
    here = c.fn
    args = [("ptr noalias", x) for x in _ARGS]
    c.fn = c.module.function(symbol, args, "void", "internal")
    with c.on(1):
        _SpreadProducts(c, Spread.parsed(symbol)).write()
        c.fn.ret()
    c.fn = here


class _SpreadProducts:
    def __init__(self, c: Context, spread: Spread) -> None:
        self.c, self.spread, self.dtype = c, spread, spread.dtype
        self.ty = layout(spread.dtype).register
        self.lanes = host().vector_bytes // spread.dtype.itemsize
        self.counts = [axis.count for axis in spread.axes]
        # The sums are (outputs, *remainders, *quotients).
        apart = [axis.apart for axis in spread.axes]
        quotients = [axis.quotients for axis in spread.axes]
        steps = strides_of([*apart, *quotients])
        self.remainder_steps, self.quotient_steps = steps[: len(apart)], steps[len(apart) :]
        self.output_step = math.prod(apart) * math.prod(quotients)

    def write(self) -> None:
        """Writes the body of the function."""
        c, of = self.c, self.spread
        with c.fn.loop(of.images) as image:
            data = self._moved("%input", image.index, of.features * of.elements)
            out = self._moved("%out", image.index, of.outputs * math.prod(self.counts))
            clear(c, "%sums", of.work[1])
            with c.fn.loop(0, of.taps, of.taps_at_once) as block:
                stop = clamp(c, "smin", plus(c, block.index, of.taps_at_once), of.taps)
                self._multiply(data, block.index, stop)
                with c.fn.loop(block.index, stop) as tap:
                    number = plus(c, tap.index, times(c, block.index, -1))
                    self._add(tap.index, number)
            self._hand_out(out)

    def _moved(self, address: str, index: Operand, size: int) -> str:
        return self.c.fn.gep(self.ty, address, times(self.c, index, size))

    def _multiply(self, data: str, start: Operand, stop: Operand) -> None:
        """Makes the products of an image and some elements of the window."""
        c, of = self.c, self.spread
        rows = times(c, plus(c, stop, times(c, start, -1)), of.outputs)
        kernel = self._moved("%kernel", start, of.outputs * of.features)
        kept = Layout(of.features, 1) if of.is_last else Layout(1, of.elements)
        sizes = (of.elements, rows, of.features)
        emit_gemm(c, self.dtype, sizes, (data, kept), (kernel, Layout(of.features, 1)), "%products")

    def _add(self, tap: Operand, number: Operand) -> None:
        """Adds the products with one element of the window to their sums."""
        c, of = self.c, self.spread
        target: Operand = 0
        steps = self._split(tap, [axis.window for axis in of.axes])
        for d, (axis, step) in enumerate(zip(of.axes, steps, strict=True)):
            place = plus(c, times(c, step, axis.dilation), axis.start)
            target = plus(c, target, self._sum_at(d, place))
        *outer, n = (axis.n for axis in of.axes)
        rows = math.prod(outer)
        with c.fn.loop(of.outputs) as output, c.fn.loop(rows) as row:
            place = plus(c, target, times(c, output.index, self.output_step))
            for d, i in enumerate(self._split(row.index, outer)):
                place = plus(c, place, times(c, i, self.quotient_steps[d]))
            above = plus(c, times(c, number, of.outputs), output.index)
            source = times(c, plus(c, times(c, above, rows), row.index), n)
            for at in self._vectors(n):
                (x,) = load(c, self.dtype, "%products", plus(c, source, at))
                (total,) = load(c, self.dtype, "%sums", plus(c, place, at))
                both = c.op("fadd", self.ty, total, x)
                store(c, self.dtype, (both,), "%sums", plus(c, place, at))

    def _sum_at(self, d: int, place: Operand) -> Operand:
        """Returns how far a place along an axis is from the first sum."""
        c, apart = self.c, self.spread.axes[d].apart
        remainder, quotient = self._divided(place, apart)
        return plus(
            c,
            times(c, remainder, self.remainder_steps[d]),
            times(c, quotient, self.quotient_steps[d]),
        )

    def _hand_out(self, out: str) -> None:
        """Writes the results of an image: its sums, by turns from each remainder."""
        c, of = self.c, self.spread
        *outer, count = self.counts
        last = of.axes[-1]
        with c.fn.loop(of.outputs) as output, c.fn.loop(math.prod(outer)) as row:
            place = times(c, output.index, self.output_step)
            for d, i in enumerate(self._split(row.index, outer)):
                axis = of.axes[d]
                place = plus(c, place, self._sum_at(d, plus(c, i, axis.skip * axis.apart)))
            place = plus(c, place, last.skip)
            above = plus(c, times(c, output.index, math.prod(outer)), row.index)
            target = times(c, above, count)
            write = {1: self._copy, 2: self._alternate}.get(last.apart, self._take_turns)
            write(place, out, target, count)

    def _copy(self, place: Operand, out: str, target: Operand, count: int) -> None:
        for at in self._vectors(count):
            x = load(self.c, self.dtype, "%sums", plus(self.c, place, at))
            store(self.c, self.dtype, x, out, plus(self.c, target, at))

    def _alternate(self, place: Operand, out: str, target: Operand, count: int) -> None:
        """Writes results that come from two rows of sums by turns."""
        c, lanes = self.c, self.lanes
        whole = count // (2 * lanes) * 2 * lanes
        with c.fn.loop(0, whole // 2, lanes) as loop:
            halves = [
                self._interleaved(plus(c, place, loop.index), Lanes(lanes), h) for h in (0, 1)
            ]
            first = plus(c, target, times(c, loop.index, 2))
            with c.on(lanes):
                for h, x in enumerate(halves):
                    store(c, self.dtype, (x,), out, plus(c, first, h * lanes))
        rest = count - whole
        if rest:
            alive = Lanes.first(-(-rest // 2), lanes)
            at = plus(c, place, whole // 2)
            for h in range(-(-rest // lanes)):
                x = self._interleaved(at, alive, h)
                masked = Lanes.first(min(rest - h * lanes, lanes), lanes)
                with c.on(lanes, masked.mask, masked.alive):
                    store(c, self.dtype, (x,), out, plus(c, target, whole + h * lanes))

    def _interleaved(self, place: Operand, lanes: Lanes, half: int) -> str:
        """Returns half of the vector that alternates between two rows of sums."""
        c, count = self.c, lanes.count
        with c.on(count, lanes.mask, lanes.alive):
            even, odd = (
                load(c, self.dtype, "%sums", plus(c, place, r * self.remainder_steps[-1]))[0]
                for r in (0, 1)
            )
            first = half * count // 2
            order = ", ".join(f"i32 {first + k // 2 + k % 2 * count}" for k in range(count))
            wide = c.type(self.ty)
            both = f"{wide} {even}, {wide} {odd}, <{count} x i32> <{order}>"
            return c.fn.emit(f"shufflevector {both}")

    def _take_turns(self, place: Operand, out: str, target: Operand, count: int) -> None:
        c, axis = self.c, self.spread.axes[-1]
        with c.fn.loop(count) as loop:
            remainder, quotient = self._divided(loop.index, axis.apart)
            at = plus(c, quotient, times(c, remainder, self.remainder_steps[-1]))
            x = load(c, self.dtype, "%sums", plus(c, place, at))
            store(c, self.dtype, x, out, plus(c, target, loop.index))

    @contextmanager
    def _on(self, lanes: Lanes) -> Iterator[None]:
        with self.c.on(lanes.count, lanes.mask, lanes.alive):
            yield

    def _vectors(self, count: int) -> Iterator[Operand]:
        """Goes over neighbours in vectors, the last of which may be masked."""
        c, lanes = self.c, min(self.lanes, 1 << (count - 1).bit_length())
        whole, rest = count // lanes * lanes, count % lanes
        if whole:
            with c.fn.loop(0, whole, lanes) as loop, self._on(Lanes(lanes)):
                yield loop.index
        if rest:
            with self._on(Lanes.first(rest, lanes)):
                yield whole

    def _divided(self, x: Operand, by: int) -> tuple[Operand, Operand]:
        """Returns remainder and quotient."""
        if by == 1:
            return 0, x
        if isinstance(x, int):
            return x % by, x // by
        return self.c.fn.emit(f"urem i64 {x}, {by}"), self.c.fn.emit(f"udiv i64 {x}, {by}")

    def _split(self, number: Operand, sizes: Sequence[int]) -> list[Operand]:
        """Returns the indices of an element, given its number in row-major order."""
        found: list[Operand] = []
        for size in reversed(sizes[1:]):
            part, number = self._divided(number, size)
            found.append(part)
        return [number, *found[::-1]] if sizes else []
