"""Differences, integrals, interpolation and polynomials of sampled functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions, ufuncs
from minijax.numpy.axes import expand_dims, moveaxis, ravel
from minijax.numpy.joining import concatenate, slice_axis
from minijax.numpy.logic import not_equal
from minijax.numpy.promotion import (
    canonical_axis,
    convert,
    operand,
    promote_dtypes,
    scalar,
    spread_to,
    strong,
)
from minijax.numpy.reductions import cumsum
from minijax.numpy.selection import where
from minijax.numpy.sorting import argsort, searchsorted
from minijax.numpy.taking import take
from minijax.primitives.creation import iota


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Array:
    """Returns the differences of neighbours along an axis.

    Args:
        a: an array.
        n: how often differences are taken.
        axis: the axis.
        prepend, append: values put before and after the array first.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.diff(jnp.array([1, 4, 9]))
        Array([3, 5], dtype=int64)
    """
    x = strong(operand(a, "diff"))
    if x.ndim == 0:
        raise ValueError("diff needs an array of at least one axis.")
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}.")
    if n == 0:
        return x
    place = canonical_axis(axis, x.ndim, "diff")
    parts = [_edge(prepend, x, place), x, _edge(append, x, place)]
    given = [part for part in parts if part is not None]
    x = concatenate(given, place) if len(given) > 1 else x
    difference = not_equal if x.dtype == dtypes.bool_ else ufuncs.subtract
    for _ in range(n):
        length = x.shape[place]
        lower = slice_axis(x, place, 0, max(length - 1, 0))
        x = difference(slice_axis(x, place, min(1, length), length), lower)
    return x


def _edge(values: Any, x: Array, axis: int) -> Array | None:
    if values is None:
        return None
    edge = operand(values, "diff")
    if edge.ndim:
        return edge
    return spread_to(edge, tuple(1 if d == axis else n for d, n in enumerate(x.shape)))


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Array:
    """Returns the differences of neighbours in the ravelled array.

    Args:
        ary: an array of any shape; it is ravelled.
        to_end: what to put after the differences: a number or an array, which is ravelled.
        to_begin: what to put before them.

    Returns:
        A vector, one shorter than `ary.size` but for what is put before and after.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ediff1d(jnp.array([1, 4, 9]), to_begin=0)
        Array([0, 3, 5], dtype=int64)
    """
    parts = [diff(ravel(ary))]
    if to_begin is not None:
        parts.insert(0, ravel(to_begin))
    if to_end is not None:
        parts.append(ravel(to_end))
    return concatenate(parts, 0)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int | None = None) -> Any:
    """Returns the derivatives of samples by central differences, one-sided at the ends.

    Args:
        f: samples.
        *varargs: the distance of samples: none (1), one, or one for each axis.
        axis: the axes; all if None.
        edge_order: kept for compatibility: the ends are of first order.

    Returns:
        An array, or a list of one for each axis where there are several.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.gradient(jnp.array([1.0, 4.0, 9.0]))
        Array([3., 4., 5.], dtype=float64)
    """
    if edge_order not in (None, 1):
        raise NotImplementedError("gradient: the ends are of first order; leave out edge_order.")
    (x,) = promote_dtypes("gradient", f, inexact=True)
    axes = list(range(x.ndim)) if axis is None else axis if hasattr(axis, "__len__") else [axis]
    steps = list(varargs) if len(varargs) > 1 else [*(varargs or (1.0,))] * len(axes)
    if len(steps) != len(axes):
        raise TypeError(f"gradient: {len(steps)} distances do not go with {len(axes)} axes.")
    pairs = zip(axes, steps, strict=True)
    results = [_gradient(x, canonical_axis(d, x.ndim, "gradient"), step) for d, step in pairs]
    return results[0] if len(results) == 1 else results


def _gradient(x: Array, axis: int, step: Any) -> Array:
    n = x.shape[axis]
    if n < 2:
        raise ValueError(f"gradient needs at least two samples along axis {axis}, got {n}.")
    if operand(step, "gradient").ndim:
        return _uneven_gradient(x, axis, operand(step, "gradient"))
    first, last = (_part(x, axis, i + 1, i + 2) - _part(x, axis, i, i + 1) for i in (0, n - 2))
    inner = (_part(x, axis, 2, n) - _part(x, axis, 0, n - 2)) / 2
    return ufuncs.divide(concatenate([first, inner, last], axis), step)


def _part(x: Array, axis: int, start: int, stop: int) -> Any:
    return slice_axis(x, axis, start, stop)


def _uneven_gradient(x: Array, axis: int, places: Array) -> Array:
    """Second-order differences at places that are not evenly spaced."""
    n = x.shape[axis]
    if places.shape != (n,):
        raise ValueError(f"gradient: {places.shape} places for an axis of length {n}.")
    samples: Any = moveaxis(x, axis, -1)
    h: Any = diff(places)
    left, right = h[:-1], h[1:]
    inner = (
        -(right / (left * (left + right))) * samples[..., :-2]
        + (right - left) / (left * right) * samples[..., 1:-1]
        + left / (right * (left + right)) * samples[..., 2:]
    )
    first = (samples[..., 1:2] - samples[..., :1]) / h[0]
    last = (samples[..., -1:] - samples[..., -2:-1]) / h[-1]
    return moveaxis(concatenate([first, inner, last], -1), -1, axis)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    """Returns the integral of samples by the trapezoidal rule.

    Args:
        y: samples.
        x: their places; evenly spaced by `dx` if None.
        dx: the distance of samples.
        axis: the axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.trapezoid(jnp.array([1.0, 2.0, 3.0]))
        Array(4., dtype=float64)
    """
    if x is None:
        (samples,) = promote_dtypes("trapezoid", y, inexact=True)
        distance: Any = dx
    else:
        samples, places = promote_dtypes("trapezoid", y, x, inexact=True)
        distance = diff(places if places.ndim == 1 else moveaxis(places, axis, -1))
    moved: Any = moveaxis(samples, axis, -1)
    return reductions.sum((moved[..., 1:] + moved[..., :-1]) * distance, -1) * 0.5


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Array:
    """Returns the values at x of the piecewise linear function through given points.

    Args:
        x: where to evaluate.
        xp: the abscissas of the points, increasing (in any order with `period`).
        fp: their ordinates.
        left: the value below the first abscissa, the first ordinate if None.
        right: the value above the last one, the last ordinate if None.
        period: makes the function periodic.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.interp(0.5, jnp.array([0.0, 1.0]), jnp.array([10.0, 20.0]))
        Array(15., dtype=float64)
    """
    knots: Any
    values: Any
    at: Any
    at, knots = promote_dtypes("interp", x, xp, inexact=True)
    (values,) = promote_dtypes("interp", fp, inexact=True)
    if knots.ndim != 1 or knots.shape != values.shape:
        raise ValueError(
            f"interp: xp and fp are vectors of one length, got {knots.shape} and {values.shape}."
        )
    if any(dtypes.is_complex(x.dtype) for x in (at, knots)):
        raise ValueError(
            "interp: places are real numbers, got complex ones; values may be complex."
        )
    if period is not None:
        at, knots, values = _one_period(at, knots, values, period)
        left = right = None
    last = max(knots.shape[0] - 1, 1)
    i = ufuncs.clip(searchsorted(knots, at, side="right"), 1, last)
    low, high = take(knots, i - 1, mode="clip"), take(knots, i, mode="clip")
    start: Any = take(values, i - 1, mode="clip")
    width: Any = high - low
    is_point = width == 0
    slope = (take(values, i, mode="clip") - start) / where(is_point, 1, width)
    result = where(is_point, start, start + (at - low) * slope)
    if left != "extrapolate":
        result = where(at < knots[0], values[0] if left is None else left, result)
    if right != "extrapolate":
        result = where(at > knots[-1], values[-1] if right is None else right, result)
    return result


def _one_period(at: Any, knots: Any, values: Any, period: Any) -> tuple[Any, Any, Any]:
    period = ufuncs.abs(period)
    at, knots = ufuncs.remainder(at, period), ufuncs.remainder(knots, period)
    order = argsort(knots)
    knots, values = knots[order], values[order]
    knots = concatenate([knots[-1:] - period, knots, knots[:1] + period])
    return at, knots, concatenate([values[-1:], values, values[:1]])


# -- polynomials


def polyval(p: Any, x: Any, *, unroll: int = 16) -> Array:
    """Returns the values of a polynomial by Horner's rule.

    Args:
        p: the coefficients along the first axis, of the highest power first.
        x: where to evaluate.
        unroll: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.polyval(jnp.array([1.0, 2.0, 3.0]), 2.0)
        Array(11., dtype=float64)
    """
    coefficients: Any
    at: Any
    coefficients, at = promote_dtypes("polyval", p, x)
    shape = ufuncs.add(at, coefficients[0] if coefficients.shape[0] else 0).shape
    result: Any = spread_to(scalar(0, at.dtype), shape)
    for i in range(coefficients.shape[0]):
        result = result * at + coefficients[i]
    return result


def polyder(p: Any, m: int = 1) -> Array:
    """Returns the coefficients of the m-th derivative of a polynomial.

    Args:
        p: a vector of coefficients, the one of the highest power first.
        m: how often to differentiate.

    Returns:
        A vector that is m shorter than `p`, or empty.

    Raises:
        ValueError: if `m` is negative.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.polyder(jnp.array([1.0, 2.0, 3.0]))
        Array([2., 2.], dtype=float64)
    """
    if m < 0:
        raise ValueError(f"polyder: the order must not be negative, got {m}.")
    (result,) = promote_dtypes("polyder", p, inexact=True)
    for _ in range(m):
        degree = max(result.shape[0] - 1, 0)
        result = slice_axis(result, 0, 0, degree)
        result = ufuncs.multiply(result, _powers(degree, result.dtype))
    return result


def polyint(p: Any, m: int = 1, k: Any = None) -> Array:
    """Returns the coefficients of the m-th antiderivative of a polynomial.

    Args:
        p: the coefficients, of the highest power first.
        m: how often to integrate.
        k: the constants of integration, zero if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.polyint(jnp.array([2.0, 2.0]))
        Array([1., 2., 0.], dtype=float64)
    """
    if m < 0:
        raise ValueError(f"polyint: the order must not be negative, got {m}.")
    result, constants = promote_dtypes("polyint", p, 0 if k is None else k, inexact=True)
    constants = spread_to(ravel(constants), (m,)) if constants.size == 1 else constants
    for step in range(m):
        divided = ufuncs.divide(result, _powers(result.shape[0], result.dtype))
        result = concatenate([divided, expand_dims(take(constants, step), 0)])
    return result


def _powers(n: int, dtype: np.dtype) -> Array:
    """Returns n, n - 1, …, 1."""
    return convert(ufuncs.subtract(scalar(n, dtypes.int64), iota(dtypes.int64, n)), dtype)


def unwrap(p: Any, discont: Any = None, axis: int = -1, period: Any = 2 * math.pi) -> Array:
    """Returns angles without jumps: multiples of the period are added from where they occur.

    Args:
        p: an array of real numbers.
        discont: the least difference that counts as a jump, half a period if None.
        axis: the axis along which angles follow each other.
        period: the period.

    Raises:
        ValueError: if p is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.unwrap(jnp.array([0, 3, 7, 10]), period=4)
        Array([ 0, -1, -1, -2], dtype=int64)
    """
    angles: Any = strong(promote_dtypes("unwrap", p, period)[0])
    if dtypes.is_complex(angles.dtype):
        raise ValueError("unwrap takes real angles, got complex numbers.")
    place = canonical_axis(axis, angles.ndim, "unwrap")
    if not angles.shape[place]:
        return angles
    is_float = dtypes.is_float(angles.dtype)
    half = period / 2 if is_float else period // 2
    step: Any = diff(angles, axis=place)
    within: Any = ufuncs.remainder(step + half, period) - half
    if is_float or period % 2 == 0:
        # Half a period is as far one way as the other: the direction of the step decides.
        within = where((within == -half) & (step > 0), half, within)
    limit = half if discont is None else discont
    jump = where(ufuncs.abs(step) < limit, 0, within - step)
    head = slice_axis(angles, place, 0, 1)
    tail: Any = slice_axis(angles, place, 1, angles.shape[place])
    return concatenate([head, convert(tail + cumsum(jump, place), angles.dtype)], place)
