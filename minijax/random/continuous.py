"""Further distributions of real numbers, made from uniform, normal and exponential ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.draw_functions import draw_log
from minijax.random.distributions import exponential_draws, normal_draws
from minijax.random.keys import Shape, split
from minijax.random.parameters import arguments, common_shape, sampler, spread
from minijax.random.uniform_draws import signs, unit_interval

_ONE = np.float32(1.0)


@api_boundary
def lognormal(
    key: Any,
    sigma: Any = _ONE,
    shape: Shape | None = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws exp(sigma · z) with z standard normal.

    Args:
        key: a key.
        sigma: the deviation of the logarithm, which broadcasts to `shape`.
        shape: the shape of the result; that of `sigma` if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Positive numbers with median 1, of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision in the dtype.

    Example:
        >>> from minijax import random
        >>> draws = random.lognormal(random.key(0), 0.5, (1000,))
        >>> bool((draws > 0).all()), round(float((draws < 1).mean()), 1)
        (True, 0.5)
    """
    size, found = arguments("lognormal", key, shape, dtype, sigma, safely=True)
    return _lognormal(key, sigma, size, found)


@sampler
def _lognormal(key: Any, sigma: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    return jnp.exp(spread(sigma, shape, dtype) * normal_draws(key, shape, dtype))


@api_boundary
def pareto(
    key: Any, b: Any, shape: Shape | None = None, dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws from the Pareto distribution on [1, ∞) with density b / xᵇ⁺¹.

    Args:
        key: a key.
        b: the positive exponent, which broadcasts to `shape`.
        shape: the shape of the result; that of `b` if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Numbers of at least 1, of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision in the dtype.

    Example:
        >>> from minijax import random
        >>> draws = random.pareto(random.key(0), 3.0, (1000,))
        >>> bool((draws >= 1).all()), round(float(draws.mean()), 1)
        (True, 1.5)
    """
    size, found = arguments("pareto", key, shape, dtype, b, safely=True)
    return _pareto(key, b, size, found)


@sampler
def _pareto(key: Any, b: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    return jnp.exp(exponential_draws(key, shape, dtype) / spread(b, shape, dtype))


@api_boundary
def rayleigh(
    key: Any,
    scale: Any,
    shape: Shape | None = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws from the Rayleigh distribution.

    Args:
        key: a key.
        scale: the positive mode, which broadcasts to `shape`.
        shape: the shape of the result; that of `scale` if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Positive numbers with mean scale · √(π/2), of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision in the dtype.

    Example:
        >>> from minijax import random
        >>> draws = random.rayleigh(random.key(0), 2.0, (1000,))
        >>> round(float(draws.mean()), 1)
        2.6
    """
    size, found = arguments("rayleigh", key, shape, dtype, scale, safely=True)
    return _rayleigh(key, scale, size, found)


@sampler
def _rayleigh(key: Any, scale: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    draws = draw_log(unit_interval(key, shape, dtype))
    return spread(scale, shape, dtype) * jnp.sqrt(-2 * draws)


@api_boundary
def weibull_min(
    key: Any, scale: Any, concentration: Any, shape: Shape = (), dtype: Any = None
) -> Array:
    """Draws from the Weibull distribution.

    Args:
        key: a key.
        scale, concentration: positive parameters, which meet `shape` by broadcasting.
        shape: the shape of the draws.
        dtype: a floating-point dtype; float64 if None.

    Returns:
        Nonnegative numbers. Parameters with axes that `shape` lacks share each draw.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.

    Example:
        >>> from minijax import random
        >>> draws = random.weibull_min(random.key(0), 2.0, 1.0, (1000,))
        >>> round(float(draws.mean()), 1)
        2.0
    """
    size, found = arguments("weibull_min", key, shape, dtype)
    return _weibull(key, scale, concentration, size, found)


@sampler
def _weibull(
    key: Any, scale: Any, concentration: Any, shape: tuple[int, ...], dtype: np.dtype
) -> Array:
    draws = exponential_draws(key, shape, dtype)
    return jnp.power(draws, 1.0 / jnp.asarray(concentration)) * scale


@api_boundary
def maxwell(key: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None) -> Array:
    """Draws lengths of standard normal vectors of three dimensions.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Positive numbers with mean √(8/π), of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.

    Example:
        >>> from minijax import random
        >>> draws = random.maxwell(random.key(0), (1000,))
        >>> bool((draws > 0).all()), round(float((draws**2).mean()))
        (True, 3)
    """
    return _maxwell(key, *arguments("maxwell", key, shape, dtype))


@sampler
def _maxwell(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    return jnp.sqrt(jnp.sum(jnp.square(normal_draws(key, (*shape, 3), dtype)), -1))


@api_boundary
def double_sided_maxwell(
    key: Any, loc: Any, scale: Any, shape: Shape = (), dtype: Any = None
) -> Array:
    """Draws loc ± scale · x with x from the Maxwell distribution.

    Args:
        key: a key.
        loc, scale: parameters; their common shape comes after `shape` in that of the result.
        shape: the leading axes of the result; those of the parameters if empty, as in `jax.random`.
        dtype: a floating-point dtype; float64 if None.

    Returns:
        Numbers that lie symmetrically around `loc`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.

    Example:
        >>> from minijax import random
        >>> draws = random.double_sided_maxwell(random.key(0), 5.0, 1.0, (1000,))
        >>> draws.shape, round(float((draws > 5).mean()), 1)
        ((1000,), 0.5)
    """
    size, found = arguments("double_sided_maxwell", key, shape, dtype)
    tail = common_shape("double_sided_maxwell", None, loc, scale)
    return _double_sided(key, loc, scale, (*(size or tail), *tail), found)


@sampler
def _double_sided(key: Any, loc: Any, scale: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    first, second = split(key)
    draws = signs(second, shape, dtype) * _maxwell(first, shape, dtype)
    return draws * scale + loc


@api_boundary
def triangular(
    key: Any,
    left: Any,
    mode: Any,
    right: Any,
    shape: Shape | None = None,
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws from the triangular distribution on [left, right] with the peak at `mode`.

    Args:
        key: a key.
        left, mode, right: parameters that broadcast to `shape`.
        shape: the shape of the result; that of the parameters if None.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Numbers in [left, right], of shape `shape`.

    Raises:
        TypeError: if `key` is no key.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision in the dtype.

    Example:
        >>> from minijax import random
        >>> draws = random.triangular(random.key(0), 0.0, 1.0, 5.0, (1000,))
        >>> bool(((0 <= draws) & (draws <= 5)).all()), round(float(draws.mean()), 1)
        (True, 2.0)
    """
    size, found = arguments("triangular", key, shape, dtype, left, mode, right, safely=True)
    return _triangular(key, left, mode, right, size, found)


@sampler
def _triangular(
    key: Any, left: Any, mode: Any, right: Any, shape: tuple[int, ...], dtype: np.dtype
) -> Array:
    left, mode, right = (spread(x, shape, dtype) for x in (left, mode, right))
    u = unit_interval(key, shape, dtype)
    width = right - left
    rising = left + jnp.sqrt(u * width * (mode - left))
    falling = right - jnp.sqrt((1 - u) * width * (right - mode))
    return jnp.where(u < (mode - left) / width, rising, falling)


@api_boundary
def wald(
    key: Any, mean: Any, shape: Shape | None = None, dtype: Any = None, *, out_sharding: Any = None
) -> Array:
    """Draws from the Wald (inverse Gaussian) distribution with scale 1.

    Args:
        key: a key.
        mean: the positive mean, which broadcasts to `shape`.
        shape: the shape of the result; that of `mean` if None.
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
        >>> draws = random.wald(random.key(0), 2.0, (1000,))
        >>> bool((draws > 0).all()), round(float(draws.mean()))
        (True, 2)

    Source:
        J. Michael, W. Schucany, R. Haas, "Generating random variates using transformations with
        multiple roots", 1976.
    """
    size, found = arguments("wald", key, shape, dtype, mean, safely=True)
    return _wald(key, mean, size, found)


@sampler
def _wald(key: Any, mean: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    mean = spread(mean, shape, dtype)
    first, second = split(key)
    y = jnp.square(normal_draws(first, shape, dtype)) * mean
    # The smaller root, written without the difference of two large numbers.
    x = 2 * mean / (2 + y + jnp.sqrt(y * (4 + y)))
    smaller = unit_interval(second, shape, dtype) <= mean / (mean + x)
    return jnp.where(smaller, x, mean * mean / x)
