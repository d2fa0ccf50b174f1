"""Determinants: one factorisation for the value and all derivatives of first order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.axes import broadcast_to
from minijax.numpy.factorizations import adjoint
from minijax.numpy.linear import matmul
from minijax.numpy.matrices import diagonal, eye, triu
from minijax.numpy.promotion import inexact, strong
from minijax.numpy.selection import where
from minijax.primitives import arithmetic, exponential
from minijax.primitives.cumulative import cumprod, shifted
from minijax.primitives.identities import stop_gradient
from minijax.primitives.linalg import svd as svd_family
from minijax.primitives.linalg.lu import lu, permuted_rows
from minijax.primitives.linalg.matrices import check_matrices
from minijax.primitives.linalg.solve import linear_solve_p
from minijax.primitives.linalg.triangular_solve import triangular_solve
from minijax.transforms.custom import custom_jvp


class SlogdetResult(NamedTuple):
    """What `slogdet` returns."""

    sign: Array
    logabsdet: Array


def _square(name: str, x: Any) -> Array:
    a = strong(inexact(name, x))
    check_matrices(name, a.aval, square=True)
    return a


def _parity(pivots: Any, dtype: np.dtype) -> Any:
    """Returns 1 or -1: whether an even number of rows was exchanged."""
    places = np.arange(pivots.shape[-1], dtype=np.int32)
    return (1 - 2 * (reductions.sum(pivots != places, -1) % 2)).astype(dtype)


# -- det


@custom_jvp
def _det(x: Array, factors: Array, pivots: Array, permutation: Array) -> Array:
    return diagonal(factors, 0, -2, -1).prod(-1) * _parity(pivots, x.dtype)


@_det.defjvp
def _det_rule(primals: Any, tangents: Any) -> Any:
    cofactors: Any = _adjugate(*primals)
    change = cofactors.swapaxes(-1, -2) * tangents[0]
    return _det(*primals), reductions.sum(change, (-2, -1))


@custom_jvp
def _adjugate(x: Array, factors: Array, pivots: Array, permutation: Array) -> Array:
    """Returns det(x) · x⁻¹, without a division, so that x may be singular.

    With h = (1 + w)⁻¹ for the strict upper triangle w of u, each element (i, j) of which is times
    the pivots between i and j, the adjugate of u is h times the pivots before i and after j.
    """
    before, between, behind = _partial_products(diagonal(factors, 0, -2, -1))
    unit = {"left_side": True, "unit_diagonal": True}
    identity = broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape)
    of_l = triangular_solve(factors, permuted_rows(identity, permutation), lower=True, **unit)
    inner: Any = triangular_solve(triu(factors * between, 1), behind[..., :, None] * of_l, **unit)
    return before[..., :, None] * inner * _parity(pivots, x.dtype)[..., None, None]


def _partial_products(values: Any) -> tuple[Any, Any, Any]:
    """Returns the products of what is before i, between i and j (where i < j), and after j."""
    n, axis = values.shape[-1], values.ndim - 1
    after = np.triu(np.ones((n, n), bool), 1)
    through = cumprod(where(after, values[..., None, :], 1), axis + 1)
    between = shifted(through, axis + 1, False, 1)
    before = shifted(cumprod(values, axis), axis, False, 1)
    behind = shifted(cumprod(values, axis, reverse=True), axis, True, 1)
    return before, between, behind


@_adjugate.defjvp
def _adjugate_rule(primals: Any, tangents: Any) -> Any:
    x, factors, _, permutation = primals
    adjugate: Any = _adjugate(*primals)
    u, s, vh = svd_family.svd(x, full_matrices=False)
    # An inverse is worth half of the digits at least, or singular values have to do.
    is_regular = (s[..., -1] > float(np.finfo(s.dtype).eps) ** 0.5 * s[..., 0])[..., None, None]
    identity = broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape)
    safe = [where(is_regular, z, identity) for z in (x, factors)]
    product: Any = matmul(tangents[0], adjugate)
    trace: Any = reductions.sum(diagonal(product, 0, -2, -1), -1)
    right = trace[..., None, None] * identity - product
    (regular,) = linear_solve_p.bind(*safe, permutation, right, trans=0)
    return adjugate, where(is_regular, regular, _adjugate_slope(u, s, vh, tangents[0]))


def _adjugate_slope(u: Any, s: Any, vh: Any, change: Any) -> Any:
    """Returns the derivative of the adjugate of u · diag(s) · vh, which holds for any rank."""
    before, between, behind = _partial_products(s)
    upper = triu(before[..., :, None] * between * behind[..., None, :], 1)
    # The products of all singular values but two.
    others: Any = (upper + upper.swapaxes(-1, -2)).astype(u.dtype)
    seen: Any = matmul(matmul(adjoint(u), change), adjoint(vh))
    own: Any = diagonal(seen, 0, -2, -1)
    on_diagonal = matmul(others, own[..., :, None]) * eye(s.shape[-1], dtype=u.dtype)
    inner = on_diagonal - others * seen
    phase = (_det(u, *lu(stop_gradient(u))) * _det(vh, *lu(stop_gradient(vh))))[..., None, None]
    return phase * matmul(matmul(adjoint(vh), inner), adjoint(u))


def _small_det(x: Any) -> Any:
    if x.shape[-1] == 1:
        return x[..., 0, 0]
    if x.shape[-1] == 2:
        return x[..., 0, 0] * x[..., 1, 1] - x[..., 0, 1] * x[..., 1, 0]
    rest = [[1, 2], [2, 0], [0, 1]]
    return sum(
        x[..., 0, j] * (x[..., 1, p] * x[..., 2, q] - x[..., 1, q] * x[..., 2, p])
        for j, (p, q) in enumerate(rest)
    )


def det(a: Any) -> Array:
    """Returns the determinants of square matrices.

    The gradient is the matrix of cofactors and needs no division, so that it and the second
    derivatives are exact for singular matrices, too.

    Args:
        a: an array of shape (..., n, n).

    Returns:
        An array of shape (...).

    Raises:
        ValueError: if the matrices are not square.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.det(jnp.array([[1.0, 2.0], [3.0, 4.0]]))
        Array(-2., dtype=float64)
    """
    x = _square("det", a)
    n = x.shape[-1]
    if n == 0:
        return broadcast_to(np.ones((), x.dtype), x.shape[:-2])
    return _small_det(x) if n <= 3 else _det(x, *lu(stop_gradient(x)))


# -- slogdet


def slogdet(a: Any, *, method: str | None = None) -> SlogdetResult:
    """Returns signs and logarithms of the absolute values of determinants.

    Args:
        a: an array of shape (..., n, n).
        method: for compatibility; "lu", "qr" or None.

    Returns:
        The sign (for complex matrices a number of absolute value 1), 0 where a is singular, and
        the logarithm, -inf there, both of shape (...).

    Raises:
        ValueError: if there is no such method, or the matrices are not square.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.slogdet(jnp.array([[-1.0, 0.0], [0.0, 1.0]]))
        SlogdetResult(sign=Array(-1., dtype=float64), logabsdet=Array(0., dtype=float64))
    """
    if method not in (None, "lu", "qr"):
        raise ValueError(f'slogdet: method must be "lu", "qr" or None, got {method!r}.')
    x = _square("slogdet", a)
    return SlogdetResult(*_slogdet(x, *lu(stop_gradient(x))))


@custom_jvp
def _slogdet(x: Array, factors: Array, pivots: Array, permutation: Array) -> tuple[Array, Array]:
    on_diagonal: Any = diagonal(factors, 0, -2, -1)
    sizes: Any = arithmetic.abs(on_diagonal)
    is_zero = sizes == 0
    signs = where(is_zero, 0, on_diagonal / where(is_zero, 1, sizes))
    sign = signs.prod(-1) * _parity(pivots, x.dtype)
    return sign, reductions.sum(exponential.log(sizes), -1)


@_slogdet.defjvp
def _slogdet_rule(primals: Any, tangents: Any) -> Any:
    x, factors, _, permutation = primals
    sign, logarithm = _slogdet(*primals)
    (solved,) = linear_solve_p.bind(x, factors, permutation, tangents[0], trans=0)
    growth: Any = reductions.sum(diagonal(solved, 0, -2, -1), -1)
    if not dtypes.is_complex(x.dtype):
        return (sign, logarithm), (sign * 0, growth)
    return (sign, logarithm), (sign * (growth - growth.real), growth.real)
