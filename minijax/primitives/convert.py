"""Conversion of dtypes, of bits, and to fewer bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import FLOAT, INTEGER, canonical
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, constant, primitive
from minijax.core.quiet import quiet
from minijax.kernel import scalars
from minijax.primitives.broadcast import move_axis
from minijax.primitives.families import check_dtype, elementwise_batch, elementwise_lower, unary

# -- convert_element_type


def _convert_impl(x: np.ndarray, *, new_dtype: np.dtype, weak_type: bool) -> Any:
    with quiet():
        return (scalars.convert(x, new_dtype),)


def _convert_abstract(x: ShapedArray, *, new_dtype: np.dtype, weak_type: bool) -> Any:
    check_dtype("convert_element_type", x, dtypes.ALL, "an operand")
    check_dtype("convert_element_type", ShapedArray((), new_dtype), dtypes.ALL, "a new dtype")
    return (ShapedArray(x.shape, new_dtype, weak_type and new_dtype != dtypes.bool_),)


def _convert_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    outs = convert_element_type_p.bind(*primals, **params)
    (t,) = tangents
    if type(t) is Zero or not dtypes.is_inexact(params["new_dtype"]):
        return outs, (Zero(outs[0].aval.tangent()),)
    return outs, convert_element_type_p.bind(t, **params)


def _convert_transpose(cts: Any, x: Any, **params: Any) -> Any:
    aval = x.aval
    return convert_element_type_p.bind(cts[0], new_dtype=aval.dtype, weak_type=aval.weak_type)


def _convert_element(k: Any, x: Any, *, new_dtype: np.dtype, weak_type: bool) -> Any:
    return k.convert(x, new_dtype)


convert_element_type_p: Primitive = primitive(
    "convert_element_type",
    impl=_convert_impl,
    abstract=_convert_abstract,
    jvp=_convert_jvp,
    transpose=_convert_transpose,
    batch=elementwise_batch(lambda: convert_element_type_p),
    lower=elementwise_lower(_convert_element),
)


def convert_element_type(operand: Any, new_dtype: Any) -> Array:
    """Returns an array converted to another dtype.

    Floats become integers by truncation, saturated at the ends of the range (NaN becomes 0);
    complex numbers become real ones by dropping the imaginary part.

    Args:
        operand: an array of any shape.
        new_dtype: anything that names a dtype.

    Returns:
        An array of the same shape, whose dtype is not weak.

    Example:
        >>> import minijax.numpy as jnp
        >>> convert_element_type(jnp.array([1.7, -1.7, 300.0]), jnp.int8)
        Array([  1,  -1, 127], dtype=int8)
    """
    x, dtype = to_array(operand), canonical(new_dtype)
    if x.dtype == dtype and not x.aval.weak_type:
        return x
    return convert_element_type_p.bind(x, new_dtype=dtype, weak_type=False)[0]


# -- bitcast_convert_type: a narrower dtype adds an axis at the end, a wider one takes it away


def _bitcast_impl(x: np.ndarray, *, new_dtype: np.dtype) -> Any:
    (out,) = _bitcast_abstract(ShapedArray(x.shape, x.dtype), new_dtype=new_dtype)
    if not x.size:
        return (np.zeros(out.shape, new_dtype),)
    return (np.ascontiguousarray(x).reshape(-1).view(new_dtype).reshape(out.shape),)


def _bitcast_abstract(x: ShapedArray, *, new_dtype: np.dtype) -> Any:
    allowed = (*INTEGER, *FLOAT)
    if x.dtype != new_dtype:
        check_dtype("bitcast_convert_type", x, allowed, "an operand")
        check_dtype("bitcast_convert_type", ShapedArray((), new_dtype), allowed, "a new dtype")
    old, new = x.dtype.itemsize, new_dtype.itemsize
    if old == new:
        return (ShapedArray(x.shape, new_dtype),)
    if old > new:
        return (ShapedArray((*x.shape, old // new), new_dtype),)
    if not x.shape or x.shape[-1] != new // old:
        raise ValueError(
            f"bitcast_convert_type: {new // old} elements of {x.dtype} make one of {new_dtype}, "
            f"so the last axis must have that length; got shape {x.shape}. Reshape it."
        )
    return (ShapedArray(x.shape[:-1], new_dtype),)


def _bitcast_batch(size: int, operands: Any, dims: Any, *, new_dtype: np.dtype) -> Any:
    moved = move_axis(operands[0], dims[0], 0)
    return bitcast_convert_type_p.bind(moved, new_dtype=new_dtype), (0,)


def _uint(dtype: np.dtype) -> np.dtype:
    return np.dtype(f"uint{8 * dtype.itemsize}")


def _bitcast_lower(k: Any, x: Any, *, out: Any, new_dtype: np.dtype) -> Any:
    old, new = _uint(x.dtype), _uint(new_dtype)
    width = 8 * min(old.itemsize, new.itemsize)

    def part(*i: Any) -> Any:
        shift = k.convert(k.mul(i[-1], width), old)
        bits = k.shift_right_logical(k.bitcast(x(*i[:-1]), old), shift)
        return k.bitcast(k.convert(bits, new), new_dtype)

    def joined(*i: Any) -> Any:
        whole = k.constant(0, new)
        for position in range(new.itemsize // old.itemsize):
            bits = k.convert(k.bitcast(x(*i, position), old), new)
            whole = k.or_(whole, k.shift_left(bits, k.constant(position * width, new)))
        return k.bitcast(whole, new_dtype)

    if old == new:
        return k.element(out[0], lambda *i: k.bitcast(x(*i), new_dtype))
    return k.element(out[0], part if old.itemsize > new.itemsize else joined)


bitcast_convert_type_p = primitive(
    "bitcast_convert_type",
    impl=_bitcast_impl,
    abstract=_bitcast_abstract,
    jvp=constant,
    transpose=absent("the bits of a number are not linear in it"),
    batch=_bitcast_batch,
    lower=_bitcast_lower,
)


def bitcast_convert_type(operand: Any, new_dtype: Any) -> Array:
    """Returns the bits of an array read as another dtype.

    Args:
        operand: an array of integers or floats.
        new_dtype: of the same size; or r times narrower, which adds a last axis of length r; or r
            times wider, which takes away a last axis of length r.

    Raises:
        TypeError: for bools and complex numbers.
        ValueError: if a wider dtype does not fit the last axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> bitcast_convert_type(jnp.array([1.0], jnp.float32), jnp.uint32)
        Array([1065353216], dtype=uint32)
    """
    return bitcast_convert_type_p.bind(to_array(operand), new_dtype=canonical(new_dtype))[0]


# -- reduce_precision


def _reduce_precision_impl(x: np.ndarray, *, exponent_bits: int, mantissa_bits: int) -> np.ndarray:
    return scalars.apply("reduce_precision", x.dtype, (x,), (exponent_bits, mantissa_bits))


reduce_precision_p = unary(
    "reduce_precision",
    _reduce_precision_impl,
    on=FLOAT,
    tangent=lambda t, x, y, **bits: reduce_precision(t, **bits),
    element=lambda k, x, **bits: k.reduce_precision(x, *bits.values()),
    transpose=lambda cts, x, **bits: (reduce_precision(cts[0], **bits),),
)


def reduce_precision(operand: Any, exponent_bits: int, mantissa_bits: int) -> Array:
    """Returns floats rounded to what a format with fewer bits can hold; the dtype stays.

    Args:
        operand: a float array of any shape.
        exponent_bits: how many bits the exponent has, at least 1.
        mantissa_bits: how many bits the mantissa has, without the leading 1 that is not stored.

    Returns:
        An array of the shape and dtype of `operand`; ±inf where the exponent does not suffice.

    Raises:
        ValueError: if there is less than one exponent bit or a negative number of mantissa bits.

    Example:
        >>> import minijax.numpy as jnp
        >>> reduce_precision(jnp.array([1.001, 3.14159]), exponent_bits=5, mantissa_bits=4)
        Array([1.  , 3.125], dtype=float64)
    """
    if exponent_bits < 1 or mantissa_bits < 0:
        raise ValueError(
            "reduce_precision needs exponent_bits >= 1 and mantissa_bits >= 0, "
            f"got {exponent_bits} and {mantissa_bits}."
        )
    bits = {"exponent_bits": int(exponent_bits), "mantissa_bits": int(mantissa_bits)}
    return reduce_precision_p.bind(to_array(operand), **bits)[0]
