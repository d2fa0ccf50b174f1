"""Discrete cosine transforms of type 2 and their inverses."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax import lax
from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.primitives.shape import canonical_axis
from minijax.scipy.operands import one

_HALF = (dtypes.bfloat16, dtypes.float16)


def _checked(name: str, x: Any, kind: int, norm: str | None) -> Array:
    if kind != 2:
        raise ValueError(f"{name} is of type 2, got type={kind!r}: leave the argument out.")
    if norm not in (None, "backward", "ortho"):
        raise ValueError(f"{name}: norm is None, 'backward' or 'ortho', got {norm!r}.")
    x = one(name, x)
    return x.astype(dtypes.float32) if x.dtype in _HALF else x


def _fitted(name: str, x: Array, n: Any, axis: int) -> Array:
    """Returns an array cut, or filled with zeros, to the length n along an axis."""
    size = x.shape[axis] if n is None else operator.index(n)
    if size < 1:
        raise ValueError(f"{name} needs a positive length, got {size} for shape {x.shape}.")
    change = size - x.shape[axis]
    if not change:
        return x
    zero = jnp.zeros((), x.dtype)
    return lax.pad(x, zero, [(0, change if i == axis else 0, 0) for i in range(x.ndim)])


def _along_last(function: Callable[[Array], Array], x: Array, axis: int) -> Array:
    if dtypes.is_complex(x.dtype):
        parts = _along_last(function, x.real, axis), _along_last(function, x.imag, axis)
        return lax.complex(*parts)
    return jnp.moveaxis(function(jnp.moveaxis(x, axis, -1)), -1, axis)


def _angles(x: Array) -> tuple[np.ndarray, np.ndarray]:
    n = x.shape[-1]
    angle = np.arange(n) * (math.pi / (2 * n))
    return np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)


def _orthogonal_scale(x: Array) -> np.ndarray:
    n = x.shape[-1]
    scale = np.full(n, math.sqrt(0.5 / n))
    scale[0] = math.sqrt(0.25 / n)
    return scale.astype(x.dtype)


def _transform(x: Array, is_ortho: bool) -> Array:
    """Makhoul's method: one Fourier transform of the even elements and the odd ones reversed."""
    cosine, sine = _angles(x)
    reordered = jnp.concatenate([x[..., ::2], x[..., 1::2][..., ::-1]], -1)
    spectrum = jnp.fft.fft(reordered)
    found = 2 * (spectrum.real * cosine + spectrum.imag * sine)
    return found * _orthogonal_scale(x) if is_ortho else found


def _inverse(x: Array, is_ortho: bool) -> Array:
    cosine, sine = _angles(x)
    x = x / _orthogonal_scale(x) if is_ortho else x
    n = x.shape[-1]
    mirrored = jnp.concatenate([jnp.zeros_like(x[..., :1]), x[..., :0:-1]], -1)
    # e^(iθ) (x - i mirrored) / 2
    real, imaginary = x * cosine + mirrored * sine, x * sine - mirrored * cosine
    found = jnp.fft.ifft(lax.complex(real, imaginary) / 2).real
    half = (n + 1) // 2
    even, odd = found[..., :half], found[..., half:][..., ::-1]
    if n % 2:
        odd = jnp.concatenate([odd, jnp.zeros_like(odd, shape=(*odd.shape[:-1], 1))], -1)
    return jnp.stack([even, odd], -1).reshape((*x.shape[:-1], 2 * half))[..., :n]


def _one_axis(
    name: str, step: Callable[[Array, bool], Array], x: Array, n: Any, axis: int, norm: Any
) -> Array:
    place = canonical_axis(name, operator.index(axis), x.ndim)
    fitted = _fitted(name, x, n, place)
    return _along_last(lambda v: step(v, norm == "ortho"), fitted, place)


def _all_axes(
    name: str, step: Callable[[Array, bool], Array], x: Array, s: Any, axes: Any, norm: Any
) -> Array:
    if isinstance(axes, int):
        axes = (axes,)
    if axes is None:
        count = x.ndim if s is None else len(s)
        axes = range(x.ndim - count, x.ndim)
    sizes = [None] * len(axes) if s is None else list(s)
    if len(sizes) != len(axes) or len(sizes) > x.ndim:
        raise ValueError(
            f"{name} of an array of shape {x.shape} takes one length for each axis, got "
            f"s={s} and axes={tuple(axes)}."
        )
    for n, axis in zip(sizes, axes, strict=True):
        x = _one_axis(name, step, x, n, axis, norm)
    return x


def dct(
    x: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    """Returns the discrete cosine transform of type 2 along an axis.

    Args:
        x: an array.
        type: must be 2.
        n: the length: the axis is cut or filled with zeros; by default its length.
        axis: the axis.
        norm: "ortho" makes the transform orthogonal; "backward" is None.

    Returns:
        2 Σ xₖ cos(π j (2k + 1) / 2n) for j = 0 … n-1.

    Raises:
        ValueError: if `type`, `norm`, the length or the axis does not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.fft.dct(jnp.array([1.0, 1.0]))
        Array([4., 0.], dtype=float64)

    Source:
        Makhoul, A fast cosine transform in one and two dimensions, 1980.
    """
    x = _checked("fft.dct", x, type, norm)
    return _one_axis("fft.dct", _transform, x, n, axis, norm)


def idct(
    x: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    """Returns the inverse of `dct` along an axis; the arguments are the same.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.fft.idct(jnp.array([4.0, 0.0]))
        Array([1., 1.], dtype=float64)

    Args:
        x: an array.
        type: the kind of transform, 2 by default.
        n: the length along the axis; by default its length.
        axis: the axis.
        norm: "backward", "ortho" or "forward": which direction is scaled.
    """
    x = _checked("fft.idct", x, type, norm)
    return _one_axis("fft.idct", _inverse, x, n, axis, norm)


def dctn(
    x: Any,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Array:
    """Returns the discrete cosine transform of type 2 along several axes.

    Args:
        x: an array.
        type: must be 2.
        s: the length along each axis; by default the lengths there are.
        axes: the axes; by default all, or the last ones if `s` is given.
        norm: as for `dct`.

    Raises:
        ValueError: if `type`, `norm`, lengths or axes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> jsp.fft.dctn(jnp.ones((1, 2)))
        Array([[8., 0.]], dtype=float64)
    """
    x = _checked("fft.dctn", x, type, norm)
    return _all_axes("fft.dctn", _transform, x, s, axes, norm)


def idctn(
    x: Any,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Array:
    """Returns the inverse of `dctn`; the arguments are the same.

    Args:
        x: an array.
        type: the kind of transform, 2 by default.
        s: the lengths along the axes; by default those of the array.
        axes: the axes; by default all.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> import minijax.scipy as jsp
        >>> x = jnp.array([[1.0, 2.0], [3.0, 5.0]])
        >>> bool(jnp.allclose(jsp.fft.idctn(jsp.fft.dctn(x)), x))
        True
    """
    x = _checked("fft.idctn", x, type, norm)
    return _all_axes("fft.idctn", _inverse, x, s, axes, norm)
