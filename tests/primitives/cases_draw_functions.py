"""Rows for the elementary functions of random draws."""

import numpy as np
import scipy.special

from minijax.core.dtypes import FLOAT
from minijax.primitives import draw_functions
from tests.primitives.case import Case, Operand


def _rows(name: str, reference, low: float, high: float, edges: list[float]) -> list[Case]:
    function = getattr(draw_functions, name)
    return [
        Case(name, function, (Operand((2, 3), low, high),), FLOAT, reference),
        Case(name, function, (Operand((), low, high),), FLOAT, reference, "scalar"),
        Case(name, function, (Operand((0, 2)),), FLOAT, reference, "empty"),
        Case(
            name,
            function,
            (Operand(values=edges),),
            FLOAT[2:],
            reference,
            "edges",
            differentiable=False,
        ),
    ]


CASES: list[Case] = [
    *_rows("draw_log", np.log, 0.5, 2.0, [0.0, 1.0, np.inf, np.nan, -1.0]),
    *_rows("draw_log1p", np.log1p, -0.5, 2.0, [0.0, -0.0, -1.0, np.nan, -2.0, 1e-9]),
    *_rows("draw_erf", scipy.special.erf, -2.0, 2.0, [0.0, 9.0, -9.0, np.nan]),
    *_rows("draw_erf_inv", scipy.special.erfinv, -0.9, 0.9, [0.0, -0.0, 1.0, -1.0, 2.0, np.nan]),
    *_rows("draw_tan", np.tan, -1.0, 1.0, [0.0, -0.0, 1.5, np.nan]),
]
