"""Folds that store elements on their way.

    for i: y[i] = exp(x[i])
    s = Σ_i y[i]                ──▶     for i: y[i] = exp(x[i]), s += y[i]

What a loop over elements makes goes into a fold over the same elements while it is in a register;
the loop becomes part of the fold. Row programs do the same for folds over contiguous rows. What
threads could share stays something that they can share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from minijax.compiler.fuse.affine import Address, IndexBuilder, address_terms
from minijax.compiler.fuse.matrices import strides_of
from minijax.compiler.fuse.strips import shares_work
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.walk import postorder
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Dot, Element, Reduce, Value, results

if TYPE_CHECKING:
    from minijax.compiler.fuse.step import Step

_MOST_NODES = 300
_SMALLEST = 64


def join_elements(steps: list[Step], takes_rows: Sequence[bool]) -> list[Step]:
    """Lets elements join the next fold that goes over them; returns the steps that are left.

    Args:
        steps: the steps of a program.
        takes_rows: by position, whether a step is left to row programs.
    """
    left: list[Step | None] = list(steps)
    for position, step in enumerate(steps):
        if isinstance(step.definition, Reduce) and not takes_rows[position]:
            before = _elements_before(left, position)
            if before is not None:
                source = left[before]
                assert source is not None, "a step that is still there"
                if _join(source, step):
                    left[before] = None
    return [step for step in left if step is not None]


def _elements_before(steps: Sequence[Step | None], position: int) -> int | None:
    """Returns the position of the elements that a fold reads and that nobody reads before it."""
    fold = steps[position]
    assert fold is not None, "folds stay where they are"
    loaded: set[Value] = set()
    for before in range(position - 1, -1, -1):
        step = steps[before]
        if step is None:
            continue
        made = set(results(step.definition))
        if isinstance(step.definition, Element) and made & fold.loads:
            return None if made & loaded else before
        if not isinstance(step.definition, Element | Reduce | Dot) or made & fold.loads:
            return None
        loaded |= step.loads
    return None


def _join(source: Step, target: Step) -> bool:
    """Joins elements to a fold if it reads them at its own indices; tells whether it does."""
    element, fold = source.definition, target.definition
    assert isinstance(element, Element), "elements join"
    assert isinstance(fold, Reduce), "a fold"
    nodes = source.nodes | target.nodes
    if element.outs[0].size < _SMALLEST or len(nodes) > _MOST_NODES or isinstance(fold, Sweep):
        return False
    own = [i for i in (*fold.outer, *fold.inner) if i.op == "index"]
    places = _own_indices(element, fold, own)
    if places is None:
        return False
    k = target.builder
    bodies = _copied(k, element.bodies, dict(zip(map(id, element.indices), places, strict=True)))
    made = dict(zip(element.outs, bodies, strict=True))
    elements = _substituted(k, fold.elements, made)
    position = [k.position(places, out.shape) for out in element.outs]
    loads = [k.load(v, v.dtype, at) for v, at in zip(element.outs, position, strict=True)]
    before = target.definition, target.loads, target.nodes
    target.definition = Sweep(
        outs=(*fold.outs, *element.outs),
        outer=fold.outer,
        inner=fold.inner,
        elements=tuple(elements),
        init=fold.init,
        accs=fold.accs,
        news=fold.news,
        combined=fold.combined,
        kind=fold.kind,
        commutes=fold.commutes,
        following=fold.following,
        places=tuple(k.make("address", x.dtype, x.operands, x.payload) for x in loads),
        bodies=tuple(bodies),
    )
    target.loads = (target.loads - set(element.outs)) | source.loads
    target.nodes = nodes
    if shares_work(target):
        return True
    target.definition, target.loads, target.nodes = before
    return False


def _own_indices(element: Element, fold: Reduce, own: Sequence[Expr]) -> list[Expr] | None:
    """Returns the fold's indices in the order of the elements' axes, if it reads them so only."""
    shape = element.outs[0].shape
    found: dict[int, Expr] | None = None
    for node in _loads_of(fold.elements, element.outs):
        address: Address = node.payload
        strides = {c: x for x, c in address_terms(node)}
        if node.op != "load" or address.const or (found is not None and strides != found):
            return None
        found = strides
    if found is None or {id(x) for x in own} != {id(x) for x in found.values()}:
        return None
    # The fold goes by vectors along one of these.
    ends = [[i for i in part if i.op == "index"][-1:] for part in (fold.outer, fold.inner)]
    if not any(found.get(1) is x for end in ends for x in end):
        return None
    places = []
    for n, stride, index in zip(shape, strides_of(shape), element.indices, strict=True):
        if n == 1:
            places.append(index)
            continue
        at = found.get(stride)
        if at is None or at.payload != n:
            return None
        places.append(at)
    return places


def _loads_of(roots: Sequence[Expr], values: Sequence[Value]) -> list[Expr]:
    return [
        node
        for node in postorder(roots)
        if node.op in ("load", "guarded") and node.payload.value in values
    ]


def _copied(k: IndexBuilder, roots: Sequence[Expr], done: dict[int, Expr]) -> list[Expr]:
    """Returns expressions in another builder, with indices replaced."""
    for node in postorder(roots):
        if id(node) in done:
            continue
        if node.is_constant:
            done[id(node)] = k.constant(node.payload, node.dtype)
        else:
            operands = tuple(done[id(x)] for x in node.operands)
            done[id(node)] = k.make(node.op, node.dtype, operands, node.payload)
    return [done[id(root)] for root in roots]


def _substituted(k: IndexBuilder, roots: Sequence[Expr], made: Mapping[Value, Expr]) -> list[Expr]:
    """Returns expressions in which loads of some values are what these are made of."""
    done: dict[int, Expr] = {}
    for node in postorder(roots):
        if node.op == "load" and node.payload.value in made:
            done[id(node)] = made[node.payload.value]
            continue
        operands = tuple(done[id(x)] for x in node.operands)
        is_same = all(a is b for a, b in zip(operands, node.operands, strict=True))
        changed = not is_same and k.make(node.op, node.dtype, operands, node.payload)
        done[id(node)] = changed or node
    return [done[id(root)] for root in roots]
