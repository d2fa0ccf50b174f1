"""Rows for integrals of exponentials and logarithms."""

from __future__ import annotations

import numpy as np
import scipy.special

from minijax.core.dtypes import FLOAT, float32, float64
from minijax.primitives import special_integrals
from tests.primitives.case import Case, Operand


def _rows(name: str, low: float, high: float, edges: list[float]) -> list[Case]:
    function, reference = getattr(special_integrals, name), getattr(scipy.special, name)
    row = (name, function)
    return [
        Case(*row, (Operand((2, 3), low, high),), FLOAT, reference, tolerance=1e-11),
        Case(*row, (Operand((), low, high),), (float64,), reference, "scalar", tolerance=1e-11),
        Case(*row, (Operand((0, 2)),), FLOAT, reference, "empty"),
        Case(
            *row,
            (Operand(values=edges),),
            (float32, float64),
            reference,
            "edges",
            differentiable=False,
            tolerance=1e-11,
        ),
    ]


CASES: list[Case] = [
    *_rows("log_ndtr", -8, 3, [0, -30, 30, -np.inf, np.inf, np.nan]),
    *_rows("ndtri", 0.1, 0.9, [0, 1, -0.5, 1.5, 1e-30, np.nan]),
    *_rows("expi", 0.2, 4, [0, -1, np.inf, -np.inf, np.nan]),
    *_rows("exp1", 0.2, 4, [0, np.inf, np.nan]),
    *_rows("erfcx", -2, 4, [0, 50, np.inf, np.nan]),
    *_rows("dawsn", -3, 3, [0, 50, np.inf, np.nan]),
    *_rows("spence", 0.2, 4, [0, 1, -1, np.inf, np.nan]),
]
