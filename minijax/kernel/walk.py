"""Walking expressions and definitions without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from minijax.kernel.expr import Expr
from minijax.kernel.roots import Value


def postorder(roots: Iterable[Expr], known: Callable[[Expr], bool]) -> Iterator[Expr]:
    """Yields every expression under the roots once, operands before what is made of them.

    Args:
        roots: the expressions to start from.
        known: whether an expression (and so what is under it) is to be left out.
    """
    seen: set[Expr] = set()
    pending: list[tuple[Expr, bool]] = [(root, False) for root in reversed([*roots])]
    while pending:
        expr, is_ready = pending.pop()
        if is_ready:
            yield expr
        elif expr not in seen and not known(expr):
            seen.add(expr)
            pending.append((expr, True))
            pending.extend((x, False) for x in reversed(expr.operands))


def fields_of(definition: Any, kind: type) -> list[Any]:
    """Returns the parts of a definition that are of a kind, in the order of its fields.

    Args:
        definition: an element or root.
        kind: `Expr`, `Value` or `Program`; tuples of them are taken apart.
    """
    found: list[Any] = []
    for name in definition.__match_args__:
        part = getattr(definition, name)
        items = part if isinstance(part, tuple) else (part,)
        found.extend(item for item in items if isinstance(item, kind))
    return found


def operands_of(definition: Any, outs: tuple[Value, ...]) -> list[Value]:
    """Returns the values that a definition uses: named ones first, then those its elements read."""
    named = [value for value in fields_of(definition, Value) if value not in outs]
    exprs = postorder(fields_of(definition, Expr), lambda expr: False)
    read = [expr.payload for expr in exprs if expr.op == "read"]
    return list(dict.fromkeys(named + read))
