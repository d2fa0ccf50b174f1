"""Collectives: operations across a named axis that `vmap(axis_name=...)` maps.

They happen in their batch rules: there the axis is an axis of the operand. A program that still
holds one when it is compiled was called outside of its `vmap`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray
from minijax.core.primitive import Primitive, absent, constant, linear, primitive
from minijax.core.trace import axis_size as named_axis_size
from minijax.interpreters.batch import move_batch_axis
from minijax.primitives.arithmetic import mul
from minijax.primitives.broadcast import full, reduce_sum, transpose
from minijax.primitives.creation import iota
from minijax.primitives.joining import concatenate
from minijax.primitives.reduction import reduce_max, reduce_min
from minijax.primitives.slicing import slice_in_dim

Names = tuple[Hashable, ...]

_OUTSIDE = absent("the axis it names is mapped by no vmap around the program being run")
_NOT_LINEAR = absent("it is not linear in its operand")


def _outside(name: str) -> Callable[..., Any]:
    def run(*_: Any, axis_names: Names, **__: Any) -> Any:
        named_axis_size(axis_names[0])
        raise NameError(
            f"{name} is applied outside of the vmap that maps the axis {axis_names[0]!r}."
        )

    return run


def _remaining(axis_names: Names, mapped_axis: Hashable) -> Names:
    return tuple(name for name in axis_names if name != mapped_axis)


# -- reductions across the axis: psum, pmax, pmin


def _reduction(
    name: str,
    over_axis: Callable[[Any, Sequence[int]], Any],
    of_constant: Callable[[Any, int], Any],
    jvp: Any,
    transpose: Any,
) -> Primitive:
    def batch(
        size: int, operands: Any, dims: Any, *, axis_names: Names, mapped_axis: Hashable
    ) -> Any:
        (x,), (dim,) = operands, dims
        if mapped_axis not in axis_names:
            return made[0].bind(x, axis_names=axis_names), (dim,)
        reduced = of_constant(x, size) if dim is None else over_axis(x, (dim,))
        rest = _remaining(axis_names, mapped_axis)
        return (made[0].bind(reduced, axis_names=rest) if rest else (reduced,)), (None,)

    made: list[Primitive] = []
    made.append(
        primitive(
            name,
            impl=_outside(name),
            abstract=lambda x, axis_names: (x,),
            jvp=jvp,
            transpose=transpose,
            batch=batch,
            lower=_OUTSIDE,
            collective=True,
        )
    )
    return made[0]


def _times(x: Any, size: int) -> Any:
    return mul(x, full((), size, aval_of(x).dtype))


psum_p: Primitive = _reduction(
    "psum",
    reduce_sum,
    _times,
    jvp=linear,
    transpose=lambda cts, x, axis_names: psum_p.bind(cts[0], axis_names=axis_names),
)
pmax_p = _reduction(
    "pmax",
    reduce_max,
    lambda x, size: x,
    jvp=absent("the derivative of a maximum across a mapped axis is not defined"),
    transpose=_NOT_LINEAR,
)
pmin_p = _reduction(
    "pmin",
    reduce_min,
    lambda x, size: x,
    jvp=absent("the derivative of a minimum across a mapped axis is not defined"),
    transpose=_NOT_LINEAR,
)


# -- axis_index


def _axis_index_batch(
    size: int, operands: Any, dims: Any, *, axis_names: Names, mapped_axis: Hashable
) -> Any:
    if mapped_axis not in axis_names:
        return axis_index_p.bind(axis_names=axis_names), (None,)
    return (iota(dtypes.int32, size),), (0,)


axis_index_p = primitive(
    "axis_index",
    impl=_outside("axis_index"),
    abstract=lambda axis_names: (ShapedArray((), dtypes.int32),),
    jvp=constant,
    transpose=_NOT_LINEAR,
    batch=_axis_index_batch,
    lower=_OUTSIDE,
    collective=True,
)


# -- all_gather: every example sees the values of all


def _all_gather_abstract(x: Any, *, axis_names: Names, axis: int, axis_size: int) -> Any:
    return (x.with_axis(axis_size, axis),)


def _all_gather_transpose(cts: Any, x: Any, *, axis_names: Names, axis: int, axis_size: int) -> Any:
    return psum_scatter_p.bind(cts[0], axis_names=axis_names, axis=axis, axis_size=axis_size)


def _all_gather_batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    axis_names: Names,
    axis: int,
    mapped_axis: Hashable,
    **params: Any,
) -> Any:
    (x,), (dim,) = operands, dims
    if mapped_axis in axis_names:
        return (move_batch_axis(x, dim, size, axis),), (None,)
    if dim is None:
        return all_gather_p.bind(x, axis_names=axis_names, axis=axis, **params), (None,)
    moved = axis + (axis >= dim)
    (out,) = all_gather_p.bind(x, axis_names=axis_names, axis=moved, **params)
    return (out,), (dim + (moved <= dim),)


all_gather_p = primitive(
    "all_gather",
    impl=_outside("all_gather"),
    abstract=_all_gather_abstract,
    jvp=linear,
    transpose=_all_gather_transpose,
    batch=_all_gather_batch,
    lower=_OUTSIDE,
    collective=True,
)


# -- psum_scatter: the sum across the axis, of which every example gets its part


def _lane(x: Any, dim: int | None) -> Any:
    """Returns the aval of one example of a batch."""
    return aval_of(x) if dim is None else aval_of(x).without_axis(dim)


def _psum_scatter_abstract(x: Any, *, axis_names: Names, axis: int, axis_size: int) -> Any:
    if x.shape[axis] != axis_size:
        raise ValueError(
            f"psum_scatter needs the axis {axis} of shape {x.shape} to have the length of the "
            f"mapped axis, {axis_size}."
        )
    return (x.without_axis(axis),)


def _psum_scatter_transpose(
    cts: Any, x: Any, *, axis_names: Names, axis: int, axis_size: int
) -> Any:
    return all_gather_p.bind(cts[0], axis_names=axis_names, axis=axis, axis_size=axis_size)


def _psum_scatter_batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    axis_names: Names,
    axis: int,
    mapped_axis: Hashable,
    **params: Any,
) -> Any:
    (x,), (dim,) = operands, dims
    if mapped_axis in axis_names:
        _psum_scatter_abstract(_lane(x, dim), axis_names=axis_names, axis=axis, **params)
        return (_times(x, size) if dim is None else reduce_sum(x, (dim,)),), (axis,)
    if dim is None:
        return psum_scatter_p.bind(x, axis_names=axis_names, axis=axis, **params), (None,)
    moved = axis + (axis >= dim)
    outs = psum_scatter_p.bind(x, axis_names=axis_names, axis=moved, **params)
    return outs, (dim - (moved < dim),)


psum_scatter_p = primitive(
    "reduce_scatter",
    impl=_outside("psum_scatter"),
    abstract=_psum_scatter_abstract,
    jvp=linear,
    transpose=_psum_scatter_transpose,
    batch=_psum_scatter_batch,
    lower=_OUTSIDE,
    collective=True,
)


# -- ppermute: examples pass values to one another


def _ppermute_transpose(cts: Any, x: Any, *, axis_names: Names, perm: Any) -> Any:
    inverse = tuple((to, source) for source, to in perm)
    return ppermute_p.bind(cts[0], axis_names=axis_names, perm=inverse)


def _ppermute_batch(
    size: int, operands: Any, dims: Any, *, axis_names: Names, perm: Any, mapped_axis: Hashable
) -> Any:
    (x,), (dim,) = operands, dims
    if mapped_axis not in axis_names:
        return ppermute_p.bind(x, axis_names=axis_names, perm=perm), (dim,)
    moved = move_batch_axis(x, dim, size)
    sources = {to: source for source, to in perm}
    zero = full((1, *moved.shape[1:]), 0, moved.dtype)
    rows = [
        slice_in_dim(moved, sources[i], sources[i] + 1, axis=0) if i in sources else zero
        for i in range(size)
    ]
    return (concatenate(rows, 0),), (0,)


ppermute_p = primitive(
    "ppermute",
    impl=_outside("ppermute"),
    abstract=lambda x, axis_names, perm: (x,),
    jvp=linear,
    transpose=_ppermute_transpose,
    batch=_ppermute_batch,
    lower=_OUTSIDE,
    collective=True,
)


# -- all_to_all: the mapped axis and an axis of the operand change places


def _all_to_all_abstract(
    x: Any, *, axis_names: Names, split_axis: int, concat_axis: int, axis_size: int
) -> Any:
    if x.shape[split_axis] != axis_size:
        raise ValueError(
            f"all_to_all needs the axis {split_axis} of shape {x.shape} to have the length of the "
            f"mapped axis, {axis_size}."
        )
    return (x.without_axis(split_axis).with_axis(axis_size, concat_axis),)


def _all_to_all_transpose(
    cts: Any, x: Any, *, axis_names: Names, split_axis: int, concat_axis: int, axis_size: int
) -> Any:
    return all_to_all_p.bind(
        cts[0],
        axis_names=axis_names,
        split_axis=concat_axis,
        concat_axis=split_axis,
        axis_size=axis_size,
    )


def _all_to_all_batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    axis_names: Names,
    split_axis: int,
    concat_axis: int,
    mapped_axis: Hashable,
    **params: Any,
) -> Any:
    (x,), (dim,) = operands, dims
    moved = move_batch_axis(x, dim, size)
    if mapped_axis in axis_names:
        places = {"split_axis": split_axis, "concat_axis": concat_axis}
        _all_to_all_abstract(_lane(moved, 0), axis_names=axis_names, **places, **params)
        return (_exchange(moved, split_axis, concat_axis),), (0,)
    shifted = {"split_axis": split_axis + 1, "concat_axis": concat_axis + 1}
    return all_to_all_p.bind(moved, axis_names=axis_names, **shifted, **params), (0,)


def _exchange(x: Any, split_axis: int, concat_axis: int) -> Any:
    """Returns x with its leading axis moved to `concat_axis` and `split_axis` to the front."""
    order = [d for d in range(x.ndim) if d not in (0, split_axis + 1)]
    order.insert(concat_axis, 0)
    return transpose(x, [split_axis + 1, *order])


all_to_all_p = primitive(
    "all_to_all",
    impl=_outside("all_to_all"),
    abstract=_all_to_all_abstract,
    jvp=linear,
    transpose=_all_to_all_transpose,
    batch=_all_to_all_batch,
    lower=_OUTSIDE,
    collective=True,
)
