"""Functions of matrices."""

from __future__ import annotations

from typing import Any

from minijax.core.operators import Array
from minijax.numpy import factorizations, reductions
from minijax.numpy.axes import broadcast_to
from minijax.numpy.elementary import log2
from minijax.numpy.equations import solve
from minijax.numpy.linear import matmul
from minijax.numpy.matrices import eye
from minijax.numpy.promotion import inexact, promote_dtypes, strong
from minijax.numpy.rounding import ceil
from minijax.numpy.selection import where
from minijax.primitives import arithmetic
from minijax.primitives.control.loops import fori_loop
from minijax.primitives.identities import stop_gradient
from minijax.primitives.linalg.matrices import check_matrices
from minijax.primitives.linalg.polar import polar_factors
from minijax.transforms.forward import jvp

# Coefficients of the numerator of the (13, 13) Padé approximant of exp, and the norm up to which
# it is exact to double precision (Higham 2005, table 2.3).
_PADE = (
    *(64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000),
    *(10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1),
)
_NORM = 5.371920351148152


def expm(A: Any, *, upper_triangular: bool = False, max_squarings: int = 16) -> Array:
    """Returns the exponentials of square matrices, by scaling and squaring (Higham 2005).

    Args:
        A: an array of shape (..., n, n).
        upper_triangular: for compatibility; without effect.
        max_squarings: the largest number of squarings; matrices that need more give NaN.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.expm(jnp.array([[0.0, 1.0], [0.0, 0.0]]))
        Array([[1., 1.],
               [0., 1.]], dtype=float64)
    """
    x: Any = strong(inexact("expm", A))
    check_matrices("expm", x.aval, square=True)
    if not x.size:
        return x
    size: Any = stop_gradient(reductions.max(reductions.sum(arithmetic.abs(x), -2), -1))
    ratio = where(size > _NORM, size, _NORM) / _NORM
    squarings = ceil(log2(ratio))
    is_possible = squarings <= max_squarings
    squarings = where(is_possible, squarings, 0)
    scaled = x / (2.0**squarings)[..., None, None].astype(x.dtype)
    found = _pade(scaled)

    def step(i: Any, power: Any) -> Any:
        goes_on = (squarings > i)[..., None, None]
        return where(goes_on, matmul(power, power), power)

    most = reductions.max(squarings).astype(int)
    found = fori_loop(0, most, step, found)
    # 1 / 1 or 0 / 0: no NaN is made, which the flag debug_nans would find, where none is a result.
    one = where(is_possible[..., None, None], 1.0, 0.0)
    return found * (one / one)


def _pade(x: Any) -> Any:
    one = broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape)
    c = [float(n) for n in _PADE]
    x2 = matmul(x, x)
    x4 = matmul(x2, x2)
    x6 = matmul(x4, x2)
    high = matmul(x6, c[13] * x6 + c[11] * x4 + c[9] * x2)
    odd = matmul(x, high + c[7] * x6 + c[5] * x4 + c[3] * x2 + c[1] * one)
    high = matmul(x6, c[12] * x6 + c[10] * x4 + c[8] * x2)
    even = high + c[6] * x6 + c[4] * x4 + c[2] * x2 + c[0] * one
    return solve(even - odd, even + odd)


def expm_frechet(A: Any, E: Any, *, method: str | None = None, compute_expm: bool = True) -> Any:
    """Returns the exponential of a matrix and its derivative in a direction.

    Args:
        A, E: arrays of shape (..., n, n).
        method: for compatibility; without effect.
        compute_expm: whether to return the exponential, too.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.expm_frechet(jnp.zeros((1, 1)), jnp.ones((1, 1)), compute_expm=False)
        Array([[1.]], dtype=float64)
    """
    x, direction = promote_dtypes("expm_frechet", A, E, inexact=True)
    value, derivative = jvp(expm, (strong(x),), (strong(direction),))
    return (value, derivative) if compute_expm else derivative


def polar(
    a: Any,
    side: str = "right",
    *,
    method: str = "qdwh",
    eps: float | None = None,
    max_iterations: int | None = None,
) -> tuple[Array, Array]:
    """Returns the polar decomposition: a = u · p, or a = p · u for side "left".

    Args:
        a: an array of shape (..., m, n).
        side: on which side the positive semidefinite factor stands.
        method: "qdwh" or "svd"; both take the singular value decomposition.
        eps, max_iterations: for compatibility; without effect.

    Returns:
        u with orthonormal columns (or rows) and p. Their derivatives are exact wherever a has
        full rank.

    Raises:
        ValueError: if there is no such side or method.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.polar(jnp.array([[-2.0]]))
        (Array([[-1.]], dtype=float64), Array([[2.]], dtype=float64))
    """
    if side not in ("right", "left"):
        raise ValueError(f'polar: side must be "right" or "left", got {side!r}.')
    if method not in ("qdwh", "svd"):
        raise ValueError(f'polar: method must be "qdwh" or "svd", got {method!r}.')
    x = strong(inexact("polar", a))
    check_matrices("polar", x.aval)
    if side == "right":
        return polar_factors(x)
    # a = p · u is the adjoint of aᴴ = uᴴ · p.
    u, p = polar_factors(factorizations.adjoint(x))
    return factorizations.adjoint(u), p
