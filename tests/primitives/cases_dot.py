"""Cases of contractions."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minijax.core.dtypes import (
    ALL,
    INEXACT,
    bfloat16,
    bool_,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int32,
    int64,
)
from minijax.primitives.dot import batch_matmul, dot, dot_general
from tests.primitives.case import Case, Operand


def _matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.matmul(x, y, dtype=None if x.dtype == bool_ else x.dtype)


def _general(
    lhs: tuple[int, ...],
    rhs: tuple[int, ...],
    numbers: Any,
    spec: str,
    label: str,
    over: Any = (float64,),
    linear: tuple[int, ...] = (0, 1),
    **facts: Any,
) -> Case:
    return Case(
        "dot_general",
        partial(dot_general, dimension_numbers=numbers),
        (Operand(lhs), Operand(rhs)),
        over,
        reference=lambda x, y: np.einsum(spec, x, y),
        label=label,
        linear=linear,
        **facts,
    )


def _preferring(
    dtype: np.dtype, over: tuple[np.dtype, ...], label: str, linear: tuple[int, ...] = (0, 1)
) -> Case:
    return Case(
        "dot_general",
        partial(
            dot_general, dimension_numbers=(((1,), (0,)), ((), ())), preferred_element_type=dtype
        ),
        (Operand((2, 5)), Operand((5, 3))),
        over,
        reference=lambda x, y: (x.astype(np.float64) @ y.astype(np.float64)).astype(dtype),
        label=label,
        linear=linear,
        tolerance=1e-6,
        # Finite differences need a result in double precision.
        differentiable=dtype == float64,
    )


CASES: list[Case] = [
    Case("dot_general", dot, (Operand((2, 4)), Operand((4, 3))), ALL, _matmul, linear=(0, 1)),
    Case("dot_general", dot, (Operand((4,)), Operand((4,))), INEXACT, np.dot, "vec", linear=(0, 1)),
    Case(
        "dot_general", dot, (Operand((3, 4)), Operand((4,))), ALL, _matmul, "matvec", linear=(0, 1)
    ),
    Case("dot_general", dot, (Operand((3,)), Operand((3, 2))), (float64,), np.dot, "vecmat"),
    Case(
        "dot_general",
        batch_matmul,
        (Operand((2, 3, 4)), Operand((2, 4, 2))),
        (float64, float32, bfloat16, complex128, int32, bool_),
        _matmul,
        "batch",
        linear=(0, 1),
        holomorphic=True,
    ),
    _general((2, 3), (4,), (((), ()), ((), ())), "ab,c->abc", "outer", (float64, int8)),
    _general((), (3,), (((), ()), ((), ())), ",c->c", "scalar"),
    _general((3, 2, 4), (4, 3), (((2, 0), (0, 1)), ((), ())), "abc,ca->b", "two"),
    _general((3, 2, 4), (4, 5, 3), (((0, 2), (2, 0)), ((), ())), "abc,cda->bd", "crossed"),
    _general((4, 2, 3), (2, 3, 4), (((2,), (1,)), ((1, 0), (0, 2))), "abc,bca->ba", "batches"),
    _general(
        *((2, 5, 3, 4), (3, 4, 6, 2), (((3,), (1,)), ((0, 2), (3, 0))), "abcd,cdea->acbe"),
        label="all",
        over=(float64, complex128),
    ),
    _general(
        (2, 0), (0, 3), (((1,), (0,)), ((), ())), "ab,bc->ac", "empty-depth", (float64, int32), (0,)
    ),
    _general((0, 2), (2, 3), (((1,), (0,)), ((), ())), "ab,bc->ac", "empty-rows", linear=(0,)),
    _general(
        (0, 2, 2),
        (0, 2, 3),
        (((2,), (1,)), ((0,), (0,))),
        "zab,zbc->zac",
        "empty-batch",
        linear=(0,),
    ),
    _general((1, 1), (1, 1), (((1,), (0,)), ((), ())), "ab,bc->ac", "one"),
    _preferring(float32, (bfloat16, float16), "wider"),
    _preferring(float64, (float32,), "float64"),
    _preferring(float32, (float64,), "narrower"),
    _preferring(int32, (int8,), "int32", linear=()),
    _preferring(float64, (int32, int8), "to-float", linear=()),
    Case(
        "dot_general",
        dot,
        (Operand((2, 3), dtype=int64), Operand((3, 2), dtype=float32)),
        (float32,),
        reference=lambda x, y: x.astype(np.float32) @ y,
        label="promoted",
        linear=(1,),
    ),
    Case(
        "dot_general",
        lambda x: dot(x, x),
        (Operand((3, 3)),),
        (float64, complex128),
        reference=lambda x: x @ x,
        label="square",
        holomorphic=True,
    ),
]
