"""Two loops for one, where a bool that does not change in it spares much of the work.

y[i] = flag & (x[i] % p == 0)     ──▶     if flag: y[i] = x[i] % p == 0    else: y[i] = false
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minijax.compiler.emit.body import Body
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
                    write(_needed(roots, flag, value))


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
        left = min(_weight(_needed(roots, flag, value), fixed) for value in (True, False))
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


def _needed(roots: Sequence[Expr], flag: Expr, value: bool) -> list[Expr]:
    """The nodes below the roots that count where a bool is known."""
    known: dict[int, bool] = {id(flag): value}
    for node in postorder(roots):
        found = _known(node, known)
        if found is not None:
            known[id(node)] = found
    order: list[Expr] = []
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) in seen or id(node) in known:
            continue
        seen.add(id(node))
        order.append(node)
        choice = known.get(id(node.operands[0])) if node.op == "select" else None
        stack.extend(node.operands if choice is None else [node.operands[1 if choice else 2]])
    return order


def _known(node: Expr, known: dict[int, bool]) -> bool | None:
    """What a bool is, where some are known."""
    found = [known.get(id(x)) for x in node.operands]
    if id(node) in known:
        return known[id(node)]
    if node.dtype != bool_:
        return None
    match node.op:
        case "and":
            return False if False in found else True if found == [True, True] else None
        case "or":
            return True if True in found else False if found == [False, False] else None
        case "not":
            return None if found[0] is None else not found[0]
    return None
