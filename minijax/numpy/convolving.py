"""Convolution and correlation of two sequences."""

from __future__ import annotations

from typing import Any

from minijax.core.operators import Array
from minijax.numpy.axes import flip
from minijax.numpy.creation import asarray
from minijax.numpy.elementary import conjugate
from minijax.numpy.promotion import promote_dtypes, strong
from minijax.primitives.broadcast import full
from minijax.primitives.convolution import conv_general_dilated
from minijax.primitives.joining import pad


def convolve(
    a: Any,
    v: Any,
    mode: str = "full",
    *,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Array:
    """Returns the convolution of two sequences: the sums over i of a[i] · v[k - i].

    Args:
        a, v: arrays of shapes (n,) and (m,), not empty.
        mode: "full" for all n + m - 1 sums, "same" for the middle max(n, m) of them, "valid" for
            those that need no terms from outside.
        precision: kept for compatibility.
        preferred_element_type: the dtype to accumulate in.

    Raises:
        ValueError: if an array is empty or not of rank 1, or there is no such mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.convolve(jnp.array([1.0, 2.0, 3.0]), jnp.array([1.0, 1.0]))
        Array([1., 3., 5., 3.], dtype=float64)
    """
    return _convolve("convolve", a, v, mode, preferred_element_type)


def correlate(
    a: Any,
    v: Any,
    mode: str = "valid",
    *,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Array:
    """Returns the correlation of two sequences: the sums over i of a[i + k] · conj(v[i]).

    Args:
        a, v, mode, precision, preferred_element_type: as for `convolve`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.correlate(jnp.array([1.0, 2.0, 3.0]), jnp.array([0.0, 1.0]))
        Array([2., 3.], dtype=float64)
    """
    other = flip(conjugate(asarray(v)))
    return _convolve("correlate", a, other, mode, preferred_element_type)


def _convolve(name: str, a: Any, v: Any, mode: str, dtype: Any) -> Array:
    x, kernel = (strong(y) for y in promote_dtypes(name, asarray(a), asarray(v), inexact=True))
    if x.ndim != 1 or kernel.ndim != 1 or not x.size or not kernel.size:
        raise ValueError(
            f"{name} takes two sequences that are not empty, got shapes {x.shape} and "
            f"{kernel.shape}."
        )
    is_swapped = x.size < kernel.size
    if is_swapped:
        x, kernel = kernel, x
    n = kernel.size
    # Of an even kernel the middle is the right one of two; a correlation swaps the sides as well.
    middle = (n - 1) // 2 if is_swapped and name == "correlate" else n // 2
    paddings = {"full": (n - 1, n - 1), "same": (middle, n - 1 - middle), "valid": (0, 0)}
    if mode not in paddings:
        raise ValueError(f'{name}: mode is "full", "same" or "valid", got {mode!r}.')
    # A pad of its own is stored once; as part of the sums every term would be asked if it exists.
    left: Any = pad(x, full((), 0, x.dtype), [(*paddings[mode], 0)])
    right: Any = flip(kernel)
    result = conv_general_dilated(
        left[None, None],
        right[None, None],
        (1,),
        [(0, 0)],
        preferred_element_type=dtype,
    )
    return result[0, 0]
