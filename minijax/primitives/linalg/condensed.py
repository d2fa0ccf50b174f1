"""Similar matrices with few diagonals: Hessenberg form, and tridiagonal form of Hermitian ones."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, primitive
from minijax.primitives.families import NOT_LINEAR
from minijax.primitives.linalg.matrices import (
    check_matrices,
    checked,
    flipped,
    leading_batch,
    masked,
    unflipped,
)
from minijax.primitives.linalg.routine import (
    BLOCK,
    INFO,
    Routine,
    call,
    letter,
    native,
    run,
    wrapped,
)

_NO_JVP = absent(
    "packed reflections are no smooth function of the matrix: differentiate eigenvalues instead"
)

# -- hessenberg


@functools.cache
def _gehrd(n: int, dtype: np.dtype) -> Routine:
    symbol = f"lapack_{letter(dtype)}gehrd"
    room = n * BLOCK + 65 * 64
    arguments = (n, 1, n, ("out", 0), n, ("out", 1), ("work", 0), room, ("out", 2))
    return Routine(
        calls=(call(symbol, *arguments),),
        results=(((n, n), dtype), ((n - 1,), dtype), INFO),
        evaluate=lambda a: wrapped(symbol)(a, lwork=room),
        start=((0, 0),),
        work=(room * dtype.itemsize,),
    )


def _hessenberg_impl(a: np.ndarray) -> Any:
    n = a.shape[-1]
    if a.size == 0 or n == 1:
        return a, np.zeros((*a.shape[:-2], max(n - 1, 0)), a.dtype)
    found, taus, info = run(_gehrd(n, a.dtype), a.shape[:-2], a.swapaxes(-1, -2))
    return tuple(masked(info, np.ascontiguousarray(found.swapaxes(-1, -2)), taus))


def _hessenberg_abstract(a: ShapedArray) -> Any:
    check_matrices("hessenberg", a, square=True)
    return a, a.update(shape=(*a.shape[:-2], max(a.shape[-1] - 1, 0)))


def _hessenberg_lower(k: Any, a: Any, *, out: Any) -> Any:
    n = a.shape[-1]
    if a.size == 0 or n == 1:
        return a, *k.element(out[1], lambda *i: k.constant(0, a.dtype))
    found, taus, info = native(k, _gehrd(n, a.dtype), a.shape[:-2], flipped(k, a))
    return (
        *k.element(out[0], lambda *i: checked(k, info, i[:-2], unflipped(found)(*i))),
        *k.element(out[1], lambda *i: checked(k, info, i[:-1], taus(*i))),
    )


hessenberg_p: Primitive = primitive(
    "hessenberg",
    impl=_hessenberg_impl,
    abstract=_hessenberg_abstract,
    jvp=_NO_JVP,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: hessenberg_p),
    lower=_hessenberg_lower,
)


def hessenberg(a: Any) -> tuple[Array, Array]:
    """Reduces square matrices to Hessenberg form by reflections.

    Args:
        a: an array of shape (..., n, n).

    Returns:
        The Hessenberg form in the upper triangle and the diagonal below it, with the vectors of
        the reflections in the rest, of shape (..., n, n); their scales, of shape (..., n - 1).

    Raises:
        ValueError: if the matrices are not square.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> packed, taus = lax.linalg.hessenberg(jnp.ones((4, 4)))
        >>> packed.shape, taus.shape
        ((4, 4), (3,))
    """
    found, taus = hessenberg_p.bind(to_array(a))
    return found, taus


# -- tridiagonal


@functools.cache
def _sytrd(n: int, dtype: np.dtype, lower: bool) -> Routine:
    kind = "hetrd" if dtypes.is_complex(dtype) else "sytrd"
    symbol, real = f"lapack_{letter(dtype)}{kind}", dtypes.real_dtype(dtype)
    room = n * BLOCK
    outs = (("out", 1), ("out", 2), ("out", 3))
    arguments = ("L" if lower else "U", n, ("out", 0), n, *outs, ("work", 0), room, ("out", 4))
    return Routine(
        calls=(call(symbol, *arguments),),
        results=(((n, n), dtype), ((n,), real), ((n - 1,), real), ((n - 1,), dtype), INFO),
        evaluate=lambda a: wrapped(symbol)(a, lower=int(lower), lwork=room),
        start=((0, 0),),
        work=(room * dtype.itemsize,),
    )


def _tridiagonal_impl(a: np.ndarray, *, lower: bool) -> Any:
    n = a.shape[-1]
    *batch, _, _ = a.shape
    real = dtypes.real_dtype(a.dtype)
    if a.size == 0 or n == 1:
        rest = max(n - 1, 0)
        diagonal = a[..., 0, :].real.astype(real) if n == 1 else np.zeros((*batch, n), real)
        return a, diagonal, np.zeros((*batch, rest), real), np.zeros((*batch, rest), a.dtype)
    found, *rest, info = run(_sytrd(n, a.dtype, lower), a.shape[:-2], a.swapaxes(-1, -2))
    return tuple(masked(info, np.ascontiguousarray(found.swapaxes(-1, -2)), *rest))


def _tridiagonal_abstract(a: ShapedArray, *, lower: bool) -> Any:
    check_matrices("tridiagonal", a, square=True)
    *batch, n, _ = a.shape
    real, rest = dtypes.real_dtype(a.dtype), (*batch, max(n - 1, 0))
    off = a.update(shape=rest, dtype=real)
    return a, a.update(shape=(*batch, n), dtype=real), off, a.update(shape=rest)


def _tridiagonal_lower(k: Any, a: Any, *, out: Any, lower: bool) -> Any:
    n = a.shape[-1]
    if a.size == 0 or n == 1:
        is_complex = dtypes.is_complex(a.dtype)

        def own(*i: Any) -> Any:
            x = a(*i, k.constant(0))
            return k.real(x) if is_complex else x

        zeros = [k.element(x, lambda *i, d=x.dtype: k.constant(0, d))[0] for x in out[1:]]
        return (a, *zeros) if n == 0 else (a, *k.element(out[1], own), *zeros[1:])
    found, *rest, info = native(k, _sytrd(n, a.dtype, lower), a.shape[:-2], flipped(k, a))

    def vector(x: Any) -> Any:
        return lambda *i: checked(k, info, i[:-1], x(*i))

    return (
        *k.element(out[0], lambda *i: checked(k, info, i[:-2], unflipped(found)(*i))),
        *(k.element(aval, vector(x))[0] for aval, x in zip(out[1:], rest, strict=True)),
    )


tridiagonal_p: Primitive = primitive(
    "tridiagonal",
    impl=_tridiagonal_impl,
    abstract=_tridiagonal_abstract,
    jvp=_NO_JVP,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: tridiagonal_p),
    lower=_tridiagonal_lower,
)


def tridiagonal(a: Any, *, lower: bool = True) -> tuple[Array, Array, Array, Array]:
    """Reduces Hermitian matrices to real tridiagonal form by reflections.

    Args:
        a: an array of shape (..., n, n), of which one triangle is read.
        lower: which one.

    Returns:
        The vectors of the reflections and the tridiagonal form packed into one array of the shape
        of a; the diagonal, of shape (..., n); the diagonal beside it, of shape (..., n - 1); the
        scales of the reflections, of shape (..., n - 1).

    Raises:
        ValueError: if the matrices are not square.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.tridiagonal(jnp.array([[2.0, 1.0], [1.0, 3.0]]))[1:3]
        (Array([2., 3.], dtype=float64), Array([1.], dtype=float64))
    """
    found, diagonal, off, taus = tridiagonal_p.bind(to_array(a), lower=bool(lower))
    return found, diagonal, off, taus
