"""Eigenvalues and eigenvectors of general square matrices."""

from __future__ import annotations

import enum
import functools
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import int64
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.primitives.arithmetic import abs as magnitude
from minijax.primitives.arithmetic import mul, sub
from minijax.primitives.broadcast import broadcast_in_dim, reduce_sum
from minijax.primitives.compare import select_n
from minijax.primitives.complex import complex as complex_of
from minijax.primitives.complex import conj, imag, real
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.families import NOT_LINEAR, scalar_like
from minijax.primitives.identities import stop_gradient
from minijax.primitives.linalg.gaps import inverse_gaps
from minijax.primitives.linalg.matrices import (
    adjoint,
    all_finite,
    as_dtype,
    check_matrices,
    checked,
    columns,
    diagonal,
    leading_batch,
    masked,
    matmul,
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
from minijax.primitives.linalg.solve import linear_solve
from minijax.primitives.reduction import argmax


@functools.cache
def _routine(n: int, dtype: np.dtype, left: bool, right: bool) -> Routine:
    # Results: the matrix (overwritten), info, real and imaginary parts of the eigenvalues (the
    # eigenvalues, if complex), then the vectors.
    symbol = f"lapack_{letter(dtype)}geev"
    is_complex = dtypes.is_complex(dtype)
    values = 1 if is_complex else 2
    room = (4 + BLOCK) * n
    vectors = [("out", 2 + values), ("out", 2 + values + left)]
    places = [
        place if wanted else ("out", 0)
        for place, wanted in zip(vectors, (left, right), strict=True)
    ]
    arguments = (
        *("V" if left else "N", "V" if right else "N", n, ("out", 0), n),
        *(("out", 2 + k) for k in range(values)),
        *(places[0], n, places[1], n, ("work", 0), room),
        *((("work", 1),) if is_complex else ()),
        ("out", 1),
    )

    def evaluate(a: np.ndarray) -> Any:
        options = {"compute_vl": int(left), "compute_vr": int(right)}
        *found, vl, vr, info = wrapped(symbol)(a, **options)
        return (a, info, *found, *([vl] if left else ()), *([vr] if right else ()))

    real_work = (2 * n * dtypes.real_dtype(dtype).itemsize,) if is_complex else ()
    return Routine(
        calls=(call(symbol, *arguments),),
        results=(
            ((n, n), dtype),
            INFO,
            *([((n,), dtype)] * values),
            *([((n, n), dtype)] * (left + right)),
        ),
        evaluate=evaluate,
        start=((0, 0),),
        work=(room * dtype.itemsize, *real_work),
    )


# Real matrices: a pair of conjugated eigenvalues has the real and the imaginary part of one
# eigenvector in two adjacent columns.


def _unpacked(packed: np.ndarray, wi: np.ndarray) -> np.ndarray:
    """Returns complex vectors in columns, from packed ones in rows (as they are in memory)."""
    x = packed.swapaxes(-1, -2)
    following = np.roll(x, -1, axis=-1)
    before = np.roll(x, 1, axis=-1)
    sign = wi[..., None, :]
    re = np.where(sign < 0, before, x)
    im = np.where(sign > 0, following, np.where(sign < 0, -x, 0))
    return (re + 1j * im).astype(dtypes.complex_dtype(packed.dtype))


def _impl(a: np.ndarray, *, left: bool, right: bool) -> Any:
    n = a.shape[-1]
    dtype = dtypes.complex_dtype(a.dtype)
    if a.size == 0:
        return (np.empty(a.shape[:-1], dtype), *[a.astype(dtype)] * (left + right))
    routine = _routine(n, a.dtype, left, right)
    # LAPACK prints complaints about infinities and NaNs, or does not come to an end.
    finite = np.isfinite(a).all((-2, -1))
    safe = np.where(finite[..., None, None], a, a.dtype.type(0))
    _, info, *found = run(routine, a.shape[:-2], safe.swapaxes(-1, -2))
    info = np.where(finite[..., None], info, np.int32(1))
    if dtypes.is_complex(a.dtype):
        w, *vectors = found
        vectors = [np.ascontiguousarray(v.swapaxes(-1, -2)) for v in vectors]
    else:
        wr, wi, *vectors = found
        w = (wr + 1j * wi).astype(dtype)
        vectors = [_unpacked(v, wi) for v in vectors]
    return tuple(masked(info, w, *vectors))


def _abstract(a: ShapedArray, *, left: bool, right: bool) -> Any:
    check_matrices("eig", a, square=True)
    dtype = dtypes.complex_dtype(a.dtype)
    vectors = [a.update(dtype=dtype)] * (left + right)
    return (a.update(shape=a.shape[:-1], dtype=dtype), *vectors)


def _jvp(primals: Any, tangents: Any, *, left: bool, right: bool) -> Any:
    outs = eig_p.bind(*primals, left=left, right=right)
    (t,) = tangents
    if type(t) is Zero or t.size == 0:
        return outs, tuple(Zero(x.aval.tangent()) for x in outs)
    w, *vectors = outs
    change = as_dtype(t, w.dtype)
    if not right:
        found = eig_p.bind(*primals, left=False, right=True)[1]
        w_dot = diagonal(linear_solve(found, matmul(change, found)))
    dots: list[Any] = []
    if left:
        # Left eigenvectors are the right ones of the adjoint.
        dots.append(_vectors_dot(vectors[0], conj(w), adjoint(change))[1])
    if right:
        w_dot, v_dot = _vectors_dot(vectors[-1], w, change)
        dots.append(v_dot)
    return outs, (w_dot, *dots)


def _vectors_dot(v: Any, w: Any, change: Any) -> tuple[Any, Any]:
    """Returns how eigenvalues and eigenvectors change with the matrix.

    Vectors keep norm 1, and their largest component stays real.
    """
    seen = linear_solve(v, matmul(change, v))
    v_dot = matmul(v, mul(inverse_gaps(w), seen))
    growth = real(_sum_columns(mul(conj(v), v_dot)))
    largest = _largest(v)
    zero = scalar_like(0, v.dtype)
    turning, own = (_sum_columns(select_n(largest, zero, x)) for x in (v_dot, v))
    excess = complex_of(growth, imag(turning / own))
    return diagonal(seen), sub(v_dot, mul(v, columns(excess, v.shape[-2])))


def _sum_columns(x: Any) -> Any:
    return reduce_sum(x, (x.ndim - 2,))


def _largest(v: Any) -> Any:
    """Returns a bool array that holds at the largest component of every column."""
    place = argmax(magnitude(stop_gradient(v)), v.ndim - 2, int64)
    kept = (*range(v.ndim - 2), v.ndim - 1)
    return broadcasted_iota(int64, v.shape, v.ndim - 2) == broadcast_in_dim(place, v.shape, kept)


def _lower(k: Any, a: Any, *, out: Any, left: bool, right: bool) -> Any:
    w_aval, *v_avals = out
    if a.size == 0:
        return tuple(k.element(x, lambda *i: k.constant(0, w_aval.dtype))[0] for x in out)
    finite = all_finite(k, a)
    zero = k.constant(0, a.dtype)

    def safe(*i: Any) -> Any:
        *batch, row, column = i
        return k.select(finite(*batch), a(*batch, column, row), zero)

    (flipped,) = k.element(ShapedArray(a.shape, a.dtype), safe)
    routine = _routine(a.shape[-1], a.dtype, left, right)
    _, state, *found = native(k, routine, a.shape[:-2], flipped)
    one = k.constant(1, state.dtype)
    (info,) = k.element(state.aval, lambda *i: k.select(finite(*i[:-1]), state(*i), one))
    if dtypes.is_complex(a.dtype):
        w, *vectors = found
        values = k.element(w_aval, lambda *i: checked(k, info, i[:-1], w(*i)))
        bodies = [_plain(x) for x in vectors]
    else:
        wr, wi, *vectors = found
        values = k.element(w_aval, lambda *i: checked(k, info, i[:-1], k.complex(wr(*i), wi(*i))))
        bodies = [_unpacking(k, x, wi) for x in vectors]

    def guarded(body: Any) -> Any:
        return lambda *i: checked(k, info, i[:-2], body(*i))

    both = [k.element(x, guarded(body))[0] for x, body in zip(v_avals, bodies, strict=True)]
    return (*values, *both)


def _plain(vectors: Any) -> Any:
    return lambda *i: vectors(*i[:-2], i[-1], i[-2])


def _unpacking(k: Any, packed: Any, wi: Any) -> Any:
    n = packed.shape[-1]
    zero = k.constant(0, packed.dtype)

    def body(*i: Any) -> Any:
        *batch, row, column = i
        sign = wi(*batch, column)
        own = packed(*batch, column, row)
        before = packed(*batch, k.clamp_index(k.sub(column, 1), n - 1), row)
        following = packed(*batch, k.clamp_index(k.add(column, 1), n - 1), row)
        is_second = k.lt(sign, zero)
        re = k.select(is_second, before, own)
        im = k.select(k.gt(sign, zero), following, k.select(is_second, k.neg(own), zero))
        return k.complex(re, im)

    return body


eig_p: Primitive = primitive(
    "eig",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: eig_p),
    lower=_lower,
)


