"""Avals: what is known of a value while tracing.

`ShapedArray` is the aval of arrays: shape, dtype and whether the dtype is weak. An aval also knows
its own vector space (`tangent`, `zeros`, `add`) and its own axes (`with_axis`, `without_axis`,
`spread`), so that interpreters need to name no primitive: jvp asks for zeros, transpose adds
cotangents, vmap materialises an axis.

    >>> aval = ShapedArray((3,), np.dtype("float64"))
    >>> print(aval, aval.with_axis(5, 0), aval.tangent())
    f64[3] f64[5,3] f64[3]
"""

from __future__ import annotations

import functools
import math
import threading
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minijax.core import dtypes
from minijax.core.slots import filling


class Aval:
    """Base of all avals. Arrays are `ShapedArray`; tapes and tokens bring avals of their own."""

    __slots__ = ()

    def tangent(self) -> Aval:
        """Returns the aval of tangents of values of this aval."""
        raise TypeError(f"{self} has no tangent space")

    def zeros(self) -> Any:
        """Returns the zero of this vector space, applied in the current trace."""
        raise TypeError(f"{self} is not a vector space")

    def add(self, x: Any, y: Any) -> Any:
        """Returns the sum of two vectors of this space."""
        raise TypeError(f"{self} is not a vector space")

    def with_axis(self, size: int, dim: int) -> Aval:
        """Returns the aval with an axis of length `size` inserted at `dim`."""
        raise TypeError(f"{self} cannot be batched")

    def without_axis(self, dim: int) -> Aval:
        """Returns the aval with the axis `dim` removed."""
        raise TypeError(f"{self} cannot be batched")

    def spread(self, x: Any, size: int, dim: int) -> Any:
        """Returns the value `x` repeated `size` times along a new axis `dim`."""
        raise TypeError(f"{self} cannot be batched")

    def move_axis(self, x: Any, source: int, destination: int) -> Any:
        """Returns the value `x` with its axis `source` moved to `destination`."""
        raise TypeError(f"{self} cannot be batched")

    def accepts(self, other: Aval) -> bool:
        """Whether a value of aval `other` may stand where this aval is expected."""
        return self == other


class ArraySpace(NamedTuple):
    """The four array operations that avals need; the primitives have them."""

    zeros: Callable[[ShapedArray], Any]
    add: Callable[[Any, Any], Any]
    spread: Callable[[Any, int, int], Any]
    move_axis: Callable[[Any, int, int], Any]


@functools.cache
def array_space() -> ArraySpace:
    """Returns the operations of arrays."""
    space: ArraySpace = filling("array_space")
    return space


