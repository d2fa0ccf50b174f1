"""Bools that do not change in a loop, where vectors choose by them.

A bool that is spread over the lanes in front of a loop would be narrow there, and widened in each
iteration. So it is spread as wide as the numbers that it is met by, all ones for True. `freeze`
keeps LLVM from looking through that; the test of the sign costs nothing beside a choice.
"""

from __future__ import annotations

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers.types import bits_of, layout
from minijax.core.dtypes import bool_
from minijax.kernel.expr import COMPARISON, Expr

_WIDE = (32, 64)  # bits of numbers that a vector is chosen by as they are


def mask_bits(node: Expr) -> int:
    """Returns the bits of the numbers that the bools of an operation meet; 0 if there are none."""
    if node.op == "select":
        return _wide_bits(node)
    if node.op in ("and", "or") and node.dtype == bool_:
        return max(map(_compared_bits, node.operands))
    return 0


def _compared_bits(x: Expr) -> int:
    """Returns the bits of the numbers that a bool comes from, as far as that is plain to see."""
    while x.op in ("and", "or", "not") and x.dtype == bool_:
        x = x.operands[-1]
    return _wide_bits(x.operands[0]) if x.op in COMPARISON else 0


def _wide_bits(x: Expr) -> int:
    bits = bits_of(layout(x.dtype).register)
    return bits if bits in _WIDE else 0


def spread_mask(c: Context, x: str, bits: int) -> str:
    """Emits a bool in every lane, `bits` wide, in front of a loop."""
    ty = f"i{bits}"
    with c.on(1):
        wide = c.cast("sext", "i1", x, ty)
    vector = c.type(ty)
    return c.fn.emit(f"freeze {vector} {c.spread(ty, wide)}")


def from_mask(c: Context, mask: str, bits: int) -> str:
    """Emits the bools that a mask stands for, in the loop."""
    return c.op("icmp slt", f"i{bits}", mask, 0)
