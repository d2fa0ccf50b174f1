"""gcd and lcm: large arrays go block by block, numbers that fit 32 bits in 32 bits."""

from __future__ import annotations

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp


def _pairs(dtype: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Small numbers, large ones, zeros, both signs; each block has others."""
    rng = np.random.default_rng(n)
    most = int(np.iinfo(dtype).max)
    x, y = rng.integers(0, most, (2, n), dtype, endpoint=True)
    for z in (x, y):
        z[: n // 2] %= 100
    x[::7], y[::11], x[1::77], y[1::77] = 0, 0, 0, 0
    if np.dtype(dtype).kind == "i":
        x[::3], y[::5] = -x[::3], -y[::5]
    return x, y


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint32", "uint64"])
@pytest.mark.parametrize("n", [0, 1, 9, 8192, 8193, 3 * 4096, 20_011])
def test_divisors_are_those_of_numpy(dtype: str, n: int) -> None:
    x, y = _pairs(dtype, n)
    found = mj.jit(jnp.gcd)(x, y)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.gcd(x, y))


def test_shapes_and_maps() -> None:
    x, y = _pairs("int64", 12_000)
    a, b = x.reshape(20, 30, 20), y.reshape(20, 30, 20)
    np.testing.assert_array_equal(mj.jit(jnp.gcd)(a, b), np.gcd(a, b))
    np.testing.assert_array_equal(jnp.gcd(a, b), np.gcd(a, b))
    np.testing.assert_array_equal(mj.jit(mj.vmap(jnp.gcd))(a, b), np.gcd(a, b))
    np.testing.assert_array_equal(mj.jit(jnp.gcd)(a, 12), np.gcd(a, 12))
    small = np.array([4, 0, 6]), np.array([6, 3, -9])
    np.testing.assert_array_equal(mj.jit(jnp.lcm)(*small), np.lcm(*small))
    assert int(mj.jit(jnp.gcd)(12, 18)) == 6
    assert jnp.gcd(4, 6).weak_type


def test_the_least_number_of_64_bits() -> None:
    x = np.array([np.iinfo(np.int64).min, 2**31, 2**31 - 1, 2**32, 5])
    y = np.array([6, 2**30, 2**31 - 1, 2**33, 0])
    np.testing.assert_array_equal(mj.jit(jnp.gcd)(x[1:], y[1:]), np.gcd(x[1:], y[1:]))
    np.testing.assert_array_equal(mj.jit(jnp.gcd)(x, y), jnp.gcd(x, y))
