"""How cost grows: gradients of loops with their length, compile time with the program's length.

    python benchmarks/growth.py [--peer] [--rounds 7] [--cpu] [--output growth.json]

A gradient should cost a fixed number of runs of the function, whatever the length of the loop. An
exponent is the slope of a line through (log length, log time): 1 is linear growth. Programs are
compiled once each; `--cpu` counts the processor time of that, which other work on the machine
lengthens less.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import libraries, measure
from benchmarks.data import normal, uniform
from benchmarks.libraries import Library
from benchmarks.programs import binning, loops

LENGTHS = (1_000, 10_000, 100_000)
PEER_LENGTHS = (1_000, 3_000, 10_000)  # some gradients of the peer are quadratic
EQUATIONS = (100, 300, 1_000, 3_000, 10_000)
PEER_EQUATIONS = (100, 300, 1_000)

Shape = Callable[[Library, int], tuple[Callable[..., Any], tuple[Any, ...]]]


def tridiagonal(lib: Library, n: int) -> Any:
    rows = 0.3 * normal(n), 3.0 + uniform(n), 0.3 * normal(n, seed=1), normal(n, seed=2)
    return lambda *r: lib.np.sum(loops.tridiagonal(lib.np, lib.module, *r) ** 2), rows


def history(lib: Library, n: int) -> Any:
    return lambda x: lib.np.sum(loops.history(lib.np, lib.module, x) ** 2), (normal(n),)


def polynomial(lib: Library, n: int) -> Any:
    return lambda c, x: loops.horner(lib.np, lib.module, c, x), (normal(n), np.array(0.999))


def table_lookup(lib: Library, n: int) -> Any:
    return lambda t, x: loops.lookup(lib.np, lib.module, t, x), (normal(256), uniform(n))


def histogram(lib: Library, n: int) -> Any:
    def loss(weights: Any, x: Any) -> Any:
        return lib.np.sum(binning.by_loop(lib.np, lib.module, x, weights, 64) ** 2)

    return loss, (uniform(n), uniform(n, seed=1))


def cumulative_product(lib: Library, n: int) -> Any:
    x = 1.0 + 1e-3 * normal(n)
    return lambda x: lib.np.mean(loops.running_product(lib.np, lib.module, x)), (x,)


SHAPES: dict[str, Shape] = {
    "tridiagonal solve": tridiagonal,
    "recurrence with history": history,
    "polynomial": polynomial,
    "table lookup": table_lookup,
    "histogram": histogram,
    "cumulative product": cumulative_product,
}


def exponent(lengths: tuple[int, ...], times: list[float]) -> float:
    """Returns the slope of a line through the logarithms of lengths and times."""
    return float(np.polyfit(np.log(lengths), np.log(times), 1)[0])


def loop_times(
    lib: Library, shape: Shape, lengths: tuple[int, ...], rounds: int, budget: float = 1.0
) -> tuple[list[float], list[float]]:
    """Returns the times of a function and of its value and gradient, by length."""
    values, gradients = [], []
    for n in lengths:
        loss, arguments = shape(lib, n)
        arguments = lib.arrays(arguments)
        compiled = [lib.module.jit(loss), lib.module.jit(lib.module.value_and_grad(loss))]
        calls = [(lib, functools.partial(f, *arguments)) for f in compiled]
        for _, call in calls:
            lib.module.block_until_ready(call())
        _, times = measure.summarise(measure.alternate(calls, rounds, budget))
        values.append(float(times[0]))
        gradients.append(float(times[1]))
    return values, gradients


def compile_times(
    lib: Library, lengths: tuple[int, ...], clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Returns the time of the first call of a scalar program, by its number of equations."""

    def program(x: Any, n: int) -> Any:
        y = x
        for k in range(n // 2):
            y = lib.np.sin(y) if k % 8 == 0 else y * x
            y = y + x
        return y

    times = []
    for n in lengths:
        compiled, x = lib.module.jit(lambda x, n=n: program(x, n)), lib.arrays(np.array(0.5))
        start = clock()
        lib.module.block_until_ready(compiled(x))
        times.append(clock() - start)
    return times


def main() -> None:
    """Prints the two tables; saves them if asked to."""
    parser = argparse.ArgumentParser(description="Growth of run and compile time.")
    parser.add_argument("--peer", action="store_true", help="JAX too, at smaller lengths")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu", action="store_true", help="compile time in processor time")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    libraries.pin_to_one_core()
    found = libraries.load_all()[: 2 if options.peer else 1]
    measure.warm_up(found)
    clock = time.process_time if options.cpu else time.perf_counter
    record = {lib.name: _tables(lib, lib is not found[0], options.rounds, clock) for lib in found}
    if options.output:
        options.output.write_text(json.dumps(record, indent=1) + "\n")


def _tables(lib: Library, peer: bool, rounds: int, clock: Callable[[], float]) -> dict[str, Any]:
    lengths = PEER_LENGTHS if peer else LENGTHS
    columns = "".join(f"{f'n={n}':>10}" for n in lengths)
    print(f"\n{lib.name}: T(value and gradient) / T(value)")
    print(f"{'':<26}{columns}{'exponent f':>14}{'exponent grad':>16}")
    record: dict[str, Any] = {}
    for name, shape in SHAPES.items():
        values, gradients = loop_times(lib, shape, lengths, rounds)
        record[name] = {"lengths": lengths, "values": values, "gradients": gradients}
        ratios = "".join(f"{g / v:>10.2f}" for g, v in zip(gradients, values, strict=True))
        slopes = exponent(lengths, values), exponent(lengths, gradients)
        print(f"{name:<26}{ratios}{slopes[0]:>14.2f}{slopes[1]:>16.2f}", flush=True)
    equations = PEER_EQUATIONS if peer else EQUATIONS
    times = compile_times(lib, equations, clock)
    record["compile"] = {"equations": equations, "times": times}
    print(f"{lib.name}: first call, by number of equations")
    for n, seconds in zip(equations, times, strict=True):
        print(f"{n:>10}{seconds * 1e3:>12.1f} ms")
    print(f"{'exponent':>10}{exponent(equations, times):>12.2f}", flush=True)
    return record


if __name__ == "__main__":
    main()
