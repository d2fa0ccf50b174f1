"""Reductions over axes: max min prod and or xor, argmax argmin.

`reduce_sum` stands in broadcast.py, as the transpose of broadcasting; the reduction by any function
in reduce.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import ALL, FLOAT, INTEGER, NUMERIC, bool_, int32, uint8
from minijax.core.operators import Array
from minijax.core.primitive import Constant, Primitive, Rule, constant, primitive
from minijax.core.quiet import quiet
from minijax.primitives.arithmetic import div, mul
from minijax.primitives.broadcast import (
    Axes,
    axes_around_batch,
    broadcast_in_dim,
    check_axes,
    full_like,
    mix_indices,
    reduce_sum,
    reduced_shape,
)
from minijax.primitives.compare import eq, select_n
from minijax.primitives.convert import convert_element_type
from minijax.primitives.cumulative import cumprod, greater_of, lesser_of, shifted
from minijax.primitives.families import NOT_LINEAR, check_dtype, through_float32

LOGICAL = (bool_, *INTEGER)
ORDERED = (*LOGICAL, *FLOAT)


def lowest(dtype: np.dtype) -> Any:
    """Returns the value of a dtype that is below or equal to all others: what max starts from."""
    if dtype == bool_:
        return False
    return np.iinfo(dtype).min if dtypes.is_integer(dtype) else -np.inf


def highest(dtype: np.dtype) -> Any:
    """Returns the value of a dtype that is above or equal to all others: what min starts from."""
    if dtype == bool_:
        return True
    return np.iinfo(dtype).max if dtypes.is_integer(dtype) else np.inf


# -- the statement of a reduction


def _reduction_batch(get: Callable[[], Primitive]) -> Rule:
    def batch(size: int, operands: Any, dims: Any, *, axes: Axes, **params: Any) -> Any:
        (x,), (dim,) = operands, dims
        moved, out_dim = axes_around_batch(axes, dim, x.ndim)
        return get().bind(x, axes=moved, **params), (out_dim,)

    return batch


def _reduction(
    name: str,
    function: np.ufunc,
    *,
    on: Sequence[np.dtype],
    start: Callable[[np.dtype], Any],
    combine: Callable[[Any, Any, Any], Any],
    kind: str | None,
    jvp: Callable[..., Any] | Constant,
) -> Primitive:
    """Declares a fold over axes.

    Args:
        name: its name.
        function: the NumPy function of two operands to fold with.
        on: the dtypes it takes.
        start: the value that folds of each dtype start from, and the result for no elements.
        combine: `(k, acc, new) -> expr`.
        kind: the kernel language's name of the fold, if it has one.
        jvp: the rule, as in `primitive`; it is given the primitive first.
    """
    compute = through_float32(
        lambda x, axes: function.reduce(x, axis=axes, initial=start(x.dtype), dtype=x.dtype)
    )

    def impl(x: np.ndarray, *, axes: Axes) -> Any:
        with quiet():
            return (np.asarray(compute(x, axes=axes)),)

    def abstract(x: ShapedArray, *, axes: Axes) -> Any:
        check_dtype(name, x, on, "an operand")
        check_axes(name, x, axes)
        return (ShapedArray(reduced_shape(x.shape, axes), x.dtype, x.weak_type),)

    def lower(k: Any, x: Any, *, out: Any, axes: Axes) -> Any:
        is_named = kind is not None and not (dtypes.is_complex(x.dtype) and kind in ("max", "min"))
        return k.reduce(
            out,
            [x.shape[axis] for axis in axes],
            lambda outer, inner: (x(*mix_indices(outer, inner, axes)),),
            (k.constant(start(x.dtype), x.dtype),),
            lambda acc, new: (combine(k, acc[0], new[0]),),
            kind if is_named else None,
        )

    made: list[Primitive] = []
    rule = jvp if isinstance(jvp, Constant) else _given_primitive(jvp, lambda: made[0])
    made.append(
        primitive(
            name,
            impl=impl,
            abstract=abstract,
            jvp=rule,
            transpose=NOT_LINEAR,
            batch=_reduction_batch(lambda: made[0]),
            lower=lower,
        )
    )
    return made[0]


def _given_primitive(jvp: Callable[..., Any], get: Callable[[], Primitive]) -> Rule:
    def rule(primals: Any, tangents: Any, *, axes: Axes) -> Any:
        (x,), (t,) = primals, tangents
        (out,) = get().bind(x, axes=axes)
        if type(t) is Zero:
            return (out,), (Zero(out.aval.tangent()),)
        return (out,), (jvp(t, x, out, axes),)

    return rule


def _bind(p: Primitive, operand: Any, axes: Sequence[int]) -> Array:
    return p.bind(to_array(operand), axes=tuple(int(axis) for axis in axes))[0]


# -- reduce_max, reduce_min


def _extreme_tangent(t: Any, x: Any, out: Any, axes: Axes) -> Any:
    """Elements that tie for the extreme share its derivative equally."""
    kept = tuple(d for d in range(x.ndim) if d not in axes)
    is_extreme = eq(x, broadcast_in_dim(out, x.shape, kept))
    count = reduce_sum(convert_element_type(is_extreme, x.dtype), axes)
    moving = select_n(is_extreme, full_like(t, 0), t)
    return div(reduce_sum(moving, axes), count)


reduce_max_p = _reduction(
    "reduce_max",
    np.maximum,
    on=ALL,
    start=lowest,
    combine=greater_of,
    kind="max",
    jvp=_extreme_tangent,
)
reduce_min_p = _reduction(
    "reduce_min",
    np.minimum,
    on=ALL,
    start=highest,
    combine=lesser_of,
    kind="min",
    jvp=_extreme_tangent,
)


def reduce_max(operand: Any, axes: Sequence[int]) -> Array:
    """Returns the maximum over some of the axes, which go.

    Args:
        operand: an array; complex numbers compare by real part, then imaginary part.
        axes: distinct axes, counted from the front.

    Returns:
        The maxima: NaN where there is one; -inf (the least integer, False) for no elements.

    Raises:
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reduce_max(jnp.array([[1.0, 4.0], [3.0, 2.0]]), (0,))
        Array([3., 4.], dtype=float64)
    """
    return _bind(reduce_max_p, operand, axes)


def reduce_min(operand: Any, axes: Sequence[int]) -> Array:
    """Returns the minimum over some of the axes, which go.

    Args:
        operand: an array; complex numbers compare by real part, then imaginary part.
        axes: distinct axes, counted from the front.

    Returns:
        The minima: NaN where there is one; inf (the greatest integer, True) for no elements.

    Raises:
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reduce_min(jnp.array([[1.0, 4.0], [3.0, 2.0]]), (0,))
        Array([1., 2.], dtype=float64)
    """
    return _bind(reduce_min_p, operand, axes)


# -- reduce_prod


def _prod_tangent(t: Any, x: Any, out: Any, axes: Axes) -> Any:
    """The factor of each element's tangent is the product of all others, without division."""
    for axis in sorted(axes, reverse=True):
        before = shifted(cumprod(x, axis), axis, False, 1)
        after = shifted(cumprod(x, axis, reverse=True), axis, True, 1)
        t = reduce_sum(mul(t, mul(before, after)), (axis,))
        x = reduce_prod(x, (axis,))
    return t


