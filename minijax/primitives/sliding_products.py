"""Convolutions as one loop of products over operands that are laid out for it.

Both operands are laid out once, features and outputs last, the input with its padding; then the
compiler's own function slides (`code_slide` of `Native` calls), and no patch is ever copied. What
lies so already is not copied; nor are features that come first, as in the gradient by a kernel,
where images and features have changed places. Where
the input has gaps (the gradient of a convolution with strides), results whose places are equal
modulo the distance of its elements meet the same elements of the kernel: they are a convolution of
their own of the input without its gaps, so that nothing is multiplied by the zeros of a gap.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core.avals import ShapedArray
from minijax.core.quiet import quiet
from minijax.core.records import record
from minijax.kernel.roots import NativeCall
from minijax.primitives.sliding import Axis, lies_innermost, source_of_padded, step_in_memory

_LEADING = 3  # group, batch, feature
MOST_ROWS = 16  # of a tile of results: the tables of rows are so much longer
_FEW_ROWS = 80  # more rows are worth an input that is laid out anew
_TABLE = 1 << 13  # rows that tables have at most
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


@record(eq=True)
class SlidAxis:
    """An axis and what of a window slides along it, for some of the results.

    Result `place + p · apart` of `total`, for p below `count`, meets with element j of the window
    the element `start + p · stride + j · dilation` of the `length` that are there.
    """

    length: int
    window: int
    start: int
    stride: int
    dilation: int
    total: int
    place: int
    apart: int
    count: int

    @property
    def part(self) -> tuple[slice, Axis]:
        """The part of the axis that is met, and the window on it."""
        n = (self.count - 1) * self.stride + (self.window - 1) * self.dilation + 1
        axis = Axis(n, self.window, self.stride, (0, 0), 1, self.dilation)
        return slice(self.start, self.start + n), axis

    @property
    def results(self) -> slice:
        """Which of the results these are."""
        last = self.place + (self.count - 1) * self.apart
        return slice(self.place, last + 1, self.apart)


@record(eq=True)
class Slide:
    """The sizes of sliding products.

    Attributes:
        dtype: the dtype of all of it.
        images: how many images one call takes.
        features: what is summed over, besides the window.
        outputs: the number of output features.
        clears: whether the results are set to zero first, as some are met by nothing.
        is_first: whether features come first and images last, rather than the other way.
        axes: the spatial axes.
    """

    dtype: np.dtype
    images: int
    features: int
    outputs: int
    clears: bool
    is_first: bool
    axes: tuple[SlidAxis, ...]

    @property
    def symbol(self) -> str:
        """The name of the function, which tells all sizes."""
        flags = int(self.clears), int(self.is_first)
        numbers = (self.images, self.features, self.outputs, *flags)
        lists = [numbers, *(_numbers(axis) for axis in self.axes)]
        return "_".join((f"code_slide_{self.dtype.name}", *("x".join(map(str, x)) for x in lists)))

    @staticmethod
    def parsed(symbol: str) -> Slide:
        """Returns what a symbol tells.

        >>> axes = (SlidAxis(9, 3, 0, 2, 1, 4, 0, 1, 4),)
        >>> slide = Slide(np.dtype("float32"), 2, 8, 3, False, True, axes)
        >>> Slide.parsed(slide.symbol) == slide
        True
        """
        _, _, name, *lists = symbol.split("_")
        sizes, *axes = [tuple(map(int, x.split("x"))) for x in lists]
        images, features, outputs, *flags = sizes
        slid = tuple(SlidAxis(*numbers) for numbers in axes)
        clears, is_first = map(bool, flags)
        return Slide(np.dtype(name), images, features, outputs, clears, is_first, slid)

    @property
    def rows(self) -> int:
        """The number of results with one output."""
        return self.images * math.prod(axis.count for axis in self.axes)

    @property
    def row_axes(self) -> list[tuple[int, int | None]]:
        """The axes of rows, by length and number; None is that of the images.

        The rows of a tile are neighbours in memory, as far as may be.
        """
        places: list[tuple[int, int | None]] = [(a.count, d) for d, a in enumerate(self.axes)]
        images: tuple[int, int | None] = (self.images, None)
        return [*places, images] if self.is_first else [images, *places]

    @property
    def outer_axes(self) -> int:
        """How many of the axes of rows are loops around those whose rows are in the tables."""
        counts = [n for n, _ in self.row_axes]
        return next(d for d in range(len(counts) + 1) if math.prod(counts[d:]) <= _TABLE)

    @property
    def block(self) -> int:
        """How many elements of the last of the outer axes are in the tables."""
        outer = self.outer_axes
        if outer == 0:
            return 1
        inner = math.prod(n for n, _ in self.row_axes[outer:])
        return min(_TABLE // inner, self.row_axes[outer - 1][0])

    @property
    def table_rows(self) -> int:
        """The number of rows in the tables."""
        return self.block * math.prod(n for n, _ in self.row_axes[self.outer_axes :])

    @property
    def most_runs(self) -> int:
        """The largest number of stretches of the sum that lie without a gap."""
        return self.features * self.taps // self.axes[-1].window if self.is_first else self.taps

    @property
    def taps(self) -> int:
        """The number of elements of the window."""
        return math.prod(axis.window for axis in self.axes)


def _numbers(axis: SlidAxis) -> tuple[int, ...]:
    where = (axis.total, axis.place, axis.apart, axis.count)
    return (axis.length, axis.window, axis.start, axis.stride, axis.dilation, *where)


@record
class _Phase:
    """Places of a window along an axis that meet the same elements of the kernel.

    Attributes:
        slid: the axis for these places, but for padding: `start` may be negative.
        first: the first of the elements of the kernel.
        step: the distance of the elements of the kernel.
    """

    slid: SlidAxis
    first: int = 0
    step: int = 1


def _phases(axis: Axis) -> tuple[Axis, list[_Phase]]:
    """Returns an axis with the padding that is needed, without gaps if it can be, and the phases.

    Windows with strides on an axis with gaps are one phase of an axis with all of its zeros.
    """
    if axis.base_dilation == 1:
        found = [_Phase(_slid(axis, axis.window, -axis.padding[0], axis.window_dilation))]
        return _with_padding(axis.n, found)
    if axis.stride == 1:
        return _with_padding(axis.n, _phases_of_gaps(axis))
    slid = _slid(axis, axis.window, 0, axis.window_dilation)
    length = axis.span + axis.window_length - 1
    return axis, [_Phase(_replaced(slid, length, 0))]


def _slid(axis: Axis, window: int, start: int, dilation: int) -> SlidAxis:
    count = axis.count
    return SlidAxis(axis.n, window, start, axis.stride, dilation, count, 0, 1, count)


def _phases_of_gaps(axis: Axis) -> list[_Phase]:
    m, by, low = axis.base_dilation, axis.window_dilation, axis.padding[0]
    step = m // math.gcd(m, by)
    found = []
    for place in range(min(m, axis.count)):
        firsts = [t for t in range(min(step, axis.window)) if (place + t * by - low) % m == 0]
        for first in firsts:
            window, start = -(-(axis.window - first) // step), (place + first * by - low) // m
            sizes = (axis.count, place, m, -(-(axis.count - place) // m))
            slid = SlidAxis(axis.n, window, start, 1, by * step // m, *sizes)
            found.append(_Phase(slid, first, step))
    return found


def _with_padding(n: int, phases: Sequence[_Phase]) -> tuple[Axis, list[_Phase]]:
    low = max([0, *(-phase.slid.start for phase in phases)])
    length = max([n + low, *(phase.slid.part[0].stop + low for phase in phases)])
    padded = [
        _Phase(_replaced(x.slid, length, x.slid.start + low), x.first, x.step) for x in phases
    ]
    return Axis(n, 1, 1, (low, length - n - low), 1, 1), padded


def _replaced(slid: SlidAxis, length: int, start: int) -> SlidAxis:
    _, window, _, *rest = _numbers(slid)
    stride, dilation, total, place, apart, count = rest
    return SlidAxis(length, window, start, stride, dilation, total, place, apart, count)


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
    groups, batch, outputs = aval.shape[:_LEADING]
    few = batch * math.prod(aval.shape[_LEADING:]) <= _FEW_ROWS
    is_first = groups == 1 and few and _has_features_first(lhs, rhs)
    is_large = groups == 1 and math.prod(aval.shape[_LEADING:]) >= _LARGE_IMAGE
    by_image = is_large and not is_first
    calls, images = (batch, 1) if by_image else (groups, batch)
    pairs = [_phases(axis) for axis in axes]
    whole = [axis for axis, _ in pairs]
    together = [*itertools.product(*(phases for _, phases in pairs))]
    met = sum(math.prod(x.slid.count for x in phases) for phases in together)
    clears = met < math.prod(aval.shape[_LEADING:])
    slides = [
        Slide(
            *(aval.dtype, images, lhs.shape[2], outputs, clears and n == 0, is_first),
            tuple(phase.slid for phase in phases),
        )
        for n, phases in enumerate(together)
    ]
    if not slides:
        return k.element(aval, lambda *_: k.constant(0, aval.dtype))[0]

    def data(call: Any, outer: Any, *rest: Any) -> Any:
        *reached, inner = rest
        image, feature = (inner, outer) if is_first else (outer, inner)
        group, number = (0, call) if by_image else (call, image)
        return padded(k, lhs, whole, aval.dtype, (group, number, feature), reached)

    lengths = tuple(axis.length for axis in slides[0].axes)
    ends = (lhs.shape[2], images) if is_first else (images, lhs.shape[2])
    (left,) = k.element(ShapedArray((calls, ends[0], *lengths, ends[1]), aval.dtype), data)
    form = (by_image, is_first)
    kernels = [_kernel(k, rhs, phases, form, aval.dtype) for phases in together]
    found = _native(k, slides, (calls, images), left, kernels, by_image)

    def element(group: Any, number: Any, output: Any, *place: Any) -> Any:
        return found(*((number, 0) if by_image else (group, number)), *place, output)

    return k.element(aval, element)[0]


def _has_features_first(lhs: Any, rhs: Any) -> bool:
    """Tells whether both operands lie with features first, and images and outputs last."""
    images, features = lhs.shape[1:_LEADING]
    if features == 1 or rhs.shape[1] == 1 or not lies_innermost(rhs, 1):
        return False
    if images > 1 and not lies_innermost(lhs, 1):
        return False
    return all(
        step_in_memory(x, 2) > step_in_memory(x, d)
        for x in (lhs, rhs)
        for d in range(_LEADING, x.ndim)
        if x.shape[d] > 1
    ) and any(n > 1 for n in rhs.shape[_LEADING:])


def _kernel(
    k: Any, rhs: Any, phases: Sequence[_Phase], form: tuple[bool, bool], dtype: np.dtype
) -> Any:
    """Returns the elements of the kernel that phases meet, outputs last.

    Args:
        k: the kernel builder.
        rhs: the kernel.
        phases: the axes.
        form: whether a call takes one image, and whether features come first.
        dtype: the dtype to compute in.
    """
    by_image, is_first = form

    def kernel(*where: Any) -> Any:
        group, *summed, output = (0, *where) if by_image else where
        feature, steps = (summed[0], summed[1:]) if is_first else (summed[-1], summed[:-1])
        offset = [k.add(k.mul(i, x.step), x.first) for x, i in zip(phases, steps, strict=True)]
        return k.convert(rhs(group, output, feature, *offset), dtype)

    groups, outputs, features = rhs.shape[:_LEADING]
    window = tuple(x.slid.window for x in phases)
    weights = (features, *window) if is_first else (*window, features)
    shape = (*weights, outputs) if by_image else (groups, *weights, outputs)
    return k.element(ShapedArray(shape, dtype), kernel)[0]


def _native(
    k: Any,
    slides: Sequence[Slide],
    calls: tuple[int, int],
    left: Any,
    kernels: Sequence[Any],
    by_image: bool,
) -> Any:
    """Returns the results of all phases: calls, images, places, outputs."""
    first = slides[0]
    out = ShapedArray((*calls, *(axis.total for axis in first.axes), first.outputs), first.dtype)
    numbers = range(1, len(slides) + 1)
    tables = tuple(("work", n) for n in range(3))
    rows = max(slide.table_rows for slide in slides) + MOST_ROWS
    products = sum(slide.rows * slide.taps for slide in slides) * first.features * first.outputs
    return k.native(
        (out,),
        [
            NativeCall(slide.symbol, (("in", 0), ("in", n), ("out", 0), *tables))
            for n, slide in zip(numbers, slides, strict=True)
        ],
        (left, *kernels),
        calls[:1],
        functools.partial(_slide, slides),
        work=[8 * max(slide.most_runs for slide in slides), 8 * rows, 8 * rows],
        shared=tuple(numbers) if by_image else (),
        products=float(products * calls[0]),
    )[0]


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


def _slide(slides: Sequence[Slide], data: np.ndarray, *kernels: np.ndarray) -> Any:
    """Returns what the compiler's own functions make of padded data and kernels."""
    first, n = slides[0], len(slides[0].axes)
    if first.is_first:
        data = np.moveaxis(data, (1, -1), (-1, 1))
        kernels = tuple(np.moveaxis(kernel, -2 - n, -2) for kernel in kernels)
    out = np.zeros((*data.shape[:2], *(a.total for a in first.axes), first.outputs), first.dtype)
    for slide, kernel in zip(slides, kernels, strict=True):
        parts = [axis.part for axis in slide.axes]
        met: Any = (slice(None), slice(None), *(part for part, _ in parts))
        rows = patches(np.moveaxis(data[met], -1, 2), [axis for _, axis in parts])
        weights = np.moveaxis(kernel, -2, -2 - n)
        groups, outputs = weights.shape[: -2 - n], weights.shape[-1]
        depth = math.prod(weights.shape[-2 - n : -1])
        # The places of an image are one axis, so that each group has one matrix.
        rows = rows.reshape(*data.shape[:2], -1, depth)
        weights = weights.reshape(*groups, *(1 for _ in groups), depth, outputs)
        with quiet():
            found = rows @ weights
        where: Any = (slice(None), slice(None), *(axis.results for axis in slide.axes))
        out[where] = found.reshape(*data.shape[:2], *(a.count for a in slide.axes), outputs)
    return (out,)
