"""Distributions of counts: geometric, Poisson, binomial, multinomial."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.control.loops import while_loop
from minijax.primitives.special import lgamma
from minijax.random.distributions import exponential
from minijax.random.keys import Shape, split
from minijax.random.parameters import accepted, parameters
from minijax.random.uniform import open_uniform


def _count_dtype(what: str, dtype: Any) -> np.dtype:
    found = dtypes.canonical(int if dtype is None else dtype)
    if not dtypes.is_integer(found):
        raise ValueError(f"{what}: dtype must be an integer type, got {found}.")
    return found


@api_boundary
def geometric(key: Any, p: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws how many trials of probability `p` it takes to succeed once (1, 2, …)."""
    found = _count_dtype("geometric", dtype)
    size, inner, (p,) = parameters("geometric", shape, None, p)
    trials = jnp.ceil(exponential(key, size, inner) / -jnp.log1p(-p))
    return jnp.maximum(trials, 1).astype(found)


def _arrivals(key: Any, rate: Array, gap: Any) -> Array:
    """Counts how many gaps fit below `rate`."""

    def more(state: tuple[Any, ...]) -> Array:
        return jnp.any(state[1] <= rate)

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        key, time, count = state
        key, subkey = split(key)
        count = count + (time <= rate)
        return key, time + gap(subkey), count

    first, second = split(key)
    start = (first, gap(second), jnp.zeros(rate.shape, dtypes.int64))
    return while_loop(more, step, start)[2]


