"""Products and factorisations that are made of others: a · aᵀ, and a factor of a + w · wᵀ."""

from __future__ import annotations

from typing import Any

from minijax.core.avals import ShapedArray
from minijax.core.dtypes import float32, float64, int64
from minijax.core.operators import Array
from minijax.primitives.broadcast import broadcast_in_dim, full
from minijax.primitives.compare import eq, ge, gt, select_n
from minijax.primitives.control.loops import fori_loop
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.families import check_dtype, match, scalar_like
from minijax.primitives.linalg.composed import composed
from minijax.primitives.linalg.matrices import lower_part, matmul, transposed
from minijax.primitives.powers import sqrt
from minijax.primitives.shape import reshape
from minijax.primitives.slicing import (
    dynamic_index_in_dim,
    dynamic_update_slice_in_dim,
)

_REAL = (float32, float64)

# -- symmetric_product


def _check_product(a: ShapedArray, c: ShapedArray, *, alpha: float, beta: float) -> None:
    check_dtype("symmetric_product", a, _REAL, "an operand")
    is_fit = a.ndim >= 2 and c.shape == (*a.shape[:-1], a.shape[-2])
    if not is_fit or a.dtype != c.dtype:
        raise ValueError(
            "symmetric_product takes a_matrix of shape (..., m, n) and c_matrix of shape "
            f"(..., m, m), of one dtype; got {a} and {c}."
        )


def _product(a: Any, c: Any, *, alpha: float, beta: float) -> Any:
    found = matmul(a, transposed(a)) * scalar_like(alpha, a.dtype)
    return (found + c * scalar_like(beta, a.dtype),)


symmetric_product_p = composed("symmetric_product", _product, _check_product)


def symmetric_product(
    a_matrix: Any,
    c_matrix: Any,
    *,
    alpha: float = 1.0,
    beta: float = 0.0,
    symmetrize_output: bool = False,
) -> Array:
    """Returns alpha · a · aᵀ + beta · c.

    Args:
        a_matrix: real matrices of shape (..., m, n).
        c_matrix: symmetric matrices of shape (..., m, m).
        alpha, beta: numbers.
        symmetrize_output: whether to copy the lower triangle of the result to the upper one.

    Returns:
        An array of shape (..., m, m).

    Raises:
        ValueError: if shapes do not fit, or dtypes differ.
        TypeError: if the dtype is not f32 or f64.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.symmetric_product(jnp.array([[1.0], [2.0]]), jnp.eye(2), beta=1.0)
        Array([[2., 2.],
               [2., 5.]], dtype=float64)
    """
    a, c = match(a_matrix, c_matrix)
    (found,) = symmetric_product_p.bind(a, c, alpha=float(alpha), beta=float(beta))
    if not symmetrize_output:
        return found
    return lower_part(found) + transposed(lower_part(found, 1))


# -- cholesky_update


def _check_update(r: ShapedArray, w: ShapedArray) -> None:
    for x, rank in ((r, 2), (w, 1)):
        if x.ndim != rank:
            raise TypeError(
                f"cholesky_update takes r_matrix of shape (n, n) and w_vector of shape (n,); got "
                f"{r.shape} and {w.shape}. Map it over a batch with vmap."
            )
        check_dtype("cholesky_update", x, _REAL, "an operand")
    if r.shape != (w.shape[0], w.shape[0]) or r.dtype != w.dtype:
        raise ValueError(
            "cholesky_update takes r_matrix of shape (n, n) and w_vector of shape (n,), of one "
            f"dtype; got {r} and {w}."
        )


def _rotated(r: Any, w: Any) -> Any:
    """Turns row after row of r against w, so that w loses one component after the other."""
    n = w.shape[0]
    places = broadcasted_iota(int64, (n,), 0)
    one, zero = scalar_like(1, r.dtype), scalar_like(0, r.dtype)
    zeros = full((n,), 0, r.dtype)

    def step(i: Any, carry: Any) -> Any:
        matrix, vector = carry
        row = reshape(dynamic_index_in_dim(matrix, i, 0), (n,))
        here = broadcast_in_dim(i, (n,), ())
        # What is left of the diagonal is not read.
        row = select_n(ge(places, here), zeros, row)
        x, y = (reshape(dynamic_index_in_dim(z, i, 0), ()) for z in (row, vector))
        squares = x * x + y * y
        is_zero = eq(squares, zero)
        length = sqrt(select_n(is_zero, squares, one))
        cosine, sine = select_n(is_zero, x / length, one), y / length
        turned = row * cosine + vector * sine
        rest = select_n(gt(places, here), zeros, vector * cosine - row * sine)
        matrix = dynamic_update_slice_in_dim(matrix, reshape(turned, (1, n)), i, 0)
        return matrix, rest

    return fori_loop(0, n, step, (r, w))[:1]


cholesky_update_p = composed("cholesky_update", _rotated, _check_update)


def cholesky_update(r_matrix: Any, w_vector: Any) -> Array:
    """Returns the Cholesky factor of rᵀ · r + w · wᵀ, in O(n²) operations.

    Args:
        r_matrix: an upper triangular matrix of shape (n, n); the other triangle is not read.
        w_vector: of shape (n,).

    Returns:
        An upper triangular matrix of shape (n, n).

    Raises:
        TypeError: if the ranks are others, or the dtype is not f32 or f64.
        ValueError: if the shapes do not fit.

    Source:
        Golub and Van Loan, Matrix Computations, section 6.5.4.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.linalg.cholesky_update(jnp.array([[3.0]]), jnp.array([4.0]))
        Array([[5.]], dtype=float64)
    """
    r, w = match(r_matrix, w_vector)
    return cholesky_update_p.bind(r, w)[0]
