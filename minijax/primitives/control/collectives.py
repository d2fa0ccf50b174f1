"""Collectives as functions of pytrees: what the mapped examples of an axis do together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.core.pytree import tree_map
from minijax.core.trace import axis_size as named_axis_size
from minijax.primitives.control.collective import (
    Names,
    all_gather_p,
    all_to_all_p,
    axis_index_p,
    pmax_p,
    pmin_p,
    ppermute_p,
    psum_p,
    psum_scatter_p,
)
from minijax.primitives.convert import convert_element_type
from minijax.primitives.shape import reshape


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
