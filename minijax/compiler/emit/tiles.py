"""Neighbouring elements of several rows, with one row in each lane.

    rows in memory, 4 lanes       vectors
    a0 a1 …                       a0 b0 c0 d0
    b0 b1 …                       a1 b1 c1 d1
    c0 c1 …
    d0 d1 …

Rows are loaded as vectors and exchanged: in the number of a vector's element, the bits of the row
and the bits of the column change places, one bit each time two vectors are taken apart into their
even and odd elements (or, in front of a store, joined from them). Whole tiles of registers that
have two halves of 16 bytes are exchanged within halves, then by halves: each of that is one
instruction.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.emit.context import Context
from minijax.compiler.text import Operand

_HALF = 16  # bytes of a register within which elements change places at once


def load_tile(c: Context, ty: str, address: str, stride: int, width: int) -> list[str]:
    """Loads `width` neighbours of each row; returns a vector over the rows for each of them.

    Args:
        c: the context; it has as many lanes as there are rows.
        ty: the type of the elements.
        address: the address of the first row's first element.
        stride: the elements from row to row.
        width: a power of two, at most the number of lanes.
    """
    vectors = _load_rows(c, ty, address, stride, width)
    if width == c.lanes and _has_two_halves(c, ty):
        return _transposed(c, ty, vectors)
    half = width // 2
    for _ in range(width.bit_length() - 1):
        pairs = list(zip(vectors[0::2], vectors[1::2], strict=True))
        vectors = [
            _shuffled(c, ty, c.lanes, *pairs[i], range(first, 2 * c.lanes, 2))
            for first in (0, 1)
            for i in range(half)
        ]
    return vectors


def store_tile(c: Context, ty: str, vectors: Sequence[str], address: str, stride: int) -> None:
    """Stores neighbours of each row, given a vector over the rows for each of them.

    Args:
        c: the context; it has as many lanes as there are rows.
        ty: the type of the elements.
        vectors: a power of two of them, at most as many as there are lanes.
        address: the address of the first row's first element.
        stride: the elements from row to row.
    """
    width, lanes = len(vectors), c.lanes
    if width == lanes and _has_two_halves(c, ty):
        for r, row in enumerate(_transposed(c, ty, vectors)):
            c.fn.store(c.type(ty), row, c.fn.gep(ty, address, r * stride), _align(ty))
        return
    half = width // 2
    zipped = [k // 2 + (k % 2) * lanes for k in range(2 * lanes)]
    for _ in range(width.bit_length() - 1):
        vectors = [
            _shuffled(c, ty, lanes, vectors[i], vectors[i + half], part)
            for i in range(half)
            for part in (zipped[:lanes], zipped[lanes:])
        ]
    _store_rows(c, ty, vectors, address, stride)


def _has_two_halves(c: Context, ty: str) -> bool:
    return c.lanes >= 4 and c.lanes * _align(ty) == 2 * _HALF


def _transposed(c: Context, ty: str, rows: Sequence[str]) -> list[str]:
    """Exchanges rows and columns of as many vectors as there are lanes."""
    lanes, half = c.lanes, c.lanes // 2
    # Each round moves the top bit of a vector's number to the end of its elements' numbers, so that
    # they come out in order if the top bit of the rows' numbers is the last one here.
    vectors = [rows[s >> 1 | (s & 1) * half] for s in range(lanes)]
    zipped = [b + k // 2 + k % 2 * lanes for b in (0, half) for k in range(half)]
    for _ in range(half.bit_length() - 1):
        vectors = [
            _shuffled(c, ty, lanes, vectors[i], vectors[i + half], [k + part for k in zipped])
            for i in range(half)
            for part in (0, half // 2)
        ]
    return [
        _shuffled(
            c, ty, lanes, vectors[i], vectors[i + half], [*first, *(k + lanes for k in first)]
        )
        for first in (range(half), range(half, lanes))
        for i in range(half)
    ]


def _shuffled(c: Context, ty: str, lanes: int, x: str, y: str, order: Sequence[int]) -> str:
    wide = f"<{lanes} x {ty}>"
    listed = ", ".join(f"i32 {k}" for k in order)
    return c.fn.emit(f"shufflevector {wide} {x}, {wide} {y}, <{len(order)} x i32> <{listed}>")


def _load_rows(c: Context, ty: str, address: str, stride: int, width: int) -> list[str]:
    align = _align(ty)
    if width == stride:
        return [
            c.fn.load(c.type(ty), c.fn.gep(ty, address, v * c.lanes), align) for v in range(width)
        ]
    rows = [c.fn.gep(ty, address, r * stride) for r in range(c.lanes)]
    if width == 1:
        found = "poison"
        for r, row in enumerate(rows):
            x = c.fn.load(ty, row, align)
            found = c.fn.emit(f"insertelement {c.type(ty)} {found}, {ty} {x}, i64 {r}")
        return [found]
    parts, size = [c.fn.load(f"<{width} x {ty}>", row, align) for row in rows], width
    while size < c.lanes:
        pairs = zip(parts[0::2], parts[1::2], strict=True)
        parts = [_shuffled(c, ty, size, x, y, range(2 * size)) for x, y in pairs]
        size *= 2
    return parts


def _store_rows(c: Context, ty: str, vectors: Sequence[str], address: str, stride: int) -> None:
    align, width = _align(ty), len(vectors)
    if width == stride:
        for v, x in enumerate(vectors):
            c.fn.store(c.type(ty), x, c.fn.gep(ty, address, v * c.lanes), align)
        return
    for r in range(c.lanes):
        vector, first = divmod(r * width, c.lanes)
        row, source = c.fn.gep(ty, address, r * stride), vectors[vector]
        if width == 1:
            x = c.fn.emit(f"extractelement {c.type(ty)} {source}, i64 {first}")
            c.fn.store(ty, x, row, align)
        else:
            part = source
            if width < c.lanes:
                part = _shuffled(c, ty, c.lanes, source, "poison", range(first, first + width))
            c.fn.store(f"<{width} x {ty}>", part, row, align)


def _align(ty: str) -> int:
    return {"double": 8, "float": 4}.get(ty) or int(ty[1:]) // 8


def widths(count: int, most: int) -> list[int]:
    """Returns powers of two, none above `most` (one itself), that add up to a number."""
    found = [most] * (count // most)
    rest = count % most
    return found + [1 << k for k in reversed(range(rest.bit_length())) if rest >> k & 1]


def place(c: Context, ty: str, address: str, base: Operand, stride: int) -> str:
    """Returns the address of row `base` of rows that are `stride` elements apart."""
    if isinstance(base, int):
        return c.fn.gep(ty, address, base * stride)
    return c.fn.gep(ty, address, c.fn.emit(f"mul nsw i64 {base}, {stride}"))
