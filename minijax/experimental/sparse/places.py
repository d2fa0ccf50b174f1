"""Places in order, and each only once."""

from __future__ import annotations

import math
from typing import TypeVar

import minijax.numpy as jnp
from minijax.core.operators import Array
from minijax.experimental.sparse.coordinates import Stored
from minijax.ops import segment_sum

Kind = TypeVar("Kind", bound=Stored)


def row_major(x: Stored) -> tuple[Array, int]:
    """Returns the row-major number of each place, and the number of those out of bounds."""
    sizes = x.shape[: x.n_sparse]
    total = math.prod(sizes)
    inside = jnp.ones(x.nse, bool)
    numbers = jnp.zeros(x.nse, "int64")
    for axis, size in enumerate(sizes):
        index = x.indices[:, axis].astype("int64")
        inside &= (index >= 0) & (index < size)
        numbers = numbers * size + index
    return jnp.where(inside, numbers, total), total


def from_row_major(numbers: Array, sizes: tuple[int, ...], like: Array) -> Array:
    """Returns places from their numbers; those behind the last one are out of bounds."""
    total = math.prod(sizes)
    columns = []
    rest = numbers
    for size in reversed(sizes):
        columns.append(jnp.where(numbers < total, rest % max(size, 1), size))
        rest = rest // max(size, 1)
    if not columns:
        return jnp.zeros((numbers.shape[0], 0), like.dtype)
    return jnp.stack(columns[::-1], axis=-1).astype(like.dtype)


def bcoo_sort_indices(mat: Kind) -> Kind:
    """Returns an array with its places in row-major order.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0, 2.0], [[1, 0], [0, 1]]), shape=(2, 2))
        >>> sparse.bcoo_sort_indices(m).data
        Array([2., 1.], dtype=float64)
    """
    order = jnp.argsort(row_major(mat)[0])
    return mat.with_parts(
        mat.data[order],
        mat.indices[order],
        mat.shape,
        indices_sorted=True,
        unique_indices=mat.unique_indices,
    )


def bcoo_sum_duplicates(mat: Kind, nse: int | None = None, remove_zeros: bool = True) -> Kind:
    """Returns an array with each place once, in order.

    Args:
        mat: a sparse array.
        nse: how many places the result has; must be given while tracing.
        remove_zeros: whether stored zeros are left out.

    Example:
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO(([1.0, 2.0], [[1, 0], [1, 0]]), shape=(2, 2))
        >>> sparse.bcoo_sum_duplicates(m).data
        Array([3.], dtype=float64)
    """
    numbers, total = row_major(mat)
    if remove_zeros:
        kept = jnp.any((mat.data != 0).reshape(mat.nse, -1), axis=1)
        numbers = jnp.where(kept, numbers, total)
    found, position = jnp.unique(
        numbers, return_inverse=True, size=nse, fill_value=None if nse is None else total
    )
    if nse is None and found.shape[0] and int(found[-1]) == total:
        found = found[:-1]
    data = segment_sum(mat.data, position.reshape(-1), found.shape[0])
    used = (found < total).reshape(-1, *[1] * mat.n_dense)
    return mat.with_parts(
        jnp.where(used, data, 0),
        from_row_major(found, mat.shape[: mat.n_sparse], mat.indices),
        mat.shape,
        indices_sorted=True,
        unique_indices=True,
    )
