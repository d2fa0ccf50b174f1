"""Statistical models: mixtures, clusters, Gaussian processes."""

from __future__ import annotations

import math
from typing import Any

from benchmarks.data import normal, uniform
from benchmarks.registry import Made, program

# points, dimensions, components
CLOUDS = ((100, 2, 3), (1_000, 5, 10), (5_000, 10, 25))


def _cloud(size: tuple[int, int, int]) -> tuple[Any, Any]:
    points, dimensions, components = size
    return normal(points, dimensions), normal(components, dimensions, seed=1)


@program("Gaussian mixture likelihood, grad", *CLOUDS)
def gaussian_mixture(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    _, dimensions, components = size

    def negative_log_likelihood(p: Any, x: Any) -> Any:
        factors = np.tril(p["lower"], -1) + lib.vmap(np.diag)(np.exp(p["log_diagonal"]))
        centred = x[:, None, :] - p["means"]
        white = np.einsum("kij,nkj->nki", factors, centred)
        log_densities = np.sum(p["log_diagonal"], axis=1) - 0.5 * np.sum(white**2, axis=-1)
        weights = lib.nn.log_softmax(p["weights"])
        scores = lib.scipy.special.logsumexp(weights + log_densities, axis=1)
        return -np.sum(scores) + 0.5 * dimensions * math.log(2 * math.pi) * x.shape[0]

    x, means = _cloud(size)
    parameters = {
        "means": means,
        "lower": 0.1 * normal(components, dimensions, dimensions, seed=2),
        "log_diagonal": 0.1 * normal(components, dimensions, seed=3),
        "weights": normal(components, seed=4),
    }
    return lib.value_and_grad(negative_log_likelihood), (parameters, x)


@program("EM of a mixture, 10 steps", (100, 1, 3), (1_000, 1, 10), (10_000, 1, 20))
def expectation_maximisation(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    def fit(x: Any, means: Any) -> Any:
        def step(_: Any, state: Any) -> Any:
            weights, means, variances = state
            scores = np.log(weights) + lib.scipy.stats.norm.logpdf(
                x[:, None], means, np.sqrt(variances)
            )
            shares = lib.nn.softmax(scores, axis=1)
            mass = np.sum(shares, axis=0)
            means = shares.T @ x / mass
            variances = np.sum(shares * (x[:, None] - means) ** 2, axis=0) / mass + 1e-3
            return mass / x.shape[0], means, variances

        k = means.shape[0]
        return lib.lax.fori_loop(0, 10, step, (np.full(k, 1.0 / k), means, np.ones(k)))

    x, means = _cloud(size)
    return fit, (x[:, 0], means[:, 0])


def _kmeans_cost(np: Any, centres: Any, x: Any) -> Any:
    distances = np.sum((x[:, None, :] - centres[None, :, :]) ** 2, axis=-1)
    return np.sum(np.min(distances, axis=1))


@program("k-means cost, Hessian", (100, 2, 3), (1_000, 3, 5), (5_000, 5, 8))
def kmeans_hessian(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    x, centres = _cloud(size)

    def f(centres: Any, x: Any) -> Any:
        gradient = lib.grad(lambda c: _kmeans_cost(np, c, x))
        diagonal = lib.jvp(gradient, (centres,), (np.ones_like(centres),))[1]
        return gradient(centres), diagonal

    return f, (centres, x)


@program("k-means cost, full Hessian", (100, 2, 3), (500, 2, 5), (1_000, 3, 8))
def kmeans_full_hessian(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    x, centres = _cloud(size)
    return lib.hessian(lambda c, x: _kmeans_cost(np, c, x)), (centres, x)


@program("Lloyd's algorithm, 10 steps", *CLOUDS)
def lloyd(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    def step(x: Any, centres: Any) -> Any:
        distances = np.sum((x[:, None, :] - centres[None, :, :]) ** 2, axis=-1)
        nearest = np.argmin(distances, axis=1)
        sums = np.zeros_like(centres).at[nearest].add(x)
        counts = np.zeros(centres.shape[0]).at[nearest].add(1.0)
        return sums / np.maximum(counts, 1.0)[:, None]

    def f(x: Any, centres: Any) -> Any:
        return lib.lax.fori_loop(0, 10, lambda _, c: step(x, c), centres)

    return f, _cloud(size)


@program("Gaussian process likelihood, grad", 20, 100, 300, tolerance=1e-6)
def gaussian_process(np: Any, lib: Any, n: int) -> Made:
    def loss(p: Any, x: Any, y: Any) -> Any:
        distances = (x[:, None] - x[None, :]) ** 2
        covariance = np.exp(p[0]) * np.exp(-0.5 * distances * np.exp(-2.0 * p[1]))
        factor = np.linalg.cholesky(covariance + np.exp(p[2]) * np.eye(n))
        white = lib.scipy.linalg.solve_triangular(factor, y, lower=True)
        return 0.5 * np.sum(white**2) + np.sum(np.log(np.diag(factor)))

    return lib.value_and_grad(loss), (0.3 * normal(3), uniform(n, high=5.0), normal(n, seed=1))


@program("kernel density estimate", (100, 50), (1_000, 500), (5_000, 1_000))
def density(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    def f(x: Any, data: Any) -> Any:
        return lib.vmap(lambda t: np.mean(lib.scipy.stats.norm.pdf(t, data, 0.3)))(x)

    return f, (normal(size[1], seed=1), normal(size[0]))


@program("Poisson regression, grad and Hessian", (100, 3), (1_000, 10), (10_000, 20))
def poisson(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    def loss(w: Any, x: Any, y: Any) -> Any:
        rate = x @ w
        return np.mean(np.exp(rate) - y * rate + lib.scipy.special.gammaln(y + 1.0))

    def f(w: Any, x: Any, y: Any) -> Any:
        return lib.grad(loss)(w, x, y), lib.hessian(loss)(w, x, y)

    counts = (4.0 * uniform(size[0])).round()
    return f, (0.1 * normal(size[1]), 0.3 * normal(*size), counts)
