"""Grids of coordinates and joined arrays, written in brackets."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.numpy.axes import reshape
from minijax.numpy.creation import asarray
from minijax.numpy.joining import concatenate
from minijax.numpy.ranges import arange, linspace
from minijax.numpy.selection import nonzero


class Grid:
    """Coordinates for slices: `mgrid[0:2, 0:3]`, `ogrid[-1:1:5j]`.

    An imaginary step is the number of points, with both ends.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.mgrid[0:2, 0:2]
        Array([[[0, 0],
                [1, 1]],
        <BLANKLINE>
               [[0, 1],
                [0, 1]]], dtype=int64)
    """

    __slots__ = ("is_open",)

    def __init__(self, is_open: bool) -> None:
        self.is_open = is_open

    def __getitem__(self, key: Any) -> Any:
        if not self.is_open:
            return asarray(np.mgrid[key])
        values = np.ogrid[key]
        if isinstance(values, np.ndarray):
            return asarray(values)
        return [asarray(axis) for axis in values]


mgrid = Grid(is_open=False)
ogrid = Grid(is_open=True)


def ix_(*args: Any) -> tuple[Array, ...]:
    """Returns sequences of indices as an index of all their combinations.

    Args:
        *args: arrays of rank 1; masks stand for the indices where they are true.

    Raises:
        ValueError: if an array has another rank.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arange(6).reshape(2, 3)[jnp.ix_(jnp.array([1]), jnp.array([0, 2]))]
        Array([[3, 5]], dtype=int64)
    """
    result = []
    for axis, arg in enumerate(args):
        index = asarray(arg)
        if index.ndim != 1:
            raise ValueError(f"ix_ takes arrays of one axis, got shape {index.shape}.")
        if index.dtype == np.bool_:
            index = nonzero(index)[0]
        shape = (1,) * axis + (-1,) + (1,) * (len(args) - axis - 1)
        result.append(reshape(index, shape))
    return tuple(result)


# -- what stands in brackets

s_ = np.s_
index_exp = np.index_exp


class Joined:
    """Arrays, numbers and slices joined by writing them in brackets: `r_` and `c_`.

    A slice stands for `arange`, or with an imaginary step for `linspace`. The first item may be a
    text: "axis", "axis,rank" or "axis,rank,place" say along which axis to join, how many axes
    arrays have at least, and before which axis new ones are put; "r" and "c" make matrices.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.r_[0:3, 10, jnp.array([20, 30])]
        Array([ 0,  1,  2, 10, 20, 30], dtype=int64)
        >>> jnp.c_[jnp.array([1, 2]), jnp.array([3, 4])]
        Array([[1, 3],
               [2, 4]], dtype=int64)
    """

    __slots__ = ("axis", "place", "rank")

    def __init__(self, axis: int, rank: int, place: int) -> None:
        self.axis, self.rank, self.place = axis, rank, place

    def __getitem__(self, key: Any) -> Array:
        items = list(key) if isinstance(key, tuple) else [key]
        axis, rank, place, column = self.axis, self.rank, self.place, None
        if items and isinstance(items[0], str):
            axis, rank, place, column = _directive(items.pop(0), axis, rank, place)
        if column is not None:
            rank = max(rank, 1)
        parts = [_with_rank(_part(item), rank, place) for item in items]
        joined = concatenate(parts, axis)
        if column is None or joined.ndim > 1:
            return joined
        return reshape(joined, (-1, 1) if column else (1, -1))


def _directive(text: str, axis: int, rank: int, place: int) -> tuple[int, int, int, bool | None]:
    if text in ("r", "c"):
        return axis, rank, place, text == "c"
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3:
        raise ValueError(f'could not understand {text!r}: write "axis,rank,place", "r" or "c".')
    axis, rank, place = numbers + [axis, rank, place][len(numbers) :]
    return axis, rank, place, None


def _part(item: Any) -> Array:
    if not isinstance(item, slice):
        return asarray(item)
    start = 0 if item.start is None else item.start
    step = 1 if item.step is None else item.step
    if isinstance(step, complex):
        return linspace(start, item.stop, int(abs(step)))
    return arange(start, item.stop, step)


def _with_rank(x: Array, rank: int, place: int) -> Array:
    """Returns an array with axes of length 1 in front and behind, up to a rank."""
    missing = max(rank, 1) - x.ndim
    if missing <= 0:
        return x
    # `place` says where the first axis of the array goes; counted from the end if negative.
    front = place if place >= 0 else missing + 1 + place
    front = min(max(front, 0), missing)
    return reshape(x, (1,) * front + x.shape + (1,) * (missing - front))


r_ = Joined(axis=0, rank=1, place=-1)
c_ = Joined(axis=-1, rank=2, place=0)
