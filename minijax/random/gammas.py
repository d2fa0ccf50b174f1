"""The gamma distribution and those made from it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.control.loops import map as lax_map
from minijax.primitives.control.loops import while_loop
from minijax.primitives.special_gamma import random_gamma_grad
from minijax.random.distributions import exponential_draws, normal_draws
from minijax.random.keys import Shape, split
from minijax.random.parameters import arguments, sampler, spread
from minijax.random.uniform_draws import signs, unit_interval
from minijax.transforms.custom import custom_jvp

# Every element has a key of its own, so that draws do not depend on how long others took.


def _log_of_one(key: Any, a: Array) -> Array:
    """Draws the logarithm of one gamma number."""
    dtype = a.dtype
    large = a >= 1
    d = jnp.where(large, a, a + 1) - dtype.type(1 / 3)
    c = dtype.type(1 / 3) / jnp.sqrt(d)

    def is_rejected(state: tuple[Any, Array, Array, Array]) -> Array:
        _, square, v, u = state
        outside = u >= 1 - dtype.type(0.0331) * (square * square)
        return outside & (jnp.log(u) >= 0.5 * square + d * (1 - v + jnp.log(v)))

    def propose(state: tuple[Any, Array, Array, Array]) -> tuple[Any, Array, Array, Array]:
        key, inner, outer = split(state[0], 3)

        def step(pair: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
            key, subkey = split(pair[0])
            x = normal_draws(subkey, (), dtype)
            return key, x, 1 + x * c

        start = (inner, jnp.zeros((), dtype), -jnp.ones((), dtype))
        _, x, v = while_loop(lambda pair: pair[2] <= 0, step, start)
        return key, x * x, v * v * v, unit_interval(outer, (), dtype)

    key, boost_key = split(key)
    start = (key, jnp.zeros((), dtype), jnp.ones((), dtype), jnp.full((), 2, dtype))
    v = while_loop(is_rejected, propose, start)[2]
    fraction = -exponential_draws(boost_key, (), dtype)
    boost = jnp.where(large | (fraction == 0), dtype.type(0), fraction * (1 / a))
    return jnp.log(d) + jnp.log(v) + boost


@custom_jvp
def _log_draws(key: Any, a: Array) -> Array:
    keys = split(key, math.prod(a.shape))
    return lax_map(lambda pair: _log_of_one(*pair), (keys, a.reshape(-1))).reshape(a.shape)


def _log_draws_jvp(primals: Any, tangents: Any) -> Any:
    (key, a), (_, t) = primals, tangents
    log_x = _log_draws(key, a)
    x = jnp.exp(log_x)
    x = jnp.where(x == 0, a.dtype.type(jnp.finfo(a.dtype).tiny), x)
    return log_x, t * random_gamma_grad(a, x) / x


_log_draws.defjvp(_log_draws_jvp)


@sampler
def log_gammas(key: Any, a: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns logarithms of gamma numbers."""
    return _log_draws(key, spread(a, shape, dtype))


