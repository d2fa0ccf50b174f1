"""Spectra: Fourier transforms of windowed segments, and their mean squares."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.promotion import broadcast_shapes, canonical_axis, promote_dtypes, strong
from minijax.scipy.signal.segments import choose_step, choose_window, cut, positive_length
from minijax.scipy.signal.trends import detrend as detrended


@dataclass(frozen=True, slots=True)
class _Options:
    """What all spectra can be told."""

    fs: Any
    window: Any
    nperseg: Any
    noverlap: Any
    nfft: Any
    detrend: Any
    return_onesided: bool
    scaling: str
    axis: int
    is_stft: bool = False
    boundary: str | None = None
    padded: bool = False


def stft(
    x: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int = 256,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = False,
    return_onesided: bool = True,
    boundary: str | None = "zeros",
    padded: bool = True,
    axis: int = -1,
) -> tuple[Array, Array, Array]:
    """Returns the Fourier transforms of segments of a signal.

    Args:
        x: an array of shape (..., n, ...).
        fs: samples per unit of time.
        window: a name, a tuple of a name and parameters, or an array.
        nperseg: the length of segments.
        noverlap: by how much they overlap; by default by half.
        nfft: the length of the transforms, if segments are filled up with zeros.
        detrend: False, "constant", "linear", or a function of segments.
        return_onesided: whether only frequencies that are not negative are returned.
        boundary: how the signal goes on outside: "zeros", "even", "odd", "constant"; None if only
            segments inside are wanted.
        padded: whether zeros are appended so that no sample is left over.
        axis: the axis of time.

    Returns:
        Frequencies, times of the segments' middles, and the transforms with frequency on `axis`
        and segments on the last one.

    Raises:
        ValueError: if lengths do not fit or an option is not known.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import stft
        >>> stft(jnp.ones(64), nperseg=16)[2].shape
        (9, 9)
    """
    options = _Options(
        *(fs, window, nperseg, noverlap, nfft, detrend, return_onesided, "spectrum", axis),
        is_stft=True,
        boundary=boundary,
        padded=padded,
    )
    return _spectrum("stft", x, None, options)


def csd(
    x: Any,
    y: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Array, Array]:
    """Returns the cross power spectral density of two signals, by Welch's method.

    Args:
        x, y: arrays whose other axes broadcast; without `y` it is the density of `x`.
        scaling: "density" per frequency, or "spectrum".
        average: "mean" or "median" over segments.
        fs, window, nperseg, noverlap, nfft, detrend, return_onesided, axis: as for `stft`.

    Returns:
        Frequencies, and the density with frequency on `axis`.

    Raises:
        ValueError: if lengths do not fit or an option is not known.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import csd
        >>> time = jnp.arange(64) / 64
        >>> tone = jnp.sin(2 * jnp.pi * 8 * time)
        >>> frequencies, density = csd(tone, 3 * tone, fs=64, nperseg=32)
        >>> float(frequencies[jnp.argmax(abs(density))])
        8.0

    Source:
        P. Welch, The use of the fast Fourier transform for the estimation of power spectra, 1967.
    """
    options = _Options(fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis)
    frequencies, _, power = _spectrum("csd", x, y, options)
    if y is not None and not dtypes.is_complex(power.dtype):
        power = power + 0j
    if power.ndim < 2 or not power.size:
        return frequencies, power
    if power.shape[-1] == 1:
        return frequencies, power[..., 0]
    if average == "mean":
        return frequencies, jnp.mean(power, -1)
    if average == "median":
        return frequencies, _median(power)
    raise ValueError(f"average is 'mean' or 'median', got {average!r}.")


def welch(
    x: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Array, Array]:
    """Returns the power spectral density of a signal, by Welch's method.

    Args:
        x: an array.
        fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis, average: as
            for `csd`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import welch
        >>> frequencies, power = welch(jnp.sin(jnp.arange(64.0) * jnp.pi / 4), nperseg=16)
        >>> float(frequencies[jnp.argmax(power)])
        0.125
    """
    frequencies, power = csd(
        *(x, None, fs, window, nperseg, noverlap, nfft, detrend, return_onesided),
        scaling=scaling,
        axis=axis,
        average=average,
    )
    return frequencies, jnp.real(power)


def _median(power: Any) -> Any:
    """Returns the medians over the last axis, divided by how far they lie below the mean.

    Source:
        B. Allen and others, FINDCHIRP, 2012, appendix B.
    """
    even = np.arange(2.0, power.shape[-1], 2)
    bias = 1 + float(np.sum(1 / (even + 1) - 1 / even))
    if dtypes.is_complex(power.dtype):
        middle = jnp.median(power.real, -1) + 1j * jnp.median(power.imag, -1)
    else:
        middle = jnp.median(power, -1)
    return middle / bias


def _spectrum(name: str, x: Any, y: Any, options: _Options) -> tuple[Any, Any, Any]:
    given = [x] if y is None else [x, y]
    signals: Any = [strong(s) for s in promote_dtypes(name, *given, inexact=True)]
    first = signals[0]
    result_dtype = dtypes.complex_dtype(first.dtype)
    real_dtype = dtypes.real_dtype(result_dtype)
    axis = canonical_axis(options.axis, first.ndim, name)
    outer = _outer_shape(signals, axis)
    if not all(s.size for s in signals):
        length = min(s.shape[axis] for s in signals)
        shape = (*outer[:axis], length, *outer[axis:])
        nothing = jnp.zeros(shape, real_dtype)
        return nothing, nothing, jnp.zeros(shape, result_dtype)
    nperseg = None if options.nperseg is None else positive_length(options.nperseg)
    window, nperseg = choose_window(options.window, nperseg, first.shape[axis], first.dtype)
    step = choose_step(nperseg, options.noverlap)
    nfft = nperseg if options.nfft is None else operator.index(options.nfft)
    if nfft < nperseg:
        raise ValueError(f"nfft must be greater than or equal to nperseg, got {nfft} < {nperseg}.")
    signals = _prepared(signals, axis, nperseg, step, options)
    one_sided = options.return_onesided
    if one_sided and dtypes.is_complex(first.dtype):
        warnings.warn("Input data is complex, switching to return_onesided=False", stacklevel=4)
        one_sided = False
    trend = _trend(options.detrend, axis)
    parts = [_transforms(s, window, nperseg, step, nfft, trend, one_sided) for s in signals]
    scale = _scale(window, options)
    result = parts[0] if options.is_stft else jnp.conj(parts[0]) * parts[-1]
    result = (result * scale).astype(result_dtype)
    if one_sided and not options.is_stft:
        # The other half of the frequencies is folded onto this one.
        result = result.at[..., 1 : None if nfft % 2 else -1].multiply(2)
    frequency_of = jnp.fft.rfftfreq if one_sided else jnp.fft.fftfreq
    frequencies = frequency_of(nfft, 1 / options.fs, dtype=real_dtype)
    times = _times(signals[0].shape[-1], nperseg, step, options, real_dtype)
    if len(signals) == 1 and not options.is_stft:
        result = result.real
    return frequencies, times, jnp.moveaxis(result, -1, axis)


def _outer_shape(signals: Any, axis: int) -> tuple[int, ...]:
    """Returns the shape that the axes besides time broadcast to."""
    ranks = [s.ndim for s in signals]
    if len(set(ranks)) != 1:
        raise ValueError(f"two-arguments must have the same rank ({ranks[0]} vs {ranks[-1]}).")
    try:
        return broadcast_shapes(*(s.shape[:axis] + s.shape[axis + 1 :] for s in signals))
    except ValueError as error:
        raise ValueError("x and y cannot be broadcast together.") from error


_EXTENSIONS: dict[str, dict[str, Any]] = {
    "even": {"mode": "reflect"},
    "odd": {"mode": "reflect", "reflect_type": "odd"},
    "constant": {"mode": "edge"},
    "zeros": {"mode": "constant"},
}


def _prepared(signals: Any, axis: int, nperseg: int, step: int, options: _Options) -> list[Any]:
    """Returns signals with time on the last axis, of one length, and extended as wanted."""
    moved = [jnp.moveaxis(s, axis, -1) for s in signals]
    longest = max(s.shape[-1] for s in moved)
    moved = [_longer(s, 0, longest - s.shape[-1]) for s in moved]
    if options.boundary is not None:
        if options.boundary not in _EXTENSIONS:
            raise ValueError(
                f"Unknown boundary option '{options.boundary}', must be one of: "
                f"{[*_EXTENSIONS, None]}"
            )
        half = nperseg // 2
        moved = [_longer(s, half, half, **_EXTENSIONS[options.boundary]) for s in moved]
    if options.padded:
        missing = (nperseg - moved[0].shape[-1]) % step % nperseg
        moved = [_longer(s, 0, missing) for s in moved]
    return moved


def _longer(x: Any, before: int, after: int, **kinds: Any) -> Any:
    return jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(before, after)], **kinds)


def _trend(trend: Any, axis: int) -> Callable[[Any], Any]:
    """Returns what is done to segments of shape (..., length)."""
    if isinstance(trend, str):
        return lambda segments: detrended(segments, type=trend, axis=-1)
    if callable(trend):
        return lambda segments: jnp.moveaxis(trend(jnp.moveaxis(segments, -1, axis)), axis, -1)
    if trend:
        raise ValueError(f"Unsupported detrend type: {trend}")
    return lambda segments: segments


def _transforms(
    x: Any, window: Any, nperseg: int, step: int, nfft: int, trend: Any, one_sided: bool
) -> Any:
    """Returns the transforms, (..., n) to (..., segments, frequencies)."""
    segments = window * trend(cut(x, nperseg, step))
    if one_sided:
        return jnp.fft.rfft(jnp.real(segments), nfft)
    return jnp.fft.fft(segments, nfft)


def _scale(window: Any, options: _Options) -> Any:
    if options.scaling == "density":
        scale = 1 / (options.fs * jnp.sum(window * window))
    elif options.scaling == "spectrum":
        scale = 1 / jnp.sum(window) ** 2
    else:
        raise ValueError(f"Unknown scaling: {options.scaling}")
    return jnp.sqrt(scale) if options.is_stft else scale


def _times(length: int, nperseg: int, step: int, options: _Options, dtype: Any) -> Any:
    """Returns the times of the middles of segments."""
    middles = np.arange(nperseg / 2, length - nperseg / 2 + 1, step)
    if options.boundary is not None:
        middles = middles - nperseg / 2
    return jnp.asarray(middles, dtype) / options.fs
