"""Distributions made from uniform numbers by inversion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.complex import complex as lax_complex
from minijax.primitives.special import erf, erf_inv
from minijax.random.keys import Shape, as_shape, split
from minijax.random.uniform import float_dtype, gumbel_draws, open_uniform, uniform


@api_boundary
def normal(key: Any, shape: Shape = (), dtype: Any = float) -> Array:
    """Draws standard normal numbers; complex ones have independent parts of variance 1/2.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point or complex dtype.

    Example:
        >>> from minijax import random
        >>> random.normal(random.key(0), (2, 3)).shape
        (2, 3)
    """
    found = dtypes.canonical(float if dtype is None else dtype)
    size = as_shape("normal", shape)
    if dtypes.is_complex(found):
        first, second = split(key)
        real = dtypes.real_dtype(found)
        scale = np.sqrt(np.asarray(0.5, real))
        return lax_complex(normal(first, size, real) * scale, normal(second, size, real) * scale)
    found = float_dtype("normal", found)
    low = np.nextafter(np.asarray(-1, found), np.asarray(0, found), dtype=found)
    draws = uniform(key, size, found, low, np.asarray(1, found))
    return erf_inv(draws) * np.asarray(np.sqrt(2), found)


@api_boundary
def truncated_normal(
    key: Any, lower: Any, upper: Any, shape: Shape | None = None, dtype: Any = float
) -> Array:
    """Draws standard normal numbers conditioned to lie between `lower` and `upper`."""
    found = float_dtype("truncated_normal", dtype)
    low, high = jnp.asarray(lower, found), jnp.asarray(upper, found)
    size = (
        jnp.broadcast_shapes(low.shape, high.shape)
        if shape is None
        else as_shape("truncated_normal", shape)
    )
    root = np.asarray(np.sqrt(2), found)
    draws = uniform(key, size, found, erf(low / root), erf(high / root))
    # Rounding must not push a draw out of the open interval.
    return jnp.clip(
        root * erf_inv(draws),
        jnp.nextafter(low, np.asarray(np.inf, found)),
        jnp.nextafter(high, np.asarray(-np.inf, found)),
    )


@api_boundary
def exponential(key: Any, shape: Shape = (), dtype: Any = float) -> Array:
    """Draws from the exponential distribution with mean 1."""
    found = float_dtype("exponential", dtype)
    return -jnp.log1p(-uniform(key, as_shape("exponential", shape), found))


@api_boundary
def gumbel(key: Any, shape: Shape = (), dtype: Any = float, mode: str | None = None) -> Array:
    """Draws from the standard Gumbel distribution.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a floating-point dtype.
        mode: "low", or "high" for more bits in the upper tail.
    """
    found = float_dtype("gumbel", dtype)
    return gumbel_draws(key, as_shape("gumbel", shape), found, mode)


@api_boundary
def categorical(
    key: Any,
    logits: Any,
    axis: int = -1,
    shape: Shape | None = None,
    replace: bool = True,
    mode: str | None = None,
) -> Array:
    """Draws indices with probabilities proportional to exp(logits).

    Args:
        key: a key.
        logits: unnormalised log-probabilities along `axis`.
        axis: the axis of the categories.
        shape: the shape of the result; it ends with the shape of `logits` without `axis`.
        replace: whether draws are independent; without, leading axes hold different categories.
        mode: "low", or "high" for twice as many bits, which tiny probabilities need.

    Example:
        >>> from minijax import random
        >>> import minijax.numpy as jnp
        >>> int(random.categorical(random.key(0), jnp.array([-jnp.inf, 0.0])))
        1
    """
    logits = jnp.asarray(logits)
    axis = range(logits.ndim)[axis]
    batch = (*logits.shape[:axis], *logits.shape[axis + 1 :])
    size = batch if shape is None else as_shape("categorical", shape)
    lead = size[: len(size) - len(batch)]
    if size[len(lead) :] != batch:
        raise ValueError(
            f"categorical: shape {size} must end with the shape of the logits without their axis, "
            f"{batch}."
        )
    if not replace:
        noisy = logits + gumbel(key, logits.shape, logits.dtype, mode)
        order = jnp.moveaxis(jnp.argsort(-noisy, axis=axis), axis, 0)
        count = math.prod(lead)
        if count > logits.shape[axis]:
            raise ValueError(
                f"categorical: {count} categories cannot be drawn from {logits.shape[axis]} "
                "without replacement."
            )
        return order[:count].reshape(size).astype(dtypes.int32)
    drawn_shape = (*lead, *logits.shape)
    noisy = gumbel(key, drawn_shape, logits.dtype, mode) + logits
    return jnp.argmax(noisy, axis=axis + len(lead))


@api_boundary
def laplace(key: Any, shape: Shape = (), dtype: Any = float) -> Array:
    """Draws from the Laplace distribution with scale 1."""
    found = float_dtype("laplace", dtype)
    low = np.asarray(-1 + jnp.finfo(found).epsneg, found)
    draws = uniform(key, as_shape("laplace", shape), found, low, np.asarray(1, found))
    return jnp.sign(draws) * jnp.log1p(-jnp.abs(draws))


@api_boundary
def cauchy(key: Any, shape: Shape = (), dtype: Any = float) -> Array:
    """Draws from the standard Cauchy distribution."""
    found = float_dtype("cauchy", dtype)
    epsilon = np.asarray(jnp.finfo(found).eps, found)
    draws = uniform(key, as_shape("cauchy", shape), found, epsilon, np.asarray(1, found))
    return jnp.tan(np.asarray(np.pi, found) * (draws - np.asarray(0.5, found)))


@api_boundary
def logistic(key: Any, shape: Shape = (), dtype: Any = float) -> Array:
    """Draws from the standard logistic distribution."""
    found = float_dtype("logistic", dtype)
    draws = open_uniform(key, as_shape("logistic", shape), found)
    return jnp.log(draws / (1 - draws))
