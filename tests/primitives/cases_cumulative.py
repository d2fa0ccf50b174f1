"""Cases of running folds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minijax.core.dtypes import FLOAT, INEXACT, NUMERIC, complex128, float32, float64, int8, uint32
from minijax.primitives.cumulative import (
    cumlogsumexp,
    cummax,
    cummin,
    cumprod,
    cumsum,
    linear_recurrence,
)
from tests.primitives.case import Case, Operand

_REAL = tuple(dtype for dtype in NUMERIC if dtype.kind != "c")


def _along(function: Callable[..., np.ndarray], axis: int, reverse: bool) -> Callable[..., Any]:
    def reference(x: np.ndarray) -> np.ndarray:
        if not reverse:
            return function(x, axis)
        return np.flip(function(np.flip(x, axis), axis), axis)

    return reference


def _case(
    name: str,
    function: Callable[..., Any],
    reference: Callable[..., np.ndarray],
    operand: Operand,
    *,
    axis: int = 0,
    reverse: bool = False,
    **facts: Any,
) -> Case:
    return Case(
        name,
        partial(function, axis=axis, reverse=reverse),
        (operand,),
        reference=_along(reference, axis, reverse),
        **facts,
    )


def _sum(x: np.ndarray, axis: int) -> np.ndarray:
    return np.cumsum(x, axis, dtype=x.dtype)


def _prod(x: np.ndarray, axis: int) -> np.ndarray:
    return np.cumprod(x, axis, dtype=x.dtype)


def _logsumexp(x: np.ndarray, axis: int) -> np.ndarray:
    return np.log(np.cumsum(np.exp(x), axis))


def _recurrence(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    y = b.copy()
    for i in range(1, len(y)):
        y[i] = a[i] * y[i - 1] + b[i]
    return y


_SUMS = [
    _case("cumsum", cumsum, _sum, Operand((7,)), dtypes=NUMERIC, linear=(0,), holomorphic=True),
    _case(
        *("cumsum", cumsum, _sum, Operand((2, 5, 3))),
        axis=1,
        reverse=True,
        dtypes=(float64, float32, int8),
        label="reverse",
        linear=(0,),
    ),
    _case("cumsum", cumsum, _sum, Operand((0, 2)), dtypes=(float64,), label="empty", linear=(0,)),
    _case(
        *("cumsum", cumsum, _sum, Operand((3, 1))),
        axis=1,
        dtypes=(float64, complex128),
        label="one",
        linear=(0,),
    ),
]

_PRODS = [
    _case("cumprod", cumprod, _prod, Operand((5,)), dtypes=NUMERIC, holomorphic=True),
    _case(
        *("cumprod", cumprod, _prod, Operand(values=[2.0, 0.0, 3.0, 0.0, -1.0])),
        dtypes=(float64, float32),
        label="zeros",
        holomorphic=True,
    ),
    _case(
        *("cumprod", cumprod, _prod, Operand((2, 4))),
        axis=1,
        reverse=True,
        dtypes=(float64, uint32),
        label="reverse",
    ),
    _case("cumprod", cumprod, _prod, Operand((0,)), dtypes=(float64,), label="empty"),
    _case("cumprod", cumprod, _prod, Operand((1,)), dtypes=(float64,), label="one"),
]

_EXTREMES = [
    case
    for name, function, reference in (
        ("cummax", cummax, np.maximum.accumulate),
        ("cummin", cummin, np.minimum.accumulate),
    )
    for case in (
        _case(name, function, reference, Operand((6,), distinct=True), dtypes=_REAL),
        _case(
            *(name, function, reference, Operand((2, 4), distinct=True)),
            axis=1,
            reverse=True,
            dtypes=(float64, int8),
            label="reverse",
        ),
        _case(name, function, reference, Operand((5,)), dtypes=(complex128,), label="complex"),
        _case(
            *(name, function, reference, Operand(values=[1.0, np.nan, 3.0, -np.inf])),
            dtypes=FLOAT,
            label="nan",
            differentiable=False,
        ),
        _case(name, function, reference, Operand((2, 0)), axis=1, dtypes=(float64,), label="empty"),
        _case(name, function, reference, Operand((1,)), dtypes=(float64,), label="one"),
    )
]

_LOGSUMEXPS = [
    _case("cumlogsumexp", cumlogsumexp, _logsumexp, Operand((6,)), dtypes=INEXACT),
    _case(
        *("cumlogsumexp", cumlogsumexp, _logsumexp, Operand((3, 4))),
        axis=1,
        reverse=True,
        dtypes=(float64,),
        label="reverse",
    ),
    Case(
        "cumlogsumexp",
        cumlogsumexp,
        (Operand(values=[-np.inf, -np.inf, -1e4, 0.0, np.inf, np.inf, np.nan]),),
        (float64, float32),
        reference=lambda x: np.array([-np.inf, -np.inf, -1e4, 0.0, np.inf, np.inf, np.nan]),
        label="infinities",
        differentiable=False,
    ),
    Case(
        "cumlogsumexp",
        cumlogsumexp,
        (Operand(values=[1e4, 1e4, -1e4]),),
        (float64, float32),
        reference=lambda x: np.array([1e4, 1e4 + np.log(2), 1e4 + np.log(2)]),
        label="stable",
        differentiable=False,
    ),
    _case(
        "cumlogsumexp", cumlogsumexp, _logsumexp, Operand((0,)), dtypes=(float64,), label="empty"
    ),
    _case("cumlogsumexp", cumlogsumexp, _logsumexp, Operand((1,)), dtypes=(float64,), label="one"),
]

_RECURRENCES = [
    Case(
        "linear_recurrence",
        linear_recurrence,
        (Operand((5,)), Operand((5,))),
        NUMERIC,
        reference=_recurrence,
        linear=(1,),
        holomorphic=True,
    ),
    Case(
        "linear_recurrence",
        partial(linear_recurrence, axis=1, reverse=True),
        (Operand((2, 4)), Operand((2, 4))),
        (float64, float32),
        label="reverse",
        linear=(1,),
    ),
    Case(
        "linear_recurrence",
        linear_recurrence,
        (Operand((0,)), Operand((0,))),
        (float64,),
        label="empty",
        linear=(1,),
    ),
    Case(
        "linear_recurrence",
        linear_recurrence,
        (Operand(values=[np.inf]), Operand((1,))),
        (float64,),
        label="one",
        linear=(1,),
        differentiable=False,
    ),
]

CASES: list[Case] = [*_SUMS, *_PRODS, *_EXTREMES, *_LOGSUMEXPS, *_RECURRENCES]
