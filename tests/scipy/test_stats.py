"""Distributions against the oracle: values, derivatives, compiled, mapped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

import minijax as mj
import minijax.scipy.stats as ours

pytestmark = pytest.mark.oracle

_REAL = np.array([-2.3, -0.7, 0.4, 1.9, 6.5])
_POSITIVE = np.array([0.3, 0.9, 1.7, 4.2, 11.0])
_UNIT = np.array([0.05, 0.3, 0.5, 0.8, 0.97])
_COUNTS = np.array([0, 2, 3, 1, -1])
_SHIFT, _SCALE = 0.2, 1.3

# distribution, its functions, the arguments before loc and scale, whether it has a scale
_ROWS: list[tuple[str, str, tuple[Any, ...], bool]] = [
    ("norm", "logpdf pdf cdf logcdf sf logsf", (_REAL,), True),
    ("norm", "ppf isf", (_UNIT,), True),
    ("uniform", "logpdf pdf cdf", (_REAL,), True),
    ("uniform", "ppf", (_UNIT,), True),
    ("expon", "logpdf pdf cdf logcdf sf logsf", (_REAL,), True),
    ("expon", "ppf", (_UNIT,), True),
    ("gamma", "logpdf pdf cdf logcdf sf logsf", (_POSITIVE, 1.7), True),
    ("chi2", "logpdf pdf cdf logcdf sf logsf", (_POSITIVE, 2.4), True),
    ("beta", "logpdf pdf cdf logcdf sf logsf", (_UNIT + 0.1, 1.7, 0.6), True),
    ("t", "logpdf pdf", (_REAL, 2.5), True),
    ("cauchy", "logpdf pdf cdf logcdf sf logsf", (_REAL,), True),
    ("cauchy", "ppf isf", (_UNIT,), True),
    ("laplace", "logpdf pdf cdf", (_REAL,), True),
    ("logistic", "logpdf pdf cdf sf", (_REAL,), True),
    ("logistic", "ppf isf", (_UNIT,), True),
    ("pareto", "logpdf pdf cdf logcdf sf logsf", (_POSITIVE, 1.7), True),
    ("pareto", "ppf", (_UNIT, 1.7), True),
    ("poisson", "logpmf pmf cdf", (_COUNTS, 1.7), False),
    ("bernoulli", "logpmf pmf cdf ppf", (_COUNTS, 0.3), False),
    ("binom", "logpmf pmf", (_COUNTS, 3, 0.3), False),
    ("geom", "logpmf pmf", (_COUNTS, 0.3), False),
    ("betabinom", "logpmf pmf", (_COUNTS, 3, 1.2, 2.0), False),
    ("nbinom", "logpmf pmf", (_COUNTS, 2.5, 0.3), False),
    ("gennorm", "logpdf pdf cdf", (_REAL, 1.5), False),
    ("vonmises", "logpdf pdf", (_REAL, 1.5), False),
    ("wrapcauchy", "logpdf pdf", (_REAL, 0.3), False),
    ("gumbel_l", "logpdf pdf cdf logcdf sf logsf", (_REAL,), True),
    ("gumbel_l", "ppf", (_UNIT,), True),
    ("gumbel_r", "logpdf pdf cdf logcdf sf logsf", (_REAL,), True),
    ("gumbel_r", "ppf", (_UNIT,), True),
    ("truncnorm", "logpdf pdf cdf logcdf sf logsf", (_REAL, -1.0, 2.0), True),
]
_FUNCTIONS = [(row[0], name, *row[2:]) for row in _ROWS for name in row[1].split()]


def _pair(distribution: str, name: str) -> tuple[Any, Any]:
    import jax.scipy.stats as theirs

    return getattr(getattr(ours, distribution), name), getattr(getattr(theirs, distribution), name)


@pytest.mark.parametrize("row", _FUNCTIONS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_against_the_oracle(row: Any) -> None:
    distribution, name, operands, has_scale = row
    f, g = _pair(distribution, name)
    operands = (*operands, _SHIFT, _SCALE) if has_scale else operands
    expected = np.asarray(g(*operands))
    for found in (f(*operands), mj.jit(f)(*operands)):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, 1e-8, 1e-12)
    dims = (0, *(None,) * (len(operands) - 1))
    np.testing.assert_allclose(mj.vmap(f, dims)(*operands), expected, 1e-8, 1e-12)


@pytest.mark.parametrize(
    "row", [row for row in _FUNCTIONS if row[3]], ids=lambda row: f"{row[0]}-{row[1]}"
)
def test_derivatives(row: Any) -> None:
    distribution, name, operands, _ = row
    f = getattr(getattr(ours, distribution), name)
    g = getattr(getattr(scipy.stats, distribution), name)
    operands = (*operands, _SHIFT, _SCALE)
    found = mj.grad(
        lambda *a: mj.numpy.sum(mj.numpy.clip(f(*a), -1e3)), tuple(range(len(operands)))
    )(*operands)
    for position, x in enumerate(operands):
        step = 1e-5
        above, below = (
            np.clip(g(*operands[:position], x + way, *operands[position + 1 :]), -1e3, None)
            for way in (step, -step)
        )
        slope = (above - below) / (2 * step)
        expected = slope if np.ndim(x) else slope.sum()
        np.testing.assert_allclose(found[position], expected, 1e-6, 1e-8)


@pytest.mark.parametrize("name", ["logpdf", "pdf"])
def test_multivariate_normal(name: str) -> None:
    import jax

    rng = np.random.default_rng(0)
    x, mean, factor = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(3, 3))
    cov = factor @ factor.T + np.eye(3)
    f, g = _pair("multivariate_normal", name)
    np.testing.assert_allclose(f(x, mean, cov), g(x, mean, cov), 1e-10)
    np.testing.assert_allclose(mj.jit(f)(x, mean, cov), g(x, mean, cov), 1e-10)
    mine = mj.grad(lambda *a: f(*a).sum(), (0, 1))(x, mean, cov)
    known = jax.grad(lambda *a: g(*a).sum(), (0, 1))(x, mean, cov)
    for found, expected in zip(mine, known, strict=True):
        np.testing.assert_allclose(found, expected, 1e-9)


def test_multivariate_normal_with_a_variance() -> None:
    f, g = _pair("multivariate_normal", "logpdf")
    np.testing.assert_allclose(f(0.5, 0.1, 2.0), g(0.5, 0.1, 2.0), 1e-12)


@pytest.mark.parametrize("count", [2, 3])
def test_dirichlet(count: int) -> None:
    x, alpha = np.array([0.2, 0.5, 0.3])[:count], np.array([0.7, 2.0, 1.4])
    f, g = _pair("dirichlet", "logpdf")
    np.testing.assert_allclose(f(x, alpha), g(x, alpha), 1e-10)
    assert float(f(np.array([0.2, 0.5, 0.9]), alpha)) == -np.inf


def test_multinomial() -> None:
    x, p = np.array([[1, 2, 0], [0, 3, 0], [1, 1, 0]]), np.array([0.2, 0.5, 0.3])
    expected = scipy.stats.multinomial.logpmf(x, 3, p)
    np.testing.assert_allclose(ours.multinomial.logpmf(x, 3, p), expected, 1e-12)
    np.testing.assert_allclose(mj.jit(ours.multinomial.pmf)(x, 3, p), np.exp(expected), 1e-12)


def test_entropy_of_counts() -> None:
    means = np.array([1e-3, 0.5, 3.0, 30.0, 99.9, 100.1, 150.0, 400.0])
    counts = np.arange(1000.0)
    logarithms = scipy.stats.poisson.logpmf(counts, means[:, None])
    expected = scipy.special.entr(np.exp(logarithms)).sum(-1)
    np.testing.assert_allclose(ours.poisson.entropy(means), expected, 1e-10)
    assert float(ours.poisson.entropy(0.0)) == 0
    assert np.isnan(ours.poisson.entropy(-1.0))


@pytest.mark.parametrize("bounds", [(-40.0, -30.0), (30.0, np.inf), (-np.inf, 0.5), (5.0, 5.001)])
def test_truncated_tails(bounds: tuple[float, float]) -> None:
    a, b = bounds
    x = np.array([max(a, -35.0) + 1e-4, min(b, 33.0) - 1e-4])
    for name in ("logpdf", "logcdf", "logsf"):
        expected = getattr(scipy.stats.truncnorm, name)(x, a, b)
        np.testing.assert_allclose(getattr(ours.truncnorm, name)(x, a, b), expected, 1e-7, 1e-14)


def test_derivatives_outside_of_the_support() -> None:
    for f, x in ((ours.beta.cdf, 1.5), (ours.beta.sf, 1.0), (ours.gamma.cdf, np.inf)):
        parameters = (0.7,) if f is ours.gamma.cdf else (1.7, 0.6)
        assert float(mj.grad(f)(x, *parameters)) == 0
    slope = mj.grad(ours.gennorm.cdf)(0.0, 1.5)
    np.testing.assert_allclose(slope, scipy.stats.gennorm.pdf(0.0, 1.5), 1e-12)


@pytest.mark.parametrize("name", ["gamma", "beta", "truncnorm", "norm", "expon"])
def test_not_a_number_stays_one(name: str) -> None:
    parameters = {"gamma": (1.5,), "beta": (1.5, 0.5), "truncnorm": (-1.0, 1.0)}.get(name, ())
    for function in ("logpdf", "pdf", "cdf", "logcdf", "sf", "logsf"):
        assert np.isnan(getattr(getattr(ours, name), function)(np.nan, *parameters)), function
