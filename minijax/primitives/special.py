"""Special functions: erf erfc erf_inv, lgamma digamma polygamma."""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.dtypes import FLOAT
from minijax.core.errors import MissingRuleError
from minijax.core.operators import Array
from minijax.kernel.scalars import install_special_functions
from minijax.primitives import approximations
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import full
from minijax.primitives.exponential import exp
from minijax.primitives.families import match, nary, unary
from minijax.primitives.powers import square
from minijax.primitives.scaling import scale


@functools.cache
def _scipy() -> Any:
    # Loading it takes longer than importing this package.
    return importlib.import_module("scipy.special")


def _scalar(value: float, x: Any) -> Array:
    return full((), value, aval_of(x).dtype, aval_of(x).weak_type)


# -- the error function and its inverse


def _erf(x: np.ndarray) -> np.ndarray:
    return _scipy().erf(x)


def _erfc(x: np.ndarray) -> np.ndarray:
    return _scipy().erfc(x)


def _gauss(t: Any, x: Any, factor: float) -> Any:
    return mul(t, mul(_scalar(factor, x), exp(neg(square(x)))))


erf_p = unary(
    "erf",
    _erf,
    on=FLOAT,
    tangent=lambda t, x, y: _gauss(t, x, 2 / math.sqrt(math.pi)),
    element=lambda k, x: k.erf(x),
)
erfc_p = unary(
    "erfc",
    _erfc,
    on=FLOAT,
    tangent=lambda t, x, y: _gauss(t, x, -2 / math.sqrt(math.pi)),
    element=lambda k, x: k.erfc(x),
)
erf_inv_p = unary(
    "erf_inv",
    approximations.on_arrays(approximations.exact_erf_inv),
    on=FLOAT,
    tangent=lambda t, x, y: scale(t, mul(_scalar(math.sqrt(math.pi) / 2, y), exp(square(y)))),
    element=approximations.exact_erf_inv,
)


def erf(x: Any) -> Array:
    """Returns the error function elementwise: 2/√π times the integral of exp(-s²) from 0 to x.

    Example:
        >>> import minijax.numpy as jnp
        >>> erf(jnp.array([0.0, 1.0]))
        Array([0.        , 0.84270079], dtype=float64)
    """
    return erf_p.bind(*match(x))[0]


def erfc(x: Any) -> Array:
    """Returns 1 - erf(x) elementwise, exact for large x.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.erfc(jnp.array([0.25, 0.5]))
        Array([0.72367361, 0.47950012], dtype=float64)
    """
    return erfc_p.bind(*match(x))[0]


def erf_inv(x: Any) -> Array:
    """Returns the inverse of `erf` elementwise; ±inf at ±1, NaN beyond.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.erf_inv(jnp.array([0.25, 0.5]))
        Array([0.22531206, 0.47693628], dtype=float64)
    """
    return erf_inv_p.bind(*match(x))[0]


# -- the gamma function's logarithm and its derivatives


def _lgamma(x: np.ndarray) -> np.ndarray:
    # At the poles and at -inf the limit of log|Γ| is inf.
    return np.where(np.isinf(x), np.abs(x), _scipy().gammaln(x))


def _digamma(x: np.ndarray) -> np.ndarray:
    is_pole = (x <= 0) & (x == np.floor(x))
    return np.where(is_pole, x.dtype.type(np.nan), _scipy().digamma(x))


def _polygamma(m: np.ndarray, x: np.ndarray) -> np.ndarray:
    special = _scipy()
    # ψ⁽ᵐ⁾(x) = (-1)ᵐ⁺¹ m! ζ(m + 1, x) for m >= 1; Abramowitz and Stegun 6.4.10.
    sign = np.where(np.mod(m, 2) == 0, -1, 1)
    series = sign * special.gamma(m + 1) * special.zeta(m + 1, x)
    # At a pole an even order goes to opposite infinities from the two sides.
    is_pole = (x <= 0) & (x == np.floor(x)) & (sign < 0)
    is_known = (m >= 0) & (m == np.floor(m)) & ~is_pole
    found = np.where(m == 0, _digamma(x), np.where(is_known, series, np.nan))
    return found.astype(x.dtype)


def _by_order(t: Any, m: Any, x: Any, out: Any) -> Any:
    raise MissingRuleError.of("polygamma", "jvp", "it is not differentiable in its order m")


lgamma_p = unary(
    "lgamma",
    _lgamma,
    on=FLOAT,
    tangent=lambda t, x, y: scale(t, digamma(x)),
    element=lambda k, x: k.lgamma(x),
)
digamma_p = unary(
    "digamma",
    _digamma,
    on=FLOAT,
    tangent=lambda t, x, y: scale(t, polygamma(_scalar(1, x), x)),
    element=lambda k, x: k.digamma(x),
)
polygamma_p = nary(
    "polygamma",
    _polygamma,
    on=FLOAT,
    tangents=(
        _by_order,
        lambda t, m, x, out: scale(t, polygamma(add(m, _scalar(1, m)), x)),
    ),
    element=lambda k, m, x: k.special("polygamma", m, x),
)


def lgamma(x: Any) -> Array:
    """Returns log |Γ(x)| elementwise; inf at 0 and the negative integers.

    Example:
        >>> import minijax.numpy as jnp
        >>> lgamma(jnp.array([1.0, 5.0]))
        Array([0.        , 3.17805383], dtype=float64)
    """
    return lgamma_p.bind(*match(x))[0]


def digamma(x: Any) -> Array:
    """Returns ψ(x), the derivative of log Γ, elementwise; NaN at its poles.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.digamma(jnp.array([0.25, 0.5]))
        Array([-4.22745353, -1.96351003], dtype=float64)
    """
    return digamma_p.bind(*match(x))[0]


def polygamma(m: Any, x: Any) -> Array:
    """Returns the m-th derivative of ψ at x elementwise.

    Args:
        m: orders: whole numbers >= 0 in the dtype of `x`, of the shape of `x` or rank 0.
        x: a float array.

    Raises:
        MissingRuleError: when differentiated with respect to `m`.

    Example:
        >>> import minijax.numpy as jnp
        >>> polygamma(1.0, jnp.array([1.0]))
        Array([1.64493407], dtype=float64)
    """
    return polygamma_p.bind(*match(m, x))[0]


install_special_functions(
    {
        "erf": _erf,
        "erfc": _erfc,
        "lgamma": _lgamma,
        "digamma": _digamma,
        "polygamma": _polygamma,
    }
)
