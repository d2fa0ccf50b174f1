"""Bessel functions of the first kind."""

from __future__ import annotations

import operator
from typing import Any

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.primitives import special_functions, special_oscillating
from minijax.scipy.operands import one, strong


def i0e(x: Any) -> Array:
    """Returns e^-|x| I₀(x) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.i0e(0.0))
        1.0
    """
    return special_functions.bessel_i0e(one("special.i0e", x))


def i0(x: Any) -> Array:
    """Returns I₀(x) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.i0(0.5)), 6)
        1.063483
    """
    x = one("special.i0", x)
    return jnp.exp(jnp.abs(x)) * special_functions.bessel_i0e(x)


def i1e(x: Any) -> Array:
    """Returns e^-|x| I₁(x) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.i1e(0.5)), 6)
        0.156421
    """
    return special_functions.bessel_i1e(one("special.i1e", x))


def i1(x: Any) -> Array:
    """Returns I₁(x) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.special.i1(0.5)), 6)
        0.257894
    """
    x = one("special.i1", x)
    return jnp.exp(jnp.abs(x)) * special_functions.bessel_i1e(x)


def bessel_jn(z: Any, *, v: int, n_iter: int = 50) -> Array:
    """Returns the Bessel functions J₀(z), …, Jᵥ(z).

    Args:
        z: a real array.
        v: the highest order.
        n_iter: for compatibility; without effect.

    Returns:
        An array of shape (v + 1, *z.shape).

    Raises:
        TypeError: if `v` or `n_iter` is no integer.
        ValueError: if `z` is complex.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.bessel_jn(0.0, v=2)
        Array([1., 0., 0.], dtype=float64)
    """
    z, order = one("special.bessel_jn", z), operator.index(v)
    operator.index(n_iter)
    if dtypes.is_complex(z.dtype):
        raise ValueError(f"special.bessel_jn takes real arrays, got {z.aval}: take z.real.")
    orders = jnp.arange(order + 1, dtype=z.dtype).reshape((-1,) + (1,) * z.ndim)
    z = strong(z)
    return special_oscillating.bessel_jv(*jnp.broadcast_arrays(orders, z))
