"""Quantiles: interpolation between sorted values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, value_of
from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.axes import broadcast_to, expand_dims, moveaxis, reshape
from minijax.numpy.creation import asarray
from minijax.numpy.joining import stack
from minijax.numpy.logic import isnan, logical_not
from minijax.numpy.promotion import (
    UnsupportedArgumentError,
    canonical_axes,
    convert,
    inexact,
    refuse_out,
    strong,
)
from minijax.numpy.rounding import ceil, floor
from minijax.numpy.selection import where
from minijax.numpy.sorting import argsort, sort
from minijax.numpy.taking import take_along_axis
from minijax.numpy.ufuncs import clip
from minijax.primitives.partition import partition

_MOST_PICKED = 4  # elements: more are taken from sorted rows
_LONG_ROW, _SHARE = 1024, 16
_SUM_ITEM = 4  # bytes of floats that count the elements of a row exactly enough
_METHODS = ("linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf")


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Array:
    """Returns the values below which the fractions q of the elements lie.

    Args:
        a: an array of real numbers.
        q: fractions in [0, 1], of any shape; it comes first in the shape of the result.
        axis: the axis or axes to reduce, all if None.
        out: must be None.
        overwrite_input: kept for compatibility.
        method: between two elements: "linear", "lower", "higher", "midpoint", "nearest" or
            "inverted_cdf", the element at which the share of elements reaches the fraction.
        weights: how much each element counts; of the shape of `a`, or a vector along the axis.
            Only for the method "inverted_cdf".
        keepdims: whether reduced axes stay with length 1.

    Raises:
        ValueError: if there is no such method.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.quantile(jnp.array([1.0, 2.0, 4.0]), 0.75)
        Array(3., dtype=float64)
    """
    refuse_out("quantile", out)
    return _quantile("quantile", a, q, axis, method, keepdims, False, weights)


def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Array:
    """Returns quantiles of the elements that are not NaN.

    Args:
        a: an array of real numbers, of any shape.
        q: a fraction in [0, 1] or a vector of them.
        axis: the axis or axes to reduce, all if None.
        out: must be None, as arrays are immutable.
        overwrite_input: kept for compatibility.
        method: what to take between two elements: "linear", "lower", "higher", "midpoint",
            "nearest" or "inverted_cdf", as for `quantile`.
        keepdims: whether reduced axes stay with length 1.
        weights: how much each element counts; of the shape of `a`, or a vector along the axis.
            Only for the method "inverted_cdf".

    Returns:
        The shape of `q`, followed by that of `a` without the reduced axes.

    Raises:
        ValueError: if there is no such method, `a` is complex or `q` has more than one axis.
        UnsupportedArgumentError: if `out` is given, or weights for another method.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanquantile(jnp.array([1.0, jnp.nan, 4.0]), 0.5)
        Array(2.5, dtype=float64)
    """
    refuse_out("nanquantile", out)
    return _quantile("nanquantile", a, q, axis, method, keepdims, True, weights)


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns the values below which percentages q of the elements lie; NaN if there is one.

    Args:
        a: an array of real numbers, of any shape.
        q: a percentage in [0, 100] or a vector of them.
        axis: the axis or axes to reduce, all if None.
        out: must be None, as arrays are immutable.
        overwrite_input: kept for compatibility.
        method: what to take between two elements: "linear", "lower", "higher", "midpoint",
            "nearest" or "inverted_cdf", as for `quantile`.
        keepdims: whether reduced axes stay with length 1.
        weights: how much each element counts; of the shape of `a`, or a vector along the axis.
            Only for the method "inverted_cdf".
        out_sharding: kept for compatibility.

    Returns:
        The shape of `q`, followed by that of `a` without the reduced axes.

    Raises:
        ValueError: if there is no such method, `a` is complex or `q` has more than one axis.
        UnsupportedArgumentError: if `out` is given, or weights for another method.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.percentile(jnp.array([1.0, 2.0, 4.0]), 75)
        Array(3., dtype=float64)
    """
    refuse_out("percentile", out)
    return quantile(
        a, _fractions("percentile", q), axis, method=method, keepdims=keepdims, weights=weights
    )


