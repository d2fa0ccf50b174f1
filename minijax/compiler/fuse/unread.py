"""Stores that nobody reads: where all readers of an element have joined its own loop.

for i: a[i] = exp(x[i]); b[i] = a[i] + 1; c[i] = a[i] * 2     ──▶     a is never stored
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from minijax.core.records import replace
from minijax.kernel.roots import Element, Value

if TYPE_CHECKING:
    from minijax.compiler.fuse.steps import Step


def drop_unread(steps: Sequence[Step], outputs: Container[Value]) -> None:
    """Leaves out of every loop the elements that no step loads.

    Args:
        steps: the steps of a program; definitions are replaced.
        outputs: the memories that are read after the last step.
    """
    loaded = {value for step in steps for value in step.loads}
    for step in steps:
        element = step.definition
        if not isinstance(element, Element) or not element.outs[0].ndim:
            continue
        kept = [k for k, v in enumerate(element.outs) if v in loaded or v in outputs]
        if 0 < len(kept) < len(element.outs):
            step.definition = replace(
                element,
                outs=tuple(element.outs[k] for k in kept),
                bodies=tuple(element.bodies[k] for k in kept),
            )
