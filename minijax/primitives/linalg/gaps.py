"""Reciprocals of differences of eigenvalues, as the derivatives of eigenvectors have them.

Two eigenvalues agree if they differ by at most n · eps times the largest. The basis of their space
is then arbitrary, and so is how it turns: the reciprocal is taken to be 0, for any derivative.
What is exact then, and what cannot be, for w of one block and s = vᴴ · a' · v in it:

* Sums of g(w) over a block, and projectors onto spaces of separated eigenvalues: exact. The first
  depend on the trace of s alone, the second on no turn within a block.
* Losses of v · diag(g(w)) · vᴴ: the part of the gradient off the diagonal of s in a block, which
  is g'(w) · s, is missing, unless the gradient for the matrix commutes with it (as for spectral
  functions). No rule of (v, w) can have it: it is not a function of the values of g at w.
  Use functions with a derivative of their own: sqrtm, expm, funm, pinv, polar, matrix_power.
* Second derivatives contain gradients of the second kind, so they are exact for the sum of the
  eigenvalues of a block, but not for other functions of them.
* Singular values: sums s_i + s_j keep their part, so that u · vᴴ, the nuclear norm and both
  their derivatives are exact wherever no singular value is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.primitives.arithmetic import abs as magnitude
from minijax.primitives.arithmetic import mul
from minijax.primitives.broadcast import broadcast_in_dim, full
from minijax.primitives.compare import le, select_n
from minijax.primitives.families import scalar_like
from minijax.primitives.identities import stop_gradient
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
