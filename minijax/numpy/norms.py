"""Norms of vectors and matrices, and condition numbers."""

from __future__ import annotations

import math
from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions, ufuncs
from minijax.numpy.axes import expand_dims, moveaxis
from minijax.numpy.elementary import conjugate, real
from minijax.numpy.equations import inv
from minijax.numpy.factorizations import svdvals
from minijax.numpy.logic import isnan
from minijax.numpy.promotion import canonical_axes, inexact, scalar, strong
from minijax.numpy.selection import where
from minijax.numpy.statistics import safe_sqrt
from minijax.primitives import arithmetic, compare

Axes = tuple[int, ...]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """Returns the norm of a vector or matrix; its derivative at 0 is 0.

    Args:
        x: an array.
        ord: which norm. For vectors: None or 2, 1, inf, -inf, 0 (how many are not zero), or any
            number p. For matrices: None or "fro", "nuc" (the sum of singular values), 2, -2 (the
            largest and the smallest of them), 1, -1, inf, -inf.
        axis: the axis of vectors, the pair of axes of matrices; None takes the whole array, which
            without `ord` may have any number of axes.
        keepdims: whether the axes stay with length 1.

    Raises:
        ValueError: if there is no such norm, or the number of axes does not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.norm(jnp.array([3.0, 4.0]))
        Array(5., dtype=float64)
    """
    a = strong(inexact("norm", x))
    if ord is None:
        axes = canonical_axes(axis, a.ndim, "norm")
        return _euclidean(a, axes, keepdims)
    axes = canonical_axes(axis, a.ndim, "norm")
    if len(axes) == 1:
        return _vector_norm(a, ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(a, ord, axes, keepdims)
    raise ValueError(f"norm: axis names one axis or two, got {axis} for shape {a.shape}.")


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """Returns the norm of vectors.

    Args:
        x: an array.
        axis: the axis or axes of the vectors, all if None.
        keepdims: whether the axes stay with length 1.
        ord: the order, as for `norm`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.vector_norm(jnp.array([[3.0, 4.0]]), axis=1)
        Array([5.], dtype=float64)
    """
    a = strong(inexact("vector_norm", x))
    return _vector_norm(a, ord, canonical_axes(axis, a.ndim, "vector_norm"), keepdims)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """Returns the norm of the matrices along the last two axes.

    Args:
        x: an array of shape (..., n, m).
        keepdims: whether the axes stay with length 1.
        ord: "fro", "nuc", 1, -1, 2, -2, inf or -inf.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.matrix_norm(jnp.array([[3.0, 0.0], [0.0, 4.0]]))
        Array(5., dtype=float64)
    """
    a = strong(inexact("matrix_norm", x))
    return _matrix_norm(a, ord, canonical_axes((-2, -1), a.ndim, "matrix_norm"), keepdims)


def _euclidean(x: Array, axes: Axes, keepdims: bool) -> Array:
    squares = real(arithmetic.mul(x, conjugate(x)))
    return safe_sqrt(reductions.sum(squares, axes, keepdims=keepdims))


def _vector_norm(x: Array, ord: Any, axes: Axes, keepdims: bool) -> Array:
    if ord is None or ord == 2:
        return _euclidean(x, axes, keepdims)
    if isinstance(ord, str):
        raise ValueError(f"norm: vectors have no norm {ord!r}; use a number.")
    magnitude = arithmetic.abs(x)
    if ord == math.inf:
        return reductions.max(magnitude, axes, keepdims=keepdims, initial=0)
    if ord == -math.inf:
        return reductions.min(magnitude, axes, keepdims=keepdims)
    if ord == 1:
        return reductions.sum(magnitude, axes, keepdims=keepdims)
    if ord == 0:
        is_there = compare.ne(x, scalar(0, x.dtype))
        return reductions.sum(is_there, axes, dtypes.real_dtype(x.dtype), keepdims=keepdims)
    total = reductions.sum(ufuncs.power(magnitude, ord), axes, keepdims=keepdims)
    if not 0 < ord < math.inf:
        return ufuncs.power(total, 1 / ord)
    # The root of 0 has an infinite slope; the norm of a zero vector has slope 0 by convention.
    is_zero = compare.eq(total, scalar(0, total.dtype))
    return where(is_zero, 0, ufuncs.power(where(is_zero, 1, total), 1 / ord))


def _matrix_norm(x: Array, ord: Any, axes: Axes, keepdims: bool) -> Array:
    if ord in (None, "fro", "f"):
        return _euclidean(x, axes, keepdims)
    if ord in ("nuc", 2, -2):
        return _singular_norm(x, ord, axes, keepdims)
    if ord not in (1, -1, math.inf, -math.inf):
        names = '"fro", "nuc", 1, -1, 2, -2, inf, -inf'
        raise ValueError(f"norm: matrices have the norms {names}, not {ord!r}.")
    row, column = axes
    summed, chosen = (row, column) if ord in (1, -1) else (column, row)
    sums = reductions.sum(arithmetic.abs(x), summed, keepdims=True)
    # Without rows or columns the largest sum is 0.
    largest = ord in (1, math.inf)
    result: Any = (
        reductions.max(sums, chosen, keepdims=True, initial=0)
        if largest
        else reductions.min(sums, chosen, keepdims=True)
    )
    return result if keepdims else result.squeeze(axes)


def _singular_norm(x: Array, ord: Any, axes: Axes, keepdims: bool) -> Array:
    values = svdvals(moveaxis(x, axes, (-2, -1)))
    fold: Any = {"nuc": reductions.sum, 2: reductions.max, -2: reductions.min}[ord]
    result = fold(values, -1, initial=0) if ord == 2 else fold(values, -1)
    return expand_dims(result, axes) if keepdims else result


def cond(x: Any, p: Any = None) -> Array:
    """Returns the condition numbers of matrices: how much solving magnifies errors.

    Args:
        x: an array of shape (..., m, n), square unless p is None, 2 or -2.
        p: the norm, as for matrices in `norm`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.cond(jnp.array([[4.0, 0.0], [0.0, 2.0]]))
        Array(2., dtype=float64)
    """
    a: Any = strong(inexact("cond", x))
    if p in (None, 2, -2):
        s: Any = svdvals(a)
        ratio = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    else:
        ratio = matrix_norm(a, ord=p) * matrix_norm(inv(a), ord=p)
    is_given = isnan(a).any((-2, -1))
    return where(isnan(ratio) & ~is_given, math.inf, ratio)
