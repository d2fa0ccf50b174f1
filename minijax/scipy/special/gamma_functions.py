"""The gamma function and what is made of it."""

from __future__ import annotations

import math
import operator
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.primitives import special, special_functions, special_gamma
from minijax.scipy.operands import floating, one
from minijax.transforms.custom import custom_jvp


def gammaln(x: Any) -> Array:
    """Returns log |Γ(x)| elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.gammaln(5.0)
        Array(3.17805383, dtype=float64, weak_type=True)
    """
    return special.lgamma(one("special.gammaln", x))


def loggamma(z: Any) -> Array:
    """Returns the logarithm of Γ elementwise, NaN below 0."""
    x = one("special.loggamma", z)
    return jnp.where(x < 0, jnp.nan, special.lgamma(x))


def gammasgn(x: Any) -> Array:
    """Returns the sign of Γ elementwise: that of x at ±0, NaN at the negative integers."""
    x = one("special.gammasgn", x)
    floor = jnp.floor(x)
    below = jnp.where(x == floor, jnp.nan, jnp.where(jnp.equal(floor % 2, 0), 1.0, -1.0))
    sign = jnp.where(jnp.equal(x, 0), jnp.copysign(jnp.ones_like(x), x), 1.0)
    sign = jnp.where(x < 0, below, sign)
    return jnp.where(jnp.isnan(x) | (x == -jnp.inf), jnp.nan, sign).astype(x.dtype)


def gamma(x: Any) -> Array:
    """Returns Γ(x) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.gamma(5.0)
        Array(24., dtype=float64)
    """
    x = one("special.gamma", x)
    return gammasgn(x) * jnp.exp(special.lgamma(x))


def digamma(x: Any) -> Array:
    """Returns ψ(x), the derivative of log Γ, elementwise."""
    return special.digamma(one("special.digamma", x))


def polygamma(n: Any, x: Any) -> Array:
    """Returns the n-th derivative of ψ at x elementwise.

    Raises:
        MissingRuleError: when differentiated by `n`.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.polygamma(1, 1.0)
        Array(1.64493407, dtype=float64, weak_type=True)
    """
    return special.polygamma(*floating("special.polygamma", n, x))


def gammainc(a: Any, x: Any) -> Array:
    """Returns the regularized lower incomplete gamma function elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.gammainc(1.0, 1.0)
        Array(0.63212056, dtype=float64, weak_type=True)
    """
    return special_gamma.igamma(*floating("special.gammainc", a, x))


def gammaincc(a: Any, x: Any) -> Array:
    """Returns the regularized upper incomplete gamma function elementwise."""
    return special_gamma.igammac(*floating("special.gammaincc", a, x))


def multigammaln(a: Any, d: int) -> Array:
    """Returns the logarithm of the gamma function of d × d matrices elementwise.

    Args:
        a: a float array, elements above (d - 1) / 2.
        d: the dimension.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.multigammaln(2.0, 1)
        Array(0., dtype=float64, weak_type=True)
    """
    a, d = one("special.multigammaln", a), operator.index(d)
    total = jnp.full_like(a, d * (d - 1) / 4 * math.log(math.pi))
    for j in range(d):
        total = total + special.lgamma(a - j / 2)
    return total


# -- factorials and binomials


def factorial(n: Any, exact: bool = False) -> Array:
    """Returns Γ(n + 1) elementwise, 0 for negative n.

    Raises:
        ValueError: if `exact`: arrays hold no integers of any size.

    Example:
        >>> import minijax.scipy as jsp
        >>> import minijax.numpy as jnp
        >>> jsp.special.factorial(jnp.array([3, 4]))
        Array([ 6., 24.], dtype=float64)
    """
    if exact:
        raise ValueError("factorial: exact=True has no meaning for arrays: use math.factorial.")
    n = one("special.factorial", n)
    return jnp.where(n < 0, 0, jnp.exp(special.lgamma(n + 1)))


def comb(N: Any, k: Any, exact: bool = False, repetition: bool = False) -> Array:
    """Returns in how many ways k of N things can be chosen, elementwise.

    Args:
        N, k: arrays.
        exact: must be false: arrays hold no integers of any size.
        repetition: whether a thing may be chosen again.

    Raises:
        ValueError: if `exact`.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.comb(5, 2)
        Array(10., dtype=float64, weak_type=True)
    """
    if exact:
        raise ValueError("comb: exact=True has no meaning for arrays: use math.comb.")
    N, k = floating("special.comb", N, k)
    if repetition:
        N = N + k - 1
    count = jnp.exp(special.lgamma(N + 1) - special.lgamma(k + 1) - special.lgamma(N - k + 1))
    return jnp.where((k <= N) & (N >= 0) & (k >= 0), count, 0)


@custom_jvp
def _poch(z: Any, m: Any) -> Array:
    return jnp.where(m == 0, 1, gamma(z + m) / gamma(z))


def _poch_jvp(primals: Any, tangents: Any) -> Any:
    (z, m), (z_dot, m_dot) = primals, tangents
    found = _poch(z, m)
    above = special.digamma(z + m)
    return found, found * ((above - special.digamma(z)) * z_dot + above * m_dot)


_poch.defjvp(_poch_jvp)


def poch(z: Any, m: Any) -> Array:
    """Returns the rising factorial Γ(z + m) / Γ(z) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.poch(2.0, 3.0)
        Array(24., dtype=float64)
    """
    return _poch(*floating("special.poch", z, m))


# -- beta and zeta


def betaln(a: Any, b: Any) -> Array:
    """Returns log |B(a, b)| elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.betaln(1.0, 2.0)
        Array(-0.69314718, dtype=float64, weak_type=True)
    """
    a, b = floating("special.betaln", a, b)
    return special.lgamma(a) + special.lgamma(b) - special.lgamma(a + b)


def beta(a: Any, b: Any) -> Array:
    """Returns B(a, b) = Γ(a) Γ(b) / Γ(a + b) elementwise."""
    a, b = floating("special.beta", a, b)
    return gammasgn(a) * gammasgn(b) * gammasgn(a + b) * jnp.exp(betaln(a, b))


def betainc(a: Any, b: Any, x: Any) -> Array:
    """Returns the regularized incomplete beta function elementwise.

    Raises:
        MissingRuleError: when differentiated by `a` or `b`.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.betainc(2.0, 1.0, 0.5)
        Array(0.25, dtype=float64, weak_type=True)
    """
    return special_functions.betainc(*floating("special.betainc", a, b, x))


def zeta(x: Any, q: Any = 1.0) -> Array:
    """Returns Hurwitz's zeta function elementwise, the sum of (q + n)^-x over n = 0, 1, …

    Raises:
        MissingRuleError: when differentiated by `x`.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.zeta(2.0)
        Array(1.64493407, dtype=float64, weak_type=True)
    """
    return special_functions.zeta(*floating("special.zeta", x, q))
