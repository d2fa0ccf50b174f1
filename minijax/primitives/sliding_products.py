"""Convolutions as one loop of products over operands that are laid out for it.

Both operands are copied once, features and outputs last, the input with its padding; then the
compiler's own function slides (`code_slide` of `Native` calls), and no patch is ever copied. Where
the input has gaps (the gradient of a convolution with strides), the places between them become
outputs of their own, so that nothing is multiplied by the zeros of a gap.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core.avals import ShapedArray
from minijax.core.quiet import quiet
from minijax.kernel.roots import NativeCall
from minijax.primitives.sliding import Axis, source_of_padded

_LEADING = 3  # group, batch, feature
_LARGE_IMAGE = 64  # places of the window that are enough for a call of their own


def padded(
    k: Any, lhs: Any, axes: Sequence[Axis], dtype: np.dtype, which: Any, reached: Sequence[Any]
) -> Any:
    """Returns an element of the input with its gaps and its padding.

    Args:
        k: the kernel builder.
        lhs: the input: group, batch, feature, and the axes.
        axes: the axes with their windows.
        dtype: the dtype of the element.
        which: the indices of group, batch and feature.
        reached: the indices along the padded axes.
    """
    zero = k.constant(0, dtype)
    if 0 in lhs.shape:
        return zero
    conditions: list[Any] = []
    where = [
        source_of_padded(k, axis, i, conditions) for axis, i in zip(axes, reached, strict=True)
    ]
    exists = k.all_of(conditions)
    safe = [k.select(exists, i, 0) for i in where]
    return k.select(exists, k.convert(lhs(*which, *safe), dtype), zero)


class _Spread:
    """An axis without its gaps: the places between two elements are *phases*, each an output.

    Place p of the window is phase p % phases of place p // phases of a window that slides over the
    elements themselves. Where there are no gaps there is one phase.

    Attributes:
        axis: the axis and the window that slides along it.
        phases: how many phases there are.
    """

    def __init__(self, axis: Axis) -> None:
        self.old = self.axis = axis
        self.phases = axis.base_dilation if axis.stride == 1 else 1
        if self.phases == 1:
            return
        met = [
            (r + w * axis.window_dilation - axis.padding[0]) // self.phases
            for r in range(self.phases)
            for w in range(axis.window)
            if (r + w * axis.window_dilation - axis.padding[0]) % self.phases == 0
        ]
        self.first = min(met, default=0)
        window = max(met, default=0) - self.first + 1
        places = -(-axis.count // self.phases)
        high = places + window - 1 - axis.n + self.first
        self.axis = Axis(axis.n, window, 1, (-self.first, high), 1, 1)

    def offset(self, k: Any, step: Any, phase: Any, conditions: list[Any]) -> Any:
        """Returns which element of the kernel a step of the new window is in a phase."""
        if self.phases == 1:
            return step
        axis = self.old
        reached = k.sub(
            k.add(k.mul(step, self.phases), self.first * self.phases + axis.padding[0]), phase
        )
        by, known = axis.window_dilation, k.max(reached, 0)
        conditions += [k.ge(reached, 0), k.lt(reached, axis.window_length)]
        if by == 1:
            return reached
        conditions.append(k.eq(k.mod(known, by), 0))
        return k.floordiv(known, by)


def lower_by_products(k: Any, lhs: Any, rhs: Any, axes: Sequence[Axis], aval: ShapedArray) -> Any:
    """Returns a convolution of floats; nothing of it is empty.

    It is one call for each group, or, where there is one and images are large, for each image.

    Args:
        k: the kernel builder.
        lhs: the input (group, batch, feature, *spatial).
        rhs: the kernel (group, output, feature, *window).
        axes: the spatial axes.
        aval: the result (group, batch, output, *places), in the dtype to compute in.
    """
    groups, batch, outputs = aval.shape[:3]
    spread = [_Spread(axis) for axis in axes]
    slid = [each.axis for each in spread]
    phases = tuple(each.phases for each in spread)
    features = lhs.shape[2]
    by_image = groups == 1 and math.prod(axis.count for axis in slid) >= _LARGE_IMAGE
    calls, images = (batch, 1) if by_image else (groups, batch)
    lengths = tuple(axis.span + axis.window_length - 1 for axis in slid)

    def data(call: Any, image: Any, *rest: Any) -> Any:
        *reached, feature = rest
        group, number = (0, call) if by_image else (call, image)
        return padded(k, lhs, slid, aval.dtype, (group, number, feature), reached)

    def kernel(*where: Any) -> Any:
        group, *steps, feature, number = (0, *where) if by_image else where
        *phase, output = k.unflatten(number, (*phases, outputs))
        conditions: list[Any] = []
        offset = [
            each.offset(k, step, r, conditions)
            for each, step, r in zip(spread, steps, phase, strict=True)
        ]
        exists = k.all_of(conditions)
        safe = [k.select(exists, i, 0) for i in offset]
        weight = k.convert(rhs(group, output, feature, *safe), aval.dtype)
        return k.select(exists, weight, k.constant(0, aval.dtype))

    shape = (calls, images, *lengths, features)
    weights = (*(axis.window for axis in slid), features, math.prod(phases) * outputs)
    (left,) = k.element(ShapedArray(shape, aval.dtype), data)
    kernels = weights if by_image else (groups, *weights)
    (right,) = k.element(ShapedArray(kernels, aval.dtype), kernel)
    moves = (tuple(a.stride for a in slid), tuple(a.window_dilation for a in slid))
    lists = ["x".join(map(str, x)) for x in (shape[1:], weights, *moves)]
    symbol = "_".join(("code_slide", aval.dtype.name, *lists))
    out = ShapedArray((calls, images, *(a.count for a in slid), weights[-1]), aval.dtype)
    (found,) = k.native(
        (out,),
        (NativeCall(symbol, (("in", 0), ("in", 1), ("out", 0))),),
        (left, right),
        (calls,),
        functools.partial(_slide, slid),
        shared=(1,) if by_image else (),
        products=float(out.size * math.prod(weights[:-1])),
    )

    def element(group: Any, number: Any, output: Any, *place: Any) -> Any:
        first = (number, 0) if by_image else (group, number)
        where = [k.floordiv(p, m) for p, m in zip(place, phases, strict=True)]
        phase = [k.mod(p, m) for p, m in zip(place, phases, strict=True)]
        return found(*first, *where, k.flatten((*phase, output), (*phases, outputs)))

    return k.element(aval, element)[0]


def patches(whole: np.ndarray, axes: Sequence[Axis]) -> np.ndarray:
    """Returns what windows meet, as a view (group, batch, *place, feature, *window).

    Args:
        whole: the input with its gaps and its padding: group, batch, feature, and the axes.
        axes: the axes with their windows.
    """
    *outer, feature = whole.strides[:_LEADING]
    steps = whole.strides[_LEADING:]
    moves = [step * axis.stride for step, axis in zip(steps, axes, strict=True)]
    inner = [step * axis.window_dilation for step, axis in zip(steps, axes, strict=True)]
    return np.lib.stride_tricks.as_strided(
        whole,
        (*whole.shape[:2], *(a.count for a in axes), whole.shape[2], *(a.window for a in axes)),
        (*outer, *moves, feature, *inner),
        writeable=False,
    )


def _slide(axes: Sequence[Axis], data: np.ndarray, kernel: np.ndarray) -> Any:
    """Returns what the compiler's own function makes of padded data and a kernel."""
    n = len(axes)
    rows = patches(np.moveaxis(data, -1, 2), axes)
    weights = np.moveaxis(kernel, -2, -2 - n)
    groups, outputs = weights.shape[: -2 - n], weights.shape[-1]
    depth = math.prod(weights.shape[-2 - n : -1])
    # The places of an image are one axis, so that each group has one matrix.
    rows = rows.reshape(*data.shape[:2], -1, depth)
    weights = weights.reshape(*groups, *(1 for _ in groups), depth, outputs)
    with quiet():
        found = rows @ weights
    return (found.reshape(*data.shape[:2], *(a.count for a in axes), outputs),)
