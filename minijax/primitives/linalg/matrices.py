"""What the rules of matrix primitives share: checks, batching, products, triangles."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import bool_, int64
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, Rule
from minijax.interpreters.batch import move_batch_axis
from minijax.primitives.arithmetic import add, mul
from minijax.primitives.broadcast import broadcast_in_dim, reduce_sum, transpose
from minijax.primitives.compare import eq, ge, select_n
from minijax.primitives.complex import conj, real
from minijax.primitives.convert import convert_element_type
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.dot import batch_matmul
from minijax.primitives.families import check_dtype, scalar_like
from minijax.primitives.linalg.routine import SUPPORTED

Axes = tuple[int, ...]


# -- checks


def check_matrices(name: str, x: ShapedArray, square: bool = False) -> None:
    """Refuses an operand that is no batch of matrices of a dtype that LAPACK knows.

    Raises:
        ValueError: if the rank is below 2, or the matrices are not square though they must be.
        TypeError: if the dtype is not f32, f64, c64 or c128.
    """
    if x.ndim < 2:
        raise ValueError(f"{name} takes matrices, of shape (..., n, m); got shape {x.shape}.")
    if square and x.shape[-1] != x.shape[-2]:
        raise ValueError(
            f"{name} takes square matrices, of shape (..., n, n); got shape {x.shape}."
        )
    check_dtype(name, x, SUPPORTED, "an operand")


def index_range(name: str, subset: tuple[int, int], count: int) -> tuple[int, int]:
    """Returns the first and the last but one index of a subset of `count` values.

    Raises:
        ValueError: if it is no range of their indices.
    """
    start, end = (operator.index(i) for i in subset)
    if not 0 <= start < end <= count:
        raise ValueError(
            f"{name}: subset_by_index is a pair (start, end) with 0 <= start < end <= {count}, "
            f"got {subset}."
        )
    return start, end


# -- batching


def leading_batch(get: Callable[[], Primitive]) -> Rule:
    """Returns the batch rule of a primitive whose leading axes are a batch already."""

    def batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
        moved = [move_batch_axis(x, d, size) for x, d in zip(operands, dims, strict=True)]
        outs = get().bind(*moved, **params)
        return outs, (0,) * len(outs)

    return batch


# -- transposes and products


def transposed(x: Any) -> Array:
    """Returns the matrices with rows and columns exchanged."""
    rank = aval_of(x).ndim
    return transpose(x, (*range(rank - 2), rank - 1, rank - 2))


def conjugate(x: Any) -> Array:
    """Returns the complex conjugate, `x` itself if it is real."""
    return conj(x) if dtypes.is_complex(aval_of(x).dtype) else x


def adjoint(x: Any) -> Array:
    """Returns the conjugated transposes."""
    return conjugate(transposed(x))


def matmul(*factors: Any) -> Array:
    """Returns the product of matrices, from left to right."""
    product, *rest = factors
    for factor in rest:
        product = batch_matmul(product, factor)
    return product


def real_part(x: Any) -> Array:
    """Returns the real part, in the dtype of real numbers."""
    return real(x) if dtypes.is_complex(aval_of(x).dtype) else x


def as_dtype(x: Any, dtype: np.dtype) -> Array:
    """Returns `x` in a dtype."""
    return x if aval_of(x).dtype == dtype else convert_element_type(x, dtype)


def symmetrized(x: Any) -> Array:
    """Returns the mean of the matrices and their adjoints."""
    return mul(add(x, adjoint(x)), _scalar(0.5, x))


def _scalar(value: Any, x: Any) -> Array:
    return scalar_like(value, aval_of(x).dtype)


# -- parts of matrices


def _offsets(shape: Axes) -> Array:
    rank = len(shape)
    row = broadcasted_iota(int64, shape, rank - 2)
    return row - broadcasted_iota(int64, shape, rank - 1)


def lower_part(x: Any, below: int = 0) -> Array:
    """Returns the matrices with zeros above the diagonal that is `below` the main one."""
    offsets = _offsets(aval_of(x).shape)
    return select_n(ge(offsets, scalar_like(below, int64)), _scalar(0, x), x)


def upper_part(x: Any, above: int = 0) -> Array:
    """Returns the matrices with zeros below the diagonal that is `above` the main one."""
    offsets = _offsets(aval_of(x).shape)
    return select_n(ge(offsets, scalar_like(1 - above, int64)), x, _scalar(0, x))


def eye_mask(shape: Axes) -> Array:
    """Returns a bool array that holds on the diagonals of matrices of a shape."""
    return eq(_offsets(shape), scalar_like(0, int64))


def eye(shape: Axes, dtype: np.dtype) -> Array:
    """Returns identity matrices (ones on the diagonal where they are not square)."""
    return as_dtype(eye_mask(shape), dtype)


def diagonal(x: Any) -> Array:
    """Returns the diagonals of square matrices."""
    aval = aval_of(x)
    kept = select_n(eye_mask(aval.shape), _scalar(0, x), x)
    return reduce_sum(kept, (aval.ndim - 1,))


def columns(vector: Any, rows: int) -> Array:
    """Returns matrices each of whose rows is the vector: columns are scaled by it."""
    aval = aval_of(vector)
    shape = (*aval.shape[:-1], rows, aval.shape[-1])
    return broadcast_in_dim(vector, shape, (*range(aval.ndim - 1), aval.ndim))


def rows_of(vector: Any, count: int) -> Array:
    """Returns matrices each of whose columns is the vector: rows are scaled by it."""
    aval = aval_of(vector)
    return broadcast_in_dim(vector, (*aval.shape, count), tuple(range(aval.ndim)))


# -- kernel expressions


def nan_of(k: Any, dtype: np.dtype) -> Any:
    """Returns the constant NaN of a dtype, in both parts of a complex one."""
    value = complex(np.nan, np.nan) if dtypes.is_complex(dtype) else np.nan
    return k.constant(value, dtype)


def flipped(k: Any, x: Any) -> Any:
    """Returns the transposed matrices in memory: LAPACK sees them as they are."""
    *batch, m, n = x.shape
    aval = ShapedArray((*batch, n, m), x.dtype)
    return k.element(aval, lambda *i: x(*i[:-2], i[-1], i[-2]))[0]


def unflipped(x: Any) -> Callable[..., Any]:
    """Returns the elements of matrices of which memory holds the transposes."""
    return lambda *i: x(*i[:-2], i[-1], i[-2])


def all_finite(k: Any, a: Any) -> Any:
    """Returns for each matrix whether all its elements are finite."""

    def element(outer: Any, inner: Any) -> Any:
        x = a(*outer, *inner)
        if not dtypes.is_complex(a.dtype):
            return (k.is_finite(x),)
        return (k.and_(k.is_finite(k.real(x)), k.is_finite(k.imag(x))),)

    (found,) = k.reduce(
        (ShapedArray(a.shape[:-2], bool_),),
        a.shape[-2:],
        element,
        (k.constant(True, bool_),),
        lambda acc, new: (k.and_(acc[0], new[0]),),
        "and",
    )
    return found


def checked(k: Any, info: Any, batch: Sequence[Any], x: Any) -> Any:
    """Returns an element, or NaN where the routine has failed."""
    has_worked = k.eq(info(*batch, 0), k.constant(0, info.dtype))
    return k.select(has_worked, x, nan_of(k, x.dtype))


def masked(info: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    """Returns arrays with NaNs in the batch elements for which a routine has failed."""
    found = []
    for x in arrays:
        value = complex(np.nan, np.nan) if dtypes.is_complex(x.dtype) else np.nan
        failed = (info[..., 0] != 0).reshape(info.shape[:-1] + (1,) * (x.ndim - info.ndim + 1))
        found.append(np.where(failed, x.dtype.type(value), x) if failed.any() else x)
    return found
