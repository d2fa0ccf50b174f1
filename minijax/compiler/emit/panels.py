"""Panels of sliding products: the loops that all convolutions share, compiled once.

    slide_f32x8_6x16_contract(input, kernel, out, moves, places, results,
                              start, stop, run, hop, rows, outputs, column, end)

adds to some rows of results, for the outputs from `column` to `end`, the stretch of the sum from
run `start` to run `stop`; the first stretch sets them. Row `r` has its input from `places[r]` on,
and `run` numbers, `hop` apart, at each of the distances `moves`; its results begin at `results[r]`.
A tile is six rows of 16 outputs here, two vectors, held in registers. The last tile may meet the
last row more than once, and stores it as often: the tables repeat it.

    slide_table(table, axes, rank, base, repeat)

fills such a table with the positions of elements in row-major order, from `base` on: `axes` are
pairs of length and distance, the innermost axis first. The last position is repeated.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from minijax.compiler.cache.modules import cached_module
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.lanes import Lanes
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.positions import plus
from minijax.compiler.engine import Effort, Program
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.core.records import record

TABLE = "slide_table"
POINTERS = ("input", "kernel", "out", "moves", "places", "results")
NUMBERS = ("start", "stop", "run", "hop", "rows", "outputs", "column", "end")
_DTYPES = {"f32": dtypes.float32, "f64": dtypes.float64}
_compiled: dict[str, Program] = {}


@record(eq=True)
class Panel:
    """What is fixed in the code of a panel.

    Attributes:
        dtype: the dtype of the numbers.
        lanes: how many a vector has.
        rows: how many rows a tile has.
        outputs: how many outputs a tile has.
        contract: whether products and sums may be fused.
    """

    dtype: np.dtype
    lanes: int
    rows: int
    outputs: int
    contract: bool

    @property
    def symbol(self) -> str:
        """The name of the function."""
        ending = "_contract" if self.contract else ""
        bits = 8 * self.dtype.itemsize
        return f"slide_f{bits}x{self.lanes}_{self.rows}x{self.outputs}{ending}"

    @property
    def vectors(self) -> list[Lanes]:
        """The vectors of a row; of the last one some lanes may not count."""
        whole, rest = divmod(self.outputs, self.lanes)
        masked = [Lanes.first(rest, self.lanes)] if rest else []
        return [Lanes(self.lanes)] * whole + masked


def parsed(symbol: str) -> Panel:
    """Returns what a symbol tells.

    >>> panel = Panel(dtypes.float32, 8, 6, 16, True)
    >>> panel.symbol, parsed(panel.symbol) == panel
    ('slide_f32x8_6x16_contract', True)
    """
    _, kind, tile, *ending = symbol.split("_")
    name, lanes = kind.split("x")
    rows, outputs = map(int, tile.split("x"))
    return Panel(_DTYPES[name], int(lanes), rows, outputs, bool(ending))


def address(symbol: str) -> int:
    """Returns the address of a panel's function, compiled at its first use."""
    if symbol not in _compiled:
        is_table = symbol == TABLE
        write = table_text if is_table else functools.partial(module_text, parsed(symbol))
        code = cached_module(write, symbol, effort=Effort.LIGHT, name=symbol)
        # The first of several threads decides: its code may be in use already.
        _compiled.setdefault(symbol, code)
    return _compiled[symbol].address


def module_text(panel: Panel) -> str:
    """Returns the LLVM text of a panel's function."""
    c = Context(panel.contract)
    args = [("ptr noalias", x) for x in POINTERS] + [("i64", x) for x in NUMBERS]
    c.fn = c.module.function(panel.symbol, args, "void")
    with c.on(1):
        _Writer(c, panel).write()
        c.fn.ret()
    return str(c.module)


def table_text() -> str:
    """Returns the LLVM text of the function that fills a table."""
    c = Context(contract=False)
    args = [("ptr noalias", "table"), ("ptr noalias", "axes")]
    args += [("i64", x) for x in ("rank", "base", "repeat")]
    fn = c.fn = c.module.function(TABLE, args, "void")
    fn.store("i64", "%base", "%table")
    with fn.loop("%rank", carried=[("i64", 1)]) as axis:
        (known,) = axis.values
        pair = fn.gep("[2 x i64]", "%axes", axis.index)
        size, step = fn.load("i64", pair), fn.load("i64", fn.gep("i64", pair, 1))
        with fn.loop(1, size) as i:
            shift = fn.emit(f"mul nsw i64 {i.index}, {step}")
            first = fn.emit(f"mul nsw i64 {i.index}, {known}")
            with fn.loop(known) as j:
                inner = fn.load("i64", fn.gep("i64", "%table", j.index))
                place = fn.gep("i64", "%table", plus(c, first, j.index))
                fn.store("i64", plus(c, inner, shift), place)
        axis.next(fn.emit(f"mul nsw i64 {known}, {size}"))
    (count,) = axis.results
    last = fn.load("i64", fn.gep("i64", "%table", fn.emit(f"sub nsw i64 {count}, 1")))
    with fn.loop("%repeat") as more:
        fn.store("i64", last, fn.gep("i64", "%table", plus(c, count, more.index)))
    fn.ret()
    return str(c.module)


