"""The generator of random bits behind `minijax.random`."""

from __future__ import annotations

from typing import Any

from minijax import random
from minijax.core.operators import Array
from minijax.numpy import asarray, concatenate, ravel, zeros
from minijax.primitives.random_bits import threefry2x32 as _threefry2x32
from minijax.primitives.random_bits import threefry2x32_p as threefry2x32_p

threefry_prng_impl = "threefry2x32"


def seed_with_impl(impl: Any, seed: Any) -> Array:
    """Returns the key of a seed; there is one generator.

    Args:
        impl: "threefry2x32" or None, which means the same.
        seed: an integer scalar.

    Returns:
        A key, of shape ().

    Raises:
        ValueError: if another generator is asked for.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import random
        >>> mj.random.key_data(random.seed_with_impl("threefry2x32", 7))
        Array([0, 7], dtype=uint32)
    """
    return random.key(seed, impl=impl)


def random_seed(seeds: Any, impl: Any = None) -> Array:
    """Returns the key of a seed; see `minijax.random.key`.

    Args:
        seeds: an integer scalar.
        impl: "threefry2x32" or None, which means the same.

    Returns:
        A key, of shape ().

    Raises:
        ValueError: if another generator is asked for.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import random
        >>> mj.random.key_data(random.random_seed(5))
        Array([0, 5], dtype=uint32)
    """
    return random.key(seeds, impl=impl)


def threefry_2x32(keypair: Any, count: Any) -> Array:
    """Applies the Threefry-2x32 hash to counters, the first half with the second.

    Args:
        keypair: two words, uint32.
        count: counters, uint32, of any shape.

    Returns:
        Random words of the shape of `count`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.extend import random
        >>> words = random.threefry_2x32(jnp.zeros(2, 'uint32'), jnp.zeros(2, 'uint32'))
        >>> [hex(word) for word in words.tolist()]
        ['0x6b200159', '0x99ba4efe']

    Source:
        Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
    """
    first, second = asarray(keypair)
    words = asarray(count)
    flat = ravel(words)
    padded = concatenate([flat, zeros(1, flat.dtype)]) if flat.size % 2 else flat
    half = padded.size // 2
    hashed = concatenate(_threefry2x32(first, second, padded[:half], padded[half:]))
    return hashed[: flat.size].reshape(words.shape)
