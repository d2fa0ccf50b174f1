"""Uniform numbers: floating-point in an interval, integers in a range, permutations and choices."""

from __future__ import annotations

import math
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
from minijax.primitives.sort import sort
from minijax.random.keys import Shape, as_shape, raw_bits, split

_MANTISSA = {
    dtypes.float64: 52,
    dtypes.float32: 23,
    dtypes.float16: 10,
    dtypes.bfloat16: 7,
}


def float_dtype(what: str, dtype: Any) -> np.dtype:
    """Returns a real floating-point dtype (float64 for `float` or None).

    Raises:
        ValueError: if it is of another kind.
    """
    found = dtypes.canonical(float if dtype is None else dtype)
    if not dtypes.is_float(found):
        raise ValueError(f"{what}: dtype must be a floating-point type, got {found}.")
    return found


def check_mode(what: str, mode: str | None) -> str:
    """Returns "low" or "high".

    Raises:
        ValueError: if the mode is neither, nor None, which is "low".
    """
    if mode not in (None, "low", "high"):
        raise ValueError(f'{what}: mode must be "low" or "high", got {mode!r}.')
    return mode or "low"


def open_uniform(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns numbers uniform in (0, 1)."""
    tiny = np.asarray(jnp.finfo(dtype).tiny, dtype)
    return uniform(key, shape, dtype, tiny, np.asarray(1, dtype))


def gumbel_draws(key: Any, shape: tuple[int, ...], dtype: np.dtype, mode: str | None) -> Array:
    """Returns numbers of the standard Gumbel distribution."""
    if check_mode("gumbel", mode) == "low":
        return -jnp.log(-jnp.log(open_uniform(key, shape, dtype)))
    # Below one half a second number supplies the bits after those of the first.
    first, second = uniform(key, (2, *shape), dtype)
    limits = jnp.finfo(dtype)
    fine = first + np.asarray(limits.eps, dtype) * second + np.asarray(limits.tiny, dtype)
    return -jnp.log(-jnp.log1p(-jnp.where(first >= 0.5, first, fine)))


def unit_interval(what: str, key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns numbers uniform in [0, 1): the mantissa is random, the exponent that of [1, 2)."""
    mantissa, width = _MANTISSA[dtype], dtype.itemsize * 8
    random_width = 8 if mantissa < 8 else width
    unsigned = np.dtype(f"uint{width}")
    random_bits = convert_element_type(raw_bits(what, key, random_width, shape), unsigned)
    one = np.ones((), dtype).view(unsigned)
    shifted = shift_right_logical(random_bits, np.asarray(random_width - mantissa, unsigned))
    return bitcast_convert_type(bitwise_or(shifted, one), dtype) - np.ones((), dtype)


@api_boundary
def uniform(
    key: Any, shape: Shape = (), dtype: Any = float, minval: Any = 0.0, maxval: Any = 1.0
) -> Array:
    """Draws numbers uniform in [minval, maxval).

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype.
        minval, maxval: bounds that broadcast to `shape`.

    Example:
        >>> from minijax import random
        >>> random.uniform(random.key(0), (3,)).shape
        (3,)
    """
    found = float_dtype("uniform", dtype)
    size = as_shape("uniform", shape)
    low = jnp.broadcast_to(jnp.asarray(minval, found), size)
    high = jnp.broadcast_to(jnp.asarray(maxval, found), size)
    floats = unit_interval("uniform", key, size, found)
    return lax_max(low, floats * (high - low) + low)


@api_boundary
def randint(key: Any, shape: Shape, minval: Any, maxval: Any, dtype: Any = None) -> Array:
    """Draws integers uniform in minval … maxval - 1.

    Args:
        key: a key.
        shape: the shape of the result.
        minval, maxval: integers that broadcast to `shape`; `maxval` is exclusive. Bounds beyond
            the range of the dtype mean the ends of the range.
        dtype: an integer dtype.

    Raises:
        TypeError: if the dtype is not an integer type.

    Example:
        >>> from minijax import random
        >>> bool((random.randint(random.key(0), (100,), 0, 6) < 6).all())
        True
    """
    found = dtypes.canonical(int if dtype is None else dtype)
    if not dtypes.is_integer(found):
        raise TypeError(f"randint: dtype must be an integer type, got {found}.")
    size = as_shape("randint", shape)
    # Short types are drawn in 32 bits: there max + 1 is a bound like any other.
    wide = found if found.itemsize >= 4 else dtypes.int32
    info = np.iinfo(found)
    low, _ = _clamped(minval, int(info.min), int(info.max), wide, size)
    room = int(info.max) + (wide != found)
    high, beyond = _clamped(maxval, int(info.min), room, wide, size)
    return _in_range(key, low, high, beyond & (wide == found)).astype(found)


def _in_range(key: Any, low: Array, high: Array, beyond: Array) -> Array:
    """Draws integers of [low, high), of [low, high] where `beyond`."""
    width = low.dtype.itemsize * 8
    unsigned = np.dtype(f"uint{width}")
    first, second = split(key)
    upper = raw_bits("randint", first, width, low.shape)
    lower = raw_bits("randint", second, width, low.shape)
    one = np.ones((), unsigned)
    span = jnp.where(high > low, (high - low).astype(unsigned), one)
    span = jnp.where(beyond & (high > low), span + one, span)
    # 2^width mod span, so that the two halves form one number of twice the width.
    factor = rem(np.asarray(1 << (width // 2), unsigned), span)
    factor = rem(factor * factor, span)
    offset = rem(rem(upper, span) * factor + rem(lower, span), span)
    return low + offset.astype(low.dtype)


def _clamped(
    bound: Any, least: int, most: int, dtype: np.dtype, shape: tuple[int, ...]
) -> tuple[Array, Array]:
    """Returns a bound within [least, most], and whether it was above."""
    if isinstance(bound, int):
        above: Any = np.asarray(bound > most)
        bound = min(max(bound, least), most)
    else:
        bound = jnp.asarray(bound)
        bound = bound if dtypes.is_integer(bound.dtype) else bound.astype(int)
        limits = np.iinfo(bound.dtype)
        above = bound > most if limits.max > most else np.asarray(False)
        bound = jnp.clip(
            bound,
            np.asarray(max(least, int(limits.min)), bound.dtype),
            np.asarray(min(most, int(limits.max)), bound.dtype),
        )
    inside = jnp.asarray(bound).astype(dtype)
    return jnp.broadcast_to(inside, shape), jnp.broadcast_to(above, shape)


@api_boundary
def bernoulli(key: Any, p: Any = 0.5, shape: Shape | None = None, mode: str = "low") -> Array:
    """Draws bools that are true with probability `p`.

    Args:
        key: a key.
        p: probabilities that broadcast to `shape`.
        shape: the shape of the result; that of `p` if None.
        mode: "low", or "high" for twice as many bits, which tiny probabilities need.

    Raises:
        ValueError: if there is no such mode.

    Example:
        >>> from minijax import random
        >>> bool(random.bernoulli(random.key(0), 1.0))
        True
    """
    p = jnp.asarray(p)
    if not dtypes.is_float(p.dtype):
        p = p.astype(float)
    size = p.shape if shape is None else as_shape("bernoulli", shape)
    if check_mode("bernoulli", mode) == "low":
        return uniform(key, size, p.dtype) < p
    high, low = uniform(key, (2, *size), p.dtype)
    return low * np.asarray(jnp.finfo(p.dtype).eps, p.dtype) < p - high


@api_boundary
def rademacher(key: Any, shape: Shape = (), dtype: Any = int) -> Array:
    """Draws -1 or 1 with equal probability."""
    signs = bernoulli(key, 0.5, as_shape("rademacher", shape))
    return (2 * signs - 1).astype(dtypes.canonical(dtype))


def _shuffle(key: Any, x: Array, axis: int) -> Array:
    # Sorting by random keys, often enough that ties do not matter.
    rounds = math.ceil(3 * math.log(max(1, x.size)) / math.log(2**32 - 1))
    for _ in range(rounds):
        key, subkey = split(key)
        random_keys = raw_bits("permutation", subkey, 32, x.shape)
        x = sort((random_keys, x), dimension=axis, num_keys=1)[1]
    return x


@api_boundary
def permutation(key: Any, x: Any, axis: int = 0, independent: bool = False) -> Array:
    """Returns the elements along an axis in random order.

    Args:
        key: a key.
        x: an array, or an integer n for a permutation of 0 … n-1.
        axis: the axis.
        independent: whether every line along the axis gets an order of its own.

    Example:
        >>> from minijax import random
        >>> sorted(random.permutation(random.key(0), 4).tolist())
        [0, 1, 2, 3]
    """
    if np.ndim(x) == 0:
        if not dtypes.is_integer(to_array(x).dtype):
            raise TypeError(f"permutation of a scalar needs an integer, got {to_array(x).aval}.")
        return _shuffle(key, jnp.arange(int(x)), 0)
    x = jnp.asarray(x)
    axis = range(x.ndim)[axis]
    if independent or x.ndim == 1:
        return _shuffle(key, x, axis)
    order = _shuffle(key, jnp.arange(x.shape[axis]), 0)
    return jnp.take(x, order, axis=axis, unique_indices=True)


@api_boundary
def choice(
    key: Any,
    a: Any,
    shape: Shape = (),
    replace: bool = True,
    p: Any = None,
    axis: int = 0,
    mode: str | None = None,
) -> Array:
    """Draws elements of an array.

    Args:
        key: a key.
        a: an array, or an integer n for 0 … n-1.
        shape: how many, as a shape.
        replace: whether an element may be drawn twice.
        p: the probabilities of the elements; equal if None.
        axis: the axis along which elements are drawn.
        mode: precision of the draw without replacement ("low" or "high").

    Raises:
        ValueError: if more elements are asked for than there are, without replacement.

    Example:
        >>> from minijax import random
        >>> int(random.choice(random.key(0), 5)) in range(5)
        True
    """
    size = as_shape("choice", shape)
    draws = math.prod(size)
    a = jnp.asarray(a)
    is_range = a.ndim == 0
    axis = 0 if is_range else range(a.ndim)[axis]
    count = int(a) if is_range else a.shape[axis]
    if draws and count <= 0:
        raise ValueError("choice: there is nothing to draw from.")
    if not replace and draws > count:
        raise ValueError(
            f"choice: {draws} elements cannot be drawn from {count} without replacement."
        )
    if p is None and not replace:
        drawn = permutation(key, count if is_range else a, axis)
        flat = jnp.take(drawn, jnp.arange(draws), axis=axis)
        return flat.reshape(size if is_range else (*a.shape[:axis], *size, *a.shape[axis + 1 :]))
    index = _drawn_index(key, count, size, replace, p, mode)
    return index if is_range else jnp.take(a, index, axis=axis)


def _drawn_index(
    key: Any, count: int, size: tuple[int, ...], replace: bool, p: Any, mode: str | None
) -> Array:
    if p is None:
        return randint(key, size, 0, count)
    weights = jnp.asarray(p, float_dtype("choice", jnp.result_type(float, jnp.asarray(p))))
    if weights.shape != (count,):
        raise ValueError(
            f"choice: p must have one entry for each of the {count} elements, got shape "
            f"{weights.shape}."
        )
    if replace:
        edges = jnp.cumsum(weights)
        draws = edges[-1] * (1 - uniform(key, size, weights.dtype))
        return jnp.searchsorted(edges, draws).astype(int)
    noise = gumbel_draws(key, (count,), weights.dtype, mode)
    order = jnp.argsort(-noise - jnp.log(weights))
    return order[: math.prod(size)].reshape(size)
