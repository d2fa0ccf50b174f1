"""Hypergeometric functions 1F1 and 2F1, and the derivatives of such series by their parameters.

SciPy has no derivatives by parameters; here the series is differentiated term by term while it is
summed, so that it has derivatives of its own.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.dtypes import FLOAT
from minijax.core.operators import Array
from minijax.kernel.scalars import install_special_functions
from minijax.primitives.arithmetic import abs as abs_of
from minijax.primitives.arithmetic import add, div, mul, neg, sub
from minijax.primitives.bitwise import bitwise_and, bitwise_or
from minijax.primitives.broadcast import broadcast_in_dim, full, full_like
from minijax.primitives.compare import gt, lt, select_n
from minijax.primitives.control.loops import while_loop
from minijax.primitives.convert import convert_element_type
from minijax.primitives.exponential import exp, log1p
from minijax.primitives.families import common_shape, match, nary
from minijax.primitives.reduction import reduce_or
from minijax.primitives.scaling import scale

_HALF = (dtypes.bfloat16, dtypes.float16)
_MOST_TERMS = 10_000


@functools.cache
def _scipy() -> Any:
    # Loading it takes longer than importing this package.
    return importlib.import_module("scipy.special")


def _hyp1f1(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _scipy().hyp1f1(a, b, x)


def _hyp2f1(a: np.ndarray, b: np.ndarray, c: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _scipy().hyp2f1(a, b, c, x)


def wide_operands(*operands: Any) -> tuple[list[Any], np.dtype]:
    """Returns operands in one shape and at least single precision, and their own dtype."""
    shape = common_shape("a hypergeometric series", [aval_of(v) for v in operands])
    dtype = aval_of(operands[0]).dtype
    wide = [convert_element_type(v, dtypes.float32) if dtype in _HALF else v for v in operands]
    return [v if v.shape == shape else broadcast_in_dim(v, shape, ()) for v in wide], dtype


def narrowed(value: Any, dtype: np.dtype) -> Any:
    """Returns an array in the given dtype."""
    return value if value.dtype == dtype else convert_element_type(value, dtype)


# -- derivatives by parameters


def series_slopes(above: Sequence[Any], below: Sequence[Any], x: Any) -> tuple[Any, list[Any]]:
    """Returns F = Σ Π(a)ₙ / Π(b)ₙ xⁿ/n! and its derivatives by each a, then by each b.

    Args:
        above, below: the parameters a and b, arrays of the shape of `x`.
        x: where; the series is summed as it stands, so it should converge without cancellation.
    """
    count = len(above)

    def is_running(carry: Any) -> Any:
        n, *sums = carry
        half = len(sums) // 2
        matters = [_is_larger(t, s) for t, s in zip(sums[:half], sums[half:], strict=True)]
        any_matters = functools.reduce(bitwise_or, matters)
        running = reduce_or(any_matters, range(any_matters.ndim))
        return bitwise_and(running, lt(n, full((), _MOST_TERMS, n.dtype)))

    def step(carry: Any) -> Any:
        n, *sums = carry
        half = len(sums) // 2
        shifted = [add(v, n) for v in (*above, *below)]
        terms = _next_terms(shifted, count, n, x, sums[:half])
        return n, *terms, *map(add, terms, sums[half:])

    def advance(carry: Any) -> Any:
        _, *rest = step(carry)
        return add(carry[0], full((), 1, x.dtype)), *rest

    zeros = [full_like(x, 0)] * (count + len(below))
    one = full_like(x, 1)
    start = advance((full((), 0, x.dtype), one, *zeros, one, *zeros))
    found = while_loop(is_running, advance, start)
    totals = found[1 + (len(found) - 1) // 2 :]
    return totals[0], list(totals[1:])


def _is_larger(term: Any, total: Any) -> Any:
    bound = mul(abs_of(total), full_like(total, float(np.finfo(total.dtype).eps)))
    return gt(abs_of(term), bound)


def _next_terms(shifted: Sequence[Any], count: int, n: Any, x: Any, terms: Any) -> list[Any]:
    """Returns the next term and its derivatives, by the product rule.

    A parameter that is a negative integer ends the series but not its derivative, so that the
    logarithmic derivative would not do.
    """
    term, *slopes = terms
    above, below = shifted[:count], shifted[count:]
    front = div(x, add(n, full((), 1, n.dtype)))
    for value in below:
        front = div(front, value)
    whole = functools.reduce(mul, above, front)
    found = [mul(term, whole)]
    for position, (slope, value) in enumerate(zip(slopes, shifted, strict=True)):
        if position < count:
            others = [v for other, v in enumerate(above) if other != position]
            by_factor = mul(term, functools.reduce(mul, others, front))
        else:
            by_factor = neg(div(mul(term, whole), value))
        found.append(add(mul(slope, whole), by_factor))
    return found


def _where_negative(x: Any, below: Any, above: Any) -> Any:
    return select_n(lt(x, full_like(x, 0)), above, below)


def _hyp1f1_slopes(a: Any, b: Any, x: Any) -> tuple[Any, Any, np.dtype]:
    """Returns the derivatives of 1F1 by a and b.

    Below 0 by Kummer's transformation, e^x 1F1(b - a; b; -x), whose terms do not cancel.
    """
    (a, b, x), dtype = wide_operands(a, b, x)
    order = _where_negative(x, sub(b, a), a)
    _, (by_order, by_b) = series_slopes([order], [b], abs_of(x))
    front = exp(x)
    by_a = _where_negative(x, neg(mul(front, by_order)), by_order)
    return by_a, _where_negative(x, mul(front, add(by_order, by_b)), by_b), dtype


def _hyp1f1_by(position: int) -> Any:
    def tangent(t: Any, a: Any, b: Any, x: Any, out: Any) -> Any:
        *slopes, dtype = _hyp1f1_slopes(a, b, x)
        return scale(t, narrowed(slopes[position], dtype))

    return tangent


def _hyp2f1_slopes(a: Any, b: Any, c: Any, x: Any) -> tuple[list[Any], np.dtype]:
    """Returns the derivatives of 2F1 by a, b and c.

    Below 0 by Pfaff's transformation, (1 - x)^-a 2F1(a, c - b; c; x / (x - 1)): DLMF 15.8.1.
    """
    (a, b, c, x), dtype = wide_operands(a, b, c, x)
    one = full_like(x, 1)
    place = _where_negative(x, div(x, sub(x, one)), x)
    order = _where_negative(x, sub(c, b), b)
    total, (by_a, by_order, by_c) = series_slopes([a, order], [c], place)
    logarithm = log1p(_where_negative(x, neg(x), full_like(x, 0)))
    front = exp(neg(mul(a, logarithm)))
    found = [
        mul(front, sub(by_a, mul(total, logarithm))),
        _where_negative(x, neg(mul(front, by_order)), by_order),
        _where_negative(x, mul(front, add(by_c, by_order)), by_c),
    ]
    return found, dtype


def _hyp2f1_by(position: int) -> Any:
    def tangent(t: Any, a: Any, b: Any, c: Any, x: Any, out: Any) -> Any:
        slopes, dtype = _hyp2f1_slopes(a, b, c, x)
        return scale(t, narrowed(slopes[position], dtype))

    return tangent


def _next(x: Any) -> Any:
    return add(x, full_like(x, 1))


hyp1f1_p = nary(
    "hyp1f1",
    _hyp1f1,
    on=FLOAT,
    tangents=(
        _hyp1f1_by(0),
        _hyp1f1_by(1),
        lambda t, a, b, x, out: scale(t, mul(div(a, b), hyp1f1(_next(a), _next(b), x))),
    ),
    element=lambda k, a, b, x: k.special("hyp1f1", a, b, x),
)
hyp2f1_p = nary(
    "hyp2f1",
    _hyp2f1,
    on=FLOAT,
    tangents=(
        _hyp2f1_by(0),
        _hyp2f1_by(1),
        _hyp2f1_by(2),
        lambda t, a, b, c, x, out: scale(
            t, mul(div(mul(a, b), c), hyp2f1(_next(a), _next(b), _next(c), x))
        ),
    ),
    element=lambda k, a, b, c, x: k.special("hyp2f1", a, b, c, x),
)


def hyp1f1(a: Any, b: Any, x: Any) -> Array:
    """Returns Kummer's confluent hypergeometric function 1F1(a; b; x) elementwise.

    Args:
        a, b, x: float arrays of one dtype and one shape, or rank 0.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> hyp1f1(1.0, 1.0, jnp.array([0.0, 1.0]))
        Array([1.        , 2.71828183], dtype=float64)
    """
    return hyp1f1_p.bind(*match(a, b, x))[0]


def hyp2f1(a: Any, b: Any, c: Any, x: Any) -> Array:
    """Returns Gauss's hypergeometric function 2F1(a, b; c; x) elementwise.

    Args:
        a, b, c, x: float arrays of one dtype and one shape, or rank 0; x at most 1.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> hyp2f1(1.0, 2.0, 2.0, jnp.array([0.0, 0.5]))
        Array([1., 2.], dtype=float64)
    """
    return hyp2f1_p.bind(*match(a, b, c, x))[0]


install_special_functions({"hyp1f1": _hyp1f1, "hyp2f1": _hyp2f1})
