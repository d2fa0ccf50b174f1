"""The first lanes of a vector, stored in whole pieces where their number is known.

    7 of 8 numbers     4 + 2 + 1

Processors without AVX-512 store under a mask slowly, or not at all: then each lane would be stored
by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from minijax.compiler.emit.context import Context
from minijax.compiler.engine import host

_AVX512_BYTES = 64


def first_lanes(c: Context, count: int) -> int | None:
    """Returns how many lanes count where they are the first ones and their number is known.

    Args:
        c: the context.
        count: the parts that all lanes have.
    """
    mask = c.mask
    if mask is None or not mask.startswith("<i1 true"):
        return None
    flags = mask[1:-1].split(", ")
    alive = flags.count("i1 true")
    return alive * (count // c.lanes) if "i1 true" not in flags[alive:] else None


def stores_pieces() -> bool:
    """Tells whether pieces are stored sooner than masked vectors."""
    return host().vector_bytes < _AVX512_BYTES


def store_first(
    c: Context, ty: str, align: int, value: str, place: str, count: int, alive: int
) -> None:
    """Stores the first lanes of a vector.

    Args:
        c: the context.
        ty: the type of a lane.
        align: the alignment of one.
        value: the vector.
        place: the address of the first lane.
        count: the lanes of the vector.
        alive: how many of them are stored.
    """
    for first, size in _pieces(alive):
        at = c.fn.gep(ty, place, first)
        if size == 1:
            x = c.fn.emit(f"extractelement <{count} x {ty}> {value}, i64 {first}")
            c.fn.do(f"store {ty} {x}, ptr {at}, align {align}")
        else:
            x = c.lanes_of(ty, value, first, size, count)
            c.fn.do(f"store volatile <{size} x {ty}> {x}, ptr {at}, align {align}")


def _pieces(alive: int) -> Iterator[tuple[int, int]]:
    """Yields first lanes and lengths of pieces, the longest first."""
    first = 0
    while first < alive:
        size = 1 << (alive - first).bit_length() - 1
        yield first, size
        first += size
