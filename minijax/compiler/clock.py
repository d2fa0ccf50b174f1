"""Telling how long the stages of the compiler take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def clock(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Adds the seconds spent within it to those of a stage.

    Example:
        >>> timings = {}
        >>> with clock(timings, "nothing"):
        ...     pass
        >>> list(timings)
        ['nothing']
    """
    start = time.perf_counter()
    yield
    timings[stage] = timings.get(stage, 0.0) + time.perf_counter() - start
