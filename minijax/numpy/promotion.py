"""How functions take their arguments: as arrays of one dtype whose shapes broadcast.

Elementwise primitives take operands of one dtype, and of one shape or rank 0. Two arrays that
agree already are passed on untouched; everything else is made so here.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import scalar as scalar
from minijax.core.array import to_array
from minijax.core.config import config
from minijax.core.errors import TypePromotionError
from minijax.core.operators import Array
from minijax.numpy.dtypes import inexact_dtype
from minijax.primitives.broadcast import broadcast_in_dim
from minijax.primitives.compare import select_n
from minijax.primitives.convert import convert_element_type_p

Shape = tuple[int, ...]
_PYTHON_SCALARS = (bool, int, float, complex)


def operand(x: Any, name: str) -> Array:
    """Returns an argument of the function `name` as an array.

    Raises:
        TypeError: if it is a list, a string or anything else that is no array and no number.
    """
    if isinstance(x, Array):
        return x
    try:
        return to_array(x)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None


def convert(x: Any, dtype: np.dtype, weak: bool = False) -> Array:
    """Returns an array in the given dtype and weakness; itself if it has both."""
    aval = x.aval
    if (aval.dtype is dtype or aval.dtype == dtype) and aval.weak_type == weak:
        return x
    return convert_element_type_p.bind(x, new_dtype=dtype, weak_type=weak)[0]


def strong(x: Array) -> Array:
    """Returns an array whose dtype does not give way in promotion."""
    return convert(x, x.dtype) if x.weak_type else x


# -- shapes


def broadcast_shapes(*shapes: Any) -> Shape:
    """Returns the shape that arrays of the given shapes broadcast to.

    Args:
        *shapes: tuples of ints, or ints.

    Raises:
        ValueError: if two lengths differ and neither is 1.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.broadcast_shapes((3, 1), (4,))
        (3, 4)
    """
    return _broadcast_shapes(*(s if isinstance(s, tuple) else _shape_tuple(s) for s in shapes))


def _shape_tuple(shape: Any) -> Shape:
    return tuple(map(int, shape)) if hasattr(shape, "__len__") else (int(shape),)


@functools.lru_cache(maxsize=4096)
def _broadcast_shapes(*shapes: Shape) -> Shape:
    rank = max((len(shape) for shape in shapes), default=0)
    result = []
    for axis in range(-rank, 0):
        lengths = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(lengths) > 1:
            raise ValueError(
                f"Incompatible shapes for broadcasting: {', '.join(map(str, shapes))}; axis {axis} "
                f"has lengths {sorted(lengths)}. They must be equal or 1; add axes with x[:, None]."
            )
        result.append(lengths.pop() if lengths else 1)
    return tuple(result)


def spread_to(x: Array, shape: Shape) -> Array:
    """Returns an array broadcast to a shape that it is known to fit."""
    if x.aval.shape == shape:
        return x
    rank = len(shape)
    return broadcast_in_dim(x, shape, tuple(range(rank - x.ndim, rank)))


def broadcast(name: str, arrays: Sequence[Array]) -> list[Array]:
    """Returns arrays of one shape; those of rank 0 stay, as elementwise primitives take them.

    Raises:
        TypeError: if the shapes do not broadcast.
    """
    shapes = {x.aval.shape for x in arrays} - {()}
    if len(shapes) <= 1:
        return list(arrays)
    try:
        shape = _broadcast_shapes(*(x.aval.shape for x in arrays))
    except ValueError as error:
        raise TypeError(f"{name}: {error}") from None
    if len({len(s) for s in shapes}) > 1:
        _check_rank_promotion(name, [x.aval.shape for x in arrays])
    return [x if x.ndim == 0 else spread_to(x, shape) for x in arrays]


def _check_rank_promotion(name: str, shapes: Sequence[Shape]) -> None:
    if config.numpy_rank_promotion == "allow":
        return
    text = (
        f"{name} would add axes to operands of shapes {', '.join(map(str, shapes))}, and "
        "numpy_rank_promotion is not 'allow': add them with x[None, :] or jnp.expand_dims."
    )
    if config.numpy_rank_promotion == "raise":
        raise ValueError(text)
    warnings.warn(text, stacklevel=4)


def same_shape(name: str, *arrays: Array) -> list[Array]:
    """Returns arrays broadcast to their common shape, those of rank 0 too."""
    shape = arrays[0].aval.shape
    if all(x.aval.shape == shape for x in arrays):
        return list(arrays)
    partly = broadcast(name, arrays)
    shape = next((x.aval.shape for x in partly if x.aval.shape), ())
    return [spread_to(x, shape) for x in partly]


def select(condition: Array, if_true: Array, if_false: Array) -> Array:
    """Returns `if_true` where the condition holds; the three are broadcast, of one dtype."""
    shape = condition.aval.shape
    if not shape or if_true.aval.shape != shape or if_false.aval.shape != shape:
        if condition.aval.shape:
            condition, if_true, if_false = same_shape("where", condition, if_true, if_false)
        else:
            if_true, if_false = same_shape("where", if_true, if_false)
    return select_n(condition, if_false, if_true)


# -- dtypes


@functools.cache
def _with_python_scalar(dtype: np.dtype, weak: bool, kind: type) -> tuple[np.dtype, bool]:
    pair = dtypes.python_scalar_dtype(kind)
    assert pair is not None, f"{kind} is not a type of Python scalars"
    return dtypes.promote(((dtype, weak), pair))


def promote(name: str, x: Any, y: Any) -> Sequence[Array]:
    """Returns two operands in their common dtype, with shapes that elementwise primitives take.

    Raises:
        TypeError: if an operand is no array and no number, or the shapes do not broadcast.
    """
    if isinstance(x, Array):
        a = x.aval
        if isinstance(y, Array):
            b = y.aval
            if a.dtype is b.dtype or a.dtype == b.dtype:
                if a.shape == b.shape or not a.shape or not b.shape:
                    return x, y
                return broadcast(name, (x, y))
        elif type(y) in _PYTHON_SCALARS:
            dtype, _ = _with_python_scalar(a.dtype, a.weak_type, type(y))  # type: ignore[arg-type]
            if dtype == a.dtype:
                return x, scalar(y, dtype, dtype.kind != "b")
    elif isinstance(y, Array) and type(x) in _PYTHON_SCALARS:
        b = y.aval
        dtype, _ = _with_python_scalar(b.dtype, b.weak_type, type(x))  # type: ignore[arg-type]
        if dtype == b.dtype:
            return scalar(x, dtype, dtype.kind != "b"), y
    return broadcast(name, promote_dtypes(name, x, y))


def promote_dtypes(name: str, *operands: Any, inexact: bool = False) -> list[Array]:
    """Returns operands in their common dtype, each in its own shape.

    Args:
        name: the function, for messages.
        *operands: arrays and numbers.
        inexact: whether integers and bools become floating numbers.
    """
    pairs = []
    values = []
    for x in operands:
        weak = dtypes.python_scalar_dtype(type(x)) if not isinstance(x, Array) else None
        value = x if weak is not None else operand(x, name)
        values.append(value)
        pairs.append(weak if weak is not None else (value.dtype, value.weak_type))
    dtype, is_weak = dtypes.promote(pairs)
    if len(set(pairs)) > 1:
        _check_strict(name, pairs)
    if inexact:
        dtype = inexact_dtype(dtype)
    return [_in_dtype(x, dtype, is_weak) for x in values]


def _in_dtype(x: Any, dtype: np.dtype, weak: bool) -> Array:
    if not isinstance(x, Array):
        return to_scalar(x, dtype, weak)
    return x if x.dtype == dtype else convert(x, dtype, weak)


def to_scalar(x: Any, dtype: np.dtype, weak: bool = False) -> Array:
    """Returns a Python number of any kind in the given dtype, cut as a conversion would."""
    if isinstance(x, complex) and not dtypes.is_complex(dtype):
        x = x.real
    if isinstance(x, float) and not dtypes.is_inexact(dtype) and dtype != dtypes.bool_:
        return convert(to_array(x), dtype, weak)
    return scalar(x, dtype, weak)


def _check_strict(name: str, pairs: Sequence[tuple[np.dtype, bool]]) -> None:
    if config.numpy_dtype_promotion != "strict":
        return
    strong_dtypes = {dtype for dtype, weak in pairs if not weak}
    if not strong_dtypes:
        return
    if len(strong_dtypes) > 1 or dtypes.promote(pairs)[0] not in strong_dtypes:
        names = ", ".join(dtypes.short_name(dtype) for dtype, _ in pairs)
        raise TypePromotionError(
            f"{name} got operands of dtypes {names}, and numpy_dtype_promotion is 'strict': "
            "convert them with .astype(...)."
        )


def promote_all(name: str, *operands: Any) -> list[Array]:
    """Returns operands in their common dtype, with shapes that elementwise primitives take."""
    return broadcast(name, promote_dtypes(name, *operands))


def inexact(name: str, x: Any) -> Array:
    """Returns an operand as an array of a floating or complex dtype."""
    if not isinstance(x, Array):
        x = operand(x, name)
    aval = x.aval
    if aval.is_inexact:
        return x
    return convert(x, inexact_dtype(aval.dtype), aval.weak_type)


def inexact_pair(name: str, x: Any, y: Any) -> Sequence[Array]:
    """Returns two operands in their common floating or complex dtype."""
    if not (_is_inexact_array(x) or _is_inexact_array(y)):
        # Integers become floating numbers first: a Python int need not fit into their dtype.
        return broadcast(name, promote_dtypes(name, x, y, inexact=True))
    return promote(name, x, y)


def _is_inexact_array(x: Any) -> bool:
    return isinstance(x, Array) and x.aval.is_inexact


def strong_inexact_pair(name: str, x: Any, y: Any) -> Sequence[Array]:
    """Returns an inexact pair as formulas of several steps give it: weak only if both are."""
    a, b = inexact_pair(name, x, y)
    if not a.weak_type or (_is_weak(x) and _is_weak(y)):
        return a, b
    return strong(a), strong(b)


def _is_weak(x: Any) -> bool:
    return x.weak_type if isinstance(x, Array) else operand(x, "promotion").weak_type


def numeric(name: str, x: Any) -> Array:
    """Returns an operand as an array of numbers: bools become int32."""
    x = operand(x, name)
    return convert(x, dtypes.int32) if x.dtype == dtypes.bool_ else x


def numeric_pair(name: str, x: Any, y: Any) -> Sequence[Array]:
    """Returns two operands in their common dtype of numbers: two bools become int32."""
    a, b = promote(name, x, y)
    if a.aval.dtype != dtypes.bool_:
        return a, b
    return convert(a, dtypes.int32), convert(b, dtypes.int32)


# -- axes


def canonical_axis(axis: Any, ndim: int, name: str) -> int:
    """Returns an axis counted from the front.

    Raises:
        AxisError: a ValueError and IndexError, if there is no such axis.
        TypeError: if the axis is not an int.
    """
    index = axis.__index__() if hasattr(axis, "__index__") else None
    if index is None:
        raise TypeError(f"{name}: an axis must be an int, got {axis!r}.")
    if not -ndim <= index < ndim:
        raise np.exceptions.AxisError(
            f"{name}: axis {index} is out of bounds for an array of {ndim} dimension"
            f"{'' if ndim == 1 else 's'}."
        )
    return index + ndim if index < 0 else index


def canonical_axes(axes: Any, ndim: int, name: str) -> tuple[int, ...]:
    """Returns the axes that `axis=` names: all for None.

    Raises:
        ValueError: if there is no such axis, or one is named twice.
    """
    if axes is None:
        return tuple(range(ndim))
    if not isinstance(axes, tuple | list | range):
        return (canonical_axis(axes, ndim, name),)
    found = tuple(canonical_axis(axis, ndim, name) for axis in axes)
    if len(set(found)) != len(found):
        raise ValueError(f"{name}: an axis is named twice in {tuple(axes)}.")
    return found


class UnsupportedArgumentError(TypeError, NotImplementedError):
    """An argument that NumPy's function has and that makes no sense here."""


def refuse_out(name: str, out: Any) -> None:
    """Refuses NumPy's `out=` argument: arrays are immutable.

    Raises:
        UnsupportedArgumentError: if it is not None.
    """
    if out is not None:
        text = f"{name}: out= is not possible, as arrays are immutable: use the result."
        raise UnsupportedArgumentError(text)
