"""Transformations compose: every program, under stacks of transformations, equals the oracle."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
from tests.programs.base_programs import (
    DERIVATIVE_ORDER,
    PROGRAMS,
    REVERSE_ONLY,
    TRANSFORMATIONS,
    reduced,
    transformed,
)

pytestmark = pytest.mark.oracle

_PER_PROGRAM = 18
_HIGHEST_ORDER = 3

Stack = tuple[str, ...]


def _is_allowed(name: str, stack: Stack) -> bool:
    forward = {"jvp", "linearize", "hvp"}
    if name in REVERSE_ONLY and forward & set(stack):
        return False
    return sum(DERIVATIVE_ORDER.get(t, 0) for t in stack) <= _HIGHEST_ORDER


def _stacks() -> Iterator[tuple[str, Stack]]:
    """Yields every single transformation, and a sample of the stacks of two and three."""
    sample = random.Random(0)
    deeper = [s for n in (2, 3) for s in itertools.product(TRANSFORMATIONS, repeat=n)]
    for name in PROGRAMS:
        singles = [(t,) for t in TRANSFORMATIONS]
        allowed = [s for s in deeper if _is_allowed(name, s)]
        for stack in [*singles, *sample.sample(allowed, _PER_PROGRAM - len(singles))]:
            if _is_allowed(name, stack):
                yield name, stack


@functools.cache
def _expected(oracle: ModuleType, name: str, stack: Stack) -> list[np.ndarray]:
    out = oracle.jit(transformed(oracle, name, stack))(PROGRAMS[name].point)
    return [np.asarray(leaf) for leaf in oracle.tree_util.tree_leaves(out)]


def _assert_close(found: Any, expected: list[np.ndarray], rtol: float = 1e-9) -> None:
    leaves = mj.tree_util.tree_leaves(found)
    assert [(leaf.shape, leaf.dtype) for leaf in leaves] == [(e.shape, e.dtype) for e in expected]
    for leaf, reference in zip(leaves, expected, strict=True):
        scale = max(1.0, float(np.max(np.abs(reference), initial=0.0)))
        np.testing.assert_allclose(np.asarray(leaf), reference, rtol=rtol, atol=rtol * scale)


@pytest.mark.parametrize(
    ("name", "stack"), [pytest.param(n, s, id=f"{n}-{'-'.join(s)}") for n, s in _stacks()]
)
def test_a_stack_of_transformations_equals_the_oracle(
    oracle: ModuleType, name: str, stack: Stack
) -> None:
    expected = _expected(oracle, name, reduced(stack))
    point = PROGRAMS[name].point
    eager = transformed(mj, name, stack)(point)
    _assert_close(eager, expected)
    compiled = mj.jit(transformed(mj, name, stack))(point)
    _assert_close(compiled, [np.asarray(leaf) for leaf in mj.tree_util.tree_leaves(eager)], 1e-11)
