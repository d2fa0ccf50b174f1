"""Loads and stores of elements: one, or a vector of neighbours, or a vector from scattered places.

A mask keeps lanes that do not count away from memory.
"""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.first_lanes import first_lanes, store_first, stores_pieces
from minijax.compiler.emit.numbers import narrow
from minijax.compiler.emit.numbers.types import NARROW, Scalar, bits_of, layout
from minijax.compiler.engine import host
from minijax.compiler.text import Operand
from minijax.core import dtypes

_MEMORY = "nounwind"
_NARROW_VECTORS = 32


def load(c: Context, dtype: np.dtype, address: str, offset: Operand, step: int = 1) -> Scalar:
    """Loads the element at `offset` elements after an address, on lanes that and its neighbours.

    Args:
        c: the context.
        dtype: the dtype of the elements.
        address: the address of the array.
        offset: the position of the element, or of the first lane's.
        step: 1, or -1 where the lanes go backwards.
    """
    if step == 1 or c.lanes == 1:
        return _from_memory(c, dtype, _neighbours(c, dtype, address, offset))
    offset = c.fn.emit(f"sub nsw i64 {offset}, {c.lanes - 1}")
    mask = None if c.mask is None else _reversed(c, "i1", c.mask)
    with c.on(c.lanes, mask):
        parts = _neighbours(c, dtype, address, offset)
    ty = layout(dtype).memory
    return _from_memory(c, dtype, tuple(_reversed(c, ty, part) for part in parts))


def load_where(
    c: Context, condition: str, dtype: np.dtype, address: str, offset: Operand
) -> Scalar:
    """Loads neighbours on the lanes where a condition holds; nothing else is touched."""
    mask = condition if c.mask is None else c.op("and", "i1", condition, c.mask)
    with c.on(c.lanes, mask):
        return _from_memory(c, dtype, _neighbours(c, dtype, address, offset))


def _neighbours(c: Context, dtype: np.dtype, address: str, offset: Operand) -> Scalar:
    shape = layout(dtype)
    if not shape.parts:
        return ()
    if shape.parts == 2:
        return _load_pairs(c, shape.memory, shape.align, address, offset)
    # The first of masked lanes may lie outside of the array.
    place = _element(c, shape.memory, address, offset)
    return (_load(c, shape.memory, shape.align, place, c.lanes),)


def _element(c: Context, ty: str, address: str, offset: Operand) -> str:
    if c.mask is None or offset == 0:
        return c.fn.gep(ty, address, offset)
    return c.fn.emit(f"getelementptr {ty}, ptr {address}, i64 {offset}")


def gather(c: Context, dtype: np.dtype, address: str, offsets: str) -> Scalar:
    """Loads the elements at a vector of offsets."""
    shape = layout(dtype)
    if not shape.parts:
        return ()
    ty = f"{{ {shape.memory}, {shape.memory} }}" if shape.parts == 2 else shape.memory
    vector = f"<{c.lanes} x ptr>"
    places = c.fn.emit(f"getelementptr inbounds {ty}, ptr {address}, {c.type('i64')} {offsets}")
    parts = [_gather(c, shape.memory, shape.align, places)]
    if shape.parts == 2:
        others = c.fn.emit(f"getelementptr inbounds {shape.memory}, {vector} {places}, i64 1")
        parts.append(_gather(c, shape.memory, shape.align, others))
    return _from_memory(c, dtype, tuple(parts))


def can_stride(c: Context, dtype: np.dtype) -> bool:
    """Tells whether `load_strided` beats `gather`, for numbers that lie a constant apart.

    Machines with wide vectors gather by themselves; others would take an address out of a vector
    for each number.
    """
    if host().vector_bytes > _NARROW_VECTORS or layout(dtype).parts != 1:
        return False
    return c.mask is None or c.alive < c.lanes


