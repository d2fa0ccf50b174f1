"""What a program computes and moves, counted on its steps.

An estimate: an expression is counted once for each place of the loop nest it stands in, memory once
for each step that reads or writes it. Loops of unknown length count as one round; of a branch the
most costly side counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from minijax.compiler.fuse.cost import is_function
from minijax.compiler.fuse.rewrite import dot_sizes
from minijax.compiler.fuse.steps import Fused, Step
from minijax.compiler.fuse.walk import (
    expressions,
    index_space,
    is_array,
    memory_operands,
    postorder,
)
from minijax.core.dtypes import is_complex, is_float
from minijax.core.records import record
from minijax.kernel.expr import Expr
from minijax.kernel.roots import (
    Branch,
    Cumulate,
    Dot,
    Native,
    Reduce,
    Scan,
    Scatter,
    Value,
    results,
)

_ARITHMETIC = {"add": 1, "sub": 1, "mul": 1, "div": 1, "fma": 2, "max": 1, "min": 1, "abs": 1}
_ARITHMETIC |= {"neg": 1, "sqrt": 1, "rsqrt": 2, "rem": 1, "floor": 1, "ceil": 1, "round": 1}
_OF_COMPLEX = {"add": 2, "sub": 2, "mul": 6, "div": 11, "neg": 2, "abs": 4, "fma": 8}


@record(eq=True)
class Cost:
    """What a run takes.

    Attributes:
        flops: operations on real numbers: additions, multiplications, divisions, comparisons of
            size, square roots.
        transcendentals: elementary and special functions.
        bytes_read, bytes_written: of arrays.
    """

    flops: float = 0.0
    transcendentals: float = 0.0
    bytes_read: float = 0.0
    bytes_written: float = 0.0

    def times(self, number: float) -> Cost:
        """Returns the cost of so many runs."""
        return Cost(
            self.flops * number,
            self.transcendentals * number,
            self.bytes_read * number,
            self.bytes_written * number,
        )


def total(costs: Iterable[Cost]) -> Cost:
    """Returns the cost of runs one after the other.

    Example:
        >>> total([Cost(flops=2.0), Cost(flops=1.0, bytes_read=8.0)])
        Cost(flops=3.0, transcendentals=0.0, bytes_read=8.0, bytes_written=0.0)
    """
    found = list(costs)
    return Cost(
        sum(x.flops for x in found),
        sum(x.transcendentals for x in found),
        sum(x.bytes_read for x in found),
        sum(x.bytes_written for x in found),
    )


def count(fused: Fused) -> Cost:
    """Returns the cost of a run of a program."""
    return total(map(_step, fused.steps))


def _step(step: Step) -> Cost:
    definition = step.definition
    written = sum(map(_bytes, results(definition)))
    match definition:
        case Scan():
            length = definition.length if isinstance(definition.length, int) else 1
            return total(map(count, step.inner)).times(length)
        case Branch():
            return max(map(count, step.inner), default=Cost(), key=_weight)
        case _ if step.inner:
            return total(map(count, step.inner))
        case Dot():
            size = math.prod(definition.out.shape) * dot_sizes(definition)[2]
            flops = size * (8.0 if is_complex(definition.out.dtype) else 2.0)
            return Cost(flops, 0.0, _bytes(definition.lhs) + _bytes(definition.rhs), written)
        case Native():
            flops = definition.work_estimate * (1 if definition.products is None else 2)
            return Cost(flops, 0.0, sum(map(_bytes, memory_operands(definition))), written)
        case _:
            return _nest(step, written)


def _nest(step: Step, written: float) -> Cost:
    definition = step.definition
    read: set[Value] = {*step.loads, *memory_operands(definition)}
    space = float(math.prod(i.payload for i in index_space(definition) if i.op == "index"))
    if isinstance(definition, Scatter):
        # Only the places it changes move.
        read.discard(definition.operand)
        written = space * definition.out.dtype.itemsize
    nodes = postorder(expressions(definition))
    if isinstance(definition, Reduce | Cumulate):
        nodes += postorder(definition.combined)
    elif isinstance(definition, Scatter):
        nodes += postorder([definition.combined])
    flops = space * sum(map(_flops, nodes))
    functions = space * sum(is_function(node) for node in nodes)
    return Cost(flops, functions, sum(map(_bytes, read)), written)


def _flops(node: Expr) -> int:
    if node.op == "integer_pow":
        return abs(int(node.payload)).bit_length() + 1
    if is_complex(node.dtype):
        return _OF_COMPLEX.get(node.op, 0)
    return _ARITHMETIC.get(node.op, 0) if is_float(node.dtype) else 0


def _weight(cost: Cost) -> float:
    return cost.flops + 20 * cost.transcendentals


def _bytes(value: Value) -> float:
    return float(value.size * value.dtype.itemsize) if is_array(value) else 0.0
