"""Grids of coordinates, written as slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.numpy.axes import reshape
from minijax.numpy.creation import asarray
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
