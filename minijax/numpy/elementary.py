"""Elementwise elementary functions; integers and bools are computed in a floating dtype."""

from __future__ import annotations

import math
from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.promotion import (
    convert,
    inexact,
    inexact_pair,
    operand,
    scalar,
    select,
    strong,
    strong_inexact_pair,
)
from minijax.primitives import arithmetic, bitwise, compare, exponential, powers, trigonometric
from minijax.primitives import complex as complex_family
from minijax.primitives.broadcast import full_like

# -- exponentials and logarithms


def exp(x: Any, /) -> Array:
    """Returns e to the power x elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.exp(jnp.array([0.0, 1.0]))
        Array([1.        , 2.71828183], dtype=float64)
    """
    return exponential.exp(inexact("exp", x))


def exp2(x: Any, /) -> Array:
    """Returns 2 to the power x elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.exp2(jnp.array([0.0, 3.0]))
        Array([1., 8.], dtype=float64)
    """
    return exponential.exp2(inexact("exp2", x))


def expm1(x: Any, /) -> Array:
    """Returns exp(x) - 1 elementwise, accurate near 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.expm1(1e-20))
        1e-20
    """
    return exponential.expm1(inexact("expm1", x))


def log(x: Any, /) -> Array:
    """Returns the natural logarithm elementwise: -inf at 0, NaN below.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.log(jnp.array([1.0, jnp.e]))
        Array([0., 1.], dtype=float64)
    """
    return exponential.log(inexact("log", x))


def log1p(x: Any, /) -> Array:
    """Returns log(1 + x) elementwise, accurate near 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.log1p(1e-20))
        1e-20
    """
    return exponential.log1p(inexact("log1p", x))


def log2(x: Any, /) -> Array:
    """Returns the logarithm to base 2 elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.log2(jnp.array([1.0, 8.0]))
        Array([0., 3.], dtype=float64)
    """
    return _scaled_log("log2", x, math.log(2.0))


def log10(x: Any, /) -> Array:
    """Returns the logarithm to base 10 elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.log10(jnp.array([1.0, 100.0]))
        Array([0., 2.], dtype=float64)
    """
    return _scaled_log("log10", x, math.log(10.0))


def _scaled_log(name: str, x: Any, unit: float) -> Array:
    x = exponential.log(strong(inexact(name, x)))
    return arithmetic.div(x, scalar(unit, x.dtype, weak=True))


def logaddexp(x1: Any, x2: Any, /) -> Array:
    """Returns log(exp(x1) + exp(x2)) elementwise, without overflow.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.logaddexp(1000.0, 1000.0))
        1000.6931471805599
    """
    a, b = inexact_pair("logaddexp", x1, x2)
    return _log_of_sum(a, b, 1.0)


def logaddexp2(x1: Any, x2: Any, /) -> Array:
    """Returns log2(2 to the x1 + 2 to the x2) elementwise, without overflow.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.logaddexp2(10.0, 10.0))
        11.0
    """
    a, b = strong_inexact_pair("logaddexp2", x1, x2)
    return _log_of_sum(a, b, math.log(2.0))


def _log_of_sum(a: Array, b: Array, unit: float) -> Array:
    """The larger operand and a correction; `unit` is the natural logarithm of the base."""
    if dtypes.is_complex(a.dtype):
        return _complex_log_of_sum(a, b, unit)
    # Chosen by select, not by max: the formula is then smooth where the operands are equal.
    first_is_larger = compare.ge(a, b)
    larger, smaller = select(first_is_larger, a, b), select(first_is_larger, b, a)
    difference = arithmetic.sub(smaller, larger)
    # Both operands the same infinity: their difference is NaN, and 0 gives the right sum.
    is_undefined = bitwise.bitwise_and(compare.eq(a, b), compare.ne(difference, difference))
    difference = select(is_undefined, scalar(0.0, a.dtype, weak=True), difference)
    weight = scalar(unit, a.dtype, weak=True)
    if unit != 1.0:
        difference = arithmetic.mul(difference, weight)
    correction = exponential.log1p(exponential.exp(difference))
    if unit != 1.0:
        correction = arithmetic.div(correction, weight)
    return arithmetic.add(larger, correction)