def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Array:
    """Returns percentiles of the elements that are not NaN.

    Args:
        a: an array of real numbers, of any shape.
        q: a percentage in [0, 100] or a vector of them.
        axis: the axis or axes to reduce, all if None.
        out: must be None, as arrays are immutable.
        overwrite_input: kept for compatibility.
        method: what to take between two elements: "linear", "lower", "higher", "midpoint",
            "nearest" or "inverted_cdf", as for `quantile`.
        keepdims: whether reduced axes stay with length 1.
        weights: how much each element counts; of the shape of `a`, or a vector along the axis.
            Only for the method "inverted_cdf".

    Returns:
        The shape of `q`, followed by that of `a` without the reduced axes.

    Raises:
        ValueError: if there is no such method, `a` is complex or `q` has more than one axis.
        UnsupportedArgumentError: if `out` is given, or weights for another method.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanpercentile(jnp.array([1.0, jnp.nan, 4.0]), 50)
        Array(2.5, dtype=float64)
    """
    refuse_out("nanpercentile", out)
    return nanquantile(
        a, _fractions("nanpercentile", q), axis, method=method, keepdims=keepdims, weights=weights
    )


def _fractions(name: str, percentages: Any) -> Any:
    known = _known(percentages)
    given: Any = inexact(name, asarray(percentages)) if known is None else known
    return given / 100


