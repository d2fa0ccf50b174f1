"""Further special functions: Bessel functions, the incomplete beta function, Hurwitz's zeta."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.dtypes import FLOAT
from minijax.core.errors import MissingRuleError
from minijax.core.operators import Array
from minijax.kernel.scalars import install_special_functions
from minijax.primitives.arithmetic import abs as abs_of
from minijax.primitives.arithmetic import add, div, mul, neg, sign, sub
from minijax.primitives.broadcast import full_like
from minijax.primitives.compare import le, select_n
from minijax.primitives.exponential import exp, log, log1p
from minijax.primitives.families import match, nary, unary
from minijax.primitives.special import lgamma


@functools.cache
def _scipy() -> Any:
    # Loading it takes longer than importing this package.
    return importlib.import_module("scipy.special")


def _i0e(x: np.ndarray) -> np.ndarray:
    return _scipy().i0e(x)


def _i1e(x: np.ndarray) -> np.ndarray:
    return _scipy().i1e(x)


def _betainc(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _scipy().betainc(a, b, x)


def _zeta(x: np.ndarray, q: np.ndarray) -> np.ndarray:
    return _scipy().zeta(x, q)


# -- Bessel functions


def _i1e_slope(x: Any, y: Any) -> Any:
    """Returns i0e(x) - (sign(x) + 1/x) i1e(x), whose limit at 0 is 1/2."""
    tiny = float(np.finfo(np.float32 if aval_of(x).dtype != np.float64 else np.float64).eps)
    is_zero = le(abs_of(x), full_like(x, tiny))
    safe = select_n(is_zero, x, full_like(x, tiny))
    slope = sub(bessel_i0e(safe), mul(y, add(sign(safe), div(full_like(safe, 1), safe))))
    return select_n(is_zero, slope, full_like(x, 0.5))


bessel_i0e_p = unary(
    "bessel_i0e",
    _i0e,
    on=FLOAT,
    tangent=lambda t, x, y: mul(t, sub(bessel_i1e(x), mul(sign(x), y))),
    element=lambda k, x: k.special("i0e", x),
)
bessel_i1e_p = unary(
    "bessel_i1e",
    _i1e,
    on=FLOAT,
    tangent=lambda t, x, y: mul(t, _i1e_slope(x, y)),
    element=lambda k, x: k.special("i1e", x),
)


def bessel_i0e(x: Any) -> Array:
    """Returns e^-|x| I₀(x), the scaled modified Bessel function of order 0, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.bessel_i0e(jnp.array([0.0, 1.0]))
        Array([1.        , 0.46575961], dtype=float64)
    """
    return bessel_i0e_p.bind(*match(x))[0]


def bessel_i1e(x: Any) -> Array:
    """Returns e^-|x| I₁(x), the scaled modified Bessel function of order 1, elementwise."""
    return bessel_i1e_p.bind(*match(x))[0]


# -- the regularized incomplete beta function


def _no_rule(name: str, operand: str) -> Any:
    def tangent(t: Any, *operands: Any) -> Any:
        raise MissingRuleError.of(name, "jvp", f"it is not differentiable in {operand}")

    return tangent


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    """Returns x^(a-1) (1-x)^(b-1) / B(a, b)."""
    one = full_like(x, 1)
    powers = add(mul(sub(b, full_like(b, 1)), log1p(neg(x))), mul(sub(a, full_like(a, 1)), log(x)))
    scale = sub(lgamma(add(a, b)), add(lgamma(a), lgamma(b)))
    return mul(one, exp(add(scale, powers)))


betainc_p = nary(
    "betainc",
    _betainc,
    on=FLOAT,
    tangents=(
        _no_rule("betainc", "its first order a"),
        _no_rule("betainc", "its second order b"),
        lambda t, a, b, x, out: mul(t, _beta_density(a, b, x)),
    ),
    element=lambda k, a, b, x: k.special("betainc", a, b, x),
)


def betainc(a: Any, b: Any, x: Any) -> Array:
    """Returns the regularized incomplete beta function elementwise.

    Args:
        a, b: its orders, positive float arrays.
        x: a float array with elements from 0 to 1.

    Returns:
        The integral of t^(a-1) (1-t)^(b-1) from 0 to x, divided by that from 0 to 1.

    Raises:
        TypeError: if dtypes or shapes do not fit.
        MissingRuleError: when differentiated by `a` or `b`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.betainc(2.0, 1.0, jnp.array([0.0, 0.5, 1.0]))
        Array([0.  , 0.25, 1.  ], dtype=float64)
    """
    return betainc_p.bind(*match(a, b, x))[0]


# -- Hurwitz's zeta function


zeta_p = nary(
    "zeta",
    _zeta,
    on=FLOAT,
    tangents=(
        _no_rule("zeta", "its exponent x"),
        lambda t, x, q, out: neg(mul(t, mul(x, zeta(add(x, full_like(x, 1)), q)))),
    ),
    element=lambda k, x, q: k.special("zeta", x, q),
)


def zeta(x: Any, q: Any) -> Array:
    """Returns Hurwitz's zeta function, the sum of (q + n)^-x over n = 0, 1, …, elementwise.

    Raises:
        MissingRuleError: when differentiated by `x`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.zeta(jnp.array([2.0]), jnp.array([1.0]))
        Array([1.64493407], dtype=float64)
    """
    return zeta_p.bind(*match(x, q))[0]


install_special_functions({"i0e": _i0e, "i1e": _i1e, "betainc": _betainc, "zeta": _zeta})
