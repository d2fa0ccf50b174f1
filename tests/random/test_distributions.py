"""Draws have the distributions they are named for."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import minijax as mj
import minijax.numpy as jnp
from minijax import random

N = 3000
CONTINUOUS = {
    "gamma, small": (lambda k: random.gamma(k, 0.05, (N,)), stats.gamma(0.05)),
    "gamma": (lambda k: random.gamma(k, 20.0, (N,)), stats.gamma(20.0)),
    "beta": (lambda k: random.beta(k, 0.5, 2.0, (N,)), stats.beta(0.5, 2)),
    "chisquare": (lambda k: random.chisquare(k, 3.0, (N,)), stats.chi2(3)),
    "f": (lambda k: random.f(k, 3.0, 5.0, (N,)), stats.f(3, 5)),
    "t": (lambda k: random.t(k, 3.0, (N,)), stats.t(3)),
    "generalized_normal": (lambda k: random.generalized_normal(k, 1.5, (N,)), stats.gennorm(1.5)),
    "lognormal": (lambda k: random.lognormal(k, 0.7, (N,)), stats.lognorm(0.7)),
    "pareto": (lambda k: random.pareto(k, 2.0, (N,)), stats.pareto(2)),
    "rayleigh": (lambda k: random.rayleigh(k, 2.0, (N,)), stats.rayleigh(scale=2)),
    "weibull": (lambda k: random.weibull_min(k, 2.0, 1.5, (N,)), stats.weibull_min(1.5, scale=2)),
    "maxwell": (lambda k: random.maxwell(k, (N,)), stats.maxwell()),
    "triangular": (lambda k: random.triangular(k, -1, 0.5, 3, (N,)), stats.triang(0.375, -1, 4)),
    "wald": (lambda k: random.wald(k, 2.0, (N,)), stats.invgauss(2.0)),
    "ball": (
        lambda k: jnp.sum(random.ball(k, 2, 2, (N,)) ** 2, -1),
        stats.uniform(),
    ),
}
COUNTS = {
    "poisson, few": (lambda k: random.poisson(k, 4.0, (N,)), stats.poisson(4)),
    "poisson, many": (lambda k: random.poisson(k, 80.0, (N,)), stats.poisson(80)),
    "binomial, few": (lambda k: random.binomial(k, 20, 0.9, (N,)), stats.binom(20, 0.9)),
    "binomial, many": (lambda k: random.binomial(k, 100, 0.4, (N,)), stats.binom(100, 0.4)),
    "geometric": (lambda k: random.geometric(k, 0.3, (N,)), stats.geom(0.3)),
}


# Made from gamma numbers: each compiles one or two loops of rejection.
LONG = ("beta", "chisquare", "f", "t", "generalized_normal", "ball", "binomial, few", "geometric")


def rows(names: Any) -> list[Any]:
    return [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in names]


@pytest.mark.parametrize("name", rows(CONTINUOUS))
def test_continuous(name: str) -> None:
    draw, expected = CONTINUOUS[name]
    draws = np.asarray(mj.jit(draw)(random.key(3)))
    assert stats.kstest(draws, expected.cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", rows(COUNTS))
def test_counts(name: str) -> None:
    draw, expected = COUNTS[name]
    draws = np.asarray(mj.jit(draw)(random.key(3)))
    # The distance of Kolmogorov is smaller still where the distribution has jumps.
    values = np.arange(int(expected.ppf(1 - 1e-9)) + 1)
    found = np.searchsorted(np.sort(draws), values, side="right") / N
    assert np.abs(found - expected.cdf(values)).max() < 2 / np.sqrt(N)


@pytest.mark.parametrize("a", (0.3, 2.0, 30.0))
def test_gamma_draws_move_with_their_parameter_along_a_quantile(a: float) -> None:
    key, h = random.key(3), 1e-5

    def quantile(b: Any) -> Any:
        return stats.gamma(b).ppf(stats.gamma(a).cdf(float(random.gamma(key, a))))

    slope = mj.grad(lambda a: random.gamma(key, a))(a)
    np.testing.assert_allclose(slope, (quantile(a + h) - quantile(a - h)) / (2 * h), 1e-6)


@pytest.mark.slow
def test_vectors_sum_to_their_totals() -> None:
    key = random.key(0)
    shares = random.dirichlet(key, jnp.array([1.0, 2.0, 3.0]), (5,))
    np.testing.assert_allclose(np.asarray(shares).sum(-1), 1, 1e-12)
    counts = random.multinomial(key, 50, jnp.array([0.2, 0.5, 0.3]), shape=(5, 3))
    np.testing.assert_array_equal(np.asarray(counts).sum(-1), 50)
