"""reduce_window: folds over windows that slide along all axes.

Sums, maxima and minima have primitives. The place of the maximum in its window is a primitive too:
the tangent of a maximum is a gather at these places, and so its transpose is a scatter. A fold with
any other function is a reduction of gathered windows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array, value_of
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import NUMERIC, bool_, int64
from minijax.core.operators import Array
from minijax.core.primitive import Constant, Primitive, Rule, constant, linear, primitive
from minijax.core.pytree import flatten, unflatten
from minijax.core.quiet import quiet
from minijax.primitives.arithmetic import add, mul
from minijax.primitives.bitwise import bitwise_or
from minijax.primitives.broadcast import Axes, full
from minijax.primitives.compare import select_n
from minijax.primitives.convolution_layout import Padding, padtype_to_pads
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.families import NOT_LINEAR, check_dtype, through_float32
from minijax.primitives.gather import gather
from minijax.primitives.indexing import GatherDimensionNumbers
from minijax.primitives.joining import pad, pad_p
from minijax.primitives.reduce import own_reduction, reduce, staged_computation
from minijax.primitives.reduction import ORDERED, highest, lowest
from minijax.primitives.shape import reshape
from minijax.primitives.sliding import (
    Axis,
    dilated,
    source,
    source_of_padded,
    source_of_step,
    steps_of_window,
)
from minijax.primitives.windows import insert

_CACHE = 1 << 21  # bytes that had better be kept than computed again

_UNIT = {
    "window_dimensions": 1,
    "window_strides": 1,
    "padding": (0, 0),
    "base_dilation": 1,
    "window_dilation": 1,
}


def _axes(shape: Axes, params: dict[str, Any]) -> list[Axis]:
    rows = zip(shape, *(params[name] for name in _UNIT), strict=True)
    return [Axis(n, *row) for n, *row in rows]


def _counts(axes: Sequence[Axis]) -> Axes:
    return tuple(axis.count for axis in axes)


# -- rules that all of them share


def _abstract_of(name: str, on: Sequence[np.dtype], result: np.dtype | None = None) -> Rule:
    def abstract(x: ShapedArray, **params: Any) -> Any:
        check_dtype(name, x, on, "an operand")
        counts = _counts(_axes(x.shape, params))
        return (ShapedArray(counts, result or x.dtype, x.weak_type and result is None),)

    return abstract


def _batch_of(get: Callable[[], Primitive]) -> Rule:
    def batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
        (x,), (dim,) = operands, dims
        moved = {name: insert(params[name], dim, unit) for name, unit in _UNIT.items()}
        return get().bind(x, **moved), (dim,)

    return batch


def _windows(x: np.ndarray, fill: Any, axes: Sequence[Axis]) -> np.ndarray:
    """Returns a view (*place, *offset in the window) of the padded operand."""
    config = tuple((*axis.padding, axis.base_dilation - 1) for axis in axes)
    (padded,) = pad_p.impl(x, np.asarray(fill, x.dtype), padding_config=config)
    steps = list(zip(padded.strides, axes, strict=True))
    return np.lib.stride_tricks.as_strided(
        padded,
        (*_counts(axes), *(axis.window for axis in axes)),
        (*(s * a.stride for s, a in steps), *(s * a.window_dilation for s, a in steps)),
        writeable=False,
    )


def _impl_of(function: np.ufunc, start: Callable[[np.dtype], Any]) -> Rule:
    def compute(x: np.ndarray, axes: Sequence[Axis]) -> np.ndarray:
        first = start(x.dtype)
        counts = _counts(axes)
        if 0 in counts:
            return np.zeros(counts, x.dtype)
        inner = tuple(range(x.ndim, 2 * x.ndim))
        found = function.reduce(_windows(x, first, axes), axis=inner, initial=first, dtype=x.dtype)
        return np.asarray(found)

    def impl(x: np.ndarray, **params: Any) -> Any:
        with quiet():
            return (through_float32(compute)(x, axes=_axes(x.shape, params)),)

    return impl


def _met(k: Any, x: Any, axes: Any, outer: Any, inner: Any) -> tuple[Any, list[Any]]:
    """Returns the condition for a window's element to exist, and its indices."""
    conditions: list[Any] = []
    where = [source(k, *item, conditions) for item in zip(axes, outer, inner, strict=True)]
    return k.all_of(conditions), where


