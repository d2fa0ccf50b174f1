"""Trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.dtypes import INEXACT, is_complex
from minijax.core.operators import Array
from minijax.primitives.arithmetic import add, div, mul, neg, sub
from minijax.primitives.broadcast import full
from minijax.primitives.compare import eq, select_n
from minijax.primitives.families import match, nary, unary
from minijax.primitives.powers import rsqrt, square
from minijax.primitives.scaling import scale, unscale


def _one(x: Any) -> Array:
    return full((), 1, aval_of(x).dtype, aval_of(x).weak_type)


# -- sin, cos, tan

sin_p = unary(
    "sin",
    np.sin,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, cos(x)),
    element=lambda k, x: k.sin(x),
)
cos_p = unary(
    "cos",
    np.cos,
    on=INEXACT,
    tangent=lambda t, x, y: neg(mul(t, sin(x))),
    element=lambda k, x: k.cos(x),
)
tan_p = unary(
    "tan",
    np.tan,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, add(_one(y), square(y))),
    element=lambda k, x: k.tan(x),
)


def sin(x: Any) -> Array:
    """Returns the sine elementwise.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.sin` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The best
            accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> sin(jnp.array([0.0, 1.0]))
        Array([0.        , 0.84147098], dtype=float64)
    """
    return sin_p.bind(*match(x))[0]


def cos(x: Any) -> Array:
    """Returns the cosine elementwise.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.cos` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The best
            accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.cos(jnp.array([0.25, 0.5]))
        Array([0.96891242, 0.87758256], dtype=float64)
    """
    return cos_p.bind(*match(x))[0]


def tan(x: Any) -> Array:
    """Returns the tangent elementwise.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.tan` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The best
            accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.tan(jnp.array([0.25, 0.5]))
        Array([0.25534192, 0.54630249], dtype=float64)
    """
    return tan_p.bind(*match(x))[0]


# -- asin, acos, atan, atan2

asin_p = unary(
    "asin",
    np.arcsin,
    on=INEXACT,
    tangent=lambda t, x, y: scale(t, rsqrt(sub(_one(x), square(x)))),
    element=lambda k, x: k.asin(x),
)
acos_p = unary(
    "acos",
    np.arccos,
    on=INEXACT,
    tangent=lambda t, x, y: scale(t, neg(rsqrt(sub(_one(x), square(x))))),
    element=lambda k, x: k.acos(x),
)
atan_p = unary(
    "atan",
    np.arctan,
    on=INEXACT,
    tangent=lambda t, x, y: unscale(t, add(_one(x), square(x))),
    element=lambda k, x: k.atan(x),
)


def asin(x: Any) -> Array:
    """Returns the arc sine elementwise, in [-π/2, π/2] for real x.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.asin(jnp.array([0.25, 0.5]))
        Array([0.25268026, 0.52359878], dtype=float64)
    """
    return asin_p.bind(*match(x))[0]


def acos(x: Any) -> Array:
    """Returns the arc cosine elementwise, in [0, π] for real x.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.acos(jnp.array([0.25, 0.5]))
        Array([1.31811607, 1.04719755], dtype=float64)
    """
    return acos_p.bind(*match(x))[0]


def atan(x: Any) -> Array:
    """Returns the arc tangent elementwise, in [-π/2, π/2] for real x.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.atan(jnp.array([0.25, 0.5]))
        Array([0.24497866, 0.46364761], dtype=float64)
    """
    return atan_p.bind(*match(x))[0]


def _atan2(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if not is_complex(x.dtype):
        return np.arctan2(x, y)
    minus_i = x.dtype.type(-1j)
    return minus_i * np.log((y - minus_i * x) / np.sqrt(x * x + y * y))


def _atan2_element(k: Any, x: Any, y: Any) -> Any:
    if not is_complex(x.dtype):
        return k.atan2(x, y)
    minus_i = k.constant(-1j, x.dtype)
    size = k.sqrt(k.add(k.mul(x, x), k.mul(y, y)))
    return k.mul(minus_i, k.log(k.div(k.sub(y, k.mul(minus_i, x)), size)))


def _inverse_square(x: Any, y: Any) -> Array:
    """Returns 1 / (x² + y²), and 0 at the origin, where the angle has slope 0 by convention."""
    squared = add(square(x), square(y))
    is_zero = eq(squared, 0)
    inverse = div(_one(squared), select_n(is_zero, squared, _one(squared)))
    return select_n(is_zero, inverse, full((), 0, aval_of(squared).dtype))


atan2_p = nary(
    "atan2",
    _atan2,
    on=INEXACT,
    tangents=(
        lambda t, x, y, out: mul(t, mul(y, _inverse_square(x, y))),
        lambda t, x, y, out: mul(t, mul(neg(x), _inverse_square(x, y))),
    ),
    element=_atan2_element,
)


def atan2(x: Any, y: Any) -> Array:
    """Returns the angle of the point with abscissa `y` and ordinate `x`, elementwise.

    Args:
        x: ordinates, of the shape of `y` or rank 0.
        y: abscissas.

    Example:
        >>> import minijax.numpy as jnp
        >>> atan2(jnp.array([1.0]), jnp.array([1.0]))
        Array([0.78539816], dtype=float64)
    """
    return atan2_p.bind(*match(x, y))[0]


# -- sinh, cosh, tanh

sinh_p = unary(
    "sinh",
    np.sinh,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, cosh(x)),
    element=lambda k, x: k.sinh(x),
)
cosh_p = unary(
    "cosh",
    np.cosh,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, sinh(x)),
    element=lambda k, x: k.cosh(x),
)
tanh_p = unary(
    "tanh",
    np.tanh,
    on=INEXACT,
    # (1 + y)(1 - y) keeps the digits that 1 - y² loses near ±1.
    tangent=lambda t, x, y: mul(t, mul(add(_one(y), y), sub(_one(y), y))),
    element=lambda k, x: k.tanh(x),
)


def sinh(x: Any) -> Array:
    """Returns the hyperbolic sine elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.sinh(jnp.array([0.25, 0.5]))
        Array([0.25261232, 0.52109531], dtype=float64)
    """
    return sinh_p.bind(*match(x))[0]


def cosh(x: Any) -> Array:
    """Returns the hyperbolic cosine elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.cosh(jnp.array([0.25, 0.5]))
        Array([1.0314131 , 1.12762597], dtype=float64)
    """
    return cosh_p.bind(*match(x))[0]


def tanh(x: Any) -> Array:
    """Returns the hyperbolic tangent elementwise.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.tanh` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The
            best accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.tanh(jnp.array([0.25, 0.5]))
        Array([0.24491866, 0.46211716], dtype=float64)
    """
    return tanh_p.bind(*match(x))[0]


# -- asinh, acosh, atanh

asinh_p = unary(
    "asinh",
    np.arcsinh,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, rsqrt(add(square(x), _one(x)))),
    element=lambda k, x: k.asinh(x),
)
acosh_p = unary(
    "acosh",
    np.arccosh,
    on=INEXACT,
    tangent=lambda t, x, y: scale(t, rsqrt(sub(square(x), _one(x)))),
    element=lambda k, x: k.acosh(x),
)
atanh_p = unary(
    "atanh",
    np.arctanh,
    on=INEXACT,
    tangent=lambda t, x, y: unscale(unscale(t, sub(_one(x), x)), add(_one(x), x)),
    element=lambda k, x: k.atanh(x),
)


def asinh(x: Any) -> Array:
    """Returns the inverse hyperbolic sine elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.asinh(jnp.array([0.25, 0.5]))
        Array([0.24746646, 0.48121183], dtype=float64)
    """
    return asinh_p.bind(*match(x))[0]


def acosh(x: Any) -> Array:
    """Returns the inverse hyperbolic cosine elementwise; NaN for real x below 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.acosh(jnp.array([1.0 + 2.0j]))
        Array([1.52857092+1.14371774j], dtype=complex128)
    """
    return acosh_p.bind(*match(x))[0]


def atanh(x: Any) -> Array:
    """Returns the inverse hyperbolic tangent elementwise; NaN for real x beyond ±1.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.atanh(jnp.array([0.25, 0.5]))
        Array([0.25541281, 0.54930614], dtype=float64)
    """
    return atanh_p.bind(*match(x))[0]
