"""Householder reflections as LAPACK packs them: made, applied, and with exchanges of columns."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.dtypes import int32
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, constant, primitive
from minijax.interpreters.jvp import jvp
from minijax.interpreters.transpose import is_linear
from minijax.primitives.arithmetic import add, mul, sub
from minijax.primitives.families import NOT_LINEAR, match
from minijax.primitives.linalg.matrices import (
    adjoint,
    check_matrices,
    conjugate,
    eye,
    flipped,
    leading_batch,
    lower_part,
    matmul,
    rows_of,
    unflipped,
    upper_part,
)
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
from minijax.primitives.windows import slice_in_dim

# -- the product of reflections, in terms of matrix products


def reflected(a: Any, taus: Any, c: Any, left: bool, transpose: bool) -> Array:
    """Returns q · c, or the other products that `ormqr` tells.

    With v the vectors in columns, s the strict upper triangle of vᴴ · v and d = diag(taus),
    q = 1 - v · (1 + d · s)⁻¹ · d · vᴴ (Schreiber and Van Loan 1989).
    """
    if not left:
        return adjoint(reflected(a, taus, adjoint(c), True, not transpose))
    rows, count = a.shape[-2], taus.shape[-1]
    packed = slice_in_dim(a, 0, count, axis=a.ndim - 1)
    v = add(lower_part(packed, 1), eye((*a.shape[:-2], rows, count), a.dtype))
    vh = adjoint(v)
    overlaps = upper_part(matmul(vh, v), 1)
    scaled = mul(overlaps, rows_of(taus, count))
    unit = {"left_side": True, "unit_diagonal": True}
    seen = matmul(vh, c)
    if transpose:
        way = {"transpose_a": True, "conjugate_a": True}
        inner = triangular_solve(scaled, seen, **unit, **way)
        inner = mul(inner, rows_of(conjugate(taus), c.shape[-1]))
    else:
        inner = triangular_solve(scaled, mul(seen, rows_of(taus, c.shape[-1])), **unit)
    return sub(c, matmul(v, inner))


# -- geqrf


@functools.cache
def geqrf_routine(m: int, n: int, dtype: np.dtype) -> Routine:
    """Returns the routine that packs r and the reflections of q into one matrix."""
    symbol = f"lapack_{letter(dtype)}geqrf"
    room = n * BLOCK
    # What it calls where no block fits, without the questions it asks before.
    if min(m, n) <= UNBLOCKED:
        direct = f"lapack_{letter(dtype)}geqr2"
        steps = call(direct, m, n, ("out", 0), m, ("out", 1), ("work", 0), ("out", 2))
    else:
        rest = (("out", 1), ("work", 0), room, ("out", 2))
        steps = call(symbol, m, n, ("out", 0), m, *rest)

    def evaluate(a: np.ndarray) -> Any:
        found, tau, _, info = wrapped(symbol)(a, lwork=room)
        return found, tau, info

    return Routine(
        calls=(steps,),
        results=(((n, m), dtype), ((min(m, n),), dtype), INFO),
        evaluate=evaluate,
        start=((0, 0),),
        work=(room * dtype.itemsize,),
    )


def _geqrf_impl(a: np.ndarray) -> Any:
    *batch, m, n = a.shape
    if a.size == 0:
        return a, np.zeros((*batch, min(m, n)), a.dtype)
    found, taus, _ = run(geqrf_routine(m, n, a.dtype), a.shape[:-2], a.swapaxes(-1, -2))
    return np.ascontiguousarray(found.swapaxes(-1, -2)), taus


def _geqrf_abstract(a: ShapedArray) -> Any:
    check_matrices("geqrf", a)
    *batch, m, n = a.shape
    return a, a.update(shape=(*batch, min(m, n)))


def _geqrf_lower(k: Any, a: Any, *, out: Any) -> Any:
    if a.size == 0:
        return a, *k.element(out[1], lambda *i: k.constant(0, a.dtype))
    *batch, m, n = a.shape
    found, taus, _ = native(k, geqrf_routine(m, n, a.dtype), tuple(batch), flipped(k, a))
    return *k.element(out[0], unflipped(found)), taus


geqrf_p: Primitive = primitive(
    "geqrf",
    impl=_geqrf_impl,
    abstract=_geqrf_abstract,
    jvp=absent("packed reflections are no smooth function: differentiate lax.linalg.qr"),
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: geqrf_p),
    lower=_geqrf_lower,
)


def geqrf(a: Any) -> tuple[Array, Array]:
    """Returns the QR factorisation as LAPACK packs it.

    Args:
        a: an array of shape (..., m, n).

    Returns:
        r in the upper triangle, the vectors of the reflections below; and their scales, of shape
        (..., min(m, n)).
    """
    found, taus = geqrf_p.bind(a)
    return found, taus


# -- ormqr


@functools.cache
def _ormqr_routine(
    shape: tuple[int, int], rows: int, count: int, dtype: np.dtype, left: bool, transpose: bool
) -> Routine:
    is_complex = dtypes.is_complex(dtype)
    symbol = f"lapack_{letter(dtype)}{'unmqr' if is_complex else 'ormqr'}"
    m, n = shape
    room = (max(m, n) + BLOCK) * BLOCK + 65 * 64
    side = "L" if left else "R"
    way = ("C" if is_complex else "T") if transpose else "N"
    operands = (("in", 0), rows, ("in", 1), ("out", 0), m, ("work", 0), room, ("out", 1))

    def evaluate(a: np.ndarray, taus: np.ndarray, c: np.ndarray) -> Any:
        found, _, info = wrapped(symbol)(side, way, a[:, :count], taus, c, room)
        return found, info

    return Routine(
        calls=(call(symbol, side, way, m, n, count, *operands),),
        results=(((n, m), dtype), INFO),
        evaluate=evaluate,
        start=((0, 2),),
        work=(room * dtype.itemsize,),
    )


def _ormqr_routine_of(a: Any, taus: Any, c: Any, left: bool, transpose: bool) -> Routine:
    return _ormqr_routine(c.shape[-2:], a.shape[-2], taus.shape[-1], c.dtype, left, transpose)


def _ormqr_impl(
    a: np.ndarray, taus: np.ndarray, c: np.ndarray, *, left: bool, transpose: bool
) -> Any:
    if c.size == 0 or taus.size == 0:
        return (c,)
    routine = _ormqr_routine_of(a, taus, c, left, transpose)
    found, _ = run(routine, a.shape[:-2], a.swapaxes(-1, -2), taus, c.swapaxes(-1, -2))
    return (np.ascontiguousarray(found.swapaxes(-1, -2)),)


def _ormqr_abstract(
    a: ShapedArray, taus: ShapedArray, c: ShapedArray, *, left: bool, transpose: bool
) -> Any:
    for x in (a, c):
        if x.ndim < 2:
            raise TypeError(f"ormqr takes a and c of rank 2 or more, got {a.shape} and {c.shape}.")
        check_matrices("ormqr", x)
    if not a.dtype == taus.dtype == c.dtype:
        raise TypeError(f"ormqr needs operands of one dtype, got {a}, {taus} and {c}.")
    m, n = a.shape[-2:]
    batch = a.shape[:-2]
    if taus.shape[:-1] != batch or c.shape[:-2] != batch or taus.shape[-1] > min(m, n):
        raise ValueError(
            "ormqr takes a of shape (..., m, n), taus of shape (..., k) with k <= min(m, n), and c "
            f"with the same leading axes; got {a.shape}, {taus.shape} and {c.shape}."
        )
    if c.shape[-2 if left else -1] != m:
        raise ValueError(
            f"ormqr with {left=} takes c with {m} {'rows' if left else 'columns'}, as many as a "
            f"has rows; got a of shape {a.shape} and c of shape {c.shape}."
        )
    return (c,)


def _ormqr_jvp(primals: Any, tangents: Any, *, left: bool, transpose: bool) -> Any:
    params = {"left": left, "transpose": transpose}
    a, taus, c = primals
    outs = ormqr_p.bind(a, taus, c, **params)
    a_dot, taus_dot, c_dot = tangents
    total = None
    if type(a_dot) is not Zero or type(taus_dot) is not Zero:
        _, (total,) = jvp(
            lambda x, y: [reflected(x, y, c, left, transpose)], (a, taus), (a_dot, taus_dot)
        )
    if type(c_dot) is not Zero:
        (own,) = ormqr_p.bind(a, taus, c_dot, **params)
        total = own if total is None else add(total, own)
    return outs, (Zero(outs[0].aval.tangent()) if total is None else total,)


def _ormqr_transpose(cts: Any, a: Any, taus: Any, c: Any, *, left: bool, transpose: bool) -> Any:
    assert is_linear(c), "only c enters linearly"
    (ct,) = cts
    if type(ct) is Zero:
        return None, None, Zero(c.aval)
    # The transpose of q is the adjoint of its conjugate.
    found = ormqr_p.bind(a, taus, conjugate(materialize(ct)), left=left, transpose=not transpose)
    return None, None, conjugate(found[0])


def _ormqr_lower(
    k: Any, a: Any, taus: Any, c: Any, *, out: Any, left: bool, transpose: bool
) -> Any:
    if c.size == 0 or taus.size == 0:
        return (c,)
    routine = _ormqr_routine_of(a, taus, c, left, transpose)
    found, _ = native(k, routine, c.shape[:-2], flipped(k, a), taus, flipped(k, c))
    return k.element(out[0], unflipped(found))


ormqr_p: Primitive = primitive(
    "ormqr",
    impl=_ormqr_impl,
    abstract=_ormqr_abstract,
    jvp=_ormqr_jvp,
    transpose=_ormqr_transpose,
    batch=leading_batch(lambda: ormqr_p),
    lower=_ormqr_lower,
)


def ormqr(a: Any, taus: Any, c: Any, *, left: bool = True, transpose: bool = False) -> Array:
    """Multiplies by the q of a QR factorisation, without making it.

    Args:
        a: packed reflections of shape (..., m, n), the transpose of what
            `jnp.linalg.qr(..., mode="raw")` returns.
        taus: their scales, of shape (..., k) with k <= min(m, n).
        c: an array of shape (..., m, p) if `left`, else (..., p, m).
        left: whether q stands on the left.
        transpose: whether to multiply by the adjoint of q.

    Returns:
        An array of the shape of c.

    Raises:
        ValueError: if shapes do not fit.
        TypeError: if the rank of a or c is below 2, or dtypes differ.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.ormqr(jnp.ones((2, 1)), jnp.array([1.0]), jnp.eye(2))
        Array([[ 0., -1.],
               [-1.,  0.]], dtype=float64)
    """
    operands = match(a, taus, c)
    return ormqr_p.bind(*operands, left=bool(left), transpose=bool(transpose))[0]


# -- the order of columns of a QR factorisation that tells the rank


@functools.cache
def _geqp3_routine(m: int, n: int, dtype: np.dtype) -> Routine:
    symbol = f"lapack_{letter(dtype)}geqp3"
    room = 2 * n + (n + 1) * BLOCK
    real_work = (("work", 1),) if dtypes.is_complex(dtype) else ()
    operands = (("out", 0), m, ("out", 1), ("out", 2), ("work", 0), room, *real_work, ("out", 3))

    def evaluate(a: np.ndarray, order: np.ndarray) -> Any:
        found, order, taus, _, info = wrapped(symbol)(a, lwork=room)
        return found, order, taus, info

    work = (room * dtype.itemsize,)
    return Routine(
        calls=(call(symbol, m, n, *operands),),
        results=(((n, m), dtype), ((n,), int32), ((min(m, n),), dtype), INFO),
        evaluate=evaluate,
        start=((0, 0), (1, 1)),
        work=(*work, 2 * n * dtypes.real_dtype(dtype).itemsize) if real_work else work,
    )


def _order_impl(a: np.ndarray) -> Any:
    *batch, m, n = a.shape
    if a.size == 0:
        return (np.broadcast_to(np.arange(n, dtype=np.int32), (*batch, n)).copy(),)
    free = np.zeros((*batch, n), np.int32)
    routine = _geqp3_routine(m, n, a.dtype)
    return (run(routine, a.shape[:-2], a.swapaxes(-1, -2), free)[1] - 1,)


def _order_abstract(a: ShapedArray) -> Any:
    check_matrices("column_order", a)
    return (ShapedArray((*a.shape[:-2], a.shape[-1]), int32),)


def _order_lower(k: Any, a: Any, *, out: Any) -> Any:
    (aval,) = out
    if a.size == 0:
        return k.element(aval, lambda *i: k.convert(i[-1], int32))
    *batch, m, n = a.shape
    # A zero leaves LAPACK free to choose the place of a column.
    (free,) = k.element(aval, lambda *i: k.constant(0, int32))
    routine = _geqp3_routine(m, n, a.dtype)
    _, order, _, _ = native(k, routine, tuple(batch), flipped(k, a), free)
    one = k.constant(1, int32)
    return k.element(aval, lambda *i: k.sub(order(*i), one))


column_order_p: Primitive = primitive(
    "column_order",
    impl=_order_impl,
    abstract=_order_abstract,
    jvp=constant,
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: column_order_p),
    lower=_order_lower,
)


def column_order(a: Any) -> Array:
    """Returns the order of columns in which the diagonal of r does not increase.

    Args:
        a: an array of shape (..., m, n).

    Returns:
        int32 indices of shape (..., n).
    """
    assert aval_of(a).ndim >= 2, "the caller has checked that these are matrices"
    return column_order_p.bind(a)[0]
