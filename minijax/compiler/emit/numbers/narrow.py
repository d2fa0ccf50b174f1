"""16-bit floats: a register holds the value as a float, memory holds the 16 bits.

bfloat16 is the upper half of a float, so conversion is integer arithmetic. float16 uses the
processor's conversion where there is one, else the same kind of arithmetic.
"""

from __future__ import annotations

import functools
import platform

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.engine import host
from minijax.core import dtypes

_INFINITY = 0x7F800000


def from_bits(c: Context, dtype: np.dtype, bits: str) -> str:
    """Returns the float whose 16 bits are given."""
    if dtype == dtypes.bfloat16:
        high = c.op("shl", "i32", c.cast("zext", "i16", bits, "i32"), 16)
        return c.cast("bitcast", "i32", high, "float")
    if _converts_half():
        return c.cast("fpext", "half", c.cast("bitcast", "i16", bits, "half"), "float")
    wide = c.cast("zext", "i16", bits, "i32")
    magnitude = c.op("shl", "i32", c.op("and", "i32", wide, 32767), 13)
    # Multiplying by 2^112 moves the exponent to its new bias, denormals included.
    denormal = c.cast("bitcast", "i32", magnitude, "float")
    scaled = c.op("fmul", "float", denormal, "0x46F0000000000000")
    finite = c.cast("bitcast", "float", scaled, "i32")
    special = c.op("icmp uge", "i32", magnitude, 0x7C00 << 13)
    found = c.select(special, "i32", c.op("or", "i32", magnitude, _INFINITY), finite)
    sign = c.op("shl", "i32", c.op("and", "i32", wide, 32768), 16)
    return c.cast("bitcast", "i32", c.op("or", "i32", found, sign), "float")


def to_bits(c: Context, dtype: np.dtype, value: str) -> str:
    """Returns the 16 bits of a float, rounded to nearest even."""
    if dtype == dtypes.float16 and _converts_half():
        return c.cast("bitcast", "half", c.cast("fptrunc", "float", value, "half"), "i16")
    bits = c.cast("bitcast", "float", value, "i32")
    if dtype == dtypes.float16:
        return _half_bits(c, bits)
    odd = c.op("and", "i32", c.op("lshr", "i32", bits, 16), 1)
    near = c.op("add", "i32", c.op("add", "i32", bits, 32767), odd)
    quiet = c.op("or", "i32", bits, 4194304)
    is_nan = c.op("fcmp uno", "float", value, value)
    chosen = c.select(is_nan, "i32", quiet, near)
    return c.cast("trunc", "i32", c.op("lshr", "i32", chosen, 16), "i16")


def rounded(c: Context, dtype: np.dtype, value: str) -> str:
    """Returns a float rounded to a 16-bit format."""
    return from_bits(c, dtype, to_bits(c, dtype, value))


def from_double(c: Context, dtype: np.dtype, value: str) -> str:
    """Returns a double rounded once to a 16-bit format, as a float."""
    if dtype == dtypes.bfloat16:
        return rounded(c, dtype, c.cast("fptrunc", "double", value, "float"))
    # Rounding to odd in between keeps what decides ties, so the second rounding is the only one.
    near = c.cast("fptrunc", "double", value, "float")
    back = c.cast("fpext", "float", near, "double")
    bits = c.cast("bitcast", "float", near, "i32")
    size = c.intrinsic("fabs", "double", [("double", value)])
    size_near = c.intrinsic("fabs", "double", [("double", back)])
    beyond = c.cast("zext", "i1", c.op("fcmp ogt", "double", size_near, size), "i32")
    inexact = c.cast("zext", "i1", c.op("fcmp one", "double", back, value), "i32")
    odd = c.op("or", "i32", c.op("sub", "i32", bits, beyond), inexact)
    return rounded(c, dtype, c.cast("bitcast", "i32", odd, "float"))


def _half_bits(c: Context, bits: str) -> str:
    sign = c.op("and", "i32", bits, -2147483648)
    size = c.op("xor", "i32", bits, sign)
    # Adding one half aligns a denormal's mantissa with the bottom of the float's.
    aligned = c.op("fadd", "float", c.cast("bitcast", "i32", size, "float"), "0x3FE0000000000000")
    denormal = c.op("sub", "i32", c.cast("bitcast", "float", aligned, "i32"), 0x3F000000)
    odd = c.op("and", "i32", c.op("lshr", "i32", size, 13), 1)
    rebased = c.op("add", "i32", size, ((15 - 127) << 23) + 0xFFF)
    normal = c.op("lshr", "i32", c.op("add", "i32", rebased, odd), 13)
    small = c.op("icmp ult", "i32", size, 0x38800000)
    finite = c.select(small, "i32", denormal, normal)
    is_nan = c.op("icmp ugt", "i32", size, _INFINITY)
    special = c.select(is_nan, "i32", 0x7E00, 0x7C00)
    large = c.op("icmp uge", "i32", size, 0x47800000)
    found = c.select(large, "i32", special, finite)
    whole = c.op("or", "i32", found, c.op("lshr", "i32", sign, 16))
    return c.cast("trunc", "i32", whole, "i16")


@functools.cache
def _converts_half() -> bool:
    """Whether the processor converts between float and half."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return True
    return "+f16c" in host().features.split(",")
