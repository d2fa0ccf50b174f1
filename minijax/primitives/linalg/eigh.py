"""Eigenvalues and eigenvectors of Hermitian matrices."""

from __future__ import annotations

import enum
import functools
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.primitives.arithmetic import mul
from minijax.primitives.families import NOT_LINEAR
from minijax.primitives.linalg.gaps import inverse_gaps
from minijax.primitives.linalg.matrices import (
    adjoint,
    as_dtype,
    check_matrices,
    checked,
    diagonal,
    index_range,
    leading_batch,
    masked,
    matmul,
    real_part,
    symmetrized,
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
from minijax.primitives.windows import slice_in_dim


@functools.cache
def _routine(n: int, dtype: np.dtype, lower: bool, compute_vectors: bool) -> Routine:
    is_complex = dtypes.is_complex(dtype)
    real = dtypes.real_dtype(dtype)
    symbol = f"lapack_{letter(dtype)}{'heevd' if is_complex else 'syevd'}"
    room = 1 + (6 + BLOCK) * n + 2 * n * n
    real_room, integers = 1 + 5 * n + 2 * n * n, 3 + 5 * n
    real_work = (("work", 2), real_room) if is_complex else ()
    arguments = (
        *(
            "V" if compute_vectors else "N",
            "L" if lower else "U",
            n,
            ("out", 0),
            n,
            ("out", 1),
            ("work", 0),
            room,
        ),
        *(*real_work, ("work", 1), integers, ("out", 2)),
    )
    work = (room * dtype.itemsize, integers * 4)

    def evaluate(a: np.ndarray) -> Any:
        kind = {"compute_v": int(compute_vectors), "lower": int(lower)}
        values, vectors, info = wrapped(symbol)(a, **kind)
        return vectors, values, info

    return Routine(
        calls=(call(symbol, *arguments),),
        results=(((n, n), dtype), ((n,), real), INFO),
        evaluate=evaluate,
        start=((0, 0),),
        work=(*work, real_room * real.itemsize) if is_complex else work,
    )


def _impl(a: np.ndarray, *, lower: bool, compute_vectors: bool) -> Any:
    if a.size == 0:
        values = np.empty(a.shape[:-1], dtypes.real_dtype(a.dtype))
        return (a, values) if compute_vectors else (values,)
    routine = _routine(a.shape[-1], a.dtype, lower, compute_vectors)
    vectors, values, info = run(routine, a.shape[:-2], a.swapaxes(-1, -2))
    if not compute_vectors:
        return tuple(masked(info, values))
    return tuple(masked(info, np.ascontiguousarray(vectors.swapaxes(-1, -2)), values))


def _abstract(a: ShapedArray, *, lower: bool, compute_vectors: bool) -> Any:
    check_matrices("eigh", a, square=True)
    values = a.update(shape=a.shape[:-1], dtype=dtypes.real_dtype(a.dtype))
    return (a, values) if compute_vectors else (values,)


def _jvp(primals: Any, tangents: Any, *, lower: bool, compute_vectors: bool) -> Any:
    (t,) = tangents
    if type(t) is Zero:
        outs = eigh_p.bind(*primals, lower=lower, compute_vectors=compute_vectors)
        return outs, tuple(Zero(out.aval.tangent()) for out in outs)
    v, w = eigh_p.bind(*primals, lower=lower, compute_vectors=True)
    seen = matmul(adjoint(v), t, v)
    w_dot = real_part(diagonal(seen))
    if not compute_vectors:
        return (w,), (w_dot,)
    turn = mul(as_dtype(inverse_gaps(w), v.dtype), seen)
    return (v, w), (matmul(v, turn), w_dot)


def _lower(k: Any, a: Any, *, out: Any, lower: bool, compute_vectors: bool) -> Any:
    w_aval = out[-1]
    if w_aval.size == 0:
        values = k.element(w_aval, lambda *i: k.constant(0, w_aval.dtype))
        return (a, *values) if compute_vectors else values
    seen = ShapedArray(a.shape, a.dtype)
    (flipped,) = k.element(seen, lambda *i: a(*i[:-2], i[-1], i[-2]))
    routine = _routine(a.shape[-1], a.dtype, lower, compute_vectors)
    vectors, values, info = native(k, routine, a.shape[:-2], flipped)

    def vector(*i: Any) -> Any:
        return checked(k, info, i[:-2], vectors(*i[:-2], i[-1], i[-2]))

    found = k.element(w_aval, lambda *i: checked(k, info, i[:-1], values(*i)))
    return (*k.element(seen, vector), *found) if compute_vectors else found


eigh_p: Primitive = primitive(
    "eigh",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: eigh_p),
    lower=_lower,
)


class EighImplementation(enum.Enum):
    """The algorithms that may be asked for; LAPACK's divide and conquer is used for all."""

    QR = "qr"
    JACOBI = "jacobi"
    QDWH = "qdwh"


def eigh(
    x: Any,
    *,
    lower: bool = True,
    symmetrize_input: bool = True,
    sort_eigenvalues: bool = True,
    subset_by_index: tuple[int, int] | None = None,
    implementation: EighImplementation | None = None,
) -> tuple[Array, Array]:
    """Returns eigenvectors and eigenvalues of Hermitian matrices.

    Derivatives are finite where eigenvalues are repeated. First derivatives are exact there for
    functions of eigenvalues alone, and of the spaces that belong to different ones.

    Args:
        x: an array of shape (..., n, n).
        lower: whether to read the lower triangle, if `symmetrize_input` is off.
        symmetrize_input: whether to take the mean of x and its adjoint first.
        sort_eigenvalues: for compatibility; eigenvalues always ascend.
        subset_by_index: a pair (start, end): only the eigenvalues start…end-1 are returned.
        implementation: for compatibility; without effect.

    Returns:
        v of shape (..., n, n), whose columns are orthonormal eigenvectors, and the real
        eigenvalues w of shape (..., n), in ascending order; n is end - start for a subset.

    Raises:
        ValueError: if the matrices are not square, or the subset is no range of eigenvalues.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> v, w = lax.linalg.eigh(jnp.array([[2.0, 0.0], [0.0, 1.0]]))
        >>> w
        Array([1., 2.], dtype=float64)
    """
    a = to_array(x)
    check_matrices("eigh", aval_of(a), square=True)
    a = symmetrized(a) if symmetrize_input else a
    v, w = eigh_p.bind(a, lower=bool(lower), compute_vectors=True)
    if subset_by_index is None:
        return v, w
    start, end = index_range("eigh", subset_by_index, w.shape[-1])
    chosen = [slice_in_dim(x, start, end, axis=x.ndim - 1) for x in (v, w)]
    return chosen[0], chosen[1]


def eigvalsh(x: Any, *, lower: bool = True, symmetrize_input: bool = True) -> Array:
    """Returns the eigenvalues of Hermitian matrices alone, which takes half the time and less.

    Args:
        x: an array of shape (..., n, n).
        lower: whether to read the lower triangle, if `symmetrize_input` is off.
        symmetrize_input: whether to take the mean of x and its adjoint first.

    Returns:
        Real numbers of shape (..., n), in ascending order.

    Raises:
        ValueError: if the matrices are not square.

    Example:
        >>> import minijax.numpy as jnp
        >>> eigvalsh(jnp.array([[2.0, 1.0], [1.0, 2.0]])).round(6)
        Array([1., 3.], dtype=float64)
    """
    a = to_array(x)
    check_matrices("eigh", aval_of(a), square=True)
    a = symmetrized(a) if symmetrize_input else a
    return eigh_p.bind(a, lower=bool(lower), compute_vectors=False)[0]
