"""Row programs: steps that go over the same rows one after the other take one row at a time.

    m[i] = max_j x[i,j]                       for i:
    s[i] = Σ_j exp(x[i,j] - m[i])      ──▶        m = max_j x[i,j]
    y[i,j] = exp(x[i,j] - m[i]) / s[i]            s = Σ_j …
                                                  for j: y[i,j] = …

Each step would walk through all of x; together they keep a row in the cache. Steps may share their
rows if whatever one makes and another one reads lies in the reader's own row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from minijax.compiler.fuse.affine import IndexBuilder, address_terms
from minijax.compiler.fuse.nest import join_loops
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.walk import expressions, postorder
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Element, Reduce, Value, results

if TYPE_CHECKING:
    from minijax.compiler.fuse.steps import Step

_SHORTEST_ROW = 64
_LONGEST_ROW = 1 << 15
_SMALLEST = 1 << 14


def group_rows(steps: Sequence[Step]) -> None:
    """Joins the loops of all steps; gives those that share their rows a common `group`."""
    grouped: set[int] = set()
    for start, stop, prefix in _runs(steps):
        _join_together(steps[start:stop], prefix, start)
        grouped.update(range(start, stop))
    for position, step in enumerate(steps):
        if position not in grouped:
            join_loops(step)


def _runs(steps: Sequence[Step]) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yields ranges of steps that can share their rows, with the shape of the kept axes."""
    position = 0
    while position < len(steps):
        prefix = _rows_of(steps[position])
        start = position
        position += 1
        if prefix is None:
            continue
        while start > 0 and _fits(steps[start - 1], prefix):
            start -= 1
        while position < len(steps) and _fits(steps[position], prefix):
            position += 1
        yield from _legal(steps, start, position, prefix)


def takes_rows(step: Step) -> bool:
    """Tells whether a fold can be part of a row program."""
    return _rows_of(step) is not None


def _rows_of(step: Step) -> tuple[int, ...] | None:
    """Returns the kept axes of a fold over contiguous rows that are worth keeping."""
    fold = step.definition
    if not isinstance(fold, Reduce) or isinstance(fold, Sweep) or not fold.inner:
        return None
    prefix = fold.outs[0].shape
    length = math.prod(_size(i) for i in fold.inner)
    rows = math.prod(prefix)
    if rows < 2 or not _SHORTEST_ROW <= length <= _LONGEST_ROW or rows * length < _SMALLEST:
        return None
    return prefix if _is_contiguous(fold) else None


def _size(index: Expr) -> int:
    return int(index.payload) if index.op == "index" else 1


def _is_contiguous(fold: Reduce) -> bool:
    last = [i for i in fold.inner if i.op == "index"][-1:]
    steps = [
        c
        for node in postorder(fold.elements)
        if node.op in ("load", "guarded")
        for x, c in address_terms(node)
        if last and x is last[0]
    ]
    return bool(steps) and all(c in (0, 1) for c in steps)


def _fits(step: Step, prefix: tuple[int, ...]) -> bool:
    definition = step.definition
    if isinstance(definition, Reduce):
        return definition.outs[0].shape == prefix and _rows_of(step) is not None
    if not isinstance(definition, Element) or not definition.outs[0].ndim:
        return False
    shape = definition.outs[0].shape
    return shape[: len(prefix)] == prefix and math.prod(shape) <= math.prod(prefix) * _LONGEST_ROW


def _legal(
    steps: Sequence[Step], start: int, stop: int, prefix: tuple[int, ...]
) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yields the parts of a range in which nobody reads another row of what the part makes."""
    first = start
    made: set[Value] = set()
    for position in range(start, stop):
        step = steps[position]
        if not _reads_own_rows(step, made, prefix):
            if position - first > 1:
                yield first, position, prefix
            first, made = position, set()
        made |= set(results(step.definition))
    if stop - first > 1:
        yield first, stop, prefix


def _reads_own_rows(step: Step, made: set[Value], prefix: tuple[int, ...]) -> bool:
    definition = step.definition
    kept = definition.outer if isinstance(definition, Reduce) else definition.indices  # type: ignore[union-attr]
    rows = kept[: len(prefix)]
    rank = math.prod(prefix)
    for node in postorder(expressions(definition)):
        if node.op not in ("load", "guarded") or node.payload.value not in made:
            continue
        row = node.payload.value.size // rank
        if not _lies_in_row(step.builder, node, rows, row):
            return False
    return True


def _lies_in_row(builder: IndexBuilder, node: Expr, rows: Sequence[Expr], row: int) -> bool:
    """Whether a load's position is row · (the row's number) + something within a row."""
    wanted: dict[int, int] = {}
    stride = row
    for index in reversed(rows):
        if index.op == "index":
            wanted[id(index)] = stride
        stride *= _size(index)
    low = high = node.payload.const
    for term, coefficient in address_terms(node):
        if id(term) in wanted:
            if wanted.pop(id(term)) != coefficient:
                return False
            continue
        a, b = builder.range(term)
        low += min(a * coefficient, b * coefficient)
        high += max(a * coefficient, b * coefficient)
    return not wanted and low >= 0 and high < row


def _join_together(steps: Sequence[Step], prefix: tuple[int, ...], group: int) -> None:
    """Joins kept axes to one index each; the steps are a group only if that goes for all."""
    wanted = math.prod(prefix)
    found = []
    for step in steps:
        join_loops(step, keep_apart=len(prefix))
        definition = step.definition
        kept = definition.outer if isinstance(definition, Reduce) else definition.indices  # type: ignore[union-attr]
        first = next((i for i in kept if i.op == "index"), None)
        found.append(first if first is not None and first.payload == wanted else None)
    if None in found:
        return
    for step, index in zip(steps, found, strict=True):
        step.row, step.group = index, group
