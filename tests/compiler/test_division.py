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
        return lax.div(x, y), lax.rem(x, y), lax.rem(x, y[9]), x // y, x % y

    with np.errstate(all="ignore"):
        compiled = mj.jit(function)(x, y)
        with back_end(evaluate):
            expected = mj.jit(function)(x, y)
    for got, want in zip(compiled, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(got), np.asarray(want))


def test_small_numbers_of_64_bits_go_through_floats() -> None:
    text = mj.jit(lax.rem).lower(np.arange(64), np.arange(64)).llvm_ir()
    assert "fdiv <" in text


def divisors(dtype: str) -> list[int]:
    """Numbers whose reciprocals are hard: the ends, powers of two and their neighbours, primes."""
    info = np.iinfo(dtype)
    powers = [2**k + d for k in range(info.bits) for d in (-1, 0, 1)]
    found = [*powers, *(-p for p in powers), 7, 10, 641, 1_000_003, info.min, info.max]
    return [x for x in dict.fromkeys(found) if info.min <= x <= info.max]


@pytest.mark.parametrize("dtype", DTYPES)
def test_division_by_one_number(dtype: str) -> None:
    """The divisor is an argument: its reciprocal is computed in front of the loop."""
    x = np.concatenate([operands(dtype, bits)[0] for bits in (6, 31, 64)])
    divide = mj.jit(lambda x, y: (lax.div(x, y), lax.rem(x, y), x // y, x % y))

    def plainly(x: mj.Array, y: mj.Array) -> tuple[mj.Array, ...]:
        return lax.div(x, y), lax.rem(x, y), x // y, x % y

    for y in divisors(dtype):
        number = np.asarray(y, dtype)
        with np.errstate(all="ignore"):
            compiled = divide(x, number)
            with back_end(evaluate):
                expected = mj.jit(plainly)(x, number)
        for got, want in zip(compiled, expected, strict=True):
            np.testing.assert_array_equal(np.asarray(got), np.asarray(want), err_msg=str(y))


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("y", [0, 1, -1, 3, -7, 641, 2**31, 2**32 + 1, 2**62 + 1, 2**63 - 1])
def test_division_by_a_constant(dtype: str, y: int) -> None:
    if y < 0 and dtype == "uint64":
        y += 2**64
    x, number = operands(dtype, 64)[0], np.asarray(y, dtype)

    def function(x: mj.Array) -> tuple[mj.Array, ...]:
        return lax.div(x, number), lax.rem(x, number)

    with np.errstate(all="ignore"):
        compiled = mj.jit(function)(x)
        with back_end(evaluate):
            expected = mj.jit(function)(x)
    for got, want in zip(compiled, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(got), np.asarray(want))


def test_a_divisor_that_stays_is_not_divided_by() -> None:
    text = mj.jit(lambda x, y: x // y).lower(np.arange(640), np.int64(7)).llvm_ir()
    assert "div <" not in text
    assert "div_x" not in text
