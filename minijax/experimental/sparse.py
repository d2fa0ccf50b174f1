"""Sparse arrays as coordinates and values: `BCOO`.

>>> import minijax.numpy as jnp
>>> from minijax.experimental.sparse import BCOO
>>> m = BCOO.fromdense(jnp.array([[0.0, 2.0], [3.0, 0.0]]))
>>> m.nse, m @ jnp.array([1.0, 10.0])
(2, Array([20.,  3.], dtype=float64))
"""

from __future__ import annotations

from typing import Any

import minijax.numpy as jnp
from minijax import tree_util
from minijax.core.operators import Array


@tree_util.register_pytree_node_class
class BCOO:
    """A matrix (or array) of which some elements are stored; the others are zero. A pytree.

    Args:
        args: `(data, indices)`: the values [n] and their places, ints of shape [n, rank]. Places
            that occur twice add up; places out of bounds are left out.
        shape: the shape of the array.
        indices_sorted, unique_indices: what is known of the places.
    """

    def __init__(
        self,
        args: tuple[Any, Any],
        *,
        shape: tuple[int, ...],
        indices_sorted: bool = False,
        unique_indices: bool = False,
    ) -> None:
        self.data, self.indices = map(jnp.asarray, args)
        self.shape = tuple(shape)
        self.indices_sorted = indices_sorted
        self.unique_indices = unique_indices

    @classmethod
    def fromdense(cls, mat: Any, *, nse: int | None = None) -> BCOO:
        """Returns the elements of an array that are not zero.

        Args:
            mat: the array.
            nse: how many elements to store; must be given while tracing.
        """
        dense = jnp.asarray(mat)
        places = jnp.nonzero(dense, size=nse, fill_value=dense.shape if nse else None)
        found = jnp.stack(places, axis=-1)
        data = dense.at[places].get(mode="fill", fill_value=0)
        return cls((data, found), shape=dense.shape, indices_sorted=True, unique_indices=True)

    @classmethod
    def from_scipy_sparse(cls, mat: Any) -> BCOO:
        """Returns a matrix of SciPy's sparse classes."""
        triples = mat.tocoo()
        places = jnp.stack([jnp.asarray(triples.row), jnp.asarray(triples.col)], axis=-1)
        return cls((triples.data, places), shape=triples.shape)

    def tree_flatten(self) -> tuple[Any, Any]:
        """Returns the arrays, and what is not an array."""
        return (self.data, self.indices), (self.shape, self.indices_sorted, self.unique_indices)

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> BCOO:
        """Returns the sparse array of `tree_flatten`'s parts."""
        made = object.__new__(cls)
        made.data, made.indices = children
        made.shape, made.indices_sorted, made.unique_indices = aux
        return made

    @property
    def nse(self) -> int:
        """The number of stored elements."""
        return self.indices.shape[0]

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def T(self) -> BCOO:  # noqa: N802 - the public name
        """The array with its axes reversed."""
        return self.transpose()

    def transpose(self) -> BCOO:
        """Returns the array with its axes reversed."""
        return BCOO((self.data, self.indices[:, ::-1]), shape=self.shape[::-1])

    def todense(self) -> Array:
        """Returns all elements."""
        places = tuple(self.indices[:, axis] for axis in range(self.ndim))
        return jnp.zeros(self.shape, self.dtype).at[places].add(self.data, mode="drop")

    def __matmul__(self, other: Any) -> Any:
        other = jnp.asarray(other)
        rows, columns = self.indices[:, 0], self.indices[:, 1]
        factors = self.data if other.ndim == 1 else self.data[:, None]
        terms = factors * other.at[columns].get(mode="fill", fill_value=0)
        return jnp.zeros((self.shape[0], *other.shape[1:]), terms.dtype).at[rows].add(terms)

    def __rmatmul__(self, other: Any) -> Any:
        return (self.T @ jnp.asarray(other).T).T

    def __mul__(self, scale: Any) -> BCOO:
        return BCOO((self.data * scale, self.indices), shape=self.shape)

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"BCOO({self.dtype.name}{list(self.shape)}, nse={self.nse})"
