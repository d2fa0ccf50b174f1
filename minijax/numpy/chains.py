"""Products of several matrices, and the functions of linalg that are about axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minijax.core.operators import Array
from minijax.numpy import linear, matrices
from minijax.numpy.promotion import operand


def multi_dot(arrays: Sequence[Any], *, precision: Any = None) -> Array:
    """Returns the product of several matrices, in the order of the least work.

    Args:
        arrays: at least two matrices; the first and the last may be vectors.
        precision: kept for compatibility.

    Raises:
        ValueError: if there are fewer than two, or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.multi_dot([jnp.ones((2, 9)), jnp.ones((9, 3)), jnp.ones(3)])
        Array([27., 27.], dtype=float64)
    """
    factors = [operand(x, "multi_dot") for x in arrays]
    if len(factors) < 2:
        raise ValueError(f"multi_dot needs at least two arrays, got {len(factors)}.")
    for x in factors[1:-1]:
        if x.ndim != 2:
            raise ValueError(f"multi_dot: arrays in the middle are matrices, got {x.shape}.")
    sizes = [x.shape[0] if x.ndim == 2 else 1 for x in factors[:1]]
    sizes += [x.shape[0] for x in factors[1:]]
    sizes.append(factors[-1].shape[-1] if factors[-1].ndim == 2 else 1)
    return _product(factors, _cheapest_splits(sizes), 0, len(factors) - 1)


def _cheapest_splits(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """Returns after which factor to split each range of factors (Cormen et al., section 14.2)."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    splits = {}
    for width in range(1, count):
        for i in range(count - width):
            j = i + width
            ways = [
                (cost[i, m] + cost[m + 1, j] + sizes[i] * sizes[m + 1] * sizes[j + 1], m)
                for m in range(i, j)
            ]
            cost[i, j], splits[i, j] = min(ways)
    return splits


def _product(factors: Sequence[Any], splits: Any, i: int, j: int) -> Array:
    if i == j:
        return factors[i]
    m = splits[i, j]
    left, right = _product(factors, splits, i, m), _product(factors, splits, m + 1, j)
    return linear.matmul(left, right)


def outer(x1: Any, x2: Any, /) -> Array:
    """Returns all products of elements of two vectors, as a matrix.

    Args:
        x1: the first array.
        x2: the second array.

    Raises:
        ValueError: if an operand is no vector.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.outer(jnp.array([1, 2]), jnp.array([3, 4]))
        Array([[3, 4],
               [6, 8]], dtype=int64)
    """
    x, y = operand(x1, "outer"), operand(x2, "outer")
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(f"linalg.outer takes vectors, got shapes {x.shape} and {y.shape}.")
    return linear.outer(x, y)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """Returns the cross products of vectors in space.

    Args:
        x1: the first array.
        x2: the second array.
        axis: the axis or axes.

    Raises:
        ValueError: if the vectors do not have length 3.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.cross(jnp.array([1.0, 0.0, 0.0]), jnp.array([0.0, 1.0, 0.0]))
        Array([0., 0., 1.], dtype=float64)
    """
    x, y = operand(x1, "cross"), operand(x2, "cross")
    if x.shape[axis] != 3 or y.shape[axis] != 3:
        raise ValueError(f"linalg.cross takes vectors of length 3, got {x.shape} and {y.shape}.")
    return linear.cross(x, y, axis=axis)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Array:
    """Returns the sums of the diagonals of matrices of shape (..., n, m).

    Args:
        x: an array.
        offset: the diagonal; 0 is the main one.
        dtype: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.trace(jnp.ones((5, 2, 2)))
        Array([2., 2., 2., 2., 2.], dtype=float64)
    """
    return matrices.trace(x, offset, -2, -1, dtype)


def diagonal(x: Any, /, *, offset: int = 0) -> Array:
    """Returns the diagonals of matrices of shape (..., n, m).

    Args:
        x: an array.
        offset: the diagonal; 0 is the main one.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.diagonal(jnp.array([[1, 2], [3, 4]]))
        Array([1, 4], dtype=int64)
    """
    return matrices.diagonal(x, offset, -2, -1)


def matmul(
    x1: Any, x2: Any, /, *, precision: Any = None, preferred_element_type: Any = None
) -> Array:
    """Returns the product of matrices; `minijax.numpy.matmul` says of which.

    Args:
        x1: the first array.
        x2: the second array.
        precision: kept for compatibility.
        preferred_element_type: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.matmul(jnp.ones((2, 3)), jnp.ones((3, 1)))
        Array([[3.],
               [3.]], dtype=float64)
    """
    options = {"precision": precision, "preferred_element_type": preferred_element_type}
    return linear.matmul(x1, x2, **options)


def tensordot(
    x1: Any,
    x2: Any,
    /,
    *,
    axes: Any = 2,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns the sum of products over pairs of axes; `minijax.numpy.tensordot` says which.

    Args:
        x1, x2, axes, precision, preferred_element_type: as there.
        out_sharding: for compatibility; without effect.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.tensordot(jnp.ones((2, 3)), jnp.ones((3, 4)), axes=1).shape
        (2, 4)
    """
    options = {"precision": precision, "preferred_element_type": preferred_element_type}
    return linear.tensordot(x1, x2, axes, **options)
