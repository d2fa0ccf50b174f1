"""Compiled functions of `minijax.numpy` beside NumPy's, on one thread of one core.

    python benchmarks/against_numpy.py [family …] [--sizes 1e3,1e5,1e7] [--dtypes float64,float32]
                                       [--functions sort] [--quick] [--output table.json]
                                       [--plot ratios.png]

Each function runs on NumPy arrays of so many elements and, compiled, on arrays of minijax. Rounds
of the two alternate; the least processor time of this thread counts. A ratio is NumPy's time over
that of minijax: above 1 minijax is faster. Rows below 0.95 (sorts: 0.83) are slow, and are measured
once more, for longer, before they are called so. Results are compared; what differs is told.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import libraries  # isort: skip  (sets what NumPy reads when it is imported)

import numpy as np

import minijax as mj
from benchmarks.measure import disagreement
from benchmarks.numpy_functions import ENTRIES, Entry

_SAMPLE = 4e-4  # seconds: short calls are repeated until a sample lasts so long
_SLOW, _SLOW_SORT = 1 / 1.05, 1 / 1.2
_TOLERANCE = {"float64": 1e-9, "float32": 2e-3}

Timed = Callable[[], Any]

# Of this thread: what others do on the machine meanwhile does not count.
_clock = time.thread_time


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """What was found out about one function at one size; times in seconds."""

    family: str
    function: str
    dtype: str
    size: int
    numpy: float
    minijax: float
    remark: str = ""

    @property
    def ratio(self) -> float:
        """NumPy's time over minijax's."""
        return self.numpy / self.minijax

    @property
    def is_slow(self) -> bool:
        """Whether NumPy is faster by more than what the bar allows."""
        return self.ratio < (_SLOW_SORT if self.family == "sorting" else _SLOW)


def _repeats(call: Timed) -> int:
    call()
    start = _clock()
    call()
    return max(1, int(_SAMPLE / max(_clock() - start, 1e-7)))


def least_times(calls: Sequence[Timed], rounds: int, budget: float) -> list[float]:
    """Returns the least time of each call, measured in rounds that alternate."""
    repeats = [_repeats(call) for call in calls]
    least = [math.inf] * len(calls)
    end = time.perf_counter() + budget
    for done in range(rounds):
        for k in list(range(len(calls)))[:: -1 if done % 2 else 1]:
            call, count = calls[k], repeats[k]
            start = _clock()
            for _ in range(count):
                call()
            least[k] = min(least[k], (_clock() - start) / count)
        if done >= 2 and time.perf_counter() > end:
            break
    return least


def _calls(entry: Entry, arrays: Sequence[np.ndarray]) -> tuple[Timed, Timed]:
    own = [mj.numpy.asarray(x) for x in arrays]
    compiled = mj.jit(lambda *xs: entry.call(mj.numpy, *xs))

    def numpy_call() -> Any:
        found = entry.call(np, *arrays)
        if not entry.is_view:
            return found
        return [x.copy() for x in found] if isinstance(found, list | tuple) else found.copy()

    return numpy_call, lambda: compiled(*own)


def measure(entry: Entry, size: int, dtype: str, rounds: int, budget: float) -> Row:
    """Measures a function on operands of a size."""
    where = (entry.family, entry.name, dtype, size)
    arrays = entry.make(np.random.default_rng(0), size, dtype)
    with np.errstate(all="ignore"):
        numpy_call, own_call = _calls(entry, arrays)
        try:
            wanted, found = _leaves(numpy_call()), _leaves(own_call())
        except Exception as error:
            text = " ".join(str(error).split())[:120]
            return Row(*where, math.nan, math.nan, f"{type(error).__name__}: {text}")
        differs = "" if entry.is_free else _difference(wanted, found, dtype)
        row = Row(*where, *least_times((numpy_call, own_call), rounds, budget), differs)
        if row.is_slow:
            again = least_times((numpy_call, own_call), 5 * rounds, 5 * budget)
            best = [min(x, y) for x, y in zip(again, (row.numpy, row.minijax), strict=True)]
            row = dataclasses.replace(row, numpy=best[0], minijax=best[1])
    return row


def _leaves(tree: Any) -> list[np.ndarray]:
    if isinstance(tree, list | tuple):
        return [leaf for branch in tree for leaf in _leaves(branch)]
    return [np.asarray(tree)]


def _difference(wanted: list[np.ndarray], found: list[np.ndarray], dtype: str) -> str:
    # Which dtype an integer or a float32 leads to is told elsewhere; vectors have free signs.
    same = [x.astype(y.dtype) for x, y in zip(wanted, found, strict=False)]
    return disagreement(same, found, _TOLERANCE[dtype]) and "differs"


def line(row: Row) -> str:
    """Returns the line of a row."""
    times = f"{row.numpy * 1e6:>12.2f}{row.minijax * 1e6:>12.2f}{row.ratio:>9.2f}"
    mark = " slow" if row.is_slow else ""
    name = f"{row.family:<15}{row.function:<26}{row.dtype:<9}{row.size:>9.0e}"
    return f"{name}{times}{mark} {row.remark}".rstrip()


def summary(rows: Iterable[Row]) -> str:
    """Returns a line for each family, and one for all."""
    families: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.ratio > 0:
            families[row.family].append(row)
            families["all"].append(row)
    lines = [f"\n{'family':<15}{'rows':>6}{'slow':>6}{'mean ratio':>12}{'least':>8}"]
    for family in sorted(families, key=lambda name: (name == "all", name)):
        ratios = [row.ratio for row in families[family]]
        mean = math.exp(statistics.fmean(map(math.log, ratios)))
        slow = sum(row.is_slow for row in families[family])
        lines.append(f"{family:<15}{len(ratios):>6}{slow:>6}{mean:>12.2f}{min(ratios):>8.2f}")
    return "\n".join(lines)


def plot(path: Path, rows: Sequence[Row]) -> None:
    """Saves the ratios as points, a row of them for each family."""
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    families = sorted({row.family for row in rows})
    figure, axes = plt.subplots(figsize=(9, 0.5 * len(families) + 1.5), layout="constrained")
    spread = np.random.default_rng(0)
    for size in sorted({row.size for row in rows}):
        chosen = [row for row in rows if row.size == size and row.ratio > 0]
        places = [families.index(row.family) + spread.uniform(-0.3, 0.3) for row in chosen]
        axes.scatter([row.ratio for row in chosen], places, s=6, label=f"{size:.0e}")
    axes.set_xscale("log")
    axes.axvline(1.0, color="black", lw=0.8)
    axes.set_yticks(range(len(families)), families)
    axes.invert_yaxis()
    axes.set_xlabel("time of NumPy / time of minijax (right of 1: minijax is faster)")
    axes.legend(title="elements")
    figure.savefig(path, dpi=120)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    families = list(dict.fromkeys(entry.family for entry in ENTRIES))
    parser = argparse.ArgumentParser(description="Compare functions with NumPy's.")
    parser.add_argument("families", nargs="*", metavar="family", help=", ".join(families))
    parser.add_argument("--sizes", default="1e3,1e5", help="numbers of elements")
    parser.add_argument("--dtypes", default="float64,float32")
    parser.add_argument("--functions", default="", help="a part of their names")
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, rough figures")
    parser.add_argument("--all", action="store_true", help="print every row, not only slow ones")
    parser.add_argument("--output", type=Path, help="where to save the rows as JSON")
    parser.add_argument("--plot", type=Path, help="where to save a picture of the ratios")
    options = parser.parse_args(arguments)
    if unknown := set(options.families) - set(families):
        parser.error(f"no family {', '.join(sorted(unknown))}; there are {', '.join(families)}")
    return options


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measures the chosen functions, prints, saves and returns the rows."""
    options = _options(arguments)
    libraries.pin_to_one_core()
    mj.config.update("num_threads", 1)
    rounds, budget = (3, 0.01) if options.quick else (15, 0.1)
    title = f"{'family':<15}{'function':<26}{'dtype':<9}{'size':>9}"
    print(f"{title}{'NumPy µs':>12}{'minijax µs':>12}{'ratio':>9}")
    rows: list[Row] = []
    for entry in ENTRIES:
        if options.families and entry.family not in options.families:
            continue
        if options.functions not in entry.name:
            continue
        for dtype in options.dtypes.split(","):
            for size in map(int, map(float, options.sizes.split(","))):
                if size > entry.largest or dtype not in entry.dtypes:
                    continue
                rows.append(measure(entry, size, dtype, rounds, budget))
                if options.all or rows[-1].is_slow or rows[-1].remark:
                    print(line(rows[-1]), flush=True)
                if options.output:
                    options.output.write_text(json.dumps(list(map(dataclasses.asdict, rows))))
    print(summary(rows))
    if options.plot:
        plot(options.plot, rows)
    return rows


if __name__ == "__main__":
    main()
