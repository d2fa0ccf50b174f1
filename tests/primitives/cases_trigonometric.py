"""Rows for trigonometric and hyperbolic functions and their inverses."""

import numpy as np

from minijax.core.dtypes import FLOAT, INEXACT
from minijax.primitives import trigonometric
from tests.primitives.case import Case, Operand

EDGES = Operand(values=[0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 2.5])


def _rows(name: str, reference, low: float = -2.0, high: float = 2.0) -> list[Case]:
    function = getattr(trigonometric, name)
    return [
        Case(name, function, (Operand((2, 3), low, high),), INEXACT, reference, holomorphic=True),
        Case(name, function, (Operand((), low, high),), INEXACT, reference, "scalar"),
        Case(name, function, (Operand((0, 2)),), INEXACT, reference, "empty"),
        Case(name, function, (EDGES,), FLOAT[2:], reference, "edges", differentiable=False),
    ]


def _complex_angle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind == "c":
        return 2 * np.arctan(x / (np.sqrt(x * x + y * y) + y))
    return np.arctan2(x, y)


def _atan2(label: str, x: Operand, y: Operand, allowed, **facts) -> Case:
    return Case("atan2", trigonometric.atan2, (x, y), allowed, _complex_angle, label, **facts)


CASES: list[Case] = [
    *_rows("sin", np.sin),
    *_rows("cos", np.cos),
    *_rows("tan", np.tan, -1.2, 1.2),
    *_rows("asin", np.arcsin, -0.8, 0.8),
    *_rows("acos", np.arccos, -0.8, 0.8),
    *_rows("atan", np.arctan, -0.8, 0.8),
    *_rows("sinh", np.sinh),
    *_rows("cosh", np.cosh),
    *_rows("tanh", np.tanh, -1.2, 1.2),
    *_rows("asinh", np.arcsinh, -0.8, 0.8),
    *_rows("acosh", np.arccosh, 1.2, 3.0),
    *_rows("atanh", np.arctanh, -0.8, 0.8),
    _atan2("same", Operand((2, 3)), Operand((2, 3), 0.5, 2.0), INEXACT),
    _atan2("scalar left", Operand(), Operand((3,), 0.5, 2.0), INEXACT),
    _atan2("scalar right", Operand((3,)), Operand((), 0.5, 2.0), INEXACT),
    _atan2("empty", Operand((0,)), Operand((0,)), INEXACT),
    _atan2(
        "edges",
        Operand(values=[0.0, -0.0, 0.0, -0.0, 1.0, np.inf, np.nan]),
        Operand(values=[0.0, 0.0, -0.0, -0.0, -np.inf, np.inf, 1.0]),
        FLOAT[2:],
        differentiable=False,
    ),
]
