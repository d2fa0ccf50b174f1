"""Random bits: the Threefry-2x32 block cipher, and keys as opaque elements of two words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import key_dtype, uint32, uint64
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, constant, primitive
from minijax.core.quiet import quiet
from minijax.primitives.broadcast import move_axis
from minijax.primitives.families import check_dtype, common_shape, elementwise_batch

_INTEGERS = absent("random bits are not a smooth function of their key")

# -- threefry2x32

# Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011), table 2: the
# rotations of alternating groups of four rounds, and the parity constant of Skein's key schedule.
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
_GROUPS = 5


def _threefry_rounds(
    keys: tuple[Any, Any, Any],
    x: tuple[Any, Any],
    plus: Callable[[Any, Any], Any],
    xor: Callable[[Any, Any], Any],
    rotate: Callable[[Any, int], Any],
    word: Callable[[int], Any],
) -> tuple[Any, Any]:
    """Returns the enciphered block, in whatever arithmetic the functions are of."""
    left, right = plus(x[0], keys[0]), plus(x[1], keys[1])
    for group in range(_GROUPS):
        for bits in _ROTATIONS[group % 2]:
            left = plus(left, right)
            right = xor(rotate(right, bits), left)
        left = plus(left, keys[(group + 1) % 3])
        right = plus(plus(right, keys[(group + 2) % 3]), word(group + 1))
    return left, right


def _threefry_impl(k0: np.ndarray, k1: np.ndarray, x0: np.ndarray, x1: np.ndarray) -> Any:
    def rotate(x: np.ndarray, bits: int) -> np.ndarray:
        return (x << np.uint32(bits)) | (x >> np.uint32(32 - bits))

    keys = (k0, k1, k0 ^ k1 ^ np.uint32(_PARITY))
    with quiet():
        left, right = _threefry_rounds(keys, (x0, x1), np.add, np.bitwise_xor, rotate, np.uint32)
    shape = np.broadcast_shapes(k0.shape, k1.shape, x0.shape, x1.shape)
    return tuple(np.broadcast_to(word, shape) for word in (left, right))


def _threefry_abstract(*avals: ShapedArray) -> Any:
    for position, aval in enumerate(avals):
        check_dtype("threefry2x32", aval, (uint32,), f"operand {position}")
    aval = ShapedArray(common_shape("threefry2x32", avals), uint32)
    return aval, aval


def _threefry_lower(k: Any, *operands: Any, out: Any) -> Any:
    def rotate(x: Any, bits: int) -> Any:
        return k.or_(k.shift_left(x, bits), k.shift_right_logical(x, 32 - bits))

    def body(*i: Any) -> Any:
        k0, k1, x0, x1 = (x(*i) if x.ndim else x() for x in operands)
        keys = (k0, k1, k.xor(k.xor(k0, k1), _PARITY))
        return _threefry_rounds(
            keys, (x0, x1), k.add, k.xor, rotate, lambda n: k.constant(n, uint32)
        )

    return k.elements(out, body)


threefry2x32_p: Primitive = primitive(
    "threefry2x32",
    impl=_threefry_impl,
    abstract=_threefry_abstract,
    jvp=constant,
    transpose=_INTEGERS,
    batch=elementwise_batch(lambda: threefry2x32_p),
    lower=_threefry_lower,
)


def threefry2x32(k0: Any, k1: Any, x0: Any, x1: Any) -> tuple[Array, Array]:
    """Enciphers blocks of two 32-bit words under keys of two words, with twenty rounds.

    Args:
        k0, k1: the words of the keys, uint32 arrays.
        x0, x1: the words of the blocks (counters), uint32 arrays. All four arrays have one shape
            or rank 0.

    Returns:
        The two words of each enciphered block.

    Raises:
        TypeError: if an operand is not uint32 or the shapes differ.

    Example:
        >>> import minijax.numpy as jnp
        >>> words = threefry2x32(*(jnp.zeros(1, "uint32") for _ in range(4)))
        >>> [hex(word.item()) for word in words]
        ['0x6b200159', '0x99ba4efe']

    Source:
        Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
    """
    return threefry2x32_p.bind(*map(to_array, (k0, k1, x0, x1)))


# -- random_wrap, random_unwrap: uint32[..., 2] and opaque keys [...]


def _wrap_impl(words: np.ndarray) -> Any:
    return (np.array(words, order="C").view(key_dtype).reshape(words.shape[:-1]),)


def _wrap_abstract(words: ShapedArray) -> Any:
    check_dtype("random_wrap", words, (uint32,), "key data")
    if words.shape[-1:] != (2,):
        raise TypeError(
            "random_wrap: key data must have a last axis of length 2, the two words of a key; "
            f"got shape {words.shape}."
        )
    return (ShapedArray(words.shape[:-1], key_dtype),)


def _wrap_batch(size: int, operands: Any, dims: Any) -> Any:
    (words,), (dim,) = operands, dims
    if dim == words.ndim - 1:
        words, dim = move_axis(words, dim, 0), 0
    return random_wrap_p.bind(words), (dim,)


def _wrap_lower(k: Any, words: Any, *, out: Any) -> Any:
    def body(*i: Any) -> Any:
        first, second = (k.convert(words(*i, n), uint64) for n in (0, 1))
        # The words stand in memory in their order: the first is the low half.
        return k.bitcast(k.or_(first, k.shift_left(second, 32)), key_dtype)

    return k.element(out[0], body)


random_wrap_p = primitive(
    "random_wrap",
    impl=_wrap_impl,
    abstract=_wrap_abstract,
    jvp=constant,
    transpose=_INTEGERS,
    batch=_wrap_batch,
    lower=_wrap_lower,
)


def random_wrap(words: Any) -> Array:
    """Returns typed keys made from their words.

    Args:
        words: a uint32 array of shape (..., 2).

    Returns:
        An array of keys of shape (...).

    Raises:
        TypeError: if the dtype or the last axis is wrong.

    Example:
        >>> import minijax.numpy as jnp
        >>> random_wrap(jnp.zeros((3, 2), "uint32")).shape
        (3,)
    """
    return random_wrap_p.bind(to_array(words))[0]


def _unwrap_impl(keys: np.ndarray) -> Any:
    return (np.array(keys, order="C").reshape(*keys.shape, 1).view(np.uint32),)


def _unwrap_abstract(keys: ShapedArray) -> Any:
    check_dtype("random_unwrap", keys, (key_dtype,), "keys")
    return (ShapedArray((*keys.shape, 2), dtypes.uint32),)


def _unwrap_lower(k: Any, keys: Any, *, out: Any) -> Any:
    def body(*i: Any) -> Any:
        both = k.bitcast(keys(*i[:-1]), uint64)
        first, second = both, k.shift_right_logical(both, 32)
        half = k.select(k.eq(i[-1], 0), first, second)
        return k.convert(k.and_(half, 0xFFFFFFFF), uint32)

    return k.element(out[0], body)


random_unwrap_p: Primitive = primitive(
    "random_unwrap",
    impl=_unwrap_impl,
    abstract=_unwrap_abstract,
    jvp=constant,
    transpose=_INTEGERS,
    batch=lambda size, operands, dims: (random_unwrap_p.bind(*operands), dims),
    lower=_unwrap_lower,
)


def random_unwrap(keys: Any) -> Array:
    """Returns the words of typed keys.

    Args:
        keys: an array of keys of shape (...).

    Returns:
        A uint32 array of shape (..., 2).

    Raises:
        TypeError: if the operand does not hold keys.

    Example:
        >>> import minijax.numpy as jnp
        >>> random_unwrap(random_wrap(jnp.arange(2, dtype="uint32")))
        Array([0, 1], dtype=uint32)
    """
    return random_unwrap_p.bind(to_array(keys))[0]
