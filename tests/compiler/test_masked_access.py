"""Masked loads and stores touch what their lanes say, however wide the vector is."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

# A row of the window has lanes that never exist: in the first register, in the second, in both.
PADS = list(itertools.product((0, 2, 5, 9), (0, 1, 6)))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "bool"])
@pytest.mark.parametrize("pads", PADS)
def test_padded_rows(dtype: str, pads: tuple[int, int]) -> None:
    x = (np.arange(1, 5) / 4).reshape(2, 2).astype(dtype)
    config = [(1, 1, 0), (*pads, 0)]

    def padded(x: Any) -> Any:
        found = mj.lax.pad(x, x[0, 0], config)
        return jnp.tanh(found) if x.dtype.kind == "f" else found

    def both(x: Any) -> Any:
        rows = padded(x)
        return rows, rows[1:-1, 1:], rows.sum(), jnp.where(rows > 0, rows, 0).max(axis=1)

    found = mj.jit(both)(x)
    with back_end(evaluate):
        expected = mj.jit(both)(x)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-5)


@pytest.mark.parametrize("pads", PADS)
def test_gradients_of_padded_rows(pads: tuple[int, int]) -> None:
    x = np.array([[0.7, 2.1]])

    def total(x: Any) -> Any:
        return jnp.tanh(mj.lax.pad(x, x[0, 0], [(1, 1, 0), (*pads, 0)])).sum()

    slope = 1 - np.tanh(x) ** 2
    slope[0, 0] *= 3 * (2 + sum(pads)) - 1
    np.testing.assert_allclose(np.asarray(mj.jit(mj.grad(total))(x)), slope, rtol=1e-12)


NESTED = {
    "rolled along both": lambda x: jnp.roll(x, (3, -5), (0, 1)),
    "joined twice": lambda x: jnp.concatenate(
        [jnp.concatenate([x, x[::-1]], 0), jnp.concatenate([x * 2, x], 0)], 1
    ),
    "edges": lambda x: jnp.pad(x, ((1, 2), (3, 1)), mode="edge"),
    "reflected": lambda x: jnp.pad(x, 2, mode="reflect"),
    "wrapped, then edges": lambda x: jnp.pad(jnp.pad(x, (2, 0), mode="wrap"), 1, mode="edge"),
    "padded twice": lambda x: jnp.pad(jnp.pad(x, (1, 3)), (2, 0), constant_values=1),
    "chosen places": lambda x: jnp.where(
        x > 0, jnp.roll(x, 1, 0)[jnp.where(x[:, 0] > 0, 1, 0)], jnp.roll(x, (1, 1), (0, 1))
    ),
}


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("shape", [(7, 9), (40, 33)])
def test_conditions_on_both_axes(name: str, shape: tuple[int, int]) -> None:
    x = np.sin(np.arange(float(np.prod(shape)))).reshape(shape)

    def both(x: Any) -> Any:
        y = NESTED[name](x)
        return y, jnp.tanh(y).sum(axis=0), mj.grad(lambda x: (NESTED[name](x) ** 3).sum())(x)

    found = mj.jit(both)(x)
    with back_end(evaluate):
        expected = mj.jit(both)(x)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-12)


def test_rows_rolled_along_both_axes_are_not_gathered() -> None:
    text = mj.jit(NESTED["rolled along both"]).lower(np.zeros((40, 64))).llvm_ir()
    assert "masked.gather" not in text


def test_choices_in_place_are_no_masked_stores() -> None:
    programs = (
        lambda x: lax.fori_loop(0, 9, lambda i, y: jnp.where(y > 0.5, y * 0.9, y), x),
        lambda x: lax.fori_loop(0, 9, lambda i, y: jnp.maximum(y, 0.1 * i), x),
        lambda x: jnp.max(x.reshape(5, 10, 16), 1),
    )
    for program in programs:
        for dtype in (np.float64, np.float32):
            code = mj.jit(program).lower(np.linspace(0.1, 1, 800).astype(dtype)).assembly()
            assert "vmaskmov" not in code


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "int16", "uint8", "bool", "complex64"]
)
def test_ends_of_rows_of_every_length(dtype: str) -> None:
    """The last lanes of a row are stored in pieces: no number beside them changes."""

    def rows(x: Any, y: Any) -> Any:
        middle = jnp.zeros((3, 2 + len(y)), x.dtype).at[:, 1:-1].set(x[:, None] * y)
        return middle, x[:, None] + y, (x[:, None] * y).sum(0), jnp.repeat(x, len(y))

    for length in (*range(1, 20), 31, 39, 63):
        x = np.arange(1, 4).astype(dtype)
        y = (np.arange(length) % 5).astype(dtype)
        found = mj.jit(rows)(x, y)
        with back_end(evaluate):
            expected = mj.jit(rows)(x, y)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
