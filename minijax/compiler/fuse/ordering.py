"""Sorts that go by the usual order of one key."""

from __future__ import annotations

import numpy as np

from minijax.compiler import numpy_sorts
from minijax.core import dtypes
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Sort


def plain_key(sort: Sort) -> np.dtype | None:
    """Returns the dtype that NumPy sorts the first operand as; None for any other order.

    The order is that of numbers, ascending, with every NaN last and -0 equal to 0.
    """
    less = sort.less
    if less.op not in ("lt", "lt_total") or not sort.operands[0].ndim:
        return None
    left, right = less.operands
    if not (_is_key(left, sort.lhs[0]) and _is_key(right, sort.rhs[0])):
        return None
    if dtypes.is_float(left.dtype) and less.op == "lt":
        return None
    return left.dtype if numpy_sorts.available(left.dtype) else None


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
