"""Exponentials and logarithms: exp exp2 expm1 log log1p logistic."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.dtypes import INEXACT, is_complex
from minijax.core.operators import Array
from minijax.primitives.arithmetic import add, mul, sub
from minijax.primitives.broadcast import full
from minijax.primitives.families import match, unary
from minijax.primitives.scaling import unscale

_LN2 = math.log(2)


def _one(x: Any) -> Array:
    return full((), 1, aval_of(x).dtype, aval_of(x).weak_type)


# -- exp

exp_p = unary(
    "exp",
    np.exp,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, y),
    element=lambda k, x: k.exp(x),
)


def exp(x: Any) -> Array:
    """Returns e to the power x elementwise.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.exp` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The best
            accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> exp(jnp.array([0.0, 1.0]))
        Array([1.        , 2.71828183], dtype=float64)
    """
    return exp_p.bind(*match(x))[0]


def _exp2(x: np.ndarray) -> np.ndarray:
    return np.exp(x * x.dtype.type(_LN2)) if is_complex(x.dtype) else np.exp2(x)


def _exp2_element(k: Any, x: Any) -> Any:
    if is_complex(x.dtype):
        return k.exp(k.mul(x, k.constant(_LN2, x.dtype)))
    return k.exp2(x)


exp2_p = unary(
    "exp2",
    _exp2,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, mul(_LN2, y)),
    element=_exp2_element,
)
expm1_p = unary(
    "expm1",
    np.expm1,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, add(y, _one(y))),
    element=lambda k, x: k.expm1(x),
)


def exp2(x: Any) -> Array:
    """Returns 2 to the power x elementwise.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.exp2` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The
            best accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.exp2(jnp.array([0.25, 0.5]))
        Array([1.18920712, 1.41421356], dtype=float64)
    """
    return exp2_p.bind(*match(x))[0]


def expm1(x: Any) -> Array:
    """Returns exp(x) - 1 elementwise, exact for small x.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.expm1` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The
            best accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.expm1(jnp.array([0.25, 0.5]))
        Array([0.28402542, 0.64872127], dtype=float64)
    """
    return expm1_p.bind(*match(x))[0]


# -- log

log_p = unary(
    "log",
    np.log,
    on=INEXACT,
    tangent=lambda t, x, y: unscale(t, x),
    element=lambda k, x: k.log(x),
)
log1p_p = unary(
    "log1p",
    np.log1p,
    on=INEXACT,
    tangent=lambda t, x, y: unscale(t, add(x, _one(x))),
    element=lambda k, x: k.log1p(x),
)


def log(x: Any) -> Array:
    """Returns the natural logarithm elementwise; NaN for negative real x.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.log` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The best
            accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> log(jnp.array([1.0, 10.0]))
        Array([0.        , 2.30258509], dtype=float64)
    """
    return log_p.bind(*match(x))[0]


def log1p(x: Any) -> Array:
    """Returns log(1 + x) elementwise, exact for small x.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.log1p` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The
            best accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.log1p(jnp.array([0.25, 0.5]))
        Array([0.22314355, 0.40546511], dtype=float64)
    """
    return log1p_p.bind(*match(x))[0]


# -- logistic


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.reciprocal(1 + np.exp(-x))


logistic_p = unary(
    "logistic",
    _logistic,
    on=INEXACT,
    tangent=lambda t, x, y: mul(t, mul(y, sub(_one(y), y))),
    element=lambda k, x: k.logistic(x),
)


def logistic(x: Any) -> Array:
    """Returns 1 / (1 + exp(-x)) elementwise.

    Args:
        x: a float or complex array of any shape.
        accuracy: taken by `lax.logistic` only: None, a `lax.AccuracyMode` or a `lax.Tolerance`. The
            best accuracy is the only one here, so results are the same.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        TypeError: if `x` is not float or complex, or `accuracy` is of another type.

    Example:
        >>> import minijax.numpy as jnp
        >>> logistic(jnp.array([0.0]))
        Array([0.5], dtype=float64)
    """
    return logistic_p.bind(*match(x))[0]
