"""Counting values: bins and histograms."""

from __future__ import annotations

from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.axes import ravel
from minijax.numpy.creation import asarray, ones_like, zeros
from minijax.numpy.promotion import inexact, strong
from minijax.numpy.ranges import linspace
from minijax.numpy.selection import where
from minijax.numpy.sorting import searchsorted
from minijax.numpy.ufuncs import maximum


def bincount(
    x: Any, weights: Any = None, minlength: int = 0, *, length: int | None = None
) -> Array:
    """Returns how often each of 0, 1, 2, … is found.

    Args:
        x: integers along one axis; negative ones count as 0.
        weights: what each counts, 1 if None.
        minlength: the least length of the result.
        length: the length of the result, needed where `x` is traced; larger integers are left out.

    Raises:
        TypeError: if x is not of integers.
        ValueError: if x has not one axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.bincount(jnp.array([0, 2, 2]))
        Array([1, 0, 2], dtype=int64)
    """
    values = asarray(x)
    if not dtypes.is_integer(values.dtype) and values.dtype != dtypes.bool_:
        raise TypeError(f"bincount counts integers, got {values.dtype}: use x.astype(int).")
    if values.ndim != 1:
        raise ValueError(f"bincount takes one axis, got shape {values.shape}: use x.ravel().")
    if length is None:
        length = max(minlength, int(reductions.max(values)) + 1 if values.size else 0)
    amounts = asarray(1 if weights is None else weights)
    counts: Any = zeros(length, amounts.dtype)
    return counts.at[maximum(values, 0)].add(amounts, mode="drop")


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    """Returns the edges of the bins of a histogram.

    Args:
        a: an array.
        bins: how many bins of equal width, or their edges.
        range: (least, largest) edge, those of `a` if None.
        weights: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.histogram_bin_edges(jnp.array([0.0, 4.0]), bins=2)
        Array([0., 2., 4.], dtype=float64)
    """
    if isinstance(bins, str):
        raise TypeError(f"histogram: bins is a number or edges, got {bins!r}.")
    x = strong(inexact("histogram", asarray(a)))
    edges = asarray(bins)
    if edges.ndim == 1:
        return edges
    if range is None:
        low, high = (reductions.min(x), reductions.max(x)) if x.size else (0.0, 1.0)
    else:
        low, high = range
    low, high = asarray(low, x.dtype), asarray(high, x.dtype)
    is_point = low == high
    low, high = where(is_point, low - 0.5, low), where(is_point, high + 0.5, high)
    return linspace(low, high, bins + 1, dtype=x.dtype)


def histogram(
    a: Any,
    bins: Any = 10,
    range: Any = None,
    weights: Any = None,
    density: bool | None = None,
) -> tuple[Array, Array]:
    """Returns how many elements are in each of some bins.

    Args:
        a: an array.
        bins: how many bins of equal width, or their edges; the last bin has both of its edges.
        range: (least, largest) edge, those of `a` if None.
        weights: what each element counts, 1 if None; of the shape of `a`.
        density: whether to scale the counts so that their integral is 1.

    Returns:
        The counts and the edges of the bins.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.histogram(jnp.array([0.0, 1.0, 3.0, 4.0, 4.0]), bins=2)
        (Array([2., 3.], dtype=float64), Array([0., 2., 4.], dtype=float64))
    """
    x = strong(inexact("histogram", asarray(a)))
    edges: Any = histogram_bin_edges(x, bins, range, weights)
    amounts = ones_like(x) if weights is None else asarray(weights)
    if amounts.shape != x.shape:
        raise ValueError(f"histogram: weights of shape {amounts.shape} for shape {x.shape}.")
    flat = ravel(x)
    place = searchsorted(edges, flat, side="right")
    place = where(flat == edges[-1], edges.size - 1, place)
    counts: Any = zeros(edges.size, amounts.dtype)
    counts = counts.at[place].add(ravel(amounts), mode="drop")[1:]
    if density:
        widths = edges[1:] - edges[:-1]
        counts = counts / widths / reductions.sum(counts)
    return counts, edges
