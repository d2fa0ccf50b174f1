"""The gamma distribution and those made from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.control.loops import while_loop
from minijax.primitives.special import digamma
from minijax.random.distributions import normal
from minijax.random.keys import Shape, split
from minijax.random.parameters import accepted, parameters
from minijax.random.uniform import open_uniform, rademacher
from minijax.transforms.custom import custom_jvp


@custom_jvp
def _log_draws(key: Any, a: Array) -> Array:
    small = a < 1
    d = jnp.where(small, a + 1, a) - 1 / 3
    c = 1 / jnp.sqrt(9 * d)
    first, second = split(key)

    def propose(key: Any) -> tuple[Array, Array]:
        left, right = split(key)
        x = normal(left, a.shape, a.dtype)
        v = (1 + c * x) ** 3
        positive = jnp.where(v > 0, v, 1)
        log_v = jnp.log(positive)
        log_u = jnp.log(open_uniform(right, a.shape, a.dtype))
        return log_v, (v > 0) & (log_u < 0.5 * x * x + d * (1 - positive + log_v))

    log_x = jnp.log(d) + accepted(first, a.shape, a.dtype, propose)
    boost = jnp.log(open_uniform(second, a.shape, a.dtype)) / jnp.where(small, a, 1)
    return log_x + jnp.where(small, boost, 0)


def _log_draws_jvp(primals: Any, tangents: Any) -> Any:
    (key, a), (_, t) = primals, tangents
    log_x = _log_draws(key, a)
    return log_x, t * _slope(a, log_x).astype(t.dtype)


def _slope(a: Array, log_x: Array) -> Array:
    """Returns the derivative of log x by a at a fixed value of the distribution function P(a, x).

    It is -(∂P/∂a) / (∂P/∂log x), termwise from P = Σ xᵏ⁺ᵃ exp(-x) / Γ(a + k + 1).
    """
    a, log_x = a.astype(dtypes.float64), log_x.astype(dtypes.float64)
    x = jnp.exp(log_x)

    def more(state: tuple[Any, ...]) -> Array:
        k, term, total = state
        return jnp.any((term > 1e-17 * (1 + jnp.abs(total))) | (x > a + k)) & (k < 100_000)

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        k, term, total = state
        total = total + term * (digamma(a + k + 1) - log_x)
        return k + 1, term * x / (a + k + 1), total

    return while_loop(more, step, (np.float64(0), 1 / a, jnp.zeros_like(a)))[2]


_log_draws.defjvp(_log_draws_jvp)


@api_boundary
def loggamma(key: Any, a: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws logarithms of gamma numbers; exact for small `a`, where the numbers underflow.

    Args:
        key: a key.
        a: the positive parameter, broadcast to `shape`.
        shape: the shape of the result; that of `a` if None.
        dtype: a floating-point dtype.

    Returns:
        The logarithms, which may be differentiated by `a`.

    Source:
        G. Marsaglia, W. Tsang, "A simple method for generating gamma variables", 2000.
    """
    _, found, (a,) = parameters("loggamma", shape, dtype, a)
    inner = found if found.itemsize >= 4 else dtypes.float32
    return _log_draws(key, a.astype(inner)).astype(found)


@api_boundary
def gamma(key: Any, a: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from the gamma distribution with parameter `a` and scale 1.

    Args:
        key: a key.
        a: the positive parameter, broadcast to `shape`.
        shape: the shape of the result; that of `a` if None.
        dtype: a floating-point dtype.

    Returns:
        The numbers, which may be differentiated by `a`.

    Example:
        >>> from minijax import random
        >>> random.gamma(random.key(0), 2.5, (3,)).shape
        (3,)
    """
    return jnp.exp(loggamma(key, a, shape, dtype))


@api_boundary
def beta(key: Any, a: Any, b: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from the beta distribution with parameters `a` and `b`."""
    size, found, (a, b) = parameters("beta", shape, dtype, a, b)
    first, second = split(key)
    log_x, log_y = loggamma(first, a, size, found), loggamma(second, b, size, found)
    top = jnp.maximum(log_x, log_y)
    x, y = jnp.exp(log_x - top), jnp.exp(log_y - top)
    return x / (x + y)


@api_boundary
def dirichlet(key: Any, alpha: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws vectors from the Dirichlet distribution.

    Args:
        key: a key.
        alpha: the parameters along the last axis.
        shape: the shape of the result without its last axis; that of `alpha` if None.
        dtype: a floating-point dtype.

    Returns:
        Vectors along the last axis, each with sum 1.
    """
    alpha = jnp.asarray(alpha)
    if alpha.ndim == 0:
        raise ValueError("dirichlet: alpha needs an axis of parameters, got a scalar.")
    lead = alpha.shape[:-1] if shape is None else tuple(shape)
    logs = loggamma(key, alpha, (*lead, alpha.shape[-1]), dtype)
    weights = jnp.exp(logs - jnp.max(logs, -1, keepdims=True))
    return weights / jnp.sum(weights, -1, keepdims=True)


@api_boundary
def chisquare(key: Any, df: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from the chi-square distribution with `df` degrees of freedom."""
    size, found, (df,) = parameters("chisquare", shape, dtype, df)
    return 2 * gamma(key, df / 2, size, found)


@api_boundary
def f(key: Any, dfnum: Any, dfden: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from the F distribution with `dfnum` and `dfden` degrees of freedom."""
    size, found, (dfnum, dfden) = parameters("f", shape, dtype, dfnum, dfden)
    first, second = split(key)
    above = chisquare(first, dfnum, size, found) / dfnum
    return above / (chisquare(second, dfden, size, found) / dfden)


@api_boundary
def t(key: Any, df: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from Student's t distribution with `df` degrees of freedom."""
    size, found, (df,) = parameters("t", shape, dtype, df)
    first, second = split(key)
    return normal(first, size, found) * jnp.sqrt(df / chisquare(second, df, size, found))


@api_boundary
def generalized_normal(key: Any, p: Any, shape: Shape = (), dtype: Any = None) -> Array:
    """Draws from the distribution with density proportional to exp(-|x|ᵖ)."""
    size, found, (p,) = parameters("generalized_normal", shape, dtype, p)
    first, second = split(key)
    return rademacher(second, size, found) * jnp.exp(loggamma(first, 1 / p, size, found) / p)
