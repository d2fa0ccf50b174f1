"""Arrays made from nothing: iota. (Arrays of one repeated constant are broadcasts: `full`.)"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.core.primitive import absent, constant, primitive
from minijax.primitives.broadcast import Axes
from minijax.primitives.shape import canonical_axis


def _iota_impl(*, dtype: np.dtype, shape: Axes, dimension: int) -> Any:
    line = np.arange(shape[dimension]).astype(dtype, copy=False)
    if len(shape) == 1:
        return (line,)
    across = [n if d == dimension else 1 for d, n in enumerate(shape)]
    return (np.broadcast_to(line.reshape(across), shape),)


def _iota_abstract(*, dtype: np.dtype, shape: Axes, dimension: int) -> Any:
    if dtype not in dtypes.NUMERIC:
        raise TypeError(f"iota does not count in {dtype}: use an integer, float or complex dtype.")
    if any(n < 0 for n in shape) or not 0 <= dimension < len(shape):
        raise ValueError(
            f"iota: needs sizes that are not negative and an axis of them, got shape {shape} and "
            f"dimension {dimension}."
        )
    return (ShapedArray(shape, dtype),)


def _iota_batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
    return iota_p.bind(**params), (None,)


def _iota_lower(k: Any, *, out: Any, dtype: np.dtype, shape: Axes, dimension: int) -> Any:
    return k.element(out[0], lambda *i: k.convert(i[dimension], dtype))


iota_p = primitive(
    "iota",
    impl=_iota_impl,
    abstract=_iota_abstract,
    jvp=constant,
    transpose=absent("it has no operand"),
    batch=_iota_batch,
    lower=_iota_lower,
)


def iota(dtype: Any, size: int) -> Array:
    """Returns 0, 1, …, size - 1.

    Args:
        dtype: an integer, float or complex dtype.
        size: the length of the result.

    Raises:
        TypeError: if the dtype is not numeric.
        ValueError: if the size is negative.

    Example:
        >>> from minijax import lax
        >>> lax.iota("float32", 3)
        Array([0., 1., 2.], dtype=float32)
    """
    return broadcasted_iota(dtype, (size,), 0)


def broadcasted_iota(dtype: Any, shape: Sequence[int], dimension: int) -> Array:
    """Returns an array whose elements are their indices along one axis.

    Args:
        dtype: an integer, float or complex dtype.
        shape: the shape of the result.
        dimension: the axis to count along.

    Raises:
        TypeError: if the dtype is not numeric.
        ValueError: if a size is negative or the axis out of range.

    Example:
        >>> from minijax import lax
        >>> lax.broadcasted_iota("int64", (2, 3), 1)
        Array([[0, 1, 2],
               [0, 1, 2]], dtype=int64)
    """
    sizes = tuple(map(operator.index, shape))
    axis = canonical_axis("broadcasted_iota", dimension, len(sizes))
    return iota_p.bind(dtype=dtypes.canonical(dtype), shape=sizes, dimension=axis)[0]