reduce_prod_p = _reduction(
    "reduce_prod",
    np.multiply,
    on=NUMERIC,
    start=lambda dtype: 1,
    combine=lambda k, acc, new: k.mul(acc, new),
    kind="mul",
    jvp=_prod_tangent,
)


def reduce_prod(operand: Any, axes: Sequence[int]) -> Array:
    """Multiplies an array over some of its axes, which go; the derivative is right at zeros too.

    Args:
        operand: a numeric array.
        axes: distinct axes, counted from the front.

    Raises:
        TypeError: for bools.
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reduce_prod(jnp.array([2.0, 3.0, 4.0]), (0,))
        Array(24., dtype=float64)
    """
    return _bind(reduce_prod_p, operand, axes)


# -- reduce_and, reduce_or, reduce_xor


def _all_bits(dtype: np.dtype) -> Any:
    return True if dtype == bool_ else ~dtype.type(0)


reduce_and_p = _reduction(
    "reduce_and",
    np.bitwise_and,
    on=LOGICAL,
    start=_all_bits,
    combine=lambda k, acc, new: k.and_(acc, new),
    kind="and",
    jvp=constant,
)
reduce_or_p = _reduction(
    "reduce_or",
    np.bitwise_or,
    on=LOGICAL,
    start=lambda dtype: dtype.type(0),
    combine=lambda k, acc, new: k.or_(acc, new),
    kind="or",
    jvp=constant,
)
reduce_xor_p = _reduction(
    "reduce_xor",
    np.bitwise_xor,
    on=LOGICAL,
    start=lambda dtype: dtype.type(0),
    combine=lambda k, acc, new: k.xor(acc, new),
    kind=None,
    jvp=constant,
)