def _complex_log_of_sum(a: Array, b: Array, unit: float) -> Array:
    first_is_larger = compare.gt(complex_family.real(a), complex_family.real(b))
    larger, smaller = select(first_is_larger, a, b), select(first_is_larger, b, a)
    weight = scalar(unit, a.dtype, weak=True)
    ratio = exponential.exp(arithmetic.mul(arithmetic.sub(smaller, larger), weight))
    return arithmetic.add(larger, arithmetic.div(exponential.log1p(ratio), weight))


# -- trigonometry


def sin(x: Any, /) -> Array:
    """Returns the sine elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.sin(jnp.array([0.0, jnp.pi / 2]))
        Array([0., 1.], dtype=float64)
    """
    return trigonometric.sin(inexact("sin", x))


def cos(x: Any, /) -> Array:
    """Returns the cosine elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cos(jnp.array([0.0, jnp.pi]))
        Array([ 1., -1.], dtype=float64)
    """
    return trigonometric.cos(inexact("cos", x))


def tan(x: Any, /) -> Array:
    """Returns the tangent elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.tan(jnp.array([0.0, 1.0]))
        Array([0.        , 1.55740772], dtype=float64)
    """
    return trigonometric.tan(inexact("tan", x))


def arcsin(x: Any, /) -> Array:
    """Returns the angle in [-π/2, π/2] whose sine is x, elementwise; NaN outside [-1, 1].

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arcsin(jnp.array([0.0, 1.0]))
        Array([0.        , 1.57079633], dtype=float64)
    """
    return trigonometric.asin(inexact("arcsin", x))


def arccos(x: Any, /) -> Array:
    """Returns the angle in [0, π] whose cosine is x, elementwise; NaN outside [-1, 1].

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arccos(jnp.array([1.0, 0.0]))
        Array([0.        , 1.57079633], dtype=float64)
    """
    return trigonometric.acos(inexact("arccos", x))


def arctan(x: Any, /) -> Array:
    """Returns the angle in [-π/2, π/2] whose tangent is x, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arctan(jnp.array([0.0, 1.0]))
        Array([0.        , 0.78539816], dtype=float64)
    """
    return trigonometric.atan(inexact("arctan", x))


def arctan2(x1: Any, x2: Any, /) -> Array:
    """Returns the angle of the point (x2, x1) to the positive axis, in [-π, π], elementwise.

    Args:
        x1: the ordinate.
        x2: the abscissa.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arctan2(jnp.array([1.0, -1.0]), 0.0)
        Array([ 1.57079633, -1.57079633], dtype=float64)
    """
    return trigonometric.atan2(*inexact_pair("arctan2", x1, x2))


def sinh(x: Any, /) -> Array:
    """Returns the hyperbolic sine elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.sinh(jnp.array([0.0, 1.0]))
        Array([0.        , 1.17520119], dtype=float64)
    """
    return trigonometric.sinh(inexact("sinh", x))


def cosh(x: Any, /) -> Array:
    """Returns the hyperbolic cosine elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cosh(jnp.array([0.0, 1.0]))
        Array([1.        , 1.54308063], dtype=float64)
    """
    return trigonometric.cosh(inexact("cosh", x))


def tanh(x: Any, /) -> Array:
    """Returns the hyperbolic tangent elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.tanh(jnp.array([0.0, 1.0]))
        Array([0.        , 0.76159416], dtype=float64)
    """
    return trigonometric.tanh(inexact("tanh", x))


def arcsinh(x: Any, /) -> Array:
    """Returns the inverse hyperbolic sine elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arcsinh(jnp.array([0.0, 1.0]))
        Array([0.        , 0.88137359], dtype=float64)
    """
    return trigonometric.asinh(inexact("arcsinh", x))


def arccosh(x: Any, /) -> Array:
    """Returns the inverse hyperbolic cosine elementwise; NaN below 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arccosh(jnp.array([1.0, 2.0]))
        Array([0.       , 1.3169579], dtype=float64)
    """
    return trigonometric.acosh(inexact("arccosh", x))


def arctanh(x: Any, /) -> Array:
    """Returns the inverse hyperbolic tangent elementwise; NaN outside [-1, 1].

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arctanh(jnp.array([0.0, 0.5]))
        Array([0.        , 0.54930614], dtype=float64)
    """
    return trigonometric.atanh(inexact("arctanh", x))


asin, acos, atan, atan2 = arcsin, arccos, arctan, arctan2
asinh, acosh, atanh = arcsinh, arccosh, arctanh


