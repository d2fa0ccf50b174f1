"""Making sparse arrays, and turning them into dense ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import minijax.numpy as jnp
from minijax import random
from minijax.core.operators import Array
from minijax.experimental.sparse.bcoo import BCOO
from minijax.experimental.sparse.compressed import BCSR, COO, CSC, CSR
from minijax.experimental.sparse.coordinates import JAXSparse

_KINDS: dict[str, Any] = {"bcoo": BCOO, "bcsr": BCSR, "coo": COO, "csr": CSR, "csc": CSC}


def bcoo_fromdense(
    mat: Any,
    *,
    nse: int | None = None,
    n_batch: int = 0,
    n_dense: int = 0,
    index_dtype: Any = "int32",
) -> BCOO:
    """Returns the elements of an array that are not zero.

    Args:
        mat: the array.
        nse: how many elements to store; must be given while tracing.
        n_batch: must be 0.
        n_dense: of how many axes, the last ones, elements have all parts.
        index_dtype: the dtype of places.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental import sparse
        >>> sparse.bcoo_fromdense(jnp.array([0.0, 5.0])).indices
        Array([[1]], dtype=int32)
    """
    return BCOO.fromdense(mat, nse=nse, index_dtype=index_dtype, n_dense=n_dense, n_batch=n_batch)


def todense(arr: Any) -> Array:
    """Returns all elements of a sparse array; a dense one as it is.

    Example:
        >>> from minijax.experimental import sparse
        >>> sparse.todense(sparse.eye(2))
        Array([[1., 0.],
               [0., 1.]], dtype=float64)
    """
    return arr.todense() if isinstance(arr, JAXSparse) else jnp.asarray(arr)


def bcoo_todense(mat: BCOO) -> Array:
    """Returns all elements of a sparse array; like `todense`."""
    return mat.todense()


def _of_kind(mat: BCOO, sparse_format: str) -> Any:
    if sparse_format not in _KINDS:
        raise ValueError(f"sparse_format is one of {', '.join(_KINDS)}, got {sparse_format!r}.")
    kind = _KINDS[sparse_format]
    return mat if kind is BCOO else kind.from_bcoo(mat)


def empty(
    shape: Sequence[int],
    dtype: Any = None,
    index_dtype: Any = "int32",
    sparse_format: str = "bcoo",
    **options: Any,
) -> Any:
    """Returns a sparse array without stored elements.

    Args:
        shape: its shape.
        dtype: the type of its elements, float64 if None.
        index_dtype: the dtype of places.
        sparse_format: "bcoo", "bcsr", "coo", "csr" or "csc".
        options: of "bcoo": `nse`, how many places are kept free, and `n_dense`.

    Example:
        >>> from minijax.experimental import sparse
        >>> sparse.empty((2, 3))
        BCOO(float64[2, 3], nse=0)
    """
    nse, n_dense = options.pop("nse", 0), options.pop("n_dense", 0)
    if options.pop("n_batch", 0) or options:
        raise ValueError(f"sparse.empty takes nse and n_dense, got {options or 'n_batch'}.")
    places = len(shape) - n_dense
    outside = jnp.broadcast_to(jnp.array(shape[:places], index_dtype), (nse, places))
    data = jnp.zeros((nse, *shape[places:]), dtype)
    mat = BCOO((data, outside), shape=shape, indices_sorted=True, unique_indices=nse == 0)
    return _of_kind(mat, sparse_format)


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = None,
    index_dtype: Any = "int32",
    sparse_format: str = "bcoo",
    **options: Any,
) -> Any:
    """Returns the matrix of ones on a diagonal.

    Args:
        N: the number of rows.
        M: the number of columns, N if None.
        k: which diagonal; positive ones are above the main one.
        dtype: the type of its elements, float64 if None.
        index_dtype: the dtype of places.
        sparse_format: "bcoo", "bcsr", "coo", "csr" or "csc".
        options: must be empty.

    Example:
        >>> from minijax.experimental import sparse
        >>> sparse.eye(2, 3, k=1).todense()
        Array([[0., 1., 0.],
               [0., 0., 1.]], dtype=float64)
    """
    if options:
        raise ValueError(f"sparse.eye takes no further options, got {options}.")
    columns = N if M is None else M
    length = max(0, min(N + min(k, 0), columns - max(k, 0)))
    steps = jnp.arange(length, dtype=index_dtype)
    places = jnp.stack([steps + max(-k, 0), steps + max(k, 0)], axis=-1).astype(index_dtype)
    mat = BCOO(
        (jnp.ones(length, dtype), places),
        shape=(N, columns),
        indices_sorted=True,
        unique_indices=True,
    )
    return _of_kind(mat, sparse_format)


def random_bcoo(
    key: Any,
    shape: Sequence[int],
    *,
    dtype: Any = float,
    indices_dtype: Any = None,
    nse: float = 0.2,
    n_batch: int = 0,
    n_dense: int = 0,
    unique_indices: bool = True,
    sorted_indices: bool = False,
    generator: Callable[..., Any] = random.uniform,
    **kwds: Any,
) -> BCOO:
    """Returns a sparse array with random elements at random places.

    Args:
        key: a key of `random`.
        shape: the shape of the array.
        dtype: the type of its elements.
        indices_dtype: the dtype of places, int32 if None.
        nse: how many elements are stored: a number, or below 1 a part of all of them.
        n_batch: must be 0.
        n_dense: of how many axes, the last ones, elements have all parts.
        unique_indices: whether no place occurs twice.
        sorted_indices: whether places are in row-major order.
        generator: draws the elements, as `generator(key, shape=..., dtype=..., **kwds)`.
        kwds: further arguments of `generator`.

    Example:
        >>> from minijax import random
        >>> from minijax.experimental import sparse
        >>> sparse.random_bcoo(random.key(0), (4, 5), nse=3)
        BCOO(float64[4, 5], nse=3)
    """
    if n_batch:
        raise ValueError(f"random_bcoo: n_batch must be 0, got {n_batch}.")
    sizes = tuple(shape[: len(shape) - n_dense])
    total = math.prod(sizes)
    count = int(nse) if nse >= 1 else math.ceil(nse * total)
    place_key, element_key = random.split(key)
    numbers = random.choice(place_key, total, (count,), replace=not unique_indices)
    if sorted_indices:
        numbers = jnp.sort(numbers)
    places = jnp.stack(jnp.unravel_index(numbers, sizes), axis=-1).astype(indices_dtype or "int32")
    data = generator(element_key, shape=(count, *shape[len(sizes) :]), dtype=dtype, **kwds)
    return BCOO(
        (data, places), shape=shape, indices_sorted=sorted_indices, unique_indices=unique_indices
    )
