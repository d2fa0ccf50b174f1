"""Integrals of oscillating and of decaying functions, and hypergeometric functions."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.primitives import special_hypergeometric, special_oscillating
from minijax.scipy.operands import floating, one, real_floating, strong


def expn(n: Any, x: Any) -> Array:
    """Returns the exponential integral Eₙ(x), the integral of e^(-xt) / tⁿ from 1 to ∞.

    Args:
        n: the order, any real numbers; the result has no derivative by it.
        x: an array whose shape broadcasts with that of `n`; the result is NaN below 0.

    Raises:
        TypeError: if an argument is complex.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.expn(2, 1.0)
        Array(0.14849551, dtype=float64)
    """
    return strong(special_oscillating.expn(*real_floating("special.expn", n, x)))


def fresnel(x: Any) -> tuple[Array, Array]:
    """Returns Fresnel's integrals: those of sin(πt²/2) and of cos(πt²/2) from 0 to x.

    Raises:
        TypeError: if `x` is complex.

    Example:
        >>> import minijax.scipy as jsp
        >>> sine, cosine = jsp.special.fresnel(1.0)
        >>> sine
        Array(0.43825915, dtype=float64)
    """
    sine, cosine = special_oscillating.fresnel(*real_floating("special.fresnel", x))
    return strong(sine), strong(cosine)


def sici(x: Any) -> tuple[Array, Array]:
    """Returns the sine integral and the cosine integral elementwise.

    The cosine integral of a negative number is that of its absolute value, but NaN at -inf.

    Raises:
        ValueError: if `x` is complex.

    Example:
        >>> import minijax.scipy as jsp
        >>> sine, cosine = jsp.special.sici(1.0)
        >>> sine
        Array(0.94608307, dtype=float64)
    """
    x = one("special.sici", x)
    if dtypes.is_complex(x.dtype):
        raise ValueError(f"special.sici takes real arrays, got {x.aval}: take x.real.")
    sine, cosine = special_oscillating.sici(x)
    return strong(sine), strong(cosine)


def wofz(z: Any) -> Array:
    """Returns Faddeeva's function e^(-z²) erfc(-iz) elementwise, a complex array.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.wofz(0.0)
        Array(1.+0.j, dtype=complex128)
    """
    z = one("special.wofz", z)
    if not dtypes.is_complex(z.dtype):
        z = jnp.astype(z, jnp.result_type(z.dtype, jnp.complex64))
    return strong(special_oscillating.wofz(z))


def owens_t(h: Any, a: Any) -> Array:
    """Returns Owen's T: the probability of X > h and 0 < Y < aX, X and Y standard normal.

    Raises:
        TypeError: if an argument is complex.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.owens_t(0.0, 1.0)
        Array(0.125, dtype=float64)

    Args:
        h, a: real arrays whose shapes broadcast.
    """
    return strong(special_oscillating.owens_t(*real_floating("special.owens_t", h, a)))


# -- hypergeometric functions


def hyp1f1(a: Any, b: Any, x: Any) -> Array:
    """Returns Kummer's confluent hypergeometric function elementwise.

    Args:
        a, b: the parameters; real.
        x: where; real.

    Returns:
        Σ (a)ₙ / (b)ₙ xⁿ / n!, which has derivatives by all three arguments.

    Raises:
        ValueError: if an argument is complex.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.hyp1f1(1.0, 1.0, 1.0)
        Array(2.71828183, dtype=float64)
    """
    operands = floating("special.hyp1f1", a, b, x)
    if dtypes.is_complex(operands[0].dtype):
        raise ValueError(f"special.hyp1f1 takes real arrays, got {operands[0].dtype}.")
    return strong(special_hypergeometric.hyp1f1(*operands))


def hyp2f1(a: Any, b: Any, c: Any, x: Any) -> Array:
    """Returns Gauss's hypergeometric function elementwise.

    Args:
        a, b, c: the parameters; real.
        x: where; real.

    Returns:
        Σ (a)ₙ (b)ₙ / (c)ₙ xⁿ / n!, which has derivatives by all four arguments.

    Raises:
        TypeError: if an argument is complex.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.hyp2f1(1.0, 2.0, 2.0, 0.5)
        Array(2., dtype=float64)
    """
    return strong(special_hypergeometric.hyp2f1(*real_floating("special.hyp2f1", a, b, c, x)))
