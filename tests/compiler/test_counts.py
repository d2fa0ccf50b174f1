"""Sums of bools, and bools that become the bits of a number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax.numpy as jnp
from minijax import jit
from minijax.compiler.engine import host


@pytest.mark.parametrize(
    "n", [1, 3, 31, 32, 33, 127, 128, 129, 1000, 16383, 16384, 16385, 40000, 100001]
)
def test_counts_of_any_length(n: int) -> None:
    rng = np.random.default_rng(n)
    flags, x = rng.random(n) < 0.7, rng.normal(size=n)
    small = rng.integers(-3, 3, n).astype(np.int8)

    def function(np: Any, flags: Any, x: Any, small: Any) -> Any:
        return (
            np.sum(flags),
            np.sum(x.astype(np.float32) > 0),
            np.sum(x > 0),
            np.sum((small > 0) & flags),
            np.count_nonzero(small),
            np.sum(small.astype(np.int16) == 1),
        )

    found = jit(lambda *args: function(jnp, *args))(flags, x, small)
    assert list(map(int, found)) == list(map(int, function(np, flags, x, small)))
    # None of the narrow counters may overflow.
    assert jit(jnp.sum)(np.ones(n, bool)) == n


@pytest.mark.parametrize("shape", [(5, 100), (3, 7, 300), (100, 40), (0, 50), (50, 0)])
def test_counts_along_axes(shape: tuple[int, ...]) -> None:
    flags = np.random.default_rng(0).random(shape) < 0.7
    for axis in (0, 1, -1, None, (0, 1)):
        for own, others in ((flags, lambda x: x), (flags, lambda x: ~x[..., 3:])):
            found = jit(lambda x, a=axis, f=others: jnp.sum(f(x), a))(own)
            np.testing.assert_array_equal(found, others(own).sum(axis))


def test_narrow_sums_wrap_around() -> None:
    flags = np.ones(1000, bool)
    assert jit(lambda x: jnp.sum(x, dtype=jnp.uint8))(flags) == 1000 % 256
    assert jit(lambda x: 7 + jnp.sum(x, dtype=jnp.int16))(flags) == 1007


def test_bytes_count_bytes() -> None:
    text = jit(jnp.sum).lower(np.ones(10**5, bool)).llvm_ir()
    assert f"add <{host().vector_bytes} x i8>" in text
    # Wide numbers are compared in vectors of their own width, and so is what counts them.
    assert " x i8>" not in jit(lambda x: jnp.sum(x > 0)).lower(np.ones(10**5)).llvm_ir()


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("shape", [(8,), (29,), (80,), (4, 16), (3, 5), (3, 40)])
def test_bits(order: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    flags, numbers = rng.random(shape) < 0.5, rng.integers(0, 256, shape).astype(np.uint8)
    for axis in (None, 0, len(shape) - 1):
        for function, x in (("packbits", flags), ("packbits", numbers), ("unpackbits", numbers)):
            wanted = getattr(np, function)(x, axis=axis, bitorder=order)
            for own in (lambda f: f, jit):
                call = own(lambda x, f=function, a=axis: getattr(jnp, f)(x, axis=a, bitorder=order))
                np.testing.assert_array_equal(call(x), wanted)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "uint64"])
def test_bits_of_wider_numbers(dtype: str) -> None:
    bits = 8 * np.dtype(dtype).itemsize
    flags = np.random.default_rng(1).random((10, bits)) < 0.5

    def function(np: Any, x: Any) -> Any:
        shifted = x.astype(dtype) << np.arange(bits).astype(dtype)
        return np.sum(shifted, axis=1, dtype=dtype)

    np.testing.assert_array_equal(jit(lambda x: function(jnp, x))(flags), function(np, flags))
    assert np.array_equal(
        jit(lambda x: 3 + function(jnp, x))(flags), 3 + function(np, flags).astype(dtype)
    )


def test_order_of_bits_has_two_names() -> None:
    with pytest.raises(ValueError, match="bitorder"):
        jnp.packbits(np.ones(8, bool), bitorder="middle")
