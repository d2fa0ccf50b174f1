"""Elements that read an array across its rows: tiles, transposed in registers.

    for i: for j: b[i,j] = a[j,i]        tiles of rows of a become rows of b

A loop along j alone would take one number out of each row of a, and come back for the next one
when the row has left the cache: there are too many rows, or their distance is a power of two. Tiles
are as wide as a line of the cache, so that all of a line is used at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.lanes import Lanes
from minijax.compiler.emit.numbers.types import NARROW, layout
from minijax.compiler.emit.positions import plus, times
from minijax.compiler.emit.tiles import load_tile
from minijax.compiler.engine import host
from minijax.compiler.fuse.affine import address_terms
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.expr import Expr

_LINE = 64
_NEAR = 8
_BLOCK = 512
_MOST_BLOCKS = 4
_SETS = 64
_WAYS = 4  # half of those of a set: other data wants room as well
_MOST_NODES = 400


class Tiles(NamedTuple):
    """How a nest is cut: the indices that the loads go on with and across, the loads, the shape."""

    across: Expr
    last: Expr
    loads: list[Expr]
    rows: int
    lanes: int


def find_tiles(nodes: Sequence[Expr], indices: Sequence[Expr], lanes: int) -> Tiles | None:
    """Returns how to cut a nest of loops whose loads go across the last index, if any do.

    Args:
        nodes: the expressions of the loops.
        indices: the indices, the last one last.
        lanes: the most lanes that a vector has.
    """
    *others, last = indices
    if any(node.op == "guarded" for node in nodes):
        return None
    found: dict[int, list[Expr]] = {}
    for node in nodes:
        index = _goes_along(node, others, last)
        if index is not None:
            found.setdefault(id(index), []).append(node)
    if not found:
        return None
    across = max(others, key=lambda index: len(found.get(id(index), ())))
    loads = found[id(across)]
    inside = math.prod(index.payload for index in indices[indices.index(across) + 1 :])
    if not any(_overflows(node, last, inside) for node in loads):
        return None
    width = max(x.dtype.itemsize for x in loads)
    lanes = min(lanes, host().vector_bytes // width)
    rows = max(lanes, _LINE // width)
    if rows * len(nodes) > _MOST_NODES:
        rows = lanes
    fits = across.payload >= rows and last.payload >= lanes >= 2
    return (
        Tiles(across, last, loads, rows, lanes)
        if fits and rows * len(nodes) <= _MOST_NODES
        else None
    )


def _goes_along(node: Expr, others: Sequence[Expr], last: Expr) -> Expr | None:
    """Returns the index along which a load goes on in memory, if it strides along the last one."""
    shape = layout(node.dtype)
    if node.op != "load" or shape.parts != 1 or node.dtype in NARROW or node.dtype == dtypes.bool_:
        return None
    strides = {id(x): c for x, c in address_terms(node)}
    if any(x.op != "index" for x, _ in address_terms(node)) or strides.get(id(last), 0) < _NEAR:
        return None
    return next((x for x in others if strides.get(id(x)) == 1), None)


def _overflows(node: Expr, last: Expr, inside: int) -> bool:
    """Tells whether lines leave the cache before a loop comes back for their next number.

    Args:
        node: a load.
        last: the index that it strides along.
        inside: how often it happens until the loop comes back.
    """
    stride = next(c for x, c in address_terms(node) if x is last) * node.dtype.itemsize
    sets = _SETS if stride % _LINE else _SETS // math.gcd(_SETS, stride // _LINE)
    return inside > _WAYS * sets


def emit_tiles(
    body: Body, indices: Sequence[Expr], tiles: Tiles, write: Callable[[Operand], None]
) -> None:
    """Emits the loops over tiles, and over what is left of either axis.

    Args:
        body: the body of the nest.
        indices: the indices that no loop goes over yet.
        tiles: how to cut it.
        write: emits the work on a vector along the last index.
    """
    *others, last = indices
    outside = [index for index in others if index is not tiles.across]
    with body.loops(outside), body.all_of(tiles.across):
        _Cut(body, tiles, last, write).emit()


class _Cut:
    """The loops over the two axes of the tiles."""

    def __init__(
        self, body: Body, tiles: Tiles, last: Expr, write: Callable[[Operand], None]
    ) -> None:
        self.body, self.c = body, body.c
        self.tiles, self.last, self.write = tiles, last, write
        self.whole = last.payload // tiles.lanes * tiles.lanes
        part = body.frame.part
        self.start: Operand = 0
        self.count: Operand = tiles.across.payload
        if part is not None and part.along is tiles.across:
            self.start = part.start
            self.count = self.c.fn.emit(f"sub nsw i64 {part.stop}, {part.start}")

    def emit(self) -> None:
        """Emits wide tiles, then narrow ones, then the rows that are left."""
        first, left = self.start, self.count
        for rows in dict.fromkeys((self.tiles.rows, self.tiles.lanes)):
            if isinstance(left, int):
                blocks: Operand = left // rows
            elif rows == self.tiles.rows:
                blocks = self.c.fn.emit(f"sdiv i64 {left}, {rows}")
            else:
                break  # ranges are multiples of the wide ones
            if blocks != 0:
                self._columns(first, blocks, rows)
                done = times(self.c, blocks, rows)
                first, left = plus(self.c, first, done), plus(self.c, left, times(self.c, done, -1))
        if left != 0:
            with self._rows(first, left):
                self.body.across(self.last.payload, self.last, self.tiles.lanes, self.write)

    def _columns(self, first: Operand, blocks: Operand, rows: int) -> None:
        """Emits tiles of some rows, then the columns that are left."""
        lanes, part = self.tiles.lanes, self.body.part_of(self.last)
        if part is None:
            length = max(_BLOCK, -(-self.whole // _MOST_BLOCKS // _BLOCK) * _BLOCK)
            for column in range(0, self.whole, length):
                count = min(length, self.whole - column) // lanes
                self._stretch(first, blocks, rows, column, count)
        else:
            limits: list[tuple[str, Operand]] = [("i64", part.stop), ("i64", self.whole)]
            stop = self.c.pure_call("i64", "llvm.smin.i64", limits)
            length = self.c.fn.emit(f"sub nsw i64 {stop}, {part.start}")
            vectors = self.c.fn.emit(f"sdiv i64 {length}, {lanes}")
            self._stretch(first, blocks, rows, part.start, vectors)
        rest = self.last.payload - self.whole
        if rest:
            only = Lanes.first(rest, lanes)
            with (
                self.body.when_inside(part, self.whole),
                self._rows(first, times(self.c, blocks, rows)),
                self.body.vector(only, self.last, self.whole),
            ):
                self.write(self.whole)

    @contextmanager
    def _rows(self, first: Operand, count: Operand) -> Iterator[None]:
        with self.body.loop(count) as loop, self.body.scope():
            self.body.bind(self.tiles.across, (str(plus(self.c, loop.index, first)),))
            yield

    def _stretch(
        self, first: Operand, blocks: Operand, rows: int, column: Operand, vectors: Operand
    ) -> None:
        lanes = self.tiles.lanes
        with self.body.loop(blocks) as block:
            row = plus(self.c, times(self.c, block.index, rows), first)
            with self.body.loop(vectors) as loop:
                base = plus(self.c, times(self.c, loop.index, lanes), column)
                # What does not depend on the row is computed for the first one.
                with self.body.vector(Lanes(lanes), self.last, base):
                    for start in range(0, rows, lanes):
                        place = plus(self.c, row, start)
                        _emit_tile(self.body, self.tiles, place, base, self.write)


def _emit_tile(
    body: Body, tiles: Tiles, row: Operand, base: Operand, write: Callable[[Operand], None]
) -> None:
    c, lanes = body.c, tiles.lanes
    vectors: list[list[str]] = []
    with body.scope():
        body.bind(tiles.across, (str(row),))
        for node in tiles.loads:
            ty = layout(node.dtype).memory
            start = c.fn.gep(ty, body.address(node.payload.value), body.offset(node))
            stride = next(n for x, n in address_terms(node) if x is tiles.last)
            vectors.append(load_tile(c, ty, start, stride, lanes))
    for k in range(lanes):
        with body.scope():
            body.bind(tiles.across, (str(plus(c, row, k)),))
            for node, found in zip(tiles.loads, vectors, strict=True):
                body.bind(node, (found[k],), varies=True)
            write(base)
