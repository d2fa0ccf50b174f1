"""Bits of integers, and the parts that floating numbers are stored as."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions, ufuncs
from minijax.numpy.axes import moveaxis, ravel, reshape
from minijax.numpy.dtypes import finfo, inexact_dtype
from minijax.numpy.logic import (
    isfinite,
    not_equal,
    truth,
)
from minijax.numpy.promotion import canonical_axis, convert, inexact, operand, strong
from minijax.numpy.rounding import nextafter
from minijax.numpy.selection import where
from minijax.primitives.convert import bitcast_convert_type
from minijax.primitives.creation import iota
from minijax.primitives.joining import pad as pad_primitive
from minijax.primitives.shape import rev


def _check_order(name: str, bitorder: str) -> None:
    if bitorder not in ("big", "little"):
        raise ValueError(f'{name}: bitorder is "big" or "little", got {bitorder!r}.')


def _bytes_last(name: str, a: Array, axis: int | None) -> tuple[Any, int]:
    if axis is None:
        return ravel(a), 0
    place = canonical_axis(axis, a.ndim, name)
    return moveaxis(a, place, -1), place


def packbits(a: Any, axis: int | None = None, bitorder: str = "big") -> Array:
    """Returns bools packed into bytes, eight in each.

    Args:
        a: an array of integers or bools; what is not zero counts as 1.
        axis: the axis along which to pack; None ravels the array.
        bitorder: "big" puts the first element into the highest bit, "little" into the lowest.

    Returns:
        A uint8 array; missing bits of the last byte are 0.

    Raises:
        TypeError: if `a` is not of integers or bools.
        ValueError: if there is no such order of bits.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.packbits(jnp.array([1, 0, 1]))
        Array([160], dtype=uint8)
    """
    x = operand(a, "packbits")
    if not dtypes.is_integer(x.dtype) and x.dtype != dtypes.bool_:
        raise TypeError(f"packbits takes integers or bools, got {x.dtype}.")
    _check_order("packbits", bitorder)
    bits, place = _bytes_last("packbits", x, axis)
    ones = truth(bits, "packbits")
    missing = -bits.shape[-1] % 8
    widths = [(0, 0, 0)] * (ones.ndim - 1) + [(0, missing, 0)]
    padded = pad_primitive(ones, np.zeros((), np.bool_), widths)
    groups: Any = reshape(padded, (*padded.shape[:-1], padded.shape[-1] // 8, 8))
    if bitorder == "big":
        groups = rev(groups, (groups.ndim - 1,))
    # What compiled code takes for the bits of a byte: each bool at the place of its number.
    shifted: Any = convert(groups, dtypes.uint8) << iota(dtypes.uint8, 8)
    packed = reductions.sum(shifted, -1, promote_integers=False)
    return moveaxis(packed, -1, place)


def unpackbits(
    a: Any, axis: int | None = None, count: int | None = None, bitorder: str = "big"
) -> Array:
    """Returns the bits of bytes as zeros and ones.

    Args:
        a: a uint8 array.
        axis: the axis along which the bits come; None ravels the array.
        count: how many bits to return, zeros where there are fewer; a negative one says how many
            to leave out at the end.
        bitorder: "big" for the highest bit first, "little" for the lowest.

    Raises:
        TypeError: if `a` is not of bytes.
        ValueError: if there is no such order of bits.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.unpackbits(jnp.array([160], dtype=jnp.uint8), count=3)
        Array([1, 0, 1], dtype=uint8)
    """
    x = operand(a, "unpackbits")
    if x.dtype != dtypes.uint8:
        raise TypeError(f"unpackbits takes bytes, got {x.dtype}: use x.astype(jnp.uint8).")
    _check_order("unpackbits", bitorder)
    values, place = _bytes_last("unpackbits", x, axis)
    places: Any = iota(dtypes.uint8, 8)
    masks = np.uint8(128) >> places if bitorder == "big" else np.uint8(1) << places
    bits: Any = convert(not_equal(values[..., None] & masks, 0), dtypes.uint8)
    bits = reshape(bits, (*values.shape[:-1], values.shape[-1] * 8))
    if count is not None and count > bits.shape[-1]:
        widths = [(0, 0, 0)] * (bits.ndim - 1) + [(0, count - bits.shape[-1], 0)]
        bits = pad_primitive(bits, np.zeros((), np.uint8), widths)
    elif count is not None:
        bits = bits[..., :count]
    return moveaxis(bits, -1, place)


# -- floating numbers


def _layout(dtype: np.dtype) -> tuple[np.dtype, int, int]:
    """Returns the integers of the size of a floating dtype, the stored bits and the bias."""
    info = finfo(dtype)
    return np.dtype(f"int{info.bits}"), int(info.nmant), 1 - int(info.minexp)


def frexp(x: Any, /) -> tuple[Array, Array]:
    """Returns the mantissa m and the exponent e of x = m · 2ᵉ with 1/2 ≤ |m| < 1.

    Args:
        x: an array of real numbers. Zero, infinities and NaN are their own mantissa, e is 0.

    Returns:
        The mantissa, of the dtype of x, and the exponent, int32.

    Raises:
        TypeError: if x is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.frexp(jnp.array([8.0, -3.0]))
        (Array([ 0.5 , -0.75], dtype=float64), Array([4, 2], dtype=int32))
    """
    at = operand(x, "frexp")
    if dtypes.is_complex(at.dtype):
        raise TypeError("frexp takes real numbers; take frexp of the real and imaginary parts.")
    number: Any = strong(inexact("frexp", at))
    integers, mantissa_bits, bias = _layout(number.dtype)
    smallest = np.asarray(finfo(number.dtype).tiny, number.dtype)
    is_subnormal = ufuncs.abs(number) < smallest
    # Subnormal numbers have no exponent of their own: they are scaled into the normal range.
    scaled = where(is_subnormal, number * _power_of_two(mantissa_bits + 1, number.dtype), number)
    stored: Any = bitcast_convert_type(scaled, integers) >> mantissa_bits
    field = stored & ((1 << (int(integers.itemsize) * 8 - 1 - mantissa_bits)) - 1)
    shift = where(is_subnormal, mantissa_bits + 1, 0)
    exponent: Any = convert(field, dtypes.int32) - bias + 1 - shift
    is_plain = isfinite(number) & (number != 0)
    exponent = where(is_plain, exponent, 0)
    return where(is_plain, ldexp(number, -exponent), number), convert(exponent, dtypes.int32)


def _power_of_two(n: int, dtype: np.dtype) -> np.ndarray:
    return np.asarray(math.ldexp(1.0, n), dtype)


def ldexp(x1: Any, x2: Any, /) -> Array:
    """Returns x1 · 2^x2 elementwise.

    Args:
        x1: an array of real numbers.
        x2: an array of integers that broadcasts with `x1`.

    Raises:
        ValueError: if `x1` is complex or `x2` is not of integers.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ldexp(jnp.array([0.5, 3.0]), jnp.array([4, -1]))
        Array([8. , 1.5], dtype=float64)
    """
    number, exponent = operand(x1, "ldexp"), operand(x2, "ldexp")
    is_integral = dtypes.is_integer(exponent.dtype) or exponent.dtype == dtypes.bool_
    if dtypes.is_complex(number.dtype) or not is_integral:
        raise ValueError(
            f"ldexp takes real numbers and integers, got {number.dtype} and {exponent.dtype}."
        )
    dtype = inexact_dtype(number.dtype)
    value: Any = convert(number, dtype)
    info = finfo(dtype)
    # Beyond these limits every number overflows, or vanishes, already.
    widest = int(info.maxexp) - int(info.minexp) + int(info.nmant) + 2
    steps: Any = ufuncs.clip(convert(exponent, dtypes.int32), -widest, widest)
    for _ in range(3):
        part = ufuncs.clip(steps, int(info.minexp) + 1, int(info.maxexp) - 1)
        value = value * _exact_power(part, dtype)
        steps = steps - part
    return value


def _exact_power(exponent: Any, dtype: np.dtype) -> Array:
    """Two to the power of integers in the normal range, made from its stored bits."""
    integers, mantissa_bits, bias = _layout(dtype)
    stored: Any = convert(exponent + bias, integers)
    return bitcast_convert_type(stored << mantissa_bits, dtype)


def spacing(x: Any, /) -> Array:
    """Returns the distance from x to the next floating number away from zero, with the sign of x.

    Args:
        x: an array of real numbers.

    Returns:
        An array of the shape of x; NaN where x is not finite.

    Raises:
        ValueError: if x is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.spacing(1.0) == jnp.finfo(jnp.float64).eps
        Array(True, dtype=bool)
    """
    at = operand(x, "spacing")
    if dtypes.is_complex(at.dtype):
        raise ValueError("spacing takes real numbers, got complex ones.")
    number: Any = strong(inexact("spacing", at))
    towards = where(ufuncs.signbit(number), -np.inf, np.inf)
    gap: Any = nextafter(number, convert(towards, number.dtype)) - number
    return where(isfinite(number), gap, np.nan)
