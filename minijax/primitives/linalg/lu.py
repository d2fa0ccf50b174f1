"""The LU factorisation with row exchanges, p · a = l · u, and solving with it."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import float64, int32
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, constant, primitive
from minijax.primitives.arithmetic import add
from minijax.primitives.broadcast import broadcast_in_dim
from minijax.primitives.families import NOT_LINEAR, scalar_like
from minijax.primitives.joining import concatenate, pad
from minijax.primitives.linalg.matrices import (
    check_matrices,
    eye,
    leading_batch,
    lower_part,
    matmul,
    upper_part,
)
from minijax.primitives.linalg.routine import INFO, Routine, call, letter, native, run, wrapped
from minijax.primitives.linalg.small import is_small, small_lu
from minijax.primitives.linalg.triangular_solve import triangular_solve
from minijax.primitives.sort import take_along
from minijax.primitives.windows import slice_in_dim

Axes = tuple[int, ...]

_MOST_OWN = 96  # rows and columns of what is not left to LAPACK


# -- lu


def _getrf(symbol: str, a: np.ndarray) -> Any:
    lu, pivots, info = wrapped(symbol)(a)
    order = np.arange(a.shape[0], dtype=np.float64)
    for i, j in enumerate(pivots):
        order[[i, j]] = order[[j, i]]
    return lu, pivots + 1, info, order


@functools.cache
def _routine(m: int, n: int, dtype: np.dtype) -> Routine:
    symbol = f"lapack_{letter(dtype)}getrf"
    count = min(m, n)
    # The rows of a column of numbers, exchanged as those of a, tell the permutation.
    exchange = ("lapack_dlaswp", 1, ("out", 3), m, 1, count, ("out", 1), 1)
    return Routine(
        calls=(
            call(symbol, m, n, ("out", 0), m, ("out", 1), ("out", 2)),
            call(*exchange),
        ),
        results=(((n, m), dtype), ((count,), int32), INFO, ((m,), float64)),
        evaluate=lambda a, order: _getrf(symbol, a),
        start=((0, 0), (3, 1)),
    )


@functools.cache
def _own_routine(m: int, n: int, dtype: np.dtype) -> Routine:
    def evaluate(seen: np.ndarray) -> Any:
        factors, pivots, _, order = _getrf(f"lapack_{letter(dtype)}getrf", seen.T)
        return factors.T, pivots - 1, order.astype(np.int32)

    outs = (("out", 0), ("out", 1), ("out", 2))
    return Routine(
        calls=(call(f"code_lu_{dtype.name}_{m}_{n}", *outs),),
        results=(((m, n), dtype), ((min(m, n),), int32), ((m,), int32)),
        evaluate=evaluate,
        start=((0, 0),),
    )


def _impl(a: np.ndarray) -> Any:
    *batch, m, n = a.shape
    order = np.broadcast_to(np.arange(m, dtype=np.float64), (*batch, m))
    if a.size == 0:
        return a, np.zeros((*batch, min(m, n)), np.int32), order.astype(np.int32)
    routine = _routine(m, n, a.dtype)
    lu, pivots, _, order = run(routine, a.shape[:-2], a.swapaxes(-1, -2), order)
    return np.ascontiguousarray(lu.swapaxes(-1, -2)), pivots - 1, order.astype(np.int32)


def _abstract(a: ShapedArray) -> Any:
    check_matrices("lu", a)
    *batch, m, n = a.shape
    return a, ShapedArray((*batch, min(m, n)), int32), ShapedArray((*batch, m), int32)


def _square(x: Any, n: int) -> Any:
    """Returns a factor made square: with zeros and with ones on the rest of the diagonal."""
    rank = x.ndim
    rows, width = x.shape[-2:]
    if rows == width:
        return x
    config = [(0, 0, 0)] * (rank - 2) + [(0, n - rows, 0), (0, n - width, 0)]
    padded = pad(x, scalar_like(0, x.dtype), config)
    rest = eye((*x.shape[:-2], n, n), x.dtype)
    kept = min(rows, width)
    axis = rank - 1 if rows > width else rank - 2
    old = slice_in_dim(padded, 0, kept, axis=axis)
    return concatenate([old, slice_in_dim(rest, kept, n, axis=axis)], axis)


def permuted_rows(x: Any, permutation: Any) -> Array:
    """Returns matrices whose row i is row `permutation[i]`."""
    aval = aval_of(x)
    wide = broadcast_in_dim(permutation, aval.shape, tuple(range(aval.ndim - 1)))
    return take_along(x, wide, aval.ndim - 2)


def _jvp(primals: Any, tangents: Any) -> Any:
    lu, pivots, permutation = lu_p.bind(*primals)
    (t,) = tangents
    no_tangents = (Zero(pivots.aval.tangent()), Zero(permutation.aval.tangent()))
    if type(t) is Zero:
        return (lu, pivots, permutation), (Zero(lu.aval.tangent()), *no_tangents)
    m, n = lu.shape[-2:]
    k = min(m, n)
    rank = lu.ndim
    lower = _square(lower_part(slice_in_dim(lu, 0, k, axis=rank - 1), 1), m)
    # The diagonal of l is 1 and not stored.
    stored = slice_in_dim(lu, 0, k, axis=rank - 2)
    upper = _square(upper_part(stored), n)
    moved = permuted_rows(t, permutation)
    right = triangular_solve(lower, moved, left_side=True, lower=True, unit_diagonal=True)
    inner = triangular_solve(upper, right)
    unit = lower_part(lower, 1) + eye(lower.shape, lower.dtype)
    l_dot = matmul(unit, lower_part(inner, 1))
    u_dot = matmul(upper_part(inner), upper)
    return (lu, pivots, permutation), (add(l_dot, u_dot), *no_tangents)


def _lower(k: Any, a: Any, *, out: Any) -> Any:
    aval, pivots_aval, order_aval = out
    *batch, m, n = aval.shape
    if aval.size == 0:
        none = k.element(pivots_aval, lambda *i: k.constant(0, int32))
        return a, *none, *k.element(order_aval, lambda *i: k.convert(i[-1], int32))
    if is_small(aval.shape, aval.dtype):
        return small_lu(k, a, out)
    if max(m, n) <= _MOST_OWN and not dtypes.is_complex(aval.dtype):
        return native(k, _own_routine(m, n, aval.dtype), tuple(batch), a)
    seen = ShapedArray((*batch, n, m), aval.dtype)
    (flipped,) = k.element(seen, lambda *i: a(*i[:-2], i[-1], i[-2]))
    places = ShapedArray(order_aval.shape, float64)
    (first,) = k.element(places, lambda *i: k.convert(i[-1], float64))
    routine = _routine(m, n, aval.dtype)
    lu, pivots, _, order = native(k, routine, tuple(batch), flipped, first)
    one = k.constant(1, int32)
    return (
        *k.element(aval, lambda *i: lu(*i[:-2], i[-1], i[-2])),
        *k.element(pivots_aval, lambda *i: k.sub(pivots(*i), one)),
        *k.element(order_aval, lambda *i: k.convert(order(*i), int32)),
    )


lu_p: Primitive = primitive(
    "lu",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: lu_p),
    lower=_lower,
)


def lu(x: Any) -> tuple[Array, Array, Array]:
    """Factors matrices with exchanges of rows: x[permutation] = l · u.

    Args:
        x: an array of shape (..., m, n).

    Returns:
        `lu` of shape (..., m, n), with u in the upper triangle and l (whose diagonal is 1) below
        it; int32 `pivots` of shape (..., min(m, n)): row i was exchanged with row pivots[i]; int32
        `permutation` of shape (..., m).

    Raises:
        ValueError: if the rank is below 2.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> factors, pivots, permutation = lax.linalg.lu(jnp.array([[1.0, 2.0], [4.0, 4.0]]))
        >>> factors, permutation
        (Array([[4.  , 4.  ],
               [0.25, 1.  ]], dtype=float64), Array([1, 0], dtype=int32))
    """
    return lu_p.bind(to_array(x))


# -- pivots to permutation


def _order_of(pivots: np.ndarray, size: int) -> np.ndarray:
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(np.arange(size, dtype=np.int32), (flat.shape[0], 1))
    rows = np.arange(flat.shape[0])
    for i in range(flat.shape[1]):
        j = flat[:, i]
        order[rows, i], order[rows, j] = order[rows, j], order[rows, i].copy()
    return order.reshape(*pivots.shape[:-1], size)


def _pivots_impl(pivots: np.ndarray, *, permutation_size: int) -> Any:
    return (_order_of(pivots, permutation_size),)


def _pivots_abstract(pivots: ShapedArray, *, permutation_size: int) -> Any:
    if pivots.ndim < 1 or pivots.dtype != int32:
        raise TypeError(
            f"lu_pivots_to_permutation takes int32 pivots of shape (..., k), got {pivots}."
        )
    if pivots.shape[-1] > permutation_size:
        raise ValueError(
            f"lu_pivots_to_permutation: {pivots.shape[-1]} pivots are more than the "
            f"permutation_size {permutation_size}."
        )
    return (ShapedArray((*pivots.shape[:-1], permutation_size), int32),)


@functools.cache
def _exchange(count: int, size: int) -> Routine:
    exchange = ("lapack_dlaswp", 1, ("out", 0), size, 1, count, ("in", 1), 1)
    return Routine(
        calls=(call(*exchange),),
        results=(((size,), float64),),
        evaluate=lambda order, pivots: (_order_of(pivots - 1, size),),
        start=((0, 0),),
    )


def _pivots_lower(k: Any, pivots: Any, *, out: Any, permutation_size: int) -> Any:
    (aval,) = out
    count = pivots.shape[-1]
    if aval.size == 0 or count == 0:
        return k.element(aval, lambda *i: k.convert(i[-1], int32))
    places = ShapedArray(aval.shape, float64)
    (first,) = k.element(places, lambda *i: k.convert(i[-1], float64))
    one = k.constant(1, int32)
    (counted,) = k.element(pivots.aval, lambda *i: k.add(pivots(*i), one))
    routine = _exchange(count, permutation_size)
    (order,) = native(k, routine, aval.shape[:-1], first, counted)
    return k.element(aval, lambda *i: k.convert(order(*i), int32))


lu_pivots_to_permutation_p: Primitive = primitive(
    "lu_pivots_to_permutation",
    impl=_pivots_impl,
    abstract=_pivots_abstract,
    jvp=constant,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: lu_pivots_to_permutation_p),
    lower=_pivots_lower,
)


def lu_pivots_to_permutation(pivots: Any, permutation_size: int) -> Array:
    """Returns the permutation that a sequence of exchanges of rows amounts to.

    Args:
        pivots: int32 of shape (..., k), in 0…permutation_size-1: row i is exchanged with row
            pivots[i], for i = 0, 1, ….
        permutation_size: how many rows there are.

    Raises:
        TypeError: if the pivots are not int32.
        ValueError: if there are more pivots than rows.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.lu_pivots_to_permutation(jnp.array([2, 2], dtype="int32"), 3)
        Array([2, 0, 1], dtype=int32)
    """
    found = lu_pivots_to_permutation_p.bind(
        to_array(pivots), permutation_size=int(permutation_size)
    )
    return found[0]
