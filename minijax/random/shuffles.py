"""Permutations of arrays, choices of their elements, and categories."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.shape import canonical_axis
from minijax.primitives.sort import sort, top_k
from minijax.random.distributions import gumbel
from minijax.random.keys import Shape, as_shape, check_key, raw_bits, split
from minijax.random.parameters import common_shape
from minijax.random.uniform_draws import randint, uniform
from minijax.transforms.jit import jit


@partial(jit, static_argnames=("axis",))
def _shuffle(key: Any, x: Array, axis: int) -> Array:
    # Sorting by random keys, often enough that ties do not matter.
    rounds = math.ceil(3 * math.log(max(1, x.size)) / math.log(2**32 - 1))
    for _ in range(rounds):
        key, subkey = split(key)
        random_keys = raw_bits("permutation", subkey, 32, x.shape)
        x = sort((random_keys, x), dimension=axis, num_keys=1)[1]
    return x


def _length(what: str, x: Any) -> int:
    if not dtypes.is_integer(to_array(x).dtype):
        raise TypeError(f"{what}: a scalar must be an integer, got {to_array(x).aval}.")
    return int(x)


def _check_array(what: str, *values: Any) -> None:
    for value in values:
        if isinstance(value, list | tuple | set | dict | str) or value is None:
            raise TypeError(
                f"{what} requires an array or a scalar, got {type(value).__name__}: "
                "convert it with jnp.asarray(...)."
            )


@api_boundary
def permutation(
    key: Any, x: Any, axis: int = 0, independent: bool = False, *, out_sharding: Any = None
) -> Array:
    """Returns the elements along an axis in random order.

    Args:
        key: a key.
        x: an array, or an integer n for a permutation of 0 … n-1.
        axis: the axis.
        independent: whether every line along the axis gets an order of its own.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        TypeError: if `x` is neither an array nor an integer.

    Example:
        >>> from minijax import random
        >>> sorted(random.permutation(random.key(0), 4).tolist())
        [0, 1, 2, 3]
    """
    check_key("permutation", key)
    _check_array("permutation", x)
    axis = canonical_axis("permutation", axis, np.ndim(x) or 1)
    if np.ndim(x) == 0:
        return _shuffle(key, jnp.arange(_length("permutation", x)), axis)
    x = jnp.asarray(x)
    if independent or x.ndim == 1:
        return _shuffle(key, x, axis)
    order = _shuffle(key, jnp.arange(x.shape[axis]), 0)
    return jnp.take(x, order, axis=axis, unique_indices=True)


@api_boundary
def choice(
    key: Any,
    a: Any,
    shape: Shape = (),
    replace: bool = True,
    p: Any = None,
    axis: int = 0,
    mode: str | None = None,
) -> Array:
    """Draws elements of an array.

    Args:
        key: a key.
        a: an array, or an integer n for 0 … n-1.
        shape: how many, as a shape.
        replace: whether an element may be drawn twice.
        p: the probabilities of the elements; equal if None.
        axis: the axis along which elements are drawn.
        mode: precision of the draw without replacement ("low" or "high").

    Raises:
        TypeError: if `shape` is no sequence, or `a` neither an array nor an integer.
        ValueError: if more elements are asked for than there are, without replacement, or `p` has
            another number of entries.

    Example:
        >>> from minijax import random
        >>> int(random.choice(random.key(0), 5)) in range(5)
        True
    """
    check_key("choice", key)
    if np.ndim(shape) == 0:
        raise TypeError(f"choice: shape must be a sequence of ints, got {shape!r}.")
    _check_array("choice", a)
    size, a = as_shape("choice", shape), jnp.asarray(a)
    if math.prod(size) == 0:
        return jnp.zeros(size, a.dtype)
    axis = canonical_axis("choice", axis, a.ndim or 1)
    count = a.shape[axis] if a.ndim else _length("choice", a)
    _check_population(math.prod(size), count, replace)
    if p is None and not replace:
        drawn = permutation(key, a if a.ndim else count, axis)
        drawn = drawn[(slice(None),) * axis + (slice(math.prod(size)),)]
    else:
        drawn = _drawn_index(key, count, size, replace, p, mode)
        drawn = jnp.take(a, drawn, axis=axis) if a.ndim else drawn
    return drawn.reshape((*a.shape[:axis], *size, *a.shape[axis + 1 :]))


def _check_population(draws: int, count: int, replace: bool) -> None:
    if count <= 0:
        raise ValueError("choice: there is nothing to draw from.")
    if not replace and draws > count:
        raise ValueError(
            f"choice: {draws} elements cannot be drawn from {count} without replacement."
        )


def _drawn_index(
    key: Any, count: int, size: tuple[int, ...], replace: bool, p: Any, mode: str | None
) -> Array:
    if p is None:
        return randint(key, size, 0, count)
    _check_array("choice", p)
    weights = jnp.asarray(p)
    if not dtypes.is_inexact(weights.dtype):
        weights = weights.astype(float)
    if weights.shape != (count,):
        raise ValueError(
            f"choice: p must have one entry for each of the {count} elements, got shape "
            f"{weights.shape}."
        )
    if replace:
        edges = jnp.cumsum(weights)
        draws = edges[-1] * (1 - uniform(key, size, weights.dtype))
        return jnp.searchsorted(edges, draws).astype(int)
    noisy = gumbel(key, (count,), weights.dtype, mode) + jnp.log(weights)
    return top_k(noisy, math.prod(size))[1].astype(int)


@api_boundary
def categorical(
    key: Any,
    logits: Any,
    axis: int = -1,
    shape: Shape | None = None,
    replace: bool = True,
    mode: str | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws indices with probabilities proportional to exp(logits).

    Args:
        key: a key.
        logits: unnormalised log-probabilities along `axis`.
        axis: the axis of the categories.
        shape: the shape of the result; it ends with the shape of `logits` without `axis`.
        replace: whether draws are independent; without, leading axes hold different categories.
        mode: "low", or "high" for twice as many bits, which tiny probabilities need.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        ValueError: if the shape does not fit, or without replacement asks for more categories than
            there are.

    Example:
        >>> from minijax import random
        >>> import minijax.numpy as jnp
        >>> int(random.categorical(random.key(0), jnp.array([-jnp.inf, 0.0])))
        1
    """
    check_key("categorical", key)
    _check_array("categorical", logits)
    logits = jnp.asarray(logits)
    if not -logits.ndim <= axis < logits.ndim:
        raise IndexError(f"categorical: axis {axis} is out of range for rank {logits.ndim}.")
    axis = range(logits.ndim)[axis]
    batch = (*logits.shape[:axis], *logits.shape[axis + 1 :])
    size = common_shape("categorical", shape, np.broadcast_to(0, batch))
    lead, tail = size[: len(size) - len(batch)], list(size[len(size) - len(batch) :])
    if not replace:
        return _distinct_categories(key, logits, axis, size, lead, mode)
    tail.insert(axis, logits.shape[axis])
    noisy = gumbel(key, (*lead, *tail), logits.dtype, mode) + logits
    return jnp.argmax(noisy, axis=axis + len(lead))


def _distinct_categories(
    key: Any,
    logits: Array,
    axis: int,
    size: tuple[int, ...],
    lead: tuple[int, ...],
    mode: str | None,
) -> Array:
    count = math.prod(lead)
    if count > logits.shape[axis]:
        raise ValueError(
            f"categorical: {count} categories cannot be drawn from {logits.shape[axis]} "
            "without replacement."
        )
    noisy = logits + gumbel(key, logits.shape, logits.dtype, mode)
    order = top_k(jnp.moveaxis(noisy, axis, -1), count)[1]
    return jnp.moveaxis(order, -1, 0).reshape(size)
