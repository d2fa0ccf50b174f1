"""Bools that become the bits of a number.

sum over r < 8 of x[i,r] << r      ──▶      the eight bools of a row, as a vector, are the byte
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minijax.compiler.emit.lanes import Lanes
from minijax.core.dtypes import bool_, is_integer
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce

if TYPE_CHECKING:
    from minijax.compiler.emit.fold import Fold


def packed_flag(reduce: Reduce, index: Expr) -> Expr | None:
    """Returns the bool that is a bit of a sum, at the place that an index says.

    Args:
        reduce: a fold.
        index: its only inner index.
    """
    if type(reduce) is not Reduce or reduce.kind != "add" or len(reduce.elements) != 1:
        return None
    (element,) = reduce.elements
    if element.op != "shift_left" or not is_integer(element.dtype):
        return None
    bit, place = element.operands
    is_bit = bit.op == "convert" and bit.operands[0].dtype == bool_
    at = place.operands[0] if place.op == "convert" else place
    fits = index.payload == 8 * element.dtype.itemsize
    return bit.operands[0] if is_bit and at is index and fits else None


def emit_packed_bits(fold: Fold) -> bool:
    """Emits a fold whose elements are the bits of its results; tells whether it is one."""
    if len(fold.inner) != 1:
        return False
    (index,) = fold.inner
    flag = packed_flag(fold.reduce, index)
    if flag is None:
        return False
    ty = f"i{index.payload}"
    with fold.body.loops(fold.outer):
        ((start,),) = fold.starts()
        with fold.body.vector(Lanes(index.payload), index, 0):
            (flags,) = fold.body.whole(flag)
            vector = fold.c.operand("i1", flags)
        word = fold.c.fn.emit(f"bitcast <{index.payload} x i1> {vector} to {ty}")
        fold.finish([(fold.c.op("add", ty, start, word),)])
    return True
