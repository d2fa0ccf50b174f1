"""Which results may take over the memory of an operand that dies with them.

* a `Scatter` writes into its operand, which its updates may read where they write;
* an element, also one that a fold stores on its way, may overwrite what it reads at its own index
  only;
* the result of a native call that starts as a copy of an operand takes over the operand;
* a loop starts from its first carry.

The operand must not be read by anything later, and by nothing else in the same step.
"""

from __future__ import annotations

from collections.abc import Iterator

from minijax.compiler.fuse.affine import Address, address_terms
from minijax.compiler.fuse.own_place import reads_own_place
from minijax.compiler.fuse.steps import Fused, Step
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.walk import expressions, is_array, memory_operands, postorder
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Element, Native, Scan, Scatter, Value, While

_READS = ("load", "guarded")


def overwritable(fused: Fused, step: Step) -> Iterator[tuple[Value, Value]]:
    """Yields pairs of a result and an operand whose memory it may take if that dies here."""
    definition = step.definition
    match definition:
        case Scatter():
            operand = fused.home(definition.operand)
            if operand.ndim and _is_safe_to_overwrite(definition, operand):
                yield definition.out, operand
        case Element():
            yield from _elementwise(step, definition)
        case Native():
            operands = [fused.home(x) for x in definition.operands]
            read = {argument for call in definition.calls for argument in call.leaves()}
            for k, j in definition.start:
                if ("in", j) not in read and operands.count(operands[j]) == 1:
                    yield definition.outs[k], operands[j]
        case Sweep():
            yield from _along_the_way(step, definition)
        case While() | Scan():
            operands = [fused.home(v) for v in memory_operands(definition) if is_array(v)]
            for out, first in zip(definition.outs, definition.init, strict=False):
                if first.ndim and operands.count(fused.home(first)) == 1:
                    yield out, fused.home(first)


def _is_safe_to_overwrite(scatter: Scatter, memory: Value) -> bool:
    nodes = postorder(expressions(scatter))
    if not any(node.op in _READS and node.payload.value is memory for node in nodes):
        return True
    (address,) = scatter.place
    conditions = (*address.operands, scatter.in_bounds)
    return scatter.unique and reads_own_place(address, conditions, scatter.update, memory)


def _elementwise(step: Step, element: Element) -> Iterator[tuple[Value, Value]]:
    loads: dict[Value, list[Expr]] = {}
    for node in postorder(element.bodies):
        if node.op in _READS:
            loads.setdefault(node.payload.value, []).append(node)
    for memory, nodes in loads.items():
        if not all(_at_own_index(node, element.indices) for node in nodes):
            continue
        for out in element.outs:
            if out.ndim and out.dtype == memory.dtype and out.size == memory.size:
                yield out, memory


def _along_the_way(step: Step, sweep: Sweep) -> Iterator[tuple[Value, Value]]:
    """Pairs of a fold that stores: it reads a memory only where it writes."""
    for memory in step.loads:
        for out, place in zip(sweep.stored, sweep.places, strict=True):
            if out.dtype == memory.dtype and out.size == memory.size:
                exprs = (*sweep.elements, *sweep.bodies)
                if all(reads_own_place(place, (), x, memory) for x in exprs):
                    yield out, memory


def _at_own_index(load: Expr, indices: tuple[Expr, ...]) -> bool:
    if load.op == "guarded":
        return False
    address: Address = load.payload
    strides = {id(x): c for x, c in address_terms(load)}
    expected, stride = {}, 1
    for index in reversed(indices):
        expected[id(index)] = stride
        stride *= index.payload
    return address.const == 0 and strides == expected
