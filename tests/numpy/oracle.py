"""Running one expression with `minijax.numpy` and with the oracle, and comparing all of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import minijax.numpy as mnp

# Operands that expressions may name; each library gets arrays of its own.
OPERANDS: dict[str, Any] = {
    "x": np.array([0.5, -1.25, 2.0]),
    "y": np.array([2.0, 0.75, -3.5]),
    "z": np.array([1 + 2j, -0.5j, 3.0]),
    "i": np.array([3, -7, 2]),
    "j": np.array([2, 3, -1]),
    "u": np.array([3, 200, 7], np.uint8),
    "s": np.array([-3, 100, 7], np.int8),
    "b": np.array([True, False, True]),
    "f": np.array([0.5, -1.5, 3.0], np.float32),
    "h": np.array([0.5, -1.5, 3.0], np.float16),
    "n": np.array([np.nan, np.inf, -np.inf, 0.0, -0.0]),
    "m": np.arange(6.0).reshape(2, 3) - 2.5,
    "k": np.arange(6).reshape(2, 3),
    "t": np.arange(24.0).reshape(2, 3, 4),
    "sq": np.arange(9.0).reshape(3, 3) / 7,
    "e0": np.zeros((0, 3)),
}


def sample(rows: Sequence[Any], one_in: int, offset: int = 0) -> Sequence[Any]:
    """Returns every n-th row of a table, in the nightly profile all of them."""
    if os.environ.get("HYPOTHESIS_PROFILE") == "nightly":
        return rows
    return rows[offset % one_in :: one_in]


REFUSALS = (TypeError, ValueError, IndexError, ArithmeticError, NotImplementedError)


def evaluate(expression: str, namespace: Any) -> Any:
    """Returns the value of an expression over a library's `numpy` module and arrays."""
    scope = {name: namespace.asarray(value) for name, value in OPERANDS.items()}
    return eval(expression, {"jnp": namespace, "np": np, **scope})


def compare(ours: Any, theirs: Any, what: str = "result") -> None:
    """Asserts equal structure, shape, dtype, weakness and values to rounding."""
    if isinstance(theirs, tuple | list):
        assert isinstance(ours, tuple | list), f"{what}: {type(ours)} for {type(theirs)}"
        assert len(ours) == len(theirs), what
        for position, pair in enumerate(zip(ours, theirs, strict=True)):
            compare(*pair, f"{what}[{position}]")
        return
    if not hasattr(theirs, "weak_type"):
        assert ours == theirs, f"{what}: {ours!r} for {theirs!r}"
        return
    assert isinstance(ours, mnp.ndarray), f"{what}: {type(ours)}"
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape} for {theirs.shape}"
    assert ours.dtype == theirs.dtype, f"{what}: dtype {ours.dtype} for {theirs.dtype}"
    if ours.dtype != np.bool_:
        assert ours.weak_type == theirs.weak_type, f"{what}: weak_type {ours.weak_type}"
    compare_values(np.asarray(ours), np.asarray(theirs), what)


def compare_values(ours: np.ndarray, theirs: np.ndarray, what: str) -> None:
    """Asserts equal values, to a few units of the last place for inexact dtypes."""
    if ours.dtype.kind in "biu":
        np.testing.assert_array_equal(ours, theirs, what)
        return
    eps = float(mnp.finfo(ours.dtype).eps)
    wide = np.complex128 if ours.dtype.kind == "c" else np.float64
    tolerance = 16 * eps
    np.testing.assert_allclose(
        ours.astype(wide), theirs.astype(wide), tolerance, tolerance, err_msg=what
    )


def agree(expression: str, jax: Any) -> None:
    """Asserts that both libraries give the same result, or refuse with an error of one kind."""
    try:
        theirs = evaluate(expression, jax.numpy)
    except REFUSALS:
        with pytest.raises(REFUSALS):
            evaluate(expression, mnp)
        return
    compare(evaluate(expression, mnp), theirs)
