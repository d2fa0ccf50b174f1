"""Keys: the state of the random number generator, which is passed, split and never changed.

A key is 64 bits. New-style keys are arrays of the opaque dtype `key<fry>`; old-style ("raw") keys
are uint32 arrays with a last axis of length 2. Every function here takes either and the same key
gives the same bits, which are those of Threefry-2x32 with 20 rounds.

Source:
    J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import partial
from operator import index
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.config import config
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.primitives.bitwise import bitwise_or, bitwise_xor, shift_left, shift_right_logical
from minijax.primitives.broadcast import broadcast_in_dim, full, insert_ones
from minijax.primitives.convert import convert_element_type
from minijax.primitives.creation import iota
from minijax.primitives.joining import concatenate
from minijax.primitives.random_bits import random_unwrap, random_wrap, threefry2x32
from minijax.primitives.shape import reshape
from minijax.primitives.slicing import index_in_dim
from minijax.transforms.jit import jit

Shape = Sequence[int]
_UINT = {8: dtypes.uint8, 16: dtypes.uint16, 32: dtypes.uint32, 64: dtypes.uint64}
_IMPLEMENTATION = "threefry2x32"
# Programs ask for these where they are faster. No program may count on their draws, which differ
# from machine to machine, so the keys are Threefry's.
_STANDS_FOR = ("rbg", "unsafe_rbg")


def _check_generator(what: str, impl: Any, dtype: Any = None) -> None:
    """Refuses generators other than Threefry and those that it stands for.

    Raises:
        ValueError: if there is no such generator, or `impl` and `dtype` are both given.
        TypeError: if it is no name.
    """
    if impl is not None and dtype is not None:
        raise ValueError(f"{what}: impl={impl!r} and dtype={dtype!r} say the same: give one.")
    impl = dtype if impl is None else impl
    if impl is None or (isinstance(impl, np.dtype) and impl == dtypes.key_dtype):
        return
    if not isinstance(impl, str):
        raise TypeError(f"{what}: impl is the name of a generator, got {impl!r:.60}.")
    names = (_IMPLEMENTATION, "fry", *_STANDS_FOR)
    if impl not in names:
        raise ValueError(f"{what}: impl must be one of {names} or None, got {impl!r}.")


def _seed_words(what: str, seed: Any) -> Array:
    if isinstance(seed, int) and not isinstance(seed, bool):
        if not -(1 << 63) <= seed < 1 << 63:
            raise OverflowError(f"{what}: a seed has 64 bits, got {seed}.")
        # Two's complement, so that negative seeds differ from one another too.
        seed = np.array(seed % (1 << 64), np.uint64)
    seed = to_array(seed)
    if seed.dtype == dtypes.bool_ and not seed.shape:
        seed = convert_element_type(seed, dtypes.uint32)
    if seed.shape or not dtypes.is_integer(seed.dtype):
        raise TypeError(f"{what}: a seed is an integer of rank 0 (or use vmap), got {seed.aval}.")
    if seed.dtype.itemsize < 8:
        seed = convert_element_type(seed, dtypes.uint32)
    wide = convert_element_type(seed, dtypes.uint64)
    high = convert_element_type(shift_right_logical(wide, 32), dtypes.uint32)
    return _stack(high, convert_element_type(wide, dtypes.uint32))


def _stack(high: Array, low: Array) -> Array:
    axis = high.ndim
    return concatenate([insert_ones(high, (axis,)), insert_ones(low, (axis,))], axis)


@api_boundary
def key(seed: Any, *, impl: Any = None, dtype: Any = None) -> Array:
    """Makes a key from a seed.

    Args:
        seed: an integer.
        impl: "threefry2x32", which None means and "rbg" and "unsafe_rbg" give too.
        dtype: a dtype of keys, in place of `impl`.

    Returns:
        A key: an array of rank 0 and dtype `key<fry>`.

    Example:
        >>> from minijax import random
        >>> random.key(0)
        Array([0, 0], dtype=key<fry>)
    """
    _check_generator("key", impl, dtype)
    return random_wrap(_seed_words("key", seed))


def key_dtype(impl_spec: Any = None) -> np.dtype:
    """Returns the dtype of keys.

    Example:
        >>> from minijax import random
        >>> random.key(0).dtype == random.key_dtype()
        True
    """
    _check_generator("key_dtype", impl_spec)
    return dtypes.key_dtype


@api_boundary
def PRNGKey(seed: Any, *, impl: Any = None) -> Array:  # noqa: N802 - the public name
    """Makes an old-style key from a seed: a uint32 array of shape (2,).

    Args:
        seed: an integer or an integer array of rank 0, of at most 64 bits.
        impl: "threefry2x32", which None means and "rbg" and "unsafe_rbg" give too.

    Returns:
        The upper and the lower 32 bits of the seed.

    Raises:
        TypeError: if the seed is no integer of rank 0, or `impl` is no name.
        ValueError: if `impl` names another generator.
        OverflowError: if the seed has more than 64 bits.

    Example:
        >>> from minijax import random
        >>> random.PRNGKey(42)
        Array([ 0, 42], dtype=uint32)
    """
    _check_generator("PRNGKey", impl)
    return _seed_words("PRNGKey", seed)


def is_typed(keys: Any) -> bool:
    """Whether keys are new-style."""
    return to_array(keys).dtype == dtypes.key_dtype


def key_words(what: str, keys: Any) -> tuple[Array, Array]:
    """Returns the two words of one key.

    Raises:
        TypeError: if it is not a key.
        ValueError: if it is an array of several keys.
    """
    raw = _words(what, keys)
    if raw.ndim != 1:
        raise ValueError(
            f"{what} takes one key, got an array of keys of shape {raw.shape[:-1]}: use vmap."
        )
    return index_in_dim(raw, 0, keepdims=False), index_in_dim(raw, 1, keepdims=False)


def _words(what: str, keys: Any) -> Array:
    if not hasattr(keys, "dtype"):
        raise TypeError(
            f"{what} expects a random key, got {keys!r:.60}: make one with random.key(seed)."
        )
    raw = to_array(keys)
    if raw.dtype == dtypes.key_dtype:
        return random_unwrap(raw)
    if raw.dtype != dtypes.uint32 or raw.ndim == 0 or raw.shape[-1] != 2:
        raise TypeError(
            f"{what} expects a random key, got {raw.aval}: make one with random.key(seed)."
        )
    _judge_raw(what)
    return raw


def _judge_raw(what: str) -> None:
    judgement = config.legacy_prng_key
    if judgement == "allow":
        return
    text = (
        f"{what}: got an old-style key, a uint32 array; make one with random.key(seed), or set the "
        'configuration flag legacy_prng_key to "allow".'
    )
    if judgement == "error":
        raise ValueError(text)
    warnings.warn(text, stacklevel=4)


def check_key(what: str, key: Any) -> None:
    """Refuses what is not one key; raises like `key_words`."""
    if not hasattr(key, "dtype") or key.dtype != dtypes.key_dtype or key.shape:
        key_words(what, key)


def as_shape(what: str, shape: Any) -> tuple[int, ...]:
    """Returns a shape given as an int or a sequence of ints."""
    try:
        found = tuple(index(n) for n in ((shape,) if np.ndim(shape) == 0 else shape))
    except TypeError:
        raise TypeError(f"{what}: shape must be ints known while tracing, got {shape!r}.") from None
    if any(n < 0 for n in found):
        raise ValueError(f"{what}: shape must not be negative, got {found}.")
    return found


def _counter_words(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Returns the high and low words of the row-major position of every element."""
    size = math.prod(shape)
    if size < 1 << 32:
        low = iota(dtypes.uint32, size)
        high = full((size,), 0, dtypes.uint32)
    else:
        position = iota(dtypes.uint64, size)
        low = convert_element_type(position, dtypes.uint32)
        high = convert_element_type(shift_right_logical(position, 32), dtypes.uint32)
    return reshape(high, shape), reshape(low, shape)


