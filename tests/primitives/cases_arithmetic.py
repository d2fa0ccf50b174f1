"""Rows for arithmetic, rounding, extrema, powers and roots."""

import numpy as np

from minijax.core import dtypes
from minijax.core.dtypes import ALL, FLOAT, INEXACT, INTEGER, NUMERIC, SIGNED
from minijax.primitives import arithmetic, powers
from minijax.primitives.arithmetic import RoundingMethod
from tests.primitives.case import Case, Operand

WIDE_FLOAT = (dtypes.float32, dtypes.float64)
AWAY = Operand((2, 3), 0.5, 3.0)
INTS = Operand(values=[7, -7, 100, -128, 5, 0])
DIVISORS = Operand(values=[2, 2, 0, -1, -3, 0])


def _two(name: str, function, reference, allowed, low=-2.0, label: str = "", **facts) -> list[Case]:
    """The shapes that an operation of two operands meets."""
    shapes = {
        "same": ((2, 3), (2, 3)),
        "scalar left": ((), (3,)),
        "scalar right": ((2, 1), ()),
        "scalars": ((), ()),
        "empty": ((0, 2), (0, 2)),
    }
    return [
        Case(
            name,
            function,
            (Operand(x, low, 3.0), Operand(y, 0.5, 2.5)),
            allowed,
            reference,
            f"{label} {shape}".strip(),
            **facts,
        )
        for shape, (x, y) in shapes.items()
    ]


def _one(name: str, function, reference, allowed, operand=None, label="", **facts) -> list[Case]:
    operands = {
        label or "matrix": operand or Operand((2, 3)),
        f"{label} scalar".strip(): Operand((), 0.6, 0.9),
        f"{label} empty".strip(): Operand((0,)),
    }
    return [
        Case(name, function, (x,), allowed, reference, shown, **facts)
        for shown, x in operands.items()
    ]


def _round_away(x: np.ndarray) -> np.ndarray:
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def _round(label: str, method: RoundingMethod, reference) -> Case:
    halves = Operand(values=[-2.5, -1.5, -0.5, -0.2, 0.0, 0.5, 1.5, 2.5, 3.7])
    return Case(
        "round",
        lambda x: arithmetic.round(x, method),
        (halves,),
        FLOAT,
        reference,
        label,
        differentiable=False,
    )


def _integer_pow(y: int, allowed) -> Case:
    return Case(
        "integer_pow",
        lambda x: powers.integer_pow(x, y),
        (AWAY,),
        allowed,
        lambda x: np.power(x, y) if x.dtype.kind in "iu" else np.power(x, x.dtype.type(y)),
        f"to {y}",
        holomorphic=True,
    )


