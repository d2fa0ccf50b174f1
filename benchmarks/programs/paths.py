"""Shortest paths and other work over graphs."""

from __future__ import annotations

from typing import Any

from benchmarks.data import integers, uniform
from benchmarks.registry import Made, program

NODES = (16, 64, 256)


@program("all-pairs shortest paths", *NODES)
def floyd_warshall(np: Any, lib: Any, n: int) -> Made:
    def body(k: Any, d: Any) -> Any:
        return np.minimum(d, d[:, k][:, None] + d[k][None, :])

    return lambda d: lib.lax.fori_loop(0, n, body, d), (uniform(n, n, high=10.0),)


@program("shortest paths by min-plus squaring", 16, 64, 128)
def min_plus(np: Any, lib: Any, n: int) -> Made:
    def square(_: Any, d: Any) -> Any:
        return np.minimum(d, np.min(d[:, :, None] + d[None, :, :], axis=1))

    return lambda d: lib.lax.fori_loop(0, 4, square, d), (uniform(n, n, high=10.0),)


@program("Bellman–Ford over edges", (16, 64), (100, 1_000), (1_000, 10_000))
def bellman_ford(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    nodes, edges = size

    def f(source: Any, target: Any, weight: Any) -> Any:
        def relax(_: Any, d: Any) -> Any:
            return d.at[target].min(d[source] + weight)

        start = np.full(nodes, 1e9).at[0].set(0.0)
        return lib.lax.fori_loop(0, 20, relax, start)

    return f, (integers(nodes, edges), integers(nodes, edges, seed=1), uniform(edges))


@program("PageRank, 50 steps", (16, 64), (1_000, 5_000), (10_000, 50_000))
def page_rank(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    nodes, edges = size

    def f(source: Any, target: Any) -> Any:
        degree = np.maximum(np.zeros(nodes).at[source].add(1.0), 1.0)

        def step(rank: Any, _: Any) -> Any:
            flow = np.zeros(nodes).at[target].add((rank / degree)[source])
            return 0.85 * flow + 0.15 / nodes, None

        return lib.lax.scan(step, np.full(nodes, 1.0 / nodes), None, length=50)[0]

    return f, (integers(nodes, edges), integers(nodes, edges, seed=1))


@program("longest common path in a grid", 16, 64, 200)
def grid_path(np: Any, lib: Any, n: int) -> Made:
    def f(gains: Any) -> Any:
        def row(best: Any, gain: Any) -> Any:
            def cell(left: Any, entry: Any) -> Any:
                above, g = entry
                here = np.maximum(left, above) + g
                return here, here

            return lib.lax.scan(cell, -1e9, (best, gain))[1], None

        start = np.full(n, -1e9).at[0].set(0.0)
        return lib.lax.scan(row, start, gains)[0][-1]

    return lib.value_and_grad(f), (uniform(n, n),)


@program("message passing on a graph, grad", (16, 64), (100, 1_000), (1_000, 10_000))
def message_passing(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    nodes, edges = size

    def loss(w: Any, h: Any, source: Any, target: Any) -> Any:
        for layer in range(2):
            messages = np.tanh(h[source] @ w[layer])
            h = h + np.zeros_like(h).at[target].add(messages)
        return np.mean(h**2)

    weights, h = uniform(2, 16, 16, low=-0.3, high=0.3), uniform(nodes, 16)
    arguments = weights, h, integers(nodes, edges), integers(nodes, edges, seed=1)
    return lib.value_and_grad(loss), arguments
