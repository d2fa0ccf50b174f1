"""Programs on one thread and on several, beside JAX on one and on all processors.

    python benchmarks/threads.py [--threads 2] [--rounds 9] [--programs text] [--python]

Rounds alternate between the columns, and each column is the shortest time. Results on one and on
several threads must be the same to the bit. JAX's number of threads is that of its process, so JAX
on one thread is asked in a process of its own. The caller's share is the processor time of the
thread that calls, over that of all: one half where two share a program, however busy the machine
is. `--python` shows calls from threads of Python.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"

import numpy as np

import minijax as mj
from benchmarks.python_threads import print_python_threads

Program = Callable[[ModuleType, ModuleType], Callable[..., Any]]


def numbers(*shape: int) -> np.ndarray:
    """Returns random numbers, the same every time."""
    return np.random.default_rng(0).standard_normal(shape)


def elementwise(_: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """exp(-x²) sin(x)."""
    return lambda x: jnp.exp(-x * x) * jnp.sin(x)


def light(_: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """2 x + 1: bound by memory."""
    return lambda x: 2 * x + 1


def total(_: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """Σ sin(x)²."""
    return lambda x: jnp.sum(jnp.sin(x) ** 2)


def columns(_: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """Sums of columns."""
    return lambda x: jnp.sum(x, axis=0)


def softmax(lib: ModuleType, _: ModuleType) -> Callable[..., Any]:
    """Softmax of rows."""
    return lambda x: lib.nn.softmax(x, axis=-1)


def softmax_gradient(lib: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """The gradient of a function of a softmax."""
    return lib.grad(lambda x: jnp.sum(lib.nn.softmax(x, axis=-1) ** 2))


def heat(lib: ModuleType, _: ModuleType) -> Callable[..., Any]:
    """Ten steps of the heat equation."""

    def step(_: Any, u: Any) -> Any:
        inner = u[1:-1, :-2] + u[1:-1, 2:] + u[:-2, 1:-1] + u[2:, 1:-1] - 4 * u[1:-1, 1:-1]
        return u.at[1:-1, 1:-1].add(0.1 * inner)

    return lambda u: lib.lax.fori_loop(0, 10, step, u)


def cholesky(_: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """Cholesky factors of a batch of matrices."""
    return jnp.linalg.cholesky


def solve(_: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """Solutions of a batch of linear systems."""
    return lambda a: jnp.linalg.solve(a, a[..., :1])


def product(_: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """One matrix product."""
    return lambda x: x @ x


def convolution(lib: ModuleType, _: ModuleType) -> Callable[..., Any]:
    """A convolution of images."""
    return lambda x, k: lib.lax.conv(x, k, (1, 1), "SAME")


def iterations(lib: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """Newton's iteration for each of many numbers, until it has converged."""

    def root(a: Any) -> Any:
        first = (a, a + 1.0)
        go_on = lambda s: jnp.abs(s[0] - s[1]) > 1e-12 * s[0]  # noqa: E731 - two short steps
        return lib.lax.while_loop(go_on, lambda s: (0.5 * (s[0] + a / s[0]), s[0]), first)[0]

    return lib.vmap(root)


def mandelbrot(lib: ModuleType, jnp: ModuleType) -> Callable[..., Any]:
    """For each point the steps until it escapes, by a loop of its own."""

    def steps(c: Any) -> Any:
        go_on = lambda s: (s[0] < 200) & (s[1] * s[1] + s[2] * s[2] < 4)  # noqa: E731
        step = lambda s: (s[0] + 1, s[1] * s[1] - s[2] * s[2] + c[0], 2 * s[1] * s[2] + c[1])  # noqa: E731
        return lib.lax.while_loop(go_on, step, (0, 0.0 * c[0], 0.0 * c[0]))[0]

    return lib.vmap(steps)


def _plane(n: int) -> np.ndarray:
    return np.stack(np.meshgrid(np.linspace(-2, 1, n), np.linspace(-1.5, 1.5, n)), -1).reshape(
        -1, 2
    )


def _spd(count: int, n: int) -> np.ndarray:
    x = numbers(count, n, n)
    return x @ x.swapaxes(1, 2) + n * np.eye(n)


