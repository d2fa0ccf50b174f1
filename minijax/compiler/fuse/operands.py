"""The order of axes in which what only a product reads is stored.

    b[i,k] = f(a[k,i]); c = dot b x          b'[k,i] = f(a[k,i]); c = dot b' x, contracted over k

A product reads a matrix along either axis at the same cost (`matrices.py`). So an operand that is
computed for it has its axes in the order of the memory it is computed from: nothing is transposed,
and what does not change along the last axis there is computed once for all of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from minijax.compiler.fuse.matrices import free_axes
from minijax.compiler.fuse.parts import Reader
from minijax.compiler.fuse.walk import expressions, memory_operands, postorder
from minijax.core.avals import ShapedArray
from minijax.core.records import replace
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Definition, Dot, Element, Value

_FEWEST_NEIGHBOURS = 8  # a shorter last axis makes poor vectors
_MOST_SOURCES = 400

_Order = tuple[int, ...]
# A value, and for each of its axes the axis of the operand that moves along it.
_Place = tuple[Value, tuple[int | None, ...]]


def arrange_operands(
    definitions: Sequence[Definition], outputs: Sequence[Value]
) -> list[Definition]:
    """Returns the definitions with operands of products in the order of what they read."""
    if not any(isinstance(definition, Dot) for definition in definitions):
        return list(definitions)
    orders = _orders(definitions, outputs)
    made: dict[Value, Value] = {}
    found: list[Definition] = []
    for definition in definitions:
        if isinstance(definition, Element) and definition.outs[0] in orders:
            definition = _reordered(definition, orders, made)
        elif isinstance(definition, Dot):
            for side in ("lhs", "rhs"):
                definition = _product(definition, side, orders, made)
        found.append(definition)
    return found


def _orders(definitions: Sequence[Definition], outputs: Sequence[Value]) -> dict[Value, _Order]:
    """Returns the orders of the axes of what only products read, directly or through others."""
    uses = Counter([*outputs, *(v for definition in definitions for v in _used(definition))])
    elements = _Elements(definitions)
    asked: dict[Value, list[_Order | None]] = defaultdict(list)
    orders: dict[Value, _Order] = {}
    # From the last to the first: who reads a value is known before the value.
    for definition in reversed(definitions):
        if isinstance(definition, Dot):
            asked[definition.lhs].append(_better_order(definition, "lhs", elements))
            asked[definition.rhs].append(_better_order(definition, "rhs", elements))
        elif isinstance(definition, Element) and _is_plain(definition):
            out = definition.outs[0]
            order = asked[out][0] if asked[out] else None
            if order is not None and asked[out] == [order] * uses[out]:
                orders[out] = order
                for node in _own_reads(definition):
                    asked[node.payload].append(order)
    return orders


def _used(definition: Definition) -> list[Value]:
    reads = [n.payload for n in postorder(expressions(definition)) if n.op == "read"]
    return [*reads, *memory_operands(definition)]


def _is_plain(element: Element) -> bool:
    return element.view_of is None and len(element.outs) == 1


def _own_reads(element: Element) -> list[Expr]:
    """Returns the reads of arrays of an element's shape at its own indices."""
    shape, indices = element.outs[0].shape, element.indices
    return [
        node
        for node in postorder(element.bodies)
        if node.op == "read" and node.payload.shape == shape
        if all(x is y for x, y in zip(node.operands, indices, strict=True))
    ]


