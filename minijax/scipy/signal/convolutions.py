"""Convolutions and correlations of arrays of any rank, directly or by Fourier transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.promotion import (
    UnsupportedArgumentError,
    canonical_axes,
    operand,
    promote_dtypes,
    strong,
)
from minijax.primitives.convolution import conv_general_dilated

_MODES = ("full", "same", "valid")


def convolve(
    in1: Any, in2: Any, mode: str = "full", method: str = "auto", precision: Any = None
) -> Array:
    """Returns the convolution of two arrays of the same rank.

    Args:
        in1, in2: arrays, not empty; one is at least as large as the other along every axis.
        mode: "full" for all sums, "same" for as many as `in1` has elements, from the middle,
            "valid" for those that need nothing from outside.
        method: "direct" for sums of products, "fft" by Fourier transforms; "auto" is "direct".
        precision: kept for compatibility.

    Raises:
        ValueError: if the ranks or sizes do not fit, or there is no such mode or method.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import convolve
        >>> convolve(jnp.array([1.0, 2.0, 3.0]), jnp.array([1.0, 1.0]), mode="same")
        Array([1., 3., 5.], dtype=float64)
    """
    if method == "fft":
        return fftconvolve(in1, in2, mode)
    if method not in ("direct", "auto"):
        raise ValueError(f"Got method={method!r}; expected 'auto', 'fft', or 'direct'.")
    return _direct("convolve", in1, in2, mode)


def correlate(
    in1: Any, in2: Any, mode: str = "full", method: str = "auto", precision: Any = None
) -> Array:
    """Returns the correlation of two arrays of the same rank.

    Args:
        in1, in2, mode, method, precision: as for `convolve`; of `in2` the conjugate is taken.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import correlate
        >>> correlate(jnp.array([1.0, 2.0, 3.0]), jnp.array([0.0, 1.0]), mode="valid")
        Array([2., 3.], dtype=float64)
    """
    other = jnp.flip(jnp.conj(operand(in2, "correlate")))
    return convolve(in1, other, mode, method, precision)


def convolve2d(
    in1: Any,
    in2: Any,
    mode: str = "full",
    boundary: str = "fill",
    fillvalue: float = 0,
    precision: Any = None,
) -> Array:
    """Returns the convolution of two matrices.

    Args:
        in1, in2, mode, precision: as for `convolve`.
        boundary, fillvalue: what lies outside; only "fill" with 0 is possible.

    Returns:
        A matrix; for `in1` of shape (m, n) and `in2` of shape (p, q) and mode "full" of shape
        (m + p - 1, n + q - 1).

    Raises:
        ValueError: if the ranks are not 2.
        NotImplementedError: for other boundaries.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import convolve2d
        >>> convolve2d(jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([[1.0, 1.0]]))
        Array([[1., 3., 2.],
               [3., 7., 4.]], dtype=float64)
    """
    _check_planes("convolve2d", in1, in2, boundary, fillvalue)
    return _direct("convolve2d", in1, in2, mode)


def correlate2d(
    in1: Any,
    in2: Any,
    mode: str = "full",
    boundary: str = "fill",
    fillvalue: float = 0,
    precision: Any = None,
) -> Array:
    """Returns the correlation of two matrices.

    Args:
        in1, in2, mode, boundary, fillvalue, precision: as for `convolve2d`; of `in2` the conjugate
            is taken.

    Returns:
        A matrix, of the shape that `convolve2d` gives.

    Raises:
        ValueError: if the ranks are not 2.
        NotImplementedError: for other boundaries.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import correlate2d
        >>> correlate2d(jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.eye(2), mode="valid")
        Array([[5.]], dtype=float64)
    """
    _check_planes("correlate2d", in1, in2, boundary, fillvalue)
    x, y = operand(in1, "correlate2d"), jnp.conj(operand(in2, "correlate2d"))
    is_smaller = all(a <= b for a, b in zip(x.shape, y.shape, strict=True))
    if mode == "valid" and is_smaller and x.shape != y.shape:
        # Which of the two moves decides the order of the results: here as SciPy has it.
        return _direct("correlate2d", jnp.flip(y.conj()), x.conj(), mode)
    if mode != "same" and is_smaller:
        found = _direct("correlate2d", jnp.flip(y.conj()), x.conj(), mode)
        return jnp.conj(found)
    return jnp.flip(_direct("correlate2d", jnp.flip(x), y, mode))


def _check_planes(name: str, in1: Any, in2: Any, boundary: str, fillvalue: float) -> None:
    if boundary != "fill" or fillvalue != 0:
        raise UnsupportedArgumentError(
            f"{name}() only supports boundary='fill', fillvalue=0, got {boundary!r} and "
            f"{fillvalue!r}: pad the array with jnp.pad."
        )
    if jnp.ndim(in1) != 2 or jnp.ndim(in2) != 2:
        raise ValueError(f"{name}() only supports 2-dimensional inputs.")


def _check_mode(mode: str) -> None:
    if mode not in _MODES:
        raise ValueError(f"mode must be one of ['full', 'same', 'valid'], got {mode!r}.")


def _direct(name: str, in1: Any, in2: Any, mode: str) -> Array:
    _check_mode(mode)
    pair: Any = [strong(x) for x in promote_dtypes(name, in1, in2, inexact=True)]
    x, kernel = pair
    if x.ndim != kernel.ndim:
        raise ValueError(
            f"{name}: in1 and in2 need the same number of dimensions, got shapes {x.shape} and "
            f"{kernel.shape}."
        )
    if not x.size or not kernel.size:
        raise ValueError(
            f"{name}: nothing to convolve, zero-size arrays are not supported; got shapes "
            f"{x.shape} and {kernel.shape}."
        )
    wanted = kernel.shape
    if _is_within(x, kernel):
        x, kernel = kernel, x
    elif not _is_within(kernel, x):
        raise ValueError(
            f"{name}: with mode='valid' one input is no smaller than the other along any axis, got "
            f"shapes {x.shape} and {kernel.shape}."
        )
    padding = [_padding(mode, n, m) for n, m in zip(kernel.shape, wanted, strict=True)]
    result: Any = conv_general_dilated(
        x[None, None], jnp.flip(kernel)[None, None], (1,) * x.ndim, padding
    )
    return result[0, 0]


def _is_within(x: Any, y: Any) -> bool:
    return all(a <= b for a, b in zip(x.shape, y.shape, strict=True))


def _padding(mode: str, size: int, second: int) -> tuple[int, int]:
    """Returns how many zeros go before and after an axis.

    Args:
        mode: as for `convolve`.
        size: the length of the kernel.
        second: the length of the second argument, which may be the one that is not the kernel.
    """
    if mode == "valid":
        return 0, 0
    if mode == "full":
        return size - 1, size - 1
    middle = (second - 1) // 2
    return size - 1 - middle, size - second + middle


def fftconvolve(
    in1: Any, in2: Any, mode: str = "full", axes: int | Sequence[int] | None = None
) -> Array:
    """Returns the convolution of two arrays of the same rank, by Fourier transforms.

    Args:
        in1, in2: arrays; along the axes that are not convolved their lengths are equal.
        mode: as for `convolve`.
        axes: the axes to convolve along; by default all.

    Raises:
        ValueError: if the ranks or shapes do not fit, or there is no such mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.signal import fftconvolve
        >>> print(jnp.round(fftconvolve(jnp.array([1.0, 2.0]), jnp.array([1.0, 1.0])), 6))
        [1. 3. 2.]
    """
    pair: Any = [strong(x) for x in promote_dtypes("fftconvolve", in1, in2, inexact=True)]
    x, y = pair
    if x.ndim != y.ndim:
        raise ValueError(
            "fftconvolve: in1 and in2 need the same number of dimensions, got shapes "
            f"{x.shape} and {y.shape}."
        )
    _check_mode(mode)
    every = tuple(range(x.ndim))
    along = every if axes is None else canonical_axes(axes, x.ndim, "fftconvolve")
    if any(x.shape[d] != y.shape[d] for d in every if d not in along):
        raise ValueError(
            f"mapped axes must have same shape; got in1.shape={x.shape} in2.shape={y.shape} "
            f"axes={along}"
        )
    sizes = [(x.shape[d], y.shape[d]) for d in along]
    if mode == "valid" and not (all(a >= b for a, b in sizes) or all(a <= b for a, b in sizes)):
        raise ValueError(
            "For 'valid' mode, One input must be at least as large as the other in every dimension."
        )
    result = _through_fourier(x, y, along, [a + b - 1 for a, b in sizes])
    for d, (a, b) in zip(along, sizes, strict=True):
        length = {"full": a + b - 1, "same": a, "valid": abs(a - b) + 1}[mode]
        start = (a + b - 1 - length) // 2
        result = result[(slice(None),) * d + (slice(start, start + length),)]
    return result


def _through_fourier(x: Any, y: Any, axes: Sequence[int], shape: Sequence[int]) -> Any:
    if all(1 in (x.shape[d], y.shape[d]) for d in axes):
        return x * y
    if dtypes.is_complex(x.dtype):
        forth, back = jnp.fft.fftn, jnp.fft.ifftn
    else:
        forth, back = jnp.fft.rfftn, jnp.fft.irfftn
    return back(forth(x, shape, axes) * forth(y, shape, axes), shape, axes)
