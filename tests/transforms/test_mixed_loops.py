"""Loops in derivative rules that carry known values beside tangents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.interpreters.dependence import dependent_outputs

D, U, B = np.array([4.0, 5.0, 6.0, 7.0]), np.array([1.0, 0.5, 0.3]), np.array([1.0, 2.0, 3.0, 4.0])


def _with_fori(diagonal: Any, upper: Any, right: Any) -> Any:
    """Solves a symmetric tridiagonal system; the first loop carries the diagonal and the result."""

    def eliminate(i: Any, carry: Any) -> Any:
        d, b = carry
        w = upper[i] / d[i]
        return d.at[i + 1].add(-w * upper[i]), b.at[i + 1].add(-w * b[i])

    n = diagonal.shape[0]
    d, b = lax.fori_loop(0, n - 1, eliminate, (diagonal, right))

    def substitute(k: Any, x: Any) -> Any:
        i = n - 2 - k
        return x.at[i].set((b[i] - upper[i] * x[i + 1]) / d[i])

    return lax.fori_loop(0, n - 1, substitute, b / d)


def _with_while(diagonal: Any, upper: Any, right: Any) -> Any:
    def eliminate(state: Any) -> Any:
        i, d, b = state
        w = upper[i] / d[i]
        return i + 1, d.at[i + 1].add(-w * upper[i]), b.at[i + 1].add(-w * b[i])

    n = diagonal.shape[0]
    _, d, b = lax.while_loop(lambda s: s[0] < n - 1, eliminate, (0, diagonal, right))

    def substitute(state: Any) -> Any:
        i, x = state
        return i - 1, x.at[i].set((b[i] - upper[i] * x[i + 1]) / d[i])

    return lax.while_loop(lambda s: s[0] >= 0, substitute, (n - 2, b / d))[1]


def _with_scan(diagonal: Any, upper: Any, right: Any) -> Any:
    def eliminate(carry: Any, x: Any) -> Any:
        d, b = carry
        u, d_next, b_next = x
        return (d_next - u / d * u, b_next - u / d * b), (d, b)

    start = diagonal[0], right[0]
    (d, b), (ds, bs) = lax.scan(eliminate, start, (upper, diagonal[1:], right[1:]))

    def substitute(x: Any, row: Any) -> Any:
        d, b, u = row
        found = (b - u * x) / d
        return found, found

    last = b / d
    rest = lax.scan(substitute, last, (ds, bs, upper), reverse=True)[1]
    return jnp.append(rest, last)


def _in_a_branch(diagonal: Any, upper: Any, right: Any) -> Any:
    other = lambda d, u, b: (d, b / d)  # noqa: E731
    d, x = lax.cond(
        diagonal[0] > 0, lambda d, u, b: (d * 1, _with_scan(d, u, b)), other, diagonal, upper, right
    )
    return x * d / diagonal


def _in_a_call(diagonal: Any, upper: Any, right: Any) -> Any:
    d, x = mj.jit(lambda d, u, b: (2 * d, _with_fori(d, u, b)))(diagonal, upper, right)
    return x * d / (2 * diagonal)


def _in_a_checkpoint(diagonal: Any, upper: Any, right: Any) -> Any:
    d, x = mj.checkpoint(lambda d, u, b: (2 * d, _with_fori(d, u, b)))(diagonal, upper, right)
    return x * d / (2 * diagonal)


SOLVERS = [_with_fori, _with_while, _with_scan, _in_a_branch, _in_a_call, _in_a_checkpoint]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_rule_whose_tangent_is_solved_by_a_loop(solver: Any) -> None:
    @mj.custom_jvp
    def solve(d: Any, u: Any, b: Any) -> Any:
        return solver(d, u, b)

    @solve.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (d, u, b), (td, tu, tb) = primals, tangents
        x = solver(d, u, b)
        right = tb - td * x
        right = right.at[1:].add(-tu * x[:-1])
        right = right.at[:-1].add(-tu * x[1:])
        return x, solver(d, u, right)

    def dense(d: Any, u: Any, b: Any) -> Any:
        matrix = jnp.diag(d) + jnp.diag(u, 1) + jnp.diag(u, -1)
        return jnp.linalg.solve(matrix, b)

    def loss(f: Any) -> Any:
        return lambda *args: jnp.sum(jnp.sin(f(*args)))

    expected = mj.grad(loss(dense), (0, 1, 2))(D, U, B)
    for derive in (mj.grad, lambda f, n: mj.jit(mj.grad(f, n)), mj.jacfwd):
        found = derive(loss(solve), (0, 1, 2))(D, U, B)
        mj.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-12), found, expected)

    def by_steps(d: Any, u: Any, b: Any) -> Any:
        return loss(lambda *args: lax.fori_loop(0, 3, lambda i, x: solve(d, u, x), b))(d, u, b)

    def dense_steps(d: Any, u: Any, b: Any) -> Any:
        return jnp.sum(jnp.sin(dense(d, u, dense(d, u, dense(d, u, b)))))

    expected = mj.grad(dense_steps, (0, 1, 2))(D, U, B)
    found = mj.jit(mj.grad(by_steps, (0, 1, 2)))(D, U, B)
    mj.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-11), found, expected)


@pytest.mark.parametrize("solver", SOLVERS)
def test_transposing_what_is_linear_in_one_argument(solver: Any) -> None:
    transposed = mj.linear_transpose(lambda b: solver(jnp.array(D), jnp.array(U), b), B)
    ct = np.array([1.0, -2.0, 0.5, 3.0])
    matrix = np.diag(D) + np.diag(U, 1) + np.diag(U, -1)
    np.testing.assert_allclose(transposed(ct)[0], np.linalg.solve(matrix.T, ct), rtol=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_depends_on_what(solver: Any) -> None:
    def program(d: Any, u: Any, b: Any) -> Any:
        return solver(d, u, b), d * 2

    jaxpr = mj.make_jaxpr(program)(D, U, B).close()
    assert dependent_outputs(jaxpr, [False, False, True]) == (True, False)
    assert dependent_outputs(jaxpr, [True, False, False]) == (True, True)
    assert dependent_outputs(jaxpr, [False, False, False]) == (False, False)


def test_results_of_loops_depend_on_what_the_count_depends_on() -> None:
    def program(n: Any, x: Any) -> Any:
        return lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * 2, s[2]), (0, x, x))

    jaxpr = mj.make_jaxpr(program)(3, 1.0).close()
    assert dependent_outputs(jaxpr, [True, False]) == (True, True, True)
    assert dependent_outputs(jaxpr, [False, True]) == (False, True, True)
    branch = mj.make_jaxpr(lambda i, x, y: lax.cond(i > 0, lambda: (x, 1.0), lambda: (y, 2.0)))
    jaxpr = branch(1, 1.0, 2.0).close()
    assert dependent_outputs(jaxpr, [False, True, False]) == (True, False)
    assert dependent_outputs(jaxpr, [True, False, False]) == (True, True)
