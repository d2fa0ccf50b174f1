"""Convolutions as one loop of products: any window, gaps, groups, tiles that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax.core.avals import ShapedArray
from minijax.interpreters.stage import stage_closed
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.check import check_program
from minijax.kernel.reference import evaluate_program
from minijax.primitives.convolution import conv_general_dilated

# input, kernel, strides, padding, gaps of input and kernel, groups
CASES: dict[str, Any] = {
    "plain": ((2, 8, 9, 9), (7, 8, 3, 3), (1, 1), "SAME", None, None, 1),
    "strides": ((2, 3, 30, 31), (9, 3, 7, 7), (2, 3), "SAME", None, None, 1),
    "one_axis": ((2, 8, 50), (17, 8, 5), (1,), "VALID", None, None, 1),
    "three_axes": ((2, 4, 6, 7, 8), (9, 4, 3, 2, 3), (1, 2, 1), "SAME", None, None, 1),
    "no_axis": ((3, 200), (40, 200), (), [], None, None, 1),
    "one_output": ((2, 8, 50), (1, 8, 25), (3,), [(-2, 4)], None, None, 1),
    "many_outputs": ((1, 4, 5, 5), (70, 4, 2, 2), (1, 1), "SAME", None, None, 1),
    "dilated": ((2, 8, 19, 12), (16, 8, 3, 3), (2, 1), "SAME", None, (1, 2), 1),
    "gaps": ((2, 8, 7, 7), (8, 8, 3, 3), (1, 1), [(1, 2), (1, 2)], (2, 2), None, 1),
    "point_with_gaps": ((2, 32, 7, 9), (1, 32, 1, 1), (1, 1), [(1, 2)] * 2, (2, 2), None, 1),
    "odd_gaps": ((2, 8, 7, 5), (8, 8, 4, 5), (1, 1), [(-1, 2), (7, 2)], (2, 3), (2, 2), 1),
    "empty_phases": ((2, 8, 7, 5), (8, 8, 2, 1), (1, 1), [(3, 2), (0, 0)], (3, 2), (1, 2), 1),
    "gaps_and_strides": ((2, 8, 9, 9), (8, 8, 3, 3), (2, 2), [(1, 0), (2, 1)], (3, 2), None, 1),
    "groups": ((2, 16, 9, 9), (32, 4, 3, 3), (1, 1), "SAME", None, None, 4),
    "many_places": ((2, 8, 130, 140), (16, 8, 2, 3), (1, 1), "SAME", None, None, 1),
    "many_places_with_gaps": ((2, 8, 9, 999), (8, 8, 3, 3), (1, 1), [(1, 2)] * 2, (1, 2), None, 1),
    "one_long_axis": ((1, 8, 20011), (16, 8, 3), (2,), "SAME", None, None, 1),
    "long_sum": ((1, 300, 4, 4), (24, 300, 3, 3), (1, 1), "SAME", None, None, 1),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def _convolution(case: Any) -> Any:
    _, _, strides, padding, gaps, dilation, groups = case
    return lambda x, w: conv_general_dilated(
        x, w, strides, padding, gaps, dilation, feature_group_count=groups
    )


def _operands(case: Any, dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [rng.standard_normal(shape).astype(dtype) for shape in case[:2]]


@each_case
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_compiled_convolutions_equal_the_evaluator(case: Any, dtype: str) -> None:
    function, operands = _convolution(case), _operands(case, dtype)
    compiled = mj.jit(function)
    assert "code_slide" in str(compiled.lower(*operands).kernels())
    tolerance = {"float64": 1e-11, "float32": 2e-4, "float16": 2e-1}[dtype]
    found, expected = (np.asarray(f(*operands)) for f in (compiled, function))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@each_case
def test_a_nan_is_seen_by_the_windows_that_meet_it_alone(case: Any) -> None:
    x, w = _operands(case, "float64")
    x[0, ..., 1] = np.nan
    function = _convolution(case)
    found = np.asarray(mj.jit(function)(x, w))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(function(x, w)))


@each_case
def test_gradients_equal_the_evaluator(case: Any) -> None:
    function, operands = _convolution(case), _operands(case, "float64")

    def loss(x: Any, w: Any) -> Any:
        return (function(x, w) ** 2).sum()

    found = mj.jit(mj.grad(loss, (0, 1)))(*operands)
    for x, y in zip(found, mj.grad(loss, (0, 1))(*operands), strict=True):
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-8, atol=1e-8)


@each_case
def test_the_kernel_program_equals_the_evaluator(case: Any) -> None:
    function, operands = _convolution(case), _operands(case, "float64")
    avals = [ShapedArray(x.shape, x.dtype) for x in operands]
    program = lower_jaxpr(stage_closed(lambda x, w: [function(x, w)], avals))
    check_program(program)
    (found,) = evaluate_program(program, operands)
    np.testing.assert_allclose(found, np.asarray(function(*operands)), rtol=1e-11, atol=1e-11)


def test_images_are_shared_by_threads_to_the_bit() -> None:
    rng = np.random.default_rng(5)
    x, w = rng.standard_normal((16, 16, 24, 24)), rng.standard_normal((16, 16, 3, 3))
    function = mj.jit(lambda x, w: conv_general_dilated(x, w, (1, 1), "SAME"))
    with mj.threads(1):
        alone = np.asarray(function(x, w))
    with mj.threads(4):
        together = np.asarray(function(x, w))
    np.testing.assert_array_equal(alone, together)


def test_patches_are_not_copied() -> None:
    x, w = np.ones((4, 16, 64, 64)), np.ones((16, 16, 5, 5))
    lowered = mj.jit(lambda x, w: conv_general_dilated(x, w, (1, 1), "SAME")).lower(x, w)
    assert lowered.memory()["arena"] < 4 * x.nbytes


def test_loops_are_compiled_once_for_all_convolutions() -> None:
    texts = []
    for shape, window in (((2, 16, 9, 9), (32, 16, 3, 3)), ((4, 16, 20), (32, 16, 7))):
        rank = len(shape) - 2
        compiled = mj.jit(lambda x, w, n=rank: conv_general_dilated(x, w, (1,) * n, "SAME"))
        texts.append(compiled.lower(np.ones(shape), np.ones(window)).llvm_ir())
    called = [
        {x.split("(")[0] for x in text.split("@") if x.startswith("slide_")} for text in texts
    ]
    assert called[0] == called[1] != set()
    assert not any("fmul" in text for text in texts)


def test_products_and_sums_are_rounded_one_by_one_if_they_must() -> None:
    rng = np.random.default_rng(7)
    x, w = rng.standard_normal((1, 1, 300)), rng.standard_normal((130, 1, 2))
    mj.config.update("fp_contract", False)
    try:
        found = np.asarray(mj.jit(lambda x, w: conv_general_dilated(x, w, (2,), "VALID"))(x, w))
    finally:
        mj.config.update("fp_contract", True)
    first, second = x[0, 0, ::2], x[0, 0, 1::2]
    expected = first * w[:, :, 0] + second * w[:, :, 1]
    np.testing.assert_array_equal(found[0], expected)


@pytest.mark.parametrize("padding", [(0, 0), (-3, -2)])
def test_an_input_without_padding_is_not_copied(padding: tuple[int, int]) -> None:
    x, w = np.ones((4, 64, 64, 16)), np.ones((3, 3, 16, 32))
    layouts = ("NHWC", "HWIO", "NHWC")
    function = mj.jit(
        lambda x, w: conv_general_dilated(x, w, (2, 2), [padding] * 2, dimension_numbers=layouts)
    )
    assert function.lower(x, w).memory()["arena"] < x.nbytes / 2


def test_one_padded_input_serves_all_phases() -> None:
    x, w = np.ones((4, 64, 64, 16)), np.ones((3, 3, 16, 32))
    layouts = ("NHWC", "HWIO", "NHWC")
    function = mj.jit(
        lambda x, w: conv_general_dilated(x, w, (1, 1), [(2, 2)] * 2, (2, 2), None, layouts)
    )
    lowered = function.lower(x, w)
    assert str(lowered.kernels()).count("code_slide") == 4
    assert lowered.memory()["arena"] < 1.5 * x.nbytes


@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize(
    ("strides", "padding", "dilation"),
    [((1, 1), "VALID", (1, 1)), ((2, 1), "SAME", (1, 1)), ((1, 2), [(-1, 2), (3, -2)], (2, 1))],
)
def test_gradients_by_the_kernel_with_features_last(
    features: int, strides: Any, padding: Any, dilation: Any
) -> None:
    rng = np.random.default_rng(11)
    x, w = rng.standard_normal((5, 9, 11, features)), rng.standard_normal((3, 2, features, 18))
    layouts = ("NHWC", "HWIO", "NHWC")

    def loss(x: Any, w: Any) -> Any:
        found = conv_general_dilated(x, w, strides, padding, None, dilation, layouts)
        return (found**2).sum()

    gradient = mj.jit(mj.grad(loss, 1))
    expected = np.asarray(mj.grad(loss, 1)(x, w))
    np.testing.assert_allclose(np.asarray(gradient(x, w)), expected, rtol=1e-10, atol=1e-10)


def test_what_lies_with_features_first_is_not_copied() -> None:
    x, ct = np.ones((8, 32, 32, 3)), np.ones((8, 28, 28, 16))
    layouts = ("CHWN", "IHWO", "HWNC")
    function = mj.jit(
        lambda x, ct: conv_general_dilated(x, ct, (1, 1), "VALID", dimension_numbers=layouts)
    )
    lowered = function.lower(x, ct)
    assert "code_slide" in str(lowered.kernels())
    assert lowered.memory()["arena"] < x.nbytes / 4


def test_tables_of_rows_are_short() -> None:
    x, w = np.ones((1, 512, 512, 8), np.float32), np.ones((3, 3, 8, 16), np.float32)
    layouts = ("NHWC", "HWIO", "NHWC")
    function = mj.jit(
        lambda x, w: conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=layouts)
    )
    assert function.lower(x, w).memory()["arena"] < 200_000
