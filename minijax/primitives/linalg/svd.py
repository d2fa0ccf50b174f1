"""The singular value decomposition a = u · diag(s) · vᴴ."""

from __future__ import annotations

import enum
import functools
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.primitives.arithmetic import add, mul, neg, sub
from minijax.primitives.compare import select_n
from minijax.primitives.families import NOT_LINEAR, scalar_like
from minijax.primitives.joining import concatenate
from minijax.primitives.linalg.gaps import inverse_gaps, inverse_sums, inverses
from minijax.primitives.linalg.matrices import (
    adjoint,
    as_dtype,
    check_matrices,
    checked,
    columns,
    diagonal,
    eye_mask,
    index_range,
    leading_batch,
    masked,
    matmul,
    real_part,
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

Axes = tuple[int, ...]


@functools.cache
def _routine(m: int, n: int, dtype: np.dtype, full: bool, vectors: bool) -> Routine:
    symbol = f"lapack_{letter(dtype)}gesdd"
    real = dtypes.real_dtype(dtype)
    k = min(m, n)
    rows, width = (m, n) if full else (k, k)
    job = ("A" if full else "S") if vectors else "N"
    room = 5 * k * k + 8 * k + (m + n + k) * BLOCK
    real_room = max(5 * k * k + 7 * k, 2 * max(m, n) * k + 2 * k * k + k)
    # The operand itself is overwritten, so that it is a result, too.
    places = (("out", 3), m, ("out", 4), width) if vectors else (("out", 0), m, ("out", 0), n)
    rest = (("work", 2),) if dtypes.is_complex(dtype) else ()
    arguments = (
        *(job, m, n, ("out", 0), m, ("out", 1), *places, ("work", 0), room),
        *(*rest, ("work", 1), ("out", 2)),
    )
    results = [((n, m), dtype), ((k,), real), INFO]
    if vectors:
        results += [((rows, m), dtype), ((n, width), dtype)]
    work = (room * dtype.itemsize, 8 * k * 4)

    def evaluate(a: np.ndarray) -> Any:
        options = {"compute_uv": int(vectors), "full_matrices": int(full)}
        u, s, vt, info = wrapped(symbol)(a, **options)
        return (a, s, info, u, vt) if vectors else (a, s, info)

    return Routine(
        calls=(call(symbol, *arguments),),
        results=tuple(results),
        evaluate=evaluate,
        start=((0, 0),),
        work=(*work, real_room * real.itemsize) if rest else work,
    )


def _shapes(shape: Axes, full_matrices: bool) -> tuple[Axes, Axes, Axes]:
    *batch, m, n = shape
    k = min(m, n)
    rows, width = (m, n) if full_matrices else (k, k)
    return (*batch, m, rows), (*batch, k), (*batch, width, n)


def _impl(a: np.ndarray, *, full_matrices: bool, compute_uv: bool) -> Any:
    m, n = a.shape[-2:]
    if a.size == 0:
        u, s, vt = _shapes(a.shape, full_matrices)
        values = np.empty(s, dtypes.real_dtype(a.dtype))
        both = [np.broadcast_to(np.eye(*x[-2:], dtype=a.dtype), x).copy() for x in (u, vt)]
        return (values, *both) if compute_uv else (values,)
    routine = _routine(m, n, a.dtype, full_matrices, compute_uv)
    _, values, info, *found = run(routine, a.shape[:-2], a.swapaxes(-1, -2))
    both = [np.ascontiguousarray(x.swapaxes(-1, -2)) for x in found]
    return tuple(masked(info, values, *both))


def _abstract(a: ShapedArray, *, full_matrices: bool, compute_uv: bool) -> Any:
    check_matrices("svd", a)
    u, s, vt = _shapes(a.shape, full_matrices)
    values = a.update(shape=s, dtype=dtypes.real_dtype(a.dtype))
    return (values, a.update(shape=u), a.update(shape=vt)) if compute_uv else (values,)


def _jvp(primals: Any, tangents: Any, *, full_matrices: bool, compute_uv: bool) -> Any:
    (a,), (t,) = primals, tangents
    params = {"full_matrices": full_matrices, "compute_uv": compute_uv}
    if type(t) is Zero:
        outs = svd_p.bind(a, **params)
        return outs, tuple(Zero(x.aval.tangent()) for x in outs)
    m, n = a.shape[-2:]
    if not compute_uv:
        s, u, vt = svd_p.bind(a, full_matrices=False, compute_uv=True)
        return (s,), (real_part(diagonal(matmul(adjoint(u), t, adjoint(vt)))),)
    s, u, vt = svd_p.bind(a, **params)
    k = min(m, n)
    v, thin_u, thin_v = adjoint(vt), _first(u, k), _first(adjoint(vt), k)
    seen = matmul(adjoint(thin_u), t, thin_v)
    u_dot, v_dot = _turned(s, thin_u, thin_v, seen)
    inverse = as_dtype(inverses(s), a.dtype)
    if m > n:
        drift = mul(_outside(thin_u, matmul(t, thin_v)), columns(inverse, m))
        u_dot = _with_complement(add(u_dot, drift), u, drift)
    if n > m:
        drift = mul(_outside(thin_v, matmul(adjoint(t), thin_u)), columns(inverse, n))
        v_dot = _with_complement(add(v_dot, drift), v, drift)
    return (s, u, vt), (real_part(diagonal(seen)), u_dot, adjoint(v_dot))


def _first(basis: Any, count: int) -> Any:
    return slice_in_dim(basis, 0, count, axis=basis.ndim - 1)


def _with_complement(dot: Any, basis: Any, drift: Any) -> Any:
    """Adds the tangents of the vectors of a full basis that belong to no singular value.

    They are determined up to a turn among themselves: they do not turn, but stay orthogonal.
    """
    count, size = dot.shape[-1], basis.shape[-1]
    if size == count:
        return dot
    rest = slice_in_dim(basis, count, size, axis=basis.ndim - 1)
    follow = matmul(_first(basis, count), adjoint(drift), rest)
    return concatenate([dot, neg(follow)], basis.ndim - 1)


def _outside(basis: Any, x: Any) -> Any:
    """Returns the part of x that is orthogonal to the columns of a basis."""
    return sub(x, matmul(basis, adjoint(basis), x))


def _turned(s: Any, u: Any, v: Any, seen: Any) -> tuple[Any, Any]:
    """Returns how u and v turn within the space that they span.

    What they turn together has the differences of singular values in it, and what they turn
    against each other has the sums: the second is right where singular values are repeated.
    """
    half = scalar_like(0.5, u.dtype)
    gaps, sums = (as_dtype(f(s), u.dtype) for f in (inverse_gaps, inverse_sums))
    together = mul(mul(gaps, add(seen, adjoint(seen))), half)
    against = mul(mul(sums, sub(seen, adjoint(seen))), half)
    u_turn, v_turn = add(together, against), sub(together, against)
    if dtypes.is_complex(u.dtype):
        # The phases of u and v are free together; the change goes to u.
        phases = select_n(eye_mask(against.shape), scalar_like(0, u.dtype), against)
        u_turn, v_turn = add(u_turn, phases), add(v_turn, phases)
    return matmul(u, u_turn), matmul(v, v_turn)


def _lower(k: Any, a: Any, *, out: Any, full_matrices: bool, compute_uv: bool) -> Any:
    if a.size == 0:
        return tuple(_identity(k, aval) for aval in out)
    *batch, m, n = a.shape
    seen = ShapedArray((*batch, n, m), a.dtype)
    (flipped,) = k.element(seen, lambda *i: a(*i[:-2], i[-1], i[-2]))
    routine = _routine(m, n, a.dtype, full_matrices, compute_uv)
    _, s, info, *found = native(k, routine, tuple(batch), flipped)
    values = k.element(out[0], lambda *i: checked(k, info, i[:-1], s(*i)))

    def vector(x: Any) -> Any:
        return lambda *i: checked(k, info, i[:-2], x(*i[:-2], i[-1], i[-2]))

    both = [k.element(aval, vector(x))[0] for aval, x in zip(out[1:], found, strict=True)]
    return (*values, *both)


def _identity(k: Any, aval: Any) -> Any:
    one, zero = k.constant(1, aval.dtype), k.constant(0, aval.dtype)
    if aval.size == 0:
        return k.element(aval, lambda *i: zero)[0]
    return k.element(aval, lambda *i: k.select(k.eq(i[-2], i[-1]), one, zero))[0]


svd_p: Primitive = primitive(
    "svd",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: svd_p),
    lower=_lower,
)


