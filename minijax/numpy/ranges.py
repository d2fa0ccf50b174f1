"""Evenly spaced values."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.errors import ConcretizationTypeError
from minijax.core.operators import Array
from minijax.core.trace import Tracer
from minijax.numpy.dtypes import dtype_or, inexact_dtype, result_pair, to_dtype
from minijax.numpy.promotion import (
    broadcast_shapes,
    canonical_axis,
    convert,
    operand,
    promote_dtypes,
    scalar,
    spread_to,
    strong,
)
from minijax.numpy.ufuncs import divide, power, sign
from minijax.primitives import arithmetic, exponential
from minijax.primitives import broadcast as broadcast_family
from minijax.primitives import creation as creation_family
from minijax.primitives import shape as shape_family
from minijax.primitives.joining import concatenate as join


def arange(
    start: Any,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns evenly spaced values from `start` up to, not including, `stop`.

    Args:
        start: the first value; the end if `stop` is None, and the first value is 0.
        stop: the end.
        step: the distance, 1 if None; it may be negative.
        dtype: the dtype; from the arguments if None.
        device: kept for compatibility.
        out_sharding: kept for compatibility.

    Raises:
        ConcretizationTypeError: if an argument is traced, as it decides the shape.
        ValueError: if the step is zero or an argument complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arange(3), jnp.arange(1.0, 2.0, 0.5)
        (Array([0, 1, 2], dtype=int64), Array([1. , 1.5], dtype=float64))
    """
    given = [x for x in (start, stop, step) if x is not None]
    found = result_pair(*given)[0] if dtype is None else to_dtype(dtype)
    if any(dtypes.is_complex(result_pair(x)[0]) for x in given):
        raise ValueError("arange: start, stop and step must be real; multiply a real range.")
    numbers: tuple[Any, ...] = tuple(None if x is None else _number(x) for x in (start, stop, step))
    first, end, distance = numbers
    if end is None:
        first, end = 0, first
    if distance == 0:
        raise ValueError("arange: step must not be zero.")
    size = max(0, math.ceil((end - first) / (1 if distance is None else distance)))
    if distance is not None and isinstance(first + distance, float):
        return to_array(np.arange(first, end, distance).astype(found))
    values = creation_family.iota(found, size)
    if distance not in (None, 1):
        values = arithmetic.mul(values, scalar(distance, found))
    return values if first == 0 else arithmetic.add(values, scalar(first, found))


def _number(x: Any) -> Any:
    """Returns a bound of a range as a Python number; a traced one raises."""
    if isinstance(x, bool | int | float) and not isinstance(x, np.generic):
        return x
    found = operand(x, "arange")
    if isinstance(found, Tracer) and found.concrete() is None:
        raise ConcretizationTypeError.of(found, "arange")
    return found.item()


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """Returns evenly spaced values between two limits.

    Args:
        start: the first value; an array gives one range per element.
        stop: the last value, which is included unless `endpoint` is False.
        num: how many values.
        endpoint: whether `stop` is the last value.
        retstep: whether to return the pair (values, distance).
        dtype: the dtype; a floating or complex one if None. Integers are rounded down.
        axis: the axis of the values in the result.
        device: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linspace(0, 1, 5)
        Array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float64)
    """
    if not hasattr(num, "__index__"):
        raise TypeError(f"linspace: num must be an integer, got {num!r}.")
    count = operator.index(num)
    if count < 0:
        raise ValueError(f"linspace: num must not be negative, got {count}.")
    low, high = (strong(x) for x in promote_dtypes("linspace", start, stop, inexact=True))
    found = dtype_or(dtype, low.dtype)
    work = inexact_dtype(dtypes.promote([(found, False), (low.dtype, False)])[0])
    low, high = convert(low, work), convert(high, work)
    shape = broadcast_shapes(low.shape, high.shape)
    low, high = spread_to(low, shape), spread_to(high, shape)
    intervals = count - 1 if endpoint else count
    values = _interpolate(low, high, count, intervals, endpoint)
    if dtypes.is_integer(found) and not dtypes.is_integer(values.dtype):
        values = arithmetic.floor(values)
    place = canonical_axis(axis, len(shape) + 1, "linspace")
    result = convert(broadcast_family.move_axis(values, 0, place), found)
    if not retstep:
        return result
    if intervals > 0:
        distance = arithmetic.div(arithmetic.sub(high, low), scalar(intervals, work))
    else:
        distance = broadcast_family.full(shape, np.nan, work)
    return result, distance


def _interpolate(low: Array, high: Array, count: int, intervals: int, endpoint: bool) -> Array:
    """Weighted means of the limits, so that both are met exactly; axis 0 counts."""
    inner = count - 1 if endpoint and count > 1 else count
    real = dtypes.real_dtype(low.dtype)
    shape = (inner, *low.shape)
    weights = creation_family.broadcasted_iota(real, shape, 0)
    weights = arithmetic.div(weights, scalar(max(intervals, 1), real))
    rest = arithmetic.sub(scalar(1, real), weights)
    weights, rest = convert(weights, low.dtype), convert(rest, low.dtype)
    lows, highs = spread_to(low, shape), spread_to(high, shape)
    values = arithmetic.add(arithmetic.mul(lows, rest), arithmetic.mul(highs, weights))
    if inner == count:
        return values
    return join([values, shape_family.expand_dims(high, (0,))], 0)


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    """Returns powers of `base` whose exponents are evenly spaced.

    Args:
        start, stop: the first and the last exponent.
        num, endpoint, axis: as for `linspace`.
        base: the base.
        dtype: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.logspace(0, 2, 3)
        Array([  1.,  10., 100.], dtype=float64)
    """
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    result = strong(power(base, exponents))
    return result if dtype is None else convert(result, to_dtype(dtype))


def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    """Returns values whose ratios are equal, between two limits of the same sign.

    Args:
        start, stop: the first and the last value; not zero.
        num, endpoint, axis: as for `linspace`.
        dtype: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.geomspace(1, 100, 3)
        Array([  1.,  10., 100.], dtype=float64)
    """
    low, high = (strong(x) for x in promote_dtypes("geomspace", start, stop, inexact=True))
    direction = sign(low)
    first, last = (exponential.log(divide(x, direction)) for x in (low, high))
    exponents = linspace(first, last, num, endpoint, axis=0)
    values = arithmetic.mul(exponential.exp(exponents), spread_to(direction, exponents.shape))
    if endpoint and num > 1:
        ends = (low, high)
        first, last = (shape_family.expand_dims(spread_to(x, values.shape[1:]), (0,)) for x in ends)
        inner = values[1:-1]
        values = join([first, inner, last], 0)
    place = canonical_axis(axis, values.ndim, "geomspace")
    values = broadcast_family.move_axis(values, 0, place)
    return values if dtype is None else convert(values, to_dtype(dtype))
