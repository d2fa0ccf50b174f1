"""Rows for exponentials and logarithms."""

import numpy as np

from minijax.core.dtypes import FLOAT, INEXACT
from minijax.primitives import exponential
from tests.primitives.case import Case, Operand

EDGES = Operand(values=[0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 700.0, -1000.0])


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _exp2(x: np.ndarray) -> np.ndarray:
    return np.power(x.dtype.type(2), x)


def _rows(name: str, reference, low: float = -2.0) -> list[Case]:
    function = getattr(exponential, name)
    return [
        Case(name, function, (Operand((2, 3), low, 2.0),), INEXACT, reference, holomorphic=True),
        Case(name, function, (Operand((), 0.5, 1.0),), INEXACT, reference, "scalar"),
        Case(name, function, (Operand((0, 2)),), INEXACT, reference, "empty"),
        Case(name, function, (EDGES,), FLOAT[2:], reference, "edges", differentiable=False),
    ]


CASES: list[Case] = [
    *_rows("exp", np.exp),
    *_rows("exp2", _exp2),
    *_rows("expm1", np.expm1),
    *_rows("log", np.log, 0.5),
    *_rows("log1p", np.log1p, -0.5),
    *_rows("logistic", _logistic),
]
