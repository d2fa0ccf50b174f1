"""What need not be computed where a bool is known: one side of a choice, the rest of a chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minijax.compiler.emit.types import Scalar
from minijax.core.dtypes import bool_
from minijax.kernel.expr import Expr

_DECIDES = {"and": "false", "or": "true"}
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
