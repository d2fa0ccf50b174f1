"""Which operands of a loop are split into registers, by what its body does with them.

An element at a place that is computed is one of the parts, chosen by comparing; for more than a few
parts a load is cheaper. So a table that a loop looks up stays in memory, and so does a longer array
that it updates here and there.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.fuse.parts import MOST_SOUGHT, Layout, layout_of
from minijax.compiler.fuse.walk import expressions, is_tape, postorder
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Element, Program, Scan, Scatter, Value, While


def layouts_of(values: Sequence[Value]) -> list[Layout | None]:
    """Returns how values are split: None for numbers, tapes and what is not small."""
    return [None if is_tape(v) or v.ndim == 0 else layout_of(v.shape) for v in values]


def sought_in(program: Program) -> set[Value]:
    """Returns the arrays of which a program reads or writes elements at computed places."""
    found: set[Value] = set()
    fixed: set[Value] = {value for value, _ in program.literals}

    def is_computed(place: Sequence[Expr]) -> bool:
        return any(n.op == "read" and n.payload not in fixed for n in postorder(place))

    for definition in program.definitions:
        reads = [n for n in postorder(expressions(definition)) if n.op == "read"]
        found |= {n.payload for n in reads if is_computed(n.operands)}
        if isinstance(definition, Scatter) and is_computed(definition.place):
            found.add(definition.operand)
        if isinstance(definition, Element) and not is_computed(definition.bodies):
            fixed.update(definition.outs)
    return found


def constant_layouts(values: Sequence[Value], program: Program) -> list[Layout | None]:
    """Returns layouts of a loop's constants; a table that is looked up stays in memory."""
    sought = sought_in(program)
    pairs = zip(layouts_of(values), program.inputs, strict=False)
    return [None if inside in sought else layout for layout, inside in pairs]


def carry_layouts(loop: Scan | While) -> list[Layout | None]:
    """Returns layouts of what a loop carries; a longer array that is looked up stays in memory."""
    sought = sought_in(loop.body)
    before = len(loop.consts) if isinstance(loop, Scan) else len(loop.body_consts)
    pairs = zip(layouts_of(loop.init), loop.body.inputs[before:], strict=False)
    return [
        None if layout and inside in sought and layout.count > MOST_SOUGHT else layout
        for layout, inside in pairs
    ]
