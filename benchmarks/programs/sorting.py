"""Order and place: sort, prefix sums, gather, scatter."""

from __future__ import annotations

from typing import Any

from benchmarks.data import integers, normal, uniform
from benchmarks.registry import Made, program

LENGTHS = (1_000, 100_000, 1_000_000)


@program("sort", *LENGTHS)
def sort(np: Any, lib: Any, n: int) -> Made:
    return np.sort, (normal(n),)


@program("argsort", *LENGTHS)
def argsort(np: Any, lib: Any, n: int) -> Made:
    return np.argsort, (normal(n),)


@program("sort of rows", (10, 100), (100, 1_000), (1_000, 1_000))
def sort_rows(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    return lambda x: np.sort(x, axis=1), (normal(*shape),)


@program("median of rows", (10, 100), (100, 1_000), (1_000, 1_000))
def median(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    return lambda x: np.median(x, axis=1), (normal(*shape),)


@program("top 10", *LENGTHS)
def top_k(np: Any, lib: Any, n: int) -> Made:
    return lambda x: lib.lax.top_k(x, 10), (normal(n),)


@program("cumsum", *LENGTHS)
def cumsum(np: Any, lib: Any, n: int) -> Made:
    return np.cumsum, (normal(n),)


@program("cumsum of rows", (10, 100), (100, 1_000), (1_000, 1_000))
def cumsum_rows(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    return lambda x: np.cumsum(x, axis=1), (normal(*shape),)


@program("gather", *LENGTHS)
def gather(np: Any, lib: Any, n: int) -> Made:
    return lambda x, i: x[i], (normal(n), integers(n, n))


@program("gather rows", (100, 8), (10_000, 32), (100_000, 32))
def gather_rows(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    return lambda x, i: x[i], (normal(*shape), integers(shape[0], shape[0]))


@program("gather, gradient", *LENGTHS)
def gather_gradient(np: Any, lib: Any, n: int) -> Made:
    return lib.grad(lambda x, i: np.sum(x[i] ** 2)), (normal(n), integers(n, n))


@program("scatter-add", *LENGTHS)
def scatter_add(np: Any, lib: Any, n: int) -> Made:
    return lambda x, i: np.zeros(1_000).at[i].add(x), (normal(n), integers(1_000, n))


@program("segment sum of rows", (100, 8), (10_000, 16), (100_000, 16))
def segment_sum(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    segments = 50

    def f(x: Any, i: Any) -> Any:
        totals = np.zeros((segments, x.shape[1])).at[i].add(x)
        return totals / np.maximum(np.zeros(segments).at[i].add(1.0), 1.0)[:, None]

    return f, (normal(*shape), integers(segments, shape[0]))


@program("searchsorted", *LENGTHS)
def searchsorted(np: Any, lib: Any, n: int) -> Made:
    knots = sorted(uniform(100, seed=1))
    return lambda x: np.searchsorted(np.array(knots), x), (uniform(n),)


@program("interpolation", *LENGTHS)
def interpolation(np: Any, lib: Any, n: int) -> Made:
    knots = uniform(100, seed=1)
    knots.sort()
    return np.interp, (uniform(n), knots, normal(100))


@program("neighbours in a bubble sort", 10, 50, 200)
def bubble_sort(np: Any, lib: Any, n: int) -> Made:
    def swap(i: Any, x: Any) -> Any:
        a, b = x[i], x[i + 1]
        return x.at[i].set(np.minimum(a, b)).at[i + 1].set(np.maximum(a, b))

    def f(x: Any) -> Any:
        return lib.lax.fori_loop(0, n, lambda _, x: lib.lax.fori_loop(0, n - 1, swap, x), x)

    return f, (normal(n),)
