"""Distributions of vectors and matrices."""

from __future__ import annotations

from functools import partial
from operator import index
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.numpy.promotion import promote_dtypes
from minijax.random.distributions import exponential_draws, normal_draws
from minijax.random.gammas import exponential_powers
from minijax.random.keys import Shape, check_key, split
from minijax.random.parameters import arguments, common_shape, float_dtype
from minijax.transforms.jit import jit


@api_boundary
def ball(
    key: Any,
    d: int,
    p: Any = 2,
    shape: Shape = (),
    dtype: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws vectors uniform in the unit ball of the p-norm.

    Args:
        key: a key.
        d: the dimension.
        p: the norm.
        shape: the shape of the result without its last axis, which has length `d`.
        dtype: a floating-point dtype; float64 if None.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Example:
        >>> from minijax import random
        >>> random.ball(random.key(0), 3, shape=(2,)).shape
        (2, 3)

    Source:
        F. Barthe et al., "A probabilistic approach to the geometry of the l_p^n-ball", 2005.
    """
    size, found = arguments("ball", key, shape, dtype)
    return _ball(key, p, index(d), size, found)


@partial(jit, static_argnames=("d", "shape", "dtype"))
def _ball(key: Any, p: Any, d: int, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    first, second = split(key)
    vector = exponential_powers(first, p, (*shape, d), dtype)
    radius = jnp.sum(jnp.abs(vector) ** p, -1) + exponential_draws(second, shape, dtype)
    return vector / (radius ** (1 / p))[..., None]


@api_boundary
def multivariate_normal(
    key: Any,
    mean: Any,
    cov: Any,
    shape: Shape | None = None,
    dtype: Any = None,
    method: str = "cholesky",
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws vectors from a normal distribution of several dimensions.

    Args:
        key: a key.
        mean: means of shape (..., n).
        cov: covariances of shape (..., n, n), symmetric and positive semidefinite.
        shape: the shape of the result without its last axis; that of the leading axes of the
            parameters if None.
        dtype: a floating-point dtype; that of the parameters if None.
        method: "cholesky", "eigh" or "svd": how the covariance is factored. "cholesky" is fast and
            needs a positive definite one.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        Vectors of shape (*shape, n).

    Raises:
        ValueError: if shapes do not fit, or there is no such method.

    Example:
        >>> from minijax import random
        >>> import minijax.numpy as jnp
        >>> random.multivariate_normal(random.key(0), jnp.zeros(2), jnp.eye(2), (3,)).shape
        (3, 2)
    """
    check_key("multivariate_normal", key)
    if method not in _FACTORS:
        raise ValueError(
            f"multivariate_normal: method must be one of {list(_FACTORS)}, got {method!r}."
        )
    mean, cov = promote_dtypes("multivariate_normal", mean, cov, inexact=True)
    found = float_dtype("multivariate_normal", mean.dtype if dtype is None else dtype)
    if mean.ndim < 1 or cov.shape[-2:] != (mean.shape[-1],) * 2:
        raise ValueError(
            "multivariate_normal: mean has shape (..., n) and cov (..., n, n), got "
            f"{mean.shape} and {cov.shape}."
        )
    leads = (np.broadcast_to(0, x) for x in (mean.shape[:-1], cov.shape[:-2]))
    size = common_shape("multivariate_normal", shape, *leads)
    return _multivariate(key, mean, cov, size, found, method)


def _from_eigenvectors(cov: Array) -> Array:
    values, vectors = jnp.linalg.eigh(cov)
    return vectors * jnp.sqrt(values[..., None, :])


def _from_singular_vectors(cov: Array) -> Array:
    vectors, values, _ = jnp.linalg.svd(cov)
    return vectors * jnp.sqrt(values[..., None, :])


_FACTORS = {
    "cholesky": lambda cov: jnp.linalg.cholesky(cov),
    "eigh": _from_eigenvectors,
    "svd": _from_singular_vectors,
}


@partial(jit, static_argnames=("shape", "dtype", "method"))
def _multivariate(
    key: Any, mean: Array, cov: Array, shape: tuple[int, ...], dtype: np.dtype, method: str
) -> Array:
    draws = normal_draws(key, (*shape, mean.shape[-1]), dtype)
    return mean + jnp.einsum("...ij,...j->...i", _FACTORS[method](cov), draws)


@api_boundary
def orthogonal(
    key: Any,
    n: int,
    shape: Shape = (),
    dtype: Any = None,
    m: int | None = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Draws orthogonal (or unitary) matrices, every one as likely as every other.

    Args:
        key: a key.
        n: the number of rows.
        shape: the shape of the result without its last two axes.
        dtype: a floating-point or complex dtype; float64 if None.
        m: the number of columns; `n` if None. The longer axis holds orthonormal vectors of the
            length of the other.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Returns:
        An array of shape (*shape, n, m).

    Example:
        >>> from minijax import random
        >>> import minijax.numpy as jnp
        >>> q = random.orthogonal(random.key(0), 3)
        >>> bool(jnp.allclose(q @ q.T, jnp.eye(3)))
        True

    Source:
        F. Mezzadri, "How to generate random matrices from the classical compact groups", 2007.
    """
    check_key("orthogonal", key)
    found = dtypes.canonical(float if dtype is None else dtype)
    rows = index(n)
    columns = rows if m is None else index(m)
    size = common_shape("orthogonal", shape)
    return _orthogonal(key, rows, columns, size, found)


@partial(jit, static_argnames=("n", "m", "shape", "dtype"))
def _orthogonal(key: Any, n: int, m: int, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    draws = normal_draws(key, (*shape, max(n, m), min(n, m)), dtype)
    q, r = jnp.linalg.qr(draws)
    diagonal = jnp.diagonal(r, axis1=-2, axis2=-1)
    # The signs make the factors unique, and the distribution uniform.
    found = q * jnp.sign(diagonal)[..., None, :]
    return jnp.swapaxes(found, -1, -2) if n < m else found