def reduce_and(operand: Any, axes: Sequence[int]) -> Array:
    """Returns the conjunction over some of the axes, bit by bit for integers.

    Raises:
        TypeError: if the operand is neither bool nor integer.
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reduce_and(jnp.array([6, 3]), (0,))
        Array(2, dtype=int64)
    """
    return _bind(reduce_and_p, operand, axes)


def reduce_or(operand: Any, axes: Sequence[int]) -> Array:
    """Returns the disjunction over some of the axes, bit by bit for integers.

    Raises:
        TypeError: if the operand is neither bool nor integer.
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reduce_or(jnp.array([6, 3]), (0,))
        Array(7, dtype=int64)
    """
    return _bind(reduce_or_p, operand, axes)


def reduce_xor(operand: Any, axes: Sequence[int]) -> Array:
    """Returns the exclusive or over some of the axes, bit by bit for integers.

    Raises:
        TypeError: if the operand is neither bool nor integer.
        ValueError: if an axis is out of range or named twice.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.reduce_xor(jnp.array([6, 3]), (0,))
        Array(5, dtype=int64)
    """
    return _bind(reduce_xor_p, operand, axes)


# -- argmax, argmin


def _arg_impl_of(function: Callable[..., np.ndarray]) -> Rule:
    def impl(x: np.ndarray, *, axes: Axes, index_dtype: np.dtype) -> Any:
        # NumPy's own comparison of bfloat16 does not know that NaN comes first.
        wide = x.astype(np.float32) if x.dtype == dtypes.bfloat16 else x
        return (np.asarray(function(wide, axis=axes[0])).astype(index_dtype),)

    return impl


def _arg_abstract_of(name: str) -> Rule:
    def abstract(x: ShapedArray, *, axes: Axes, index_dtype: np.dtype) -> Any:
        check_dtype(name, x, ORDERED, "an operand")
        if len(axes) != 1 or not 0 <= axes[0] < x.ndim:
            raise ValueError(
                f"{name}: the axis must be one of 0…{x.ndim - 1} for shape {x.shape}, got {axes}."
            )
        if not dtypes.is_integer(index_dtype):
            raise TypeError(f"{name}: index_dtype must be an integer dtype, got {index_dtype}.")
        if x.shape[axes[0]] == 0:
            raise ValueError(
                f"{name} of no elements does not exist: axis {axes[0]} of shape {x.shape} is empty."
            )
        return (ShapedArray(reduced_shape(x.shape, axes), index_dtype),)

    return abstract