def _worth_storing(axes: Sequence[Axis], itemsize: int) -> list[int]:
    """Returns the axes along which an operand had better be stored with its padding and gaps.

    That is so where vectors go along them: no element of a window is then asked whether it exists,
    again and again.
    """
    inner = next((d for d in reversed(range(len(axes))) if axes[d].n != 1), None)
    if inner is None:
        return []
    if any(axis.base_dilation > 1 for axis in axes):
        axis = axes[inner]
        has_gaps = axis.base_dilation > 1 and axis.stride == 1 and steps_of_window(axis) > 1
        rows = math.prod(other.n for d, other in enumerate(axes) if d != inner)
        size = rows * (axis.span + axis.window_length - 1) * itemsize
        return [inner] if has_gaps and size <= _CACHE else []
    return [*range(len(axes))] if max(axes[inner].padding) > 0 else []


def _stored(
    k: Any, x: Any, axes: Sequence[Axis], which: Sequence[int], first: Any
) -> tuple[Any, list[Axis]]:
    """Returns an array with the padding and the gaps of some axes, which have none then."""
    whole = list(axes)
    for d in which:
        axis = axes[d]
        n = axis.span + axis.window_length - 1
        whole[d] = Axis(n, axis.window, axis.stride, (0, 0), 1, axis.window_dilation)

    def element(*reached: Any) -> Any:
        conditions: list[Any] = []
        where = list(reached)
        for d in which:
            where[d] = source_of_padded(k, axes[d], reached[d], conditions)
        return k.guard(k.all_of(conditions), x, where, first)

    (found,) = k.element(ShapedArray(tuple(axis.n for axis in whole), x.dtype), element)
    return found, whole


def _lower_of(kind: str, start: Callable[[np.dtype], Any]) -> Rule:
    def lower(k: Any, x: Any, *, out: Any, **params: Any) -> Any:
        axes = _axes(x.shape, params)
        first = k.constant(start(x.dtype), x.dtype)
        which = _worth_storing(axes, x.dtype.itemsize)
        if which:
            x, axes = _stored(k, x, axes, which, first)

        def element(outer: Any, inner: Any) -> Any:
            conditions: list[Any] = []
            each = zip(axes, outer, inner, strict=True)
            where = [source_of_step(k, *item, conditions) for item in each]
            return (k.guard(k.all_of(conditions), x, where, first),)

        return k.reduce(
            out,
            [*map(steps_of_window, axes)],
            element,
            (first,),
            lambda acc, new: (getattr(k, kind)(acc[0], new[0]),),
            kind,
        )

    return lower


# -- sums


def _zero(dtype: np.dtype) -> Any:
    return 0


def _sum_transpose(cts: Any, x: Any, **params: Any) -> Any:
    (ct,) = cts
    axes = _axes(x.aval.shape, params)
    if any(not (axis.n and axis.window and axis.count) for axis in axes):
        return (full(x.aval.shape, 0, x.aval.dtype),)
    return reduce_window_sum_p.bind(
        ct,
        window_dimensions=params["window_dimensions"],
        window_strides=params["base_dilation"],
        padding=tuple(axis.adjoint_padding() for axis in axes),
        base_dilation=params["window_strides"],
        window_dilation=params["window_dilation"],
    )


reduce_window_sum_p: Primitive = primitive(
    "reduce_window_sum",
    impl=_impl_of(np.add, _zero),
    abstract=_abstract_of("reduce_window_sum", NUMERIC),
    jvp=linear,
    transpose=_sum_transpose,
    batch=_batch_of(lambda: reduce_window_sum_p),
    lower=_lower_of("add", _zero),
)


# -- the places of maxima and minima in their windows


def _place_impl(x: np.ndarray, *, find: str, **params: Any) -> Any:
    axes = _axes(x.shape, params)
    counts, size = _counts(axes), math.prod(axis.window for axis in axes)
    if 0 in counts:
        return (np.zeros(counts, int64),)
    wide = x.astype(np.float32) if x.dtype in (dtypes.bfloat16, np.float16) else x
    values = _windows(wide, 0, axes).reshape(*counts, size)
    exists = _windows(np.ones(x.shape, bool_), False, axes).reshape(*counts, size)
    start = lowest(wide.dtype) if find == "max" else highest(wide.dtype)
    best = (np.max if find == "max" else np.min)(
        np.where(exists, values, start), axis=-1, keepdims=True, initial=start
    )
    is_best = exists & ((values == best) | ((values != values) & (best != best)))
    if size == 0:
        return (np.zeros(counts, int64),)
    return (np.where(is_best.any(-1), np.argmax(is_best, -1), size),)


