"""Scatters: scatter (replace), scatter_sub, scatter_mul, scatter_min, scatter_max.

Windows are stored one after the other, in row-major order of the index vectors, so where windows
overlap the result is determined: the last update stays. `scatter_add` stands beside its transpose
in `gather`, `scatter_apply` in a file of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import Zero, materialize
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, Rule, absent, linear_in
from minijax.interpreters.transpose import is_linear
from minijax.primitives.arithmetic import add, div, mul, neg, sub
from minijax.primitives.broadcast import full, full_like
from minijax.primitives.compare import eq, select_n
from minijax.primitives.convert import convert_element_type
from minijax.primitives.creation import iota
from minijax.primitives.gather import (
    bind_scatter,
    gather_windows_of,
    scatter_add_p,
    scatter_primitive,
    scatter_windows,
)
from minijax.primitives.gather import scatter_add as scatter_add
from minijax.primitives.indexing import GatherScatterMode, ScatterDimensionNumbers
from minijax.primitives.shape import reshape

_ANYTHING = (*dtypes.ALL, dtypes.key_dtype)


# -- scatter


def _replace(array: np.ndarray, places: Any, values: np.ndarray) -> None:
    array[places] = values


def has_no_overlap(operand: Any, starts: Any, updates: Any, params: dict[str, Any]) -> bool:
    """Returns whether no element of a scatter's operand is met twice, as far as is known."""
    windows = scatter_windows(operand, starts, updates, params["dimension_numbers"])
    return params["unique_indices"] or windows.is_single


def _won(operand_aval: Any, starts: Any, updates_aval: Any, params: dict[str, Any]) -> Any:
    """Returns which elements of the updates are in the result of a scatter, as bools."""
    int64 = dtypes.int64
    ids = reshape(iota(int64, math.prod(updates_aval.shape)), updates_aval.shape)
    nobody = full(operand_aval.shape, -1, int64)
    (winners,) = scatter_p.bind(nobody, starts, ids, **params)
    return eq(gather_windows_of(winners, starts, updates_aval, params), ids)


def _scatter_transpose(cts: Any, operand: Any, starts: Any, updates: Any, **params: Any) -> Any:
    (ct,) = cts
    operand_aval, updates_aval = aval_of(operand), aval_of(updates)
    operand_bar = updates_bar = None
    if is_linear(operand):
        nothing = full(updates_aval.shape, 0, ct.dtype)
        (operand_bar,) = scatter_p.bind(ct, starts, nothing, **params)
    if is_linear(updates):
        updates_bar = gather_windows_of(ct, starts, updates_aval, params)
        if not has_no_overlap(operand_aval, starts, updates_aval, params):
            won = _won(operand_aval, starts, updates_aval, params)
            updates_bar = select_n(won, full_like(updates_bar, 0), updates_bar)
    return operand_bar, None, updates_bar


scatter_p = scatter_primitive(
    "scatter",
    _replace,
    on=_ANYTHING,
    combine=None,
    jvp=linear_in(0, 2),
    transpose=_scatter_transpose,
)


