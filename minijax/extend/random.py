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

    Raises:
        ValueError: if another generator is asked for.
    """
    return random.key(seed, impl=impl)


def random_seed(seeds: Any, impl: Any = None) -> Array:
    """Returns the key of a seed; see `minijax.random.key`."""
    return random.key(seeds, impl=impl)


def threefry_2x32(keypair: Any, count: Any) -> Array:
    """Applies the Threefry-2x32 hash to counters, the first half with the second.

    Args:
        keypair: two words, uint32.
        count: counters, uint32, of any shape.

    Returns:
        Random words of the shape of `count`.

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
