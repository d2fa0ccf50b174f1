"""Linear equations and inverses."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.axes import broadcast_to, matrix_transpose, moveaxis, reshape
from minijax.numpy.factorizations import adjoint, eigvalsh, rounding, svd, svdvals
from minijax.numpy.linear import matmul
from minijax.numpy.matrices import eye as identity_matrix
from minijax.numpy.promotion import broadcast_shapes, inexact, promote_dtypes, strong
from minijax.numpy.selection import where
from minijax.primitives import arithmetic
from minijax.primitives.linalg.matrices import check_matrices
from minijax.primitives.linalg.solve import linear_solve
from minijax.transforms.custom import custom_jvp


def _square(name: str, x: Any) -> Array:
    a = strong(inexact(name, x))
    check_matrices(name, a.aval, square=True)
    return a


# -- equations


def solve(a: Any, b: Any) -> Array:
    """Solves a · x = b. The gradient uses the factorisation of the solution again.

    Args:
        a: matrices of shape (..., n, n).
        b: a vector of shape (n,), or an array of shape (..., n, m); leading axes broadcast.

    Returns:
        x, of the shape of b (with the leading axes of both). It is not finite where a is singular.

    Raises:
        ValueError: if shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.solve(jnp.array([[2.0, 0.0], [0.0, 4.0]]), jnp.array([2.0, 2.0]))
        Array([1. , 0.5], dtype=float64)
    """
    x, y = (strong(z) for z in promote_dtypes("solve", a, b, inexact=True))
    check_matrices("solve", x.aval, square=True)
    if y.ndim == 0 or x.shape[-1] != y.shape[max(y.ndim - 2, 0)]:
        raise ValueError(
            "solve takes a of shape (..., n, n) and b of shape (n,) or (..., n, m); got "
            f"{x.shape} and {y.shape}."
        )
    columns: Any = y[:, None] if y.ndim == 1 else y
    batch = broadcast_shapes(x.shape[:-2], columns.shape[:-2])
    if not x.shape[:-2] and batch:
        # One matrix: all right-hand sides are columns of one.
        return _solve_shared(x, columns)
    columns = broadcast_to(columns, (*batch, *columns.shape[-2:]))
    found: Any = linear_solve(broadcast_to(x, (*batch, *x.shape[-2:])), columns)
    return found[..., 0] if y.ndim == 1 else found


def _solve_shared(a: Array, b: Array) -> Array:
    rows: Any = moveaxis(b, -2, 0)
    found: Any = linear_solve(a, reshape(rows, (rows.shape[0], -1 if b.size else 0)))
    return moveaxis(reshape(found, rows.shape), 0, -2)


def inv(a: Any) -> Array:
    """Returns the inverses of square matrices, not finite where they are singular.

    Args:
        a: an array of shape (..., n, n).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.inv(jnp.array([[2.0, 0.0], [0.0, 4.0]]))
        Array([[0.5 , 0.  ],
               [0.  , 0.25]], dtype=float64)
    """
    x = _square("inv", a)
    return linear_solve(x, broadcast_to(identity_matrix(x.shape[-1], dtype=x.dtype), x.shape))


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Array:
    """Solves tensordot(a, x, x.ndim) = b.

    Args:
        a: an array whose shape is that of b followed by that of x.
        b: an array.
        axes: axes of a to move to the end first.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.tensorsolve(2 * jnp.eye(4).reshape(2, 2, 4), jnp.ones((2, 2)))
        Array([0.5, 0.5, 0.5, 0.5], dtype=float64)
    """
    x, y = promote_dtypes("tensorsolve", a, b, inexact=True)
    if axes is not None:
        x = moveaxis(x, axes, range(x.ndim - len(axes), x.ndim))
    shape = x.shape[y.ndim :]
    found: Any = solve(reshape(x, (y.size, math.prod(shape))), reshape(y, (-1,)))
    return found.reshape(shape)


def tensorinv(a: Any, ind: int = 2) -> Array:
    """Returns the inverse for tensordot over `ind` axes.

    Args:
        a: an array whose first `ind` axes have as many elements as the others.
        ind: how many axes belong to the first side.

    Raises:
        ValueError: if `ind` is not positive.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.tensorinv(2 * jnp.eye(4).reshape(4, 2, 2), ind=1).shape
        (2, 2, 4)
    """
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be positive, got {ind}.")
    x = strong(inexact("tensorinv", a))
    first, second = x.shape[:ind], x.shape[ind:]
    found = inv(reshape(x, (math.prod(first), math.prod(second))))
    return reshape(found, (*second, *first))


def lstsq(a: Any, b: Any, rcond: float | None = None, *, numpy_resid: bool = False) -> Any:
    """Returns the x of least norm that minimises |a · x - b|.

    Args:
        a: a matrix of shape (m, n).
        b: an array of shape (m,) or (m, k).
        rcond: singular values below rcond times the largest count as zero; None for the rounding
            error of the dtype times max(m, n).
        numpy_resid: whether residuals are empty, as with NumPy, where the rank is below n or
            m <= n.

    Returns:
        x of shape (n,) or (n, k), the sums of squared residuals, the rank, the singular values.

    Raises:
        ValueError: if shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.lstsq(jnp.array([[1.0], [1.0]]), jnp.array([1.0, 3.0]))[0].round(6)
        Array([2.], dtype=float64)
    """
    x, y = (strong(z) for z in promote_dtypes("lstsq", a, b, inexact=True))
    if x.ndim != 2 or y.ndim not in (1, 2) or x.shape[0] != y.shape[0]:
        raise ValueError(
            "lstsq takes a of shape (m, n) and b of shape (m,) or (m, k); got "
            f"{x.shape} and {y.shape}."
        )
    rhs: Any = y[:, None] if y.ndim == 1 else y
    if not x.size:
        return _empty_lstsq(x, rhs, y.ndim == 1)
    u, s, vh = svd(x, full_matrices=False)
    eps = float(np.finfo(s.dtype).eps)
    relative = eps * max(x.shape) if rcond is None else (eps if rcond < 0 else rcond)
    is_there = (s > 0) & (s >= relative * s[0])
    rank = is_there.sum()
    inverse = where(is_there, 1 / where(is_there, s, 1), 0).astype(x.dtype)
    found = matmul(adjoint(vh), inverse[:, None] * matmul(adjoint(u), rhs))
    residuals = _residuals(x, rhs, found, s.dtype)
    if numpy_resid and (int(rank) < x.shape[1] or x.shape[0] <= x.shape[1]):
        residuals = residuals[:0]
    return (found[:, 0] if y.ndim == 1 else found), residuals, rank, s


def _residuals(a: Array, b: Array, x: Array, dtype: np.dtype) -> Any:
    distance = arithmetic.abs(b - matmul(a, x))
    return reductions.sum(distance * distance, 0).astype(dtype)


def _empty_lstsq(a: Array, b: Array, is_vector: bool) -> Any:
    real = dtypes.real_dtype(a.dtype)
    x: Any = broadcast_to(np.zeros((), a.dtype), (a.shape[1], b.shape[1]))
    s = broadcast_to(np.zeros((), real), (0,))
    rank = broadcast_to(np.zeros((), np.int64), ())
    return (x[:, 0] if is_vector else x), s, rank, s


# -- inverses of singular matrices, ranks


def pinv(a: Any, rtol: Any = None, hermitian: bool = False, *, rcond: Any = None) -> Array:
    """Returns the pseudo-inverses of matrices.

    Args:
        a: an array of shape (..., m, n).
        rtol: singular values below rtol times the largest count as zero; None for ten times the
            rounding error of the dtype times max(m, n).
        hermitian: whether a is known to be Hermitian, which is faster.
        rcond: another name for rtol.

    Returns:
        An array of shape (..., n, m).

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.pinv(jnp.array([[2.0, 0.0], [0.0, 0.0]]))
        Array([[0.5, 0. ],
               [0. , 0. ]], dtype=float64)
    """
    x = strong(inexact("pinv", a))
    check_matrices("pinv", x.aval)
    rtol = rcond if rtol is None else rtol
    if x.size == 0:
        return matrix_transpose(x)
    relative = 10.0 * rounding(x) if rtol is None else rtol
    limit = broadcast_to(relative, x.shape[:-2])
    return (_hermitian_pinv if hermitian else _general_pinv)(x, limit)


def _inverted(x: Array, limit: Any, hermitian: bool) -> Array:
    u, s, vh = svd(x, full_matrices=False, hermitian=hermitian)
    is_there = s > limit[..., None] * s[..., :1]
    inverse = where(is_there, 1 / where(is_there, s, 1), 0).astype(x.dtype)
    return matmul(adjoint(vh), inverse[..., :, None] * adjoint(u))


@custom_jvp
def _general_pinv(x: Array, limit: Array) -> Array:
    return _inverted(x, limit, False)


@custom_jvp
def _hermitian_pinv(x: Array, limit: Array) -> Array:
    return _inverted(x, limit, True)


def _pinv_rule(function: Any) -> Any:
    def rule(primals: Any, tangents: Any) -> Any:
        # Golub and Pereyra (1973): valid where the rank does not change.
        x, limit = primals
        change = tangents[0]
        p = function(x, limit)
        back = adjoint(change)
        inner = -matmul(matmul(p, change), p)
        above = matmul(matmul(p, adjoint(p)), back)
        below = matmul(back, matmul(adjoint(p), p))
        outer = above - matmul(matmul(above, x), p) + below - matmul(p, matmul(x, below))
        return p, inner + outer

    return rule


_general_pinv.defjvp(_pinv_rule(_general_pinv))
_hermitian_pinv.defjvp(_pinv_rule(_hermitian_pinv))


def matrix_rank(M: Any, rtol: Any = None, *, hermitian: bool = False, tol: Any = None) -> Array:
    """Returns how many singular values are not zero.

    Args:
        M: an array of shape (..., m, n); a vector has rank 1 unless it is zero.
        rtol: singular values up to rtol times the largest count as zero; None for the rounding
            error of the dtype times max(m, n).
        hermitian: whether M is known to be Hermitian, which is faster.
        tol: an absolute limit in place of a relative one.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.matrix_rank(jnp.ones((3, 3)))
        Array(1, dtype=int64)
    """
    x: Any = strong(inexact("matrix_rank", M))
    if x.ndim < 2:
        return (x != 0).any().astype(dtypes.int64)
    s = arithmetic.abs(eigvalsh(x)) if hermitian else svdvals(x)
    if tol is not None:
        limit: Any = broadcast_to(tol, s.shape[:-1])
    elif not x.size:
        return reductions.sum(s > 0, -1)
    else:
        limit = s.max(-1) * (rounding(x) if rtol is None else broadcast_to(rtol, s.shape[:-1]))
    return reductions.sum(s > limit[..., None], -1)


def matrix_power(a: Any, n: int) -> Array:
    """Returns the n-th power of square matrices, by repeated squaring.

    Args:
        a: an array of shape (..., k, k).
        n: an integer; a negative one takes the inverse.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.matrix_power(jnp.array([[1, 1], [0, 1]]), 5)
        Array([[1, 5],
               [0, 1]], dtype=int64)
    """
    if not hasattr(n, "__index__"):
        raise TypeError(f"matrix_power: the power must be an integer, got {n!r}.")
    power = operator.index(n)
    (x,) = promote_dtypes("matrix_power", a)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"matrix_power takes matrices of shape (..., n, n); got {x.shape}.")
    if power == 0:
        return broadcast_to(identity_matrix(x.shape[-1], dtype=x.dtype), x.shape)
    if power < 0:
        x, power = inv(x), -power
    result: Any = None
    while power:
        if power & 1:
            result = x if result is None else matmul(result, x)
        power >>= 1
        x = matmul(x, x) if power else x
    return result
