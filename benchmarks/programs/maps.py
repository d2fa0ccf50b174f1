"""Fused elementwise work, sums of it, and reductions over every axis."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, uniform
from benchmarks.registry import Made, program


@program("polynomial chain", 1_000, 100_000, 1_000_000)
def polynomial_chain(np: Any, lib: Any, n: int) -> Made:
    def f(x: Any) -> Any:
        y = 3.0 * x * x - 2.0 * x + 1.0
        return np.maximum(y * y - x, 0.0) / (1.0 + np.abs(x))

    return f, (normal(n),)


@program("chain of sin and exp", 1_000, 100_000, 1_000_000)
def transcendental_chain(np: Any, lib: Any, n: int) -> Made:
    def f(x: Any) -> Any:
        return np.sin(x) ** 2 + 0.5 * np.exp(-x * x) * np.cos(3.0 * x)

    return f, (normal(n),)


@program("where and clip", 1_000, 100_000, 1_000_000)
def piecewise(np: Any, lib: Any, n: int) -> Made:
    def huber(x: Any) -> Any:
        small = np.abs(x) < 1.0
        return np.clip(np.where(small, 0.5 * x * x, np.abs(x) - 0.5), 0.0, 2.0)

    return huber, (normal(n),)


@program("chain in float32", 1_000, 100_000, 1_000_000, tolerance=1e-5)
def float32_chain(np: Any, lib: Any, n: int) -> Made:
    def f(x: Any, y: Any) -> Any:
        return np.tanh(x) * y + np.sqrt(x * x + y * y)

    return f, (normal(n).astype("float32"), normal(n, seed=1).astype("float32"))


@program("sum of sin(x²)", 1_000, 100_000, 1_000_000)
def map_reduce(np: Any, lib: Any, n: int) -> Made:
    return lambda x: np.sum(np.sin(x * x)), (normal(n),)


@program("weighted mean square", 1_000, 100_000, 1_000_000)
def weighted_square(np: Any, lib: Any, n: int) -> Made:
    def f(w: Any, x: Any, y: Any) -> Any:
        return np.sum(w * (x - y) ** 2) / np.sum(w)

    return f, (uniform(n), normal(n), normal(n, seed=1))


@program("gradient of a sum of logs", 1_000, 100_000, 1_000_000)
def map_reduce_gradient(np: Any, lib: Any, n: int) -> Made:
    def f(x: Any, y: Any) -> Any:
        return np.sum(np.log1p(np.exp(-y * np.tanh(x))))

    return lib.value_and_grad(f), (normal(n), normal(n, seed=1))


@program("pairwise distances", (30, 3), (300, 3), (1_000, 3))
def pairwise_distances(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    def f(x: Any) -> Any:
        difference = x[:, None, :] - x[None, :, :]
        return np.sqrt(np.sum(difference**2, axis=-1) + 1e-9)

    return f, (normal(*size),)


@program("a + a.T", 32, 256, 1_000)
def transposed_sum(np: Any, lib: Any, n: int) -> Made:
    return lambda a: a + a.T, (normal(n, n),)


@program("mean and variance by column", (100, 10), (1_000, 100), (10_000, 100))
def standardise(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    def f(x: Any) -> Any:
        return (x - np.mean(x, axis=0)) / np.std(x, axis=0)

    return f, (normal(*size),)


@program("max, min, argmax of a vector", 1_000, 100_000, 1_000_000)
def extremes(np: Any, lib: Any, n: int) -> Made:
    return lambda x: (np.max(x), np.min(x), np.argmax(x)), (normal(n),)


def _register(axis: int | tuple[int, ...] | None) -> None:
    @program(f"sum of n³ over axis {axis}", 32, 128, 256)
    def reduction(np: Any, lib: Any, n: int) -> Made:
        return lambda x: np.sum(x, axis=axis), (normal(n, n, n),)

    if isinstance(axis, int):

        @program(f"max of n³ over axis {axis}", 32, 128, 256)
        def maximum(np: Any, lib: Any, n: int) -> Made:
            return lambda x: np.max(x, axis=axis), (normal(n, n, n),)


for _axis in (0, 1, 2, (0, 1), (1, 2), (0, 2), None):
    _register(_axis)
