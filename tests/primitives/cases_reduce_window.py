"""Rows for folds over sliding windows."""

from __future__ import annotations

import itertools
import operator
from functools import partial, reduce
from typing import Any

import numpy as np

from minijax.core.dtypes import FLOAT, NUMERIC, bool_, float32, float64, int32
from minijax.primitives import arithmetic
from minijax.primitives.arithmetic import add, mul
from minijax.primitives.bitwise import bitwise_or
from minijax.primitives.reduce_window import reduce_window, reduce_window_place_p
from minijax.primitives.reduction import highest, lowest
from tests.primitives.case import Case, Operand

_NUMPY: dict[str, Any] = {
    "sum": operator.add,
    "max": np.maximum,
    "min": np.minimum,
    "mul": operator.mul,
    "or": operator.or_,
}
_OURS: dict[str, Any] = {
    "sum": add,
    "max": arithmetic.max,
    "min": arithmetic.min,
    "mul": mul,
    "or": bitwise_or,
}


def _start(how: str, dtype: np.dtype) -> Any:
    if how in ("max", "min"):
        return np.asarray((lowest if how == "max" else highest)(dtype), dtype)
    return np.asarray(how == "mul", dtype)


def _apply(x: Any, how: str, init: Any = None, **params: Any) -> Any:
    start = _start(how, x.dtype) if init is None else np.asarray(init, x.dtype)
    return reduce_window(x, start, _OURS[how], **params)


def _reference(
    x: np.ndarray,
    how: str,
    window_dimensions: Any,
    init: Any = None,
    window_strides: Any = None,
    padding: Any = None,
    base_dilation: Any = None,
    window_dilation: Any = None,
) -> np.ndarray:
    one = (1,) * x.ndim
    strides, pads = window_strides or one, padding or [(0, 0)] * x.ndim
    by, window_by = base_dilation or one, window_dilation or one
    start = _start(how, x.dtype) if init is None else np.asarray(init, x.dtype)
    where = [
        {low + i * d: i for i in range(n)} for n, d, (low, _) in zip(x.shape, by, pads, strict=True)
    ]
    counts = []
    for axis, (n, (low, high)) in enumerate(zip(x.shape, pads, strict=True)):
        room = ((n - 1) * by[axis] + 1 if n else 0) + low + high
        need = (window_dimensions[axis] - 1) * window_by[axis] + 1
        counts.append(np.maximum((room - need) // strides[axis] + 1, 0))
    out = np.empty(counts, x.dtype)
    for place in np.ndindex(*counts):
        met = []
        for offset in itertools.product(*map(range, window_dimensions)):
            at = [
                p * s + o * d for p, s, o, d in zip(place, strides, offset, window_by, strict=True)
            ]
            found = [known.get(p) for known, p in zip(where, at, strict=True)]
            if None not in found:
                met.append(x[tuple(found)])
        out[place] = reduce(_NUMPY[how], met, start[()])
    return out


def _row(
    how: str,
    shape: tuple[int, ...],
    label: str,
    over: Any = (float64,),
    differentiable: bool = True,
    **params: Any,
) -> Case:
    is_own = how in ("sum", "max", "min") and "init" not in params
    # A fold of any other kind is a reduction of gathered windows.
    name = f"reduce_window_{how}" if is_own else "reduce"
    return Case(
        name,
        partial(_apply, how=how, **params),
        (Operand(shape, distinct=over == (float64,)),),
        over,
        partial(_reference, how=how, **params),
        label if is_own else f"window-{label}",
        differentiable=differentiable,
        linear=(0,) if is_own and how == "sum" else (),
    )


def _rows(how: str) -> list[Case]:
    row = partial(_row, how)
    over = (*FLOAT, int32) if how != "sum" else NUMERIC
    return [
        row((4, 5), "valid", window_dimensions=(2, 3), window_strides=(2, 1)),
        row((6,), "dtypes", over, window_dimensions=(3,), differentiable=False),
        row((4, 5), "padded", window_dimensions=(2, 3), padding=[(1, 0), (2, 1)]),
        row((4, 5), "cut", window_dimensions=(2, 2), padding=[(-1, 0), (1, -2)]),
        row(
            (4, 5),
            "dilated",
            window_dimensions=(2, 3),
            window_strides=(1, 2),
            padding=[(1, 0), (0, 3)],
            base_dilation=(2, 1),
            window_dilation=(1, 2),
        ),
        row((2, 2), "no-place", window_dimensions=(3, 2)),
        row((0, 3), "empty", window_dimensions=(1, 2), differentiable=False),
        row((), "scalar", window_dimensions=()),
        row((1, 1), "one", window_dimensions=(1, 1)),
    ]


CASES: list[Case] = [
    *_rows("sum"),
    *_rows("max"),
    *_rows("min"),
    _row("mul", (4, 3), "mul", window_dimensions=(2, 2), padding=[(1, 0), (0, 1)]),
    _row("sum", (4, 3), "from-two", init=2, window_dimensions=(2, 2), padding=[(1, 0), (0, 1)]),
    _row("or", (5,), "or", (bool_,), window_dimensions=(2,), padding=[(1, 1)]),
    Case(
        "reduce",
        lambda x, y: reduce_window(
            (x, y), (1.0, 0.0), lambda a, b: (mul(a[0], b[0]), add(mul(a[0], b[1]), a[1])), (2,)
        ),
        (Operand((4,)), Operand((4,))),
        (float64,),
        label="window-pair",
    ),
    *(
        Case(
            "reduce_window_place",
            partial(
                lambda x, **params: reduce_window_place_p.bind(x, **params),
                find=find,
                window_dimensions=(2, 2),
                window_strides=(1, 2),
                padding=((1, 0), (0, 1)),
                base_dilation=(1, 2),
                window_dilation=(1, 1),
            ),
            (Operand((3, 3)),),
            (float64, float32, int32),
            label=find,
        )
        for find in ("max", "min")
    ),
]
