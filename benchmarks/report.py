"""Prints rows of measurements, their geometric means and worst cases; saves them and draws them."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
import statistics
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.measure import Row

_WORST = 10


def geometric_mean(ratios: Iterable[float]) -> float:
    """Returns the geometric mean of positive numbers; NaN of none."""
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(statistics.fmean(logarithms)) if logarithms else math.nan


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, scale in (("s ", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _ratio(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"


def header(peer: bool) -> str:
    """Returns the first line of the table."""
    names = ["minijax", "JAX", "ratio"] if peer else ["minijax"]
    columns = [f"first {name}" for name in names] + [f"run {name}" for name in names]
    return f"{'family':<13}{'program':<34}{'size':>12}" + "".join(f"{c:>14}" for c in columns)


def line(row: Row, peer: bool) -> str:
    """Returns the line of a row, and a second one where something failed or differed."""
    names = ["minijax", "jax"] if peer else ["minijax"]
    cells = []
    for times in (row.first, row.steady):
        cells += [_time(times.get(name)) for name in names]
        cells += [_ratio(row.ratio(times))] if peer else []
    text = f"{row.family:<13}{row.program:<34}{row.size:>12}" + "".join(f"{c:>14}" for c in cells)
    text += " min" if row.statistic == "min" else ""
    for name, failure in row.failures.items():
        text += f"\n{'':<13}{name} fails: {failure}"
    if row.disagreement:
        text += f"\n{'':<13}results differ: {row.disagreement}"
    return text


def summary(rows: list[Row]) -> str:
    """Returns geometric means of the ratios by family and over all, and the worst ten rows."""
    lines = ["", "geometric means of JAX / minijax" + f"{'first call':>28}{'steady':>12}"]
    for family in dict.fromkeys(row.family for row in rows):
        lines.append(_means(family, [row for row in rows if row.family == family]))
    lines += [_means("all", rows), "", f"the worst {_WORST}, steady"]
    known = [row for row in rows if row.ratio(row.steady) is not None]
    known.sort(key=lambda row: row.ratio(row.steady) or 0.0)
    lines += [line(row, peer=True) for row in known[:_WORST]]
    failed = sum("minijax" in row.failures for row in rows)
    differ = sum(bool(row.disagreement) for row in rows)
    lines.append(f"\n{len(rows)} rows; minijax fails in {failed}, results differ in {differ}.")
    lines.append("Ratios above 1: minijax is faster. Times are medians over the rounds; the mark")
    lines.append("min: the middle half of the rounds spread over more than 20%, minima are shown.")
    return "\n".join(lines)


def _means(label: str, rows: list[Row]) -> str:
    cells = []
    for times in ("first", "steady"):
        ratios = [row.ratio(getattr(row, times)) for row in rows]
        cells.append(geometric_mean(r for r in ratios if r is not None))
    return f"  {label:<30}{cells[0]:>28.2f}{cells[1]:>12.2f}"


def save(path: Path, rows: list[Row]) -> None:
    """Writes rows and what they were measured with as JSON."""
    record: dict[str, Any] = {"machine": platform.machine(), "python": platform.python_version()}
    for name in ("numpy", "llvmlite", "jax"):
        try:
            record[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            record[name] = None
    record["rows"] = [dataclasses.asdict(row) for row in rows]
    path.write_text(json.dumps(record, indent=1) + "\n")


def plot(path: Path, rows: list[Row]) -> None:
    """Saves a picture: each family a line, each row a point, each family's mean a bar."""
    plt.switch_backend("Agg")
    families = list(dict.fromkeys(row.family for row in rows))
    figure, panels = plt.subplots(
        1, 2, figsize=(12, 0.32 * len(families) + 1.6), sharey=True, layout="constrained"
    )
    for axes, times, title in zip(
        panels, ("first", "steady"), ("first call", "steady run"), strict=True
    ):
        for y, family in enumerate(families):
            found = [row.ratio(getattr(row, times)) for row in rows if row.family == family]
            ratios = np.array([ratio for ratio in found if ratio is not None])
            axes.scatter(ratios, np.full(len(ratios), y), s=14, alpha=0.5, color="tab:blue")
            axes.scatter([geometric_mean(ratios)], [y], marker="|", s=160, color="black")
        axes.axvline(1.0, color="black", lw=0.8)
        axes.set_xscale("log")
        axes.set_xlabel(f"{title}: time of JAX / time of minijax (right of 1: minijax is faster)")
    panels[0].set_yticks(range(len(families)), families)
    panels[0].invert_yaxis()
    figure.savefig(path, dpi=120)
    plt.close(figure)
