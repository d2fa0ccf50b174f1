"""Distributions of counts: geometric, Poisson, binomial, multinomial."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.numpy.promotion import promote_dtypes
from minijax.primitives.control.loops import scan, while_loop
from minijax.primitives.cumulative import cumsum
from minijax.primitives.special import lgamma
from minijax.random.keys import Shape, as_shape, check_key, split
from minijax.random.parameters import arguments, common_shape, count_dtype, sampler
from minijax.random.uniform_draws import unit_interval

State = tuple[Any, ...]


@api_boundary
def geometric(
    key: Any, p: Any, shape: Shape | None = None, dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws how many trials of probability `p` it takes to succeed once (1, 2, …).

    Args:
        key: a key.
        p: probabilities that broadcast to `shape`.
        shape: the shape of the result; that of `p` if None.
        dtype: an integer dtype; int64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        ValueError: if the dtype is no integer type, or `p` does not fit the shape.

    Example:
        >>> from minijax import random
        >>> int(random.geometric(random.key(0), 1.0))
        1
    """
    check_key("geometric", key)
    found = count_dtype("geometric", dtype)
    p = _inexact(p)
    return _geometric(key, p, common_shape("geometric", shape, p), found)


def _inexact(x: Any) -> Array:
    x = to_array(x)
    return x if dtypes.is_inexact(x.dtype) else x.astype(float)


