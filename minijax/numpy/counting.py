"""Counting values: bins and histograms."""

from __future__ import annotations

import builtins
from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions, ufuncs
from minijax.numpy.axes import ravel, reshape
from minijax.numpy.creation import asarray, full, ones_like, zeros
from minijax.numpy.joining import stack
from minijax.numpy.promotion import inexact, promote_dtypes, strong
from minijax.numpy.ranges import linspace
from minijax.numpy.selection import where
from minijax.numpy.sorting import searchsorted
from minijax.numpy.ufuncs import maximum


def bincount(
    x: Any,
    weights: Any = None,
    minlength: int = 0,
    *,
    length: int | None = None,
    out_sharding: Any = None,
) -> Array:
    """Returns how often each of 0, 1, 2, … is found.

    Args:
        x: integers along one axis; negative ones count as 0.
        weights: what each counts, 1 if None.
        minlength: the least length of the result.
        length: the length of the result, needed where `x` is traced; larger integers are left out.
        out_sharding: kept for compatibility.

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
        return promote_dtypes("histogram", x, edges)[1]
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
    amounts = ones_like(x) if weights is None else inexact("histogram", asarray(weights))
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


def histogram2d(
    x: Any,
    y: Any,
    bins: Any = 10,
    range: Any = None,
    weights: Any = None,
    density: bool | None = None,
) -> tuple[Array, Array, Array]:
    """Returns how many points of a plane are in each of some rectangles.

    Args:
        x, y: the coordinates of the points, arrays of one shape (n,).
        bins: how many bins along both axes, or their edges; a pair for each axis its own.
        range: for each axis (least, largest) edge or None.
        weights: what each point counts, 1 if None.
        density: whether to scale the counts so that their integral is 1.

    Returns:
        The counts, the edges along x and the edges along y.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.array([0.0, 1.0, 2.0, 4.0])
        >>> jnp.histogram2d(x, x, bins=2)[0]
        Array([[2, 0],
               [0, 2]], dtype=int64)
    """
    first, second = asarray(x), asarray(y)
    if first.ndim != 1 or first.shape != second.shape:
        raise TypeError(
            f"histogram2d takes vectors of one length, got {first.shape} and {second.shape}."
        )
    count = len(bins) if hasattr(bins, "__len__") else 1
    if count not in (1, 2):
        bins = [asarray(bins)] * 2
    counts, edges = histogramdd(stack([first, second], 1), bins, range, weights, density)
    return counts, edges[0], edges[1]


def histogramdd(
    sample: Any,
    bins: Any = 10,
    range: Any = None,
    weights: Any = None,
    density: bool | None = None,
) -> tuple[Array, list[Array]]:
    """Returns how many points of a space are in each of some boxes.

    Args:
        sample: the points, an array of shape (n, d).
        bins: how many bins along all axes, or for each axis their number or edges.
        range: for each axis (least, largest) edge or None.
        weights: what each point counts, 1 if None; an array of shape (n,).
        density: whether to scale the counts so that their integral is 1.

    Returns:
        The counts, an array with d axes, and a list of the edges along each.

    Raises:
        ValueError: if shapes or the number of bins or ranges do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.histogramdd(jnp.array([[0.0, 0.0], [1.0, 2.0]]), bins=2)[0]
        Array([[1, 0],
               [0, 1]], dtype=int64)
    """
    points: Any = asarray(sample)
    if points.ndim != 2:
        raise ValueError(f"histogramdd takes points as rows (n, d), got shape {points.shape}.")
    count, rank = points.shape
    amounts = None if weights is None else asarray(weights)
    if amounts is not None and amounts.shape != (count,):
        raise ValueError(f"histogramdd: weights of shape {amounts.shape} for {count} points.")
    edges = _edges_of_axes(points, bins, range, rank)
    shape = tuple(e.size - 1 for e in edges)
    inside: Any = full(count, True)
    places = []
    for d, e in enumerate(edges):
        place: Any = searchsorted(e, points[:, d], side="right")
        place = where(points[:, d] == e[-1], e.size - 1, place) - 1
        inside = inside & (place >= 0) & (place < e.size - 1)
        places.append(ufuncs.clip(place, 0, e.size - 2))
    start: Any = zeros(shape, dtypes.int64 if amounts is None else inexact("", amounts).dtype)
    new = where(inside, 1 if amounts is None else amounts, 0)
    counts = start.at[tuple(places)].add(new)
    if density:
        counts = counts / reductions.sum(counts)
        for d, e in enumerate(edges):
            counts = counts / reshape(e[1:] - e[:-1], (-1,) + (1,) * (rank - 1 - d))
    return counts, edges


def _edges_of_axes(points: Any, bins: Any, range: Any, rank: int) -> list[Any]:
    own = list(bins) if hasattr(bins, "__len__") else [bins] * rank
    if len(own) != rank:
        raise ValueError(f"histogramdd: {len(own)} bins for {rank} axes: give one for each.")
    limits = [None] * rank if range is None else list(range)
    if len(limits) != rank or any(pair is not None and len(pair) != 2 for pair in limits):
        raise ValueError(f"histogramdd: range is {rank} pairs or Nones, got {range!r}.")
    return [histogram_bin_edges(points[:, d], own[d], limits[d]) for d in builtins.range(rank)]
