"""Straight code for the parts of small arrays: each part of a result as one expression.

    y:f64[3][i] = reduce add over r<2 of A[i,r] x[r]     ──▶     y₀ = A₀₀ x₀ + A₀₁ x₁, …

What a definition says about every index is said about each index; folds go over their elements in
order, in a tree where there are eight or more and the order is free. `bodies` refuses what would
become too long, and what is better done by a loop over memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minijax.compiler.fuse.parts import MOST_SOUGHT, Layout, Reader, layout_of
from minijax.compiler.fuse.walk import expressions, postorder
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Cumulate, Definition, Element, Reduce, Scatter, Unrolled

MOST_NODES = 400
_MOST_ELEMENTS = 32
_TREE = 8
_NEIGHBOURS = 2
_WIDE = 8  # folds of memory in wider vectors than these leave no register free

Bodies = list[tuple[Expr, ...]]


def bodies(k: Reader, definition: Definition) -> Bodies | None:
    """Returns for each result the expressions of its parts; None where a loop is better."""
    match definition:
        case Element():
            return _element(k, definition)
        case Reduce():
            return _reduce(k, definition)
        case Cumulate():
            return _cumulate(k, definition)
        case Scatter():
            return _scatter(k, definition)
        case Unrolled():
            return _unrolled(k, definition)
        case _:
            return None


def _nodes(definition: Definition) -> int:
    return len(postorder(expressions(definition)))


def _placed(
    k: Reader, layout: Layout, indices: Sequence[Expr], place: Sequence[int]
) -> dict[int, Expr]:
    """Returns what the indices of a result are at one of its parts."""
    values = [k.constant(i) for i in place]
    if layout.lanes > 1:
        values.insert(0, k.lane_index(layout.lanes))
    return {id(i): x for i, x in zip(indices, values, strict=True)}


def _layout(shape: Sequence[int]) -> Layout | None:
    return layout_of(shape) if shape else Layout((), 1, 1)


def _element(k: Reader, element: Element) -> Bodies | None:
    layout = layout_of(element.outs[0].shape)
    if layout is None or layout.count * _nodes(element) > MOST_NODES:
        return None
    places = [_placed(k, layout, element.indices, place) for place in layout.places()]
    rows = [k.rebuild(element.bodies, known) for known in places]
    return list(zip(*rows, strict=True))


# -- folds


def _reduce(k: Reader, reduce: Reduce) -> Bodies | None:
    layout = _layout(reduce.outs[0].shape)
    count = math.prod(i.payload for i in reduce.inner)
    if layout is None or not 0 < count <= _MOST_ELEMENTS:
        return None
    if layout.count * count * (_nodes(reduce) + 1) > MOST_NODES or _prefers_memory(
        k, reduce, layout
    ):
        return None
    rows = [
        _folded(k, reduce, _placed(k, layout, reduce.outer, place)) for place in layout.places()
    ]
    return list(zip(*rows, strict=True))


def _prefers_memory(k: Reader, reduce: Reduce, layout: Layout) -> bool:
    """Whether a loop over memory is better: nothing is split, or lanes would have to gather."""
    reads = [n for n in postorder(reduce.elements) if n.op == "read" and n.operands]
    others = [n for n in reads if n.payload not in k.parts]
    if layout.lanes == 1 or not others:
        return bool(reads) and len(others) == len(reads)
    return layout.lanes > _WIDE or any(n.operands[-1] is not reduce.outer[0] for n in others)


def _folded(k: Reader, reduce: Reduce, outer: dict[int, Expr]) -> tuple[Expr, ...]:
    """Returns the folds at one place."""
    items = []
    for place in np.ndindex(*(i.payload for i in reduce.inner)):
        inner = {id(i): k.constant(p) for i, p in zip(reduce.inner, place, strict=True)}
        items.append(k.rebuild(reduce.elements, outer | inner))
    start = k.rebuild(reduce.init, {})
    if len(items) >= _TREE and (reduce.kind is not None or reduce.commutes):
        while len(items) > 1:
            half = len(items) // 2
            pairs = zip(items[: 2 * half : 2], items[1 : 2 * half : 2], strict=True)
            items = [_combined(k, reduce, x, y) for x, y in pairs] + items[2 * half :]
    found = start
    for item in items:
        found = _combined(k, reduce, found, item)
    return tuple(k.convert(x, out.dtype) for x, out in zip(found, reduce.outs, strict=True))


def _combined(
    k: Reader, fold: Reduce | Cumulate, old: Sequence[Expr], new: Sequence[Expr]
) -> tuple[Expr, ...]:
    known = {id(v): x for v, x in zip(fold.accs, old, strict=True)}
    known |= {id(v): x for v, x in zip(fold.news, new, strict=True)}
    return k.rebuild(fold.combined, known)


def _cumulate(k: Reader, cumulate: Cumulate) -> Bodies | None:
    layout = layout_of(cumulate.outs[0].shape)
    if layout is None:
        return None
    along_lanes = layout.lanes > 1 and cumulate.axis == 0
    whole = layout if not along_lanes else Layout(layout.shape, 1, math.prod(layout.shape))
    if whole.count * (_nodes(cumulate) + 1) > MOST_NODES:
        return None
    found = _running(k, cumulate, whole)
    return [_gathered(k, elements, layout) for elements in found] if along_lanes else found


def _running(k: Reader, cumulate: Cumulate, layout: Layout) -> Bodies:
    axis = cumulate.axis - (layout.lanes > 1)
    found: dict[tuple[int, ...], tuple[Expr, ...]] = {}
    places = layout.places()
    for place in reversed(places) if cumulate.reverse else places:
        item = k.rebuild(cumulate.elements, _placed(k, layout, cumulate.indices, place))
        step = 1 if cumulate.reverse else -1
        before = found.get((*place[:axis], place[axis] + step, *place[axis + 1 :]))
        found[place] = item if before is None else _combined(k, cumulate, before, item)
    return list(zip(*(found[place] for place in places), strict=True))


# -- updates


def _scatter(k: Reader, scatter: Scatter) -> Bodies | None:
    layout = layout_of(scatter.out.shape)
    if layout is None:
        return None
    by_lane = layout.lanes > 1 and scatter.place[0] in scatter.indices
    by_lane = by_lane and scatter.place[0].payload == layout.lanes
    looped = [i for i in scatter.indices if not (by_lane and i is scatter.place[0])]
    count = math.prod(i.payload for i in looped)
    if layout.count * count * _NEIGHBOURS * (_nodes(scatter) + 2) > MOST_NODES:
        return None
    axes = [k.index(n) for n in layout.shape]
    places = [list(_placed(k, layout, axes, place).values()) for place in layout.places()]
    lanes = k.lane_index(layout.lanes)
    parts = [k.element(scatter.operand, spot) for spot in places]
    for at in np.ndindex(*(i.payload for i in looped)):
        known = {id(i): k.constant(p) for i, p in zip(looped, at, strict=True)}
        if by_lane:
            known[id(scatter.place[0])] = lanes
        *place, in_bounds, update = k.rebuild(
            (*scatter.place, scatter.in_bounds, scatter.update), known
        )
        if scatter.operand not in k.parts and not _is_near(k, layout, place):
            return None
        for number, spot in enumerate(places):
            pairs = zip(place, spot, strict=True)
            hits = [k.compare("eq", p, s) for p, s in pairs if p is not s]
            if any(x.is_constant and not bool(x.payload) for x in (in_bounds, *hits)):
                continue
            hit = k.all_of([in_bounds, *hits])
            old = parts[number]
            (new,) = k.rebuild((scatter.combined,), {id(scatter.old): old, id(scatter.new): update})
            parts[number] = k.select(hit, new, old)
    return [tuple(parts)]


def _is_near(k: Reader, layout: Layout, place: Sequence[Expr]) -> bool:
    """Whether to choose among the elements of an array, which is in memory, for a place."""
    known = all(x.is_constant or x is k.lane_index(layout.lanes) for x in place)
    return known or layout.count <= MOST_SOUGHT


def _unrolled(k: Reader, unrolled: Unrolled) -> Bodies | None:
    layouts = [layout_of(out.shape) for out in unrolled.outs]
    leading = [i.payload for i in unrolled.indices]
    if None in layouts or len(leading) > 1 or _nodes(unrolled) > MOST_NODES:
        return None
    known: dict[int, Expr] = {}
    if leading:
        if any(layout is None or [layout.lanes] != leading for layout in layouts):
            return None
        # An axis of length 1 is no vector: its only index is known.
        index = k.lane_index(leading[0]) if leading[0] > 1 else k.constant(0)
        known = {id(unrolled.indices[0]): index}
    rest = list(k.rebuild(unrolled.bodies, known))
    found: Bodies = []
    for out, layout in zip(unrolled.outs, layouts, strict=True):
        count = unrolled.places(out)
        assert layout is not None, "asked above"
        elements, rest = rest[:count], rest[count:]
        found.append(tuple(elements) if leading else _gathered(k, elements, layout))
    return found


def _gathered(k: Reader, elements: Sequence[Expr], layout: Layout) -> tuple[Expr, ...]:
    """Returns the parts of an array of which every element is a number of its own."""
    if layout.lanes == 1:
        return tuple(elements)
    columns = [tuple(elements[part :: layout.count]) for part in range(layout.count)]
    return tuple(k.make("lanes", column[0].dtype, column) for column in columns)
