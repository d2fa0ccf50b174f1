"""Two loops for one, where a bool that does not change in it spares much of the work.

y[i] = flag & (x[i] % p == 0)     ──▶     if flag: y[i] = x[i] % p == 0    else: y[i] = false
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.shortcuts import nodes_needed
from minijax.compiler.fuse.cost import node_weight
from minijax.compiler.fuse.walk import postorder
from minijax.core.dtypes import bool_
from minijax.kernel.expr import Expr

_WORTH = 8.0
_MOST_NODES = 120
_FEW_ELEMENTS = 64


def with_choice(
    body: Body,
    roots: Sequence[Expr],
    indices: Sequence[Expr],
    write: Callable[[Sequence[Expr]], None],
) -> None:
    """Calls `write`, which emits loops over indices: twice if a choice can stand around them.

    Args:
        body: emits them.
        roots: the expressions that are computed.
        indices: what the loops go over.
        write: emits the loops, with what is bound at the time; takes the nodes that count.
    """
    nodes = postorder(roots)
    flag = _find_flag(roots, nodes, indices)
    if flag is None:
        write(nodes)
        return
    # What both loops need of the surroundings is emitted in front of them.
    with body.scope():
        (holds,) = body.emit(flag)
        with body.c.fn.if_else(holds, []) as choice:
            for branch, value in ((choice.then, True), (choice.otherwise, False)):
                with branch(), body.scope():
                    body.bind(flag, ("true" if value else "false",))
                    write(nodes_needed(roots, {id(flag): value}))


def _find_flag(
    roots: Sequence[Expr], nodes: Sequence[Expr], indices: Sequence[Expr]
) -> Expr | None:
    """Returns the bool that spares most if it is known, None if none is worth a second loop."""
    length = 1
    for index in indices:
        length *= index.payload
    if length < _FEW_ELEMENTS or len(nodes) > _MOST_NODES:
        return None
    fixed = _fixed(nodes, indices)
    flags = {
        id(x): x
        for node in nodes
        if node.op in ("and", "or", "select") and id(node) not in fixed
        for x in (node.operands[:1] if node.op == "select" else node.operands)
        if x.dtype == bool_ and id(x) in fixed and not x.is_constant
    }
    total = _weight(nodes, fixed)
    best, most = None, _WORTH
    for flag in flags.values():
        left = min(
            _weight(nodes_needed(roots, {id(flag): value}), fixed) for value in (True, False)
        )
        if total - left >= most:
            best, most = flag, total - left
    return best


def _fixed(nodes: Sequence[Expr], indices: Sequence[Expr]) -> set[int]:
    """Ids of what does not depend on the indices."""
    moving = set(map(id, indices))
    fixed: set[int] = set()
    for node in nodes:
        is_own = id(node) not in moving and node.op not in ("lane_index", "lanes", "var")
        if is_own and all(id(x) in fixed for x in node.operands):
            fixed.add(id(node))
    return fixed


def _weight(nodes: Sequence[Expr], fixed: set[int]) -> float:
    return sum(node_weight(node) for node in nodes if id(node) not in fixed)
