"""Rows for the scatters: duplicates, every mode, every kind of axis."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.primitives.indexing import ScatterDimensionNumbers
from minijax.primitives.scatter import (
    scatter,
    scatter_add,
    scatter_max,
    scatter_min,
    scatter_mul,
    scatter_sub,
)
from tests.primitives.case import Case, Operand
from tests.primitives.cases_gather import windows_of

ANYTHING = (*dtypes.ALL, dtypes.key_dtype)

_ELEMENTS = ScatterDimensionNumbers((), (0,), (0,))
_ROWS = ScatterDimensionNumbers((1,), (0,), (0,))
_WINDOWS = ScatterDimensionNumbers((0, 2), (), (1, 0))
_PAIRED = ScatterDimensionNumbers((1,), (), (1,), (0,), (0,))

# name, operand, indices, updates, numbers, window
_PLACES: tuple[tuple[Any, ...], ...] = (
    ("elements", (5,), Operand((7, 1), -2, 6, dtypes.int64), (7,), _ELEMENTS, (1,)),
    ("rows", (4, 3), Operand((5, 1), -1, 4, dtypes.int32), (5, 3), _ROWS, (1, 3)),
    ("windows", (4, 5), Operand((3, 2), -1, 4, dtypes.int64), (2, 3, 3), _WINDOWS, (2, 3)),
    ("paired", (3, 6), Operand((3, 1), -1, 6, dtypes.int8), (3, 2), _PAIRED, (1, 2)),
)
_UNSIGNED = ("unsigned", (5,), Operand((4, 1), 0, 7, dtypes.uint8), (4,), _ELEMENTS, (1,))
_NOTHING = ("nothing", (4, 3), Operand((0, 1), 0, 3, dtypes.int64), (0, 3), _ROWS, (1, 3))
_SINGLE = (
    "single",
    (5, 3),
    Operand((1,), -1, 5, dtypes.int64),
    (2, 3),
    ScatterDimensionNumbers((0, 1), (), (0,)),
    (2, 3),
)
_RANK_0 = (
    "rank 0",
    (),
    Operand((3, 0), dtype=dtypes.int64),
    (3,),
    ScatterDimensionNumbers((), (), ()),
    (),
)


def _scatter(
    function: Callable[..., Any],
    combine: Callable[[Any, Any], Any],
    on: tuple,
    row: tuple,
    mode: str,
    linear: tuple,
    name: str = "",
) -> Case:
    label, shape, starts, updates, numbers, sizes = row

    def reference(x: np.ndarray, indices: np.ndarray, new: np.ndarray) -> np.ndarray:
        result = np.array(x)
        windows = numbers.update_window_dims
        order = (*(d for d in range(new.ndim) if d not in windows), *windows)
        found = windows_of(shape, indices, numbers, sizes, mode == "clip")
        for at, place in sorted(found, key=lambda pair: [pair[0][d] for d in order]):
            if place is not None:
                result[place] = combine(result[place], new[at])
        return result

    return Case(
        name or function.__name__,
        lambda x, i, new: function(x, i, new, numbers, mode=mode),
        (Operand(shape, distinct=True), starts, Operand(updates, -1.9, 2.2, distinct=True)),
        on,
        reference,
        f"{function.__name__} {label} {mode}",
        linear=linear,
    )


_KINDS: tuple[tuple[Any, ...], ...] = (
    (scatter, lambda old, new: new, ANYTHING, (0, 2)),
    (scatter_add, lambda old, new: old + new, dtypes.NUMERIC, (0, 2)),
    (scatter_mul, lambda old, new: old * new, dtypes.NUMERIC, (0,)),
    (scatter_min, np.minimum, dtypes.ALL, ()),
    (scatter_max, np.maximum, dtypes.ALL, ()),
)

CASES: list[Case] = [
    _scatter(function, combine, on, row, mode, linear)
    for function, combine, on, linear in _KINDS
    for row in _PLACES
    for mode in ("drop", "clip")
]
CASES += [
    _scatter(function, combine, on, row, "promise_in_bounds", linear)
    for function, combine, on, linear in _KINDS
    for row in (_UNSIGNED, _NOTHING, _SINGLE, _RANK_0)
]
CASES += [
    _scatter(
        *(scatter_sub, lambda old, new: old - new, dtypes.NUMERIC, row, "drop", (0, 2)),
        name="scatter_add",
    )
    for row in _PLACES[:1]
]