CASES: list[Case] = [
    *_one("neg", arithmetic.neg, np.negative, NUMERIC, linear=(0,), holomorphic=True),
    *_two("add", arithmetic.add, np.add, NUMERIC, linear=(0, 1), holomorphic=True),
    *_two("sub", arithmetic.sub, np.subtract, NUMERIC, linear=(0, 1), holomorphic=True),
    *_two("mul", arithmetic.mul, np.multiply, NUMERIC, holomorphic=True),
    *_two("div", arithmetic.div, np.divide, INEXACT, linear=(0,), holomorphic=True),
    *_two("rem", arithmetic.rem, np.fmod, WIDE_FLOAT),
    Case(
        "div",
        arithmetic.div,
        (INTS, DIVISORS),
        (*SIGNED[1:],),
        lambda x, y: np.array([3, -3, -1, 128, -1, -1], x.dtype),
        "integers",
    ),
    Case(
        "div",
        arithmetic.div,
        (INTS, DIVISORS),
        (dtypes.int8,),
        lambda x, y: np.array([3, -3, -1, -128, -1, -1], x.dtype),
        "overflow",
    ),
    Case(
        "div",
        arithmetic.div,
        (Operand(values=[7, 9]), Operand(values=[2, 0])),
        dtypes.UNSIGNED,
        lambda x, y: np.array([3, np.iinfo(x.dtype).max], x.dtype),
        "unsigned",
    ),
    Case(
        "rem",
        arithmetic.rem,
        (INTS, DIVISORS),
        SIGNED,
        lambda x, y: np.array([1, -1, 100, 0, 2, 0], x.dtype),
        "integers",
    ),
    Case(
        "rem",
        arithmetic.rem,
        (Operand((3,), 0, 50), Operand((3,), 1, 9)),
        INTEGER,
        np.fmod,
        "positive",
    ),
    *_one("sign", arithmetic.sign, np.sign, NUMERIC, differentiable=False),
    *_one("abs", arithmetic.abs, np.abs, (*SIGNED, *INEXACT), Operand((2, 3), 0.3, 2.0)),
    Case(
        "abs",
        arithmetic.abs,
        (Operand(values=[-1.5, -0.0, 0.0, np.inf, -np.inf, np.nan]),),
        FLOAT,
        np.abs,
        "edges",
        differentiable=False,
    ),
    *_one("floor", arithmetic.floor, np.floor, FLOAT, differentiable=False),
    *_one("ceil", arithmetic.ceil, np.ceil, FLOAT, differentiable=False),
    _round("away", RoundingMethod.AWAY_FROM_ZERO, _round_away),
    _round("even", RoundingMethod.TO_NEAREST_EVEN, np.rint),
    Case(
        "is_finite",
        arithmetic.is_finite,
        (Operand(values=[1.0, np.inf, -np.inf, np.nan]),),
        FLOAT,
        np.isfinite,
    ),
    *_two("max", arithmetic.max, np.maximum, (dtypes.bool_, *INTEGER, *WIDE_FLOAT)),
    *_two("min", arithmetic.min, np.minimum, (dtypes.bool_, *INTEGER, *WIDE_FLOAT)),
    Case(
        "max",
        arithmetic.max,
        (Operand(values=[1, 2, np.nan, 3]), Operand(values=[2, 1, 0, np.nan])),
        INEXACT,
        np.maximum,
        "nan",
        differentiable=False,
    ),
    Case(
        "min",
        arithmetic.min,
        (Operand(values=[1, 2, np.nan, 3]), Operand(values=[2, 1, 0, np.nan])),
        INEXACT,
        np.minimum,
        "nan",
        differentiable=False,
    ),
    Case(
        "max",
        arithmetic.max,
        (Operand((4,)), Operand((4,))),
        dtypes.COMPLEX,
        np.maximum,
        "lexicographic",
    ),
    Case(
        "min",
        arithmetic.min,
        (Operand((4,)), Operand((4,))),
        dtypes.COMPLEX,
        np.minimum,
        "lexicographic",
    ),
    Case(
        "nextafter",
        arithmetic.nextafter,
        (Operand(values=[1, 1, 0, 2, -3]), Operand(values=[2, 0, -1, 2, 7])),
        WIDE_FLOAT,
        np.nextafter,
        differentiable=False,
    ),
    *_two("pow", powers.pow, np.power, INEXACT, 0.5, holomorphic=True),
    Case(
        "pow",
        powers.pow,
        (AWAY, Operand((2, 3), -2, 3, dtypes.int32)),
        INEXACT,
        lambda x, y: np.power(x, y.astype(x.dtype)),
        "integer exponents",
    ),
    Case(
        "pow",
        powers.pow,
        (Operand(values=[0.0, 0.0, 2.0]), Operand(values=[0, 2, 0], dtype=dtypes.int64)),
        WIDE_FLOAT,
        lambda x, y: np.array([1, 0, 1], x.dtype),
        "at zero",
        differentiable=False,
    ),
    *(_integer_pow(y, NUMERIC) for y in (0, 1, 2, 3)),
    *(_integer_pow(y, INEXACT) for y in (-1, -2)),
    *_one("square", powers.square, np.square, NUMERIC, holomorphic=True),
    *_one("sqrt", powers.sqrt, np.sqrt, INEXACT, AWAY, holomorphic=True),
    *_one("rsqrt", powers.rsqrt, lambda x: 1 / np.sqrt(x), INEXACT, AWAY, holomorphic=True),
    *_one("cbrt", powers.cbrt, np.cbrt, FLOAT, AWAY),
]
assert {dtype for case in CASES for dtype in case.dtypes} == set(ALL)
