"""The decision where each value of a program lives.

* rank 0: in registers, computed once, in program order (constants are written in place);
* an array that is an output, or that an operation takes whole: in memory;
* any other element: *inline*, taken over by its consumers, unless that repeats real work.

The rule for repeated work: an element that costs `w` additions and would be computed `m` times
stays inline as long as `w · (m - 1)` is below a store and a load. So transposes, broadcasts and
slices are always inline, `exp(x)` that two loops read is stored, and so is the operand of an inner
product that is more than a few operations. Consumers that share one loop count once.

Two caps keep compile time linear in the length of a program: no expression grows beyond
`MOST_NODES` nodes or `MOST_LEVELS` elements in a chain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from minijax.compiler.fuse.cost import node_weight
from minijax.compiler.fuse.walk import (
    expressions,
    index_space,
    is_tape,
    memory_operands,
    nested,
    postorder,
)
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Definition, Element, HostCall, Program, Scatter, Value, results

MOST_NODES = 400
MOST_LEVELS = 40
_STORE_AND_LOAD = 8.0


class Storage(Enum):
    """Where a value lives."""

    INLINE = "inline"
    REGISTER = "register"
    MEMORY = "memory"
    ALIAS = "alias"
    """The memory of another value, in the same order."""
    DEAD = "dead"


@dataclass(slots=True)
class _Uses:
    """Who computes a value's elements: for each loop, whether at its own index, and how often."""

    sinks: dict[int, list[float]] = field(default_factory=dict)

    def add(self, sink: int, identity: float, count: float) -> None:
        entry = self.sinks.setdefault(sink, [0.0, 0.0])
        entry[0] = max(entry[0], identity)
        entry[1] += count

    def total(self, size: int) -> float:
        return sum(identity * size + count for identity, count in self.sinks.values())


@dataclass(frozen=True, slots=True)
class _Body:
    """The nodes of one element expression and what inlining all of it amounts to."""

    nodes: Sequence[Expr]
    weight: float
    forced: bool


def decide(
    definitions: Sequence[Definition], outputs: Sequence[Value], through: Mapping[Value, Value]
) -> dict[Value, Storage]:
    """Returns where every value defined in a program lives.

    Args:
        definitions: the definitions of the program, in order.
        outputs: the outputs of the program.
        through: results of loops that are the loops' operands.
    """
    return _Decision(definitions, outputs, through).run()


