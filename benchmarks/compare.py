"""minijax beside JAX on programs written once for both, in one process, on one core.

    python benchmarks/compare.py [family …] [--sizes small,medium,large] [--rounds 15]
                                 [--output table.json] [--plot ratios.png]

Each program is built afresh and called once (trace, compile, run); the results of the libraries
must agree; then rounds alternate between them. docs/benchmarks.md says how to read the table.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import libraries, measure, report
from benchmarks.programs import PROGRAMS
from benchmarks.registry import SIZES, Program


def _options(arguments: list[str] | None) -> argparse.Namespace:
    families = sorted({program.family for program in PROGRAMS})
    parser = argparse.ArgumentParser(description="Compare with JAX.")
    parser.add_argument("families", nargs="*", metavar="family", help=", ".join(families))
    parser.add_argument("--sizes", default=",".join(SIZES), help="some of small,medium,large")
    parser.add_argument("--programs", default="", help="only programs with this text in the name")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--budget", type=float, default=1.0, help="seconds of rounds a row")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for a first call")
    parser.add_argument("--output", type=Path, help="where to save the rows as JSON")
    parser.add_argument("--plot", type=Path, help="where to save a picture of the ratios")
    options = parser.parse_args(arguments)
    if unknown := set(options.families) - set(families):
        parser.error(f"no family {', '.join(sorted(unknown))}; there are {', '.join(families)}")
    if unknown := set(options.sizes.split(",")) - set(SIZES):
        parser.error(f"no size {', '.join(sorted(unknown))}; there are {', '.join(SIZES)}")
    return options


def _chosen(options: argparse.Namespace) -> list[tuple[Program, int]]:
    indices = [SIZES.index(size) for size in options.sizes.split(",")]
    return [
        (program, index)
        for program in PROGRAMS
        if not options.families or program.family in options.families
        if options.programs in program.name
        for index in indices
    ]


def main(arguments: list[str] | None = None) -> list[measure.Row]:
    """Runs the chosen programs; prints, saves and returns the rows."""
    options = _options(arguments)
    faulthandler.enable()
    libraries.pin_to_one_core()
    found = libraries.load_all()
    peer = len(found) == 2
    measure.warm_up(found)
    print(report.header(peer))
    rows: list[measure.Row] = []
    for program, index in _chosen(options):
        rows.append(
            measure.measure(found, program, index, options.rounds, options.budget, options.limit)
        )
        print(report.line(rows[-1], peer), flush=True)
        if options.output:
            report.save(options.output, rows)
    if peer:
        print(report.summary(rows))
        if options.plot:
            report.plot(options.plot, rows)
    return rows


if __name__ == "__main__":
    main()
