"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.numpy.promotion import promote_dtypes
from minijax.scipy import special


def logpdf(x: Any, alpha: Any) -> Array:
    """Returns the logarithm of the density.

    Args:
        x: points of the simplex, of shape (n, ...): positive numbers whose sum is 1, or all but
            the last of them, of shape (n - 1, ...).
        alpha: the orders, of shape (n,).

    Returns:
        An array of shape (...); -inf outside of the simplex.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.stats.dirichlet.logpdf(jnp.array([0.5, 0.5]), jnp.array([1.0, 1.0]))
        Array(0., dtype=float64)
    """
    x, alpha = promote_dtypes("scipy.stats.dirichlet.logpdf", x, alpha, inexact=True)
    if alpha.ndim != 1 or x.ndim < 1 or x.shape[0] not in (alpha.shape[0], alpha.shape[0] - 1):
        raise ValueError(
            "dirichlet.logpdf needs alpha of shape (n,) and x of shape (n, ...) or (n - 1, ...), "
            f"got {alpha.shape} and {x.shape}."
        )
    if x.shape[0] == alpha.shape[0] - 1:
        x = jnp.concatenate([x, 1 - jnp.sum(x, 0, keepdims=True)])
    orders = alpha.reshape(alpha.shape[0], *(1,) * (x.ndim - 1))
    inside = jnp.all(x > 0, 0) & (jnp.abs(jnp.sum(x, 0) - 1) < 1e-6)
    size = jnp.sum(special.gammaln(alpha)) - special.gammaln(jnp.sum(alpha))
    return jnp.where(inside, jnp.sum(special.xlogy(orders - 1, x), 0) - size, -jnp.inf)


def pdf(x: Any, alpha: Any) -> Array:
    """Returns the density; shapes are those of `logpdf`.

    Args:
        x: points of the simplex.
        alpha: the positive parameters, a vector.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.dirichlet.pdf(jnp.array([0.2, 0.8]), jnp.array([1.0, 2.0]))), 6)
        1.6
    """
    return jnp.exp(logpdf(x, alpha))


_guard_functions(globals())
