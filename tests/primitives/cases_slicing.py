"""Rows for slice, dynamic_slice, dynamic_update_slice and the additions that transpose them."""

import numpy as np

from minijax.core import dtypes
from minijax.primitives.slicing import (
    dynamic_index_in_dim,
    dynamic_slice,
    dynamic_slice_add_p,
    dynamic_update_index_in_dim,
    dynamic_update_slice,
)
from minijax.primitives.windows import index_in_dim, slice_add_p, slice_in_dim
from minijax.primitives.windows import slice as slice_static
from tests.primitives.case import Case, Operand

ANYTHING = (*dtypes.ALL, dtypes.key_dtype)
START = Operand((), -4, 6, dtypes.int64)


def _slice(label: str, shape: tuple, starts: tuple, limits: tuple, strides: tuple) -> Case:
    window = tuple(map(slice, starts, limits, strides))
    return Case(
        "slice",
        lambda x: slice_static(x, starts, limits, strides),
        (Operand(shape),),
        ANYTHING,
        lambda x: x[window],
        label,
        linear=(0,),
        holomorphic=True,
    )


def _slice_add(label: str, shape: tuple, size: tuple, starts: tuple, strides: tuple) -> Case:
    def reference(x: np.ndarray, update: np.ndarray) -> np.ndarray:
        result = np.array(x)
        for i in np.ndindex(*size):
            place = tuple(s + k * by for s, k, by in zip(starts, i, strides, strict=True))
            result[place] += update[i]
        return result

    return Case(
        "slice_add",
        lambda x, update: slice_add_p.bind(x, update, starts=starts, strides=strides),
        (Operand(shape), Operand(size)),
        dtypes.NUMERIC,
        reference,
        label,
        linear=(0, 1),
        holomorphic=True,
    )


def _firsts(shape: tuple, size: tuple, starts: tuple) -> list[int]:
    wrapped = [int(s) + n if s < 0 else int(s) for s, n in zip(starts, shape, strict=True)]
    return [min(max(s, 0), n - m) for s, n, m in zip(wrapped, shape, size, strict=True)]


def _window(shape: tuple, size: tuple, starts: tuple) -> tuple:
    firsts = _firsts(shape, size, starts)
    return tuple(slice(s, s + m) for s, m in zip(firsts, size, strict=True))


def _dynamic_slice(label: str, shape: tuple, size: tuple, start: Operand = START) -> Case:
    return Case(
        "dynamic_slice",
        lambda x, *starts: dynamic_slice(x, starts, size),
        (Operand(shape), *(start for _ in shape)),
        ANYTHING,
        lambda x, *starts: x[_window(shape, size, starts)],
        label,
        linear=(0,),
        holomorphic=True,
    )


def _dynamic_update_slice(label: str, shape: tuple, size: tuple, start: Operand = START) -> Case:
    def reference(x: np.ndarray, update: np.ndarray, *starts: np.ndarray) -> np.ndarray:
        result = np.array(x)
        result[_window(shape, size, starts)] = update
        return result

    return Case(
        "dynamic_update_slice",
        lambda x, update, *starts: dynamic_update_slice(x, update, starts),
        (Operand(shape), Operand(size), *(start for _ in shape)),
        ANYTHING,
        reference,
        label,
        linear=(0, 1),
        holomorphic=True,
    )


def _dynamic_slice_add(label: str, shape: tuple, size: tuple) -> Case:
    def reference(x: np.ndarray, update: np.ndarray, *starts: np.ndarray) -> np.ndarray:
        result = np.array(x)
        # Starts of the primitive itself are clamped, never wrapped.
        result[_window(shape, size, tuple(max(s, 0) for s in starts))] += update
        return result

    return Case(
        "dynamic_slice_add",
        lambda x, update, *starts: dynamic_slice_add_p.bind(x, update, *starts),
        (Operand(shape), Operand(size), *(START for _ in shape)),
        dtypes.NUMERIC,
        reference,
        label,
        linear=(0, 1),
        holomorphic=True,
    )


