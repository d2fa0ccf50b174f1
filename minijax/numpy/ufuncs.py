"""Elementwise arithmetic. Operands promote to a common dtype and broadcast as in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.dtypes import result_pair
from minijax.numpy.logic import greater, less
from minijax.numpy.promotion import (
    broadcast,
    convert,
    inexact,
    inexact_pair,
    numeric,
    numeric_pair,
    operand,
    promote,
    same_shape,
    scalar,
    select,
)
from minijax.primitives import arithmetic, bitwise, compare, powers
from minijax.primitives.broadcast import full_like
from minijax.primitives.convert import bitcast_convert_type


def add(x: Any, y: Any, /) -> Array:
    """Returns x + y elementwise; for bools their disjunction.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.add(jnp.array([1, 2]), 0.5)
        Array([1.5, 2.5], dtype=float64, weak_type=True)
    """
    a, b = promote("add", x, y)
    if a.aval.dtype.kind == "b":
        return bitwise.bitwise_or(a, b)
    return arithmetic.add_p.bind(a, b)[0]


def subtract(x: Any, y: Any, /) -> Array:
    """Returns x - y elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.subtract(jnp.array([1.0, 2.0]), 0.5)
        Array([0.5, 1.5], dtype=float64)
    """
    return arithmetic.sub_p.bind(*promote("subtract", x, y))[0]


def multiply(x: Any, y: Any, /) -> Array:
    """Returns x · y elementwise; for bools their conjunction.

    A bool array times numbers is a mask: where it is False the product is 0, also of a NaN or an
    infinity.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.multiply(jnp.array([1.0, 2.0]), 3)
        Array([3., 6.], dtype=float64)
        >>> jnp.multiply(jnp.array([True, False]), jnp.array([1.0, jnp.nan]))
        Array([1., 0.], dtype=float64)
    """
    a, b = promote("multiply", x, y)
    kind = a.aval.dtype.kind
    if kind == "b":
        return bitwise.bitwise_and(a, b)
    if kind != "i":
        if a is not x and _is_mask(x):
            return _masked(x, a, b)
        if b is not y and _is_mask(y):
            return _masked(y, b, a)
    return arithmetic.mul_p.bind(a, b)[0]


def _is_mask(x: Any) -> bool:
    return isinstance(x, Array | np.ndarray) and x.dtype.kind == "b"


def _masked(mask: Any, converted: Array, numbers: Array) -> Array:
    """Returns the product of a mask, which promotion has converted, and numbers."""
    if not numbers.aval.is_inexact:
        return arithmetic.mul_p.bind(converted, numbers)[0]
    aval = numbers.aval
    return select(operand(mask, "multiply"), numbers, scalar(0, aval.dtype, aval.weak_type))


def divide(x1: Any, x2: Any, /) -> Array:
    """Returns x1 / x2 elementwise, in a floating or complex dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.divide(jnp.array([1, 2]), 2)
        Array([0.5, 1. ], dtype=float64)
    """
    return arithmetic.div_p.bind(*inexact_pair("divide", x1, x2))[0]


true_divide = divide


def floor_divide(x1: Any, x2: Any, /) -> Array:
    """Returns the quotient rounded towards minus infinity, elementwise.

    Args:
        x1: the dividend, an array of real numbers.
        x2: the divisor, whose shape broadcasts with that of `x1`.

    Returns:
        Quotients in the common shape: integers of integers and bools, else floats.

    Raises:
        TypeError: if there are complex numbers.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.floor_divide(jnp.array([7, -7]), 2)
        Array([ 3, -4], dtype=int64)
    """
    a, b = _real_pair("floor_divide", x1, x2)
    if dtypes.is_float(a.dtype):
        return _float_divmod(a, b)[0]
    quotient = arithmetic.div(a, b)
    if a.dtype in dtypes.UNSIGNED:
        return quotient
    inexact_quotient = compare.ne(arithmetic.mul(quotient, b), a)
    zero = scalar(0, a.dtype)
    opposite = compare.ne(compare.lt(a, zero), compare.lt(b, zero))
    opposite = bitwise.bitwise_or(opposite, compare.eq(b, zero))
    lower = arithmetic.sub(quotient, scalar(1, a.dtype, weak=True))
    return select(bitwise.bitwise_and(opposite, inexact_quotient), lower, quotient)


def remainder(x1: Any, x2: Any, /) -> Array:
    """Returns x1 - x2 · floor(x1 / x2) elementwise: the remainder with the sign of x2.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.remainder(jnp.array([5, -5]), 3)
        Array([2, 1], dtype=int64)
    """
    a, b = _nonzero_divisor(*_real_pair("remainder", x1, x2))
    cut = arithmetic.rem(a, b)
    zero = scalar(0, a.dtype, weak=True)
    opposite = compare.ne(compare.lt(cut, zero), compare.lt(b, zero))
    adjust = bitwise.bitwise_and(opposite, compare.ne(cut, zero))
    return select(adjust, arithmetic.add(cut, b), cut)


mod = remainder


def divmod(x1: Any, x2: Any, /) -> tuple[Array, Array]:
    """Returns (floor_divide(x1, x2), remainder(x1, x2)).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.divmod(7, 2)
        (Array(3, dtype=int64, weak_type=True), Array(1, dtype=int64, weak_type=True))
    """
    a, b = _real_pair("divmod", x1, x2)
    if dtypes.is_float(a.dtype):
        return _float_divmod(a, b)
    quotient = floor_divide(a, b)
    rest = arithmetic.sub(a, arithmetic.mul(quotient, b))
    zero = scalar(0, a.dtype, rest.weak_type)
    return quotient, select(compare.eq(b, zero), zero, rest)


def fmod(x1: Any, x2: Any, /) -> Array:
    """Returns the remainder of the division rounded towards zero: it has the sign of x1.

    Args:
        x1: the dividend, an array of real numbers.
        x2: the divisor, whose shape broadcasts with that of `x1`; the remainder of an integer by 0
            is 0.

    Returns:
        Remainders in the common shape and dtype.

    Raises:
        TypeError: if there are complex numbers.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fmod(jnp.array([5, -5]), 3)
        Array([ 2, -2], dtype=int64)
    """
    a, b = _real_pair("fmod", x1, x2)
    given = {operand(x, "fmod").dtype for x in (x1, x2)}
    if given == {dtypes.bool_}:
        return arithmetic.rem(a, b)  # whose remainder by False is x1
    return arithmetic.rem(*_nonzero_divisor(a, b))


def _real_pair(name: str, x: Any, y: Any) -> Any:
    a, b = numeric_pair(name, x, y)
    if dtypes.is_complex(a.dtype):
        raise TypeError(f"{name} takes real numbers, got {a.dtype}: complex ones have no order.")
    return a, b


def _nonzero_divisor(a: Array, b: Array) -> tuple[Array, Array]:
    """Returns 0 and 1 where an integer would be divided by zero: the remainder is 0."""
    if dtypes.is_float(a.dtype):
        return a, b
    zero, one = (scalar(n, a.dtype, weak=True) for n in (0, 1))
    is_zero = compare.eq(b, zero)
    return select(is_zero, zero, a), select(is_zero, one, b)


def _float_divmod(a: Array, b: Array) -> tuple[Array, Array]:
    zero, one = scalar(0, a.dtype, weak=True), scalar(1, a.dtype, weak=True)
    cut = arithmetic.rem(a, b)
    quotient = arithmetic.div(arithmetic.sub(a, cut), b)
    opposite = compare.ne(compare.lt(cut, zero), compare.lt(b, zero))
    adjust = bitwise.bitwise_and(opposite, compare.ne(cut, zero))
    quotient = select(adjust, arithmetic.sub(quotient, one), quotient)
    quotient = select(compare.eq(b, zero), arithmetic.div(a, b), quotient)
    return arithmetic.round(quotient), select(adjust, arithmetic.add(cut, b), cut)


def negative(x: Any, /) -> Array:
    """Returns -x elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.negative(jnp.array([1.0, -2.0]))
        Array([-1.,  2.], dtype=float64)
    """
    return arithmetic.neg_p.bind(operand(x, "negative"))[0]


def positive(x: Any, /) -> Array:
    """Returns x.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.positive(jnp.array([1.0]))
        Array([1.], dtype=float64)
    """
    return operand(x, "positive")


def abs(x: Any, /) -> Array:
    """Returns |x| elementwise, real for complex x; its derivative at 0 is 1 for real x.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.abs(jnp.array([-1.0, 2.0]))
        Array([1., 2.], dtype=float64)
    """
    x = operand(x, "abs")
    if x.dtype == dtypes.bool_ or x.dtype in dtypes.UNSIGNED:
        return x
    return arithmetic.abs(x)


absolute = abs


def fabs(x: Any, /) -> Array:
    """Returns |x| elementwise, in a floating dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fabs(jnp.array([-1, 2]))
        Array([1., 2.], dtype=float64)
    """
    x = inexact("fabs", x)
    if dtypes.is_complex(x.dtype):
        raise TypeError("fabs takes real numbers; jnp.abs takes complex ones too.")
    return arithmetic.abs(x)


def sign(x: Any, /) -> Array:
    """Returns -1, 0 or 1 by the sign of x; x / |x| for complex x.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.sign(jnp.array([-3.0, 0.0, 2.0]))
        Array([-1.,  0.,  1.], dtype=float64)
    """
    return arithmetic.sign(operand(x, "sign"))


def signbit(x: Any, /) -> Array:
    """Returns whether the sign bit is set, elementwise; -0.0 and negative NaNs have it.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.signbit(jnp.array([-0.0, 0.0]))
        Array([ True, False], dtype=bool)
    """
    x = operand(x, "signbit")
    if dtypes.is_complex(x.dtype):
        raise ValueError("signbit takes real numbers, got complex ones.")
    if not dtypes.is_float(x.dtype):
        if x.dtype == dtypes.bool_:
            return full_like(x, False)
        return compare.lt(x, scalar(0, x.dtype))
    bits = np.dtype(f"int{x.dtype.itemsize * 8}")
    return compare.lt(bitcast_convert_type(x, bits), scalar(0, bits))


def copysign(x1: Any, x2: Any, /) -> Array:
    """Returns |x1| with the sign of x2, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.copysign(2.0, jnp.array([-1.0, 1.0]))
        Array([-2.,  2.], dtype=float64)
    """
    a, b = inexact_pair("copysign", x1, x2)
    magnitude = convert(arithmetic.abs(a), a.dtype, a.weak_type and b.weak_type)
    return select(signbit(b), arithmetic.neg(magnitude), magnitude)


def square(x: Any, /) -> Array:
    """Returns x² elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.square(jnp.array([1.0, -3.0]))
        Array([1., 9.], dtype=float64)
    """
    return powers.square(numeric("square", x))


def power(x1: Any, x2: Any, /) -> Array:
    """Returns x1 to the power x2 elementwise.

    A Python int as exponent is exact for every x1, with finite derivatives at 0.

    Raises:
        TypeError: if x1 is an integer and x2 a negative Python int.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.power(jnp.array([2.0, -3.0]), 2)
        Array([4., 9.], dtype=float64)
    """
    if isinstance(x2, int | np.integer) and not isinstance(x2, bool) and isinstance(x1, Array):
        if type(x2) is int or dtypes.is_inexact(x1.dtype):
            return powers.integer_pow(numeric("power", x1), int(x2))
    elif type(x2) is int:
        return powers.integer_pow(numeric("power", x1), x2)
    base, exponent = operand(x1, "power"), operand(x2, "power")
    if dtypes.is_integer(exponent.dtype) and dtypes.is_inexact(base.dtype):
        dtype, weak = result_pair(base, exponent)
        is_weak = weak and exponent.weak_type
        return convert(powers.pow(*broadcast("power", (base, exponent))), dtype, is_weak)
    a, b = numeric_pair("power", x1, x2)
    return _integer_power(a, b) if dtypes.is_integer(a.dtype) else powers.pow(a, b)


pow = power


def _integer_power(base: Array, exponent: Array) -> Array:
    """Integer powers by repeated squaring, by the last six bits of the exponent."""
    weak = base.weak_type and exponent.weak_type
    factor, remaining = same_shape("power", convert(base, base.dtype, weak), exponent)
    result = full_like(factor, 1)
    zero = scalar(0, base.dtype)
    for bit in range(6):
        is_set = compare.ne(bitwise.bitwise_and(remaining, scalar(1 << bit, base.dtype)), zero)
        result = select(is_set, arithmetic.mul(result, factor), result)
        factor = arithmetic.mul(factor, factor)
    return result


def float_power(x: Any, y: Any, /) -> Array:
    """Returns x to the power y in a floating or complex dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.float_power(2, jnp.array([3, -1]))
        Array([8. , 0.5], dtype=float64)
    """
    return powers.pow(*inexact_pair("float_power", x, y))


def reciprocal(x: Any, /) -> Array:
    """Returns 1 / x elementwise, in a floating or complex dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.reciprocal(jnp.array([1.0, 4.0]))
        Array([1.  , 0.25], dtype=float64)
    """
    x = inexact("reciprocal", x)
    return arithmetic.div(scalar(1, x.dtype, weak=True), x)


def maximum(x: Any, y: Any, /) -> Array:
    """Returns the larger of x and y elementwise; NaN if either is. Equal ones share the gradient.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.maximum(jnp.array([1.0, 5.0]), 2.0)
        Array([2., 5.], dtype=float64)
    """
    return arithmetic.max(*promote("maximum", x, y))


def minimum(x: Any, y: Any, /) -> Array:
    """Returns the smaller of x and y elementwise; NaN if either is. Equal ones share the gradient.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.minimum(jnp.array([1.0, 5.0]), 2.0)
        Array([1., 2.], dtype=float64)
    """
    return arithmetic.min(*promote("minimum", x, y))


def fmax(x1: Any, x2: Any) -> Array:
    """Returns the larger of x1 and x2 elementwise, the other one where one is NaN.

    Args:
        x1, x2: arrays whose shapes broadcast.

    Returns:
        An array of the common shape and dtype; NaN only where both are.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fmax(jnp.array([1.0, jnp.nan]), 2.0)
        Array([2., 2.], dtype=float64)
    """
    return _skip_nan("fmax", x1, x2, greater)


def fmin(x1: Any, x2: Any) -> Array:
    """Returns the smaller of x1 and x2 elementwise, the other one where one is NaN.

    Args:
        x1, x2: arrays whose shapes broadcast.

    Returns:
        An array of the common shape and dtype; NaN only where both are.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fmin(jnp.array([1.0, jnp.nan]), 2.0)
        Array([1., 2.], dtype=float64)
    """
    return _skip_nan("fmin", x1, x2, less)


def _skip_nan(name: str, x: Any, y: Any, wins: Any) -> Array:
    a, b = promote(name, x, y)
    take_first = wins(a, b)
    if dtypes.is_inexact(b.dtype):
        take_first = bitwise.bitwise_or(take_first, compare.ne(b, b))
    return select(take_first, a, b)


def clip(
    arr: Any = None,
    /,
    min: Any = None,
    max: Any = None,
) -> Array:
    """Returns values held between two limits; the upper one wins where they cross.

    Args:
        arr: an array.
        min: the lower limit, None for none; broadcasts with `arr`.
        max: the upper limit, None for none.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.clip(jnp.array([-1.0, 0.5, 3.0]), 0, 1)
        Array([0. , 0.5, 1. ], dtype=float64)
    """
    if arr is None:
        raise TypeError("clip needs an array as its first argument.")
    arr = operand(arr, "clip")
    if dtypes.is_complex(arr.dtype):
        raise ValueError("clip takes real arrays: complex numbers have no order. Clip the parts.")
    if min is not None:
        arr = maximum(min, arr)
    return arr if max is None else minimum(max, arr)


def sqrt(x: Any, /) -> Array:
    """Returns the square root elementwise; NaN for negative real x.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.sqrt(jnp.array([4.0, 9.0]))
        Array([2., 3.], dtype=float64)
    """
    return powers.sqrt(inexact("sqrt", x))


def cbrt(x: Any, /) -> Array:
    """Returns the real cube root elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cbrt(jnp.array([8.0, -27.0]))
        Array([ 2., -3.], dtype=float64)
    """
    return powers.cbrt(inexact("cbrt", x))
