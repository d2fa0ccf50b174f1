"""Arrays with their axes back in the order of memory: views, not copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax


def _back_and_forth(x: Any) -> Any:
    """Returns x, whose shape is (n, m), as (1, n, 1, m), on a way through other orders."""
    return x.transpose(1, 0).reshape(x.shape[1], 1, x.shape[0]).transpose(1, 2, 0)[:, :, None]


def test_operands_of_calls_are_not_copied() -> None:
    x = np.arange(600.0 * 40).reshape(600, 40)

    def function(x: Any) -> Any:
        return jnp.sort(_back_and_forth(x), axis=-1)

    plain = mj.jit(lambda x: jnp.sort(x, axis=-1)).lower(x).memory()["arena"]
    assert mj.jit(function).lower(x).memory()["arena"] == plain
    np.testing.assert_array_equal(np.asarray(mj.jit(function)(x)), np.sort(x)[None, :, None])


def test_results_are_written_where_they_go() -> None:
    x = np.random.default_rng(0).standard_normal((300, 40))
    function = mj.jit(lambda x: _back_and_forth(jnp.linalg.cholesky(x @ x.T + 300 * jnp.eye(300))))
    assert function.lower(x).memory()["arena"] < 2.5 * 300 * 300 * 8
    expected = np.linalg.cholesky(x @ x.T + 300 * np.eye(300))
    np.testing.assert_allclose(np.asarray(function(x))[0, :, 0], expected, rtol=1e-10)


def test_a_result_that_is_an_input_has_memory_of_its_own() -> None:
    x = np.arange(12.0).reshape(3, 4)
    found = mj.jit(_back_and_forth)(x)
    x[:] = 0
    np.testing.assert_array_equal(np.asarray(found)[0, :, 0], np.arange(12.0).reshape(3, 4))


@pytest.mark.parametrize("length", [1, 5])
def test_a_loop_leaves_an_input_alone_that_it_starts_with(length: int) -> None:
    def function(x: Any) -> Any:
        def body(i: Any, carry: Any) -> Any:
            return carry.at[0, i % 3, 0, 1].add(1.0)

        return lax.fori_loop(0, length, body, _back_and_forth(x)), x.sum()

    x = np.arange(12.0).reshape(3, 4)
    expected = x.copy()
    for i in range(length):
        expected[i % 3, 1] += 1.0
    found, total = mj.jit(function)(x)
    np.testing.assert_array_equal(np.asarray(found)[0, :, 0], expected)
    np.testing.assert_array_equal(x, np.arange(12.0).reshape(3, 4))
    assert float(total) == 66.0


def test_two_results_that_are_one_array() -> None:
    def function(x: Any) -> Any:
        y = jnp.sort(x, axis=-1)
        return y, _back_and_forth(y), y.sum()

    x = np.random.default_rng(0).standard_normal((30, 40))
    first, second, total = mj.jit(function)(x)
    np.testing.assert_array_equal(np.asarray(first), np.sort(x))
    np.testing.assert_array_equal(np.asarray(second)[0, :, 0], np.sort(x))
    np.testing.assert_allclose(float(total), x.sum())


def test_a_donated_input_becomes_the_result() -> None:
    x = jnp.arange(12.0).reshape(1, 3, 1, 4)
    function = mj.jit(lambda x: x.transpose(1, 0, 3, 2).reshape(1, 3, 1, 4), donate_argnums=0)
    expected = np.arange(12.0).reshape(1, 3, 1, 4)
    np.testing.assert_array_equal(np.asarray(function(x)), expected)
