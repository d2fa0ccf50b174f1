"""vmap of functions of objects whose types say themselves how they are mapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core.pytree import flatten, flatten_axes, unflatten
from minijax.interpreters.mapped_types import is_mapped, mapped_types
from minijax.transforms.arguments import function_name

Part = Callable[[Any, Any], Any]


def map_parts(
    vmap: Callable[..., Any],
    fun: Callable[..., Any],
    axes: tuple[Any, Any],
    given: tuple[Any, Any],
    options: dict[str, Any],
) -> Any:
    """Maps a function over the parts of its arguments.

    Args:
        vmap: maps functions of arrays.
        fun: the function.
        axes: `in_axes` and `out_axes`.
        given: the arguments by position and by name.
        options: further arguments of `vmap`.
    """
    leaves, tree = flatten(given, is_mapped)
    specs = flatten_axes("vmap in_axes", tree, (axes[0], 0))
    parts: list[Any] = []
    dims: list[Any] = []
    for x, spec in zip(leaves, specs, strict=True):
        _element(x, spec, _collect(parts, dims), lambda: 0)
    found: list[Any] = []
    out_dims: list[Any] = []

    def of_parts(index: Any, *values: Any) -> list[Any]:
        part = _replace(values)
        elements = [
            _element(x, spec, part, lambda: index) for x, spec in zip(leaves, specs, strict=True)
        ]
        args, kwargs = unflatten(tree, elements)
        outs, out_tree = flatten(fun(*args, **kwargs), is_mapped)
        wanted = flatten_axes("vmap out_axes", out_tree, axes[1])
        results: list[Any] = []
        for x, spec in zip(outs, wanted, strict=True):
            _whole(x, spec, _collect(results, out_dims), size)
        found[:] = outs, out_tree, wanted
        return results

    of_parts.__name__ = function_name(fun)
    size = options["axis_size"] or next(
        (np.shape(x)[dim] for x, dim in zip(parts, dims, strict=True) if dim is not None), 0
    )
    results = vmap(of_parts, (0, *dims), out_dims, **options)(np.arange(size), *parts)
    outs, out_tree, wanted = found
    part = _replace(results)
    return unflatten(
        out_tree, [_whole(x, spec, part, size) for x, spec in zip(outs, wanted, strict=True)]
    )


def _element(x: Any, spec: Any, part: Part, index: Any) -> Any:
    kind = mapped_types.get(type(x))
    if kind is None:
        return part(x, spec)
    return kind.to_elt(lambda y, axis: _element(y, axis, part, index), index, x, spec)


def _whole(x: Any, spec: Any, part: Part, size: int) -> Any:
    kind = mapped_types.get(type(x))
    if kind is None:
        return part(x, spec)
    return kind.from_elt(lambda _, y, axis: _whole(y, axis, part, size), size, x, spec)


def _collect(parts: list[Any], dims: list[Any]) -> Part:
    """Returns what notes the arrays of each part, with its axis."""

    def part(x: Any, spec: Any) -> Any:
        arrays = flatten(x)[0]
        parts.extend(arrays)
        dims.extend([spec] * len(arrays))
        return x

    return part


def _replace(values: Any) -> Part:
    """Returns what puts the next values in the place of the arrays of each part."""
    rest = iter(values)

    def part(x: Any, spec: Any) -> Any:
        arrays, tree = flatten(x)
        return unflatten(tree, [next(rest) for _ in arrays])

    return part
