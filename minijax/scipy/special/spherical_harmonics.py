"""Spherical harmonics."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minijax import lax
from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.scipy.operands import real_floating


def sph_harm_y(
    n: Any, m: Any, theta: Any, phi: Any, diff_n: int | None = None, n_max: int | None = None
) -> Array:
    """Returns the spherical harmonics Yₙᵐ(θ, φ), orthonormal on the sphere.

    Args:
        n: the degrees, whole numbers >= 0.
        m: the orders, whole numbers; the result is 0 where |m| > n.
        theta: the polar angles, from 0 to π.
        phi: the azimuths. The shapes of all four broadcast.
        diff_n: must be None.
        n_max: the largest degree; larger ones are clipped. Where `n` is traced it must be given.

    Returns:
        A complex array.

    Raises:
        ValueError: if `diff_n` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> n, m = jnp.array([0, 1]), jnp.array([0, 0])
        >>> jsp.special.sph_harm_y(n, m, jnp.array([0.0]), jnp.array([0.0])).real
        Array([0.28209479, 0.48860251], dtype=float64)

    Source:
        Recurrence of normalized Legendre functions: DLMF 14.10.3 and 14.30.1.
    """
    if diff_n is not None:
        raise ValueError("special.sph_harm_y: diff_n must be None: differentiate the function.")
    theta, phi = real_floating("special.sph_harm_y", theta, phi)
    n, m = jnp.asarray(n), jnp.asarray(m)
    top = int(np.max(np.asarray(n), initial=0)) if n_max is None else operator.index(n_max)
    shape = jnp.broadcast_shapes(n.shape, m.shape, theta.shape)
    n = jnp.broadcast_to(jnp.minimum(n, top), shape)
    m, theta = jnp.broadcast_to(m, shape), jnp.broadcast_to(theta, shape)
    legendre = _normalized_legendre(n, jnp.abs(m), theta, top)
    # Yₙ⁻ᵐ = (-1)ᵐ times the conjugate of Yₙᵐ.
    signed = jnp.where((m < 0) & (m % 2 != 0), -legendre, legendre)
    angle = m.astype(phi.dtype) * phi
    return lax.complex(signed * jnp.cos(angle), signed * jnp.sin(angle))


def _normalized_legendre(n: Array, order: Array, theta: Array, top: int) -> Array:
    """Returns Yₙᵐ(θ, 0) by going up in the degree, from the diagonal of each order."""
    place, sine = jnp.cos(theta), jnp.sin(theta)
    square = (order * order).astype(theta.dtype)

    def step(degree: Any, carry: Any) -> Any:
        diagonal, before, last, found = carry
        real = jnp.asarray(degree).astype(theta.dtype)
        diagonal = jnp.where(
            degree <= order, -diagonal * sine * jnp.sqrt((2 * real + 1) / (2 * real)), diagonal
        )
        is_above = degree > order
        size = jnp.where(is_above, real * real - square, 1)
        growth = jnp.sqrt((4 * real * real - 1) / size)
        less = (real - 1) ** 2 - square
        # At the first degree above the diagonal the one before has the weight 0.
        weight = jnp.sqrt(
            jnp.where(is_above & (less > 0), less, 1) / jnp.abs(4 * (real - 1) ** 2 - 1)
        )
        rest = jnp.where(less > 0, weight * before, 0)
        following = growth * (place * last - rest)
        current = jnp.where(is_above, following, jnp.where(degree == order, diagonal, 0))
        return diagonal, last, current, jnp.where(degree == n, current, found)

    first = jnp.full_like(theta, math.sqrt(0.25 / math.pi))
    zero = jnp.zeros_like(theta)
    last = jnp.where(jnp.equal(order, 0), first, 0)
    start = (first, zero, last, jnp.where(jnp.equal(n, 0), last, 0))
    return lax.fori_loop(1, top + 1, step, start)[3]
