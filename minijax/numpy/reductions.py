"""Reductions: sums, products, extremes, and tests of all elements."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import ufuncs
from minijax.numpy.axes import ravel
from minijax.numpy.dtypes import to_dtype
from minijax.numpy.elementary import real
from minijax.numpy.logic import truth
from minijax.numpy.promotion import (
    canonical_axes,
    canonical_axis,
    convert,
    operand,
    promote,
    refuse_out,
    scalar,
    select,
    strong,
)
from minijax.primitives import cumulative, reduction
from minijax.primitives import shape as shape_family
from minijax.primitives.broadcast import reduce_sum
from minijax.primitives.joining import pad as pad_primitive

_WIDE = {dtypes.bfloat16: dtypes.float32, dtypes.float16: dtypes.float32}


@functools.cache
def sum_dtype(dtype: np.dtype) -> np.dtype:
    """Returns the dtype of sums and products: integers are summed in 64 bits."""
    if dtype == dtypes.bool_ or dtype in dtypes.SIGNED:
        return dtypes.int64
    return dtypes.uint64 if dtype in dtypes.UNSIGNED else dtype


def keep_axes(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """Returns a reduced array, with axes of length 1 where axes were reduced if they are kept."""
    return shape_family.expand_dims(x, axes) if keepdims and axes else x


def masked(x: Array, where: Any, neutral: Any, name: str) -> Array:
    """Returns an array with a neutral value where a mask is false."""
    return x if where is None else select(truth(where, name), x, scalar(neutral, x.dtype))


def _accumulate(
    name: str,
    reduce: Callable[[Any, Any], Array],
    neutral: int,
    combine: Callable[[Any, Any], Array],
    a: Any,
    axis: Any,
    dtype: Any,
    options: tuple[bool, Any, Any, bool],
) -> Array:
    keepdims, initial, where, promote_integers = options
    x = operand(a, name)
    own = x.aval.dtype
    natural = sum_dtype(own) if promote_integers or own == dtypes.bool_ else own
    result_dtype = natural if dtype is None else to_dtype(dtype)
    axes = canonical_axes(axis, x.ndim, name)
    if dtypes.is_complex(own) and not dtypes.is_complex(result_dtype):
        x = real(x)
    x = convert(x, _WIDE.get(result_dtype, result_dtype))
    result = reduce(masked(x, where, neutral, name), axes)
    if initial is not None:
        result = combine(convert(operand(initial, name), result.dtype), result)
    return keep_axes(convert(result, result_dtype), axes, keepdims)


def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
    promote_integers: bool = True,
) -> Array:
    """Returns the sum of elements along axes.

    Args:
        a: an array.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the sum; integers are summed in 64 bits if None.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        initial: a number to start with.
        where: a mask that broadcasts with `a`: which elements take part.
        promote_integers: whether small integers are summed in 64 bits.

    Returns:
        The sums, of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.sum(jnp.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        Array([4., 6.], dtype=float64)
    """
    refuse_out("sum", out)
    options = keepdims, initial, where, promote_integers
    return _accumulate("sum", reduce_sum, 0, ufuncs.add, a, axis, dtype, options)


def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
    promote_integers: bool = True,
) -> Array:
    """Returns the product of elements along axes; 1 of none.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the product; integers are multiplied in 64 bits if None.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        initial: a number to start with.
        where: a mask that broadcasts with `a`: which elements take part.
        promote_integers: whether small integers are multiplied in 64 bits.

    Returns:
        The products, of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.prod(jnp.array([2, 3, 4]))
        Array(24, dtype=int64)
    """
    refuse_out("prod", out)
    options = keepdims, initial, where, promote_integers
    reduce = reduction.reduce_prod
    return _accumulate("prod", reduce, 1, ufuncs.multiply, a, axis, dtype, options)


# -- extremes


def lowest(dtype: np.dtype) -> Any:
    """Returns the value below all others of a dtype."""
    if dtype == dtypes.bool_:
        return False
    return np.iinfo(dtype).min if dtypes.is_integer(dtype) else -math.inf


def highest(dtype: np.dtype) -> Any:
    """Returns the value above all others of a dtype."""
    if dtype == dtypes.bool_:
        return True
    return np.iinfo(dtype).max if dtypes.is_integer(dtype) else math.inf


def _extreme(
    name: str, reduce: Any, combine: Any, neutral: Any, a: Any, axis: Any, options: Any
) -> Array:
    keepdims, initial, where = options
    x = strong(operand(a, name))
    axes = canonical_axes(axis, x.ndim, name)
    if where is not None and initial is None:
        raise ValueError(
            f"reduction operation {name} does not have an identity, so to use a where mask one has "
            "to specify 'initial'"
        )
    if initial is None and 0 in [x.shape[d] for d in axes]:
        raise ValueError(
            f"zero-size array to reduction operation {name} which has no identity (shape "
            f"{x.shape}, axis {axis}): give initial=."
        )
    x = masked(x, where, neutral(x.dtype), name)
    result = keep_axes(reduce(x, axes), axes, keepdims)
    if initial is None:
        return result
    return combine(*promote(name, convert(operand(initial, name), x.dtype), result))


def max(
    a: Any,
    axis: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> Array:
    """Returns the largest element along axes; NaN if there is one. Equal ones share the gradient.

    Args:
        a: an array.
        axis: an axis, a tuple of axes, or None for all.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        initial: the least result; needed for empty arrays and with `where`.
        where: a mask: which elements take part.

    Returns:
        An array of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is nothing to choose from.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.max(jnp.array([[1, 5], [7, 3]]), axis=1)
        Array([5, 7], dtype=int64)
    """
    refuse_out("max", out)
    options = keepdims, initial, where
    return _extreme("max", reduction.reduce_max, ufuncs.maximum, lowest, a, axis, options)


def min(
    a: Any,
    axis: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> Array:
    """Returns the smallest element along axes; NaN if there is one. Equal ones share the gradient.

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
        >>> jnp.min(jnp.array([[1, 5], [7, 3]]), axis=1)
        Array([1, 3], dtype=int64)
    """
    refuse_out("min", out)
    options = keepdims, initial, where
    return _extreme("min", reduction.reduce_min, ufuncs.minimum, highest, a, axis, options)


amax, amin = max, min


def ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Array:
    """Returns the largest minus the smallest element along axes.

    Args:
        a: an array of numbers, of any shape.
        axis: an axis, a tuple of axes, or None for all.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.

    Returns:
        The spread, of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is nothing to choose from.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ptp(jnp.array([3, 9, 5]))
        Array(6, dtype=int64)
    """
    refuse_out("ptp", out)
    return ufuncs.subtract(max(a, axis, keepdims=keepdims), min(a, axis, keepdims=keepdims))


# -- tests


def all(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None
) -> Array:
    """Returns whether all elements along axes are true (not zero); True of none.

    Args:
        a: an array of any shape and dtype; NaN is true.
        axis: an axis, a tuple of axes, or None for all.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        where: a mask that broadcasts with `a`: which elements take part.

    Returns:
        Bools of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        UnsupportedArgumentError: if `out` is given.
        ValueError: if there is no such axis, or one is named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.all(jnp.array([True, False]))
        Array(False, dtype=bool)
    """
    refuse_out("all", out)
    x = truth(a, "all")
    axes = canonical_axes(axis, x.ndim, "all")
    return keep_axes(reduction.reduce_and(masked(x, where, True, "all"), axes), axes, keepdims)


def any(
    a: Any, axis: Any = None, out: None = None, keepdims: bool = False, *, where: Any = None
) -> Array:
    """Returns whether any element along axes is true (not zero); False of none.

    Args:
        a: an array of any shape and dtype; NaN is true.
        axis: an axis, a tuple of axes, or None for all.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        where: a mask that broadcasts with `a`: which elements take part.

    Returns:
        Bools of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        UnsupportedArgumentError: if `out` is given.
        ValueError: if there is no such axis, or one is named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.any(jnp.array([True, False]))
        Array(True, dtype=bool)
    """
    refuse_out("any", out)
    x = truth(a, "any")
    axes = canonical_axes(axis, x.ndim, "any")
    return keep_axes(reduction.reduce_or(masked(x, where, False, "any"), axes), axes, keepdims)


def count_nonzero(a: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """Returns how many elements along axes are not zero.

    Args:
        a: an array of any shape and dtype; True and NaN are not zero.
        axis: an axis, a tuple of axes, or None for all.
        keepdims: whether reduced axes stay with length 1.

    Returns:
        Counts of dtype int64, of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is no such axis, or one is named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.count_nonzero(jnp.array([0, 3, 4]))
        Array(2, dtype=int64)
    """
    return sum(truth(a, "count_nonzero"), axis, keepdims=keepdims)


# -- places of extremes


def argmax(
    a: Any, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """Returns the index of the largest element along an axis, the first of equal ones.

    Args:
        a: an array.
        axis: the axis; None searches the ravelled array.
        out: must be None, as arrays are immutable.
        keepdims: whether the axis stays with length 1; with no axis given, all of them.

    Returns:
        Indices of dtype int64, of the shape of `a` without the axis; one index if it is None.

    Raises:
        ValueError: if there is nothing to search.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.argmax(jnp.array([1, 7, 7]))
        Array(1, dtype=int64)
    """
    refuse_out("argmax", out)
    return _arg_extreme("argmax", reduction.argmax, a, axis, bool(keepdims))


def argmin(
    a: Any, axis: int | None = None, out: None = None, keepdims: bool | None = None
) -> Array:
    """Returns the index of the smallest element along an axis, the first of equal ones.

    Args:
        a: an array of any shape.
        axis: the axis; None searches the ravelled array.
        out: must be None, as arrays are immutable.
        keepdims: whether the axis stays with length 1; with no axis given, all of them.

    Returns:
        Indices of dtype int64, of the shape of `a` without the axis; one index if it is None.

    Raises:
        ValueError: if there is nothing to search.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.argmin(jnp.array([7, 1, 1]))
        Array(1, dtype=int64)
    """
    refuse_out("argmin", out)
    return _arg_extreme("argmin", reduction.argmin, a, axis, bool(keepdims))


def _arg_extreme(name: str, find: Any, a: Any, axis: int | None, keepdims: bool) -> Array:
    x = operand(a, name)
    ndim = x.ndim
    flat, place = (ravel(x), 0) if axis is None else (x, canonical_axis(axis, ndim, name))
    if flat.shape[place] == 0:
        raise ValueError(f"attempt to get {name} of an empty sequence (shape {x.shape})")
    result = find(flat, place, dtypes.int64)
    if not keepdims:
        return result
    return shape_family.expand_dims(result, tuple(range(ndim)) if axis is None else (place,))


# -- cumulative ones


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
    """Returns the sums of the elements up to each one along an axis.

    Args:
        a: an array.
        axis: the axis; None ravels the array.
        dtype: the dtype of the sums; bools are summed as int64 if None.
        out: must be None, as arrays are immutable.

    Returns:
        The sums, in the shape of `a`, or (a.size,) if there is no axis.

    Raises:
        ValueError: if there is no such axis.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cumsum(jnp.array([1, 2, 3]))
        Array([1, 3, 6], dtype=int64)
    """
    return _cumulate("cumsum", cumulative.cumsum, a, axis, dtype, out)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
    """Returns the products of the elements up to each one along an axis.

    Args:
        a: an array of any shape.
        axis: the axis; None ravels the array.
        dtype: the dtype of the products; bools are multiplied as int64 if None.
        out: must be None, as arrays are immutable.

    Returns:
        The products, in the shape of `a`, or (a.size,) if there is no axis.

    Raises:
        ValueError: if there is no such axis.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cumprod(jnp.array([1, 2, 3]))
        Array([1, 2, 6], dtype=int64)
    """
    return _cumulate("cumprod", cumulative.cumprod, a, axis, dtype, out)


def _cumulate(name: str, function: Any, a: Any, axis: int | None, dtype: Any, out: None) -> Array:
    refuse_out(name, out)
    x = strong(operand(a, name))
    x, place = (ravel(x), 0) if axis is None else (x, canonical_axis(axis, x.ndim, name))
    if dtype is not None:
        x = convert(x, to_dtype(dtype))
    if x.dtype == dtypes.bool_:
        x = convert(x, dtypes.int64)
    return function(x, place)


def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Array:
    """Returns cumulative sums; the array API's name of `cumsum`.

    Args:
        x: an array; with more than one axis, `axis` must be given.
        axis: the axis.
        dtype: the dtype of the sums.
        include_initial: whether a zero comes first.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cumulative_sum(jnp.array([1, 2]), include_initial=True)
        Array([0, 1, 3], dtype=int64)
    """
    # Small integers are summed in 64 bits, as `sum` does and unlike `cumsum`.
    found = sum_dtype(operand(x, "cumulative_sum").dtype) if dtype is None else dtype
    return _cumulative("cumulative_sum", cumsum, 0, x, axis, found, include_initial)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Array:
    """Returns cumulative products; the array API's name of `cumprod`.

    Args:
        x: an array; with more than one axis, `axis` must be given.
        axis: the axis; the only one if None.
        dtype: the dtype of the products; that of `cumprod` if None.
        include_initial: whether a one comes first, which makes the axis one longer.

    Returns:
        The products, in the shape of `x` but for that one.

    Raises:
        ValueError: if `x` has no axis, or several and none is named.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cumulative_prod(jnp.array([2, 3]), include_initial=True)
        Array([1, 2, 6], dtype=int64)
    """
    return _cumulative("cumulative_prod", cumprod, 1, x, axis, dtype, include_initial)


def _cumulative(
    name: str, function: Any, neutral: int, x: Any, axis: int | None, dtype: Any, initial: bool
) -> Array:
    x = operand(x, name)
    if x.ndim == 0 or (axis is None and x.ndim > 1):
        raise ValueError(f"{name}: an array of shape {x.shape} needs axis=, and at least one axis.")
    place = canonical_axis(0 if axis is None else axis, x.ndim, name)
    if dtype is None and name == "cumulative_sum":
        dtype = sum_dtype(x.dtype)
    result = function(x, place, dtype=dtype)
    if not initial:
        return result
    config = [(int(d == place), 0, 0) for d in range(x.ndim)]
    return pad_primitive(result, scalar(neutral, result.dtype), config)
