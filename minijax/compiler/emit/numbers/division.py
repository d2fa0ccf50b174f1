"""Division of vectors of integers, which machines have no instruction for, by way of floats.

The quotient of two integers of at most b bits, rounded to more than b bits, lies on the same side
of every whole number as the exact one: that is at least 1/y away from a whole number that it is
not, more than a unit in the last place. So truncating the quotient of floats is exact: float32 for
up to 16 bits, float64 for 32. Numbers of 64 bits go through float64 where all lanes are below 2^51,
and one by one elsewhere.

Divisors are not zero, and nothing overflows: `integer` sees to that.
"""

from __future__ import annotations

from minijax.compiler.emit.context import Context

_MAGIC = 0x4338000000000000  # 1.5 · 2^52: a small integer added to its bits is added to it
_MAGIC_FLOAT = "0x4338000000000000"
_SMALL = 1 << 51


def quotient(c: Context, ty: str, signed: bool, x: str, y: str) -> str:
    """Emits x / y, towards zero."""
    word = "sdiv" if signed else "udiv"
    if c.lanes == 1:
        return c.op(word, ty, x, y)
    if ty == "i64":
        return _by_helper(c, word, x, y)
    real = "float" if ty in ("i8", "i16") else "double"
    to, back = ("sitofp", "fptosi") if signed else ("uitofp", "fptoui")
    numbers = [c.cast(to, ty, z, real) for z in (x, y)]
    return c.cast(back, real, c.op("fdiv", real, *numbers), ty)


def remainder(c: Context, ty: str, signed: bool, x: str, y: str) -> str:
    """Emits what x / y leaves, with the sign of x."""
    word = "srem" if signed else "urem"
    if c.lanes == 1:
        return c.op(word, ty, x, y)
    if ty == "i64":
        return _by_helper(c, word, x, y)
    return c.op("sub", ty, x, c.op("mul", ty, quotient(c, ty, signed, x, y), y))


def _by_helper(c: Context, word: str, x: str, y: str) -> str:
    lanes, wide = c.lanes, c.type("i64")
    name = f"{word}_x{lanes}"
    c.helper(name, wide, [(wide, "x"), (wide, "y")], lambda: _write(c, word, lanes))
    return c.pure_call(wide, name, [(wide, c.operand("i64", z)) for z in (x, y)])


def _write(c: Context, word: str, lanes: int) -> None:
    fn, wide = c.fn, f"<{lanes} x i64>"
    signed = word[0] == "s"
    with c.on(lanes):
        low = [c.op("add", "i64", z, _SMALL) if signed else z for z in ("%x", "%y")]
        high = c.op("lshr", "i64", c.op("or", "i64", *low), 52 if signed else 51)
    any_bit = f"llvm.vector.reduce.or.v{lanes}i64"
    large = fn.emit(f"icmp ne i64 {c.pure_call('i64', any_bit, [(wide, high)])}, 0")
    with fn.if_else(large, [wide]) as choice:
        with choice.then():
            choice.give(_one_by_one(c, word, lanes))
        with choice.otherwise(), c.on(lanes):
            choice.give(_through_floats(c, word))
    fn.ret(choice.results[0])


def _one_by_one(c: Context, word: str, lanes: int) -> str:
    fn, wide, found = c.fn, f"<{lanes} x i64>", "poison"
    for lane in range(lanes):
        x, y = (fn.emit(f"extractelement {wide} {z}, i64 {lane}") for z in ("%x", "%y"))
        result = fn.emit(f"{word} i64 {x}, {y}")
        found = fn.emit(f"insertelement {wide} {found}, i64 {result}, i64 {lane}")
    return found


def _through_floats(c: Context, word: str) -> str:
    x, y = (_to_float(c, z) for z in ("%x", "%y"))
    whole = c.intrinsic("trunc", "double", [("double", c.op("fdiv", "double", x, y))])
    if word.endswith("rem"):
        # The product is a whole number no larger than x: nothing is rounded.
        whole = c.op("fsub", "double", x, c.op("fmul", "double", whole, y))
    bits = c.cast("bitcast", "double", c.op("fadd", "double", whole, _MAGIC_FLOAT), "i64")
    return c.op("sub", "i64", bits, _MAGIC)


def _to_float(c: Context, x: str) -> str:
    bits = c.cast("bitcast", "i64", c.op("add", "i64", x, _MAGIC), "double")
    return c.op("fsub", "double", bits, _MAGIC_FLOAT)
