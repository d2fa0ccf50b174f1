"""Rows for Fresnel's and other integrals, hypergeometric functions and functions of two orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from minijax.core.dtypes import COMPLEX, FLOAT, float32, float64
from minijax.primitives import special_hypergeometric, special_oscillating
from tests.primitives.case import Case, Operand

_EDGES = [0.0, -0.0, np.inf, -np.inf, np.nan, 300.0]


def _single(name: str, dtypes: Any, reference: Any, edges: Any = _EDGES) -> list[Case]:
    function = getattr(special_oscillating, name)
    low = Operand((2, 3), 0.3, 2.0)
    return [
        Case(name, function, (low,), dtypes, reference, tolerance=1e-11),
        Case(name, function, (Operand((), 2.5, 4.0),), dtypes, reference, "scalar"),
        Case(name, function, (Operand((0, 2)),), dtypes, reference, "empty"),
        Case(
            name,
            function,
            (Operand(values=edges),),
            [dtypes[-1]],
            reference,
            "edges",
            differentiable=False,
        ),
    ]


def _fixed(name: str, function: Any, orders: tuple[float, ...], x: Operand) -> Case:
    """A row with orders that derivatives are not taken by."""
    reference = getattr(scipy.special, name.removeprefix("bessel_"))
    return Case(
        name,
        lambda v: function(*orders, v),
        (x,),
        FLOAT,
        lambda v: reference(*(v.dtype.type(order) for order in orders), v).astype(v.dtype),
        f"of order {orders[0]}",
        tolerance=1e-10,
    )


def _expn(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    return scipy.special.expn(n.astype(int), x).astype(x.dtype)


CASES: list[Case] = [
    *_single("fresnel", FLOAT, scipy.special.fresnel),
    *_single("sici", FLOAT, scipy.special.sici),
    *_single("wofz", COMPLEX, scipy.special.wofz, [0.0, 1 - 2j, 40j, 1e5]),
    *_single("complex_digamma", COMPLEX, scipy.special.digamma, [0.5j, -2.5 + 1j, 1e5]),
    *_single("complex_loggamma", COMPLEX, scipy.special.loggamma, [0.5j, -2.5 + 1j, 1e5]),
    _fixed("bessel_jv", special_oscillating.bessel_jv, (2.0,), Operand((2, 3), 0.3, 6.0)),
    _fixed("expn", special_oscillating.expn, (3.0,), Operand((2, 3), 0.3, 6.0)),
    Case(
        "bessel_jv",
        special_oscillating.bessel_jv,
        (Operand(values=[0, 1, 2, 3, 0.5]), Operand(values=[0, -1, np.inf, np.nan, 2])),
        (float32, float64),
        scipy.special.jv,
        "edges",
        differentiable=False,
    ),
    Case(
        "expn",
        special_oscillating.expn,
        (Operand(values=[0, 1, 2, 5, 3]), Operand(values=[0, 0, 0, 50, np.inf])),
        (float32, float64),
        _expn,
        "edges",
        differentiable=False,
    ),
    Case(
        "owens_t",
        special_oscillating.owens_t,
        (Operand((2, 3)), Operand((2, 3))),
        (float32, float64),
        scipy.special.owens_t,
        tolerance=1e-11,
    ),
    Case(
        "hyp1f1",
        special_hypergeometric.hyp1f1,
        (Operand((2, 3), 0.5, 2), Operand((2, 3), 1, 3), Operand((2, 3), -2, 2)),
        (float64,),
        scipy.special.hyp1f1,
        tolerance=1e-11,
    ),
    Case(
        "hyp2f1",
        special_hypergeometric.hyp2f1,
        (
            Operand((3,), 0.5, 2),
            Operand((3,), 0.5, 2),
            Operand((3,), 2.5, 4),
            Operand((3,), -0.5, 0.5),
        ),
        (float64,),
        scipy.special.hyp2f1,
        tolerance=1e-11,
    ),
]
