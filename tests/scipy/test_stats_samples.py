"""Statistics of samples and kernel densities against SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

import minijax as mj
import minijax.numpy as jnp
import minijax.scipy.stats as ours
from minijax import random

_RNG = np.random.default_rng(0)
_TIES = _RNG.integers(0, 4, (5, 6))


@pytest.mark.parametrize("axis", [0, 1, None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_mode(axis: int | None, keepdims: bool) -> None:
    with_nans = np.where(_TIES > 2, np.nan, _TIES)
    for x in (_TIES, with_nans[:, :2].astype(np.float32), _TIES.astype(bool)):
        expected = scipy.stats.mode(x + 0, axis, keepdims=keepdims)
        if np.isnan(x).any():  # where SciPy answers NaN for the whole axis
            continue
        for f in (ours.mode, mj.jit(ours.mode, static_argnums=(1, 2, 3))):
            found = f(x, axis, "propagate", keepdims)
            assert found.mode.dtype == x.dtype
            np.testing.assert_array_equal(found.mode, expected.mode)
            np.testing.assert_array_equal(found.count, expected.count)


def test_mode_of_few_elements() -> None:
    found = ours.mode(np.array([1, np.nan, np.nan, 2]))
    assert np.isnan(found.mode)
    assert int(found.count) == 2
    assert np.isnan(ours.mode(np.ones(0)).mode)
    assert int(ours.mode(3.0).count) == 1


@pytest.mark.parametrize("method", ["average", "min", "max", "dense", "ordinal"])
def test_ranks(method: str) -> None:
    for axis in (None, 0, 1):
        expected = scipy.stats.rankdata(_TIES, method, axis=axis)
        found = mj.jit(lambda x, a=axis: ours.rankdata(x, method, axis=a))(_TIES)
        expected = expected.ravel() if axis is None else expected
        np.testing.assert_array_equal(found, expected)
    assert np.isnan(ours.rankdata(np.array([1.0, np.nan]), method)).all()


@pytest.mark.parametrize("policy", ["propagate", "omit"])
def test_standard_error(policy: str) -> None:
    x = np.where(_TIES == 3, np.nan, _TIES)
    for axis in (0, 1, None):
        expected = scipy.stats.sem(x, axis, 0, nan_policy=policy)
        np.testing.assert_allclose(ours.sem(x, axis, 0, policy), expected, 1e-12)
    assert ours.sem(x.astype(np.float32), axis=None, keepdims=True).shape == (1, 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ours.mode(_TIES, nan_policy="omit"),
        lambda: ours.rankdata(_TIES, "worst"),
        lambda: ours.rankdata(_TIES, nan_policy="raise"),
        lambda: ours.sem(_TIES, nan_policy="raise"),
    ],
)
def test_bad_arguments(call: Any) -> None:
    with pytest.raises(ValueError, match=r"stats\."):
        call()


def _estimates(d: int, method: Any, weighted: bool) -> tuple[Any, Any, np.ndarray]:
    data = np.random.default_rng(d).normal(size=(d, 12))
    weights = np.arange(1.0, 13.0) if weighted else None
    points = np.random.default_rng(7).normal(size=(d, 5))
    theirs = scipy.stats.gaussian_kde(data, method, weights)
    return ours.gaussian_kde(data, method, weights), theirs, points


@pytest.mark.parametrize("method", [None, "silverman", 0.4, lambda kde: 0.3])
@pytest.mark.parametrize(("d", "weighted"), [(1, False), (2, True)])
def test_kernel_density(d: int, weighted: bool, method: Any) -> None:
    mine, known, points = _estimates(d, method, weighted)
    for name in ("neff", "dataset", "weights", "covariance", "inv_cov", "d", "n"):
        np.testing.assert_allclose(getattr(mine, name), getattr(known, name), 1e-10)
    for name in ("evaluate", "pdf", "logpdf", "__call__"):
        np.testing.assert_allclose(getattr(mine, name)(points), getattr(known, name)(points), 1e-10)
    mean, cov = points[:, 0], np.eye(d) * 0.7
    expected = known.integrate_gaussian(mean, cov)
    np.testing.assert_allclose(mine.integrate_gaussian(mean, cov), expected, 1e-10)
    np.testing.assert_allclose(mine.integrate_kde(mine), known.integrate_kde(known), 1e-10)
    if d == 1:
        box = known.integrate_box_1d(-0.3, 0.5)
        np.testing.assert_allclose(mine.integrate_box_1d(-0.3, 0.5), box, 1e-10)


def test_kernel_density_is_a_pytree() -> None:
    mine, known, points = _estimates(2, None, True)
    found = mj.jit(lambda kde, x: kde.logpdf(x))(mine, points)
    np.testing.assert_allclose(found, known.logpdf(points), 1e-10)
    slope = mj.grad(lambda kde: kde.logpdf(points).sum())(mine)
    assert slope.dataset.shape == (2, 12)
    assert np.isfinite(slope.dataset).all()


def test_kernel_density_samples() -> None:
    mine, known, _ = _estimates(2, 0.5, False)
    sample = mine.resample(random.key(0), (20_000,))
    assert sample.shape == (2, 20_000)
    total = np.cov(known.dataset, bias=True) + known.covariance
    np.testing.assert_allclose(np.cov(sample), total, atol=0.1)


def test_kernel_density_refuses() -> None:
    mine, _, _ = _estimates(2, None, False)
    for call in (
        lambda: ours.gaussian_kde(np.ones(1)),
        lambda: ours.gaussian_kde(np.arange(4.0), "best"),
        lambda: ours.gaussian_kde(np.arange(4.0), weights=np.ones(3)),
        lambda: ours.gaussian_kde(np.arange(4.0), weights=np.ones((4, 1))),
        lambda: mine.evaluate(np.ones((3, 2))),
        lambda: mine.integrate_box_1d(0, 1),
        lambda: mine.integrate_gaussian(jnp.zeros(3), jnp.eye(3)),
        lambda: mine.integrate_kde(_estimates(1, None, False)[0]),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            call()
