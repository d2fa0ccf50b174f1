"""Making arrays: from data, of one value, and ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, to_array
from minijax.core.errors import TracerIntegerConversionError
from minijax.core.operators import Array
from minijax.core.trace import Tracer
from minijax.numpy.dtypes import dtype_or, result_pair, to_dtype
from minijax.numpy.promotion import (
    Shape,
    broadcast_shapes,
    convert,
    operand,
    spread_to,
    to_scalar,
)
from minijax.primitives import broadcast as broadcast_family
from minijax.primitives import creation as creation_family
from minijax.primitives import shape as shape_family
from minijax.primitives.joining import concatenate as join
from minijax.transforms.batching import vmap

# -- from data


def array(
    object: Any,
    dtype: Any = None,
    *args: Any,
    copy: bool | None = True,
    order: str | None = "K",
    ndmin: int = 0,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns an array of the given data.

    Args:
        object: an array, a number, a nested list or tuple of these, or anything NumPy can see as
            an array of numbers. Its elements may be traced.
        dtype: the dtype of the result; from the data if None.
        *args: copy, order and ndmin may also be given by position.
        copy: kept for compatibility: arrays are immutable, and NumPy's are always copied.
        order: "K" or "C"; arrays are always row-major.
        ndmin: axes of length 1 are put in front up to this number of axes.
        device, out_sharding: kept for compatibility; there is one device.

    Raises:
        TypeError: if an element is no number.
        ValueError: if nested lists are ragged.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array([[1, 2], [3, 4.5]])
        Array([[1. , 2. ],
               [3. , 4.5]], dtype=float64)
    """
    if args:
        order, ndmin = _by_position(args, (copy, order, ndmin))[1:]
    if order not in (None, "K", "C", "A"):
        raise NotImplementedError(
            f"array: arrays are row-major, so order={order!r} is not possible."
        )
    if object is None:
        raise ValueError("array: None is no number: use jnp.nan for a missing value.")
    wanted = None if dtype is None else to_dtype(dtype)
    if isinstance(object, range):
        object = list(object)
    if isinstance(object, list | tuple):
        result = _from_nested(object, wanted)
    elif wanted is not None and isinstance(object, bool | int | float | complex):
        # Not by way of int64: a uint64 may be larger.
        result = _exact(object, wanted) if isinstance(object, int) else to_array(object)
    else:
        result = operand(_buffer_of(object), "array")
    if wanted is not None:
        result = convert(result, wanted)
    if result.ndim < ndmin:
        result = shape_family.reshape(result, (1,) * (ndmin - result.ndim) + result.shape)
    return result


def _exact(x: int, dtype: np.dtype) -> Array:
    """Returns an int in a dtype, into which it must fit."""
    if dtypes.is_integer(dtype) and not isinstance(x, bool):
        np.array(x, dtype)  # raises an OverflowError
    return to_scalar(x, dtype)


def _buffer_of(x: Any) -> Any:
    """Returns a view of an object that is a buffer of numbers; anything else as it is."""
    if isinstance(x, Array | np.ndarray | np.generic | bytes | bytearray | int | float | complex):
        return x
    try:
        return np.asarray(memoryview(x))
    except (TypeError, ValueError):
        return x


