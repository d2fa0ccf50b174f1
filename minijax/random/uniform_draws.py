"""Uniform numbers: floating-point in an interval, integers in a range, coins."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.arithmetic import max as lax_max
from minijax.primitives.arithmetic import rem
from minijax.primitives.bitwise import bitwise_or, shift_right_logical
from minijax.primitives.convert import bitcast_convert_type, convert_element_type
from minijax.primitives.fused import fma
from minijax.random.keys import Shape, as_shape, check_key, raw_bits, split
from minijax.random.parameters import arguments, check_mode, common_shape, sampler
from minijax.transforms.jit import jit

_MANTISSA = {
    dtypes.float64: 52,
    dtypes.float32: 23,
    dtypes.float16: 10,
    dtypes.bfloat16: 7,
}


def unit_interval(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns numbers uniform in [0, 1): the mantissa is random, the exponent that of [1, 2)."""
    mantissa, width = _MANTISSA[dtype], dtype.itemsize * 8
    random_width = 8 if mantissa < 8 else width
    unsigned = np.dtype(f"uint{width}")
    random_bits = convert_element_type(raw_bits("uniform", key, random_width, shape), unsigned)
    one = np.ones((), dtype).view(unsigned)
    shifted = shift_right_logical(random_bits, np.asarray(random_width - mantissa, unsigned))
    return bitcast_convert_type(bitwise_or(shifted, one), dtype) - np.ones((), dtype)


