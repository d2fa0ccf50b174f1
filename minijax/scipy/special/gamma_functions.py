"""The gamma function and what is made of it."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.primitives import special, special_functions, special_gamma, special_oscillating
from minijax.scipy.operands import floating, one, strong
from minijax.transforms.custom import custom_jvp

_LAST_FINITE_BERNOULLI = 129


def gammaln(x: Any) -> Array:
    """Returns log |Γ(x)| elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.gammaln(5.0)
        Array(3.17805383, dtype=float64, weak_type=True)
    """
    return special.lgamma(one("special.gammaln", x))


def loggamma(x: Any) -> Array:
    """Returns the principal branch of log Γ elementwise; of real numbers NaN at 0 and below.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.loggamma(5.0)
        Array(3.17805383, dtype=float64, weak_type=True)
    """
    x = one("special.loggamma", x)
    if dtypes.is_complex(x.dtype):
        return strong(special_oscillating.complex_loggamma(x))
    safe = jnp.where(x > 0, x, 1)
    return jnp.where(x > 0, special.lgamma(safe), jnp.nan)


def gammasgn(x: Any) -> Array:
    """Returns the sign of Γ elementwise: that of x at ±0, NaN at the negative integers.

    Raises:
        ValueError: if `x` is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import special
        >>> special.gammasgn(jnp.array([2.5, -0.5, -1.5]))
        Array([ 1., -1.,  1.], dtype=float64)
    """
    x = one("special.gammasgn", x)
    if dtypes.is_complex(x.dtype):
        raise ValueError(f"special.gammasgn takes real arrays, got {x.aval}: take x.real.")
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
    if dtypes.is_complex(x.dtype):
        return jnp.exp(loggamma(x))
    return gammasgn(x) * jnp.exp(special.lgamma(x))


def digamma(x: Any) -> Array:
    """Returns ψ(x), the derivative of log Γ, elementwise.

    Args:
        x: a float array.

    Example:
        >>> from minijax.scipy import special
        >>> round(float(special.digamma(2.0) - special.digamma(1.0)), 12)
        1.0
    """
    return special.digamma(one("special.digamma", x))


def polygamma(n: Any, x: Any) -> Array:
    """Returns the n-th derivative of ψ at x elementwise.

    Args:
        n: the orders, integers >= 0.
        x: where.

    Raises:
        ValueError: if `n` is no integer.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.polygamma(1, 1.0)
        Array(1.64493407, dtype=float64, weak_type=True)
    """
    if not jnp.issubdtype(jnp.result_type(n), jnp.integer):
        raise ValueError(
            f"special.polygamma needs orders of integer type, got {jnp.result_type(n)}: give n as "
            "an int."
        )
    return special.polygamma(*floating("special.polygamma", n, x))


def gammainc(a: Any, x: Any) -> Array:
    """Returns the regularized lower incomplete gamma function elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.gammainc(1.0, 1.0)
        Array(0.63212056, dtype=float64, weak_type=True)

    Args:
        a: the order, positive.
        x: the upper end of the integral, not negative; its shape broadcasts with that of `a`.
    """
    return special_gamma.igamma(*floating("special.gammainc", a, x))


def gammaincc(a: Any, x: Any) -> Array:
    """Returns the regularized upper incomplete gamma function elementwise.

    Args:
        a: the order, positive.
        x: the lower end of the integral, not negative; its shape broadcasts with that of `a`.

    Example:
        >>> from minijax.scipy import special
        >>> round(float(special.gammaincc(2.0, 3.0) + special.gammainc(2.0, 3.0)), 12)
        1.0
    """
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


def comb(N: Any, k: Any, *, repetition: bool = False) -> Array:
    """Returns in how many ways k of N things can be chosen, elementwise.

    Args:
        N, k: arrays.
        repetition: whether a thing may be chosen again.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.comb(5, 2)
        Array(10., dtype=float64, weak_type=True)
    """
    N, k = floating("special.comb", N, k)
    if repetition:
        return jnp.where((k == 0) & (N >= 0), 1, _combinations(N + k - 1, k))
    return _combinations(N, k)


def _combinations(N: Array, k: Array) -> Array:
    possible = (k <= N) & (N >= 0) & (k >= 0)
    N, k = jnp.where(possible, N, 0), jnp.where(possible, k, 0)
    count = jnp.exp(special.lgamma(N + 1) - special.lgamma(k + 1) - special.lgamma(N - k + 1))
    return jnp.where(possible, count, 0)


def bernoulli(n: int) -> Array:
    """Returns the Bernoulli numbers B₀, …, Bₙ, where B₁ is -1/2.

    Args:
        n: a number >= 0.

    Returns:
        A float array of shape (n + 1,); ±inf where a number is too large.

    Raises:
        ValueError: if `n` is negative.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.bernoulli(2)
        Array([ 1.        , -0.5       ,  0.16666667], dtype=float64)

    Source:
        B₂ₖ = (-1)ᵏ⁺¹ 2k Tₖ / (4ᵏ (4ᵏ - 1)) with the tangent numbers Tₖ: DLMF 24.15.4.
    """
    size = operator.index(n)
    if size < 0:
        raise ValueError(f"special.bernoulli needs n to be a non-negative integer, got {n}.")
    count = min(size // 2, _LAST_FINITE_BERNOULLI)
    numbers = np.zeros(size + 1)
    numbers[:2] = (1.0, -0.5)[: size + 1]
    numbers[2 + 2 * count :: 4] = math.inf if count % 2 == 0 else -math.inf
    numbers[4 + 2 * count :: 4] = -math.inf if count % 2 == 0 else math.inf
    for k, tangent in enumerate(_tangent_numbers(count), 1):
        sign = 1 if k % 2 else -1
        numbers[2 * k] = sign * 2 * k * tangent / (4**k * (4**k - 1))
    return jnp.asarray(numbers, dtype=float)


def _tangent_numbers(count: int) -> list[int]:
    """Returns T₁, …: 1, 2, 16, 272, …, by additions of integers."""
    found = [math.factorial(k) for k in range(count)]
    for k in range(1, count):
        for j in range(k, count):
            found[j] = (j - k) * found[j - 1] + (j - k + 2) * found[j]
    return found


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
    """Returns B(a, b) = Γ(a) Γ(b) / Γ(a + b) elementwise.

    Args:
        a, b: float arrays whose shapes broadcast.

    Example:
        >>> from minijax.scipy import special
        >>> round(float(special.beta(2.0, 3.0)) * 12, 12)
        1.0
    """
    a, b = floating("special.beta", a, b)
    return gammasgn(a) * gammasgn(b) * gammasgn(a + b) * jnp.exp(betaln(a, b))


def betainc(a: Any, b: Any, x: Any) -> Array:
    """Returns the regularized incomplete beta function elementwise.

    Args:
        a, b: its orders, positive.
        x: where, from 0 to 1.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.betainc(2.0, 1.0, 0.5)
        Array(0.25, dtype=float64, weak_type=True)
    """
    return special_functions.betainc(*floating("special.betainc", a, b, x))


def zeta(x: Any, q: Any = None) -> Array:
    """Returns Hurwitz's zeta function elementwise, the sum of (q + n)^-x over n = 0, 1, …

    Args:
        x: the exponent, above 1.
        q: the first base; 1 if None, for Riemann's zeta function.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.special.zeta(2.0)
        Array(1.64493407, dtype=float64, weak_type=True)
    """
    return special_functions.zeta(*floating("special.zeta", x, 1.0 if q is None else q))
