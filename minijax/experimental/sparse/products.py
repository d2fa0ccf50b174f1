"""Products of sparse arrays with dense and with sparse ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import minijax.numpy as jnp
from minijax.core.operators import Array
from minijax.experimental.sparse.coordinates import Stored
from minijax.experimental.sparse.places import bcoo_sum_duplicates
from minijax.primitives.dot import free_axes

Axes = tuple[int, ...]
DimensionNumbers = tuple[tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]]


def _check_plain(what: str, *arrays: Any) -> None:
    for x in arrays:
        if isinstance(x, Stored) and x.n_dense:
            raise ValueError(f"{what} takes sparse arrays with n_dense=0, got {x.n_dense}.")


def bcoo_dot_general(
    lhs: Any,
    rhs: Any,
    *,
    dimension_numbers: DimensionNumbers,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:
    """Returns the products of arrays of which one is sparse, or both are.

    Args:
        lhs, rhs: the arrays.
        dimension_numbers: the axes to be summed and the axes in common, as for `lax.dot_general`.
        precision, out_sharding: accepted for compatibility.
        preferred_element_type: the dtype of the result.

    Returns:
        A sparse array if both are sparse, otherwise a dense one.

    Raises:
        ValueError: if the lengths of axes differ, or an array has dense axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0, 2.0], [[1, 0], [0, 1]]), shape=(2, 2))
        >>> dims = (((1,), (0,)), ((), ()))
        >>> sparse.bcoo_dot_general(m, jnp.array([3.0, 4.0]), dimension_numbers=dims)
        Array([8., 3.], dtype=float64)
    """
    (left, right), (left_batch, right_batch) = (
        tuple(tuple(axes) for axes in pair) for pair in dimension_numbers
    )
    _check_plain("bcoo_dot_general", lhs, rhs)
    pairs = zip((*left, *left_batch), (*right, *right_batch), strict=True)
    if any(lhs.shape[i] != rhs.shape[j] for i, j in pairs):
        raise TypeError(
            f"bcoo_dot_general: the axes to be multiplied differ in length: {dimension_numbers} "
            f"for shapes {lhs.shape} and {rhs.shape}."
        )
    if isinstance(lhs, Stored) and isinstance(rhs, Stored):
        found: Any = _of_two_sparse(lhs, rhs, (left, right), (left_batch, right_batch))
    elif isinstance(lhs, Stored):
        found = _with_dense(lhs, rhs, (left, right), (left_batch, right_batch))
    else:
        found = _with_dense(rhs, lhs, (right, left), (right_batch, left_batch))
        shared, own = len(left_batch), rhs.ndim - len(right) - len(right_batch)
        order = (*range(shared), *range(shared + own, found.ndim), *range(shared, shared + own))
        found = jnp.transpose(found, order)
    return found if preferred_element_type is None else found.astype(preferred_element_type)


def _with_dense(x: Stored, y: Array, summed: tuple[Axes, Axes], batch: tuple[Axes, Axes]) -> Array:
    """Returns the axes in common, those of `x` that remain, those of `y` that remain."""
    kept = (*batch[0], *free_axes(x.ndim, summed[0], batch[0]))
    rest = free_axes(y.ndim, summed[1], batch[1])
    leading = (*batch[1], *summed[1])
    rows = jnp.transpose(y, (*leading, *rest))
    if leading:
        places = tuple(x.indices[:, axis] for axis in (*batch[0], *summed[0]))
        rows = rows.at[places].get(mode="fill", fill_value=0)
    factors = x.data.reshape(x.nse, *[1] * len(rest))
    terms = factors * rows
    sizes = tuple(x.shape[axis] for axis in kept)
    out = jnp.zeros((*sizes, *(y.shape[axis] for axis in rest)), terms.dtype)
    if not kept:
        return out + terms.sum(0)
    return out.at[tuple(x.indices[:, axis] for axis in kept)].add(terms, mode="drop")


def _pairs(x: Stored, y: Stored) -> tuple[Array, Array, Array]:
    """Returns the products of all stored elements, and the places of both factors."""
    count = x.nse * y.nse
    data = (x.data[:, None] * y.data[None, :]).reshape(count)
    first = jnp.repeat(x.indices, y.nse, axis=0)
    second = jnp.tile(y.indices, (x.nse, 1))
    return data, first, second


def _limited(x: Stored) -> Stored:
    """Returns an array with no more places than it has elements."""
    size = math.prod(x.shape)
    return bcoo_sum_duplicates(x, nse=min(size, x.nse), remove_zeros=False)


def _of_two_sparse(
    x: Stored, y: Stored, summed: tuple[Axes, Axes], batch: tuple[Axes, Axes]
) -> Stored:
    data, first, second = _pairs(x, y)
    meets = jnp.ones(data.shape, bool)
    for i, j in zip((*summed[0], *batch[0]), (*summed[1], *batch[1]), strict=True):
        meets &= (first[:, i] == second[:, j]) & (first[:, i] < x.shape[i])
    own = (*batch[0], *free_axes(x.ndim, summed[0], batch[0]))
    others = free_axes(y.ndim, summed[1], batch[1])
    shape = (*(x.shape[axis] for axis in own), *(y.shape[axis] for axis in others))
    places = jnp.concatenate([first[:, list(own)], second[:, list(others)]], axis=1)
    outside = jnp.array(shape, places.dtype)
    return _limited(
        x.with_parts(jnp.where(meets, data, 0), jnp.where(meets[:, None], places, outside), shape)
    )


def bcoo_multiply_dense(sp_mat: Stored, v: Any) -> Stored:
    """Returns the elementwise product with a dense array that broadcasts to the sparse one.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0, 2.0], [[1, 0], [0, 1]]), shape=(2, 2))
        >>> sparse.bcoo_multiply_dense(m, jnp.array([3.0, 4.0])).data
        Array([3., 8.], dtype=float64)
    """
    v = jnp.asarray(v)
    if v.ndim == 0:
        return sp_mat.with_data(sp_mat.data * v)
    _check_plain("bcoo_multiply_dense", sp_mat)
    if jnp.broadcast_shapes(sp_mat.shape, v.shape) != sp_mat.shape:
        raise ValueError(
            f"bcoo_multiply_dense: an array of shape {v.shape} does not broadcast to the sparse "
            f"one of shape {sp_mat.shape}."
        )
    return sp_mat.with_data(sp_mat.data * _at_places(sp_mat, v))


def _at_places(x: Stored, dense: Array) -> Array:
    offset = x.ndim - dense.ndim
    places = tuple(
        x.indices[:, axis + offset] if size != 1 else jnp.zeros(x.nse, x.indices.dtype)
        for axis, size in enumerate(dense.shape)
    )
    return dense.at[places].get(mode="fill", fill_value=0)


def bcoo_multiply_sparse(lhs: Stored, rhs: Stored) -> Stored:
    """Returns the elementwise product of sparse arrays; axes of length 1 are repeated.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0, 2.0], [[1, 0], [0, 1]]), shape=(2, 2))
        >>> sparse.bcoo_multiply_sparse(m, m).todense()
        Array([[0., 4.],
               [1., 0.]], dtype=float64)
    """
    _check_plain("bcoo_multiply_sparse", lhs, rhs)
    if lhs.ndim != rhs.ndim:
        raise ValueError(
            f"bcoo_multiply_sparse takes arrays of one rank, got shapes {lhs.shape}, {rhs.shape}."
        )
    shape = jnp.broadcast_shapes(lhs.shape, rhs.shape)
    data, first, second = _pairs(lhs, rhs)
    meets = jnp.ones(data.shape, bool)
    columns = []
    for axis, (n, m) in enumerate(zip(lhs.shape, rhs.shape, strict=True)):
        i, j = first[:, axis], second[:, axis]
        meets &= (i < n) & (j < m) & ((i == j) | (n != m))
        columns.append(jnp.where(n == shape[axis], i, j))
    places = jnp.stack(columns, axis=-1)
    outside = jnp.array(shape, places.dtype)
    return lhs.with_parts(
        jnp.where(meets, data, 0), jnp.where(meets[:, None], places, outside), shape
    )


def bcoo_extract(sparr: Stored, arr: Any, *, assume_unique: bool | None = None) -> Stored:
    """Returns the elements of a dense array at the places of a sparse one.

    Args:
        sparr: a sparse array, whose places are taken.
        arr: a dense array of its shape.
        assume_unique: whether places occur once; what is known of the array if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0, 2.0], [[1, 0], [0, 1]]), shape=(2, 2))
        >>> sparse.bcoo_extract(m, jnp.arange(4.0).reshape(2, 2)).data
        Array([2., 1.], dtype=float64)
    """
    dense = jnp.asarray(arr)
    if dense.shape != sparr.shape:
        raise ValueError(f"bcoo_extract: shapes {sparr.shape} and {dense.shape} differ.")
    if not (sparr.unique_indices if assume_unique is None else assume_unique):
        sparr = bcoo_sum_duplicates(sparr, nse=sparr.nse, remove_zeros=False)
    places = tuple(sparr.indices[:, axis] for axis in range(sparr.n_sparse))
    return sparr.with_data(dense.at[places].get(mode="fill", fill_value=0))