def _by_position(args: tuple[Any, ...], defaults: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(args) > len(defaults):
        raise TypeError(f"array takes 2 to 5 arguments by position, got {2 + len(args)}.")
    return args + defaults[len(args) :]


def asarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    copy: bool | None = None,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns `a` as an array; arrays of the right dtype are returned as they are.

    Args:
        a, dtype, order, device, out_sharding: as for `array`.
        copy: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.asarray([1.0, 2.0], dtype=jnp.float32)
        Array([1., 2.], dtype=float32)
    """
    if dtype is None and isinstance(a, Array):
        return a
    return array(a, dtype, order=order, device=device)


def _leaves(nested: Any) -> Iterator[Any]:
    for item in nested:
        if isinstance(item, list | tuple):
            yield from _leaves(item)
        else:
            yield item


def _from_nested(nested: Any, dtype: np.dtype | None) -> Array:
    leaves = list(_leaves(nested))
    kinds = set(map(type, leaves))
    if kinds <= {bool, int, float, complex}:
        return _from_numbers(nested, dtype)
    # Before NumPy sees them: it would turn strings and objects into arrays of their own.
    if type(None) in kinds:
        raise ValueError("array: None is no number: use jnp.nan for a missing value.")
    values = [leaf if isinstance(leaf, Array) else operand(leaf, "array") for leaf in leaves]
    found = result_pair(*leaves)[0] if dtype is None else dtype
    # NumPy cannot read elements of bfloat16, a dtype that it does not know, out of objects.
    has_brain = dtypes.bfloat16 in (found, *(value.dtype for value in values))
    if not has_brain and all(type(value) is ConcreteArray for value in values):
        return to_array(_nested_buffer(nested, found))
    return _stack_nested(nested, found)


def _from_numbers(nested: Any, dtype: np.dtype | None) -> Array:
    result = to_array(_nested_buffer(nested, None))
    if dtype is None or result.dtype == dtype:
        return result
    if dtypes.is_integer(dtype) and dtypes.is_integer(result.dtype):
        return to_array(_nested_buffer(nested, dtype))
    return convert(result, dtype)


def _nested_buffer(nested: Any, dtype: np.dtype | None) -> np.ndarray:
    try:
        return np.array(nested, dtype)
    except ValueError as error:
        raise ValueError(
            "array: nested lists must be rectangular: lists of one level have one length, and "
            f"arrays in them one shape ({error})."
        ) from None


def _stack_nested(nested: Any, dtype: np.dtype) -> Array:
    """Stacks a nested list with traced elements."""
    if not isinstance(nested, list | tuple):
        return convert(operand(nested, "array"), dtype)
    parts = [_stack_nested(item, dtype) for item in nested]
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        raise ValueError(f"array: nested lists must be rectangular, got parts of shapes {shapes}.")
    if not parts:
        return zeros(0, dtype)
    return join([shape_family.expand_dims(part, (0,)) for part in parts], 0)


def copy(a: Any, order: str | None = None) -> Array:
    """Returns the array: no copy is needed of what cannot change.

    Args:
        a: an array, or anything `array` makes one of.
        order: None, "K", "A" or "C"; arrays are always row-major.

    Returns:
        An array of the shape and dtype of `a`.

    Raises:
        NotImplementedError: if another order is asked for.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.copy(jnp.array([1]))
        Array([1], dtype=int64)
    """
    return array(a, order=order)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Array:
    """Returns an array of another library as one of ours, by the DLPack protocol.

    Args:
        x: an object with `__dlpack__`.
        device: for compatibility; there is one device.
        copy: False is refused, as the memory of another library may change.

    Raises:
        TypeError: if the object does not speak the protocol.
        ValueError: if `copy` is False.

    Example:
        >>> import numpy as np
        >>> import minijax.numpy as jnp
        >>> jnp.from_dlpack(np.arange(3.0))
        Array([0., 1., 2.], dtype=float64)
    """
    if not hasattr(x, "__dlpack__"):
        raise TypeError(
            f"from_dlpack: expected an object with __dlpack__, got {type(x).__name__}: use asarray."
        )
    if copy is False:
        raise ValueError("from_dlpack: arrays are immutable, so foreign memory is always copied.")
    return to_array(np.from_dlpack(x))


def frombuffer(buffer: Any, dtype: Any = float, count: int = -1, offset: int = 0) -> Array:
    """Returns an array of the bytes of a buffer.

    Args:
        buffer: bytes, or what gives access to its memory as they do.
        dtype: the dtype of each element; float64 if it is left out.
        count: how many elements to read, -1 for all.
        offset: how many bytes to skip first.

    Returns:
        A vector of `count` elements, or of all that follow the offset.

    Raises:
        ValueError: if the bytes are too few, or do not make up whole elements.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.frombuffer(bytes([1, 2]), dtype=jnp.uint8)
        Array([1, 2], dtype=uint8)
    """
    return to_array(np.frombuffer(buffer, to_dtype(dtype), count, offset))


def fromfunction(
    function: Callable[..., Any], shape: Any, *, dtype: Any = float, **kwargs: Any
) -> Any:
    """Returns a function of the indices: `function(i, j, …)`, mapped over all of them.

    Args:
        function: takes one index per axis; what it returns is stacked along these axes.
        shape: the shape.
        dtype: the dtype of the indices.
        **kwargs: further arguments of the function.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fromfunction(lambda i, j: 10 * i + j, (2, 2), dtype=int)
        Array([[ 0,  1],
               [10, 11]], dtype=int64)
    """
    sizes, found = to_shape(shape, "fromfunction"), to_dtype(dtype)
    mapped: Callable[..., Any] = partial(function, **kwargs) if kwargs else function
    for axis in reversed(range(len(sizes))):
        mapped = vmap(mapped, in_axes=tuple(0 if d == axis else None for d in range(len(sizes))))
    return mapped(*(creation_family.broadcasted_iota(found, (n,), 0) for n in sizes))


# -- of one value


def to_shape(shape: Any, name: str) -> Shape:
    """Returns a shape as a tuple of Python ints.

    Raises:
        TypeError: if a length is no int; a traced one says what to do.
        ValueError: if a length is negative.
    """
    if isinstance(shape, Tracer):
        raise TracerIntegerConversionError.of(shape, f"The shape of {name}")
    if isinstance(shape, Array | np.ndarray):
        shape = shape.tolist()
    sizes = tuple(shape) if isinstance(shape, Iterable) else (shape,)
    try:
        result = tuple([size.__index__() for size in sizes])
    except AttributeError:
        raise TypeError(f"{name}: a shape is an int or a tuple of ints, got {shape!r}.") from None
    if any(size < 0 for size in result):
        raise ValueError(f"{name}: lengths of axes cannot be negative, got {result}.")
    return result


def zeros(shape: Any, dtype: Any = None, *, device: Any = None, out_sharding: Any = None) -> Array:
    """Returns an array of zeros, float64 unless told otherwise.

    Args:
        shape: an int or a tuple of ints.
        dtype: the dtype.
        device, out_sharding: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.zeros((2, 2))
        Array([[0., 0.],
               [0., 0.]], dtype=float64)
    """
    return broadcast_family.full(to_shape(shape, "zeros"), 0, dtype_or(dtype, dtypes.float64))


def ones(shape: Any, dtype: Any = None, *, device: Any = None, out_sharding: Any = None) -> Array:
    """Returns an array of ones, float64 unless told otherwise.

    Args:
        shape: an int or a tuple of ints.
        dtype: the dtype.
        device, out_sharding: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ones(2, dtype=int)
        Array([1, 1], dtype=int64)
    """
    return broadcast_family.full(to_shape(shape, "ones"), 1, dtype_or(dtype, dtypes.float64))


def empty(shape: Any, dtype: Any = None, *, device: Any = None, out_sharding: Any = None) -> Array:
    """Returns an array of zeros: an immutable array has no use for undefined elements.

    Args:
        shape: an int or a tuple of ints.
        dtype: the dtype, float64 if None.
        device, out_sharding: kept for compatibility; there is one device.

    Returns:
        Zeros of that shape.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.empty(2)
        Array([0., 0.], dtype=float64)
    """
    return zeros(shape, dtype)


def full(
    shape: Any, fill_value: Any, dtype: Any = None, *, device: Any = None, out_sharding: Any = None
) -> Array:
    """Returns an array filled with a value.

    Args:
        shape: an int or a tuple of ints.
        fill_value: a number, or an array that broadcasts to the shape.
        dtype: the dtype; that of the value if None.
        device, out_sharding: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.full(2, 0.5)
        Array([0.5, 0.5], dtype=float64, weak_type=True)
    """
    is_int = dtype is not None and isinstance(fill_value, int)
    value = to_scalar(fill_value, to_dtype(dtype)) if is_int else asarray(fill_value, dtype)
    sizes = to_shape(shape, "full")
    if broadcast_shapes(value.shape, sizes) != sizes:
        raise ValueError(f"full: a value of shape {value.shape} does not broadcast to {sizes}.")
    return spread_to(value, sizes)


def _like(a: Any, dtype: Any, shape: Any, name: str) -> tuple[Shape, np.dtype, bool]:
    if not (hasattr(a, "shape") and hasattr(a, "dtype")):
        a = operand(a, name)
    sizes = tuple(a.shape) if shape is None else to_shape(shape, name)
    if dtype is not None:
        return sizes, to_dtype(dtype), False
    return sizes, to_dtype(a.dtype), bool(getattr(a, "weak_type", False))


def zeros_like(
    a: Any, dtype: Any = None, shape: Any = None, *, device: Any = None, out_sharding: Any = None
) -> Array:
    """Returns zeros of the shape and dtype of an array.

    Args:
        a: an array, a number, or anything with `shape` and `dtype`.
        dtype: the dtype if not that of `a`.
        shape: the shape if not that of `a`.
        device, out_sharding: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.zeros_like(jnp.array([1, 2]))
        Array([0, 0], dtype=int64)
    """
    sizes, found, weak = _like(a, dtype, shape, "zeros_like")
    return broadcast_family.full(sizes, 0, found, weak)


def ones_like(
    a: Any, dtype: Any = None, shape: Any = None, *, device: Any = None, out_sharding: Any = None
) -> Array:
    """Returns ones of the shape and dtype of an array.

    Args:
        a: an array, a number, or anything with `shape` and `dtype`.
        dtype: the dtype if not that of `a`.
        shape: the shape if not that of `a`.
        device, out_sharding: kept for compatibility; there is one device.

    Returns:
        An array of ones.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.ones_like(jnp.array([1.5, 2.5]))
        Array([1., 1.], dtype=float64)
    """
    sizes, found, weak = _like(a, dtype, shape, "ones_like")
    return broadcast_family.full(sizes, 1, found, weak)


def empty_like(
    prototype: Any, dtype: Any = None, shape: Any = None, *, device: Any = None
) -> Array:
    """Returns zeros of the shape and dtype of an array; see `empty`.

    Args:
        prototype: an array, a number, or anything with `shape` and `dtype`.
        dtype: the dtype if not that of `prototype`.
        shape: the shape if not that of `prototype`.
        device: kept for compatibility; there is one device.

    Returns:
        An array of zeros.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.empty_like(jnp.array([1.5]))
        Array([0.], dtype=float64)
    """
    return zeros_like(prototype, dtype, shape)


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    shape: Any = None,
    *,
    device: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns an array filled with a value, of the shape and dtype of an array.

    Args:
        a: an array, a number, or anything with `shape` and `dtype`.
        fill_value: a number, or an array that broadcasts to the shape.
        dtype: the dtype if not that of `a`.
        shape: the shape if not that of `a`.
        device, out_sharding: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.full_like(jnp.array([1, 2]), 7)
        Array([7, 7], dtype=int64)
    """
    sizes, found, weak = _like(a, dtype, shape, "full_like")
    value = convert(operand(fill_value, "full_like"), found, weak)
    return spread_to(value, sizes)
