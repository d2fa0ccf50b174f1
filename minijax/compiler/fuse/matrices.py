"""How the operands of a `Dot` lie in memory, as BLAS sees them.

A matrix is rows × columns with one of the two contiguous and one stride for the other; the axes of
a group (rows, or what is contracted) must therefore follow each other in memory.

    x[b,i,k] contracted over k: rows i of stride K, contiguous in k
    x[k,b,i] contracted over k: contiguous in i, stride B·I for k; batches I apart
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minijax.core import dtypes
from minijax.kernel.roots import Dot, Value

_LETTER = {
    dtypes.float32: "s",
    dtypes.float64: "d",
    dtypes.complex64: "c",
    dtypes.complex128: "z",
}


class Layout(NamedTuple):
    """Strides, in elements, of the kept group and of the contracted group; one of them is 1."""

    kept: int
    contracted: int


def gemm_symbol(dtype: np.dtype) -> str:
    """Returns the name of BLAS's product of matrices of a dtype."""
    return f"blas_{_LETTER[dtype]}gemm"


def syrk_symbol(dtype: np.dtype) -> str:
    """Returns the name of BLAS's product of a matrix of a dtype with its own transpose."""
    return f"blas_{_LETTER[dtype]}syrk"


def is_gram(dot: Dot) -> bool:
    """Tells whether a product is that of a matrix with its own transpose."""
    same = dot.lhs is dot.rhs and dot.lhs_contract == dot.rhs_contract
    return same and not dot.lhs_batch and not dot.rhs_batch


def operand_layouts(dot: Dot) -> tuple[Layout | None, Layout | None]:
    """Returns the layouts of both operands; None for one that must be packed."""
    return (
        _layout(dot.lhs, dot.lhs_contract, dot.lhs_batch),
        _layout(dot.rhs, dot.rhs_contract, dot.rhs_batch),
    )


def strides_of(shape: Sequence[int]) -> list[int]:
    """Returns the row-major strides of a shape, in elements."""
    strides = [1] * len(shape)
    for d in range(len(shape) - 2, -1, -1):
        strides[d] = strides[d + 1] * shape[d + 1]
    return strides


def free_axes(x: Value, contract: Sequence[int], batch: Sequence[int]) -> list[int]:
    """Returns the axes of an operand that the result keeps."""
    return [d for d in range(x.ndim) if d not in contract and d not in batch]


def _layout(x: Value, contract: Sequence[int], batch: Sequence[int]) -> Layout | None:
    kept = _joined(x, free_axes(x, contract, batch))
    contracted = _joined(x, contract)
    if kept is None or contracted is None:
        return None
    (rows, row_stride), (columns, column_stride) = kept, contracted
    # A leading dimension must reach over the contiguous axis.
    if column_stride == 1 and (rows == 1 or row_stride >= columns):
        return Layout(max(row_stride, columns), 1)
    if row_stride == 1 and (columns == 1 or column_stride >= rows):
        return Layout(1, max(column_stride, rows))
    return None


def _joined(x: Value, axes: Sequence[int]) -> tuple[int, int] | None:
    """Returns the length and stride of a group of axes seen as one axis."""
    strides = strides_of(x.shape)
    size, stride = 1, 1
    for d in reversed([d for d in axes if x.shape[d] != 1]):
        if size != 1 and strides[d] != stride * size:
            return None
        stride = strides[d] if size == 1 else stride
        size *= x.shape[d]
    return size, stride
