"""Rows for comparisons, select_n and clamp."""

import numpy as np

from minijax.core import dtypes
from minijax.core.dtypes import ALL, COMPLEX
from minijax.primitives import compare
from tests.primitives.case import Case, Operand

ORDERED = tuple(dtype for dtype in ALL if dtype not in COMPLEX)
MIXED = Operand(values=[1, 2, 3, 0])
OTHER = Operand(values=[2, 2, 1, 0])
NANS = Operand(values=[np.nan, 1, np.inf, -0.0])
PLAIN = Operand(values=[np.nan, np.nan, np.inf, 0.0])


def _comparison(name: str, reference) -> list[Case]:
    function = getattr(compare, name)
    allowed = ALL if name in ("eq", "ne") else ORDERED
    return [
        Case(name, function, (MIXED, OTHER), allowed, reference),
        Case(name, function, (MIXED, Operand(values=2)), allowed, reference, "scalar right"),
        Case(name, function, (Operand((0, 2)), Operand((0, 2))), allowed, reference, "empty"),
        Case(name, function, (NANS, PLAIN), dtypes.FLOAT, reference, "nan"),
    ]


def _choose(which: np.ndarray, *cases: np.ndarray) -> np.ndarray:
    position = np.clip(which.astype(int), 0, len(cases) - 1)
    stacked = np.stack(np.broadcast_arrays(*cases, which.astype(cases[0].dtype))[:-1])
    return np.take_along_axis(stacked, np.broadcast_to(position, stacked.shape[1:])[None], 0)[0]


def _select(label: str, which: Operand, *shapes: tuple) -> Case:
    return Case(
        "select_n",
        compare.select_n,
        (which, *(Operand(shape) for shape in shapes)),
        ALL,
        _choose,
        label,
        linear=tuple(range(1, 1 + len(shapes))),
    )


BOOLS = Operand((2, 3), dtype=dtypes.bool_)
POSITIONS = Operand(values=[0, 1, 2, 5, -1], dtype=dtypes.int32)

KEYS = Operand((2, 3))

CASES: list[Case] = [
    Case("eq", compare.eq, (KEYS, KEYS), (dtypes.key_dtype,), label="keys"),
    Case("ne", compare.ne, (KEYS, KEYS), (dtypes.key_dtype,), label="keys"),
    *_comparison("eq", np.equal),
    *_comparison("ne", np.not_equal),
    *_comparison("lt", np.less),
    *_comparison("le", np.less_equal),
    *_comparison("gt", np.greater),
    *_comparison("ge", np.greater_equal),
    _select("bool", BOOLS, (2, 3), (2, 3)),
    _select("scalar predicate", Operand(values=True, dtype=dtypes.bool_), (2, 3), (2, 3)),
    _select("scalar case", BOOLS, (), (2, 3)),
    _select("scalar cases", BOOLS, (), ()),
    _select("int32", POSITIONS, (5,), (5,), (5,)),
    _select("two of int32", POSITIONS, (5,), (5,)),
    _select("one case", POSITIONS, (5,)),
    _select("empty", Operand((0,), dtype=dtypes.bool_), (0,), (0,)),
    Case(
        "select_n",
        compare.select_n,
        (BOOLS, Operand((2, 3)), Operand((2, 3))),
        (dtypes.key_dtype,),
        label="keys",
    ),
    Case(
        "clamp",
        compare.clamp,
        (Operand((2, 3), 0, 0.5), Operand((2, 3), -2, 4), Operand((2, 3), 1, 2)),
        ORDERED,
        lambda low, x, high: np.minimum(np.maximum(x, low), high),
    ),
    Case(
        "clamp",
        compare.clamp,
        (Operand(values=0), Operand(values=[-1.3, 0.4, 2.7]), Operand(values=1)),
        (dtypes.float32, dtypes.float64),
        lambda low, x, high: np.clip(x, low, high),
        "scalar bounds",
    ),
    Case(
        "clamp",
        compare.clamp,
        (Operand(values=5), Operand(values=[1.0, np.nan, 7.0]), Operand(values=2)),
        dtypes.FLOAT,
        lambda low, x, high: np.minimum(np.maximum(x, low), high),
        "crossed bounds",
        differentiable=False,
    ),
]