class EigImplementation(enum.Enum):
    """The libraries that may be asked for; LAPACK is used for all."""

    CUSOLVER = "cusolver"
    MAGMA = "magma"
    LAPACK = "lapack"


def eig(
    x: Any,
    *,
    compute_left_eigenvectors: bool = True,
    compute_right_eigenvectors: bool = True,
    enable_eigvec_derivs: bool = False,
    implementation: EigImplementation | None = None,
    use_magma: bool | None = None,
) -> list[Array]:
    """Returns eigenvalues and eigenvectors of square matrices.

    Args:
        x: an array of shape (..., n, n).
        compute_left_eigenvectors: whether left eigenvectors are wanted.
        compute_right_eigenvectors: whether right eigenvectors are wanted.
        enable_eigvec_derivs: for compatibility; eigenvectors always have derivatives, which are
            right where eigenvalues are distinct and no two components of a vector are the largest.
        implementation, use_magma: for compatibility; without effect.

    Returns:
        A list of the complex eigenvalues w, of shape (..., n), in no particular order; the left
        eigenvectors, columns u with uᴴ · x = w · uᴴ, if wanted; the right eigenvectors, if wanted.
        Eigenvectors have norm 1 and a largest component that is real.

    Raises:
        ValueError: if the matrices are not square.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> w, v = lax.linalg.eig(
        ...     jnp.array([[0.0, 1.0], [-1.0, 0.0]]), compute_left_eigenvectors=False
        ... )
        >>> w
        Array([0.+1.j, 0.-1.j], dtype=complex128)
    """
    return list(
        eig_p.bind(
            to_array(x),
            left=bool(compute_left_eigenvectors),
            right=bool(compute_right_eigenvectors),
        )
    )
