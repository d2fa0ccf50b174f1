"""Attention: averages of values, weighted by how well their keys match queries."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.nn.normalization import logsumexp, softmax
from minijax.primitives.identities import stop_gradient


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    query_seq_lengths: Any = None,
    key_value_seq_lengths: Any = None,
    local_window_size: int | tuple[int, int] | None = None,
    implementation: str | None = None,
    return_residual: bool = False,
) -> Any:
    """Returns softmax(scale · query keyᵀ + bias) value for every head.

    Args:
        query: queries, of shape ([batch,] T, N, H).
        key, value: of shape ([batch,] S, K, H); K divides N, and each head of them serves N/K
            heads of queries.
        bias: added to the scores, broadcast to ([batch,] N, T, S).
        mask: True where a query may see a key, broadcast likewise.
        scale: 1/sqrt(H) if None.
        is_causal: whether query t sees keys 0 … t only.
        query_seq_lengths, key_value_seq_lengths: how many of the T queries and S keys each
            sequence of the batch has, int32 arrays of shape (batch,); the others are left out, and
            the results of the queries among them are 0.
        local_window_size: how many keys before and after its own position a query sees; one number
            for both, or a pair.
        implementation: None or "xla".
        return_residual: whether to return the logarithms of the sums of the weights too.

    Returns:
        An array of the shape of `query`, and if `return_residual` one of its shape without H.

    Raises:
        ValueError: if the shapes or dtypes do not fit, or there is no such implementation.

    Example:
        >>> from minijax import nn
        >>> import minijax.numpy as jnp
        >>> x = jnp.ones((5, 2, 3))
        >>> nn.dot_product_attention(x, x, x).shape
        (5, 2, 3)
    """
    if implementation not in (None, "xla"):
        raise ValueError(
            f'dot_product_attention: implementation must be None or "xla", got {implementation!r}.'
        )
    shape = jnp.shape(query)
    _check_ranks(query, key, value)
    query, key, value = (_of_rank_4(x) for x in (query, key, value))
    bias, mask = (None if x is None else _of_rank_4(x) for x in (bias, mask))
    lengths = tuple(
        None if x is None else jnp.asarray(x) for x in (query_seq_lengths, key_value_seq_lengths)
    )
    _check(query, key, value, mask, lengths)
    groups = query.shape[-2] // key.shape[-2]
    heads = jnp.repeat(key, groups, -2), jnp.repeat(value, groups, -2)
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = _scores(query, heads[0], bias, factor)
    seen = _seen(scores.shape[-2:], mask, is_causal, lengths, local_window_size)
    if seen is not None:
        # Finite, so that a query that sees nothing gives numbers.
        least = np.asarray(-0.7 * jnp.finfo(scores.dtype).max, scores.dtype)
        scores = jnp.where(seen, scores, least)
    weights = softmax(scores).astype(key.dtype)
    found = jnp.einsum("bnts,bsnh->btnh", weights, heads[1])
    if lengths[0] is not None:
        found = found * _below(lengths[0], found.shape[1])[:, :, None, None].astype(found.dtype)
    found = found.reshape(shape)
    if not return_residual:
        return found
    sums = jnp.swapaxes(logsumexp(scores, -1).astype(key.dtype), -1, -2)
    return found, stop_gradient(sums.reshape(shape[:-1]))


def _check_ranks(*arrays: Any) -> None:
    shapes = [np.shape(x) for x in arrays]
    if any(len(shape) not in (3, 4) for shape in shapes):
        raise ValueError(
            "dot_product_attention needs query, key and value of rank 3 or 4, got shapes "
            f"{', '.join(map(str, shapes))}."
        )


def _of_rank_4(x: Any) -> Array:
    x = jnp.asarray(x)
    return jnp.expand_dims(x, tuple(range(max(4 - x.ndim, 0))))


def _check(query: Array, key: Array, value: Array, mask: Any, lengths: tuple[Any, ...]) -> None:
    avals = f"query {query.aval}, key {key.aval}, value {value.aval}"
    if not query.dtype == key.dtype == value.dtype:
        raise ValueError(f"dot_product_attention needs arrays of one dtype, got {avals}.")
    batch, _, heads, width = key.shape
    fits = (query.shape[0], query.shape[-1]) == (batch, width) and value.shape == key.shape
    if not fits or query.shape[-2] % heads:
        raise ValueError(f"dot_product_attention: heads and lengths do not fit: {avals}.")
    if mask is not None and mask.dtype != dtypes.bool_:
        raise ValueError(f"dot_product_attention: mask must be an array of bools, got {mask.aval}.")
    for length in lengths:
        if length is not None and (length.shape, length.dtype) != ((batch,), dtypes.int32):
            raise ValueError(
                f"dot_product_attention: sequence lengths are int32 of shape {(batch,)}, got "
                f"{length.aval}."
            )


def _scores(query: Array, key: Array, bias: Any, scale: Any) -> Array:
    wide = dtypes.float32 if query.dtype.itemsize < 4 else query.dtype
    scores = jnp.einsum("btnh,bsnh->bnts", query, key, preferred_element_type=wide)
    scores = scores * np.asarray(scale, wide)
    return scores if bias is None else (scores + bias).astype(wide)


def _below(lengths: Array, size: int) -> Array:
    return jnp.arange(size) < lengths[:, None]


def _seen(
    size: tuple[int, ...],
    mask: Any,
    is_causal: bool,
    lengths: tuple[Any, ...],
    window: int | tuple[int, int] | None,
) -> Any:
    """Returns which keys each query sees; None for all of them."""
    found = [] if mask is None else [mask]
    row, column = jnp.arange(size[0])[:, None], jnp.arange(size[1])
    if is_causal:
        found.append(column <= row)
    if window is not None:
        before, after = (window, window) if isinstance(window, int) else window
        found.append((column >= row - before) & (column <= row + after))
    if lengths[0] is not None:
        found.append(_below(lengths[0], size[0])[:, None, :, None])
    if lengths[1] is not None:
        found.append(_below(lengths[1], size[1])[:, None, None, :])
    seen = None
    for part in found:
        seen = part if seen is None else seen & part
    return seen
