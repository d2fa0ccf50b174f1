"""Further distributions of real numbers, made from uniform, normal and exponential ones."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.random.distributions import exponential, normal
from minijax.random.keys import Shape, as_shape, split
from minijax.random.parameters import parameters
from minijax.random.uniform import open_uniform, rademacher, uniform


@api_boundary
def lognormal(key: Any, sigma: Any = 1.0, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws exp(sigma · z) with z standard normal."""
    size, found, (sigma,) = parameters("lognormal", shape, dtype, sigma)
    return jnp.exp(sigma * normal(key, size, found))


@api_boundary
def pareto(key: Any, b: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from the Pareto distribution on [1, ∞) with density b / xᵇ⁺¹."""
    size, found, (b,) = parameters("pareto", shape, dtype, b)
    return jnp.exp(exponential(key, size, found) / b)


@api_boundary
def rayleigh(key: Any, scale: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from the Rayleigh distribution."""
    size, found, (scale,) = parameters("rayleigh", shape, dtype, scale)
    return scale * jnp.sqrt(-2 * jnp.log(open_uniform(key, size, found)))


@api_boundary
def weibull_min(
    key: Any, scale: Any, concentration: Any, shape: Shape = (), dtype: Any = None
) -> Array:
    """Draws from the Weibull distribution."""
    size, found, values = parameters("weibull_min", shape, dtype, scale, concentration)
    scale, concentration = values
    return scale * exponential(key, size, found) ** (1 / concentration)


@api_boundary
def maxwell(key: Any, shape: Shape = (), dtype: Any = None) -> Array:
    """Draws lengths of standard normal vectors of three dimensions."""
    size, found, _ = parameters("maxwell", shape, dtype)
    return jnp.sqrt(jnp.sum(jnp.square(normal(key, (*size, 3), found)), -1))


@api_boundary
def double_sided_maxwell(
    key: Any, loc: Any, scale: Any, shape: Shape = (), dtype: Any = None
) -> Array:
    """Draws loc ± scale · x with x from the Maxwell distribution."""
    lead = jnp.broadcast_shapes(jnp.shape(loc), jnp.shape(scale))
    # As in `jax.random`, the shape of the parameters comes after `shape`.
    size = (*as_shape("double_sided_maxwell", shape), *lead)
    size, found, (loc, scale) = parameters("double_sided_maxwell", size, dtype, loc, scale)
    first, second = split(key)
    return loc + scale * maxwell(first, size, found) * rademacher(second, size, found)


@api_boundary
def triangular(
    key: Any, left: Any, mode: Any, right: Any, shape: Shape | None = None, dtype: Any = None
) -> Array:
    """Draws from the triangular distribution on [left, right] with the peak at `mode`."""
    size, found, values = parameters("triangular", shape, dtype, left, mode, right)
    left, mode, right = values
    u = uniform(key, size, found)
    width = right - left
    rising = left + jnp.sqrt(u * width * (mode - left))
    falling = right - jnp.sqrt((1 - u) * width * (right - mode))
    return jnp.where(u * width < mode - left, rising, falling)


@api_boundary
def wald(key: Any, mean: Any, shape: Shape | None = None, dtype: Any = None) -> Array:
    """Draws from the Wald (inverse Gaussian) distribution with scale 1.

    Source:
        J. Michael, W. Schucany, R. Haas, "Generating random variates using transformations with
        multiple roots", 1976.
    """
    size, found, (mean,) = parameters("wald", shape, dtype, mean)
    first, second = split(key)
    y = jnp.square(normal(first, size, found)) * mean
    # The smaller root, written without the difference of two large numbers.
    x = 2 * mean / (2 + y + jnp.sqrt(y * (4 + y)))
    smaller = uniform(second, size, found) * (mean + x) <= mean
    return jnp.where(smaller, x, mean * mean / x)
