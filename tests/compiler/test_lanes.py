"""How many elements a loop takes at a time."""

from __future__ import annotations

import itertools
from typing import Any

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


@pytest.mark.parametrize("pads", [(0, 0), (1, 0), (1, 1)])
def test_places_of_lanes_are_known_to_inner_loops(pads: tuple[int, int]) -> None:
    """Whether a window is inside depends on the lane alone; the loop over features reads there."""
    rng = np.random.default_rng(0)
    x, w = rng.integers(-9, 9, (1, 5, 21)) + 0.0, rng.integers(-9, 9, (3, 5, 2)) + 0.0
    found = jit(lambda x, w: lax.conv_general_dilated(x, w, (2,), [pads]))(x, w)
    padded = np.pad(x[0], ((0, 0), pads))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2, axis=1)[:, ::2]
    np.testing.assert_array_equal(found[0], np.einsum("cpw,ocw->op", windows, w))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("function", [jnp.maximum, jnp.minimum])
def test_larger_and_smaller_numbers_keep_the_sign_of_a_nan(function: Any, dtype: str) -> None:
    """top_k looks at it: a NaN is above all numbers, or below them."""
    for n, sign in itertools.product((1, 3, 40), (1, -1)):
        x = np.copysign(np.full(n, np.nan, dtype), sign)
        for operands in ((x, np.ones_like(x)), (np.ones_like(x), x)):
            found = np.asarray(jit(function)(*operands))
            np.testing.assert_array_equal(np.signbit(found), np.full(n, sign < 0))


def test_parts_of_rows_share_nothing_that_one_of_them_computes() -> None:
    """A thread's part is in the long stretches of a row or in the rest of it."""
    x = np.random.default_rng(0).integers(-9, 9, (4, 30000)) + np.float32(0)
    w = np.ones((1, 1, 3, 1), np.float32)
    found = jit(
        lambda x, w: lax.conv_general_dilated(
            x[None, None], w, (2, 1), ((2, 1), (0, 1)), lhs_dilation=(1, 2)
        )
    )(x, w)
    np.testing.assert_array_equal(found[0, 0, 0, ::2], x[0])
    np.testing.assert_array_equal(found[0, 0, 1, ::2], x[0] + x[1] + x[2])
