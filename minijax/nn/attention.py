"""Attention: averages of values, weighted by how well their keys match queries."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.nn.normalization import softmax


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
) -> Array:
    """Returns softmax(scale · query keyᵀ + bias) value for every head.

    Args:
        query: queries, of shape ([batch,] T, N, H).
        key, value: of shape ([batch,] S, K, H); K divides N, and each head of them serves N/K
            heads of queries.
        bias: added to the scores, broadcast to ([batch,] N, T, S).
        mask: True where a query may see a key, broadcast likewise.
        scale: 1/sqrt(H) if None.
        is_causal: whether query t sees keys 0 … t only.

    Returns:
        An array of the shape of `query`.

    Raises:
        ValueError: if the shapes do not fit.
    """
    query, key, value = jnp.asarray(query), jnp.asarray(key), jnp.asarray(value)
    shapes = f"query {query.shape}, key {key.shape}, value {value.shape}"
    if query.ndim not in (3, 4) or not query.ndim == key.ndim == value.ndim:
        raise ValueError(f"dot_product_attention needs arrays of rank 3 or 4, got {shapes}.")
    if key.shape != value.shape or query.shape[-2] % key.shape[-2]:
        raise ValueError(f"dot_product_attention: heads and lengths do not fit: {shapes}.")
    groups = query.shape[-2] // key.shape[-2]
    key, value = jnp.repeat(key, groups, -2), jnp.repeat(value, groups, -2)
    factor = np.asarray(query.shape[-1] ** -0.5 if scale is None else scale, query.dtype)
    scores = jnp.einsum("...tnh,...snh->...nts", query, key) * factor
    scores = scores if bias is None else scores + bias
    seen = jnp.tri(scores.shape[-2], scores.shape[-1], dtype=bool) if is_causal else None
    if mask is not None:
        seen = mask if seen is None else jnp.logical_and(mask, seen)
    if seen is not None:
        # Finite, so that a query that sees nothing gives numbers.
        scores = jnp.where(
            seen, scores, np.asarray(-0.7 * jnp.finfo(scores.dtype).max, scores.dtype)
        )
    weights = softmax(scores).astype(value.dtype)
    return jnp.einsum("...nts,...snh->...tnh", weights, value)
