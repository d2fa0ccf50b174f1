"""The Cholesky factorisation a = l · lᴴ."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.primitives.compare import select_n
from minijax.primitives.families import NOT_LINEAR, scalar_like
from minijax.primitives.linalg.matrices import (
    check_matrices,
    checked,
    eye_mask,
    leading_batch,
    lower_part,
    masked,
    matmul,
    symmetrized,
)
from minijax.primitives.linalg.routine import INFO, Routine, call, letter, native, run, wrapped
from minijax.primitives.linalg.small import is_small, small_cholesky
from minijax.primitives.linalg.triangular_solve import triangular_solve


@functools.cache
def _routine(n: int, dtype: np.dtype) -> Routine:
    # Seen column by column, the lower triangle of a is the upper one, and l is the upper factor.
    symbol = f"lapack_{letter(dtype)}potrf"
    return Routine(
        calls=(call(symbol, "U", n, ("out", 0), n, ("out", 1)),),
        results=(((n, n), dtype), INFO),
        evaluate=lambda a: wrapped(symbol)(a, lower=0, clean=0),
        start=((0, 0),),
    )


def _impl(a: np.ndarray) -> Any:
    if a.size == 0:
        return (a,)
    found = run(_routine(a.shape[-1], a.dtype), a.shape[:-2], a)
    return (np.tril(masked(found[1], found[0])[0]),)


def _abstract(a: ShapedArray) -> Any:
    check_matrices("cholesky", a, square=True)
    return (a,)


def _jvp(primals: Any, tangents: Any) -> Any:
    (factor,) = cholesky_p.bind(*primals)
    (t,) = tangents
    if type(t) is Zero:
        return (factor,), (Zero(factor.aval.tangent()),)
    right = triangular_solve(factor, t, lower=True, transpose_a=True, conjugate_a=True)
    inner = triangular_solve(factor, right, left_side=True, lower=True)
    return (factor,), (matmul(factor, _halved_lower(inner)),)


def _halved_lower(x: Any) -> Any:
    """Returns the lower triangle with half the diagonal."""
    half = x * scalar_like(0.5, x.dtype)
    return lower_part(select_n(eye_mask(x.shape), x, half))


def _lower(k: Any, a: Any, *, out: Any) -> Any:
    (aval,) = out
    if aval.size == 0:
        return (a,)
    if is_small(aval.shape, aval.dtype):
        return small_cholesky(k, a, out)
    batch = aval.shape[:-2]
    found, info = native(k, _routine(aval.shape[-1], aval.dtype), batch, a)

    def body(*i: Any) -> Any:
        *above, row, column = i
        value = checked(k, info, above, found(*i))
        return k.select(k.ge(row, column), value, k.constant(0, aval.dtype))

    return k.element(aval, body)


cholesky_p: Primitive = primitive(
    "cholesky",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: cholesky_p),
    lower=_lower,
)


def cholesky(x: Any, *, symmetrize_input: bool = True) -> Array:
    """Returns the lower triangular l with l · lᴴ = x.

    Args:
        x: Hermitian positive definite matrices, of shape (..., n, n).
        symmetrize_input: whether to take the mean of x and its adjoint first; if not, only the
            lower triangle of x is read.

    Returns:
        An array of shape (..., n, n), zero above the diagonal. Where a matrix is not positive
        definite, its factor is NaN.

    Raises:
        ValueError: if the matrices are not square.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.cholesky(jnp.array([[4.0, 2.0], [2.0, 10.0]]))
        Array([[2., 0.],
               [1., 3.]], dtype=float64)
    """
    a = to_array(x)
    check_matrices("cholesky", aval_of(a), square=True)
    return cholesky_p.bind(symmetrized(a) if symmetrize_input else a)[0]