def open_uniform(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns numbers uniform in (0, 1)."""
    tiny = np.asarray(jnp.finfo(dtype).tiny, dtype)
    return lax_max(tiny, unit_interval(key, shape, dtype))


@sampler
def interval(key: Any, low: Any, high: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns numbers uniform in [low, high)."""
    low, high = (jnp.broadcast_to(jnp.asarray(x).astype(dtype), shape) for x in (low, high))
    unit = unit_interval(key, shape, dtype)
    # Half precision rounds after each operation, as it is computed in single precision.
    inside = unit * (high - low) + low if dtype.itemsize < 4 else fma(unit, high - low, low)
    return lax_max(low, inside)


@api_boundary
def uniform(
    key: Any,
    shape: Shape = (),
    dtype: Any = None,
    minval: Any = 0.0,
    maxval: Any = 1.0,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws numbers uniform in [minval, maxval).

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype; float64 if None.
        minval, maxval: bounds that broadcast to `shape`.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        ValueError: if the dtype is no floating-point type.

    Example:
        >>> from minijax import random
        >>> random.uniform(random.key(0), (3,)).shape
        (3,)
    """
    size, found = arguments("uniform", key, shape, dtype)
    return interval(key, minval, maxval, size, found)


@api_boundary
def randint(
    key: Any,
    shape: Shape,
    minval: Any,
    maxval: Any,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws integers uniform in minval … maxval - 1.

    Args:
        key: a key.
        shape: the shape of the result.
        minval, maxval: integers that broadcast to `shape`; `maxval` is exclusive. Bounds beyond
            the range of the dtype mean the ends of the range.
        dtype: an integer dtype; int64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        TypeError: if the dtype is not an integer type.
        ValueError: if a bound does not broadcast to `shape`.

    Example:
        >>> from minijax import random
        >>> bool((random.randint(random.key(0), (100,), 0, 6) < 6).all())
        True
    """
    check_key("randint", key)
    found = dtypes.canonical(int if dtype is None else dtype)
    if not dtypes.is_integer(found):
        raise TypeError(f"randint: dtype must be an integer type, got {found}.")
    size = common_shape("randint", as_shape("randint", shape), minval, maxval)
    # Short types are drawn in 32 bits: there max + 1 is a bound like any other.
    wide = found if found.itemsize >= 4 else dtypes.int32
    info = np.iinfo(found)
    low, _ = _clamped(minval, int(info.min), int(info.max), wide)
    high, beyond = _clamped(maxval, int(info.min), int(info.max) + (wide != found), wide)
    return _integers(key, low, high, beyond, size, found)


@sampler
def _integers(
    key: Any, low: Array, high: Array, beyond: Array, shape: tuple[int, ...], dtype: np.dtype
) -> Array:
    """Draws integers of [low, high), of [low, high] where `beyond`."""
    width = low.dtype.itemsize * 8
    low, high = jnp.broadcast_to(low, shape), jnp.broadcast_to(high, shape)
    beyond = jnp.broadcast_to(beyond & (low.dtype == dtype), shape)
    unsigned = np.dtype(f"uint{width}")
    first, second = split(key)
    upper = raw_bits("randint", first, width, shape)
    lower = raw_bits("randint", second, width, shape)
    one = np.ones((), unsigned)
    span = jnp.where(high > low, (high - low).astype(unsigned), one)
    span = jnp.where(beyond & (high > low), span + one, span)
    # 2^width mod span, so that the two halves form one number of twice the width.
    factor = rem(np.asarray(1 << (width // 2), unsigned), span)
    factor = rem(factor * factor, span)
    offset = rem(rem(upper, span) * factor + rem(lower, span), span)
    return (low + offset.astype(low.dtype)).astype(dtype)


def _clamped(bound: Any, least: int, most: int, dtype: np.dtype) -> tuple[Array, Array]:
    """Returns a bound within [least, most], and whether it was above."""
    if isinstance(bound, int):
        return jnp.asarray(min(max(bound, least), most), dtype), jnp.asarray(bound > most)
    bound = jnp.asarray(bound)
    bound = bound if dtypes.is_integer(bound.dtype) else bound.astype(int)
    limits = np.iinfo(bound.dtype)
    above = bound > most if limits.max > most else jnp.asarray(False)
    inside = jnp.clip(
        bound,
        np.asarray(max(least, int(limits.min)), bound.dtype),
        np.asarray(min(most, int(limits.max)), bound.dtype),
    )
    return inside.astype(dtype), above


@api_boundary
def bernoulli(
    key: Any,
    p: Any = 0.5,
    shape: Shape | None = None,
    mode: str = "low",
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws bools that are true with probability `p`.

    Args:
        key: a key.
        p: probabilities that broadcast to `shape`.
        shape: the shape of the result; that of `p` if None.
        mode: "low", or "high" for twice as many bits, which tiny probabilities need.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        TypeError: if `p` is not floating-point.
        ValueError: if there is no such mode.

    Example:
        >>> from minijax import random
        >>> bool(random.bernoulli(random.key(0), 1.0))
        True
    """
    check_mode("bernoulli", mode or "none", "low", "high")
    check_key("bernoulli", key)
    p = to_array(p)
    if not dtypes.is_float(p.dtype):
        raise TypeError(f"bernoulli: the probability p must be floating-point, got {p.aval}.")
    size = common_shape("bernoulli", shape, p)
    return coins(key, p.astype(p.dtype), size, mode)


@partial(jit, static_argnames=("shape", "mode"))
def coins(key: Any, p: Array, shape: tuple[int, ...], mode: str) -> Array:
    """Draws bools that are true with probability `p`."""
    if mode == "low":
        return unit_interval(key, shape, p.dtype) < p
    high, low = unit_interval(key, (2, *shape), p.dtype)
    return low * np.asarray(jnp.finfo(p.dtype).eps, p.dtype) < p - high


@api_boundary
def rademacher(
    key: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws -1 or 1 with equal probability.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: any dtype; int64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Example:
        >>> from minijax import random
        >>> int(random.rademacher(random.key(0))) in (-1, 1)
        True
    """
    check_key("rademacher", key)
    found = dtypes.canonical(int if dtype is None else dtype)
    return signs(key, as_shape("rademacher", shape), found)


@sampler
def signs(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Draws -1 or 1."""
    heads = coins(key, np.float64(0.5), shape, "low").astype(dtype)
    return (2 * heads - 1).astype(dtype)
