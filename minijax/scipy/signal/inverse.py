"""From Fourier transforms of segments back to the signal."""

from __future__ import annotations

import operator
from typing import Any

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.promotion import canonical_axis, operand
from minijax.scipy.signal.segments import (
    choose_step,
    overlap_add,
    positive_length,
    window_of_name,
)


def istft(
    Zxx: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    input_onesided: bool = True,
    boundary: bool = True,
    time_axis: int = -1,
    freq_axis: int = -2,
) -> tuple[Array, Array]:
    """Returns the signal whose segments have given Fourier transforms.

    Args:
        Zxx: what `stft` returned.
        fs: samples per unit of time.
        window, noverlap, nfft: as they were given to `stft`.
        nperseg: the length of segments; by default what the number of frequencies says.
        input_onesided: whether there are only frequencies that are not negative.
        boundary: whether the signal had been extended at its ends.
        time_axis, freq_axis: the axes of segments and of frequencies.

    Returns:
        Times and signal.

    Raises:
        ValueError: if the array has less than two axes, or lengths do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import istft, stft
        >>> x = jnp.sin(jnp.arange(64.0))
        >>> bool(jnp.allclose(istft(stft(x, nperseg=16)[2])[1], x))
        True

    Source:
        D. Griffin, J. Lim, Signal estimation from modified short-time Fourier transform, 1984.
    """
    z: Any = operand(Zxx, "istft")
    if z.ndim < 2:
        raise ValueError(f"Input stft must be at least 2d!, got shape {z.shape}")
    frequency = canonical_axis(freq_axis, z.ndim, "istft")
    time = canonical_axis(time_axis, z.ndim, "istft")
    if frequency == time:
        raise ValueError("Must specify differing time and frequency axes!")
    z = z.astype(dtypes.complex_dtype(z.dtype))
    count = z.shape[frequency]
    natural = 2 * (count - 1) if input_onesided else count
    length = positive_length(nperseg or natural)
    size = operator.index(nfft) if nfft is not None else natural
    if nfft is None and input_onesided and length == natural + 1:
        # An odd length, which the number of frequencies does not tell from the even one below.
        size = length
    if size < length:
        raise ValueError(f"FFT length ({size}) must be longer than nperseg ({length}).")
    step = choose_step(length, noverlap or None)
    z = jnp.moveaxis(z, (time, frequency), (-2, -1))
    back = jnp.fft.irfft if input_onesided else jnp.fft.ifft
    segments = back(z, size)[..., :length]
    weights = _window(window, length, segments.dtype)
    x = overlap_add(segments * jnp.sum(weights) * weights, step)
    norm = overlap_add(jnp.tile(weights * weights, (segments.shape[-2], 1)), step)
    if boundary:
        half = length // 2
        x, norm = x[..., half:-half], norm[half:-half]
    x = x / jnp.where(jnp.real(norm) > 1e-10, norm, 1)
    x = jnp.moveaxis(x, -1, time - (frequency < time))
    times = jnp.arange(x.shape[0], dtype=dtypes.real_dtype(x.dtype)) / fs
    return times, x


def _window(window: Any, length: int, dtype: Any) -> Any:
    if isinstance(window, str | tuple):
        return window_of_name(window, length, dtype)
    values = jnp.asarray(window)
    if values.ndim != 1:
        raise ValueError(f"window must be 1-D, got shape {values.shape}")
    if values.shape[0] != length:
        raise ValueError(f"window must have length of {length}, got {values.shape[0]}")
    return values
