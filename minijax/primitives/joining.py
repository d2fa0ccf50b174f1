"""Arrays from parts and parts from arrays: concatenate, split, pad."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray, materialize
from minijax.core.operators import Array
from minijax.core.primitive import linear, primitive
from minijax.interpreters.batch import move_batch_axis
from minijax.interpreters.transpose import is_linear
from minijax.primitives.broadcast import Axes, broadcast_in_dim, full, full_like, reduce_sum
from minijax.primitives.compare import select_n
from minijax.primitives.families import match
from minijax.primitives.shape import canonical_axis
from minijax.primitives.windows import slice as slice_static

PaddingConfig = tuple[tuple[int, int, int], ...]

# A chain of selects tests every operand at every element; beyond this many operands each is
# stored into its window instead.
_MOST_SELECTS = 16


def _common_dtype(name: str, avals: Sequence[ShapedArray]) -> np.dtype:
    if any(aval.dtype != avals[0].dtype for aval in avals):
        shown = ", ".join(dtypes.short_name(aval.dtype) for aval in avals)
        raise TypeError(
            f"{name} needs operands of one dtype, got {shown}: convert them with .astype(...)."
        )
    return avals[0].dtype


def _with_size(shape: Axes, axis: int, n: int) -> Axes:
    return (*shape[:axis], n, *shape[axis + 1 :])


def _starts(sizes: Sequence[int]) -> list[int]:
    return [0, *itertools.accumulate(sizes)]


# -- concatenate


def _concatenate_abstract(*avals: ShapedArray, dimension: int) -> Any:
    if not avals:
        raise TypeError("concatenate: needs at least one operand.")
    dtype = _common_dtype("concatenate", avals)
    first = avals[0]
    if not 0 <= dimension < first.ndim:
        raise ValueError(
            f"concatenate: dimension {dimension} is not an axis of operands of shape {first.shape}."
        )
    others = {
        _with_size(aval.shape, dimension, 0) if aval.ndim == first.ndim else aval.shape
        for aval in avals
    }
    if len(others) > 1:
        shown = ", ".join(str(aval.shape) for aval in avals)
        raise TypeError(
            f"concatenate: operands must have one shape but for axis {dimension}, got {shown}."
        )
    total = sum(aval.shape[dimension] for aval in avals)
    weak = all(aval.weak_type for aval in avals)
    return (ShapedArray(_with_size(first.shape, dimension, total), dtype, weak),)


def _concatenate_transpose(cts: Any, *operands: Any, dimension: int) -> Any:
    (ct,) = cts
    sizes = [aval_of(x).shape[dimension] for x in operands]
    parts = split(ct, sizes, dimension)
    return tuple(part if is_linear(x) else None for part, x in zip(parts, operands, strict=True))


def _concatenate_batch(size: int, operands: Any, dims: Any, *, dimension: int) -> Any:
    place = next(dim for dim in dims if dim is not None)
    aligned = [move_batch_axis(x, dim, size, place) for x, dim in zip(operands, dims, strict=True)]
    axis = dimension + (dimension >= place)
    return concatenate_p.bind(*aligned, dimension=axis), (place,)


def _concatenate_lower(k: Any, *operands: Any, out: Any, dimension: int) -> Any:
    starts = _starts([x.shape[dimension] for x in operands])
    parts = [(x, start) for x, start in zip(operands, starts, strict=False) if x.size]
    if len(parts) > _MOST_SELECTS:
        return _concatenate_by_stores(k, parts, out[0], dimension)

    def body(*i: Any) -> Any:
        found = k.constant(np.zeros((), out[0].dtype), out[0].dtype)
        for number, (x, start) in reversed(list(enumerate(parts))):
            here = (*i[:dimension], k.sub(i[dimension], start), *i[dimension + 1 :])
            conditions = [k.ge(i[dimension], start)] if number else []
            if number < len(parts) - 1:
                conditions.append(k.lt(i[dimension], start + x.shape[dimension]))
            found = k.guard(k.all_of(conditions), x, here, found)
        return found

    return k.element(out[0], body)


def _concatenate_by_stores(k: Any, parts: Any, aval: Any, dimension: int) -> Any:
    zero = k.constant(np.zeros((), aval.dtype), aval.dtype)
    (result,) = k.element(aval, lambda *i: zero)
    everywhere = k.constant(True, dtypes.bool_)
    for x, start in parts:

        def place(*i: Any, start: int = start) -> Any:
            moved = k.add(i[dimension], start)
            return (*i[:dimension], moved, *i[dimension + 1 :]), everywhere

        (result,) = k.scatter(aval, result, x.shape, place, x, unique=True)
    return (result,)


concatenate_p = primitive(
    "concatenate",
    impl=lambda *operands, dimension: (np.concatenate(operands, axis=dimension),),
    abstract=_concatenate_abstract,
    jvp=linear,
    transpose=_concatenate_transpose,
    batch=_concatenate_batch,
    lower=_concatenate_lower,
)


def concatenate(operands: Any, dimension: int) -> Array:
    """Joins arrays along an axis.

    Args:
        operands: arrays of one dtype and of one shape but for the axis, or one array whose
            elements along its first axis are the operands.
        dimension: the axis.

    Raises:
        TypeError: if dtypes or shapes do not fit or there is no operand.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.concatenate([jnp.array([1, 2]), jnp.array([3])], 0)
        Array([1, 2, 3], dtype=int64)
    """
    arrays = match(*operands)
    axis = canonical_axis("concatenate", dimension, arrays[0].ndim) if arrays else dimension
    return arrays[0] if len(arrays) == 1 else concatenate_p.bind(*arrays, dimension=axis)[0]


# -- split


def _split_impl(x: np.ndarray, *, sizes: Axes, axis: int) -> Any:
    return tuple(np.split(x, _starts(sizes)[1:-1], axis))


def _split_abstract(x: ShapedArray, *, sizes: Axes, axis: int) -> Any:
    if not 0 <= axis < x.ndim:
        raise ValueError(f"split: {axis} is not an axis of an operand of shape {x.shape}.")
    if any(n < 0 for n in sizes) or sum(sizes) != x.shape[axis]:
        raise ValueError(
            f"split: sizes must be nonnegative with the sum {x.shape[axis]}, the length of axis "
            f"{axis} of shape {x.shape}; got {sizes} with the sum {sum(sizes)}."
        )
    return tuple(ShapedArray(_with_size(x.shape, axis, n), x.dtype, x.weak_type) for n in sizes)


def _split_transpose(cts: Any, x: Any, *, sizes: Axes, axis: int) -> Any:
    parts = [materialize(ct) for ct in cts]
    return (concatenate(parts, axis),)


def _split_batch(size: int, operands: Any, dims: Any, *, sizes: Axes, axis: int) -> Any:
    (x,), (dim,) = operands, dims
    outs = split_p.bind(x, sizes=sizes, axis=axis + (axis >= dim))
    return outs, (dim,) * len(outs)


def _split_lower(k: Any, x: Any, *, out: Any, sizes: Axes, axis: int) -> Any:
    def part(start: int) -> Any:
        return lambda *i: x(*i[:axis], k.add(i[axis], start), *i[axis + 1 :])

    pairs = zip(out, _starts(sizes), strict=False)
    return tuple(k.element(aval, part(start))[0] for aval, start in pairs)


split_p = primitive(
    "split",
    impl=_split_impl,
    abstract=_split_abstract,
    jvp=linear,
    transpose=_split_transpose,
    batch=_split_batch,
    lower=_split_lower,
)


def split(operand: Any, sizes: Sequence[int], axis: int = 0) -> list[Array]:
    """Cuts an array into consecutive parts along an axis.

    Args:
        operand: an array of any shape.
        sizes: the lengths of the parts, whose sum is the length of the axis.
        axis: the axis; negative ones count from the end.

    Raises:
        ValueError: if the axis is out of range or the sizes do not add up.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.split(jnp.array([1, 2, 3]), (1, 2))
        [Array([1], dtype=int64), Array([2, 3], dtype=int64)]
    """
    x = to_array(operand)
    place = canonical_axis("split", axis, x.ndim)
    return list(split_p.bind(x, sizes=tuple(map(int, sizes)), axis=place))


# -- pad: (lo, hi, interior) for each axis; negative lo and hi cut off


def _padded(n: int, config: tuple[int, int, int]) -> int:
    lo, hi, interior = config
    return lo + hi + n + max(n - 1, 0) * interior


def _pad_impl(x: np.ndarray, value: np.ndarray, *, padding_config: PaddingConfig) -> Any:
    shape = tuple(_padded(n, c) for n, c in zip(x.shape, padding_config, strict=True))
    result = np.empty(shape, x.dtype)
    result[...] = value
    places, sources = [], []
    for n, length, (lo, _, interior) in zip(x.shape, shape, padding_config, strict=True):
        at = lo + np.arange(n) * (interior + 1)
        kept = np.flatnonzero((at >= 0) & (at < length))
        places.append(at[kept])
        sources.append(kept)
    if x.ndim:
        result[np.ix_(*places)] = x[np.ix_(*sources)]
    else:
        result[...] = x
    return (result,)


def _pad_abstract(x: ShapedArray, value: ShapedArray, *, padding_config: PaddingConfig) -> Any:
    dtype = _common_dtype("pad", (x, value))
    if value.shape != ():
        raise TypeError(f"pad: the padding value must have rank 0, got shape {value.shape}.")
    if len(padding_config) != x.ndim or any(len(c) != 3 for c in padding_config):
        raise TypeError(
            f"pad: padding_config needs one (low, high, interior) for each axis of shape {x.shape},"
            f" got {padding_config}."
        )
    shape = tuple(_padded(n, c) for n, c in zip(x.shape, padding_config, strict=True))
    if any(c[2] < 0 for c in padding_config) or any(n < 0 for n in shape):
        raise ValueError(
            f"pad: {padding_config} on shape {x.shape} gives {shape}: interior padding and the "
            "sizes of the result must not be negative."
        )
    return (ShapedArray(shape, dtype, x.weak_type and value.weak_type),)


def _unpad(ct: Any, shape: Axes, padding_config: PaddingConfig) -> Any:
    """Returns the elements of a padded array that came from the operand, zero where cut off."""
    if 0 in shape:
        return full(shape, 0, aval_of(ct).dtype)
    zero = full((), 0, aval_of(ct).dtype)
    # What was cut off comes back as zeros; padding that was added is skipped by the slice.
    restored = pad(ct, zero, [(max(-lo, 0), max(-hi, 0), 0) for lo, hi, _ in padding_config])
    start = [max(lo, 0) for lo, _, _ in padding_config]
    strides = [interior + 1 for _, _, interior in padding_config]
    limits = [s + (n - 1) * by + 1 for s, n, by in zip(start, shape, strides, strict=True)]
    return slice_static(restored, start, limits, strides)


def _pad_transpose(cts: Any, x: Any, value: Any, *, padding_config: PaddingConfig) -> Any:
    (ct,) = cts
    shape = aval_of(x).shape
    x_bar = _unpad(ct, shape, padding_config) if is_linear(x) else None
    if not is_linear(value):
        return x_bar, None
    padding = select_n(_padding_mask(shape, padding_config), full_like(ct, 0), ct)
    return x_bar, reduce_sum(padding, range(aval_of(ct).ndim))


def _pad_batch(size: int, operands: Any, dims: Any, *, padding_config: PaddingConfig) -> Any:
    (x, value), (dim, value_dim) = operands, dims
    place = 0 if dim is None else dim
    config = (*padding_config[:place], (0, 0, 0), *padding_config[place:])
    if value_dim is None:
        return pad_p.bind(x, value, padding_config=config), (place,)
    x = move_batch_axis(x, dim, size, place)
    return (_pad_each(x, value, config, place),), (place,)


def _pad_each(x: Any, values: Any, config: PaddingConfig, place: int) -> Any:
    """Returns x padded with a value of its own for each index along the axis `place`."""
    moved = pad(x, full((), np.zeros((), x.dtype), x.dtype), config)
    spread_values = broadcast_in_dim(values, moved.shape, (place,))
    return select_n(_padding_mask(x.shape, config), moved, spread_values)


def _padding_mask(shape: Axes, padding_config: PaddingConfig) -> Any:
    """Returns where a padded array of an operand of this shape holds the padding value."""
    bool_ = dtypes.bool_
    return pad(full(shape, False, bool_), full((), True, bool_), padding_config)


def _source_of(k: Any, i: Any, n: int, config: tuple[int, int, int]) -> tuple[Any, list[Any]]:
    """Returns the operand's index for a result's index, and the conditions for its existence."""
    lo, hi, interior = config
    shifted = k.sub(i, lo)
    conditions = [k.ge(shifted, 0)] if lo > 0 else []
    if interior:
        # Divisions of the kernel language take no negative index.
        shifted = k.max(shifted, 0) if lo > 0 else shifted
        conditions.append(k.eq(k.mod(shifted, interior + 1), 0))
        shifted = k.floordiv(shifted, interior + 1)
    if hi > 0:
        conditions.append(k.lt(shifted, n))
    return shifted, conditions


def _pad_lower(k: Any, x: Any, value: Any, *, out: Any, padding_config: PaddingConfig) -> Any:
    def body(*indices: Any) -> Any:
        source, conditions = [], []
        for i, n, config in zip(indices, x.shape, padding_config, strict=True):
            at, needed = _source_of(k, i, n, config)
            source.append(at)
            conditions.extend(needed)
        return k.guard(k.all_of(conditions), x, source, value())

    return k.element(out[0], body)


pad_p = primitive(
    "pad",
    impl=_pad_impl,
    abstract=_pad_abstract,
    jvp=linear,
    transpose=_pad_transpose,
    batch=_pad_batch,
    lower=_pad_lower,
)


def pad(operand: Any, padding_value: Any, padding_config: Sequence[Sequence[int]]) -> Array:
    """Puts a value before, after and between the elements of an array, or cuts elements off.

    Args:
        operand: an array of rank r.
        padding_value: a scalar of the operand's dtype.
        padding_config: for each axis (low, high, interior): how many values to put before and
            after it (negative: how many elements to cut off, interior padding included), and how
            many between each two elements.

    Returns:
        An array of rank r.

    Raises:
        TypeError: if dtypes differ or the configuration has the wrong form.
        ValueError: if interior padding or a resulting size is negative.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.pad(jnp.array([1, 2]), 0, [(1, 2, 1)])
        Array([0, 1, 0, 2, 0, 0], dtype=int64)
    """
    x, value = match(operand, padding_value)
    config = tuple(tuple(int(n) for n in entry) for entry in padding_config)
    return pad_p.bind(x, value, padding_config=config)[0]
