"""Elementwise functions with the further arguments of `jax.lax`, and some without primitives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.operators import Array
from minijax.lax.precision import check_accuracy
from minijax.lax.strict import strict
from minijax.primitives import arithmetic, exponential, powers, trigonometric
from minijax.primitives.bitwise import bitwise_and, shift_right_arithmetic, shift_right_logical
from minijax.primitives.convert import convert_element_type
from minijax.primitives.families import match


def _accurate(function: Callable[[Any], Array]) -> Callable[..., Array]:
    """Returns a function of one operand that takes an accuracy too; the best is the only one."""

    @functools.wraps(function)
    def of_any_accuracy(x: Any, *, accuracy: Any = None) -> Array:
        check_accuracy(function.__name__, accuracy)
        return function(x)

    # Its own signature is the one to show.
    del of_any_accuracy.__wrapped__
    return of_any_accuracy


cbrt = _accurate(powers.cbrt)
rsqrt = _accurate(powers.rsqrt)
sqrt = _accurate(powers.sqrt)
exp = _accurate(exponential.exp)
exp2 = _accurate(exponential.exp2)
expm1 = _accurate(exponential.expm1)
log = _accurate(exponential.log)
log1p = _accurate(exponential.log1p)
logistic = _accurate(exponential.logistic)
cos = _accurate(trigonometric.cos)
sin = _accurate(trigonometric.sin)
tan = _accurate(trigonometric.tan)
tanh = _accurate(trigonometric.tanh)


def mul(x: Any, y: Any, *, out_dtype: Any = None) -> Array:
    """Returns x · y elementwise, for operands of one dtype and one shape or rank 0.

    Args:
        x, y: arrays.
        out_dtype: the dtype of the result, which operands are converted to before; that of the
            operands if None.

    Raises:
        TypeError: if the dtypes or the shapes differ.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.mul(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([2., 6.], dtype=float64)
    """
    if out_dtype is not None:
        found = dtypes.canonical(out_dtype)
        x, y = (convert_element_type(operand, found) for operand in match(x, y))
    return _strict_mul(x, y)


_strict_mul = strict(arithmetic.mul)


def mulhi(x: Any, y: Any, /) -> Array:
    """Returns the upper half of the bits of the product of integers, elementwise.

    Args:
        x, y: integer arrays of one dtype and one shape, or of rank 0.

    Raises:
        TypeError: if the operands are no integers, or of different dtypes or shapes.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.mulhi(jnp.array([200], "uint8"), jnp.array([3], "uint8"))
        Array([2], dtype=uint8)
    """
    x, y = match(x, y)
    dtype = aval_of(x).dtype
    if not dtypes.is_integer(dtype) or aval_of(y).dtype != dtype:
        raise TypeError(f"mulhi needs integers of one dtype, got {aval_of(x)} and {aval_of(y)}.")
    half = np.asarray(4 * dtype.itemsize, dtype)
    mask = np.asarray((1 << (4 * dtype.itemsize)) - 1, dtype)
    shift = shift_right_arithmetic if dtype.kind == "i" else shift_right_logical
    # Schoolbook multiplication of halves; the lower ones are unsigned.
    (x1, x0), (y1, y0) = ((shift(v, half), bitwise_and(v, mask)) for v in (x, y))
    low = shift_right_logical(arithmetic.mul(x0, y0), half)
    middle = arithmetic.add(arithmetic.mul(x1, y0), low)
    rest = arithmetic.add(arithmetic.mul(x0, y1), bitwise_and(middle, mask))
    high = arithmetic.add(arithmetic.mul(x1, y1), shift(middle, half))
    return arithmetic.add(high, shift(rest, half))
