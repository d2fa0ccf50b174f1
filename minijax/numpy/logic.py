"""Comparisons, logic, bits, and tests for NaN and infinity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.creation import asarray
from minijax.numpy.promotion import (
    convert,
    inexact_pair,
    numeric_pair,
    operand,
    promote,
    refuse_out,
    scalar,
)
from minijax.primitives import arithmetic, bitwise, compare
from minijax.primitives import complex as complex_family
from minijax.primitives.broadcast import full
from minijax.primitives.reduction import reduce_and


def equal(x: Any, y: Any, /) -> Array:
    """Returns x == y elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.equal(jnp.array([1, 2]), 2)
        Array([False,  True], dtype=bool)
    """
    return compare.eq(*promote("equal", x, y))


def not_equal(x: Any, y: Any, /) -> Array:
    """Returns x != y elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.not_equal(jnp.array([1, 2]), 2)
        Array([ True, False], dtype=bool)
    """
    return compare.ne(*promote("not_equal", x, y))


def less(x: Any, y: Any, /) -> Array:
    """Returns x < y elementwise; complex numbers by real, then by imaginary part.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.less(jnp.array([1, 2, 3]), 2)
        Array([ True, False, False], dtype=bool)
    """
    return _ordered("less", compare.lt, x, y)


def less_equal(x: Any, y: Any, /) -> Array:
    """Returns x <= y elementwise; complex numbers by real, then by imaginary part.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.less_equal(jnp.array([1, 2, 3]), 2)
        Array([ True,  True, False], dtype=bool)
    """
    return _ordered("less_equal", compare.le, x, y)


def greater(x: Any, y: Any, /) -> Array:
    """Returns x > y elementwise; complex numbers by real, then by imaginary part.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.greater(jnp.array([1, 2, 3]), 2)
        Array([False, False,  True], dtype=bool)
    """
    return _ordered("greater", compare.gt, x, y)


def greater_equal(x: Any, y: Any, /) -> Array:
    """Returns x >= y elementwise; complex numbers by real, then by imaginary part.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.greater_equal(jnp.array([1, 2, 3]), 2)
        Array([False,  True,  True], dtype=bool)
    """
    return _ordered("greater_equal", compare.ge, x, y)


def _ordered(name: str, holds: Callable[..., Array], x: Any, y: Any) -> Array:
    a, b = promote(name, x, y)
    if a.aval.dtype.kind != "c":
        return holds(a, b)
    real_a, real_b = complex_family.real(a), complex_family.real(b)
    imaginary = holds(complex_family.imag(a), complex_family.imag(b))
    on_tie = bitwise.bitwise_and(compare.eq(real_a, real_b), imaginary)
    decided = bitwise.bitwise_and(compare.ne(real_a, real_b), holds(real_a, real_b))
    return bitwise.bitwise_or(on_tie, decided)


# -- logic


def truth(x: Any, name: str) -> Array:
    """Returns whether elements are not zero."""
    x = operand(x, name)
    return x if x.dtype == dtypes.bool_ else compare.ne(x, scalar(0, x.dtype))


def _logical(name: str, function: Callable[..., Array], x: Any, y: Any) -> Array:
    return function(*promote(name, truth(x, name), truth(y, name)))


def logical_and(x: Any, y: Any, /) -> Array:
    """Returns whether both x and y are true (not zero), elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.logical_and(jnp.array([True, False]), True)
        Array([ True, False], dtype=bool)
    """
    return _logical("logical_and", bitwise.bitwise_and, x, y)


def logical_or(x: Any, y: Any, /) -> Array:
    """Returns whether x or y is true (not zero), elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.logical_or(jnp.array([True, False]), False)
        Array([ True, False], dtype=bool)
    """
    return _logical("logical_or", bitwise.bitwise_or, x, y)


def logical_xor(x: Any, y: Any, /) -> Array:
    """Returns whether exactly one of x and y is true (not zero), elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.logical_xor(jnp.array([True, False]), True)
        Array([False,  True], dtype=bool)
    """
    return _logical("logical_xor", bitwise.bitwise_xor, x, y)


def logical_not(x: Any, /) -> Array:
    """Returns whether x is false (zero), elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.logical_not(jnp.array([True, False]))
        Array([False,  True], dtype=bool)
    """
    return bitwise.bitwise_not(truth(x, "logical_not"))


# -- bits


def bitwise_and(x: Any, y: Any, /) -> Array:
    """Returns the conjunction of the bits of integers or bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.bitwise_and(jnp.array([5, 6]), 3)
        Array([1, 2], dtype=int64)
    """
    return bitwise.bitwise_and(*promote("bitwise_and", x, y))


def bitwise_or(x: Any, y: Any, /) -> Array:
    """Returns the disjunction of the bits of integers or bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.bitwise_or(jnp.array([5, 6]), 3)
        Array([7, 7], dtype=int64)
    """
    return bitwise.bitwise_or(*promote("bitwise_or", x, y))


def bitwise_xor(x: Any, y: Any, /) -> Array:
    """Returns the exclusive disjunction of the bits of integers or bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.bitwise_xor(jnp.array([5, 6]), 3)
        Array([6, 5], dtype=int64)
    """
    return bitwise.bitwise_xor(*promote("bitwise_xor", x, y))


def bitwise_not(x: Any, /) -> Array:
    """Returns the inverted bits of integers, the negation of bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.bitwise_not(jnp.array([0, 5]))
        Array([-1, -6], dtype=int64)
    """
    return bitwise.bitwise_not(operand(x, "bitwise_not"))


invert = bitwise_invert = bitwise_not


def left_shift(x: Any, y: Any, /) -> Array:
    """Returns the bits of x moved y places to the left.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.left_shift(jnp.array([1, 3]), 2)
        Array([ 4, 12], dtype=int64)
    """
    return bitwise.shift_left(*numeric_pair("left_shift", x, y))


def right_shift(x1: Any, x2: Any, /) -> Array:
    """Returns the bits of x1 moved x2 places to the right; the sign stays.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.right_shift(jnp.array([16, -16]), 2)
        Array([ 4, -4], dtype=int64)
    """
    a, b = numeric_pair("right_shift", x1, x2)
    if a.dtype in dtypes.UNSIGNED:
        return bitwise.shift_right_logical(a, b)
    return bitwise.shift_right_arithmetic(a, b)


bitwise_left_shift, bitwise_right_shift = left_shift, right_shift


def bitwise_count(x: Any, /) -> Array:
    """Returns how many bits of |x| are set, as uint8.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.bitwise_count(jnp.array([7, -8]))
        Array([3, 1], dtype=uint8)
    """
    x = operand(x, "bitwise_count")
    if x.dtype in dtypes.SIGNED:
        x = arithmetic.abs(x)
    elif x.dtype == dtypes.bool_:
        return convert(x, dtypes.uint8)
    return convert(bitwise.population_count(x), dtypes.uint8)


# -- NaN and infinity


def _false_like(x: Array) -> Array:
    return full(x.shape, False, dtypes.bool_)


def isfinite(x: Any, /) -> Array:
    """Returns whether elements are neither NaN nor infinite.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isfinite(jnp.array([1.0, jnp.inf, jnp.nan]))
        Array([ True, False, False], dtype=bool)
    """
    x = operand(x, "isfinite")
    if dtypes.is_complex(x.dtype):
        parts = complex_family.real(x), complex_family.imag(x)
        return bitwise.bitwise_and(*map(arithmetic.is_finite, parts))
    if dtypes.is_float(x.dtype):
        return arithmetic.is_finite(x)
    return full(x.shape, True, dtypes.bool_)


def isnan(x: Any, /) -> Array:
    """Returns whether elements are NaN.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isnan(jnp.array([1.0, jnp.nan]))
        Array([False,  True], dtype=bool)
    """
    x = operand(x, "isnan")
    return compare.ne(x, x) if dtypes.is_inexact(x.dtype) else _false_like(x)


def isinf(x: Any, /) -> Array:
    """Returns whether elements are infinite.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isinf(jnp.array([1.0, -jnp.inf]))
        Array([False,  True], dtype=bool)
    """
    x = operand(x, "isinf")
    if dtypes.is_complex(x.dtype):
        return bitwise.bitwise_or(isinf(complex_family.real(x)), isinf(complex_family.imag(x)))
    if not dtypes.is_float(x.dtype):
        return _false_like(x)
    return compare.eq(arithmetic.abs(x), scalar(np.inf, x.dtype))


def isposinf(x: Any, /, out: None = None) -> Array:
    """Returns whether elements are +inf.

    Args:
        x: an array.
        out: must be None, as arrays are immutable.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isposinf(jnp.array([jnp.inf, -jnp.inf]))
        Array([ True, False], dtype=bool)
    """
    refuse_out("isposinf", out)
    return _is_value("isposinf", x, np.inf)


def isneginf(x: Any, /, out: None = None) -> Array:
    """Returns whether elements are -inf.

    Args:
        x: an array.
        out: must be None, as arrays are immutable.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isneginf(jnp.array([jnp.inf, -jnp.inf]))
        Array([False,  True], dtype=bool)
    """
    refuse_out("isneginf", out)
    return _is_value("isneginf", x, -np.inf)


def _is_value(name: str, x: Any, value: float) -> Array:
    x = operand(x, name)
    if dtypes.is_complex(x.dtype):
        raise ValueError(f"{name} takes real arrays, got {x.dtype}.")
    if not dtypes.is_float(x.dtype):
        return _false_like(x)
    return compare.eq(x, scalar(value, x.dtype))


def iscomplex(x: Any) -> Array:
    """Returns whether elements have an imaginary part that is not zero.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.iscomplex(jnp.array([1 + 0j, 1j]))
        Array([False,  True], dtype=bool)
    """
    x = operand(x, "iscomplex")
    if not dtypes.is_complex(x.dtype):
        return _false_like(x)
    return truth(complex_family.imag(x), "iscomplex")


def isreal(x: Any) -> Array:
    """Returns whether elements have imaginary part zero.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isreal(jnp.array([1 + 0j, 1j]))
        Array([ True, False], dtype=bool)
    """
    return bitwise.bitwise_not(iscomplex(x))


# -- equality of arrays


def isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Array:
    """Returns whether |a - b| ≤ atol + rtol · |b|, elementwise.

    Args:
        a, b: arrays that broadcast.
        rtol: the relative tolerance.
        atol: the absolute tolerance.
        equal_nan: whether two NaNs are close.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isclose(jnp.array([1.0, 2.0]), jnp.array([1.0 + 1e-9, 2.1]))
        Array([ True, False], dtype=bool)
    """
    x, y = inexact_pair("isclose", a, b)
    real_dtype = dtypes.real_dtype(x.dtype)
    rtol, atol = (convert(operand(t, "isclose"), real_dtype) for t in (rtol, atol))
    bound = arithmetic.add(*promote("isclose", atol, _times(rtol, arithmetic.abs(y))))
    distance = arithmetic.abs(arithmetic.sub(x, y))
    near = compare.le(*promote("isclose", distance, bound))
    both_finite = logical_and(isfinite(x), isfinite(y))
    close = logical_or(logical_and(near, both_finite), compare.eq(x, y))
    return logical_or(close, logical_and(isnan(x), isnan(y))) if equal_nan else close


def _times(x: Array, y: Array) -> Array:
    return arithmetic.mul(*promote("isclose", x, y))


def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Array:
    """Returns whether all elements are close (see `isclose`), as a bool array of rank 0.

    Args:
        a: an array.
        b: the second array.
        rtol: the tolerance relative to the second array.
        atol: the absolute tolerance.
        equal_nan: whether NaNs are equal.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.allclose(jnp.array([1.0, 2.0]), jnp.array([1.0, 2.0 + 1e-9])).item()
        True
    """
    return _all(isclose(a, b, rtol, atol, equal_nan))


def _all(x: Array) -> Array:
    return reduce_and(x, tuple(range(x.ndim)))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Array:
    """Returns whether two arrays have the same shape and elements, as a bool array of rank 0.

    Args:
        a1: the first array.
        a2: the second array.
        equal_nan: whether NaNs are equal.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array_equal(jnp.arange(3), jnp.arange(3)).item()
        True
    """
    x, y = asarray(a1), asarray(a2)
    if x.shape != y.shape:
        return scalar(False, dtypes.bool_)
    same = equal(x, y)
    return _all(logical_or(same, logical_and(isnan(x), isnan(y))) if equal_nan else same)


def array_equiv(a1: Any, a2: Any) -> Array:
    """Returns whether two arrays broadcast to equal ones, as a bool array of rank 0.

    Args:
        a1: the first array.
        a2: the second array.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array_equiv(jnp.array([1, 1]), 1).item()
        True
    """
    try:
        return _all(equal(asarray(a1), asarray(a2)))
    except TypeError:
        return scalar(False, dtypes.bool_)