def median(
    a: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Array:
    """Returns the middle value, or the mean of the two middle ones.

    Args:
        a: an array of real numbers.
        axis: the axis or axes to reduce, all if None.
        out: must be None.
        overwrite_input: kept for compatibility.
        keepdims: whether reduced axes stay with length 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.median(jnp.array([3.0, 1.0, 2.0, 10.0]))
        Array(2.5, dtype=float64)
    """
    refuse_out("median", out)
    return _quantile("median", a, 0.5, axis, "midpoint", keepdims, skip_nan=False)


def nanmedian(
    a: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Array:
    """Returns the median of the elements that are not NaN; arguments as for `median`.

    Args:
        a: an array.
        axis: the axis or axes.
        out: must be None, as arrays are immutable.
        overwrite_input: kept for compatibility.
        keepdims: whether the axes stay, with length 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanmedian(jnp.array([3.0, jnp.nan, 1.0]))
        Array(2., dtype=float64)
    """
    refuse_out("nanmedian", out)
    return _quantile("nanmedian", a, 0.5, axis, "midpoint", keepdims, skip_nan=True)


def _quantile(
    name: str,
    a: Any,
    q: Any,
    axis: Any,
    method: str,
    keepdims: bool,
    skip_nan: bool,
    weights: Any = None,
) -> Array:
    if method not in _METHODS:
        raise ValueError(f"{name}: method is one of {', '.join(_METHODS)}, got {method!r}.")
    if weights is not None and method != "inverted_cdf":
        raise UnsupportedArgumentError(f'{name}: weights need method="inverted_cdf".')
    given = asarray(a)
    if dtypes.is_complex(given.dtype):
        raise ValueError(f"{name} takes real numbers: complex ones have no order.")
    x = strong(inexact(name, given))
    axes = canonical_axes(axis, x.ndim, name)
    rest = tuple(n for d, n in enumerate(x.shape) if d not in axes)
    rows, shares = _rows(x, axes), None
    if weights is not None:
        shares = _rows(_spread_weights(name, x, asarray(weights, x.dtype), axis), axes)
        order = argsort(rows, -1)
        shares = take_along_axis(shares, order, -1)
    known = None if method == "inverted_cdf" else _known(q)
    if known is not None:
        result = (_picked_beside_nan if skip_nan else _picked)(rows, known, method)
        if result is not None:
            return _result(result, known.shape, rest, axes, keepdims)
    rows = sort(rows, -1)
    fractions = convert(inexact(name, asarray(q)), x.dtype)
    if fractions.ndim > 1:
        raise ValueError(f"{name}: q is a number or a vector, got shape {fractions.shape}.")
    flat = reshape(fractions, -1)
    if method == "inverted_cdf":
        found = _by_share(rows, shares, flat, skip_nan)
    else:
        found = _between(rows, flat, method, skip_nan)
    return _result(found, fractions.shape, rest, axes, keepdims)


def _result(
    found: Any, shape: tuple[int, ...], rest: tuple[int, ...], axes: tuple[int, ...], keepdims: bool
) -> Array:
    """Returns quantiles of rows in the shape of the fractions, then that of the rows."""
    result = reshape(moveaxis(found, -1, 0), (*shape, *rest))
    return expand_dims(result, tuple(len(shape) + d for d in axes)) if keepdims else result


def _rows(x: Array, axes: tuple[int, ...]) -> Array:
    """Returns an array with some axes merged into one behind the others."""
    kept = [d for d in range(x.ndim) if d not in axes]
    rest = tuple(x.shape[d] for d in kept)
    count = math.prod(x.shape[d] for d in axes)
    return reshape(moveaxis(x, tuple(kept), tuple(range(len(kept)))), (*rest, count))


def _spread_weights(name: str, x: Array, weights: Array, axis: Any) -> Array:
    if weights.shape == x.shape:
        return weights
    if not isinstance(axis, int) or weights.shape != (x.shape[axis],):
        raise ValueError(
            f"{name}: weights of shape {weights.shape} for an array of shape {x.shape} and "
            f"axis {axis}: they have its shape, or that of its one axis."
        )
    place = axis % x.ndim
    return broadcast_to(reshape(weights, (-1,) + (1,) * (x.ndim - place - 1)), x.shape)


def _known(q: Any) -> np.ndarray | None:
    """Returns fractions that no program computes; None for others."""
    if type(q) is ConcreteArray:
        return value_of(q)
    parts = q if isinstance(q, list | tuple) else (q,)
    if not all(isinstance(x, int | float | np.number | np.ndarray) for x in parts):
        return None
    known = np.asarray(q)
    return None if dtypes.is_complex(known.dtype) else known


def _picked(rows: Array, fractions: np.ndarray, method: str) -> Any:
    """Interpolates in rows without sorting them; None where too many elements would be looked for.

    The steps are those of `_between`, on numbers that are known.
    """
    n = rows.shape[-1]
    if not n or fractions.ndim > 1 or not fractions.size:
        return None
    place = _known_places(fractions.reshape(-1).astype(rows.dtype), n, method)
    low, high = np.floor(place), np.ceil(place)
    if not np.isfinite(place).all():
        return None
    sides = [[max(int(k), 0) for k in side] for side in (low, high)]
    places = {*sides[0], *sides[1]}
    if not _pays(places, n):
        return None
    found = _at_places(rows, places)
    below, above = (stack([found[k] for k in side], -1) for side in sides)
    if method in ("lower", "higher"):
        result = below if method == "lower" else above
    else:
        is_midpoint = method == "midpoint"
        weight = np.where(low == high, 0, 0.5) if is_midpoint else place - low
        result = _mixed(below, above, asarray(weight.astype(rows.dtype)))
    return where(reductions.any(isnan(rows), -1, keepdims=True), math.nan, result)


def _known_places(shares: np.ndarray, n: int, method: str) -> np.ndarray:
    """Returns where in a sorted row of length n fractions of its dtype lie."""
    last = np.asarray(n - 1, shares.dtype)
    place = np.clip(shares * last, 0, last)
    return np.ceil(place - np.asarray(0.5, shares.dtype)) if method == "nearest" else place


def _picked_beside_nan(rows: Array, fractions: np.ndarray, method: str) -> Any:
    """Interpolates at one fraction between the numbers of rows without sorting them.

    Which place is looked for depends on how many NaN a row has. For one place to do for all rows,
    so many NaN become -inf that the numbers above them move there; the others become inf.
    """
    n, dtype = rows.shape[-1], rows.dtype
    if not n or fractions.size != 1 or fractions.ndim > 1 or dtype.itemsize < _SUM_ITEM:
        return None
    share = fractions.reshape(-1).astype(dtype)
    if not np.isfinite(share).all():
        return None
    kth = min(int(_known_places(share, n, method)[0]), n - 1)
    places = {kth, min(kth + 1, n - 1)}
    if not _pays(places, n):
        return None
    is_nan = isnan(rows)
    count = reductions.sum(is_nan, -1, keepdims=True)
    last = convert(n - 1 - count, dtype)
    place: Any = clip(share * last, 0, last)
    if method == "nearest":
        place = ceil(place - 0.5)
    # Clipped, as what is rounded could lie one beside what the number of NaN allows.
    low = clip(floor(place), convert(kth - count, dtype), kth)
    ends = where(reductions.cumsum(is_nan, -1) <= kth - low, -math.inf, math.inf)
    found = _at_places(where(is_nan, ends, rows), places)
    below, weight = found[kth][..., None], place - low
    above = where(weight > 0, found[max(places)][..., None], below)
    if method in ("lower", "higher"):
        result = below if method == "lower" else above
    else:
        weight = where(weight > 0, 0.5, 0.0) if method == "midpoint" else weight
        result = _mixed(below, above, weight)
    return where(count == n, math.nan, result)


def _at_places(rows: Array, places: set[int]) -> dict[int, Any]:
    """Returns the elements that sorting rows puts at some places.

    What remains is looked for on the side of the first place where there are fewer elements.
    """
    found: dict[int, Any] = {}
    from_above = 2 * max(places) < rows.shape[-1]
    rest, start = rows, 0  # of the place that the first element of `rest` would have
    for place in sorted(places, reverse=from_above):
        at = place - start
        (parted,) = (rest,) if rest.shape[-1] == 1 else partition([rest], at)
        found[place] = parted[..., at]
        if from_above:
            rest = parted[..., :at]
        else:
            rest, start = parted[..., at + 1 :], place + 1
    return found


def _pays(places: set[int], n: int) -> bool:
    """Tells whether looking for elements takes less time than sorting a row."""
    if len(places) > _MOST_PICKED:
        return False
    return n >= _LONG_ROW or max(places) * _SHARE < n or (n - min(places)) * _SHARE < n


def _by_share(rows: Any, shares: Any, fractions: Any, skip_nan: bool) -> Any:
    """Picks from sorted rows the first element up to which the shares reach each fraction."""
    is_nan = isnan(rows)
    shares = where(is_nan, 0, 1 if shares is None else shares)
    sums: Any = reductions.cumsum(shares.astype(rows.dtype), -1)
    goal = fractions * sums[..., -1:]
    # What has no share is never picked, not even for the fraction 0.
    is_before = (sums[..., None] < goal[..., None, :]) | (sums[..., None] <= 0)
    place = reductions.sum(is_before, -2)
    found = take_along_axis(rows, clip(place, 0, rows.shape[-1] - 1), -1)
    is_bad = reductions.any(shares < 0, -1, keepdims=True)
    if not skip_nan:
        is_bad = is_bad | is_nan[..., -1:]
    return where(is_bad, math.nan, found)


def _between(rows: Array, fractions: Array, method: str, skip_nan: bool) -> Any:
    """Interpolates in sorted rows of shape (..., n), where NaN come last, to (..., fractions)."""
    is_nan = isnan(rows)
    if skip_nan:
        last = reductions.sum(logical_not(is_nan), -1, rows.dtype, keepdims=True) - 1
    else:
        last = asarray(rows.shape[-1] - 1, rows.dtype)
    place: Any = clip(fractions * last, 0, last)
    if method == "nearest":
        place = ceil(place - 0.5)  # halves go down
    low, high = floor(place), ceil(place)
    shape = (*rows.shape[:-1], fractions.size)
    below, above = (_at(rows, clip(side, 0, None), shape) for side in (low, high))
    if method == "lower":
        result = below
    elif method == "higher":
        result = above
    else:
        weight = where(low == high, 0.0, 0.5) if method == "midpoint" else place - low
        result = _mixed(below, above, weight)
    return result if skip_nan else where(is_nan[..., -1:], rows[..., -1:], result)


def _mixed(below: Any, above: Any, weight: Any) -> Any:
    """Returns what lies between two elements; what has no weight may be infinite."""
    return where(weight == 0, below, below * (1 - weight) + above * weight)


def _at(rows: Array, places: Any, shape: tuple[int, ...]) -> Array:
    index = convert(places, dtypes.int64)
    return take_along_axis(rows, broadcast_to(index, shape), -1)
