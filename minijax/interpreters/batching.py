"""Batch rules of primitives, under the names that other libraries use.

`primitive_batchers` holds the rules of primitives made by `minijax.extend.core.Primitive`:
`(operands, dims, **params) -> (results, dims)`, with `not_mapped` for an operand without the axis.
The rules in `fancy_primitive_batchers` take an `AxisData` first, and come before those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.array import aval_of
from minijax.core.primitive import Primitive
from minijax.core.user_primitive import AxisData as AxisData
from minijax.core.user_primitive import fancy_primitive_batchers as fancy_primitive_batchers
from minijax.core.user_primitive import primitive_batchers as primitive_batchers
from minijax.interpreters.batch import BatchTrace as BatchTrace
from minijax.interpreters.batch import BatchTracer as BatchTracer
from minijax.interpreters.batch import move_batch_axis
from minijax.interpreters.mapped_types import register_vmappable as register_vmappable
from minijax.interpreters.mapped_types import unregister_vmappable as unregister_vmappable

not_mapped = None


class _AxisBatchers:
    """The older form of `fancy_primitive_batchers`, to which its rules are added.

    Its rules are `(axis size, axis name, None, operands, dims, **params) -> (results, dims)`.
    """

    def __setitem__(self, prim: Primitive, batcher: Callable[..., Any]) -> None:
        def batch(axis: AxisData, operands: Any, dims: Any, **params: Any) -> Any:
            return batcher(axis.size, axis.name, None, operands, dims, **params)

        fancy_primitive_batchers[prim] = batch


axis_primitive_batchers = _AxisBatchers()


def bdim_at_front(x: Any, bdim: int | None, size: int) -> Any:
    """Returns a value with its batch axis in front, repeated along it if it has none.

    Args:
        x: an array.
        bdim: its batch axis, None if it has none.
        size: the length of the batch axis.

    Returns:
        An array of shape (size, ...).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import batching
        >>> batching.bdim_at_front(jnp.ones((2, 3)), 1, 3).shape
        (3, 2)
        >>> batching.bdim_at_front(jnp.ones(2), batching.not_mapped, 3).shape
        (3, 2)
    """
    return move_batch_axis(x, bdim, size)


def moveaxis(x: Any, src: int, dst: int) -> Any:
    """Returns a value with an axis moved."""
    return aval_of(x).move_axis(x, src, dst)


def broadcast(x: Any, sz: int, axis: int, mesh_axis: Any = None) -> Any:
    """Returns a value repeated along a new axis.

    Args:
        x: an array of rank n.
        sz: the length of the new axis.
        axis: its place in the result, 0 to n.
        mesh_axis: accepted for compatibility.

    Returns:
        An array of rank n + 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import batching
        >>> batching.broadcast(jnp.array([1.0, 2.0]), 3, 1)
        Array([[1., 1., 1.],
               [2., 2., 2.]], dtype=float64)
    """
    return aval_of(x).spread(x, sz, axis)


def defvectorized(prim: Primitive) -> None:
    """Declares that a primitive of one operand works on arrays with further axes as they are.

    Args:
        prim: the primitive; its results have the axes of its operand.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend.core import Primitive
        >>> from minijax.interpreters import batching
        >>> triple_p = Primitive("triple")
        >>> _ = triple_p.def_impl(lambda x: 3 * x)
        >>> _ = triple_p.def_abstract_eval(lambda x: x)
        >>> batching.defvectorized(triple_p)
        >>> mj.vmap(triple_p.bind)(mj.numpy.array([1.0, 2.0]))
        Array([3., 6.], dtype=float64)
    """

    def batch(operands: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
        (x,), (dim,) = operands, dims
        out = prim.bind(x, **params)
        return out, [dim] * len(out) if isinstance(out, list) else dim

    primitive_batchers[prim] = batch


def defbroadcasting(prim: Primitive) -> None:
    """Declares that a primitive works element by element on operands of one shape.

    Args:
        prim: the primitive. Operands that are not mapped are repeated along the batch axis.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend.core import Primitive
        >>> from minijax.interpreters import batching
        >>> minus_p = Primitive("minus")
        >>> _ = minus_p.def_impl(lambda x, y: x - y)
        >>> _ = minus_p.def_abstract_eval(lambda x, y: x)
        >>> batching.defbroadcasting(minus_p)
        >>> mj.vmap(minus_p.bind, (0, None))(mj.numpy.array([5.0, 7.0]), 2.0)
        Array([3., 5.], dtype=float64)
    """

    def batch(operands: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
        size = next(
            aval_of(x).shape[dim] for x, dim in zip(operands, dims, strict=True) if dim is not None
        )
        moved = [bdim_at_front(x, dim, size) for x, dim in zip(operands, dims, strict=True)]
        out = prim.bind(*moved, **params)
        return out, [0] * len(out) if isinstance(out, list) else 0

    primitive_batchers[prim] = batch


def defreducer(prim: Primitive) -> None:
    """Declares that a primitive of one operand removes the axes that its parameter `axes` names.

    Args:
        prim: the primitive; its result has the other axes of its operand, in order.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend.core import Primitive
        >>> from minijax.interpreters import batching
        >>> total_p = Primitive("total")
        >>> _ = total_p.def_impl(lambda x, axes: mj.numpy.sum(x, axes))
        >>> _ = total_p.def_abstract_eval(lambda x, axes: mj.eval_shape(lambda y: y.sum(axes), x))
        >>> batching.defreducer(total_p)
        >>> mj.vmap(lambda x: total_p.bind(x, axes=(0,)))(mj.numpy.ones((2, 3)))
        Array([3., 3.], dtype=float64)
    """

    def batch(
        operands: Sequence[Any], dims: Sequence[int], axes: Sequence[int], **params: Any
    ) -> Any:
        (x,), (dim,) = operands, dims
        moved = tuple(axis + (axis >= dim) for axis in axes)
        out = prim.bind(x, axes=moved, **params)
        return out, dim - sum(axis < dim for axis in moved)

    primitive_batchers[prim] = batch