def _place_lower(k: Any, x: Any, *, out: Any, find: str, **params: Any) -> Any:
    axes = _axes(x.shape, params)
    sizes = [axis.window for axis in axes]
    dtype = dtypes.uint8 if x.dtype == bool_ else x.dtype
    start = k.constant(lowest(x.dtype) if find == "max" else highest(x.dtype), dtype)
    nowhere = k.constant(math.prod(sizes))
    better = k.gt if find == "max" else k.lt

    def element(outer: Any, inner: Any) -> Any:
        exists, where = _met(k, x, axes, outer, inner)
        if 0 in x.shape:
            return start, nowhere
        safe = [k.select(exists, i, 0) for i in where]
        value = k.select(exists, k.convert(x(*safe), dtype), start)
        return value, k.select(exists, k.flatten(inner, sizes), nowhere)

    def combine(acc: Any, new: Any) -> Any:
        wins = _goes_before(k, better, new, acc)
        return k.select(wins, new[0], acc[0]), k.select(wins, new[1], acc[1])

    avals = (ShapedArray(out[0].shape, dtype), out[0])
    return (k.reduce(avals, sizes, element, (start, nowhere), combine)[1],)


def _goes_before(k: Any, better: Any, new: Any, acc: Any) -> Any:
    """Whether a (value, place) goes before another: NaN first, then the better, then the first."""
    wins, ties = better(new[0], acc[0]), k.eq(new[0], acc[0])
    if dtypes.is_float(new[0].dtype):
        new_nan, acc_nan = k.is_nan(new[0]), k.is_nan(acc[0])
        wins = k.or_(wins, k.and_(new_nan, k.not_(acc_nan)))
        ties = k.or_(ties, k.and_(new_nan, acc_nan))
    return k.or_(wins, k.and_(ties, k.lt(new[1], acc[1])))


def _place_batch(size: int, operands: Any, dims: Any, *, find: str, **params: Any) -> Any:
    (x,), (dim,) = operands, dims
    moved = {name: insert(params[name], dim, unit) for name, unit in _UNIT.items()}
    return reduce_window_place_p.bind(x, find=find, **moved), (dim,)


def _place_abstract(x: ShapedArray, *, find: str, **params: Any) -> Any:
    return _abstract_of("reduce_window_place", ORDERED, int64)(x, **params)


# The row-major number, in its window, of the first maximum or minimum; the size of the window where
# all of it is padding.
reduce_window_place_p = primitive(
    "reduce_window_place",
    impl=_place_impl,
    abstract=_place_abstract,
    jvp=constant,
    transpose=NOT_LINEAR,
    batch=_place_batch,
    lower=_place_lower,
)


def _chosen(t: Any, places: Any, axes: Sequence[Axis]) -> Any:
    """Returns the elements of t at the places found in windows of an operand of its shape."""
    steps = [math.prod(t.shape[d + 1 :]) for d in range(t.ndim)]
    counts, shape = _counts(axes), tuple(axis.window for axis in axes)
    base = full(counts, -sum(a.padding[0] * s for a, s in zip(axes, steps, strict=True)), int64)
    for d, (axis, step) in enumerate(zip(axes, steps, strict=True)):
        along = broadcasted_iota(int64, counts, d)
        base = add(base, mul(along, full(counts, axis.stride * step, int64)))
    within = np.zeros(shape, np.int64)
    for d, (axis, step) in enumerate(zip(axes, steps, strict=True)):
        along_window = np.arange(axis.window) * axis.window_dilation * step
        within += along_window.reshape([-1 if d == e else 1 for e in range(len(shape))])
    # Where a window has no element, the gather is out of bounds and gives 0.
    nowhere = np.iinfo(np.int64).max // 2
    offsets = _take(to_array(np.append(within.ravel(), nowhere)), places)
    return _take(reshape(t, (math.prod(t.shape),)), add(base, offsets))


