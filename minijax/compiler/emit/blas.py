"""Calls of BLAS, which sees matrices column by column."""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers.types import literal_float
from minijax.compiler.fuse.matrices import Layout, gemm_symbol, syrk_symbol
from minijax.compiler.text import Operand
from minijax.core import dtypes


def element(c: Context, dtype: np.dtype, address: str, offset: Operand) -> str:
    """Returns the address of an element so many elements further on."""
    return c.fn.gep(f"[{dtype.itemsize} x i8]", address, offset)


def emit_gemm(
    c: Context,
    dtype: np.dtype,
    sizes: tuple[Operand, Operand, int],
    first: tuple[str, Layout],
    second: tuple[str, Layout],
    target: str,
    leading: int | None = None,
) -> None:
    """Calls gemm for target = first · second as BLAS, column by column, sees them.

    Args:
        c: the context.
        dtype: the dtype of all matrices.
        sizes: rows, columns and contracted length.
        first: the address and the layout of an operand.
        second: those of the other one.
        target: the address of the result.
        leading: from a column of the result to the next, the number of rows if None.
    """
    symbol = gemm_symbol(dtype)
    c.outside(symbol)
    rows, columns, contracted = sizes
    (a, a_layout), (b, b_layout) = first, second
    # Column by column, a contiguous kept axis is a matrix as it stands.
    reaches = isinstance(rows, str) or a_layout.contracted >= rows  # a part, or all rows
    letter_a = "N" if a_layout.kept == 1 and reaches else "T"
    letter_b = "N" if b_layout.contracted == 1 and b_layout.kept >= contracted else "T"
    leading_a = a_layout.contracted if letter_a == "N" else a_layout.kept
    leading_b = b_layout.kept if letter_b == "N" else b_layout.contracted
    args = [
        *(c.module.data(letter.encode()) for letter in (letter_a, letter_b)),
        *(_int(c, n) for n in (rows, columns, contracted)),
        _scalar(c, dtype, 1.0),
        a,
        _int(c, max(leading_a, 1)),
        b,
        _int(c, max(leading_b, 1)),
        _scalar(c, dtype, 0.0),
        target,
        _int(c, rows if leading is None else leading),
    ]
    c.fn.call("void", symbol, [("ptr", arg) for arg in args])


def emit_syrk(
    c: Context,
    dtype: np.dtype,
    sizes: tuple[Operand, int],
    matrix: tuple[str, Layout],
    target: str,
    leading: int,
) -> None:
    """Calls syrk: in each row up to the diagonal, a matrix times its transpose.

    Args:
        c: the context.
        dtype: the dtype of both matrices.
        sizes: the rows of the operand and the contracted length.
        matrix: the address and the layout of the operand.
        target: the address of the result.
        leading: from a row of the result to the next.
    """
    symbol = syrk_symbol(dtype)
    c.outside(symbol)
    address, layout = matrix
    letter = "N" if layout.kept == 1 else "T"
    args = [
        *(c.module.data(letter.encode()) for letter in ("U", letter)),
        *(_int(c, n) for n in sizes),
        _scalar(c, dtype, 1.0),
        address,
        _int(c, max(layout.contracted if letter == "N" else layout.kept, 1)),
        _scalar(c, dtype, 0.0),
        target,
        _int(c, leading),
    ]
    c.fn.call("void", symbol, [("ptr", arg) for arg in args])


def _int(c: Context, number: Operand) -> str:
    if isinstance(number, str):
        place = c.fn.alloca("i32")
        c.fn.store("i32", c.fn.emit(f"trunc i64 {number} to i32"), place)
        return place
    return c.module.constant("i32", str(number))


def _scalar(c: Context, dtype: np.dtype, number: float) -> str:
    ty = "float" if dtypes.real_dtype(dtype) == dtypes.float32 else "double"
    parts = f"{ty} {literal_float(ty, number)}, {ty} {literal_float(ty, 0.0)}"
    return c.module.constant(f"[2 x {ty}]", f"[{parts}]")
