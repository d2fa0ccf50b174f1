"""Typed keys are data: they pass through every transformation and every movement of data."""

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax, random


def data(keys: Any) -> np.ndarray:
    return np.asarray(random.key_data(keys))


@pytest.mark.parametrize("make", (random.key, random.PRNGKey))
def test_draws_are_the_same_under_jit_and_vmap(make: Any) -> None:
    keys = random.split(make(1), 4)
    one_by_one = np.stack([np.asarray(random.normal(keys[i], (3,))) for i in range(4)])
    mapped = mj.vmap(lambda key: random.normal(key, (3,)))
    np.testing.assert_array_equal(mapped(keys), one_by_one)
    np.testing.assert_array_equal(mj.jit(mapped)(keys), one_by_one)


def test_keys_pass_through_scan_and_cond() -> None:
    def step(key: Any, _: Any) -> Any:
        key, subkey = random.split(key)
        return key, random.uniform(subkey)

    key, expected = random.key(2), []
    last, draws = lax.scan(step, key, None, length=3)
    for _ in range(3):
        key, draw = step(key, None)
        expected.append(float(draw))
    np.testing.assert_array_equal(draws, expected)
    np.testing.assert_array_equal(data(last), data(key))
    chosen = mj.jit(lambda p, a, b: lax.cond(p, lambda: a, lambda: b))(True, key, random.key(5))
    np.testing.assert_array_equal(data(chosen), data(key))


def test_keys_are_indexed_reshaped_and_stacked() -> None:
    keys = random.split(random.key(0), 6)
    np.testing.assert_array_equal(data(keys.reshape(2, 3)[1, 0]), data(keys)[3])
    np.testing.assert_array_equal(data(jnp.stack([keys[1], keys[4]])), data(keys)[[1, 4]])
    assert mj.tree.map(lambda x: x, {"key": keys})["key"].shape == (6,)
    assert "key<fry>" in repr(keys)
    assert mj.dtypes.issubdtype(keys.dtype, mj.dtypes.prng_key)
    assert keys[::-1].dtype.type is mj.dtypes.prng_key  # by which type hints know keys


def test_a_bound_beyond_the_range_means_its_end() -> None:
    draws = np.asarray(random.randint(random.key(0), (2000,), -(2**70), 2**70, "int8"))
    assert draws.min() == -128
    assert draws.max() == 127


def test_keys_of_generators_that_threefry_stands_for() -> None:
    for name in ("rbg", "unsafe_rbg"):
        assert bool(random.key(7, impl=name) == random.key(7))
        np.testing.assert_array_equal(random.PRNGKey(7, impl=name), random.PRNGKey(7))
        with mj.default_prng_impl(name):
            assert random.key_impl(random.key(1)) == "threefry2x32"
