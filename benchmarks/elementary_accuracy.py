"""The compiled elementary functions: worst errors, and times beside NumPy's.

    python benchmarks/elementary_accuracy.py [function …] [--points 500]

An error is in ulps of the true result, over binades, singular points, multiples of π/2 and usual
arguments (`tests.compiler.elementary`). A time is nanoseconds of this thread per element, on 4096
elements in the cache, the best of many runs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from minijax.compiler.engine import host
from minijax.compiler.vector_math import library
from minijax.compiler.vector_math.arrays import loop, on_arrays
from tests.compiler import elementary

LENGTH = 4096
REPEATS = 5
TYPES = {"f64": ("double", np.float64), "f32": ("float", np.float32)}
NUMPY_NAMES = {
    **{"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "pow": "power"},
    **{"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"},
}


def nanoseconds(call: Callable[[], object]) -> float:
    """Returns the time of a call per element."""
    best = float("inf")
    for _ in range(40):
        start = time.thread_time_ns()
        for _ in range(REPEATS):
            call()
        best = min(best, time.thread_time_ns() - start)
    return best / (REPEATS * LENGTH)


def usual_operands(name: str, dtype: type[np.floating]) -> list[np.ndarray]:
    """Returns operands within the domain, in memory that a loop may run over."""
    rng = np.random.default_rng(0)
    low, high = (1.01, 4.0) if name == "acosh" else (0.05, 0.95)
    count = 2 if name in elementary.BINARY else 1
    return [rng.uniform(low, high, LENGTH).astype(dtype) for _ in range(count)]


def own_time(name: str, short: str) -> float:
    """Returns the time of our function."""
    ty, dtype = TYPES[short]
    points = usual_operands(name, dtype)
    out = np.empty(LENGTH, dtype)
    lanes = max(host().vector_bytes // out.itemsize, 1)
    run = loop(name, ty, lanes, len(points))
    places = [x.ctypes.data for x in (out, *points)]
    return nanoseconds(lambda: run(LENGTH // lanes, *places))


def numpy_time(name: str, short: str) -> float | None:
    """Returns the time of NumPy's function; None if there is none."""
    function = getattr(np, NUMPY_NAMES.get(name, name), None)
    if function is None:
        return None
    dtype = TYPES[short][1]
    points, out = usual_operands(name, dtype), np.empty(LENGTH, dtype)
    return nanoseconds(lambda: function(*points, out=out))


def worst_error(name: str, short: str, count: int) -> float:
    """Returns the largest error in ulps."""
    points = elementary.operands(name, TYPES[short][1], count)
    return float(elementary.errors(name, on_arrays(name, 8)(*points), points).max())


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Errors and times of elementary functions.")
    parser.add_argument("functions", nargs="*", metavar="function")
    parser.add_argument("--points", type=int, default=500, help="places to try: 8 times as many")
    options = parser.parse_args(arguments)
    print(f"{'function':10} {'type':5} {'worst ulp':>10} {'ns':>7} {'NumPy ns':>9}")
    for name in options.functions or library.FUNCTIONS:
        for short in TYPES:
            error = worst_error(name, short, options.points)
            other = numpy_time(name, short)
            shown = "-" if other is None else f"{other:.2f}"
            print(f"{name:10} {short:5} {error:10.3f} {own_time(name, short):7.2f} {shown:>9}")


if __name__ == "__main__":
    main()
