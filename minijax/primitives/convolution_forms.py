"""Functions in terms of conv_general_dilated: plain, transposed, patches, unshared kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core.array import aval_of, to_array
from minijax.core.operators import Array
from minijax.primitives.broadcast import broadcast_in_dim, transpose
from minijax.primitives.convolution import conv_general_dilated
from minijax.primitives.convolution_layout import conv_dimension_numbers
from minijax.primitives.dot import dot_general
from minijax.primitives.families import match
from minijax.primitives.shape import reshape, rev
from minijax.primitives.sliding import dilated


def conv(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Array:
    """Slides a kernel over an input and sums the products, batch and features first.

    Args:
        lhs: an input of shape (batch, features, *spatial).
        rhs: a kernel of shape (output features, features, *window).
        window_strides: the step of the window along each spatial axis.
        padding: "SAME", "SAME_LOWER" or "VALID".
        precision: for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result.

    Returns:
        An array of shape (batch, output features, *spatial).

    Raises:
        TypeError: if features or dtypes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.conv(jnp.ones((1, 2, 4)), jnp.ones((3, 2, 3)), (1,), "SAME").shape
        (1, 3, 4)
    """
    return conv_general_dilated(
        lhs,
        rhs,
        window_strides,
        padding,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def conv_with_general_padding(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None,
    rhs_dilation: Sequence[int] | None,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Array:
    """Slides a kernel over an input, batch and features first, with padding and dilation.

    Args:
        lhs: the input, of shape (batch, features, *spatial).
        rhs: the kernel, of shape (output features, input features, *window).
        window_strides: the step of the window along each spatial axis.
        padding: "SAME", "SAME_LOWER", "VALID", or a pair (before, after) of numbers of zeros for
            each spatial axis; negative ones cut off.
        lhs_dilation: 1 + the number of zeros between elements of the input, for each spatial axis;
            None for no zeros.
        rhs_dilation: 1 + the number of gaps between elements of the kernel, or None for no gaps.
        precision: accepted for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result and, at least, of the accumulation.

    Returns:
        An array of shape (batch, output features, *spatial).

    Raises:
        TypeError: if ranks, features or dtypes do not fit.
        ValueError: if strides, dilations or paddings do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> x, w = jnp.ones((1, 1, 4)), jnp.ones((1, 1, 2))
        >>> lax.conv_with_general_padding(x, w, (1,), [(1, 0)], (2,), None).shape
        (1, 1, 7)
    """
    return conv_general_dilated(
        lhs,
        rhs,
        window_strides,
        padding,
        lhs_dilation,
        rhs_dilation,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


_CHANNELS_LAST = {
    2: ("NC", "IO", "NC"),
    3: ("NHC", "HIO", "NHC"),
    4: ("NHWC", "HWIO", "NHWC"),
    5: ("NHWDC", "HWDIO", "NHWDC"),
}


def _transposed_padding(window: int, stride: int, padding: Any) -> tuple[int, int]:
    """Returns the padding of the transpose of a convolution with the given padding."""
    if not isinstance(padding, str):
        low, high = padding
        return window - 1 - int(low), window - 1 - int(high)
    if padding == "SAME":
        total = window + stride - 2
        before = window - 1 if stride > window - 1 else -(-total // 2)
    elif padding == "VALID":
        total = window + stride - 2 + max(window - stride, 0)
        before = window - 1
    else:
        raise ValueError(
            f"conv_transpose: padding is 'SAME', 'VALID' or pairs (before, after), got {padding!r}."
        )
    return before, total - before


def conv_transpose(
    lhs: Any,
    rhs: Any,
    strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    transpose_kernel: bool = False,
    precision: Any = None,
    preferred_element_type: Any = None,
    use_consistent_padding: bool = False,
) -> Array:
    """Enlarges an input: what the transpose of a strided convolution computes.

    Args:
        lhs: an input; by default of shape (batch, *spatial, features).
        rhs: a kernel; by default of shape (*window, input features, output features).
        strides: by how much each spatial axis grows.
        padding: "SAME" for `stride` times the length, "VALID" for all there is, or the pairs
            (before, after) of the dilated input.
        rhs_dilation: 1 + the number of gaps between elements of the kernel.
        dimension_numbers: which axis is which, as in `conv_dimension_numbers`.
        transpose_kernel: whether the kernel is that of the convolution whose transpose is wanted:
            it is reversed, and its features are exchanged.
        precision: for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result.
        use_consistent_padding: whether pairs are those of the convolution being transposed.

    Raises:
        TypeError: if layouts, features or dtypes do not fit.
        ValueError: if the padding is no known word or there is no layout for the rank.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.conv_transpose(jnp.ones((1, 4, 2)), jnp.ones((3, 2, 5)), (2,), "SAME").shape
        (1, 8, 5)
    """
    lhs, rhs = match(lhs, rhs)
    if dimension_numbers is None and lhs.ndim not in _CHANNELS_LAST:
        raise ValueError(
            f"conv_transpose: give dimension_numbers for operands of rank {lhs.ndim}; there are "
            "defaults for ranks 2 to 5."
        )
    layout = _CHANNELS_LAST[lhs.ndim] if dimension_numbers is None else dimension_numbers
    numbers = conv_dimension_numbers(lhs.shape, rhs.shape, layout)
    spatial = numbers.rhs_spec[2:]
    by = (1,) * len(spatial) if rhs_dilation is None else tuple(rhs_dilation)
    pads: Any = padding
    if isinstance(padding, str) or use_consistent_padding:
        windows = [dilated(rhs.shape[d], n) for d, n in zip(spatial, by, strict=True)]
        each = [padding] * len(windows) if isinstance(padding, str) else padding
        pads = [_transposed_padding(*item) for item in zip(windows, strides, each, strict=True)]
    if transpose_kernel:
        order = list(range(rhs.ndim))
        out, own = numbers.rhs_spec[:2]
        order[out], order[own] = own, out
        rhs = transpose(rev(rhs, spatial), order)
    return conv_general_dilated(
        lhs,
        rhs,
        (1,) * len(spatial),
        pads,
        tuple(strides),
        by,
        numbers,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def conv_general_dilated_patches(
    lhs: Any,
    filter_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Array:
    """Returns the parts of an input that a convolution's window meets.

    Args:
        lhs: the input; by default of shape (batch, features, *spatial).
        filter_shape: the lengths of the window.
        window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers: as for
            `conv_general_dilated`.
        precision: for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result.

    Returns:
        An array; by default of shape (batch, features · window size, *spatial), its features in
        the order (feature, *offset in the window).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> x = jnp.arange(4.0).reshape(1, 1, 4)
        >>> lax.conv_general_dilated_patches(x, (2,), (1,), "VALID")[0]
        Array([[0., 1., 2.],
               [1., 2., 3.]], dtype=float64)
    """
    x, window = to_array(lhs), tuple(map(int, filter_shape))
    numbers = conv_dimension_numbers(x.shape, (1, 1, *window), dimension_numbers)
    features, size = x.shape[numbers.lhs_spec[1]], math.prod(window)
    # One output feature picks one element of the window.
    picks = to_array(np.eye(size).reshape(size, 1, *window).astype(x.dtype))
    kernel = broadcast_in_dim(picks, (features, *picks.shape), range(1, picks.ndim + 1))
    kernel = reshape(kernel, (features * size, 1, *window))
    return conv_general_dilated(
        x,
        transpose(kernel, [numbers.rhs_spec.index(d) for d in range(kernel.ndim)]),
        window_strides,
        padding,
        lhs_dilation,
        rhs_dilation,
        numbers,
        feature_group_count=features,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def conv_general_dilated_local(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    filter_shape: Sequence[int],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    precision: Any = None,
) -> Array:
    """Slides a window over an input, with a kernel of its own at every place.

    Args:
        lhs: the input; by default of shape (batch, features, *spatial).
        rhs: the kernels; by default of shape (output features, features · window size, *places),
            the second axis in the order (feature, *offset in the window).
        filter_shape: the lengths of the window.
        window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers: as for
            `conv_general_dilated`.
        precision: for compatibility; all precisions are full here.

    Returns:
        An array; by default of shape (batch, output features, *places).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> x, w = jnp.ones((1, 2, 5)), jnp.ones((4, 6, 3))
        >>> lax.conv_general_dilated_local(x, w, (1,), "VALID", (3,)).shape
        (1, 4, 3)
    """
    numbers = conv_dimension_numbers(aval_of(lhs).shape, aval_of(rhs).shape, dimension_numbers)
    patches = conv_general_dilated_patches(
        lhs, filter_shape, window_strides, padding, lhs_dilation, rhs_dilation, numbers, precision
    )
    _, feature, *places = numbers.out_spec
    _, own, *kernel_places = numbers.rhs_spec
    axes = (((own,), (feature,)), (kernel_places, places))
    found = dot_general(rhs, patches, axes, precision)
    # Its axes are now: the places, the output features, the batch.
    last = found.ndim - 1
    order = (last, last - 1, *range(last - 1))
    present = transpose(found, order)
    return transpose(present, [numbers.out_spec.index(d) for d in range(last + 1)])