PROGRAMS: dict[str, tuple[Program, tuple[np.ndarray, ...]]] = {
    "elementwise 1e7": (elementwise, (numbers(10_000_000),)),
    "2 x + 1, 1e7": (light, (numbers(10_000_000),)),
    "sum 1e7": (total, (numbers(10_000_000),)),
    "columns 10000 x 1000": (columns, (numbers(10_000, 1000),)),
    "softmax 4000 x 1000": (softmax, (numbers(4000, 1000),)),
    "softmax gradient 4000 x 1000": (softmax_gradient, (numbers(4000, 1000),)),
    "heat 2000 x 2000, 10 steps": (heat, (numbers(2000, 2000),)),
    "cholesky 20000 of 16 x 16": (cholesky, (_spd(20_000, 16),)),
    "cholesky 200000 of 4 x 4": (cholesky, (_spd(200_000, 4),)),
    "solve 2000 of 40 x 40": (solve, (_spd(2000, 40),)),
    "matmul 1024": (product, (numbers(1024, 1024),)),
    "conv 16 x 16 x 64 x 64, 3 x 3": (
        convolution,
        (numbers(16, 16, 64, 64), numbers(32, 16, 3, 3)),
    ),
    "mandelbrot 500 x 500": (mandelbrot, (_plane(500),)),
    "while, 1e6 lanes": (iterations, (np.abs(numbers(1_000_000)) + 0.1,)),
}


def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _share(call: Callable[[], Any]) -> float:
    """Returns the part of the processor time of a call that its own thread spends."""
    own, whole = time.thread_time(), time.process_time()
    call()
    return (time.thread_time() - own) / max(time.process_time() - whole, 1e-9)


class _Alone:
    """JAX on one thread, in a process that runs and times what it is asked for."""

    def __init__(self) -> None:
        one = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        if hasattr(os, "sched_getaffinity"):
            # The pool has a thread for each processor that the process may use.
            first = min(os.sched_getaffinity(0))
            pin = f"import os; os.sched_setaffinity(0, {{{first}}}); "
        else:
            pin = ""
        code = f"{pin}from benchmarks.threads import answer; answer()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, "XLA_FLAGS": one},
        )

    def seconds(self, name: str) -> float:
        """Returns how long a run of a program takes there."""
        assert self._process.stdin is not None, "the process reads from a pipe"
        assert self._process.stdout is not None, "the process writes to a pipe"
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def end(self) -> None:
        """Ends the process."""
        self._process.communicate()


def answer() -> None:
    """Reads names of programs and prints the seconds that JAX takes for each."""
    known: dict[str, Callable[[], Any]] = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        if name not in known:
            known[name] = _peer(*PROGRAMS[name])
            known[name]()
        print(_timed(known[name]), flush=True)


def _peer(make: Program, args: tuple[np.ndarray, ...]) -> Callable[[], Any]:
    import jax

    peer = jax.jit(make(jax, jax.numpy))
    arrays = [jax.numpy.asarray(x) for x in args]
    return lambda: jax.block_until_ready(peer(*arrays))


def _calls(make: Program, args: tuple[np.ndarray, ...], threads: int) -> list[Callable[[], Any]]:
    """Returns calls on one thread, on several, and of JAX if it is there."""
    found: list[Callable[[], Any]] = []
    results = []
    for count in (1, threads):
        function = mj.jit(make(mj, mj.numpy), threads=count)
        given = [mj.numpy.asarray(x) for x in args]
        results.append(np.asarray(function(*given)))
        found.append(lambda function=function, given=given: function(*given))  # type: ignore[misc]
    assert np.array_equal(*results), "results depend on the number of threads"
    if importlib.util.find_spec("jax") is not None:
        found.append(_peer(make, args))
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--programs", default="", help="only programs with this text in the name")
    parser.add_argument("--python", action="store_true", help="calls from threads of Python")
    options = parser.parse_args()
    if options.python:
        print_python_threads(options.rounds)
        return
    print_programs(options.threads, options.rounds, options.programs)


def print_programs(threads: int, rounds: int, wanted: str) -> None:
    """Prints times of programs on one thread and on several."""
    alone = _Alone() if importlib.util.find_spec("jax") is not None else None
    several = f"{threads} threads"
    head = ("1 thread", several, "speed-up", "caller's share", "JAX, 1", "JAX", "speed-up")
    print(f"{'milliseconds':32}" + "".join(f"{x:>15}" for x in head))
    for name, (make, args) in PROGRAMS.items():
        if wanted not in name:
            continue
        calls = _calls(make, args, threads)
        for call in calls:
            call()
        times, shares = [], []
        for _ in range(rounds):
            shares.append(_share(calls[1]))
            row = [_timed(call) for call in calls]
            times.append([*row[:2], alone.seconds(name), *row[2:]] if alone else row)
        best = [min(column) for column in zip(*times, strict=True)]
        pairs = [best[k : k + 2] for k in range(0, len(best), 2)]
        shown = [f"{1e3 * a:15.2f}{1e3 * b:15.2f}{a / b:15.2f}" for a, b in pairs]
        shown.insert(1, f"{np.median(shares):15.2f}")
        print(f"{name:32}" + "".join(shown), flush=True)
    if alone:
        alone.end()


if __name__ == "__main__":
    main()
