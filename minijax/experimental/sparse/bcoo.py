"""`BCOO`: a sparse array with the operators of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any, Self

import minijax.numpy as jnp
from minijax import tree_util
from minijax.core.operators import Array
from minijax.experimental.sparse.coordinates import Stored
from minijax.experimental.sparse.places import bcoo_sort_indices, bcoo_sum_duplicates
from minijax.experimental.sparse.products import (
    bcoo_dot_general,
    bcoo_multiply_dense,
    bcoo_multiply_sparse,
)
from minijax.experimental.sparse.shapes import (
    bcoo_reduce_sum,
    bcoo_reshape,
    bcoo_transpose,
    indexed,
)


@tree_util.register_pytree_node_class
class BCOO(Stored):
    """An array of which some elements are stored; the others are zero. A pytree.

    Args:
        args: `(data, indices)`: the values, of shape [nse, ...], and their places, ints of shape
            [nse, n]: indices along the first n axes.
        shape: the shape of the array.
        indices_sorted, unique_indices: what is known of the places.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental.sparse import BCOO
        >>> m = BCOO.fromdense(jnp.array([[0.0, 2.0], [3.0, 0.0]]))
        >>> m
        BCOO(float64[2, 2], nse=2)
        >>> (2 * m @ m).todense()
        Array([[12.,  0.],
               [ 0., 12.]], dtype=float64)
    """

    def transpose(self, axes: Sequence[int] | None = None) -> Self:
        """Returns the array with its axes permuted, reversed if `axes` is None."""
        order = tuple(range(self.ndim))[::-1] if axes is None else axes
        return bcoo_transpose(self, permutation=order)

    def reshape(self, *args: Any) -> Self:
        """Returns the array in another shape, given as ints or as a sequence of them."""
        sizes = args[0] if len(args) == 1 and isinstance(args[0], Sequence) else args
        return bcoo_reshape(self, new_sizes=sizes)

    def sum(self, axis: int | Sequence[int] | None = None) -> Any:
        """Returns the sums along axes, all of them if None; a dense number then."""
        if axis is None:
            axis = range(self.ndim)
        found = bcoo_reduce_sum(self, axes=axis if isinstance(axis, Sequence) else (index(axis),))
        return found if found.ndim else found.todense()

    def astype(self, dtype: Any) -> Self:
        """Returns the array with elements of another type."""
        return self.with_data(self.data.astype(dtype))

    def sum_duplicates(self, nse: int | None = None, remove_zeros: bool = True) -> Self:
        """Returns the array with each place once, in order; like `bcoo_sum_duplicates`."""
        return bcoo_sum_duplicates(self, nse=nse, remove_zeros=remove_zeros)

    def sort_indices(self) -> Self:
        """Returns the array with its places in row-major order."""
        return bcoo_sort_indices(self)

    def _each(self, function: Callable[[Any], Any]) -> Self:
        """Applies a function that is 0 at 0 to the elements."""
        mat = self
        if not mat.unique_indices:
            mat = bcoo_sum_duplicates(mat, nse=mat.nse, remove_zeros=False)
        return mat.with_data(function(mat.data))

    def __getitem__(self, subscript: Any) -> Self:
        return indexed(self, subscript)

    def __neg__(self) -> Self:
        return self.with_data(-self.data)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self._each(jnp.abs)

    def __pow__(self, exponent: Any) -> Self:
        if not jnp.isscalar(exponent) or exponent <= 0:
            raise ValueError("A sparse array takes positive exponents: others do not keep zeros.")
        return self._each(lambda x: x**exponent)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Stored):
            return _sum(self, other)
        other = jnp.asarray(other)
        if other.shape != self.shape:
            raise TypeError(
                f"A sparse array of shape {self.shape} and a dense one of shape {other.shape} are "
                "not added: add an array of the same shape, or use .todense()."
            )
        return self.todense() + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + (-other if isinstance(other, BCOO) else -jnp.asarray(other))

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Self:
        product = bcoo_multiply_sparse if isinstance(other, Stored) else bcoo_multiply_dense
        return product(self, other)  # type: ignore[return-value]

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Self:
        return self * (1 / jnp.asarray(other))

    def __matmul__(self, other: Any) -> Any:
        return _matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _matmul(jnp.asarray(other), self)


def _sum(x: Any, y: Any) -> Any:
    if x.shape != y.shape or x.n_dense != y.n_dense:
        raise ValueError(f"Sparse arrays of shapes {x.shape} and {y.shape} are not added.")
    data = jnp.concatenate([x.data, y.data])
    return x.with_parts(data, jnp.concatenate([x.indices, y.indices]), x.shape)


def _matmul(x: Any, y: Any) -> Array | BCOO:
    y = y if isinstance(y, Stored) else jnp.asarray(y)
    if not x.ndim or not y.ndim:
        raise ValueError(f"A product of matrices takes no numbers, got {x.shape} and {y.shape}.")
    shared = max(min(x.ndim, y.ndim) - 2, 0)
    if shared and x.ndim != y.ndim:
        raise ValueError(f"Products of stacks need one rank, got shapes {x.shape} and {y.shape}.")
    stacks = tuple(range(shared))
    dims = (((x.ndim - 1,), (max(y.ndim - 2, 0),)), (stacks, stacks))
    return bcoo_dot_general(x, y, dimension_numbers=dims)
