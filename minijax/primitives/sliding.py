"""Windows that slide along axes: what convolutions and windowed reductions share."""

from __future__ import annotations

from typing import Any

from minijax.core.records import record


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
