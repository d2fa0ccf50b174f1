"""Straight code for each index of an axis: small matrices, one in each lane.

What the code reads of an operand are runs of neighbours, a constant stride apart from matrix to
matrix: they come through `tiles`, and so do the results go.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.emit import tiles
from minijax.compiler.emit.body import Body
from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.numbers.types import NARROW, layout
from minijax.compiler.engine import host
from minijax.compiler.fuse.affine import address_terms
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Operand
from minijax.core import dtypes
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Unrolled, Value


def emit_unrolled(frame: Frame, unrolled: Unrolled) -> None:
    """Emits the loop over the leading axes."""
    if any(out.size == 0 for out in unrolled.outs):
        return
    body = Body(frame)
    indices = [i for i in unrolled.indices if i.op == "index"]
    if not indices:
        _emit_one(body, unrolled)
        return
    *others, last = indices
    assert not others, "leading axes are joined"
    widest = max(out.dtype.itemsize for out in unrolled.outs)
    lanes = min(host().vector_bytes // widest, 1 << (last.payload.bit_length() - 1))
    if lanes == 1:
        with body.loop(last.payload, last) as loop:
            _emit_one(body, unrolled, loop.index)
        return

    def write(base: Operand) -> None:
        _load_tiles(body, unrolled.bodies, last, base)
        vectors = [body.whole(x) for x in unrolled.bodies]
        for out in unrolled.outs:
            count = unrolled.places(out)
            _store_tiles(body, out, [x[0] for x in vectors[:count]], base)
            del vectors[:count]

    body.overlapping(last.payload, last, lanes, write)


def _emit_one(body: Body, unrolled: Unrolled, number: str = "0") -> None:
    results = [body.emit(x) for x in unrolled.bodies]
    for out in unrolled.outs:
        count = unrolled.places(out)
        start: Operand = 0 if number == "0" else body.c.fn.emit(f"mul nsw i64 {number}, {count}")
        for k, x in enumerate(results[:count]):
            offset = k if start == 0 else body.c.fn.emit(f"add nsw i64 {start}, {k}")
            body.store(out, x, offset)
        del results[:count]


def _load_tiles(body: Body, roots: Sequence[Expr], index: Expr, base: Operand) -> None:
    """Loads what is read at constant places of rows that follow the index."""
    groups: dict[tuple[Value, int], dict[int, Expr]] = {}
    for node in postorder(roots):
        if node.op == "load" and _is_plain(node):
            terms = address_terms(node)
            if len(terms) == 1 and terms[0][0] is index and terms[0][1] > 1:
                group = groups.setdefault((node.payload.value, terms[0][1]), {})
                group[node.payload.const] = node
    for (value, stride), nodes in groups.items():
        _load_group(body, value, stride, nodes, base)


def _is_plain(node: Expr) -> bool:
    return layout(node.dtype).parts == 1 and node.dtype not in (*NARROW, dtypes.bool_)


def _load_group(
    body: Body, value: Value, stride: int, nodes: dict[int, Expr], base: Operand
) -> None:
    c, ty = body.c, layout(value.dtype).memory
    rows = tiles.place(c, ty, body.address(value), base, stride)
    at, end = min(nodes), max(nodes) + 1
    while at < end:
        if at not in nodes:
            at += 1
            continue
        width = min(1 << ((end - at).bit_length() - 1), c.lanes)
        vectors = tiles.load_tile(c, ty, c.fn.gep(ty, rows, at), stride, width)
        for k, vector in enumerate(vectors):
            if at + k in nodes:
                body.bind(nodes[at + k], (vector,), varies=True)
        at += width


def _store_tiles(body: Body, out: Value, values: Sequence[str], base: Operand) -> None:
    c, ty = body.c, layout(out.dtype).memory
    vectors = [str(c.operand(ty, x)) for x in values]
    rows = tiles.place(c, ty, body.address(out), base, len(values))
    at = 0
    for width in tiles.widths(len(values), c.lanes):
        tile = vectors[at : at + width]
        tiles.store_tile(c, ty, tile, c.fn.gep(ty, rows, at), len(values))
        at += width
