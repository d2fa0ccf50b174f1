"""What eager operations, derivatives and tracing cost, beside JAX and autograd.

    python benchmarks/eager.py [--rounds 200] [--output eager.json]

Operations are given in units of one NumPy addition of two arrays of 8 doubles, timed in the same
rounds; derivatives and tracing in microseconds. The least times are shown: they are what the code
costs when nothing else runs. Before it is timed, minijax has taken up the native way of operations,
which it does by itself after some thousands of them, and every call has been made some hundred
times, as native code for what it does is made when it comes again and again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import libraries
from benchmarks.libraries import Library

Call = Callable[[], Any]

_SAMPLE = 3e-4  # seconds: short enough to pass between two turns of other processes
_LENGTHS = (100, 1_000, 10_000)
_OFTEN = 300  # calls before a call is timed


def least_time(call: Call, rounds: int) -> float:
    """Returns the least time of a call in seconds."""
    for _ in range(_OFTEN):
        call()
    start = time.perf_counter()
    call()
    repeats = max(1, int(_SAMPLE / max(time.perf_counter() - start, 1e-7)))
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        best = min(best, (time.perf_counter() - start) / repeats)
    return best


def least_own_time(call: Call, rounds: int) -> float:
    """Returns the least processor time of a call that takes too long to be left alone."""
    best = float("inf")
    for _ in range(rounds):
        start = time.thread_time()
        call()
        best = min(best, time.thread_time() - start)
    return best


# -- operations


def operations(lib: Library) -> dict[str, Call]:
    """Returns eager operations on arrays of 8 doubles."""
    jnp, x = lib.np, lib.arrays(np.arange(8.0) / 8 + 0.5)
    y = x + 1.0
    c = x < y
    return {
        "x + y": lambda: x + y,
        "x * 2.0": lambda: x * 2.0,
        "x < y": lambda: x < y,
        "-x": lambda: -x,
        "sin(x)": lambda: jnp.sin(x),
        "add(x, y)": lambda: jnp.add(x, y),
        "maximum(x, 0.0)": lambda: jnp.maximum(x, 0.0),
        "x[3]": lambda: x[3],
        "x[1:]": lambda: x[1:],
        "x**2": lambda: x**2,
        "sum(x)": lambda: jnp.sum(x),
        "where(c, x, y)": lambda: jnp.where(c, x, y),
        "x.reshape(2, 4)": lambda: x.reshape(2, 4),
        "x @ y": lambda: x @ y,
    }


def print_operations(found: list[Library], rounds: int) -> dict[str, dict[str, float]]:
    """Times the operations, in units."""
    x = np.arange(8.0)
    table: dict[str, dict[str, float]] = {}
    print(f"{'in units of one NumPy addition':<34}" + "".join(f"{lib.name:>12}" for lib in found))
    for name in operations(found[0]):
        row = {}
        for lib in found:
            call = operations(lib)[name]
            row[lib.name] = least_time(call, rounds) / least_time(lambda: x + x, rounds)
        table[name] = row
        print(f"{name:<34}" + "".join(f"{cost:>12.2f}" for cost in row.values()), flush=True)
    return table


# -- derivatives


def ten_operations(jnp: Any) -> Callable[[Any], Any]:
    """Returns a function of ten operations from an array to a number."""

    def f(x: Any) -> Any:
        y = jnp.sin(x)
        y = y * x
        y = jnp.exp(y)
        y = y + 2.0
        y = jnp.log(y)
        y = y * 3.0
        y = jnp.tanh(y)
        y = y - x
        y = y * y
        return jnp.sum(y)

    return f


def derivatives(lib: Library) -> dict[str, Call]:
    """Returns derivatives of the function of ten operations, at once and not compiled."""
    f, x = ten_operations(lib.np), lib.arrays(np.arange(8.0) / 8 + 0.5)
    rows = lib.arrays(np.stack([np.arange(8.0) / 8 + k for k in range(3)]))
    gradient, mapped = lib.module.grad(f), lib.module.vmap(f)
    return {
        "the function": lambda: f(x),
        "grad": lambda: gradient(x),
        "jvp": lambda: lib.module.jvp(f, (x,), (x,)),
        "vmap over 3 rows": lambda: mapped(rows),
    }


def autograd_gradient() -> Call | None:
    """Returns autograd's gradient of the function of ten operations, None if it is missing."""
    try:
        autograd = importlib.import_module("autograd")
        anp = importlib.import_module("autograd.numpy")
    except ImportError:
        return None
    gradient, x = autograd.grad(ten_operations(anp)), np.arange(8.0) / 8 + 0.5
    return lambda: gradient(x)


