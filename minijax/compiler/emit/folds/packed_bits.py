"""Bools that become the bits of a number.

sum over r < 8 of x[i,r] << r      ──▶      the eight bools of a row, as a vector, are the byte
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minijax.compiler.emit.lanes import Lanes
from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.engine import host
from minijax.compiler.fuse.affine import address_terms
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Operand
from minijax.core.dtypes import bool_, is_integer
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce

if TYPE_CHECKING:
    from minijax.compiler.emit.folds.fold import Fold


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
    flag = packed_flag(fold.reduce, fold.inner[0])
    if flag is None:
        return False
    bits = _PackedBits(fold, flag)
    several = host().vector_bytes // 8
    if fold.outer and several > 1 and bits.are_neighbours(fold.outer[-1]):
        *before, last = fold.outer
        with fold.body.loops(before):
            fold.body.across(last.payload, last, several, lambda base: bits.several(last, base))
        return True
    with fold.body.loops(fold.outer):
        fold.finish([bits.numbers(1)])
    return True


class _PackedBits:
    def __init__(self, fold: Fold, flag: Expr) -> None:
        self.fold = fold
        self.body = fold.body
        self.c = fold.c
        self.flag = flag
        self.step = 0
        (self.index,) = fold.inner
        self.width = self.index.payload

    def are_neighbours(self, last: Expr) -> bool:
        """Tells whether the bools of a row lie behind those of the row before, in either order."""
        steps = set()
        for node in postorder((self.flag,)):
            if node.op == "load":
                found = {id(x): c for x, c in address_terms(node)}
                steps.add(found.get(id(self.index), 0))
                if found.get(id(last)) != self.width:
                    return False
            elif node.op == "guarded" or any(x in (last, self.index) for x in node.operands):
                return False
        self.step = steps.pop() if len(steps) == 1 else 0
        return self.step in (1, -1) and self.width == 8 and last.payload > 1

    def several(self, last: Expr, base: Operand) -> None:
        """Makes the numbers of neighbouring rows, as many as count of the lanes around."""
        c, count = self.c, self.c.alive
        with self.body.scope(), c.on(1):
            self.body.bind(last, (str(base),))
            found = self.numbers(count)
        if count == 1:
            found = (str(c.spread(f"i{self.width}", found[0])),)
        elif count < c.lanes:
            order = ", ".join(f"i32 {min(k, count - 1)}" for k in range(c.lanes))
            ty = f"<{count} x i{self.width}>"
            text = f"shufflevector {ty} {found[0]}, {ty} poison, <{c.lanes} x i32> <{order}>"
            found = (c.fn.emit(text),)
        self.fold.finish([found])

    def numbers(self, count: int) -> Scalar:
        """Emits so many numbers, from bools that lie one behind the other."""
        c, ty = self.c, f"i{self.width}"
        ((start,),) = self.fold.starts()
        lanes = count * self.width
        # Where bools go backwards, so do rows: the vector begins with the last of them.
        first = 0 if count == 1 or self.step == 1 else self.width - lanes
        with self.body.vector(Lanes(lanes), self.index, first):
            (x,) = self.body.whole(self.flag)
            flags = c.vector("i1", x)
        if first:
            rows = range(lanes - self.width, -1, -self.width)
            listed = ", ".join(f"i32 {row + k}" for row in rows for k in range(self.width))
            vector = f"<{lanes} x i1>"
            text = f"shufflevector {vector} {flags}, {vector} poison, <{lanes} x i32> <{listed}>"
            flags = c.fn.emit(text)
        target = ty if count == 1 else f"<{count} x {ty}>"
        word = c.fn.emit(f"bitcast <{lanes} x i1> {flags} to {target}")
        with c.on(count):
            return (c.op("add", ty, start, word),)
