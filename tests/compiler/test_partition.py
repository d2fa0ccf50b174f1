"""Short rows around a place: several rows together, what is left over one by one, every axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import bfloat16
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.stage import stage
from minijax.primitives.partition import partition

DTYPES = ["float64", "float32", "float16", bfloat16, "int64", "int32", "int16", "int8"]
DTYPES += ["uint64", "uint32", "uint8", "bool"]


def _numbers(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Few different ones, ends of the range, and what is no number."""
    rng = np.random.default_rng(sum(shape))
    x = rng.integers(0, 6, shape).astype(dtype)
    kind = np.dtype(dtype).kind
    if kind in "iu":
        info = np.iinfo(dtype)
        x[rng.random(shape) < 0.2] = info.max
        x[rng.random(shape) < 0.2] = info.min
    elif kind != "b":
        for share, value in ((0.1, np.nan), (0.1, -0.0), (0.05, np.inf), (0.05, -np.inf)):
            x[rng.random(shape) < share] = value
    return x


def _agree(x: np.ndarray, axis: int, kth: int) -> None:
    places = np.broadcast_to(np.arange(x.size).reshape(x.shape), x.shape)
    program = stage(
        lambda x, places: partition([x, places], kth, axis),
        [ShapedArray(y.shape, y.dtype) for y in (x, places)],
    )
    found = compile_jaxpr(program).run([x, places])
    for a, b in zip(found, eval_jaxpr(program, x, places), strict=True):
        # To the bit: -0 and 0 keep their order.
        assert a.tobytes() == np.asarray(b).tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 7, 41), (37, 64)])
def test_every_axis_agrees_with_the_evaluator(dtype: Any, shape: tuple[int, ...]) -> None:
    x = _numbers(shape, dtype)
    for axis, n in enumerate(shape):
        _agree(x, axis, n // 3)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 63, 64, 65])
def test_lengths_around_the_limits(n: int) -> None:
    for shape, axis in (((n, 9), 0), ((9, n), 1)):
        for kth in sorted({0, n // 2, n - 1}):
            _agree(_numbers(shape, "float64"), axis, kth)


def test_values_alone() -> None:
    x = _numbers((6, 30, 21), "float32")
    program = stage(lambda x: partition([x], 4, 1), [ShapedArray(x.shape, x.dtype)])
    (found,) = compile_jaxpr(program).run([x])
    (wanted,) = eval_jaxpr(program, x)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "uint64", "int16"])
@pytest.mark.parametrize("length", [65, 72, 79, 500])
def test_one_side_is_full_long_before_the_other(dtype: str, length: int) -> None:
    up = np.arange(length).astype(dtype)
    rows = np.stack([up, up[::-1], np.roll(up, length // 2), np.where(up % 2, up, up[::-1])])
    for kth in (0, 1, 7, 8, length // 2, length - 9, length - 1):
        _agree(rows, 1, kth)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_place_of_which_there_are_equals_all_over_the_row(share: float) -> None:
    x = np.random.default_rng(0).integers(0, 1000, (2, 1003)).astype(np.float64)
    x[np.random.default_rng(1).random(x.shape) < share] = 500.0
    for kth in (400, 501, 650):
        _agree(x, 1, kth)
