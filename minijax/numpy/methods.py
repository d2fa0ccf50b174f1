"""The methods and properties of arrays, where they differ from the functions."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import axes, elementary, joining, logic, selection, updates
from minijax.numpy.dtypes import to_dtype
from minijax.primitives import complex as complex_family
from minijax.primitives import shape as shape_family
from minijax.primitives.convert import bitcast_convert_type


def astype(x: Array, dtype: Any, copy: bool = False, device: Any = None) -> Array:
    """Returns the array converted to a dtype; see `minijax.numpy.astype`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array([1.5]).astype(int)
        Array([1], dtype=int64)
    """
    return axes.astype(x, dtype)


def reshape(x: Array, *args: Any, order: str = "C", out_sharding: Any = None) -> Array:
    """Returns the elements in another shape, given as ints or as a tuple.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.arange(4).reshape(2, -1).shape
        (2, 2)
    """
    return axes.reshape(x, args[0] if len(args) == 1 else args, order)


def transpose(x: Array, *args: Any) -> Array:
    """Returns the array with its axes permuted; the axes are ints, a tuple, or none to reverse.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ones((2, 3, 4)).transpose(2, 0, 1).shape
        (4, 2, 3)
    """
    if not args or args == (None,):
        return axes.transpose(x)
    return axes.transpose(x, args[0] if isinstance(args[0], tuple | list) else args)


def flatten(x: Array, order: str = "C", *, out_sharding: Any = None) -> Array:
    """Returns the elements along one axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ones((2, 3)).flatten().shape
        (6,)
    """
    return axes.ravel(x, order)


def choose(x: Array, choices: Any, out: None = None, mode: str = "raise") -> Array:
    """Returns for each element the element of the array that it numbers.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array([1, 0]).choose([jnp.array([1, 2]), jnp.array([10, 20])])
        Array([10,  2], dtype=int64)
    """
    return selection.choose(x, choices, out, mode)


def compress(
    x: Array,
    condition: Any,
    axis: int | None = None,
    *,
    out: None = None,
    size: int | None = None,
    fill_value: Any = 0,
) -> Array:
    """Returns the parts along an axis for which a condition holds.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array([1, 2]).compress(jnp.array([False, True]))
        Array([2], dtype=int64)
    """
    return selection.compress(condition, x, axis, size=size, fill_value=fill_value, out=out)


def copy(x: Array) -> Array:
    """Returns the array: what cannot change needs no copy.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array([1]).copy()
        Array([1], dtype=int64)
    """
    return x


def view(x: Array, dtype: Any = None, type: None = None) -> Array:
    """Returns the same bytes as elements of another dtype.

    Args:
        x: an array.
        dtype: the dtype; where its size differs, the last axis changes its length.
        type: must be None.

    Raises:
        ValueError: if the last axis does not hold a whole number of new elements.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array([1.0]).view(jnp.uint64)
        Array([4607182418800017408], dtype=uint64)
    """
    if type is not None:
        raise ValueError("view: only the dtype can be changed.")
    found = x.dtype if dtype is None else to_dtype(dtype)
    if found == x.dtype:
        return x
    if dtypes.bool_ in (found, x.dtype):
        one_byte = np.dtype(np.uint8)
        as_bytes = axes.astype(x, one_byte) if x.dtype == dtypes.bool_ else x
        if found != dtypes.bool_:
            return view(as_bytes, found)
        return logic.truth(view(as_bytes, one_byte), "view")
    return _same_bytes(x, found)


def _same_bytes(x: Array, dtype: np.dtype) -> Array:
    if dtypes.is_complex(x.dtype):
        parts = joining.stack([elementary.real(x), elementary.imag(x)], -1)
        return view(_merged(parts), dtype)
    if dtypes.is_complex(dtype):
        parts = view(x, dtypes.real_dtype(dtype))
        if parts.ndim == 0 or parts.shape[-1] % 2:
            raise ValueError(
                f"view: the last axis of {x.aval} does not hold whole {dtype} elements."
            )
        pairs: Any = shape_family.reshape(parts, (*parts.shape[:-1], parts.shape[-1] // 2, 2))
        return complex_family.complex(pairs[..., 0], pairs[..., 1])
    old, new = x.dtype.itemsize, dtype.itemsize
    if old == new:
        return bitcast_convert_type(x, dtype)
    if x.ndim == 0 or (x.shape[-1] * old) % new:
        raise ValueError(f"view: the last axis of {x.aval} does not hold whole {dtype} elements.")
    if old > new:
        result = bitcast_convert_type(x, dtype)
        return shape_family.reshape(result, (*x.shape[:-1], x.shape[-1] * (old // new)))
    groups = shape_family.reshape(x, (*x.shape[:-1], x.shape[-1] * old // new, new // old))
    return bitcast_convert_type(groups, dtype)


def _merged(parts: Array) -> Array:
    """Returns an array whose last two axes have become one."""
    if parts.ndim == 1:
        return parts
    return shape_family.reshape(parts, (*parts.shape[:-2], parts.shape[-2] * parts.shape[-1]))


# -- properties


def at(x: Array) -> updates.At:
    """Gives changed copies: `x.at[index].set(value)`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.zeros(2).at[0].add(1.0)
        Array([1., 0.], dtype=float64)
    """
    return updates.At(x)


def reverse_axes(x: Array) -> Array:
    """The array with its axes in reverse order.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ones((2, 3)).T.shape
        (3, 2)
    """
    return axes.transpose(x)


def flat(x: Array) -> Array:
    """The elements along one axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ones((2, 2)).flat.shape
        (4,)
    """
    return axes.ravel(x)


def namespace(api_version: str | None) -> Any:
    """Returns the module whose functions take these arrays.

    Raises:
        ValueError: if the version of the array API standard is not known.
    """
    known = (None, "2021.12", "2022.12", "2023.12", "2024.12")
    if api_version not in known:
        raise ValueError(f"array API version {api_version!r} is not one of {known[1:]}.")
    return import_module("minijax.numpy")
