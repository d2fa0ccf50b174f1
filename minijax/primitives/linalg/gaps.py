"""Reciprocals of differences of eigenvalues, as the derivatives of eigenvectors have them.

Where two eigenvalues agree to rounding, the basis of their space is arbitrary, and so is how it
turns: its part of the derivative is left out. Functions of the eigenvalues, and of the spaces that
belong to different ones, do not miss it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.primitives.arithmetic import abs as magnitude
from minijax.primitives.arithmetic import mul
from minijax.primitives.broadcast import broadcast_in_dim, full
from minijax.primitives.compare import le, select_n
from minijax.primitives.convert import stop_gradient
from minijax.primitives.families import scalar_like
from minijax.primitives.linalg.matrices import columns, rows_of
from minijax.primitives.reduction import reduce_max


def resolution(values: Any) -> Array:
    """Returns how far apart values along the last axis must be to be told apart, shape (...)."""
    sizes = magnitude(stop_gradient(values))
    relative = float(np.finfo(sizes.dtype).eps) * values.shape[-1]
    return mul(reduce_max(sizes, (values.ndim - 1,)), scalar_like(relative, sizes.dtype))


def safe_reciprocal(x: Any, threshold: Any) -> Array:
    """Returns 1/x, and 0 where |x| is at most the threshold (shape of the leading axes of x)."""
    limits = broadcast_in_dim(threshold, x.shape, tuple(range(threshold.ndim)))
    is_close = le(magnitude(stop_gradient(x)), limits)
    ones = full(x.shape, 1, x.dtype)
    return select_n(is_close, ones / select_n(is_close, x, ones), scalar_like(0, x.dtype))


def inverse_gaps(values: Any) -> Array:
    """Returns f[..., i, j] = 1 / (values[..., j] - values[..., i]), 0 where they agree."""
    n = values.shape[-1]
    return safe_reciprocal(columns(values, n) - rows_of(values, n), resolution(values))


def inverse_sums(values: Any) -> Array:
    """Returns f[..., i, j] = 1 / (values[..., j] + values[..., i]), 0 where that vanishes."""
    n = values.shape[-1]
    return safe_reciprocal(columns(values, n) + rows_of(values, n), resolution(values))


def inverses(values: Any) -> Array:
    """Returns 1 / values, 0 where they vanish next to the largest."""
    return safe_reciprocal(values, resolution(values))
