"""Batch rules of primitives, under the names that other libraries use.

`primitive_batchers` holds the rules of primitives made by `minijax.extend.core.Primitive`:
`(operands, dims, **params) -> (results, dims)`, with `not_mapped` for an operand without the axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minijax.core.array import aval_of
from minijax.core.primitive import Primitive
from minijax.core.user_primitive import primitive_batchers as primitive_batchers
from minijax.interpreters.batch import BatchTrace as BatchTrace
from minijax.interpreters.batch import BatchTracer as BatchTracer
from minijax.interpreters.batch import move_batch_axis

not_mapped = None


def bdim_at_front(x: Any, bdim: int | None, size: int) -> Any:
    """Returns a value with its batch axis in front, repeated along it if it has none."""
    return move_batch_axis(x, bdim, size)


def moveaxis(x: Any, src: int, dst: int) -> Any:
    """Returns a value with an axis moved."""
    return aval_of(x).move_axis(x, src, dst)


def broadcast(x: Any, sz: int, axis: int, mesh_axis: Any = None) -> Any:
    """Returns a value repeated along a new axis."""
    return aval_of(x).spread(x, sz, axis)


def defvectorized(prim: Primitive) -> None:
    """Declares that a primitive of one operand works on arrays with further axes as they are."""

    def batch(operands: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
        (x,), (dim,) = operands, dims
        out = prim.bind(x, **params)
        return out, [dim] * len(out) if isinstance(out, list) else dim

    primitive_batchers[prim] = batch


def defbroadcasting(prim: Primitive) -> None:
    """Declares that a primitive works element by element on operands of one shape."""

    def batch(operands: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
        size = next(
            aval_of(x).shape[dim] for x, dim in zip(operands, dims, strict=True) if dim is not None
        )
        moved = [bdim_at_front(x, dim, size) for x, dim in zip(operands, dims, strict=True)]
        out = prim.bind(*moved, **params)
        return out, [0] * len(out) if isinstance(out, list) else 0

    primitive_batchers[prim] = batch
