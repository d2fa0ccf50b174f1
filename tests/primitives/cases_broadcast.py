"""Rows for broadcast_in_dim, reduce_sum and transpose."""

import numpy as np

from minijax.core import dtypes
from minijax.primitives.broadcast import broadcast_in_dim, reduce_sum, transpose
from tests.primitives.case import Case, Operand

ANYTHING = (*dtypes.ALL, dtypes.key_dtype)


def _broadcast(label: str, source: tuple, shape: tuple, dims: tuple) -> Case:
    def reference(x: np.ndarray) -> np.ndarray:
        expanded = [1] * len(shape)
        for n, d in zip(source, dims, strict=True):
            expanded[d] = n
        return np.broadcast_to(x.reshape(expanded), shape)

    return Case(
        "broadcast_in_dim",
        lambda x: broadcast_in_dim(x, shape, dims),
        (Operand(source),),
        ANYTHING,
        reference,
        label,
        linear=(0,),
        holomorphic=True,
    )


def _sum(label: str, shape: tuple, axes: tuple) -> Case:
    return Case(
        "reduce_sum",
        lambda x: reduce_sum(x, axes),
        (Operand(shape),),
        dtypes.NUMERIC,
        lambda x: np.sum(x, axis=axes, dtype=x.dtype),
        label,
        linear=(0,),
        holomorphic=True,
    )


def _transpose(label: str, shape: tuple, permutation: tuple) -> Case:
    return Case(
        "transpose",
        lambda x: transpose(x, permutation),
        (Operand(shape),),
        ANYTHING,
        lambda x: x.transpose(permutation),
        label,
        linear=(0,),
        holomorphic=True,
    )


CASES: list[Case] = [
    _broadcast("scalar", (), (2, 3), ()),
    _broadcast("new axes", (3,), (2, 3, 4), (1,)),
    _broadcast("length one", (1, 3), (4, 3), (0, 1)),
    _broadcast("one stays one", (1, 2), (1, 2, 2), (0, 2)),
    _broadcast("to nothing", (2,), (0, 2), (1,)),
    _broadcast("of nothing", (0,), (0, 2), (0,)),
    _sum("first", (3, 4), (0,)),
    _sum("last", (3, 4), (1,)),
    _sum("around", (2, 3, 4), (2, 0)),
    _sum("all", (2, 3), (0, 1)),
    _sum("length one", (1, 3), (0,)),
    _sum("nothing", (0, 3), (0,)),
    _sum("no result", (0, 3), (1,)),
    _transpose("matrix", (2, 3), (1, 0)),
    _transpose("cycle", (2, 3, 4), (2, 0, 1)),
    _transpose("empty", (0, 3, 1), (1, 2, 0)),
]
