"""Matrix products through BLAS.

A row-major product C = A · B is, read column by column as BLAS does, Cᵀ = Bᵀ · Aᵀ: the right
operand is handed over first. An operand whose axes do not form a matrix in memory is packed first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minijax.compiler.emit.blas import element, emit_gemm
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.gram import emit_gram
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.parts import PartFrame, emit_in_parts
from minijax.compiler.emit.positions import plus, times
from minijax.compiler.fuse.matrices import (
    Layout,
    free_axes,
    is_gram,
    operand_layouts,
    strides_of,
)
from minijax.compiler.fuse.rewrite import dot_sizes
from minijax.compiler.text import Operand
from minijax.kernel.roots import Dot, Value


def emit_dot(frame: Frame, dot: Dot, position: int) -> None:
    """Emits the calls of a batch of matrix products."""
    lhs = _prepared(frame, dot.lhs, dot.lhs_contract, dot.lhs_batch, position, 0, dot)
    if is_gram(dot):
        emit_gram(frame, dot, lhs[:2], position)
        return
    rhs = _prepared(frame, dot.rhs, dot.rhs_contract, dot.rhs_batch, position, 1, dot)
    c, split = frame.c, frame.plan.splits.get(position)
    if split is None or c.in_part:
        _emit_products(frame, dot, lhs, rhs)
        return

    def emit(part: PartFrame) -> None:
        a, b = ((part.take("ptr", x[0]), x[1], x[2]) for x in (lhs, rhs))
        _emit_products(part, dot, a, b)

    emit_in_parts(frame, position, split, emit)


def _emit_products(frame: Frame, dot: Dot, lhs: Prepared, rhs: Prepared) -> None:
    """Emits the products of a batch, or of a part of it; of one product, some rows."""
    c, dtype = frame.c, dot.out.dtype
    rows, columns, contracted = dot_sizes(dot)
    out = frame.address(dot.out)
    sizes = [dot.lhs.shape[d] for d in dot.lhs_batch]
    count = math.prod(sizes)
    if count == 1:
        start, stop = frame.span(rows)
        moved = times(c, start, lhs[1].kept)
        lhs = (element(c, dtype, lhs[0], moved), *lhs[1:])
        target = element(c, dtype, out, times(c, start, columns))
        height = plus(c, stop, times(c, start, -1))
        first, second = (rhs[0], rhs[1]), (lhs[0], lhs[1])
        emit_gemm(c, dtype, (columns, height, contracted), first, second, target)
        return
    with c.fn.loop(*frame.span(count)) as batch:
        index = _unflatten(c, batch.index, sizes)
        a = _shifted(c, dtype, lhs, index)
        b = _shifted(c, dtype, rhs, index)
        offset = c.fn.emit(f"mul nsw i64 {batch.index}, {rows * columns}")
        target = element(c, dtype, out, offset)
        emit_gemm(c, dtype, (columns, rows, contracted), (b, rhs[1]), (a, lhs[1]), target)


Prepared = tuple[str, Layout, list[int]]


def _prepared(
    frame: Frame,
    x: Value,
    contract: Sequence[int],
    batch: Sequence[int],
    position: int,
    side: int,
    dot: Dot,
) -> Prepared:
    """Returns address, layout and strides of the batch axes of an operand, packed if need be."""
    layout = operand_layouts(dot)[side]
    address = frame.address(x)
    strides = strides_of(x.shape)
    if layout is not None:
        return address, layout, [strides[d] for d in batch]
    order = [*batch, *free_axes(x, contract, batch), *contract]
    packed = frame.scratch(position, side)
    _pack(frame.c, x, order, address, packed)
    shape = [x.shape[d] for d in order]
    contracted = math.prod(x.shape[d] for d in contract)
    return packed, Layout(contracted, 1), strides_of(shape)[: len(batch)]


def _pack(c: Context, x: Value, order: Sequence[int], source: str, target: str) -> None:
    strides = strides_of(x.shape)
    shape = [x.shape[d] for d in order]
    with c.fn.loop(math.prod(shape)) as loop:
        total: Operand = 0
        for i, d in zip(_unflatten(c, loop.index, shape), order, strict=True):
            scaled = c.fn.emit(f"mul nsw i64 {i}, {strides[d]}")
            total = c.fn.emit(f"add nsw i64 {total}, {scaled}")
        store(c, x.dtype, load(c, x.dtype, source, total), target, loop.index)


def _unflatten(c: Context, position: str, shape: Sequence[int]) -> list[str]:
    found: list[str] = []
    below = 1
    for n in reversed(shape):
        quotient = position if below == 1 else c.fn.emit(f"udiv i64 {position}, {below}")
        found.append(c.fn.emit(f"urem i64 {quotient}, {n}"))
        below *= n
    return found[::-1]


def _shifted(c: Context, dtype: np.dtype, x: Prepared, index: Sequence[str]) -> str:
    address, _, strides = x
    total: Operand = 0
    for i, stride in zip(index, strides, strict=True):
        total = c.fn.emit(f"add nsw i64 {total}, {c.fn.emit(f'mul nsw i64 {i}, {stride}')}")
    return element(c, dtype, address, total)