def load_strided(c: Context, dtype: np.dtype, address: str, offset: Operand, step: int) -> Scalar:
    """Loads the elements that are `step` apart, from `offset` on, one for each lane."""
    ty, align = layout(dtype).memory, layout(dtype).align
    first = c.fn.gep(ty, address, offset)
    if step == 2 and c.mask is None:
        # The second vector ends with the last element: nothing beyond it is touched.
        places = first, c.fn.gep(ty, first, c.lanes - 1)
        pair = [_load(c, ty, align, place, c.lanes) for place in places]
        half = c.lanes // 2
        order = [2 * k for k in range(half)] + [c.lanes + 2 * k + 1 for k in range(half)]
        listed = ", ".join(f"i32 {k}" for k in order)
        wide = c.type(ty)
        both = f"shufflevector {wide} {pair[0]}, {wide} {pair[1]}, <{c.lanes} x i32> <{listed}>"
        return _from_memory(c, dtype, (c.fn.emit(both),))
    found = "zeroinitializer"
    for lane in range(c.alive):
        x = c.fn.load(ty, c.fn.gep(ty, first, lane * step), align)
        found = c.fn.emit(f"insertelement {c.type(ty)} {found}, {ty} {x}, i64 {lane}")
    return _from_memory(c, dtype, (found,))


def store(c: Context, dtype: np.dtype, x: Scalar, address: str, offset: Operand) -> None:
    """Stores an element at `offset` elements after an address, or a vector from there on."""
    shape = layout(dtype)
    if not shape.parts:
        return
    if shape.parts == 2:
        _store_pairs(c, shape.memory, shape.align, x, address, offset)
        return
    (bits,) = x
    if dtype in NARROW:
        bits = narrow.to_bits(c, dtype, bits)
    elif dtype == dtypes.bool_:
        bits = c.cast("zext", "i1", bits, "i8")
    place = c.fn.gep(shape.memory, address, offset)
    _store(c, shape.memory, shape.align, bits, place, c.lanes)


def _from_memory(c: Context, dtype: np.dtype, parts: Scalar) -> Scalar:
    if dtype in NARROW:
        return (narrow.from_bits(c, dtype, parts[0]),)
    if dtype == dtypes.bool_:
        return (c.op("icmp ne", "i8", parts[0], 0),)
    return parts


