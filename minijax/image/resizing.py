"""resize and scale_and_translate."""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.image.kernels import (
    area_matrix,
    cubic,
    kernel_matrix,
    lanczos,
    repeated_edge_matrix,
    triangle,
)
from minijax.numpy.promotion import canonical_axis, promote_dtypes
from minijax.primitives.dot import Precision
from minijax.transforms.jit import jit

Matrix = Callable[[int, int, Any, Any], Array]


class ResizeMethod(enum.Enum):
    """How pixels between pixels are found.

    Attributes:
        NEAREST: the nearest one.
        LINEAR: linear interpolation.
        LANCZOS3, LANCZOS5: a windowed sinc of radius 3 or 5.
        CUBIC: cubic convolution with slope -1/2.
        CUBIC_PYTORCH: the same with antialiasing; without it with slope -3/4 and repeated edges.
        AREA: the mean over the area of the new pixel.
    """

    NEAREST = 0
    LINEAR = 1
    LANCZOS3 = 2
    LANCZOS5 = 3
    CUBIC = 4
    CUBIC_PYTORCH = 5
    AREA = 6

    @staticmethod
    def from_string(s: str) -> ResizeMethod:
        """Returns the method of a name."""
        if s not in _NAMES:
            raise ValueError(f"Unknown resize method {s!r}; there are {sorted(_NAMES)}.")
        return _NAMES[s]


_NAMES = {
    "nearest": ResizeMethod.NEAREST,
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), ResizeMethod.LINEAR),
    "lanczos3": ResizeMethod.LANCZOS3,
    "lanczos5": ResizeMethod.LANCZOS5,
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), ResizeMethod.CUBIC),
    **dict.fromkeys(("cubic-pytorch", "bicubic-pytorch"), ResizeMethod.CUBIC_PYTORCH),
    "area": ResizeMethod.AREA,
}
_KERNELS = {
    ResizeMethod.LINEAR: triangle,
    ResizeMethod.LANCZOS3: lanczos(3),
    ResizeMethod.LANCZOS5: lanczos(5),
    ResizeMethod.CUBIC: cubic(-0.5),
    ResizeMethod.CUBIC_PYTORCH: cubic(-0.5),
}


def resize(
    image: Any,
    shape: Sequence[int],
    method: str | ResizeMethod,
    antialias: bool = True,
    precision: Any = Precision.HIGHEST,
) -> Array:
    """Returns an image in another size.

    Args:
        image: an array; axes of batches and channels are axes whose length does not change.
        shape: the new shape, of the same rank.
        method: a `ResizeMethod` or its name: "nearest", "linear", "cubic", "cubic-pytorch",
            "lanczos3", "lanczos5", "area".
        antialias: whether more pixels than the nearest take part when the image becomes smaller.
        precision: kept for compatibility.

    Returns:
        An array of the new shape; of a floating dtype, except for "nearest".

    Raises:
        ValueError: if `shape` has another rank, or there is no such method.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> print(mj.image.resize(jnp.array([0.0, 2.0]), (4,), "linear"))
        [0.  0.5 1.5 2. ]
    """
    x: Any = to_array(image)
    out_shape = tuple(operator.index(n) for n in shape)
    if len(out_shape) != x.ndim:
        raise ValueError(
            "shape must have length equal to the number of dimensions of x; "
            f" {out_shape} vs {x.shape}"
        )
    return _resize(x, out_shape, _method(method), bool(antialias))


@partial(jit, static_argnums=(1, 2, 3))
def _resize(x: Any, shape: tuple[int, ...], method: ResizeMethod, antialias: bool) -> Array:
    axes = [d for d, (old, new) in enumerate(zip(x.shape, shape, strict=True)) if old != new]
    if method is ResizeMethod.NEAREST:
        for d in axes:
            x = jnp.take(x, _nearest_indices(x.shape[d], shape[d]), axis=d)
        return x
    x = promote_dtypes("resize", x, inexact=True)[0]
    factors = [np.asarray(shape[d] / x.shape[d] if shape[d] else 1.0) for d in axes]
    moves = [np.zeros(()) for _ in axes]
    return _resample(x, shape, axes, factors, moves, _matrix(method, antialias))


