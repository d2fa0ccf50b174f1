"""Division of vectors of integers by one number, which a product with its reciprocal replaces.

What is known of the divisor alone is emitted where the divisor is, in front of the loop.

* Up to 32 bits, the reciprocal is a float (float32 up to 16 bits, else float64), the next one above
  1/y. A product with it is never below x/y, and above it by less than 1/y, the least distance
  from a fraction to the next whole number: truncated, it is the quotient.
* For 64 bits it has 65 bits, m = ⌊2^64 (2^l - y) / y⌋ + 1 + 2^64 with l = ⌈log2 y⌉, and the
  quotient is ⌊x m / 2^(64 + l)⌋ (Granlund and Montgomery, Division by Invariant Integers using
  Multiplication, 1994).

Signs are taken off before and put on afterwards. The quotient by 0 is -1, all bits; what is left is
then x, as it should be.
"""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.text import Operand
from minijax.core.records import record

_LONG = 64
_HALF = (1 << 32) - 1


@record
class Divisor:
    """What divisions by one number need.

    Attributes:
        ty: the type of the integers.
        number: the divisor, in every lane.
        sign: all bits in every lane where it is negative, else none; None for unsigned integers.
        zero: all bits in every lane where it is zero, else none; None where it is known not to be.
        reciprocal: a float; or both halves of a product's factor and two shifts.
    """

    ty: str
    number: Operand
    sign: Operand | None
    zero: Operand | None
    reciprocal: tuple[Operand, ...]


def is_worthwhile(c: Context, dtype: np.dtype, y: str, length: int) -> bool:
    """Tells whether vectors should be divided by a number this way.

    Args:
        c: the context.
        dtype: of the integers.
        y: the divisor, a number.
        length: how many elements are divided by it.
    """
    if c.lanes == 1:
        return False
    if y[0] == "%":
        return dtype.itemsize < 8 or length >= _LONG
    # LLVM does the same with constants, but takes the lanes of 64 bits one by one.
    size = abs(int(y))
    return dtype.itemsize == 8 and size & (size - 1) != 0


def prepare(c: Context, dtype: np.dtype, y: str) -> Divisor:
    """Emits what only depends on the divisor, a number."""
    ty, signed = f"i{8 * dtype.itemsize}", dtype.kind == "i"
    if y[0] != "%":
        number = int(y) if signed else int(y) % (1 << 64)
        sign = (-1 if number < 0 else 0) if signed else None
        return Divisor(ty, number, sign, None, _magic(abs(number)))
    with c.on(1):
        zero = c.op("icmp eq", ty, y, 0)
        size = c.intrinsic("abs", ty, [(ty, y)], flag="false") if signed else y
        size = c.select(zero, ty, 1, size)
        sign_bits = c.op("ashr", ty, y, 8 * dtype.itemsize - 1) if signed else None
        missing = c.cast("sext", "i1", zero, ty)
        factors = _magic_of(c, size) if ty == "i64" else (_inverse(c, ty, size),)
    real = "i64" if ty == "i64" else _real(ty)
    return Divisor(
        ty,
        c.spread(ty, y),
        None if sign_bits is None else c.spread(ty, sign_bits),
        c.spread(ty, missing),
        tuple(c.spread(real, x) for x in factors),
    )


def quotient_by(c: Context, divisor: Divisor, x: str) -> str:
    """Emits x / y, towards zero."""
    find = _by_product if divisor.ty == "i64" else _by_float
    found = find(c, divisor, x)
    return found if divisor.zero is None else c.op("or", divisor.ty, found, divisor.zero)


def remainder_by(c: Context, divisor: Divisor, x: str) -> str:
    """Emits what x / y leaves, with the sign of x."""
    ty = divisor.ty
    whole = c.op("mul", ty, quotient_by(c, divisor, x), divisor.number)
    return c.op("sub", ty, x, whole)


# -- by floats


def _real(ty: str) -> str:
    return "float" if ty in ("i8", "i16") else "double"


def _inverse(c: Context, ty: str, size: str) -> str:
    """The float above 1/y."""
    real = _real(ty)
    bits = {"float": "i32", "double": "i64"}[real]
    inverse = c.op("fdiv", real, "1.0", c.cast("uitofp", ty, size, real))
    raised = c.op("add", bits, c.cast("bitcast", real, inverse, bits), 1)
    return c.cast("bitcast", bits, raised, real)


def _by_float(c: Context, divisor: Divisor, x: str) -> str:
    ty, real = divisor.ty, _real(divisor.ty)
    signed = divisor.sign is not None
    number = c.cast("sitofp" if signed else "uitofp", ty, x, real)
    product = c.op("fmul", real, number, divisor.reciprocal[0])
    found = c.cast("fptosi" if signed else "fptoui", real, product, ty)
    return found if divisor.sign is None else _negated(c, ty, found, divisor.sign)


