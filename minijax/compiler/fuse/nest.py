"""Joining neighbouring loops of a nest into one.

    for i < 4: for j < 5: b[5 i + j] = a[5 i + j]     ──▶     for f < 20: b[f] = a[f]

Two loops join if every load goes on from the end of the inner one to the next step of the outer
one, and if nothing else asks for the index of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minijax.compiler.fuse.affine import Address, IndexBuilder, address_terms
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.walk import expressions, postorder
from minijax.core.records import replace
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Cumulate, Definition, Element, Reduce, Scatter

if TYPE_CHECKING:
    from minijax.compiler.fuse.steps import Step

Indices = tuple[Expr, ...]
_PLACES = ("load", "guarded", "address")


def join_loops(step: Step, keep_apart: int = 0) -> None:
    """Joins the loops of a step as far as they go.

    Args:
        step: the step; its definition is replaced.
        keep_apart: how many leading axes of an element are not joined with the others.
    """
    definition = step.definition
    groups = _groups(definition)
    if keep_apart and isinstance(definition, Element):
        groups = [definition.indices[:keep_apart], definition.indices[keep_apart:]]
    if not any(groups):
        return
    exprs = expressions(definition)
    joiner = _Joiner(step.builder, postorder(exprs), exprs)
    joined = [joiner.join([i for i in group if i.op == "index"]) for group in groups]
    step.definition = _regrouped(definition, joined, joiner.rewritten(exprs))


def _groups(definition: Definition) -> list[Indices]:
    match definition:
        case Element() | Scatter():
            return [definition.indices]
        case Reduce():
            return [definition.outer, definition.inner]
        case Cumulate():
            axis = definition.axis
            indices = definition.indices
            return [indices[:axis], indices[axis : axis + 1], indices[axis + 1 :]]
        case _:
            return []


def _regrouped(
    definition: Definition, groups: Sequence[Indices], exprs: Sequence[Expr]
) -> Definition:
    match definition:
        case Element():
            indices = tuple(i for group in groups for i in group)
            return replace(definition, indices=indices, bodies=tuple(exprs))
        case Scatter():
            place, in_bounds, update = exprs
            return replace(
                definition,
                indices=groups[0],
                place=(place,),
                in_bounds=in_bounds,
                update=update,
            )
        case Sweep():
            first, then = (
                len(definition.elements),
                len(definition.elements) + len(definition.places),
            )
            return replace(
                definition,
                outer=groups[0],
                inner=groups[1],
                elements=tuple(exprs[:first]),
                places=tuple(exprs[first:then]),
                bodies=tuple(exprs[then:]),
            )
        case Reduce():
            return replace(definition, outer=groups[0], inner=groups[1], elements=tuple(exprs))
        case Cumulate():
            before, own, after = groups
            return replace(
                definition,
                indices=(*before, *own, *after),
                axis=len(before) if own else -1,
                elements=tuple(exprs),
            )
    raise AssertionError("only loop nests have groups of indices")


class _Joiner:
    def __init__(self, builder: IndexBuilder, nodes: Sequence[Expr], roots: Sequence[Expr]) -> None:
        self.builder = builder
        self.nodes = nodes
        self.strides: list[dict[int, int]] = []
        self.blocked = {id(root) for root in roots}
        self.replaced: dict[int, Expr | None] = {}
        for node in nodes:
            if node.op in _PLACES:
                self.strides.append({id(x): c for x, c in address_terms(node)})
                self.blocked.update(id(x) for x in node.operands[: node.op == "guarded"])
            else:
                self.blocked.update(id(x) for x in node.operands)

    def join(self, indices: Sequence[Expr]) -> Indices:
        """Returns the loops that are left of some neighbouring ones."""
        runs: list[list[Expr]] = []
        for index in indices:
            if runs and self._continues(runs[-1][-1], index):
                runs[-1].append(index)
            else:
                runs.append([index])
        return tuple(self._one(run) for run in runs)

    def _continues(self, outer: Expr, inner: Expr) -> bool:
        if id(outer) in self.blocked or id(inner) in self.blocked:
            return False
        return all(s.get(id(outer), 0) == inner.payload * s.get(id(inner), 0) for s in self.strides)

    def _one(self, run: Sequence[Expr]) -> Expr:
        if len(run) == 1:
            return run[0]
        size = 1
        for index in run:
            size *= index.payload
            self.replaced[id(index)] = None
        joined = self.builder.index(size)
        # The innermost index has the stride of the joined one.
        self.replaced[id(run[-1])] = joined
        return joined

    def rewritten(self, roots: Sequence[Expr]) -> list[Expr]:
        """Returns expressions over the joined indices."""
        if not self.replaced:
            return list(roots)
        done: dict[int, Expr] = {}
        for node in self.nodes:
            done[id(node)] = self._rebuild(node, done)
        return [done[id(root)] for root in roots]

    def _rebuild(self, node: Expr, done: dict[int, Expr]) -> Expr:
        if not node.operands:
            return node
        if node.op not in _PLACES:
            operands = tuple(done[id(x)] for x in node.operands)
            return self.builder.make(node.op, node.dtype, operands, node.payload)
        value, const, _ = node.payload
        terms, kept = [], []
        for x, c in address_terms(node):
            new = self.replaced.get(id(x), done[id(x)])
            if new is not None:
                terms.append(new)
                kept.append(c)
        payload = Address(value, const, tuple(kept))
        guard = [done[id(x)] for x in node.operands[: node.op == "guarded"]]
        return self.builder.make(node.op, node.dtype, (*guard, *terms), payload)
