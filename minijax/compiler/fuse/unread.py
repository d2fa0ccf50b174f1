"""Stores that nobody reads: where all readers of an element have joined its own loop.

for i: a[i] = exp(x[i]); b[i] = a[i] + 1; c[i] = a[i] * 2     ──▶     a is never stored
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from minijax.compiler.fuse.sweep import Sweep
from minijax.core.records import replace
from minijax.kernel.roots import Element, Sort, Value

if TYPE_CHECKING:
    from minijax.compiler.fuse.step import Step


def drop_unread(steps: Sequence[Step], outputs: Container[Value]) -> None:
    """Leaves out of every loop and sort the elements that no step loads.

    Args:
        steps: the steps of a program; definitions are replaced.
        outputs: the memories that are read after the last step.
    """
    loaded = {value for step in steps for value in step.loads}
    for step in steps:
        match step.definition:
            case Element() as element if element.outs[0].ndim:
                kept = [k for k, v in enumerate(element.outs) if v in loaded or v in outputs]
                if 0 < len(kept) < len(element.outs):
                    step.definition = replace(
                        element,
                        outs=tuple(element.outs[k] for k in kept),
                        bodies=tuple(element.bodies[k] for k in kept),
                    )
            case Sort() as sort:
                read = [v in loaded or v in outputs for v in sort.outs]
                unread = tuple(k for k, is_read in enumerate(read) if not is_read)
                step.definition = replace(sort, unread=unread)
            case Sweep() as sweep:
                kept = [k for k, v in enumerate(sweep.stored) if v in loaded or v in outputs]
                step.definition = replace(
                    sweep,
                    outs=(*sweep.folds, *(sweep.stored[k] for k in kept)),
                    places=tuple(sweep.places[k] for k in kept),
                    bodies=tuple(sweep.bodies[k] for k in kept),
                )
