"""Factorisations and solutions of small matrices as straight code.

A call of LAPACK costs more than the arithmetic of a matrix of a few rows. In compiled programs a
batch of such matrices is worked on side by side, one in each lane of a vector; rows are exchanged
by choosing. The operations are those of LAPACK, up to the order of rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import bool_, int32
from minijax.primitives.linalg.matrices import nan_of

Matrix = list[list[Any]]

_MOST, _MOST_ALONE = 8, 4
_MANY = 16
_DTYPES = (dtypes.float32, dtypes.float64)


def is_small(shape: Sequence[int], dtype: np.dtype) -> bool:
    """Tells whether matrices of a shape (..., m, n) are worked on by straight code."""
    *batch, m, n = shape
    most = _MOST if math.prod(batch) >= _MANY else _MOST_ALONE
    return dtype in _DTYPES and min(m, n) > 0 and max(m, n) <= most


# -- batches


def unrolled(
    k: Any, out: Sequence[Any], operands: Sequence[Any], rank: int, body: Callable[..., Any]
) -> tuple[Any, ...]:
    """Returns results of straight code for each index of a batch.

    Args:
        k: the builder.
        out: the avals of the results.
        operands: values with the same leading axes.
        rank: how many axes are the batch.
        body: takes, for each operand, a function from indices to its element; returns lists of
            the elements of the results.
    """
    batch = out[0].shape[:rank]
    lead = (math.prod(batch),) if batch else ()
    joined = [_reshaped(k, x, (*lead, *x.shape[rank:])) for x in operands]
    avals = [ShapedArray((*lead, *aval.shape[rank:]), aval.dtype) for aval in out]

    def at(*index: Any) -> Any:
        return body(*(_element_of(x, index) for x in joined))

    found = k.unrolled(avals, lead, at)
    return tuple(_reshaped(k, x, aval.shape) for x, aval in zip(found, out, strict=True))


def _element_of(x: Any, index: Sequence[Any]) -> Callable[..., Any]:
    return lambda *place: x(*index, *place)


def _reshaped(k: Any, x: Any, shape: tuple[int, ...]) -> Any:
    return x if x.shape == shape else k.reshape(x, ShapedArray(shape, x.dtype))[0]


def _matrix(x: Callable[..., Any], m: int, n: int) -> Matrix:
    return [[x(i, j) for j in range(n)] for i in range(m)]


def _flat(a: Matrix) -> list[Any]:
    return [x for row in a for x in row]


# -- Cholesky


def small_cholesky(k: Any, a: Any, out: Any) -> tuple[Any, ...]:
    """Returns the lower factors of positive definite matrices; NaN for others."""
    n, dtype = a.shape[-1], a.dtype
    zero = k.constant(0, dtype)

    def body(a: Any) -> Any:
        low, is_definite = _factor(k, a, n)
        nan = nan_of(k, dtype)
        rows = [[k.select(is_definite, x, nan) for x in row] for row in low]
        return (_flat([row + [zero] * (n - len(row)) for row in rows]),)

    return unrolled(k, out, (a,), a.ndim - 2, body)


def _factor(k: Any, a: Any, n: int) -> tuple[Matrix, Any]:
    rows: Matrix = [[a(i, j) for j in range(i + 1)] for i in range(n)]
    is_definite = k.constant(True, bool_)
    for j in range(n):
        pivot = rows[j][j]
        is_definite = k.all_of((is_definite, k.gt(pivot, 0)))
        rows[j][j] = k.sqrt(pivot)
        inverse = k.div(k.constant(1, pivot.dtype), rows[j][j])
        for i in range(j + 1, n):
            rows[i][j] = k.mul(rows[i][j], inverse)
            for other in range(j + 1, i + 1):
                product = k.mul(rows[i][j], rows[other][j])
                rows[i][other] = k.sub(rows[i][other], product)
    return rows, is_definite


# -- LU


def small_lu(k: Any, a: Any, out: Any) -> tuple[Any, ...]:
    """Returns factors, pivots and permutation of matrices, as `lu` does."""
    m, n = a.shape[-2:]

    def body(a: Any) -> Any:
        rows = [[*row, k.constant(i, int32)] for i, row in enumerate(_matrix(a, m, n))]
        pivots = [_eliminate(k, rows, column) for column in range(min(m, n))]
        return _flat([row[:n] for row in rows]), pivots, [row[n] for row in rows]

    return unrolled(k, out, (a,), a.ndim - 2, body)


def _eliminate(k: Any, rows: Matrix, column: int) -> Any:
    """Exchanges rows (whose last entry is their number) and clears a column; returns the pivot."""
    below = range(column + 1, len(rows))
    pivot = k.constant(column, int32)
    largest = k.abs(rows[column][column])
    for i in below:
        size = k.abs(rows[i][column])
        is_larger = k.gt(size, largest)
        largest = k.select(is_larger, size, largest)
        pivot = k.select(is_larger, k.constant(i, int32), pivot)
    first = rows[column]
    for i in below:
        is_pivot = k.eq(pivot, k.constant(i, int32))
        rows[i], rows[column] = (
            [k.select(is_pivot, x, y) for x, y in zip(first, rows[i], strict=True)],
            [k.select(is_pivot, y, x) for x, y in zip(rows[column], rows[i], strict=True)],
        )
    top = rows[column]
    # Where the whole column is zero it stays so.
    divisor = k.select(k.eq(top[column], 0), 1, top[column])
    for i in below:
        factor = rows[i][column] = k.div(rows[i][column], divisor)
        for j in range(column + 1, len(top) - 1):
            rows[i][j] = k.sub(rows[i][j], k.mul(factor, top[j]))
    return pivot


# -- triangular equations


def small_triangular_solve(
    k: Any,
    a: Any,
    b: Any,
    out: Any,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    unit_diagonal: bool,
) -> tuple[Any, ...]:
    """Returns the solutions of op(a) · x = b, or x · op(a) = b."""
    m, n = b.shape[-2:]
    # x · a = b is aᵀ · xᵀ = bᵀ.
    is_transposed = transpose_a == left_side

    def body(a: Any, b: Any) -> Any:
        entry = (lambda i, j: a(j, i)) if is_transposed else a
        right = _matrix(b, m, n)
        if not left_side:
            right = _turned(right)
        found = substitute(k, entry, right, lower != is_transposed, unit_diagonal)
        return (_flat(found if left_side else _turned(found)),)

    return unrolled(k, out, (a, b), b.ndim - 2, body)


def _turned(a: Matrix) -> Matrix:
    return [list(column) for column in zip(*a, strict=True)]


def substitute(
    k: Any, a: Callable[..., Any], b: Matrix, lower: bool, unit_diagonal: bool
) -> Matrix:
    """Returns the rows of x with a · x = b, for a triangular a given by its elements."""
    n = len(b)
    found: Matrix = [[] for _ in range(n)]
    order = range(n) if lower else range(n - 1, -1, -1)
    for i in order:
        row = b[i]
        for j in order[: order.index(i)]:
            row = [k.sub(x, k.mul(a(i, j), y)) for x, y in zip(row, found[j], strict=True)]
        if not unit_diagonal:
            row = _divided(k, row, a(i, i))
        found[i] = row
    return found


def _divided(k: Any, row: list[Any], divisor: Any) -> list[Any]:
    if len(row) == 1:
        return [k.div(row[0], divisor)]
    inverse = k.div(k.constant(1, divisor.dtype), divisor)
    return [k.mul(x, inverse) for x in row]


def small_factored_solve(
    k: Any, factors: Any, permutation: Any, b: Any, out: Any, trans: int
) -> tuple[Any, ...]:
    """Returns the solutions of a · x = b (or of the transpose's) from factors of `lu`."""
    n, m = b.shape[-2:]

    def body(f: Any, p: Any, b: Any) -> Any:
        numbers = [k.constant(i, int32) for i in range(n)]
        is_row = [[k.eq(p(i), number) for number in numbers] for i in range(n)]
        right = _matrix(b, n, m)
        if trans == 0:
            inner = substitute(k, f, _chosen(k, is_row, right), True, True)
            return (_flat(substitute(k, f, inner, False, False)),)
        inner = substitute(k, lambda i, j: f(j, i), right, True, False)
        found = substitute(k, lambda i, j: f(j, i), inner, False, True)
        return (_flat(_chosen(k, _turned(is_row), found)),)

    return unrolled(k, out, (factors, permutation, b), b.ndim - 2, body)


def _chosen(k: Any, is_row: Matrix, rows: Matrix) -> Matrix:
    """Returns the rows of which one flag holds in each line."""
    found = []
    for flags in is_row:
        chosen = rows[0]
        for flag, row in zip(flags[1:], rows[1:], strict=True):
            chosen = [k.select(flag, x, y) for x, y in zip(row, chosen, strict=True)]
        found.append(chosen)
    return found
