"""Rounding, the parts of numbers, and what integers divide."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import ufuncs
from minijax.numpy.promotion import (
    convert,
    inexact,
    inexact_pair,
    operand,
    promote_dtypes,
    refuse_out,
    same_shape,
    scalar,
    select,
    strong,
    strong_inexact_pair,
)
from minijax.primitives import arithmetic, compare, windows
from minijax.primitives import complex as complex_family
from minijax.primitives import shape as shape_family
from minijax.primitives.bitwise import bitwise_or, shift_right_logical
from minijax.primitives.control.choose import cond
from minijax.primitives.control.loops import map as mapped
from minijax.primitives.control.loops import while_loop
from minijax.primitives.joining import pad
from minijax.primitives.reduction import reduce_or

_BLOCK = 4096  # elements at most that are worked on until all of them are done
_MOST_AT_ONCE = 2 * _BLOCK


def floor(x: Any, /) -> Array:
    """Returns x rounded towards minus infinity, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.floor(jnp.array([1.5, -1.5]))
        Array([ 1., -2.], dtype=float64)
    """
    x = operand(x, "floor")
    return arithmetic.floor(x) if dtypes.is_inexact(x.dtype) else x


def ceil(x: Any, /) -> Array:
    """Returns x rounded towards plus infinity, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ceil(jnp.array([1.5, -1.5]))
        Array([ 2., -1.], dtype=float64)
    """
    x = operand(x, "ceil")
    return arithmetic.ceil(x) if dtypes.is_inexact(x.dtype) else x


def trunc(x: Any) -> Array:
    """Returns x rounded towards zero, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.trunc(jnp.array([1.5, -1.5]))
        Array([ 1., -1.], dtype=float64)
    """
    x = operand(x, "trunc")
    if not dtypes.is_inexact(x.dtype):
        return x
    below_zero = compare.lt(x, scalar(0, x.dtype))
    return select(below_zero, arithmetic.ceil(x), arithmetic.floor(x))


fix = trunc


def rint(x: Any, /) -> Array:
    """Returns x rounded to the nearest integer, halves to the even one, in a floating dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.rint(jnp.array([0.5, 1.5, 2.6]))
        Array([0., 2., 3.], dtype=float64)
    """
    x = operand(x, "rint")
    return _round_half_to_even(x if dtypes.is_inexact(x.dtype) else convert(x, dtypes.float64))


def _round_half_to_even(x: Array) -> Array:
    if not dtypes.is_complex(x.dtype):
        return arithmetic.round(x, arithmetic.RoundingMethod.TO_NEAREST_EVEN)
    parts = (complex_family.real(x), complex_family.imag(x))
    return complex_family.complex(*(_round_half_to_even(part) for part in parts))


def round(a: Any, decimals: int = 0, out: None = None) -> Array:
    """Returns values rounded to a number of decimals, halves to the even neighbour.

    Args:
        a: an array.
        decimals: how many digits to keep after the point; negative ones round tens, hundreds, ….
        out: must be None, as arrays are immutable.

    Returns:
        An array of the shape and dtype of `a`.

    Raises:
        TypeError: if `a` has bools.
        NotImplementedError: if `a` has integers and `decimals` is negative.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.round(jnp.array([0.5, 1.5, 2.346]), 2)
        Array([0.5 , 1.5 , 2.35], dtype=float64)
    """
    x = operand(a, "round")
    digits = operator.index(decimals)
    if x.dtype == dtypes.bool_:
        raise TypeError("round takes numbers, got bools.")
    if not dtypes.is_inexact(x.dtype):
        if digits < 0:
            raise NotImplementedError("round: integers cannot be rounded to negative decimals.")
        return x
    if digits == 0:
        return _round_half_to_even(x)
    scaled = arithmetic.mul if digits > 0 else arithmetic.div
    unscaled = arithmetic.div if digits > 0 else arithmetic.mul
    wide = x.dtype in (dtypes.bfloat16, dtypes.float16)
    work = convert(x, dtypes.float32) if wide else x
    factor = scalar(10 ** builtin_abs(digits), work.dtype, weak=True)
    rounded = unscaled(_round_half_to_even(scaled(work, factor)), factor)
    return convert(rounded, x.dtype, x.weak_type)


around = round


def builtin_abs(n: int) -> int:
    """Returns |n| of a Python int."""
    return n if n >= 0 else -n


# -- parts of numbers


def modf(x: Any, /, out: None = None) -> tuple[Array, Array]:
    """Returns the fractional and the integral part of x, both with its sign.

    Args:
        x: an array of real numbers; integers become floats.
        out: must be None, as arrays are immutable.

    Returns:
        Two arrays of the shape of `x`; where x is finite, their sum is x.

    Raises:
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> [part.tolist() for part in jnp.modf(jnp.array([1.5, -2.25]))]
        [[0.5, -0.25], [1.0, -2.0]]
    """
    refuse_out("modf", out)
    x = inexact("modf", x)
    whole = trunc(x)
    return arithmetic.sub(x, whole), whole


def heaviside(x1: Any, x2: Any, /) -> Array:
    """Returns the step function: 0 for x1 < 0, x2 at 0, 1 for x1 > 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.heaviside(jnp.array([-1.0, 0.0, 2.0]), 0.5)
        Array([0. , 0.5, 1. ], dtype=float64)
    """
    a, b = strong_inexact_pair("heaviside", x1, x2)
    zero = scalar(0, a.dtype, weak=True)
    one = scalar(1, a.dtype, weak=True)
    step = select(compare.gt(a, zero), one, zero)
    step = select(compare.eq(a, zero), b, step)
    return select(compare.ne(a, a), a, step)


def nextafter(x: Any, y: Any, /) -> Array:
    """Returns the next floating number after x in the direction of y.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.nextafter(1.0, 2.0)) - 1.0
        2.220446049250313e-16
    """
    return arithmetic.nextafter(*inexact_pair("nextafter", x, y))


# -- divisors


def gcd(x1: Any, x2: Any) -> Array:
    """Returns the greatest common divisor of integers, elementwise; that of 0 and 0 is 0.

    Args:
        x1, x2: arrays of integers whose shapes broadcast; signs do not matter.

    Returns:
        Integers that are not negative, in the common shape.

    Raises:
        ValueError: if there are other numbers than integers.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.gcd(jnp.array([12, 7]), 18)
        Array([6, 1], dtype=int64)
    """
    a, b = _integer_pair("gcd", x1, x2)
    result = _by_blocks(_gcd_of_block, ufuncs.abs(strong(a)), ufuncs.abs(strong(b)))
    return convert(result, result.dtype, a.weak_type)


def _by_blocks(function: Callable[[Array, Array], Array], a: Array, b: Array) -> Array:
    """Applies an elementwise function to so many elements at a time as the cache holds."""
    if a.size <= _MOST_AT_ONCE:
        return function(a, b)
    length = next((k for k in range(_BLOCK, _BLOCK // 8, -1) if a.size % k == 0), _BLOCK)
    missing = -a.size % length
    blocks = []
    for x in (a, b):
        flat = shape_family.reshape(x, (a.size,))
        padded = pad(flat, scalar(0, x.dtype), [(0, missing, 0)]) if missing else flat
        blocks.append(shape_family.reshape(padded, (padded.size // length, length)))
    found = mapped(lambda pair: function(*pair), tuple(blocks))
    kept = shape_family.reshape(found, (a.size + missing,))
    kept = windows.slice(kept, (0,), (a.size,)) if missing else kept
    return shape_family.reshape(kept, a.shape)


def _gcd_of_block(a: Array, b: Array) -> Array:
    """Returns the divisors of numbers without signs, in 32 bits where all of them fit."""
    if a.dtype.itemsize < 8 or not a.size:
        return _euclid((a, b))[0]
    bits = reduce_or(bitwise_or(a, b), tuple(range(a.ndim)))
    above = shift_right_logical(bits, scalar(31, a.dtype))

    def narrow(a: Array, b: Array) -> Array:
        small = _euclid((convert(a, dtypes.int32), convert(b, dtypes.int32)))[0]
        return convert(small, a.dtype)

    is_narrow = compare.eq(above, scalar(0, a.dtype))
    return cond(is_narrow, narrow, lambda a, b: _euclid((a, b))[0], a, b)


def _euclid(pair: tuple[Array, Array]) -> tuple[Array, Array]:
    zero, one = scalar(0, pair[0].dtype), scalar(1, pair[0].dtype)

    def is_unfinished(pair: tuple[Array, Array]) -> Array:
        return reduce_or(compare.ne(pair[1], zero), tuple(range(pair[1].ndim)))

    def step(pair: tuple[Array, Array]) -> tuple[Array, Array]:
        """Where b is 0 already, a stays."""
        first, second = pair
        done = compare.eq(second, zero)
        rest = arithmetic.rem(first, select(done, one, second))
        return select(done, first, second), select(done, second, rest)

    found: tuple[Array, Array] = while_loop(is_unfinished, step, pair)
    return found


def lcm(x1: Any, x2: Any) -> Array:
    """Returns the least common multiple of integers, elementwise; that with 0 is 0.

    Args:
        x1, x2: arrays of integers whose shapes broadcast; signs do not matter.

    Returns:
        Integers in the common shape.

    Raises:
        ValueError: if there are other numbers than integers.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.lcm(jnp.array([4, 0]), 6)
        Array([12,  0], dtype=int64)
    """
    a, b = _integer_pair("lcm", x1, x2)
    divisor = gcd(a, b)
    is_zero = compare.eq(divisor, scalar(0, a.dtype))
    safe = select(is_zero, scalar(1, a.dtype, weak=True), divisor)
    return arithmetic.mul(ufuncs.abs(a), arithmetic.div(ufuncs.abs(b), safe))


def _integer_pair(name: str, x: Any, y: Any) -> tuple[Array, Array]:
    a, b = promote_dtypes(name, x, y)
    if not dtypes.is_integer(a.dtype):
        raise ValueError(f"{name} takes integers, got {a.dtype}.")
    if {operand(v, name).weak_type for v in (x, y)} == {True, False}:
        a, b = strong(a), strong(b)
    a, b = same_shape(name, a, b)
    return a, b
