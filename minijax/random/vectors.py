"""Distributions of vectors."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.random.distributions import exponential
from minijax.random.gammas import generalized_normal
from minijax.random.keys import Shape, as_shape, split
from minijax.random.uniform import float_dtype


@api_boundary
def ball(key: Any, d: int, p: Any = 2, shape: Shape = (), dtype: Any = None) -> Array:
    """Draws vectors uniform in the unit ball of the p-norm.

    Args:
        key: a key.
        d: the dimension.
        p: the norm.
        shape: the shape of the result without its last axis, which has length `d`.
        dtype: a floating-point dtype.

    Source:
        F. Barthe et al., "A probabilistic approach to the geometry of the l_p^n-ball", 2005.
    """
    size, found = as_shape("ball", shape), float_dtype("ball", dtype)
    first, second = split(key)
    vector = generalized_normal(first, p, (*size, d), found)
    radius = jnp.sum(jnp.abs(vector) ** p, -1) + exponential(second, size, found)
    return vector / (radius ** (1 / p))[..., None]