def _poisson_large(key: Any, rate: Array) -> Array:
    # Transformed rejection (PTRS); its constants hold for rates of at least 10.
    log_rate, root = jnp.log(rate), jnp.sqrt(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    sure = 0.9277 - 3.6224 / (b - 2)

    def propose(key: Any) -> tuple[Array, Array]:
        first, second = split(key)
        u = open_uniform(first, rate.shape, rate.dtype) - 0.5
        v = open_uniform(second, rate.shape, rate.dtype)
        room = 0.5 - jnp.abs(u)
        k = jnp.floor((2 * a / room + b) * u + rate + 0.43)
        log_bound = k * log_rate - rate - lgamma(jnp.maximum(k, 0) + 1)
        below = jnp.log(v * inverse_alpha / (a / (room * room) + b)) <= log_bound
        possible = (k >= 0) & ~((room < 0.013) & (v > room))
        return k, ((room >= 0.07) & (v <= sure)) | (possible & below)

    return accepted(key, rate.shape, rate.dtype, propose).astype(dtypes.int64)


@api_boundary
def poisson(key: Any, lam: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from the Poisson distribution.

    Args:
        key: a key.
        lam: the mean, broadcast to `shape`.
        shape: the shape of the result; that of `lam` if None.
        dtype: an integer dtype.

    Example:
        >>> from minijax import random
        >>> int(random.poisson(random.key(0), 0.0))
        0

    Source:
        W. Hörmann, "The transformed rejection method for generating Poisson random variables",
        1993; below a mean of 10 the arrivals of a Poisson process are counted.
    """
    found = _count_dtype("poisson", dtype)
    size, inner, (lam,) = parameters("poisson", shape, None, lam)
    small = lam < 10
    first, second = split(key)
    few = _arrivals(first, jnp.where(small, lam, 0), lambda key: exponential(key, size, inner))
    many = _poisson_large(second, jnp.where(small, 10, lam))
    return jnp.where(small, jnp.where(lam > 0, few, 0), many).astype(found)


def _binomial_large(key: Any, n: Array, p: Array) -> Array:
    # Transformed rejection (BTRS); its constants hold for n · p of at least 10, p <= 1/2.
    spread = jnp.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    alpha = (2.83 + 5.1 / b) * spread
    sure = 0.92 - 4.2 / b
    top = jnp.floor((n + 1) * p)
    log_odds = jnp.log(p / (1 - p))
    log_top = lgamma(top + 1) + lgamma(n - top + 1)

    def propose(key: Any) -> tuple[Array, Array]:
        first, second = split(key)
        u = open_uniform(first, n.shape, n.dtype) - 0.5
        v = open_uniform(second, n.shape, n.dtype)
        room = 0.5 - jnp.abs(u)
        k = jnp.floor((2 * a / room + b) * u + n * p + 0.5)
        inside = jnp.clip(k, 0, n)
        log_bound = log_top - lgamma(inside + 1) - lgamma(n - inside + 1)
        log_bound = log_bound + (inside - top) * log_odds
        below = jnp.log(v * alpha / (a / (room * room) + b)) <= log_bound
        possible = (k >= 0) & (k <= n)
        return inside, possible & (((room >= 0.07) & (v <= sure)) | below)

    return accepted(key, n.shape, n.dtype, propose).astype(dtypes.int64)


def _binomial_counts(key: Any, n: Array, p: Array) -> Array:
    likely = p > 0.5
    rare = jnp.where(likely, 1 - p, p)
    small = n * rare < 10
    first, second = split(key)
    # Trials until the next success are geometric; successes are counted within n trials.
    chance = jnp.where(rare > 0, rare, 0.5)
    few = _arrivals(
        first,
        jnp.where(small & (rare > 0), n, 0),
        lambda key: geometric(key, chance, n.shape).astype(n.dtype),
    )
    many = _binomial_large(second, jnp.where(small, 40, n), jnp.where(small, 0.5, rare))
    count = jnp.where(small, few, many)
    return jnp.where(likely, n.astype(count.dtype) - count, count)


@api_boundary
def binomial(key: Any, n: Any, p: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws numbers of successes in `n` trials of probability `p`.

    Args:
        key: a key.
        n, p: parameters that broadcast to `shape`; a pair without meaning gives NaN.
        shape: the shape of the result; that of the parameters if None.
        dtype: a floating-point dtype, as in `jax.random`.

    Source:
        W. Hörmann, "The generation of binomial random variates", 1993.
    """
    _, found, (n, p) = parameters("binomial", shape, dtype, n, p)
    meaning = (n >= 0) & (n < np.inf) & (p >= 0) & (p <= 1)
    trials = jnp.where(meaning, jnp.floor(n), 0).astype(dtypes.float64)
    chance = jnp.where(meaning, p, 0).astype(dtypes.float64)
    counts = _binomial_counts(key, trials, chance)
    return jnp.where(meaning, counts.astype(found), np.asarray(np.nan, found))


@api_boundary
def multinomial(
    key: Any, n: Any, p: Any, *, shape: Shape | None = None, dtype: Any = None
) -> Array:
    """Draws how often each category occurs in `n` trials.

    Args:
        key: a key.
        n: numbers of trials, which broadcast to `shape` without its last axis.
        p: probabilities of the categories along the last axis.
        shape: the shape of the result; if None that of `n` and `p`.
        dtype: a floating-point dtype.

    Returns:
        Counts along the last axis, with sum `n`.
    """
    n, p = jnp.asarray(n), jnp.asarray(p)
    whole = (*jnp.broadcast_shapes(n.shape, p.shape[:-1]), p.shape[-1])
    size, found, (p,) = parameters("multinomial", whole if shape is None else shape, dtype, p)
    left = jnp.broadcast_to(n, size[:-1]).astype(found)
    rest = jnp.cumsum(p[..., ::-1], -1)[..., ::-1]
    columns = []
    for category, subkey in enumerate(split(key, size[-1])):
        total = rest[..., category]
        share = jnp.where(total > 0, p[..., category] / jnp.where(total > 0, total, 1), 0)
        last = category == size[-1] - 1
        drawn = left if last else binomial(subkey, left, jnp.clip(share, 0, 1), dtype=found)
        columns.append(drawn)
        left = left - drawn
    return jnp.stack(columns, -1)
