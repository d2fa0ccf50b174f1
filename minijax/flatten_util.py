"""ravel_pytree: a pytree of arrays as one vector."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minijax import numpy as jnp
from minijax.core.array import aval_of
from minijax.core.operators import Array
from minijax.core.pytree import flatten, unflatten
from minijax.core.source import api_boundary
from minijax.core.source import guard_functions as _guard_functions
from minijax.numpy.dtypes import result_type


@api_boundary
def ravel_pytree(pytree: Any) -> tuple[Array, Callable[[Any], Any]]:
    """Joins all leaves of a pytree to one vector.

    Args:
        pytree: a pytree of arrays and numbers.

    Returns:
        The vector, of the promoted dtype of the leaves, and the function that takes such a vector
        back to a pytree with the structure, shapes and dtypes of `pytree`. If all leaves have one
        dtype, a vector of another is accepted and keeps it.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.flatten_util import ravel_pytree
        >>> vector, unravel = ravel_pytree({"a": jnp.ones((2, 2)), "b": 3.0})
        >>> vector
        Array([1., 1., 1., 1., 3.], dtype=float64)
        >>> unravel(2 * vector)["b"]
        Array(6., dtype=float64)
    """
    leaves, tree = flatten(pytree)
    if not leaves:
        return jnp.zeros(0), lambda vector: unflatten(tree, [])
    avals = [aval_of(leaf) for leaf in leaves]
    dtype = result_type(*leaves)
    is_mixed = any(aval.dtype != dtype for aval in avals)
    vector = jnp.concatenate([jnp.ravel(jnp.asarray(leaf)).astype(dtype) for leaf in leaves])

    @api_boundary
    def unravel(flat: Any) -> Any:
        flat = jnp.asarray(flat)
        if flat.shape != vector.shape:
            raise ValueError(
                f"unravel expects a vector of shape {vector.shape}, got an array of {flat.aval}."
            )
        if is_mixed and flat.dtype != dtype:
            raise TypeError(f"unravel expects a vector of dtype {dtype}, got {flat.dtype}.")
        parts, offset = [], 0
        for aval in avals:
            size = math.prod(aval.shape)
            part = flat[offset : offset + size].reshape(aval.shape)
            parts.append(part.astype(aval.dtype) if is_mixed else part)
            offset += size
        return unflatten(tree, parts)

    return vector, unravel


_guard_functions(globals())
