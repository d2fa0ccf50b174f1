"""Distributions made from uniform numbers by inversion."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.config import config
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.bitwise import clz
from minijax.primitives.convert import bitcast_convert_type
from minijax.primitives.draw_functions import (
    draw_erf,
    draw_erf_inv,
    draw_log,
    draw_log1p,
    draw_tan,
)
from minijax.primitives.fused import fma
from minijax.primitives.identities import stop_gradient
from minijax.random.keys import Shape, as_shape, check_key, raw_bits, split
from minijax.random.parameters import arguments, check_mode, sampler
from minijax.random.uniform_draws import interval, open_uniform, unit_interval
from minijax.transforms.jit import jit


@api_boundary
def normal(key: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None) -> Array:
    """Draws standard normal numbers; complex ones have independent parts of variance 1/2.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point or complex dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        ValueError: if the dtype is neither.

    Example:
        >>> from minijax import random
        >>> random.normal(random.key(0), (2, 3)).shape
        (2, 3)
    """
    check_key("normal", key)
    found = dtypes.canonical(float if dtype is None else dtype)
    if not dtypes.is_inexact(found):
        raise ValueError(f"normal: dtype must be floating-point or complex, got {found}.")
    return normal_draws(key, as_shape("normal", shape), found)


@sampler
def normal_draws(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns standard normal numbers."""
    if dtypes.is_complex(dtype):
        first, second = split(key)
        real = dtypes.real_dtype(dtype)
        re, im = (normal_draws(k, shape, real).astype(dtype) for k in (first, second))
        return (re + 1j * im) / np.asarray(np.sqrt(2), dtype)
    low = np.nextafter(np.asarray(-1, dtype), np.asarray(0, dtype), dtype=dtype)
    draws = interval(key, low, np.ones((), dtype), shape, dtype)
    return draw_erf_inv(draws) * np.asarray(np.sqrt(2), dtype)


