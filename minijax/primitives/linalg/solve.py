"""Solving linear equations with a factorisation that is there already.

`linear_solve` depends on the matrix, not on its factors: its derivative is again a `linear_solve`
with the same factors, to any order, and a gradient never factors a second time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.dtypes import int32
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.interpreters.stage import stage_closed
from minijax.interpreters.transpose import is_linear
from minijax.primitives.arithmetic import add, neg
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.identities import stop_gradient
from minijax.primitives.linalg.lu import lu, permuted_rows
from minijax.primitives.linalg.matrices import (
    adjoint,
    check_matrices,
    conjugate,
    leading_batch,
    matmul,
    transposed,
)
from minijax.primitives.linalg.small import is_small, small_factored_solve
from minijax.primitives.linalg.triangular_solve import triangular_solve, triangular_solve_p
from minijax.primitives.sort import sort


def solve_factored(factors: Any, permutation: Any, b: Any, trans: int = 0) -> Array:
    """Solves op(a) · x = b, given the LU factorisation of a.

    Args:
        factors: l and u as `lu` returns them, of shape (..., n, n).
        permutation: of shape (..., n).
        b: an array of shape (..., n, m).
        trans: 0 for a, 1 for its transpose, 2 for its adjoint.
    """
    unit = {"left_side": True, "lower": True, "unit_diagonal": True}
    if trans == 0:
        inner = triangular_solve(factors, permuted_rows(b, permutation), **unit)
        return triangular_solve(factors, inner, left_side=True)
    way = {"transpose_a": True, "conjugate_a": trans == 2}
    inner = triangular_solve(factors, b, left_side=True, **way)
    found = triangular_solve(factors, inner, **unit, **way)
    return permuted_rows(found, _inverse(permutation))


def _inverse(permutation: Any) -> Any:
    places = broadcasted_iota(int32, permutation.shape, permutation.ndim - 1)
    return sort((permutation, places))[1]


def _numpy_solve(
    factors: np.ndarray, permutation: np.ndarray, b: np.ndarray, trans: int
) -> np.ndarray:
    unit = {"left_side": True, "lower": True, "unit_diagonal": True}
    plain = {"left_side": True, "lower": False, "unit_diagonal": False}
    way = {"transpose_a": trans > 0, "conjugate_a": trans == 2}
    order = permutation[..., None]
    if trans == 0:
        (inner,) = triangular_solve_p.impl(factors, np.take_along_axis(b, order, -2), **unit, **way)
        return triangular_solve_p.impl(factors, inner, **plain, **way)[0]
    (inner,) = triangular_solve_p.impl(factors, b, **plain, **way)
    (found,) = triangular_solve_p.impl(factors, inner, **unit, **way)
    return np.take_along_axis(found, np.argsort(order, axis=-2), -2)


def _impl(
    a: np.ndarray, factors: np.ndarray, permutation: np.ndarray, b: np.ndarray, *, trans: int
) -> Any:
    return (_numpy_solve(factors, permutation, b, trans),)


def _abstract(
    a: ShapedArray, factors: ShapedArray, permutation: ShapedArray, b: ShapedArray, *, trans: int
) -> Any:
    check_matrices("linear_solve", a, square=True)
    check_matrices("linear_solve", b)
    if a.dtype != b.dtype:
        raise TypeError(
            f"linear_solve needs operands of one dtype, got a of {a} and b of {b}: convert one "
            "with .astype(...)."
        )
    if a.shape[:-1] != b.shape[:-1]:
        raise ValueError(
            "linear_solve takes a of shape (..., n, n) and b of shape (..., n, m), with the same "
            f"leading axes; got {a.shape} and {b.shape}."
        )
    return (ShapedArray(b.shape, b.dtype, a.weak_type and b.weak_type),)


def _operation(a: Any, trans: int) -> Any:
    return (lambda x: x, transposed, adjoint)[trans](a)


def _jvp(primals: Any, tangents: Any, *, trans: int) -> Any:
    a, factors, permutation, _ = primals
    a_dot, _, _, b_dot = tangents
    (x,) = linear_solve_p.bind(*primals, trans=trans)
    if type(a_dot) is Zero and type(b_dot) is Zero:
        return (x,), (Zero(x.aval.tangent()),)
    total = None
    if type(a_dot) is not Zero:
        total = neg(matmul(_operation(a_dot, trans), x))
    if type(b_dot) is not Zero:
        total = b_dot if total is None else add(total, b_dot)
    return (x,), linear_solve_p.bind(a, factors, permutation, total, trans=trans)


def _transpose(cts: Any, a: Any, factors: Any, permutation: Any, b: Any, *, trans: int) -> Any:
    assert is_linear(b), "only the right-hand side enters linearly"
    (ct,) = cts
    if type(ct) is Zero:
        return None, None, None, Zero(b.aval)
    if trans == 2:
        found = linear_solve_p.bind(
            conjugate(a), conjugate(factors), permutation, materialize(ct), trans=0
        )
    else:
        found = linear_solve_p.bind(a, factors, permutation, materialize(ct), trans=1 - trans)
    return None, None, None, found[0]


def _lower(k: Any, a: Any, factors: Any, permutation: Any, b: Any, *, out: Any, trans: int) -> Any:
    if is_small(a.shape, a.dtype) and is_small(b.shape, b.dtype):
        return small_factored_solve(k, factors, permutation, b, out, trans)
    operands = (factors, permutation, b)
    program = stage_closed(
        lambda f, p, x: [solve_factored(f, p, x, trans)], [x.aval for x in operands]
    )
    return k.inline(program, operands)


linear_solve_p: Primitive = primitive(
    "linear_solve",
    impl=_impl,
    abstract=_abstract,
    jvp=_jvp,
    transpose=_transpose,
    batch=leading_batch(lambda: linear_solve_p),
    lower=_lower,
)


def linear_solve(a: Any, b: Any) -> Array:
    """Solves a · x = b.

    Args:
        a: matrices of shape (..., n, n).
        b: an array of shape (..., n, m), with the same leading axes.

    Returns:
        x, of the shape of b. It is not finite where a is singular.

    Raises:
        ValueError: if shapes do not fit.
        TypeError: if dtypes differ, or are not f32, f64, c64 or c128.
    """
    factors, _, permutation = lu(stop_gradient(a))
    return linear_solve_p.bind(a, factors, permutation, b, trans=0)[0]
