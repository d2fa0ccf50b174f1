"""What is asked of every way to compile a convolution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import minijax as mj
from minijax.core.avals import ShapedArray
from minijax.interpreters.stage import stage_closed
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.check import check_program
from minijax.kernel.reference import evaluate_program

Convolution = Callable[..., Any]
TOLERANCES = {"float64": 1e-11, "float32": 2e-4, "float16": 2e-1}


def check_value(function: Convolution, operands: Sequence[np.ndarray], symbol: str) -> None:
    """Code that calls `symbol` agrees with the evaluator."""
    compiled = mj.jit(function)
    assert symbol in str(compiled.lower(*operands).kernels())
    tolerance = TOLERANCES[operands[0].dtype.name]
    found, expected = (np.asarray(f(*operands)) for f in (compiled, function))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def check_places_of_nan(function: Convolution, operands: Sequence[np.ndarray]) -> None:
    """A NaN among the operands is where the evaluator has it."""
    found = np.asarray(mj.jit(function)(*operands))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(function(*operands)))


def check_gradients(function: Convolution, operands: Sequence[np.ndarray]) -> None:
    """Both gradients agree with the evaluator."""

    def loss(x: Any, w: Any) -> Any:
        return (function(x, w) ** 2).sum()

    gradient = mj.grad(loss, (0, 1))
    for x, y in zip(mj.jit(gradient)(*operands), gradient(*operands), strict=True):
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-8, atol=1e-8)


def check_kernel_program(function: Convolution, operands: Sequence[np.ndarray]) -> None:
    """The program in the kernel language is well formed, and means the convolution."""
    avals = [ShapedArray(x.shape, x.dtype) for x in operands]
    program = lower_jaxpr(stage_closed(lambda x, w: [function(x, w)], avals))
    check_program(program)
    (found,) = evaluate_program(program, operands)
    np.testing.assert_allclose(found, np.asarray(function(*operands)), rtol=1e-11, atol=1e-11)
