"""How a caller of a convolution says which axis is which, and how much padding there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minijax.primitives.broadcast import Axes

Padding = tuple[tuple[int, int], ...]


class ConvDimensionNumbers(NamedTuple):
    """The axes of the operands and the result of a convolution, spatial ones in one order.

    Attributes:
        lhs_spec: the batch axis of lhs, its feature axis, then its spatial axes.
        rhs_spec: the axis of rhs for output features, that for input features, the spatial axes.
        out_spec: the batch axis of the result, its feature axis, then its spatial axes.
    """

    lhs_spec: Axes
    rhs_spec: Axes
    out_spec: Axes


_LETTERS = (("lhs", "NC"), ("rhs", "OI"), ("out", "NC"))


def conv_dimension_numbers(
    lhs_shape: Sequence[int], rhs_shape: Sequence[int], dimension_numbers: Any
) -> ConvDimensionNumbers:
    """Returns the axes that layout strings name.

    Args:
        lhs_shape: the shape of the input.
        rhs_shape: the shape of the kernel, of the same rank.
        dimension_numbers: None for batch and features first; three strings with one letter for
            each axis of lhs, rhs and result: N batch, C features, O and I output and input
            features of the kernel, any other letter a spatial axis; or a `ConvDimensionNumbers`,
            which is returned.

    Raises:
        TypeError: if the ranks differ or the strings do not fit.

    Example:
        >>> from minijax import lax
        >>> lax.conv_dimension_numbers((1, 8, 8, 3), (3, 3, 3, 6), ("NHWC", "HWIO", "NHWC"))
        ConvDimensionNumbers(lhs_spec=(0, 3, 1, 2), rhs_spec=(3, 2, 0, 1), out_spec=(0, 3, 1, 2))
    """
    if isinstance(dimension_numbers, ConvDimensionNumbers):
        return dimension_numbers
    ndim = len(lhs_shape)
    if len(rhs_shape) != ndim or ndim < 2:
        raise TypeError(
            "a convolution needs an input and a kernel of one rank of at least 2, got shapes "
            f"{tuple(lhs_shape)} and {tuple(rhs_shape)}."
        )
    if dimension_numbers is None:
        return ConvDimensionNumbers(*((tuple(range(ndim)),) * 3))
    specs = tuple(dimension_numbers)
    if len(specs) == 3 and not any(isinstance(spec, str) for spec in specs):
        return ConvDimensionNumbers(*(tuple(map(int, spec)) for spec in specs))
    _check_strings(specs, ndim)
    spatial = [letter for letter in specs[1] if letter not in "OI"]
    found = (
        tuple(spec.index(letter) for letter in (*own, *spatial))
        for spec, (_, own) in zip(specs, _LETTERS, strict=True)
    )
    return ConvDimensionNumbers(*found)


def _check_strings(specs: tuple[Any, ...], ndim: int) -> None:
    is_fit = len(specs) == 3 and all(isinstance(spec, str) for spec in specs)
    if is_fit:
        spatial = set(specs[1]) - set("OI")
        is_fit = all(
            len(spec) == ndim and set(spec) == spatial | set(own) and len(set(spec)) == ndim
            for spec, (_, own) in zip(specs, _LETTERS, strict=True)
        )
    if not is_fit:
        raise TypeError(
            f"dimension_numbers for operands of rank {ndim} are three strings of {ndim} distinct "
            f"letters such as ('NHWC', 'HWIO', 'NHWC'), got {specs}: N and C in the first and the "
            "last, O and I in the second, the same spatial letters in all."
        )


def padtype_to_pads(
    in_shape: Sequence[int],
    window_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Any,
) -> list[tuple[int, int]]:
    """Returns the padding of each spatial axis that a word stands for.

    Args:
        in_shape: the lengths of the spatial axes of the input.
        window_shape: the lengths of the window, dilation included.
        window_strides: the strides of the window.
        padding: "VALID" for none; "SAME" for as many results as the input has elements divided by
            the stride, "SAME_LOWER" with the odd one in front; or pairs, which are returned.

    Returns:
        A pair (before, after) for each axis.

    Raises:
        ValueError: if the word is none of these.

    Example:
        >>> from minijax import lax
        >>> lax.padtype_to_pads((8, 8), (2, 3), (1, 2), "SAME")
        [(0, 1), (0, 1)]
    """
    if not isinstance(padding, str):
        return [(int(low), int(high)) for low, high in padding]
    word = padding.upper()
    if word not in ("SAME", "SAME_LOWER", "VALID"):
        raise ValueError(
            f"padding is 'SAME', 'SAME_LOWER', 'VALID' or a pair (before, after) for each spatial "
            f"axis, got {padding!r}."
        )
    if word == "VALID":
        return [(0, 0)] * len(in_shape)
    totals = [
        max((-(-n // stride) - 1) * stride + window - n, 0)
        for n, window, stride in zip(in_shape, window_shape, window_strides, strict=True)
    ]
    if word == "SAME":
        return [(total // 2, total - total // 2) for total in totals]
    return [(total - total // 2, total // 2) for total in totals]
