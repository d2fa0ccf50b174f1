"""Integrals, hypergeometric and other special functions against SciPy and by differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

import minijax as mj
import minijax.scipy.special as ours

_WIDE = np.array(
    [-np.inf, -1e5, -30.5, -2.0, -1e-5, -0.0, 1e-300, 0.3, 1.0, 7.5, 60.0, 1e5, np.inf]
)


@pytest.mark.parametrize("name", ["fresnel", "sici"])
def test_two_results(name: str) -> None:
    for x in (_WIDE, _WIDE.astype(np.float32), np.array([np.nan])):
        expected = getattr(scipy.special, name)(x)
        for f in (getattr(ours, name), mj.jit(getattr(ours, name))):
            for found, known in zip(f(x), expected, strict=True):
                assert found.dtype == x.dtype
                np.testing.assert_allclose(found, known, 1e-5 if x.itemsize == 4 else 1e-12)


def test_derivatives_at_zero() -> None:
    sine = lambda x: ours.sici(x)[0]  # noqa: E731
    for expected in (1.0, 0.0, -1 / 3, 0.0, 1 / 5):
        sine = mj.grad(sine)
        np.testing.assert_allclose(sine(0.0), expected, 1e-12, 1e-14)
    assert float(mj.grad(lambda x: ours.fresnel(x)[1])(0.0)) == 1


def test_bessel_functions() -> None:
    z = np.array([0.0, 0.5, -2.0, 30.0, 300.0])
    expected = scipy.special.jv(np.arange(5)[:, None], z)
    np.testing.assert_allclose(ours.bessel_jn(z, v=4), expected, 1e-10, 1e-15)
    known = np.diff(scipy.special.jv(np.arange(-1, 5), 0.7)[[0, 2, 1, 3, 2, 4, 3, 5]])[::2] / -2
    slope = mj.jit(mj.jacfwd(lambda x: ours.bessel_jn(x, v=3)))(0.7)
    np.testing.assert_allclose(slope, known, 1e-12)


def test_exponential_integrals_of_any_order() -> None:
    import mpmath

    n = np.array([0, 1, 2.0, 5.0, 2.5, -1.0, 0.5, 7.25, 1.5])
    x = np.array([0.5, 50.0, 3.0, 1e-3, 1.5, 1.5, 0.2, 0.3, 20.0])
    expected = [float(mpmath.expint(*pair)) for pair in zip(n, x, strict=True)]
    np.testing.assert_allclose(ours.expn(n, x), expected, 1e-12)
    np.testing.assert_allclose(mj.jit(ours.expn)(n, x), expected, 1e-12)
    slope = mj.grad(mj.grad(ours.expn, 1), 1)(3, 0.4)
    np.testing.assert_allclose(slope, scipy.special.expn(1, 0.4), 1e-12)
    assert np.isnan(ours.expn(2, -1.0))


# function, arguments: the slope by each of them is compared with a difference
_PARAMETERS: list[tuple[str, tuple[float, ...]]] = [
    ("hyp1f1", (1.2, 2.3, 3.0)),
    ("hyp1f1", (1.2, 2.3, -20.0)),
    ("hyp1f1", (-2.0, 0.5, 3.0)),
    ("hyp2f1", (1.2, 0.7, 2.5, 0.8)),
    ("hyp2f1", (1.2, 0.7, 2.5, -3.0)),
    ("betainc", (1.5, 2.5, 0.3)),
    ("betainc", (0.3, 0.2, 0.95)),
    ("betainc", (60.0, 20.0, 0.8)),
    ("zeta", (2.5, 0.3)),
    ("owens_t", (-0.7, 2.0)),
    ("gammainc", (2.5, 2.0)),
    ("gammaincc", (0.5, 8.0)),
]


@pytest.mark.parametrize("row", _PARAMETERS, ids=str)
def test_derivatives_by_parameters(row: Any) -> None:
    name, arguments = row
    f, g = getattr(ours, name), getattr(scipy.special, name)
    np.testing.assert_allclose(f(*arguments), g(*arguments), 1e-12)
    found = mj.jit(mj.grad(f, tuple(range(len(arguments)))))(*arguments)
    for position, slope in enumerate(found):
        step = 1e-4
        moved = [
            g(*(v + k * step * (i == position) for i, v in enumerate(arguments)))
            for k in (-2, -1, 1, 2)
        ]
        difference = (8 * (moved[2] - moved[1]) - (moved[3] - moved[0])) / (12 * step)
        np.testing.assert_allclose(slope, difference, 1e-6, 1e-10)


@pytest.mark.parametrize("n", [0, 1, 2, 9, 30])
def test_bernoulli_numbers(n: int) -> None:
    import mpmath

    np.testing.assert_allclose(
        ours.bernoulli(n), [float(mpmath.bernoulli(k)) for k in range(n + 1)]
    )


def test_spherical_harmonics() -> None:
    n, m = np.array([0, 1, 2, 3, 3, 4, 10, 25, 2]), np.array([0, 1, -2, 2, -3, 0, -7, 24, 3])
    theta, phi = np.linspace(0, 3.1, 9), np.linspace(0, 6, 9)
    expected = scipy.special.sph_harm_y(n, m, theta, phi)
    np.testing.assert_allclose(ours.sph_harm_y(n, m, theta, phi), expected, 1e-12, 1e-14)
    compiled = mj.jit(ours.sph_harm_y, static_argnames="n_max")
    np.testing.assert_allclose(compiled(n, m, theta, phi, n_max=25), expected, 1e-12, 1e-14)
    by_theta = mj.grad(lambda t: ours.sph_harm_y(n, m, t, phi).real.sum())(theta)
    _, known = scipy.special.sph_harm_y(n, m, theta, phi, diff_n=1)
    np.testing.assert_allclose(by_theta, known[..., 0].real, 1e-10, 1e-12)


def test_complex_arguments() -> None:
    z = np.array([1 + 2j, -3.2 + 0.1j, 0.2 - 4j, 2.0])
    for name in ("loggamma", "gamma", "wofz"):
        expected = getattr(scipy.special, name)(z)
        np.testing.assert_allclose(getattr(ours, name)(z), expected, 1e-12)
        np.testing.assert_allclose(mj.jit(getattr(ours, name))(z), expected, 1e-12)
    slope = mj.grad(ours.loggamma, holomorphic=True)
    np.testing.assert_allclose(mj.vmap(slope)(z), scipy.special.digamma(z), 1e-12)
    step = 1e-5
    second = mj.vmap(mj.grad(slope, holomorphic=True))(z)
    difference = (scipy.special.digamma(z + step) - scipy.special.digamma(z - step)) / (2 * step)
    np.testing.assert_allclose(second, difference, 1e-7)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ours.bernoulli(-1), ValueError),
        (lambda: ours.bessel_jn(1j, v=1), ValueError),
        (lambda: ours.bessel_jn(1.0, v=1.5), TypeError),
        (lambda: ours.sici(1j), ValueError),
        (lambda: ours.hyp1f1(1j, 1.0, 1.0), ValueError),
        (lambda: ours.hyp2f1(1j, 1.0, 1.0, 0.5), TypeError),
        (lambda: ours.gammasgn(1j), ValueError),
        (lambda: ours.polygamma(1.5, 1.0), ValueError),
        (lambda: ours.ndtr(1), TypeError),
        (lambda: ours.ndtri(np.float16(0.5)), TypeError),
        (lambda: ours.log_ndtr(1.0, 31), ValueError),
        (lambda: ours.sph_harm_y(1, 0, 0.1, 0.2, diff_n=1), ValueError),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"special\.|integer"):
        call()
