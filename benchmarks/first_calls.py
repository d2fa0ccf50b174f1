"""First calls: trace, compile and run, beside JAX, and once more from the cache on disk.

    python benchmarks/first_calls.py [family …] [--sizes small] [--builds 3] [--cpu] [--stages]

Every program is built anew some times; the least time counts, because what a library prepares once
in a process is not the program's cost. The last column builds it again with a cache on disk that
has it: only tracing, a key, reading and linking are left. `--cpu` counts the time of the processor,
which other work on the machine does not lengthen; `--stages` shows where minijax's time goes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import libraries, measure
from benchmarks.libraries import Library
from benchmarks.programs import PROGRAMS
from benchmarks.registry import SIZES, Program, size_label

Clock = Callable[[], float]


def build(lib: Library, program: Program, size: Any, clock: Clock) -> tuple[float, Any]:
    """Returns the time of the first call of a program built anew, and the jitted function."""
    function, arguments = program.make(lib.np, lib.module, size)
    # A function of the library itself would be known from the build before.
    compiled = lib.module.jit(lambda *operands: function(*operands))
    arguments = lib.arrays(arguments)
    lib.module.block_until_ready(arguments)
    start = clock()
    lib.module.block_until_ready(compiled(*arguments))
    return clock() - start, compiled


def least(lib: Library, program: Program, size: Any, clock: Clock, builds: int) -> float:
    """Returns the least time of some builds."""
    return min(build(lib, program, size, clock)[0] for _ in range(builds))


def from_disk(own: Library, program: Program, size: Any, clock: Clock, builds: int) -> float:
    """Returns the least time of builds whose code is in a cache on disk."""
    config = own.module.config
    with tempfile.TemporaryDirectory() as folder:
        config.update("cache", True)
        config.update("cache_dir", folder)
        try:
            return min(build(own, program, size, clock)[0] for _ in range(builds + 1))
        finally:
            config.update("cache", False)
            config.update("cache_dir", None)


def _stages(own: Library, program: Program, size: Any, clock: Clock) -> str:
    _, compiled = build(own, program, size, clock)
    found = compiled.explain().compilations
    return ", ".join(f"{name} {1e3 * t:.1f}" for name, t in found[0].stages.items())


def _row(found: list[Library], program: Program, size: Any, clock: Clock, builds: int) -> Any:
    own = found[0]
    peers = [least(lib, program, size, clock, builds) for lib in found[1:]]
    times = [least(own, program, size, clock, builds), *peers]
    return [*times, from_disk(own, program, size, clock, builds)]


def main() -> None:
    """Prints the table and the geometric means."""
    parser = argparse.ArgumentParser(description="Times of first calls.")
    parser.add_argument("families", nargs="*")
    parser.add_argument("--sizes", default="small")
    parser.add_argument("--builds", type=int, default=3)
    parser.add_argument("--programs", default="", help="only programs with this text in the name")
    parser.add_argument("--cpu", action="store_true", help="processor time in place of wall time")
    parser.add_argument("--stages", action="store_true", help="minijax's time by stage")
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    libraries.pin_to_one_core()
    found = libraries.load_all()
    measure.warm_up(found)
    names = [*(lib.name for lib in found), "from disk"]
    print(f"{'milliseconds':<58}" + "".join(f"{name:>11}" for name in names) + f"{'ratio':>8}")
    rows = []
    for program in PROGRAMS:
        chosen = not options.families or program.family in options.families
        if not chosen or options.programs not in program.name:
            continue
        for label in options.sizes.split(","):
            size = program.sizes[SIZES.index(label)]
            rows.append(_row(found, program, size, clock, options.builds))
            title = f"{program.family} {program.name} {size_label(size)}"
            _print_row(title, rows[-1])
            if options.stages:
                print(f"    {_stages(found[0], program, size, clock)}", flush=True)
    _print_row("geometric mean", np.exp(np.mean(np.log(rows), axis=0)))


def _print_row(title: str, row: Any) -> None:
    ratio = f"{row[1] / row[0]:>8.2f}" if len(row) == 3 else ""
    print(f"{title[:57]:<58}" + "".join(f"{1e3 * t:>11.2f}" for t in row) + ratio, flush=True)


if __name__ == "__main__":
    main()
