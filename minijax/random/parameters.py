"""What distributions with parameters share: their dtype and shape, and drawing by rejection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.primitives.control.loops import while_loop
from minijax.random.keys import Shape, as_shape, split
from minijax.random.uniform import float_dtype

Proposal = Callable[[Any], tuple[Array, Array]]


def parameters(
    what: str, shape: Shape | None, dtype: Any, *values: Any
) -> tuple[tuple[int, ...], np.dtype, list[Array]]:
    """Returns the shape and dtype of a result, and parameters broadcast to them.

    Raises:
        ValueError: if the parameters do not broadcast to `shape`.
    """
    found = float_dtype(what, dtype)
    arrays = [jnp.asarray(value).astype(found) for value in values]
    common = jnp.broadcast_shapes(*(array.shape for array in arrays))
    size = common if shape is None else as_shape(what, shape)
    if jnp.broadcast_shapes(common, size) != size:
        raise ValueError(f"{what}: parameters of shape {common} do not broadcast to shape {size}.")
    return size, found, [jnp.broadcast_to(array, size) for array in arrays]


def accepted(key: Any, shape: tuple[int, ...], dtype: np.dtype, propose: Proposal) -> Array:
    """Returns the first accepted proposal for every element.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: its dtype.
        propose: makes proposals and whether each is accepted, both of `shape`, from a key.
    """

    def attempt(state: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
        key, values, done = state
        key, subkey = split(key)
        proposed, good = propose(subkey)
        return key, jnp.where(done, values, proposed), done | good

    start = (jnp.asarray(key), jnp.zeros(shape, dtype), jnp.zeros(shape, bool))
    return while_loop(lambda state: ~jnp.all(state[2]), attempt, start)[1]
