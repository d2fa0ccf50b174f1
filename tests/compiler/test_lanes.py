"""How many elements a loop takes at a time."""

from __future__ import annotations

import numpy as np
import pytest

import minijax.numpy as jnp
from minijax import jit, lax
from minijax.compiler.engine import host


def test_searches_go_on_side_by_side() -> None:
    table, values = np.sort(np.random.default_rng(0).normal(size=50)), np.linspace(-3, 3, 1000)
    search = jit(jnp.searchsorted)
    lanes = 4 * host().vector_bytes // 8
    assert f"<{lanes} x double>" in search.lower(table, values).llvm_ir()
    np.testing.assert_array_equal(search(table, values), np.searchsorted(table, values))
    # A single look-up waits for nothing.
    take = jit(lambda x, i: x[i]).lower(values, np.arange(40)).llvm_ir()
    assert f"<{lanes} x double>" not in take


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", ["int64", "float32", "complex64"])
def test_running_sums_of_any_length(reverse: bool, dtype: str) -> None:
    """Steps are taken several at a time; what is left over comes last."""
    for n in (1, 2, 4, 5, 6, 8, 9, 30):
        x = np.random.default_rng(n).integers(-9, 9, (3, n)).astype(dtype)
        wanted = np.cumsum(x[:, ::-1], axis=1)[:, ::-1] if reverse else np.cumsum(x, axis=1)
        found = jit(lambda x: lax.cumsum(x, axis=1, reverse=reverse))(x)
        np.testing.assert_array_equal(found, wanted)


def test_complex_numbers_count_by_their_parts() -> None:
    z = np.ones(100, np.complex64)
    text = jit(lambda z: z * z).lower(z).llvm_ir()
    assert f"<{host().vector_bytes // 4} x float>" in text
