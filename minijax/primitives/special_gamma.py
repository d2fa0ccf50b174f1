"""The incomplete gamma functions and their derivative by the order.

SciPy has no derivative by the order a; here it is a sum or a continued fraction that is
differentiated term by term while it is computed, so that it has derivatives of its own.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.dtypes import FLOAT
from minijax.core.operators import Array
from minijax.kernel.scalars import install_special_functions
from minijax.primitives.arithmetic import abs as abs_of
from minijax.primitives.arithmetic import add, div, max, min, mul, neg, sub
from minijax.primitives.bitwise import bitwise_and, bitwise_or
from minijax.primitives.broadcast import broadcast_in_dim, full, full_like
from minijax.primitives.compare import eq, gt, le, lt, select_n
from minijax.primitives.control.loops import while_loop
from minijax.primitives.convert import convert_element_type
from minijax.primitives.exponential import exp, log
from minijax.primitives.families import common_shape, match, nary
from minijax.primitives.reduction import reduce_or
from minijax.primitives.scaling import scale
from minijax.primitives.special import digamma, lgamma

_HALF = (dtypes.bfloat16, dtypes.float16)
_MOST_TERMS = 10_000
_ROUNDED = 8  # units of precision: more than a product of a continued fraction is rounded by


@functools.cache
def _scipy() -> Any:
    # Loading it takes longer than importing this package.
    return importlib.import_module("scipy.special")


def _igamma(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _scipy().gammainc(a, x)


def _igammac(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _scipy().gammaincc(a, x)


def _density(a: Any, x: Any) -> Any:
    """Returns the derivative of P(a, x) by x: x^(a-1) e^-x / Γ(a)."""
    order = sub(a, full_like(a, 1))
    # 0^0 is 1, and e^-x wins against any power.
    sizes = add(abs_of(order), abs_of(x))
    is_zero, zero = eq(sizes, full_like(sizes, 0)), full_like(sizes, 0)
    x = add(x, zero)
    is_far = eq(x, full_like(x, np.inf))
    power = mul(order, log(select_n(bitwise_or(is_zero, is_far), x, full_like(x, 1))))
    return exp(sub(sub(power, x), lgamma(a)))


igamma_p = nary(
    "igamma",
    _igamma,
    on=FLOAT,
    tangents=(
        lambda t, a, x, out: scale(t, igamma_grad_a(a, x)),
        lambda t, a, x, out: scale(t, _density(a, x)),
    ),
    element=lambda k, a, x: k.special("gammainc", a, x),
)
igammac_p = nary(
    "igammac",
    _igammac,
    on=FLOAT,
    tangents=(
        lambda t, a, x, out: neg(scale(t, igamma_grad_a(a, x))),
        lambda t, a, x, out: neg(scale(t, _density(a, x))),
    ),
    element=lambda k, a, x: k.special("gammaincc", a, x),
)


def igamma(a: Any, x: Any) -> Array:
    """Returns the regularized lower incomplete gamma function P(a, x) elementwise.

    Args:
        a: the order, a positive float array.
        x: a nonnegative float array of the shape of `a`, or either of rank 0.

    Returns:
        The integral of t^(a-1) e^-t from 0 to x, divided by Γ(a); NaN outside of the domain.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.igamma(jnp.array([1.0, 2.0]), jnp.array([1.0, 1.0]))
        Array([0.63212056, 0.26424112], dtype=float64)
    """
    return igamma_p.bind(*match(a, x))[0]


def igammac(a: Any, x: Any) -> Array:
    """Returns 1 - P(a, x) elementwise, exact where P is near 1.

    Args:
        a: the order, a positive float array.
        x: a nonnegative float array of the shape of `a`, or either of rank 0.

    Returns:
        The integral of t^(a-1) e^-t from x to ∞, divided by Γ(a); NaN outside of the domain.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.igammac(jnp.array([1.0, 1.0]), jnp.array([1.0, 50.0]))
        Array([3.67879441e-01, 1.92874985e-22], dtype=float64)
    """
    return igammac_p.bind(*match(a, x))[0]


# -- the derivative by the order


def _any(condition: Any) -> Any:
    return reduce_or(condition, range(aval_of(condition).ndim))


def _small(dtype: np.dtype) -> float:
    return float(np.finfo(dtype).eps)


def _is_larger(term: Any, total: Any, times: int = 1) -> Any:
    """Returns where a term still changes a sum, by so many times its precision."""
    bound = mul(abs_of(total), full_like(total, times * _small(total.dtype)))
    return gt(abs_of(term), bound)


def _series(a: Any, x: Any) -> tuple[Any, Any]:
    """Returns S = Σ x^n / ((a+1)…(a+n)), for which P = x^a e^-x S / Γ(a+1), and dS/da."""

    def is_running(carry: Any) -> Any:
        n, term, slope, total, total_slope = carry
        matters = bitwise_or(_is_larger(term, total), _is_larger(mul(term, slope), total_slope))
        return bitwise_and(_any(matters), lt(n, full((), _MOST_TERMS, n.dtype)))

    def step(carry: Any) -> Any:
        n, term, slope, total, total_slope = carry
        n = add(n, full((), 1, n.dtype))
        order = add(a, n)
        term = mul(term, div(x, order))
        # The logarithmic derivative of the term.
        slope = sub(slope, div(full_like(order, 1), order))
        return n, term, slope, add(total, term), add(total_slope, mul(term, slope))

    one, zero = full_like(a, 1), full_like(a, 0)
    first = step((full((), 0, a.dtype), one, zero, one, zero))
    return while_loop(is_running, step, first)[3:]


def _fraction(a: Any, x: Any) -> tuple[Any, Any]:
    """Returns h, for which 1 - P = x^a e^-x h / Γ(a), and dh/da.

    Lentz's method for the continued fraction 1 / (x+1-a - 1(1-a) / (x+3-a - …)), DLMF 8.9.2.
    """

    def is_running(carry: Any) -> Any:
        n, *_, total, total_slope, change, change_slope = carry
        # What the last products are rounded by never ends.
        pairs = (change, total), (change_slope, total_slope)
        matters = bitwise_or(*(_is_larger(x, y, _ROUNDED) for x, y in pairs))
        return bitwise_and(_any(matters), lt(n, full((), _MOST_TERMS, n.dtype)))

    def step(carry: Any) -> Any:
        n, b, c, c_slope, d, d_slope, total, total_slope, _, _ = carry
        n = add(n, full((), 1, n.dtype))
        # The numerator n(a - n) has the derivative n, the denominator b the derivative -1.
        numerator = mul(n, sub(a, n))
        b = add(b, full((), 2, b.dtype))
        fresh = add(mul(numerator, d), b)
        fresh_slope = sub(add(mul(n, d), mul(numerator, d_slope)), full_like(b, 1))
        d = div(full_like(fresh, 1), fresh)
        d_slope = neg(mul(fresh_slope, mul(d, d)))
        ratio = div(numerator, c)
        c_slope = sub(div(sub(n, mul(ratio, c_slope)), c), full_like(b, 1))
        c = add(b, ratio)
        factor = mul(c, d)
        new = mul(total, factor)
        slope = add(mul(total_slope, factor), mul(total, add(mul(c_slope, d), mul(c, d_slope))))
        return n, b, c, c_slope, d, d_slope, new, slope, sub(new, total), sub(slope, total_slope)

    zero = full_like(a, 0)
    b = add(sub(x, a), full_like(a, 1))
    d = div(full_like(b, 1), b)
    # Before the first term c is infinite, and what it divides is nothing.
    start = (full((), 0, a.dtype), b, full_like(a, np.inf), zero, d, mul(d, d))
    first = step((*start, d, mul(d, d), zero, zero))
    return while_loop(is_running, step, first)[6:8]


def _order_slope(a: Any, x: Any) -> Any:
    """Returns the derivative of P by a, divided by that by x."""
    edge = add(max(a, full_like(a, 0)), full_like(a, 1))
    low, high = min(x, edge), max(x, edge)
    total, slope = _series(a, low)
    known = sub(log(low), digamma(add(a, full_like(a, 1))))
    below = mul(div(low, a), add(mul(total, known), slope))
    total, slope = _fraction(a, high)
    above = neg(mul(high, add(mul(total, sub(log(high), digamma(a))), slope)))
    return select_n(lt(x, edge), above, below)


def _in_one_shape(name: str, a: Any, x: Any) -> tuple[Any, Any, np.dtype]:
    """Returns operands of one shape in at least single precision, and their own dtype."""
    operands = match(a, x)
    shape = common_shape(name, [aval_of(v) for v in operands])
    dtype = operands[0].dtype
    if dtype not in FLOAT or operands[1].dtype != dtype:
        raise TypeError(
            f"{name} takes float operands of one dtype, got {operands[0].aval} and "
            f"{operands[1].aval}: convert them with .astype(...)."
        )
    if dtype in _HALF:
        operands = [convert_element_type(v, dtypes.float32) for v in operands]
    a, x = (v if v.shape == shape else broadcast_in_dim(v, shape, ()) for v in operands)
    return a, x, dtype


def _where_known(a: Any, x: Any, value: Any, dtype: np.dtype) -> Any:
    zero = full_like(x, 0)
    found = select_n(eq(x, zero), value, zero)
    outside = bitwise_or(le(a, zero), lt(x, zero))
    found = select_n(outside, found, full_like(x, np.nan))
    return found if found.dtype == dtype else convert_element_type(found, dtype)


def igamma_grad_a(a: Any, x: Any) -> Array:
    """Returns the derivative of `igamma` by its order a, elementwise.

    Args:
        a: the order, a positive float array.
        x: a nonnegative float array of the shape of `a`, or either of rank 0.

    Returns:
        The derivative of P(a, x) by a; 0 where x is 0, and NaN outside of the domain.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.igamma_grad_a(jnp.array([1.0]), jnp.array([1.0]))
        Array([-0.43172971], dtype=float64)
    """
    a, x, dtype = _in_one_shape("igamma_grad_a", a, x)
    return _where_known(a, x, mul(_order_slope(a, x), _density(a, x)), dtype)


def random_gamma_grad(a: Any, x: Any) -> Array:
    """Returns the derivative, by a, of the sample x of a gamma distribution of order a.

    The sample is taken to move so that the probability of a smaller one stays what it is.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.random_gamma_grad(jnp.array([1.0]), jnp.array([1.0]))
        Array([1.17356303], dtype=float64)
    """
    a, x, dtype = _in_one_shape("random_gamma_grad", a, x)
    return _where_known(a, x, neg(_order_slope(a, x)), dtype)


install_special_functions({"gammainc": _igamma, "gammaincc": _igammac})
