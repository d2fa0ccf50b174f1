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
    emit = c.fn.emit
    if dtype == dtypes.bfloat16:
        high = emit(f"shl i32 {emit(f'zext i16 {bits} to i32')}, 16")
        return emit(f"bitcast i32 {high} to float")
    if _converts_half():
        return emit(f"fpext half {emit(f'bitcast i16 {bits} to half')} to float")
    wide = emit(f"zext i16 {bits} to i32")
    magnitude = emit(f"shl i32 {emit(f'and i32 {wide}, 32767')}, 13")
    # Multiplying by 2^112 moves the exponent to its new bias, denormals included.
    scaled = emit(f"fmul float {emit(f'bitcast i32 {magnitude} to float')}, 0x46F0000000000000")
    finite = emit(f"bitcast float {scaled} to i32")
    special = emit(f"icmp uge i32 {magnitude}, {0x7C00 << 13}")
    infinite = emit(f"or i32 {magnitude}, {_INFINITY}")
    found = emit(f"select i1 {special}, i32 {infinite}, i32 {finite}")
    sign = emit(f"shl i32 {emit(f'and i32 {wide}, 32768')}, 16")
    return emit(f"bitcast i32 {emit(f'or i32 {found}, {sign}')} to float")


def to_bits(c: Context, dtype: np.dtype, value: str) -> str:
    """Returns the 16 bits of a float, rounded to nearest even."""
    emit = c.fn.emit
    if dtype == dtypes.float16 and _converts_half():
        return emit(f"bitcast half {emit(f'fptrunc float {value} to half')} to i16")
    bits = emit(f"bitcast float {value} to i32")
    if dtype == dtypes.float16:
        return _half_bits(c, bits)
    odd = emit(f"and i32 {emit(f'lshr i32 {bits}, 16')}, 1")
    rounded = emit(f"add i32 {emit(f'add i32 {bits}, 32767')}, {odd}")
    quiet = emit(f"or i32 {bits}, 4194304")
    is_nan = emit(f"fcmp uno float {value}, {value}")
    chosen = emit(f"select i1 {is_nan}, i32 {quiet}, i32 {rounded}")
    return emit(f"trunc i32 {emit(f'lshr i32 {chosen}, 16')} to i16")


def rounded(c: Context, dtype: np.dtype, value: str) -> str:
    """Returns a float rounded to a 16-bit format."""
    return from_bits(c, dtype, to_bits(c, dtype, value))


def from_double(c: Context, dtype: np.dtype, value: str) -> str:
    """Returns a double rounded once to a 16-bit format, as a float."""
    emit = c.fn.emit
    if dtype == dtypes.bfloat16:
        return rounded(c, dtype, emit(f"fptrunc double {value} to float"))
    # Rounding to odd in between keeps what decides ties, so the second rounding is the only one.
    near = emit(f"fptrunc double {value} to float")
    back = emit(f"fpext float {near} to double")
    bits = emit(f"bitcast float {near} to i32")
    size = c.pure_call("double", "llvm.fabs.f64", [("double", value)])
    size_near = c.pure_call("double", "llvm.fabs.f64", [("double", back)])
    beyond = emit(f"zext i1 {emit(f'fcmp ogt double {size_near}, {size}')} to i32")
    inexact = emit(f"zext i1 {emit(f'fcmp one double {back}, {value}')} to i32")
    odd = emit(f"or i32 {emit(f'sub i32 {bits}, {beyond}')}, {inexact}")
    return rounded(c, dtype, emit(f"bitcast i32 {odd} to float"))


def _half_bits(c: Context, bits: str) -> str:
    emit = c.fn.emit
    sign = emit(f"and i32 {bits}, -2147483648")
    size = emit(f"xor i32 {bits}, {sign}")
    # Adding one half aligns a denormal's mantissa with the bottom of the float's.
    aligned = emit(f"fadd float {emit(f'bitcast i32 {size} to float')}, 0x3FE0000000000000")
    denormal = emit(f"sub i32 {emit(f'bitcast float {aligned} to i32')}, {0x3F000000}")
    odd = emit(f"and i32 {emit(f'lshr i32 {size}, 13')}, 1")
    rebased = emit(f"add i32 {size}, {(((15 - 127) << 23) + 0xFFF)}")
    normal = emit(f"lshr i32 {emit(f'add i32 {rebased}, {odd}')}, 13")
    small = emit(f"icmp ult i32 {size}, {0x38800000}")
    finite = emit(f"select i1 {small}, i32 {denormal}, i32 {normal}")
    is_nan = emit(f"icmp ugt i32 {size}, {_INFINITY}")
    special = emit(f"select i1 {is_nan}, i32 {0x7E00}, i32 {0x7C00}")
    large = emit(f"icmp uge i32 {size}, {0x47800000}")
    found = emit(f"select i1 {large}, i32 {special}, i32 {finite}")
    whole = emit(f"or i32 {found}, {emit(f'lshr i32 {sign}, 16')}")
    return emit(f"trunc i32 {whole} to i16")


@functools.cache
def _converts_half() -> bool:
    """Whether the processor converts between float and half."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return True
    return "+f16c" in host().features.split(",")
