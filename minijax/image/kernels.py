"""What neighbours count for at a distance, and the matrices of resampling along one axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core.operators import Array

Kernel = Callable[[Any], Any]

# A sum of weights below this is rounding, and not divided by.
_NOTHING = 1000 * float(np.finfo(np.float32).eps)


def triangle(x: Any) -> Any:
    """Returns the weights of linear interpolation at distances."""
    return jnp.maximum(0, 1 - x)


def cubic(slope: float) -> Kernel:
    """Returns the kernel of cubic convolution with a given slope at distance 1.

    Source:
        R. Keys, Cubic convolution interpolation for digital image processing, 1981.
    """

    def kernel(x: Any) -> Any:
        near = ((slope + 2) * x - (slope + 3)) * x * x + 1
        far = ((slope * x - 5 * slope) * x + 8 * slope) * x - 4 * slope
        return jnp.where(x >= 2, 0, jnp.where(x >= 1, far, near))

    return kernel


def lanczos(radius: int) -> Kernel:
    """Returns the kernel sinc(x) sinc(x / radius), zero outside of the radius."""

    def kernel(x: Any) -> Any:
        square = jnp.where(x != 0, math.pi**2 * x**2, 1)
        value = radius * jnp.sin(math.pi * x) * jnp.sin(math.pi * x / radius) / square
        return jnp.where(x > radius, 0, jnp.where(x > 1e-3, value, 1))

    return kernel


def area_matrix(size: int, out_size: int, scale: Any, translation: Any) -> Array:
    """Returns what each input pixel counts for in each output pixel: what they have in common."""
    step = 1 / scale
    left = (jnp.arange(out_size, dtype=step.dtype) - translation) * step
    start = jnp.arange(size, dtype=step.dtype)[:, None]
    overlap = jnp.minimum(left + step, start + 1) - jnp.maximum(left, start)
    return _inside(_shares(jnp.maximum(0, overlap)), size, _centers(out_size, scale, translation))


def kernel_matrix(
    size: int, out_size: int, scale: Any, translation: Any, kernel: Kernel, antialias: bool
) -> Array:
    """Returns what each input pixel counts for in each output pixel.

    Args:
        size, out_size: the lengths of the axis.
        scale, translation: input coordinate x becomes scale · x + translation; rank 0.
        kernel: of distances in input pixels.
        antialias: whether it is stretched to output pixels where those are larger.

    Returns:
        A matrix of shape (size, out_size) whose columns sum to 1, or are zero for pixels that come
        from outside.
    """
    centers = _centers(out_size, scale, translation)
    width = jnp.maximum(1 / scale, 1) if antialias else 1
    pixels = jnp.arange(size, dtype=centers.dtype)[:, None]
    return _inside(_shares(kernel(jnp.abs(centers - pixels) / width)), size, centers)


def repeated_edge_matrix(
    size: int, out_size: int, scale: Any, translation: Any, kernel: Kernel, radius: int
) -> Array:
    """Returns such a matrix for an image that goes on outside as at its edge."""
    centers = _centers(out_size, scale, translation)
    pixels = np.arange(-radius, size + radius)
    weights = kernel(jnp.abs(centers - jnp.asarray(pixels, centers.dtype)[:, None]))
    matrix = jnp.zeros((size, out_size), centers.dtype)
    return _shares(matrix.at[np.clip(pixels, 0, size - 1)].add(weights))


def _centers(out_size: int, scale: Any, translation: Any) -> Any:
    """Returns where the centers of output pixels lie in input pixels."""
    step = 1 / scale
    return (jnp.arange(out_size, dtype=step.dtype) + 0.5) * step - translation * step - 0.5


def _shares(weights: Any) -> Any:
    total: Any = jnp.sum(weights, axis=0, keepdims=True)
    safe = jnp.where(total != 0, total, 1)
    return jnp.where(jnp.abs(total) > _NOTHING, weights / safe, 0)


def _inside(weights: Any, size: int, centers: Any) -> Any:
    return jnp.where((centers >= -0.5) & (centers <= size - 0.5), weights, 0)
