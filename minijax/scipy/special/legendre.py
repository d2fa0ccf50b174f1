"""Associated Legendre functions of all degrees and orders at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.transforms.forward import jvp


def lpmn(m: int, n: int, z: Any) -> tuple[Array, Array]:
    """Returns the associated Legendre functions of the first kind and their derivatives.

    Args:
        m: the largest order.
        n: the largest degree, which must be the largest order.
        z: a vector of floats between -1 and 1.

    Returns:
        Two arrays of shape `(m + 1, n + 1, len(z))`: values and derivatives by order and degree,
        0 where the order is larger than the degree.

    Raises:
        NotImplementedError: if `m` and `n` differ.
        ValueError: if `z` is not a vector.
        TypeError: if `z` has other elements than float32 or float64.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> values, derivatives = jsp.special.lpmn(2, 2, jnp.array([0.5]))
        >>> values[0, :, 0], derivatives[0, :, 0]
        (Array([ 1.   ,  0.5  , -0.125], dtype=float64), Array([0. , 1. , 1.5], dtype=float64))
    """
    z = _checked("special.lpmn", m, n, z)
    return jvp(lambda x: _values(n, x, False), (z,), (jnp.ones_like(z),))


def lpmn_values(m: int, n: int, z: Any, is_normalized: bool) -> Array:
    """Returns the associated Legendre functions of the first kind.

    Args:
        m, n, z: as for `lpmn`.
        is_normalized: whether they are scaled so that, times exp(i m φ), they are the orthonormal
            spherical harmonics.

    Returns:
        An array of shape `(m + 1, n + 1, len(z))`.

    Raises:
        NotImplementedError: if `m` and `n` differ.
        ValueError: if `z` is not a vector.
        TypeError: if `z` has other elements than float32 or float64.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.special.lpmn_values(1, 1, jnp.array([0.5]), True)[0, :, 0]
        Array([0.28209479, 0.24430126], dtype=float64)
    """
    z = _checked("special.lpmn_values", m, n, z)
    return _values(n, z, is_normalized)


def _checked(what: str, m: int, n: int, z: Any) -> Array:
    z = to_array(z)
    if z.dtype not in (np.float32, np.float64):
        raise TypeError(f"{what}: z must be an array of float32 or float64, got {z.dtype}.")
    if z.ndim != 1:
        raise ValueError(f"{what}: z must be a vector, got an array of shape {z.shape}.")
    if m != n:
        raise NotImplementedError(f"{what}: m and n must be equal, got m={m} and n={n}.")
    return z


def _values(top: int, z: Array, normalized: bool) -> Array:
    """Goes up in the degree, all orders at once, from the diagonal of each order.

    Source:
        DLMF 14.10.3, and its form for normalized functions.
    """
    orders = np.arange(top + 1.0)[:, None]
    # What is left of the functions when (1 - z²) to the power of half the order is taken out is a
    # polynomial. So derivatives at ±1 are what they should be, with no difference of infinities.
    diagonal = jnp.broadcast_to(_scales(top, normalized).astype(z.dtype), (top + 1, *z.shape))
    before, last = jnp.zeros_like(diagonal), jnp.where(orders == 0, diagonal, 0)
    columns = [last]
    for degree in range(1, top + 1):
        growth, weight = (
            np.where(orders < degree, factor, 0).astype(z.dtype)
            for factor in _factors(degree, orders, normalized)
        )
        above = growth * (z * last) - weight * before
        before, last = last, above + jnp.where(orders == degree, diagonal, 0)
        columns.append(last)
    power = (1 - z * z) ** (orders / 2).astype(z.dtype)
    is_zero = orders[:, :, None] > np.arange(top + 1)[:, None]
    return jnp.where(is_zero, 0, jnp.stack(columns, axis=1) * power[:, None])


def _scales(top: int, normalized: bool) -> np.ndarray:
    """Returns the factors of the functions whose degree is their order."""
    orders = np.arange(1.0, top + 1)
    steps = -np.sqrt((2 * orders + 1) / (2 * orders)) if normalized else 1 - 2 * orders
    first = np.sqrt(0.25 / np.pi) if normalized else 1.0
    return first * np.cumprod([1.0, *steps])[:, None]


def _factors(degree: int, orders: np.ndarray, normalized: bool) -> tuple[np.ndarray, np.ndarray]:
    """Returns the factors of the functions one and two degrees lower; valid below the degree."""
    rest = np.maximum(degree - orders, 1)
    if not normalized:
        return (2 * degree - 1) / rest, (degree + orders - 1) / rest
    growth = np.sqrt((4 * degree**2 - 1) / (rest * (degree + orders)))
    less = np.maximum((degree - 1) ** 2 - orders**2, 0)
    return growth, growth * np.sqrt(less / abs(4 * (degree - 1) ** 2 - 1))
