"""Rows for the fused product and sum."""

import numpy as np

from minijax.core.dtypes import FLOAT, float64
from minijax.primitives.fused import fma
from tests.primitives.case import Case, Operand


def _exact(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    wide = np.longdouble if x.dtype == np.float64 else np.float64
    return (x.astype(wide) * y.astype(wide) + z.astype(wide)).astype(x.dtype)


CASES: list[Case] = [
    Case("fma", fma, (Operand((2, 3)), Operand((2, 3)), Operand((2, 3))), FLOAT, _exact),
    Case("fma", fma, (Operand(()), Operand((3,)), Operand(())), FLOAT, _exact, "scalars"),
    Case("fma", fma, (Operand((0,)), Operand((0,)), Operand((0,))), FLOAT, _exact, "empty"),
    Case(
        "fma",
        fma,
        (
            Operand(values=[0.1, 1 / 3, np.inf, 0, 1e300, -1e-300, np.nan]),
            Operand(values=[10, 3, 0, np.inf, 1e300, 1e-300, 1]),
            Operand(values=[-1, -1, 1, 1, -np.inf, 1e-308, 0]),
        ),
        (float64,),
        label="edges",
        differentiable=False,
    ),
]
