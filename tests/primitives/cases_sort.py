"""Cases of sorting."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minijax.core.dtypes import (
    ALL,
    FLOAT,
    bfloat16,
    bool_,
    complex64,
    complex128,
    float32,
    float64,
    int8,
    int32,
    int64,
)
from minijax.primitives.partition import partition
from minijax.primitives.random_bits import random_unwrap, random_wrap
from minijax.primitives.sort import sort, top_k
from tests.primitives.case import Case, Operand

_REAL = tuple(dtype for dtype in ALL if dtype.kind != "c")
_EDGES = [0.0, np.nan, -0.0, 1.0, -np.inf, -np.nan, np.inf, -0.0, 0.0]


def _by_first(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    order = np.argsort(x, kind="stable")
    return x[order], y[order]


def _two_keys(x: Any, y: Any, z: Any) -> Any:
    return sort((x, y, z), num_keys=2)


def _by_two(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, ...]:
    order = np.lexsort((y, x))
    return x[order], y[order], z[order]


def _sort_keys(x: Any, words: Any) -> Any:
    first, keys = sort((x, random_wrap(words)))
    return first, random_unwrap(keys)


def _largest(x: np.ndarray, k: int, axis: int = -1) -> tuple[np.ndarray, np.ndarray]:
    flipped = ~x if x.dtype == bool_ else -x.astype(np.float64)
    order = np.argsort(flipped, axis=axis, kind="stable")
    kept = np.take(order, range(k), axis=axis)
    return np.take_along_axis(x, kept, axis=axis), kept.astype(np.int32)


def _around(x: np.ndarray, kth: int) -> np.ndarray:
    order = np.argsort(x, kind="stable")
    return x[[*np.sort(order[:kth]), order[kth], *np.sort(order[kth + 1 :])]]


def _values(x: Any) -> Any:
    """The part of top_k that has a derivative."""
    return top_k(x, 2, axis=0)[0]


_SIGNED_ZEROS = [0.0, -0.0, np.nan, -np.inf, -0.0, np.inf, 0.0]

CASES: list[Case] = [
    Case("sort", sort, (Operand((7,), distinct=True),), _REAL, np.sort),
    Case("sort", sort, (Operand((6,)),), (complex64, complex128), np.sort, "complex"),
    Case(
        "sort",
        partial(sort, dimension=0),
        (Operand((5, 2, 3), distinct=True),),
        (float64, int32),
        partial(np.sort, axis=0),
        "axis",
    ),
    Case(
        "sort",
        lambda x, y: sort((x, y)),
        (Operand(values=_EDGES), Operand(values=range(9), dtype=int64)),
        FLOAT,
        _by_first,
        "edges",
        differentiable=False,
    ),
    Case(
        "sort",
        lambda x, y: sort((x, y)),
        (
            Operand(values=[complex(1, np.nan), 1 + 2j, complex(np.nan, 0), 1 + 1j, 0j, 2 + 0j]),
            Operand(values=range(6), dtype=int64),
        ),
        (complex128,),
        lambda x, y: (x[[4, 3, 1, 0, 5, 2]], np.array([4, 3, 1, 0, 5, 2])),
        "complex-nan",
        differentiable=False,
    ),
    Case(
        "sort",
        lambda x, y: sort((x, y)),
        (Operand((6,), -1, 1, dtype=int8), Operand((6,))),
        (float64, bfloat16, bool_),
        _by_first,
        "stable",
        differentiable=False,
    ),
    Case(
        "sort",
        lambda x, y: sort((x, y)),
        (Operand((2, 5), distinct=True), Operand((2, 5))),
        (float64, float32),
        label="payload",
    ),
    Case(
        "sort",
        _two_keys,
        (
            Operand((8,), 0, 2, dtype=int32),
            Operand((8,), distinct=True),
            Operand((8,), dtype=float64),
        ),
        (float64, float32),
        _by_two,
        "two-keys",
        differentiable=False,
    ),
    Case(
        "sort",
        _sort_keys,
        (Operand((4,), distinct=True), Operand((4, 2), 0, 99, dtype=np.dtype(np.uint32))),
        (float64,),
        label="typed-keys",
        differentiable=False,
    ),
    Case("sort", sort, (Operand((2, 0)),), (float64, bool_), np.sort, "empty"),
    Case("sort", sort, (Operand((0, 2)),), (float64,), np.sort, "no-lines"),
    Case("sort", sort, (Operand((2, 1)),), (float64, complex128), np.sort, "one"),
    Case(
        "partition",
        lambda x: partition([x], 3)[0],
        (Operand((7,), distinct=True),),
        _REAL,
        partial(_around, kth=3),
    ),
    Case(
        "partition",
        lambda x, y: partition([x, y], 2, 0),
        (Operand((5, 3), distinct=True), Operand((5, 3))),
        (float64, float32),
        label="payload",
    ),
    Case(
        "partition",
        lambda x, y: partition([x, y], -4),
        (Operand(values=_EDGES), Operand(values=range(9), dtype=int64)),
        FLOAT,
        lambda x, y: (x[[0, 2, 4, 7, 8, 3, 1, 5, 6]], np.array([0, 2, 4, 7, 8, 3, 1, 5, 6])),
        "edges",
        differentiable=False,
    ),
    Case("partition", lambda x: partition([x], 0)[0], (Operand((2, 1)),), (float64,), label="one"),
    Case("top_k", _values, (Operand((4, 3), distinct=True),), (float64, float32), label="values"),
    Case(
        "top_k",
        partial(top_k, k=3),
        (Operand((7,), distinct=True),),
        _REAL,
        partial(_largest, k=3),
        differentiable=False,
    ),
    Case(
        "top_k",
        partial(top_k, k=2, axis=0),
        (Operand((4, 3), distinct=True),),
        (float64, int8),
        partial(_largest, k=2, axis=0),
        "axis",
        differentiable=False,
    ),
    Case(
        "top_k",
        partial(top_k, k=7),
        (Operand(values=_SIGNED_ZEROS),),
        FLOAT,
        lambda x: (x[[2, 5, 0, 6, 1, 4, 3]], np.array([2, 5, 0, 6, 1, 4, 3], np.int32)),
        "signed-zeros",
        differentiable=False,
    ),
    Case(
        "top_k",
        partial(top_k, k=0),
        (Operand((2, 3)),),
        (float64,),
        partial(_largest, k=0),
        "none",
        differentiable=False,
    ),
    Case(
        "top_k",
        partial(top_k, k=0),
        (Operand((2, 0)),),
        (float32,),
        partial(_largest, k=0),
        "empty",
        differentiable=False,
    ),
    Case(
        "top_k",
        partial(top_k, k=1),
        (Operand((1,)),),
        (float64,),
        partial(_largest, k=1),
        "one",
        differentiable=False,
    ),
]
