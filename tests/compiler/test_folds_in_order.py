"""Folds over large arrays walk memory in order: a kept axis in between makes two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

X = np.random.default_rng(3).standard_normal((9, 83, 401))  # 2.4 MB
Y = np.random.default_rng(4).standard_normal((5, 67, 29, 31))
LONG = np.random.default_rng(6).standard_normal((203, 1031))  # rows of more than 4 KiB
DEEP = np.random.default_rng(7).standard_normal((3, 103, 2, 601))
WITH_NAN = X.copy()
WITH_NAN[[3, 8], [0, 82], [7, 400]] = np.nan, -np.inf

FOLDS: dict[str, tuple[Callable[..., Any], np.ndarray]] = {
    "sum": (lambda x: jnp.sum(x, axis=(0, 2)), X),
    "maximum with NaN": (lambda x: jnp.max(x, axis=(0, 2)), WITH_NAN),
    "minimum with NaN": (lambda x: jnp.min(x, axis=(0, 2)), WITH_NAN),
    "product": (lambda x: jnp.prod(1.0 + 1e-3 * x, axis=(0, 2)), X),
    "integers": (lambda x: jnp.sum(x.astype(jnp.int32), axis=(0, 2)), 10 * X),
    "any": (lambda x: jnp.any(x > 4.0, axis=(0, 2)), X),
    "two folds": (lambda x: (jnp.mean(x, axis=(0, 2)), jnp.var(x, axis=(0, 2))), X),
    "four axes": (lambda x: jnp.sum(x * x, axis=(0, 2, 3)), Y),
    "two kept axes": (lambda x: jnp.sum(x, axis=(0, 3)), Y),
    "normalised": (lambda x: x - jnp.mean(x, axis=(0, 2), keepdims=True), X),
    "rows together": (lambda x: x @ x[0], LONG),
    "rows together, float32": (lambda x: jnp.sum(x.astype(jnp.float32), axis=1) / 1e5, LONG),
    "largest of rows together": (lambda x: jnp.max(jnp.where(x > 3, jnp.nan, x), axis=1), LONG),
    "products of rows together": (lambda x: jnp.prod(1.0 + 1e-3 * x, axis=1), LONG),
    "rows of rows": (lambda x: jnp.sum(x, axis=(2, 3)), DEEP),
    "rows with a start": (lambda x: lax.reduce(x, 5.0, lax.add, (1,)), LONG),
    "all of it": (lambda x: jnp.sum(x), np.concatenate([X.ravel(), LONG.ravel()])),
    "a gradient": (
        mj.grad(lambda x: jnp.sum(jnp.std(x, axis=(0, 2)) ** 3)),
        X,
    ),
}


@pytest.mark.parametrize("name", FOLDS)
def test_folds_agree_with_the_evaluator(name: str) -> None:
    function, x = FOLDS[name]
    compiled = mj.jit(function)(x)
    with back_end(evaluate):
        expected = mj.jit(lambda x: function(x))(x)
    leaves = mj.tree_util.tree_leaves
    for got, want in zip(leaves(compiled), leaves(expected), strict=True):
        atol = 1e-8 if got.dtype == np.float32 else 1e-11
        np.testing.assert_allclose(np.asarray(got), np.asarray(want), rtol=1e-11, atol=atol)


@pytest.mark.parametrize("name", ["rows together", "rows of rows", "all of it", "sum"])
def test_the_number_of_threads_changes_no_bit(name: str) -> None:
    function, x = FOLDS[name]
    x = np.concatenate([x] * 9)
    found = []
    for count in (1, 3):
        with mj.threads(count):
            found.append(np.asarray(mj.jit(lambda x: function(x))(x)))
    np.testing.assert_array_equal(*found)


def test_the_inner_fold_is_the_inner_loop() -> None:
    text = mj.jit(FOLDS["sum"][0]).lower(X).llvm_ir()
    inner = [line for line in text.splitlines() if "mul nsw" in line and ", 33283" in line]
    assert inner, "the position along the first axis, 83 * 401 elements a step"
    assert text.count("br i1") > mj.jit(FOLDS["sum"][0]).lower(X[:, :, :8]).llvm_ir().count("br i1")
