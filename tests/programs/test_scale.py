"""Long and deep programs: passes walk over programs in loops, so Python's stack sets no limit."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax

X = np.array([0.1, 0.2, 0.3])


def chain(x: Any) -> Any:
    """3000 equations, each of which needs the one before."""
    for _ in range(1500):
        x = jnp.sin(x) + 0.5
    return jnp.sum(x)


def wide_sum(x: Any) -> Any:
    """A Python sum of 2000 terms of the same variable: its cotangent is a sum of 2000 terms."""
    return jnp.sum(sum(x * float(k) for k in range(2000)))


def _chain_derivative(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    slope = np.ones_like(x)
    for _ in range(1500):
        slope = slope * np.cos(x)
        x = np.sin(x) + 0.5
    return x, slope


TRANSFORMED: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "plain": lambda f: f,
    "jit": mj.jit,
    "grad": mj.grad,
    "jit of grad": lambda f: mj.jit(mj.grad(f)),
    "grad of jit": lambda f: mj.grad(mj.jit(f)),
    "vmap of grad": lambda f: lambda x: mj.vmap(mj.grad(f))(jnp.stack([x, x]))[0],
    "jit of vmap of grad": lambda f: mj.jit(lambda x: mj.vmap(mj.grad(f))(jnp.stack([x, x]))[1]),
    "checkpoint of jit": lambda f: mj.grad(mj.checkpoint(mj.jit(f))),
}


@pytest.mark.parametrize("way", TRANSFORMED)
def test_a_chain_of_3000_equations(way: str) -> None:
    value, slope = _chain_derivative(X)
    expected = value.sum() if way in ("plain", "jit") else slope
    found = np.asarray(TRANSFORMED[way](chain)(X))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("way", TRANSFORMED)
def test_a_sum_of_2000_terms(way: str) -> None:
    total = 1999.0 * 2000.0 / 2.0
    expected = total * X.sum() if way in ("plain", "jit") else np.full(3, total)
    np.testing.assert_allclose(np.asarray(TRANSFORMED[way](wide_sum)(X)), expected, rtol=1e-12)


def test_a_chain_of_additions_prints_and_compiles_twice() -> None:
    program = mj.make_jaxpr(chain)(X)
    assert len(program.eqns) == 3001
    assert str(program).count("sin") == 1500


def _nested_jit(depth: int) -> Callable[[Any], Any]:
    f: Callable[[Any], Any] = jnp.sin
    for _ in range(depth):
        f = mj.jit(lambda x, inner=f: inner(x) * 1.01)
    return f


@pytest.mark.parametrize("transform", ["value", "grad", "vmap of grad", "linearize"])
def test_jit_nested_100_deep(transform: str) -> None:
    f = _nested_jit(100)
    scale = 1.01**100
    if transform == "value":
        assert float(f(0.3)) == pytest.approx(np.sin(0.3) * scale, rel=1e-12)
    elif transform == "grad":
        assert float(mj.grad(f)(0.3)) == pytest.approx(np.cos(0.3) * scale, rel=1e-12)
    elif transform == "vmap of grad":
        found = np.asarray(mj.vmap(mj.grad(f))(X))
        np.testing.assert_allclose(found, np.cos(X) * scale, rtol=1e-12)
    else:
        assert float(mj.linearize(f, 0.3)[1](1.0)) == pytest.approx(np.cos(0.3) * scale, rel=1e-12)


def test_calls_nested_in_calls_share_programs() -> None:
    """Each level calls the one below twice: 2^20 calls if programs were copied."""
    f: Callable[[Any], Any] = mj.jit(lambda x: x * 0.5)
    for _ in range(12):
        f = mj.jit(lambda x, inner=f: 0.5 * (inner(x) + inner(x)))
    assert float(mj.grad(f)(2.0)) == pytest.approx(0.5)


def _nested_scan(depth: int, carry: Any, xs: Any) -> Any:
    if depth == 0:
        return carry * jnp.cos(jnp.sum(xs) * 0.1)
    return lax.scan(lambda c, x: (_nested_scan(depth - 1, c, xs) + 0.1 * x, c), carry, xs)[0]


def _nested_loop(depth: int, carry: float, xs: np.ndarray) -> float:
    if depth == 0:
        return carry * float(np.cos(xs.sum() * 0.1))
    return functools.reduce(lambda c, x: _nested_loop(depth - 1, c, xs) + 0.1 * x, xs, carry)


def test_scans_nested_5_deep() -> None:
    f = mj.jit(lambda c, xs: _nested_scan(5, c, xs))
    assert float(f(0.4, X)) == pytest.approx(_nested_loop(5, 0.4, X), rel=1e-12)
    slope = (_nested_loop(5, 0.4 + 1e-4, X) - _nested_loop(5, 0.4 - 1e-4, X)) / 2e-4
    assert float(mj.grad(f)(0.4, X)) == pytest.approx(slope, rel=1e-6)
    by_xs = np.asarray(mj.jit(mj.grad(f, argnums=1))(0.4, X))
    steps = 1e-5 * np.eye(3)
    slopes = [(_nested_loop(5, 0.4, X + h) - _nested_loop(5, 0.4, X - h)) / 2e-5 for h in steps]
    np.testing.assert_allclose(by_xs, slopes, rtol=1e-5)


def test_a_pytree_of_a_thousand_leaves() -> None:
    tree = {f"leaf {k}": [float(k), (np.full(2, k / 10.0),)] for k in range(500)}

    @mj.jit
    def f(tree: Any) -> Any:
        return functools.reduce(operator.add, (jnp.sum(x * x) for x in mj.tree.leaves(tree)))

    gradient = mj.grad(f)(tree)
    assert float(gradient["leaf 7"][0]) == 14.0
    np.testing.assert_allclose(np.asarray(gradient["leaf 7"][1][0]), [1.4, 1.4])


def test_a_deeply_nested_pytree() -> None:
    tree: Any = 1.5
    for _ in range(100):
        tree = {"inner": (tree,)}
    gradient = mj.jit(mj.grad(lambda t: mj.tree.leaves(t)[0] ** 2))(tree)
    assert float(mj.tree.leaves(gradient)[0]) == 3.0
