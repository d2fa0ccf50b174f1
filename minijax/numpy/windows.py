"""Window functions for signals: weights that fall off towards both ends."""

from __future__ import annotations

import math
from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import ufuncs
from minijax.numpy.creation import ones, zeros
from minijax.numpy.elementary import cos, exp
from minijax.numpy.promotion import inexact
from minijax.numpy.ranges import arange
from minijax.numpy.selection import where
from minijax.primitives import special_functions


def i0(x: Any) -> Array:
    """Returns the modified Bessel function I₀(x) elementwise.

    Raises:
        ValueError: if x is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.i0(jnp.array([0.0, 2.0]))
        Array([1.        , 2.2795853], dtype=float64)
    """
    at = inexact("i0", x)
    if dtypes.is_complex(at.dtype):
        raise ValueError(f"i0 takes real numbers, got {at.dtype}.")
    # |x| with slope 0 at 0, where I0 is smooth.
    magnitude = ufuncs.multiply(at, ufuncs.sign(at))
    return ufuncs.multiply(exp(magnitude), special_functions.bessel_i0e(at))


def _is_short(M: int) -> bool:
    return M <= 1


def _cosines(M: int, *weights: float) -> Array:
    """The sum of weights[k] · cos(2πk n / (M - 1))."""
    if _is_short(M):
        return ones(M)
    turn: Any = arange(M, dtype=dtypes.float64) * (2 * math.pi / (M - 1))
    total: Any = weights[0]
    for k, weight in enumerate(weights[1:], 1):
        total = total + weight * cos(k * turn)
    return total


def bartlett(M: int) -> Array:
    """Returns the triangular window with zeros at both ends.

    Args:
        M: the number of points.

    Returns:
        An array of shape (M,).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.bartlett(5)
        Array([0. , 0.5, 1. , 0.5, 0. ], dtype=float64)
    """
    if _is_short(M):
        return ones(M)
    n: Any = arange(M, dtype=dtypes.float64)
    return where(n <= (M - 1) / 2, 2 * n / (M - 1), 2 - 2 * n / (M - 1))


def hanning(M: int) -> Array:
    """Returns Hann's window, (1 - cos) / 2.

    Args:
        M: the number of points.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.hanning(3)
        Array([0., 1., 0.], dtype=float64)
    """
    return _cosines(M, 0.5, -0.5)


def hamming(M: int) -> Array:
    """Returns Hamming's window, 0.54 - 0.46 cos.

    Args:
        M: the number of points.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.hamming(3)
        Array([0.08, 1.  , 0.08], dtype=float64)
    """
    return _cosines(M, 0.54, -0.46)


def blackman(M: int) -> Array:
    """Returns Blackman's window, 0.42 - 0.5 cos + 0.08 cos of twice the angle.

    Args:
        M: the number of points.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.round(jnp.blackman(5), 2)[2]
        Array(1., dtype=float64)
    """
    return _cosines(M, 0.42, -0.5, 0.08)


def kaiser(M: int, beta: Any) -> Array:
    """Returns Kaiser's window, I₀ of a half circle of radius `beta`.

    Args:
        M: the number of points.
        beta: how narrow the window is; 0 gives a rectangle.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.kaiser(3, 0.0)
        Array([1., 1., 1.], dtype=float64)
    """
    if _is_short(M):
        return ones(M)
    half = (M - 1) / 2
    place: Any = (arange(M, dtype=dtypes.float64) - half) / half
    # The ends are exactly at ±1; the derivative of the root is infinite there.
    inside: Any = 1 - place * place
    is_end = inside <= 0
    root = where(is_end, zeros(()), ufuncs.sqrt(where(is_end, 1.0, inside)))
    return ufuncs.divide(i0(ufuncs.multiply(beta, root)), i0(beta))
