"""One scalar operation: from a node and the scalars of its operands to instructions.

The modules beside this one each know one kind of number; here is who asks whom.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers import complex_numbers, convert, integer, narrow, real, special
from minijax.compiler.emit.numbers.types import NARROW, Scalar, constant, registers
from minijax.core import dtypes
from minijax.kernel.expr import Expr

_SPECIAL = ("lgamma", "digamma")


def apply(c: Context, node: Expr, operands: Sequence[Scalar]) -> Scalar:
    """Emits one operation; returns the scalar of its result."""
    match node.op:
        case "const":
            return constant(node.payload)
        case "select":
            return _select(c, node, operands)
        case "convert":
            return convert.convert(c, operands[0], node.operands[0].dtype, node.dtype)
        case "bitcast":
            return convert.bitcast(c, operands[0], node.operands[0].dtype, node.dtype)
        case "complex":
            return operands[0][0], operands[1][0]
        case "floordiv" | "mod":
            word = "udiv" if node.op == "floordiv" else "urem"
            return (c.op(word, "i64", operands[0][0], node.payload),)
    dtype = node.operands[0].dtype
    if dtypes.is_complex(dtype):
        return complex_numbers.apply(c, node, operands)
    if node.op in ("real", "conj"):
        return operands[0]
    first = [x[0] for x in operands]
    if node.op in _SPECIAL or node.op == "special":
        name = node.payload if node.op == "special" else node.op
        result = special.apply(c, registers(dtype)[0], name, first)
        return (narrow.rounded(c, dtype, result) if dtype in NARROW else result,)
    if dtypes.is_float(dtype):
        return (real.apply(c, node, first),)
    return (integer.apply(c, node, first),)


def _select(c: Context, node: Expr, operands: Sequence[Scalar]) -> Scalar:
    (condition,), x, y = operands
    types = registers(node.dtype)
    return tuple(c.select(condition, ty, a, b) for ty, a, b in zip(types, x, y, strict=True))
