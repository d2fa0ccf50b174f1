"""`minijax.scipy.linalg` against the oracle."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.scipy import linalg

oracle = pytest.importorskip("jax.scipy.linalg")
jax = pytest.importorskip("jax")

RNG = np.random.default_rng(5)
A = RNG.normal(size=(4, 4))
C = A + 1j * RNG.normal(size=(4, 4))
POSITIVE = A @ A.T + np.eye(4)
B = RNG.normal(size=(4, 3))
TALL = RNG.normal(size=(5, 3))
V = RNG.normal(size=4)
W = RNG.normal(size=3)

CASES: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "solve": (lambda la: la.solve, (A, B)),
    "solve-vector": (lambda la: la.solve, (A, V)),
    "solve-pos": (lambda la: lambda a, b: la.solve(a, b, assume_a="pos"), (POSITIVE, B)),
    "solve_triangular": (lambda la: la.solve_triangular, (A, B)),
    "solve_triangular-T": (
        lambda la: lambda a, b: la.solve_triangular(a, b, trans="T", lower=True),
        (A, V),
    ),
    "solve_triangular-C": (
        lambda la: lambda a, b: la.solve_triangular(a, b, trans=2, unit_diagonal=True),
        (C, V),
    ),
    "cholesky": (lambda la: la.cholesky, (POSITIVE,)),
    "cholesky-lower": (lambda la: lambda a: la.cholesky(a, lower=True), (POSITIVE,)),
    "cho_solve": (lambda la: lambda a, b: la.cho_solve(la.cho_factor(a), b), (POSITIVE, B)),
    "lu": (lambda la: la.lu, (TALL,)),
    "lu-permuted": (lambda la: lambda a: la.lu(a, permute_l=True), (A,)),
    "lu_factor": (lambda la: la.lu_factor, (A,)),
    "lu_solve": (lambda la: lambda a, b: la.lu_solve(la.lu_factor(a), b), (A, B)),
    "lu_solve-T": (lambda la: lambda a, b: la.lu_solve(la.lu_factor(a), b, 1), (A, V)),
    "lu_solve-C": (lambda la: lambda a, b: la.lu_solve(la.lu_factor(a), b, 2), (C, C)),
    "qr": (lambda la: lambda a: la.qr(a, mode="economic"), (TALL,)),
    "svd": (lambda la: lambda a: la.svd(a, compute_uv=False), (TALL,)),
    "eigh": (lambda la: lambda a: la.eigh(a, eigvals_only=True), (POSITIVE,)),
    "det": (lambda la: la.det, (A,)),
    "inv": (lambda la: la.inv, (A,)),
    "expm": (lambda la: la.expm, (A,)),
    "expm-large": (lambda la: lambda a: la.expm(20 * a), (A / 4,)),
    "expm_frechet": (lambda la: la.expm_frechet, (A, B @ B.T)),
    "polar": (lambda la: la.polar, (TALL,)),
    "block_diag": (lambda la: la.block_diag, (A, B, W)),
    "toeplitz": (lambda la: la.toeplitz, (V, W)),
    "toeplitz-one": (lambda la: la.toeplitz, (C[0],)),
    "companion": (lambda la: la.companion, (V,)),
    "hilbert": (lambda la: lambda: la.hilbert(3), ()),
}


def _same(found: Any, expected: Any, tolerance: float) -> None:
    pairs = list(zip(mj.tree.leaves(found), jax.tree.leaves(expected), strict=True))
    for x, y in pairs:
        assert np.shape(x) == np.shape(y)
        scale = max(1.0, float(np.abs(np.asarray(y)).max(initial=0)))
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("name", CASES)
def test_value(name: str) -> None:
    function, operands = CASES[name]
    expected = function(oracle)(*operands)
    arrays = [jnp.array(x) for x in operands]
    _same(function(linalg)(*arrays), expected, 1e-9)
    _same(mj.jit(function(linalg))(*arrays), expected, 1e-9)


def _loss(function: Callable[..., Any], leaves: Any) -> Callable[..., Any]:
    def loss(*xs: Any) -> Any:
        parts = [
            x for x in leaves(function(*xs)) if getattr(x, "dtype", np.dtype(int)).kind in "fc"
        ]
        return sum((abs(x) ** 2 * (1 + k)).sum() for k, x in enumerate(parts))

    return loss


# The gradient of a function of one triangle lies in that triangle; the oracle spreads it.
SMOOTH = [name for name, row in CASES.items() if row[1] and name not in ("polar", "solve-pos")]


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient(name: str) -> None:
    """Along two directions, by differences of values, which the test above compares."""
    function, operands = CASES[name]
    arrays = [jnp.array(x) for x in operands]
    loss = _loss(function(linalg), mj.tree.leaves)
    found = mj.grad(loss, tuple(range(len(operands))))(*arrays)
    for seed in range(2):
        rng = np.random.default_rng(seed)
        ways = [rng.normal(size=x.shape) for x in operands]
        ways = [
            w.astype(x.dtype) * (1 + 1j if x.dtype.kind == "c" else 1)
            for w, x in zip(ways, operands, strict=True)
        ]
        if operands[0] is POSITIVE:
            ways[0] = ways[0] + ways[0].T
        ends = [
            float(loss(*(x + h * w for x, w in zip(arrays, ways, strict=True))))
            for h in (1e-6, -1e-6)
        ]
        along = sum(float((g * w).sum().real) for g, w in zip(found, ways, strict=True))
        np.testing.assert_allclose(along, (ends[0] - ends[1]) / 2e-6, 1e-6, 1e-6)


def test_generalised_eigenvalues() -> None:
    w, v = linalg.eigh(jnp.array(POSITIVE), jnp.array(B @ B.T + np.eye(4)))
    right = (B @ B.T + np.eye(4)) @ np.asarray(v) * np.asarray(w)
    np.testing.assert_allclose(POSITIVE @ np.asarray(v), right, atol=1e-9)


@pytest.mark.parametrize("name", ["circulant", "hankel", "dft"])
def test_special_matrices(name: str) -> None:
    own = {
        "circulant": lambda la: la.circulant(np.array([1.0, 2.0, 3.0])),
        "hankel": lambda la: la.hankel(np.array([1.0, 2.0]), np.array([2.0, 3.0, 4.0])),
        "dft": lambda la: la.dft(4, "sqrtn"),
    }[name]
    reference = pytest.importorskip("scipy.linalg")
    np.testing.assert_allclose(own(linalg), own(reference), atol=1e-12)


def test_errors() -> None:
    with pytest.raises(ValueError, match="trans must be"):
        linalg.solve_triangular(jnp.eye(2), jnp.ones(2), trans=5)
    with pytest.raises(ValueError, match="assume_a"):
        linalg.solve(jnp.eye(2), jnp.ones(2), assume_a="banded")
    with pytest.raises(ValueError, match=r"\(2, 2\) and \(3,\)"):
        linalg.lu_solve(linalg.lu_factor(jnp.eye(2)), jnp.ones(3))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_triangular_equations_of_16_bit_floats(dtype: str) -> None:
    a = jnp.array([[2.0, 0.0], [1.0, 4.0]], dtype)
    found = mj.scipy.linalg.solve_triangular(a, jnp.array([2.0, 9.0], dtype), lower=True)
    assert found.dtype == a.dtype
    np.testing.assert_array_equal(found.astype(float), [1.0, 2.0])


def test_expm_makes_no_nan_of_its_own() -> None:
    with mj.debug_nans(True):
        np.testing.assert_allclose(mj.scipy.linalg.expm(np.zeros((2, 2))), np.eye(2))
    assert np.isnan(mj.scipy.linalg.expm(np.full((2, 2), 1e9), max_squarings=2)).all()
    assert mj.scipy.linalg.expm(np.zeros((2, 2), np.float32)).dtype == np.float32
