"""Cases of linear algebra: reduced forms, packed reflections, structured equations."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minijax.core.dtypes import complex64, complex128, float32, float64
from minijax.primitives.arithmetic import abs as magnitude
from minijax.primitives.linalg.condensed import hessenberg, tridiagonal
from minijax.primitives.linalg.matrices import adjoint, matmul, upper_part
from minijax.primitives.linalg.polar import polar_factors
from minijax.primitives.linalg.qr import householder_product, qr
from minijax.primitives.linalg.reflections import column_order, geqrf, ormqr
from minijax.primitives.linalg.schur import schur
from minijax.primitives.linalg.svd import svd
from minijax.primitives.linalg.sylvester import sylvester, triangular_sylvester_p
from minijax.primitives.linalg.tridiagonal_solve import tridiagonal_solve
from minijax.primitives.linalg.updates import cholesky_update, symmetric_product
from tests.primitives.case import Case, Operand

_DTYPES = (float64, complex128, float32, complex64)
_REAL = (float64, float32)
_MATRIX = Operand(values=[[4.0, 1.0, -0.5], [0.7, 3.0, 0.3], [-0.2, 0.9, 5.0]])
_OTHER = Operand(values=[[2.0, -1.0], [0.5, 6.0]])
_BATCH = Operand(values=np.arange(8.0).reshape(2, 2, 2) + 4 * np.eye(2))
_EMPTY = Operand((0, 0))
_ONE = Operand((1, 1), 1.0, 2.0)


def _rebuilt(x: Any) -> Any:
    t, q = schur(x)
    return matmul(q, t, adjoint(q))


def _upper(x: np.ndarray) -> np.ndarray:
    return np.triu(x)


def _triangular_sylvester(a: Any, b: Any, c: Any, adjoined: bool) -> Any:
    return triangular_sylvester_p.bind(upper_part(a), upper_part(b), c, adjoined=adjoined)[0]


def _sylvester_reference(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    m, n = c.shape[-2:]
    whole = np.kron(a, np.eye(n)) + np.kron(np.eye(m), b.swapaxes(-1, -2))
    return np.linalg.solve(whole, c.reshape(m * n)).reshape(m, n).astype(c.dtype)


def _triangular_reference(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, adjoined: bool
) -> np.ndarray:
    a, b = _upper(a), _upper(b)
    return (
        _sylvester_reference(a.conj().T, b.conj().T, c)
        if adjoined
        else _sylvester_reference(a, b, c)
    )


def _dense(dl: np.ndarray, d: np.ndarray, du: np.ndarray) -> np.ndarray:
    return np.diag(d) + np.diag(du[:-1], 1) + np.diag(dl[1:], -1)


def _update_reference(r: np.ndarray, w: np.ndarray) -> np.ndarray:
    r = np.triu(r)
    return np.linalg.cholesky(r.T @ r + np.outer(w, w)).T


def _full(x: Any) -> Any:
    """What a full decomposition tells without the signs and turns of its vectors."""
    u, s, vh = svd(x, full_matrices=True)
    k = s.shape[-1]
    m, n = x.shape[-2:]
    extra = u[:, k:] if m > n else adjoint(vh)[:, k:]
    return magnitude(u[:, :k]), s, matmul(extra, adjoint(extra))


def _full_qr(x: Any) -> Any:
    q, r = qr(x)
    extra = q[:, x.shape[-1] :]
    return q[:, : x.shape[-1]], r, matmul(extra, adjoint(extra))


_LINES = (Operand((3,)), Operand((3,), 5.0, 7.0), Operand((3,)))
_PACKED = (Operand((4, 3)), Operand((2,)))

CASES: list[Case] = [
    Case(
        "schur", _rebuilt, (_MATRIX,), _DTYPES, lambda x: x, differentiable=False, tolerance=1e-11
    ),
    Case("schur", schur, (_BATCH,), _DTYPES, label="batch", differentiable=False),
    Case(
        "schur",
        partial(schur, compute_schur_vectors=False),
        (Operand((3, 3)),),
        _DTYPES,
        label="values",
        differentiable=False,
    ),
    Case("schur", schur, (_EMPTY,), _DTYPES, label="empty", differentiable=False),
    Case("hessenberg", hessenberg, (Operand((4, 4)),), _DTYPES, differentiable=False),
    Case("hessenberg", hessenberg, (_ONE,), _REAL, label="one", differentiable=False),
    Case("hessenberg", hessenberg, (_EMPTY,), _REAL, label="empty", differentiable=False),
    Case("tridiagonal", tridiagonal, (Operand((4, 4)),), _DTYPES, differentiable=False),
    Case(
        "tridiagonal",
        partial(tridiagonal, lower=False),
        (Operand((2, 3, 3)),),
        _DTYPES,
        label="upper",
        differentiable=False,
    ),
    Case("tridiagonal", tridiagonal, (_ONE,), _DTYPES, label="one", differentiable=False),
    Case("tridiagonal", tridiagonal, (_EMPTY,), _DTYPES, label="empty", differentiable=False),
    Case(
        "tridiagonal_solve",
        tridiagonal_solve,
        (*_LINES, Operand((3, 2))),
        _DTYPES,
        lambda dl, d, du, b: np.linalg.solve(_dense(dl, d, du), b),
        linear=(3,),
    ),
    Case(
        "tridiagonal_solve",
        tridiagonal_solve,
        (Operand((2, 4)), Operand((2, 4), 5.0, 7.0), Operand((2, 4)), Operand((2, 4, 1))),
        (float64,),
        label="batch",
        linear=(3,),
    ),
    Case(
        "tridiagonal_solve",
        tridiagonal_solve,
        (Operand((1,)), Operand((1,), 1.0, 2.0), Operand((1,)), Operand((1, 2))),
        _DTYPES,
        lambda dl, d, du, b: b / d,
        label="one",
    ),
    Case("geqrf", geqrf, (Operand((4, 3)),), _DTYPES, differentiable=False),
    Case("geqrf", geqrf, (Operand((3, 0)),), _REAL, label="empty", differentiable=False),
    Case("column_order", column_order, (Operand((3, 4)),), _DTYPES, differentiable=False),
    Case(
        "column_order", column_order, (Operand((0, 3)),), _REAL, label="empty", differentiable=False
    ),
    *(
        Case(
            "ormqr",
            partial(ormqr, left=left, transpose=transpose),
            (*_PACKED, Operand((4, 2) if left else (2, 4))),
            _DTYPES,
            label=f"{int(left)}{int(transpose)}",
            linear=(2,),
            tolerance=1e-11,
        )
        for left in (True, False)
        for transpose in (True, False)
    ),
    Case(
        "householder_product",
        householder_product,
        (Operand((2, 4, 3)), Operand((2, 3))),
        (float64, complex128),
        label="batch",
        tolerance=1e-11,
    ),
    Case(
        "triangular_sylvester",
        partial(_triangular_sylvester, adjoined=False),
        (_MATRIX, _OTHER, Operand((3, 2))),
        _DTYPES,
        partial(_triangular_reference, adjoined=False),
        differentiable=False,
        tolerance=1e-11,
    ),
    Case(
        "triangular_sylvester",
        partial(_triangular_sylvester, adjoined=True),
        (_MATRIX, _OTHER, Operand((3, 2))),
        _DTYPES,
        partial(_triangular_reference, adjoined=True),
        "adjoined",
        differentiable=False,
        tolerance=1e-11,
    ),
    Case(
        "sylvester",
        sylvester,
        (_MATRIX, _OTHER, Operand((3, 2))),
        _DTYPES,
        _sylvester_reference,
        linear=(2,),
        tolerance=1e-11,
    ),
    Case("sylvester", sylvester, (_BATCH, _BATCH, _BATCH), (float64,), label="batch", linear=(2,)),
    Case(
        "symmetric_product",
        partial(symmetric_product, alpha=2.0, beta=3.0),
        (Operand((3, 2)), Operand((3, 3))),
        _REAL,
        lambda a, c: (2 * a @ a.T + 3 * c).astype(a.dtype),
    ),
    Case(
        "cholesky_update",
        cholesky_update,
        (_MATRIX, Operand((3,))),
        _REAL,
        _update_reference,
        tolerance=1e-11,
    ),
    Case("polar", polar_factors, (_MATRIX,), _DTYPES, tolerance=1e-10),
    Case("qr", _full_qr, (Operand((4, 2)),), _DTYPES, label="full", tolerance=1e-11),
    Case("svd", _full, (Operand((4, 2)),), _DTYPES, label="full-tall", tolerance=1e-10),
    Case(
        "svd", _full, (Operand((2, 4)),), (float64, complex128), label="full-wide", tolerance=1e-10
    ),
]
