"""Conversions between dtypes, of values and of bits.

A float becomes an integer by truncation, saturates at the ends of its range, and NaN becomes 0.
"""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers import narrow
from minijax.compiler.emit.numbers.truncation import to_integer
from minijax.compiler.emit.numbers.types import NARROW, Scalar, layout, literal_float
from minijax.compiler.engine import host
from minijax.core import dtypes

_AVX2_BYTES = 32
_LOWER, _UPPER = 0x433 << 52, (0x453 << 52) + (1 << 31)  # bits of 2^52, and of 2^84 + 2^63


def convert(c: Context, x: Scalar, source: np.dtype, target: np.dtype) -> Scalar:
    """Returns a scalar of one dtype as another."""
    if source == target:
        return x
    if dtypes.is_complex(target):
        part = dtypes.real_dtype(target)
        if dtypes.is_complex(source):
            own = dtypes.real_dtype(source)
            return tuple(_real(c, each, own, part) for each in x)
        return _real(c, x[0], source, part), literal_float(layout(part).register, 0.0)
    if dtypes.is_complex(source):
        own = dtypes.real_dtype(source)
        if target == dtypes.bool_:
            parts = [_real(c, each, own, target) for each in x]
            return (c.op("or", "i1", *parts),)
        return (_real(c, x[0], own, target),)
    return (_real(c, x[0], source, target),)


def _real(c: Context, x: str, source: np.dtype, target: np.dtype) -> str:
    if source == target:
        return x
    if dtypes.is_float(source):
        return _from_float(c, x, source, target)
    if dtypes.is_float(target):
        return _to_float(c, x, source, target)
    return _between_integers(c, x, source, target)


def _from_float(c: Context, x: str, source: np.dtype, target: np.dtype) -> str:
    own, to = layout(source).register, layout(target).register
    if target == dtypes.bool_:
        return c.op("fcmp une", own, x, literal_float(own, 0.0))
    if dtypes.is_integer(target):
        return to_integer(c, x, own, target)
    if target in NARROW:
        if own == "double":
            return narrow.from_double(c, target, x)
        return narrow.rounded(c, target, x)
    if own == to:
        return x
    return c.cast("fpext" if to == "double" else "fptrunc", own, x, to)


def _to_float(c: Context, x: str, source: np.dtype, target: np.dtype) -> str:
    ty = layout(source).register
    if source == dtypes.bool_:
        own = "float" if target in NARROW else layout(target).register
        # Exact in every format; a mask is all it takes.
        return c.select(x, own, literal_float(own, 1.0), literal_float(own, 0.0))
    word = "sitofp" if source.kind == "i" else "uitofp"
    if source == dtypes.int64 and target == dtypes.float64 and _lacks_conversion(c, x):
        return _from_halves(c, x)
    if target not in NARROW:
        return c.cast(word, ty, x, layout(target).register)
    return narrow.rounded(c, target, c.cast(word, ty, x, "float"))


def _lacks_conversion(c: Context, x: str) -> bool:
    """Whether numbers of a vector would be converted one by one: AVX2 converts 32 bits only."""
    target = host()
    is_x86 = target.triple.split("-")[0] in ("x86_64", "amd64")
    return is_x86 and target.vector_bytes == _AVX2_BYTES and c.lanes > 1 and x.startswith("%")


def _from_halves(c: Context, x: str) -> str:
    """Emits an integer of 64 bits as the sum of its halves, which is all that is rounded.

    As bits of the mantissa of 2^52 the lower half is a number, and so is, of 2^84, the upper one,
    whose sign is 2^63 more or less.
    """
    lower = c.op("or", "i64", c.op("and", "i64", x, (1 << 32) - 1), _LOWER)
    upper = c.op("xor", "i64", c.op("lshr", "i64", x, 32), _UPPER)
    high, low = (c.cast("bitcast", "i64", bits, "double") for bits in (upper, lower))
    excess = literal_float("double", 2.0**84 + 2.0**63 + 2.0**52)
    return c.op("fadd", "double", c.op("fsub", "double", high, excess), low)


def _between_integers(c: Context, x: str, source: np.dtype, target: np.dtype) -> str:
    own, to = layout(source).register, layout(target).register
    if target == dtypes.bool_:
        return c.op("icmp ne", own, x, 0)
    if int(own[1:]) == int(to[1:]):
        return x
    if int(own[1:]) > int(to[1:]):
        return c.cast("trunc", own, x, to)
    return c.cast("sext" if source.kind == "i" else "zext", own, x, to)


def bitcast(c: Context, x: Scalar, source: np.dtype, target: np.dtype) -> Scalar:
    """Returns the bits of a scalar as another dtype of the same size."""
    bits = _bits_of(c, x, source)
    return _from_bits(c, bits, target)


def _bits_of(c: Context, x: Scalar, dtype: np.dtype) -> str:
    if dtype in NARROW:
        return narrow.to_bits(c, dtype, x[0])
    if dtype == dtypes.bool_:
        return c.cast("zext", "i1", x[0], "i8")
    ty = layout(dtype).register
    if dtypes.is_float(dtype):
        return c.cast("bitcast", ty, x[0], f"i{8 * dtype.itemsize}")
    assert not dtypes.is_complex(dtype), "complex numbers are cast part by part"
    return x[0]


def _from_bits(c: Context, bits: str, dtype: np.dtype) -> Scalar:
    if dtype in NARROW:
        return (narrow.from_bits(c, dtype, bits),)
    if dtype == dtypes.bool_:
        return (c.op("icmp ne", "i8", bits, 0),)
    if dtypes.is_float(dtype):
        return (c.cast("bitcast", f"i{8 * dtype.itemsize}", bits, layout(dtype).register),)
    assert not dtypes.is_complex(dtype), "complex numbers are cast part by part"
    return (bits,)
