"""Jitted functions handed to SciPy and called in a loop, beside gradients written by hand in Numba;
and calls from several threads.

    python benchmarks/calls.py --peers
"""

from __future__ import annotations

import hashlib
import importlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.libraries import Library
from benchmarks.measure import Call
from benchmarks.programs.optimisation import rosenbrock

_SCALAR_CALLS = 1000


def _by_hand(x: np.ndarray) -> tuple[float, np.ndarray]:
    n = x.shape[0]
    value, gradient = 0.0, np.zeros(n)
    for i in range(n - 1):
        bend, flat = x[i + 1] - x[i] * x[i], 1.0 - x[i]
        value += 100.0 * bend * bend + flat * flat
        gradient[i] += -400.0 * x[i] * bend - 2.0 * flat
        gradient[i + 1] += 200.0 * bend
    return value, gradient


def _numba_rosenbrock() -> Callable[[np.ndarray], Any] | None:
    try:
        numba = importlib.import_module("numba")
    except ImportError:
        return None
    compiled: Callable[[np.ndarray], Any] = numba.njit(fastmath=True)(_by_hand)
    return compiled


def _ours(lib: Library) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = lib.module.jit(
        lib.module.value_and_grad(lambda x: rosenbrock(lib.np, x))
    )
    return found


def lbfgsb(function: Callable[[Any], Any]) -> Call:
    """Minimises Rosenbrock's function of ten variables."""
    minimize = importlib.import_module("scipy.optimize").minimize
    start = np.full(10, -0.5)
    return lambda: minimize(function, start, jac=True, method="L-BFGS-B")


def repeated(function: Callable[[Any], Any], n: int) -> Call:
    """Calls a function of a vector as a solver does, with an array of NumPy."""
    x = np.linspace(-1.0, 1.0, n)
    return lambda: function(x)


def scalar_gradients(lib: Library) -> Call:
    """Calls a gradient of one number a thousand times from a loop in Python."""
    gradient = lib.module.jit(lib.module.grad(lambda x: lib.np.sin(x) * x * x))

    def run() -> None:
        x = 0.5
        for _ in range(_SCALAR_CALLS):
            gradient(x)

    return run


def rows(lib: Library) -> dict[str, Sequence[Call | None]]:
    """Returns pairs of a program and the same one with a gradient in Numba."""
    ours, theirs = _ours(lib), _numba_rosenbrock()
    found: dict[str, Sequence[Call | None]] = {
        "L-BFGS-B, Rosenbrock 10": (lbfgsb(ours), theirs and lbfgsb(theirs)),
        f"{_SCALAR_CALLS} scalar gradients": (scalar_gradients(lib), None),
    }
    for n in (10, 100, 1000):
        pair = repeated(ours, n), theirs and repeated(theirs, n)
        found[f"value and gradient, Rosenbrock {n}"] = pair
    return found


def print_peers(lib: Library, rounds: int) -> None:
    """Prints times in microseconds, and the ratio of ours to Numba's."""
    print(f"\n{'in microseconds':<36}{lib.name:>12}{'numba':>12}{'ratio':>12}")
    for name, (ours, theirs) in rows(lib).items():
        pair: list[Any] = [call for call in (ours, theirs) if call is not None]
        for call in pair:
            for _ in range(3):
                call()
        _, times = measure.summarise(measure.alternate([(lib, call) for call in pair], rounds, 1.0))
        shown = "".join(f"{1e6 * t:>12.2f}" for t in times)
        ratio = f"{times[0] / times[1]:>12.2f}" if len(times) == 2 else ""
        print(f"{name:<36}{shown}{ratio}", flush=True)


def throughput(call: Callable[[], Any], threads: int, seconds: float = 0.5) -> float:
    """Returns how many calls a second so many threads make together."""
    counts, end = [0] * threads, time.perf_counter() + seconds

    def work(number: int) -> None:
        while time.perf_counter() < end:
            call()
            counts[number] += 1

    started = [threading.Thread(target=work, args=(k,)) for k in range(threads)]
    start = time.perf_counter()
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return sum(counts) / (time.perf_counter() - start)


def print_threads(lib: Library, cores: int) -> None:
    """Prints the throughput of calls from several threads, over that from one.

    Digests, during which CPython lets other threads run too, tell what the machine has to give.
    """
    loop = lib.module.jit(
        lambda x: lib.module.lax.fori_loop(0, 3000, lambda i, y: lib.np.sin(y) + x, x), threads=1
    )
    x, data = lib.np.arange(8.0), bytes(1 << 18)
    for _ in range(3):
        loop(x)
    works = {"a compiled loop": lambda: loop(x), "a digest": lambda: hashlib.sha256(data)}
    print(f"\n{'in threads':<36}{'calls/s':>12}{'gain':>12}")
    for name, work in works.items():
        alone = max(throughput(work, 1) for _ in range(3))
        for count in sorted({2, cores}):
            together = max(throughput(work, count) for _ in range(3))
            label = f"{name}, {count} threads"
            print(f"{label:<36}{together:>12.0f}{together / alone:>12.2f}", flush=True)


def usable_cores() -> set[int]:
    """Returns the cores that this process may run on."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(1))


def use_cores(cores: set[int]) -> None:
    """Lets this process run on the given cores again."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
