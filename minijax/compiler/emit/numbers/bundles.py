"""Elementary functions of numbers, several in one call.

    a = exp(x); b = exp(y); c = exp(z)      ──▶      a, b, c, _ = exp(<x, y, z, z>)

A call on a vector takes as long as one on a number, and what lives across calls is kept on the
stack. So in straight code calls of one function that do not wait for each other become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.numbers import scalar
from minijax.compiler.emit.numbers.real import LIBRARY
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.engine import host
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.vector_math.library import FUNCTIONS
from minijax.core import dtypes
from minijax.kernel.expr import Expr

_DTYPES = (dtypes.float64, dtypes.float32)


def emit_bundles(body: Body, exprs: Sequence[Expr]) -> None:
    """Emits calls in expressions of numbers that can be joined, with what they need."""
    for bundle in _bundles(exprs):
        dtype = bundle[0].dtype
        most = host().vector_bytes // dtype.itemsize
        for start in range(0, len(bundle), most):
            nodes = bundle[start : start + most]
            if len(nodes) > 1:
                _emit_bundle(body, nodes)


def _bundles(exprs: Sequence[Expr]) -> Iterator[list[Expr]]:
    """Yields calls of one function that do not depend on each other, after what they depend on."""
    depths: dict[int, int] = {}
    found: dict[tuple[int, str], list[Expr]] = {}
    for node in postorder(exprs):
        depth = max((depths[id(x)] for x in node.operands), default=0)
        if node.op in LIBRARY and node.op in FUNCTIONS and node.dtype in _DTYPES:
            found.setdefault((depth, f"{node.op} {node.dtype}"), []).append(node)
            depth += 1
        depths[id(node)] = depth
    for key in sorted(found):
        if len(found[key]) > 1:
            yield found[key]


def _emit_bundle(body: Body, nodes: Sequence[Expr]) -> None:
    c = body.c
    lanes = 1 << (len(nodes) - 1).bit_length()
    ty = layout(nodes[0].dtype).register
    columns = zip(*([body.emit(x)[0] for x in node.operands] for node in nodes), strict=True)
    with c.on(lanes):
        operands = []
        for column in columns:
            vector = "poison"
            for lane in range(lanes):
                x = column[min(lane, len(nodes) - 1)]
                vector = c.fn.emit(f"insertelement {c.type(ty)} {vector}, {ty} {x}, i64 {lane}")
            operands.append((vector,))
        (result,) = scalar.apply(c, nodes[0], operands)
        wide = c.type(ty)
    for lane, node in enumerate(nodes):
        body.bind(node, (c.fn.emit(f"extractelement {wide} {result}, i64 {lane}"),))