def _index(dtype: np.dtype, value: int) -> Operand:
    return Operand((), dtype=dtype, values=np.asarray(value, dtype))


CASES: list[Case] = [
    _slice("vector", (6,), (1,), (5,), (1,)),
    _slice("strided", (7, 5), (1, 0), (7, 5), (3, 2)),
    _slice("nothing", (4, 3), (2, 0), (2, 3), (1, 1)),
    _slice("of nothing", (0, 3), (0, 1), (0, 3), (1, 1)),
    _slice("one", (1,), (0,), (1,), (4,)),
    Case(
        "slice",
        lambda x: slice_in_dim(x, -4, -1, 2, axis=-1),
        (Operand((2, 5)),),
        ANYTHING,
        lambda x: x[:, -4:-1:2],
        "in dim",
        linear=(0,),
    ),
    Case(
        "slice",
        lambda x: index_in_dim(x, -1, 1, keepdims=False),
        (Operand((2, 5)),),
        ANYTHING,
        lambda x: x[:, -1],
        "index in dim",
        linear=(0,),
    ),
    _slice_add("strided", (7, 5), (2, 3), (1, 0), (3, 2)),
    _slice_add("vector", (6,), (3,), (2,), (1,)),
    _slice_add("nothing", (4,), (0,), (4,), (1,)),
    _dynamic_slice("vector", (6,), (3,)),
    _dynamic_slice("matrix", (5, 4), (2, 4)),
    _dynamic_slice("rank 3", (3, 1, 4), (1, 1, 2)),
    _dynamic_slice("rank 0", (), ()),
    _dynamic_slice("nothing", (4, 2), (0, 2)),
    _dynamic_slice("int8", (200,), (3,), _index(dtypes.int8, -5)),
    _dynamic_slice("uint8", (6,), (3,), _index(dtypes.uint8, 250)),
    _dynamic_slice("uint64", (6,), (3,), _index(dtypes.uint64, 2**64 - 1)),
    Case(
        "dynamic_slice",
        lambda x, i: dynamic_index_in_dim(x, i, 1, keepdims=False),
        (Operand((3, 5)), START),
        ANYTHING,
        lambda x, i: x[:, _firsts((5,), (1,), (i,))[0]],
        "index in dim",
        linear=(0,),
    ),
    Case(
        "dynamic_slice",
        lambda x, starts: dynamic_slice(x, starts, (2, 2)),
        (Operand((4, 5)), Operand((2,), -4, 6, dtypes.int32)),
        ANYTHING,
        lambda x, starts: x[_window((4, 5), (2, 2), tuple(starts))],
        "starts in an array",
        linear=(0,),
    ),
    _dynamic_update_slice("vector", (6,), (3,)),
    _dynamic_update_slice("matrix", (5, 4), (2, 4)),
    _dynamic_update_slice("whole", (2, 3), (2, 3)),
    _dynamic_update_slice("rank 0", (), ()),
    _dynamic_update_slice("nothing", (4, 2), (0, 2)),
    _dynamic_update_slice("uint8", (6,), (3,), _index(dtypes.uint8, 250)),
    Case(
        "dynamic_update_slice",
        lambda x, row, i: dynamic_update_index_in_dim(x, row, i, 0),
        (Operand((3, 5)), Operand((5,)), START),
        ANYTHING,
        lambda x, row, i: np.concatenate(
            [x[: _firsts((3,), (1,), (i,))[0]], row[None], x[_firsts((3,), (1,), (i,))[0] + 1 :]]
        ),
        "index in dim",
        linear=(0, 1),
    ),
    _dynamic_slice_add("vector", (6,), (3,)),
    _dynamic_slice_add("matrix", (5, 4), (2, 4)),
    _dynamic_slice_add("rank 0", (), ()),
]