def _take(x: Any, indices: Any) -> Any:
    numbers = GatherDimensionNumbers((), (0,), (0,))
    starts = reshape(indices, (*indices.shape, 1))
    return gather(x, starts, numbers, (1,), mode="fill", fill_value=0)


def _extreme_jvp_of(get: Callable[[], Primitive], find: str) -> Rule:
    def jvp(primals: Any, tangents: Any, **params: Any) -> Any:
        (x,), (t,) = primals, tangents
        (out,) = get().bind(x, **params)
        if type(t) is Zero or 0 in x.shape or 0 in out.shape:
            return (out,), (Zero(out.aval.tangent()),)
        start = lowest(x.dtype) if find == "max" else highest(x.dtype)
        if any(n > 1 for n in params["base_dilation"]):
            gaps = [(0, 0, n - 1) for n in params["base_dilation"]]
            x = pad(x, full((), start, x.dtype), gaps)
            t = pad(t, full((), 0, t.dtype), gaps)
            params = {**params, "base_dilation": (1,) * x.ndim}
        (places,) = reduce_window_place_p.bind(x, find=find, **params)
        return (out,), (_chosen(t, places, _axes(x.shape, params)),)

    return jvp


def _extreme(find: str, function: np.ufunc, start: Callable[[np.dtype], Any]) -> Primitive:
    made: list[Primitive] = []
    name = f"reduce_window_{find}"
    jvp: Rule | Constant = _extreme_jvp_of(lambda: made[0], find)
    made.append(
        primitive(
            name,
            impl=_impl_of(function, start),
            abstract=_abstract_of(name, ORDERED),
            jvp=jvp,
            transpose=NOT_LINEAR,
            batch=_batch_of(lambda: made[0]),
            lower=_lower_of(find, start),
        )
    )
    return made[0]


reduce_window_max_p = _extreme("max", np.maximum, lowest)
reduce_window_min_p = _extreme("min", np.minimum, highest)


# -- any function


def _gathered(x: Any, axes: Sequence[Axis]) -> Any:
    """Returns the windows of a padded operand, of shape (*place, *offset in the window)."""
    y = pad(x, full((), 0, x.dtype), [(*axis.padding, axis.base_dilation - 1) for axis in axes])
    for d, axis in enumerate(axes):
        places = np.arange(axis.count)[:, None] * axis.stride
        table = places + np.arange(axis.window) * axis.window_dilation
        result = y.ndim + 1
        numbers = GatherDimensionNumbers(tuple(e for e in range(result - 1) if e != d), (d,), (d,))
        sizes = [1 if e == d else n for e, n in enumerate(y.shape)]
        y = gather(y, to_array(table[..., None]), numbers, sizes)
    return y


def _any_fold(operands: Any, inits: Any, computation: Any, treedef: Any, params: Any) -> Any:
    axes = _axes(operands[0].shape, params)
    if 0 in _counts(axes):
        found = [full(_counts(axes), 0, x.dtype) for x in operands]
        return unflatten(treedef, found)
    windows = unflatten(treedef, [_gathered(x, axes) for x in operands])
    start = unflatten(treedef, inits)
    inner = tuple(range(len(axes), 2 * len(axes)))
    exists = _windows(np.ones(operands[0].shape, bool_), False, axes)
    if exists.all():
        return reduce(windows, start, computation, inner)
    flags, there = to_array(np.array(exists)), full((), True, bool_)
    return reduce((windows, flags), (start, there), _skipping(computation), inner)[0]


