"""Products of a matrix with its own transpose: half of them is computed, the rest is copied.

    C = A · Aᵀ      ┌ S · ┐    S: syrk of some rows of A, G: gemm of them with those above;
                    └ G S ┘    what is missing stands on the other side of the diagonal

Rows that are a part of their own compute what is to the left of them and their own square.
"""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.blas import element, emit_gemm, emit_syrk
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.parts import PartFrame, emit_in_parts
from minijax.compiler.emit.positions import clamp, plus, times
from minijax.compiler.fuse.matrices import Layout
from minijax.compiler.fuse.rewrite import dot_sizes
from minijax.kernel.roots import Dot

_TILE = 16  # rows and columns that change places while their lines are in the cache


def emit_gram(frame: Frame, dot: Dot, matrix: tuple[str, Layout], position: int) -> None:
    """Emits the product.

    Args:
        frame: the program.
        dot: the product.
        matrix: the address and layout of the operand.
        position: the number of the step.
    """
    address, layout = matrix
    split = frame.plan.splits.get(position)
    if split is None or frame.c.in_part:
        _emit_rows(frame, dot, address, layout)
    else:

        def emit(part: PartFrame) -> None:
            _emit_rows(part, dot, part.take("ptr", address), layout)

        emit_in_parts(frame, position, split, emit)
    _mirror(frame.c, dot.out.dtype, frame.address(dot.out), dot_sizes(dot)[0])


def _emit_rows(frame: Frame, dot: Dot, address: str, layout: Layout) -> None:
    """Emits the rows of a part, as far as the diagonal."""
    c, dtype = frame.c, dot.out.dtype
    size, _, contracted = dot_sizes(dot)
    start, stop = frame.span(size)
    out = frame.address(dot.out)
    height = plus(c, stop, times(c, start, -1))
    rows = element(c, dtype, address, times(c, start, layout.kept)), layout
    if start != 0:
        left = element(c, dtype, out, times(c, start, size))
        emit_gemm(c, dtype, (start, height, contracted), (address, layout), rows, left, size)
    square = element(c, dtype, out, times(c, start, size + 1))
    emit_syrk(c, dtype, (height, contracted), rows, square, size)


def _mirror(c: Context, dtype: np.dtype, out: str, size: int) -> None:
    """Copies what is below the diagonal to the other side of it."""
    fn = c.fn
    with fn.loop(0, size, _TILE) as below:
        end = clamp(c, "smin", plus(c, below.index, _TILE), size)
        with fn.loop(0, end, _TILE) as left, fn.loop(below.index, end) as row:
            stop = clamp(c, "smin", plus(c, left.index, _TILE), row.index)
            source = times(c, row.index, size)
            with fn.loop(left.index, stop) as column:
                x = load(c, dtype, out, plus(c, source, column.index))
                place = plus(c, times(c, column.index, size), row.index)
                store(c, dtype, x, out, place)
