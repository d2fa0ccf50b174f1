"""Rows for the error function and the gamma function's logarithm and its derivatives."""

import numpy as np
import scipy.special

from minijax.core.dtypes import FLOAT, float32, float64
from minijax.primitives import special
from tests.primitives.case import Case, Operand


def _polygamma(m: np.ndarray, x: np.ndarray) -> np.ndarray:
    return scipy.special.polygamma(m.astype(int), x).astype(x.dtype)


def _rows(name: str, reference, low: float, high: float, edges: list[float]) -> list[Case]:
    function = getattr(special, name)
    return [
        Case(name, function, (Operand((2, 3), low, high),), FLOAT, reference),
        Case(name, function, (Operand((), low, high),), FLOAT, reference, "scalar"),
        Case(name, function, (Operand((0, 2)),), FLOAT, reference, "empty"),
        Case(
            name,
            function,
            (Operand(values=edges),),
            (float32, float64),
            reference,
            "edges",
            differentiable=False,
        ),
    ]


def _digamma(x: np.ndarray) -> np.ndarray:
    return np.where((x <= 0) & (x == np.floor(x)), np.nan, scipy.special.psi(x))


CASES: list[Case] = [
    *_rows("erf", scipy.special.erf, -2, 2, [0, -0.0, 9, np.inf, -np.inf, np.nan]),
    *_rows("erfc", scipy.special.erfc, -2, 2, [0, 9, np.inf, -np.inf, np.nan]),
    *_rows("erf_inv", scipy.special.erfinv, -0.9, 0.9, [0, 1, -1, 2, np.nan]),
    *_rows("lgamma", scipy.special.gammaln, 0.5, 5, [0, -1, -2.5, 1, 2, np.inf, np.nan]),
    *_rows("digamma", _digamma, 0.5, 5, [-0.5, -1, 0, np.inf, np.nan]),
    *(
        Case(
            "polygamma",
            lambda x, m=m: special.polygamma(float(m), x),
            (Operand((2, 3), 0.5, 5),),
            FLOAT,
            lambda x, m=m: _polygamma(np.asarray(m), x),
            f"of order {m}",
        )
        for m in range(4)
    ),
    Case(
        "polygamma",
        special.polygamma,
        (Operand(values=[0, 1, 2]), Operand((3,), 0.5, 5)),
        (float32, float64),
        _polygamma,
        "orders",
        differentiable=False,
    ),
]
