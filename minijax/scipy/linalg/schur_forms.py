"""Schur and Hessenberg forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.axes import broadcast_to
from minijax.numpy.creation import zeros
from minijax.numpy.elementary import conjugate
from minijax.numpy.joining import block, concatenate
from minijax.numpy.linear import matmul
from minijax.numpy.matrices import eye, triu
from minijax.numpy.promotion import broadcast_shapes, inexact, promote_dtypes, strong
from minijax.numpy.selection import where
from minijax.numpy.ufuncs import sqrt
from minijax.primitives import arithmetic
from minijax.primitives.control.loops import fori_loop
from minijax.primitives.linalg import condensed
from minijax.primitives.linalg import schur as schur_family
from minijax.primitives.linalg.matrices import check_matrices
from minijax.primitives.linalg.qr import householder_product
from minijax.primitives.slicing import dynamic_slice_in_dim, dynamic_update_slice_in_dim


def complex_schur(x: Array) -> tuple[Array, Array]:
    """Returns the triangular t and the unitary q of x = q · t · qᴴ, for square matrices."""
    t, q = schur_family.schur(x.astype(dtypes.complex_dtype(x.dtype)))
    return t, q


def schur(a: Any, output: str = "real") -> tuple[Array, Array]:
    """Returns the Schur decomposition a = z · t · zᴴ of square matrices.

    Args:
        a: an array of shape (..., n, n).
        output: "real" for a real form of real matrices, with blocks of 2 rows for pairs of complex
            eigenvalues; "complex" for a triangular t.

    Returns:
        t and z.

    Raises:
        ValueError: if `output` is something else, or the matrices are not square.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> linalg.schur(jnp.array([[2.0, 1.0], [0.0, 1.0]]))[0]
        Array([[2., 1.],
               [0., 1.]], dtype=float64)
    """
    if output not in ("real", "complex"):
        raise ValueError(f'schur: output must be "real" or "complex", got {output!r}.')
    x = strong(inexact("schur", a))
    if output == "complex":
        return complex_schur(x)
    t, z = schur_family.schur(x)
    return t, z


def rsf2csf(T: Any, Z: Any, check_finite: bool = True) -> tuple[Array, Array]:
    """Turns a real Schur form into a complex one, by one rotation for every block of 2 rows.

    Args:
        T, Z: arrays of shape (..., n, n), as `schur` returns them; leading axes broadcast.
        check_finite: without effect.

    Returns:
        Complex arrays of these shapes, of which the first is upper triangular.

    Raises:
        ValueError: if shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> t, z = linalg.schur(jnp.array([[0.0, 1.0], [-1.0, 0.0]]))
        >>> t, z = linalg.rsf2csf(t, z)
        >>> t.diagonal().imag.round(6)
        Array([ 1., -1.], dtype=float64)
    """
    t, z = (strong(x) for x in promote_dtypes("rsf2csf", T, Z, inexact=True))
    for x in (t, z):
        check_matrices("rsf2csf", x.aval, square=True)
    if t.shape[-1] != z.shape[-1]:
        raise ValueError(f"rsf2csf takes two matrices of one size; got {t.shape} and {z.shape}.")
    n = t.shape[-1]
    batch = broadcast_shapes(t.shape[:-2], z.shape[:-2])
    dtype = dtypes.complex_dtype(t.dtype)
    start = tuple(broadcast_to(x, (*batch, n, n)).astype(dtype) for x in (t, z))
    if n < 2:
        return start
    t, z = fori_loop(0, n - 1, lambda i, pair: _rotated(n - 2 - i, *pair), start)
    return triu(t), z


def _rotated(m: Any, t: Any, z: Any) -> tuple[Any, Any]:
    """Returns the form in which element (m + 1, m) is zero."""
    rows = dynamic_slice_in_dim(t, m, 2, t.ndim - 2)
    corner = dynamic_slice_in_dim(rows, m, 2, t.ndim - 1)
    a, b, c, d = (corner[..., i, j] for i in (0, 1) for j in (0, 1))
    half = (a - d) / 2
    # Of the two eigenvalues the one that LAPACK's real form has first: a positive imaginary part.
    shift = half + sqrt(half * half + b * c)
    length = sqrt(arithmetic.abs(shift) ** 2 + arithmetic.abs(c) ** 2)
    eps = float(np.finfo(t.dtype).eps)
    is_done = arithmetic.abs(c) <= eps * (arithmetic.abs(a) + arithmetic.abs(d))
    safe = where(is_done, 1, length).astype(t.dtype)
    cosine, sine = where(is_done, 1, shift / safe), where(is_done, 0, c / safe)
    upper = concatenate([conjugate(cosine)[..., None], conjugate(sine)[..., None]], -1)
    lower = concatenate([-sine[..., None], cosine[..., None]], -1)
    turn = concatenate([upper[..., None, :], lower[..., None, :]], -2)
    back = conjugate(turn.swapaxes(-1, -2))
    t = dynamic_update_slice_in_dim(t, matmul(turn, rows), m, t.ndim - 2)

    def from_right(x: Any) -> Any:
        columns = dynamic_slice_in_dim(x, m, 2, x.ndim - 1)
        return dynamic_update_slice_in_dim(x, matmul(columns, back), m, x.ndim - 1)

    return from_right(t), from_right(z)


def hessenberg(
    a: Any, *, calc_q: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Array | tuple[Array, Array]:
    """Returns the Hessenberg form h of square matrices, a = q · h · qᴴ.

    Args:
        a: an array of shape (..., n, n).
        calc_q: whether q is wanted.
        overwrite_a, check_finite: without effect.

    Returns:
        h, zero below the diagonal under the main one; and q, if wanted.

    Raises:
        ValueError: if the matrices are not square.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy import linalg
        >>> h, q = linalg.hessenberg(jnp.arange(9.0).reshape(3, 3), calc_q=True)
        >>> (q @ h @ q.T).round(6)[0]
        Array([0., 1., 2.], dtype=float64)
    """
    x = strong(inexact("hessenberg", a))
    packed, taus = condensed.hessenberg(x)
    h = triu(packed, -1)
    if not calc_q:
        return h
    n = x.shape[-1]
    if n < 2:
        return h, broadcast_to(eye(n, dtype=x.dtype), x.shape)
    found: Any = packed
    inner = householder_product(found[..., 1:, : n - 1], taus)
    edge = zeros((*x.shape[:-2], 1, n - 1), x.dtype)
    corner = zeros((*x.shape[:-2], 1, 1), x.dtype) + 1
    return h, block([[corner, edge], [edge.swapaxes(-1, -2), inner]])
