"""The steps of a program: its loops and calls in order, with expanded expressions.

A step is a definition whose reads have become loads of memory and scalars in registers. Elements
of one shape join one loop where the later does not need the earlier elsewhere than at its own
index; what it does read there is forwarded in a register.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.fuse.affine import Address, IndexBuilder
from minijax.compiler.fuse.expand import Bindings, Expander
from minijax.compiler.fuse.operands import arrange_operands
from minijax.compiler.fuse.order import delay_scatters
from minijax.compiler.fuse.overwritten import keep_scatters_in_place
from minijax.compiler.fuse.parts import lanes_of
from minijax.compiler.fuse.relabelled import as_views
from minijax.compiler.fuse.rewrite import rewrite
from minijax.compiler.fuse.rows import group_rows, takes_rows
from minijax.compiler.fuse.step import Fused as Fused
from minijax.compiler.fuse.step import Step as Step
from minijax.compiler.fuse.storage import Storage, decide, home
from minijax.compiler.fuse.stored import join_elements
from minijax.compiler.fuse.strips import cut_folds
from minijax.compiler.fuse.sweeps import MOST_FOLDS, Spaces, joined, spaces
from minijax.compiler.fuse.unpack import unpack
from minijax.compiler.fuse.unread import drop_unread
from minijax.compiler.fuse.walk import (
    expressions,
    index_space,
    is_array,
    memory_operands,
    nested,
    postorder,
)
from minijax.core.records import replace
from minijax.kernel.expr import Expr
from minijax.kernel.roots import (
    Cumulate,
    Definition,
    Element,
    Program,
    Reduce,
    Scan,
    Scatter,
    Unrolled,
    Value,
    While,
    results,
)

_MOST_OUTPUTS = 12
_MOST_NODES = 600
_MOST_SCALARS = 64


def fuse(program: Program) -> Fused:
    """Returns the steps of a program and, nested in them, of the programs inside it."""
    return _fuse(unpack(program))


def _fuse(program: Program) -> Fused:
    rewritten = arrange_operands(rewrite(program.definitions), program.outputs)
    definitions = as_views(delay_scatters(rewritten), program.outputs)
    through = _through(definitions)
    decision = decide(definitions, program.outputs, through)
    storage, defined = decision.storage, decision.defined
    orders = (body.nodes for body in decision.bodies.values())
    bindings = Bindings(storage, defined, lambda v: home(v, storage, defined, through), orders)
    keep_scatters_in_place(definitions, decision, bindings)
    scheduler = _Scheduler(bindings)
    for definition in definitions:
        scheduler.add(definition)
    steps = join_elements(scheduler.steps, list(map(takes_rows, scheduler.steps)))
    drop_unread(steps, {bindings.home(v) for v in program.outputs})
    group_rows(steps)
    return Fused(program, cut_folds(steps, bindings), bindings)


def _through(definitions: Sequence[Definition]) -> dict[Value, Value]:
    """Returns the results of loops that hand an array through unchanged, with its first value."""
    found: dict[Value, Value] = {}
    for definition in definitions:
        match definition:
            case While():
                before = len(definition.body_consts)
            case Scan():
                before = len(definition.consts)
            case _:
                continue
        body = definition.body
        never = isinstance(definition, Scan) and definition.length == 0
        for j, first in enumerate(definition.init):
            unchanged = never or body.outputs[j] is body.inputs[before + j]
            if first.ndim and unchanged:
                found[definition.outs[j]] = first
    return found


class _Scheduler:
    def __init__(self, bindings: Bindings) -> None:
        self.bindings = bindings
        self.steps: list[Step] = []
        self._expanders: list[Expander] = []
        self._made_at: dict[Value, int] = {}
        self._open: dict[tuple[int, ...], int] = {}
        self._folds: dict[Spaces, int] = {}

    def add(self, definition: Definition) -> None:
        """Makes the step of a definition, or lets it join one, if it needs any."""
        storage = self.bindings.storage
        stored = [v for v in results(definition) if storage[v] in _STORED]
        if isinstance(definition, Element):
            if stored:
                self._add_element(definition, stored)
        elif any(storage[v] is not Storage.DEAD for v in results(definition)) or not results(
            definition
        ):
            self._add_root(definition)

    def _add_element(self, definition: Element, stored: Sequence[Value]) -> None:
        bodies = [definition.bodies[v.position] for v in stored]
        shape = stored[0].shape
        at = self._open.get(shape)
        if at is not None and (shape or at == len(self.steps) - 1):
            joined = self._join(at, definition, stored, bodies)
            if joined:
                return
        builder = IndexBuilder()
        expander = Expander(self.bindings, builder)
        indices = expander.fresh_indices(definition.indices)
        expanded = expander.expand(bodies, definition.indices, indices)
        _forward(expander, stored, indices, expanded)
        self._open[shape] = len(self.steps)
        self._append(Element(tuple(stored), indices, expanded), expander)

    def _join(
        self, at: int, definition: Element, stored: Sequence[Value], bodies: Sequence[Expr]
    ) -> bool:
        step, expander = self.steps[at], self._expanders[at]
        group = step.definition
        assert isinstance(group, Element), "only elements are open to others"
        limit = _MOST_OUTPUTS if stored[0].ndim else _MOST_SCALARS
        if len(group.outs) + len(stored) > limit:
            return False
        expanded = expander.expand(bodies, definition.indices, group.indices)
        new = postorder(expanded, step.nodes)
        needed = {v for v in map(_source, new) if v is not None}
        late = any(self._made_at.get(v, -1) >= at and not _is_named_in(v, group) for v in needed)
        if late or len(step.nodes) > _MOST_NODES:
            step.nodes.difference_update(map(id, new))
            return False
        _forward(expander, stored, group.indices, expanded)
        self._made_at.update(dict.fromkeys(stored, at))
        step.definition = Element((*group.outs, *stored), group.indices, (*group.bodies, *expanded))
        step.loads |= {v for v in needed if v.ndim}
        return True

    def _add_root(self, definition: Definition) -> None:
        space = spaces(definition) if isinstance(definition, Reduce) else None
        if space is not None and self._join_fold(definition, space):  # type: ignore[arg-type]
            return
        if space is not None:
            self._folds[space] = len(self.steps)
        expander = Expander(self.bindings, IndexBuilder())
        old = index_space(definition)
        new = expander.fresh_indices(old)
        exprs = expander.expand(expressions(definition), old, new)
        step_definition = _with_expressions(definition, new, exprs, expander)
        self._append(step_definition, expander)

    def _join_fold(self, fold: Reduce, space: Spaces) -> bool:
        """Lets a fold join an earlier sweep over the same elements."""
        at = self._folds.get(space)
        if at is None:
            return False
        step, expander = self.steps[at], self._expanders[at]
        sweep = step.definition
        assert isinstance(sweep, Reduce), "only folds are open to folds"
        if len(sweep.outs) + len(fold.outs) > MOST_FOLDS:
            return False
        old, new = (*fold.outer, *fold.inner), (*sweep.outer, *sweep.inner)
        elements = expander.expand(fold.elements, old, new)
        shared = any(n.op == "load" and id(n) in step.nodes for n in postorder(elements))
        fresh = postorder(elements, step.nodes)
        needed = {v for v in map(_source, fresh) if v is not None}
        late = any(self._made_at.get(v, -1) >= at for v in needed)
        if late or not shared or len(step.nodes) > _MOST_NODES:
            step.nodes.difference_update(map(id, fresh))
            return False
        for value in fold.outs:
            self._made_at[value] = at
        step.definition = joined(sweep, fold, elements)
        step.loads |= {v for v in needed if v.ndim}
        return True

    def _append(self, definition: Definition, expander: Expander) -> None:
        at = len(self.steps)
        nodes: set[int] = set()
        sources = map(_source, postorder(expressions(definition), nodes))
        loads = {v for v in sources if v is not None and v.ndim}
        loads |= {self.bindings.home(v) for v in memory_operands(definition) if is_array(v)}
        inner = tuple(_fuse(program) for program in nested(definition))
        for value in results(definition):
            self._made_at[value] = at
        self.steps.append(Step(definition, loads, expander.builder, inner, nodes))
        self._expanders.append(expander)


def _forward(
    expander: Expander, stored: Sequence[Value], indices: Sequence[Expr], bodies: Sequence[Expr]
) -> None:
    """Hands elements on in registers; a vector is named, for numbers may be taken from it."""
    for value, body in zip(stored, bodies, strict=True):
        if lanes_of(value) == 1:
            expander.forward(value, indices, body)


_STORED = (Storage.MEMORY, Storage.REGISTER)


def _is_named_in(value: Value, group: Element) -> bool:
    """Tells whether a value is a vector that a group of elements makes, whose name it can read."""
    return lanes_of(value) > 1 and value in group.outs


def _source(node: Expr) -> Value | None:
    """Returns the value that a node takes from memory or a register."""
    if node.op in ("load", "guarded"):
        address: Address = node.payload
        return address.value
    return node.payload if node.op == "scalar" else None


def _with_expressions(
    definition: Definition, new: Sequence[Expr], exprs: Sequence[Expr], expander: Expander
) -> Definition:
    match definition:
        case Reduce():
            rank = len(definition.outer)
            return replace(
                definition,
                outer=tuple(new[:rank]),
                inner=tuple(new[rank:]),
                elements=tuple(exprs),
            )
        case Unrolled():
            return replace(definition, indices=tuple(new), bodies=tuple(exprs))
        case Cumulate():
            return replace(definition, indices=tuple(new), elements=tuple(exprs))
        case Scatter():
            *place, in_bounds, update = exprs
            k = expander.builder
            to = k.position(place, definition.out.shape)
            address = k.load(definition.out, definition.out.dtype, to)
            spot = k.make("address", address.dtype, address.operands, address.payload)
            return replace(
                definition,
                indices=tuple(new),
                place=(spot,),
                in_bounds=in_bounds,
                update=update,
            )
        case _:
            return definition