@api_boundary
def truncated_normal(
    key: Any,
    lower: Any,
    upper: Any,
    shape: Shape | None = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws standard normal numbers conditioned to lie between `lower` and `upper`.

    Args:
        key: a key.
        lower, upper: bounds that broadcast to `shape`.
        shape: the shape of the result; that of the bounds if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        ValueError: if the dtype is no floating-point type, or the bounds do not fit the shape.

    Example:
        >>> from minijax import random
        >>> bool(random.truncated_normal(random.key(0), 1.0, 2.0) > 1)
        True
    """
    size, found = arguments("truncated_normal", key, shape, dtype, lower, upper)
    return _truncated(key, lower, upper, size, found)


@sampler
def _truncated(key: Any, lower: Any, upper: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    low, high = (jnp.asarray(x).astype(dtype) for x in (lower, upper))
    root = np.asarray(np.sqrt(2), dtype)
    # Not a quotient, which rounds differently.
    inverse = np.ones((), dtype) / root
    draws = interval(key, draw_erf(low * inverse), draw_erf(high * inverse), shape, dtype)
    # Rounding must not push a draw out of the open interval.
    return jnp.clip(
        root * draw_erf_inv(draws),
        jnp.nextafter(stop_gradient(low), np.asarray(np.inf, dtype)),
        jnp.nextafter(stop_gradient(high), np.asarray(-np.inf, dtype)),
    )


@api_boundary
def exponential(
    key: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws from the exponential distribution with mean 1.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Example:
        >>> from minijax import random
        >>> bool(random.exponential(random.key(0)) >= 0)
        True
    """
    return exponential_draws(key, *arguments("exponential", key, shape, dtype))


@sampler
def exponential_draws(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns exponential numbers."""
    return -draw_log1p(-unit_interval(key, shape, dtype))


@api_boundary
def gumbel(
    key: Any,
    shape: Shape = (),
    dtype: Any = None,
    mode: str | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws from the standard Gumbel distribution.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype; float64 if None.
        mode: "low", "high" for more bits in the upper tail, or "highest" for as many bits there
            as single precision has. None takes "high" if the configuration flag
            `high_dynamic_range_gumbel` is set, else "low".
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        ValueError: if there is no such mode, or the dtype is no floating-point type.

    Example:
        >>> from minijax import random
        >>> random.gumbel(random.key(0), (3,)).shape
        (3,)
    """
    size, found = arguments("gumbel", key, shape, dtype)
    usual = "high" if config.high_dynamic_range_gumbel else "low"
    chosen = check_mode("gumbel", mode or usual, "low", "high", "highest")
    return _gumbel(key, size, found, chosen)


@partial(jit, static_argnames=("shape", "dtype", "mode"))
def _gumbel(key: Any, shape: tuple[int, ...], dtype: np.dtype, mode: str) -> Array:
    if mode == "low":
        return -draw_log(-draw_log(open_uniform(key, shape, dtype)))
    if mode == "highest" and dtype == dtypes.float32:
        return _finest_gumbel(key, shape)
    # Below one half a second number supplies the bits after those of the first.
    first, second = interval(key, 0.0, 1.0, (2, *shape), dtype)
    limits = jnp.finfo(dtype)
    eps, tiny = np.asarray(limits.eps, dtype), np.asarray(limits.tiny, dtype)
    fine = first + eps * second if dtype.itemsize < 4 else fma(second, eps, first)
    fine = fine + tiny
    return -draw_log(-draw_log1p(-jnp.where(first >= 0.5, first, fine)))


def _finest_gumbel(key: Any, shape: tuple[int, ...]) -> Array:
    """Inverts from the end of the interval that is nearer, with 64 random bits."""
    high, low = raw_bits("gumbel", key, 32, (2, *shape)).astype(np.uint64)
    number = (high << 32) | low
    is_low = number < np.uint64(1 << 63)
    # The distance from the nearer end, as a float of single precision by truncation.
    distance = jnp.where(is_low, number, ~number + 1)
    zeros = clz(distance)
    mantissa = ((distance << zeros) >> 40) & 0x7FFFFF
    value = bitcast_convert_type((((126 - zeros) << 23) | mantissa).astype(np.uint32), np.float32)
    return jnp.where(is_low, -draw_log(-draw_log1p(-value)), -draw_log(-draw_log(value)))


@api_boundary
def laplace(key: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None) -> Array:
    """Draws from the Laplace distribution with scale 1.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Numbers with density exp(-|x|) / 2, of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.

    Example:
        >>> from minijax import random
        >>> draws = random.laplace(random.key(0), (1000,))
        >>> draws.shape, round(float(abs(draws).mean()), 1)
        ((1000,), 1.0)
    """
    return _laplace(key, *arguments("laplace", key, shape, dtype))


@sampler
def _laplace(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    low = np.asarray(-1 + jnp.finfo(dtype).epsneg, dtype)
    draws = interval(key, low, np.ones((), dtype), shape, dtype)
    return jnp.sign(draws) * draw_log1p(-jnp.abs(draws))


@api_boundary
def cauchy(key: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None) -> Array:
    """Draws from the standard Cauchy distribution.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Numbers with density 1 / (π (1 + x²)), of shape `shape`; they have no mean.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.

    Example:
        >>> from minijax import random
        >>> draws = random.cauchy(random.key(0), (1000,))
        >>> round(float((abs(draws) < 1).mean()), 1)
        0.5
    """
    return _cauchy(key, *arguments("cauchy", key, shape, dtype))


@sampler
def _cauchy(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    epsilon = np.asarray(jnp.finfo(dtype).eps, dtype)
    draws = interval(key, epsilon, np.ones((), dtype), shape, dtype)
    return draw_tan(np.asarray(np.pi, dtype) * (draws - np.asarray(0.5, dtype)))


@api_boundary
def logistic(key: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None) -> Array:
    """Draws from the standard logistic distribution.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Numbers whose distribution function is 1 / (1 + exp(-x)), of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.

    Example:
        >>> from minijax import random
        >>> draws = random.logistic(random.key(0), (1000,))
        >>> round(float((draws < 1).mean()), 2)
        0.73
    """
    return _logistic(key, *arguments("logistic", key, shape, dtype))


@sampler
def _logistic(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    draws = open_uniform(key, shape, dtype)
    return draw_log(draws) - draw_log1p(-draws)
