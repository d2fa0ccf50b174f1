"""The order of definitions: a scatter waits until its result is wanted.

    b = scatter(a, …)                       x = a[i]
    x = a[i]                 ──▶            b = scatter(a, …)
    c = b + x                               c = b + x

Whatever reads the operand in the meantime then reads it before the scatter, which can overwrite it.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.fuse.walk import expressions, memory_operands, postorder
from minijax.kernel.roots import Definition, Scatter, Value


def delay_scatters(definitions: Sequence[Definition]) -> list[Definition]:
    """Returns the definitions with each scatter in front of the first that uses its result."""
    order = list(definitions)
    if not any(isinstance(definition, Scatter) for definition in order):
        return order
    uses = {definition: _uses(definition) for definition in order}
    # From the last to the first: what a scatter waits for is where it will stay.
    for position in range(len(order) - 1, -1, -1):
        scatter = order[position]
        if not isinstance(scatter, Scatter):
            continue
        stop = position + 1
        while stop < len(order) and scatter.out not in uses[order[stop]]:
            stop += 1
        order.insert(stop, scatter)
        del order[position]
    return order


def _uses(definition: Definition) -> set[Value]:
    nodes = postorder(expressions(definition))
    return {node.payload for node in nodes if node.op == "read"} | set(memory_operands(definition))
