"""Functions of two operands, which refuse what has no common dtype.

Within the package a Python scalar takes the dtype of the array it meets. A user of `lax` asks for
no promotion, so here it must be of the array's kind: 2.5 meets floats, 2 meets integers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.operators import Array
from minijax.primitives import (
    arithmetic,
    bitwise,
    compare,
    trigonometric,
)
from minijax.primitives import complex as complex_numbers
from minijax.primitives.broadcast import broadcast_in_dim
from minijax.primitives.shape import reshape

_KINDS: tuple[tuple[type, Callable[[np.dtype], bool]], ...] = (
    (bool, lambda dtype: dtype == dtypes.bool_),
    (int, dtypes.is_integer),
    (float, dtypes.is_float),
)


def strict(function: Callable[[Any, Any], Array]) -> Callable[[Any, Any], Array]:
    """Returns a function of two operands that promotes nothing.

    Args:
        function: the function within the package.
    """
    name = function.__name__

    @functools.wraps(function)
    def checked(x: Any, y: Any) -> Array:
        if not (hasattr(x, "aval") and hasattr(y, "aval")):
            _check_scalar(name, x, y)
            _check_scalar(name, y, x)
        if np.ndim(x) and np.ndim(x) == np.ndim(y):
            x, y = _stretch(x, y)
        return function(x, y)

    # The wrapper has the same signature; hidden, so that errors end at the user's line.
    del checked.__wrapped__
    return checked


def _check_scalar(name: str, scalar: Any, other: Any) -> None:
    """Refuses a Python number that is not of the kind of the other operand.

    Raises:
        TypeError: naming both dtypes.
    """
    own = dtypes.python_scalar_dtype(type(scalar))
    if own is None:
        return
    theirs = dtypes.python_scalar_dtype(type(other))
    dtype = theirs[0] if theirs else aval_of(to_array(other)).dtype
    fits = next((test for kind, test in _KINDS if isinstance(scalar, kind)), dtypes.is_complex)
    if not fits(dtype):
        raise TypeError(
            f"lax.{name} requires arguments of one dtype, got {own[0]} and {dtype}: convert one "
            "of them, or use the function of minijax.numpy, which promotes."
        )


def _stretch(x: Any, y: Any) -> tuple[Any, Any]:
    """Returns operands of one rank with axes of length 1 repeated as in the other."""
    shapes = np.shape(x), np.shape(y)
    if shapes[0] == shapes[1]:
        return x, y
    pairs = list(zip(*shapes, strict=True))
    if any(n != m and 1 not in (n, m) for n, m in pairs):
        return x, y
    size = tuple(m if n == 1 else n for n, m in pairs)
    return tuple(_repeated(to_array(v), size) for v in (x, y))  # type: ignore[return-value]


def _repeated(x: Array, size: tuple[int, ...]) -> Array:
    if x.shape == size:
        return x
    kept = tuple(axis for axis, n in enumerate(x.shape) if n == size[axis])
    return broadcast_in_dim(reshape(x, tuple(x.shape[axis] for axis in kept)), size, kept)


add = strict(arithmetic.add)
sub = strict(arithmetic.sub)
div = strict(arithmetic.div)
rem = strict(arithmetic.rem)
max = strict(arithmetic.max)
min = strict(arithmetic.min)
atan2 = strict(trigonometric.atan2)
bitwise_and = strict(bitwise.bitwise_and)
bitwise_or = strict(bitwise.bitwise_or)
bitwise_xor = strict(bitwise.bitwise_xor)
shift_left = strict(bitwise.shift_left)
shift_right_arithmetic = strict(bitwise.shift_right_arithmetic)
shift_right_logical = strict(bitwise.shift_right_logical)
eq = strict(compare.eq)
ne = strict(compare.ne)
lt = strict(compare.lt)
le = strict(compare.le)
gt = strict(compare.gt)
ge = strict(compare.ge)
complex = strict(complex_numbers.complex)
