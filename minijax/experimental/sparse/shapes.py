"""Sparse arrays in other shapes: permuted, joined, summed and cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from typing import Any, TypeVar

import minijax.numpy as jnp
from minijax.experimental.sparse.coordinates import Stored
from minijax.experimental.sparse.places import bcoo_sum_duplicates, from_row_major, row_major

Kind = TypeVar("Kind", bound=Stored)


def _check_plain(what: str, x: Stored) -> None:
    if x.n_dense:
        raise ValueError(f"{what} takes sparse arrays with n_dense=0, got n_dense={x.n_dense}.")


def bcoo_transpose(mat: Kind, *, permutation: Sequence[int]) -> Kind:
    """Returns a sparse array with its axes permuted.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0], [[1, 0]]), shape=(2, 3))
        >>> sparse.bcoo_transpose(m, permutation=(1, 0)).shape
        (3, 2)
    """
    order = [axis + mat.ndim if axis < 0 else axis for axis in map(index, permutation)]
    if sorted(order) != list(range(mat.ndim)):
        raise TypeError(f"bcoo_transpose: {tuple(order)} does not permute {mat.ndim} axes.")
    split = mat.n_sparse
    if any(axis >= split for axis in order[:split]):
        raise ValueError("bcoo_transpose: sparse axes stay in front of dense ones.")
    data = jnp.transpose(mat.data, (0, *(axis - split + 1 for axis in order[split:])))
    return mat.with_parts(
        data,
        mat.indices[:, jnp.array(order[:split], int)],
        [mat.shape[axis] for axis in order],
        unique_indices=mat.unique_indices,
    )


def bcoo_reshape(mat: Kind, *, new_sizes: Sequence[int]) -> Kind:
    """Returns a sparse array in another shape.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0], [[1, 0]]), shape=(2, 3))
        >>> sparse.bcoo_reshape(m, new_sizes=(6,)).indices
        Array([[3]], dtype=int64)
    """
    _check_plain("bcoo_reshape", mat)
    sizes = tuple(map(index, new_sizes))
    if sizes.count(-1) == 1:
        known = math.prod(n for n in sizes if n != -1)
        sizes = tuple(mat.size // max(known, 1) if n == -1 else n for n in sizes)
    if math.prod(sizes) != mat.size:
        raise TypeError(f"bcoo_reshape: shapes {mat.shape} and {sizes} differ in size.")
    places = from_row_major(row_major(mat)[0], sizes, mat.indices)
    return mat.with_parts(
        mat.data,
        places,
        sizes,
        indices_sorted=mat.indices_sorted,
        unique_indices=mat.unique_indices,
    )


def bcoo_reduce_sum(mat: Kind, *, axes: Sequence[int]) -> Kind:
    """Returns the sums along axes.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0, 2.0], [[1, 0], [1, 2]]), shape=(2, 3))
        >>> sparse.bcoo_reduce_sum(m, axes=(1,)).todense()
        Array([0., 3.], dtype=float64)
    """
    _check_plain("bcoo_reduce_sum", mat)
    summed = {axis + mat.ndim if axis < 0 else axis for axis in map(index, axes)}
    kept = [axis for axis in range(mat.ndim) if axis not in summed]
    numbers, total = row_major(mat)
    inside = numbers < total
    shape = [mat.shape[axis] for axis in kept]
    places = jnp.where(
        inside[:, None], mat.indices[:, jnp.array(kept, int)], jnp.array(shape, mat.indices.dtype)
    )
    return mat.with_parts(jnp.where(inside, mat.data, 0), places, shape)


def bcoo_concatenate(operands: Sequence[Kind], *, dimension: int) -> Kind:
    """Returns sparse arrays joined along an axis.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0], [[1, 0]]), shape=(2, 3))
        >>> sparse.bcoo_concatenate([m, m], dimension=0).todense()
        Array([[0., 0., 0.],
               [1., 0., 0.],
               [0., 0., 0.],
               [1., 0., 0.]], dtype=float64)
    """
    first = operands[0]
    axis = dimension + first.ndim if dimension < 0 else dimension
    others = {x.shape[:axis] + x.shape[axis + 1 :] for x in operands}
    if len(others) != 1 or axis >= first.n_sparse:
        raise ValueError(
            f"bcoo_concatenate: shapes {[x.shape for x in operands]} do not fit along the sparse "
            f"axis {dimension}."
        )
    length = sum(x.shape[axis] for x in operands)
    places, start = [], 0
    for x in operands:
        inside = x.indices[:, axis] < x.shape[axis]
        places.append(
            x.indices.at[:, axis].set(jnp.where(inside, x.indices[:, axis] + start, length))
        )
        start += x.shape[axis]
    return first.with_parts(
        jnp.concatenate([x.data for x in operands]),
        jnp.concatenate(places),
        (*first.shape[:axis], length, *first.shape[axis + 1 :]),
    )


def bcoo_squeeze(arr: Kind, *, dimensions: Sequence[int]) -> Kind:
    """Returns a sparse array without axes of length 1.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0], [[0, 2]]), shape=(1, 3))
        >>> sparse.bcoo_squeeze(m, dimensions=(0,)).shape
        (3,)
    """
    dropped = {axis + arr.ndim if axis < 0 else axis for axis in map(index, dimensions)}
    if any(arr.shape[axis] != 1 for axis in dropped):
        raise ValueError(f"bcoo_squeeze: axes {tuple(dropped)} of {arr.shape} are not all 1 long.")
    return bcoo_reduce_sum(arr, axes=tuple(dropped))


def bcoo_slice(
    mat: Kind,
    *,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None = None,
) -> Kind:
    """Returns a part of a sparse array, as `lax.slice` does.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0, 2.0], [[1, 0], [1, 2]]), shape=(2, 3))
        >>> sparse.bcoo_slice(m, start_indices=(1, 1), limit_indices=(2, 3)).todense()
        Array([[0., 2.]], dtype=float64)
    """
    _check_plain("bcoo_slice", mat)
    steps = [1] * mat.ndim if strides is None else list(strides)
    spans = [
        range(start, limit, step)
        for start, limit, step in zip(start_indices, limit_indices, steps, strict=True)
    ]
    shape = tuple(len(span) for span in spans)
    inside = jnp.ones(mat.nse, bool)
    columns = []
    for axis, span in enumerate(spans):
        offset = mat.indices[:, axis] - span.start
        inside &= (offset >= 0) & (mat.indices[:, axis] < span.stop) & (offset % span.step == 0)
        columns.append(offset // span.step)
    places = jnp.where(
        inside[:, None], jnp.stack(columns, axis=-1), jnp.array(shape, mat.indices.dtype)
    )
    found = mat.with_parts(jnp.where(inside, mat.data, 0), places, shape)
    if math.prod(shape) < mat.nse:
        found = bcoo_sum_duplicates(found, nse=math.prod(shape), remove_zeros=False)
    return found


def indexed(mat: Kind, subscript: Any) -> Kind:
    """Returns the part that ints, slices with positive steps and an ellipsis choose."""
    parts = list(subscript) if isinstance(subscript, tuple) else [subscript]
    if parts.count(Ellipsis) > 1 or len(parts) > mat.ndim + parts.count(Ellipsis):
        raise IndexError(f"Too many indices for a sparse array of shape {mat.shape}.")
    if Ellipsis not in parts:
        parts.append(Ellipsis)
    place = parts.index(Ellipsis)
    parts[place : place + 1] = [slice(None)] * (mat.ndim - len(parts) + 1)
    spans, dropped = [], []
    for axis, (part, size) in enumerate(zip(parts, mat.shape, strict=True)):
        if isinstance(part, slice):
            spans.append(range(size)[part])
            continue
        start = range(size)[index(part)]
        spans.append(range(start, start + 1))
        dropped.append(axis)
    if any(span.step < 0 for span in spans):
        raise IndexError("Sparse arrays take slices with positive steps.")
    found = bcoo_slice(
        mat,
        start_indices=[span.start for span in spans],
        limit_indices=[span.stop for span in spans],
        strides=[span.step for span in spans],
    )
    return bcoo_squeeze(found, dimensions=dropped)
