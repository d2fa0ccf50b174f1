"""Counting into bins: by loops, by scatter, smoothly."""

from __future__ import annotations

from typing import Any

from benchmarks.data import integers, normal, uniform
from benchmarks.registry import Made, program

LENGTHS = (1_000, 10_000, 100_000)


def by_loop(np: Any, lib: Any, x: Any, weights: Any, bins: int) -> Any:
    """Adds weights into bins of [0, 1), one point after the other."""

    def body(i: Any, counts: Any) -> Any:
        return counts.at[np.floor(x[i] * bins).astype(int)].add(weights[i])

    return lib.lax.fori_loop(0, x.shape[0], body, np.zeros(bins))


@program("histogram by a loop", *LENGTHS)
def histogram_loop(np: Any, lib: Any, n: int) -> Made:
    return lambda x, w: by_loop(np, lib, x, w, 64), (uniform(n), uniform(n, seed=1))


@program("histogram by a loop, gradient", *LENGTHS)
def histogram_loop_gradient(np: Any, lib: Any, n: int) -> Made:
    def loss(x: Any, w: Any) -> Any:
        return np.sum(by_loop(np, lib, x, w, 64) ** 2)

    return lib.value_and_grad(loss, argnums=1), (uniform(n), uniform(n, seed=1))


@program("bincount", *LENGTHS)
def bincount(np: Any, lib: Any, n: int) -> Made:
    return lambda x: np.bincount(x, length=256), (integers(256, n),)


@program("np.histogram", *LENGTHS)
def histogram(np: Any, lib: Any, n: int) -> Made:
    return lambda x: np.histogram(x, bins=50, range=(-4.0, 4.0))[0], (normal(n),)


@program("2-D histogram by scatter", *LENGTHS)
def histogram_2d(np: Any, lib: Any, n: int) -> Made:
    def f(x: Any, y: Any) -> Any:
        i, j = (x * 32).astype(int), (y * 32).astype(int)
        return np.zeros((32, 32)).at[i, j].add(1.0)

    return f, (uniform(n), uniform(n, seed=1))


@program("cloud in cell deposit, gradient", *LENGTHS)
def deposit(np: Any, lib: Any, n: int) -> Made:
    def loss(x: Any, field: Any) -> Any:
        place = x * 255.0
        i = np.floor(place).astype(int)
        t = place - i
        density = np.zeros(257).at[i].add(1.0 - t).at[i + 1].add(t)
        return np.sum(density * field)

    return lib.value_and_grad(loss), (uniform(n), normal(257))


@program("soft histogram, gradient", 100, 1_000, 10_000)
def soft_histogram(np: Any, lib: Any, n: int) -> Made:
    def loss(x: Any) -> Any:
        centres = np.linspace(0.0, 1.0, 32)
        counts = np.sum(np.exp(-0.5 * ((x[:, None] - centres) / 0.05) ** 2), axis=0)
        shares = counts / np.sum(counts)
        return -np.sum(shares * np.log(shares))

    return lib.value_and_grad(loss), (uniform(n),)


@program("running count of bytes", *LENGTHS)
def running_count(np: Any, lib: Any, n: int) -> Made:
    def f(data: Any) -> Any:
        def step(counts: Any, x: Any) -> Any:
            seen = counts[x]
            return counts.at[x].add(1), seen

        return lib.lax.scan(step, np.zeros(256, int), data)[1]

    return f, (integers(256, n),)
