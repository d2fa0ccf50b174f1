"""How many elements a loop takes at a time."""

from __future__ import annotations

import numpy as np

import minijax.numpy as jnp
from minijax import jit
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


def test_complex_numbers_count_by_their_parts() -> None:
    z = np.ones(100, np.complex64)
    text = jit(lambda z: z * z).lower(z).llvm_ir()
    assert f"<{host().vector_bytes // 4} x float>" in text
