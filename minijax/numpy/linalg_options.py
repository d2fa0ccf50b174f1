"""Functions of linalg that take more than their namesakes elsewhere."""

from __future__ import annotations

from typing import Any

from minijax.core.operators import Array
from minijax.numpy import factorizations, linear
from minijax.numpy.factorizations import QRResult, SVDResult
from minijax.numpy.promotion import inexact, strong
from minijax.primitives.linalg.matrices import check_matrices, index_range
from minijax.primitives.linalg.reflections import geqrf


def qr(a: Any, mode: str = "reduced") -> Any:
    """Returns the QR factorisation a = q · r.

    Args:
        a: an array of shape (..., m, n).
        mode: "reduced" for q of shape (..., m, k) and r of shape (..., k, n), k = min(m, n);
            "complete" or "full" for a square q; "r" for r alone; "raw" for the transpose of the
            packed reflections, of shape (..., n, m), and their scales, of shape (..., k).

    Raises:
        ValueError: if there is no such mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.qr(jnp.array([[3.0], [4.0]])).R
        Array([[-5.]], dtype=float64)
    """
    if mode == "full":
        mode = "complete"
    if mode != "raw":
        return factorizations.qr(a, mode)
    x = strong(inexact("qr", a))
    check_matrices("qr", x.aval)
    packed, taus = geqrf(x)
    return QRResult(packed.mT, taus)


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
    subset_by_index: tuple[int, int] | None = None,
) -> Any:
    """Returns the singular value decomposition a = u · diag(s) · vh.

    Args:
        a: an array of shape (..., m, n).
        full_matrices: whether u and vh are square; else they have k = min(m, n) vectors.
        compute_uv: whether u and vh are wanted; else s is returned alone.
        hermitian: whether a is known to be Hermitian, which is faster.
        subset_by_index: a pair (start, end): only the singular values start…end-1 are returned.

    Returns:
        u of shape (..., m, k), s of shape (..., min(m, n)) in descending order, and vh of shape
        (..., k, n).

    Raises:
        ValueError: if both `full_matrices` and a subset are asked for, or the subset is no range
            of singular values.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.svd(jnp.array([[3.0, 0.0], [0.0, 4.0]])).S
        Array([4., 3.], dtype=float64)
    """
    if subset_by_index is None:
        return factorizations.svd(a, full_matrices, compute_uv, hermitian)
    if full_matrices:
        raise ValueError(
            "svd: full_matrices and subset_by_index cannot both be set; use full_matrices=False."
        )
    found: Any = factorizations.svd(a, False, compute_uv, hermitian)
    s = found.S if compute_uv else found
    start, end = index_range("svd", subset_by_index, s.shape[-1])
    if not compute_uv:
        return s[..., start:end]
    return SVDResult(found.U[..., :, start:end], s[..., start:end], found.Vh[..., start:end, :])


def matmul(
    x1: Any, x2: Any, /, *, precision: Any = None, preferred_element_type: Any = None
) -> Array:
    """Returns the product of matrices; `minijax.numpy.matmul` says of which.

    Args:
        x1: the first array.
        x2: the second array.
        precision: kept for compatibility.
        preferred_element_type: the dtype of the result.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.matmul(jnp.ones((2, 3)), jnp.ones((3, 1)))
        Array([[3.],
               [3.]], dtype=float64)
    """
    options = {"precision": precision, "preferred_element_type": preferred_element_type}
    return linear.matmul(x1, x2, **options)


def tensordot(
    x1: Any,
    x2: Any,
    /,
    *,
    axes: Any = 2,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Returns the sum of products over pairs of axes; `minijax.numpy.tensordot` says which.

    Args:
        x1, x2, axes, precision, preferred_element_type: as there.
        out_sharding: for compatibility; without effect.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.linalg.tensordot(jnp.ones((2, 3)), jnp.ones((3, 4)), axes=1).shape
        (2, 4)
    """
    options = {"precision": precision, "preferred_element_type": preferred_element_type}
    return linear.tensordot(x1, x2, axes, **options)
