"""Random programs mean the same to the evaluator, the simplifier, the compiler and the oracle."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings

import minijax as mj
from minijax import compiler
from minijax.compiler.simplify import PASSES
from minijax.core import dtypes
from minijax.core.array import value_of
from minijax.core.check import check_jaxpr
from minijax.core.jaxpr import Jaxpr
from minijax.interpreters.evaluate import evaluate
from tests.programs.random_programs import (
    Drawn,
    drawn_huge_programs,
    drawn_large_programs,
    drawn_programs,
)

# Drawing and tracing a program of many nested instructions is slow by nature.
_unhurried = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
# Backward passes are larger than their programs, and take longer to compile.
_unhurried_backward = settings(_unhurried, max_examples=settings.default.max_examples * 2 // 3)
# A program over large arrays takes the evaluator as long as ten others.
_unhurried_huge = settings(_unhurried, max_examples=settings.default.max_examples // 10)


def _closed(function: Any, inputs: Sequence[np.ndarray]) -> tuple[Jaxpr, list[np.ndarray]]:
    """Returns the closed program of a function, and its arguments."""
    program = mj.make_jaxpr(function)(*inputs)
    consts = [np.asarray(value_of(const)) for const in program.consts]
    return program.close(), [*consts, *inputs]


def _staged(drawn: Drawn) -> tuple[Jaxpr, list[np.ndarray], list[bool]]:
    """Returns the closed program, its arguments, and which results are rough."""
    rough: list[bool] = []
    return *_closed(drawn.function(mj, rough), drawn.inputs), rough


def _free(points: Sequence[np.ndarray]) -> tuple[int, ...]:
    """Returns which points have derivatives; there are some."""
    argnums = tuple(i for i, x in enumerate(points) if x.dtype == np.float64)
    assume(argnums)
    return argnums


def _assert_same(
    found: Sequence[np.ndarray], expected: Sequence[np.ndarray], rough: Sequence[bool]
) -> None:
    for x, y, is_rough in zip(found, expected, rough, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        if is_rough:
            _assert_near(x, y)
        else:
            np.testing.assert_array_equal(_comparable(x), _comparable(y))


def _comparable(x: np.ndarray) -> np.ndarray:
    # NumPy does not know that a NaN of bfloat16 is one.
    return x.astype(np.float32) if x.dtype == dtypes.bfloat16 else x


def _assert_near(x: np.ndarray, y: np.ndarray, tolerance: float | None = None) -> None:
    if x.dtype.kind == "c":
        x, y = (np.stack([z.real, z.imag]) for z in (x, y))
    tolerance = tolerance or {2: 4e-2, 4: 1e-5, 8: 1e-12}[x.dtype.itemsize]
    wide = y.astype(np.float64)
    scale = np.max(np.abs(wide), where=np.isfinite(wide), initial=1.0)
    np.testing.assert_allclose(x.astype(np.float64), wide, rtol=tolerance, atol=tolerance * scale)


def _check_compiled(drawn: Drawn) -> None:
    program, args, rough = _staged(drawn)
    check_jaxpr(program)
    expected = evaluate(program, args)
    with mj.config.override(fp_contract=False):
        _assert_same(compiler.execute(program, args), expected, rough)


@_unhurried
@given(drawn_programs())
def test_compiled_programs_equal_the_evaluator(drawn: Drawn) -> None:
    _check_compiled(drawn)


@_unhurried
@given(drawn_large_programs())
def test_compiled_programs_over_large_arrays_equal_the_evaluator(drawn: Drawn) -> None:
    _check_compiled(drawn)


@_unhurried_huge
@given(drawn_huge_programs())
def test_compiled_programs_over_huge_arrays_equal_the_evaluator(drawn: Drawn) -> None:
    _check_compiled(drawn)


@_unhurried_backward
@given(drawn_large_programs())
def test_compiled_gradients_over_large_arrays_equal_the_evaluator(drawn: Drawn) -> None:
    points = drawn.smooth_points()
    gradient = mj.value_and_grad(drawn.scalar_function(mj), _free(points))
    program, args = _closed(gradient, points)
    expected = evaluate(program, args)
    # A NaN or an infinity would be the scale of all differences.
    assume(all(np.all(np.isfinite(x)) for x in expected))
    for x, y in zip(compiler.execute(program, args), expected, strict=True):
        _assert_near(x, y, 1e-9)


@_unhurried
@given(drawn_programs())
def test_every_simplification_keeps_values_and_types(drawn: Drawn) -> None:
    program, args, _ = _staged(drawn)
    expected = evaluate(program, args)
    for rewrite in PASSES:
        program = rewrite(program)
        check_jaxpr(program)
        for x, y in zip(evaluate(program, args), expected, strict=True):
            assert (x.shape, x.dtype) == (y.shape, y.dtype)
            np.testing.assert_array_equal(_comparable(x), _comparable(y))


@_unhurried
@given(drawn_programs())
def test_vmap_of_a_program_equals_running_it_for_each_example(drawn: Drawn) -> None:
    examples = [drawn.inputs, tuple(x[::-1] if x.ndim else x for x in drawn.inputs)]
    rough: list[bool] = []
    function = drawn.function(mj, rough)
    stacked = [np.stack(pair) for pair in zip(*examples, strict=True)]
    mapped = [np.asarray(out) for out in mj.jit(mj.vmap(function))(*stacked)]
    program, args = _closed(function, drawn.inputs)
    for k, example in enumerate(examples):
        expected = evaluate(program, [*args[: -len(example)], *example])
        _assert_same([out[k] for out in mapped], expected, rough)


@pytest.mark.oracle
@_unhurried
@given(drawn=drawn_programs())
def test_programs_equal_the_oracle(oracle: ModuleType, drawn: Drawn) -> None:
    program, args, rough = _staged(drawn)
    reference = oracle.jit(drawn.function(oracle, rough)).lower(*drawn.inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = reference.compile(
            compiler_options={
                "xla_allow_excess_precision": False,
                "xla_backend_optimization_level": 0,
            }
        )
    expected = [np.asarray(out) for out in exact(*drawn.inputs)]
    _assert_same(evaluate(program, args), expected, rough)


@pytest.mark.oracle
@_unhurried_backward
@given(drawn=drawn_programs())
def test_gradients_of_programs_equal_the_oracle(oracle: ModuleType, drawn: Drawn) -> None:
    points = drawn.smooth_points()
    argnums = _free(points)
    try:
        reference = oracle.jit(oracle.grad(drawn.scalar_function(oracle), argnums)).lower(*points)
    except TypeError:
        reject()  # the oracle cannot transpose a pad whose cotangent is a symbolic zero
    function = drawn.scalar_function(mj)
    # A NaN in place of an element out of range is a constant here, and infects derivatives there.
    assume(np.isfinite(function(*points)))
    expected = reference.compile(compiler_options={"xla_backend_optimization_level": 0})(*points)
    gradient = mj.jit(mj.grad(function, argnums))(*points)
    for x, y in zip(gradient, expected, strict=True):
        _assert_near(np.asarray(x), np.asarray(y), 1e-8)

    def of_free(*free: Any) -> Any:
        given = dict(zip(argnums, free, strict=True))
        return function(*(given.get(i, x) for i, x in enumerate(points)))

    free = [points[i] for i in argnums]
    _, along = mj.jvp(of_free, free, [np.cos(x) for x in free])
    products = [np.sum(np.asarray(g) * np.cos(x)) for g, x in zip(gradient, free, strict=True)]
    _assert_near(np.asarray(along), np.asarray(sum(products)), 1e-8)


@_unhurried
@given(drawn_programs())
def test_eager_operations_equal_the_staged_program(drawn: Drawn) -> None:
    program, args, rough = _staged(drawn)
    eager = [np.asarray(out) for out in drawn.function(mj, [])(*drawn.inputs)]
    _assert_same(eager, evaluate(program, args), rough)
