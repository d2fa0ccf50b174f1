"""Cases of reductions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minijax.core.dtypes import (
    ALL,
    FLOAT,
    NUMERIC,
    bool_,
    complex128,
    float32,
    float64,
    int8,
    int32,
    int64,
    uint8,
    uint64,
)
from minijax.primitives.arithmetic import add, mul
from minijax.primitives.compare import gt, select_n
from minijax.primitives.reduce import reduce
from minijax.primitives.reduction import (
    LOGICAL,
    ORDERED,
    argmax,
    argmin,
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
    reduce_xor,
)
from tests.primitives.case import Case, Operand

_REAL = tuple(dtype for dtype in ALL if dtype.kind != "c")


def _case(
    name: str,
    function: Callable[..., Any],
    reference: Callable[..., Any],
    operand: Operand,
    axes: tuple[int, ...],
    **facts: Any,
) -> Case:
    return Case(
        name,
        partial(function, axes=axes),
        (operand,),
        reference=partial(reference, axis=axes),
        **facts,
    )


# -- max, min

_EXTREMES = [
    case
    for name, function, reference, empty in (
        ("reduce_max", reduce_max, np.max, -np.inf),
        ("reduce_min", reduce_min, np.min, np.inf),
    )
    for case in (
        _case(name, function, reference, Operand((7,), distinct=True), (0,), dtypes=_REAL),
        _case(
            name, function, reference, Operand((5,)), (0,), dtypes=(complex128,), label="complex"
        ),
        _case(
            *(name, function, reference, Operand((2, 3, 4), distinct=True), (0, 2)),
            dtypes=(float64, int8),
            label="axes",
        ),
        _case(
            *(name, function, reference, Operand((2, 2), distinct=True), ()),
            dtypes=(float64,),
            label="no-axes",
        ),
        _case(
            *(name, function, reference, Operand(values=[1.0, np.nan, -np.inf]), (0,)),
            dtypes=FLOAT,
            label="nan",
            differentiable=False,
        ),
        _case(name, function, reference, Operand((3, 1)), (1,), dtypes=(float64,), label="one"),
        Case(
            name,
            partial(function, axes=(1,)),
            (Operand((2, 0)),),
            (float64, float32),
            reference=lambda x, empty=empty: np.full(2, empty),
            label="empty",
            differentiable=False,
        ),
    )
]


# -- prod

_PRODS = [
    _case("reduce_prod", reduce_prod, np.prod, Operand((4,), 1, 2), (0,), dtypes=(float64,)),
    Case(
        "reduce_prod",
        partial(reduce_prod, axes=(0,)),
        (Operand((5,)),),
        NUMERIC,
        reference=lambda x: np.prod(x, dtype=x.dtype),
        label="dtypes",
        holomorphic=True,
    ),
    _case(
        *("reduce_prod", reduce_prod, np.prod, Operand(values=[2.0, 0.0, 3.0]), (0,)),
        dtypes=(float64, float32),
        label="zero",
        holomorphic=True,
    ),
    _case(
        *("reduce_prod", reduce_prod, np.prod, Operand(values=[2.0, 0.0, 3.0, 0.0]), (0,)),
        dtypes=(float64,),
        label="zeros",
        holomorphic=True,
    ),
    _case(
        *("reduce_prod", reduce_prod, np.prod, Operand((2, 3, 2)), (0, 2)),
        dtypes=(float64, complex128),
        label="axes",
    ),
    _case(
        "reduce_prod", reduce_prod, np.prod, Operand((0, 2)), (0,), dtypes=(float64,), label="empty"
    ),
    _case("reduce_prod", reduce_prod, np.prod, Operand((1,)), (0,), dtypes=(float64,), label="one"),
]


# -- and, or, xor


def _bitwise(function: np.ufunc) -> Callable[..., np.ndarray]:
    return lambda x, axis: function.reduce(x, axis=axis)


_LOGICAL = [
    case
    for name, function, ufunc in (
        ("reduce_and", reduce_and, np.bitwise_and),
        ("reduce_or", reduce_or, np.bitwise_or),
        ("reduce_xor", reduce_xor, np.bitwise_xor),
    )
    for case in (
        _case(name, function, _bitwise(ufunc), Operand((5,), -9, 9), (0,), dtypes=LOGICAL),
        _case(
            *(name, function, _bitwise(ufunc), Operand((2, 3, 2)), (0, 2)),
            dtypes=(bool_, int32),
            label="axes",
        ),
        _case(
            *(name, function, _bitwise(ufunc), Operand((0, 2)), (0,)),
            dtypes=(bool_, uint8, int64),
            label="empty",
        ),
    )
]


# -- argmax, argmin

_ARGS = [
    case
    for name, function, reference in (
        ("argmax", argmax, np.argmax),
        ("argmin", argmin, np.argmin),
    )
    for case in (
        Case(
            name,
            partial(function, axis=0, index_dtype=int32),
            (Operand((6,)),),
            ORDERED,
            reference=reference,
            differentiable=False,
        ),
        Case(
            name,
            partial(function, axis=1, index_dtype=int64),
            (Operand((2, 5, 3), -1, 1),),
            (int8, float64),
            reference=partial(reference, axis=1),
            label="ties",
            differentiable=False,
        ),
        Case(
            name,
            partial(function, axis=0, index_dtype=uint8),
            (Operand(values=[1.0, np.nan, np.inf, np.nan, -np.inf]),),
            FLOAT,
            reference=lambda x: np.uint8(1),
            label="nan",
            differentiable=False,
        ),
        Case(
            name,
            partial(function, axis=0, index_dtype=int32),
            (Operand(values=[-np.inf, -np.inf] if name == "argmax" else [np.inf, np.inf]),),
            FLOAT,
            reference=lambda x: np.int32(0),
            label="infinite",
            differentiable=False,
        ),
        Case(
            name,
            partial(function, axis=1, index_dtype=int32),
            (Operand((3, 1)),),
            (float64, uint64),
            reference=lambda x: np.zeros(3, np.int32),
            label="one",
            differentiable=False,
        ),
    )
]


# -- reduce


def _compose(f: Any, g: Any) -> Any:
    """The composition of two maps x -> a·x + b, which is associative but not commutative."""
    return mul(f[0], g[0]), add(mul(f[1], g[0]), g[1])


def _composed(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale, offset = np.ones_like(a[0]), np.zeros_like(b[0])
    for x, y in zip(a, b, strict=True):
        scale, offset = scale * x, offset * x + y
    return scale, offset


def _maps(a: Any, b: Any) -> Any:
    one, zero = a.dtype.type(1), a.dtype.type(0)
    return reduce((a, b), (one, zero), _compose, (0,))


def _larger(x: Any, y: Any) -> Any:
    return select_n(gt(x[0], y[0]), y[0], x[0]), select_n(gt(x[0], y[0]), y[1], x[1])


_GENERAL = [
    Case(
        "reduce",
        _maps,
        (Operand((5,)), Operand((5,))),
        (float64, float32, complex128, int32),
        reference=_composed,
        holomorphic=True,
    ),
    Case(
        "reduce",
        _maps,
        (Operand((4, 3)), Operand((4, 3))),
        (float64,),
        reference=_composed,
        label="outer",
    ),
    Case("reduce", _maps, (Operand((0, 2)), Operand((0, 2))), (float64,), label="empty"),
    Case("reduce", _maps, (Operand((1, 2)), Operand((1, 2))), (float64,), label="one"),
    Case(
        "reduce",
        lambda x, init: reduce(x, init, lambda a, b: add(add(a, b), mul(a, b)), (0, 2)),
        (Operand((2, 2, 3)), Operand(())),
        (float64, int64),
        reference=lambda x, init: np.prod(x + 1, axis=(0, 2), dtype=x.dtype) * (init + 1) - 1,
        label="init",
    ),
    Case(
        "reduce",
        lambda x, y: reduce((x, y), (np.float64(-9), np.int64(0)), _larger, (1,)),
        (Operand((3, 4), distinct=True, dtype=float64), Operand((3, 4), dtype=int64)),
        (float64,),
        label="dtypes",
        differentiable=False,
    ),
    Case(
        "reduce_sum",
        lambda x: reduce(x, x.dtype.type(2), add, (0,)),
        (Operand((3,)),),
        (float64, int8),
        reference=lambda x: np.sum(x, dtype=x.dtype) + x.dtype.type(2),
        label="by-reduce",
    ),
]

CASES: list[Case] = [*_EXTREMES, *_PRODS, *_LOGICAL, *_ARGS, *_GENERAL]
