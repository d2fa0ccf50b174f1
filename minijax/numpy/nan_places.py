"""Places of extremes, and cumulative sums and products, of what is not NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.creation import asarray
from minijax.numpy.logic import isnan
from minijax.numpy.promotion import operand, refuse_out
from minijax.numpy.selection import where


def nanargmax(
    a: Any, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """Returns the index of the largest element along an axis that is not NaN, -1 if all are.

    Args:
        a: an array.
        axis: the axis; None searches the ravelled array.
        out: must be None.
        keepdims: whether the axis stays with length 1.

    Raises:
        ValueError: if there are no elements.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanargmax(jnp.array([1.0, jnp.nan, 3.0]))
        Array(2, dtype=int64)
    """
    refuse_out("nanargmax", out)
    return _place(reductions.argmax, reductions.lowest, a, axis, bool(keepdims))


def nanargmin(
    a: Any, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """Returns the index of the smallest element that is not NaN; arguments as for `nanargmax`.

    Args:
        a: an array.
        axis: the axis or axes.
        out: must be None, as arrays are immutable.
        keepdims: whether the axes stay, with length 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanargmin(jnp.array([2.0, jnp.nan, 1.0]))
        Array(2, dtype=int64)
    """
    refuse_out("nanargmin", out)
    return _place(reductions.argmin, reductions.highest, a, axis, bool(keepdims))


def _place(
    find: Callable[..., Array], worst: Callable[..., Any], a: Any, axis: Any, keepdims: bool
) -> Array:
    x = asarray(a)
    is_nan = isnan(x)
    place = find(where(is_nan, worst(x.dtype), x), axis, keepdims=keepdims)
    return where(reductions.all(is_nan, axis, keepdims=keepdims), -1, place)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
    """Returns cumulative sums in which NaN counts as 0; arguments as for `cumsum`.

    Args:
        a: an array.
        axis: the axis or axes.
        dtype: the dtype of the result.
        out: must be None, as arrays are immutable.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nancumsum(jnp.array([1.0, jnp.nan, 3.0]))
        Array([1., 1., 4.], dtype=float64)
    """
    return reductions.cumsum(_replaced("nancumsum", a, 0), axis, dtype, out)


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
    """Returns cumulative products in which NaN counts as 1; arguments as for `cumprod`.

    Args:
        a: an array.
        axis: the axis or axes.
        dtype: the dtype of the result.
        out: must be None, as arrays are immutable.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nancumprod(jnp.array([2.0, jnp.nan, 3.0]))
        Array([2., 2., 6.], dtype=float64)
    """
    return reductions.cumprod(_replaced("nancumprod", a, 1), axis, dtype, out)


def _replaced(name: str, a: Any, value: int) -> Array:
    x = operand(a, name)
    return where(isnan(x), value, x)
