"""Putting values around an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.numpy import reductions, statistics
from minijax.numpy.axes import flip
from minijax.numpy.creation import asarray
from minijax.numpy.joining import concatenate, slice_axis
from minijax.numpy.mapping import apply_along_axis
from minijax.numpy.order_statistics import median
from minijax.numpy.promotion import convert, operand, spread_to
from minijax.numpy.ranges import linspace
from minijax.numpy.taking import take
from minijax.primitives import joining as joining_family
from minijax.primitives.broadcast import move_axis

Widths = list[tuple[int, int]]

# Modes in which padding repeats elements of the array: NumPy's rule on the indices is the rule.
_REPEATING = ("edge", "reflect", "symmetric", "wrap")
_MOST_RUNS = 4  # of elements side by side that are joined on one side; more are looked up
_STATISTICS: dict[str, Callable[..., Array]] = {
    "maximum": reductions.max,
    "minimum": reductions.min,
    "mean": statistics.mean,
    "median": median,
}


def pad(
    array: Any, pad_width: Any, mode: str | Callable[..., Any] = "constant", **kwargs: Any
) -> Array:
    """Returns an array with values put before and after it along each axis.

    Args:
        array: an array.
        pad_width: how many: one number, a pair (before, after), a pair for each axis, or a dict
            from axis to one of these.
        mode: "constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "maximum",
            "minimum", "mean", "median" or "empty"; or a function that takes a padded vector, its
            widths, the axis and the further arguments as a dict, and returns the vector.
        **kwargs: `constant_values`, `end_values` and `stat_length`, how many elements next to the
            edge count, (one, a pair, or a pair for each axis), `reflect_type` ("even" or "odd").

    Raises:
        ValueError: if a width is negative.
        NotImplementedError: if there is no such mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.pad(jnp.array([1, 2]), (1, 2))
        Array([0, 1, 2, 0, 0], dtype=int64)
    """
    x = operand(array, "pad")
    widths = _widths(pad_width, x.ndim)
    if mode in ("constant", "empty"):
        return _pad_constant(x, widths, kwargs.pop("constant_values", 0), kwargs)
    if mode in _REPEATING:
        return _pad_repeating(x, widths, mode, kwargs.pop("reflect_type", "even"), kwargs)
    if mode == "linear_ramp":
        return _pad_ramp(x, widths, kwargs.pop("end_values", 0), kwargs)
    if mode in _STATISTICS:
        return _pad_statistic(x, widths, mode, kwargs.pop("stat_length", None), kwargs)
    if callable(mode):
        return _pad_by_function(x, widths, mode, kwargs)
    known = ("constant", "empty", *_REPEATING, "linear_ramp", *_STATISTICS)
    text = f"pad: unknown mode {mode!r}; modes: {', '.join(known)}, or a function."
    raise NotImplementedError(text)


def _widths(pad_width: Any, ndim: int) -> Widths:
    if isinstance(pad_width, dict):
        pairs = {axis % ndim: np.broadcast_to(width, 2) for axis, width in pad_width.items()}
        pad_width = [pairs.get(axis, (0, 0)) for axis in range(ndim)]
    given = np.asarray(pad_width)
    if ndim > 1 and given.shape == (ndim, 1):
        raise ValueError(f"pad: widths are one, a pair, or {ndim} pairs, got {pad_width!r}.")
    if given.shape not in ((), (1,), (2,), (1, 1), (1, 2), (ndim, 1), (ndim, 2)):
        raise ValueError(
            f"pad: pad_width is one number, a pair (before, after), or a pair for each of {ndim} "
            f"axes; got {pad_width!r}."
        )
    widths = np.broadcast_to(given, (ndim, 2))
    if widths.dtype.kind not in "iu" and widths.size:
        raise TypeError(f"pad: widths must be integers, got {pad_width!r}.")
    if (widths < 0).any():
        raise ValueError(f"pad: widths must not be negative, got {pad_width!r}.")
    return [(int(before), int(after)) for before, after in widths]


def _refuse(kwargs: dict[str, Any], mode: str) -> None:
    if kwargs:
        raise ValueError(f"pad: mode {mode!r} does not take {', '.join(sorted(kwargs))}.")


def _pairs(values: Any, x: Array) -> Array:
    """Returns values as an array of shape (ndim, 2) of the dtype of the array to pad."""
    given = convert(asarray(values), x.dtype)
    return spread_to(given, (x.ndim, 2))


def _pad_constant(x: Array, widths: Widths, values: Any, kwargs: dict[str, Any]) -> Array:
    _refuse(kwargs, "constant")
    if not hasattr(values, "__len__") and np.ndim(values) == 0:
        fill = convert(operand(values, "pad"), x.dtype)
        return joining_family.pad(x, fill, [(low, high, 0) for low, high in widths])
    pairs: Any = _pairs(values, x)
    for axis, width in enumerate(widths):
        for side in (0, 1):
            config = [(0, 0, 0)] * x.ndim
            config[axis] = (width[0], 0, 0) if side == 0 else (0, width[1], 0)
            x = joining_family.pad(x, pairs[axis, side], config)
    return x


def _pad_repeating(
    x: Array, widths: Widths, mode: str, reflect_type: str, kwargs: dict[str, Any]
) -> Array:
    _refuse(kwargs, mode)
    for axis, width in enumerate(widths):
        length = x.shape[axis]
        if width == (0, 0):
            continue
        if length == 0:
            raise ValueError(f"pad: axis {axis} is empty, so mode {mode!r} has nothing to repeat.")
        if reflect_type == "odd" and mode in ("reflect", "symmetric"):
            x = _pad_odd(x, axis, width, mode)
            continue
        places = np.pad(np.arange(length), width, mode=mode)  # type: ignore[call-overload]
        before, after = width[0], width[0] + length
        sides = _runs(places[:before]), _runs(places[after:])
        if max(map(len, sides)) > _MOST_RUNS:
            x = take(x, places, axis=axis, mode="clip")
        else:
            head, tail = ([_run(x, axis, run) for run in side] for side in sides)
            x = concatenate([*head, x, *tail], axis)
    return x


def _runs(places: np.ndarray) -> list[np.ndarray]:
    """Returns an array of places cut where they do not go on by the same step, of 1, 0 or -1."""
    runs, start = [], 0
    while start < len(places):
        steps = np.diff(places[start:])
        stop = start + 1
        if len(steps) and abs(steps[0]) <= 1:
            others = np.flatnonzero(steps != steps[0])
            stop = start + 1 + int(others[0] if len(others) else len(steps))
        runs.append(places[start:stop])
        start = stop
    return runs


def _run(x: Array, axis: int, places: np.ndarray) -> Array:
    """Returns the elements at the places of one run along an axis."""
    first, last = int(places[0]), int(places[-1])
    part = slice_axis(x, axis, min(first, last), max(first, last) + 1)
    if first == last:
        return spread_to(part, (*x.shape[:axis], len(places), *x.shape[axis + 1 :]))
    return flip(part, axis) if last < first else part


def _pad_odd(x: Array, axis: int, width: tuple[int, int], mode: str) -> Array:
    """Reflection through the edge point: every new element is an edge combination of old ones."""
    length = x.shape[axis]
    padded = np.pad(np.eye(length), (width, (0, 0)), mode=mode, reflect_type="odd")  # type: ignore[call-overload]
    weights: Any = convert(operand(padded, "pad"), x.dtype)
    moved: Any = move_axis(x, axis, 0)
    result = (weights @ moved.reshape(length, -1)).reshape(-1, *moved.shape[1:])
    return move_axis(result, 0, axis)


def _pad_ramp(x: Array, widths: Widths, values: Any, kwargs: dict[str, Any]) -> Array:
    _refuse(kwargs, "linear_ramp")
    pairs: Any = _pairs(values, x)
    for axis, (before, after) in enumerate(widths):
        first = slice_axis(x, axis, 0, 1).squeeze(axis)
        last = slice_axis(x, axis, x.shape[axis] - 1, x.shape[axis]).squeeze(axis)
        options: dict[str, Any] = {"endpoint": False, "axis": axis, "dtype": x.dtype}
        head = linspace(pairs[axis, 0], first, before, **options)
        tail = flip(linspace(pairs[axis, 1], last, after, **options), axis)
        x = concatenate([head, x, tail], axis)
    return x


def _pad_statistic(
    x: Array, widths: Widths, mode: str, lengths: Any, kwargs: dict[str, Any]
) -> Array:
    _refuse(kwargs, mode)
    counts = None if lengths is None else np.broadcast_to(np.asarray(lengths), (x.ndim, 2))
    if counts is not None and (counts < 1).any():
        raise ValueError(f"pad: stat_length must be positive, got {lengths!r}.")
    for axis, width in enumerate(widths):
        n = x.shape[axis]
        used = (n, n) if counts is None else [min(int(c), n) for c in counts[axis]]
        near = slice_axis(x, axis, 0, used[0]), slice_axis(x, axis, n - used[1], n)
        parts = []
        for edge, count in zip(near, width, strict=True):
            value = _rounded(_STATISTICS[mode](edge, axis=axis, keepdims=True), x)
            shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
            parts.append(spread_to(convert(value, x.dtype), shape))
        x = concatenate([parts[0], x, parts[1]], axis)
    return x


def _pad_by_function(
    x: Array, widths: Widths, function: Callable[..., Any], kwargs: dict[str, Any]
) -> Array:
    x = _pad_constant(x, widths, 0, {})
    for axis, width in enumerate(widths):
        x = apply_along_axis(function, axis, x, width, axis, kwargs)
    return x


def _rounded(value: Array, x: Array) -> Any:
    return value if value.dtype == x.dtype else value.round()
