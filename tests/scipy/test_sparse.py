"""Krylov methods against dense solutions, and step by step against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse.linalg as reference

import minijax as mj
import minijax.numpy as jnp
from minijax.scipy.sparse.linalg import bicgstab, cg, gmres

_RNG = np.random.default_rng(1)
_G = _RNG.normal(size=(6, 6))
_SYMMETRIC = _G @ _G.T + np.eye(6)
_GENERAL = _G + 5 * np.eye(6)
_B = _RNG.normal(size=6)
_METHODS = [(cg, _SYMMETRIC), (bicgstab, _GENERAL), (gmres, _GENERAL)]


@pytest.mark.parametrize(("method", "matrix"), _METHODS[:2])
@pytest.mark.parametrize("maxiter", [1, 2, 4])
def test_steps_are_scipys(method: Any, matrix: Any, maxiter: int) -> None:
    scale = np.diag(1 / np.diag(matrix))
    for M in (None, scale):
        ours = method(jnp.array(matrix), _B, maxiter=maxiter, M=M)[0]
        theirs = getattr(reference, method.__name__)(matrix, _B, maxiter=maxiter, M=M, rtol=1e-9)[0]
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)


@pytest.mark.parametrize("solve_method", ["batched", "incremental"])
@pytest.mark.parametrize(("restart", "maxiter"), [(2, 1), (2, 3), (4, 2), (20, 1)])
def test_gmres_restarts_are_scipys(solve_method: str, restart: int, maxiter: int) -> None:
    ours, info = gmres(
        jnp.array(_GENERAL), _B, restart=restart, maxiter=maxiter, solve_method=solve_method
    )
    steps = restart if maxiter == 1 else None
    theirs = reference.gmres(_GENERAL, _B, restart=restart, maxiter=maxiter, rtol=1e-14)[0]
    assert int(info) == 0
    if steps:
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    residual = np.linalg.norm(_GENERAL @ np.asarray(ours) - _B)
    assert residual <= np.linalg.norm(_GENERAL @ theirs - _B) * 1.001 + 1e-5 * np.linalg.norm(_B)


@pytest.mark.parametrize(("method", "matrix"), _METHODS)
def test_derivatives_are_those_of_the_solution(method: Any, matrix: Any) -> None:
    def ours(a: Any, b: Any) -> Any:
        return jnp.sum(jnp.sin(method(a, b, tol=1e-13)[0]))

    def dense(a: Any, b: Any) -> Any:
        return jnp.sum(jnp.sin(jnp.linalg.solve(a, b)))

    a = jnp.array(matrix)
    for derive in (lambda f: mj.grad(f, (0, 1)), lambda f: mj.jit(mj.hessian(f, 1))):
        for x, y in zip(
            mj.tree.leaves(derive(ours)(a, _B)), mj.tree.leaves(derive(dense)(a, _B)), strict=True
        ):
            np.testing.assert_allclose(x, y, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("method", "matrix"), _METHODS)
def test_functions_pytrees_and_lanes(method: Any, matrix: Any) -> None:
    def apply(v: Any) -> Any:
        joined = matrix @ jnp.concatenate([v["a"], v["b"].ravel()])
        return {"a": joined[:2], "b": joined[2:].reshape(2, 2)}

    b = {"a": _B[:2], "b": _B[2:].reshape(2, 2)}
    x = method(apply, b, tol=1e-12)[0]
    expected = np.linalg.solve(matrix, _B)
    np.testing.assert_allclose(np.concatenate([x["a"], x["b"].ravel()]), expected, rtol=1e-8)
    lanes = np.stack([_B, 1 - 3 * _B])
    many = mj.vmap(lambda b: method(lambda v: jnp.array(matrix) @ v, b, tol=1e-12)[0])(lanes)
    np.testing.assert_allclose(many, np.linalg.solve(matrix, lanes.T).T, rtol=1e-8)


@pytest.mark.parametrize("method", [cg, bicgstab, gmres])
def test_complex_systems(method: Any) -> None:
    root = _G + 1j * _RNG.normal(size=(6, 6))
    matrix = root @ root.conj().T + np.eye(6)
    b = _B + 1j
    x = method(jnp.array(matrix), b, tol=1e-12)[0]
    np.testing.assert_allclose(x, np.linalg.solve(matrix, b), rtol=1e-6)
    zero = method(jnp.array(matrix), 0 * b)[0]
    np.testing.assert_array_equal(zero, 0 * b)


@pytest.mark.parametrize(
    ("error", "text", "args"),
    [
        (ValueError, "must be a square matrix", (jnp.ones((2, 3)), jnp.ones(2))),
        (TypeError, "either a function or ndarray", (3.0, jnp.ones(2))),
        (ValueError, "matching shapes", (jnp.eye(2), jnp.ones(2), jnp.ones(3))),
        (ValueError, "matching tree structure", (jnp.eye(2), jnp.ones(2), (jnp.ones(2),))),
    ],
)
def test_refusals(error: type, text: str, args: Any) -> None:
    for method in (cg, bicgstab, gmres):
        with pytest.raises(error, match=text):
            method(*args)


def test_gmres_refuses_other_methods() -> None:
    with pytest.raises(ValueError, match="invalid solve_method foo"):
        gmres(jnp.eye(2), jnp.ones(2), solve_method="foo")


def test_gmres_says_that_there_is_no_solution() -> None:
    assert int(gmres(jnp.zeros((2, 2)), jnp.ones(2))[1]) == -1
