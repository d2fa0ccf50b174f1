"""Collectives: operations across a named axis that `vmap(axis_name=...)` maps.

They happen in their batch rules: there the axis is an axis of the operand. A program that still
holds one when it is compiled was called outside of its `vmap`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, constant, linear, primitive
from minijax.core.pytree import tree_map
from minijax.core.trace import axis_size as named_axis_size
from minijax.interpreters.batch import move_batch_axis
from minijax.primitives.arithmetic import mul
from minijax.primitives.broadcast import full, reduce_sum, transpose
from minijax.primitives.convert import convert_element_type
from minijax.primitives.creation import iota
from minijax.primitives.joining import concatenate
from minijax.primitives.reduction import reduce_max, reduce_min
from minijax.primitives.shape import reshape
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


# -- functions of pytrees


def _names(axis_name: Any) -> Names:
    names = tuple(axis_name) if isinstance(axis_name, tuple | list) else (axis_name,)
    for name in names:
        named_axis_size(name)
    return names


def axis_size(axis_name: Any) -> int:
    """Returns the length of a named mapped axis (the product, for several).

    Args:
        axis_name: the name (or a tuple of names) given to an enclosing `vmap`.

    Returns:
        A Python integer, known while a function is traced.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: x * lax.axis_size("i"), axis_name="i")(jnp.array([1, 2, 3]))
        Array([3, 6, 9], dtype=int64)
    """
    return int(np.prod([named_axis_size(name) for name in _names(axis_name)]))


def _no_groups(name: str, axis_index_groups: Any) -> None:
    if axis_index_groups is not None:
        raise ValueError(f"{name}: axis_index_groups must be None: a vmapped axis has no groups.")


def psum(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """Returns the sum over a named mapped axis.

    Args:
        x: a pytree of arrays; a Python number gives a Python number.
        axis_name: the name (or a tuple of names) given to an enclosing `vmap`.
        axis_index_groups: must be None.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: x / lax.psum(x, "i"), axis_name="i")(jnp.array([1.0, 3.0]))
        Array([0.25, 0.75], dtype=float64)
    """
    _no_groups("psum", axis_index_groups)
    names = _names(axis_name)

    def one(leaf: Any) -> Any:
        if isinstance(leaf, int | float) and not isinstance(leaf, np.generic):
            return leaf * axis_size(axis_name)
        leaf = to_array(leaf)
        if leaf.dtype == dtypes.bool_:
            leaf = convert_element_type(leaf, dtypes.int64)
        return psum_p.bind(leaf, axis_names=names)[0]

    return tree_map(one, x)


def pmean(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """Returns the mean over a named mapped axis.

    Args:
        x: a pytree of arrays.
        axis_name: the name (or a tuple of names) given to an enclosing `vmap`.
        axis_index_groups: must be None.

    Returns:
        A pytree like `x`, of floats where it has integers, the same for every example.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if groups are given.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: x - lax.pmean(x, "i"), axis_name="i")(jnp.array([1.0, 2.0, 6.0]))
        Array([-2., -1.,  3.], dtype=float64)
    """
    size = axis_size(axis_name)
    return tree_map(
        lambda total: total / size, psum(x, axis_name, axis_index_groups=axis_index_groups)
    )


def pmax(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """Returns the maximum over a named mapped axis.

    Args:
        x: a pytree of arrays.
        axis_name: the name (or a tuple of names) given to an enclosing `vmap`.
        axis_index_groups: must be None.

    Returns:
        A pytree like `x`, the same for every example.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if groups are given.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: x - lax.pmax(x, "i"), axis_name="i")(jnp.array([1.0, 2.0, 6.0]))
        Array([-5., -4.,  0.], dtype=float64)
    """
    _no_groups("pmax", axis_index_groups)
    names = _names(axis_name)
    return tree_map(lambda leaf: pmax_p.bind(to_array(leaf), axis_names=names)[0], x)


def pmin(x: Any, axis_name: Any, *, axis_index_groups: Any = None) -> Any:
    """Returns the minimum over a named mapped axis.

    Args:
        x: a pytree of arrays.
        axis_name: the name (or a tuple of names) given to an enclosing `vmap`.
        axis_index_groups: must be None.

    Returns:
        A pytree like `x`, the same for every example.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if groups are given.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: x - lax.pmin(x, "i"), axis_name="i")(jnp.array([1.0, 2.0, 6.0]))
        Array([0., 1., 5.], dtype=float64)
    """
    _no_groups("pmin", axis_index_groups)
    names = _names(axis_name)
    return tree_map(lambda leaf: pmin_p.bind(to_array(leaf), axis_names=names)[0], x)


def axis_index(axis_name: Any) -> Array:
    """Returns the position of the example along a named mapped axis (int32).

    For several names, the position in row-major order.

    Args:
        axis_name: the name (or a tuple of names) given to an enclosing `vmap`.

    Returns:
        An integer of rank 0, another one for each example.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: x + lax.axis_index("i"), axis_name="i")(jnp.array([10, 10, 10]))
        Array([10, 11, 12], dtype=int64)
    """
    total: Any = None
    for name in _names(axis_name):
        (position,) = axis_index_p.bind(axis_names=(name,))
        total = position if total is None else total * axis_size(name) + position
    return total


def _single(what: str, axis_name: Any) -> tuple[Names, int]:
    names = _names(axis_name)
    if len(names) != 1:
        raise ValueError(f"{what} takes one axis name, got {axis_name!r}.")
    return names, named_axis_size(names[0])


def all_gather(
    x: Any,
    axis_name: Any,
    *,
    axis_index_groups: Any = None,
    axis: int = 0,
    tiled: bool = False,
) -> Any:
    """Returns the values of all examples, stacked.

    Args:
        x: a pytree of arrays.
        axis_name: the name given to an enclosing `vmap`.
        axis_index_groups: must be None.
        axis: where the new axis goes.
        tiled: whether the values are concatenated along `axis` in place of stacked.

    Returns:
        A pytree like `x`, the same for every example, whose arrays have an axis of the length of
        the mapped axis more; the same rank if `tiled`.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if groups or several names are given.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: lax.all_gather(x, "i"), axis_name="i")(jnp.array([3, 5]))
        Array([[3, 5],
               [3, 5]], dtype=int64)
    """
    _no_groups("all_gather", axis_index_groups)
    names, size = _single("all_gather", axis_name)

    def one(leaf: Any) -> Any:
        leaf = to_array(leaf)
        where = range(leaf.ndim + (not tiled))[axis]
        (out,) = all_gather_p.bind(leaf, axis_names=names, axis=where, axis_size=size)
        if not tiled:
            return out
        shape = (*leaf.shape[:where], size * leaf.shape[where], *leaf.shape[where + 1 :])
        return reshape(out, shape)

    return tree_map(one, x)


def psum_scatter(
    x: Any,
    axis_name: Any,
    *,
    scatter_dimension: int = 0,
    axis_index_groups: Any = None,
    tiled: bool = False,
) -> Any:
    """Returns each example's part of the sum over a named mapped axis.

    Args:
        x: a pytree of arrays whose axis `scatter_dimension` has the length of the mapped axis (a
            multiple of it if `tiled`).
        axis_name: the name given to an enclosing `vmap`.
        scatter_dimension: the axis that is divided among the examples.
        axis_index_groups: must be None.
        tiled: whether the axis stays.

    Returns:
        A pytree like `x`: example i has position i of the sum along `scatter_dimension`, without
        that axis; its i-th part of the axis if `tiled`.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if groups or several names are given.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> rows = jnp.array([[1, 2], [30, 40]])
        >>> mj.vmap(lambda x: lax.psum_scatter(x, "i"), axis_name="i")(rows)
        Array([31, 42], dtype=int64)
    """
    _no_groups("psum_scatter", axis_index_groups)
    names, size = _single("psum_scatter", axis_name)

    def one(leaf: Any) -> Any:
        leaf = to_array(leaf)
        where = range(leaf.ndim)[scatter_dimension]
        if tiled:
            parts = (size, leaf.shape[where] // size)
            leaf = reshape(leaf, (*leaf.shape[:where], *parts, *leaf.shape[where + 1 :]))
        return psum_scatter_p.bind(leaf, axis_names=names, axis=where, axis_size=size)[0]

    return tree_map(one, x)


def ppermute(x: Any, axis_name: Any, perm: Sequence[tuple[int, int]]) -> Any:
    """Passes values between examples; those that receive nothing get zeros.

    Args:
        x: a pytree of arrays.
        axis_name: the name given to an enclosing `vmap`.
        perm: pairs (source, destination).

    Raises:
        ValueError: if a source or a destination is named twice or out of range.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> pairs = [(0, 1), (1, 2)]
        >>> mj.vmap(lambda x: lax.ppermute(x, "i", pairs), axis_name="i")(jnp.array([3, 5, 7]))
        Array([0, 3, 5], dtype=int64)
    """
    names, size = _single("ppermute", axis_name)
    pairs = tuple((int(source), int(to)) for source, to in perm)
    for ends in zip(*pairs, strict=True):
        if len(set(ends)) != len(ends) or any(not 0 <= i < size for i in ends):
            raise ValueError(
                f"ppermute: sources and destinations must be distinct and in 0…{size - 1}, got "
                f"{list(pairs)}."
            )
    return tree_map(
        lambda leaf: ppermute_p.bind(to_array(leaf), axis_names=names, perm=pairs)[0], x
    )


def pshuffle(x: Any, axis_name: Any, perm: Sequence[int]) -> Any:
    """Returns to example i the value of example `perm[i]`.

    Args:
        x: a pytree of arrays.
        axis_name: the name given to an enclosing `vmap`.
        perm: a permutation of the positions along the mapped axis.

    Returns:
        A pytree like `x`.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if `perm` names a position twice or one out of range.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: lax.pshuffle(x, "i", [2, 0, 1]), axis_name="i")(jnp.array([3, 5, 7]))
        Array([7, 3, 5], dtype=int64)
    """
    return ppermute(x, axis_name, [(source, to) for to, source in enumerate(perm)])


def all_to_all(
    x: Any,
    axis_name: Any,
    split_axis: int,
    concat_axis: int,
    *,
    axis_index_groups: Any = None,
    tiled: bool = False,
) -> Any:
    """Exchanges the mapped axis with an axis of the values.

    Args:
        x: a pytree of arrays whose axis `split_axis` has the length of the mapped axis.
        axis_name: the name given to an enclosing `vmap`.
        split_axis: the axis that is divided among the examples.
        concat_axis: where the axis of their parts goes.
        axis_index_groups: must be None.
        tiled: whether the axes are divided and concatenated in place of removed and added.

    Returns:
        A pytree like `x`, without `split_axis` and with an axis at `concat_axis` along which the
        parts lie in the order of the examples they come from. If `tiled` both axes stay: one is
        divided and the other grows.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if groups or several names are given.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> rows = jnp.array([[1, 2], [3, 4]])
        >>> mj.vmap(lambda x: lax.all_to_all(x, "i", 0, 0), axis_name="i")(rows)
        Array([[1, 3],
               [2, 4]], dtype=int64)
    """
    _no_groups("all_to_all", axis_index_groups)
    names, size = _single("all_to_all", axis_name)

    def one(leaf: Any) -> Any:
        leaf = to_array(leaf)
        if not tiled:
            return all_to_all_p.bind(
                leaf,
                axis_names=names,
                split_axis=split_axis,
                concat_axis=concat_axis,
                axis_size=size,
            )[0]
        parts = (size, leaf.shape[split_axis] // size)
        shape = (*leaf.shape[:split_axis], *parts, *leaf.shape[split_axis + 1 :])
        (out,) = all_to_all_p.bind(
            reshape(leaf, shape),
            axis_names=names,
            split_axis=split_axis,
            concat_axis=concat_axis,
            axis_size=size,
        )
        joined = list(out.shape)
        joined[concat_axis : concat_axis + 2] = [joined[concat_axis] * joined[concat_axis + 1]]
        return reshape(out, joined)

    return tree_map(one, x)
