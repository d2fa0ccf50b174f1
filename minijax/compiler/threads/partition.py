"""Which loops are cut into parts, and where.

A part is a range of one loop whose iterations do not need each other: of elements, of kept axes of
a fold, of rows, of matrices in a batch, of iterations that carry nothing. How many there are
follows from the work and the lengths alone, so whatever is rounded is rounded in the same way on
any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from minijax.compiler.fuse.estimate import step_work
from minijax.compiler.fuse.hosts import calls_host
from minijax.compiler.fuse.rewrite import dot_sizes
from minijax.compiler.fuse.step import Fused, Step
from minijax.compiler.fuse.sweeps import STRETCH, goes_across, streams_together, walks_rows
from minijax.compiler.fuse.walk import expressions, postorder
from minijax.core.records import record, replace
from minijax.kernel.expr import Expr
from minijax.kernel.roots import (
    Cumulate,
    Dot,
    Element,
    Native,
    Reduce,
    Scan,
    Scatter,
    Sort,
    Unrolled,
    While,
)

# In additions, of which a core does about five in a nanosecond.
LEAST_WORK = 1e6
_LEAST_GUESS = 1e5  # work that is only guessed; the first part then tells
PART_WORK = 1.25e5
MOST_PARTS = 128
_ENOUGH = 8
_NEIGHBOURS = 64  # elements that stay together: a register or a line of the cache, of any dtype
_TILE = 8  # rows that are exchanged with columns together
_FEWEST_COLUMNS = 1024
# Rows of a product in a part: BLAS lays out the other operand for each part again.
_FEWEST_ROWS = 240
_FEWEST_OF_TWO = 96  # where there are only two parts


@record(eq=True)
class Split:
    """How a loop is cut.

    Attributes:
        index: the index that runs over a range in a part; None where the step has no indices.
        size: the length of the loop.
        length: the length of a part; the last one may be shorter.
        is_sure: whether the work is known: it is not where a loop may end at any time.
    """

    index: Expr | None
    size: int
    length: int
    is_sure: bool = True

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return -(-self.size // self.length)


def wanted_parts(work: float) -> int:
    """Returns into how many parts so much work is cut where lengths allow it."""
    return max(int(min(work / PART_WORK, MOST_PARTS)), 1)


def split_step(step: Step, columns: bool = True) -> Split | None:
    """Returns how the loop of a step is cut, None if it is not.

    Args:
        step: the step.
        columns: whether a fold that goes over rows may have its columns cut.
    """
    work = step_work(step)
    definition = step.definition
    if isinstance(definition, Scan):
        return _split_scan(step, definition, work)
    if work < LEAST_WORK:
        return None
    if isinstance(definition, Native):
        if calls_host(definition):
            return None
        return _cut([(None, math.prod(definition.batch), 1)], work)
    if isinstance(definition, Dot):
        return _split_dot(definition, work)
    if isinstance(definition, Sort):
        shape, axis = definition.operands[0].shape, definition.axis
        rows = max(math.prod(shape[:axis]), math.prod(shape[axis + 1 :]))
        return _cut([(None, rows, 1)], work)
    split = _cut(_divisible(step), work)
    return (
        _split_columns(definition, split) if columns and isinstance(definition, Reduce) else split
    )


def _split_scan(step: Step, scan: Scan, work: float) -> Split | None:
    """Cuts a loop that carries nothing."""
    if scan.init or not isinstance(scan.length, int):
        return None
    is_sure = not any(map(_may_end, step.inner))
    if work < (LEAST_WORK if is_sure else _LEAST_GUESS) or calls_host(scan):
        return None
    split = _cut([(None, scan.length, 1)], work if is_sure else math.inf)
    return None if split is None else replace(split, is_sure=is_sure)


def _may_end(fused: Fused) -> bool:
    """Tells whether there is a loop of unknown length in a program."""
    for step in fused.steps:
        definition = step.definition
        if isinstance(definition, While) or any(map(_may_end, step.inner)):
            return True
        if isinstance(definition, Scan) and not isinstance(definition.length, int):
            return True
    return False


def split_rows(steps: Sequence[Step]) -> Split | None:
    """Returns how the rows are cut that some steps share."""
    row, work = steps[0].row, sum(map(step_work, steps))
    assert row is not None, "the steps share rows"
    return None if work < LEAST_WORK else _cut([(row, row.payload, 1)], work)


def _cut(loops: Sequence[tuple[Expr | None, int, int]], work: float) -> Split | None:
    """Cuts the outermost loop that gives enough parts, else the one that gives most.

    Args:
        loops: index, length, and what the length of a part is a multiple of.
        work: of all parts together.
    """
    wanted = wanted_parts(work)
    best: Split | None = None
    for index, size, multiple in loops:
        length = -(-size // wanted)
        length = min(-(-length // multiple) * multiple, max(size, 1))
        split = Split(index, size, length)
        if best is None or split.parts > best.parts:
            best = split
        if split.parts >= min(wanted, _ENOUGH):
            return split
    return best if best is not None and best.parts > 1 else None


def _divisible(step: Step) -> list[tuple[Expr | None, int, int]]:
    definition = step.definition
    match definition:
        case Element() | Unrolled():
            found = [i for i in definition.indices if i.op == "index"]
            nodes = postorder(expressions(definition))
            return [(i, i.payload, _together(i, found[-1], nodes)) for i in found]
        case Reduce():
            found = [i for i in definition.outer if i.op == "index"]
            inner = [i for i in definition.inner if i.op == "index"]
            nodes = postorder(definition.elements)
            if found and inner and walks_rows(nodes, found[-1], inner[-1]):
                return [(i, i.payload, 1) for i in found[:-1]]
            if definition.kind is not None or definition.commutes:
                return [(i, i.payload, streams_together(i) if i is found[-1] else 1) for i in found]
        case Scatter() if definition.unique:
            found = [i for i in definition.indices if i.op == "index"]
        case Cumulate():
            along = definition.indices[definition.axis] if definition.axis >= 0 else None
            found = [i for i in definition.indices if i.op == "index" and i is not along]
        case _:
            return []
    last = found[-1] if found else None
    return [(i, i.payload, _NEIGHBOURS if i is last else 1) for i in found]


def _together(index: Expr, last: Expr, nodes: Sequence[Expr]) -> int:
    """Returns how many iterations along an index stay in one part."""
    if index is last:
        return _NEIGHBOURS
    return _TILE if goes_across(nodes, index, last) else 1


def _split_columns(fold: Reduce, split: Split | None) -> Split | None:
    """Cuts the kept axis of a fold that goes along it row by row, if nothing better was found."""
    last = fold.outer[-1] if fold.outer else None
    enough = split is not None and split.parts >= _ENOUGH
    if enough or last is None or last.op != "index" or last.payload < _FEWEST_COLUMNS:
        return split
    inner = [i for i in fold.inner if i.op == "index"]
    if not inner or not walks_rows(postorder(fold.elements), last, inner[-1]):
        return split
    length = min(-(-last.payload // (_ENOUGH * _NEIGHBOURS)) * _NEIGHBOURS, STRETCH)
    return Split(last, last.payload, length)


def _split_dot(dot: Dot, work: float) -> Split | None:
    """Cuts the batch, or the rows of the result."""
    batch = math.prod(dot.lhs.shape[d] for d in dot.lhs_batch)
    if batch > 1:
        return _cut([(None, batch, 1)], work)
    rows = dot_sizes(dot)[0]
    if rows < 2 * _FEWEST_OF_TWO:
        return None
    # As many parts as a power of two, which most numbers of threads share without a rest.
    parts = min(1 << max(rows // _FEWEST_ROWS, 2).bit_length() - 1, MOST_PARTS)
    return Split(None, rows, -(-rows // (parts * _TILE)) * _TILE)
