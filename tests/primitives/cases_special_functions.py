"""Rows for Bessel functions, incomplete gamma and beta functions and the zeta function."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from minijax.core.dtypes import FLOAT, float32, float64
from minijax.primitives import special_functions, special_gamma
from tests.primitives.case import Case, Operand


def _bessel(name: str, reference: Any) -> list[Case]:
    function = getattr(special_functions, f"bessel_{name}")
    return [
        Case(f"bessel_{name}", function, (Operand((2, 3), 0.2, 4),), FLOAT, reference),
        Case(f"bessel_{name}", function, (Operand((), -4, -0.2),), FLOAT, reference, "scalar"),
        Case(f"bessel_{name}", function, (Operand((0, 2)),), FLOAT, reference, "empty"),
        Case(
            f"bessel_{name}",
            function,
            (Operand(values=[0.0, -0.0, np.inf, -np.inf, np.nan, 500.0]),),
            (float32, float64),
            reference,
            "edges",
            differentiable=False,
        ),
    ]


def _incomplete(name: str, reference: Any) -> list[Case]:
    function = getattr(special_gamma, name)
    order, low, high = Operand((2, 3), 2, 4), Operand((2, 3), 0.2, 1.5), Operand((2, 3), 6, 9)
    facts: Any = {"tolerance": 1e-11}
    return [
        Case(name, function, (order, low), (float32, float64), reference, "series", **facts),
        Case(name, function, (order, high), (float32, float64), reference, "fraction", **facts),
        Case(name, function, (Operand((), 2, 4), low), (float64,), reference, "scalar", **facts),
        Case(name, function, (Operand((0,)), Operand((0,))), FLOAT, reference, "empty"),
        Case(name, function, (order, low), FLOAT, reference, "half", differentiable=False),
        Case(
            name,
            function,
            (Operand(values=[1, 1, 2, -1, 1, 0.5]), Operand(values=[0, -1, np.inf, 1, np.nan, 90])),
            (float32, float64),
            reference,
            "edges",
            differentiable=False,
        ),
    ]


CASES: list[Case] = [
    *_bessel("i0e", scipy.special.i0e),
    *_bessel("i1e", scipy.special.i1e),
    *_incomplete("igamma", scipy.special.gammainc),
    *_incomplete("igammac", scipy.special.gammaincc),
    Case(
        "betainc",
        lambda x: special_functions.betainc(2.5, 1.5, x),
        (Operand((2, 3), 0.1, 0.9),),
        FLOAT,
        lambda x: scipy.special.betainc(*np.array([2.5, 1.5], x.dtype), x),
        tolerance=1e-11,
    ),
    Case(
        "betainc",
        special_functions.betainc,
        (Operand((3,), 0.5, 3), Operand((3,), 0.5, 3), Operand((3,), 0.1, 0.9)),
        FLOAT,
        scipy.special.betainc,
        "orders",
        tolerance=1e-10,
    ),
    Case(
        "betainc",
        special_functions.betainc,
        (Operand(values=[1, 1, -1, 1]), Operand(values=[2, 2, 2, 2]), Operand(values=[0, 1, 1, 2])),
        (float32, float64),
        scipy.special.betainc,
        "edges",
        differentiable=False,
    ),
    Case(
        "zeta",
        lambda q: special_functions.zeta(2.5, q),
        (Operand((2, 3), 0.5, 4),),
        FLOAT,
        lambda q: scipy.special.zeta(np.asarray(2.5, q.dtype), q),
        tolerance=1e-11,
    ),
    Case(
        "zeta",
        special_functions.zeta,
        (Operand((2, 3), 1.2, 5), Operand((2, 3), 0.5, 4)),
        FLOAT,
        scipy.special.zeta,
        "exponents",
        tolerance=1e-10,
    ),
    Case(
        "zeta",
        special_functions.zeta,
        (Operand(values=[1.5, 1, 0.5, 2, 3]), Operand(values=[2, 2, 2, -1, -0.5])),
        (float32, float64),
        scipy.special.zeta,
        "edges",
        differentiable=False,
        tolerance=1e-11,
    ),
]
