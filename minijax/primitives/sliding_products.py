"""Convolutions as one loop of products over operands that are laid out for it.

Both operands are copied once, features and outputs last, the input with its padding; then the
compiler's own function slides (`code_slide` of `Native` calls), and no patch is ever copied. Where
the input has gaps (the gradient of a convolution with strides), the places between them become
outputs of their own, so that nothing is multiplied by the zeros of a gap.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.avals import ShapedArray
from minijax.core.quiet import quiet
from minijax.core.records import record
from minijax.kernel.roots import NativeCall
from minijax.primitives.sliding import Axis, source_of_padded

_LEADING = 3  # group, batch, feature
MOST_ROWS = 16  # of a tile of results: the table of all rows is so much longer
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


@record
class _Phases:
    """Places of a window along an axis with gaps, side by side, that meet the same elements.

    Place p of the window is phase p % m of place p // m of a window that slides over the elements
    themselves, m apart in the axis. A phase meets each `step`th element of the kernel. Phases that
    meet the same elements of the axis are outputs of one product; others would multiply it by
    zeros, and a NaN shows that. Where there are no gaps there is one phase.

    Attributes:
        axis: the axis without its gaps, and the part of the window that meets elements.
        apart: the distance of the elements.
        count: how many phases there are.
        first: the first element of the kernel in the first of them, one more in each next one.
        step: the distance of the elements of the kernel.
        last: the number of the first phase; the others are `down` less each.
        down: the distance of the elements of the whole window.
    """

    axis: Axis
    apart: int
    count: int
    first: int
    step: int
    last: int
    down: int

    def offset(self, k: Any, step: Any, phase: Any) -> Any:
        """Returns which element of the kernel a step of the window is in one of the phases."""
        return k.add(k.add(k.mul(step, self.step), phase), self.first)

    def member(self, k: Any, place: Any, conditions: list[Any]) -> Any:
        """Returns which of the phases a place is, if the conditions hold."""
        if self.apart == 1:
            return k.constant(0, place.dtype)
        below = k.sub(self.last, k.mod(place, self.apart))
        known = k.max(below, 0)
        conditions += [k.ge(below, 0), k.lt(below, self.count * self.down)]
        if self.down > 1:
            conditions.append(k.eq(k.mod(known, self.down), 0))
        return k.min(k.floordiv(known, self.down), self.count - 1)


def _phases(axis: Axis) -> list[_Phases]:
    """Returns the phases of an axis, those together that meet the same elements."""
    m = axis.base_dilation if axis.stride == 1 else 1
    by, low = axis.window_dilation, axis.padding[0]
    if m == 1:
        return [_Phases(axis, 1, 1, 0, 1, 0, by)]
    step = m // math.gcd(m, by)
    together: dict[tuple[int, int], list[int]] = {}
    for first in range(min(step, axis.window)):
        start = -((low - first * by) // m)
        together.setdefault((start, -(-(axis.window - first) // step)), []).append(first)
    found = []
    for (start, window), firsts in together.items():
        alone = Axis(axis.n, window, 1, (-start, 0), 1, by * step // m)
        high = -(-axis.count // m) - alone.count
        alone = Axis(axis.n, window, 1, (-start, high), 1, by * step // m)
        last = (low - firsts[0] * by) % m
        found.append(_Phases(alone, m, len(firsts), firsts[0], step, last, by))
    return found


def lower_by_products(k: Any, lhs: Any, rhs: Any, axes: Sequence[Axis], aval: ShapedArray) -> Any:
    """Returns a convolution of floats; nothing of it is empty.

    Args:
        k: the kernel builder.
        lhs: the input (group, batch, feature, *spatial).
        rhs: the kernel (group, output, feature, *window).
        axes: the spatial axes.
        aval: the result (group, batch, output, *places), in the dtype to compute in.
    """
    together = list(itertools.product(*map(_phases, axes)))
    found = [_products(k, lhs, rhs, phases, aval) for phases in together]
    apart = [phases.apart for phases in together[0]]
    is_whole = sum(math.prod(x.count for x in phases) for phases in together) == math.prod(apart)

    def element(group: Any, number: Any, output: Any, *place: Any) -> Any:
        where = [k.floordiv(p, m) for p, m in zip(place, apart, strict=True)]
        result = None if is_whole else k.constant(0, aval.dtype)
        for phases, each in zip(together, found, strict=True):
            conditions: list[Any] = []
            phase = [x.member(k, p, conditions) for x, p in zip(phases, place, strict=True)]
            value = each(group, number, output, where, phase)
            result = value if result is None else k.select(k.all_of(conditions), value, result)
        return result

    return k.element(aval, element)[0]


def _products(
    k: Any, lhs: Any, rhs: Any, phases: Sequence[_Phases], aval: ShapedArray
) -> Callable[..., Any]:
    """Returns the products of phases, as a function of indices: the places, then the phases.

    It is one call for each group, or, where there is one and images are large, for each image.
    """
    groups, batch, outputs = aval.shape[:3]
    slid = [each.axis for each in phases]
    counts = tuple(each.count for each in phases)
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
        *phase, output = k.unflatten(number, (*counts, outputs))
        offset = [x.offset(k, step, r) for x, step, r in zip(phases, steps, phase, strict=True)]
        return k.convert(rhs(group, output, feature, *offset), aval.dtype)

    shape = (calls, images, *lengths, features)
    weights = (*(axis.window for axis in slid), features, math.prod(counts) * outputs)
    (left,) = k.element(ShapedArray(shape, aval.dtype), data)
    kernels = weights if by_image else (groups, *weights)
    (right,) = k.element(ShapedArray(kernels, aval.dtype), kernel)
    moves = (tuple(a.stride for a in slid), tuple(a.window_dilation for a in slid))
    lists = ["x".join(map(str, x)) for x in (shape[1:], weights, *moves)]
    symbol = "_".join(("code_slide", aval.dtype.name, *lists))
    out = ShapedArray((calls, images, *(a.count for a in slid), weights[-1]), aval.dtype)
    arguments = (("in", 0), ("in", 1), ("out", 0), ("work", 0), ("work", 1))
    rows = images * math.prod(axis.count for axis in slid)
    (found,) = k.native(
        (out,),
        (NativeCall(symbol, arguments),),
        (left, right),
        (calls,),
        functools.partial(_slide, slid),
        work=[8 * math.prod(axis.window for axis in slid), 8 * (rows + MOST_ROWS)],
        shared=(1,) if by_image else (),
        products=float(out.size * math.prod(weights[:-1])),
    )

    def at(group: Any, number: Any, output: Any, place: Any, phase: Any) -> Any:
        first = (number, 0) if by_image else (group, number)
        return found(*first, *place, k.flatten((*phase, output), (*counts, outputs)))

    return at


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
