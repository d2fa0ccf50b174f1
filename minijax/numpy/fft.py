"""Discrete Fourier transforms, as in `numpy.fft`."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.numpy.axes import moveaxis
from minijax.numpy.dtypes import to_dtype
from minijax.numpy.elementary import conj
from minijax.numpy.joining import concatenate, roll
from minijax.numpy.promotion import convert, inexact
from minijax.numpy.ranges import arange
from minijax.numpy.ufuncs import divide, multiply
from minijax.primitives.broadcast import full
from minijax.primitives.fft import FftType
from minijax.primitives.fft import fft as transform
from minijax.primitives.joining import pad
from minijax.primitives.shape import canonical_axis

_HALF = (dtypes.bfloat16, dtypes.float16)
_OPPOSITE = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}
_SPECTRUM = (FftType.RFFT, FftType.IRFFT)


# -- what all of them do


def _sizes(name: str, x: Array, kind: FftType, s: Any, axes: Sequence[int]) -> tuple[int, ...]:
    """Returns the lengths of the transform along each axis."""
    if s is None:
        found = [x.shape[axis] for axis in axes]
        if kind is FftType.IRFFT:
            found[-1] = 2 * (found[-1] - 1)
    else:
        found = [operator.index(n) for n in s]
    if len(found) != len(axes) or any(n < 1 for n in found):
        raise ValueError(
            f"{name}: an array of shape {x.shape} along axes {tuple(axes)} needs one positive "
            f"length for each axis, got {tuple(found)}: give the lengths, or a larger array."
        )
    return tuple(found)


def _axes(name: str, x: Array, s: Any, axes: Any) -> list[int]:
    if axes is None:
        count = x.ndim if s is None else len(s)
        axes = range(x.ndim - count, x.ndim)
    found = [canonical_axis(name, operator.index(axis), x.ndim) for axis in axes]
    if len(set(found)) < len(found) or (s is not None and len(s) != len(found)):
        raise ValueError(
            f"{name} needs distinct axes and one length for each, got axes {tuple(found)} and "
            f"lengths {s}."
        )
    return found


def _fitted(x: Array, sizes: Sequence[int]) -> Array:
    """Returns an array whose last axes are cut, or filled with zeros, to the given lengths."""
    lead = x.ndim - len(sizes)
    changes = [n - own for n, own in zip(sizes, x.shape[lead:], strict=True)]
    if not any(changes):
        return x
    zero = full((), 0, x.dtype)
    return pad(x, zero, [(0, 0, 0)] * lead + [(0, change, 0) for change in changes])


def _scale(name: str, kind: FftType, norm: str | None, size: int) -> float:
    if norm not in _OPPOSITE:
        raise ValueError(
            f"{name}: norm is 'backward' (or None), 'ortho' or 'forward', got {norm!r}."
        )
    forward = {None: 1.0, "backward": 1.0, "ortho": 1 / math.sqrt(size), "forward": 1 / size}
    # The inverse transforms divide by the size already.
    is_forward = kind in (FftType.FFT, FftType.RFFT)
    return forward[norm] if is_forward else size * forward[_OPPOSITE[norm]]


def _transform(name: str, kind: FftType, a: Any, s: Any, axes: Any, norm: str | None) -> Array:
    x = inexact(name, a)
    if kind is FftType.RFFT and dtypes.is_complex(x.dtype):
        raise ValueError(f"{name} takes real arrays, got {x.aval}: use the transform without 'r'.")
    if x.dtype in _HALF:
        x = convert(x, dtypes.float32)
    places = _axes(name, x, s, axes)
    if not places:
        return x
    sizes = _sizes(name, x, kind, s, places)
    scale = _scale(name, kind, norm, math.prod(sizes))
    last = tuple(range(x.ndim - len(places), x.ndim))
    kept = (*sizes[:-1], sizes[-1] // 2 + 1) if kind is FftType.IRFFT else sizes
    found = transform(_fitted(moveaxis(x, tuple(places), last), kept), kind, sizes)
    scaled = found if scale == 1 else multiply(found, scale)
    return moveaxis(scaled, last, tuple(places))


def _one(name: str, kind: FftType, a: Any, n: Any, axis: int, norm: str | None) -> Array:
    return _transform(name, kind, a, None if n is None else (n,), (axis,), norm)


# -- along one axis


def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """Returns the discrete Fourier transform along an axis.

    Args:
        a: an array.
        n: the length of the transform: the axis is cut or filled with zeros; by default its length.
        axis: the axis.
        norm: "backward" (the default) scales the inverse by 1/n, "forward" this transform, "ortho"
            each by 1/√n.

    Returns:
        A complex array.

    Raises:
        ValueError: if the axis, the length or the norm does not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.fft(jnp.array([1.0, 0.0, 0.0, 0.0])).real
        Array([1., 1., 1., 1.], dtype=float64)
    """
    return _one("fft.fft", FftType.FFT, a, n, axis, norm)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """Returns the inverse of `fft` along an axis.

    Args:
        a: an array.
        n: the length along the axis.
        axis: the axis or axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.ifft(jnp.fft.fft(jnp.array([1.0, 2.0, 4.0]))).real
        Array([1., 2., 4.], dtype=float64)
    """
    return _one("fft.ifft", FftType.IFFT, a, n, axis, norm)


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """Returns the first half of the transform of a real array, n//2 + 1 elements.

    Args:
        a: an array.
        n: the length along the axis.
        axis: the axis or axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Raises:
        TypeError: if the array is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.rfft(jnp.array([1.0, 2.0, 3.0])).shape
        (2,)
    """
    return _one("fft.rfft", FftType.RFFT, a, n, axis, norm)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """Returns the inverse of `rfft`: a real array.

    Args:
        a: the first half of a spectrum.
        n: the length of the result; by default 2(m - 1) for m elements along the axis.
        axis: the axis.
        norm: as for `fft`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.irfft(jnp.fft.rfft(jnp.array([1.0, 2.0, 4.0])), 3)
        Array([1., 2., 4.], dtype=float64)
    """
    return _one("fft.irfft", FftType.IRFFT, a, n, axis, norm)


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """Returns the real transform of an array that is the first half of a Hermitian one.

    Args:
        a: an array.
        n: the length along the axis.
        axis: the axis or axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.hfft(jnp.array([1.0, 2.0, 0.0]))
        Array([ 5.,  1., -3.,  1.], dtype=float64)
    """
    _scale("fft.hfft", FftType.FFT, norm, 1)
    return _one("fft.hfft", FftType.IRFFT, conj(a), n, axis, _OPPOSITE[norm])


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """Returns the inverse of `hfft`: the first half of a Hermitian array.

    Args:
        a: an array.
        n: the length along the axis.
        axis: the axis or axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.ihfft(jnp.fft.hfft(jnp.array([1.0, 2.0, 0.0]))).real
        Array([1., 2., 0.], dtype=float64)
    """
    _scale("fft.ihfft", FftType.FFT, norm, 1)
    return conj(_one("fft.ihfft", FftType.RFFT, a, n, axis, _OPPOSITE[norm]))


# -- along several axes


def fftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
    """Returns the discrete Fourier transform along several axes.

    Args:
        a: an array.
        s: the length along each axis; by default the lengths there are.
        axes: the axes; by default all, or the last ones if `s` is given.
        norm: as for `fft`.

    Raises:
        ValueError: if axes, lengths or the norm do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.fftn(jnp.ones((2, 2))).real
        Array([[4., 0.],
               [0., 0.]], dtype=float64)
    """
    return _transform("fft.fftn", FftType.FFT, a, s, axes, norm)


def ifftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
    """Returns the inverse of `fftn`.

    Args:
        a: an array.
        s: the lengths along the axes; those of the array if None.
        axes: the axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.ifftn(jnp.fft.fftn(jnp.array([[1.0, 2.0], [3.0, 4.0]]))).real
        Array([[1., 2.],
               [3., 4.]], dtype=float64)
    """
    return _transform("fft.ifftn", FftType.IFFT, a, s, axes, norm)


def rfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
    """Returns the transform of a real array along several axes, half of it along the last one.

    Args:
        a: an array.
        s: the lengths along the axes; those of the array if None.
        axes: the axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Raises:
        TypeError: if the array is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.rfftn(jnp.ones((4, 6))).shape
        (4, 4)
    """
    return _transform("fft.rfftn", FftType.RFFT, a, s, axes, norm)


def irfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
    """Returns the inverse of `rfftn`: a real array.

    Args:
        a: an array.
        s: the lengths along the axes; those of the array if None.
        axes: the axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.array([[1.0, 2.0, 4.0], [0.0, 1.0, 0.0]])
        >>> bool(jnp.allclose(jnp.fft.irfftn(jnp.fft.rfftn(x), s=x.shape), x))
        True
    """
    return _transform("fft.irfftn", FftType.IRFFT, a, s, axes, norm)


def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """Returns the discrete Fourier transform along two axes.

    Args:
        a: an array.
        s: the lengths along the axes; those of the array if None.
        axes: the axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.fft2(jnp.array([[1.0, 0.0], [0.0, 0.0]])).real
        Array([[1., 1.],
               [1., 1.]], dtype=float64)
    """
    return _transform("fft.fft2", FftType.FFT, a, s, axes, norm)


def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """Returns the inverse of `fft2`.

    Args:
        a: an array.
        s: the lengths along the axes; those of the array if None.
        axes: the axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.ifft2(jnp.ones((2, 2))).real
        Array([[1., 0.],
               [0., 0.]], dtype=float64)
    """
    return _transform("fft.ifft2", FftType.IFFT, a, s, axes, norm)


def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """Returns the transform of a real array along two axes, half of it along the second.

    Args:
        a: an array.
        s: the lengths along the axes; those of the array if None.
        axes: the axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Raises:
        TypeError: if the array is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.rfft2(jnp.ones((3, 4, 6))).shape
        (3, 4, 4)
    """
    return _transform("fft.rfft2", FftType.RFFT, a, s, axes, norm)


def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """Returns the inverse of `rfft2`: a real array.

    Args:
        a: an array.
        s: the lengths along the axes; those of the array if None.
        axes: the axes.
        norm: "backward", "ortho" or "forward": which direction is scaled.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.irfft2(jnp.fft.rfft2(jnp.array([[1.0, 2.0], [3.0, 4.0]])))
        Array([[1., 2.],
               [3., 4.]], dtype=float64)
    """
    return _transform("fft.irfft2", FftType.IRFFT, a, s, axes, norm)


# -- frequencies


def _frequencies(name: str, numerators: Any, n: Any, d: Any, dtype: Any) -> Array:
    size = operator.index(n)
    if size < 1:
        raise ValueError(f"{name} needs a positive number of elements, got {n}.")
    numbers = numerators(size)
    chosen = dtypes.canonical(float) if dtype is None else to_dtype(dtype)
    return divide(numbers.astype(chosen), multiply(d, size))


def fftfreq(n: int, d: Any = 1.0, *, dtype: Any = None, device: Any = None) -> Array:
    """Returns the frequencies of the elements of a transform of length n.

    Args:
        n: the length.
        d: the distance of samples.
        dtype: the dtype of the result.
        device: for compatibility; without effect.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.fftfreq(4)
        Array([ 0.  ,  0.25, -0.5 , -0.25], dtype=float64)
    """

    def numerators(size: int) -> Array:
        half = (size + 1) // 2
        return concatenate([arange(half), arange(half - size, 0)])

    return _frequencies("fft.fftfreq", numerators, n, d, dtype)


def rfftfreq(n: int, d: Any = 1.0, *, dtype: Any = None, device: Any = None) -> Array:
    """Returns the frequencies of the elements of the transform of a real array of length n.

    Args:
        n: the length along the axis.
        d: the distance of samples.
        dtype: the dtype of the result.
        device: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.rfftfreq(4)
        Array([0.  , 0.25, 0.5 ], dtype=float64)
    """
    return _frequencies("fft.rfftfreq", lambda size: arange(size // 2 + 1), n, d, dtype)


def _shifted(x: Any, axes: Any, forward: bool) -> Array:
    shape = x.shape
    if axes is None:
        axes = tuple(range(len(shape)))
    places = (axes,) if isinstance(axes, int) else tuple(axes)
    shifts = tuple(shape[axis] // 2 if forward else -(shape[axis] // 2) for axis in places)
    return roll(x, shifts, places)


def fftshift(x: Any, axes: Any = None) -> Array:
    """Returns a spectrum with the zero frequency in the middle of each axis.

    Args:
        x: an array.
        axes: the axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.fftshift(jnp.array([0, 1, 2, -2, -1]))
        Array([-2, -1,  0,  1,  2], dtype=int64)
    """
    return _shifted(x, axes, forward=True)


def ifftshift(x: Any, axes: Any = None) -> Array:
    """Returns the inverse of `fftshift`.

    Args:
        x: an array.
        axes: the axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fft.ifftshift(jnp.fft.fftshift(jnp.arange(5)))
        Array([0, 1, 2, 3, 4], dtype=int64)
    """
    return _shifted(x, axes, forward=False)


_guard_functions(globals())
