"""Rows for gather: every mode, every kind of axis."""

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.primitives.gather import gather
from minijax.primitives.indexing import GatherDimensionNumbers, default_fill
from tests.primitives.case import Case, Operand

ANYTHING = (*dtypes.ALL, dtypes.key_dtype)


def windows_of(shape: tuple, starts: np.ndarray, numbers: tuple, sizes: tuple, clip: bool) -> Any:
    """Yields (place among the windows, place in the operand or None) in row-major order."""
    offsets, gone, mapped, own, theirs = numbers
    rank = len(offsets) + starts.ndim - 1
    batch_axes = [d for d in range(rank) if d not in offsets]
    kept = [d for d in range(len(shape)) if d not in (*gone, *own)]
    lengths = dict(zip(batch_axes, starts.shape[:-1], strict=True))
    lengths |= {o: sizes[d] for o, d in zip(offsets, kept, strict=True)}
    for at in np.ndindex(*(lengths[d] for d in range(rank))):
        batch = tuple(at[d] for d in batch_axes)
        first = [0] * len(shape)
        for position, axis in enumerate(mapped):
            first[axis] = int(starts[batch][position])
        for axis, theirs_axis in zip(own, theirs, strict=True):
            first[axis] = batch[theirs_axis]
        uppers = [n - m for n, m in zip(shape, sizes, strict=True)]
        if clip:
            first = [
                f if axis in own else min(max(f, 0), upper)
                for axis, (f, upper) in enumerate(zip(first, uppers, strict=True))
            ]
        inside = all(0 <= first[axis] <= uppers[axis] for axis in mapped)
        place = list(first)
        for offset, axis in zip(offsets, kept, strict=True):
            place[axis] += at[offset]
        yield at, tuple(place) if inside else None


def _gather(
    label: str,
    shape: tuple,
    starts: Operand,
    numbers: GatherDimensionNumbers,
    sizes: tuple,
    mode: str = "fill",
    fill: Any = None,
) -> Case:
    def reference(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
        found = list(windows_of(shape, indices, numbers, sizes, mode != "fill"))
        last = found[-1][0] if found else ()
        result = np.empty(tuple(i + 1 for i in last), x.dtype)
        outside = default_fill(x.dtype) if fill is None else np.asarray(fill).astype(x.dtype)
        for at, place in found:
            result[at] = outside if place is None else x[place]
        return result

    return Case(
        "gather",
        lambda x, i: gather(x, i, numbers, sizes, mode=mode, fill_value=fill),
        (Operand(shape), starts),
        ANYTHING,
        reference,
        f"{label} {mode}" + ("" if fill is None else " filled"),
        linear=(0,),
        # NaN is what the mode "fill" gives outside: no difference is to be had of it.
        differentiable=mode != "fill" or fill is not None,
    )


_VECTOR = GatherDimensionNumbers((), (0,), (0,))
_ROWS = GatherDimensionNumbers((1,), (0,), (0,))
_WINDOWS = GatherDimensionNumbers((0, 2), (), (1, 0))
_PAIRED = GatherDimensionNumbers((1,), (), (1,), (0,), (0,))
_MODES = (("fill", None), ("fill", 0.5), ("clip", None), ("promise_in_bounds", None))

CASES: list[Case] = [
    case
    for mode, fill in _MODES
    for case in (
        _gather(
            *("elements", (5,), Operand((4, 1), -2, 6, dtypes.int64), _VECTOR, (1,)), mode, fill
        ),
        _gather(*("rows", (4, 3), Operand((5, 1), -2, 6, dtypes.int32), _ROWS, (1, 3)), mode, fill),
        _gather(
            *("windows", (4, 5), Operand((3, 2), -1, 4, dtypes.int64), _WINDOWS, (2, 3)),
            *(mode, fill),
        ),
        _gather(
            *("paired", (3, 6), Operand((3, 1), -2, 7, dtypes.int8), _PAIRED, (1, 2)), mode, fill
        ),
    )
] + [
    _gather("unsigned", (5,), Operand((4, 1), 0, 7, dtypes.uint8), _VECTOR, (1,)),
    _gather(
        "huge",
        (5,),
        Operand(dtype=dtypes.uint64, values=np.array([[2**64 - 1], [3]], np.uint64)),
        _VECTOR,
        (1,),
        "clip",
    ),
    _gather(
        "one window",
        (5, 3),
        Operand((1,), -1, 5, dtypes.int64),
        GatherDimensionNumbers((0, 1), (), (0,)),
        (2, 3),
        "clip",
    ),
    _gather(
        "rank 0",
        (),
        Operand((2, 0), dtype=dtypes.int64),
        GatherDimensionNumbers((), (), ()),
        (),
        "clip",
    ),
    Case(
        "gather",
        lambda x, i: gather(x, i, _ROWS, (1, 3)),
        (Operand((4, 3)), Operand((0, 1), 0, 3, dtypes.int64)),
        ANYTHING,
        lambda x, i: np.empty((0, 3), x.dtype),
        "nothing",
        linear=(0,),
    ),
]
