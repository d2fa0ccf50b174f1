"""Logarithms where 0 log 0 is 0, entropies, power transforms, sums of exponentials."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.nn import normalization
from minijax.scipy.operands import floating, one
from minijax.transforms.custom import custom_jvp


@custom_jvp
def _xlogy(x: Any, y: Any) -> Array:
    is_zero = (x == 0) & ~jnp.isnan(y)
    return jnp.where(is_zero, 0, x * jnp.log(jnp.where(is_zero, 1, y)))


def _ratio(x: Any, y: Any) -> Array:
    # 0 log(y) is 0 for every y, so its slope is 0 at y = 0 too.
    is_zero = x == 0
    return jnp.where(is_zero, 0, x / jnp.where(is_zero, 1, y))


_xlogy.defjvps(
    lambda x_dot, _, x, y: x_dot * jnp.log(y),
    lambda y_dot, _, x, y: y_dot * _ratio(x, y),
)


def xlogy(x: Any, y: Any) -> Array:
    """Returns x log(y) elementwise, 0 where x is 0.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.xlogy(0.0, 0.0))
        0.0
    """
    return _xlogy(*floating("special.xlogy", x, y))


@custom_jvp
def _xlog1py(x: Any, y: Any) -> Array:
    is_zero = (x == 0) & ~jnp.isnan(y)
    return jnp.where(is_zero, 0, x * jnp.log1p(jnp.where(is_zero, 1, y)))


_xlog1py.defjvps(
    lambda x_dot, _, x, y: x_dot * jnp.log1p(y),
    lambda y_dot, _, x, y: y_dot * _ratio(x, 1 + y),
)


def xlog1py(x: Any, y: Any) -> Array:
    """Returns x log(1 + y) elementwise, 0 where x is 0.

    Args:
        x, y: float arrays whose shapes broadcast.

    Example:
        >>> from minijax.scipy import special
        >>> float(special.xlog1py(0.0, -1.0)), float(special.xlog1py(3.0, 0.0))
        (0.0, 0.0)
    """
    return _xlog1py(*floating("special.xlog1py", x, y))


@custom_jvp
def _xlogx(x: Any) -> Array:
    return _xlogy(x, x)


_xlogx.defjvps(lambda x_dot, _, x: x_dot * (jnp.log(x) + 1))


def entr(x: Any) -> Array:
    """Returns -x log(x) elementwise, 0 at 0 and -inf below.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.entr(1.0)) == 0
        True
    """
    x = one("special.entr", x)
    return jnp.where(x < 0, -jnp.inf, -_xlogx(x))


def rel_entr(p: Any, q: Any) -> Array:
    """Returns p log(p / q) elementwise, 0 where p is 0, inf where p or q is not a probability.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.rel_entr(0.5, 0.5))
        0.0
    """
    p, q = floating("special.rel_entr", p, q)
    both, only = (p > 0) & (q > 0), (p == 0) & (q >= 0)
    safe_p, safe_q = jnp.where(both, p, 1), jnp.where(both, q, 1)
    found = _xlogy(safe_p, safe_p) - _xlogy(safe_p, safe_q)
    return jnp.where(both, found, jnp.where(only, 0, jnp.inf))


def kl_div(p: Any, q: Any) -> Array:
    """Returns p log(p / q) - p + q elementwise.

    Args:
        p, q: nonnegative float arrays whose shapes broadcast.

    Example:
        >>> from minijax.scipy import special
        >>> float(special.kl_div(2.0, 2.0)), float(special.kl_div(0.0, 3.0))
        (0.0, 3.0)
    """
    p, q = floating("special.kl_div", p, q)
    return rel_entr(p, q) - p + q


@custom_jvp
def _boxcox(x: Any, lmbda: Any) -> Array:
    is_zero = lmbda == 0
    safe = jnp.where(is_zero, 1, lmbda)
    return jnp.where(is_zero, jnp.log(x), jnp.expm1(safe * jnp.log(x)) / safe)


def _boxcox_jvp(primals: Any, tangents: Any) -> Any:
    (x, lmbda), (x_dot, lmbda_dot) = primals, tangents
    found, logarithm = _boxcox(x, lmbda), jnp.log(x)
    is_zero = lmbda == 0
    safe = jnp.where(is_zero, 1, lmbda)
    # x^λ log(x) is 0 at 0, and x^0 is 1 there.
    at_zero = (x == 0) & (lmbda > 0)
    product = jnp.where(at_zero, 0, jnp.exp(safe * logarithm) * logarithm)
    by_lmbda = jnp.where(is_zero, logarithm**2 / 2, (product - found) / safe)
    exponent = jnp.where(lmbda == 1, 0, (lmbda - 1) * logarithm)
    return found, jnp.exp(exponent) * x_dot + by_lmbda * lmbda_dot


_boxcox.defjvp(_boxcox_jvp)


def boxcox(x: Any, lmbda: Any) -> Array:
    """Returns (x^λ - 1) / λ elementwise, log(x) for λ = 0.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.boxcox(3.0, 1.0))
        2.0

    Args:
        x: a positive float array.
        lmbda: the exponent λ; its shape broadcasts with that of `x`.
    """
    return _boxcox(*floating("special.boxcox", x, lmbda))


def boxcox1p(x: Any, lmbda: Any) -> Array:
    """Returns ((1 + x)^λ - 1) / λ elementwise, log(1 + x) for λ = 0.

    Args:
        x: a float array above -1.
        lmbda: the exponent λ; its shape broadcasts with that of `x`.

    Example:
        >>> from minijax.scipy import special
        >>> float(special.boxcox1p(2.0, 2.0))
        4.0
    """
    x, lmbda = floating("special.boxcox1p", x, lmbda)
    is_zero = lmbda == 0
    safe = jnp.where(is_zero, 1, lmbda)
    logarithm = jnp.log1p(x)
    return jnp.where(is_zero, logarithm, jnp.expm1(safe * logarithm) / safe)


# -- sums of exponentials


logsumexp = normalization.logsumexp


def softmax(x: Any, /, *, axis: Any = None) -> Array:
    """Returns exp(x) divided by its sum over axes; over all of them if `axis` is None.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.special.softmax(jnp.zeros(4))
        Array([0.25, 0.25, 0.25, 0.25], dtype=float64)
    """
    return normalization.softmax(x, axis)


def log_softmax(x: Any, /, *, axis: Any = None) -> Array:
    """Returns the logarithm of `softmax`, computed without overflow.

    Args:
        x: an array.
        axis: the axes along which the exponentials sum to 1; by default all.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import special
        >>> special.log_softmax(jnp.array([1000.0, 0.0]))
        Array([    0., -1000.], dtype=float64)
    """
    return normalization.log_softmax(x, axis)
