"""associative_scan: all partial results of an associative operation, in logarithmic depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.pytree import flatten, unflatten
from minijax.core.source import api_boundary
from minijax.primitives.control.structure import (
    array_leaves,
    check_same_tree,
    name_of,
    type_name,
)
from minijax.primitives.joining import concatenate
from minijax.primitives.shape import canonical_axis, expand_dims, reshape, rev
from minijax.primitives.windows import slice_in_dim

Leaves = list[Any]


@api_boundary
def associative_scan(
    fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Computes fn(…fn(fn(e0, e1), e2)…, ek) for every k with few applications of `fn` in sequence.

    Args:
        fn: an associative function of two pytrees of the structure of `elems`; it works on many
            elements at once, along `axis`.
        elems: a pytree of arrays that have one length along `axis`.
        reverse: whether to combine from the last element to the first.
        axis: the axis along which the elements lie.

    Returns:
        A pytree of the shapes of `elems`.

    Raises:
        TypeError: if `fn` is not a function or returns another structure.
        ValueError: if the lengths along `axis` differ.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> print(lax.associative_scan(jnp.multiply, jnp.array([1.0, 2.0, 3.0, 4.0])))
        [ 1.  2.  6. 24.]

    Source: G. E. Blelloch, Prefix sums and their applications, 1990.
    """
    if not callable(fn):
        raise TypeError(f"associative_scan: fn must be a function of two values, got {fn!r:.60}.")
    leaves, tree = array_leaves("associative_scan: elems", elems)
    if not leaves:
        return elems
    axis = canonical_axis("associative_scan", axis, leaves[0].ndim)
    lengths = {x.shape[axis] if axis < x.ndim else None for x in leaves}
    if len(lengths) > 1 or None in lengths:
        shown = ", ".join(type_name(x.aval) for x in leaves)
        raise ValueError(
            f"associative_scan: all arrays must have one length along axis {axis}, got {shown}."
        )

    def combine(left: Leaves, right: Leaves) -> Leaves:
        found = fn(unflatten(tree, left), unflatten(tree, right))
        outs, out_tree = flatten(found)
        check_same_tree(
            f"associative_scan: {name_of(fn)} must return the structure that it takes.",
            tree,
            out_tree,
            ("elems", "the result"),
            "return a value of the structure of elems",
        )
        return outs

    if reverse:
        leaves = [rev(x, (axis,)) for x in leaves]
    results = _partials(combine, leaves, axis)
    if reverse:
        results = [rev(x, (axis,)) for x in results]
    return unflatten(tree, results)


def _partials(combine: Callable[[Leaves, Leaves], Leaves], elems: Leaves, axis: int) -> Leaves:
    """Returns the partial results; pairs are combined first, so the depth is logarithmic."""
    length = elems[0].shape[axis]
    if length < 2:
        return elems

    def part(leaves: Leaves, start: int, stop: int, stride: int = 1) -> Leaves:
        return [slice_in_dim(x, start, stop, stride, axis) for x in leaves]

    pairs = combine(part(elems, 0, length - 1, 2), part(elems, 1, length, 2))
    odd = _partials(combine, pairs, axis)
    first = part(elems, 0, 1)
    if length == 2:
        return _join([first, odd], axis)
    count = (length - 1) // 2
    later = combine(part(odd, 0, count), part(elems, 2, length, 2))
    even = _join([first, later], axis)
    num_odd = length // 2
    mixed = [_interleave(x, y, axis) for x, y in zip(part(even, 0, num_odd), odd, strict=True)]
    return _join([mixed, part(even, num_odd, len(range(0, length, 2)))], axis)


def _join(parts: Sequence[Leaves], axis: int) -> Leaves:
    columns = zip(*parts, strict=True)
    return [concatenate([x for x in column if x.shape[axis]], axis) for column in columns]


def _interleave(x: Any, y: Any, axis: int) -> Any:
    pairs = concatenate([expand_dims(x, (axis + 1,)), expand_dims(y, (axis + 1,))], axis + 1)
    shape = (*x.shape[:axis], 2 * x.shape[axis], *x.shape[axis + 1 :])
    return reshape(pairs, shape)
