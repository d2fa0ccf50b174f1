"""Elements that are another array as it lies in memory, under other indices.

    y[i, 0, j, k] = x[0, i, j, k]    is x reshaped, whatever transposed and reshaped it on the way

What is taken whole, an output or the operand of a call, is a copy where it is an element. If all
it does is to reorder axes back, or axes of length 1, it is a view instead, and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minijax.compiler.fuse.walk import memory_operands
from minijax.core.records import replace
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Definition, Element, Value, results

_MOST_ELEMENTS = 16  # that are looked through


def as_views(definitions: Sequence[Definition], outputs: Sequence[Value]) -> list[Definition]:
    """Returns definitions in which no output or operand is a copy that could be a view."""
    whole = {*outputs, *(x for d in definitions for x in memory_operands(d))}
    defined = {v: d for d in definitions for v in results(d)}
    for definition in reversed(definitions):
        source = definition.view_of if isinstance(definition, Element) else None
        if source is not None and results(definition)[0] in whole:
            whole.add(source)
    return [_as_view(d, whole, defined) for d in definitions]


def _as_view(
    definition: Definition, whole: set[Value], defined: Mapping[Value, Definition]
) -> Definition:
    if not isinstance(definition, Element) or definition.view_of is not None:
        return definition
    if len(definition.outs) != 1 or definition.outs[0] not in whole:
        return definition
    source = _source(definition, defined)
    return definition if source is None else replace(definition, view_of=source)


def _source(element: Element, defined: Mapping[Value, Definition]) -> Value | None:
    """Returns what lies in memory as the element does, if no element computes it."""
    indices, body = element.indices, element.bodies[0]
    if body.op != "read" or not indices or 0 in element.outs[0].shape:
        return None
    value, places = body.payload, list(body.operands)
    for _ in range(_MOST_ELEMENTS):
        definition = defined.get(value)
        if not isinstance(definition, Element):
            is_same = value.dtype == element.outs[0].dtype and _goes_along(indices, value, places)
            return value if is_same else None
        inner = definition.bodies[value.position]
        known = {id(index): place for index, place in zip(definition.indices, places, strict=True)}
        if inner.op != "read" or not all(_is_plain(x, known) for x in inner.operands):
            return None
        value, places = inner.payload, [known.get(id(x), x) for x in inner.operands]
    return None


def _is_plain(place: Expr, known: Mapping[int, Expr]) -> bool:
    return id(place) in known or place.is_constant


def _goes_along(indices: Sequence[Expr], value: Value, places: Sequence[Expr]) -> bool:
    """Tells whether the places go through all of an array in the order of memory."""
    along = [i for i in indices if i.payload != 1]
    met = [(place, n) for place, n in zip(places, value.shape, strict=True) if n != 1]
    return len(along) == len(met) and all(
        place is index and index.payload == n for index, (place, n) in zip(along, met, strict=True)
    )
