"""What a call costs, in units of one NumPy addition of two arrays of 8 doubles, beside JAX.

    python benchmarks/calls.py [--rounds 31] [--output calls.json] [--only dict] [--peers]

The work inside is next to nothing, so what is timed is the way in and out: finding the compiled
code, checking and flattening arguments, making results. Operations that are not compiled are timed
in the native way, which a program takes up by itself after some hundreds or thousands of them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import libraries, measure
from benchmarks.calls_beside_numba import print_peers, print_threads, usable_cores, use_cores
from benchmarks.libraries import Library
from benchmarks.measure import Call
from benchmarks.programs.optimisation import rosenbrock


def one_array(lib: Library) -> Call:
    f, x = lib.module.jit(lambda x: x + 1.0), lib.arrays(np.arange(8.0))
    return lambda: f(x)


def one_numpy_array(lib: Library) -> Call:
    f, x = lib.module.jit(lambda x: x + 1.0), np.arange(8.0)
    return lambda: f(x)


def python_scalar(lib: Library) -> Call:
    f = lib.module.jit(lambda x: x + 1.0)
    return lambda: f(2.0)


def list_of_ten(lib: Library) -> Call:
    f = lib.module.jit(lambda xs: [x + 1.0 for x in xs])
    xs = lib.arrays([np.arange(8.0) + k for k in range(10)])
    return lambda: f(xs)


def fifty_leaves(lib: Library) -> Call:
    f = lib.module.jit(lambda tree: {name: x + 1.0 for name, x in tree.items()})
    tree = lib.arrays({f"p{k}": np.arange(8.0) + k for k in range(50)})
    return lambda: f(tree)


def fifty_numpy_leaves(lib: Library) -> Call:
    f = lib.module.jit(lambda tree: {name: x + 1.0 for name, x in tree.items()})
    tree = {f"p{k}": np.arange(8.0) + k for k in range(50)}
    return lambda: f(tree)


def static_argument(lib: Library) -> Call:
    f = lib.module.jit(lambda x, n: x * n, static_argnums=1)
    x = lib.arrays(np.arange(8.0))
    return lambda: f(x, 3)


def list_of_ten_numpy_arrays(lib: Library) -> Call:
    f = lib.module.jit(lambda xs: [x + 1.0 for x in xs])
    xs = [np.arange(8.0) + k for k in range(10)]
    return lambda: f(xs)


def fifty_nested_leaves(lib: Library) -> Call:
    f = lib.module.jit(lambda tree: lib.module.tree_util.tree_map(lambda x: x + 1.0, tree))
    layer = {"weight": np.arange(8.0), "bias": np.arange(4.0), "scale": [np.ones(8), np.ones(8)]}
    tree = lib.arrays({f"layer{k}": {**layer, "state": (np.ones(8),)} for k in range(10)})
    return lambda: f(tree)


def compiled_ahead(lib: Library) -> Call:
    x = lib.arrays(np.arange(8.0))
    f = lib.module.jit(lambda x: x + 1.0).lower(x).compile()
    return lambda: f(x)


def compiled_gradient(lib: Library) -> Call:
    f = lib.module.jit(lib.module.value_and_grad(lambda x: rosenbrock(lib.np, x)))
    x = lib.arrays(np.linspace(-1.0, 1.0, 10))
    return lambda: f(x)


def eager_add(lib: Library) -> Call:
    x = lib.arrays(np.arange(8.0))
    return lambda: x + x


def eager_function(lib: Library) -> Call:
    x = lib.arrays(np.arange(8.0))
    return lambda: lib.np.sin(x)


def eager_sum(lib: Library) -> Call:
    x = lib.arrays(np.arange(8.0))
    return lambda: lib.np.sum(x)


def eager_item(lib: Library) -> Call:
    x = lib.arrays(np.arange(8.0))
    return lambda: x[3]


def eager_gradient(lib: Library) -> Call:
    f = lib.module.grad(lambda x: rosenbrock(lib.np, x))
    x = lib.arrays(np.linspace(-1.0, 1.0, 10))
    return lambda: f(x)


CALLS: dict[str, Callable[[Library], Call]] = {
    "jit, one array": one_array,
    "jit, one NumPy array": one_numpy_array,
    "jit, a Python number": python_scalar,
    "jit, static argument": static_argument,
    "compiled ahead, one array": compiled_ahead,
    "jit, list of 10 arrays": list_of_ten,
    "jit, list of 10 NumPy arrays": list_of_ten_numpy_arrays,
    "jit, dict of 50 arrays": fifty_leaves,
    "jit, dict of 50 NumPy arrays": fifty_numpy_leaves,
    "jit, 50 arrays in nested dicts": fifty_nested_leaves,
    "jit(value_and_grad), Rosenbrock 10": compiled_gradient,
    "eager x + x": eager_add,
    "eager sin": eager_function,
    "eager sum": eager_sum,
    "eager x[3]": eager_item,
    "eager grad, Rosenbrock 10": eager_gradient,
}


def measure_call(
    found: list[Library], make: Callable[[Library], Call], rounds: int, budget: float = 1.0
) -> dict[str, float]:
    """Returns the cost of a call in units, by library; the unit is timed in the same rounds."""
    unit, x = found[0], np.arange(8.0)
    calls: list[tuple[Library, Call]] = [(unit, lambda: x + x)]
    calls += [(lib, make(lib)) for lib in found]
    for lib, call in calls:
        lib.module.block_until_ready(call())
    _, times = measure.summarise(measure.alternate(calls, rounds, budget))
    return {lib.name: float(t / times[0]) for lib, t in zip(found, times[1:], strict=True)}


def main() -> None:
    """Prints the table; saves it if asked to."""
    parser = argparse.ArgumentParser(description="Cost of calls.")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--only", default="", help="the rows with this in their name")
    parser.add_argument("--peers", action="store_true", help="beside Numba, and in threads, too")
    options = parser.parse_args()
    cores = usable_cores()
    libraries.pin_to_one_core()
    found = libraries.load_all()
    importlib.import_module("minijax.core.quick").start()
    print(f"{'in units of one NumPy addition':<36}" + "".join(f"{lib.name:>12}" for lib in found))
    table = {}
    for name, make in CALLS.items():
        if options.only not in name:
            continue
        row = table[name] = measure_call(found, make, options.rounds)
        print(f"{name:<36}" + "".join(f"{cost:>12.2f}" for cost in row.values()), flush=True)
    if options.peers:
        print_peers(found[0], options.rounds)
        use_cores(cores)
        print_threads(found[0], len(cores))
    if options.output:
        options.output.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
