"""The Schur decomposition a = q · t · qᴴ."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import int32
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, absent, primitive
from minijax.primitives.families import NOT_LINEAR
from minijax.primitives.linalg.matrices import (
    all_finite,
    check_matrices,
    checked,
    leading_batch,
    masked,
    unflipped,
)
from minijax.primitives.linalg.routine import (
    BLOCK,
    INFO,
    Routine,
    call,
    letter,
    native,
    run,
    wrapped,
)


@functools.cache
def _routine(n: int, dtype: np.dtype, vectors: bool) -> Routine:
    # Results: t, info, eigenvalues (as real and imaginary parts), a count; then the vectors.
    symbol = f"lapack_{letter(dtype)}gees"
    is_complex = dtypes.is_complex(dtype)
    values = 1 if is_complex else 2
    room = (4 + BLOCK) * n
    place = ("out", 3 + values) if vectors else ("out", 0)
    arguments = (
        # Nothing is sorted, so the function that selects is not called: any address will do.
        *("V" if vectors else "N", "N", ("out", 1), n, ("out", 0), n, ("out", 2 + values)),
        *(("out", 2 + k) for k in range(values)),
        *(place, n, ("work", 0), room),
        *((("work", 2),) if is_complex else ()),
        *(("work", 1), ("out", 1)),
    )

    def evaluate(a: np.ndarray) -> Any:
        found = wrapped(symbol)(lambda *x: False, a, compute_v=int(vectors), sort_t=0)
        t, count, *eigenvalues, q, _, info = found
        return (t, info, *eigenvalues, count, *([q] if vectors else ()))

    work = (room * dtype.itemsize, 4 * n)
    return Routine(
        calls=(call(symbol, *arguments),),
        results=(
            ((n, n), dtype),
            INFO,
            *([((n,), dtype)] * values),
            ((1,), int32),
            *([((n, n), dtype)] * vectors),
        ),
        evaluate=evaluate,
        start=((0, 0),),
        work=(*work, n * dtypes.real_dtype(dtype).itemsize) if is_complex else work,
    )


def _impl(a: np.ndarray, *, compute_schur_vectors: bool) -> Any:
    if a.size == 0:
        return (a,) * (1 + compute_schur_vectors)
    # LAPACK may not come to an end with infinities and NaNs.
    finite = np.isfinite(a).all((-2, -1))
    safe = np.where(finite[..., None, None], a, a.dtype.type(0))
    routine = _routine(a.shape[-1], a.dtype, compute_schur_vectors)
    t, info, *rest = run(routine, a.shape[:-2], safe.swapaxes(-1, -2))
    info = np.where(finite[..., None], info, np.int32(1))
    both = [t, *rest[-1:]] if compute_schur_vectors else [t]
    return tuple(masked(info, *(np.ascontiguousarray(x.swapaxes(-1, -2)) for x in both)))


def _abstract(a: ShapedArray, *, compute_schur_vectors: bool) -> Any:
    check_matrices("schur", a, square=True)
    return (a,) * (1 + compute_schur_vectors)


def _lower(k: Any, a: Any, *, out: Any, compute_schur_vectors: bool) -> Any:
    if a.size == 0:
        return (a,) * len(out)
    finite, zero = all_finite(k, a), k.constant(0, a.dtype)

    def safe(*i: Any) -> Any:
        *batch, row, column = i
        return k.select(finite(*batch), a(*batch, column, row), zero)

    (seen,) = k.element(ShapedArray(a.shape, a.dtype), safe)
    routine = _routine(a.shape[-1], a.dtype, compute_schur_vectors)
    t, state, *rest = native(k, routine, a.shape[:-2], seen)
    one = k.constant(1, state.dtype)
    (info,) = k.element(state.aval, lambda *i: k.select(finite(*i[:-1]), state(*i), one))

    def guarded(x: Any) -> Callable[..., Any]:
        return lambda *i: checked(k, info, i[:-2], unflipped(x)(*i))

    both = [t, *rest[-1:]] if compute_schur_vectors else [t]
    return tuple(k.element(aval, guarded(x))[0] for aval, x in zip(out, both, strict=True))


schur_p: Primitive = primitive(
    "schur",
    impl=_impl,
    abstract=_abstract,
    jvp=absent(
        "a real Schur form jumps where eigenvalues become complex: differentiate sqrtm, funm, "
        "solve_sylvester or the eigenvalues"
    ),
    transpose=NOT_LINEAR,
    batch=leading_batch(lambda: schur_p),
    lower=_lower,
)


def schur(
    x: Any,
    *,
    compute_schur_vectors: bool = True,
    sort_eig_vals: bool = False,
    select_callable: Callable[..., Any] | None = None,
) -> tuple[Array, ...]:
    """Returns the Schur decomposition x = q · t · qᴴ of square matrices.

    Args:
        x: an array of shape (..., n, n).
        compute_schur_vectors: whether q is wanted.
        sort_eig_vals: must be False: eigenvalues come in no particular order.
        select_callable: for compatibility; without effect.

    Returns:
        t, upper triangular if complex, with blocks of 2 rows for pairs of complex eigenvalues if
        real; and q with orthonormal columns, if wanted.

    Raises:
        ValueError: if the matrices are not square, or `sort_eig_vals` is asked for.
        TypeError: if the dtype is not f32, f64, c64 or c128.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> t, q = lax.linalg.schur(jnp.array([[2.0, 1.0], [0.0, 1.0]]))
        >>> t
        Array([[2., 1.],
               [0., 1.]], dtype=float64)
    """
    if sort_eig_vals:
        raise ValueError("schur: eigenvalues are not sorted here; use sort_eig_vals=False.")
    return schur_p.bind(to_array(x), compute_schur_vectors=bool(compute_schur_vectors))
