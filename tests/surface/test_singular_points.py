"""Values, first and second derivatives at singular points: JAX's where finite, else no NaN."""

from __future__ import annotations

import json
from types import ModuleType

import pytest

from docs.singular_points import APART, NOT_A_NUMBER, POINTS, Point, faults, results, stored

STORED = stored()


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.key)
def test_derivatives_at(point: Point) -> None:
    assert not faults(point, results("minijax", point), STORED[point.key])


def test_reasons_are_of_rows() -> None:
    assert {*APART, *NOT_A_NUMBER} <= {point.expression for point in POINTS}


def test_every_reason_is_needed() -> None:
    needed = set()
    for point in POINTS:
        if point.expression in NOT_A_NUMBER and "NaN" in json.dumps(results("minijax", point)):
            needed.add(point.expression)
    assert needed == set(NOT_A_NUMBER)


@pytest.mark.oracle
@pytest.mark.slow
def test_stored_results_are_those_of_jax(oracle: ModuleType) -> None:
    for point in POINTS:
        oracle.clear_caches()
        assert json.dumps(results("jax", point)) == json.dumps(STORED[point.key]), point.key