def _hash(words: tuple[Array, Array], shape: tuple[int, ...]) -> tuple[Array, Array]:
    high, low = _counter_words(shape)
    first, second = (broadcast_in_dim(word, shape, ()) for word in words)
    return threefry2x32(first, second, high, low)


def raw_bits(what: str, key: Any, bit_width: int, shape: tuple[int, ...]) -> Array:
    """Returns uniformly random bits as an array of unsigned integers."""
    high, low = _hash(key_words(what, key), shape)
    if bit_width == 64:
        wide = convert_element_type(high, dtypes.uint64)
        return bitwise_or(shift_left(wide, 32), convert_element_type(low, dtypes.uint64))
    mixed = bitwise_xor(high, low)
    return convert_element_type(mixed, _UINT[bit_width])


@api_boundary
def split(key: Any, num: int | Shape = 2) -> Array:
    """Makes independent keys from one, which must not be used again.

    Args:
        key: a key.
        num: how many, or the shape of the array of keys.

    Returns:
        An array of keys of shape `(num,)`, of the kind of `key`.

    Example:
        >>> from minijax import random
        >>> key, subkey = random.split(random.key(0))
    """
    check_key("split", key)
    return _split(key, as_shape("split", num))


@partial(jit, static_argnames=("shape",))
def _split(key: Any, shape: tuple[int, ...]) -> Array:
    keys = _stack(*_hash(key_words("split", key), shape))
    return random_wrap(keys) if is_typed(key) else keys


