"""Derivatives where they are delicate: singular matrices, repeated values, norms at 0."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp

RNG = np.random.default_rng(13)
A = RNG.normal(size=(4, 4))
DIRECTION = RNG.normal(size=(4, 4))
Q = np.linalg.qr(A)[0]
TWICE = Q @ np.diag([1.0, 1.0, 1.0, 3.0]) @ Q.T


def _close(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(np.asarray(found), expected, rtol=tolerance, atol=tolerance)


def _with_rank(rank: int) -> np.ndarray:
    return A[:, :rank] @ RNG.normal(size=(rank, 4))


SINGULAR = {
    "regular": A,
    "rank-3": _with_rank(3),
    "rank-2": _with_rank(2),
    "nilpotent": np.diag(np.ones(3), 1),
    "zero-column": A * np.array([1.0, 0.0, 1.0, 1.0]),
    "zero": np.zeros((4, 4)),
    "complex": A + 1j * DIRECTION.T,
}


def _cofactors(x: np.ndarray) -> np.ndarray:
    n = x.shape[0]
    minors = [
        [np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(n)] for i in range(n)
    ]
    return np.array(minors) * (-1) ** np.add.outer(np.arange(n), np.arange(n))


@pytest.mark.parametrize("name", SINGULAR)
def test_determinants_of_any_rank(name: str) -> None:
    x = SINGULAR[name]
    gradient = mj.grad(lambda y: jnp.linalg.det(y), holomorphic=np.iscomplexobj(x))
    _close(gradient(jnp.array(x)), _cofactors(x))
    _close(mj.jit(gradient)(jnp.array(x)), _cofactors(x))
    batch = np.stack([x, A.astype(x.dtype)])
    _close(mj.vmap(gradient)(jnp.array(batch)), np.stack([_cofactors(y) for y in batch]))
    ahead, behind = (_cofactors(x + s * 1e-6 * DIRECTION) for s in (1, -1))
    direction = jnp.array(DIRECTION.astype(x.dtype))
    second = mj.jvp(gradient, (jnp.array(x),), (direction,))[1]
    _close(second, (ahead - behind) / 2e-6, 1e-7)


@pytest.mark.parametrize(
    "function",
    [
        jnp.linalg.det,
        lambda x: jnp.linalg.slogdet(x)[1],
        lambda x: jnp.linalg.solve(x, x[0]).sum(),
        lambda x: jnp.linalg.inv(x).sum(),
        lambda x: jnp.linalg.tensorsolve(x, x[0]).sum(),
    ],
    ids=["det", "slogdet", "solve", "inv", "tensorsolve"],
)
def test_gradients_factor_once(function: Callable[[Any], Any]) -> None:
    program = str(mj.make_jaxpr(mj.grad(function))(jnp.array(A)))
    assert program.count("= lu ") == 1
    assert "svd" not in program


def _projector(x: Any) -> Any:
    v = jnp.linalg.eigh(x).eigenvectors[:, :3]
    return v @ v.T


def _spectral(x: Any) -> Any:
    w, v = jnp.linalg.eigh(x)
    return (((v * jnp.exp(w)) @ v.T) ** 2).sum()


REPEATED: dict[str, tuple[Callable[[Any], Any], np.ndarray, bool]] = {
    "sum of eigenvalues": (lambda x: jnp.linalg.eigvalsh(x).sum(), np.eye(4), True),
    "sum of cubes": (lambda x: (jnp.linalg.eigvalsh(x) ** 3).sum(), TWICE, False),
    "projector": (_projector, TWICE, False),
    "spectral function": (_spectral, TWICE, False),
    "nuclear norm": (lambda x: jnp.linalg.norm(x, "nuc"), np.eye(4), True),
    "nuclear norm, orthogonal": (lambda x: jnp.linalg.norm(x, "nuc"), Q, True),
    "nuclear norm, tall": (lambda x: jnp.linalg.norm(x[:, :3], "nuc"), Q, True),
    "sum of squares": (lambda x: (jnp.linalg.svdvals(x) ** 2).sum(), np.eye(4), False),
    "orthogonal factor": (lambda x: (lambda f: f.U @ f.Vh)(jnp.linalg.svd(x)), Q, False),
    "pseudo-inverse": (jnp.linalg.pinv, np.eye(4), True),
}


@pytest.mark.parametrize("name", REPEATED)
def test_repeated_values(name: str) -> None:
    function, x, is_twice = REPEATED[name]
    weights = RNG.normal(size=np.shape(function(jnp.array(x))))

    def loss(y: Any) -> Any:
        return (function(y) * weights).sum()

    def slope(f: Callable[[Any], Any]) -> np.ndarray:
        ahead, behind = (jnp.array(x + s * 1e-5 * DIRECTION) for s in (1, -1))
        return (np.asarray(f(ahead)) - np.asarray(f(behind))) / 2e-5

    gradient = mj.grad(loss)
    _close((gradient(jnp.array(x)) * DIRECTION).sum(), slope(loss), 1e-6)
    second = mj.jvp(gradient, (jnp.array(x),), (jnp.array(DIRECTION),))[1]
    assert np.isfinite(np.asarray(second)).all()
    if is_twice:
        _close(second, slope(gradient), 1e-6)


@pytest.mark.parametrize("kind", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_matrix_norms_at_zero(kind: Any) -> None:
    found = mj.grad(lambda x: jnp.linalg.norm(x, kind))(jnp.zeros((2, 3)))
    assert np.isfinite(np.asarray(found)).all()


@pytest.mark.parametrize("kind", [None, 0, 1, 2, 3, 2.5, np.inf, -np.inf])
def test_vector_norms_at_zero(kind: Any) -> None:
    found = mj.grad(lambda x: jnp.linalg.norm(x, kind))(jnp.zeros(3))
    assert np.isfinite(np.asarray(found)).all()


def test_pseudo_inverse_of_constant_rank() -> None:
    low, turn = np.outer(A[0], A[1]), RNG.normal(size=(4, 4))

    def moved(step: float) -> np.ndarray:
        return np.linalg.pinv((np.eye(4) + step * turn) @ low, rcond=1e-9)

    found = mj.jvp(jnp.linalg.pinv, (jnp.array(low),), (jnp.array(turn @ low),))[1]
    _close(found, (moved(1e-6) - moved(-1e-6)) / 2e-6, 1e-7)


def test_determinants_without_elements() -> None:
    assert float(jnp.linalg.det(jnp.zeros((0, 0)))) == 1
    sign, logarithm = jnp.linalg.slogdet(jnp.zeros((2, 0, 0)))
    _close(sign, np.ones(2))
    _close(logarithm, np.zeros(2))
    _close(mj.grad(jnp.linalg.det)(jnp.array([[5.0]])), np.ones((1, 1)))
    assert jnp.linalg.det(jnp.ones((4, 4), int)).dtype == np.float64
