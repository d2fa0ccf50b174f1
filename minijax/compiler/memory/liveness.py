"""When each memory of a program is used for the last time."""

from __future__ import annotations

from minijax.compiler.fuse.steps import Fused
from minijax.kernel.roots import Value


def last_uses(fused: Fused) -> dict[Value, int]:
    """Returns the last step that reads each memory; outputs are read after the last step."""
    last: dict[Value, int] = {}
    for position, step in enumerate(fused.steps):
        for value in step.loads:
            last[value] = position
    for value in fused.program.outputs:
        if value.ndim:
            last[fused.home(value)] = len(fused.steps)
    return last
