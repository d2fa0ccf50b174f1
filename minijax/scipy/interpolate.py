"""Interpolation on grids, under the names of `scipy.interpolate`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.pytree_nodes import register_pytree_node
from minijax.numpy.promotion import UnsupportedArgumentError, operand, promote_dtypes

_METHODS = ("linear", "nearest")


class RegularGridInterpolator:
    """Interpolates values that are given on a rectangular grid.

    It is a pytree: grid, values and fill value are its leaves.

    Args:
        points: for each axis of the grid its coordinates, increasing.
        values: of shape (lengths of the axes..., ...).
        method: "linear" or "nearest".
        bounds_error: must be False: whether a point lies outside is not known while tracing.
        fill_value: the value outside; None to extrapolate.

    Raises:
        ValueError: if there is no such method, there are more axes than `values` has, or the fill
            value has a dtype that does not fit.
        NotImplementedError: for `bounds_error=True`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.interpolate import RegularGridInterpolator
        >>> x = jnp.array([0.0, 1.0, 3.0])
        >>> f = RegularGridInterpolator((x, x), x[:, None] + 10.0 * x)
        >>> f(jnp.array([[0.5, 2.0], [2.0, 0.0]]))
        Array([20.5,  2. ], dtype=float64)
    """

    def __init__(
        self,
        points: Sequence[Any],
        values: Any,
        method: str = "linear",
        bounds_error: bool = False,
        fill_value: Any = np.nan,
    ) -> None:
        _check_method(method)
        if bounds_error:
            raise UnsupportedArgumentError(
                "RegularGridInterpolator: `bounds_error` takes no effect under JIT: leave it "
                "False, and look for NaNs in the result."
            )
        array = promote_dtypes("RegularGridInterpolator", values, inexact=True)[0]
        if len(points) > array.ndim:
            raise ValueError(
                f"there are {len(points)} point arrays, but values has {array.ndim} dimensions"
            )
        if fill_value is not None:
            fill_value = jnp.asarray(operand(fill_value, "RegularGridInterpolator"))
            if not _fits(fill_value.dtype, array.dtype):
                raise ValueError(
                    "fill_value must be either 'None' or of a type compatible with values"
                )
        self.method = method
        self.bounds_error = bounds_error
        self.fill_value = fill_value
        self.grid = tuple(operand(p, "RegularGridInterpolator") for p in points)
        self.values = array

    def __call__(self, xi: Any, method: str | None = None) -> Array:
        """Returns the values at points.

        Args:
            xi: of shape (..., number of axes), or a tuple of one array for each axis.
            method: in place of the interpolator's.

        Returns:
            An array of shape (..., trailing shape of the values).
        """
        method = self.method if method is None else method
        _check_method(method)
        points = _points(xi, len(self.grid))
        if points.shape[-1] != len(self.grid):
            raise ValueError(
                f"the requested sample points xi have dimension {points.shape[-1]}, but this "
                f"RegularGridInterpolator has dimension {len(self.grid)}"
            )
        flat = points.reshape(-1, points.shape[-1])
        cells = [_cell(x, axis) for x, axis in zip(flat.T, self.grid, strict=True)]
        result = self._linear(cells) if method == "linear" else self._nearest(cells)
        if self.fill_value is not None:
            outside = jnp.zeros(flat.shape[0], bool)
            for x, axis in zip(flat.T, self.grid, strict=True):
                outside = outside | (x < axis[0]) | (x > axis[-1])
            outside = outside.reshape(-1, *[1] * (result.ndim - 1))
            result = jnp.where(outside, self.fill_value, result)
        return result.reshape(points.shape[:-1] + self.values.shape[len(self.grid) :])

    def _linear(self, cells: list[tuple[Any, Any]]) -> Any:
        total: Any = None
        trailing = [1] * (self.values.ndim - len(cells))
        for upper in itertools.product((False, True), repeat=len(cells)):
            weight: Any = 1.0
            for (_, share), is_upper in zip(cells, upper, strict=True):
                weight = weight * (share if is_upper else 1 - share)
            corner = tuple(
                index + is_upper for (index, _), is_upper in zip(cells, upper, strict=True)
            )
            term = self.values[corner] * weight.reshape(-1, *trailing)
            total = term if total is None else total + term
        return total

    def _nearest(self, cells: list[tuple[Any, Any]]) -> Any:
        return self.values[tuple(jnp.where(share <= 0.5, i, i + 1) for i, share in cells)]


def _check_method(method: str) -> None:
    if method not in _METHODS:
        raise ValueError(f"method {method!r} is not defined here; there are {sorted(_METHODS)}.")


def _fits(dtype: Any, wanted: Any) -> bool:
    return dtypes.is_complex(wanted) or not dtypes.is_complex(dtype)


def _points(xi: Any, ndim: int) -> Any:
    """Returns points as one array of shape (..., coordinates)."""
    if isinstance(xi, tuple) and len(xi) == 1:
        xi = xi[0]
    if isinstance(xi, tuple):
        return jnp.stack(jnp.broadcast_arrays(*map(jnp.asarray, xi)), -1)
    array = jnp.asarray(operand(xi, "RegularGridInterpolator"))
    if array.ndim == 1:
        return array[:, None] if ndim == 1 else array[None]
    return array[..., None] if array.ndim == 0 else array


def _cell(x: Any, axis: Any) -> tuple[Any, Any]:
    """Returns in which cells of an axis points lie, and how far through them, from 0 to 1."""
    index = jnp.clip(jnp.searchsorted(axis, x) - 1, 0, axis.size - 2)
    left = axis[index]
    return index, (x - left) / (axis[index + 1] - left)


def _flatten(f: RegularGridInterpolator) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    return (f.grid, f.values, f.fill_value), (f.method, f.bounds_error)


def _unflatten(rest: tuple[Any, ...], children: Any) -> RegularGridInterpolator:
    # The children may be placeholders: nothing is checked.
    f = object.__new__(RegularGridInterpolator)
    f.grid, f.values, f.fill_value = children
    f.method, f.bounds_error = rest
    return f


register_pytree_node(RegularGridInterpolator, _flatten, _unflatten)
