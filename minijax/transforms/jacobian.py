"""What forward and reverse Jacobians share: basis vectors, and taking a matrix apart by leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.pytree import flatten, tree_map, unflatten
from minijax.primitives.arithmetic import add
from minijax.primitives.compare import eq
from minijax.primitives.convert import convert_element_type
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.shape import reshape
from minijax.primitives.slicing import slice_in_dim


def check_jacobian_input(
    what: str,
    name: str,
    point: Any,
    holomorphic: bool,
    allowed: Sequence[np.dtype] = dtypes.FLOAT,
) -> None:
    """Refuses arguments that cannot be differentiated.

    Raises:
        TypeError: naming the dtype found and the dtypes that can be.
    """
    for leaf in flatten(point)[0]:
        dtype = aval_of(leaf).dtype
        if holomorphic and not dtypes.is_complex(dtype):
            raise TypeError(
                f"{what} of {name} with holomorphic=True needs complex arguments, got {dtype}."
            )
        if not holomorphic and dtype not in allowed:
            raise TypeError(
                f"{what} of {name} needs floating-point arguments, got {dtype}. "
                "Convert them with .astype(float)"
                + ("; pass holomorphic=True for complex ones." if dtype.kind == "c" else ".")
            )


def standard_basis(leaves: Sequence[Any]) -> list[Any]:
    """Returns, for leaves with N elements in all, N basis directions stacked along axis 0."""
    avals = [aval_of(leaf) for leaf in leaves]
    total = sum(aval.size for aval in avals)
    basis, offset = [], 0
    for aval in avals:
        shape = (total, aval.size)
        row = broadcasted_iota(dtypes.int64, shape, 0)
        column = broadcasted_iota(dtypes.int64, shape, 1)
        unit = convert_element_type(eq(row, add(column, offset)), aval.dtype)
        basis.append(reshape(unit, (total, *aval.shape)))
        offset += aval.size
    return basis


def _split_axis(x: Any, axis: int, leaves: Sequence[Any]) -> list[Any]:
    """Returns x with one axis of N basis directions split and shaped like each leaf."""
    x = to_array(x)
    axis %= x.ndim
    parts, offset = [], 0
    for leaf in leaves:
        shape = aval_of(leaf).shape
        size = math.prod(shape)
        part = slice_in_dim(x, offset, offset + size, axis=axis)
        parts.append(reshape(part, (*x.shape[:axis], *shape, *x.shape[axis + 1 :])))
        offset += size
    return parts


def unravel_columns(out: Any, columns: Any, point: Any) -> Any:
    """Returns the Jacobian as a tree of outputs of trees of inputs, from its stacked columns."""
    leaves, tree = flatten(point)
    return tree_map(lambda _, c: unflatten(tree, _split_axis(c, -1, leaves)), out, columns)


def unravel_rows(out: Any, rows: Any, point: Any) -> Any:
    """Returns the Jacobian as a tree of outputs of trees of inputs, from its stacked rows."""
    out_leaves, out_tree = flatten(out)
    row_leaves, point_tree = flatten(rows)
    per_input = [_split_axis(row, 0, out_leaves) for row in row_leaves]
    per_output = zip(*per_input, strict=True) if per_input else [()] * len(out_leaves)
    return unflatten(out_tree, [unflatten(point_tree, blocks) for blocks in per_output])