class _Decision:
    def __init__(
        self,
        definitions: Sequence[Definition],
        outputs: Sequence[Value],
        through: Mapping[Value, Value],
    ) -> None:
        self.definitions = definitions
        self.through = through
        self.defined = {v: d for d in definitions for v in results(d)}
        self.storage: dict[Value, Storage] = {}
        self.uses: dict[Value, _Uses] = {}
        self.needed: set[Value] = set(outputs)
        self.bodies: dict[Value, _Body] = {}
        self.readers: dict[Value, list[Value | int]] = {}

    def run(self) -> dict[Value, Storage]:
        self._measure()
        for position in range(len(self.definitions) - 1, -1, -1):
            definition = self.definitions[position]
            if isinstance(definition, Element):
                for value in definition.outs:
                    self._decide_element(definition, value, position)
            else:
                self._decide_root(definition, position)
        if any(isinstance(d, Scatter) for d in self.definitions):
            self._keep_scatters_in_place()
        return self.storage

    # -- forward: what inlining everything would amount to

    def _measure(self) -> None:
        sizes: dict[Value, tuple[int, int, float]] = {}
        for definition in self.definitions:
            if not isinstance(definition, Element):
                continue
            for value, body in zip(definition.outs, definition.bodies, strict=True):
                nodes = postorder((body,))
                weight = sum(map(node_weight, nodes))
                count, levels = len(nodes), 0
                for operand in {n.payload: None for n in nodes if n.op == "read"}:
                    below, depth, cost = sizes.get(operand, (0, 0, 0.0))
                    count, levels, weight = count + below, max(levels, depth), weight + cost
                forced = value.ndim > 0 and (count > MOST_NODES or levels >= MOST_LEVELS)
                self.bodies[value] = _Body(nodes, weight, forced)
                stored = forced or value.ndim == 0
                sizes[value] = (0, 0, 0.0) if stored else (count, levels + 1, weight)

    # -- backward: who reads it, and how often

    def _decide_element(self, definition: Element, value: Value, position: int) -> None:
        uses = self.uses.get(value, _Uses())
        storage = self.storage[value] = self._element_storage(definition, value, uses)
        if storage is Storage.DEAD:
            return
        if storage is Storage.ALIAS:
            assert definition.view_of is not None, "an alias is a view"
            self._need(definition.view_of, position)
            return
        sinks = uses.sinks if storage is Storage.INLINE else {position: [1.0, 0.0]}
        reader = value if storage is Storage.INLINE else position
        self._read_from(self.bodies[value].nodes, definition.indices, sinks, reader)

    def _element_storage(self, definition: Element, value: Value, uses: _Uses) -> Storage:
        needed = value in self.needed
        if not needed and not uses.sinks:
            return Storage.DEAD
        if value.ndim == 0:
            constant = definition.bodies[value.position].is_constant
            return Storage.INLINE if constant and not needed else Storage.REGISTER
        if needed:
            source = definition.view_of
            return Storage.ALIAS if source is not None and source.ndim else Storage.MEMORY
        body = self.bodies[value]
        if body.forced:
            return Storage.MEMORY
        repeated = body.weight * (uses.total(value.size) / max(value.size, 1) - 1.0)
        return Storage.INLINE if repeated <= _STORE_AND_LOAD else Storage.MEMORY

    def _decide_root(self, definition: Definition, position: int) -> None:
        outs = results(definition)
        alive = any(v in self.uses or v in self.needed for v in outs) or has_effect(definition)
        for value in outs:
            stored = Storage.ALIAS if value in self.through else Storage.MEMORY
            stored = stored if is_tape(value) or value.ndim else Storage.REGISTER
            self.storage[value] = stored if alive else Storage.DEAD
        if not alive:
            return
        for operand in memory_operands(definition):
            self._need(operand, position)
        sinks = {position: [1.0, 0.0]}
        self._read_from(
            postorder(expressions(definition)), index_space(definition), sinks, position
        )

    def _need(self, value: Value, position: int) -> None:
        self.needed.add(value)
        self.uses.setdefault(value, _Uses())
        self.readers.setdefault(value, []).append(position)

    def _read_from(
        self,
        nodes: Sequence[Expr],
        indices: Sequence[Expr],
        sinks: Mapping[int, Sequence[float]],
        reader: Value | int,
    ) -> None:
        depth_of = {id(index): k for k, index in enumerate(indices)}
        sizes = [index.payload for index in indices]
        for node in nodes:
            depth = max((depth_of.get(id(x), -1) for x in node.operands), default=-1)
            depth_of.setdefault(id(node), depth)
            if node.op != "read":
                continue
            value: Value = node.payload
            uses = self.uses.setdefault(value, _Uses())
            self.readers.setdefault(value, []).append(reader)
            own = len(node.operands) == len(indices) and all(
                x is i for x, i in zip(node.operands, indices, strict=True)
            )
            # A read that the inner indices do not touch is hoisted out of their loops.
            share = 1.0 / max(math.prod(sizes[depth + 1 :]), 1)
            for sink, (identity, count) in sinks.items():
                if own:
                    uses.add(sink, identity, count)
                else:
                    space = max(math.prod(sizes), 1)
                    uses.add(sink, 0.0, (identity * space + count) * share)

    # -- an element that reads an array is computed before the array is overwritten

    def _keep_scatters_in_place(self) -> None:
        overwritten: dict[Value, list[int]] = {}
        for position, definition in enumerate(self.definitions):
            if isinstance(definition, Scatter) and self.storage[definition.out] is Storage.MEMORY:
                overwritten.setdefault(self._home(definition.operand), []).append(position)
        reads = self._inline_reads(overwritten)
        last: dict[Value, int] = {}
        for position in range(len(self.definitions) - 1, -1, -1):
            for value in results(self.definitions[position]):
                if self.storage[value] is not Storage.INLINE:
                    continue
                # Whoever takes the value over comes later and is known already.
                end = max(r if isinstance(r, int) else last[r] for r in self.readers[value])
                last[value] = end
                times = (p for memory in reads[value] for p in overwritten[memory])
                if any(position < p <= end for p in times):
                    self.storage[value] = Storage.MEMORY
                    last[value] = position

    def _inline_reads(self, memories: Mapping[Value, object]) -> dict[Value, set[Value]]:
        """Returns which of some memories each inline value reads, directly or not."""
        reads: dict[Value, set[Value]] = {}
        for value, body in self.bodies.items():
            if self.storage[value] is not Storage.INLINE:
                continue
            found = reads[value] = set()
            for node in body.nodes:
                if node.op == "read":
                    home = self._home(node.payload)
                    found |= {home} if home in memories else reads.get(home, set())
        return reads

    def _home(self, value: Value) -> Value:
        return home(value, self.storage, self.defined, self.through)


def home(
    value: Value,
    storage: Mapping[Value, Storage],
    defined: Mapping[Value, Definition],
    through: Mapping[Value, Value],
) -> Value:
    """Returns the value whose memory an alias shares, the value itself if it is none."""
    while storage.get(value) is Storage.ALIAS:
        definition = defined[value]
        source = definition.view_of if isinstance(definition, Element) else through[value]
        assert source is not None, "an alias is a view or the operand of a loop"
        value = source
    return value


def has_effect(definition: Definition) -> bool:
    """Tells whether a definition calls the host, directly or in a nested program."""
    pending: list[Definition] = [definition]
    while pending:
        found = pending.pop()
        if isinstance(found, HostCall):
            return True
        pending += _inner_definitions(nested(found))
    return False


def _inner_definitions(programs: Sequence[Program]) -> list[Definition]:
    return [definition for program in programs for definition in program.definitions]