class ShapedArray(Aval):
    """The aval of an array: `shape`, `dtype` and `weak_type`. Immutable and hashable.

    Equal avals are one object, so that tables keyed by avals compare addresses only. `is_inexact`
    says whether the dtype is floating or complex.

    Args:
        shape: a tuple of Python ints.
        dtype: a NumPy dtype object, or anything that names one.
        weak_type: whether the dtype came from Python scalars and gives way in promotion.
        sharding, manual_axis_type, memory_space: say where arrays are; accepted for compatibility.

    Example:
        >>> ShapedArray((3,), np.dtype("float64")) is ShapedArray((3,), "float64")
        True
    """

    __slots__ = ("__weakref__", "dtype", "is_inexact", "shape", "weak_type")

    shape: tuple[int, ...]
    dtype: np.dtype
    weak_type: bool
    is_inexact: bool

    def __new__(
        cls,
        shape: tuple[int, ...],
        dtype: np.dtype | Any,
        weak_type: bool = False,
        *,
        sharding: Any = None,
        manual_axis_type: Any = None,
        memory_space: Any = None,
    ) -> ShapedArray:
        found = _recent.get((shape, dtype, weak_type))
        return _unique(cls, shape, dtype, weak_type) if found is None else found

    def __reduce__(self) -> tuple[Any, ...]:
        return ShapedArray, (self.shape, self.dtype, self.weak_type)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def sharding(self) -> Any:
        """What is known of the place of arrays of this type."""
        return filling("aval_sharding")(self)

    @property
    def memory_space(self) -> Any:
        """The kind of memory that arrays of this type are in."""
        return filling("memory_spaces").Device

    def __repr__(self) -> str:
        weak = ", weak_type=True" if self.weak_type else ""
        return f"ShapedArray({self}{weak})"

    def __str__(self) -> str:
        return f"{dtypes.short_name(self.dtype)}[{','.join(map(str, self.shape))}]"

    def str_short(self) -> str:
        """Returns the compact form that jaxprs print, such as `f64[3,4]`."""
        return str(self)

    def update(self, **changes: Any) -> ShapedArray:
        """Returns a copy with `shape`, `dtype` or `weak_type` replaced; places change nothing."""
        parts = {"shape": self.shape, "dtype": self.dtype, "weak_type": self.weak_type}
        new: dict[str, Any] = parts | changes
        return ShapedArray(**new)

    def strip_weak_type(self) -> ShapedArray:
        """Returns the aval with a strong dtype."""
        return ShapedArray(self.shape, self.dtype) if self.weak_type else self

    def accepts(self, other: Aval) -> bool:
        return (
            type(other) is ShapedArray and self.shape == other.shape and self.dtype == other.dtype
        )

    def tangent(self) -> ShapedArray:
        return self if self.is_inexact else ShapedArray(self.shape, dtypes.float0)

    to_tangent_aval = tangent

    def zeros(self) -> Any:
        if self.dtype == dtypes.float0:
            return np.zeros(self.shape, dtypes.float0)
        return array_space().zeros(self)

    def add(self, x: Any, y: Any) -> Any:
        return array_space().add(x, y)

    def with_axis(self, size: int, dim: int) -> ShapedArray:
        shape = (*self.shape[:dim], size, *self.shape[dim:])
        return ShapedArray(shape, self.dtype, self.weak_type)

    def without_axis(self, dim: int) -> ShapedArray:
        shape = self.shape[:dim] + self.shape[dim + 1 :]
        return ShapedArray(shape, self.dtype, self.weak_type)

    def spread(self, x: Any, size: int, dim: int) -> Any:
        return array_space().spread(x, size, dim)

    def move_axis(self, x: Any, source: int, destination: int) -> Any:
        return x if source == destination else array_space().move_axis(x, source, destination)


# Every aval that is alive, and some of them in a table that is quicker to ask.
_alive: weakref.WeakValueDictionary[Any, ShapedArray] = weakref.WeakValueDictionary()
_recent: dict[Any, ShapedArray] = {}
_RECENT_LIMIT = 4096
_making = threading.RLock()  # a collection may run meanwhile, and make avals too


def _unique(
    cls: type[ShapedArray], shape: tuple[int, ...], dtype: Any, weak_type: bool
) -> ShapedArray:
    made = object.__new__(cls)
    made.shape = tuple(map(int, shape))
    made.dtype = dtype if isinstance(dtype, np.dtype) else dtypes.canonical(dtype)
    made.weak_type = bool(weak_type)
    made.is_inexact = dtypes.is_inexact(made.dtype)
    key = (made.shape, made.dtype, made.weak_type)
    with _making:
        found = _alive.setdefault(key, made)
        if len(_recent) >= _RECENT_LIMIT:
            _recent.clear()
        _recent[key] = found
    return found


class Zero:
    """The symbolic zero of a vector space: a tangent or cotangent that costs nothing.

    Rules receive and return it; an operation on zeros is never carried out.
    """

    __slots__ = ("aval",)

    def __init__(self, aval: Aval) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Zero({self.aval})"


def materialize(x: Any) -> Any:
    """Returns `x`, with a symbolic zero turned into an array of zeros of its shape and dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import ad
        >>> ad.instantiate_zeros(ad.Zero(jnp.ones(2).aval))
        Array([0., 0.], dtype=float64)
        >>> ad.instantiate_zeros(5.0)
        5.0
    """
    return x.aval.zeros() if type(x) is Zero else x
