"""Densities estimated from samples by Gaussian kernels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minijax import lax, random
from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.promotion import operand
from minijax.scipy.operands import one
from minijax.scipy.special import logsumexp, ndtr
from minijax.tree_util import register_pytree_node_class


@register_pytree_node_class
class gaussian_kde:  # noqa: N801 - SciPy's name
    """A density estimated from samples: a normal distribution around each of them.

    Args:
        dataset: the samples, of shape (n,) or (d, n).
        bw_method: the width of the kernels: "scott" (also None) or "silverman", a number, or a
            function of the estimate.
        weights: how much each sample counts, of shape (n,); equally if None.

    Attributes:
        neff: the effective number of samples.
        dataset: of shape (d, n).
        weights: of shape (n,), with the sum 1.
        covariance: that of a kernel, of shape (d, d).
        inv_cov: its inverse.

    Raises:
        TypeError: if the samples are no real array.
        ValueError: if there is one sample only, or shapes or `bw_method` do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> estimate = jsp.stats.gaussian_kde(jnp.array([-1.0, 0.0, 1.0]))
        >>> estimate(0.0).shape
        (1,)
    """

    __slots__ = ("covariance", "dataset", "inv_cov", "neff", "weights")

    neff: Array
    dataset: Array
    weights: Array
    covariance: Array
    inv_cov: Array

    def __init__(self, dataset: Any, bw_method: Any = None, weights: Any = None) -> None:
        data = jnp.atleast_2d(one("stats.gaussian_kde", dataset))
        if dtypes.is_complex(data.dtype):
            raise TypeError(f"gaussian_kde takes real samples, got {data.aval}.")
        if data.size < 2:
            raise ValueError(
                f"gaussian_kde: dataset should have multiple elements, got {data.aval}."
            )
        chosen = _normalized(weights, data)
        self._fill(1 / jnp.sum(chosen**2), data, chosen, data, data)
        covariance = jnp.atleast_2d(jnp.cov(data, rowvar=True, bias=False, aweights=chosen))
        width = jnp.asarray(_width(bw_method)(self)).astype(data.dtype)
        inverse = jnp.linalg.inv(covariance) / width**2
        self._fill(self.neff, data, chosen, covariance * width**2, inverse)

    def _fill(self, *leaves: Any) -> None:
        names = ("neff", "dataset", "weights", "covariance", "inv_cov")
        for name, leaf in zip(names, leaves, strict=True):
            object.__setattr__(self, name, leaf)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"gaussian_kde cannot be changed: {name} stays what it is.")

    def __repr__(self) -> str:
        return f"gaussian_kde(dataset={self.dataset!r}, weights={self.weights!r})"

    def tree_flatten(self) -> tuple[tuple[Any, ...], None]:
        """Returns the arrays of the estimate."""
        return (self.neff, self.dataset, self.weights, self.covariance, self.inv_cov), None

    @classmethod
    def tree_unflatten(cls, aux_data: Any, children: Any) -> gaussian_kde:
        """Returns an estimate made of the arrays of `tree_flatten`."""
        found = cls.__new__(cls)
        found._fill(*children)
        return found

    @property
    def d(self) -> int:
        """The number of dimensions."""
        return int(self.dataset.shape[0])

    @property
    def n(self) -> int:
        """The number of samples."""
        return int(self.dataset.shape[1])

    def evaluate(self, points: Any) -> Array:
        """Returns the density at points of shape (d, m), or (m,) if d is 1: of shape (m,)."""
        return jnp.exp(self.logpdf(points))

    def __call__(self, points: Any) -> Array:
        """Returns `evaluate(points)`."""
        return self.evaluate(points)

    def pdf(self, x: Any) -> Array:
        """Returns `evaluate(x)`."""
        return self.evaluate(x)

    def logpdf(self, x: Any) -> Array:
        """Returns the logarithm of the density at points, exact where it is tiny too."""
        points = self._points(x)
        data, points, inverse = _in_one_dtype(self.dataset, points, self.inv_cov)
        difference = points[:, :, None] - data[:, None, :]
        factor = jnp.linalg.cholesky(inverse)
        white = jnp.einsum("dk,dmn->kmn", factor, difference)
        energy = 0.5 * jnp.sum(white * white, 0)
        size = self.d / 2 * math.log(2 * math.pi) - jnp.sum(jnp.log(jnp.diagonal(factor)))
        return logsumexp(-energy, axis=1, b=self.weights) - size

    def integrate_gaussian(self, mean: Any, cov: Any) -> Array:
        """Returns the integral of the density times that of a normal distribution.

        Args:
            mean: of shape (d,), or a number if d is 1.
            cov: of shape (d, d), or a number if d is 1.

        Raises:
            ValueError: if the shapes do not fit.
        """
        mean, cov = jnp.atleast_1d(jnp.squeeze(jnp.asarray(mean))), jnp.atleast_2d(jnp.asarray(cov))
        if mean.shape != (self.d,) or cov.shape != (self.d, self.d):
            raise ValueError(
                f"gaussian_kde.integrate_gaussian needs a mean of shape ({self.d},) and a "
                f"covariance of shape ({self.d}, {self.d}), got {mean.shape} and {cov.shape}."
            )
        together = _normal_densities(self.dataset - mean[:, None], self.covariance + cov)
        return jnp.sum(together * self.weights)

    def integrate_box_1d(self, low: Any, high: Any) -> Array:
        """Returns the probability of the interval low … high.

        Raises:
            ValueError: if there is more than one dimension.
        """
        if self.d != 1:
            raise ValueError(f"integrate_box_1d() only handles 1D pdfs, got {self.d} dimensions.")
        low, high = (jnp.asarray(v).astype(self.dataset.dtype) for v in (low, high))
        if low.shape or high.shape:
            raise ValueError(f"integrate_box_1d takes numbers, got {low.shape} and {high.shape}.")
        scale = jnp.sqrt(self.covariance)
        above, below = (ndtr(((v - self.dataset) / scale)[0]) for v in (high, low))
        return jnp.sum(self.weights * (above - below))

    def integrate_kde(self, other: gaussian_kde) -> Array:
        """Returns the integral of the product of two densities.

        Raises:
            ValueError: if their dimensions differ.
        """
        if other.d != self.d:
            raise ValueError(f"KDEs are not the same dimensionality: {self.d} and {other.d}.")
        difference = self.dataset[:, :, None] - other.dataset[:, None, :]
        flat = difference.reshape(self.d, self.n * other.n)
        densities = _normal_densities(flat, self.covariance + other.covariance)
        return self.weights @ densities.reshape(self.n, other.n) @ other.weights

    def resample(self, key: Any, shape: Any = ()) -> Array:
        """Returns random points.

        Args:
            key: a random key.
            shape: how many.

        Returns:
            An array of shape (d, *shape).
        """
        first, second = random.split(key)
        places = random.choice(first, self.n, shape=shape, replace=True, p=self.weights)
        noise = random.normal(second, (*places.shape, self.d), self.dataset.dtype)
        noise = noise @ jnp.linalg.cholesky(self.covariance).T
        return self.dataset[:, places] + jnp.moveaxis(noise, -1, 0)

    def integrate_box(self, low_bounds: Any, high_bounds: Any, maxpts: Any = None) -> Array:
        """Raises, as boxes of several dimensions have no formula.

        Raises:
            ValueError: always; `integrate_box_1d` is for one dimension.
        """
        raise ValueError("only 1D box integrations are supported; use `integrate_box_1d`.")

    def set_bandwidth(self, bw_method: Any = None) -> None:
        """Raises, as estimates do not change.

        Raises:
            ValueError: always; make another estimate with another `bw_method`.
        """
        raise ValueError("gaussian_kde cannot be changed: make one with another bw_method.")

    def _points(self, points: Any) -> Array:
        found = jnp.atleast_2d(operand(points, "stats.gaussian_kde.evaluate"))
        if found.shape[0] == 1 and found.shape[1] == self.d and self.d != 1:
            found = found.reshape(self.d, 1)
        if found.shape[0] != self.d:
            raise ValueError(
                f"points have dimension {found.shape[0]}, dataset has dimension {self.d}."
            )
        return found


def _in_one_dtype(*arrays: Any) -> list[Array]:
    """Returns arrays in their common floating dtype, each in its own shape."""
    dtype = jnp.result_type(*(one("stats.gaussian_kde", array) for array in arrays))
    return [array.astype(dtype) for array in arrays]


def _normalized(weights: Any, data: Array) -> Array:
    n = data.shape[1]
    if weights is None:
        return jnp.full((n,), 1 / n, data.dtype)
    found = jnp.atleast_1d(operand(weights, "stats.gaussian_kde")).astype(data.dtype)
    if found.ndim != 1:
        raise ValueError(f"`weights` input should be one-dimensional, got shape {found.shape}.")
    if found.shape[0] != n:
        raise ValueError(f"`weights` input should be of length n = {n}, got {found.shape[0]}.")
    return found / jnp.sum(found)


def _width(method: Any) -> Callable[[gaussian_kde], Any]:
    if method is None or (isinstance(method, str) and method == "scott"):
        return lambda kde: kde.neff ** (-1 / (kde.d + 4))
    if isinstance(method, str) and method == "silverman":
        return lambda kde: (kde.neff * (kde.d + 2) / 4) ** (-1 / (kde.d + 4))
    if not isinstance(method, str) and jnp.isscalar(method):
        return lambda kde: method
    if callable(method):
        chosen: Callable[[gaussian_kde], Any] = method
        return chosen
    raise ValueError(
        f"`bw_method` should be 'scott', 'silverman', a scalar, or a callable; got {method!r}."
    )


def _normal_densities(difference: Array, covariance: Array) -> Array:
    """Returns normal densities of points of shape (d, m)."""
    factor = jnp.linalg.cholesky(covariance)
    white = lax.linalg.triangular_solve(factor, difference, left_side=True, lower=True)
    size = math.log(2 * math.pi) * difference.shape[0] / 2 + jnp.sum(jnp.log(jnp.diagonal(factor)))
    return jnp.exp(-0.5 * jnp.sum(white * white, 0) - size)
