"""Walking expressions and definitions without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minijax.compiler.fuse.sweep import Sweep
from minijax.kernel.expr import Expr
from minijax.kernel.roots import (
    Branch,
    Cumulate,
    Definition,
    Dot,
    Element,
    HostCall,
    Native,
    Program,
    Reduce,
    Scan,
    Scatter,
    Sort,
    TapeAval,
    Unrolled,
    Value,
    While,
    numbers_places,
)


def postorder(roots: Iterable[Expr], seen: set[int] | None = None) -> list[Expr]:
    """Returns every node below the roots once, operands before what uses them.

    Args:
        roots: the expressions to start from.
        seen: ids of nodes to leave out, with what is below them; receives those returned.
    """
    order: list[Expr] = []
    known: set[int] = set() if seen is None else seen
    stack: list[Expr | None] = [*roots]
    stack.reverse()
    while stack:
        node = stack.pop()
        if node is None:
            # The mark says that everything below the node under it is in order.
            done = stack.pop()
            assert done is not None, "a mark stands above its node"
            order.append(done)
        elif id(node) not in known:
            known.add(id(node))
            if node.operands:
                stack += (node, None)
                stack.extend(node.operands[::-1])
            else:
                order.append(node)
    return order


def expressions(definition: Definition) -> tuple[Expr, ...]:
    """Returns the expressions of a definition that speak of its own index space."""
    match definition:
        case Element() | Unrolled():
            return definition.bodies
        case Sweep():
            return (*definition.elements, *definition.places, *definition.bodies)
        case Reduce() | Cumulate():
            return definition.elements
        case Scatter():
            return (*definition.place, definition.in_bounds, definition.update)
        case _:
            return ()


def index_space(definition: Definition) -> tuple[Expr, ...]:
    """Returns the indices that `expressions` range over."""
    match definition:
        case Element() | Unrolled() | Cumulate() | Scatter():
            return definition.indices
        case Reduce():
            return (*definition.outer, *definition.inner)
        case _:
            return ()


def memory_operands(definition: Definition) -> Sequence[Value]:
    """Returns the values that a definition takes whole."""
    match definition:
        case Scatter():
            return (definition.operand,)
        case Sort():
            return [x for x in definition.operands if not numbers_places(x, definition.axis)]
        case Native() | HostCall():
            return definition.operands
        case Dot():
            return definition.lhs, definition.rhs
        case Branch():
            return (definition.index, *definition.operands)
        case While():
            return (*definition.cond_consts, *definition.body_consts, *definition.init)
        case Scan():
            length = () if isinstance(definition.length, int) else (definition.length,)
            return (*definition.consts, *definition.init, *definition.xs, *length)
        case _:
            return ()


def is_tape(value: Value) -> bool:
    """Tells whether a value is a tape: memory that grows with a loop."""
    return type(value.aval) is TapeAval


def is_array(value: Value) -> bool:
    """Tells whether a value has memory of known size: it is neither a scalar nor a tape."""
    return not is_tape(value) and value.ndim > 0


def nested(definition: Definition) -> tuple[Program, ...]:
    """Returns the programs inside a definition."""
    match definition:
        case Branch():
            return definition.programs
        case While():
            return definition.cond, definition.body
        case Scan():
            return (definition.body,)
        case _:
            return ()
