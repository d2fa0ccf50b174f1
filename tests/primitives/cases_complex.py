"""Rows for complex numbers and their parts."""

import numpy as np

from minijax.core.dtypes import COMPLEX, complex_dtype, float32, float64
from minijax.primitives import complex as complex_family
from tests.primitives.case import Case, Operand

PARTS = (float32, float64)
SHAPES = {"matrix": (2, 3), "scalar": (), "empty": (0, 2)}


def _join(re: np.ndarray, im: np.ndarray) -> np.ndarray:
    return (re + 1j * im).astype(complex_dtype(re.dtype))


def _conj(x: np.ndarray) -> np.ndarray:
    return np.conj(x).astype(complex_dtype(x.dtype))


def _part(name: str, function, reference, allowed) -> list[Case]:
    return [
        Case(name, function, (Operand(shape),), allowed, reference, label, linear=(0,))
        for label, shape in SHAPES.items()
    ]


CASES: list[Case] = [
    *(
        Case(
            "complex",
            complex_family.complex,
            (Operand(x), Operand(y)),
            PARTS,
            _join,
            label,
            linear=(0, 1),
        )
        for label, x, y in [
            ("same", (2, 3), (2, 3)),
            ("scalar left", (), (3,)),
            ("scalar right", (3,), ()),
            ("empty", (0,), (0,)),
        ]
    ),
    *_part("real", complex_family.real, np.real, COMPLEX),
    *_part("imag", complex_family.imag, np.imag, COMPLEX),
    *_part("conj", complex_family.conj, _conj, (*PARTS, *COMPLEX)),
]