def _negated(c: Context, ty: str, x: str, where: Operand) -> str:
    """Changes signs where all bits of a mask are set."""
    return x if where == 0 else c.op("sub", ty, c.op("xor", ty, x, where), where)


# -- by products


def _magic(size: int) -> tuple[Operand, ...]:
    bits = (size - 1).bit_length()
    factor = ((((1 << bits) - size) << 64) // size + 1) % (1 << 64)
    return factor & _HALF, factor >> 32, min(bits, 1), max(bits - 1, 0)


def _magic_of(c: Context, size: str) -> tuple[Operand, ...]:
    """The same of a number that the program computes."""
    c.helper("reciprocal", "i64", [("i64", "y")], lambda: _write_reciprocal(c))
    factor = c.pure_call("i64", "reciprocal", [("i64", size)])
    bits = _bits(c, size)
    first = c.intrinsic("umin", "i64", [("i64", bits), ("i64", 1)])
    second = c.op("sub", "i64", bits, first)
    low = c.op("and", "i64", factor, _HALF)
    return low, c.op("lshr", "i64", factor, 32), first, second


def _bits(c: Context, size: str) -> str:
    below = c.op("sub", "i64", size, 1)
    return c.op("sub", "i64", 64, c.intrinsic("ctlz", "i64", [("i64", below)], flag="false"))


def _write_reciprocal(c: Context) -> None:
    """Writes ⌊2^64 (2^l - y) / y⌋ + 1: a long division, of which a digit has 32 bits."""
    bits = _bits(c, "%y")
    is_all = c.op("icmp eq", "i64", bits, 64)
    power = c.select(is_all, "i64", 0, c.op("shl", "i64", 1, c.op("and", "i64", bits, 63)))
    shift = c.intrinsic("ctlz", "i64", [("i64", "%y")], flag="false")
    divisor = c.op("shl", "i64", "%y", shift)
    rest = c.op("shl", "i64", c.op("sub", "i64", power, "%y"), shift)
    high, rest = _digit(c, divisor, rest)
    low, _ = _digit(c, divisor, rest)
    whole = c.op("add", "i64", c.op("shl", "i64", high, 32), low)
    c.fn.ret(c.op("add", "i64", whole, 1))


def _digit(c: Context, divisor: str, rest: str) -> tuple[str, str]:
    """Divides 2^32 · rest, rest < divisor, 2^63 ≤ divisor; returns quotient and remainder.

    The divisor's upper half alone gives a digit that is too large by at most two.
    """
    high = c.op("lshr", "i64", divisor, 32)
    low = c.op("and", "i64", divisor, _HALF)
    digit = c.op("udiv", "i64", rest, high)
    left = c.op("sub", "i64", rest, c.op("mul", "i64", digit, high))
    for _ in range(2):
        is_known = c.op("icmp ule", "i64", left, _HALF)
        target = c.op("shl", "i64", left, 32)
        over = c.op("icmp ugt", "i64", c.op("mul", "i64", digit, low), target)
        less = c.cast("zext", "i1", c.op("and", "i1", is_known, over), "i64")
        digit = c.op("sub", "i64", digit, less)
        left = c.op("add", "i64", left, c.op("mul", "i64", less, high))
    taken = c.op("mul", "i64", digit, divisor)
    return digit, c.op("sub", "i64", c.op("shl", "i64", rest, 32), taken)


def _by_product(c: Context, divisor: Divisor, x: str) -> str:
    *factor, first, second = divisor.reciprocal
    if divisor.sign is None:
        return _unsigned(c, x, factor, first, second)
    sign = c.op("ashr", "i64", x, 63)
    size = _negated(c, "i64", x, sign)
    found = _unsigned(c, size, factor, first, second)
    opposite = sign if divisor.sign == 0 else c.op("xor", "i64", sign, divisor.sign)
    return _negated(c, "i64", found, opposite)


def _unsigned(c: Context, x: str, factor: list[Operand], first: Operand, second: Operand) -> str:
    upper = _upper_half(c, x, factor)
    half = c.op("lshr", "i64", c.op("sub", "i64", x, upper), first)
    return c.op("lshr", "i64", c.op("add", "i64", half, upper), second)


def _upper_half(c: Context, x: str, factor: list[Operand]) -> str:
    """The upper 64 bits of a product of 128, by products of 32 bits."""

    def low(z: str) -> str:
        return c.op("and", "i64", z, _HALF)

    def high(z: str) -> str:
        return c.op("lshr", "i64", z, 32)

    parts = low(x), high(x)
    (ll, hl), (lh, hh) = ([c.op("mul", "i64", part, y) for part in parts] for y in factor)
    middle = c.op("add", "i64", hl, high(ll))
    other = c.op("add", "i64", lh, low(middle))
    return c.op("add", "i64", c.op("add", "i64", hh, high(middle)), high(other))
