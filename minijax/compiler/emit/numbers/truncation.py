"""Floats as integers: truncated, saturated at the ends of the range, NaN as 0.

Processors with AVX2 convert vectors to signed integers of 32 bits only, and give their least
number for what does not fit. Other widths are made of that:

    8 and 16 bits    the range is left to NaN alone, whose lower bits are 0 then
    64 bits          x = h · 2^32 + l; the bits of a small integer are those that 1.5 · 2^52 has
                     less than its sum with it
"""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.context import PURE, Context
from minijax.compiler.emit.numbers.types import layout, literal_float
from minijax.compiler.engine import host
from minijax.core import dtypes

_AVX2_BYTES = 32
_GROUP = {"double": 4, "float": 8}  # lanes of a register
_TRUNCATES = {"double": "llvm.x86.avx.cvtt.pd2dq.256", "float": "llvm.x86.avx.cvtt.ps2dq.256"}
_MAGIC = 1.5 * 2**52
_LOW = (1 << 32) - 1


def to_integer(c: Context, x: str, own: str, target: np.dtype) -> str:
    """Emits a float as an integer.

    Args:
        c: the context.
        x: the float.
        own: its type, "float" or "double".
        target: the dtype of the integer.
    """
    if target.itemsize == 8 and _by_vectors(c, "double"):
        return _to_64_bits(c, x, own, target)
    if target.itemsize < 4 and _by_vectors(c, own):
        return _narrow(c, x, own, target)
    if target == dtypes.uint64:
        return c.intrinsic("fptoui.sat", "i64", [(own, x)], own)
    if target == dtypes.uint32:
        return _to_uint32(c, x, own)
    wide = "i64" if target.itemsize == 8 else "i32"
    least, most, ceiling = _ends(own, target)
    x = _zero_for_nan(c, x, own)
    found = c.cast("fptosi", own, _within(c, x, own, least, ceiling), wide)
    if ceiling != most:
        above = c.op("fcmp ogt", own, x, literal_float(own, ceiling))
        found = c.select(above, wide, most, found)
    to = layout(target).register
    return found if wide == to else c.cast("trunc", wide, found, to)


def _by_vectors(c: Context, own: str) -> bool:
    """Whether registers of AVX2 are filled."""
    target = host()
    is_x86 = target.triple.split("-")[0] in ("x86_64", "amd64")
    return is_x86 and target.vector_bytes == _AVX2_BYTES and c.lanes % _GROUP[own] == 0


def _ends(own: str, target: np.dtype) -> tuple[int, int, float]:
    """Returns the ends of the range of integers, and the largest float in it."""
    least, most = int(np.iinfo(target).min), int(np.iinfo(target).max)
    number = np.float64 if own == "double" else np.float32
    # The largest integer need not be a float: the largest float below it is.
    exact = int(number(most)) == most
    return least, most, float(number(most) if exact else np.nextafter(number(most), number(0)))


def _zero_for_nan(c: Context, x: str, own: str) -> str:
    return c.select(c.op("fcmp uno", own, x, x), own, literal_float(own, 0.0), x)


def _within(c: Context, x: str, own: str, least: float, most: float) -> str:
    """Returns the number of a range that is nearest to one that is not NaN."""
    low, high = literal_float(own, least), literal_float(own, most)
    x = c.select(c.op("fcmp ogt", own, x, low), own, x, low)
    return c.select(c.op("fcmp olt", own, x, high), own, x, high)


def _narrow(c: Context, x: str, own: str, target: np.dtype) -> str:
    """Emits an integer of 8 or 16 bits; NaN stays NaN until it is the least number of 32 bits."""
    least, most, _ = _ends(own, target)
    low, high = literal_float(own, least), literal_float(own, most)
    x = c.select(c.op("fcmp ogt", own, low, x), own, low, x)
    x = c.select(c.op("fcmp olt", own, high, x), own, high, x)
    return c.cast("trunc", "i32", _truncated(c, x, own), layout(target).register)


def _truncated(c: Context, x: str, own: str) -> str:
    """Truncates to 32 bits, a register at a time."""
    size, symbol = _GROUP[own], _TRUNCATES[own]
    source, result = f"<{size} x {own}>", f"<{size} x i32>"
    c.module.declare(symbol, result, [source], PURE)
    return c.in_groups(
        size, own, [x], lambda part: c.fn.call(result, symbol, [(source, part)]), "i32"
    )


def _to_64_bits(c: Context, x: str, own: str, target: np.dtype) -> str:
    """Emits an integer of 64 bits as the bits of its two halves."""
    if own == "float":
        x = c.cast("fpext", "float", x, "double")
    own = "double"
    least, most, ceiling = _ends(own, target)
    x = _zero_for_nan(c, x, own)
    whole = c.intrinsic("trunc", own, [(own, _within(c, x, own, least, ceiling))])
    scaled = c.op("fmul", own, whole, literal_float(own, 2.0**-32))
    high = c.intrinsic("floor", own, [(own, scaled)])
    # The product is exact, and so is the difference, from 0 to 2^32 - 1.
    low = c.op("fsub", own, whole, c.op("fmul", own, high, literal_float(own, 2.0**32)))
    upper, lower = (_with_magic(c, part) for part in (high, low))
    found = c.op("or", "i64", c.op("shl", "i64", upper, 32), c.op("and", "i64", lower, _LOW))
    above = c.op("fcmp ogt", own, x, literal_float(own, ceiling))
    return c.select(above, "i64", most if most < 1 << 63 else -1, found)


def _with_magic(c: Context, x: str) -> str:
    """Returns bits whose lower half is an integer between -2^31 and 2^32."""
    total = c.op("fadd", "double", x, literal_float("double", _MAGIC))
    return c.cast("bitcast", "double", total, "i64")


def _to_uint32(c: Context, x: str, own: str) -> str:
    """Converts what is left of 2³¹, as there are instructions for signed integers only."""
    least, most, ceiling = _ends(own, np.dtype("uint32"))
    x = _zero_for_nan(c, x, own)
    near = _within(c, x, own, least, ceiling)
    half = literal_float(own, 2.0**31)
    is_large = c.op("fcmp oge", own, near, half)
    # Both are multiples of the last place of what is large: the difference is exact.
    rest = c.select(is_large, own, c.op("fsub", own, near, half), near)
    lower = c.cast("fptosi", own, rest, "i32")
    found = c.select(is_large, "i32", c.op("xor", "i32", lower, -(2**31)), lower)
    if ceiling == most:
        return found
    return c.select(c.op("fcmp ogt", own, x, literal_float(own, ceiling)), "i32", -1, found)
