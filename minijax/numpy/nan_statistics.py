"""Statistics that pass over NaN: nansum, nanmean, nanvar and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions, ufuncs
from minijax.numpy.logic import isnan, logical_not
from minijax.numpy.promotion import (
    operand,
    scalar,
)
from minijax.numpy.selection import where as choose_where
from minijax.numpy.statistics import mean, std, var


def _without_nan(name: str, a: Any, neutral: Any) -> tuple[Array, Array]:
    x = operand(a, name)
    is_nan = isnan(x)
    return choose_where(is_nan, scalar(neutral, x.dtype), x), is_nan


def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> Array:
    """Returns the sum of elements that are not NaN; 0 of none.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the sum; integers are summed in 64 bits if None.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        initial: a number to start with.
        where: a mask that broadcasts with `a`: which elements take part.

    Returns:
        The sums, of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nansum(jnp.array([1.0, jnp.nan, 2.0]))
        Array(3., dtype=float64)
    """
    x, _ = _without_nan("nansum", a, 0)
    return reductions.sum(x, axis, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> Array:
    """Returns the product of elements that are not NaN; 1 of none.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the product; integers are multiplied in 64 bits if None.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        initial: a number to start with.
        where: a mask that broadcasts with `a`: which elements take part.

    Returns:
        The products, of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanprod(jnp.array([3.0, jnp.nan, 2.0]))
        Array(6., dtype=float64)
    """
    x, _ = _without_nan("nanprod", a, 1)
    return reductions.prod(x, axis, dtype, out, keepdims, initial, where)


def nanmax(
    a: Any,
    axis: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> Array:
    """Returns the largest element along axes that is not NaN; NaN where all are.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        initial: the least result; needed for empty arrays and with `where`.
        where: a mask that broadcasts with `a`: which elements take part.

    Returns:
        An array of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is nothing to choose from, or `where` comes without `initial`.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanmax(jnp.array([1.0, jnp.nan, 2.0]))
        Array(2., dtype=float64)
    """
    return _nan_extreme(
        "nanmax", reductions.max, reductions.lowest, a, axis, out, (keepdims, initial, where)
    )


def nanmin(
    a: Any,
    axis: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> Array:
    """Returns the smallest element along axes that is not NaN; NaN where all are.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        initial: the greatest result; needed for empty arrays and with `where`.
        where: a mask that broadcasts with `a`: which elements take part.

    Returns:
        An array of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is nothing to choose from, or `where` comes without `initial`.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanmin(jnp.array([1.0, jnp.nan, 2.0]))
        Array(1., dtype=float64)
    """
    return _nan_extreme(
        "nanmin", reductions.min, reductions.highest, a, axis, out, (keepdims, initial, where)
    )


def _nan_extreme(
    name: str, reduce: Any, neutral: Any, a: Any, axis: Any, out: None, options: Any
) -> Array:
    dtype = operand(a, name).dtype
    x, is_nan = _without_nan(name, a, neutral(dtype))
    result = reduce(x, axis, out, *options)
    if not dtypes.is_inexact(dtype) or options[1] is not None:
        return result
    nothing = reductions.all(is_nan, axis, keepdims=options[0], where=options[2])
    return choose_where(nothing, scalar(np.nan, dtype), result)


def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    where: Any = None,
) -> Array:
    """Returns the mean of elements along axes that are not NaN; NaN where all are.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the result; a floating or complex one if None.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        where: a mask that broadcasts with `a`: which elements take part.

    Returns:
        The means, of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanmean(jnp.array([1.0, jnp.nan, 2.0]))
        Array(1.5, dtype=float64)
    """
    return mean(_zero_nan(a), axis, dtype, out, keepdims, where=_not_nan(a, where))


def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: int = 0,
    keepdims: bool = False,
    where: Any = None,
    mean: Any = None,
) -> Array:
    """Returns the variance of elements along axes that are not NaN.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the result; a floating one if None.
        out: must be None, as arrays are immutable.
        ddof: what is subtracted from the number of those elements in the divisor.
        keepdims: whether reduced axes stay with length 1.
        where: a mask that broadcasts with `a`: which elements take part.
        mean: their mean, with reduced axes of length 1, where it is known.

    Returns:
        Real numbers of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.
        They are NaN where the divisor is not positive.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanvar(jnp.array([1.0, jnp.nan, 3.0]))
        Array(1., dtype=float64)
    """
    mask = _not_nan(a, where)
    return var(_zero_nan(a), axis, dtype, out, ddof, keepdims, where=mask, mean=mean)


def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: int = 0,
    keepdims: bool = False,
    where: Any = None,
    mean: Any = None,
) -> Array:
    """Returns the standard deviation of elements along axes that are not NaN.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the result; a floating one if None.
        out: must be None, as arrays are immutable.
        ddof: what is subtracted from the number of those elements in the divisor.
        keepdims: whether reduced axes stay with length 1.
        where: a mask that broadcasts with `a`: which elements take part.
        mean: their mean, with reduced axes of length 1, where it is known.

    Returns:
        Real numbers of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.
        They are NaN where the divisor is not positive.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nanstd(jnp.array([1.0, jnp.nan, 3.0]))
        Array(1., dtype=float64)
    """
    mask = _not_nan(a, where)
    return std(_zero_nan(a), axis, dtype, out, ddof, keepdims, where=mask, mean=mean)


def _zero_nan(a: Any) -> Array:
    return _without_nan("nanmean", a, 0)[0]


def _not_nan(a: Any, where: Any) -> Array:
    usable = logical_not(isnan(a))
    return usable if where is None else ufuncs.multiply(usable, where)


# -- covariance
