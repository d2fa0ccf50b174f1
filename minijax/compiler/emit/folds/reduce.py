"""Folds, in one of four orders.

* *in order*: accumulators in registers, one element after the other;
* *kept*: vectors along the last kept axis, each lane folding its own elements in order;
* *lanes*: vectors along the last folded axis, for sums and whatever else may change its order.
  Element k of a row goes to accumulator k mod L; the L accumulators are added in a tree, so errors
  grow with n / L instead of n. Every `_BLOCK` rounds the accumulators are emptied into a second row
  of them. L depends on the program alone, so the result depends on nothing else;
* *rows*: where the kept axis is the contiguous one and long, a stretch of results is accumulated
  in memory that stays in the cache, while the operand is walked row by row. Where the operand is in
  the cache itself, the results of a few columns stay in registers, as in the second order.
"""

from __future__ import annotations

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.folds.counts import Counts
from minijax.compiler.emit.folds.fold import FEW, MOST_VECTORS, Fold
from minijax.compiler.emit.folds.fold_lanes import LanesFold
from minijax.compiler.emit.folds.fold_rows import RowsFold
from minijax.compiler.emit.folds.packed_bits import emit_packed_bits
from minijax.compiler.emit.frame import Frame
from minijax.kernel.roots import Reduce

_MOST_NEAR = 12  # vectors of results, where nothing else needs registers for long


def emit_reduce(frame: Frame, reduce: Reduce) -> None:
    """Emits the loops of a fold."""
    if 0 not in reduce.outs[0].shape:
        emit_reduce_in(Body(frame), reduce)


def emit_reduce_in(body: Body, reduce: Reduce) -> None:
    """Emits the loops that are not there yet."""
    fold = Fold(body, reduce)
    if any(i.payload == 0 for i in reduce.inner if i.op == "index"):
        fold.emit_nothing()
    elif emit_packed_bits(fold):
        return
    elif fold.walks_rows():
        if fold.outer[-1].payload <= MOST_VECTORS * fold.kept_lanes():
            fold.emit_side_by_side()
        elif fold.is_near() and fold.is_short():
            fold.emit_kept(_MOST_NEAR)
        else:
            RowsFold(body, reduce).emit_rows()
    elif (counts := Counts.of(fold)) is not None:
        counts.emit()
    elif fold.slides():
        fold.emit_kept()
    elif fold.is_free and fold.inner and fold.inner[-1].payload >= FEW:
        LanesFold(body, reduce).emit_lanes()
    elif fold.outer and fold.outer[-1].payload >= FEW:
        fold.emit_kept()
    else:
        fold.emit_in_order()