def scatter(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: ScatterDimensionNumbers,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Array:
    """Replaces windows of an array that start where an array of index vectors tells.

    Args:
        operand: an array of rank r.
        scatter_indices: an integer array of shape (..., n) of index vectors. Negative indices are
            out of bounds.
        updates: an array with the axes of `scatter_indices` but the last, and window axes at
            `update_window_dims`.
        dimension_numbers: how the axes relate.
        indices_are_sorted: a promise that the index vectors increase.
        unique_indices: a promise that no element is met twice.
        mode: "drop" (the default), "clip" or "promise_in_bounds".

    Returns:
        An array like `operand`. Where windows overlap the last update stays.

    Raises:
        TypeError: if dtypes, shapes or dimension numbers do not fit.
        ValueError: if the mode is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
        >>> places, values = jnp.array([[1], [1], [5]]), jnp.array([10.0, 20.0, 30.0])
        >>> lax.scatter(jnp.zeros(3), places, values, numbers)
        Array([ 0., 20.,  0.], dtype=float64)
    """
    flags = (indices_are_sorted, unique_indices, mode)
    return bind_scatter(scatter_p, operand, scatter_indices, updates, dimension_numbers, *flags)


def scatter_sub(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: ScatterDimensionNumbers,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Array:
    """Subtracts updates from windows of an array; arguments and errors are those of `scatter_add`.

    Args:
        operand: an array of rank r.
        scatter_indices: an integer array of shape (..., n) of index vectors. Negative indices are
            out of bounds.
        updates: what to subtract, with the axes of `scatter_indices` but the last, and window axes
            at `update_window_dims`.
        dimension_numbers: how the axes relate.
        indices_are_sorted: a promise that the index vectors increase.
        unique_indices: a promise that no element is met twice.
        mode: "drop" (the default), "clip" or "promise_in_bounds".

    Returns:
        An array like `operand`. Where windows overlap all updates are subtracted.

    Raises:
        TypeError: if dtypes, shapes or dimension numbers do not fit.
        ValueError: if the mode is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
        >>> lax.scatter_sub(jnp.zeros(3), jnp.array([[1], [1]]), jnp.array([1.0, 2.0]), numbers)
        Array([ 0., -3.,  0.], dtype=float64)
    """
    flags = (indices_are_sorted, unique_indices, mode)
    return bind_scatter(
        scatter_add_p, operand, scatter_indices, neg(to_array(updates)), dimension_numbers, *flags
    )


# -- scatter_mul


def _scatter_mul_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    operand, starts, updates = primals
    operand_dot, _, updates_dot = tangents
    (out,) = scatter_mul_p.bind(operand, starts, updates, **params)
    total: Any = Zero(out.aval.tangent())
    if type(operand_dot) is not Zero:
        (total,) = scatter_mul_p.bind(operand_dot, starts, updates, **params)
    if type(updates_dot) is not Zero:
        others = gather_windows_of(operand, starts, updates, params)
        if not has_no_overlap(operand, starts, updates, params):
            others = mul(others, _product_of_others(operand, starts, updates, params))
        term = mul(updates_dot, others)
        (total,) = scatter_add_p.bind(materialize(total), starts, term, **params)
    return (out,), (total,)


def _product_of_others(operand: Any, starts: Any, updates: Any, params: dict[str, Any]) -> Any:
    """Returns for each update the product of the other updates of the same element.

    It is the product of all but zeros, divided by the update, where no other update is zero.
    """
    ones = full_like(updates, 1)
    is_zero = eq(updates, full_like(updates, 0))
    divisors = select_n(is_zero, updates, ones)
    (products,) = scatter_mul_p.bind(full_like(operand, 1), starts, divisors, **params)
    zeros_here = convert_element_type(is_zero, dtypes.int64)
    none = full(operand.shape, 0, dtypes.int64)
    (counts,) = scatter_add_p.bind(none, starts, zeros_here, **params)
    other_zeros = sub(gather_windows_of(counts, starts, updates, params), zeros_here)
    product = div(gather_windows_of(products, starts, updates, params), divisors)
    return select_n(eq(other_zeros, full_like(other_zeros, 0)), full_like(product, 0), product)


def _scatter_mul_transpose(cts: Any, operand: Any, starts: Any, updates: Any, **params: Any) -> Any:
    assert not is_linear(updates), "the jvp rule is not linear in the updates"
    return scatter_mul_p.bind(cts[0], starts, updates, **params)[0], None, None


scatter_mul_p = scatter_primitive(
    "scatter_mul",
    np.multiply.at,
    on=dtypes.NUMERIC,
    combine=lambda k, old, new: k.mul(old, new),
    jvp=_scatter_mul_jvp,
    transpose=_scatter_mul_transpose,
)


def scatter_mul(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: ScatterDimensionNumbers,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Array:
    """Multiplies windows of an array by updates; arguments and errors are those of `scatter_add`.

    Derivatives with respect to updates hold where windows overlap too.

    Args:
        operand: an array of rank r.
        scatter_indices: an integer array of shape (..., n) of index vectors. Negative indices are
            out of bounds.
        updates: the factors, with the axes of `scatter_indices` but the last, and window axes at
            `update_window_dims`.
        dimension_numbers: how the axes relate.
        indices_are_sorted: a promise that the index vectors increase.
        unique_indices: a promise that no element is met twice.
        mode: "drop" (the default), "clip" or "promise_in_bounds".

    Returns:
        An array like `operand`. Where windows overlap all factors count.

    Raises:
        TypeError: if dtypes, shapes or dimension numbers do not fit.
        ValueError: if the mode is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
        >>> lax.scatter_mul(jnp.ones(3), jnp.array([[1], [1]]), jnp.array([2.0, 3.0]), numbers)
        Array([1., 6., 1.], dtype=float64)
    """
    flags = (indices_are_sorted, unique_indices, mode)
    return bind_scatter(scatter_mul_p, operand, scatter_indices, updates, dimension_numbers, *flags)


# -- scatter_min, scatter_max


def _extremal_jvp(get: Callable[[], Primitive]) -> Rule:
    """Returns the jvp rule: all that equal the result share its tangent, the old element too."""

    def jvp(primals: Any, tangents: Any, **params: Any) -> Any:
        operand, starts, updates = primals
        operand_dot, _, updates_dot = tangents
        (out,) = get().bind(operand, starts, updates, **params)

        def meet(x: Any) -> Any:
            return gather_windows_of(x, starts, updates, params)

        best, dtype = meet(out), operand.dtype
        stayed = convert_element_type(eq(meet(operand), best), dtype)
        won = convert_element_type(eq(updates, best), dtype)
        number_won = won
        if not has_no_overlap(operand, starts, updates, params):
            none = full_like(operand, 0)
            number_won = meet(scatter_add_p.bind(none, starts, won, **params)[0])
        share = _inverse_or_zero(add(number_won, stayed))
        total: Any = operand_dot
        if type(operand_dot) is not Zero:
            # Updates that meet one element write the same value.
            kept = mul(meet(operand_dot), mul(stayed, share))
            (total,) = scatter_p.bind(operand_dot, starts, kept, **params)
        if type(updates_dot) is not Zero:
            own = mul(updates_dot, mul(won, share))
            (total,) = scatter_add_p.bind(materialize(total), starts, own, **params)
        return (out,), (total,)

    return jvp


def _inverse_or_zero(count: Any) -> Any:
    one, zero = full_like(count, 1), full_like(count, 0)
    is_zero = eq(count, zero)
    return select_n(is_zero, div(one, select_n(is_zero, count, one)), zero)


_NOT_LINEAR = absent("it is not linear in its operands")

scatter_min_p: Primitive = scatter_primitive(
    "scatter_min",
    np.minimum.at,
    on=dtypes.ALL,
    combine=lambda k, old, new: k.min(old, new),
    jvp=_extremal_jvp(lambda: scatter_min_p),
    transpose=_NOT_LINEAR,
)

scatter_max_p: Primitive = scatter_primitive(
    "scatter_max",
    np.maximum.at,
    on=dtypes.ALL,
    combine=lambda k, old, new: k.max(old, new),
    jvp=_extremal_jvp(lambda: scatter_max_p),
    transpose=_NOT_LINEAR,
)


def scatter_min(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: ScatterDimensionNumbers,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Array:
    """Lowers elements in windows of an array to updates; arguments are those of `scatter_add`.

    Where several updates and the old element tie, they share the derivative.

    Args:
        operand: an array of rank r.
        scatter_indices: an integer array of shape (..., n) of index vectors. Negative indices are
            out of bounds.
        updates: the upper bounds, with the axes of `scatter_indices` but the last, and window axes
            at `update_window_dims`.
        dimension_numbers: how the axes relate.
        indices_are_sorted: a promise that the index vectors increase.
        unique_indices: a promise that no element is met twice.
        mode: "drop" (the default), "clip" or "promise_in_bounds".

    Returns:
        An array like `operand`. Where windows overlap the least bound counts.

    Raises:
        TypeError: if dtypes, shapes or dimension numbers do not fit.
        ValueError: if the mode is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
        >>> lax.scatter_min(jnp.ones(3), jnp.array([[1], [2]]), jnp.array([-2.0, 3.0]), numbers)
        Array([ 1., -2.,  1.], dtype=float64)
    """
    flags = (indices_are_sorted, unique_indices, mode)
    return bind_scatter(scatter_min_p, operand, scatter_indices, updates, dimension_numbers, *flags)


def scatter_max(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: ScatterDimensionNumbers,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Array:
    """Raises elements in windows of an array to updates; arguments are those of `scatter_add`.

    Where several updates and the old element tie, they share the derivative.

    Args:
        operand: an array of rank r.
        scatter_indices: an integer array of shape (..., n) of index vectors. Negative indices are
            out of bounds.
        updates: the lower bounds, with the axes of `scatter_indices` but the last, and window axes
            at `update_window_dims`.
        dimension_numbers: how the axes relate.
        indices_are_sorted: a promise that the index vectors increase.
        unique_indices: a promise that no element is met twice.
        mode: "drop" (the default), "clip" or "promise_in_bounds".

    Returns:
        An array like `operand`. Where windows overlap the greatest bound counts.

    Raises:
        TypeError: if dtypes, shapes or dimension numbers do not fit.
        ValueError: if the mode is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
        >>> lax.scatter_max(jnp.ones(3), jnp.array([[1], [2]]), jnp.array([-2.0, 3.0]), numbers)
        Array([1., 1., 3.], dtype=float64)
    """
    flags = (indices_are_sorted, unique_indices, mode)
    return bind_scatter(scatter_max_p, operand, scatter_indices, updates, dimension_numbers, *flags)
