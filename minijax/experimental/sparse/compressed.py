"""Matrices by compressed rows or columns (`CSR`, `BCSR`, `CSC`) and by coordinates (`COO`).

They hold the same elements as `BCOO`, which computes their products.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

import minijax.numpy as jnp
from minijax import tree_util
from minijax.core.operators import Array
from minijax.experimental.sparse.bcoo import BCOO
from minijax.experimental.sparse.coordinates import JAXSparse


class _Matrix(JAXSparse):
    """Three arrays and a shape."""

    parts: tuple[str, str, str]

    def __init__(self, args: Sequence[Any], *, shape: Sequence[int], **known: bool) -> None:
        for name, x in zip(self.parts, args, strict=True):
            setattr(self, name, jnp.asarray(x))
        self.shape = tuple(map(int, shape))

    @classmethod
    def fromdense(
        cls, mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32, **known: Any
    ) -> Self:
        """Returns the elements of a matrix that are not zero; `nse` is needed while tracing."""
        return cls.from_bcoo(BCOO.fromdense(mat, nse=nse, index_dtype=index_dtype))

    @classmethod
    def from_scipy_sparse(cls, mat: Any, *, index_dtype: Any = np.int32, **known: Any) -> Self:
        """Returns a matrix of SciPy's sparse classes."""
        return cls.from_bcoo(BCOO.from_scipy_sparse(mat, index_dtype=index_dtype))

    @classmethod
    def from_bcoo(cls, mat: BCOO) -> Self:
        """Returns the same matrix from its coordinates."""
        raise AssertionError("each kind says how places are held")

    def to_bcoo(self) -> BCOO:
        """Returns the same matrix by its coordinates."""
        raise AssertionError("each kind says how places are held")

    def tree_flatten(self) -> tuple[Any, Any]:
        """Returns the arrays, and what is not an array."""
        return tuple(getattr(self, name) for name in self.parts), self.shape

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> Self:
        """Returns the sparse array of `tree_flatten`'s parts."""
        made = object.__new__(cls)
        for name, x in zip(cls.parts, children, strict=True):
            setattr(made, name, x)
        made.shape = aux
        return made

    def todense(self) -> Array:
        """Returns all elements."""
        return self.to_bcoo().todense()

    def transpose(self, axes: Sequence[int] | None = None) -> Any:
        """Returns the transposed matrix, of the same kind."""
        return type(self).from_bcoo(self.to_bcoo().transpose(axes))

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, JAXSparse):
            other = other.to_bcoo() if isinstance(other, _Matrix) else other
            return type(self).from_bcoo(self.to_bcoo() @ other)
        return self.to_bcoo() @ other

    def __rmatmul__(self, other: Any) -> Any:
        return jnp.asarray(other) @ self.to_bcoo()


def _pointers(sorted_places: Array, count: int, dtype: Any) -> Array:
    """Returns for each row where it begins in a sorted list of rows, and the end."""
    return jnp.searchsorted(sorted_places, jnp.arange(count + 1)).astype(dtype)


def _expanded(pointers: Array, nse: int) -> Array:
    """Returns the row of each element; those behind the last pointer are out of bounds."""
    rows = jnp.searchsorted(pointers, jnp.arange(nse), side="right") - 1
    return rows.astype(pointers.dtype)


@tree_util.register_pytree_node_class
class CSR(_Matrix):
    """A matrix by compressed rows.

    Args:
        args: `(data, indices, indptr)`: the values, their columns, and where each row begins.
        shape: the shape of the matrix.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental import sparse
        >>> m = sparse.CSR.fromdense(jnp.array([[0.0, 2.0], [3.0, 4.0]]))
        >>> m.indptr
        Array([0, 1, 3], dtype=int32)
        >>> m @ jnp.array([1.0, 10.0])
        Array([20., 43.], dtype=float64)
    """

    parts = ("data", "indices", "indptr")
    indices: Array
    indptr: Array

    @classmethod
    def from_bcoo(cls, mat: BCOO) -> Self:
        """Returns the same matrix from its coordinates."""
        ordered = mat if mat.indices_sorted else mat.sort_indices()
        rows, columns = ordered.indices[:, 0], ordered.indices[:, 1]
        return cls(
            (ordered.data, columns, _pointers(rows, mat.shape[0], columns.dtype)), shape=mat.shape
        )

    def to_bcoo(self) -> BCOO:
        """Returns the same matrix by its coordinates."""
        places = jnp.stack([_expanded(self.indptr, self.nse), self.indices], axis=-1)
        return BCOO((self.data, places), shape=self.shape)


@tree_util.register_pytree_node_class
class BCSR(CSR):
    """A matrix by compressed rows, as `CSR`.

    Args:
        args: `(data, indices, indptr)`: the values, their columns, and where each row begins.
        shape: the shape of the matrix.
        known: `indices_sorted` and `unique_indices` are accepted.

    Example:
        >>> from minijax.experimental import sparse
        >>> sparse.BCSR.from_bcoo(sparse.eye(2)).indptr
        Array([0, 1, 2], dtype=int32)
    """


@tree_util.register_pytree_node_class
class CSC(_Matrix):
    """A matrix by compressed columns.

    Args:
        args: `(data, indices, indptr)`: the values, their rows, and where each column begins.
        shape: the shape of the matrix.

    Example:
        >>> from minijax.experimental import sparse
        >>> sparse.CSC.from_bcoo(sparse.eye(2, 3)).indptr
        Array([0, 1, 2, 2], dtype=int32)
    """

    parts = ("data", "indices", "indptr")
    indices: Array
    indptr: Array

    @classmethod
    def from_bcoo(cls, mat: BCOO) -> Self:
        """Returns the same matrix from its coordinates."""
        turned = CSR.from_bcoo(mat.T)
        return cls((turned.data, turned.indices, turned.indptr), shape=mat.shape)

    def to_bcoo(self) -> BCOO:
        """Returns the same matrix by its coordinates."""
        places = jnp.stack([self.indices, _expanded(self.indptr, self.nse)], axis=-1)
        return BCOO((self.data, places), shape=self.shape)


@tree_util.register_pytree_node_class
class COO(_Matrix):
    """A matrix by coordinates, rows and columns apart.

    Args:
        args: `(data, row, col)`: the values, their rows and their columns.
        shape: the shape of the matrix.

    Example:
        >>> from minijax.experimental import sparse
        >>> sparse.COO.from_bcoo(sparse.eye(2, k=1)).col
        Array([1], dtype=int32)
    """

    parts = ("data", "row", "col")
    row: Array
    col: Array

    @classmethod
    def from_bcoo(cls, mat: BCOO) -> Self:
        """Returns the same matrix from its coordinates."""
        return cls((mat.data, mat.indices[:, 0], mat.indices[:, 1]), shape=mat.shape)

    def to_bcoo(self) -> BCOO:
        """Returns the same matrix by its coordinates."""
        return BCOO((self.data, jnp.stack([self.row, self.col], axis=-1)), shape=self.shape)
