"""Times one program in several libraries: first call, agreement, then rounds that alternate."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.libraries import Library
from benchmarks.registry import Program, size_label

Call = Callable[[], Any]

_SAMPLE = 2e-3  # seconds: short calls are repeated until a sample lasts so long
_FEWEST_ROUNDS = 3
_NOISY = 0.2  # distance of the quartiles over the median, above which the minimum is taken


@dataclasses.dataclass(slots=True)
class Row:
    """What was found out about one program at one size; times in seconds, by library."""

    family: str
    program: str
    size: str
    first: dict[str, float] = dataclasses.field(default_factory=dict)
    steady: dict[str, float] = dataclasses.field(default_factory=dict)
    failures: dict[str, str] = dataclasses.field(default_factory=dict)
    disagreement: str = ""
    statistic: str = ""

    def ratio(self, times: dict[str, float]) -> float | None:
        """Returns JAX's time over minijax's, or None where one of them has none."""
        if self.disagreement or not {"minijax", "jax"} <= times.keys():
            return None
        return times["jax"] / times["minijax"]


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in a block that runs longer; native code is let finish first."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def first_call(lib: Library, program: Program, size: Any) -> tuple[Call, Any, float]:
    """Returns a call of the compiled program, its result, and the time of the very first call."""
    function, arguments = program.make(lib.np, lib.module, size)
    compiled, arguments = lib.module.jit(function), lib.arrays(arguments)
    lib.module.block_until_ready(arguments)
    start = time.perf_counter()
    result = lib.module.block_until_ready(compiled(*arguments))
    return lambda: compiled(*arguments), result, time.perf_counter() - start


def disagreement(expected: list[Any], found: list[Any], tolerance: float) -> str:
    """Returns how two lists of arrays differ in number, dtype, shape or value, or nothing."""
    if len(expected) != len(found):
        return f"{len(found)} results instead of {len(expected)}"
    for want, have in zip(map(np.asarray, expected), map(np.asarray, found), strict=True):
        if (want.dtype, want.shape) != (have.dtype, have.shape):
            return f"{have.dtype}{have.shape} instead of {want.dtype}{want.shape}"
        rtol = max(tolerance, 16 * _resolution(want.dtype))
        scale = np.max(np.abs(want), initial=0.0, where=np.isfinite(want))
        try:
            np.testing.assert_allclose(have, want, rtol=rtol, atol=rtol * float(scale))
        except AssertionError as error:
            return " ".join(str(error).split()[:60])
    return ""


def _resolution(dtype: Any) -> float:
    return float(np.finfo(dtype).eps) if np.issubdtype(dtype, np.inexact) else 0.0


def _sample(lib: Library, call: Call, repeats: int) -> float:
    """Returns the time of a call, averaged over some in a row; only the last is waited for."""
    start = time.perf_counter()
    for _ in range(repeats):
        result = call()
    lib.module.block_until_ready(result)
    return (time.perf_counter() - start) / repeats


def alternate(calls: Sequence[tuple[Library, Call]], rounds: int, budget: float) -> Any:
    """Times calls in rounds; they alternate, and the order is turned round every time.

    Args:
        calls: what to time, with the library that knows how to wait for the result.
        rounds: the largest number of rounds.
        budget: seconds after which no further round starts, once there are three.

    Returns:
        Seconds a call, of shape (rounds, calls).
    """
    repeats = []
    for lib, call in calls:
        estimate = min(_sample(lib, call, 1) for _ in range(2))
        repeats.append(max(1, int(_SAMPLE / max(estimate, 1e-7))))
    times = np.empty((rounds, len(calls)))
    end = time.perf_counter() + budget
    for done in range(rounds):
        if done >= _FEWEST_ROUNDS and time.perf_counter() > end:
            return times[:done]
        for k in list(range(len(calls)))[:: -1 if done % 2 else 1]:
            times[done, k] = _sample(*calls[k], repeats[k])
    return times


def summarise(times: Any) -> tuple[str, Any]:
    """Returns the name of a statistic and its values: medians, or minima where noise is large."""
    quartiles = np.quantile(times, [0.25, 0.75], axis=0)
    spread = (quartiles[1] - quartiles[0]) / np.median(times, axis=0)
    if spread.max() > _NOISY:
        return "min", times.min(axis=0)
    return "median", np.array([statistics.median(column) for column in times.T])


def _attempt(row: Row, lib: Library, work: Callable[[], Any], limit: float) -> Any:
    """Runs a piece of work; a failure becomes a line of the row."""
    try:
        with _limited(limit):
            return work()
    except Exception as error:
        text = " ".join(str(error).split())
        row.failures[lib.name] = f"{type(error).__name__}: {text[:160]}"
        return None


def measure(
    libraries: list[Library], program: Program, index: int, rounds: int, budget: float, limit: float
) -> Row:
    """Measures a program at one of its sizes.

    Args:
        libraries: minijax first.
        program: the program.
        index: which of its sizes.
        rounds: the largest number of rounds.
        budget: seconds after which no further round starts.
        limit: seconds a library may take for its first call.
    """
    size = program.sizes[index]
    row = Row(program.family, program.name, size_label(size))
    calls, results = [], []
    for lib in libraries:
        made = _attempt(row, lib, functools.partial(first_call, lib, program, size), limit)
        if made is not None:
            call, result, row.first[lib.name] = made
            calls.append((lib, call))
            results.append(lib.leaves(result))
    if len(results) == 2:
        row.disagreement = disagreement(results[1], results[0], program.tolerance)
    if calls:
        row.statistic, values = summarise(alternate(calls, rounds, budget))
        row.steady = {lib.name: float(t) for (lib, _), t in zip(calls, values, strict=True)}
    return row


def warm_up(libraries: list[Library]) -> None:
    """Compiles something small in every library: start-up is not the first program's cost."""
    for lib in libraries:
        compiled = lib.module.jit(lambda x, lib=lib: lib.np.sum(lib.np.exp(x) @ x))
        lib.module.block_until_ready(compiled(lib.np.asarray(np.ones((2, 2)))))