def print_derivatives(found: list[Library], rounds: int) -> dict[str, dict[str, float]]:
    """Times the derivatives, in microseconds."""
    table: dict[str, dict[str, float]] = {}
    print(f"\n{'ten operations, microseconds':<34}" + "".join(f"{lib.name:>12}" for lib in found))
    for name in derivatives(found[0]):
        row = {lib.name: 1e6 * least_time(derivatives(lib)[name], rounds) for lib in found}
        table[name] = row
        print(f"{name:<34}" + "".join(f"{cost:>12.1f}" for cost in row.values()), flush=True)
    call = autograd_gradient()
    if call is not None:
        table["grad"]["autograd"] = 1e6 * least_time(call, rounds)
        print(f"{'grad by autograd':<34}{table['grad']['autograd']:>12.1f}", flush=True)
    return table


# -- tracing


def chain(jnp: Any, x: Any, length: int) -> Callable[[Any], Any]:
    """Returns a function of many operations."""
    steps: tuple[Callable[[Any], Any], ...] = (
        jnp.sin,
        lambda y: y * x,
        jnp.exp,
        lambda y: y + 2.0,
        lambda y: y * y,
        jnp.tanh,
        lambda y: y - 1.0,
        lambda y: y / 3.0,
        jnp.cos,
        lambda y: jnp.maximum(y, 0.5),
    )

    def f(y: Any) -> Any:
        for k in range(length):
            y = steps[k % len(steps)](y)
        return jnp.sum(y)

    return f


def print_tracing(lib: Library) -> dict[str, dict[str, float]]:
    """Times minijax's tracing of programs of several lengths, in microseconds an equation."""
    table: dict[str, dict[str, float]] = {}
    x = lib.arrays(np.arange(8.0) / 8 + 0.5)
    print(f"\n{'microseconds an operation, by length':<34}" + "".join(f"{n:>12}" for n in _LENGTHS))
    for name in ("make_jaxpr", "make_jaxpr(grad)", "grad"):
        row = {}
        for length in _LENGTHS:
            f = chain(lib.np, x, length)
            gradient = lib.module.grad(f)
            call = {
                "make_jaxpr": lambda f=f: lib.module.make_jaxpr(f)(x),
                "make_jaxpr(grad)": lambda f=gradient: lib.module.make_jaxpr(f)(x),
                "grad": lambda f=gradient: f(x),
            }[name]
            call()
            row[str(length)] = 1e6 * least_own_time(call, 3 + 1_000 // length) / length
        table[name] = row
        print(f"{name:<34}" + "".join(f"{cost:>12.1f}" for cost in row.values()), flush=True)
    return table


def main() -> None:
    """Prints the tables; saves them if asked to."""
    parser = argparse.ArgumentParser(description="Cost of eager operations and of tracing.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    libraries.pin_to_one_core()
    found = libraries.load_all()
    importlib.import_module("minijax.core.quick").start()
    tables = {
        "operations": print_operations(found, options.rounds),
        "derivatives": print_derivatives(found, options.rounds),
        "tracing": print_tracing(found[0]),
    }
    if options.output:
        options.output.write_text(json.dumps(tables, indent=1) + "\n")


if __name__ == "__main__":
    main()
