"""Interpolation in arrays, under the names of `scipy.ndimage`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.numpy.promotion import UnsupportedArgumentError
from minijax.primitives import arithmetic
from minijax.transforms.jit import jit

Index = tuple[Any, Any, Any]


def _mirror(index: Array, size: int) -> Array:
    # A triangular wave whose corners are the first and the last element.
    last = size - 1
    return jnp.abs((index + last) % (2 * last) - last)


def _reflect(index: Array, size: int) -> Array:
    # The corners of the wave lie half a step outside.
    return (_mirror(2 * index + 1, 2 * size + 1) - 1) // 2


_MODES: dict[str, Callable[[Array, int], Array]] = {
    "constant": lambda index, size: index,
    "nearest": lambda index, size: jnp.clip(index, 0, size - 1),
    "wrap": lambda index, size: index % size,
    "mirror": _mirror,
    "reflect": _reflect,
}


def map_coordinates(
    input: Any, coordinates: Sequence[Any], order: int, mode: str = "constant", cval: Any = 0.0
) -> Array:
    """Returns the values of an array between its elements.

    Args:
        input: an array of n axes.
        coordinates: for each axis the coordinates of the points; arrays of one shape.
        order: 0 for the nearest element, 1 for linear interpolation.
        mode: what lies outside: "constant" for `cval`, "nearest" for the last element, "wrap" for
            copies, "mirror" and "reflect" for mirror images (about the last element, about its
            edge).
        cval: the value outside in mode "constant".

    Returns:
        The values at the points, in the dtype of `input`.

    Raises:
        ValueError: if there are not as many coordinates as axes.
        NotImplementedError: for another order or mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.ndimage import map_coordinates
        >>> map_coordinates(jnp.array([0.0, 10.0, 40.0]), [jnp.array([0.5, 1.5])], order=1)
        Array([ 5., 25.], dtype=float64)
    """
    values = jnp.asarray(input)
    points = [jnp.asarray(c) for c in coordinates]
    if len(points) != values.ndim:
        raise ValueError(
            f"coordinates must be a sequence of length input.ndim, but {len(points)} != "
            f"{values.ndim}"
        )
    if mode not in _MODES:
        raise UnsupportedArgumentError(
            f"map_coordinates does not yet support mode {mode}. Currently supported modes are "
            f"{sorted(_MODES)}."
        )
    if order not in (0, 1):
        raise UnsupportedArgumentError(
            f"map_coordinates currently requires order<=1, got order={order!r}."
        )
    return _interpolate(values, points, jnp.asarray(cval, values.dtype), order, mode)


@partial(jit, static_argnums=(3, 4))
def _interpolate(values: Any, points: list[Any], cval: Any, order: int, mode: str) -> Array:
    neighbours = [
        [_place(index, weight, size, mode) for index, weight in _around(point, order)]
        for point, size in zip(points, values.shape, strict=True)
    ]
    terms = []
    for corner in itertools.product(*neighbours):
        indices, is_inside, weights = zip(*corner, strict=True)
        value = values[indices]
        if mode == "constant":
            value = jnp.where(math.prod(is_inside), value, cval)
        terms.append(math.prod(weights[1:], start=weights[0]) * value)
    total = sum(terms[1:], start=terms[0])
    if dtypes.is_integer(values.dtype):
        total = _rounded(total)
    return total.astype(values.dtype)


def _place(index: Any, weight: Any, size: int, mode: str) -> Index:
    is_inside = (index >= 0) & (index < size)
    return _MODES[mode](index, size), is_inside, weight


def _around(point: Any, order: int) -> list[tuple[Any, Any]]:
    """Returns the indices around coordinates, and what each counts for."""
    if order == 0:
        return [(_rounded(point).astype("int32"), jnp.ones((), point.dtype))]
    below = jnp.floor(point)
    share = point - below
    index = below.astype("int32")
    return [(index, 1 - share), (index + 1, share)]


def _rounded(x: Any) -> Any:
    if dtypes.is_integer(x.dtype):
        return x
    return arithmetic.round(x, arithmetic.RoundingMethod.AWAY_FROM_ZERO)


_guard_functions(globals())
