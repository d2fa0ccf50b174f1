"""Bits: and or xor not, shifts, population_count, clz."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core.dtypes import INTEGER, bool_
from minijax.core.operators import Array
from minijax.core.primitive import constant
from minijax.kernel import scalars
from minijax.primitives.families import match, nary, unary

BITS = (bool_, *INTEGER)


def of_kernel(op: str) -> Callable[..., np.ndarray]:
    """Returns the NumPy function of a scalar operation of the kernel language."""

    def compute(*operands: np.ndarray) -> np.ndarray:
        return scalars.apply(op, operands[0].dtype, operands)

    return compute


# -- logic

and_p = nary(
    "and",
    np.bitwise_and,
    on=BITS,
    tangents=constant,
    element=lambda k, x, y: k.and_(x, y),
)
or_p = nary(
    "or",
    np.bitwise_or,
    on=BITS,
    tangents=constant,
    element=lambda k, x, y: k.or_(x, y),
)
xor_p = nary(
    "xor",
    np.bitwise_xor,
    on=BITS,
    tangents=constant,
    element=lambda k, x, y: k.xor(x, y),
)
not_p = unary(
    "not",
    np.invert,
    on=BITS,
    tangent=None,
    element=lambda k, x: k.not_(x),
)


def bitwise_and(x: Any, y: Any) -> Array:
    """Returns x & y elementwise, for bools or integers of one dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> bitwise_and(jnp.array([6, 5]), 3)
        Array([2, 1], dtype=int64)
    """
    return and_p.bind(*match(x, y))[0]


def bitwise_or(x: Any, y: Any) -> Array:
    """Returns x | y elementwise, for bools or integers of one dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.bitwise_or(jnp.array([5, 6]), jnp.array([1, 3]))
        Array([5, 7], dtype=int64)
    """
    return or_p.bind(*match(x, y))[0]


def bitwise_xor(x: Any, y: Any) -> Array:
    """Returns x ^ y elementwise, for bools or integers of one dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.bitwise_xor(jnp.array([5, 6]), jnp.array([1, 3]))
        Array([4, 5], dtype=int64)
    """
    return xor_p.bind(*match(x, y))[0]


def bitwise_not(x: Any) -> Array:
    """Returns ~x elementwise: the logical negation of bools, the complement of integers.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.bitwise_not(jnp.array([2, 4]))
        Array([-3, -5], dtype=int64)
    """
    return not_p.bind(*match(x))[0]


# -- shifts: a count is read as unsigned, and one of the width or more shifts everything out

shift_left_p = nary(
    "shift_left",
    of_kernel("shift_left"),
    on=INTEGER,
    tangents=constant,
    element=lambda k, x, y: k.shift_left(x, y),
)
shift_right_arithmetic_p = nary(
    "shift_right_arithmetic",
    of_kernel("shift_right_arithmetic"),
    on=INTEGER,
    tangents=constant,
    element=lambda k, x, y: k.shift_right_arithmetic(x, y),
)
shift_right_logical_p = nary(
    "shift_right_logical",
    of_kernel("shift_right_logical"),
    on=INTEGER,
    tangents=constant,
    element=lambda k, x, y: k.shift_right_logical(x, y),
)


def shift_left(x: Any, y: Any) -> Array:
    """Returns x << y elementwise; 0 where y is negative or at least the width.

    Example:
        >>> import minijax.numpy as jnp
        >>> shift_left(jnp.array([1, 3]), 2)
        Array([ 4, 12], dtype=int64)
    """
    return shift_left_p.bind(*match(x, y))[0]


def shift_right_arithmetic(x: Any, y: Any) -> Array:
    """Returns x >> y elementwise, filled with copies of the sign bit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.shift_right_arithmetic(jnp.array([5, 6]), jnp.array([1, 3]))
        Array([2, 0], dtype=int64)
    """
    return shift_right_arithmetic_p.bind(*match(x, y))[0]


def shift_right_logical(x: Any, y: Any) -> Array:
    """Returns x >> y elementwise, filled with zeros.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.shift_right_logical(jnp.array([5, 6]), jnp.array([1, 3]))
        Array([2, 0], dtype=int64)
    """
    return shift_right_logical_p.bind(*match(x, y))[0]


# -- counting

population_count_p = unary(
    "population_count",
    of_kernel("population_count"),
    on=INTEGER,
    tangent=None,
    element=lambda k, x: k.population_count(x),
)
clz_p = unary(
    "clz",
    of_kernel("clz"),
    on=INTEGER,
    tangent=None,
    element=lambda k, x: k.clz(x),
)


def population_count(x: Any) -> Array:
    """Returns the number of one bits of each element.

    Example:
        >>> import minijax.numpy as jnp
        >>> population_count(jnp.array([7, 8]))
        Array([3, 1], dtype=int64)
    """
    return population_count_p.bind(*match(x))[0]


def clz(x: Any) -> Array:
    """Returns the number of zero bits above the highest one bit of each element.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.clz(jnp.array([2, 4]))
        Array([62, 61], dtype=int64)
    """
    return clz_p.bind(*match(x))[0]
