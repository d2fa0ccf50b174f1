"""Convolutions whose products are spread over the places that they belong to.

Each element of the input meets each element of the kernel: that is one matrix product of the
kernel, (window and outputs) × features, with the image, features × elements. A row of it is the
image times one element of the kernel, and is added to the results at a shifted place. Nothing is
multiplied by the zeros of gaps or of padding, and where there are few outputs, rows are as long as
the image all the same.

`code_spread` of `Native` calls (the compiler's `emit/spreading.py`) does that image by image.
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
from minijax.primitives.sliding import Axis, lies_innermost

_LARGE_IMAGE = 64  # elements that are enough for a call of their own
_PRODUCTS = 1 << 20  # bytes of the products that are made before they are spread


@record(eq=True)
class SpreadAxis:
    """How element `i` and the element `w` of the window, from its end, meet along an axis.

    They belong to place `i · apart + w · dilation + start` of an axis of `quotients · apart` sums,
    of which the results begin at `skip · apart`. The sums are kept with those together whose
    places are equal modulo `apart`, so that a row of products is added to neighbours.

    Attributes:
        n: the number of elements.
        window: the number of elements of the window.
        count: the number of results.
        apart: the distance of the elements.
        dilation: the distance of the elements of the window.
        start: the place of the first sum that is met.
        skip: how many places, in steps of `apart`, come before the first result.
    """

    n: int
    window: int
    count: int
    apart: int
    dilation: int
    start: int
    skip: int

    @staticmethod
    def of(axis: Axis) -> SpreadAxis:
        """Returns the same for an axis with a window that moves in steps of one."""
        before = axis.window_length - 1 - axis.padding[0]
        m = axis.base_dilation
        start = -before if before < 0 else -before % m
        skip = (start + before) // m
        return SpreadAxis(axis.n, axis.window, axis.count, m, axis.window_dilation, start, skip)

    @property
    def quotients(self) -> int:
        """The length of the axis of sums, in steps of `apart`."""
        met = self.start + (self.n - 1) * self.apart + (self.window - 1) * self.dilation + 1
        return -(-max(met, self.skip * self.apart + self.count) // self.apart)

    def met(self, w: int) -> slice:
        """Returns the places that the elements have with an element of the window."""
        first = self.start + w * self.dilation
        return slice(first, first + (self.n - 1) * self.apart + 1, self.apart)


@record(eq=True)
class Spread:
    """The sizes of spread products.

    Attributes:
        dtype: the dtype of all of it.
        is_last: whether features are the last axis of the input; else they come before the others.
        images: how many images one call takes.
        features: what is summed over, besides the window.
        outputs: the number of output features.
        axes: the spatial axes.
    """

    dtype: np.dtype
    is_last: bool
    images: int
    features: int
    outputs: int
    axes: tuple[SpreadAxis, ...]

    @property
    def symbol(self) -> str:
        """The name of the function, which tells all sizes."""
        numbers = [self.is_last, self.images, self.features, self.outputs]
        numbers += [
            n
            for axis in self.axes
            for n in (axis.n, axis.window, axis.count, axis.apart, axis.dilation)
        ]
        numbers += [n for axis in self.axes for n in (axis.start, axis.skip)]
        return f"code_spread_{self.dtype.name}_{'x'.join(str(int(n)) for n in numbers)}"

    @staticmethod
    def parsed(symbol: str) -> Spread:
        """Returns what a symbol tells.

        >>> axis = SpreadAxis(7, 3, 15, 2, 1, 0, 0)
        >>> spread = Spread(np.dtype("float32"), True, 2, 8, 1, (axis,))
        >>> Spread.parsed(spread.symbol) == spread
        True
        """
        _, _, name, listed = symbol.split("_")
        is_last, images, features, outputs, *rest = map(int, listed.split("x"))
        rank = len(rest) // 7
        sizes, shifts = rest[: 5 * rank], rest[5 * rank :]
        axes = tuple(
            SpreadAxis(*sizes[5 * d : 5 * d + 5], *shifts[2 * d : 2 * d + 2]) for d in range(rank)
        )
        return Spread(np.dtype(name), bool(is_last), images, features, outputs, axes)

    @property
    def elements(self) -> int:
        """The number of elements of an image with one feature."""
        return math.prod(axis.n for axis in self.axes)

    @property
    def taps(self) -> int:
        """The number of elements of the window."""
        return math.prod(axis.window for axis in self.axes)

    @property
    def taps_at_once(self) -> int:
        """How many elements of the window are multiplied before the products are spread."""
        row = self.outputs * self.elements * self.dtype.itemsize
        return min(max(_PRODUCTS // row, 1), self.taps)

    @property
    def work(self) -> tuple[int, int]:
        """The bytes of the products and of the sums of an image."""
        products = self.taps_at_once * self.outputs * self.elements
        sums = self.outputs * math.prod(axis.quotients * axis.apart for axis in self.axes)
        return products * self.dtype.itemsize, sums * self.dtype.itemsize


def lower_by_spreading(k: Any, lhs: Any, rhs: Any, axes: Sequence[Axis], aval: ShapedArray) -> Any:
    """Returns a convolution of floats by a window that moves in steps of one; nothing is empty.

    Args:
        k: the kernel builder.
        lhs: the input (group, batch, feature, *spatial).
        rhs: the kernel (group, output, feature, *window).
        axes: the spatial axes.
        aval: the result (group, batch, output, *places), in the dtype to compute in.
    """
    groups, batch, outputs = aval.shape[:3]
    features = lhs.shape[2]
    by_image = groups == 1 and math.prod(axis.n for axis in axes) >= _LARGE_IMAGE
    calls, images = (batch, 1) if by_image else (groups, batch)
    is_last = lies_innermost(lhs, 2)
    spread = Spread(
        aval.dtype, is_last, images, features, outputs, tuple(SpreadAxis.of(x) for x in axes)
    )

    def data(call: Any, image: Any, *rest: Any) -> Any:
        feature, *places = (rest[-1], *rest[:-1]) if is_last else rest
        group, number = (0, call) if by_image else (call, image)
        return k.convert(lhs(group, number, feature, *places), aval.dtype)

    def kernel(*where: Any) -> Any:
        group, *steps, output, feature = (0, *where) if by_image else where
        back = [k.sub(axis.window - 1, step) for axis, step in zip(axes, steps, strict=True)]
        return k.convert(rhs(group, output, feature, *back), aval.dtype)

    lengths = tuple(axis.n for axis in axes)
    shape = (*lengths, features) if is_last else (features, *lengths)
    (left,) = k.element(ShapedArray((calls, images, *shape), aval.dtype), data)
    weights = (*(axis.window for axis in axes), outputs, features)
    kernels = weights if by_image else (groups, *weights)
    (right,) = k.element(ShapedArray(kernels, aval.dtype), kernel)
    arguments = (("in", 0), ("in", 1), ("out", 0), ("work", 0), ("work", 1))
    out = ShapedArray((calls, images, outputs, *(axis.count for axis in axes)), aval.dtype)
    (found,) = k.native(
        (out,),
        (NativeCall(spread.symbol, arguments),),
        (left, right),
        (calls,),
        functools.partial(_evaluate, spread),
        work=spread.work,
        shared=(1,) if by_image else (),
        products=float(left.size * spread.taps * outputs),
    )

    def element(group: Any, number: Any, *rest: Any) -> Any:
        return found(*((number, 0) if by_image else (group, number)), *rest)

    return k.element(aval, element)[0]


def _evaluate(spread: Spread, data: np.ndarray, kernel: np.ndarray) -> Any:
    """Returns what the compiler's own function makes of data and a kernel."""
    rank = len(spread.axes)
    images = np.moveaxis(data, -1, 2) if spread.is_last else data
    images = images.reshape(*images.shape[:3], -1)
    rows = kernel.reshape(*kernel.shape[: kernel.ndim - rank - 2], -1, spread.features)
    rows = rows.reshape(-1, 1, *rows.shape[-2:])
    lengths = tuple(axis.n for axis in spread.axes)
    with quiet():
        products = (rows @ images).reshape(*data.shape[:2], spread.taps, spread.outputs, *lengths)
        whole = tuple(axis.quotients * axis.apart for axis in spread.axes)
        sums = np.zeros((*data.shape[:2], spread.outputs, *whole), spread.dtype)
        steps = itertools.product(*(range(axis.window) for axis in spread.axes))
        for tap, step in enumerate(steps):
            met: Any = [axis.met(w) for axis, w in zip(spread.axes, step, strict=True)]
            sums[(..., *met)] += products[:, :, tap]
    firsts = [axis.skip * axis.apart for axis in spread.axes]
    kept: Any = [slice(n, n + axis.count) for axis, n in zip(spread.axes, firsts, strict=True)]
    return (np.ascontiguousarray(sums[(..., *kept)]),)
