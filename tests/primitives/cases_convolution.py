"""Rows for convolutions; the reference multiplies element by element."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np

from minijax.core.dtypes import (
    bfloat16,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int32,
    int64,
    uint8,
)
from minijax.primitives.convolution import conv_general_dilated
from minijax.primitives.convolution_forms import (
    conv_general_dilated_local,
    conv_general_dilated_patches,
    conv_transpose,
)
from tests.primitives.case import Case, Operand


def _padded(x: np.ndarray, pads: Any, by: Any) -> np.ndarray:
    """Returns the dilated and padded input; negative padding cuts off."""
    for axis, ((low, high), step) in enumerate(zip(pads, by, strict=True), start=2):
        n = x.shape[axis]
        shape = list(x.shape)
        shape[axis] = (n - 1) * step + 1 if n else 0
        spaced = np.zeros(shape, x.dtype)
        spaced[(slice(None),) * axis + (slice(None, None, step),)] = x
        widths = [(0, 0)] * x.ndim
        widths[axis] = (max(low, 0), max(high, 0))
        whole = np.pad(spaced, widths)
        stop = whole.shape[axis] + min(high, 0)
        x = whole[(slice(None),) * axis + (slice(max(-low, 0), max(stop, 0)),)]
    return x


def _reference(
    lhs: np.ndarray,
    rhs: np.ndarray,
    window_strides: Any,
    padding: Any,
    lhs_dilation: Any = None,
    rhs_dilation: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    preferred_element_type: Any = None,
) -> np.ndarray:
    count = lhs.ndim - 2
    by, window_by = lhs_dilation or (1,) * count, rhs_dilation or (1,) * count
    x = _padded(lhs, padding, by)
    sizes = [(k - 1) * d + 1 for k, d in zip(rhs.shape[2:], window_by, strict=True)]
    counts = [
        max((n - k) // s + 1, 0) for n, k, s in zip(x.shape[2:], sizes, window_strides, strict=True)
    ]
    batch, outputs = lhs.shape[0] // batch_group_count, rhs.shape[0]
    per_group = outputs // (feature_group_count * batch_group_count)
    out = np.zeros((batch, outputs, *counts), preferred_element_type or lhs.dtype)
    for o, place in itertools.product(range(outputs), itertools.product(*map(range, counts))):
        window = tuple(
            slice(p * s, p * s + k, d)
            for p, s, k, d in zip(place, window_strides, sizes, window_by, strict=True)
        )
        group = o // per_group
        first = (group * rhs.shape[1]) if feature_group_count > 1 else 0
        start = group * batch if batch_group_count > 1 else 0
        part = x[start : start + batch, first : first + rhs.shape[1]][(..., *window)]
        out[(slice(None), o, *place)] = (part * rhs[o]).sum(tuple(range(1, lhs.ndim)))
    return out


def _row(
    lhs: tuple[int, ...],
    rhs: tuple[int, ...],
    label: str,
    over: Any = (float64,),
    linear: tuple[int, ...] = (0, 1),
    facts: Any = None,
    **params: Any,
) -> Case:
    return Case(
        "conv_general_dilated",
        partial(conv_general_dilated, **params),
        (Operand(lhs), Operand(rhs)),
        over,
        partial(_reference, **params),
        label,
        linear=linear,
        **(facts or {}),
    )


_SMALL = (float64, float32, bfloat16, float16, complex128, int32, int64, int8, uint8)


CASES: list[Case] = [
    _row((2, 2, 5), (3, 2, 3), "line", _SMALL, window_strides=(1,), padding=[(1, 1)]),
    _row(
        (2, 3, 4, 5),
        (2, 3, 2, 3),
        "plane",
        (float64, complex128),
        window_strides=(2, 1),
        padding=[(1, 0), (0, 2)],
        facts={"holomorphic": True},
    ),
    _row((1, 1, 3, 3, 3), (2, 1, 2, 2, 2), "space", window_strides=(1,) * 3, padding=[(0, 0)] * 3),
    _row((3, 2), (4, 2), "point", window_strides=(), padding=[]),
    _row((1, 2, 7), (2, 2, 3), "cut", window_strides=(2,), padding=[(-1, -2)]),
    _row(
        (1, 2, 4, 3),
        (2, 2, 2, 2),
        "dilated",
        window_strides=(2, 1),
        padding=[(2, -1), (1, 3)],
        lhs_dilation=(3, 2),
        rhs_dilation=(2, 3),
    ),
    _row(
        *((2, 4, 5), (6, 2, 3), "features"),
        window_strides=(1,),
        padding=[(0, 1)],
        feature_group_count=2,
    ),
    _row(
        *((2, 3, 5), (6, 1, 2), "depthwise"),
        window_strides=(2,),
        padding=[(1, 1)],
        feature_group_count=3,
    ),
    _row(
        *((4, 2, 5), (6, 2, 3), "batches"),
        window_strides=(1,),
        padding=[(1, 0)],
        batch_group_count=2,
    ),
    _row((1, 1, 2), (1, 1, 5), "no-place", window_strides=(1,), padding=[(0, 0)]),
    _row((0, 2, 4), (3, 2, 2), "no-batch", window_strides=(1,), padding=[(0, 0)], linear=(0,)),
    _row((2, 0, 4), (3, 0, 2), "no-feature", window_strides=(1,), padding=[(0, 0)], linear=(0,)),
    # Large enough for a matrix product.
    _row((2, 8, 4), (8, 8, 3), "large", (float64, float32), window_strides=(2,), padding=[(1, 1)]),
    _row((1, 1, 1), (1, 1, 1), "one", window_strides=(1,), padding=[(0, 0)]),
    _row(
        (1, 2, 4),
        (2, 2, 3),
        "wider",
        (bfloat16, float32),
        window_strides=(1,),
        padding=[(1, 1)],
        preferred_element_type=float64,
        facts={"tolerance": 1e-6},
    ),
    Case(
        "conv_general_dilated",
        partial(
            conv_general_dilated,
            window_strides=(1, 2),
            padding="SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        ),
        (Operand((2, 4, 5, 2)), Operand((3, 2, 2, 3))),
        (float64,),
        label="channels-last",
        linear=(0, 1),
    ),
    Case(
        "conv_general_dilated",
        lambda x: conv_general_dilated(x, x, (1,), "SAME_LOWER"),
        (Operand((2, 2, 4)),),
        (float64,),
        label="squared",
    ),
    Case(
        "conv_general_dilated",
        partial(conv_transpose, strides=(2,), padding="SAME", transpose_kernel=True),
        (Operand((2, 4, 2)), Operand((3, 3, 2))),
        (float64,),
        label="transposed",
        linear=(0, 1),
    ),
    Case(
        "conv_general_dilated",
        partial(
            conv_general_dilated_patches, filter_shape=(2, 2), window_strides=(1, 2), padding="SAME"
        ),
        (Operand((1, 2, 3, 4)),),
        (float64,),
        label="patches",
        linear=(0,),
    ),
    Case(
        "conv_general_dilated",
        partial(
            conv_general_dilated_local, window_strides=(1,), padding="VALID", filter_shape=(3,)
        ),
        (Operand((2, 2, 5)), Operand((4, 6, 3))),
        (float64,),
        label="local",
        linear=(0, 1),
    ),
]
