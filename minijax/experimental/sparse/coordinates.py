"""The elements that are stored, and their places: what `BCOO` holds.

A place holds one index for each of the first axes; elements may be arrays over the axes that
remain (`n_dense` of them). Places that occur twice add up, and places out of bounds are left out,
so that arrays of a fixed number of places can hold fewer elements, as compiled programs need.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import minijax.numpy as jnp
from minijax.core.operators import Array


class JAXSparse:
    """What the sparse arrays have in common: a shape, and their elements as an array."""

    shape: tuple[int, ...]
    data: Array

    # NumPy and arrays leave operators to sparse operands.
    __array_priority__ = 200
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return self.data.dtype

    @property
    def nse(self) -> int:
        """The number of stored elements."""
        return self.data.shape[0]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements, stored or zero."""
        return math.prod(self.shape)

    def todense(self) -> Array:
        """Returns all elements."""
        raise AssertionError("each kind says how its elements are placed")

    def transpose(self) -> Any:
        """Returns the array with its axes reversed."""
        raise AssertionError("each kind says how it is transposed")

    @property
    def T(self) -> Any:  # noqa: N802 - the public name
        """The array with its axes reversed."""
        return self.transpose()

    def block_until_ready(self) -> Any:
        """Returns the array: nothing is computed in the background."""
        return self

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        kind = f"{type(self).__name__}({self.dtype.name}{list(self.shape)}"
        return f"{kind}, nse={self.nse}{self._kept_whole()})"

    def _kept_whole(self) -> str:
        return ""


class Stored(JAXSparse):
    """Values [nse, ...] and their places [nse, n_sparse]; `BCOO` adds the operators."""

    indices: Array
    indices_sorted: bool
    unique_indices: bool
    n_batch = 0

    def __init__(
        self,
        args: tuple[Any, Any],
        *,
        shape: Sequence[int],
        indices_sorted: bool = False,
        unique_indices: bool = False,
    ) -> None:
        self.data, self.indices = map(jnp.asarray, args)
        self.shape = tuple(map(int, shape))
        self.indices_sorted = indices_sorted
        self.unique_indices = unique_indices
        _check(self)

    @classmethod
    def fromdense(
        cls,
        mat: Any,
        *,
        nse: int | None = None,
        index_dtype: Any = "int32",
        n_dense: int = 0,
        n_batch: int = 0,
    ) -> Self:
        """Returns the elements of an array that are not zero.

        Args:
            mat: the array.
            nse: how many elements to store; must be given while tracing.
            index_dtype: the dtype of places.
            n_dense: of how many axes, the last ones, elements have all parts.
            n_batch: must be 0: places are shared by no axes.
        """
        _check_batch(n_batch)
        dense = jnp.asarray(mat)
        axes = tuple(range(dense.ndim - n_dense, dense.ndim))
        sizes = dense.shape[: dense.ndim - n_dense]
        used = jnp.any(dense != 0, axis=axes) if axes else dense
        places = jnp.nonzero(used, size=nse, fill_value=sizes if nse else None)
        found = jnp.stack(places, axis=-1).astype(index_dtype)
        data = dense.at[places].get(mode="fill", fill_value=0)
        return cls((data, found), shape=dense.shape, indices_sorted=True, unique_indices=True)

    @classmethod
    def from_scipy_sparse(
        cls, mat: Any, *, index_dtype: Any = "int32", n_dense: int = 0, n_batch: int = 0
    ) -> Self:
        """Returns a matrix of SciPy's sparse classes."""
        _check_batch(n_batch)
        triples = mat.tocoo()
        places = jnp.stack([jnp.asarray(triples.row), jnp.asarray(triples.col)], axis=-1)
        return cls((triples.data, places.astype(index_dtype)), shape=triples.shape)

    def tree_flatten(self) -> tuple[Any, Any]:
        """Returns the arrays, and what is not an array."""
        return (self.data, self.indices), (self.shape, self.indices_sorted, self.unique_indices)

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> Self:
        """Returns the sparse array of `tree_flatten`'s parts."""
        made = object.__new__(cls)
        made.data, made.indices = children
        made.shape, made.indices_sorted, made.unique_indices = aux
        return made

    @property
    def n_sparse(self) -> int:
        """The number of axes along which places have an index."""
        return self.indices.shape[-1]

    @property
    def n_dense(self) -> int:
        """The number of axes of which stored elements have all parts."""
        return self.data.ndim - 1

    def _kept_whole(self) -> str:
        return f", n_dense={self.n_dense}" if self.n_dense else ""

    def todense(self) -> Array:
        """Returns all elements."""
        if not self.n_sparse:
            return self.data.sum(0)
        places = tuple(self.indices[:, axis] for axis in range(self.n_sparse))
        return jnp.zeros(self.shape, self.dtype).at[places].add(self.data, mode="drop")

    def with_parts(
        self,
        data: Any,
        indices: Any,
        shape: Sequence[int],
        *,
        indices_sorted: bool = False,
        unique_indices: bool = False,
    ) -> Self:
        """Returns an array of the same kind with other parts."""
        return type(self)(
            (data, indices),
            shape=shape,
            indices_sorted=indices_sorted,
            unique_indices=unique_indices,
        )

    def with_data(self, data: Any) -> Self:
        """Returns the array with other values at the same places."""
        return self.tree_unflatten(self.tree_flatten()[1], (data, self.indices))


def _check_batch(n_batch: int) -> None:
    if n_batch:
        raise ValueError(f"sparse arrays share their places along all axes, got n_batch={n_batch}.")


def _check(x: Stored) -> None:
    if x.indices.ndim != 2 or not jnp.issubdtype(x.indices.dtype, jnp.integer):
        raise ValueError(
            f"BCOO needs integer indices of shape [nse, n_sparse], got {x.indices.dtype} of shape "
            f"{x.indices.shape}."
        )
    nse, n_sparse = x.indices.shape
    if x.data.shape != (nse, *x.shape[n_sparse:]):
        raise ValueError(
            f"BCOO: data of shape {x.data.shape} do not fit {nse} places along {n_sparse} axes of "
            f"an array of shape {x.shape}."
        )
