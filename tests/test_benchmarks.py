"""The benchmark suite: programs of every family run and agree, tables and pictures are made.

What is timed here means nothing; the suite measures when it is run by itself.
"""

import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import against_numpy, calls, eager, growth, imports, libraries, measure, report
from benchmarks.numpy_functions import ENTRIES, Entry
from benchmarks.programs import PROGRAMS
from benchmarks.registry import Program, size_label

ROOT = Path(__file__).parents[1]
FAMILIES = sorted({program.family for program in PROGRAMS})


@pytest.fixture(scope="module")
def found() -> list[libraries.Library]:
    return libraries.load_all()


def results(lib: libraries.Library, program: Program) -> list[Any]:
    """Runs a program at its smallest size and returns the leaves of its result."""
    _, result, _ = measure.first_call(lib, program, program.sizes[0])
    return lib.leaves(result)


def assert_agree(found: list[libraries.Library], program: Program) -> None:
    values = [results(lib, program) for lib in found]
    assert values[0]
    for other in values[1:]:
        assert not measure.disagreement(other, values[0], program.tolerance), program.name


@pytest.mark.parametrize("family", FAMILIES)
def test_family_agrees(found: list[libraries.Library], family: str) -> None:
    assert_agree(found, next(program for program in PROGRAMS if program.family == family))


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.family}: {p.name}")
def test_program_agrees(found: list[libraries.Library], program: Program) -> None:
    assert_agree(found, program)


def test_programs_are_named_once_and_grow() -> None:
    names = [(program.family, program.name) for program in PROGRAMS]
    assert len(set(names)) == len(names) > 150
    assert len(FAMILIES) >= 20
    for program in PROGRAMS:
        assert len({size_label(size) for size in program.sizes}) == 3, program.name


@pytest.mark.parametrize(
    ("expected", "found", "text"),
    [
        ([np.ones(2)], [np.ones(2)], ""),
        ([np.array([1.0, np.nan])], [np.array([1.0, np.nan])], ""),
        ([np.array([1e9, 0.0])], [np.array([1e9, 1e-3])], ""),
        ([np.ones(2)], [], "0 results instead of 1"),
        ([np.ones(2)], [np.ones(2, np.float32)], "float32(2,) instead of float64(2,)"),
        ([np.ones(2)], [np.ones((2, 1))], "float64(2, 1) instead of float64(2,)"),
        ([np.ones(2)], [np.array([1.0, 1.001])], "Not equal to tolerance"),
        ([np.arange(2)], [np.array([0, 2])], "Not equal to tolerance"),
    ],
)
def test_disagreement(expected: list[Any], found: list[Any], text: str) -> None:
    said = measure.disagreement(expected, found, 1e-9)
    assert said.startswith(text)
    assert bool(said) == bool(text)


def test_a_failure_is_a_line_of_the_table(found: list[libraries.Library]) -> None:
    def make(np: Any, lib: Any, n: int) -> Any:
        if lib is found[0].module:
            raise ValueError("no such thing")
        return np.sin, (1.0,)

    row = measure.measure(found, Program("none", "fails", (1, 2, 3), 0.0, make), 0, 3, 0.01, 60.0)
    assert row.failures == {"minijax": "ValueError: no such thing"}
    assert row.ratio(row.steady) is None
    assert "minijax fails: ValueError: no such thing" in report.line(row, peer=True)
    assert "minijax fails in 1" in report.summary([row])


def test_long_first_calls_are_given_up(found: list[libraries.Library]) -> None:
    def make(np: Any, lib: Any, n: int) -> Any:
        while True:
            pass

    row = measure.measure(
        found[:1], Program("none", "hangs", (1, 2, 3), 0.0, make), 0, 3, 0.01, 0.1
    )
    assert row.failures == {"minijax": "TimeoutError: took more than 0.1 s"}


def test_minima_where_noise_is_large() -> None:
    quiet = np.array([[1.0, 2.0], [1.1, 2.1], [1.05, 2.05]])
    assert measure.summarise(quiet)[0] == "median"
    np.testing.assert_allclose(measure.summarise(quiet)[1], [1.05, 2.05])
    assert measure.summarise(np.vstack([quiet, 9 * quiet]))[0] == "min"


def test_numbers_of_the_report() -> None:
    assert report.geometric_mean([2.0, 8.0]) == pytest.approx(4.0)
    assert math.isnan(report.geometric_mean([]))
    lengths = 10, 100, 1_000
    assert growth.exponent(lengths, [3.0 * n**1.5 for n in lengths]) == pytest.approx(1.5)


