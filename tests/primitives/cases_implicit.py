"""Cases of linear_solve."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.dtypes import float64
from minijax.lax.implicit import custom_linear_solve
from minijax.primitives.arithmetic import add, div, mul
from tests.primitives.case import Case, Operand

F64 = (float64,)


def _diagonal(d: Any, b: Any) -> Any:
    scale = add(mul(d, d), 1.0)
    solver = lambda f, y: div(y, scale)  # noqa: E731
    return custom_linear_solve(lambda x: mul(scale, x), b, solver, solver)


def _symmetric(d: Any, b: Any) -> Any:
    solver = lambda f, y: div(y, f(d / d))  # noqa: E731
    return custom_linear_solve(lambda x: mul(d, x), b, solver, symmetric=True)


CASES = [
    Case(
        "linear_solve",
        _diagonal,
        (Operand((3,)), Operand((3,))),
        F64,
        reference=lambda d, b: b / (d * d + 1),
        linear=(1,),
    ),
    Case(
        "linear_solve",
        _symmetric,
        (Operand((2,), 0.5, 2.0), Operand((2,))),
        F64,
        reference=lambda d, b: np.divide(b, d),
        label="symmetric",
        linear=(1,),
    ),
]
