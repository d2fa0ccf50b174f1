"""`vectorize`: a function of small arrays, applied along all other axes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection
from typing import Any

from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.interpreters.batch import batch, move_batch_axis
from minijax.numpy.axes import moveaxis
from minijax.numpy.promotion import broadcast_shapes, canonical_axis, operand
from minijax.primitives import shape as shape_family

Names = tuple[str, ...]
_CORE = r"\((?:\w+(?:,\w+)*)?\)"
_SIGNATURE = re.compile(rf"^{_CORE}(?:,{_CORE})*->{_CORE}(?:,{_CORE})*$")


def vectorize(
    pyfunc: Callable[..., Any],
    *,
    excluded: Collection[int | str] = frozenset(),
    signature: str | None = None,
) -> Callable[..., Any]:
    """Returns a function that broadcasts, from one for single elements or vectors.

    Args:
        pyfunc: takes and returns arrays.
        excluded: positions and names of arguments that are passed on as they are.
        signature: the axes that `pyfunc` itself works on, as "(n,m),(m)->(n)"; none if None.

    Returns:
        A function whose arguments have any further axes in front, which broadcast.

    Raises:
        ValueError: if the signature is malformed, or an argument does not fit it.

    Example:
        >>> import minijax.numpy as jnp
        >>> matvec = jnp.vectorize(jnp.dot, signature="(n,m),(m)->(n)")
        >>> matvec(jnp.ones((2, 3)), jnp.ones((4, 3))).shape
        (4, 2)
    """
    parsed = None if signature is None else _parse(signature)

    @functools.wraps(pyfunc)
    @api_boundary
    def vectorized(*args: Any, **kwargs: Any) -> Any:
        fixed = {i: x for i, x in enumerate(args) if i in excluded or x is None}
        positions = [i for i in range(len(args)) if i not in fixed]
        names = [name for name in kwargs if name not in excluded and kwargs[name] is not None]
        arrays = [operand(args[i], "vectorize") for i in positions]
        arrays += [operand(kwargs[name], "vectorize") for name in names]

        def inner(*values: Any) -> Any:
            by_position = fixed | dict(zip(positions, values, strict=False))
            by_name = dict(zip(names, values[len(positions) :], strict=True))
            return pyfunc(*(by_position[i] for i in range(len(args))), **(kwargs | by_name))

        cores, out_cores = parsed or ([()] * len(arrays), None)
        lengths = _check(arrays, cores)
        return _apply(inner, arrays, [len(core) for core in cores], out_cores, lengths)

    return vectorized


def _parse(signature: str) -> tuple[list[Names], list[Names]]:
    text = signature.replace(" ", "")
    if not _SIGNATURE.match(text):
        raise ValueError(f'vectorize: {signature!r} is no signature such as "(n,m),(m)->(n)".')
    sides = text.split("->")
    groups = [re.findall(r"\(([^)]*)\)", side) for side in sides]
    inputs, outputs = ([tuple(g.split(",")) if g else () for g in side] for side in groups)
    return inputs, outputs


def _check(arrays: list[Array], cores: list[Names]) -> dict[str, int]:
    """Returns how long each named axis is."""
    if len(arrays) != len(cores):
        raise TypeError(f"vectorize: the signature has {len(cores)} inputs, got {len(arrays)}.")
    lengths: dict[str, int] = {}
    for x, core in zip(arrays, cores, strict=True):
        if x.ndim < len(core):
            raise ValueError(f"vectorize: shape {x.shape} lacks the axes ({','.join(core)}).")
        for name, n in zip(core, x.shape[x.ndim - len(core) :], strict=True):
            if lengths.setdefault(name, n) != n:
                raise ValueError(
                    f"vectorize: the axis {name!r} has lengths {lengths[name]} and {n}."
                )
    return lengths


def _check_result(y: Any, core: Names, lengths: dict[str, int]) -> None:
    expected = tuple(lengths.setdefault(name, n) for name, n in zip(core, y.shape, strict=False))
    if y.shape != expected or y.ndim != len(core):
        raise ValueError(
            f"vectorize: a result of shape {y.shape} does not have the axes ({','.join(core)})."
        )


def _apply(
    inner: Callable[..., Any],
    arrays: list[Array],
    ranks: list[int],
    out_cores: Any,
    lengths: dict[str, int],
) -> Any:
    """Maps a function over the leading axes, from the outermost inwards."""
    outer = [x.shape[: x.ndim - rank] for x, rank in zip(arrays, ranks, strict=True)]
    shape = broadcast_shapes(*outer)
    is_tuple: list[bool] = []

    def flat(*values: Any) -> list[Any]:
        result = inner(*values)
        is_tuple.append(isinstance(result, tuple | list))
        outs = [operand(y, "vectorize") for y in (result if is_tuple[-1] else (result,))]
        if out_cores is not None and len(outs) != len(out_cores):
            raise ValueError(f"vectorize: {len(out_cores)} results expected, got {len(outs)}.")
        for y, core in zip(outs, out_cores or (), strict=False):
            _check_result(y, core, lengths)
        return outs

    outs = _map_axes(flat, arrays, outer, shape)
    return tuple(outs) if is_tuple[-1] else outs[0]


def _map_axes(
    fun: Callable[..., list[Any]],
    arrays: list[Array],
    outer: list[tuple[int, ...]],
    shape: tuple[int, ...],
) -> list[Any]:
    if not shape:
        return fun(*arrays)
    size, rest = shape[0], shape[1:]
    dims: list[int | None] = []
    operands, inner_shapes = [], []
    for x, own in zip(arrays, outer, strict=True):
        has_axis = len(own) == len(shape)
        if has_axis and own[0] != size:
            x = shape_family.squeeze(x, (0,))
        dims.append(0 if has_axis and own[0] == size else None)
        operands.append(x)
        inner_shapes.append(own[1:] if has_axis else own)

    def mapped(*values: Any) -> list[Any]:
        return _map_axes(fun, list(values), inner_shapes, rest)

    outs, out_dims = batch(mapped, operands, dims, size)
    return [move_batch_axis(y, dim, size) for y, dim in zip(outs, out_dims, strict=True)]


def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Array:
    """Returns the results of a function of vectors, applied to all vectors along an axis.

    Args:
        func1d: takes a vector and further arguments.
        axis: the axis of the vectors; the axes of the result stand in its place.
        arr: an array.
        *args, **kwargs: further arguments of the function.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.apply_along_axis(jnp.sum, 0, jnp.ones((2, 3)))
        Array([2., 2., 2.], dtype=float64)
    """
    x = operand(arr, "apply_along_axis")
    place = canonical_axis(axis, x.ndim, "apply_along_axis")
    moved = moveaxis(x, place, -1)
    outer = moved.shape[:-1]

    def of_vector(vector: Any) -> list[Any]:
        return [operand(func1d(vector, *args, **kwargs), "apply_along_axis")]

    (result,) = _map_axes(of_vector, [moved], [outer], outer)
    ranks = range(len(outer), result.ndim)
    return moveaxis(result, tuple(ranks), tuple(place + i for i in range(len(ranks))))


def apply_over_axes(func: Callable[[Any, int], Any], a: Any, axes: Any) -> Array:
    """Returns the result of a function that reduces one axis, applied to several in turn.

    Args:
        func: takes an array and an axis; returns an array with or without that axis.
        a: an array.
        axes: the axes.

    Raises:
        ValueError: if the function returns an array of another rank.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.apply_over_axes(jnp.sum, jnp.ones((2, 3, 4)), [0, 2])
        Array([[[8.],
                [8.],
                [8.]]], dtype=float64)
    """
    x = operand(a, "apply_over_axes")
    for axis in axes:
        place = canonical_axis(axis, x.ndim, "apply_over_axes")
        result = operand(func(x, place), "apply_over_axes")
        if result.ndim == x.ndim - 1:
            result = shape_family.expand_dims(result, (place,))
        if result.ndim != x.ndim:
            raise ValueError(
                f"apply_over_axes: the function must reduce one axis of shape {x.shape}, but it "
                f"returned shape {result.shape}."
            )
        x = result
    return x
