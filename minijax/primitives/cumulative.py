"""Running folds along an axis: cumsum cumprod cummax cummin cumlogsumexp, and linear_recurrence.

The derivative of every running fold y[i] = f(y[i-1], x[i]) is a linear recurrence

    t[i] = ∂f/∂y · t[i-1] + ∂f/∂x · x_dot[i]

So one more primitive, `linear_recurrence`, is the tangent of all of them. Its own derivative and
transpose are linear recurrences again: derivatives of any order take one pass, without division.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import INEXACT, NUMERIC
from minijax.core.operators import Array
from minijax.core.primitive import Absent, Primitive, Rule, linear, primitive
from minijax.core.quiet import quiet
from minijax.interpreters.transpose import is_linear
from minijax.primitives.arithmetic import add, mul, sub
from minijax.primitives.broadcast import full, full_like
from minijax.primitives.compare import eq, select_n
from minijax.primitives.exponential import exp
from minijax.primitives.families import NOT_LINEAR, align_batch, check_dtype, through_float32
from minijax.primitives.joining import pad

_TWO_PI = 2 * np.pi


def shifted(x: Any, axis: int, reverse: bool, fill: Any) -> Array:
    """Returns for each element the one before it in the direction of the fold.

    Args:
        x: an array.
        axis: the axis to shift along.
        reverse: whether the fold runs from the last element to the first.
        fill: what is before the first element.
    """
    moves = [(0, 0, 0)] * x.ndim
    moves[axis] = (-1, 1, 0) if reverse else (1, -1, 0)
    return pad(x, full((), fill, x.dtype), moves)


def _directed(
    function: Callable[..., np.ndarray], *operands: np.ndarray, axis: int, reverse: bool
) -> np.ndarray:
    """Returns a forward fold of NumPy arrays, run from the other end if `reverse`."""
    if not reverse:
        return function(*operands, axis)
    flipped = (np.flip(x, axis) for x in operands)
    return np.flip(function(*flipped, axis), axis)


def _impl_of(function: Callable[..., np.ndarray]) -> Rule:
    compute = through_float32(
        lambda *operands, axis, reverse: _directed(function, *operands, axis=axis, reverse=reverse)
    )

    def impl(*operands: np.ndarray, axis: int, reverse: bool) -> Any:
        with quiet():
            return (compute(*operands, axis=axis, reverse=reverse),)

    return impl


def _check_axis(name: str, x: ShapedArray, axis: int) -> None:
    if not 0 <= axis < x.ndim:
        raise ValueError(
            f"{name}: axis {axis} is not an axis of an operand of shape {x.shape}; "
            f"allowed: 0 to {x.ndim - 1}."
        )


def _abstract_of(name: str, on: tuple[np.dtype, ...]) -> Rule:
    def abstract(x: ShapedArray, *, axis: int, reverse: bool) -> Any:
        check_dtype(name, x, on, "an operand")
        _check_axis(name, x, axis)
        return (x,)

    return abstract


def _batch_of(get: Callable[[], Primitive]) -> Rule:
    def batch(size: int, operands: Any, dims: Any, *, axis: int, reverse: bool) -> Any:
        aligned, dim = align_batch(size, operands, dims)
        moved = axis + (axis >= dim)
        return get().bind(*aligned, axis=moved, reverse=reverse), (dim,)

    return batch


def _lower_of(combine: Callable[[Any, Any, Any], Any]) -> Rule:
    def lower(k: Any, x: Any, *, out: Any, axis: int, reverse: bool) -> Any:
        wide = _wide_aval(out[0])
        (found,) = k.cumulate(
            (wide,),
            axis,
            lambda *i: (k.convert(x(*i), wide.dtype),),
            lambda acc, new: (combine(k, acc[0], new[0]),),
            reverse,
        )
        return _narrowed(k, found, out[0])

    return lower


def _wide_aval(aval: ShapedArray) -> ShapedArray:
    is_half = aval.dtype in (dtypes.bfloat16, dtypes.float16)
    return ShapedArray(aval.shape, dtypes.float32) if is_half else aval


def _narrowed(k: Any, x: Any, aval: ShapedArray) -> Any:
    if x.dtype == aval.dtype:
        return (x,)
    return k.element(aval, lambda *i: k.convert(x(*i), aval.dtype))


# -- linear_recurrence: y[0] = b[0], y[i] = a[i]·y[i-1] + b[i]


def _recurrence_forward(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
    factors, result = np.moveaxis(a, axis, 0), np.array(b, order="C")
    rows = np.moveaxis(result, axis, 0)
    for i in range(1, len(rows)):
        rows[i] += factors[i] * rows[i - 1]
    return result


def _recurrence_abstract(a: ShapedArray, b: ShapedArray, *, axis: int, reverse: bool) -> Any:
    check_dtype("linear_recurrence", a, NUMERIC, "factors")
    if a.dtype != b.dtype or a.shape != b.shape:
        raise TypeError(
            f"linear_recurrence: factors and terms must have one shape and dtype, got {a} and {b}: "
            "broadcast and convert them."
        )
    _check_axis("linear_recurrence", a, axis)
    return (ShapedArray(a.shape, a.dtype, a.weak_type and b.weak_type),)


def _recurrence_jvp(primals: Any, tangents: Any, *, axis: int, reverse: bool) -> Any:
    (a, b), (a_dot, b_dot) = primals, tangents
    (y,) = linear_recurrence_p.bind(a, b, axis=axis, reverse=reverse)
    if type(a_dot) is Zero and type(b_dot) is Zero:
        return (y,), (Zero(y.aval.tangent()),)
    terms = b_dot
    if type(a_dot) is not Zero:
        terms = mul(a_dot, shifted(y, axis, reverse, 0))
        terms = terms if type(b_dot) is Zero else add(terms, b_dot)
    return (y,), linear_recurrence_p.bind(a, terms, axis=axis, reverse=reverse)


def _recurrence_transpose(cts: Any, a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
    assert not is_linear(a), "a linear recurrence is linear in its terms alone"
    following = shifted(a, axis, not reverse, 0)
    return None, linear_recurrence(following, cts[0], axis, not reverse)


def _recurrence_lower(k: Any, a: Any, b: Any, *, out: Any, axis: int, reverse: bool) -> Any:
    wide = _wide_aval(out[0])
    # The first accumulator is the product of the factors, which makes the fold associative.
    _, found = k.cumulate(
        (wide, wide),
        axis,
        lambda *i: (k.convert(a(*i), wide.dtype), k.convert(b(*i), wide.dtype)),
        lambda acc, new: (k.mul(acc[0], new[0]), k.add(k.mul(new[0], acc[1]), new[1])),
        reverse,
    )
    return _narrowed(k, found, out[0])


linear_recurrence_p: Primitive = primitive(
    "linear_recurrence",
    impl=_impl_of(_recurrence_forward),
    abstract=_recurrence_abstract,
    jvp=_recurrence_jvp,
    transpose=_recurrence_transpose,
    batch=_batch_of(lambda: linear_recurrence_p),
    lower=_recurrence_lower,
)


def linear_recurrence(a: Any, b: Any, axis: int = 0, reverse: bool = False) -> Array:
    """Solves y[0] = b[0], y[i] = a[i] · y[i-1] + b[i] along an axis.

    Args:
        a: the factors; the first one along the axis has no effect.
        b: the terms, an array of the shape and dtype of `a`.
        axis: the axis, counted from the front.
        reverse: whether to start from the last element.

    Returns:
        An array of the shape of `b`.

    Raises:
        TypeError: if shapes or dtypes differ.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> linear_recurrence(jnp.full(4, 0.5), jnp.ones(4))
        Array([1.   , 1.5  , 1.75 , 1.875], dtype=float64)
    """
    return linear_recurrence_p.bind(to_array(a), to_array(b), axis=axis, reverse=reverse)[0]


# -- the statement of a running fold


def _jvp_of(get: Callable[[], Primitive], tangent: Callable[..., Any]) -> Rule:
    def jvp(primals: Any, tangents: Any, *, axis: int, reverse: bool) -> Any:
        (x,), (t,) = primals, tangents
        (y,) = get().bind(x, axis=axis, reverse=reverse)
        if type(t) is Zero:
            return (y,), (Zero(y.aval.tangent()),)
        factors, weights = tangent(x, y, axis, reverse)
        terms = mul(t, weights)
        return (y,), linear_recurrence_p.bind(factors, terms, axis=axis, reverse=reverse)

    return jvp


def _cumulative(
    name: str,
    function: Callable[..., np.ndarray],
    *,
    on: tuple[np.dtype, ...],
    tangent: Callable[..., Any] | None,
    combine: Callable[[Any, Any, Any], Any],
    transpose: Rule | Absent = NOT_LINEAR,
) -> Primitive:
    """Declares a running fold; `tangent(x, y, axis, reverse)` gives ∂f/∂y and ∂f/∂x at each step.

    A fold without one is linear.
    """
    made: list[Primitive] = []
    made.append(
        primitive(
            name,
            impl=_impl_of(function),
            abstract=_abstract_of(name, on),
            jvp=linear if tangent is None else _jvp_of(lambda: made[0], tangent),
            transpose=transpose,
            batch=_batch_of(lambda: made[0]),
            lower=_lower_of(combine),
        )
    )
    return made[0]


# -- cumsum, cumprod

cumsum_p = _cumulative(
    "cumsum",
    lambda x, axis: np.cumsum(x, axis, dtype=x.dtype),
    on=NUMERIC,
    tangent=None,
    combine=lambda k, acc, new: k.add(acc, new),
    transpose=lambda cts, x, axis, reverse: (cumsum(cts[0], axis, not reverse),),
)


def cumsum(operand: Any, axis: int = 0, reverse: bool = False) -> Array:
    """Returns running sums along an axis.

    Args:
        operand: a numeric array.
        axis: the axis, counted from the front.
        reverse: whether to sum from the last element to the first.

    Raises:
        TypeError: for bools.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.cumsum(jnp.array([1, 2, 3]), reverse=True)
        Array([6, 5, 3], dtype=int64)
    """
    return cumsum_p.bind(to_array(operand), axis=int(axis), reverse=bool(reverse))[0]


cumprod_p = _cumulative(
    "cumprod",
    lambda x, axis: np.cumprod(x, axis, dtype=x.dtype),
    on=NUMERIC,
    tangent=lambda x, y, axis, reverse: (x, shifted(y, axis, reverse, 1)),
    combine=lambda k, acc, new: k.mul(acc, new),
)


def cumprod(operand: Any, axis: int = 0, reverse: bool = False) -> Array:
    """Returns running products along an axis; the derivative is right at zeros too.

    Args:
        operand: a numeric array.
        axis: the axis, counted from the front.
        reverse: whether to multiply from the last element to the first.

    Raises:
        TypeError: for bools.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.cumprod(jnp.array([1.0, 2.0, 3.0]))
        Array([1., 2., 6.], dtype=float64)
    """
    return cumprod_p.bind(to_array(operand), axis=int(axis), reverse=bool(reverse))[0]


# -- cummax, cummin: where an element ties with the extreme before it, each has half the derivative


def _share(x: Any, y: Any, axis: int, reverse: bool) -> Any:
    # A NaN equals nothing, so the first comparison gives no fill value a chance to tie.
    is_first = _is_first(y, axis, reverse)
    old = select_n(is_first, eq(shifted(y, axis, reverse, 0), y), full_like(is_first, False))
    zero, half, one = (full_like(y, value) for value in (0, 0.5, 1))
    new = eq(x, y)
    kept = select_n(old, zero, select_n(new, one, half))
    taken = select_n(new, zero, select_n(old, one, half))
    return kept, taken


def _is_first(x: Any, axis: int, reverse: bool) -> Array:
    nothing = full(x.shape, False, dtypes.bool_)
    return shifted(nothing, axis, reverse, True)


def lexicographic_greater(k: Any, x: Any, y: Any) -> Any:
    """Returns whether complex x is after complex y, by real part, then imaginary part."""
    tie = k.and_(k.eq(k.real(x), k.real(y)), k.gt(k.imag(x), k.imag(y)))
    return k.or_(k.gt(k.real(x), k.real(y)), tie)


def _has_nan(k: Any, x: Any) -> Any:
    return k.or_(k.is_nan(k.real(x)), k.is_nan(k.imag(x)))


def greater_of(k: Any, x: Any, y: Any) -> Any:
    """Returns the maximum of two expressions; a NaN if there is one."""
    if not dtypes.is_complex(x.dtype):
        return k.max(x, y)
    first = k.and_(k.not_(_has_nan(k, y)), lexicographic_greater(k, x, y))
    return k.select(k.or_(_has_nan(k, x), first), x, y)


def lesser_of(k: Any, x: Any, y: Any) -> Any:
    """Returns the minimum of two expressions; a NaN if there is one."""
    if not dtypes.is_complex(x.dtype):
        return k.min(x, y)
    first = k.and_(k.not_(_has_nan(k, y)), lexicographic_greater(k, y, x))
    return k.select(k.or_(_has_nan(k, x), first), x, y)


cummax_p = _cumulative(
    "cummax",
    lambda x, axis: np.maximum.accumulate(x, axis),
    on=NUMERIC,
    tangent=_share,
    combine=greater_of,
)


def cummax(operand: Any, axis: int = 0, reverse: bool = False) -> Array:
    """Returns running maxima along an axis. A NaN stays the maximum from its place on.

    Args:
        operand: a numeric array; complex numbers compare by real part, then imaginary part.
        axis: the axis, counted from the front.
        reverse: whether to go from the last element to the first.

    Raises:
        TypeError: for bools.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.cummax(jnp.array([2, 1, 3]))
        Array([2, 2, 3], dtype=int64)
    """
    return cummax_p.bind(to_array(operand), axis=int(axis), reverse=bool(reverse))[0]


cummin_p = _cumulative(
    "cummin",
    lambda x, axis: np.minimum.accumulate(x, axis),
    on=NUMERIC,
    tangent=_share,
    combine=lesser_of,
)


def cummin(operand: Any, axis: int = 0, reverse: bool = False) -> Array:
    """Returns running minima along an axis. A NaN stays the minimum from its place on.

    Args:
        operand: a numeric array; complex numbers compare by real part, then imaginary part.
        axis: the axis, counted from the front.
        reverse: whether to go from the last element to the first.

    Raises:
        TypeError: for bools.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.cummin(jnp.array([2, 1, 3]))
        Array([2, 1, 1], dtype=int64)
    """
    return cummin_p.bind(to_array(operand), axis=int(axis), reverse=bool(reverse))[0]


# -- cumlogsumexp: each step adds two exponentials, scaled by the larger, so nothing overflows


def _complex_logaddexp(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    larger = np.where(x.real > y.real, x, y)
    smaller = np.where(x.real > y.real, y, x)
    total = larger + np.log1p(np.exp(smaller - larger))
    turns = np.floor((total.imag + np.pi) / _TWO_PI)
    return (total.real + 1j * (total.imag - _TWO_PI * turns)).astype(x.dtype)


def _logsumexp_forward(x: np.ndarray, axis: int) -> np.ndarray:
    if not dtypes.is_complex(x.dtype):
        return np.logaddexp.accumulate(x, axis)
    result = x.copy()
    rows = np.moveaxis(result, axis, 0)
    for i in range(1, len(rows)):
        rows[i] = _complex_logaddexp(rows[i - 1], rows[i])
    return result


def _logsumexp_weights(x: Any, y: Any, axis: int, reverse: bool) -> Any:
    before = shifted(y, axis, reverse, 0)
    if dtypes.is_complex(y.dtype):
        return exp(sub(before, y)), exp(sub(x, y))
    # Where the sum is 0 so far, or infinite, the difference of two infinities is no weight.
    base = _without(-np.inf, _without(np.inf, y))
    weights = [exp(sub(_without(np.inf, z), base)) for z in (before, x)]
    # A sum that is equal to its last term, as the first is, moves with it at -inf too.
    return weights[0], select_n(eq(x, y), weights[1], full_like(x, 1))


def _without(value: float, x: Any) -> Array:
    return select_n(eq(x, full_like(x, value)), x, full_like(x, 0))


def _logaddexp_element(k: Any, x: Any, y: Any) -> Any:
    if dtypes.is_complex(x.dtype):
        return _complex_logaddexp_element(k, x, y)
    difference = k.sub(x, y)
    total = k.add(k.max(x, y), k.log1p(k.exp(k.neg(k.abs(difference)))))
    # Equal infinities have no difference; a NaN stays one in the sum.
    return k.select(k.is_nan(difference), k.add(x, y), total)


def _complex_logaddexp_element(k: Any, x: Any, y: Any) -> Any:
    is_larger = k.gt(k.real(x), k.real(y))
    larger, smaller = k.select(is_larger, x, y), k.select(is_larger, y, x)
    total = k.add(larger, k.log1p(k.exp(k.sub(smaller, larger))))
    angle = k.imag(total)
    pi, two_pi = k.constant(np.pi, angle.dtype), k.constant(_TWO_PI, angle.dtype)
    turns = k.floor(k.div(k.add(angle, pi), two_pi))
    return k.complex(k.real(total), k.sub(angle, k.mul(two_pi, turns)))


cumlogsumexp_p = _cumulative(
    "cumlogsumexp",
    _logsumexp_forward,
    on=INEXACT,
    tangent=_logsumexp_weights,
    combine=_logaddexp_element,
)


def cumlogsumexp(operand: Any, axis: int = 0, reverse: bool = False) -> Array:
    """Returns log(cumsum(exp(x))) along an axis, without overflow.

    Args:
        operand: a floating-point or complex array.
        axis: the axis, counted from the front.
        reverse: whether to go from the last element to the first.

    Raises:
        TypeError: for integers and bools.
        ValueError: if the axis is out of range.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.cumlogsumexp(jnp.array([1000.0, 1000.0]))
        Array([1000.        , 1000.69314718], dtype=float64)
    """
    return cumlogsumexp_p.bind(to_array(operand), axis=int(axis), reverse=bool(reverse))[0]
