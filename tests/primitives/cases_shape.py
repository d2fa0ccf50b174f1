"""Rows for reshape, squeeze and rev."""

import numpy as np

from minijax.core import dtypes
from minijax.primitives.shape import expand_dims, reshape, rev, squeeze
from tests.primitives.case import Case, Operand

ANYTHING = (*dtypes.ALL, dtypes.key_dtype)


def _reshape(label: str, shape: tuple, sizes: tuple) -> Case:
    return Case(
        "reshape",
        lambda x: reshape(x, sizes),
        (Operand(shape),),
        ANYTHING,
        lambda x: x.reshape(sizes),
        label,
        linear=(0,),
        holomorphic=True,
    )


def _squeeze(label: str, shape: tuple, dimensions: tuple) -> Case:
    return Case(
        "squeeze",
        lambda x: squeeze(x, dimensions),
        (Operand(shape),),
        ANYTHING,
        lambda x: np.squeeze(x, dimensions),
        label,
        linear=(0,),
        holomorphic=True,
    )


def _rev(label: str, shape: tuple, dimensions: tuple) -> Case:
    return Case(
        "rev",
        lambda x: rev(x, dimensions),
        (Operand(shape),),
        ANYTHING,
        lambda x: np.flip(x, dimensions),
        label,
        linear=(0,),
        holomorphic=True,
    )


CASES: list[Case] = [
    _reshape("join", (2, 3, 4), (6, 4)),
    _reshape("split", (6, 4), (2, 3, 2, 2)),
    _reshape("across", (2, 6), (3, 4)),
    _reshape("to rank 0", (1, 1), ()),
    _reshape("from rank 0", (), (1,)),
    _reshape("empty", (0, 3), (2, 0)),
    Case(
        "reshape",
        lambda x: reshape(x, (6,), (1, 0)),
        (Operand((2, 3)),),
        ANYTHING,
        lambda x: x.T.reshape(6),
        "permuted first",
        linear=(0,),
    ),
    Case(
        "reshape",
        lambda x: expand_dims(x, (0, -1)),
        (Operand((2, 3)),),
        ANYTHING,
        lambda x: x[None, :, :, None],
        "expand_dims",
        linear=(0,),
    ),
    _squeeze("ends", (1, 3, 1), (0, -1)),
    _squeeze("some", (1, 2, 1, 3), (2,)),
    _squeeze("to rank 0", (1,), (0,)),
    _squeeze("empty", (0, 1), (1,)),
    _rev("vector", (5,), (0,)),
    _rev("some axes", (2, 3, 2), (0, -1)),
    _rev("empty", (0, 2), (0, 1)),
    _rev("one", (1,), (0,)),
]
