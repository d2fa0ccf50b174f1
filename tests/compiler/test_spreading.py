"""Convolutions whose products are spread over the results: any window, gaps, groups, layouts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax.core.avals import ShapedArray
from minijax.interpreters.stage import stage_closed
from minijax.kernel.build import lower_jaxpr
from minijax.primitives.convolution import conv_general_dilated
from minijax.primitives.sliding import lies_innermost
from tests.compiler.convolution_checks import (
    TOLERANCES,
    check_gradients,
    check_kernel_program,
    check_places_of_nan,
    check_value,
)

# input, kernel, padding, gaps of input and kernel, groups, whether features are last
CASES: dict[str, Any] = {
    "plain": ((2, 8, 9, 9), (1, 8, 3, 3), "SAME", (2, 2), None, 1, False),
    "features_last": ((2, 8, 9, 10), (3, 8, 3, 3), [(0, 1), (2, 2)], (2, 2), None, 1, True),
    "one_axis": ((3, 5, 40), (2, 5, 5), [(1, 2)], (2,), None, 1, False),
    "many_places": ((1, 4, 100), (3, 4, 7), [(3, 3)], (2,), None, 1, False),
    "three_axes": ((2, 4, 3, 4, 5), (2, 4, 2, 3, 2), [(1, 1)] * 3, (2, 1, 3), None, 1, False),
    "some_axes": ((2, 8, 8, 9), (2, 8, 3, 4), [(1, 2), (0, 3)], (3, 1), None, 1, True),
    "wide_gaps": ((2, 6, 5, 9), (3, 6, 4, 5), [(-1, 2), (7, 2)], (4, 3), (2, 2), 1, False),
    "much_padding": ((2, 8, 9, 8), (1, 8, 3, 2), [(9, 5), (4, 8)], (2, 2), (1, 3), 1, False),
    "cut_off": ((2, 8, 9, 12), (2, 8, 3, 3), [(-4, -3), (-5, 1)], (2, 2), None, 1, False),
    "groups": ((2, 16, 9, 9), (4, 4, 3, 3), [(1, 1), (1, 1)], (2, 2), None, 4, False),
    "groups_last": ((2, 8, 3, 9), (4, 4, 3, 3), [(1, 1), (1, 1)], (2, 2), None, 2, True),
    "several_blocks": ((1, 4, 70, 70), (3, 4, 5, 5), [(2, 2), (2, 2)], (2, 2), None, 1, False),
    "one_element": ((2, 4, 1, 1), (2, 4, 3, 3), [(3, 3), (2, 2)], (2, 2), None, 1, False),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def _convolution(case: Any) -> Any:
    _, kernel, padding, gaps, dilation, groups, is_last = case
    rank = len(kernel) - 2
    spatial = "DHW"[:rank]
    layout = f"N{spatial}C" if is_last else f"NC{spatial}"
    layouts = (layout, f"OI{spatial}", layout)
    if padding == "SAME":
        padding = [(1, 1)] * rank
    return lambda x, w: conv_general_dilated(
        x, w, (1,) * rank, padding, gaps, dilation, layouts, feature_group_count=groups
    )


def _operands(case: Any, dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    x, w = (rng.standard_normal(shape).astype(dtype) for shape in case[:2])
    return [np.ascontiguousarray(np.moveaxis(x, 1, -1)) if case[-1] else x, w]


@each_case
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_compiled_convolutions_equal_the_evaluator(case: Any, dtype: str) -> None:
    check_value(_convolution(case), _operands(case, dtype), "code_spread")


@each_case
def test_a_nan_is_seen_by_the_windows_that_meet_it_alone(case: Any) -> None:
    x, w = _operands(case, "float64")
    x[0, ..., 0] = np.nan
    check_places_of_nan(_convolution(case), (x, w))


@each_case
def test_gradients_equal_the_evaluator(case: Any) -> None:
    check_gradients(_convolution(case), _operands(case, "float64"))


@each_case
def test_the_kernel_program_equals_the_evaluator(case: Any) -> None:
    check_kernel_program(_convolution(case), _operands(case, "float64"))


def test_gradients_by_the_input_of_strides_are_spread() -> None:
    x, w = np.ones((2, 1, 16, 16)), np.ones((8, 1, 5, 5))

    def loss(x: Any, w: Any) -> Any:
        return (conv_general_dilated(x, w, (2, 2), "SAME") ** 2).sum()

    assert "code_spread" in str(mj.jit(mj.grad(loss)).lower(x, w).kernels())


def test_images_are_shared_by_threads_to_the_bit() -> None:
    rng = np.random.default_rng(5)
    x, w = rng.standard_normal((16, 16, 24, 24)), rng.standard_normal((2, 16, 3, 3))
    function = mj.jit(lambda x, w: conv_general_dilated(x, w, (1, 1), [(1, 1)] * 2, (2, 2)))
    with mj.threads(1):
        alone = np.asarray(function(x, w))
    with mj.threads(4):
        together = np.asarray(function(x, w))
    np.testing.assert_array_equal(alone, together)


def test_an_input_with_its_features_last_is_not_copied() -> None:
    x, w = np.ones((4, 64, 64, 16)), np.ones((2, 16, 3, 3))
    layouts = ("NHWC", "OIHW", "NHWC")
    compiled = mj.jit(
        lambda x, w: conv_general_dilated(
            x, w, (1, 1), [(1, 1)] * 2, (2, 2), dimension_numbers=layouts
        )
    )
    assert compiled.lower(x, w).memory()["arena"] < 2 * x.nbytes


def test_the_innermost_axis_is_that_of_what_is_read() -> None:
    def function(x: Any) -> list[Any]:
        return [x.transpose(0, 3, 1, 2).reshape(2, 5, 1, 12), (x * 2).transpose(0, 3, 1, 2), x]

    aval = ShapedArray((2, 3, 4, 5), np.dtype("float64"))
    program = lower_jaxpr(stage_closed(function, [aval]))
    found = [[lies_innermost(out, d) for d in (0, 1, 3)] for out in program.outputs]
    assert found == [[False, True, False], [False, True, False], [False, False, True]]
