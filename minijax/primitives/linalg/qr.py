"""The QR factorisation a = q · r, with Householder reflections."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.interpreters.jvp import jvp
from minijax.primitives.arithmetic import add, sub
from minijax.primitives.broadcast import broadcast_in_dim
from minijax.primitives.compare import select_n
from minijax.primitives.convert import convert_element_type
from minijax.primitives.families import NOT_LINEAR, scalar_like
from minijax.primitives.identities import stop_gradient
from minijax.primitives.joining import pad
from minijax.primitives.linalg.matrices import (
    adjoint,
    check_matrices,
    eye,
    eye_mask,
    leading_batch,
    lower_part,
    matmul,
    real_part,
)
from minijax.primitives.linalg.reflections import column_order, geqrf_routine, reflected
from minijax.primitives.linalg.routine import (
    BLOCK,
    INFO,
    UNBLOCKED,
    Routine,
    call,
    letter,
    native,
    run,
    wrapped,
)
from minijax.primitives.linalg.triangular_solve import triangular_solve
from minijax.primitives.sort import take_along
from minijax.primitives.windows import slice_in_dim


@functools.cache
def _orgqr(m: int, n: int, count: int, dtype: np.dtype) -> Routine:
    kind = "ungqr" if dtypes.is_complex(dtype) else "orgqr"
    symbol = f"lapack_{letter(dtype)}{kind}"
    room = n * BLOCK
    arguments = (m, n, count, ("out", 0), m, ("in", 1), ("work", 0))
    if count <= UNBLOCKED:
        direct = f"lapack_{letter(dtype)}{kind[:3]}2r"
        steps = call(direct, *arguments, ("out", 1))
    else:
        steps = call(symbol, *arguments, room, ("out", 1))

    def evaluate(a: np.ndarray, tau: np.ndarray) -> Any:
        found, _, info = wrapped(symbol)(a, tau, lwork=room)
        return found, info

    return Routine(
        calls=(steps,),
        results=(((n, m), dtype), INFO),
        evaluate=evaluate,
        start=((0, 0),),
        work=(room * dtype.itemsize,),
    )


# -- householder_product


def _product_impl(a: np.ndarray, taus: np.ndarray) -> Any:
    m, n = a.shape[-2:]
    if a.size == 0 or taus.size == 0:
        return (np.broadcast_to(np.eye(m, n, dtype=a.dtype), a.shape).copy(),)
    routine = _orgqr(m, n, taus.shape[-1], a.dtype)
    q = run(routine, a.shape[:-2], a.swapaxes(-1, -2), taus)[0]
    return (np.ascontiguousarray(q.swapaxes(-1, -2)),)


def _product_abstract(a: ShapedArray, taus: ShapedArray) -> Any:
    check_matrices("householder_product", a)
    m, n = a.shape[-2:]
    is_short = taus.ndim == a.ndim - 1 and taus.shape[-1] <= n <= m
    if not is_short or taus.shape[:-1] != a.shape[:-2] or taus.dtype != a.dtype:
        raise ValueError(
            "householder_product takes a of shape (..., m, n) with m >= n, and taus of its dtype "
            f"and of shape (..., k) with k <= n; got {a} and {taus}."
        )
    return (a,)


def _product_lower(k: Any, a: Any, taus: Any, *, out: Any) -> Any:
    (aval,) = out
    if aval.size == 0 or taus.shape[-1] == 0:
        one, zero = (k.constant(x, aval.dtype) for x in (1, 0))
        return k.element(aval, lambda *i: k.select(k.eq(i[-2], i[-1]), one, zero))
    *batch, m, n = aval.shape
    seen = ShapedArray((*batch, n, m), aval.dtype)
    (flipped,) = k.element(seen, lambda *i: a(*i[:-2], i[-1], i[-2]))
    routine = _orgqr(m, n, taus.shape[-1], aval.dtype)
    q, _ = native(k, routine, tuple(batch), flipped, taus)
    return k.element(aval, lambda *i: q(*i[:-2], i[-1], i[-2]))


def _product_jvp(primals: Any, tangents: Any) -> Any:
    outs = householder_product_p.bind(*primals)
    if all(type(t) is Zero for t in tangents):
        return outs, (Zero(outs[0].aval.tangent()),)
    first = eye(outs[0].shape, outs[0].dtype)
    _, dots = jvp(lambda a, t: [reflected(a, t, first, True, False)], primals, tangents)
    return outs, tuple(dots)


householder_product_p: Primitive = primitive(
    "householder_product",
    impl=_product_impl,
    abstract=_product_abstract,
    jvp=_product_jvp,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: householder_product_p),
    lower=_product_lower,
)


def householder_product(a: Any, taus: Any) -> Array:
    """Multiplies out Householder reflections, as LAPACK's geqrf leaves them.

    Args:
        a: of shape (..., m, n), m >= n; column i holds, below the diagonal, the vector of
            reflection i.
        taus: their scales, of shape (..., k) with k <= n.

    Returns:
        The first n columns of the product, of shape (..., m, n).

    Raises:
        ValueError: if shapes or dtypes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.householder_product(jnp.ones((2, 1)), jnp.array([1.0]))
        Array([[ 0.],
               [-1.]], dtype=float64)
    """
    return householder_product_p.bind(to_array(a), to_array(taus))[0]


# -- qr


def _impl(a: np.ndarray, *, full_matrices: bool) -> Any:
    *batch, m, n = a.shape
    k = m if full_matrices else min(m, n)
    if a.size == 0:
        q = np.broadcast_to(np.eye(m, k, dtype=a.dtype), (*batch, m, k)).copy()
        return q, np.zeros((*batch, k, n), a.dtype)
    packed, tau, _ = run(geqrf_routine(m, n, a.dtype), a.shape[:-2], a.swapaxes(-1, -2))
    packed = packed.swapaxes(-1, -2)
    first = np.zeros((*batch, m, k), a.dtype)
    first[..., : min(n, k)] = packed[..., : min(n, k)]
    return _product_impl(first, tau)[0], np.triu(packed[..., :k, :])


def _abstract(a: ShapedArray, *, full_matrices: bool) -> Any:
    check_matrices("qr", a)
    *batch, m, n = a.shape
    k = m if full_matrices else min(m, n)
    return a.update(shape=(*batch, m, k)), a.update(shape=(*batch, k, n))


def _jvp(primals: Any, tangents: Any, *, full_matrices: bool) -> Any:
    (a,), (t,) = primals, tangents
    q, r = qr_p.bind(a, full_matrices=full_matrices)
    if type(t) is Zero:
        return (q, r), (Zero(q.aval.tangent()), Zero(r.aval.tangent()))
    m, n = a.shape[-2:]
    k = min(m, n)
    if m > n and full_matrices:
        return (q, r), _full_dots(q, r, t)
    # The first k columns decide q.
    square = slice_in_dim(r, 0, k, axis=r.ndim - 1)
    ahead = slice_in_dim(t, 0, k, axis=t.ndim - 1)
    scaled = triangular_solve(square, ahead)
    inner = matmul(adjoint(q), scaled)
    below = lower_part(inner, 1)
    turn = sub(below, adjoint(below))
    if dtypes.is_complex(a.dtype):
        turn = add(turn, _imaginary_diagonal(inner))
    q_dot = add(matmul(q, sub(turn, inner)), scaled)
    r_dot = sub(matmul(adjoint(q), t), matmul(adjoint(q), q_dot, r))
    return (q, r), (q_dot, r_dot)


def _full_dots(q: Any, r: Any, t: Any) -> Any:
    """Returns the tangents for a square q of more rows than columns.

    Columns beyond those of a are determined up to a turn among themselves: they do not turn.
    """
    rank, (m, n) = q.ndim, (q.shape[-1], r.shape[-1])
    square = slice_in_dim(r, 0, n, axis=rank - 2)
    scaled = triangular_solve(square, matmul(adjoint(q), t))
    below = lower_part(scaled, 1)
    wide = pad(below, scalar_like(0, q.dtype), [(0, 0, 0)] * (rank - 1) + [(0, m - n, 0)])
    turn = sub(wide, adjoint(wide))
    if dtypes.is_complex(q.dtype):
        own = slice_in_dim(scaled, 0, n, axis=rank - 2)
        edges = [(0, 0, 0)] * (rank - 2) + [(0, m - n, 0)] * 2
        turn = add(turn, pad(_imaginary_diagonal(own), scalar_like(0, q.dtype), edges))
    return matmul(q, turn), sub(matmul(adjoint(q), t), matmul(turn, r))


def _imaginary_diagonal(x: Any) -> Any:
    part = sub(x, convert_element_type(real_part(x), x.dtype))
    return select_n(eye_mask(x.shape), scalar_like(0, x.dtype), part)


def _lower(k: Any, a: Any, *, out: Any, full_matrices: bool) -> Any:
    q_aval, r_aval = out
    *batch, m, n = a.shape
    zero = k.constant(0, a.dtype)
    if a.size == 0:
        one = k.constant(1, a.dtype)
        (q,) = k.element(q_aval, lambda *i: k.select(k.eq(i[-2], i[-1]), one, zero))
        return q, *k.element(r_aval, lambda *i: zero)
    seen = ShapedArray((*batch, n, m), a.dtype)
    (flipped,) = k.element(seen, lambda *i: a(*i[:-2], i[-1], i[-2]))
    packed, tau, _ = native(k, geqrf_routine(m, n, a.dtype), tuple(batch), flipped)
    columns = q_aval.shape[-1]
    first = ShapedArray((*batch, columns, m), a.dtype)

    def reflections(*i: Any) -> Any:
        *above, column, row = i
        inside = k.lt(column, k.constant(n))
        return k.guard(inside, packed, (*above, column, row), zero)

    (started,) = k.element(first, reflections)
    routine = _orgqr(m, columns, min(m, n), a.dtype)
    q, _ = native(k, routine, tuple(batch), started, tau)

    def upper(*i: Any) -> Any:
        *above, row, column = i
        return k.select(k.le(row, column), packed(*above, column, row), zero)

    return (
        *k.element(q_aval, lambda *i: q(*i[:-2], i[-1], i[-2])),
        *k.element(r_aval, upper),
    )


qr_p: Primitive = primitive(
    "qr",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: qr_p),
    lower=_lower,
)


def qr(
    x: Any, *, pivoting: bool = False, full_matrices: bool = True, use_magma: bool | None = None
) -> tuple[Array, Array] | tuple[Array, Array, Array]:
    """Factors matrices into one with orthonormal columns and an upper triangular one.

    Args:
        x: an array of shape (..., m, n).
        pivoting: whether to exchange columns so that the diagonal of r does not increase.
        full_matrices: whether q is square, k = m; else k = min(m, n).
        use_magma: for compatibility; without effect.

    Returns:
        q of shape (..., m, k) and r of shape (..., k, n), with x = q · r. With `pivoting` also
        int32 indices p of shape (..., n), with x[..., p] = q · r.

    Raises:
        ValueError: if the rank is below 2.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> q, r = lax.linalg.qr(jnp.array([[3.0], [4.0]]), full_matrices=False)
        >>> r
        Array([[-5.]], dtype=float64)
    """
    a = to_array(x)
    full = bool(full_matrices)
    if not pivoting:
        q, r = qr_p.bind(a, full_matrices=full)
        return q, r
    check_matrices("qr", aval_of(a))
    order = column_order(stop_gradient(a))
    aval = aval_of(a)
    wide = broadcast_in_dim(order, aval.shape, (*range(aval.ndim - 2), aval.ndim - 1))
    q, r = qr_p.bind(take_along(a, wide, aval.ndim - 1), full_matrices=full)
    return q, r, order
