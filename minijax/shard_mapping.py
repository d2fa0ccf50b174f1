"""shard_map, smap and pmap: mapping over the axes of a mesh, which have length 1."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import wraps
from typing import Any

from minijax.core.array import aval_of
from minijax.core.pytree import flatten, flatten_axes, tree_map
from minijax.core.source import api_boundary
from minijax.sharding import AbstractMesh, Mesh, PartitionSpec, get_mesh
from minijax.transforms.arguments import check_callable, function_name
from minijax.transforms.batching import vmap
from minijax.transforms.jit import jit


class Infer:
    """Says that specifications of inputs are found from the arguments."""


def _on_named_axes(fun: Callable[..., Any], names: Sequence[Hashable]) -> Callable[..., Any]:
    """Returns `fun` with axes of length 1 known to collective operations inside."""
    for name in reversed(names):
        fun = _on_named_axis(fun, name)
    return fun


def _on_named_axis(fun: Callable[..., Any], name: Hashable) -> Callable[..., Any]:
    def named(*args: Any) -> Any:
        mapped = vmap(lambda: fun(*args), in_axes=(), axis_name=name, axis_size=1)
        return tree_map(lambda x: x[0], mapped())

    return named


def _check_specs(what: str, name: str, tree: Any, specs: Any, mesh: Any) -> None:
    leaves, treedef = flatten(tree)
    # A specification is a tuple: hide it from the flattening.
    boxed = tree_map(
        lambda spec: _Box(spec),
        specs,
        is_leaf=lambda x: x is None or isinstance(x, PartitionSpec),
    )
    for leaf, box in zip(leaves, flatten_axes(f"{what} {name}", treedef, boxed), strict=True):
        spec = box.spec or ()
        if len(spec) > len(aval_of(leaf).shape):
            raise ValueError(
                f"{what}: {name} has the specification {spec} of {len(spec)} entries for a value "
                f"of shape {aval_of(leaf).shape}."
            )
        for entry in spec:
            for axis in entry if isinstance(entry, tuple) else (entry,):
                if axis is not None and axis not in mesh.axis_names:
                    raise ValueError(
                        f"{what}: {name} names the axis {axis!r}; axes of the mesh: "
                        f"{mesh.axis_names}."
                    )


class _Box:
    def __init__(self, spec: Any) -> None:
        self.spec = spec


@api_boundary
def shard_map(
    f: Callable[..., Any] | None = None,
    /,
    *,
    out_specs: Any,
    in_specs: Any = Infer,
    mesh: Mesh | AbstractMesh | None = None,
    axis_names: Any = frozenset(),
    check_vma: bool = True,
) -> Any:
    """Maps a function over the parts of its arguments on the devices of a mesh.

    On one device each part is the whole array; collective operations see axes of length 1.

    Args:
        f: a function of arrays (or pytrees of arrays). Left out, a decorator is returned.
        out_specs: how outputs are put together: a `PartitionSpec` or a pytree prefix of them.
        in_specs: how arguments are divided, likewise, one for each argument.
        mesh: the mesh; by default the current one.
        axis_names: the axes that `f` is mapped over; by default all.
        check_vma: accepted for compatibility.

    Raises:
        ValueError: if there is no mesh, or a specification does not fit.

    Example:
        >>> import minijax as mj
        >>> from minijax.sharding import PartitionSpec
        >>> mesh = mj.make_mesh((1,), ("batch",))
        >>> rows = PartitionSpec("batch")
        >>> total = mj.shard_map(
        ...     lambda x: mj.lax.psum(x.sum(), "batch"),
        ...     mesh=mesh, in_specs=rows, out_specs=PartitionSpec(),
        ... )
        >>> float(total(mj.numpy.arange(4.0)))
        6.0
    """
    if f is None:
        return lambda function: shard_map(
            function, out_specs=out_specs, in_specs=in_specs, mesh=mesh, axis_names=axis_names
        )
    check_callable("shard_map", f)
    found = get_mesh() if mesh is None else mesh
    if found.empty:
        raise ValueError(
            "shard_map needs a mesh: pass mesh=make_mesh(...), or call it under set_mesh(...)."
        )

    @wraps(f)
    @api_boundary
    def mapped(*args: Any) -> Any:
        if in_specs is not Infer:
            _check_specs("shard_map", "in_specs", args, in_specs, found)
        out = _on_named_axes(f, tuple(axis_names) or found.axis_names)(*args)
        _check_specs("shard_map", "out_specs", out, out_specs, found)
        return out

    return mapped


def smap(
    f: Callable[..., Any] | None = None,
    /,
    *,
    in_axes: Any = Infer,
    out_axes: Any,
    axis_name: Hashable,
) -> Any:
    """Maps a function over one axis of the current mesh, which has length 1.

    Args:
        f: a function of arrays (or pytrees of arrays). Left out, a decorator is returned.
        in_axes, out_axes: which axis of arguments and outputs is divided; None for none.
        axis_name: the axis of the mesh.

    Returns:
        A function with the arguments and values of `f`, in which collective operations may name
        the axis.

    Example:
        >>> import minijax as mj
        >>> @mj.smap(in_axes=0, out_axes=0, axis_name="rows")
        ... def share(x):
        ...     return x / mj.lax.psum(1, "rows")
        >>> share(mj.numpy.array([1.0, 2.0]))
        Array([1., 2.], dtype=float64)
    """
    if f is None:
        return lambda function: smap(
            function, in_axes=in_axes, out_axes=out_axes, axis_name=axis_name
        )
    return wraps(f)(_on_named_axis(f, axis_name))


def pmap(
    fun: Callable[..., Any],
    axis_name: Hashable | None = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    static_broadcasted_argnums: int | Iterable[int] = (),
    devices: Any = None,
    backend: str | None = None,
    axis_size: int | None = None,
    donate_argnums: int | Iterable[int] = (),
) -> Callable[..., Any]:
    """Maps a function over an axis of its arguments, one device for each example: there is one.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        axis_name: a name by which collective operations inside know the axis.
        in_axes, out_axes: as for `vmap`.
        static_broadcasted_argnums: positional arguments that are passed as they are.
        axis_size: the length of the axis: 1.
        devices, backend, donate_argnums: accepted for compatibility.

    Returns:
        A compiled function of arguments with a mapped axis of length 1.

    Raises:
        ValueError: if the mapped axis is longer, as there is one device.

    Example:
        >>> import minijax as mj
        >>> mj.pmap(lambda x: 2 * x)(mj.numpy.ones((1, 3)))
        Array([[2., 2., 2.]], dtype=float64)
    """
    check_callable("pmap", fun)
    static = static_broadcasted_argnums
    fixed = (static,) if isinstance(static, int) else tuple(static)

    @wraps(fun)
    @api_boundary
    def one_device(*args: Any, **kwargs: Any) -> Any:
        hidden = {i % len(args): args[i] for i in fixed}
        free = tuple(x for i, x in enumerate(args) if i not in hidden)

        def inner(*free_args: Any, **inner_kwargs: Any) -> Any:
            rest = iter(free_args)
            full = [hidden[i] if i in hidden else next(rest) for i in range(len(args))]
            return fun(*full, **inner_kwargs)

        axes = in_axes
        if isinstance(in_axes, tuple | list):
            entries = in_axes if len(in_axes) == len(args) else None
            axes = tuple(in_axes) if entries is None else _without(entries, hidden)
        _check_lengths(function_name(fun), free, kwargs, axes, axis_size)
        return vmap(inner, axes, out_axes, axis_name, axis_size)(*free, **kwargs)

    return jit(one_device, static_argnums=fixed)


def _without(entries: Sequence[Any], hidden: Any) -> tuple[Any, ...]:
    return tuple(axis for i, axis in enumerate(entries) if i not in hidden)


def _check_lengths(name: str, args: Any, kwargs: Any, axes: Any, axis_size: int | None) -> None:
    leaves, in_tree = flatten((args, kwargs))
    for x, axis in zip(leaves, flatten_axes("pmap in_axes", in_tree, (axes, 0)), strict=True):
        shape = aval_of(x).shape
        length = 1 if axis is None or not shape else shape[axis]
        if length != 1 or axis_size not in (None, 1):
            raise ValueError(
                f"pmap of {name}: the mapped axis has length {axis_size or length}, but there is "
                "one device, so it must be 1. Use vmap to map over examples on one CPU."
            )
