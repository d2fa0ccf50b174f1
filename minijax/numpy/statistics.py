"""Means, variances and what follows from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions, ufuncs
from minijax.numpy.axes import atleast_2d, expand_dims, moveaxis
from minijax.numpy.dtypes import inexact_dtype, to_dtype
from minijax.numpy.elementary import conjugate, real
from minijax.numpy.joining import concatenate
from minijax.numpy.linear import dot
from minijax.numpy.matrices import diagonal
from minijax.numpy.promotion import (
    canonical_axes,
    convert,
    operand,
    promote_dtypes,
    refuse_out,
    scalar,
    select,
    spread_to,
    strong,
)
from minijax.numpy.selection import where as choose_where
from minijax.primitives import arithmetic, compare, powers

_WIDE = {dtypes.bfloat16: dtypes.float32, dtypes.float16: dtypes.float32}


def safe_sqrt(x: Array) -> Array:
    """Returns the square root of numbers that are not negative; its derivative at 0 is 0.

    At 0 the square root has no derivative. What is a length or a deviation there is least, so 0 is
    the subgradient that stays finite.
    """
    is_zero = compare.eq(x, scalar(0.0, x.dtype))
    root = powers.sqrt(select(is_zero, scalar(1.0, x.dtype), x))
    return select(is_zero, scalar(0.0, x.dtype), root)


def _count(x: Array, axes: tuple[int, ...], where: Any, keepdims: bool) -> Any:
    if where is None:
        return math.prod(x.shape[d] for d in axes)
    mask = spread_to(operand(where, "where"), x.shape)
    return reductions.sum(mask, axes, keepdims=keepdims)


def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: Any = None,
) -> Array:
    """Returns the arithmetic mean of elements along axes; NaN of none.

    Args:
        a: an array.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the result; a floating or complex one if None.
        out: must be None, as arrays are immutable.
        keepdims: whether reduced axes stay with length 1.
        where: a mask: which elements take part.

    Returns:
        The means, of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.mean(jnp.array([[1, 2], [3, 5]]), axis=0)
        Array([2. , 3.5], dtype=float64)
    """
    refuse_out("mean", out)
    x = strong(operand(a, "mean"))
    found = inexact_dtype(x.dtype) if dtype is None else to_dtype(dtype)
    work = _WIDE.get(found, found)
    if not dtypes.is_inexact(work):
        work = inexact_dtype(x.dtype)
    axes = canonical_axes(axis, x.ndim, "mean")
    total = reductions.sum(convert(x, work), axes, keepdims=keepdims, where=where)
    return convert(_over(total, _count(x, axes, where, keepdims)), found)


def _over(total: Array, count: Any) -> Array:
    if isinstance(count, Array):
        return ufuncs.divide(total, convert(count, total.dtype))
    return arithmetic.div(total, scalar(count, total.dtype, weak=True))


def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = None,
    mean: Any = None,
    correction: float | None = None,
) -> Array:
    """Returns the variance of elements along axes: the mean squared distance to their mean.

    Args:
        a: an array.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the result.
        out: must be None, as arrays are immutable.
        ddof: what is subtracted from the number of elements in the divisor.
        keepdims: whether reduced axes stay with length 1.
        where: a mask: which elements take part.
        mean: the mean, with reduced axes of length 1, where it is known.
        correction: the array API's name of `ddof`.

    Returns:
        Real numbers of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.
        They are NaN where the divisor is not positive.

    Raises:
        ValueError: if both `ddof` and `correction` are given.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.var(jnp.array([1.0, 2.0, 6.0]), ddof=1)
        Array(7., dtype=float64)
    """
    refuse_out("var", out)
    if correction is not None:
        if ddof != 0:
            raise ValueError("var: ddof and correction are two names of one argument.")
        ddof = correction
    x = strong(operand(a, "var"))
    axes = canonical_axes(axis, x.ndim, "var")
    found = dtypes.real_dtype(inexact_dtype(x.dtype)) if dtype is None else to_dtype(dtype)
    work = inexact_dtype(x.dtype) if not dtypes.is_inexact(found) else _work(x.dtype, found)
    x = convert(x, work)
    centre = _mean(x, axes, where) if mean is None else convert(operand(mean, "var"), work)
    distance = arithmetic.sub(x, spread_to(centre, x.shape))
    if dtypes.is_complex(work):
        squares = real(arithmetic.mul(distance, conjugate(distance)))
    else:
        squares = powers.square(distance)
    total = reductions.sum(squares, axes, keepdims=keepdims, where=where)
    return convert(_over(total, _less(_count(x, axes, where, keepdims), ddof)), found)


def _work(given: np.dtype, asked: np.dtype) -> np.dtype:
    joint = dtypes.promote([(inexact_dtype(given), False), (asked, False)])[0]
    return _WIDE.get(joint, joint)


def _mean(x: Array, axes: tuple[int, ...], where: Any) -> Array:
    return mean(x, axes, keepdims=True, where=where)


def _less(count: Any, ddof: float) -> Any:
    if isinstance(count, Array):
        left: Any = ufuncs.subtract(convert(count, dtypes.float64), ddof)
        return choose_where(left > 0, left, math.nan)
    # A divisor that is not positive leaves the variance without a value.
    return count - ddof if count > ddof else math.nan


def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = None,
    mean: Any = None,
    correction: float | None = None,
) -> Array:
    """Returns the standard deviation of elements along axes: the root of their variance.

    Where all elements are equal the derivative is 0.

    Args:
        a: an array of any shape.
        axis: an axis, a tuple of axes, or None for all.
        dtype: the dtype of the result; a floating one if None.
        out: must be None, as arrays are immutable.
        ddof: what is subtracted from the number of elements in the divisor.
        keepdims: whether reduced axes stay with length 1.
        where: a mask that broadcasts with `a`: which elements take part.
        mean: the mean, with reduced axes of length 1, where it is known.
        correction: the array API's name of `ddof`.

    Returns:
        Real numbers of the shape of `a` without the reduced axes, or with length 1 there
        if `keepdims`.
        They are NaN where the divisor is not positive.

    Raises:
        ValueError: if both `ddof` and `correction` are given.
        UnsupportedArgumentError: if `out` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.std(jnp.array([1.0, 3.0]))
        Array(1., dtype=float64)
    """
    refuse_out("std", out)
    options = {"where": where, "mean": mean, "correction": correction}
    variance = var(a, axis, dtype, None, ddof, keepdims, **options)
    if not dtypes.is_inexact(variance.dtype):
        return ufuncs.sqrt(variance)
    return safe_sqrt(variance)


def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """Returns the weighted mean of elements along axes.

    Args:
        a: an array.
        axis: an axis, a tuple of axes, or None for all.
        weights: an array of the shape of `a`, or a vector along the axis; None for equal weights.
        returned: whether to return the pair (average, sum of weights).
        keepdims: whether reduced axes stay with length 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.average(jnp.array([1.0, 4.0]), weights=jnp.array([2.0, 1.0]))
        Array(2., dtype=float64)
    """
    if weights is None:
        result = mean(a, axis, keepdims=keepdims)
        x = operand(a, "average")
        count = math.prod(x.shape[d] for d in canonical_axes(axis, x.ndim, "average"))
        total: Array = scalar(count, result.dtype)
    else:
        x, w = (strong(z) for z in promote_dtypes("average", a, weights, inexact=True))
        if w.shape != x.shape:
            w = _along_axis(x, w, axis)
        total = reductions.sum(w, axis, keepdims=keepdims)
        weighted = reductions.sum(arithmetic.mul(x, w), axis, keepdims=keepdims)
        result = ufuncs.divide(weighted, total)
    return (result, spread_to(total, result.shape)) if returned else result


def _along_axis(x: Array, weights: Array, axis: Any) -> Array:
    axes = canonical_axes(axis, x.ndim, "average")
    if axis is None or weights.shape != tuple(x.shape[d] for d in axes):
        raise ValueError(
            f"average: weights of shape {weights.shape} must have the shape {x.shape} of the array "
            f"or that of its axes {axis}."
        )
    others = x.ndim - weights.ndim
    shaped = expand_dims(weights, tuple(range(others))) if others else weights
    return spread_to(moveaxis(shaped, tuple(range(others, x.ndim)), axes), x.shape)


# -- ignoring NaN


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    dtype: Any = None,
) -> Array:
    """Returns the covariance matrix of variables.

    Args:
        m: a matrix whose rows are variables and whose columns are observations, or one variable.
        y: more variables.
        rowvar: whether rows are variables; columns are if False.
        bias: whether to divide by the number of observations, not by one less.
        ddof: what is subtracted from that number, in place of what `bias` says.
        fweights: how often each observation was made.
        aweights: the weight of each observation.
        dtype: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.cov(jnp.array([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
        Array([[ 1., -1.],
               [-1.,  1.]], dtype=float64)
    """
    given = [m] if y is None else [m, y]
    rows = [strong(x) for x in promote_dtypes("cov", *given, inexact=True)]
    if deep := [x.shape for x in rows if x.ndim > 2]:
        raise ValueError(f"cov takes vectors and matrices, got an array of shape {deep[0]}.")
    rows = [atleast_2d(x).T if not rowvar and x.ndim == 2 else atleast_2d(x) for x in rows]
    x: Any = concatenate(rows, 0)
    if dtype is not None:
        x = convert(x, to_dtype(dtype))
    weights, count, divisor_shift = _weights(x, fweights, aweights)
    if ddof is None:
        ddof = 0 if bias else 1
    centre = average(x, axis=1, weights=weights, keepdims=True)
    x = x - centre
    weighted = x if weights is None else x * weights
    product = dot(weighted, conjugate(x.T))
    return ufuncs.divide(product, count - ddof * divisor_shift).squeeze()


def _weights(x: Array, fweights: Any, aweights: Any) -> tuple[Any, Any, Any]:
    """Returns the weights, their sum, and by what one degree of freedom diminishes it."""
    if fweights is None and aweights is None:
        return None, x.shape[1], 1
    frequency = None if fweights is None else operand(fweights, "cov")
    importance = None if aweights is None else operand(aweights, "cov")
    if importance is None:
        return frequency, reductions.sum(frequency), 1
    weights = importance if frequency is None else ufuncs.multiply(frequency, importance)
    total = reductions.sum(weights)
    squares = reductions.sum(ufuncs.multiply(weights, importance))
    return weights, total, ufuncs.divide(squares, total)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, dtype: Any = None) -> Array:
    """Returns the matrix of correlation coefficients: covariances over both standard deviations.

    Args:
        x: a matrix of shape (variables, observations), or a vector: one variable.
        y: more variables, with as many observations.
        rowvar: whether rows are variables; columns are if False.
        dtype: the dtype of the result; a floating or complex one if None.

    Returns:
        Coefficients of shape (variables, variables), in [-1, 1] if real; one for one variable.

    Raises:
        ValueError: if `x` or `y` has more than two axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.corrcoef(jnp.array([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
        Array([[ 1., -1.],
               [-1.,  1.]], dtype=float64)
    """
    covariance: Any = cov(x, y, rowvar, dtype=dtype)
    if covariance.ndim == 0:
        return ufuncs.divide(covariance, covariance)
    deviation: Any = ufuncs.sqrt(real(diagonal(covariance)))
    result = covariance / deviation[:, None] / deviation[None, :]
    if dtypes.is_complex(result.dtype):
        return result
    return ufuncs.clip(result, -1, 1)
