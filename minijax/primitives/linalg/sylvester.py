"""Sylvester's equation a · x + x · b = c, by Schur decompositions (Bartels and Stewart 1972).

`sylvester` depends on a and b, not on their decompositions: its derivatives are again equations
with the same ones, to any order.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, primitive
from minijax.core.quiet import quiet
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.stage import stage_closed
from minijax.interpreters.transpose import is_linear
from minijax.primitives.arithmetic import sub
from minijax.primitives.families import NOT_LINEAR
from minijax.primitives.identities import stop_gradient
from minijax.primitives.linalg.matrices import (
    adjoint,
    check_matrices,
    checked,
    conjugate,
    flipped,
    leading_batch,
    masked,
    matmul,
    unflipped,
)
from minijax.primitives.linalg.routine import INFO, Routine, call, letter, native, run, wrapped
from minijax.primitives.linalg.schur import schur

# -- the equation of (quasi-)triangular matrices


@functools.cache
def _routine(m: int, n: int, dtype: np.dtype, adjoined: bool) -> Routine:
    symbol, real = f"lapack_{letter(dtype)}trsyl", dtypes.real_dtype(dtype)
    way = ("C" if dtypes.is_complex(dtype) else "T") if adjoined else "N"
    operands = (("in", 0), m, ("in", 1), n, ("out", 0), m, ("out", 1), ("out", 2))

    def solve(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Any:
        return wrapped(symbol)(a, b, c, trana=way, tranb=way)

    return Routine(
        calls=(call(symbol, way, way, 1, m, n, *operands),),
        results=(((n, m), dtype), ((1,), real), INFO),
        evaluate=solve,
        start=((0, 2),),
    )


def _triangular_impl(a: np.ndarray, b: np.ndarray, c: np.ndarray, *, adjoined: bool) -> Any:
    if c.size == 0:
        return (c,)
    routine = _routine(*c.shape[-2:], c.dtype, adjoined)
    found, scale, info = run(routine, c.shape[:-2], *(x.swapaxes(-1, -2) for x in (a, b, c)))
    # A scale other than 1 has kept the solution from overflowing.
    with quiet():
        x = found.swapaxes(-1, -2) / scale[..., None]
    return tuple(masked(info, np.ascontiguousarray(x)))


def _triangular_lower(k: Any, a: Any, b: Any, c: Any, *, out: Any, adjoined: bool) -> Any:
    if c.size == 0:
        return (c,)
    routine = _routine(*c.shape[-2:], c.dtype, adjoined)
    found, scale, info = native(k, routine, c.shape[:-2], *(flipped(k, x) for x in (a, b, c)))

    def body(*i: Any) -> Any:
        factor = k.convert(scale(*i[:-2], k.constant(0)), c.dtype)
        return checked(k, info, i[:-2], k.div(unflipped(found)(*i), factor))

    return k.element(out[0], body)


def _check(name: str, a: ShapedArray, b: ShapedArray, c: ShapedArray) -> None:
    check_matrices(name, a, square=True)
    check_matrices(name, b, square=True)
    check_matrices(name, c)
    if not a.dtype == b.dtype == c.dtype:
        raise TypeError(f"{name} needs operands of one dtype, got {a}, {b} and {c}.")
    batch, (m, n) = c.shape[:-2], c.shape[-2:]
    if a.shape != (*batch, m, m) or b.shape != (*batch, n, n):
        raise ValueError(
            f"{name} takes a of shape (..., m, m), b of shape (..., n, n) and c of shape "
            f"(..., m, n); got {a.shape}, {b.shape} and {c.shape}."
        )


def _triangular_abstract(a: ShapedArray, b: ShapedArray, c: ShapedArray, *, adjoined: bool) -> Any:
    _check("triangular_sylvester", a, b, c)
    return (c,)


triangular_sylvester_p: Primitive = primitive(
    "triangular_sylvester",
    impl=_triangular_impl,
    abstract=_triangular_abstract,
    jvp=absent("it is the inside of `sylvester`, which has derivatives"),
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: triangular_sylvester_p),
    lower=_triangular_lower,
)


# -- the equation of any matrices, given their Schur decompositions


def _solve(operands: Any, adjoined: bool) -> Any:
    r, u, s, v, c = operands
    inner = matmul(adjoint(u), c, v)
    (y,) = triangular_sylvester_p.bind(r, s, inner, adjoined=adjoined)
    return matmul(u, y, adjoint(v))


@functools.lru_cache(256)
def _program(avals: tuple[ShapedArray, ...], adjoined: bool) -> Any:
    return stage_closed(lambda *xs: [_solve(xs, adjoined)], avals)


def _impl(a: np.ndarray, b: np.ndarray, *rest: np.ndarray, adjoined: bool) -> Any:
    avals = tuple(ShapedArray(x.shape, x.dtype) for x in rest)
    return tuple(evaluate(_program(avals, adjoined), rest))


def _abstract(
    a: ShapedArray,
    b: ShapedArray,
    r: ShapedArray,
    u: ShapedArray,
    s: ShapedArray,
    v: ShapedArray,
    c: ShapedArray,
    *,
    adjoined: bool,
) -> Any:
    _check("sylvester", a, b, c)
    return (c,)


def _jvp(primals: Any, tangents: Any, *, adjoined: bool) -> Any:
    *known, _ = primals
    a_dot, b_dot, *_, c_dot = tangents
    (x,) = sylvester_p.bind(*primals, adjoined=adjoined)
    total = None if type(c_dot) is Zero else c_dot
    for change, is_left in ((a_dot, True), (b_dot, False)):
        if type(change) is Zero:
            continue
        change = adjoint(change) if adjoined else change
        term = matmul(change, x) if is_left else matmul(x, change)
        total = -term if total is None else sub(total, term)
    if total is None:
        return (x,), (Zero(x.aval.tangent()),)
    return (x,), sylvester_p.bind(*known, total, adjoined=adjoined)


def _transpose(cts: Any, *operands: Any, adjoined: bool) -> Any:
    *known, c = operands
    assert is_linear(c), "only the right-hand side enters linearly"
    (ct,) = cts
    if type(ct) is Zero:
        return *(None for _ in known), Zero(c.aval)
    seen = conjugate(materialize(ct))
    (found,) = sylvester_p.bind(*known, seen, adjoined=not adjoined)
    return *(None for _ in known), conjugate(found)


def _lower(k: Any, a: Any, b: Any, *rest: Any, out: Any, adjoined: bool) -> Any:
    return k.inline(_program(tuple(x.aval for x in rest), adjoined), rest)


sylvester_p: Primitive = primitive(
    "sylvester",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=_transpose,
    batch=leading_batch(lambda: sylvester_p),
    lower=_lower,
)


def sylvester_factored(a: Any, b: Any, r: Any, u: Any, s: Any, v: Any, c: Any) -> Array:
    """Solves a · x + x · b = c, given a = u · r · uᴴ and b = v · s · vᴴ.

    Args:
        a, r, u: arrays of shape (..., m, m).
        b, s, v: arrays of shape (..., n, n).
        c: an array of shape (..., m, n).
    """
    factors = (stop_gradient(x) for x in (r, u, s, v))
    return sylvester_p.bind(a, b, *factors, c, adjoined=False)[0]


def sylvester(a: Any, b: Any, c: Any) -> Array:
    """Solves a · x + x · b = c.

    Args:
        a: an array of shape (..., m, m).
        b: an array of shape (..., n, n).
        c: an array of shape (..., m, n).

    Returns:
        x, of the shape of c; NaN where a and -b share an eigenvalue.

    Raises:
        ValueError: if shapes do not fit.
        TypeError: if dtypes differ, or are not f32, f64, c64 or c128.
    """
    for x in (a, b):
        check_matrices("sylvester", aval_of(x), square=True)
    r, u = schur(stop_gradient(a))
    s, v = schur(stop_gradient(b))
    return sylvester_factored(a, b, r, u, s, v, c)
