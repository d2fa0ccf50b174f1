"""A first table: minijax beside NumPy, and beside JAX where it is installed, in one process.

    python benchmarks/basics.py [--rounds 21] [--output basics.png]

A ratio is the median time of the other library over that of minijax on the same inputs: above 1
minijax is faster. Rounds of the libraries alternate. NumPy has no gradients. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

# Read by jax when it is imported.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "true")

import matplotlib.pyplot as plt
import numpy as np

import minijax as mj

LAYERS = (64, 128, 128, 10)
NUM_STEPS = 10_000

Call = Callable[[], Any]


class Library(NamedTuple):
    """A library under test; NumPy has no transformations. `done` waits for a result."""

    name: str
    np: Any
    jit: Any
    value_and_grad: Any = None
    scan: Any = None
    done: Callable[[Any], Any] = id


def libraries() -> list[Library]:
    """Returns minijax, NumPy, and JAX if it is installed."""
    found = [
        Library("minijax", mj.numpy, mj.jit, mj.value_and_grad, mj.lax.scan),
        Library("NumPy", np, lambda f: f),
    ]
    if importlib.util.find_spec("jax") is not None:
        import jax

        rest = jax.value_and_grad, jax.lax.scan, jax.block_until_ready
        found.append(Library("JAX", jax.numpy, jax.jit, *rest))
    return found


# -- the programs; each returns a call without arguments, or None where a library has no such thing


def call_overhead(lib: Library) -> Call:
    f, x = lib.jit(lambda x: x + 1.0), lib.np.asarray(1.0)
    return lambda: f(x)


def elementwise(lib: Library) -> Call:
    f = lib.jit(lambda x: lib.np.sin(x) ** 2 + lib.np.exp(-x) * 0.5)
    x = lib.np.linspace(0.0, 1.0, 1_000_000)
    return lambda: f(x)


def reduction(lib: Library) -> Call:
    x = lib.np.asarray(np.random.default_rng(0).random((1000, 1000)))
    f = lib.jit(lambda x: lib.np.sum(x * x, axis=1))
    return lambda: f(x)


def matmul(lib: Library) -> Call:
    f, a = lib.jit(lambda a, b: a @ b), lib.np.asarray(np.random.default_rng(0).random((512, 512)))
    return lambda: f(a, a)


def mlp_gradient(lib: Library) -> Call | None:
    if lib.value_and_grad is None:
        return None
    rng = np.random.default_rng(0)
    shapes = itertools.pairwise(LAYERS)
    weights = [lib.np.asarray(rng.normal(size=shape) / shape[0] ** 0.5) for shape in shapes]
    x = lib.np.asarray(rng.normal(size=(64, LAYERS[0])))

    def loss(weights: list[Any], x: Any) -> Any:
        for w in weights:
            x = lib.np.tanh(x @ w)
        return lib.np.mean(x**2)

    f = lib.jit(lib.value_and_grad(loss))
    return lambda: f(weights, x)


def lorenz_end(lib: Library) -> Callable[[Any], Any]:
    def step(state: Any, _: Any = None) -> tuple[Any, None]:
        x, y, z = state
        velocity = (10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z)
        return tuple(s + 1e-3 * v for s, v in zip(state, velocity, strict=True)), None

    def final(start: Any) -> Any:
        state = (start, start, start)
        if lib.scan is not None:
            return lib.scan(step, state, None, length=NUM_STEPS)[0][0]
        for _ in range(NUM_STEPS):
            state = step(state)[0]
        return state[0]

    return final


def lorenz(lib: Library) -> Call:
    f, start = lib.jit(lorenz_end(lib)), lib.np.asarray(1.0)
    return lambda: f(start)


def lorenz_gradient(lib: Library) -> Call | None:
    if lib.value_and_grad is None:
        return None
    f, start = lib.jit(lib.value_and_grad(lorenz_end(lib))), lib.np.asarray(1.0)
    return lambda: f(start)


PROGRAMS = {
    "call of a compiled function": call_overhead,
    "elementwise, 10⁶": elementwise,
    "sum of squares, 1000 × 1000": reduction,
    "matmul, 512 × 512": matmul,
    "value_and_grad of an MLP": mlp_gradient,
    "Lorenz, 10⁴ steps": lorenz,
    "Lorenz, 10⁴ steps, value_and_grad": lorenz_gradient,
}


def medians(calls: dict[str, tuple[Library, Call]], rounds: int) -> dict[str, float]:
    """Returns the median time of a call, in seconds, by library; short calls are repeated."""

    def seconds(name: str, repeats: int) -> float:
        lib, call = calls[name]
        start = time.perf_counter()
        for _ in range(repeats):
            lib.done(call())
        return (time.perf_counter() - start) / repeats

    # The first call compiles, the second says how many fit into two milliseconds.
    repeats = {name: max(1, int(2e-3 / min(seconds(name, 1), seconds(name, 1)))) for name in calls}
    times = [{name: seconds(name, repeats[name]) for name in calls} for _ in range(rounds)]
    return {name: statistics.median(row[name] for row in times) for name in calls}


def plot(path: str, table: dict[str, dict[str, float]], peers: list[str]) -> None:
    """Saves the ratios as bars on a logarithmic scale."""
    plt.switch_backend("Agg")
    figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    height = 0.8 / len(peers)
    for k, peer in enumerate(peers):
        ratios = {y: t[peer] / t["minijax"] for y, t in enumerate(table.values()) if peer in t}
        places = [y + (k - (len(peers) - 1) / 2) * height for y in ratios]
        bars = axes.barh(places, [x - 1 for x in ratios.values()], height, left=1, label=peer)
        axes.bar_label(bars, [f"{x:.2g}" for x in ratios.values()], padding=3, fontsize=8)
    axes.set_xscale("log")
    axes.axvline(1.0, color="black", lw=0.8)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(table)), list(table))
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel("time of the other library / time of minijax (right of 1: minijax is faster)")
    axes.legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Runs every program in every library, prints the table, saves the picture."""
    parser = argparse.ArgumentParser(description="Compare with NumPy and JAX.")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--output", default="basics.png")
    options, found = parser.parse_args(), libraries()
    peers = [lib.name for lib in found[1:]]
    print(f"{'':<36}{'minijax':>12}" + "".join(f"{f'{peer} /':>10}" for peer in peers))
    table = {}
    for label, program in PROGRAMS.items():
        made = {lib.name: (lib, program(lib)) for lib in found}
        calls = {name: (lib, call) for name, (lib, call) in made.items() if call is not None}
        row = table[label] = medians(calls, options.rounds)
        cells = [f"{row[p] / row['minijax']:>10.2f}" if p in row else f"{'':>10}" for p in peers]
        print(f"{label:<36}{row['minijax'] * 1e6:>9.1f} µs" + "".join(cells), flush=True)
    plot(options.output, table, peers)
    print(f"saved {options.output}")


if __name__ == "__main__":
    main()
