"""Elements taken out and put in: neighbours as slices, what is scattered by a table of places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax.numpy as jnp
from minijax import jit

_VECTOR = np.arange(30.0)
_MATRIX = np.arange(42).reshape(6, 7)
_DELETED: list[tuple[np.ndarray, Any, int | None]] = [
    (_VECTOR, 0, None),
    (_VECTOR, -1, None),
    (_VECTOR, slice(3, 25), None),
    (_VECTOR, slice(None, None, 2), None),
    (_VECTOR, [4, 5, 9], None),
    (_VECTOR, [], None),
    (_VECTOR, range(30), None),
    (_MATRIX, 3, None),
    (_MATRIX, [0, 5], 0),
    (_MATRIX, -2, 1),
    (_MATRIX, [1, 3, 5], 1),
]
_INSERTED: list[tuple[np.ndarray, Any, Any, int | None]] = [
    (_VECTOR, 0, 7.5, None),
    (_VECTOR, 30, [1.0, 2.0], None),
    (_VECTOR, [3, 3, 9], [1.0, 2.0, 3.0], None),
    (_VECTOR, list(range(0, 30, 2)), 0.5, None),
    (_MATRIX, 2, 100, 0),
    (_MATRIX, -1, np.arange(6), 1),
    (_MATRIX, [1, 4], [[7], [8]], 0),
]


@pytest.mark.parametrize(("x", "which", "axis"), _DELETED, ids=str)
def test_delete(x: np.ndarray, which: Any, axis: int | None) -> None:
    wanted = np.delete(x, which, axis)
    for found in (
        jnp.delete(x, which, axis),
        jit(lambda x: jnp.delete(x, which, axis))(x),
    ):
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(("x", "where", "values", "axis"), _INSERTED, ids=str)
def test_insert(x: np.ndarray, where: Any, values: Any, axis: int | None) -> None:
    wanted = np.insert(x, where, values, axis)
    for found in (
        jnp.insert(x, where, values, axis),
        jit(lambda x: jnp.insert(x, where, values, axis))(x),
    ):
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


def test_neighbours_need_no_table() -> None:
    text = str(jit(lambda x: jnp.delete(x, 3)).lower(_VECTOR).jaxpr())
    assert "gather" not in text
    assert "gather" in str(jit(lambda x: jnp.delete(x, slice(0, 30, 3))).lower(_VECTOR).jaxpr())
