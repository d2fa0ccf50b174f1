"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.numpy.promotion import promote_dtypes
from minijax.primitives.linalg.triangular_solve import triangular_solve
from minijax.scipy.stats import norm


def logpdf(x: Any, mean: Any, cov: Any, allow_singular: Any = None) -> Array:
    """Returns the logarithm of the density.

    Args:
        x: vectors, of shape (..., n).
        mean: the mean, of shape (..., n) or ().
        cov: the covariance, of shape (..., n, n), or a variance of rank 0.
        allow_singular: must be left out: the covariance is factored by Cholesky's method.

    Returns:
        An array of shape (...).

    Raises:
        ValueError: if shapes do not fit or `allow_singular` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.stats.multivariate_normal.logpdf(jnp.zeros(2), jnp.zeros(2), jnp.eye(2))
        Array(-1.83787707, dtype=float64)
    """
    if allow_singular is not None:
        raise ValueError("multivariate_normal.logpdf: allow_singular is not supported: leave it.")
    name = "scipy.stats.multivariate_normal.logpdf"
    x, mean, cov = promote_dtypes(name, x, mean, cov, inexact=True)
    if not cov.shape:
        return jnp.sum(norm.logpdf(x, mean, jnp.sqrt(cov)), -1 if x.ndim else ())
    n = cov.shape[-1]
    if cov.ndim < 2 or cov.shape[-2] != n or not mean.shape or mean.shape[-1] != n:
        raise ValueError(
            f"multivariate_normal.logpdf needs a mean of shape (..., n) and a covariance of shape "
            f"(..., n, n), got {mean.shape} and {cov.shape}."
        )
    difference = x - mean
    factor = jnp.linalg.cholesky(cov)
    lead = jnp.broadcast_shapes(difference.shape[:-1], factor.shape[:-2])
    factor = jnp.broadcast_to(factor, (*lead, n, n))
    column = jnp.broadcast_to(difference, (*lead, n))[..., None]
    z = triangular_solve(factor, column, left_side=True, lower=True)[..., 0]
    size = jnp.sum(jnp.log(jnp.diagonal(factor, axis1=-2, axis2=-1)), -1)
    return -0.5 * jnp.sum(z * z, -1) - n / 2 * math.log(2 * math.pi) - size


def pdf(x: Any, mean: Any, cov: Any) -> Array:
    """Returns the density; shapes are those of `logpdf`.

    Args:
        x: vectors, of shape (..., n).
        mean: the mean, of shape (n,) or rank 0.
        cov: the covariance, of shape (n, n) or rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> density = jsp.stats.multivariate_normal.pdf(jnp.zeros(2), jnp.zeros(2), jnp.eye(2))
        >>> round(float(density * 2 * jnp.pi), 6)
        1.0
    """
    return jnp.exp(logpdf(x, mean, cov))


_guard_functions(globals())
