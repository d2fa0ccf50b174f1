"""Taking a constant or a line out of a signal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.numpy.promotion import (
    UnsupportedArgumentError,
    canonical_axis,
    promote_dtypes,
    strong,
)


def detrend(
    data: Any,
    axis: int = -1,
    type: str = "linear",
    bp: int | Sequence[int] | np.ndarray = 0,
    overwrite_data: None = None,
) -> Array:
    """Returns a signal less its mean, or less the line that fits it best.

    Args:
        data: an array of shape (..., n, ...).
        axis: the axis of time.
        type: "linear" or "constant".
        bp: where new lines begin: integers between 0 and n.
        overwrite_data: must be None.

    Raises:
        ValueError: if there is no such type, or a break point lies outside.
        NotImplementedError: if `overwrite_data` is given.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import detrend
        >>> print(detrend(jnp.array([1.0, 2.0, 6.0]), type="constant"))
        [-2. -1.  3.]
    """
    if overwrite_data is not None:
        raise UnsupportedArgumentError(
            "detrend: overwrite_data argument not implemented: arrays are immutable."
        )
    if type not in ("constant", "linear"):
        raise ValueError(f"Trend type must be 'linear' or 'constant', got {type!r}.")
    x: Any = strong(promote_dtypes("detrend", jnp.asarray(data), inexact=True)[0])
    place = canonical_axis(axis, x.ndim, "detrend")
    if type == "constant":
        return x - jnp.mean(x, place, keepdims=True)
    length = x.shape[place]
    breaks = np.unique(np.concatenate([[0], np.atleast_1d(bp), [length]])).astype(int)
    if breaks[0] < 0 or breaks[-1] > length:
        raise ValueError(
            "Breakpoints must be non-negative and less than length of data along given axis."
        )
    x = jnp.moveaxis(x, place, -1)
    pieces = [_less_line(x[..., a:b]) for a, b in pairwise(breaks)]
    return jnp.moveaxis(jnp.concatenate(pieces, -1), -1, place)


def _less_line(x: Any) -> Any:
    """Returns pieces along the last axis less their lines of regression."""
    length = x.shape[-1]
    ramp = np.arange(length) - (length - 1) / 2
    # A piece of one sample has no slope.
    share = jnp.asarray(ramp / (float(ramp @ ramp) or 1.0), x.dtype)
    slope = jnp.sum(x * share, -1, keepdims=True)
    return x - jnp.mean(x, -1, keepdims=True) - slope * jnp.asarray(ramp, x.dtype)
