"""Folds over windows: what is padded, and what has gaps."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax import lax
from minijax.core.primitive import Primitive
from minijax.primitives.reduce_window import reduce_window_max_p, reduce_window_sum_p

GAPS, WINDOWS, LOWS, HIGHS = (1, 2, 3), (1, 2, 3, 5), (-2, 0, 1, 4), (-1, 0, 3)
_STEPS = [(1, 1), (2, 1), (1, 2), (2, 2)]  # of the window, and between its elements


def _fold(primitive: Primitive, window: int, pads: Any, gap: int, steps: Any) -> Any:
    params = {
        "window_dimensions": (1, window, 2),
        "window_strides": (1, steps[0], 1),
        "padding": ((0, 0), pads, (1, 0)),
        "base_dilation": (1, gap, 2 if gap > 1 else 1),
        "window_dilation": (1, steps[1], 1),
    }
    return lambda x: primitive.bind(x, **params)[0]


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("steps", _STEPS)
def test_folds_equal_the_evaluator(gap: int, window: int, steps: Any) -> None:
    x = np.random.default_rng(0).standard_normal((2, 9, 4))
    x[0, 3, 1] = np.nan
    folds = [
        _fold(p, window, pads, gap, steps)
        for p, pads in zip(
            itertools.cycle((reduce_window_sum_p, reduce_window_max_p)),
            itertools.product(LOWS, HIGHS),
            strict=False,
        )
    ]
    compiled = mj.jit(lambda x: [fold(x) for fold in folds])(x)
    for fold, found in zip(folds, compiled, strict=True):
        expected = np.asarray(fold(mj.numpy.asarray(x)))
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-13, atol=1e-13)


def test_the_gradient_of_a_sum_meets_no_gaps() -> None:
    def loss(x: Any) -> Any:
        return (lax.reduce_window(x, 0.0, lax.add, (4, 1), (2, 1), "VALID") ** 2).sum()

    text = str(mj.jit(mj.grad(loss)).lower(np.ones((20, 3))).kernels())
    assert "r0<2,r1<1" in text


def test_gaps_along_vectors_are_stored_once() -> None:
    def loss(x: Any) -> Any:
        return (lax.reduce_window(x, 0.0, lax.add, (1, 3), (1, 2), "VALID") ** 2).sum()

    x = np.random.default_rng(0).standard_normal((8, 201))
    gradient = mj.jit(mj.grad(loss))
    assert "// 2" not in str(gradient.lower(x).kernels()).splitlines()[-2]
    expected = np.asarray(mj.grad(loss)(x))
    np.testing.assert_allclose(np.asarray(gradient(x)), expected, rtol=1e-13)


def test_windows_along_vectors_ask_for_no_padding() -> None:
    def pooled(x: Any) -> Any:
        return lax.reduce_window(x, -np.inf, lax.max, (1, 3, 3), (1, 1, 1), "SAME")

    lowered = mj.jit(pooled).lower(np.ones((8, 32, 32)))
    assert lowered.memory()["arena"] >= 8 * 34 * 34 * 8
