"""Polynomials as arrays of coefficients, of the highest power first."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import value_of
from minijax.core.operators import Array
from minijax.core.trace import Tracer
from minijax.numpy import reductions, ufuncs
from minijax.numpy.axes import reshape
from minijax.numpy.convolving import convolve
from minijax.numpy.creation import ones, zeros
from minijax.numpy.dtypes import finfo
from minijax.numpy.equations import inv, lstsq
from minijax.numpy.factorizations import eigvals
from minijax.numpy.joining import concatenate, roll
from minijax.numpy.linear import dot, outer
from minijax.numpy.matrices import diag, vander
from minijax.numpy.promotion import inexact, operand, promote_dtypes, strong
from minijax.numpy.ranges import arange
from minijax.numpy.selection import where
from minijax.numpy.sorting import argsort


def _aligned(name: str, a1: Any, a2: Any) -> tuple[Any, Any]:
    """Returns two polynomials of one dtype with leading zeros that make them equally long."""
    first, second = promote_dtypes(name, a1, a2)
    if not first.ndim or not second.ndim:
        raise IndexError(f"{name}: coefficients come in a sequence, got a number.")
    length = max(first.shape[0], second.shape[0])
    return _lengthened(first, length), _lengthened(second, length)


def _lengthened(p: Array, length: int) -> Array:
    missing = length - p.shape[0]
    if not missing:
        return p
    return concatenate([zeros((missing, *p.shape[1:]), p.dtype), p])


def polyadd(a1: Any, a2: Any) -> Array:
    """Returns the sum of two polynomials.

    Args:
        a1, a2: coefficients, arrays of shapes (n,) and (m,).

    Returns:
        An array of shape (max(n, m),).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.polyadd(jnp.array([1, 2, 3]), jnp.array([10]))
        Array([ 1,  2, 13], dtype=int64)
    """
    return ufuncs.add(*_aligned("polyadd", a1, a2))


def polysub(a1: Any, a2: Any) -> Array:
    """Returns the difference of two polynomials; arguments as for `polyadd`.

    Args:
        a1: the first array.
        a2: the second array.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.polysub(jnp.array([1, 2, 3]), jnp.array([3]))
        Array([1, 2, 0], dtype=int64)
    """
    return ufuncs.subtract(*_aligned("polysub", a1, a2))


def _trimmed(name: str, p: Array, is_wanted: bool) -> Array:
    """Returns a polynomial without leading zeros, where its values may be looked at."""
    if not is_wanted:
        return p
    nonzero = np.flatnonzero(_known(name, p))
    return p[int(nonzero[0]) if nonzero.size else p.shape[0] :]


def _known(name: str, p: Array) -> np.ndarray:
    known = p.concrete() if isinstance(p, Tracer) else p
    if known is None:
        from_tracing = f"{name}: how many zeros lead depends on values, which are traced here."
        raise TypeError(f"{from_tracing} Keep the zeros with strip_zeros/trim_leading_zeros=False.")
    return np.asarray(value_of(known))


def polymul(a1: Any, a2: Any, *, trim_leading_zeros: bool = False) -> Array:
    """Returns the product of two polynomials.

    Args:
        a1, a2: coefficients, arrays of shapes (n,) and (m,).
        trim_leading_zeros: whether leading zeros of the factors are left out; not under `jit`.

    Returns:
        An array of shape (n + m - 1,).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.polymul(jnp.array([1.0, 1.0]), jnp.array([1.0, -1.0]))
        Array([ 1.,  0., -1.], dtype=float64)
    """
    first, second = promote_dtypes("polymul", a1, a2, inexact=True)
    if not first.ndim or not second.ndim:
        raise TypeError("polymul: coefficients come in a sequence, got a number.")
    first = _trimmed("polymul", first, trim_leading_zeros)
    second = _trimmed("polymul", second, trim_leading_zeros)
    zero = zeros(1, first.dtype)
    first, second = (p if p.shape[0] else zero for p in (first, second))
    return convolve(first, second)


def polydiv(u: Any, v: Any, *, trim_leading_zeros: bool = False) -> tuple[Array, Array]:
    """Returns quotient and remainder of two polynomials.

    Args:
        u: the coefficients of the dividend, an array of shape (n,).
        v: those of the divisor, (m,); the first one is not zero.
        trim_leading_zeros: whether leading zeros of the remainder are left out; not under `jit`.

    Returns:
        The quotient, of shape (max(n - m + 1, 1),), and the remainder, of shape (n,).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.polydiv(jnp.array([1.0, 0.0, 1.0]), jnp.array([1.0, 1.0]))
        (Array([ 1., -1.], dtype=float64), Array([0., 0., 2.], dtype=float64))
    """
    rest: Any
    divisor: Any
    rest, divisor = promote_dtypes("polydiv", u, v, inexact=True)
    m = divisor.shape[0] - 1
    n = rest.shape[0] - 1
    quotient = []
    for k in range(n - m + 1):
        factor = rest[k] / divisor[0]
        quotient.append(factor)
        rest = rest.at[k : k + m + 1].add(-factor * divisor)
    found = concatenate([reshape(q, (1,)) for q in quotient]) if quotient else zeros(1, rest.dtype)
    if trim_leading_zeros:
        tiny = ~np.isclose(_known("polydiv", rest), 0, rtol=1e-14, atol=1e-14)
        kept = np.flatnonzero(tiny)
        rest = rest[int(kept[0]) if kept.size else rest.shape[0] :]
    return found, rest


def poly(seq_of_zeros: Any) -> Array:
    """Returns the polynomial with given roots, whose first coefficient is 1.

    Args:
        seq_of_zeros: the roots, an array of shape (n,); or a matrix of shape (n, n), whose
            eigenvalues they are.

    Returns:
        An array of shape (n + 1,).

    Raises:
        ValueError: if the argument is neither a vector nor a square matrix.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.poly(jnp.array([1.0, 2.0]))
        Array([ 1., -3.,  2.], dtype=float64)
    """
    roots_: Any = strong(inexact("poly", seq_of_zeros))
    if roots_.ndim == 0:
        roots_ = reshape(roots_, (1,))
    if roots_.ndim == 2 and roots_.shape[0] == roots_.shape[1] and roots_.shape[0]:
        roots_ = eigvals(roots_)
    if roots_.ndim != 1:
        raise ValueError(
            f"poly takes a vector of roots or a square matrix that is not empty, got shape "
            f"{roots_.shape}."
        )
    result: Any = ones(1, roots_.dtype)
    zero = zeros(1, roots_.dtype)
    for k in range(roots_.shape[0]):
        result = concatenate([result, zero]) - roots_[k] * concatenate([zero, result])
    return result


def roots(p: Any, *, strip_zeros: bool = True) -> Array:
    """Returns the roots of a polynomial: the eigenvalues of its companion matrix.

    Args:
        p: the coefficients, an array of shape (n,).
        strip_zeros: whether zeros at both ends are looked for first; their number must be known,
            so under `jit` it must be False. Leading zeros then give NaN.

    Returns:
        A complex array of shape (n - 1,), shorter by the number of leading zeros.

    Raises:
        ValueError: if p is no vector.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.roots(jnp.array([1.0, -3.0, 2.0]))
        Array([2.+0.j, 1.+0.j], dtype=complex128)
    """
    coefficients: Any = strong(inexact("roots", p))
    if coefficients.ndim == 0:
        coefficients = reshape(coefficients, (1,))
    if coefficients.ndim != 1:
        raise ValueError(f"roots takes a vector of coefficients, got shape {coefficients.shape}.")
    dtype = dtypes.complex_dtype(coefficients.dtype)
    if coefficients.shape[0] < 2:
        return zeros(0, dtype)
    if strip_zeros:
        return _companion_roots(_trimmed("roots", coefficients, True), dtype)
    return _roots_with_leading_zeros(coefficients, dtype)


def _companion_roots(p: Any, dtype: np.dtype) -> Any:
    if p.shape[0] < 2:
        return zeros(0, dtype)
    companion: Any = diag(ones(p.shape[0] - 2, p.dtype), -1)
    return eigvals(companion.at[0].set(-p[1:] / p[0])).astype(dtype)


def _roots_with_leading_zeros(p: Any, dtype: np.dtype) -> Array:
    """The roots after leading zeros were moved to the end: as many of them are roots at zero."""
    leading = where(reductions.any(p != 0), reductions.argmax(p != 0), p.shape[0])
    moved = where(leading == p.shape[0], 1.0, roll(p, ufuncs.negative(leading)))
    found: Any = _companion_roots(moved, dtype)
    found = found[argsort(found == 0)]
    surplus: Any = arange(found.shape[0]) + leading
    return where(surplus < found.shape[0], found, np.nan)


def polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: float | None = None,
    full: bool = False,
    w: Any = None,
    cov: bool | str = False,
) -> Any:
    """Returns the polynomial that fits points best, in the sense of least squares.

    Args:
        x: where the points are, an array of shape (n,).
        y: their values, of shape (n,) or, for k polynomials at once, (n, k).
        deg: the degree.
        rcond: singular values below `rcond` times the largest one count as zero.
        full: whether to return also the residuals, rank, singular values and `rcond`.
        w: the weights of the differences, an array of shape (n,).
        cov: whether to return the covariance of the coefficients too; "unscaled" for weights
            that are reciprocal standard deviations.

    Returns:
        The coefficients, of shape (deg + 1,) or (deg + 1, k); with `full` or `cov` a tuple.

    Raises:
        ValueError: if the degree is negative, or there are too few points for a covariance.
        TypeError: if the shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.arange(4.0)
        >>> jnp.polyfit(x, 2 * x + 1, 1).round(6)
        Array([2., 1.], dtype=float64)
    """
    at: Any = operand(x, "polyfit")
    values: Any = operand(y, "polyfit")
    _check_points(at, values, deg)
    if rcond is None:
        rcond = at.shape[0] * float(finfo(at.dtype).eps)
    left: Any = vander(at, deg + 1)
    right: Any = values
    if w is not None:
        weights: Any = operand(w, "polyfit")
        if weights.shape != at.shape:
            raise TypeError(f"polyfit: weights of shape {weights.shape} for points {at.shape}.")
        left = left * weights[:, None]
        right = right * (weights[:, None] if right.ndim == 2 else weights)
    # Columns of one size make the choice of singular values independent of the unit of x.
    scale: Any = ufuncs.sqrt(reductions.sum(left * left, 0))
    found, residuals, rank, singular = lstsq(left / scale, right, rcond)
    found = (found.T / scale).T
    if full:
        return found, residuals, rank, singular, operand(rcond, "polyfit")
    if not cov:
        return found
    balanced: Any = left / scale
    inverse: Any = inv(dot(balanced.T, balanced)) / outer(scale, scale)
    factor = 1 if cov == "unscaled" else _variance(at.shape[0], deg + 1, residuals)
    return found, inverse[:, :, None] * factor if values.ndim == 2 else inverse * factor


def _variance(points: int, order: int, residuals: Any) -> Any:
    if points <= order:
        raise ValueError(
            f"polyfit: a covariance needs more points than coefficients, got {points} and {order}."
        )
    return residuals / (points - order)


def _check_points(x: Array, y: Array, deg: int) -> None:
    if deg < 0:
        raise ValueError(f"polyfit: the degree must not be negative, got {deg}.")
    if x.ndim != 1 or x.size == 0 or not 1 <= y.ndim <= 2:
        raise TypeError(
            "polyfit takes points along one axis and values along one or two, "
            f"got shapes {x.shape} and {y.shape}."
        )
    if x.shape[0] != y.shape[0]:
        raise TypeError(f"polyfit: {x.shape[0]} points, but {y.shape[0]} values.")
