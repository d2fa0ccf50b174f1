"""Windows, and the segments of a signal that they are laid over."""

from __future__ import annotations

import math
import operator
import warnings
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.primitives.signal_windows import named_window


def positive_length(nperseg: Any) -> int:
    """Returns the length of segments as an int.

    Raises:
        ValueError: if it is not positive.
    """
    length = int(nperseg)
    if length < 1:
        raise ValueError(f"nperseg must be a positive integer, got {length}")
    return length


def window_of_name(name: Any, length: int, dtype: Any) -> Any:
    """Returns the window of a name, periodic, of shape (length,)."""
    if name == "hann":
        values = np.sin(math.pi * np.arange(length) / length) ** 2 if length > 1 else np.ones(1)
    else:
        values = named_window(name, length)
    return jnp.asarray(values, dtype)


def choose_window(window: Any, nperseg: Any, length: int, dtype: Any) -> tuple[Any, int]:
    """Returns a window and its length.

    Args:
        window: a name, a tuple of a name and parameters, or an array.
        nperseg: the wanted length, None for as long as the signal, or as the array.
        length: of the signal.
        dtype: of the result.

    Raises:
        ValueError: if an array is no vector, is longer than the signal or has another length.
    """
    if isinstance(window, str | tuple):
        size = length if nperseg is None else nperseg
        if size > length:
            warnings.warn(
                f"nperseg={size} is greater than input_length={length}, using nperseg={length}",
                stacklevel=4,
            )
            size = length
        return window_of_name(window, size, dtype), size
    values = jnp.asarray(window, dtype)
    if values.ndim != 1:
        raise ValueError(f"window must be 1-D, got shape {values.shape}")
    if length < values.size:
        raise ValueError(
            f"window is longer than input signal: {values.size} samples, {length} samples"
        )
    if nperseg not in (None, values.size):
        raise ValueError(
            f"value specified for nperseg is different from length of window: {nperseg}, "
            f"{values.size}"
        )
    return values, values.size


def choose_step(nperseg: int, noverlap: Any) -> int:
    """Returns the distance between segments.

    Raises:
        ValueError: if they overlap as a whole.
    """
    overlap = nperseg // 2 if noverlap is None else operator.index(noverlap)
    if overlap >= nperseg:
        raise ValueError(f"noverlap must be less than nperseg, got {overlap} and {nperseg}.")
    return nperseg - overlap


def segment_places(count: int, length: int, step: int) -> np.ndarray:
    """Returns the positions of the samples of each segment, of shape (count, length)."""
    return np.arange(count)[:, None] * step + np.arange(length)


def cut(x: Any, length: int, step: int) -> Any:
    """Returns the segments of a signal, (..., n) to (..., count, length)."""
    count = (x.shape[-1] - length) // step + 1
    return x[..., segment_places(count, length, step)]


def overlap_add(segments: Any, step: int) -> Any:
    """Returns the signal that segments sum to, (..., count, length) to (..., n)."""
    count, length = segments.shape[-2:]
    places = segment_places(count, length, step)
    signal = jnp.zeros((*segments.shape[:-2], (count - 1) * step + length), segments.dtype)
    return signal.at[..., places].add(segments)
