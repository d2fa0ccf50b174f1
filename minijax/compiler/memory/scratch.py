"""The working memory that a step needs for itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minijax.compiler.fuse import ordering
from minijax.compiler.fuse.matrices import operand_layouts
from minijax.kernel.roots import Definition, Dot, Native, Scan, Sort, Value, While


def step_scratch(definition: Definition, carries: Sequence[str]) -> list[int]:
    """Returns the sizes in bytes of a step's working memories.

    `ordering` knows those of a sort; a product has a packed copy of
    each operand that BLAS cannot read, a native call what it asks for, a loop a second memory for
    each carry that is doubled.
    """
    match definition:
        case Sort():
            return ordering.scratch(definition)
        case Dot():
            layouts = operand_layouts(definition)
            sides = (definition.lhs, definition.rhs)
            return [0 if m is not None else _size(x) for m, x in zip(layouts, sides, strict=True)]
        case Native():
            return [*definition.work]
        case Scan():
            kept = zip(carries, definition.init, strict=True)
            return [_size(x) if way == "double" else 0 for way, x in kept]
        case While():
            kept = zip(carries, definition.init, strict=True)
            return [_size(x) if way == "double" else 0 for way, x in kept]
        case _:
            return []


def _size(x: Value) -> int:
    return math.prod(x.shape) * x.dtype.itemsize