def _arg_lower_of(start: Callable[[np.dtype], Any], comparison: str) -> Rule:
    def lower(k: Any, x: Any, *, out: Any, axes: Axes, index_dtype: np.dtype) -> Any:
        # Bools compare as numbers.
        dtype = uint8 if x.dtype == bool_ else x.dtype
        first = k.constant(start(x.dtype), dtype)
        place_dtype = _place_dtype(x.shape[axes[0]], dtype, index_dtype)

        def element(outer: Any, inner: Any) -> Any:
            value = k.convert(x(*mix_indices(outer, inner, axes)), dtype)
            return value, k.convert(inner[0], place_dtype)

        def combine(acc: Any, new: Any) -> Any:
            is_new = _precedes(k, better, new, acc)
            return k.select(is_new, new[0], acc[0]), k.select(is_new, new[1], acc[1])

        def follow(acc: Any, new: Any) -> Any:
            is_new = better(new[0], acc[0])
            if dtypes.is_float(dtype):
                # Better, or one of both is NaN, but not the one that was there.
                is_new = k.not_(opposite(new[0], acc[0]))
                is_new = k.and_(is_new, k.not_(k.is_nan(acc[0])))
            return k.select(is_new, new[0], acc[0]), k.select(is_new, new[1], acc[1])

        better = getattr(k, comparison)
        opposite = {"gt": k.le, "lt": k.ge}[comparison]
        # Where nothing is better than the start, all elements equal it, and 0 is the first.
        _, place = k.reduce(
            (ShapedArray(out[0].shape, dtype), ShapedArray(out[0].shape, place_dtype)),
            [x.shape[axes[0]]],
            element,
            (first, k.constant(0, place_dtype)),
            combine,
            commutes=True,
            follow=follow,
        )
        if place_dtype == index_dtype:
            return (place,)
        return k.element(out[0], lambda *i: k.convert(place(*i), index_dtype))

    return lower


def _place_dtype(n: int, dtype: np.dtype, index_dtype: np.dtype) -> np.dtype:
    """Returns what places are counted in: as many fit into a vector as values, if that suffices."""
    is_narrow = max(dtype.itemsize, 4) < index_dtype.itemsize
    return int32 if is_narrow and n <= np.iinfo(int32).max else index_dtype


def _precedes(k: Any, better: Any, new: Any, acc: Any) -> Any:
    """Returns whether a (value, index) goes before another: NaN first, ties by the lower index."""
    is_better, ties = better(new[0], acc[0]), k.eq(new[0], acc[0])
    if dtypes.is_float(new[0].dtype):
        new_nan, acc_nan = k.is_nan(new[0]), k.is_nan(acc[0])
        is_better = k.or_(is_better, k.and_(new_nan, k.not_(acc_nan)))
        ties = k.or_(ties, k.and_(new_nan, acc_nan))
    return k.or_(is_better, k.and_(ties, k.lt(new[1], acc[1])))


def _arg_reduction(
    name: str,
    function: Callable[..., np.ndarray],
    start: Callable[[np.dtype], Any],
    comparison: str,
) -> Primitive:
    made: list[Primitive] = []
    made.append(
        primitive(
            name,
            impl=_arg_impl_of(function),
            abstract=_arg_abstract_of(name),
            jvp=constant,
            transpose=NOT_LINEAR,
            batch=_reduction_batch(lambda: made[0]),
            lower=_arg_lower_of(start, comparison),
        )
    )
    return made[0]


argmax_p = _arg_reduction("argmax", np.argmax, lowest, "gt")
argmin_p = _arg_reduction("argmin", np.argmin, highest, "lt")


def argmax(operand: Any, axis: int, index_dtype: Any) -> Array:
    """Returns the index of the maximum along an axis, which goes.

    Args:
        operand: a real or bool array.
        axis: the axis, counted from the front.
        index_dtype: the integer dtype of the result.

    Returns:
        The first index where the maximum is; a NaN counts as the maximum.

    Raises:
        TypeError: if the operand is complex or `index_dtype` no integer dtype.
        ValueError: if the axis is out of range or empty.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.argmax(jnp.array([1.0, 3.0, 3.0]), 0, "int32")
        Array(1, dtype=int32)
    """
    dtype = dtypes.canonical(index_dtype)
    return argmax_p.bind(to_array(operand), axes=(int(axis),), index_dtype=dtype)[0]


def argmin(operand: Any, axis: int, index_dtype: Any) -> Array:
    """Returns the index of the minimum along an axis, which goes.

    Args:
        operand: a real or bool array.
        axis: the axis, counted from the front.
        index_dtype: the integer dtype of the result.

    Returns:
        The first index where the minimum is; a NaN counts as the minimum.

    Raises:
        TypeError: if the operand is complex or `index_dtype` no integer dtype.
        ValueError: if the axis is out of range or empty.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.argmin(jnp.array([3.0, 1.0, 1.0]), 0, "int32")
        Array(1, dtype=int32)
    """
    dtype = dtypes.canonical(index_dtype)
    return argmin_p.bind(to_array(operand), axes=(int(axis),), index_dtype=dtype)[0]