class _Writer:
    def __init__(self, c: Context, panel: Panel) -> None:
        self.c, self.panel, self.dtype = c, panel, panel.dtype
        self.ty = layout(panel.dtype).register
        self.vectors = panel.vectors

    def write(self) -> None:
        """Writes the body of the function."""
        c, panel = self.c, self.panel
        begun = c.fn.emit("icmp sgt i64 %start, 0")
        size = c.fn.emit("mul nsw i64 %run, %outputs")
        with (
            c.fn.loop("%column", "%end", panel.outputs) as column,
            c.fn.loop(0, "%rows", panel.rows) as tile,
        ):
            inputs: list[str] = []
            outs: list[Operand] = []
            for k in range(panel.rows):
                row = plus(c, tile.index, k)
                begins = c.fn.load("i64", c.fn.gep("i64", "%places", row))
                inputs.append(c.fn.gep(self.ty, "%input", begins))
                first = c.fn.load("i64", c.fn.gep("i64", "%results", row))
                outs.append(plus(c, first, column.index))
            with c.fn.if_else(begun, self._types(outs)) as choice:
                with choice.then():
                    choice.give(*self._loaded(outs))
                with choice.otherwise():
                    choice.give(*self._zeros(outs))
            sums = self._added(inputs, choice.results, column.index, size)
            for (place, lanes, shift), x in zip(self._each(outs), sums, strict=True):
                with c.on(lanes.count, lanes.mask, lanes.alive):
                    store(c, self.dtype, (x,), "%out", plus(c, place, shift))

    def _each(self, outs: Sequence[Operand]) -> list[tuple[Operand, Lanes, int]]:
        """Returns, for each vector of a tile, the row's place, the lanes, and where it begins."""
        shifts = [(lanes, v * self.panel.lanes) for v, lanes in enumerate(self.vectors)]
        return [(place, *each) for place in outs for each in shifts]

    def _types(self, outs: Sequence[Operand]) -> list[str]:
        with self.c.on(self.panel.lanes):
            return [self.c.type(self.ty)] * (len(outs) * len(self.vectors))

    def _zeros(self, outs: Sequence[Operand]) -> list[str]:
        with self.c.on(self.panel.lanes):
            return [str(self.c.operand(self.ty, "0.0"))] * (len(outs) * len(self.vectors))

    def _loaded(self, outs: Sequence[Operand]) -> list[str]:
        found: list[str] = []
        for place, lanes, shift in self._each(outs):
            with self.c.on(lanes.count, lanes.mask, lanes.alive):
                found += load(self.c, self.dtype, "%out", plus(self.c, place, shift))
        return found

    def _added(
        self, inputs: Sequence[str], sums: Sequence[str], column: str, size: str
    ) -> Sequence[str]:
        """Adds the stretch of the sum to the numbers of a tile."""
        c, types = self.c, self._types(inputs)
        with c.fn.loop("%start", "%stop", carried=list(zip(types, sums, strict=True))) as outer:
            move = c.fn.load("i64", c.fn.gep("i64", "%moves", outer.index))
            moved = [c.fn.gep(self.ty, x, move) for x in inputs]
            first = plus(c, c.fn.emit(f"mul nsw i64 {outer.index}, {size}"), column)
            kernel = c.fn.gep(self.ty, "%kernel", first)
            carried = list(zip(types, outer.values, strict=True))
            with c.fn.loop(0, "%run", carried=carried) as loop:
                loop.next(*self._step(moved, kernel, loop.index, loop.values))
            outer.next(*loop.results)
        return outer.results

    def _step(self, inputs: Sequence[str], kernel: str, at: str, sums: Sequence[str]) -> list[str]:
        """Adds one product to each sum."""
        c = self.c
        start = c.fn.emit(f"mul nsw i64 {at}, %outputs")
        weights: list[str] = []
        for _, lanes, shift in self._each([start]):
            with c.on(lanes.count, lanes.mask, lanes.alive):
                weights += load(c, self.dtype, kernel, plus(c, start, shift))
        flags = c.float_flags()
        found: list[str] = []
        within = c.fn.emit(f"mul nsw i64 {at}, %hop")
        for place in inputs:
            (x,) = load(c, self.dtype, place, within)
            with c.on(self.panel.lanes):
                spread = c.spread(self.ty, x)
                for weight in weights:
                    product = c.op(f"fmul {flags}".rstrip(), self.ty, spread, weight)
                    total = sums[len(found)]
                    found.append(c.op(f"fadd {flags}".rstrip(), self.ty, total, product))
        return found
