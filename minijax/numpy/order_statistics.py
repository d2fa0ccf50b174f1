"""Quantiles: interpolation between sorted values."""

from __future__ import annotations

from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.axes import broadcast_to, expand_dims, moveaxis, reshape
from minijax.numpy.creation import asarray
from minijax.numpy.logic import isnan, logical_not
from minijax.numpy.promotion import canonical_axes, convert, inexact, refuse_out, strong
from minijax.numpy.rounding import ceil, floor
from minijax.numpy.selection import where
from minijax.numpy.sorting import sort
from minijax.numpy.taking import take_along_axis
from minijax.numpy.ufuncs import clip

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    """Returns the values below which the fractions q of the elements lie.

    Args:
        a: an array of real numbers.
        q: fractions in [0, 1], of any shape; it comes first in the shape of the result.
        axis: the axis or axes to reduce, all if None.
        out: must be None.
        overwrite_input: kept for compatibility.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: whether reduced axes stay with length 1.

    Raises:
        ValueError: if there is no such method.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.quantile(jnp.array([1.0, 2.0, 4.0]), 0.75)
        Array(3., dtype=float64)
    """
    refuse_out("quantile", out)
    return _quantile("quantile", a, q, axis, method, keepdims, skip_nan=False)


def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    """Returns quantiles of the elements that are not NaN; arguments as for `quantile`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanquantile(jnp.array([1.0, jnp.nan, 4.0]), 0.5)
        Array(2.5, dtype=float64)
    """
    refuse_out("nanquantile", out)
    return _quantile("nanquantile", a, q, axis, method, keepdims, skip_nan=True)


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    """Returns quantiles for percentages; arguments as for `quantile`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.percentile(jnp.array([1.0, 2.0, 4.0]), 75)
        Array(3., dtype=float64)
    """
    refuse_out("percentile", out)
    return quantile(a, inexact("percentile", asarray(q)) / 100, axis, method=method,
                    keepdims=keepdims)  # fmt: skip


def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    """Returns percentiles of the elements that are not NaN; arguments as for `quantile`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanpercentile(jnp.array([1.0, jnp.nan, 4.0]), 50)
        Array(2.5, dtype=float64)
    """
    refuse_out("nanpercentile", out)
    return nanquantile(a, inexact("nanpercentile", asarray(q)) / 100, axis, method=method,
                       keepdims=keepdims)  # fmt: skip


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

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanmedian(jnp.array([3.0, jnp.nan, 1.0]))
        Array(2., dtype=float64)
    """
    refuse_out("nanmedian", out)
    return _quantile("nanmedian", a, 0.5, axis, "midpoint", keepdims, skip_nan=True)


def _quantile(
    name: str, a: Any, q: Any, axis: Any, method: str, keepdims: bool, skip_nan: bool
) -> Array:
    if method not in _METHODS:
        raise ValueError(f"{name}: method is one of {', '.join(_METHODS)}, got {method!r}.")
    x = strong(inexact(name, asarray(a)))
    axes = canonical_axes(axis, x.ndim, name)
    kept = [d for d in range(x.ndim) if d not in axes]
    rest = tuple(x.shape[d] for d in kept)
    rows = sort(reshape(moveaxis(x, tuple(kept), tuple(range(len(kept)))), (*rest, -1)), -1)
    fractions = convert(inexact(name, asarray(q)), x.dtype)
    found = _between(rows, reshape(fractions, -1), method, skip_nan)
    result = reshape(moveaxis(found, -1, 0), (*fractions.shape, *rest))
    if not keepdims:
        return result
    return expand_dims(result, tuple(fractions.ndim + d for d in axes))


def _between(rows: Array, fractions: Array, method: str, skip_nan: bool) -> Any:
    """Interpolates in sorted rows of shape (..., n), where NaN come last, to (..., fractions)."""
    is_nan = isnan(rows)
    if skip_nan:
        last = reductions.sum(logical_not(is_nan), -1, rows.dtype, keepdims=True) - 1
    else:
        last = asarray(rows.shape[-1] - 1, rows.dtype)
    place: Any = clip(fractions * last, 0, last)
    if method == "nearest":
        place = floor(place + 0.5) - ((place % 2) == 0.5)  # halves go to the even neighbour
    low, high = floor(place), ceil(place)
    shape = (*rows.shape[:-1], fractions.size)
    below, above = (_at(rows, clip(side, 0, None), shape) for side in (low, high))
    if method == "lower":
        result = below
    elif method == "higher":
        result = above
    else:
        weight = where(low == high, 0.0, 0.5) if method == "midpoint" else place - low
        result = below * (1 - weight) + above * weight
    return result if skip_nan else where(is_nan[..., -1:], rows[..., -1:], result)


def _at(rows: Array, places: Any, shape: tuple[int, ...]) -> Array:
    index = convert(places, dtypes.int64)
    return take_along_axis(rows, broadcast_to(index, shape), -1)
