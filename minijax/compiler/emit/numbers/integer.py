"""Integers and bools: wrapping arithmetic, and answers where the machine has none.

Division by zero gives -1 (all ones), the remainder by zero is the dividend; a shift by the width
or more moves every bit out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers import division
from minijax.compiler.emit.numbers.types import layout
from minijax.kernel.expr import Expr

_PLAIN = ("add", "sub", "mul", "and", "or", "xor")
_ORDER = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge", "lt_total": "lt", "le_total": "le"}


def apply(c: Context, node: Expr, x: Sequence[str]) -> str:
    """Emits an operation on integers, bools or keys."""
    dtype = node.operands[0].dtype
    ty = layout(dtype).register
    signed = dtype.kind == "i"
    op = node.op
    if op in _PLAIN:
        return c.op(_bool_word(op) if ty == "i1" else op, ty, *x)
    if op in ("eq", "ne"):
        return c.op(f"icmp {op}", ty, *x)
    if op in _ORDER:
        return c.op(f"icmp {'s' if signed else 'u'}{_ORDER[op]}", ty, *x)
    if op in ("max", "min"):
        return c.intrinsic(f"{'s' if signed else 'u'}{op}", ty, [(ty, x[0]), (ty, x[1])])
    if op == "not":
        return c.op("xor", ty, x[0], "true" if ty == "i1" else -1)
    if op == "neg":
        return c.op("sub", ty, 0, x[0])
    if op == "integer_pow":
        return _power_constant(c, ty, x[0], node.payload)
    return _OTHER[op](c, dtype, ty, x)


def _bool_word(op: str) -> str:
    return {"add": "or", "mul": "and", "sub": "xor"}.get(op, op)


def _divide(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    if _is_plain_divisor(x[1]):
        return c.op("sdiv" if dtype.kind == "i" else "udiv", ty, *x)
    zero = c.op("icmp eq", ty, x[1], 0)
    safe = _safe_divisor(c, dtype, ty, x, zero)
    found = division.quotient(c, ty, dtype.kind == "i", x[0], safe)
    return c.select(zero, ty, -1, found)


def _remainder(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    if _is_plain_divisor(x[1]):
        return c.op("srem" if dtype.kind == "i" else "urem", ty, *x)
    zero = c.op("icmp eq", ty, x[1], 0)
    safe = _safe_divisor(c, dtype, ty, x, zero)
    rest = division.remainder(c, ty, dtype.kind == "i", x[0], safe)
    return c.select(zero, ty, x[0], rest)


def _is_plain_divisor(x: str) -> bool:
    """Whether a divisor is a constant that cannot trap: LLVM multiplies and shifts instead."""
    return x[0] not in "%<" and int(x) not in (0, -1)


def _safe_divisor(c: Context, dtype: np.dtype, ty: str, x: Sequence[str], zero: str) -> str:
    """The divisor, or 1 where dividing by it would trap: least / -1 wraps to least, as by 1."""
    trap = zero
    if dtype.kind == "i":
        least = c.op("icmp eq", ty, x[0], np.iinfo(dtype).min)
        minus_one = c.op("icmp eq", ty, x[1], -1)
        overflow = c.op("and", "i1", least, minus_one)
        trap = c.op("or", "i1", zero, overflow)
    return c.select(trap, ty, 1, x[1])


def _shift(word: str) -> Callable[..., str]:
    def emit(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
        width = 8 * dtype.itemsize
        outside = c.op("icmp uge", ty, x[1], width)
        amount = c.select(outside, ty, width - 1, x[1])
        shifted = c.op(word, ty, x[0], amount)
        if word == "ashr":
            return shifted
        return c.select(outside, ty, 0, shifted)

    return emit


def _absolute(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    if dtype.kind != "i":
        return x[0]
    return c.intrinsic("abs", ty, [(ty, x[0])], flag="false")


def _sign(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    nonzero = c.op("icmp ne", ty, x[0], 0)
    positive = c.cast("zext", "i1", nonzero, ty)
    if dtype.kind != "i":
        return positive
    negative = c.op("icmp slt", ty, x[0], 0)
    return c.select(negative, ty, -1, positive)


def _population(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    return c.intrinsic("ctpop", ty, [(ty, x[0])])


def _leading_zeros(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    return c.intrinsic("ctlz", ty, [(ty, x[0])], flag="false")


def _identity(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    return x[0]


def _true(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    return "true"


def _false(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    return "false"


def _power(c: Context, dtype: np.dtype, ty: str, x: Sequence[str]) -> str:
    """x ** y by squaring; a negative y gives 0, but for x = 1 and x = -1."""
    name = f"power_{dtype.name}"

    def write() -> None:
        fn = c.fn
        with fn.while_loop([(ty, 1), (ty, "%x"), (ty, "%y")]) as loop:
            result, base, left = loop.values
            loop.test(fn.emit(f"icmp ne {ty} {left}, 0"))
            odd = fn.emit(f"trunc {ty} {left} to i1")
            product = fn.emit(f"mul {ty} {result}, {base}")
            following = fn.emit(f"select i1 {odd}, {ty} {product}, {ty} {result}")
            square = fn.emit(f"mul {ty} {base}, {base}")
            loop.next(following, square, fn.emit(f"lshr {ty} {left}, 1"))
        if dtype.kind != "i":
            fn.ret(loop.results[0])
            return
        negative = fn.emit(f"icmp slt {ty} %y, 0")
        unit = fn.emit(f"add {ty} %x, 1")
        is_unit = fn.emit(f"icmp ule {ty} {unit}, 2")
        not_zero = fn.emit(f"icmp ne {ty} %x, 0")
        is_unit = fn.emit(f"and i1 {is_unit}, {not_zero}")
        kept = fn.emit(f"xor i1 {is_unit}, true")
        vanishes = fn.emit(f"and i1 {negative}, {kept}")
        fn.ret(fn.emit(f"select i1 {vanishes}, {ty} 0, {ty} {loop.results[0]}"))

    c.helper(name, ty, [(ty, "x"), (ty, "y")], write)
    return c.scalar_call(ty, name, [(ty, x[0]), (ty, x[1])])


def _power_constant(c: Context, ty: str, x: str, exponent: int) -> str:
    assert exponent >= 0, "an integer has no negative powers"
    result, base, left = "1", x, exponent
    while left:
        if left & 1:
            result = base if result == "1" else c.op("mul", ty, result, base)
        left >>= 1
        if left:
            base = c.op("mul", ty, base, base)
    return result


_OTHER: dict[str, Callable[..., str]] = {
    "div": _divide,
    "rem": _remainder,
    "pow": _power,
    "shift_left": _shift("shl"),
    "shift_right_logical": _shift("lshr"),
    "shift_right_arithmetic": _shift("ashr"),
    "abs": _absolute,
    "sign": _sign,
    "population_count": _population,
    "clz": _leading_zeros,
    "floor": _identity,
    "ceil": _identity,
    "round": _identity,
    "trunc": _identity,
    "is_finite": _true,
    "is_nan": _false,
}