def sinc(x: Any, /) -> Array:
    """Returns sin(πx) / (πx) elementwise, 1 at 0; all derivatives are finite there.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.sinc(jnp.array([0.0, 0.5]))
        Array([1.        , 0.63661977], dtype=float64)
    """
    x = inexact("sinc", x)
    angle_of_x = arithmetic.mul(scalar(math.pi, x.dtype, weak=True), x)
    magnitude = arithmetic.abs(angle_of_x)
    is_small = compare.lt(magnitude, scalar(1e-2, magnitude.dtype))
    safe = select(is_small, scalar(1.0, x.dtype, weak=True), angle_of_x)
    quotient = arithmetic.div(trigonometric.sin(safe), safe)
    # Below 0.01 the series to the eighth power is exact to rounding, as are its derivatives.
    series: Array = scalar(1 / 362880, x.dtype, weak=True)
    squared = arithmetic.mul(angle_of_x, angle_of_x)
    for coefficient in (-1 / 5040, 1 / 120, -1 / 6, 1.0):
        term = scalar(coefficient, x.dtype, weak=True)
        series = arithmetic.add(arithmetic.mul(series, squared), term)
    return select(is_small, series, quotient)


def hypot(x1: Any, x2: Any, /) -> Array:
    """Returns sqrt(x1² + x2²) elementwise, without overflow; its derivative at (0, 0) is 0.

    Args:
        x1: the first array.
        x2: the second array.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.hypot(3e200, 4e200))
        5e+200
    """
    a, b = strong_inexact_pair("hypot", x1, x2)
    if dtypes.is_complex(a.dtype):
        raise ValueError("hypot takes real numbers: take the absolute values first.")
    a, b = arithmetic.abs(a), arithmetic.abs(b)
    larger, smaller = arithmetic.max(a, b), arithmetic.min(a, b)
    zero, infinity = scalar(0.0, a.dtype, weak=True), scalar(math.inf, a.dtype, weak=True)
    one = scalar(1.0, a.dtype, weak=True)
    is_special = bitwise.bitwise_or(compare.eq(larger, zero), compare.eq(larger, infinity))
    ratio = arithmetic.div(smaller, select(is_special, one, larger))
    ratio = select(is_special, zero, ratio)
    length = powers.sqrt(arithmetic.add(arithmetic.mul(ratio, ratio), one))
    result = select(is_special, larger, arithmetic.mul(larger, length))
    is_infinite = bitwise.bitwise_or(compare.eq(a, infinity), compare.eq(b, infinity))
    return select(is_infinite, infinity, result)


def deg2rad(x: Any, /) -> Array:
    """Returns degrees as radians, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.deg2rad(180.0))
        3.141592653589793
    """
    x = inexact("deg2rad", x)
    return arithmetic.mul(x, scalar(math.pi / 180, x.dtype, weak=True))


def rad2deg(x: Any, /) -> Array:
    """Returns radians as degrees, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.rad2deg(jnp.pi))
        180.0
    """
    x = inexact("rad2deg", x)
    return arithmetic.mul(x, scalar(180 / math.pi, x.dtype, weak=True))


radians, degrees = deg2rad, rad2deg


# -- complex numbers


def real(val: Any, /) -> Array:
    """Returns the real part elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.real(jnp.array([1 + 2j]))
        Array([1.], dtype=float64)
    """
    val = operand(val, "real")
    return complex_family.real(val) if dtypes.is_complex(val.dtype) else val


def imag(val: Any, /) -> Array:
    """Returns the imaginary part elementwise: zero for real arrays.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.imag(jnp.array([1 + 2j]))
        Array([2.], dtype=float64)
    """
    val = operand(val, "imag")
    return complex_family.imag(val) if dtypes.is_complex(val.dtype) else full_like(val, 0)


def conjugate(x: Any, /) -> Array:
    """Returns the complex conjugate elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.conjugate(jnp.array([1 + 2j]))
        Array([1.-2.j], dtype=complex128)
    """
    x = operand(x, "conjugate")
    return complex_family.conj(x) if dtypes.is_complex(x.dtype) else x


conj = conjugate


def angle(z: Any, deg: bool = False) -> Array:
    """Returns the angle of complex numbers to the positive real axis.

    Args:
        z: an array.
        deg: whether to return degrees in place of radians.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.angle(1j, deg=True))
        90.0
    """
    z = operand(z, "angle")
    if not dtypes.is_complex(z.dtype):
        z = strong(z) if dtypes.is_inexact(z.dtype) else convert(z, dtypes.float64)
    result = arctan2(imag(z), real(z))
    return rad2deg(result) if deg else result
