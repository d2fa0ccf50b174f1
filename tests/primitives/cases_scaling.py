"""Rows for the products and quotients of (co)tangents that a zero makes zero."""

import numpy as np

from minijax.core.dtypes import INEXACT
from minijax.primitives.scaling import scale, unscale
from tests.primitives.case import Case, Operand

SHAPES = {
    "same": ((2, 3), (2, 3)),
    "scalar left": ((), (3,)),
    "scalar right": ((2, 1), ()),
    "scalars": ((), ()),
    "empty": ((0, 2), (0, 2)),
}
# Every pair of numbers of which one at least is singular.
NUMBERS = np.array([0.0, -0.0, 2.0, np.inf, -np.inf, np.nan])
LEFT = Operand(values=np.repeat(NUMBERS, NUMBERS.size))
RIGHT = Operand(values=np.tile(NUMBERS, NUMBERS.size))


def _scale_either(t, x):
    return scale(t, x, either=True)


def _masked(function, either: bool):
    def reference(t: np.ndarray, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            is_zero = (t == 0) | (x == 0) if either else t == 0
            return np.where(is_zero, 0, function(t, x)).astype(t.dtype)

    return reference


def _rows(name: str, function, reference, linear, label: str = "") -> list[Case]:
    smooth = [
        Case(
            name,
            function,
            (Operand(t), Operand(x, 0.5, 2.5)),
            INEXACT,
            reference,
            f"{label} {shape}".strip(),
            linear=linear,
            holomorphic=True,
        )
        for shape, (t, x) in SHAPES.items()
    ]
    edges = Case(
        name,
        function,
        (LEFT, RIGHT),
        tuple(dtype for dtype in INEXACT if dtype.kind != "c"),
        reference,
        f"{label} edges".strip(),
        differentiable=False,
    )
    zeros = Case(
        name,
        function,
        (Operand(values=[0, 0, 1j]), Operand(values=[np.inf, 0, 2])),
        tuple(dtype for dtype in INEXACT if dtype.kind == "c"),
        reference,
        f"{label} complex zeros".strip(),
        differentiable=False,
    )
    return [*smooth, edges, zeros]


CASES: list[Case] = [
    *_rows("scale", scale, _masked(np.multiply, False), (0,)),
    *_rows("scale", _scale_either, _masked(np.multiply, True), (0,), "either"),
    *_rows("unscale", unscale, _masked(np.divide, False), (0,)),
]
