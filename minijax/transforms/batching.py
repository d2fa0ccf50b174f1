"""vmap: running a function once for a whole axis of examples."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from minijax.core.array import aval_of, to_array
from minijax.core.operators import Array
from minijax.core.pytree import flatten, flatten_axes, flatten_call, flatten_with_path, unflatten
from minijax.core.references import Ref, read_all
from minijax.core.source import api_boundary
from minijax.interpreters.batch import batch, move_batch_axis
from minijax.interpreters.mapped_types import is_mapped, mapped_types
from minijax.transforms.arguments import (
    FlatFunction,
    argument_path,
    check_array,
    check_callable,
    function_name,
    wraps,
)
from minijax.transforms.mapped_types import map_parts
from minijax.transforms.references import has_references

Axes = Any


@api_boundary
def vmap(
    fun: Callable[..., Any],
    in_axes: Axes = 0,
    out_axes: Axes = 0,
    axis_name: Hashable | None = None,
    axis_size: int | None = None,
    spmd_axis_name: Hashable | None = None,
    sum_match: bool = False,
) -> Callable[..., Any]:
    """Returns a function that maps `fun` over an axis of its arguments.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        in_axes: which axis of each positional argument to map over: an int for all, or a tuple or
            list with an entry for each argument, each an int, None (not mapped) or a pytree of
            those that is a prefix of the argument. Keyword arguments are mapped over axis 0.
        out_axes: where the mapped axis goes in the outputs: an int, None (the output does not
            depend on it) or a pytree prefix of the output.
        axis_name: a name by which collective operations inside (`lax.psum`) know the axis.
        axis_size: the length of the axis; needed only if nothing is mapped.
        spmd_axis_name, sum_match: accepted for compatibility; they have no meaning on one device.

    Returns:
        A function with the arguments and outputs of `fun`, each with the mapped axis.

    Raises:
        TypeError: if `in_axes` is neither an int, None, a tuple nor a list.
        ValueError: if axes do not fit the arguments, or mapped axes differ in length.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> mj.vmap(jnp.dot, in_axes=(0, None))(jnp.eye(2), jnp.array([3.0, 4.0]))
        Array([3., 4.], dtype=float64)
    """
    check_callable("vmap", fun)
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if not (in_axes is None or isinstance(in_axes, int | tuple)):
        raise TypeError(
            "vmap: in_axes must be an int, None, or a tuple with an entry for each positional "
            f"argument, got {in_axes!r}. For one argument that is a pytree, write (in_axes,)."
        )

    @wraps(fun)
    @api_boundary
    def mapped(*args: Any, **kwargs: Any) -> Any:
        if isinstance(in_axes, tuple) and len(in_axes) != len(args):
            raise ValueError(
                f"vmap: in_axes has {len(in_axes)} entries, but {function_name(fun)} was called "
                f"with {len(args)} positional argument(s)."
            )
        if mapped_types and any(map(is_mapped, flatten((args, kwargs), is_mapped)[0])):
            options = {"axis_name": axis_name, "axis_size": axis_size}
            return map_parts(vmap, fun, (in_axes, out_axes), (args, kwargs), options)
        leaves, in_tree = flatten_call(args, kwargs)
        dims: list[Any] = [in_axes] * len(leaves)
        if type(in_axes) is not int or kwargs:
            dims = flatten_axes("vmap in_axes", in_tree, (in_axes, 0))
        size = _plain_size(leaves, dims)
        if size is None or (axis_size is not None and axis_size != size):
            dims = _checked_dims(fun, args, kwargs, dims)
            size = _mapped_size(fun, args, kwargs, dims, axis_size)
        flat = FlatFunction(fun, in_tree)
        mapped_leaves = [
            x if dim is None or isinstance(x, Ref) else to_array(x)
            for x, dim in zip(leaves, dims, strict=True)
        ]
        if has_references(leaves):
            outs, out_dims = _batch_references(flat, mapped_leaves, dims, size, axis_name)
        else:
            outs, out_dims = batch(flat, mapped_leaves, dims, size, axis_name)
        wanted = flatten_axes("vmap out_axes", flat.out_tree, out_axes)
        moved = [
            _output(fun, out, dim, to, size)
            for out, dim, to in zip(outs, out_dims, wanted, strict=True)
        ]
        return unflatten(flat.out_tree, moved)

    return mapped


def _batch_references(
    flat: Callable[..., Any], leaves: list[Any], dims: list[Any], size: int, axis_name: Hashable
) -> tuple[Any, Any]:
    """Maps a function with references among its arguments: each example has one of its part."""
    is_ref = [isinstance(x, Ref) for x in leaves]
    mapped = [on and dim is not None for on, dim in zip(is_ref, dims, strict=True)]
    references = [x for x, on in zip(leaves, mapped, strict=True) if on]

    def of_values(*values: Any) -> list[Any]:
        # A reference that is not mapped is the same for all examples.
        given = [
            Ref(value) if on else known if ref else value
            for value, on, known, ref in zip(values, mapped, leaves, is_ref, strict=True)
        ]
        outs = flat(*given)
        return [*outs, *read_all([x for x, on in zip(given, mapped, strict=True) if on])]

    values = [x.value() if ref else x for x, ref in zip(leaves, is_ref, strict=True)]
    outs, out_dims = batch(of_values, values, dims, size, axis_name)
    count = len(outs) - len(references)
    wanted = [dim for dim, on in zip(dims, mapped, strict=True) if on]
    for ref, out, dim, to in zip(references, outs[count:], out_dims[count:], wanted, strict=True):
        ref.replace(move_batch_axis(out, dim, size, to))
    return outs[:count], out_dims[:count]


def _plain_size(leaves: list[Any], dims: list[Any]) -> int | None:
    """Returns the length of the mapped axes if all is as it most often is, else None."""
    size = None
    for x, dim in zip(leaves, dims, strict=True):
        if dim is None:
            continue
        if type(dim) is not int or not isinstance(x, Array):
            return None
        shape = x.aval.shape
        if not 0 <= dim < len(shape) or (size is not None and shape[dim] != size):
            return None
        size = shape[dim]
    return size


def _checked_dims(
    fun: Callable[..., Any], args: Any, kwargs: Any, dims: list[Any]
) -> list[int | None]:
    """Returns the mapped axes as nonnegative ints."""
    found: list[int | None] = []
    paths = flatten_with_path((args, kwargs))[0]
    for (path, x), dim in zip(paths, dims, strict=True):
        if dim is None:
            found.append(None)
            continue
        name = argument_path(path)
        x = x.value() if isinstance(x, Ref) else x
        aval = check_array(f"vmap of {function_name(fun)}", name, x)
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise TypeError(f"vmap: in_axes for {name} must be an int or None, got {dim!r}.")
        ndim = len(aval.shape)
        if not -ndim <= dim < ndim:
            raise ValueError(
                f"vmap of {function_name(fun)}: in_axes asks for axis {dim} of {name}, which has "
                f"shape {aval.shape}" + (" (rank 0 has no axis to map)." if ndim == 0 else ".")
            )
        found.append(dim % ndim)
    return found


def _mapped_size(
    fun: Callable[..., Any],
    args: Any,
    kwargs: Any,
    dims: list[int | None],
    axis_size: int | None,
) -> int:
    sizes: dict[int, list[str]] = {}
    paths = flatten_with_path((args, kwargs))[0]
    for (path, x), dim in zip(paths, dims, strict=True):
        if dim is not None:
            shape = x.shape if isinstance(x, Ref) else aval_of(x).shape
            sizes.setdefault(shape[dim], []).append(
                f"{argument_path(path)} has shape {shape}, axis {dim} of length {shape[dim]}"
            )
    if axis_size is not None:
        sizes.setdefault(axis_size, []).append(f"axis_size is {axis_size}")
    if not sizes:
        raise ValueError(
            f"vmap of {function_name(fun)} needs at least one mapped argument: every entry of "
            "in_axes is None. Give axis_size=... to map a function of no mapped argument."
        )
    if len(sizes) > 1:
        lines = [found[0] for found in sizes.values()]
        raise ValueError(
            f"vmap of {function_name(fun)}: the mapped axes must have one length, but "
            + "; ".join(lines)
            + ". Map over the same axis, or mark what all examples share with None in in_axes."
        )
    return next(iter(sizes))


def _output(fun: Callable[..., Any], out: Any, dim: int | None, to: Any, size: int) -> Any:
    if to is None:
        if dim is not None:
            raise ValueError(
                f"vmap of {function_name(fun)}: out_axes is None for an output of "
                f"{aval_of(out).without_axis(dim)} that depends on the mapped axis. "
                "Give it an int."
            )
        return to_array(out)
    if not isinstance(to, int):
        raise TypeError(
            f"vmap of {function_name(fun)}: out_axes holds ints and None, got {to!r:.40}."
        )
    aval = aval_of(out)
    ndim = len(aval.shape) + (dim is None)
    if not -ndim <= to < ndim:
        raise ValueError(
            f"vmap of {function_name(fun)}: out_axes={to!r} is out of range for an output that "
            f"has {ndim} axes with the mapped one."
        )
    return move_batch_axis(out, dim, size, to % ndim)
