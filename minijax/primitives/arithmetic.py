"""Arithmetic: neg add sub mul div rem, abs, sign and rounding, max and min, nextafter."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from minijax.core.array import ConcreteArray, aval_of, value_of
from minijax.core.avals import ArraySpace, ShapedArray
from minijax.core.dtypes import (
    ALL,
    FLOAT,
    INEXACT,
    INTEGER,
    NUMERIC,
    SIGNED,
    float0,
    is_complex,
    real_dtype,
)
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, primitive
from minijax.core.quiet import quiet
from minijax.interpreters.transpose import is_linear
from minijax.primitives.bitwise import of_kernel
from minijax.primitives.broadcast import full, move_axis, spread, unbroadcast
from minijax.primitives.compare import eq, ge, select_n
from minijax.primitives.complex import conj, real
from minijax.primitives.convert import convert_element_type
from minijax.primitives.families import (
    NOT_LINEAR,
    check_dtype,
    common_shape,
    elementwise_batch,
    elementwise_lower,
    match,
    nary,
    to_bool,
    ufunc_on,
    unary,
)
from minijax.primitives.scaling import scale, unscale

# -- neg

neg_p = unary(
    "neg",
    np.negative,
    on=NUMERIC,
    tangent=lambda t, x, y: neg(t),
    element=lambda k, x: k.neg(x),
    transpose=lambda cts, x: (neg(cts[0]),),
)


def neg(x: Any) -> Array:
    """Returns -x elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> neg(jnp.array([1.0, -2.0]))
        Array([-1.,  2.], dtype=float64)
    """
    return neg_p.bind(*match(x))[0]


# -- add, sub


def _add_transpose(cts: Any, x: Any, y: Any) -> Any:
    (ct,) = cts
    return tuple(unbroadcast(ct, z.aval) if is_linear(z) else None for z in (x, y))


add_p = nary(
    "add",
    np.add,
    on=NUMERIC,
    tangents=(lambda t, x, y, out: t, lambda t, x, y, out: t),
    element=lambda k, x, y: k.add(x, y),
    transpose=_add_transpose,
)


def add(x: Any, y: Any) -> Array:
    """Returns x + y elementwise, for operands of one dtype and one shape or rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> add(jnp.array([1.0, 2.0]), 0.5)
        Array([1.5, 2.5], dtype=float64)
    """
    return add_p.bind(*match(x, y))[0]


def _sub_transpose(cts: Any, x: Any, y: Any) -> Any:
    (ct,) = cts
    return (
        unbroadcast(ct, x.aval) if is_linear(x) else None,
        unbroadcast(neg(ct), y.aval) if is_linear(y) else None,
    )


sub_p = nary(
    "sub",
    np.subtract,
    on=NUMERIC,
    tangents=(lambda t, x, y, out: t, lambda t, x, y, out: neg(t)),
    element=lambda k, x, y: k.sub(x, y),
    transpose=_sub_transpose,
)


def sub(x: Any, y: Any) -> Array:
    """Returns x - y elementwise, for operands of one dtype and one shape or rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.sub(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([-1.,  1.], dtype=float64)
    """
    return sub_p.bind(*match(x, y))[0]


# -- mul


def _mul_transpose(cts: Any, x: Any, y: Any) -> Any:
    (ct,) = cts
    if is_linear(x):
        return unbroadcast(_multiplied(ct, y), x.aval), None
    return None, unbroadcast(_multiplied(ct, x), y.aval)


def _multiplied(ct: Any, factor: Any) -> Array:
    # A branch that is not selected gets cotangents that are 0, and its factors may be infinite.
    return mul(ct, factor) if _is_plain(factor) else scale(ct, factor)


def _is_plain(factor: Any) -> bool:
    """Whether this is a number that is known, neither infinite nor zero."""
    if not isinstance(factor, ConcreteArray) or aval_of(factor).shape:
        return False
    value = value_of(factor)
    return bool(np.isfinite(value) and value != 0)


mul_p = nary(
    "mul",
    np.multiply,
    on=NUMERIC,
    tangents=(lambda t, x, y, out: mul(t, y), lambda t, x, y, out: mul(x, t)),
    element=lambda k, x, y: k.mul(x, y),
    transpose=_mul_transpose,
)


def mul(x: Any, y: Any) -> Array:
    """Returns x · y elementwise, for operands of one dtype and one shape or rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.mul(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([2., 6.], dtype=float64)
    """
    return mul_p.bind(*match(x, y))[0]


# -- div: of integers it truncates; x div 0 is -1 (all bits set)

div_p = nary(
    "div",
    of_kernel("div"),
    on=NUMERIC,
    tangents=(
        lambda t, x, y, out: _divided(t, y),
        lambda t, x, y, out: neg(scale(t, div(out, y))),
    ),
    element=lambda k, x, y: k.div(x, y),
    ufuncs=ufunc_on(np.divide, INEXACT),
    transpose=lambda cts, x, y: (unbroadcast(_divided(cts[0], y), x.aval), None),
)


def _divided(ct: Any, y: Any) -> Array:
    return div(ct, y) if _is_plain(y) else unscale(ct, y)


def div(x: Any, y: Any) -> Array:
    """Returns x / y elementwise; of integers the quotient rounded towards zero.

    Example:
        >>> import minijax.numpy as jnp
        >>> div(jnp.array([7, -7, 1]), jnp.array([2, 2, 0]))
        Array([ 3, -3, -1], dtype=int64)
    """
    return div_p.bind(*match(x, y))[0]


# -- rem: of integers x rem 0 is x


def _truncated(x: Any) -> Any:
    return mul(sign(x), floor(abs(x)))


rem_p = nary(
    "rem",
    of_kernel("rem"),
    on=(*INTEGER, *FLOAT),
    tangents=(
        lambda t, x, y, out: t,
        lambda t, x, y, out: neg(mul(t, _truncated(div(x, y)))),
    ),
    element=lambda k, x, y: k.rem(x, y),
    ufuncs=ufunc_on(np.fmod, FLOAT),
)


def rem(x: Any, y: Any) -> Array:
    """Returns the remainder of x / y elementwise, which has the sign of x.

    Example:
        >>> import minijax.numpy as jnp
        >>> rem(jnp.array([7.0, -7.0]), 4.0)
        Array([ 3., -3.], dtype=float64)
    """
    return rem_p.bind(*match(x, y))[0]


# -- sign, abs


def _sign(x: np.ndarray) -> Any:
    # A zero keeps its sign, as it does in compiled programs.
    return np.where(x == 0, x, np.sign(x))


sign_p = unary(
    "sign",
    _sign,
    on=NUMERIC,
    tangent=None,
    element=lambda k, x: k.sign(x),
)


def sign(x: Any) -> Array:
    """Returns -1, 0 or 1 elementwise; x / |x| for complex x, and 0 at 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.sign(jnp.array([0.25, 0.5]))
        Array([1., 1.], dtype=float64)
    """
    return sign_p.bind(*match(x))[0]


def _abs_tangent(t: Any, x: Any, y: Any) -> Any:
    if not is_complex(aval_of(x).dtype):
        return select_n(ge(x, 0), neg(t), t)
    size = convert_element_type(y, aval_of(x).dtype)
    # At 0 the direction is 0, which makes the derivative 0 there.
    return real(mul(t, div(conj(x), select_n(eq(size, 0), size, full((), 1, size.dtype)))))


abs_p = unary(
    "abs",
    np.abs,
    on=(*SIGNED, *INEXACT),
    tangent=_abs_tangent,
    element=lambda k, x: k.abs(x),
    result=real_dtype,
)


def abs(x: Any) -> Array:
    """Returns |x| elementwise; real for complex x.

    The derivative at 0 is that from the right, 1, for real x, and 0 for complex x.

    Example:
        >>> import minijax.numpy as jnp
        >>> abs(jnp.array([3.0 - 4.0j]))
        Array([5.], dtype=float64)
    """
    return abs_p.bind(*match(x))[0]


# -- rounding


class RoundingMethod(enum.IntEnum):
    """Which way `round` takes from the middle between two integers."""

    AWAY_FROM_ZERO = 0
    TO_NEAREST_EVEN = 1


def _round(x: np.ndarray, *, rounding_method: RoundingMethod) -> np.ndarray:
    if rounding_method == RoundingMethod.TO_NEAREST_EVEN:
        return np.rint(x)
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= 0.5, whole + np.sign(x), whole)


def _round_element(k: Any, x: Any, *, rounding_method: RoundingMethod) -> Any:
    if rounding_method == RoundingMethod.TO_NEAREST_EVEN:
        return k.round(x)
    whole = k.trunc(x)
    is_far = k.ge(k.abs(k.sub(x, whole)), k.constant(0.5, x.dtype))
    return k.select(is_far, k.add(whole, k.sign(x)), whole)


floor_p = unary("floor", np.floor, on=FLOAT, tangent=None, element=lambda k, x: k.floor(x))
ceil_p = unary("ceil", np.ceil, on=FLOAT, tangent=None, element=lambda k, x: k.ceil(x))
round_p = unary("round", _round, on=FLOAT, tangent=None, element=_round_element)
is_finite_p = unary(
    "is_finite",
    np.isfinite,
    on=FLOAT,
    tangent=None,
    element=lambda k, x: k.is_finite(x),
    result=to_bool,
)


def floor(x: Any) -> Array:
    """Returns the largest integer that is at most x, elementwise, as a float.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.floor(jnp.array([0.25, 0.5]))
        Array([0., 0.], dtype=float64)
    """
    return floor_p.bind(*match(x))[0]


def ceil(x: Any) -> Array:
    """Returns the smallest integer that is at least x, elementwise, as a float.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.ceil(jnp.array([0.25, 0.5]))
        Array([1., 1.], dtype=float64)
    """
    return ceil_p.bind(*match(x))[0]


def round(x: Any, rounding_method: RoundingMethod = RoundingMethod.AWAY_FROM_ZERO) -> Array:
    """Returns the nearest integer elementwise, as a float.

    Args:
        x: a float array of any shape.
        rounding_method: where the halves go.

    Example:
        >>> import minijax.numpy as jnp
        >>> round(jnp.array([0.5, 1.5, 2.5]))
        Array([1., 2., 3.], dtype=float64)
        >>> round(jnp.array([0.5, 1.5, 2.5]), RoundingMethod.TO_NEAREST_EVEN)
        Array([0., 2., 2.], dtype=float64)
    """
    return round_p.bind(*match(x), rounding_method=RoundingMethod(rounding_method))[0]


def is_finite(x: Any) -> Array:
    """Returns whether each element of a float array is neither infinite nor NaN.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.is_finite(jnp.array([0.25, 0.5]))
        Array([ True,  True], dtype=bool)
    """
    return is_finite_p.bind(*match(x))[0]


# -- max, min: NaN wins; complex numbers in lexicographic order; a tie shares the tangent


def _share(t: Any, mine: Any, other: Any, out: Any) -> Any:
    tie = select_n(eq(other, out), full_scalar(1, out), full_scalar(0.5, out))
    return mul(t, select_n(eq(mine, out), full_scalar(0, out), tie))


def full_scalar(value: Any, x: Any) -> Array:
    """Returns a constant of rank 0 with the dtype of `x`."""
    return full((), value, aval_of(x).dtype, aval_of(x).weak_type)


def _extremum_element(name: str) -> Any:
    def element(k: Any, x: Any, y: Any) -> Any:
        if not is_complex(x.dtype):
            return k.binary(name, x, y)
        return k.select(_is_first(k, name, x, y), x, y)

    return element


def _is_first(k: Any, name: str, x: Any, y: Any) -> Any:
    before = k.gt if name == "max" else k.lt
    re, im = (k.real(x), k.real(y)), (k.imag(x), k.imag(y))
    ahead = k.or_(before(*re), k.and_(k.eq(*re), before(*im)))
    is_nan = k.or_(k.is_nan(re[0]), k.is_nan(im[0]))
    other_is_nan = k.or_(k.is_nan(re[1]), k.is_nan(im[1]))
    return k.or_(is_nan, k.and_(ahead, k.not_(other_is_nan)))


max_p = nary(
    "max",
    np.maximum,
    on=ALL,
    tangents=(
        lambda t, x, y, out: _share(t, x, y, out),
        lambda t, x, y, out: _share(t, y, x, out),
    ),
    element=_extremum_element("max"),
)
min_p = nary(
    "min",
    np.minimum,
    on=ALL,
    tangents=(
        lambda t, x, y, out: _share(t, x, y, out),
        lambda t, x, y, out: _share(t, y, x, out),
    ),
    element=_extremum_element("min"),
)


def max(x: Any, y: Any) -> Array:
    """Returns the larger of x and y elementwise; NaN where one of them is NaN.

    Example:
        >>> import minijax.numpy as jnp
        >>> max(jnp.array([1.0, 5.0]), 3.0)
        Array([3., 5.], dtype=float64)
    """
    return max_p.bind(*match(x, y))[0]


def min(x: Any, y: Any) -> Array:
    """Returns the smaller of x and y elementwise; NaN where one of them is NaN.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.min(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([1., 2.], dtype=float64)
    """
    return min_p.bind(*match(x, y))[0]


# -- nextafter


def _nextafter_impl(x: np.ndarray, y: np.ndarray) -> Any:
    with quiet():
        return (np.asarray(np.nextafter(x, y)),)


def _nextafter_abstract(x: ShapedArray, y: ShapedArray) -> Any:
    check_dtype("nextafter", x, FLOAT, "operand 0")
    check_dtype("nextafter", y, (x.dtype,), "operand 1")
    weak = x.weak_type and y.weak_type
    return (ShapedArray(common_shape("nextafter", (x, y)), x.dtype, weak),)


nextafter_p: Primitive = primitive(
    "nextafter",
    # Its neighbours are those of the operands' own dtype, so nothing is widened.
    impl=_nextafter_impl,
    abstract=_nextafter_abstract,
    jvp=absent("it moves by one bit, which has no derivative"),
    transpose=NOT_LINEAR,
    batch=elementwise_batch(lambda: nextafter_p),
    lower=elementwise_lower(lambda k, x, y: k.nextafter(x, y)),
)


def nextafter(x1: Any, x2: Any) -> Array:
    """Returns the next float after x1 in the direction of x2, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.nextafter(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([1., 3.], dtype=float64)
    """
    return nextafter_p.bind(*match(x1, x2))[0]


# -- the vector space of arrays


def _zeros(aval: Any) -> Array:
    return full(aval.shape, 0, aval.dtype, aval.weak_type)


def _add_vectors(x: Any, y: Any) -> Any:
    # Two float0 zeros have nothing to add.
    return x if aval_of(x).dtype is float0 else add_p.bind(x, y)[0]


ARRAY_SPACE = ArraySpace(_zeros, _add_vectors, spread, move_axis)