def test_command_prints_saves_and_draws(tmp_path: Path) -> None:
    output, picture = tmp_path / "table.json", tmp_path / "ratios.png"
    options = ["--sizes", "small", "--programs", "logsumexp", "--rounds", "3", "--budget", "0.05"]
    options += ["--output", str(output), "--plot", str(picture)]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "compare.py", "rows", *options],
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(output.read_text())["rows"]
    assert [row["program"] for row in rows] == ["logsumexp", "logsumexp gradient"]
    assert all(row["steady"]["minijax"] > 0.0 and not row["failures"] for row in rows)
    assert not any(row["disagreement"] for row in rows)
    if importlib.util.find_spec("jax") is not None:
        assert "geometric means" in done.stdout
        assert picture.read_bytes()[:4] == b"\x89PNG"


def test_unknown_families_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "compare.py", "rowz"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "no family rowz" in done.stderr


@pytest.mark.parametrize("name", ["jit, one array", "jit, list of 10 arrays", "eager x[3]"])
def test_calls(found: list[libraries.Library], name: str) -> None:
    costs = calls.measure_call(found, calls.CALLS[name], rounds=3, budget=0.05)
    assert list(costs) == [lib.name for lib in found]
    assert all(cost > 0.0 for cost in costs.values())


def test_growth(found: list[libraries.Library]) -> None:
    for shape in growth.SHAPES.values():
        values, gradients = growth.loop_times(found[0], shape, (10, 20), rounds=3, budget=0.01)
        assert min(values + gradients) > 0.0
    assert all(seconds > 0.0 for seconds in growth.compile_times(found[0], (4, 16)))


def test_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    seconds, mebibytes = imports.cost("import numpy", imports.environment(str(tmp_path)))
    assert any(tmp_path.rglob("*.pyc")), "the next one reads what this one has compiled"
    assert 0.0 < seconds < 60.0
    assert mebibytes > 1.0


def assert_agrees_with_numpy(entry: Entry, size: int = 200) -> None:
    row = against_numpy.measure(entry, size, "float64", rounds=1, budget=0.0)
    assert row.numpy > 0.0, row
    assert row.minijax > 0.0, row
    assert not row.remark, row


@pytest.mark.parametrize("family", sorted({entry.family for entry in ENTRIES}))
def test_functions_agree_with_numpy(family: str) -> None:
    entries = [entry for entry in ENTRIES if entry.family == family]
    for entry in entries[:: max(len(entries) // 3, 1)]:
        assert_agrees_with_numpy(entry)


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: f"{e.family}: {e.name}")
def test_function_agrees_with_numpy(entry: Entry) -> None:
    assert_agrees_with_numpy(entry)


def test_functions_are_named_once() -> None:
    names = [(entry.family, entry.name) for entry in ENTRIES]
    assert len(set(names)) == len(names) > 300


def test_functions_beside_numpy_are_summed_up(tmp_path: Path) -> None:
    output, picture = tmp_path / "table.json", tmp_path / "ratios.png"
    options = ["elementary", "--quick", "--functions", "sqrt", "--sizes", "10,100", "--all"]
    options += ["--dtypes", "float32", "--output", str(output), "--plot", str(picture)]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "against_numpy.py", *options],
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(output.read_text())
    wanted = {("sqrt", 10), ("sqrt", 100), ("sqrt, complex", 10), ("sqrt, complex", 100)}
    assert {(row["function"], row["size"]) for row in rows} == wanted
    assert "mean ratio" in done.stdout
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_slow_is_below_the_bar() -> None:
    def is_slow(family: str, minijax: float) -> bool:
        return against_numpy.Row(family, "f", "float64", 10, 1.0, minijax).is_slow

    assert [is_slow("shapes", x) for x in (1.04, 1.06)] == [False, True]
    assert [is_slow("sorting", x) for x in (1.19, 1.21)] == [False, True]


def test_eager_operations_and_derivatives_agree_between_libraries(
    found: list[libraries.Library],
) -> None:
    for table in (eager.operations, eager.derivatives):
        expected = table(found[0])
        for lib in found[1:]:
            for name, call in table(lib).items():
                for a, b in zip(lib.leaves(call()), found[0].leaves(expected[name]()), strict=True):
                    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12)


def test_least_times_are_times() -> None:
    assert 0.0 < eager.least_time(lambda: sum(range(100)), 3) < 1.0
    assert 0.0 < eager.least_own_time(lambda: sum(range(100_000)), 2) < 1.0


def test_the_chain_of_operations_has_the_length_it_is_asked_for(
    found: list[libraries.Library],
) -> None:
    lib = found[0]
    x = lib.arrays(np.arange(4.0))
    program = lib.module.make_jaxpr(eager.chain(lib.np, x, 25))(x)
    assert len(program.eqns) == 26
