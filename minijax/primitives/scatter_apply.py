"""scatter_apply: a function applied to elements in windows, once for each window they are in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.interpreters.batch import batch
from minijax.primitives.bitwise import bitwise_and
from minijax.primitives.broadcast import broadcast_in_dim, full, full_like
from minijax.primitives.compare import eq, ge, ne, select_n
from minijax.primitives.control.loops import while_loop
from minijax.primitives.creation import iota
from minijax.primitives.gather import gather_windows_of
from minijax.primitives.indexing import GatherScatterMode, ScatterDimensionNumbers
from minijax.primitives.reduction import reduce_or
from minijax.primitives.scatter import has_no_overlap, scatter_max_p, scatter_p
from minijax.primitives.shape import reshape


def _in_rounds(
    x: Any, starts: Any, updates: Any, params: Any, applied: Callable[[Any], Any]
) -> Any:
    """Applies a function in rounds, in each of which one window of those that overlap is due.

    There are as many rounds as windows that meet one element.
    """

    def meet(array: Any) -> Any:
        return gather_windows_of(array, starts, updates, params)

    ids = reshape(iota(dtypes.int64, updates.size), updates.shape)
    nobody = full(x.shape, -1, dtypes.int64)
    is_inside = eq(meet(full(x.shape, 1, dtypes.int64)), full_like(ids, 1))

    def round_of(state: Any) -> Any:
        array, pending = state
        candidates = select_n(pending, full_like(ids, -1), ids)
        first = meet(scatter_max_p.bind(nobody, starts, candidates, **params)[0])
        # All windows that meet an element write the same value.
        values = select_n(ge(first, full_like(ids, 0)), meet(array), applied(array))
        (array,) = scatter_p.bind(array, starts, values, **params)
        return array, bitwise_and(pending, ne(first, ids))

    def is_pending(state: Any) -> Any:
        return reduce_or(state[1], range(len(updates.shape)))

    return while_loop(is_pending, round_of, (x, is_inside))[0]


def scatter_apply(
    operand: Any,
    scatter_indices: Any,
    func: Callable[[Any], Any],
    dimension_numbers: ScatterDimensionNumbers,
    *,
    update_shape: Sequence[int] = (),
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: str | GatherScatterMode | None = None,
) -> Array:
    """Replaces elements in windows of an array by a function of them.

    Args:
        operand: an array of rank r.
        scatter_indices: an integer array of shape (..., n) of index vectors.
        func: takes and returns a scalar of the operand's dtype.
        dimension_numbers: how the axes relate.
        update_shape: the shape that updates would have.
        indices_are_sorted: a promise that the index vectors increase.
        unique_indices: a promise that no element is met twice.
        mode: "drop" (the default), "clip" or "promise_in_bounds".

    Returns:
        An array like `operand`. Where windows overlap the function is applied once for each.

    Raises:
        TypeError: if dtypes, shapes or dimension numbers do not fit.
        ValueError: if the mode is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> numbers, shape = lax.ScatterDimensionNumbers((), (0,), (0,)), (3,)
        >>> places = jnp.array([[0], [2], [2]])
        >>> lax.scatter_apply(jnp.ones(3), places, lambda x: 2 * x, numbers, update_shape=shape)
        Array([2., 1., 4.], dtype=float64)
    """
    x, starts = to_array(operand), to_array(scatter_indices)
    shape = tuple(int(n) for n in update_shape)
    params = {
        "dimension_numbers": ScatterDimensionNumbers(*map(tuple, dimension_numbers)),
        "indices_are_sorted": bool(indices_are_sorted),
        "unique_indices": bool(unique_indices),
        "mode": GatherScatterMode.from_any(mode),
    }
    updates = ShapedArray(shape, x.dtype)

    def applied(array: Any) -> Any:
        elements = reshape(gather_windows_of(array, starts, updates, params), (updates.size,))
        outs, dims = batch(lambda e: [func(e)], [elements], [0], updates.size)
        alike = broadcast_in_dim(outs[0], elements.shape, ()) if dims[0] is None else outs[0]
        return reshape(alike, shape)

    if has_no_overlap(x, starts, updates, params):
        return scatter_p.bind(x, starts, applied(x), **params)[0]
    return _in_rounds(x, starts, updates, params, applied)
