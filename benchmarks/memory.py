"""The memory that programs need for themselves and for their results, beside JAX.

    python benchmarks/memory.py [family …] [--sizes small,medium,large] [--programs text]

Ours is what `lower(...).memory()` says, JAX's what `memory_analysis()` of a compiled program says:
temporary memory and outputs, in kilobytes. Nothing is run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import libraries
from benchmarks.libraries import Library
from benchmarks.programs import PROGRAMS
from benchmarks.registry import SIZES, Program, size_label

_MOST = 1.02  # a ratio above is marked


def _lowered(lib: Library, program: Program, size: Any) -> Any:
    function, arguments = program.make(lib.np, lib.module, size)
    return lib.module.jit(function).lower(*lib.arrays(arguments))


def ours(lib: Library, program: Program, size: Any) -> tuple[int, int]:
    """Returns the bytes of working memory and of results."""
    found = _lowered(lib, program, size).memory()
    return found["arena"], found["outputs"]


def theirs(lib: Library, program: Program, size: Any) -> tuple[int, int]:
    """Returns the bytes of temporary memory and of results."""
    found = _lowered(lib, program, size).compile().memory_analysis()
    return found.temp_size_in_bytes, found.output_size_in_bytes


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Compare memory with JAX.")
    parser.add_argument("families", nargs="*", metavar="family")
    parser.add_argument("--sizes", default="medium", help="some of small,medium,large")
    parser.add_argument("--programs", default="", help="only programs with this text in the name")
    options = parser.parse_args()
    mine, *peers = libraries.load_all()
    ratios = []
    print(f"{'program':44}{'size':>16}" + "".join(f"{x:>12}" for x in _HEAD))
    for program in PROGRAMS:
        chosen = not options.families or program.family in options.families
        if not chosen or options.programs not in program.name:
            continue
        for name in options.sizes.split(","):
            size = program.sizes[SIZES.index(name)]
            columns = [*ours(mine, program, size)]
            for peer in peers:
                columns += theirs(peer, program, size)
            ratio = sum(columns[:2]) / max(sum(columns[2:]), 1) if peers else 0.0
            ratios.append(ratio)
            shown = "".join(f"{x / 1e3:12.1f}" for x in columns)
            mark = " <" if ratio > _MOST else ""
            label = f"{program.family}: {program.name}"
            print(f"{label:44}{size_label(size):>16}{shown}{ratio:12.2f}{mark}", flush=True)
    if peers and ratios:
        print(f"median ratio {statistics.median(ratios):.2f}, largest {max(ratios):.2f}")


_HEAD = ("working", "results", "JAX temp", "JAX results", "ratio")

if __name__ == "__main__":
    main()
