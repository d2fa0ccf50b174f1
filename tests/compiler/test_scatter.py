"""Updates of rows go by vectors, and mean the same as one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

# Places that are met twice, count from the end, and lie outside.
PLACES = np.array([0, 3, 3, -1, 2, 0, 9, -12, 3])
HOW = ("add", "set", "multiply", "max")


def both(function: Any, *args: Any) -> None:
    """Compares the compiler with the evaluator."""
    compiled = mj.jit(function)(*args)
    with back_end(evaluate):
        expected = mj.jit(function)(*args)
    np.testing.assert_allclose(np.asarray(compiled), np.asarray(expected), rtol=1e-14)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("mode", ["drop", "clip"])
@pytest.mark.parametrize("width", [1, 2, 7, 16])
def test_updates_of_rows(how: str, mode: str, width: int) -> None:
    rng = np.random.default_rng(width)
    table, updates = rng.normal(size=(5, width)), rng.normal(size=(len(PLACES), width))

    def rows(table: Any, places: Any, updates: Any) -> Any:
        return getattr(table.at[places], how)(jnp.sin(updates), mode=mode)

    def columns(table: Any, places: Any, updates: Any) -> Any:
        return getattr(table.T.at[:, places], how)(jnp.sin(updates.T), mode=mode)

    def numbers(table: Any, places: Any, updates: Any) -> Any:
        return getattr(table[:, 0].at[places], how)(jnp.sin(updates[:, 0]), mode=mode)

    for function in (rows, columns, numbers):
        both(function, table, PLACES, updates)


def test_updates_of_columns_go_row_by_row() -> None:
    """Places are met in the same order, so that sums and what is set last are the same."""
    rng = np.random.default_rng(8)
    table, updates = rng.normal(size=(6, 3, 5)), rng.normal(size=(6, len(PLACES), 5))
    for how in HOW:
        both(lambda t, u, how=how: getattr(t.at[:, PLACES], how)(u, mode="drop"), table, updates)
        both(lambda t, u, how=how: getattr(t.at[:, :, PLACES], how)(u[:, :3, :1]), table, updates)
    text = mj.jit(lambda t, u: t.at[:, PLACES].add(u)).lower(table, updates).kernels()
    assert "r0<6,r1<9" in str(text)


def test_a_row_is_updated_from_another_row_of_itself() -> None:
    table = np.arange(24.0).reshape(6, 4)
    both(lambda t, i: t.at[i].add(t[i + 1] * 0.5), table, np.array([0, 1, 1, 2]))
    both(lambda t, i: t.at[i, 1:].add(t[i, :-1]), table, np.array([4, 4, 0]))


def test_rows_and_what_is_added_to_numbers_go_by_vectors() -> None:
    places, updates = np.arange(64) % 9, np.ones((64, 16))
    rows = mj.jit(lambda p, u: jnp.zeros((9, 16)).at[p].add(jnp.tanh(u)))
    text = rows.lower(places, updates).llvm_ir()
    assert "@tanh_f64x1(" not in text
    numbers = mj.jit(lambda p, u: jnp.zeros(9).at[p].add(jnp.tanh(u)))
    text = numbers.lower(places, updates[:, 0]).llvm_ir()
    assert "@tanh_f64x1(" not in text
