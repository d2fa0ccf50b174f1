"""Statistics of samples: the most frequent element, ranks, the standard error of the mean."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from minijax import lax
from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.numpy.promotion import operand
from minijax.primitives.shape import canonical_axis
from minijax.scipy.operands import one


class ModeResult(NamedTuple):
    """The most frequent elements, and how often each of them occurs."""

    mode: Array
    count: Array  # type: ignore[assignment] # SciPy's name, which hides a method of tuples


def _check_policy(name: str, policy: str) -> None:
    if policy != "propagate":
        raise ValueError(
            f"stats.{name}: nan_policy must be 'propagate', got {policy!r}: whether there are NaNs "
            "is not known while a program is traced. Remove them before."
        )


def mode(
    a: Any, axis: int | None = 0, nan_policy: str = "propagate", keepdims: bool = False
) -> Any:
    """Returns the most frequent elements along an axis, the smallest of them if there are several.

    Args:
        a: an array.
        axis: the axis; None for the flattened array.
        nan_policy: must be "propagate": NaNs are elements like others, and equal to each other.
        keepdims: whether the axis stays, with length 1.

    Returns:
        A `ModeResult` of two arrays: the elements and their counts.

    Raises:
        TypeError: if `a` is no array.
        ValueError: if `nan_policy` or `axis` does not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.stats.mode(jnp.array([2, 3, 3, 1])).count
        Array(2, dtype=int64)
    """
    _check_policy("mode", nan_policy)
    x = operand(a, "scipy.stats.mode")
    if axis is None:
        shape = (1,) * x.ndim
        found, count = mode(x.reshape(-1))
        return (
            ModeResult(found.reshape(shape), count.reshape(shape))
            if keepdims
            else ModeResult(found, count)
        )
    if not x.ndim:
        return ModeResult(x, jnp.ones((), int))
    place = canonical_axis("scipy.stats.mode", axis, x.ndim)
    if not x.shape[place]:
        empty = jnp.mean(one("stats.mode", x), place, keepdims=keepdims)
        return ModeResult(empty, jnp.zeros_like(empty))
    ordered = jnp.sort(jnp.moveaxis(x, place, -1), -1)
    last = _run_ends(ordered)
    counts = last - _run_starts(ordered) + 1
    best = jnp.argmax(counts, -1, keepdims=True)
    found = jnp.take_along_axis(ordered, best, -1), jnp.take_along_axis(counts, best, -1)
    if keepdims:
        return ModeResult(*(jnp.moveaxis(v, -1, place) for v in found))
    return ModeResult(*(v[..., 0] for v in found))


def _starts(ordered: Array) -> Array:
    """Returns where an element of a sorted axis differs from the one before; NaNs are equal."""
    before, after = ordered[..., :-1], ordered[..., 1:]
    differs = before != after
    if jnp.issubdtype(ordered.dtype, jnp.inexact):
        differs = differs & ~(jnp.isnan(before) & jnp.isnan(after))
    first = jnp.ones_like(ordered[..., :1], dtype=bool)
    return jnp.concatenate([first, differs], -1)


def _run_starts(ordered: Array) -> Array:
    """Returns, for each element of a sorted axis, the position of the first one equal to it."""
    positions = jnp.arange(ordered.shape[-1])
    return lax.cummax(jnp.where(_starts(ordered), positions, 0), axis=ordered.ndim - 1)


def _run_ends(ordered: Array) -> Array:
    """Returns, for each element of a sorted axis, the position of the last one equal to it."""
    size = ordered.shape[-1]
    is_first = _starts(ordered)
    is_last = jnp.concatenate([is_first[..., 1:], jnp.ones_like(is_first[..., :1])], -1)
    marked = jnp.where(is_last, jnp.arange(size), size - 1)
    return lax.cummin(marked, axis=ordered.ndim - 1, reverse=True)


def rankdata(
    a: Any, method: str = "average", *, axis: int | None = None, nan_policy: str = "propagate"
) -> Array:
    """Returns the ranks of elements, from 1.

    Args:
        a: an array.
        method: the rank of equal elements: the "average", the "min" or the "max" of those they
            would have, "dense" for "min" without gaps, "ordinal" for different ranks in order.
        axis: the axis along which to rank; None for the flattened array.
        nan_policy: must be "propagate": a NaN makes all ranks NaN.

    Returns:
        A float array of the shape of `a`, or of rank 1 if `axis` is None.

    Raises:
        TypeError: if `a` is no array.
        ValueError: if `method`, `nan_policy` or `axis` does not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.stats.rankdata(jnp.array([3, 1, 1, 5]))
        Array([3. , 1.5, 1.5, 4. ], dtype=float64)
    """
    _check_policy("rankdata", nan_policy)
    if method not in _RANKS:
        raise ValueError(f"stats.rankdata: unknown method {method!r}; known: {', '.join(_RANKS)}.")
    x = operand(a, "scipy.stats.rankdata")
    if axis is None:
        x, axis = x.reshape(-1), 0
    place = canonical_axis("scipy.stats.rankdata", axis, x.ndim)
    x = jnp.moveaxis(x, place, -1)
    if not x.size:
        return jnp.moveaxis(jnp.zeros(x.shape, float), -1, place)
    order = jnp.argsort(x, -1, stable=True)
    ranks = _RANKS[method](jnp.take_along_axis(x, order, -1)).astype(float)
    ranks = jnp.take_along_axis(ranks, jnp.argsort(order, -1), -1)
    if jnp.issubdtype(x.dtype, jnp.inexact):
        ranks = jnp.where(jnp.any(jnp.isnan(x), -1, keepdims=True), jnp.nan, ranks)
    return jnp.moveaxis(ranks, -1, place)


_RANKS: dict[str, Any] = {
    "average": lambda ordered: (_run_starts(ordered) + _run_ends(ordered)) / 2 + 1,
    "min": lambda ordered: _run_starts(ordered) + 1,
    "max": lambda ordered: _run_ends(ordered) + 1,
    "dense": lambda ordered: jnp.cumsum(_starts(ordered), -1),
    "ordinal": lambda ordered: jnp.broadcast_to(jnp.arange(ordered.shape[-1]) + 1, ordered.shape),
}


def sem(
    a: Any,
    axis: int | None = 0,
    ddof: int = 1,
    nan_policy: str = "propagate",
    *,
    keepdims: bool = False,
) -> Array:
    """Returns the standard error of the mean along an axis.

    Args:
        a: an array.
        axis: the axis; None for all of them.
        ddof: is subtracted from the number of elements in the variance.
        nan_policy: "propagate", or "omit" to leave NaNs out.
        keepdims: whether the axis stays, with length 1.

    Raises:
        TypeError: if `a` is no array.
        ValueError: if `nan_policy` is another one.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.stats.sem(jnp.array([1.0, 3.0]))
        Array(1., dtype=float64)
    """
    if nan_policy not in ("propagate", "omit"):
        raise ValueError(
            f"stats.sem: nan_policy {nan_policy!r} is not supported: 'propagate' or 'omit'."
        )
    x = one("stats.sem", a)
    if axis is None and not keepdims:
        x, axis = x.reshape(-1), 0
    if nan_policy == "omit":
        count = jnp.sum(~jnp.isnan(x), axis, keepdims=keepdims)
        return jnp.nanstd(x, axis, ddof=ddof, keepdims=keepdims) / jnp.sqrt(count.astype(x.dtype))
    size = x.size if axis is None else x.shape[axis]
    return jnp.std(x, axis, ddof=ddof, keepdims=keepdims).astype(x.dtype) / math.sqrt(size)
