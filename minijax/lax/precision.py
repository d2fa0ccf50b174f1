"""What a program may ask of the accuracy of an operation. On one CPU all of them are met alike."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, NamedTuple

from minijax.primitives.convolution_layout import ConvDimensionNumbers
from minijax.primitives.dot import Precision

DotDimensionNumbers = tuple[
    tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
]
ConvGeneralDilatedDimensionNumbers = tuple[str, str, str] | ConvDimensionNumbers | None


class AccuracyMode(enum.Enum):
    """How accurate an elementary function should be."""

    HIGHEST = 1
    DEFAULT = 2


class Tolerance:
    """How far an elementary function may be off.

    Args:
        atol: the absolute error.
        rtol: the relative error.
        ulps: the error in units of the last place.

    Raises:
        ValueError: if one is negative.

    Example:
        >>> from minijax import lax
        >>> lax.Tolerance(rtol=1e-6).rtol
        1e-06
    """

    def __init__(self, atol: float = 0.0, rtol: float = 0.0, ulps: int = 0) -> None:
        if atol < 0 or rtol < 0 or ulps < 0:
            raise ValueError(
                f"Tolerance: no part may be negative, got atol={atol}, rtol={rtol}, ulps={ulps}."
            )
        self.atol, self.rtol, self.ulps = atol, rtol, ulps


class DotAlgorithm(NamedTuple):
    """The precisions that a contraction is to be computed in; accepted for compatibility."""

    lhs_precision_type: Any
    rhs_precision_type: Any
    accumulation_type: Any
    lhs_component_count: int = 1
    rhs_component_count: int = 1
    num_primitive_operations: int = 1
    allow_imprecise_accumulation: bool = False


class DotAlgorithmPreset(enum.Enum):
    """Names of usual precisions of contractions; accepted for compatibility."""

    DEFAULT = enum.auto()
    ANY_F8_ANY_F8_F32 = enum.auto()
    ANY_F8_ANY_F8_F32_FAST_ACCUM = enum.auto()
    ANY_F8_ANY_F8_ANY = enum.auto()
    ANY_F8_ANY_F8_ANY_FAST_ACCUM = enum.auto()
    F16_F16_F16 = enum.auto()
    F16_F16_F32 = enum.auto()
    BF16_BF16_BF16 = enum.auto()
    BF16_BF16_F32 = enum.auto()
    BF16_BF16_F32_X3 = enum.auto()
    BF16_BF16_F32_X6 = enum.auto()
    BF16_BF16_F32_X9 = enum.auto()
    TF32_TF32_F32 = enum.auto()
    TF32_TF32_F32_X3 = enum.auto()
    F32_F32_F32 = enum.auto()
    F64_F64_F64 = enum.auto()


class RandomAlgorithm(enum.IntEnum):
    """Names of generators of random bits; all are Threefry here."""

    RNG_DEFAULT = 0
    RNG_THREE_FRY = 1
    RNG_PHILOX = 2


PrecisionLike = (
    None
    | str
    | Precision
    | tuple[str, str]
    | tuple[Precision, Precision]
    | DotAlgorithm
    | DotAlgorithmPreset
)


def check_accuracy(what: str, accuracy: Any) -> None:
    """Refuses what is no accuracy.

    Raises:
        TypeError: naming the kinds there are.
    """
    if accuracy is not None and not isinstance(accuracy, AccuracyMode | Tolerance):
        raise TypeError(
            f"{what}: accuracy must be a lax.AccuracyMode or lax.Tolerance, got {accuracy!r:.60}."
        )