def _nearest_indices(size: int, out_size: int) -> np.ndarray:
    # Single precision decides ties as the oracle does.
    centers = np.arange(out_size, dtype=np.float32) + np.float32(0.5)
    return np.floor(centers * np.float32(size) / np.float32(max(out_size, 1))).astype(np.int32)


def scale_and_translate(
    image: Any,
    shape: Sequence[int],
    spatial_dims: Sequence[int],
    scale: Any,
    translation: Any,
    method: str | ResizeMethod,
    antialias: bool = True,
    precision: Any = Precision.HIGHEST,
) -> Array:
    """Returns an image stretched and moved: what was at x is at scale · x + translation.

    Args:
        image: an array.
        shape: the new shape, of the same rank; equal along axes that are not spatial.
        spatial_dims: the axes that are stretched.
        scale, translation: a number for each of those axes; they can be differentiated.
        method, antialias, precision: as for `resize`, except "nearest".

    Returns:
        An array of the new shape; zero where it shows what is not in the image.

    Raises:
        ValueError: if `shape` has another rank, or the method is "nearest" or not known.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> one = jnp.ones(1)
        >>> print(mj.image.scale_and_translate(jnp.arange(3.0), (3,), (0,), one, one, "linear"))
        [0. 0. 1.]
    """
    x: Any = to_array(image)
    out_shape = tuple(operator.index(n) for n in shape)
    if len(out_shape) != x.ndim:
        raise ValueError(
            "shape must have length equal to the number of dimensions of x; "
            f" {out_shape} vs {x.shape}"
        )
    chosen = _method(method)
    if chosen is ResizeMethod.NEAREST:
        raise ValueError(
            "Nearest neighbor resampling is not currently supported for scale_and_translate."
        )
    x = promote_dtypes("scale_and_translate", x, inexact=True)[0]
    factors, moves = promote_dtypes(
        "scale_and_translate", jnp.asarray(scale), jnp.asarray(translation), inexact=True
    )
    axes = [canonical_axis(d, x.ndim, "scale_and_translate") for d in spatial_dims]
    if factors.shape != (len(axes),) or moves.shape != (len(axes),):
        raise ValueError(
            f"scale_and_translate needs one scale and one translation for each of {len(axes)} "
            f"axes, got shapes {factors.shape} and {moves.shape}."
        )
    parts = list(factors), list(moves)
    return _resample(x, out_shape, axes, *parts, _matrix(chosen, bool(antialias)))


def _method(method: str | ResizeMethod) -> ResizeMethod:
    return method if isinstance(method, ResizeMethod) else ResizeMethod.from_string(method)


def _matrix(method: ResizeMethod, antialias: bool) -> Matrix:
    if method is ResizeMethod.AREA:
        return area_matrix
    if method is ResizeMethod.CUBIC_PYTORCH and not antialias:
        return partial(repeated_edge_matrix, kernel=cubic(-0.75), radius=2)
    return partial(kernel_matrix, kernel=_KERNELS[method], antialias=antialias)


def _resample(
    x: Any,
    shape: tuple[int, ...],
    axes: Sequence[int],
    scales: Sequence[Any],
    translations: Sequence[Any],
    matrix: Matrix,
) -> Array:
    # Axes that shrink most come first: what remains to be multiplied is small.
    order = sorted(range(len(axes)), key=lambda i: shape[axes[i]] / max(x.shape[axes[i]], 1))
    for i in order:
        d = axes[i]
        weights = matrix(x.shape[d], shape[d], scales[i], translations[i]).astype(x.dtype)
        x = jnp.moveaxis(jnp.tensordot(x, weights, axes=((d,), (0,))), -1, d)
    return x
