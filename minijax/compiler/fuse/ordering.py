"""Sorts that go by the usual order of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minijax.compiler import numpy_sorts
from minijax.core import dtypes
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Sort, numbers_places

_FEW = 64
_SHARE = 8
_MOST = 2**32 - 1  # a place has 32 bits


def plain_keys(sort: Sort) -> tuple[np.dtype, ...]:
    """Returns what NumPy sorts the leading operands as, most important first; () if it cannot.

    The order is that of numbers, ascending, with every NaN last and -0 equal to 0.
    """
    if not sort.operands[0].ndim or sort.operands[0].shape[sort.axis] > _MOST:
        return ()
    found = _leading_keys(sort)
    return found if all(map(numpy_sorts.available, found)) else ()


def key_around(sort: Sort) -> np.dtype | None:
    """Returns what the operands are ordered by around one place; None where they are sorted."""
    if sort.around is None:
        return None
    keys = _leading_keys(sort)
    assert len(keys) == 1, "rows are arranged around a place by one key"
    return keys[0]


def reads_keys(sort: Sort) -> bool:
    """Tells whether the keys of a row are neighbours in memory."""
    first, axis = sort.operands[0], sort.axis
    return math.prod(first.shape[axis + 1 :]) == 1 and not numbers_places(first, axis)


def flags_first(sort: Sort) -> bool:
    """Tells whether so many of those are kept that are true, then of the others."""
    less = sort.less
    if sort.keep is None or less.op != "and" or less.operands[1].op != "not":
        return False
    lhs, rhs = less.operands[0], less.operands[1].operands[0]
    return lhs is sort.lhs[0] and rhs is sort.rhs[0] and lhs.dtype == dtypes.bool_


def _leading_keys(sort: Sort) -> tuple[np.dtype, ...]:
    found: list[np.dtype] = []
    less: Expr | None = sort.less
    while less is not None:
        this, less = _first(less)
        dtype = _key(this, sort.lhs[len(found)], sort.rhs[len(found)])
        if dtype is None:
            return ()
        found.append(dtype)
    return tuple(found)


def selects(sort: Sort) -> bool:
    """Tells whether so few elements are kept that they are found without sorting."""
    n, keep = sort.operands[0].shape[sort.axis], sort.keep
    return keep is not None and keep <= min(_FEW, n // _SHARE)


def scratch(sort: Sort) -> list[int]:
    """Returns the bytes of the working memories of a sort.

    They are two rows of each operand. Of plain keys, they are two rows of values; or a row of keys,
    and two of places. Around a place, they are one or two rows of keys.
    """
    n = sort.operands[0].shape[sort.axis] if sort.operands[0].ndim else 1
    around = key_around(sort)
    if around is not None:
        return [n * around.itemsize] * (1 if reads_keys(sort) else 2)
    if flags_first(sort):
        return []
    keys = plain_keys(sort)
    if not keys:
        return [n * x.dtype.itemsize for x in sort.operands for _ in range(2)]
    row = n * max(key.itemsize for key in keys)
    return [row, row] if sorts_values(sort) else [row, 8 * n, 8 * n]


def sorts_values(sort: Sort) -> bool:
    """Tells whether there is nothing but the key itself to be moved."""
    return len(sort.operands) == 1 and sort.keep is None


def _first(less: Expr) -> tuple[Expr, Expr | None]:
    """Takes `x < y or (x <= y and others)` apart; returns `x < y` and the others."""
    if less.op != "or":
        return less, None
    this, rest = less.operands
    if rest.op != "and":
        return less, None
    (equal, others) = rest.operands
    same = equal.op in ("le", "le_total") and _same(equal.operands, this.operands)
    return (this, others) if same else (less, None)


def _same(left: Sequence[Expr], right: Sequence[Expr]) -> bool:
    return len(left) == len(right) and all(x is y for x, y in zip(left, right, strict=True))


def _key(less: Expr, lhs: Expr, rhs: Expr) -> np.dtype | None:
    if less.op not in ("lt", "lt_total"):
        return None
    left, right = less.operands
    if dtypes.is_float(left.dtype) and less.op == "lt":
        return None
    return left.dtype if _is_key(left, lhs) and _is_key(right, rhs) else None


def _is_key(x: Expr, variable: Expr) -> bool:
    if dtypes.is_float(x.dtype):
        # NaNs are all alike.
        if x.op != "select" or x.operands[0].op != "is_nan":
            return False
        (tested,), (_, nan, other) = x.operands[0].operands, x.operands
        is_nan = nan.is_constant and bool(np.isnan(nan.payload))
        return is_nan and tested is variable and other is variable
    if x.op == "convert" and variable.dtype == dtypes.bool_:
        return x.operands[0] is variable and x.dtype == dtypes.uint8
    return x is variable and dtypes.is_integer(x.dtype)
