"""The first lanes of a vector in memory, where their number is known: in whole pieces.

    7 of 8 numbers     4 + 2 + 1

Processors without AVX-512 store under a mask slowly, or not at all: then each lane would be stored
by itself, and loaded by itself where numbers are narrow.
"""

from __future__ import annotations

from collections.abc import Iterator

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers.types import bits_of
from minijax.compiler.engine import host

_AVX2_BYTES, _AVX512_BYTES = 32, 64
_MASKED_BITS = 32  # narrower numbers are loaded one by one where there is only AVX2


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


def loads_pieces(ty: str) -> bool:
    """Tells whether pieces of numbers of a type are loaded sooner than masked vectors."""
    width = host().vector_bytes
    return width < _AVX2_BYTES or (width < _AVX512_BYTES and bits_of(ty) < _MASKED_BITS)


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


def load_first(c: Context, ty: str, align: int, place: str, count: int, alive: int) -> str:
    """Loads the first lanes of a vector; the others are 0. Arguments as for `store_first`."""
    found = "zeroinitializer"
    wide = f"<{count} x {ty}>"
    for first, size in _pieces(alive):
        part = f"<{size} x {ty}>"
        x = c.fn.emit(f"load {part}, ptr {c.fn.gep(ty, place, first)}, align {align}")
        listed = ", ".join(f"i32 {min(k, size)}" for k in range(count))
        order = f"<{count} x i32> <{listed}>"
        x = c.fn.emit(f"shufflevector {part} {x}, {part} zeroinitializer, {order}")
        places = [k if k < first else count + k - first for k in range(first + size)]
        places += range(first + size, count)
        listed = ", ".join(f"i32 {k}" for k in places)
        found = c.fn.emit(f"shufflevector {wide} {found}, {wide} {x}, <{count} x i32> <{listed}>")
    return found


def _pieces(alive: int) -> Iterator[tuple[int, int]]:
    """Yields first lanes and lengths of pieces, the longest first."""
    first = 0
    while first < alive:
        size = 1 << (alive - first).bit_length() - 1
        yield first, size
        first += size
