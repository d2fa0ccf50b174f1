"""Compiled functions called by one thread of Python and by two at once.

    python benchmarks/threads.py --python

The last columns are the time that two threads take to make as many calls *each* as one thread makes
alone, over the time that one takes: 1 where they do not hinder each other, 2 where only one runs at
a time. Digests, during which CPython lets other threads run, tell what the machine has to give.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import threading
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

import minijax as mj

Call = Callable[[], Any]
_SECONDS = 0.004


def _loop(lib: ModuleType) -> tuple[Callable[..., Any], Any]:
    """A recurrence: no memory but registers."""
    sine = lib.numpy.sin
    return lambda x: lib.lax.fori_loop(0, 1000, lambda i, y: sine(y) + x, x), np.arange(8.0)


def _elementwise(lib: ModuleType) -> tuple[Callable[..., Any], Any]:
    """exp(-x²) sin(x) of many numbers, into fresh memory."""
    x = np.linspace(-3, 3, 50_000)
    return lambda x: lib.numpy.exp(-x * x) * lib.numpy.sin(x), x


def _gradient(lib: ModuleType) -> tuple[Callable[..., Any], Any]:
    """The gradient of a small perceptron: products by BLAS, and an arena."""
    x, w = np.ones((64, 64)) / 50, np.ones((64, 64)) / 70
    loss = lambda w: lib.numpy.sum(lib.numpy.tanh(lib.numpy.tanh(x @ w) @ w) ** 2)  # noqa: E731
    return lib.grad(loss), w


def _small(lib: ModuleType) -> tuple[Callable[..., Any], Any]:
    """A sum of squares: too short to let go of the interpreter's lock."""
    return lambda x: lib.numpy.sum(x * x), np.arange(8.0)


WORKS: dict[str, Sequence[Callable[[ModuleType], tuple[Callable[..., Any], Any]]]] = {
    "the same recurrence": (_loop, _loop),
    "the same elementwise function": (_elementwise, _elementwise),
    "the same gradient": (_gradient, _gradient),
    "a recurrence, a gradient": (_loop, _gradient),
    "a recurrence, an elementwise function": (_loop, _elementwise),
    "the same small function": (_small, _small),
}


def _calls(lib: ModuleType, works: Sequence[Any], **options: Any) -> list[Call]:
    """Returns a call for each thread; the same function is compiled once."""
    made: dict[Any, Call] = {}
    for work in works:
        function, x = work(lib)
        compiled, argument = lib.jit(function, **options), lib.numpy.asarray(x)
        made.setdefault(work, lambda f=compiled, x=argument: lib.block_until_ready(f(x)))
    for call in made.values():
        for _ in range(3):
            call()
    return [made[work] for work in works]


def _repeats(call: Call) -> int:
    """Returns how many calls fill a sample."""
    start = time.perf_counter()
    for _ in range(10):
        call()
    return max(1, int(_SECONDS / max((time.perf_counter() - start) / 10, 1e-7)))


def together(calls: Sequence[Call], repeats: Sequence[int]) -> float:
    """Returns the seconds that threads take which start together, one for each call."""
    ready = threading.Barrier(len(calls) + 1)

    def work(call: Call, count: int) -> None:
        ready.wait()
        for _ in range(count):
            call()

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(calls, repeats, strict=True)
    ]
    for thread in threads:
        thread.start()
    ready.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def measured(calls: Sequence[Call], rounds: int) -> tuple[float, float]:
    """Returns the least microseconds of a call alone, and what two threads take over one.

    Samples of either thread alone and of both alternate. Different calls are made so often that
    they take as long as each other.
    """
    repeats = [_repeats(call) for call in calls]
    times = np.array(
        [
            [
                *(together([c], [n]) for c, n in zip(calls, repeats, strict=True)),
                together(calls, repeats),
            ]
            for _ in range(rounds)
        ]
    ).min(axis=0)
    return 1e6 * float(times[0]) / repeats[0], float(times[-1] / times[:-1].max())


def print_python_threads(rounds: int) -> None:
    """Prints the table, JAX beside if it is there."""
    libraries: list[tuple[ModuleType, dict[str, Any]]] = [(mj, {"threads": 1})]
    if importlib.util.find_spec("jax") is not None:
        libraries.append((importlib.import_module("jax"), {}))
    heads = "".join(f"{lib.__name__ + ', µs':>14}{'2 over 1':>10}" for lib, _ in libraries)
    print(f"{'two threads of Python':40}{heads}")
    data = bytes(1 << 17)
    digest = measured([lambda: hashlib.sha256(data)] * 2, rounds)
    print(f"{'a digest':40}{digest[0]:>14.1f}{digest[1]:>10.2f}", flush=True)
    for name, works in WORKS.items():
        rows = [measured(_calls(lib, works, **options), rounds) for lib, options in libraries]
        print(f"{name:40}" + "".join(f"{t:>14.1f}{r:>10.2f}" for t, r in rows), flush=True)
