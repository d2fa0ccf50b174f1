"""Quantiles for fractions that are known are those for fractions that a program computes.

The former look for elements (`partition`), the latter sort.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax.numpy as jnp
from minijax import grad, jit

METHODS = ["linear", "lower", "higher", "midpoint", "nearest"]
FRACTIONS = [0, 0.5, 1, 0.01, 0.99, [0.1, 0.9], [0.0, 0.001, 0.002, 0.003], np.array([0.5])]


def _rows(dtype: str, n: int) -> np.ndarray:
    x = (np.random.default_rng(n).normal(size=(3, n)) * 20).astype(dtype)
    if x.dtype.kind == "f" and n > 3:
        x[1, 3], x[2, 2], x[0, :2] = np.nan, np.inf, (-0.0, 0.0)
    return x


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32"])
@pytest.mark.parametrize("n", [1, 2, 40, 1500])
def test_known_fractions(dtype: str, n: int) -> None:
    x = _rows(dtype, n)
    for method in METHODS if dtype == "float64" else METHODS[:1]:
        for q in FRACTIONS:

            def function(x: Any, q: Any, method: str = method) -> Any:
                return jnp.quantile(x, q, axis=1, method=method)

            wanted = jit(function)(x, np.asarray(q, float))
            tolerance = 4 * float(jnp.finfo(wanted.dtype).eps)
            for found in (function(x, q), jit(lambda x, q=q: function(x, q))(x)):
                assert found.dtype == wanted.dtype
                np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=100 * tolerance)


@pytest.mark.parametrize("q", [0.5, 0.25, 0.001, 0.9999])
def test_gradients_take_the_same_of_equal_elements(q: float) -> None:
    x = np.round(np.random.default_rng(0).normal(size=2000) * 3)
    wanted = grad(jit(jnp.quantile))(x, q)
    np.testing.assert_allclose(grad(lambda x: jnp.quantile(x, q))(x), wanted, rtol=1e-13)
    np.testing.assert_allclose(jit(grad(lambda x: jnp.quantile(x, q)))(x), wanted, rtol=1e-13)


def test_percentages_and_nothing() -> None:
    x = np.arange(2000.0)
    assert jnp.percentile(x, 50) == jnp.percentile(x, jnp.array(50.0)) == jnp.median(x) == 999.5
    assert jnp.percentile(x, np.int32(25), keepdims=True).shape == (1,)
    assert np.isnan(jnp.median(np.append(x, np.nan)))
    with pytest.raises(ValueError, match="a number or a vector"):
        jnp.quantile(x, np.zeros((2, 2)))


# -- places that depend on how many NaN there are


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.6, 1.0])
def test_known_fractions_beside_nan_are_those_of_sorted_rows(dtype: str, share: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 1100)).astype(dtype)
    x[:2, [5, 800]] = np.inf, -np.inf
    x[rng.random(x.shape) < share] = np.nan
    x[2, 1:] = np.nan  # one number, if any
    for method in ("linear", "lower", "higher", "midpoint", "nearest"):
        for fraction in (0.0, 1 / 3, 0.5, 0.999, 1.0):

            def quantiles(x: Any, q: Any, method: str = method) -> Any:
                return jnp.nanquantile(x, q, -1, method=method)

            found = quantiles(x, fraction)
            # A fraction that is traced is looked up in sorted rows.
            tolerance = 4 * np.finfo(dtype).eps
            wanted = jit(quantiles)(x, fraction)
            np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


def test_derivatives_beside_nan_reach_the_numbers_alone() -> None:
    x = np.random.default_rng(0).permutation(np.arange(1501.0))
    x[x < 500] = np.nan
    gradient = np.asarray(grad(lambda x: jnp.nanquantile(x, 0.5005))(x))
    (places,) = gradient.nonzero()
    assert sorted(x[places]) == [1000.0, 1001.0]
    np.testing.assert_allclose(gradient.sum(), 1)


def test_an_infinite_neighbour_without_weight_leaves_the_element() -> None:
    for x in ([np.inf] * 3, [-np.inf], [1.0, 2.0, np.inf], [-np.inf, 2.0, np.inf]):
        assert jnp.median(np.array(x)) == np.median(x)
        assert jnp.nanmedian(np.array([*x, np.nan])) == np.median(x)
