"""Vector quantization, under the names of `scipy.cluster.vq`."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.numpy.promotion import promote_dtypes, strong


def vq(obs: Any, code_book: Any, check_finite: bool = True) -> tuple[Array, Array]:
    """Assigns each observation to the nearest code.

    Args:
        obs: of shape (n, features), or (n,).
        code_book: of shape (k, features), or (k,).
        check_finite: without effect.

    Returns:
        The indices of the nearest codes and the distances to them, both of shape (n,).

    Raises:
        ValueError: if the ranks differ or are not 1 or 2.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.cluster.vq import vq
        >>> print(vq(jnp.array([1.0, 9.0]), jnp.array([0.0, 10.0]))[0])
        [0 1]
    """
    found: Any = [strong(x) for x in promote_dtypes("vq", obs, code_book, inexact=True)]
    if found[0].ndim != found[1].ndim:
        raise ValueError(
            f"vq: obs and code_book need the same rank, got {found[0].ndim} and {found[1].ndim}."
        )
    if found[0].ndim == 1:
        found = [x[:, None] for x in found]
    observed, codes = found
    if observed.ndim != 2:
        raise ValueError(f"vq: obs has one or two dimensions; {observed.ndim} are not supported.")
    distances = jnp.linalg.norm(observed[:, None] - codes[None], axis=-1)
    nearest = jnp.argmin(distances, axis=-1)
    return nearest, jnp.take_along_axis(distances, nearest[:, None], axis=-1)[:, 0]


_guard_functions(globals())
