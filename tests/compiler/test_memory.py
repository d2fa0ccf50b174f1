"""Memories that live at the same time are apart; those that do not share bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.memory.ranges import Buffer, Place, place_in_arena, place_in_outputs
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

KB = 1 << 10


def some_buffers(seed: int, count: int) -> list[Buffer]:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 40, count)
    ends = starts + rng.integers(0, 10, count)
    sizes = rng.integers(1, 1 << 18, count)
    return [Buffer([], int(a), int(b), int(n)) for a, b, n in zip(starts, ends, sizes, strict=True)]


def span(buffer: Buffer) -> tuple[str, int, int]:
    """The memory that a buffer is in, and its offset there."""
    place = buffer.place
    assert place is not None
    return (
        (place.kind, 0, place.at) if place.kind == "arena" else ("output", place.at, place.offset)
    )


def assert_apart(buffers: Sequence[Buffer]) -> None:
    for k, x in enumerate(buffers):
        for y in buffers[:k]:
            (*memory, low), (*other, high) = span(x), span(y)
            meet = x.start <= y.end and y.start <= x.end
            if meet and memory == other:
                assert low + x.size <= high or high + y.size <= low


@pytest.mark.parametrize("count", (1, 30, 700))
def test_ranges_of_an_arena(count: int) -> None:
    for seed in range(5):
        buffers = some_buffers(seed, count)
        size = place_in_arena(buffers)
        assert all(b.place is not None and b.place.at + b.size <= size for b in buffers)
        assert_apart(buffers)
        assert size <= sum(b.size + 64 for b in buffers)


def test_ranges_of_outputs() -> None:
    for seed in range(20):
        buffers = some_buffers(seed, 30)
        outputs = some_buffers(seed + 100, 4)
        for number, out in enumerate(outputs):
            out.place = Place("output", number)
        place_in_outputs(buffers, outputs)
        lent = [b for b in buffers if b.place is not None]
        assert lent
        for buffer in lent:
            assert buffer.place is not None
            out = outputs[buffer.place.at]
            assert buffer.end < out.start
            assert buffer.place.offset + buffer.size <= out.size
        assert_apart(lent)


def test_small_memories_are_not_in_outputs() -> None:
    small = Buffer([], 0, 1, KB)
    place_in_outputs([small], [Buffer([], 5, 6, 1 << 20, Place("output", 0))])
    assert small.place is None


def loss(weights: Any, x: Any) -> Any:
    for w in weights[:-1]:
        x = jnp.tanh(x @ w)
    return jnp.mean((x @ weights[-1]) ** 2)


def test_a_network_keeps_its_activations_and_no_more() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((200, 200)) for _ in range(4)]
    x = rng.standard_normal((100, 200))
    gradient = mj.jit(mj.grad(loss))
    activations = 3 * 100 * 200 * 8
    assert gradient.lower(weights, x).memory()["arena"] <= activations + 64 * KB
    with back_end(evaluate):
        expected = mj.jit(mj.grad(loss))(weights, x)
    for found, want in zip(gradient(weights, x), expected, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-12)


def test_results_that_wait_may_hold_other_values() -> None:
    def function(x: Any) -> tuple[Any, Any]:
        first = jnp.sort(jnp.sin(x))
        second = jnp.sort(jnp.cos(first))
        third = jnp.sort(jnp.exp(second))
        return jnp.cumsum(third), jnp.sort(third)

    x = np.random.default_rng(0).standard_normal(20_000)
    jitted = mj.jit(function)
    results = jitted(x)
    with back_end(evaluate):
        expected = mj.jit(function)(x)
    for found, want in zip(results, expected, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-9)
