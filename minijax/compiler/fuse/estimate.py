"""How long a program takes, roughly: the sum of the work of its steps, in additions."""

from __future__ import annotations

import math

from minijax.compiler.fuse.cost import node_weight
from minijax.compiler.fuse.rewrite import dot_sizes
from minijax.compiler.fuse.step import Fused, Step
from minijax.compiler.fuse.walk import expressions, index_space, postorder
from minijax.kernel.roots import Branch, Dot, HostCall, Native, Scan, Sort, While

_UNKNOWN_LENGTH = 1000.0
_HOST_CALL = 1e5


def estimate(fused: Fused) -> float:
    """Returns the work of a program; loops of unknown length count as of a thousand steps."""
    return sum(map(step_work, fused.steps))


def step_work(step: Step) -> float:
    """Returns the work of one step."""
    definition = step.definition
    match definition:
        case Dot():
            size = math.prod(definition.out.shape)
            return size * dot_sizes(definition)[2] / 4
        case Native():
            return definition.work_estimate / (1 if definition.products is None else 4)
        case Sort():
            return sum(20.0 * x.size for x in definition.operands)
        case HostCall():
            return _HOST_CALL
        case Branch():
            return max(map(estimate, step.inner), default=0.0)
        case While():
            return _UNKNOWN_LENGTH * sum(map(estimate, step.inner))
        case Scan():
            known = isinstance(definition.length, int)
            length = float(definition.length) if known else _UNKNOWN_LENGTH  # type: ignore[arg-type]
            return length * (1 + sum(map(estimate, step.inner)))
        case _:
            space = math.prod(i.payload for i in index_space(definition) if i.op == "index")
            return space * (1 + sum(map(node_weight, postorder(expressions(definition)))))
