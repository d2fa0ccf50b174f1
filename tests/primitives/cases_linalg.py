"""Cases of linear algebra."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minijax.core.dtypes import complex64, complex128, float32, float64, int32
from minijax.primitives.arithmetic import abs as magnitude
from minijax.primitives.linalg.cholesky import cholesky
from minijax.primitives.linalg.eig import eig
from minijax.primitives.linalg.eigh import eigh, eigvalsh
from minijax.primitives.linalg.lu import lu, lu_pivots_to_permutation
from minijax.primitives.linalg.matrices import adjoint, matmul
from minijax.primitives.linalg.qr import householder_product, qr
from minijax.primitives.linalg.solve import linear_solve
from minijax.primitives.linalg.svd import svd
from minijax.primitives.linalg.triangular_solve import triangular_solve
from tests.primitives.case import Case, Operand

_DTYPES = (float64, complex128, float32, complex64)
_REAL = (float64, float32)
_SQUARE = Operand(values=[[4.0, 1.0, -0.5], [0.7, 3.0, 0.3], [-0.2, 0.9, 5.0]])
_BATCH = Operand(values=np.arange(8.0).reshape(2, 2, 2) + 4 * np.eye(2))
_APART = Operand(values=[[4.0, 1.0, -0.5], [0.7, -6.0, 0.3], [-0.2, 0.9, 15.0]])
_EMPTY = Operand((0, 0))
_ONE = Operand((1, 1), 1.0, 2.0)


def _definite(x: Any) -> Any:
    return cholesky(matmul(x, adjoint(x)))


def _definite_reference(x: np.ndarray) -> np.ndarray:
    return np.linalg.cholesky(x @ x.conj().swapaxes(-1, -2))


def _spaces(x: Any) -> Any:
    """Eigenvalues, and eigenvectors without their signs and phases."""
    v, w = eigh(x)
    return w, magnitude(v)


def _values_reference(x: np.ndarray) -> Any:
    return np.linalg.eigvalsh((x + x.conj().swapaxes(-1, -2)) / 2)


def _spaces_reference(x: np.ndarray) -> Any:
    w, v = np.linalg.eigh((x + x.conj().swapaxes(-1, -2)) / 2)
    return w, np.abs(v)


def _sizes(x: Any, full: bool = False) -> Any:
    u, s, vh = svd(x, full_matrices=full)
    return magnitude(u), s, magnitude(vh)


def _sizes_reference(x: np.ndarray, full: bool = False) -> Any:
    u, s, vh = np.linalg.svd(x, full_matrices=full)
    return np.abs(u), s, np.abs(vh)


def _eigenvectors(x: Any) -> Any:
    w, left, right = eig(x)
    return w, magnitude(left), magnitude(right)


def _permuted(x: Any) -> Any:
    factors, pivots, permutation = lu(x)
    return factors, pivots, permutation


def _solve_reference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.solve(a, b)


def _triangular(left: bool, lower: bool, transpose: bool, conjugate: bool, unit: bool) -> Case:
    options = {
        "left_side": left,
        "lower": lower,
        "transpose_a": transpose,
        "conjugate_a": conjugate,
        "unit_diagonal": unit,
    }

    def reference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        a = np.tril(a) if lower else np.triu(a)
        if unit:
            a = a - np.diag(np.diag(a)) + np.eye(3)
        a = a.T if transpose else a
        a = a.conj() if conjugate else a
        return np.linalg.solve(a, b) if left else np.linalg.solve(a.T, b.T).T

    flags = "".join(str(int(flag)) for flag in options.values())
    right_hand_side = Operand((3, 2) if left else (2, 3))
    return Case(
        "triangular_solve",
        partial(triangular_solve, **options),
        (_SQUARE, right_hand_side),
        _DTYPES,
        reference,
        flags,
        linear=(1,),
    )


CASES: list[Case] = [
    Case("cholesky", _definite, (_SQUARE,), _DTYPES, _definite_reference, tolerance=1e-11),
    Case("cholesky", _definite, (_BATCH,), (float64,), _definite_reference, "batch"),
    Case("cholesky", cholesky, (_EMPTY,), _DTYPES, label="empty"),
    Case("cholesky", cholesky, (_ONE,), _REAL, np.sqrt, "one"),
    Case(
        "cholesky",
        cholesky,
        (Operand(values=[[[1.0, 2.0], [2.0, 1.0]], [[4.0, 2.0], [2.0, 10.0]]]),),
        _DTYPES,
        label="not-definite",
        differentiable=False,
    ),
    _triangular(True, True, False, False, False),
    _triangular(True, False, True, False, False),
    _triangular(False, True, True, True, False),
    _triangular(False, False, False, True, True),
    _triangular(True, True, True, True, True),
    _triangular(False, True, False, False, False),
    Case(
        "triangular_solve",
        partial(triangular_solve, left_side=True, lower=True),
        (_BATCH, Operand((2, 2, 3))),
        (float64,),
        lambda a, b: np.linalg.solve(np.tril(a), b),
        "batch",
        linear=(1,),
    ),
    Case(
        "triangular_solve",
        partial(triangular_solve, left_side=True),
        (_SQUARE, Operand((3, 0))),
        _REAL,
        label="nothing",
    ),
    Case("lu", _permuted, (_SQUARE,), _DTYPES),
    Case("lu", _permuted, (_BATCH,), (float64,), label="batch"),
    Case("lu", _permuted, (Operand((4, 2)),), _DTYPES, label="tall", tolerance=1e-10),
    Case("lu", _permuted, (Operand((2, 4)),), _DTYPES, label="wide", tolerance=1e-10),
    Case("lu", _permuted, (Operand((3, 0)),), _REAL, label="empty"),
    Case(
        "lu_pivots_to_permutation",
        partial(lu_pivots_to_permutation, permutation_size=4),
        (Operand(values=[[2, 2, 3], [0, 1, 2]], dtype=int32),),
        (int32,),
        lambda x: np.array([[2, 0, 3, 1], [0, 1, 2, 3]], np.int32),
    ),
    Case(
        "lu_pivots_to_permutation",
        partial(lu_pivots_to_permutation, permutation_size=2),
        (Operand((0,), dtype=int32),),
        (int32,),
        label="empty",
    ),
    Case(
        "linear_solve",
        linear_solve,
        (_SQUARE, Operand((3, 2))),
        _DTYPES,
        _solve_reference,
        linear=(1,),
    ),
    Case(
        "linear_solve",
        linear_solve,
        (_BATCH, Operand((2, 2, 1))),
        (float64,),
        _solve_reference,
        "batch",
        linear=(1,),
    ),
    Case(
        "qr",
        partial(qr, full_matrices=False),
        (Operand((3, 3)),),
        _DTYPES,
        np.linalg.qr,
        tolerance=1e-11,
    ),
    Case(
        "qr",
        partial(qr, full_matrices=False),
        (Operand((2, 4, 2)),),
        _DTYPES,
        np.linalg.qr,
        "tall",
        tolerance=1e-11,
    ),
    Case(
        "qr",
        partial(qr, full_matrices=False),
        (Operand((2, 4)),),
        _DTYPES,
        np.linalg.qr,
        "wide",
        tolerance=1e-11,
    ),
    Case(
        "qr",
        qr,
        (Operand((4, 2)),),
        _DTYPES,
        partial(np.linalg.qr, mode="complete"),
        "complete",
        differentiable=False,
        tolerance=1e-11,
    ),
    Case("qr", qr, (Operand((3, 0)),), _REAL, label="empty", differentiable=False),
    Case(
        "householder_product",
        householder_product,
        (Operand((4, 3)), Operand((2,))),
        _DTYPES,
        differentiable=False,
    ),
    Case("eigh", _spaces, (_APART,), _DTYPES, _spaces_reference, tolerance=1e-11),
    Case("eigh", _spaces, (_BATCH,), (float64,), _spaces_reference, "batch", tolerance=1e-11),
    Case("eigh", eigh, (_EMPTY,), _DTYPES, label="empty"),
    Case("eigh", eigvalsh, (_APART,), _DTYPES, _values_reference, "values", tolerance=1e-11),
    Case("eigh", eigvalsh, (_BATCH,), (float64,), _values_reference, "values-batch"),
    Case("eigh", eigvalsh, (_EMPTY,), _REAL, label="values-empty"),
    Case("eigh", eigh, (_ONE,), _REAL, label="one"),
    Case("svd", _sizes, (_SQUARE,), _DTYPES, _sizes_reference, tolerance=1e-11),
    Case("svd", _sizes, (_BATCH,), (float64,), _sizes_reference, "batch", tolerance=1e-11),
    Case("svd", _sizes, (Operand((4, 2)),), _DTYPES, _sizes_reference, "tall", tolerance=1e-11),
    Case("svd", _sizes, (Operand((2, 4)),), _DTYPES, _sizes_reference, "wide", tolerance=1e-11),
    Case(
        "svd",
        partial(svd, compute_uv=False),
        (Operand((3, 2)),),
        _DTYPES,
        partial(np.linalg.svd, compute_uv=False),
        "values",
        tolerance=1e-11,
    ),
    Case("svd", svd, (Operand((0, 2)),), _REAL, label="empty", differentiable=False),
    Case("eig", _eigenvectors, (_APART,), _DTYPES, tolerance=1e-10),
    Case("eig", eig, (_EMPTY,), _DTYPES, label="empty"),
    Case(
        "eig",
        _eigenvectors,
        (Operand(values=[[0.0, 1.0, 0.0], [-1.0, 0.1, 0.2], [0.3, 0.0, 2.0]]),),
        _REAL,
        label="pairs",
        tolerance=1e-10,
    ),
]
