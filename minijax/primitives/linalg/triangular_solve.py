"""Linear equations with triangular matrices."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.dtypes import bfloat16, float16, float32
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.interpreters.transpose import is_linear
from minijax.primitives.arithmetic import add, neg
from minijax.primitives.broadcast import move_axis
from minijax.primitives.convert import convert_element_type
from minijax.primitives.families import match
from minijax.primitives.linalg.matrices import (
    adjoint,
    check_matrices,
    conjugate,
    leading_batch,
    lower_part,
    matmul,
    transposed,
    upper_part,
)
from minijax.primitives.linalg.routine import Routine, call, letter, native, run, wrapped
from minijax.primitives.linalg.small import is_small, small_triangular_solve
from minijax.primitives.shape import reshape

_HALF = (float16, bfloat16)
_OPERATION = ("N", "T", "C")  # as BLAS names them


def _code(transpose_a: bool, conjugate_a: bool) -> int:
    return (2 if conjugate_a else 1) if transpose_a else 0


@functools.cache
def _routine(
    shape: tuple[int, int], dtype: np.dtype, left: bool, lower: bool, code: int, unit: bool
) -> Routine:
    # Seen column by column: xᵀ · op(a)ᵀ = bᵀ, from the other side, with the other triangle.
    symbol = f"blas_{letter(dtype)}trsm"
    rows, columns = shape
    n = rows if left else columns
    letters = ("R" if left else "L", "U" if lower else "L", _OPERATION[code], "NU"[unit])
    operands = (("in", 0), n, ("out", 0), columns)
    options = {"side": int(left), "lower": int(not lower), "trans_a": code, "diag": int(unit)}
    return Routine(
        calls=(call(symbol, *letters, columns, rows, 1.0, *operands),),
        results=((shape, dtype),),
        evaluate=lambda a, b: (wrapped(symbol)(1.0, a, b, **options),),
        start=((0, 1),),
    )


def _routine_of(
    b: Any,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    conjugate_a: bool,
    unit_diagonal: bool,
) -> Routine:
    code = _code(transpose_a, conjugate_a)
    return _routine(b.shape[-2:], b.dtype, left_side, lower, code, unit_diagonal)


def _impl(a: np.ndarray, b: np.ndarray, **params: Any) -> Any:
    if b.size == 0:
        return (b,)
    return tuple(run(_routine_of(b, **params), b.shape[:-2], a, b))


def _abstract(a: ShapedArray, b: ShapedArray, *, left_side: bool, **params: Any) -> Any:
    check_matrices("triangular_solve", a, square=True)
    check_matrices("triangular_solve", b)
    if a.dtype != b.dtype:
        raise TypeError(
            f"triangular_solve needs operands of one dtype, got a of {a} and b of {b}: convert one "
            "with .astype(...)."
        )
    axis = b.ndim - 2 if left_side else b.ndim - 1
    if a.shape[:-2] != b.shape[:-2] or a.shape[-1] != b.shape[axis]:
        product, wanted = (
            ("a · x = b", "(..., n, m)") if left_side else ("x · a = b", "(..., m, n)")
        )
        raise ValueError(
            f"triangular_solve of {product} takes a of shape (..., n, n) and b of shape {wanted}, "
            f"with the same leading axes; got {a.shape} and {b.shape}."
        )
    return (ShapedArray(b.shape, b.dtype, a.weak_type and b.weak_type),)


def _triangle(t: Any, lower: bool, unit_diagonal: bool) -> Any:
    return (lower_part if lower else upper_part)(t, int(unit_diagonal))


def _jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    a, b = primals
    (x,) = triangular_solve_p.bind(a, b, **params)
    a_dot, b_dot = tangents
    if type(a_dot) is Zero and type(b_dot) is Zero:
        return (x,), (Zero(x.aval.tangent()),)
    total = None
    if type(a_dot) is not Zero:
        change = _triangle(a_dot, params["lower"], params["unit_diagonal"])
        if params["transpose_a"]:
            change = adjoint(change) if params["conjugate_a"] else transposed(change)
        total = neg(matmul(change, x) if params["left_side"] else matmul(x, change))
    if type(b_dot) is not Zero:
        total = b_dot if total is None else add(total, b_dot)
    return (x,), triangular_solve_p.bind(a, total, **params)


def _transpose(
    cts: Any, a: Any, b: Any, *, transpose_a: bool, conjugate_a: bool, **params: Any
) -> Any:
    assert is_linear(b), "only the right-hand side enters linearly"
    (ct,) = cts
    if type(ct) is Zero:
        return None, Zero(b.aval)
    if transpose_a and conjugate_a:
        # The transpose of a · is that of the conjugate, which BLAS does not know by itself.
        a, transpose_a = conjugate(a), True
    flipped = not transpose_a
    found = triangular_solve_p.bind(
        a, materialize(ct), transpose_a=flipped, conjugate_a=False, **params
    )
    return None, found[0]


def _batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
    (a, b), (a_dim, b_dim) = operands, dims
    if a_dim is not None or aval_of(a).ndim > 2:
        return _general_batch(size, operands, dims, **params)
    # One matrix and many right-hand sides: they are columns (or rows) of one.
    left = params["left_side"]
    place = 2 if left else 0
    wide = move_axis(b, b_dim, place)
    n, m, extra = wide.shape
    merged = reshape(wide, (n, m * extra) if left else (n * m, extra))
    (x,) = triangular_solve_p.bind(a, merged, **params)
    return (reshape(x, (n, m, extra)),), (place,)


_general_batch = leading_batch(lambda: triangular_solve_p)


def _lower(k: Any, a: Any, b: Any, *, out: Any, **params: Any) -> Any:
    if out[0].size == 0:
        return (b,)
    if is_small(a.shape, a.dtype) and is_small(b.shape, b.dtype):
        options = {name: x for name, x in params.items() if name != "conjugate_a"}
        return small_triangular_solve(k, a, b, out, **options)
    return native(k, _routine_of(b, **params), b.shape[:-2], a, b)


triangular_solve_p: Primitive = primitive(
    "triangular_solve",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    lower=_lower,
)


def triangular_solve(
    a: Any,
    b: Any,
    *,
    left_side: bool = False,
    lower: bool = False,
    transpose_a: bool = False,
    conjugate_a: bool = False,
    unit_diagonal: bool = False,
) -> Array:
    """Solves op(a) · x = b, or x · op(a) = b, for a triangular a.

    Args:
        a: triangular matrices, of shape (..., n, n); the other triangle is not read.
        b: an array of shape (..., n, m) if `left_side`, else (..., m, n). A single vector, one
            rank less than `a`, is taken too.
        left_side: whether a stands on the left of x.
        lower: whether a is lower triangular.
        transpose_a: whether op transposes.
        conjugate_a: whether op conjugates.
        unit_diagonal: whether the diagonal of a is taken to be 1 and not read.

    Returns:
        An array of the shape of b.

    Raises:
        ValueError: if shapes do not fit.
        TypeError: if the dtypes differ, or are not floating or complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> a = jnp.array([[2.0, 0.0], [1.0, 4.0]])
        >>> lax.linalg.triangular_solve(a, jnp.array([[2.0], [9.0]]), left_side=True, lower=True)
        Array([[1.],
               [2.]], dtype=float64)
    """
    a, b = match(a, b)
    dtype = aval_of(a).dtype
    if dtype in _HALF and aval_of(b).dtype == dtype:
        # LAPACK has no 16-bit floats: single precision is rounded at the end.
        a, b = convert_element_type(a, float32), convert_element_type(b, float32)
    if aval_of(b).ndim == aval_of(a).ndim - 1:
        shape = aval_of(b).shape
        wide = (*shape, 1) if left_side else (*shape[:-1], 1, shape[-1])
        b, is_vector = reshape(b, wide), True
    else:
        shape, is_vector = aval_of(b).shape, False
    if conjugate_a and not transpose_a:
        a, conjugate_a = conjugate(a), False
    (x,) = triangular_solve_p.bind(
        a,
        b,
        left_side=bool(left_side),
        lower=bool(lower),
        transpose_a=bool(transpose_a),
        conjugate_a=bool(conjugate_a),
        unit_diagonal=bool(unit_diagonal),
    )
    x = reshape(x, shape) if is_vector else x
    return convert_element_type(x, dtype) if dtype in _HALF else x
