"""When each memory of a program is used for the last time."""

from __future__ import annotations

from minijax.compiler.fuse.steps import Fused
from minijax.kernel.roots import Value, results


def last_uses(fused: Fused) -> dict[Value, int]:
    """Returns the last step that reads each memory; outputs are read after the last step.

    Steps that take a row at a time together read until the last of them is done.
    """
    ends = {step.group: position for position, step in enumerate(fused.steps)}
    last: dict[Value, int] = {}
    for position, step in enumerate(fused.steps):
        for value in step.loads:
            last[value] = position if step.group is None else ends[step.group]
    for value in fused.program.outputs:
        if value.ndim:
            last[fused.home(value)] = len(fused.steps)
    return last


def row_values(fused: Fused) -> dict[Value, int]:
    """Returns the values of which only one row exists at a time, with its number of elements.

    They are made and read by steps that take a row at a time together, and by no others.
    """
    kept = {fused.home(value) for value in fused.program.outputs if value.ndim}
    readers: dict[Value, set[int | None]] = {}
    for position, step in enumerate(fused.steps):
        for value in step.loads:
            group = position if step.group is None else -1 - step.group
            readers.setdefault(value, set()).add(group)
    found: dict[Value, int] = {}
    for step in fused.steps:
        if step.group is None or step.row is None:
            continue
        for value in results(step.definition):
            inside = readers.get(value, set()) <= {-1 - step.group}
            if inside and value not in kept and fused.home(value) is value:
                found[value] = value.size // step.row.payload
    return found