@sampler
def gammas(key: Any, a: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns gamma numbers."""
    return jnp.exp(log_gammas(key, a, shape, dtype))


@api_boundary
def loggamma(
    key: Any, a: Any, shape: Shape | None = None, dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws logarithms of gamma numbers; exact for small `a`, where the numbers underflow.

    Args:
        key: a key.
        a: the positive parameter, broadcast to `shape`.
        shape: the shape of the result; that of `a` if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        The logarithms, which may be differentiated by `a`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> draws = random.loggamma(random.key(0), 1e-4, (100,))
        >>> bool(jnp.isfinite(draws).all()), bool((jnp.exp(draws) == 0).any())
        (True, True)

    Source:
        G. Marsaglia, W. Tsang, "A simple method for generating gamma variables", 2000.
    """
    return log_gammas(key, a, *arguments("loggamma", key, shape, dtype, a))


@api_boundary
def gamma(
    key: Any, a: Any, shape: Shape | None = None, dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws from the gamma distribution with parameter `a` and scale 1.

    Args:
        key: a key.
        a: the positive parameter, broadcast to `shape`.
        shape: the shape of the result; that of `a` if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        The numbers, which may be differentiated by `a`.

    Raises:
        ValueError: if the dtype is no floating-point type, or `a` does not fit the shape.

    Example:
        >>> from minijax import random
        >>> random.gamma(random.key(0), 2.5, (3,)).shape
        (3,)
    """
    return gammas(key, a, *arguments("gamma", key, shape, dtype, a))


@api_boundary
def beta(
    key: Any,
    a: Any,
    b: Any,
    shape: Shape | None = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws from the beta distribution with parameters `a` and `b`.

    Args:
        key: a key.
        a, b: positive parameters that broadcast to `shape`.
        shape: the shape of the result; that of the parameters if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Numbers in [0, 1] with mean a / (a + b), of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision in the dtype.

    Example:
        >>> from minijax import random
        >>> draws = random.beta(random.key(0), 1.0, 3.0, (1000,))
        >>> bool(((0 <= draws) & (draws <= 1)).all()), round(float(draws.mean()), 2)
        (True, 0.26)
    """
    size, found = arguments("beta", key, shape, dtype, a, b, safely=True)
    return _beta(key, a, b, size, found)


@sampler
def _beta(key: Any, a: Any, b: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    first, second = split(key)
    log_x, log_y = log_gammas(first, a, shape, dtype), log_gammas(second, b, shape, dtype)
    top = jnp.maximum(log_x, log_y)
    x, y = jnp.exp(log_x - top), jnp.exp(log_y - top)
    return x / (x + y)


@api_boundary
def dirichlet(
    key: Any,
    alpha: Any,
    shape: Shape | None = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws vectors from the Dirichlet distribution.

    Args:
        key: a key.
        alpha: the parameters along the last axis.
        shape: the shape of the result without its last axis; that of `alpha` if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Vectors along the last axis, each with sum 1.

    Raises:
        ValueError: if `alpha` has rank 0, or does not fit the shape.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> draws = random.dirichlet(random.key(0), jnp.array([1.0, 2.0, 3.0]), (4,))
        >>> draws.shape, bool(jnp.allclose(draws.sum(-1), 1))
        ((4, 3), True)
    """
    alpha = to_array(alpha)
    if alpha.ndim == 0:
        raise ValueError("dirichlet: alpha needs an axis of parameters, got a scalar.")
    lead = np.broadcast_to(0, alpha.shape[:-1])
    size, found = arguments("dirichlet", key, shape, dtype, lead)
    return _dirichlet(key, alpha, (*size, alpha.shape[-1]), found)


@sampler
def _dirichlet(key: Any, alpha: Array, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    logs = log_gammas(key, alpha, shape, dtype)
    weights = jnp.exp(logs - jnp.max(logs, -1, keepdims=True))
    return weights / jnp.sum(weights, -1, keepdims=True)


@api_boundary
def chisquare(
    key: Any, df: Any, shape: Shape | None = None, dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws from the chi-square distribution with `df` degrees of freedom.

    Args:
        key: a key.
        df: the degrees of freedom, which broadcast to `shape`.
        shape: the shape of the result; that of `df` if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Positive numbers with mean `df`, of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision in the dtype.

    Example:
        >>> from minijax import random
        >>> draws = random.chisquare(random.key(0), 3.0, (1000,))
        >>> round(float(draws.mean()))
        3
    """
    size, found = arguments("chisquare", key, shape, dtype, df, safely=True)
    return _chisquare(key, df, size, found)


@sampler
def _chisquare(key: Any, df: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    return 2 * gammas(key, jnp.asarray(df).astype(dtype) / 2, shape, dtype)


@api_boundary
def f(
    key: Any,
    dfnum: Any,
    dfden: Any,
    shape: Shape | None = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws from the F distribution with `dfnum` and `dfden` degrees of freedom.

    Args:
        key: a key.
        dfnum, dfden: the degrees of freedom, which broadcast to `shape`.
        shape: the shape of the result; that of the parameters if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Positive numbers, of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision in the dtype.

    Example:
        >>> from minijax import random
        >>> draws = random.f(random.key(0), 5.0, 12.0, (1000,))
        >>> bool((draws > 0).all()), round(float(draws.mean()), 1)
        (True, 1.2)
    """
    size, found = arguments("f", key, shape, dtype, dfnum, dfden, safely=True)
    return _f(key, dfnum, dfden, size, found)


@sampler
def _f(key: Any, dfnum: Any, dfden: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    below_key, above_key = split(key)
    dfnum, dfden = (jnp.asarray(x).astype(dtype) for x in (dfnum, dfden))
    above = _chisquare(above_key, dfnum, shape, dtype) / dfnum
    return above / (_chisquare(below_key, dfden, shape, dtype) / dfden)


@api_boundary
def t(
    key: Any, df: Any, shape: Shape | None = None, dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws from Student's t distribution with `df` degrees of freedom.

    Args:
        key: a key.
        df: the degrees of freedom, which broadcast to `shape`.
        shape: the shape of the result; that of `df` if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Numbers that lie symmetrically around 0, of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision in the dtype.

    Example:
        >>> from minijax import random
        >>> draws = random.t(random.key(0), 5.0, (1000,))
        >>> draws.shape, round(float((draws > 0).mean()), 1)
        ((1000,), 0.5)
    """
    size, found = arguments("t", key, shape, dtype, df, safely=True)
    return _t(key, df, size, found)


@sampler
def _t(key: Any, df: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    first, second = split(key)
    half = jnp.asarray(df).astype(dtype) / 2
    return normal_draws(first, shape, dtype) * jnp.sqrt(half / gammas(second, half, shape, dtype))


@api_boundary
def generalized_normal(
    key: Any, p: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws from the distribution with density proportional to exp(-|x|ᵖ).

    Args:
        key: a key.
        p: the exponent, which broadcasts to `shape`.
        shape: the shape of the result.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Numbers that lie symmetrically around 0, of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.

    Example:
        >>> from minijax import random
        >>> draws = random.generalized_normal(random.key(0), 2.0, (1000,))
        >>> round(float((draws**2).mean()), 1)
        0.5
    """
    return exponential_powers(key, p, *arguments("generalized_normal", key, shape, dtype, p))


@sampler
def exponential_powers(key: Any, p: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns numbers with density proportional to exp(-|x|ᵖ)."""
    first, second = split(key)
    p = jnp.asarray(p)
    return signs(second, shape, dtype) * gammas(first, 1 / p, shape, dtype) ** (1 / p)