class SvdAlgorithm(enum.Enum):
    """The algorithms that may be asked for; LAPACK's divide and conquer is used for all."""

    DEFAULT = "default"
    QR = "QR"
    JACOBI = "Jacobi"
    POLAR = "polar"
    DIVIDE_AND_CONQUER = "divide_and_conquer"


def svd(
    x: Any,
    *,
    full_matrices: bool = True,
    compute_uv: bool = True,
    subset_by_index: tuple[int, int] | None = None,
    algorithm: SvdAlgorithm | None = None,
) -> Array | tuple[Array, Array, Array]:
    """Returns the singular value decomposition of matrices, x = u · diag(s) · vᴴ.

    Derivatives are finite where singular values are repeated or zero. First derivatives are exact
    where they are repeated for functions of singular values alone, of u · vᴴ, and of the spaces
    that belong to different ones. Vectors that a full u or v has beyond the singular values are
    taken not to turn among themselves.

    Args:
        x: an array of shape (..., m, n).
        full_matrices: whether u and v are square; else they have k = min(m, n) columns.
        compute_uv: whether u and vᴴ are wanted.
        subset_by_index: a pair (start, end): only the singular values start…end-1 are returned.
        algorithm: for compatibility; without effect.

    Returns:
        u of shape (..., m, k), s of shape (..., min(m, n)) in descending order and vᴴ of shape
        (..., k, n); s alone without `compute_uv`.

    Raises:
        ValueError: if the rank is below 2, or the subset is no range of singular values, or both
            `full_matrices` and a subset are asked for.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.svd(jnp.array([[3.0, 0.0], [0.0, 4.0]]), compute_uv=False)
        Array([4., 3.], dtype=float64)
    """
    a = to_array(x)
    if full_matrices and subset_by_index is not None:
        raise ValueError(
            "svd: full_matrices and subset_by_index cannot both be set; use full_matrices=False."
        )
    full = bool(full_matrices) and bool(compute_uv)
    s, *both = svd_p.bind(a, full_matrices=full, compute_uv=bool(compute_uv))
    if subset_by_index is not None:
        start, end = index_range("svd", subset_by_index, s.shape[-1])
        s = slice_in_dim(s, start, end, axis=s.ndim - 1)
        axes = zip(both, (a.ndim - 1, a.ndim - 2), strict=False)
        both = [slice_in_dim(z, start, end, axis=axis) for z, axis in axes]
    return (both[0], s, both[1]) if both else s
