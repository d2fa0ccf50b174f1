"""Ranges of bytes for memories whose lives are known: those that do not meet share bytes.

Besides the arena there is the memory of results: until a result is written it may hold something
else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from minijax.core.records import record
from minijax.kernel.roots import Value

ALIGNMENT = 64
_LENT = 1 << 14  # smaller memories are better off in the arena, which is in the cache
_MOST_COMPARED = 500


@record(eq=True)
class Place:
    """Where a memory is: in `kind` "input", "output", "stack" or "arena".

    `at` is the number of an input or output, else an offset; `offset` is one in an output.
    """

    kind: str
    at: int
    offset: int = 0


@dataclass(slots=True)
class Buffer:
    """A memory: the values that take it over from each other, from the first step to the last."""

    values: list[Value]
    start: int
    end: int
    size: int
    place: Place | None = None


_Taken = list[tuple[int, int, Buffer]]  # from, to


def place_in_outputs(buffers: Sequence[Buffer], outputs: Iterable[Buffer]) -> None:
    """Gives large buffers a place in the memory of outputs that are written after their last use.

    Args:
        buffers: those without a place.
        outputs: the buffers of outputs.
    """
    large = [b for b in buffers if b.size >= _LENT]
    if not large or len(buffers) > _MOST_COMPARED:
        return
    rooms: list[tuple[Buffer, _Taken]] = [(out, []) for out in outputs if out.size >= _LENT]
    for buffer in sorted(large, key=lambda b: -b.size):
        for out, taken in rooms:
            offset = _lowest(buffer, taken)
            if buffer.end < out.start and offset + buffer.size <= out.size:
                assert out.place is not None, "an output has a place"
                buffer.place = Place("output", out.place.at, offset)
                taken.append((offset, offset + _rounded(buffer.size), buffer))
                break


def place_in_arena(buffers: Sequence[Buffer]) -> int:
    """Gives buffers a place in the arena, the large ones first or by time; returns its size."""
    if len(buffers) > _MOST_COMPARED:
        return _place_by_time(buffers)
    by_time, by_size = (
        _filled(sorted(buffers, key=key)) for key in (lambda b: b.start, lambda b: -b.size)
    )
    best = min(by_time, by_size, key=_top)
    for offset, _, buffer in best:
        buffer.place = Place("arena", offset)
    return _top(best)


def _filled(buffers: Iterable[Buffer]) -> _Taken:
    taken: _Taken = []
    for buffer in buffers:
        offset = _lowest(buffer, taken)
        taken.append((offset, offset + _rounded(buffer.size), buffer))
    return taken


def _top(taken: _Taken) -> int:
    return max((high for _, high, _ in taken), default=0)


def _lowest(buffer: Buffer, taken: _Taken) -> int:
    """Returns the lowest offset at which a buffer meets none that is alive with it."""
    offset, size = 0, _rounded(buffer.size)
    met = [(a, b) for a, b, x in taken if x.start <= buffer.end and buffer.start <= x.end]
    for low, high in sorted(met):
        if offset + size <= low:
            break
        offset = max(offset, high)
    return offset


def _place_by_time(buffers: Iterable[Buffer]) -> int:
    """Fills an arena in the order of time; forgets those whose life has ended."""
    alive: list[tuple[int, int, int]] = []  # offset, end of range, last step
    top = 0
    for buffer in sorted(buffers, key=lambda b: b.start):
        alive = sorted(entry for entry in alive if entry[2] >= buffer.start)
        size = _rounded(buffer.size)
        offset = 0
        for low, high, _ in alive:
            if offset + size <= low:
                break
            offset = max(offset, high)
        buffer.place = Place("arena", offset)
        alive.append((offset, offset + size, buffer.end))
        top = max(top, offset + size)
    return top


def _rounded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
