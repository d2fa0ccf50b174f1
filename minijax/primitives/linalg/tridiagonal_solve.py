"""Linear equations with tridiagonal matrices."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.interpreters.transpose import is_linear
from minijax.primitives.arithmetic import abs as magnitude
from minijax.primitives.arithmetic import add, is_finite, max, mul, neg, sub
from minijax.primitives.broadcast import broadcast_in_dim
from minijax.primitives.compare import select_n
from minijax.primitives.cumulative import shifted
from minijax.primitives.families import match, scalar_like
from minijax.primitives.identities import stop_gradient
from minijax.primitives.linalg.matrices import (
    as_dtype,
    check_matrices,
    checked,
    flipped,
    leading_batch,
    masked,
    rows_of,
    unflipped,
)
from minijax.primitives.linalg.routine import INFO, Routine, call, letter, native, run, wrapped
from minijax.primitives.reduction import reduce_and, reduce_max


@functools.cache
def _routine(n: int, count: int, dtype: np.dtype) -> Routine:
    symbol = f"lapack_{letter(dtype)}gtsv"
    outs = (("out", 0), ("out", 1), ("out", 2), ("out", 3))

    def evaluate(dl: np.ndarray, d: np.ndarray, du: np.ndarray, b: np.ndarray) -> Any:
        if n == 1:
            # SciPy's wrapping refuses diagonals of no element.
            return dl, d, du, b / d, int(d[0] == 0)
        _, _, _, x, info = wrapped(symbol)(dl[:-1], d, du[:-1], b)
        return dl, d, du, x, info

    line = ((n,), dtype)
    return Routine(
        calls=(call(symbol, n, count, *outs, n, ("out", 4)),),
        results=(line, line, line, ((count, n), dtype), INFO),
        evaluate=evaluate,
        start=((0, 0), (1, 1), (2, 2), (3, 3)),
    )


def _impl(dl: np.ndarray, d: np.ndarray, du: np.ndarray, b: np.ndarray) -> Any:
    if b.size == 0:
        return (b,)
    n, count = b.shape[-2:]
    routine = _routine(n, count, b.dtype)
    below = np.roll(dl, -1, axis=-1)
    *_, x, info = run(routine, b.shape[:-2], below, d, du, b.swapaxes(-1, -2))
    return tuple(masked(info, np.ascontiguousarray(x.swapaxes(-1, -2))))


def _abstract(dl: ShapedArray, d: ShapedArray, du: ShapedArray, b: ShapedArray) -> Any:
    if b.ndim < 2 or any(x.ndim != b.ndim - 1 for x in (dl, d, du)):
        raise TypeError(
            "tridiagonal_solve takes dl, d and du of shape (..., n) and b of shape (..., n, k), "
            f"with the same leading axes; got {dl.shape}, {d.shape}, {du.shape} and {b.shape}."
        )
    check_matrices("tridiagonal_solve", b)
    if any(x.shape != b.shape[:-1] for x in (dl, d, du)):
        raise ValueError(
            "tridiagonal_solve takes dl, d and du of shape (..., n) and b of shape (..., n, k); "
            f"got {dl.shape}, {d.shape}, {du.shape} and {b.shape}."
        )
    if any(x.dtype != b.dtype for x in (dl, d, du)):
        raise TypeError(
            f"tridiagonal_solve needs operands of one dtype, got {dl}, {d}, {du} and {b}: convert "
            "some with .astype(...)."
        )
    return (b,)


def _product(changes: Any, x: Any) -> Any:
    """Returns the product with the tridiagonal matrix; an operand may be Zero, but not all."""
    axis, count = x.ndim - 2, x.shape[-1]
    moved = (shifted(x, axis, False, 0), x, shifted(x, axis, True, 0))
    total = None
    for diagonal, rows in zip(changes, moved, strict=True):
        if type(diagonal) is not Zero:
            term = mul(rows_of(diagonal, count), rows)
            total = term if total is None else add(total, term)
    return total


def _jvp(primals: Any, tangents: Any) -> Any:
    *diagonals, _ = primals
    *changes, b_dot = tangents
    (x,) = tridiagonal_solve_p.bind(*primals)
    moves = any(type(t) is not Zero for t in changes)
    if not moves and type(b_dot) is Zero:
        return (x,), (Zero(x.aval.tangent()),)
    if not moves:
        return (x,), tridiagonal_solve_p.bind(*diagonals, b_dot)
    product = _product(changes, x)
    total = neg(product) if type(b_dot) is Zero else sub(b_dot, product)
    return (x,), tridiagonal_solve_p.bind(*diagonals, total)


def _transpose(cts: Any, dl: Any, d: Any, du: Any, b: Any) -> Any:
    assert is_linear(b), "only the right-hand side enters linearly"
    (ct,) = cts
    if type(ct) is Zero:
        return None, None, None, Zero(b.aval)
    axis = aval_of(d).ndim - 1
    below, above = shifted(du, axis, False, 0), shifted(dl, axis, True, 0)
    (found,) = tridiagonal_solve_p.bind(below, d, above, materialize(ct))
    return None, None, None, found


def _lower(k: Any, dl: Any, d: Any, du: Any, b: Any, *, out: Any) -> Any:
    if b.size == 0:
        return (b,)
    n, count = b.shape[-2:]
    (below,) = k.element(dl.aval, lambda *i: dl(*i[:-1], k.clamp_index(k.add(i[-1], 1), n - 1)))
    routine = _routine(n, count, b.dtype)
    *_, x, info = native(k, routine, b.shape[:-2], below, d, du, flipped(k, b))
    return k.element(out[0], lambda *i: checked(k, info, i[:-2], unflipped(x)(*i)))


tridiagonal_solve_p: Primitive = primitive(
    "tridiagonal_solve",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=_transpose,
    batch=leading_batch(lambda: tridiagonal_solve_p),
    lower=_lower,
)


def tridiagonal_solve(dl: Any, d: Any, du: Any, b: Any, *, perturb_singular: bool = False) -> Array:
    """Solves a · x = b for tridiagonal matrices, with exchanges of rows.

    Args:
        dl: the diagonal below the main one, of shape (..., n): dl[i] = a[i, i - 1]; dl[0] is not
            read.
        d: the main diagonal, of shape (..., n).
        du: the diagonal above it, of shape (..., n): du[i] = a[i, i + 1]; du[n - 1] is not read.
        b: of shape (..., n, k), with the same leading axes.
        perturb_singular: whether to solve with a diagonal that is changed by rounding errors where
            a is singular.

    Returns:
        x, of the shape of b; NaN where a is singular.

    Raises:
        TypeError: if ranks do not fit, or dtypes differ, or are not f32, f64, c64 or c128.
        ValueError: if shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> one = jnp.ones(3)
        >>> lax.linalg.tridiagonal_solve(0 * one, 2 * one, 0 * one, jnp.ones((3, 1)))[:, 0]
        Array([0.5, 0.5, 0.5], dtype=float64)
    """
    operands = match(dl, d, du, b)
    (x,) = tridiagonal_solve_p.bind(*operands)
    if not perturb_singular or not x.size:
        return x
    below, diagonal, above, columns = operands
    axis = x.ndim - 2
    sizes = [magnitude(stop_gradient(z)) for z in (below, diagonal, above)]
    largest = reduce_max(max(sizes[0], max(sizes[1], sizes[2])), (axis,))
    eps = scalar_like(float(np.finfo(largest.dtype).eps), largest.dtype)
    shift = broadcast_in_dim(mul(largest, eps), diagonal.shape, tuple(range(axis)))
    moved = add(diagonal, as_dtype(shift, diagonal.dtype))
    (perturbed,) = tridiagonal_solve_p.bind(below, moved, above, columns)
    fine = reduce_and(is_finite(magnitude(stop_gradient(x))), (axis, axis + 1))
    return select_n(broadcast_in_dim(fine, x.shape, tuple(range(axis))), perturbed, x)
