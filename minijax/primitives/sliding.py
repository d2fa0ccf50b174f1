"""Windows that slide along axes: what convolutions and windowed reductions share."""

from __future__ import annotations

import math
from typing import Any

from minijax.core.records import record
from minijax.kernel.roots import Element, Value

_MOST_NODES = 64  # of an expression that are looked at


def dilated(n: int, dilation: int) -> int:
    """Returns the length of an axis with `dilation - 1` gaps between its elements."""
    return (n - 1) * dilation + 1 if n else 0


@record(eq=True)
class Axis:
    """An axis and the window that slides along it.

    Attributes:
        n: the length of the axis.
        window: the number of elements of the window.
        stride: the step of the window.
        padding: how much is put before and after the dilated axis; negative parts are cut off.
        base_dilation: the distance of the elements of the axis.
        window_dilation: the distance of the elements of the window.
    """

    n: int
    window: int
    stride: int
    padding: tuple[int, int]
    base_dilation: int
    window_dilation: int

    @property
    def input_length(self) -> int:
        """The length of the axis with its gaps."""
        return dilated(self.n, self.base_dilation)

    @property
    def window_length(self) -> int:
        """The length of the window with its gaps."""
        return dilated(self.window, self.window_dilation)

    @property
    def count(self) -> int:
        """The number of places where the window fits."""
        room = self.input_length + sum(self.padding) - self.window_length
        return max(room // self.stride + 1, 0)

    @property
    def span(self) -> int:
        """The length from the first place of the window to the last."""
        return dilated(self.count, self.stride)

    def adjoint_padding(self) -> tuple[int, int]:
        """The padding with which a window sliding over the results meets every element again."""
        low = self.window_length - 1 - self.padding[0]
        return low, self.input_length + self.window_length - 1 - self.span - low


def source(k: Any, axis: Axis, place: Any, offset: Any, conditions: list[Any]) -> Any:
    """Returns the index of the element of an axis that a window meets.

    Args:
        k: the kernel builder.
        axis: the axis.
        place: the index of the window's place.
        offset: the index in the window.
        conditions: where the conditions for the element's existence are appended.
    """
    reached = k.add(k.mul(place, axis.stride), k.mul(offset, axis.window_dilation))
    return source_of_padded(k, axis, reached, conditions)


def source_of_padded(k: Any, axis: Axis, reached: Any, conditions: list[Any]) -> Any:
    """Returns the index of the element of an axis at an index of the padded, dilated axis.

    Args:
        k: the kernel builder.
        axis: the axis.
        reached: the index, one that windows meet.
        conditions: where the conditions for the element's existence are appended.
    """
    low = axis.padding[0]
    found = k.sub(reached, low)
    if low > 0:
        conditions.append(k.ge(found, 0))
    if axis.span + axis.window_length - 2 - low >= axis.input_length:
        conditions.append(k.lt(found, axis.input_length))
    if axis.base_dilation == 1:
        return found
    # Divisions of the kernel language take no negative index.
    found = k.max(found, 0) if low > 0 else found
    conditions.append(k.eq(k.mod(found, axis.base_dilation), 0))
    return k.floordiv(found, axis.base_dilation)


def steps_of_window(axis: Axis) -> int:
    """Returns how many elements of a window `source_of_step` looks at for each place."""
    return -(-axis.window // axis.base_dilation) if _skips_gaps(axis) else axis.window


def source_of_step(k: Any, axis: Axis, place: Any, step: Any, conditions: list[Any]) -> Any:
    """Returns the index of an element of an axis that a window meets, and meets no gaps.

    Args:
        k: the kernel builder.
        axis: the axis.
        place: the index of the window's place.
        step: the number of the element, in order, of those that the window may meet.
        conditions: where the conditions for the element's existence are appended.
    """
    if not _skips_gaps(axis):
        return source(k, axis, place, step, conditions)
    m, low = axis.base_dilation, axis.padding[0]
    before = max(-(-low // m), 0)  # divisions of the kernel language take no negative index
    start = k.add(place, before * m - low)
    first = k.floordiv(k.add(start, m - 1), m)
    found = k.add(k.sub(first, before), step)
    if axis.window % m:
        skipped = k.sub(k.mul(first, m), start)
        conditions.append(k.lt(k.add(skipped, k.mul(step, m)), axis.window))
    if low > 0:
        conditions.append(k.ge(found, 0))
    last = -((low - axis.count + 1) // m) + steps_of_window(axis) - 1
    if last >= axis.n:
        conditions.append(k.lt(found, axis.n))
    return found


def _skips_gaps(axis: Axis) -> bool:
    return axis.base_dilation > 1 and axis.stride == 1 and axis.window_dilation == 1


def lies_innermost(value: Value, axis: int) -> bool:
    """Tells whether neighbours along an axis are neighbours in memory, where what is read lies."""
    return step_in_memory(value, axis) == 1


def step_in_memory(value: Value, axis: int) -> int:
    """Returns how far apart neighbours along an axis lie in memory, where what is read lies.

    Args:
        value: an array, or what is made of one, element by element, in any order of its axes.
        axis: one of its axes, of more than one element.
    """
    while type(value.definition) is Element:
        found = _read_along(value, axis)
        if found is None:
            break
        value, axis = found
    return math.prod(value.shape[axis + 1 :])


def _read_along(value: Value, axis: int) -> tuple[Value, int] | None:
    """Returns an array that elements are made of, and which of its axes theirs goes along."""
    definition = value.definition
    if definition.view_of is not None:
        source, step = definition.view_of, math.prod(value.shape[axis + 1 :])
        same = [
            d
            for d, n in enumerate(source.shape)
            if n > 1 and math.prod(source.shape[d + 1 :]) == step
        ]
        return (source, same[0]) if same else None
    index, pending = definition.indices[axis], [definition.bodies[value.position]]
    for node in pending:
        if node.op == "read" and any(x is index for x in node.operands):
            return node.payload, next(d for d, x in enumerate(node.operands) if x is index)
        pending += node.operands if len(pending) < _MOST_NODES else ()
    return None
