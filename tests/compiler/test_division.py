"""Quotients and remainders of vectors of integers are exact, through floats too."""

from __future__ import annotations

import numpy as np
import pytest

import minijax as mj
from minijax import lax
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
COUNT = 203


def operands(dtype: str, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers of up to so many bits: extremes, then multiples of the divisors and neighbours."""
    rng, info = np.random.default_rng(bits), np.iinfo(dtype)
    high = min(info.max, 2**bits)
    low = max(info.min, -high)
    x, y = (rng.integers(low, high, COUNT, dtype=dtype, endpoint=True) for _ in range(2))
    minus_one = np.array(-1).astype(dtype)
    x[:8] = [0, 1, info.max, info.min, info.min, info.max, 7, info.min]
    y[:8] = [0, info.max, 1, info.max, minus_one, minus_one, 0, 1]
    half = COUNT // 2
    near = y * rng.integers(1, 7, COUNT).astype(dtype) + rng.integers(-1, 2, COUNT).astype(dtype)
    x[half:] = near[half:]
    return x, y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95, 1.0])
def test_division_of_vectors(dtype: str, share: float) -> None:
    x, y = operands(dtype, int(np.iinfo(dtype).bits * share))

    def function(x: mj.Array, y: mj.Array) -> tuple[mj.Array, ...]:
        return lax.div(x, y), lax.rem(x, y), lax.rem(x, y[9])

    with np.errstate(all="ignore"):
        compiled = mj.jit(function)(x, y)
        with back_end(evaluate):
            expected = mj.jit(function)(x, y)
    for got, want in zip(compiled, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(got), np.asarray(want))


def test_small_numbers_of_64_bits_go_through_floats() -> None:
    text = mj.jit(lax.rem).lower(np.arange(64), np.arange(64)).llvm_ir()
    assert "fdiv <" in text
