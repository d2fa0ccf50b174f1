"""The decision where each value of a program lives.

* rank 0: in registers, computed once, in program order (constants are written in place);
* an array that is an output, or that an operation takes whole: in memory;
* any other element: *inline*, taken over by its consumers, unless that repeats real work.

The rule for repeated work: an element that costs `w` additions and would be computed `m` times
(`uses`) stays inline as long as `w · (m - 1)` is below a store and a load (`cost`). So transposes,
broadcasts and slices are always inline, `exp(x)` that two loops read is stored, and so is the
operand of an inner product that is more than a few operations. Consumers that share one loop count
once.

Two caps keep compile time linear in the length of a program: no expression grows beyond
`MOST_NODES` nodes or `MOST_LEVELS` elements in a chain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum

from minijax.compiler.fuse.cost import store_and_load, weight_again
from minijax.compiler.fuse.uses import Use, Uses, add_read, share_of, shift_of
from minijax.compiler.fuse.walk import (
    expressions,
    index_space,
    is_tape,
    memory_operands,
    nested,
    postorder,
)
from minijax.core.dtypes import bool_
from minijax.core.records import record
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Definition, Element, HostCall, Program, Scatter, Value, results

MOST_NODES = 400
MOST_LEVELS = 40
_AS_STORED = 8  # bytes of a number that takes as long as a bool
_WORTH_VECTORS = 20.0  # an elementary function


class Storage(Enum):
    """Where a value lives."""

    INLINE = "inline"
    REGISTER = "register"
    MEMORY = "memory"
    ALIAS = "alias"
    """The memory of another value, in the same order."""
    DEAD = "dead"


@record(eq=True)
class Body:
    """The nodes of one element expression and what inlining all of it amounts to."""

    nodes: Sequence[Expr]
    weight: float
    forced: bool


@record
class _Size:
    """What computing an element amounts to if all it reads is inline.

    Attributes:
        count: the nodes.
        levels: the longest chain of elements.
        weights: the cost of what is computed, by what it is: values that are read at the element's
            own indices, which no two readers compute twice, and reads at other indices.
    """

    count: int
    levels: int
    weights: Mapping[object, float]


def _measured(
    value: Value, nodes: Sequence[Expr], indices: Sequence[Expr], sizes: Mapping[Value, _Size]
) -> _Size:
    weights: dict[object, float] = {value: sum(map(weight_again, nodes))}
    count, levels = len(nodes), 0
    for operand, read in {n.payload: n for n in nodes if n.op == "read"}.items():
        below = sizes.get(operand)
        if below is None:
            continue
        count, levels = count + below.count, max(levels, below.levels)
        if read.operands == tuple(indices):
            weights.update(below.weights)
        else:
            weights[value, operand] = sum(below.weights.values())
    return _Size(count, levels + 1, weights)


def decide(
    definitions: Sequence[Definition], outputs: Sequence[Value], through: Mapping[Value, Value]
) -> Decision:
    """Decides where every value defined in a program lives.

    Args:
        definitions: the definitions of the program, in order.
        outputs: the outputs of the program.
        through: results of loops that are the loops' operands.
    """
    return Decision(definitions, outputs, through).run()


class Decision:
    """Where values live, and what that was decided from.

    Attributes:
        storage: of every value.
        bodies: the expressions of elements.
        readers: for each value the elements, or the numbers of the definitions, that read it.
        by_number: values that updates read one number at a time, without vectors.
        defined: the definition of every value.
    """

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
        self.uses: dict[Value, Uses] = {}
        self.needed: set[Value] = set(outputs)
        self.bodies: dict[Value, Body] = {}
        self.readers: dict[Value, list[Value | int]] = {}
        self.by_number: set[Value] = set()

    def run(self) -> Decision:
        self._measure()
        for position in range(len(self.definitions) - 1, -1, -1):
            definition = self.definitions[position]
            if isinstance(definition, Element):
                for value in definition.outs:
                    self._decide_element(definition, value, position)
            else:
                self._decide_root(definition, position)
        return self

    # -- forward: what inlining everything would amount to

    def _measure(self) -> None:
        sizes: dict[Value, _Size] = {}
        for definition in self.definitions:
            if not isinstance(definition, Element):
                continue
            for value, body in zip(definition.outs, definition.bodies, strict=True):
                nodes = postorder((body,))
                found = _measured(value, nodes, definition.indices, sizes)
                is_long = found.count > MOST_NODES or found.levels > MOST_LEVELS
                forced = value.ndim > 0 and is_long
                self.bodies[value] = Body(nodes, sum(found.weights.values()), forced)
                if not forced and value.ndim:
                    sizes[value] = found

    # -- backward: who reads it, and how often

    def _decide_element(self, definition: Element, value: Value, position: int) -> None:
        uses = self.uses.get(value, {})
        storage = self.storage[value] = self._element_storage(definition, value, uses)
        if storage is Storage.DEAD:
            return
        if storage is Storage.ALIAS:
            assert definition.view_of is not None, "an alias is a view"
            self._need(definition.view_of, position)
            return
        is_inline = storage is Storage.INLINE
        users = uses if is_inline else {position: Use.at_own_index(value.ndim, value.size)}
        reader = value if is_inline else position
        self._read_from(self.bodies[value].nodes, definition.indices, users, reader)

    def _element_storage(self, definition: Element, value: Value, uses: Uses) -> Storage:
        needed = value in self.needed
        if not needed and not uses:
            return Storage.DEAD
        if value.ndim == 0:
            constant = definition.bodies[value.position].is_constant
            return Storage.INLINE if constant and not needed else Storage.REGISTER
        source = definition.view_of
        if needed:
            return Storage.ALIAS if source is not None and source.ndim else Storage.MEMORY
        stored = Storage.ALIAS if self._is_free_view(source, value) else Storage.MEMORY
        body = self.bodies[value]
        if body.forced or (value in self.by_number and body.weight >= _WORTH_VECTORS):
            return stored
        times = sum(use.total for use in uses.values()) / max(value.size, 1)
        repeated = body.weight * (times - 1.0)
        # A bool is narrowed to a byte where it is stored, and widened where it is loaded.
        itemsize = value.dtype.itemsize if value.dtype != bool_ else _AS_STORED
        is_cheap = repeated <= store_and_load(value.size * itemsize)
        return Storage.INLINE if is_cheap else stored

    def _is_free_view(self, source: Value | None, value: Value) -> bool:
        """Tells whether a view costs nothing: its source lies in memory, or has other rows.

        Loops over the source's own rows go without the divisions that the view's indices need.
        """
        if source is None or not source.ndim:
            return False
        if source in self.needed or not isinstance(self.defined.get(source), Element):
            return True
        return _row_length(source) != _row_length(value)

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
        space = index_space(definition)
        if isinstance(definition, Scatter) and not _goes_by_rows(definition):
            reads = (n for n in postorder((definition.update,)) if n.op == "read")
            self.by_number.update(n.payload for n in reads)
        users = {position: Use.at_own_index(len(space), math.prod(i.payload for i in space))}
        self._read_from(postorder(expressions(definition)), space, users, position)

    def _need(self, value: Value, position: int) -> None:
        self.needed.add(value)
        self.uses.setdefault(value, {})
        self.readers.setdefault(value, []).append(position)

    def _read_from(
        self,
        nodes: Sequence[Expr],
        indices: Sequence[Expr],
        users: Mapping[int, Use],
        reader: Value | int,
    ) -> None:
        depth_of = {id(index): k for k, index in enumerate(indices)}
        sizes = [index.payload for index in indices]
        for node in nodes:
            depth = -1
            if indices:
                depth = max((depth_of.get(id(x), -1) for x in node.operands), default=-1)
                depth_of.setdefault(id(node), depth)
            if node.op != "read":
                continue
            value: Value = node.payload
            self.readers.setdefault(value, []).append(reader)
            if value.ndim == 0:
                # It is computed once, so it matters only that it is read.
                self.uses.setdefault(value, {}).update(users)
                continue
            share = share_of(math.prod(sizes[depth + 1 :]))
            shift = shift_of(node.operands, indices)
            add_read(self.uses.setdefault(value, {}), users, shift, share)


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


def _row_length(value: Value) -> int:
    """Returns the length of the last axis that has one."""
    return next((n for n in reversed(value.shape) if n != 1), 1)


def _goes_by_rows(scatter: Scatter) -> bool:
    """Whether the updates of a row go to neighbouring places, which is vectors' work."""
    return bool(scatter.indices) and scatter.place[-1] is scatter.indices[-1]


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
