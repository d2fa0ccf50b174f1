"""Shapes of results of windowed operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.creation import array
from minijax.primitives.convolution_layout import padtype_to_pads

Shape = tuple[int, ...]


def _strided(size: int, window: int, stride: int) -> int:
    return max((size - window) // stride + 1, 0) if size >= window else 0


def conv_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    strides: Sequence[int],
    pads: Any,
    batch_group_count: int = 1,
) -> Shape:
    """Returns the shape of a convolution with batch and features first.

    Args:
        lhs_shape: the shape of the input, (batch, features, …).
        rhs_shape: that of the kernel, (output features, input features, …).
        strides: the steps of the window.
        pads: "SAME", "VALID", or a pair for each spatial axis.
        batch_group_count: the number of groups that the batch is divided into.

    Raises:
        TypeError: if there are too few or too many pairs.
        ValueError: if negative padding is longer than an axis.

    Example:
        >>> from minijax import lax
        >>> lax.conv_shape_tuple((1, 3, 8), (6, 3, 3), (1,), "VALID")
        (1, 6, 6)
    """
    spatial = tuple(lhs_shape[2:])
    if isinstance(pads, str):
        pads = padtype_to_pads(spatial, rhs_shape[2:], strides, pads)
    if len(pads) != len(spatial):
        raise TypeError(
            f"conv_shape_tuple needs a pair of pads for each of {len(spatial)} spatial axes, got "
            f"{len(pads)}."
        )
    padded = [n + sum(pair) for n, pair in zip(spatial, pads, strict=True)]
    if any(n < 0 for n in padded):
        raise ValueError(f"conv_shape_tuple: padding {pads} is longer than the axes {spatial}.")
    sizes = map(_strided, padded, rhs_shape[2:], strides)
    return (lhs_shape[0] // batch_group_count, rhs_shape[0], *sizes)


def conv_general_permutations(dimension_numbers: Sequence[str]) -> list[Shape]:
    """Returns the axes that layout strings name: for input, kernel and result.

    Args:
        dimension_numbers: three strings such as ("NHWC", "HWIO", "NHWC").

    Raises:
        TypeError: if a letter is missing or there twice.

    Example:
        >>> from minijax import lax
        >>> lax.conv_general_permutations(("NHC", "HIO", "NHC"))
        [(0, 2, 1), (2, 1, 0), (0, 2, 1)]
    """
    letters = ("NC", "OI", "NC")
    rests = []
    for spec, own in zip(dimension_numbers, letters, strict=True):
        if len(set(spec)) != len(spec) or not set(own) <= set(spec):
            raise TypeError(
                "convolution dimension_numbers need each of the letters "
                f"{' and '.join(own)} once, and no letter twice; got {spec!r}."
            )
        rests.append([letter for letter in spec if letter not in own])
    if not set(rests[0]) == set(rests[1]) == set(rests[2]):
        raise TypeError(
            "convolution dimension_numbers must have the same spatial letters, got "
            f"{tuple(dimension_numbers)}."
        )
    return [
        tuple(spec.index(letter) for letter in (*own, *rests[1]))
        for spec, own in zip(dimension_numbers, letters, strict=True)
    ]


def _placed(shape: Sequence[int], axes: Shape) -> Shape:
    found = [0] * len(axes)
    for n, axis in zip(shape, axes, strict=True):
        found[axis] = int(n)
    return tuple(found)


def conv_general_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Any,
    dimension_numbers: Sequence[str],
) -> Shape:
    """Returns the shape of a convolution with axes in any order; see `conv_shape_tuple`.

    Args:
        lhs_shape: the shape of the input.
        rhs_shape: the shape of the kernel.
        window_strides: the step of the window along each spatial axis.
        padding: "SAME", "SAME_LOWER", "VALID", or a pair (before, after) for each spatial axis.
        dimension_numbers: the layouts of input, kernel and result, such as ("NHWC", "HWIO",
            "NHWC").

    Returns:
        The shape of the result, with its axes in the order of the third layout.

    Raises:
        TypeError: if a layout lacks a letter or has one twice, or there is not one pair of pads for
            each spatial axis.
        ValueError: if the padding has an unknown name, or negative padding is longer than an axis.

    Example:
        >>> from minijax import lax
        >>> layouts = ("NHC", "HIO", "NHC")
        >>> lax.conv_general_shape_tuple((1, 8, 3), (3, 3, 6), (1,), "VALID", layouts)
        (1, 6, 6)
    """
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    inner = conv_shape_tuple(
        [lhs_shape[axis] for axis in lhs],
        [rhs_shape[axis] for axis in rhs],
        window_strides,
        padding,
    )
    return _placed(inner, out)


def conv_transpose_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Any,
    dimension_numbers: Sequence[str],
) -> Shape:
    """Returns the shape of a transposed convolution; see `conv_transpose`.

    Args:
        lhs_shape: the shape of the input.
        rhs_shape: the shape of the kernel, whose "O" letter counts the features of the result.
        window_strides: by how much each spatial axis grows.
        padding: "SAME", "VALID", or a pair (before, after) for each spatial axis, of zeros around
            the spread-out input.
        dimension_numbers: the layouts of input, kernel and result, such as ("NHWC", "HWIO",
            "NHWC").

    Returns:
        The shape of the result, with its axes in the order of the third layout.

    Raises:
        TypeError: if a layout lacks a letter or has one twice.
        ValueError: if there is not one stride for each spatial axis.

    Example:
        >>> from minijax import lax
        >>> layouts = ("NHC", "HIO", "NHC")
        >>> lax.conv_transpose_shape_tuple((1, 8, 3), (3, 3, 6), (2,), "SAME", layouts)
        (1, 16, 6)
    """
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    sizes = [lhs_shape[axis] for axis in lhs]
    kernel = [rhs_shape[axis] for axis in rhs]
    spatial = []
    for place, (n, window, stride) in enumerate(
        zip(sizes[2:], kernel[2:], window_strides, strict=True)
    ):
        if isinstance(padding, str):
            same = padding.upper() == "SAME"
            added = window + stride - 2 if same else window + stride - 2 + max(window - stride, 0)
        else:
            added = sum(padding[place])
        spatial.append((n - 1) * stride - window + 2 + added)
    return _placed((sizes[0], kernel[0], *spatial), out)


def _dilated(shape: Sequence[int], dilation: Sequence[int] | None) -> list[int]:
    if dilation is None:
        return list(shape)
    return [max((n - 1) * d + 1, 0) if n else 0 for n, d in zip(shape, dilation, strict=True)]


def reduce_window_shape_tuple(
    operand_shape: Sequence[int],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> Shape:
    """Returns the shape of a reduction over windows.

    Args:
        operand_shape: the shape of the operand.
        window_dimensions, window_strides: the lengths of the window and its steps.
        padding: a pair for each axis.
        base_dilation, window_dilation: distances between elements; 1 if None.

    Example:
        >>> from minijax import lax
        >>> lax.reduce_window_shape_tuple((8,), (3,), (2,), ((1, 1),))
        (4,)
    """
    base, window = (
        _dilated(operand_shape, base_dilation),
        _dilated(window_dimensions, window_dilation),
    )
    padded = [n + sum(pair) for n, pair in zip(base, padding, strict=True)]
    return tuple(map(_strided, padded, window, window_strides))


def shape_as_value(shape: Sequence[int]) -> Array:
    """Returns a shape as an array of integers.

    Example:
        >>> from minijax import lax
        >>> lax.shape_as_value((2, 3)).tolist()
        [2, 3]
    """
    return array(np.asarray(tuple(shape), dtypes.int32))