def _skipping(computation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Returns a function that combines only what exists: padding takes no part in a fold."""

    def combine(x: Any, y: Any) -> Any:
        (acc, acc_exists), (new, new_exists) = x, y
        found, treedef = flatten(computation(acc, new))
        chosen = [
            select_n(acc_exists, b, select_n(new_exists, a, both))
            for a, b, both in zip(flatten(acc)[0], flatten(new)[0], found, strict=True)
        ]
        return unflatten(treedef, chosen), bitwise_or(acc_exists, new_exists)

    return combine


_OWN_FOLDS: dict[str, tuple[Primitive, Callable[[np.dtype], Any]]] = {
    "add": (reduce_window_sum_p, _zero),
    "max": (reduce_window_max_p, lowest),
    "min": (reduce_window_min_p, highest),
}


def _own_fold(program: Any, init: Any, dtype: np.dtype) -> Primitive | None:
    """Returns the primitive of a fold that starts from what changes nothing."""
    name = own_reduction(program)
    if name not in _OWN_FOLDS or dtype == bool_ or (name != "add" and dtypes.is_complex(dtype)):
        return None
    fold, start = _OWN_FOLDS[name]
    value = value_of(init)
    is_known = isinstance(value, np.ndarray) and value.shape == ()
    return fold if is_known and value == np.asarray(start(dtype), dtype) else None


# -- the public function


def reduce_window(
    operand: Any,
    init_value: Any,
    computation: Callable[[Any, Any], Any],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int] | None = None,
    padding: str | Sequence[tuple[int, int]] = "VALID",
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> Any:
    """Folds the elements of windows that slide along all axes of an array.

    Args:
        operand: an array, or a pytree of arrays of one shape that are folded together.
        init_value: a scalar for each array: what folds start from. Padding takes no part in them.
        computation: an associative function of two scalars (two pytrees of scalars), made of
            elementwise operations, that returns their combination.
        window_dimensions: the length of the window along each axis.
        window_strides: the step of the window along each axis; None for 1.
        padding: "VALID", "SAME", "SAME_LOWER" or a pair (before, after) for each axis.
        base_dilation: the distance of elements along each axis; None for 1.
        window_dilation: the distance of the elements of the window; None for 1.

    Returns:
        The results, in the structure of `operand`, one element for each place of the window.

    Raises:
        TypeError: if shapes, dtypes or structures do not fit.
        ValueError: if strides, dilations or paddings do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> x = jnp.array([1.0, 5.0, 2.0, 3.0])
        >>> lax.reduce_window(x, -jnp.inf, lax.max, (2,), (2,))
        Array([5., 3.], dtype=float64)
    """
    arrays, treedef = flatten(operand)
    inits, init_treedef = flatten(init_value)
    if treedef != init_treedef or not arrays:
        raise TypeError(
            "reduce_window needs at least one operand and as many initial values in the same "
            f"structure, got {treedef} and {init_treedef}."
        )
    operands = [to_array(x) for x in arrays]
    starts = [_as_scalar(init, x) for init, x in zip(inits, operands, strict=True)]
    params = _parameters(
        *(operands[0].shape, window_dimensions, window_strides, padding),
        *(base_dilation, window_dilation),
    )
    program = staged_computation(computation, [x.aval for x in operands], treedef)
    fold = _own_fold(program, starts[0], operands[0].dtype) if len(operands) == 1 else None
    if fold is not None:
        return unflatten(treedef, fold.bind(operands[0], **params))
    return _any_fold(operands, starts, computation, treedef, params)


def _as_scalar(init: Any, x: Any) -> Array:
    found = to_array(init)
    if found.shape != ():
        raise TypeError(f"reduce_window: the initial value must be a scalar, got {found.aval}.")
    if found.dtype != x.dtype and found.aval.weak_type:
        found = found.astype(x.dtype)
    if found.dtype != x.dtype:
        raise TypeError(
            f"reduce_window: the initial value of an operand {x.aval} must have its dtype, got "
            f"{found.aval}: convert it with .astype(...)."
        )
    return found


def _parameters(
    shape: Axes, window: Any, strides: Any, padding: Any, base: Any, dilation: Any
) -> dict[str, Any]:
    words = {
        name: (1,) * len(shape) if values is None else tuple(int(n) for n in values)
        for name, values in (
            ("window_dimensions", window),
            ("window_strides", strides),
            ("base_dilation", base),
            ("window_dilation", dilation),
        )
    }
    for name, found in words.items():
        least = 0 if name == "window_dimensions" else 1
        if len(found) != len(shape) or any(n < least for n in found):
            raise ValueError(
                f"reduce_window: {name} needs one number of at least {least} for each axis of "
                f"shape {shape}, got {found}."
            )
    windows = words["window_dimensions"], words["window_dilation"]
    sizes = [dilated(n, d) for n, d in zip(*windows, strict=True)]
    pads: Padding = tuple(padtype_to_pads(shape, sizes, words["window_strides"], padding))
    if len(pads) != len(shape):
        raise ValueError(
            f"reduce_window: padding needs one pair (before, after) for each axis of shape {shape},"
            f" got {pads}."
        )
    return {**words, "padding": pads}
