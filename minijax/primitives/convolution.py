"""conv_general_dilated: sliding products of an input with a kernel.

The primitive knows one layout: lhs (group, batch, input feature, *spatial), rhs (group, output
feature, input feature, *spatial), result (group, batch, output feature, *spatial). Any other
layout and all kinds of grouping become transpositions and reshapes around it, so that the rules are
short: a batch axis of both operands is one more group axis, and either transpose is a convolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import NUMERIC
from minijax.core.operators import Array
from minijax.core.primitive import primitive
from minijax.core.quiet import quiet
from minijax.interpreters.transpose import is_linear
from minijax.primitives.broadcast import Axes, full, move_axis, transpose
from minijax.primitives.convert import convert_element_type
from minijax.primitives.convolution_layout import (
    ConvDimensionNumbers,
    Padding,
    conv_dimension_numbers,
    padtype_to_pads,
)
from minijax.primitives.families import check_dtype, match
from minijax.primitives.joining import pad_p
from minijax.primitives.shape import reshape, rev
from minijax.primitives.sliding import Axis, dilated, lies_innermost
from minijax.primitives.sliding_products import lower_by_products, padded, patches
from minijax.primitives.spread_products import lower_by_spreading

_LEADING = 3  # group, batch or output feature, input feature
_HALF = (dtypes.bfloat16, dtypes.float16)
# From this many elements of a group's kernel on, laying out both operands anew pays, unless hardly
# any features share a number of the input, or outputs a vector.
_LARGE_KERNEL = 128
_FEW_FEATURES, _FEW_OUTPUTS = 2, 4
_LONGEST_SUM, _LEAST_PLACES = 1 << 10, 8
_VECTOR, _SOME_FEATURES = 32, 4  # bytes, and what a product of matrices needs


def _spatial(
    lhs: Axes,
    rhs: Axes,
    window_strides: Axes,
    padding: Padding,
    lhs_dilation: Axes,
    rhs_dilation: Axes,
) -> list[Axis]:
    axes = []
    rows = zip(lhs[_LEADING:], rhs[_LEADING:], window_strides, padding, strict=True)
    for (n, window, stride, pads), by, window_by in zip(
        rows, lhs_dilation, rhs_dilation, strict=True
    ):
        axes.append(Axis(n, window, stride, pads, by, window_by))
    return axes


def _working_dtype(operand: np.dtype, result: np.dtype) -> np.dtype:
    """Returns the dtype to accumulate in: wide enough for operands and result, never half."""
    dtype, _ = dtypes.promote([(operand, False), (result, False)])
    return dtypes.float32 if dtype in _HALF else dtype


# -- abstract


def _conv_abstract(
    lhs: ShapedArray,
    rhs: ShapedArray,
    *,
    preferred_element_type: np.dtype | None,
    precision: Any,
    **window: Any,
) -> Any:
    check_dtype("conv_general_dilated", lhs, NUMERIC, "lhs")
    if lhs.dtype != rhs.dtype:
        raise TypeError(
            f"conv_general_dilated needs operands of one dtype, got {lhs} and {rhs}: convert one "
            "of them with .astype(...)."
        )
    axes = _spatial(lhs.shape, rhs.shape, **window)
    shape = (lhs.shape[0], lhs.shape[1], rhs.shape[1], *(axis.count for axis in axes))
    dtype = preferred_element_type or lhs.dtype
    if dtypes.is_complex(lhs.dtype) and not dtypes.is_complex(dtype):
        raise TypeError(
            f"conv_general_dilated: preferred_element_type {dtype} cannot hold the result of "
            f"complex operands of dtype {lhs.dtype}: use a complex dtype."
        )
    weak = lhs.weak_type and rhs.weak_type and preferred_element_type is None
    return (ShapedArray(shape, dtype, weak),)


# -- impl


def _conv_impl(
    lhs: np.ndarray,
    rhs: np.ndarray,
    *,
    preferred_element_type: np.dtype | None,
    precision: Any,
    **window: Any,
) -> Any:
    axes = _spatial(lhs.shape, rhs.shape, **window)
    counts = tuple(axis.count for axis in axes)
    groups, batch, outputs = lhs.shape[0], lhs.shape[1], rhs.shape[1]
    result = preferred_element_type or lhs.dtype
    dtype = _working_dtype(lhs.dtype, result)
    if 0 in counts or not lhs.size or not rhs.size:
        return (np.zeros((groups, batch, outputs, *counts), result),)
    seen = _patches(lhs.astype(dtype, copy=False), axes)
    depth = math.prod(rhs.shape[2:])
    # One matrix product for each group: (places, depth) times (depth, outputs).
    kernel = rhs.astype(dtype, copy=False).reshape(groups, outputs, depth).transpose(0, 2, 1)
    with quiet():
        found = seen.reshape(groups, batch * math.prod(counts), depth) @ kernel
    found = found.reshape(groups, batch, *counts, outputs)
    return (np.moveaxis(found, -1, 2).astype(result, copy=False),)


def _patches(lhs: np.ndarray, axes: Sequence[Axis]) -> np.ndarray:
    """Returns a view (group, batch, *place, feature, *window) of the padded input."""
    config = ((0, 0, 0),) * _LEADING
    config += tuple((*axis.padding, axis.base_dilation - 1) for axis in axes)
    (whole,) = pad_p.impl(lhs, np.zeros((), lhs.dtype), padding_config=config)
    return patches(whole, axes)


# -- jvp and transpose


def _conv_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    (lhs, rhs), (lhs_dot, rhs_dot) = primals, tangents
    (out,) = conv_general_dilated_p.bind(lhs, rhs, **params)
    space = out.aval.tangent()
    total: Any = Zero(space)
    if space.dtype == dtypes.float0:
        return (out,), (total,)
    if type(lhs_dot) is not Zero:
        (total,) = conv_general_dilated_p.bind(lhs_dot, rhs, **params)
    if type(rhs_dot) is not Zero:
        (term,) = conv_general_dilated_p.bind(lhs, rhs_dot, **params)
        total = term if type(total) is Zero else space.add(total, term)
    return (out,), (total,)


def _convolved(lhs: Any, rhs: Any, dtype: np.dtype, precision: Any, **window: Any) -> Any:
    """Returns a convolution of a cotangent, whose dtype may be wider or narrower, in `dtype`."""
    common, _ = dtypes.promote([(lhs.dtype, False), (rhs.dtype, False)])
    wide = [x if x.dtype == common else convert_element_type(x, common) for x in (lhs, rhs)]
    preferred = None if dtype == common else dtype
    params = {**window, "precision": precision, "preferred_element_type": preferred}
    return conv_general_dilated_p.bind(*wide, **params)[0]


def _exchanged(x: Any, one: int, other: int) -> Any:
    order = list(range(aval_of(x).ndim))
    order[one], order[other] = order[other], order[one]
    return transpose(x, order)


def _lhs_bar(ct: Any, lhs: Any, rhs: Any, axes: Sequence[Axis], precision: Any) -> Any:
    """An element of lhs met the window backwards, at every place the window came to."""
    return _convolved(
        ct,
        rev(_exchanged(rhs, 1, 2), range(_LEADING, ct.ndim)),
        lhs.aval.dtype,
        precision,
        window_strides=tuple(axis.base_dilation for axis in axes),
        padding=tuple(axis.adjoint_padding() for axis in axes),
        lhs_dilation=tuple(axis.stride for axis in axes),
        rhs_dilation=tuple(axis.window_dilation for axis in axes),
    )


def _rhs_bar(ct: Any, lhs: Any, rhs: Any, axes: Sequence[Axis], precision: Any) -> Any:
    """The batch is what is summed over, and the cotangent is the window that slides over lhs."""
    pads = []
    for axis in axes:
        needed = axis.window_length - 1 + axis.span
        pads.append((axis.padding[0], needed - axis.input_length - axis.padding[0]))
    found = _convolved(
        _exchanged(lhs, 1, 2),
        _exchanged(ct, 1, 2),
        rhs.aval.dtype,
        precision,
        window_strides=tuple(axis.window_dilation for axis in axes),
        padding=tuple(pads),
        lhs_dilation=tuple(axis.base_dilation for axis in axes),
        rhs_dilation=tuple(axis.stride for axis in axes),
    )
    return _exchanged(found, 1, 2)


def _conv_transpose(
    cts: Any,
    lhs: Any,
    rhs: Any,
    *,
    preferred_element_type: np.dtype | None,
    precision: Any,
    **window: Any,
) -> Any:
    (ct,) = cts
    aval = (lhs if is_linear(lhs) else rhs).aval
    axes = _spatial(aval_of(lhs).shape, aval_of(rhs).shape, **window)
    if any(not (axis.n and axis.window and axis.count) for axis in axes):
        found = full(aval.shape, 0, aval.dtype)
    else:
        rule = _lhs_bar if is_linear(lhs) else _rhs_bar
        found = rule(ct, lhs, rhs, axes, precision)
    return (found, None) if is_linear(lhs) else (None, found)


# -- batch


def _folded(x: Any, dim: int, axis: int) -> Any:
    """Returns x with its batch axis merged, as the slower one, into the axis before which it is."""
    moved = move_axis(x, dim, axis)
    shape = moved.shape
    return reshape(moved, (*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :]))


def _conv_batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
    (lhs, rhs), (lhs_dim, rhs_dim) = operands, dims
    if lhs_dim is not None and rhs_dim is not None:
        lhs, rhs, place = _folded(lhs, lhs_dim, 0), _folded(rhs, rhs_dim, 0), 0
    elif lhs_dim is not None:
        lhs, place = _folded(lhs, lhs_dim, 1), 1
    else:
        rhs, place = _folded(rhs, rhs_dim, 1), 2
    (out,) = conv_general_dilated_p.bind(lhs, rhs, **params)
    merged = out.shape
    shape = (*merged[:place], size, merged[place] // max(size, 1), *merged[place + 1 :])
    return (reshape(out, shape),), (place,)


# -- lower


def _conv_lower(
    k: Any,
    lhs: Any,
    rhs: Any,
    *,
    out: Any,
    preferred_element_type: np.dtype | None,
    precision: Any,
    **window: Any,
) -> Any:
    axes = _spatial(lhs.shape, rhs.shape, **window)
    dtype = _working_dtype(lhs.dtype, out[0].dtype)
    aval = ShapedArray(out[0].shape, dtype)
    is_float = dtypes.is_float(dtype) and lhs.size and aval.size
    if is_float and rhs.size and _is_spread(rhs.shape, dtype, axes):
        found = lower_by_spreading(k, lhs, rhs, axes, aval)
    elif is_float and rhs.size and _is_large(lhs, rhs, axes):
        found = lower_by_products(k, lhs, rhs, axes, aval)
    else:
        found = _lower_by_sums(k, lhs, rhs, axes, aval)
    if dtype == out[0].dtype:
        return (found,)
    return k.element(out[0], lambda *i: k.convert(found(*i), out[0].dtype))


def _is_spread(kernel: Axes, dtype: np.dtype, axes: Sequence[Axis]) -> bool:
    """Tells whether products that are spread over the results are faster than all else.

    That is so where outputs are too few for a vector of them, and features enough for a product of
    matrices, but the input has gaps: elsewhere vectors go along the places.
    """
    has_gaps = any(axis.base_dilation > 1 for axis in axes)
    is_thin = kernel[1] * dtype.itemsize < _VECTOR and kernel[2] >= _SOME_FEATURES
    is_wide = math.prod(kernel[3:]) > 1
    return has_gaps and is_thin and is_wide and all(axis.stride == 1 for axis in axes)


def _is_large(lhs: Any, rhs: Any, axes: Sequence[Axis]) -> bool:
    """Tells whether products of operands that are laid out for it are faster than sums.

    Sums go along the places, so that features that come last are for products in any case, if there
    are outputs enough for a vector.
    """
    kernel = rhs.shape
    is_last = lies_innermost(lhs, 2) if kernel[2] > 1 else lies_innermost(rhs, 1)
    if is_last and kernel[1] * rhs.dtype.itemsize >= _VECTOR:
        return True
    has_gaps = any(axis.base_dilation > 1 for axis in axes)
    # One element of a window meets whole elements, and sums meet the gaps as well.
    is_point = has_gaps and math.prod(kernel[3:]) == 1 and kernel[2] >= _SOME_FEATURES
    if math.prod(kernel[1:]) < _LARGE_KERNEL and not is_point:
        return False
    is_thin = kernel[2] <= _FEW_FEATURES or kernel[1] <= _FEW_OUTPUTS
    is_short = math.prod(kernel[2:]) <= _LONGEST_SUM
    is_row = all(axis.stride == 1 and axis.count >= _LEAST_PLACES for axis in axes[-1:])
    return has_gaps or not (is_thin and is_short and is_row)


def _lower_by_sums(k: Any, lhs: Any, rhs: Any, axes: Sequence[Axis], aval: ShapedArray) -> Any:
    lengths = tuple(max(axis.span + axis.window_length - 1, 0) for axis in axes)
    whole = ShapedArray((*lhs.shape[:_LEADING], *lengths), aval.dtype)
    # Of its own, what is padded can be stored, and no term of a sum is asked whether it exists.
    (data,) = k.element(whole, lambda g, n, f, *at: padded(k, lhs, axes, aval.dtype, (g, n, f), at))

    def element(outer: Any, inner: Any) -> Any:
        group, batch, output, *place = outer
        feature, *offset = inner
        w = k.convert(rhs(group, output, feature, *offset), aval.dtype)
        reached = [
            k.add(k.mul(p, axis.stride), k.mul(o, axis.window_dilation))
            for axis, p, o in zip(axes, place, offset, strict=True)
        ]
        return (k.mul(data(group, batch, feature, *reached), w),)

    return k.reduce(
        (aval,),
        rhs.shape[2:],
        element,
        (k.constant(0, aval.dtype),),
        lambda acc, new: (k.add(acc[0], new[0]),),
        "add",
    )[0]


conv_general_dilated_p = primitive(
    "conv_general_dilated",
    impl=_conv_impl,
    abstract=_conv_abstract,
    jvp=_conv_jvp,
    transpose=_conv_transpose,
    batch=_conv_batch,
    lower=_conv_lower,
)


# -- the public function: layouts and groups


def _split_axis(x: Any, axis: int, groups: int) -> Any:
    """Returns x with the groups of an axis, its slower part, as a new first axis."""
    shape = x.shape
    apart = reshape(x, (*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1 :]))
    return move_axis(apart, axis, 0)


def _check_counts(lhs: Axes, rhs: Axes, features: int, batches: int) -> None:
    if features < 1 or batches < 1 or (features > 1 and batches > 1):
        raise ValueError(
            "conv_general_dilated: feature_group_count and batch_group_count are positive, and one "
            f"of them is 1; got {features} and {batches}."
        )
    if lhs[1] != rhs[1] * features or rhs[0] % (features * batches) or lhs[0] % batches:
        raise ValueError(
            f"conv_general_dilated: lhs with {lhs[0]} batches of {lhs[1]} features and rhs with "
            f"{rhs[0]} output and {rhs[1]} input features do not fit for feature_group_count="
            f"{features} and batch_group_count={batches}: lhs needs rhs's input features times "
            "feature_group_count, and group counts divide the batch and the output features."
        )


def _spatial_words(name: str, values: Any, count: int) -> Axes:
    found = (1,) * count if values is None else tuple(int(n) for n in values)
    if len(found) != count or any(n < 1 for n in found):
        raise ValueError(
            f"conv_general_dilated: {name} needs one positive number for each of the {count} "
            f"spatial axes, got {found}."
        )
    return found


def _padding(lhs: Axes, rhs: Axes, padding: Any, strides: Axes, by: Axes, window_by: Axes) -> Any:
    if isinstance(padding, str) and any(n > 1 for n in by):
        raise ValueError(
            f"conv_general_dilated: padding {padding!r} has no meaning with lhs_dilation {by}: "
            "give a pair (before, after) for each spatial axis, or use conv_transpose."
        )
    lengths = [dilated(n, d) for n, d in zip(rhs[2:], window_by, strict=True)]
    found = tuple(padtype_to_pads(lhs[2:], lengths, strides, padding))
    if len(found) != len(strides):
        raise TypeError(
            f"conv_general_dilated: padding needs one pair for each of the {len(strides)} spatial "
            f"axes, got {found}."
        )
    return found


def _grouped(lhs: Any, rhs: Any, features: int, batches: int) -> tuple[Any, Any]:
    """Returns the operands in the layout of the primitive."""
    if batches > 1:
        return _split_axis(lhs, 0, batches), _split_axis(rhs, 0, batches)
    return _split_axis(lhs, 1, features), _split_axis(rhs, 0, features)


def _same_dtype(lhs: Any, rhs: Any) -> list[Any]:
    operands = match(lhs, rhs)
    dtype, _ = dtypes.promote([(x.dtype, aval_of(x).weak_type) for x in operands])
    return [x if x.dtype == dtype else convert_element_type(x, dtype) for x in operands]


def conv_general_dilated(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Slides a kernel over an input and sums the products (the kernel is not reversed).

    Args:
        lhs: the input; by default of shape (batch, features, *spatial).
        rhs: the kernel; by default of shape (output features, input features, *window).
        window_strides: the step of the window along each spatial axis.
        padding: "SAME", "SAME_LOWER", "VALID", or a pair (before, after) of numbers of zeros for
            each spatial axis; negative ones cut off.
        lhs_dilation: 1 + the number of zeros between elements of the input, for each spatial axis.
        rhs_dilation: 1 + the number of gaps between elements of the kernel.
        dimension_numbers: which axis is which, as in `conv_dimension_numbers`.
        feature_group_count: into how many groups the features are divided that meet only the
            output features of their own group.
        batch_group_count: the same for the batch.
        precision: for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result and, at least, of the accumulation.
        out_sharding: for compatibility; without effect.

    Returns:
        An array; by default of shape (batch, output features, *spatial).

    Raises:
        TypeError: if layouts, features or dtypes do not fit.
        ValueError: if strides, dilations, paddings or group counts do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> image, kernel = jnp.arange(5.0).reshape(1, 1, 5), jnp.array([[[1.0, 0.0, -1.0]]])
        >>> lax.conv_general_dilated(image, kernel, (1,), "VALID")
        Array([[[-2., -2., -2.]]], dtype=float64)
    """
    lhs, rhs = _same_dtype(lhs, rhs)
    numbers = conv_dimension_numbers(lhs.shape, rhs.shape, dimension_numbers)
    lhs, rhs = transpose(lhs, numbers.lhs_spec), transpose(rhs, numbers.rhs_spec)
    count = lhs.ndim - 2
    strides = _spatial_words("window_strides", window_strides, count)
    by = _spatial_words("lhs_dilation", lhs_dilation, count)
    window_by = _spatial_words("rhs_dilation", rhs_dilation, count)
    pads = _padding(lhs.shape, rhs.shape, padding, strides, by, window_by)
    _check_counts(lhs.shape, rhs.shape, feature_group_count, batch_group_count)
    preferred = preferred_element_type
    (out,) = conv_general_dilated_p.bind(
        *_grouped(lhs, rhs, feature_group_count, batch_group_count),
        window_strides=strides,
        padding=pads,
        lhs_dilation=by,
        rhs_dilation=window_by,
        precision=tuple(precision) if isinstance(precision, list) else precision,
        preferred_element_type=None if preferred is None else dtypes.canonical(preferred),
    )
    return _ungrouped(out, numbers)


def _ungrouped(out: Any, numbers: ConvDimensionNumbers) -> Any:
    groups, batch, outputs, *spatial = out.shape
    joined = reshape(move_axis(out, 0, 1), (batch, groups * outputs, *spatial))
    return transpose(joined, [numbers.out_spec.index(d) for d in range(joined.ndim)])
