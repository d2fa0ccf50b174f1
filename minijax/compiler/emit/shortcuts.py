"""What need not be computed where a bool is known: one side of a choice, the rest of a chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.fuse.walk import postorder
from minijax.core.dtypes import bool_
from minijax.kernel.expr import Expr

_DECIDES = {"and": "false", "or": "true"}
_TEXT: dict[bool | None, str] = {True: "true", False: "false"}
_OPPOSITE = {"true": "false", "false": "true"}


def needed(node: Expr, known: Callable[[Expr], str]) -> Sequence[Expr]:
    """Returns the operands that a node needs.

    Args:
        node: the node.
        known: returns what has been emitted for an expression, "" if nothing has.
    """
    match node.op:
        case "select":
            condition = known(node.operands[0])
            if condition in _OPPOSITE:
                return (node.operands[1 if condition == "true" else 2],)
        case "guarded":
            return () if known(node.operands[0]) == "false" else node.operands
        case "and" | "or" if node.dtype == bool_:
            decisive = [x for x in node.operands if known(x) == _DECIDES[node.op]]
            return decisive[:1] or node.operands
    return node.operands


def known_bool(op: str, operands: Sequence[Scalar]) -> Scalar | None:
    """Returns what a bool operation is where constants among its operands decide it."""
    if op == "not" and operands[0][0] in _OPPOSITE:
        return (_OPPOSITE[operands[0][0]],)
    if op not in _DECIDES:
        return None
    decides = _DECIDES[op]
    passes = _OPPOSITE[decides]
    others = [x for x in operands if x[0] != passes]
    if (decides,) in operands or not others:
        return (decides,) if others else (passes,)
    return others[0] if len(others) == 1 else None


def nodes_needed(roots: Sequence[Expr], known: Mapping[int, bool]) -> list[Expr]:
    """Returns the nodes below some roots that count where bools are known.

    Args:
        roots: the expressions that are computed.
        known: the bools, by the ids of their nodes.
    """
    found = dict(known)
    for node in postorder(roots):
        value = _value(node, found)
        if value is not None:
            found[id(node)] = value
    order: list[Expr] = []
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) in seen or id(node) in found:
            continue
        seen.add(id(node))
        order.append(node)
        stack.extend(needed(node, lambda x: _TEXT.get(found.get(id(x)), "")))
    return order


def _value(node: Expr, known: Mapping[int, bool]) -> bool | None:
    """What a bool is, where some are known."""
    if id(node) in known or node.dtype != bool_:
        return known.get(id(node))
    found = [known.get(id(x)) for x in node.operands]
    match node.op:
        case "and":
            return False if False in found else True if found == [True, True] else None
        case "or":
            return True if True in found else False if found == [False, False] else None
        case "not":
            return None if found[0] is None else not found[0]
    return None
