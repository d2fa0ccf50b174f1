"""Rows for bit operations."""

import numpy as np

from minijax.core.dtypes import INTEGER, SIGNED, UNSIGNED, bool_
from minijax.primitives import bitwise
from tests.primitives.case import Case, Operand

BITS = (bool_, *INTEGER)
X, Y = Operand((2, 3), -100, 100), Operand((2, 3), -100, 100)


def _two(name: str, function, reference, allowed, y: Operand) -> list[Case]:
    return [
        Case(name, function, (X, y), allowed, reference),
        Case(name, function, (X, Operand((), 0, 5)), allowed, reference, "scalar right"),
        Case(name, function, (Operand((0,)), Operand((0,))), allowed, reference, "empty"),
    ]


def _width(x: np.ndarray) -> int:
    return 8 * x.dtype.itemsize


def _unsigned(x: np.ndarray) -> np.ndarray:
    return x.view(f"u{x.dtype.itemsize}")


def _logical(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.right_shift(_unsigned(x), _unsigned(y)).view(x.dtype)


def _arithmetic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    signed = f"i{x.dtype.itemsize}"
    return np.right_shift(x.view(signed), y.view(signed)).view(x.dtype)


def _leading_zeros(x: np.ndarray) -> np.ndarray:
    lengths = [int(v).bit_length() for v in _unsigned(x).ravel()]
    return (_width(x) - np.array(lengths, int).reshape(x.shape)).astype(x.dtype)


BEYOND = (Operand(values=[-8, 8, 1, -1]), Operand(values=[64, -1, 100, 64]))
COUNTED = Operand(values=[0, 1, -1, 7, -128, 64])
COUNT = Operand((2, 3), 0, 7)

CASES: list[Case] = [
    *_two("and", bitwise.bitwise_and, np.bitwise_and, BITS, Y),
    *_two("or", bitwise.bitwise_or, np.bitwise_or, BITS, Y),
    *_two("xor", bitwise.bitwise_xor, np.bitwise_xor, BITS, Y),
    Case("not", bitwise.bitwise_not, (X,), BITS, np.invert),
    Case("not", bitwise.bitwise_not, (Operand((0,)),), BITS, np.invert, "empty"),
    *_two("shift_left", bitwise.shift_left, np.left_shift, INTEGER, COUNT),
    *_two("shift_right_logical", bitwise.shift_right_logical, _logical, INTEGER, COUNT),
    *_two("shift_right_arithmetic", bitwise.shift_right_arithmetic, _arithmetic, INTEGER, COUNT),
    Case("shift_left", bitwise.shift_left, BEYOND, SIGNED, lambda x, y: 0 * x, "beyond"),
    Case(
        "shift_right_logical",
        bitwise.shift_right_logical,
        BEYOND,
        SIGNED,
        lambda x, y: 0 * x,
        "beyond",
    ),
    Case(
        "shift_right_arithmetic",
        bitwise.shift_right_arithmetic,
        BEYOND,
        SIGNED,
        lambda x, y: np.where(x < 0, -1, 0).astype(x.dtype),
        "beyond",
    ),
    Case(
        "population_count",
        bitwise.population_count,
        (COUNTED,),
        SIGNED,
        lambda x: np.bitwise_count(_unsigned(x)).astype(x.dtype),
    ),
    Case(
        "population_count",
        bitwise.population_count,
        (Operand((4,), 0, 100),),
        UNSIGNED,
        lambda x: np.bitwise_count(x).astype(x.dtype),
        "unsigned",
    ),
    Case("clz", bitwise.clz, (COUNTED,), SIGNED, _leading_zeros),
    Case("clz", bitwise.clz, (Operand((4,), 0, 100),), UNSIGNED, _leading_zeros, "unsigned"),
]
