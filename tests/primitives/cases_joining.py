"""Rows for concatenate, split and pad."""

import numpy as np

from minijax.core import dtypes
from minijax.primitives.joining import concatenate, pad, split
from tests.primitives.case import Case, Operand

ANYTHING = (*dtypes.ALL, dtypes.key_dtype)


def _concatenate(label: str, shapes: tuple, dimension: int) -> Case:
    return Case(
        "concatenate",
        lambda *xs: concatenate(xs, dimension),
        tuple(map(Operand, shapes)),
        ANYTHING,
        lambda *xs: np.concatenate(xs, dimension),
        label,
        linear=tuple(range(len(shapes))),
        holomorphic=True,
        batched=(0, len(shapes) - 1),
    )


def _split(label: str, shape: tuple, sizes: tuple, axis: int) -> Case:
    def function(x: object) -> tuple:
        return tuple(split(x, sizes, axis))

    return Case(
        "split",
        function,
        (Operand(shape),),
        ANYTHING,
        lambda x: tuple(np.split(x, np.cumsum(sizes)[:-1], axis)),
        label,
        linear=(0,),
        holomorphic=True,
    )


def _padded(x: np.ndarray, value: np.ndarray, config: tuple) -> np.ndarray:
    """Spreads, then puts values around, then cuts off, one axis after the other."""
    for axis, (lo, hi, interior) in enumerate(config):
        x = np.moveaxis(x, axis, 0)
        length = max(0, len(x) + (len(x) - 1) * interior)
        spread = np.full((length, *x.shape[1:]), value, x.dtype)
        spread[:: interior + 1] = x
        before = np.full((max(lo, 0), *x.shape[1:]), value, x.dtype)
        after = np.full((max(hi, 0), *x.shape[1:]), value, x.dtype)
        whole = np.concatenate([before, spread, after])
        x = np.moveaxis(whole[max(-lo, 0) : len(whole) - max(-hi, 0)], 0, axis)
    return x


def _pad(label: str, shape: tuple, *config: tuple) -> Case:
    return Case(
        "pad",
        lambda x, value: pad(x, value, config),
        (Operand(shape), Operand()),
        ANYTHING,
        lambda x, value: _padded(x, value, config),
        label,
        linear=(0, 1),
        holomorphic=True,
    )


CASES: list[Case] = [
    _concatenate("two", ((2,), (3,)), 0),
    _concatenate("last axis", ((2, 1), (2, 3), (2, 2)), -1),
    _concatenate("with nothing", ((0, 2), (3, 2), (0, 2)), 0),
    _concatenate("nothing at all", ((0,), (0,)), 0),
    _concatenate("many", ((1, 2),) * 20, 0),
    _split("vector", (6,), (1, 2, 3), 0),
    _split("last axis", (2, 4), (1, 3), -1),
    _split("with nothing", (3, 2), (0, 3, 0), 0),
    _pad("around", (3,), (1, 2, 0)),
    _pad("interior", (3, 2), (0, 0, 1), (1, 0, 2)),
    _pad("cut off", (5, 4), (-1, -2, 0), (0, -1, 0)),
    _pad("cut interior", (4,), (-2, -1, 2)),
    _pad("cut and put", (3, 4), (-1, 2, 1), (2, -1, 1)),
    _pad("all cut", (3,), (-3, 0, 0)),
    _pad("cut beyond", (3,), (-4, 6, 0)),
    _pad("of nothing", (0, 2), (1, 2, 3), (0, 1, 0)),
    _pad("rank 0", ()),
]
