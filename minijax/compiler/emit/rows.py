"""Steps that share their rows: one loop, in which each does its part of a row."""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.elements import emit_element_in
from minijax.compiler.emit.folds.reduce import emit_reduce_in
from minijax.compiler.emit.frame import Frame
from minijax.compiler.fuse.steps import Step
from minijax.kernel.roots import Element, Reduce


def emit_rows(frame: Frame, steps: Sequence[Step]) -> None:
    """Emits the loop over the rows that some steps share."""
    row = steps[0].row
    assert row is not None, "a group has rows"
    with frame.c.fn.loop(*frame.span(row.payload)) as loop:
        for step in steps:
            assert step.row is not None, "a group has rows"
            body = Body(frame)
            with body.within(loop, step.row):
                match step.definition:
                    case Element() as element:
                        emit_element_in(body, element)
                    case Reduce() as reduce:
                        emit_reduce_in(body, reduce)