def _axes(dot: Dot, side: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns the contracted and the batch axes of an operand."""
    return getattr(dot, f"{side}_contract"), getattr(dot, f"{side}_batch")


def _better_order(dot: Dot, side: str, elements: _Elements) -> _Order | None:
    """Returns the axes of an operand in the order in which they should lie; None if they do."""
    operand: Value = getattr(dot, side)
    element = elements.defining.get(operand)
    if element is None or not _is_plain(element):
        return None
    contract, batch = _axes(dot, side)
    kept = tuple(free_axes(operand, contract, batch))
    last = _last_in_memory(operand, elements)
    if last is None or operand.shape[last] < _FEWEST_NEIGHBOURS:
        return None
    for first, second in ((kept, contract), (contract, kept)):
        if last == _last_long(operand.shape, second):
            order = (*batch, *first, *second)
            return None if last == _last_long(operand.shape, range(operand.ndim)) else order
    return None


def _reordered(old: Element, orders: Mapping[Value, _Order], made: dict[Value, Value]) -> Element:
    """Returns an element with its axes in another order, which reads others in that order."""
    out, k = old.outs[0], Reader()
    order = orders[out]
    aval = ShapedArray(tuple(out.shape[d] for d in order), out.dtype)
    value = made[out] = Value(aval, out.builder)
    indices = tuple(old.indices[d] for d in order)
    changed = [node for node in _own_reads(old) if node.payload in made]
    known = {id(node): k.read(made[node.payload], indices) for node in changed}
    bodies = k.rebuild(old.bodies, known) if changed else old.bodies
    value.definition = Element((value,), indices, bodies)
    return value.definition


def _product(
    dot: Dot, side: str, orders: Mapping[Value, _Order], made: Mapping[Value, Value]
) -> Dot:
    """Returns a product that reads one of its operands as it lies now."""
    operand: Value = getattr(dot, side)
    if operand not in made:
        return dot
    order = orders[operand]
    contract, batch = (tuple(order.index(d) for d in axes) for axes in _axes(dot, side))
    changes = {side: made[operand], f"{side}_contract": contract, f"{side}_batch": batch}
    return replace(dot, **changes)


def _last_long(shape: Sequence[int], axes: Sequence[int]) -> int | None:
    """Returns the last of some axes that is longer than 1."""
    return next((d for d in reversed(axes) if shape[d] != 1), None)


def _last_in_memory(operand: Value, elements: _Elements) -> int | None:
    """Returns the axis that goes along the last axis of all the matrices an operand reads.

    None if there are no matrices, or they disagree.
    """
    start: _Place = (operand, tuple(range(operand.ndim)))
    seen, pending = {start}, [start]
    votes: set[int | None] = set()
    while pending and len(seen) <= _MOST_SOURCES:
        value, axes = pending.pop()
        reads = elements.reads(value)
        if reads is not None:
            found = [(x, tuple(None if d is None else axes[d] for d in at)) for x, at in reads]
            fresh = [place for place in found if place not in seen]
            seen.update(fresh)
            pending += fresh
        elif sum(n != 1 for n in value.shape) > 1:
            last = _last_long(value.shape, range(value.ndim))
            votes.add(None if last is None else axes[last])
    votes.discard(None)  # what is read at a place that stays, or somewhere
    return votes.pop() if len(votes) == 1 and not pending else None


class _Elements:
    """The elements that define values, and what each value reads."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        elements = [x for x in definitions if isinstance(x, Element)]
        self.defining = {v: x for x in elements for v in x.outs}
        self._reads: dict[Value, list[_Place]] = {}

    def reads(self, value: Value) -> list[_Place] | None:
        """Returns what a value reads and along which of its axes; None if it is no element's."""
        element = self.defining.get(value)
        if element is None or element.view_of is not None:
            return None
        if value not in self._reads:
            axes = {id(index): axis for axis, index in enumerate(element.indices)}
            body = element.bodies[element.outs.index(value)]
            self._reads[value] = [
                (node.payload, tuple(_axis(place, axes) for place in node.operands))
                for node in postorder((body,))
                if node.op == "read"
            ]
        return self._reads[value]


def _axis(place: Expr, axes: Mapping[int, int]) -> int | None:
    """Returns the axis whose index a place in memory moves with, if it is one."""
    found = {axes[id(node)] for node in postorder((place,)) if id(node) in axes}
    return found.pop() if len(found) == 1 else None
