"""Parts of an axis in which conditions on the index do not change.

    y[i] = i < n ? a[i] : b[i - n]     ──▶     for i < n: y[i] = a[i]    for i ≥ n: y[i] = b[i - n]

Each part has a loop of its own, without the condition. That is so for the innermost axis if the
code stays short, and for the others if it hardly grows, because each part needs something else:
arrays that are stacked, for example.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.shortcuts import nodes_needed
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr

_MOST_BREAKS = 4
_MOST_OUTER_BREAKS = 16
_MOST_NODES = 120
_MOST_NODES_OF_MANY = 400
_MANY = 10_000
_GROWTH = 1.5
_VECTORS = 4
_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
}
Conditions = Sequence[tuple[Expr, int, int]]


class _Segment(NamedTuple):
    start: int
    stop: int
    known: Sequence[tuple[Expr, bool]]
    nodes: Sequence[Expr]


def over_segments(
    body: Body,
    indices: Sequence[Expr],
    lanes: int,
    nodes: Sequence[Expr],
    roots: Sequence[Expr],
    write: Callable[[Operand], None],
) -> None:
    """Emits a nest of loops, the innermost by vectors, part by part.

    Args:
        body: where the loops are emitted.
        indices: what they go over.
        lanes: the length of a vector.
        nodes: all that is computed for an element.
        roots: the elements.
        write: emits them; see `Body.across`.
    """
    rows = math.prod(index.payload for index in indices[:-1])
    _over(body, indices, rows, lanes, nodes, roots, write)


def _over(
    body: Body,
    indices: Sequence[Expr],
    rows: int,
    lanes: int,
    nodes: Sequence[Expr],
    roots: Sequence[Expr],
    write: Callable[[Operand], None],
) -> None:
    index, *inner = indices
    if not inner:
        _across(body, index, rows, lanes, nodes, write)
        return
    for segment in _outer_segments(index, nodes, roots):
        with body.scope():
            _bind(body, segment.known)
            with body.loop(segment.stop - segment.start, index, first=segment.start):
                _over(body, inner, rows, lanes, segment.nodes, roots, write)


def _outer_segments(
    index: Expr, nodes: Sequence[Expr], roots: Sequence[Expr]
) -> Sequence[_Segment]:
    """Returns parts of an axis, with the conditions there and the nodes that count."""
    conditions = list(_conditions(nodes, index))
    breaks = _breaks(conditions, index)
    whole = [_Segment(0, index.payload, (), nodes)]
    if not breaks or len(breaks) >= _MOST_OUTER_BREAKS:
        return whole
    counted = set(map(id, nodes))
    found = []
    for start, stop in zip((0, *breaks), (*breaks, index.payload), strict=True):
        known = _known(conditions, index, start)
        left = nodes_needed(roots, {id(node): holds for node, holds in known})
        left = [node for node in left if id(node) in counted]
        found.append(_Segment(start, stop, known, left))
    grown = sum(len(segment.nodes) for segment in found) > _GROWTH * len(nodes)
    return whole if grown else found


def _across(
    body: Body,
    index: Expr,
    rows: int,
    lanes: int,
    nodes: Sequence[Expr],
    write: Callable[[Operand], None],
) -> None:
    conditions = list(_conditions(nodes, index))
    breaks = _breaks(conditions, index)
    parts = len(breaks) + 1
    is_long = index.payload >= _VECTORS * lanes
    most = _MOST_NODES_OF_MANY if rows * index.payload >= _MANY else _MOST_NODES
    if not breaks or parts > _MOST_BREAKS or parts * len(nodes) > most or not is_long:
        body.across(index.payload, index, lanes, write)
        return
    for start, stop in zip((0, *breaks), (*breaks, index.payload), strict=True):
        with body.scope():
            _bind(body, _known(conditions, index, start))
            body.across(stop - start, index, lanes, write, start)


def _breaks(conditions: Conditions, index: Expr) -> list[int]:
    return sorted({b for _, _, b in conditions if 0 < b < index.payload})


def _known(conditions: Conditions, index: Expr, at: int) -> list[tuple[Expr, bool]]:
    """Returns the conditions with what they are at a place."""
    return [
        (node, _HOLDS[node.op](at + _shift(node.operands[0], index), limit))
        for node, limit, _ in conditions
    ]


def _bind(body: Body, known: Sequence[tuple[Expr, bool]]) -> None:
    for node, holds in known:
        body.bind(node, ("true" if holds else "false",))


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
