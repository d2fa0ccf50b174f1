"""Choosing between values, and finding where they are."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, to_array, value_of
from minijax.core.errors import ConcretizationTypeError
from minijax.core.operators import Array
from minijax.core.trace import Tracer
from minijax.numpy.axes import ravel
from minijax.numpy.creation import asarray, ones
from minijax.numpy.dtypes import finfo
from minijax.numpy.elementary import imag, real
from minijax.numpy.logic import equal, isnan, truth
from minijax.numpy.promotion import (
    broadcast_shapes,
    convert,
    operand,
    promote_all,
    refuse_out,
    same_shape,
    strong,
)
from minijax.numpy.promotion import (
    select as select_between,
)
from minijax.numpy.taking import take, unravel_index
from minijax.numpy.updates import Place
from minijax.primitives import complex as complex_family
from minijax.primitives import shape as shape_family
from minijax.primitives.broadcast import reduce_sum
from minijax.primitives.creation import iota
from minijax.primitives.joining import concatenate, pad
from minijax.primitives.sort import top_k


def where(
    condition: Any,
    x: Any = None,
    y: Any = None,
    /,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Returns x where a condition holds, y elsewhere.

    The branch that is not chosen gets a gradient of exactly zero. Where its own derivative is
    infinite or NaN the product is NaN, so choose its argument first: `sqrt(where(x > 0, x, 1))`.

    Args:
        condition: bools, or numbers that are true where they are not zero.
        x, y: arrays that broadcast with it. Without them the result is `nonzero(condition)`.
        size: as for `nonzero`.
        fill_value: as for `nonzero`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.where(jnp.array([True, False]), 1.0, jnp.array([5.0, 6.0]))
        Array([1., 6.], dtype=float64)
    """
    if x is None and y is None:
        return nonzero(condition, size=size, fill_value=fill_value)
    if x is None or y is None:
        raise TypeError("where takes a condition alone, or a condition and both x and y.")
    if size is not None or fill_value is not None:
        raise ValueError("where: size and fill_value go with a condition alone.")
    chosen = truth(condition, "where")
    a, b = promote_all("where", x, y)
    broadcast_shapes(chosen.shape, a.shape, b.shape)  # raises the ValueError that callers expect
    return select_between(chosen, a, b)


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Array:
    """Returns for each element the choice of the first condition that holds.

    Args:
        condlist: conditions.
        choicelist: as many arrays.
        default: what to return where no condition holds.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.arange(4)
        >>> jnp.select([x < 1, x > 2], [10 * x, -x], 5)
        Array([ 0,  5,  5, -3], dtype=int64)
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"select needs as many conditions as choices, and at least one; got {len(condlist)} "
            f"and {len(choicelist)}."
        )
    *choices, result = promote_all("select", *choicelist, default)
    for condition, choice in zip(reversed(condlist), reversed(choices), strict=True):
        result = select_between(truth(condition, "select"), choice, result)
    return result


def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Array:
    """Returns for each element of `a` the element of the array that it numbers.

    Args:
        a: integers.
        choices: arrays that broadcast with `a`.
        mode: of numbers out of range: "clip" or "wrap"; "raise", the default, refuses them where
            the numbers are not traced.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.choose(jnp.array([1, 0]), [jnp.array([1, 2]), jnp.array([10, 20])])
        Array([10,  2], dtype=int64)
    """
    refuse_out("choose", out)
    arrays = promote_all("choose", *choices)
    number = operand(a, "choose")
    if not dtypes.is_integer(number.dtype):
        raise ValueError(f"choose: the first argument must hold integers, got {number.dtype}.")
    if mode == "raise":
        _check_numbers(number, len(arrays))
    elif mode not in ("clip", "wrap"):
        raise ValueError(f'choose: mode is "raise", "clip" or "wrap", got {mode!r}.')
    number, *arrays = same_shape("choose", number, *arrays)
    stacked = concatenate([shape_family.reshape(x, (1, x.size)) for x in arrays], 0)
    rows = shape_family.reshape(number, (1, number.size))
    how = "wrap" if mode == "wrap" else "clip"
    places = take(iota(dtypes.int64, len(arrays)), rows, mode=how)
    columns = shape_family.reshape(iota(dtypes.int64, number.size), (1, number.size))
    return shape_family.reshape(stacked[places, columns], number.shape)


def _check_numbers(number: Array, count: int) -> None:
    known = number.concrete() if isinstance(number, Tracer) else number
    if known is None:
        return
    value = value_of(known)
    if value.size and (value.min() < 0 or value.max() >= count):
        raise ValueError(
            f"choose: invalid entry in choice array: numbers must be in 0 … {count - 1}. "
            'Use mode="clip" or "wrap".'
        )


# -- places


def _known_value(x: Array, name: str) -> np.ndarray:
    known = x.concrete() if isinstance(x, Tracer) else x
    if type(known) is not ConcreteArray:
        raise ConcretizationTypeError.of(x, f"{name} without size=")
    return value_of(known)


def nonzero(a: Any, *, size: int | None = None, fill_value: Any = None) -> tuple[Array, ...]:
    """Returns the indices of elements that are not zero, one array for each axis.

    Args:
        a: an array.
        size: the length of the results, needed where `a` is traced: surplus places are left out,
            missing ones filled.
        fill_value: the index that fills, 0 if None; or a tuple of one for each axis.

    Raises:
        ConcretizationTypeError: if `a` is traced and there is no size.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nonzero(jnp.array([0, 3, 4]), size=3, fill_value=-1)
        (Array([ 1,  2, -1], dtype=int64),)
    """
    x = operand(a, "nonzero")
    if x.ndim == 0:
        raise ValueError("nonzero needs an axis to number: use jnp.atleast_1d(x) for rank 0.")
    mask = truth(x, "nonzero")
    if size is None:
        return tuple(to_array(places) for places in np.nonzero(_known_value(mask, "nonzero")))
    places, missing = _places_of(ravel(mask), operator.index(size))
    fills = fill_value if isinstance(fill_value, tuple) else (fill_value,) * x.ndim
    return tuple(
        where(missing, 0 if fill is None else fill, index)
        for index, fill in zip(_along_axes(places, x.shape), fills, strict=True)
    )


def _places_of(flags: Array, count: int) -> tuple[Array, Array]:
    """Returns the first places where a vector of bools holds, and which of them there are not."""
    kept = min(count, flags.size)
    places = convert(top_k(flags, kept)[1], dtypes.int64)
    if kept < count:
        places = pad(places, np.zeros((), np.int64), [(0, count - kept, 0)])
    found = reduce_sum(convert(flags, dtypes.int64), (0,))
    return places, iota(dtypes.int64, count) >= found


def _along_axes(places: Array, shape: tuple[int, ...]) -> tuple[Array, ...]:
    return (places,) if len(shape) == 1 else unravel_index(places, shape)


def argwhere(a: Any, *, size: int | None = None, fill_value: Any = None) -> Array:
    """Returns the indices of elements that are not zero as the rows of a matrix.

    Args:
        a, size, fill_value: as for `nonzero`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.argwhere(jnp.array([[0, 1], [1, 0]]))
        Array([[0, 1],
               [1, 0]], dtype=int64)
    """
    x = operand(a, "argwhere")
    indices = nonzero(x if x.ndim else ravel(x), size=size, fill_value=fill_value)
    if x.ndim == 0:
        return shape_family.reshape(indices[0], (indices[0].size, 1))[:, :0]
    return concatenate([shape_family.reshape(i, (i.size, 1)) for i in indices], 1)


def flatnonzero(a: Any, *, size: int | None = None, fill_value: Any = None) -> Array:
    """Returns the indices of elements of the ravelled array that are not zero.

    Args:
        a: an array of any shape.
        size: the length of the result, needed where `a` is traced: surplus places are left out,
            missing ones filled.
        fill_value: the index that fills, 0 if None.

    Returns:
        A vector of dtype int64.

    Raises:
        ConcretizationTypeError: if `a` is traced and there is no size.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.flatnonzero(jnp.array([[0, 1], [1, 0]]))
        Array([1, 2], dtype=int64)
    """
    return nonzero(ravel(a), size=size, fill_value=fill_value)[0]


def compress(
    condition: Any,
    a: Any,
    axis: int | None = None,
    *,
    size: int | None = None,
    fill_value: Any = 0,
    out: None = None,
) -> Array:
    """Returns the parts of an array along an axis for which a condition holds.

    Args:
        condition: a vector of bools; missing ones count as False.
        a: an array.
        axis: the axis; None ravels the array.
        size: the length of the result, needed where the condition is traced.
        fill_value: what fills a result that is longer.
        out: must be None, as arrays are immutable.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.compress(jnp.array([True, False, True]), jnp.array([1, 2, 3]))
        Array([1, 3], dtype=int64)
    """
    refuse_out("compress", out)
    x = operand(a, "compress")
    x, place = (ravel(x), 0) if axis is None else (x, axis)
    mask = asarray(condition)
    if mask.ndim != 1:
        raise ValueError(f"compress: the condition is a vector, got shape {mask.shape}.")
    if mask.shape[0] > x.shape[place]:
        mask = _shortened(mask, x.shape[place])
    (indices,) = nonzero(mask, size=size, fill_value=x.shape[place])
    return take(x, indices, axis=place, mode="fill", fill_value=fill_value)


def _shortened(mask: Any, length: int) -> Array:
    """Returns a mask without what lies behind the end of an axis, where nothing may be chosen."""
    rest = mask[length:]
    known = rest.concrete() if isinstance(rest, Tracer) else rest
    if known is not None and value_of(known).any():
        raise ValueError(f"compress: the condition chooses elements behind the length {length}.")
    return mask[:length]


def extract(condition: Any, arr: Any, *, size: int | None = None, fill_value: Any = 0) -> Array:
    """Returns the elements of an array where a condition of the same shape holds.

    Args:
        condition: an array of bools of the shape of `arr`; both are ravelled.
        arr: the array.
        size: the length of the result, needed where the condition is traced.
        fill_value: what fills a result that is longer.

    Returns:
        A vector of these elements, row by row.

    Raises:
        ConcretizationTypeError: if `condition` is traced and there is no size.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.arange(4)
        >>> jnp.extract(x > 1, x)
        Array([2, 3], dtype=int64)
    """
    return compress(ravel(condition), arr, size=size, fill_value=fill_value)


# -- replacing


def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Array:
    """Returns an array with NaN and infinities replaced by numbers.

    Args:
        x: an array.
        copy: kept for compatibility.
        nan: what stands for NaN.
        posinf: what stands for +inf, the largest number if None.
        neginf: what stands for -inf, the least number if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.nan_to_num(jnp.array([1.0, jnp.nan, jnp.inf]), posinf=9.0)
        Array([1., 0., 9.], dtype=float64)
    """
    x = operand(x, "nan_to_num")
    if not dtypes.is_inexact(x.dtype):
        return x
    x = strong(x)
    if dtypes.is_complex(x.dtype):
        parts = (nan_to_num(part, copy, nan, posinf, neginf) for part in (real(x), imag(x)))
        return complex_family.complex(*parts)
    limits = finfo(x.dtype)
    highest = limits.max if posinf is None else posinf
    lowest = limits.min if neginf is None else neginf
    replaced = where(isnan(x), _as(nan, x), x)
    replaced = where(equal(x, np.inf), _as(highest, x), replaced)
    return where(equal(x, -np.inf), _as(lowest, x), replaced)


def _as(value: Any, x: Array) -> Array:
    return convert(operand(value, "nan_to_num"), x.dtype, x.weak_type)


def put_along_axis(
    arr: Any,
    indices: Any,
    values: Any,
    axis: int | None,
    inplace: bool = True,
    *,
    mode: str | None = None,
) -> Array:
    """Returns an array with values put where `take_along_axis` would read them.

    Args:
        arr: an array.
        indices: integers with as many axes.
        values: what to put, broadcast against the indices.
        axis: the axis; None ravels the array.
        inplace: must be False, as arrays are immutable.
        mode: of indices out of bounds, as for `x.at[]`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.put_along_axis(jnp.zeros(3), jnp.array([1]), 5.0, 0, inplace=False)
        Array([0., 5., 0.], dtype=float64)
    """
    _refuse_inplace("put_along_axis", inplace)
    x, found = operand(arr, "put_along_axis"), operand(indices, "put_along_axis")
    shape = x.shape
    if axis is None:
        x, axis = ravel(x), 0
    place = axis + x.ndim if axis < 0 else axis
    index: list[Any] = [
        shape_family.reshape(iota(dtypes.int64, n), _along(d, n, x.ndim))
        for d, n in enumerate(x.shape)
    ]
    index[place] = found
    result = Place(x, tuple(index)).set(values, mode="drop" if mode is None else mode)
    return shape_family.reshape(result, shape)


def _along(axis: int, n: int, ndim: int) -> Sequence[int]:
    return [n if d == axis else 1 for d in range(ndim)]


def _refuse_inplace(name: str, inplace: bool) -> None:
    if inplace:
        raise ValueError(
            f"{name} cannot change an array: write x = jnp.{name}(x, ..., inplace=False)."
        )


def mask_indices(
    n: int, mask_func: Callable[..., Any], k: int = 0, *, size: int | None = None
) -> tuple[Array, Array]:
    """Returns the indices of an (n, n) matrix that a function such as `triu` keeps.

    Args:
        n: the length of both axes.
        mask_func: takes a matrix and `k`.
        k: its second argument.
        size: the length of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> [i.tolist() for i in jnp.mask_indices(2, jnp.triu)]
        [[0, 0, 1], [0, 1, 1]]
    """
    rows, columns = nonzero(mask_func(ones((n, n), int), k), size=size)
    return rows, columns
