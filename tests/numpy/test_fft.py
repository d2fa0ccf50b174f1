"""Fourier transforms against the oracle: values, derivatives, compiled, mapped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax.numpy import fft

pytestmark = pytest.mark.oracle

_RNG = np.random.default_rng(0)
_COMPLEX = _RNG.normal(size=(4, 5, 6)) + 1j * _RNG.normal(size=(4, 5, 6))
_REAL = _RNG.normal(size=(4, 5, 6))
_ONE_AXIS: list[dict[str, Any]] = [
    {},
    {"n": 7, "axis": 1},
    {"n": 4, "norm": "ortho"},
    {"norm": "forward", "axis": 0},
]
_SEVERAL: list[dict[str, Any]] = [
    {},
    {"axes": (2, 0)},
    {"s": (3, 7), "axes": (0, 1), "norm": "ortho"},
    {"norm": "forward"},
]
_CALLS = [
    *((f, k) for f in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft") for k in _ONE_AXIS),
    *((f, k) for f in ("fft2", "ifft2", "rfft2", "irfft2") for k in _SEVERAL),
    *((f, k) for f in ("fftn", "ifftn", "rfftn", "irfftn") for k in _SEVERAL),
]


@pytest.mark.parametrize(("name", "params"), _CALLS)
def test_transforms(name: str, params: Any) -> None:
    import jax

    x = _REAL if name in ("rfft", "ihfft", "rfft2", "rfftn") else _COMPLEX

    def f(x: Any) -> Any:
        return getattr(fft, name)(x, **params)

    def g(x: Any) -> Any:
        return getattr(jax.numpy.fft, name)(x, **params)

    expected = np.asarray(g(x))
    for found in (f(x), mj.jit(f)(x)):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, 1e-10, 1e-11)
    rows = np.stack([x, 2 * x, x**2], 2)
    np.testing.assert_allclose(mj.vmap(f, 2)(rows), jax.vmap(g, 2)(rows), 1e-10, 1e-10)
    slope = mj.grad(lambda x: (f(x) ** 2 * (1 - 2j)).real.sum())
    known = jax.grad(lambda x: (g(x) ** 2 * (1 - 2j)).real.sum())
    np.testing.assert_allclose(slope(x), known(x), 1e-9, 1e-9)
    _, second = mj.jvp(slope, (x,), (x + 1,))
    _, known_second = jax.jvp(known, (x,), (x + 1,))
    np.testing.assert_allclose(second, known_second, 1e-9, 1e-9)


@pytest.mark.parametrize("dtype", ["int64", "float32", "float64", "complex64"])
def test_dtypes(dtype: str) -> None:
    import jax

    x = np.arange(6).astype(dtype)
    for name in ("fft", "ifft", "irfft"):
        found, expected = getattr(fft, name)(x), getattr(jax.numpy.fft, name)(x)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, 1e-5, 1e-5)


@pytest.mark.parametrize("n", range(1, 7))
def test_frequencies(n: int) -> None:
    np.testing.assert_allclose(fft.fftfreq(n, 0.3), np.fft.fftfreq(n, 0.3))
    np.testing.assert_allclose(fft.rfftfreq(n, 0.3), np.fft.rfftfreq(n, 0.3))


@pytest.mark.parametrize("axes", [None, 0, (0, 2), -1])
def test_shifts(axes: Any) -> None:
    np.testing.assert_array_equal(fft.fftshift(_REAL, axes), np.fft.fftshift(_REAL, axes))
    np.testing.assert_array_equal(fft.ifftshift(_REAL, axes), np.fft.ifftshift(_REAL, axes))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: fft.rfft(_COMPLEX), ValueError, "real arrays"),
        (lambda: fft.fft(_REAL, norm="both"), ValueError, "ortho"),
        (lambda: fft.fft(_REAL, n=0), ValueError, "positive length"),
        (lambda: fft.fftn(_REAL, axes=(0, 0)), ValueError, "distinct axes"),
    ],
)
def test_errors_name_what_is_expected(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
