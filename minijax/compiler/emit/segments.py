"""Parts of an axis in which conditions on the index do not change.

    y[i] = i < n ? a[i] : b[i - n]     ──▶     for i < n: y[i] = a[i]    for i ≥ n: y[i] = b[i - n]

Each part has a loop of its own, without the condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from minijax.compiler.emit.body import Body
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr

_MOST_BREAKS = 4
_MOST_NODES = 120
_MOST_NODES_OF_MANY = 400
_MANY = 10_000
_VECTORS = 4
_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
}


def across_segments(
    body: Body,
    index: Expr,
    rows: int,
    lanes: int,
    nodes: Sequence[Expr],
    write: Callable[[Operand], None],
) -> None:
    """Goes over an axis by vectors, part by part; see `Body.across`.

    Args:
        body: where the loops are emitted.
        index: the index of the axis.
        rows: how often the axis is gone over; code for many elements may be longer.
        lanes: the length of a vector.
        nodes: all that is computed for an element.
        write: emits the element.
    """
    conditions = list(_conditions(nodes, index))
    breaks = sorted({b for _, _, b in conditions if 0 < b < index.payload})
    parts = len(breaks) + 1
    is_long = index.payload >= _VECTORS * lanes
    most = _MOST_NODES_OF_MANY if rows * index.payload >= _MANY else _MOST_NODES
    if not breaks or parts > _MOST_BREAKS or parts * len(nodes) > most or not is_long:
        body.across(index.payload, index, lanes, write)
        return
    for start, stop in zip((0, *breaks), (*breaks, index.payload), strict=True):
        with body.scope():
            for node, limit, _ in conditions:
                holds = _HOLDS[node.op](start + _shift(node.operands[0], index), limit)
                body.bind(node, ("true" if holds else "false",))
            body.across(stop - start, index, lanes, write, start)


def _conditions(nodes: Sequence[Expr], index: Expr) -> Iterator[tuple[Expr, int, int]]:
    """Yields comparisons of the index with constants: the limit, and where they change."""
    for node in nodes:
        if node.op not in _HOLDS or not node.operands[1].is_constant:
            continue
        x, limit = node.operands
        if x is not index and not _is_shifted(x, index):
            continue
        at = int(limit.payload)
        yield node, at, at - _shift(x, index) + (node.op in ("le", "gt"))


def _is_shifted(x: Expr, index: Expr) -> bool:
    return x.op in ("add", "sub") and x.operands[0] is index and x.operands[1].is_constant


def _shift(x: Expr, index: Expr) -> int:
    if x is index:
        return 0
    by = int(x.operands[1].payload)
    return by if x.op == "add" else -by