@sampler
def _geometric(key: Any, p: Array, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    u = unit_interval(key, shape, p.dtype)
    trials = jnp.floor(jnp.log(jnp.where(u == 0, 1, u)) / jnp.log1p(-p)) + 1
    return trials.astype(dtype)


# -- Poisson


@api_boundary
def poisson(
    key: Any, lam: Any, shape: Shape | None = None, dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws from the Poisson distribution.

    Args:
        key: a key.
        lam: the mean, broadcast to `shape`; computed with in single precision, as in `jax.random`.
        shape: the shape of the result; that of `lam` if None.
        dtype: an integer dtype; int64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        ValueError: if the dtype is no integer type, or `lam` does not fit the shape.

    Example:
        >>> from minijax import random
        >>> int(random.poisson(random.key(0), 0.0))
        0

    Source:
        W. Hörmann, "The transformed rejection method for generating Poisson random variables",
        1993; below a mean of 10 Knuth's product of uniform numbers.
    """
    check_key("poisson", key)
    found = count_dtype("poisson", dtype)
    size = common_shape("poisson", shape, lam)
    return _poisson(key, jnp.broadcast_to(lam, size).astype(dtypes.float32), size, found)


@sampler
def _poisson(key: Any, lam: Array, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    small = jnp.isnan(lam) | (lam < 10)
    few = _poisson_small(key, jnp.where(small, lam, 0), dtype)
    many = _poisson_large(key, jnp.where(small, 1e5, lam)).astype(dtype)
    return jnp.where(lam == 0, dtype.type(0), jnp.where(small, few, many))


def _poisson_small(key: Any, lam: Array, dtype: np.dtype) -> Array:
    most = np.iinfo(dtype).max

    def step(state: State) -> State:
        i, count, key, log_product = state
        key, subkey = split(key)
        count = jnp.where(log_product > -lam, count + 1, count)
        return i + 1, count, key, log_product + jnp.log(unit_interval(subkey, lam.shape, lam.dtype))

    def more(state: State) -> Array:
        return jnp.any(state[3] > -lam) & (state[0] < most)

    start = (0, jnp.zeros(lam.shape, dtype), key, jnp.zeros_like(lam))
    return while_loop(more, step, start)[1] - dtype.type(1)


def _poisson_large(key: Any, lam: Array) -> Array:
    # Transformed rejection (PTRS); its constants hold for means of at least 10.
    log_lam, root = jnp.log(lam), jnp.sqrt(lam)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    sure = 0.9277 - 3.6224 / (b - 2)

    def propose(u: Array, v: Array) -> tuple[Array, Array]:
        room = 0.5 - jnp.abs(u)
        k = jnp.floor((2 * a / room + b) * u + lam + 0.43)
        bound = -lam + k * log_lam - lgamma(k + 1)
        below = jnp.log(v * inverse_alpha / (a / (room * room) + b)) <= bound
        impossible = (k < 0) | ((room < 0.013) & (v > room))
        return k, ((room >= 0.07) & (v <= sure)) | (~impossible & below)

    return _first_accepted(key, lam, propose)


def _first_accepted(key: Any, like: Array, propose: Any) -> Array:
    """Returns the first accepted proposal of each element, made from two uniform numbers."""

    def step(state: State) -> State:
        found, accepted, key = state
        key, first, second = split(key, 3)
        u = unit_interval(first, like.shape, like.dtype) - 0.5
        k, accept = propose(u, unit_interval(second, like.shape, like.dtype))
        # A later proposal replaces an accepted one: the elements end together.
        return jnp.where(accept, k, found), accepted | accept, key

    start = (jnp.full_like(like, -1), jnp.zeros(like.shape, bool), key)
    return while_loop(lambda state: ~jnp.all(state[1]), step, start)[0]


# -- binomial


@api_boundary
def binomial(key: Any, n: Any, p: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws numbers of successes in `n` trials of probability `p`.

    Args:
        key: a key.
        n, p: parameters that broadcast to `shape`; a pair without meaning gives NaN.
        shape: the shape of the result; that of the parameters if None.
        dtype: a floating-point dtype, as in `jax.random`; float64 if None.

    Raises:
        ValueError: if the dtype is no floating-point type, or the parameters do not fit the shape.

    Example:
        >>> from minijax import random
        >>> float(random.binomial(random.key(0), 10, 1.0))
        10.0

    Source:
        W. Hörmann, "The generation of binomial random variates", 1993; for few successes the
        trials until each success are added up.
    """
    size, found = arguments("binomial", key, shape, dtype, n, p)
    return _binomial(key, to_array(n), _inexact(p), size, found)


@sampler
def _binomial(key: Any, n: Array, p: Array, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    n = jnp.broadcast_to(n.astype(p.dtype), shape)
    p = jnp.broadcast_to(p, shape)
    rare = p < 0.5
    q = jnp.where(rare, p, 1 - p)
    no_trials, no_chance = jnp.isnan(n) | (n < 0), jnp.isnan(q) | (q < 0)
    q = jnp.where(no_chance, 0.01, q)
    few = no_trials | (n * q <= 10)
    count = jnp.floor(n)
    draws = jnp.where(
        few,
        _binomial_few(key, jnp.where(few, count, 0), q),
        _binomial_many(key, jnp.where(few, 1e4, count), jnp.where(few, 0.5, q)),
    ).astype(dtype)
    endless = jnp.isinf(n)
    draws = jnp.where(no_chance | no_trials, dtype.type(np.nan), draws)
    draws = jnp.where(endless & ~(no_chance | no_trials), dtype.type(np.inf), draws)
    is_final = rare | no_trials | jnp.isnan(p) | endless
    return jnp.where(is_final, draws, count.astype(dtype) - draws)


def _binomial_few(key: Any, count: Array, q: Array) -> Array:
    scale = jnp.log1p(-q)

    def step(state: State) -> State:
        successes, trials, key = state
        subkey, key = split(key)
        successes = jnp.where(trials <= count, successes + 1, successes)
        u = unit_interval(subkey, count.shape, count.dtype)
        return successes, trials + jnp.ceil(jnp.log(u) / scale), key

    start = (jnp.zeros_like(q), jnp.zeros_like(q), key)
    return while_loop(lambda state: jnp.any(state[1] <= count), step, start)[0] - 1


def _binomial_many(key: Any, n: Array, q: Array) -> Array:
    # Transformed rejection (BTRD); its constants hold for n · q of at least 10, q <= 1/2.
    deviation = jnp.sqrt(n * q * (1 - q))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * q
    alpha = (2.83 + 5.1 / b) * deviation
    sure = 0.92 - 4.2 / b
    odds = q / (1 - q)
    top = jnp.floor((n + 1) * q)
    log_top = (top + 0.5) * jnp.log((top + 1) / (odds * (n - top + 1)))
    log_top = log_top + _stirling_rest(top) + _stirling_rest(n - top)

    def propose(u: Array, v: Array) -> tuple[Array, Array]:
        room = 0.5 - jnp.abs(u)
        k = jnp.floor((2 * a / room + b) * u + (n * q + 0.5))
        bound = log_top + (n + 1) * jnp.log((n - top + 1) / (n - k + 1))
        bound = bound + (k + 0.5) * jnp.log(odds * (n - k + 1) / (k + 1))
        bound = bound - _stirling_rest(k) - _stirling_rest(n - k)
        below = jnp.log(v * alpha / (a / (room * room) + b)) <= bound
        possible = (k >= 0) & (k <= n)
        return k, ((room >= 0.07) & (v <= sure)) | (possible & below)

    return _first_accepted(key, n, propose)


def _stirling_rest(k: Array) -> Array:
    """Returns log k! less Stirling's formula in k + 1: a table, then a series."""
    small = jnp.clip(k, 0, 9)
    exact = jnp.take(np.asarray(_STIRLING_RESTS).astype(k.dtype), small.astype(dtypes.int32))
    square = (k + 1) * (k + 1)
    series = (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
    return jnp.where(k <= 9, exact, series)


# log k! - ((k + 1/2) log(k + 1) - (k + 1) + log(2π) / 2) for k = 0 … 9.
_STIRLING_RESTS = (
    *(0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509),
    *(0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.010411265261972),
    *(0.00925546218271273, 0.00833056343336287),
)


@api_boundary
def multinomial(
    key: Any,
    n: Any,
    p: Any,
    *,
    shape: Shape | None = None,
    dtype: Any = None,
    unroll: int | bool = 1,
) -> Array:
    """Draws how often each category occurs in `n` trials.

    Args:
        key: a key.
        n: numbers of trials, which broadcast to the shape without its last axis.
        p: probabilities of the categories along the last axis.
        shape: the shape of the result; if None that of `p`.
        dtype: the dtype of the result; float64 if None.
        unroll: accepted for compatibility: see `lax.scan`.

    Returns:
        Counts along the last axis, with sum `n`.

    Raises:
        ValueError: if `n` or `p` do not broadcast to the shape.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> counts = random.multinomial(random.key(0), 10, jnp.array([0.2, 0.8, 0.0]))
        >>> float(counts.sum()), float(counts[2])
        (10.0, 0.0)
    """
    check_key("multinomial", key)
    n, p = promote_dtypes("multinomial", n, p, inexact=True)
    size = p.shape if shape is None else as_shape("multinomial", shape)
    left = jnp.broadcast_to(n, size[:-1])
    chances = jnp.moveaxis(jnp.broadcast_to(p, size), -1, 0)
    rest = cumsum(chances, 0, reverse=True)
    shares = chances / jnp.where(rest == 0, 1, rest)

    def draw(left: Array, share_and_key: tuple[Array, Any]) -> tuple[Array, Array]:
        share, subkey = share_and_key
        drawn = binomial(subkey, left, jnp.clip(share, 0, 1), dtype=left.dtype)
        return left - drawn, drawn

    counts = scan(draw, left, (shares, split(key, size[-1])), unroll=unroll)[1]
    found = dtypes.canonical(float if dtype is None else dtype)
    return jnp.moveaxis(counts, 0, -1).astype(found)
