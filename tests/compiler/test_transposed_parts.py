"""Elements that read across rows, in tiles: whole, left over, and cut into parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.engine import host
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate


def numbers(*shape: int, dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(5).standard_normal(shape).astype(dtype)


def scaled(x: Any) -> Any:
    return jnp.where(x.T > 0.5, x.T * x[:, 0], x.T + x[:, 1] / 3.0)


# Few rows of results are cut along the columns, many along the rows.
SHAPES = [(9000, 30), (9001, 13), (20000, 8), (1003, 517), (517, 1003), (4096, 256)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tiles_and_what_is_left(shape: tuple[int, int], dtype: str) -> None:
    x = numbers(*shape, dtype=dtype)
    compiled = np.asarray(mj.jit(scaled)(x))
    with back_end(evaluate):
        expected = np.asarray(mj.jit(lambda x: scaled(x))(x))
    np.testing.assert_allclose(compiled, expected, rtol=1e-6 if dtype == "float32" else 1e-14)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_threads_share_them(shape: tuple[int, int]) -> None:
    x = numbers(*shape)
    found = []
    for count in (1, 3):
        with mj.threads(count):
            found.append(np.asarray(mj.jit(scaled)(x)))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint32", "int64"])
def test_tiles_of_integers(dtype: str) -> None:
    x = np.random.default_rng(5).integers(0, 100, (1003, 517)).astype(dtype)
    np.testing.assert_array_equal(np.asarray(mj.jit(lambda x: x.T + 1)(x)), x.T + 1)


@pytest.mark.skipif(host().vector_bytes != 32, reason="of registers with two halves")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_and_columns_of_a_tile_are_exchanged_by_single_instructions(dtype: str) -> None:
    x = numbers(1024, 1000, dtype=dtype)
    text = mj.jit(lambda x: x.T * 2).lower(x).assembly()
    assert "vperm2" in text
    assert "vpermp" not in text
    assert "vblend" not in text


def in_a_loop(function: Callable[[Any], Any], x: np.ndarray) -> str:
    def step(_: int, total: Any) -> Any:
        return total + jnp.sum(function(x)) * total

    return str(mj.jit(lambda t: mj.lax.fori_loop(0, 5, step, t)).lower(1.0).kernels())


def test_a_product_with_ones_and_zeros_leaves_the_loop() -> None:
    text = in_a_loop(lambda x: x @ jnp.eye(40), numbers(100, 40))
    assert text.index(" dot ") < text.index("scan 5")


def test_ones_and_zeros_alone_stay_inside() -> None:
    text = in_a_loop(lambda x: jnp.tri(40) * x, numbers(40, 40))
    assert text.index("scan 5") < text.index("convert")
