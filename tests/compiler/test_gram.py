"""Products of a matrix with its own transpose: half computed, half copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp

PRODUCTS: dict[str, Callable[[Any], Any]] = {
    "rows": lambda x: x @ x.T,
    "columns": lambda x: x.T @ x,
    "of what is computed": lambda x: (x - x.mean(0)).T @ (x - x.mean(0)),
    "two kept axes": lambda x: jnp.tensordot(y := x.reshape(2, -1, x.shape[1]), y, (2, 2)),
    "two axes at once": lambda x: jnp.tensordot(
        y := x.reshape(2, -1, x.shape[1]), y, ((0, 2), (0, 2))
    ),
    "packed": lambda x: jnp.einsum("aib,ajb->ij", y := x.reshape(2, -1, x.shape[1]), y),
}


def _numbers(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    return (x + 1j * rng.normal(size=shape) if dtype[0] == "c" else x).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128", "complex64"])
@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("shape", [(34, 70), (90, 33), (330, 18)])
def test_products_with_the_transpose(name: str, dtype: str, shape: tuple[int, int]) -> None:
    x = _numbers(shape, dtype)
    found = np.asarray(mj.jit(PRODUCTS[name])(x))
    with mj.disable_jit():
        wanted = np.asarray(
            PRODUCTS[name](x.astype("complex128" if dtype[0] == "c" else "float64"))
        )
    rtol = 1e-4 if dtype in ("float32", "complex64") else 1e-11
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol * abs(wanted).max())


def test_the_result_is_symmetric_to_the_bit_on_any_number_of_threads() -> None:
    x = _numbers((611, 203), "float64")
    results = [np.asarray(mj.jit(lambda x: x @ x.T, threads=n)(x)) for n in (1, 2, 3)]
    assert "blas_dsyrk" in mj.jit(lambda x: x @ x.T).lower(x).llvm_ir()
    np.testing.assert_array_equal(results[0], results[0].T)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    np.testing.assert_allclose(results[0], x @ x.T, rtol=1e-10, atol=1e-10)


def test_derivatives_and_maps_of_products_with_the_transpose() -> None:
    x = _numbers((40, 35), "float64")
    found = mj.jit(mj.grad(lambda x: ((x @ x.T) ** 2).sum()))(x)
    np.testing.assert_allclose(found, 4 * (x @ x.T) @ x, rtol=1e-11)
    several = np.stack([x, 2 * x])
    found = mj.jit(mj.vmap(lambda x: x @ x.T))(several)
    np.testing.assert_allclose(found, several @ several.transpose(0, 2, 1), rtol=1e-11, atol=1e-11)