@api_boundary
def fold_in(key: Any, data: Any) -> Array:
    """Makes a key from a key and an integer, such as the number of a step.

    Args:
        key: a key.
        data: an integer of rank 0.

    Example:
        >>> from minijax import random
        >>> keys = [random.fold_in(random.key(0), step) for step in range(3)]
    """
    check_key("fold_in", key)
    if isinstance(data, int):
        data = np.asarray(data, np.uint32)
    data = to_array(data)
    if data.shape:
        raise TypeError(f"fold_in takes an integer of rank 0, got {data.aval}: use vmap.")
    return _fold_in(key, data)


@jit
def _fold_in(key: Any, data: Array) -> Array:
    first, second = key_words("fold_in", key)
    low = convert_element_type(data, dtypes.uint32)
    keys = _stack(*threefry2x32(first, second, full((), 0, dtypes.uint32), low))
    return random_wrap(keys) if is_typed(key) else keys


@partial(jit, static_argnames=("bit_width", "shape"))
def _bits(key: Any, bit_width: int, shape: tuple[int, ...]) -> Array:
    return raw_bits("bits", key, bit_width, shape)


@api_boundary
def bits(key: Any, shape: Shape = (), dtype: Any = None, *, out_sharding: Any = None) -> Array:
    """Returns uniformly random bits as unsigned integers.

    Args:
        key: a key.
        shape: the shape of the result.
        dtype: a dtype of unsigned integers; uint64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        ValueError: if the dtype is of another kind.

    Example:
        >>> from minijax import random
        >>> random.bits(random.key(0), (3,), "uint8").dtype
        dtype('uint8')
    """
    found = dtypes.canonical(np.uint64 if dtype is None else dtype)
    if found.kind != "u":
        raise ValueError(f"bits: dtype must be an unsigned integer, got {found}.")
    check_key("bits", key)
    return _bits(key, found.itemsize * 8, as_shape("bits", shape))


@api_boundary
def key_data(keys: Any) -> Array:
    """Returns the words of keys: a uint32 array with a further last axis of length 2.

    Args:
        keys: an array of keys, or old-style keys, which are returned as they are.

    Returns:
        The upper and the lower 32 bits of each key.

    Raises:
        TypeError: if `keys` are no keys.

    Example:
        >>> from minijax import random
        >>> random.key_data(random.key(42))
        Array([ 0, 42], dtype=uint32)
    """
    return _words("key_data", keys)


@api_boundary
def wrap_key_data(key_bits_array: Any, *, impl: Any = None, dtype: Any = None) -> Array:
    """Returns keys from their words: the inverse of `key_data`.

    Args:
        key_bits_array: a uint32 array of shape (..., 2).
        impl: "threefry2x32", which None means and "rbg" and "unsafe_rbg" give too.
        dtype: a dtype of keys, in place of `impl`.

    Returns:
        Keys of shape (...).

    Raises:
        TypeError: if the words have another dtype or shape.
        ValueError: if another generator is named, or both `impl` and `dtype` are given.

    Example:
        >>> from minijax import random
        >>> key = random.key(42)
        >>> bool(random.wrap_key_data(random.key_data(key)) == key)
        True
    """
    _check_generator("wrap_key_data", impl, dtype)
    words = to_array(key_bits_array)
    if words.dtype != dtypes.uint32 or words.ndim == 0 or words.shape[-1] != 2:
        raise TypeError(
            f"wrap_key_data expects a uint32 array with a last axis of length 2, got {words.aval}."
        )
    return random_wrap(words)


def clone(key: Any) -> Array:
    """Returns the same key, for programs that mean to use it twice.

    Args:
        key: a key or an array of keys.

    Returns:
        An array equal to `key`: draws from both are the same.

    Example:
        >>> from minijax import random
        >>> key = random.key(7)
        >>> bool(random.uniform(key) == random.uniform(random.clone(key)))
        True
    """
    return to_array(key)


@api_boundary
def key_impl(keys: Any) -> str:
    """Returns the name of the generator that keys belong to.

    Args:
        keys: an array of keys of any shape, new or old style.

    Returns:
        "threefry2x32", the only generator.

    Raises:
        TypeError: if `keys` are no keys.

    Example:
        >>> from minijax import random
        >>> random.key_impl(random.key(0))
        'threefry2x32'
    """
    _words("key_impl", keys)
    return _IMPLEMENTATION
