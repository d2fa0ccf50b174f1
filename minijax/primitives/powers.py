"""Powers and roots: pow integer_pow square sqrt rsqrt cbrt."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import FLOAT, INEXACT, INTEGER, NUMERIC, is_integer
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.kernel import scalars
from minijax.primitives.arithmetic import div, mul, sub
from minijax.primitives.broadcast import full
from minijax.primitives.compare import eq, select_n
from minijax.primitives.convert import convert_element_type
from minijax.primitives.exponential import log
from minijax.primitives.families import (
    NOT_LINEAR,
    check_dtype,
    common_shape,
    elementwise_batch,
    elementwise_lower,
    like_result,
    match,
    ufunc_on,
    unary,
)
from minijax.primitives.scaling import scale

# -- pow: a float or complex base; an exponent of its dtype or of any integer dtype


def _pow_impl(x: np.ndarray, y: np.ndarray) -> Any:
    return (scalars.apply("pow", x.dtype, (x, y.astype(x.dtype))),)


def _pow_abstract(x: ShapedArray, y: ShapedArray) -> Any:
    check_dtype("pow", x, INEXACT, "a base")
    check_dtype("pow", y, (x.dtype, *INTEGER), f"with a base of {x} an exponent")
    weak = x.weak_type and y.weak_type
    return (ShapedArray(common_shape("pow", (x, y)), x.dtype, weak),)


def _pow_by_base(x: Any, y: Any) -> Any:
    dtype = aval_of(x).dtype
    if not is_integer(aval_of(y).dtype):
        # At 0 the slope of x**0 is 0, not 0 · 0**-1; elsewhere nothing changes.
        lower = sub(y, 1)
        lower = select_n(eq(x, 0), lower, select_n(eq(y, 0), lower, full((), 0, dtype)))
        return mul(y, pow(x, lower))
    exponent, one = convert_element_type(y, dtype), full((), 1, dtype)
    is_zero = eq(exponent, 0)
    # x**0 is constant, also at 0, where 0 · 0**-1 would be NaN.
    slope = mul(select_n(is_zero, exponent, one), pow(x, sub(exponent, 1)))
    return select_n(is_zero, slope, full((), 0, dtype))


def _pow_by_exponent(x: Any, out: Any) -> Any:
    # The logarithm is taken away from 0, where 0**y is constant in y > 0.
    return mul(log(select_n(eq(x, 0), x, full((), 1, aval_of(x).dtype))), out)


def _pow_jvp(primals: Any, tangents: Any) -> Any:
    x, y = primals
    (out,) = pow_p.bind(x, y)
    total: Any = Zero(out.aval.tangent())
    if type(tangents[0]) is not Zero:
        total = like_result(scale(tangents[0], _pow_by_base(x, y)), out)
    if type(tangents[1]) is not Zero:
        term = like_result(scale(tangents[1], _pow_by_exponent(x, out)), out)
        total = term if type(total) is Zero else out.aval.tangent().add(total, term)
    return (out,), (total,)


pow_p: Primitive = primitive(
    "pow",
    impl=_pow_impl,
    abstract=_pow_abstract,
    jvp=_pow_jvp,
    transpose=NOT_LINEAR,
    batch=elementwise_batch(lambda: pow_p),
    lower=elementwise_lower(lambda k, x, y: k.pow(x, k.convert(y, x.dtype))),
    ufuncs=ufunc_on(np.power, INEXACT),
)


def pow(x: Any, y: Any) -> Array:
    """Returns x to the power y elementwise.

    Args:
        x: a float or complex base, of the shape of `y` or rank 0.
        y: an exponent of the dtype of `x` or of an integer dtype.

    Raises:
        TypeError: for an integer base (use `integer_pow`) or dtypes that differ otherwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> pow(jnp.array([2.0, 9.0]), jnp.array([3.0, 0.5]))
        Array([8., 3.], dtype=float64)
    """
    if isinstance(y, int) and not isinstance(y, bool):
        return pow_p.bind(to_array(x), to_array(y))[0]
    if isinstance(x, float | complex) and is_integer(aval_of(y).dtype):
        return pow_p.bind(to_array(x), to_array(y))[0]  # the base stays what it is
    return pow_p.bind(*match(x, y))[0]


# -- integer_pow, square


def _integer_pow(x: np.ndarray, *, y: int) -> np.ndarray:
    return scalars.apply("integer_pow", x.dtype, (x,), y)


def _integer_pow_tangent(t: Any, x: Any, out: Any, *, y: int) -> Any:
    if y == 0:
        return Zero(aval_of(t))
    if y == 1:
        return t
    slope = mul(_scalar(y, x), integer_pow(x, y - 1))
    return scale(t, slope) if y < 0 else mul(t, slope)


def _scalar(value: Any, x: Any) -> Array:
    return full((), value, aval_of(x).dtype, aval_of(x).weak_type)


integer_pow_p = unary(
    "integer_pow",
    _integer_pow,
    on=NUMERIC,
    tangent=_integer_pow_tangent,
    element=lambda k, x, y: k.integer_pow(x, y),
)
square_p = unary(
    "square",
    np.square,
    on=NUMERIC,
    tangent=lambda t, x, y: mul(t, mul(x, 2)),
    element=lambda k, x: k.mul(x, x),
)


def integer_pow(x: Any, y: int) -> Array:
    """Returns x to a constant integer power, by repeated multiplication.

    Args:
        x: an array.
        y: the second array.

    Raises:
        TypeError: for a negative power of integers.

    Example:
        >>> import minijax.numpy as jnp
        >>> integer_pow(jnp.array([2.0, 3.0]), 3)
        Array([ 8., 27.], dtype=float64)
    """
    if not hasattr(y, "__index__"):
        raise TypeError(f"integer_pow: the exponent must be an integer, got {y!r}: use pow.")
    x, y = to_array(x), operator.index(y)
    if y < 0 and is_integer(x.dtype):
        raise TypeError(
            f"integer_pow: integers have no negative powers, got {x.aval} and exponent {y}: "
            "convert the base to a float dtype with .astype(...)."
        )
    return integer_pow_p.bind(x, y=y)[0]


def square(x: Any) -> Array:
    """Returns x² elementwise.

    Args:
        x: an array of numbers of any shape.

    Returns:
        An array of the shape and dtype of `x`; products of integers wrap around.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.square(jnp.array([-3, 4]))
        Array([ 9, 16], dtype=int64)
    """
    return square_p.bind(*match(x))[0]


# -- roots

sqrt_p = unary(
    "sqrt",
    np.sqrt,
    on=INEXACT,
    tangent=lambda t, x, y: scale(t, div(_scalar(0.5, y), y)),
    element=lambda k, x: k.sqrt(x),
)
rsqrt_p = unary(
    "rsqrt",
    lambda x: np.reciprocal(np.sqrt(x)),
    on=INEXACT,
    tangent=lambda t, x, y: scale(t, mul(_scalar(-0.5, y), div(y, x))),
    element=lambda k, x: k.rsqrt(x),
)
cbrt_p = unary(
    "cbrt",
    np.cbrt,
    on=FLOAT,
    tangent=lambda t, x, y: scale(t, mul(_scalar(1 / 3, y), integer_pow(y, -2))),
    element=lambda k, x: k.cbrt(x),
)


def sqrt(x: Any) -> Array:
    """Returns the square root elementwise; NaN for negative real x.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.sqrt` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The
            best accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> sqrt(jnp.array([4.0, 9.0]))
        Array([2., 3.], dtype=float64)
    """
    return sqrt_p.bind(*match(x))[0]


def rsqrt(x: Any) -> Array:
    """Returns 1 / √x elementwise.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.rsqrt` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The
            best accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.rsqrt(jnp.array([4.0, 0.25]))
        Array([0.5, 2. ], dtype=float64)
    """
    return rsqrt_p.bind(*match(x))[0]


def cbrt(x: Any) -> Array:
    """Returns the real cube root of a float array elementwise.

    Args:
        x: a float array of any shape.
        accuracy: taken by `lax.cbrt` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The
            best accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.cbrt(jnp.array([27.0, -8.0]))
        Array([ 3., -2.], dtype=float64)
    """
    return cbrt_p.bind(*match(x))[0]