def _load(c: Context, ty: str, align: int, place: str, count: int) -> str:
    wide = ty if count == 1 else f"<{count} x {ty}>"
    if c.mask is None:
        return c.fn.emit(f"load {wide}, ptr {place}, align {align}")
    parts = []
    for mask, first, size in _masked_parts(c, ty, count):
        part = f"<{size} x {ty}>"
        name = f"llvm.masked.load.v{size}{_suffix(ty)}.p0"
        c.module.declare(name, part, ["ptr", f"<{size} x i1>", part], _MEMORY)
        at = _beyond(c, ty, place, first)
        operands = f"ptr align {align} {at}, <{size} x i1> {mask}, {part} zeroinitializer"
        parts.append(c.fn.emit(f"call {part} @{name}({operands})"))
    return c.joined(ty, parts, count // len(parts))


def _masked_parts(c: Context, ty: str, count: int) -> list[tuple[str, int, int]]:
    """Returns masks as wide as a register of the machine, where each begins, and its length.

    LLVM 22 splits masked accesses that are wider, and gets it wrong where all of a part is known to
    be masked: it reads the memory there, or ends the process.
    """
    mask, size = _mask(c, count), min(count, 8 * host().vector_bytes // bits_of(ty))
    if size == count:
        return [(mask, 0, count)]
    return [
        (c.lanes_of("i1", mask, first, size, count), first, size) for first in range(0, count, size)
    ]


def _beyond(c: Context, ty: str, place: str, first: int) -> str:
    """Returns an address so many elements further on, which may be outside of the array."""
    return c.fn.emit(f"getelementptr {ty}, ptr {place}, i64 {first}") if first else place


def _store(c: Context, ty: str, align: int, value: str, place: str, count: int) -> None:
    wide = ty if count == 1 else f"<{count} x {ty}>"
    if count > 1 and value[0] not in "%<":
        value = f"splat ({ty} {value})"
    if c.mask is None:
        # Volatile, else LLVM makes a choice between a new and an old value a masked store, which
        # takes some processors twenty cycles, and from which no load is forwarded.
        kind = "store volatile" if count > 1 else "store"
        c.fn.do(f"{kind} {wide} {value}, ptr {place}, align {align}")
        return
    alive = first_lanes(c, count) if stores_pieces() else None
    if alive is not None:
        store_first(c, ty, align, value, place, count, alive)
        return
    for mask, first, size in _masked_parts(c, ty, count):
        part = f"<{size} x {ty}>"
        name = f"llvm.masked.store.v{size}{_suffix(ty)}.p0"
        c.module.declare(name, "void", [part, "ptr", f"<{size} x i1>"], _MEMORY)
        at = _beyond(c, ty, place, first)
        x = value if size == count else c.lanes_of(ty, value, first, size, count)
        c.fn.do(f"call void @{name}({part} {x}, ptr align {align} {at}, <{size} x i1> {mask})")


def _gather(c: Context, ty: str, align: int, places: str) -> str:
    wide, count = c.type(ty), c.lanes
    name = f"llvm.masked.gather.v{count}{_suffix(ty)}.v{count}p0"
    c.module.declare(name, wide, [f"<{count} x ptr>", f"<{count} x i1>", wide], _MEMORY)
    mask = "splat (i1 true)" if c.mask is None else c.mask
    return c.fn.emit(
        f"call {wide} @{name}(<{count} x ptr> align {align} {places}, <{count} x i1> {mask}, "
        f"{wide} zeroinitializer)"
    )


def _suffix(ty: str) -> str:
    return {"double": "f64", "float": "f32"}.get(ty, ty)


def _mask(c: Context, count: int) -> str:
    assert c.mask is not None, "only masked lanes have a mask"
    if count == c.lanes:
        return c.mask
    # Both parts of a complex number have the lane's bit.
    twice = ", ".join(f"i32 {k // 2}" for k in range(count))
    ty = c.type("i1")
    return c.fn.emit(f"shufflevector {ty} {c.mask}, {ty} poison, <{count} x i32> <{twice}>")


def _reversed(c: Context, ty: str, x: str) -> str:
    wide = c.type(ty)
    order = ", ".join(f"i32 {k}" for k in range(c.lanes - 1, -1, -1))
    return c.fn.emit(f"shufflevector {wide} {x}, {wide} poison, <{c.lanes} x i32> <{order}>")


# -- complex numbers: real and imaginary parts alternate in memory


def _load_pairs(c: Context, ty: str, align: int, address: str, offset: Operand) -> Scalar:
    pair = _element(c, f"{{ {ty}, {ty} }}", address, offset)
    if c.lanes == 1:
        places = (pair, c.fn.gep(ty, pair, 1))
        return tuple(_load(c, ty, align, place, 1) for place in places)
    both = _load(c, ty, align, pair, 2 * c.lanes)
    return tuple(_every_second(c, ty, both, first) for first in (0, 1))


def _every_second(c: Context, ty: str, both: str, first: int) -> str:
    wide = f"<{2 * c.lanes} x {ty}>"
    places = c.pair_order or range(c.lanes)
    order = ", ".join(f"i32 {2 * k + first}" for k in places)
    return c.fn.emit(f"shufflevector {wide} {both}, {wide} poison, <{c.lanes} x i32> <{order}>")


def _store_pairs(c: Context, ty: str, align: int, x: Scalar, address: str, offset: Operand) -> None:
    pair = c.fn.gep(f"{{ {ty}, {ty} }}", address, offset)
    if c.lanes == 1:
        for part, place in zip(x, (pair, c.fn.gep(ty, pair, 1)), strict=True):
            _store(c, ty, align, part, place, 1)
        return
    wide = c.type(ty)
    re, im = (c.operand(ty, part) for part in x)
    places = c.pair_order or range(c.lanes)
    lane_of = {place: lane for lane, place in enumerate(places)}
    order = ", ".join(f"i32 {lane_of[k // 2] + (k % 2) * c.lanes}" for k in range(2 * c.lanes))
    both = c.fn.emit(f"shufflevector {wide} {re}, {wide} {im}, <{2 * c.lanes} x i32> <{order}>")
    _store(c, ty, align, both, pair, 2 * c.lanes)
