"""Elements: one nest of loops that computes and stores; rank 0 is straight code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.lanes import Lanes, lanes_for
from minijax.compiler.emit.numbers.bundles import emit_bundles
from minijax.compiler.emit.numbers.pairs import pair_order
from minijax.compiler.emit.numbers.types import registers
from minijax.compiler.emit.segments import over_segments
from minijax.compiler.emit.transposed import emit_tiles, find_tiles
from minijax.compiler.emit.unswitched import with_choice
from minijax.compiler.fuse.parts import lanes_of
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Element


def emit_element(frame: Frame, element: Element) -> None:
    """Emits the loops of elements that share an index space."""
    body = Body(frame)
    if element.outs[0].ndim == 0:
        _emit_registers(body, element)
        return
    if 0 not in element.outs[0].shape:
        emit_element_in(body, element)


def _emit_registers(body: Body, element: Element) -> None:
    """Emits numbers, and vectors that live in registers."""
    pairs = zip(element.outs, element.bodies, strict=True)
    for lanes, group in groupby(pairs, lambda pair: lanes_of(pair[0])):
        values, exprs = zip(*group, strict=True)
        if lanes == 1:
            emit_bundles(body, exprs)
            for value, expr in zip(values, exprs, strict=True):
                body.frame.scalars[value] = body.emit(expr)
            continue
        index = next((n for n in postorder(exprs) if n.op == "lane_index"), None)
        with body.vector(Lanes(lanes), index, 0):
            for value, expr in zip(values, exprs, strict=True):
                parts = zip(registers(expr.dtype), body.whole(expr), strict=True)
                body.frame.scalars[value] = tuple(body.c.vector(*part) for part in parts)


def emit_element_in(body: Body, element: Element) -> None:
    """Emits the loops that are not there yet."""

    def write(_: Operand = 0) -> None:
        # All loads come before the first store: a result may overwrite an operand.
        results = [body.whole(expr) for expr in element.bodies]
        for value, result in zip(element.outs, results, strict=True):
            body.store(value, result, body.place(value, element.indices))

    indices = body.free(element.indices)
    if not indices:
        write()
        return

    def emit_loops(nodes: Sequence[Expr]) -> None:
        _emit_loops(body, element, indices, nodes, write)

    with_choice(body, element.bodies, indices, emit_loops)


def _emit_loops(
    body: Body,
    element: Element,
    indices: Sequence[Expr],
    nodes: Sequence[Expr],
    write: Callable[[Operand], None],
) -> None:
    last = indices[-1]
    lanes = lanes_for(nodes, last.payload, [x.dtype for x in element.outs])
    tiles = find_tiles(nodes, indices, lanes)
    if tiles is not None:
        emit_tiles(body, indices, tiles, write)
        return
    body.c.pair_order = pair_order(nodes, last, [x.dtype for x in element.outs], lanes)
    over_segments(body, indices, lanes, nodes, element.bodies, write)
    body.c.pair_order = None
