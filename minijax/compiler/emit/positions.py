"""Arithmetic of positions: what is known while the text is written is not emitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minijax.compiler.emit.context import Context
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr

if TYPE_CHECKING:
    from minijax.compiler.emit.body import Body


def times(c: Context, x: Operand, factor: int) -> Operand:
    """Emits the product of a position and a constant."""
    if isinstance(x, int):
        return x * factor
    return x if factor == 1 else c.fn.emit(f"mul nsw i64 {x}, {factor}")


def clamp(c: Context, which: str, x: Operand, y: Operand) -> Operand:
    """Emits the smaller (`smin`) or larger (`smax`) of two positions."""
    return c.pure_call("i64", f"llvm.{which}.i64", [("i64", x), ("i64", y)])


def plus(c: Context, x: Operand, y: Operand) -> Operand:
    """Emits the sum of two positions."""
    if isinstance(x, int) and isinstance(y, int):
        return x + y
    if x == 0 or y == 0:
        return y if x == 0 else x
    return c.fn.emit(f"add nsw i64 {x}, {y}")


def row_major(body: Body, indices: Sequence[Expr]) -> Operand:
    """Emits the row-major position of the present iteration of loops over these indices."""
    total: Operand = 0
    for index in indices:
        if index.op == "index":
            above = times(body.c, total, index.payload)
            total = plus(body.c, above, body.position(index))
    return total
