"""Signal processing against SciPy, compiled, mapped and differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal as reference

import minijax as mj
import minijax.numpy as jnp
from minijax.scipy import signal

_RNG = np.random.default_rng(2)
_LONG, _SHORT = _RNG.normal(size=7), _RNG.normal(size=4)
_WIDE, _SMALL = _RNG.normal(size=(5, 6)), _RNG.normal(size=(3, 2))
_X, _Y = _RNG.normal(size=(2, 40)), _RNG.normal(size=(2, 40))
_PAIRS = [
    (_LONG, _SHORT),
    (_LONG, _LONG),
    (_LONG + 1j, _SHORT * 1j - 2),
    (_WIDE, _SMALL),
    (np.arange(5), np.arange(2)),
]


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("method", ["direct", "fft", "auto"])
def test_convolve_and_correlate(mode: str, method: str) -> None:
    for x, y in _PAIRS:
        for name in ("convolve", "correlate"):
            ours = getattr(signal, name)(jnp.array(x), jnp.array(y), mode, method)
            theirs = getattr(reference, name)(x, y, mode, "direct")
            np.testing.assert_allclose(ours, theirs, atol=1e-12)
    swapped = signal.convolve(jnp.array(_SHORT), jnp.array(_LONG), mode, "fft")
    np.testing.assert_allclose(swapped, reference.convolve(_SHORT, _LONG, mode), atol=1e-12)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_planes(mode: str) -> None:
    for x, y in ((_WIDE, _SMALL), (_WIDE + 1j, _SMALL * (1 + 2j)), (_SMALL, _WIDE), (_WIDE, _WIDE)):
        for name in ("convolve2d", "correlate2d"):
            if name == "convolve2d" or mode != "valid" or x.shape == y.shape or x is not _SMALL:
                ours = getattr(signal, name)(x, y, mode)
                np.testing.assert_allclose(ours, getattr(reference, name)(x, y, mode), atol=1e-12)


def test_convolution_along_some_axes() -> None:
    ours = mj.jit(lambda x, y: signal.fftconvolve(x, y, "same", axes=1))(_WIDE, _WIDE[:, :3])
    theirs = reference.fftconvolve(_WIDE, _WIDE[:, :3], "same", axes=1)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: signal.convolve(x, jnp.array(_SHORT), "same"),
        lambda x: signal.correlate(x, jnp.array(_SHORT), "valid"),
        lambda x: signal.fftconvolve(x, jnp.array(_SHORT)),
        lambda x: signal.detrend(x, bp=3) ** 3,
        lambda x: signal.welch(x, nperseg=4)[1],
        lambda x: jnp.abs(signal.stft(x, nperseg=4)[2]),
    ],
)
def test_derivatives(function: Any) -> None:
    def loss(x: Any) -> Any:
        return jnp.sum(jnp.sin(function(x)))

    direction, h = np.cos(np.arange(7.0)), 1e-5
    expected = (loss(_LONG + h * direction) - loss(_LONG - h * direction)) / (2 * h)
    np.testing.assert_allclose(mj.jit(mj.grad(loss))(_LONG) @ direction, expected, rtol=1e-6)
    np.testing.assert_allclose(mj.jvp(loss, (_LONG,), (direction,))[1], expected, rtol=1e-6)
    lanes = np.stack([_LONG, 2 * _LONG])
    np.testing.assert_allclose(mj.vmap(loss)(lanes), [loss(x) for x in lanes], rtol=1e-9)


@pytest.mark.parametrize(
    "options", [{}, {"axis": 0}, {"type": "constant"}, {"bp": [2, 4]}, {"bp": 3, "axis": 0}]
)
def test_detrend(options: Any) -> None:
    np.testing.assert_allclose(
        signal.detrend(_WIDE, **options), reference.detrend(_WIDE, **options), atol=1e-12
    )


_SPECTRA = [
    {"nperseg": 16},
    {"nperseg": 10, "noverlap": 7, "fs": 3.0},
    {"nperseg": 8, "nfft": 12, "return_onesided": False},
    {"nperseg": 9, "detrend": "linear"},
    {"nperseg": 8, "window": ("kaiser", 3.0)},
    {"window": np.ones(8), "nperseg": 8},
]


@pytest.mark.parametrize("options", _SPECTRA, ids=str)
def test_spectra(options: Any) -> None:
    def check(ours: Any, theirs: Any) -> None:
        for x, y in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(x, y, atol=1e-12)

    check(signal.welch(_X, **options), reference.welch(_X, **options))
    check(signal.csd(_X, _Y, **options), reference.csd(_X, _Y, **options))
    more = {**options, "average": "median", "scaling": "spectrum"}
    check(signal.csd(_X, _Y, **more), reference.csd(_X, _Y, **more))
    check(signal.welch(_X.T, axis=0, **options), reference.welch(_X.T, axis=0, **options))
    for boundary in ("zeros", "even", "odd", "constant", None):
        more = {**options, "boundary": boundary}
        check(signal.stft(_X, **more), reference.stft(_X, **more))
        check(signal.stft(_X, padded=False, **more), reference.stft(_X, padded=False, **more))


@pytest.mark.parametrize(
    "options",
    [
        {"nperseg": 10, "noverlap": 6},
        {"nperseg": 9},
        {"nperseg": 8, "nfft": 12, "fs": 2.0},
        {"nperseg": 8, "window": ("kaiser", 3.0)},
    ],
    ids=str,
)
def test_istft(options: Any) -> None:
    z = reference.stft(_X, **options)[2]
    for x, y in zip(signal.istft(z, **options), reference.istft(z, **options), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-12)
    moved = mj.jit(lambda z: signal.istft(z, time_axis=0, freq_axis=1, **options)[1])(z.T)
    assert moved.shape == (moved.shape[0], 2)
    back = signal.istft(z, **options)[1][:, :40]
    np.testing.assert_allclose(back, _X[:, : back.shape[1]], atol=1e-10)


@pytest.mark.parametrize(
    ("error", "text", "call"),
    [
        (ValueError, "mode must be", lambda: signal.convolve(_LONG, _SHORT, "foo")),
        (ValueError, "method='foo'", lambda: signal.convolve(_LONG, _SHORT, method="foo")),
        (ValueError, "number of dim", lambda: signal.convolve(_WIDE, _LONG)),
        (ValueError, "smaller than", lambda: signal.convolve(_WIDE, np.ones((2, 9)))),
        (ValueError, "zero-size", lambda: signal.convolve(np.zeros(0), _LONG)),
        (NotImplementedError, "boundary", lambda: signal.convolve2d(_WIDE, _SMALL, "full", "wrap")),
        (ValueError, "2-dimensional", lambda: signal.correlate2d(_LONG, _SHORT)),
        (ValueError, "mapped axes", lambda: signal.fftconvolve(_WIDE, _SMALL, axes=0)),
        (ValueError, "Breakpoints", lambda: signal.detrend(_WIDE, bp=9)),
        (ValueError, "Trend type", lambda: signal.detrend(_WIDE, type="x")),
        (ValueError, "nfft must be", lambda: signal.stft(_X, nperseg=8, nfft=4)),
        (ValueError, "noverlap", lambda: signal.stft(_X, nperseg=8, noverlap=9)),
        (ValueError, "boundary", lambda: signal.stft(_X, nperseg=8, boundary="x")),
        (ValueError, "scaling", lambda: signal.welch(_X, nperseg=8, scaling="x")),
        (ValueError, "average", lambda: signal.welch(_X, nperseg=8, average="x")),
        (ValueError, "different from", lambda: signal.welch(_X, nperseg=8, window=np.ones(9))),
        (ValueError, "2d", lambda: signal.istft(np.ones(3))),
        (ValueError, "differing", lambda: signal.istft(_WIDE, time_axis=0, freq_axis=0)),
    ],
)
def test_refusals(error: type, text: str, call: Any) -> None:
    with pytest.raises(error, match=text):
        call()
