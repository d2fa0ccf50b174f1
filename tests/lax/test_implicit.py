"""custom_linear_solve and custom_root: derivatives follow from the equation, to any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax

_RNG = np.random.default_rng(0)
_A = _RNG.normal(size=(3, 3)) + 4 * np.eye(3)
_B = _RNG.normal(size=3)


def _dense(matvec: Any, y: Any) -> Any:
    matrix = mj.vmap(matvec)(jnp.eye(y.shape[0])).T
    return lax.stop_gradient(jnp.linalg.inv(matrix)) @ y


def _solve(a: Any, b: Any) -> Any:
    return lax.custom_linear_solve(lambda x: jnp.sin(a) @ x, b, _dense, _dense)


def _reference(a: Any, b: Any) -> Any:
    return jnp.linalg.solve(jnp.sin(a), b)


def _loss(solve: Any) -> Any:
    return lambda a, b: jnp.sum(jnp.sin(solve(a, b)))


_DERIVATIVES = {
    "value": lambda solve: solve,
    "jit": lambda solve: mj.jit(solve),
    "grad": lambda solve: mj.grad(_loss(solve), (0, 1)),
    "jit of grad": lambda solve: mj.jit(mj.grad(_loss(solve), (0, 1))),
    "hessian": lambda solve: mj.hessian(_loss(solve), (0, 1)),
    "reverse over reverse": lambda solve: mj.jacrev(mj.grad(_loss(solve)), 1),
    "forward over forward": lambda solve: mj.jacfwd(mj.jacfwd(solve, 0), 0),
    "reverse over forward": lambda solve: mj.jacrev(mj.jacfwd(mj.jit(solve), 1), 0),
}


@pytest.mark.parametrize("derive", _DERIVATIVES.values(), ids=_DERIVATIVES)
def test_linear_solve_has_the_derivatives_of_the_solution(derive: Any) -> None:
    ours, expected = derive(_solve)(_A, _B), derive(_reference)(_A, _B)
    for x, y in zip(mj.tree.leaves(ours), mj.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("in_axes", [(0, 0), (0, None), (None, 0), (None, 1)])
def test_linear_solve_maps(in_axes: Any) -> None:
    a = np.stack([_A, 2 * _A]) if in_axes[0] == 0 else _A
    b = _B if in_axes[1] is None else np.stack([_B, 1 - _B], in_axes[1])
    for derive in (_DERIVATIVES["value"], _DERIVATIVES["grad"]):
        ours = mj.vmap(derive(_solve), in_axes)(a, b)
        expected = mj.vmap(derive(_reference), in_axes)(a, b)
        for x, y in zip(mj.tree.leaves(ours), mj.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-9)


def test_linear_solve_on_pytrees_with_auxiliary_data() -> None:
    def solve(matvec: Any, y: Any) -> Any:
        return {"u": y["u"] / 2, "v": y["v"] / 3}, {"count": 7}

    def apply(scale: Any) -> Any:
        b = {"u": scale, "v": jnp.ones(2)}
        matvec = lambda x: {"u": 2 * x["u"], "v": 3 * x["v"]}  # noqa: E731
        return lax.custom_linear_solve(matvec, b, solve, symmetric=True, has_aux=True)

    x, aux = mj.jit(apply)(4.0)
    np.testing.assert_allclose(x["u"], 2.0)
    assert int(aux["count"]) == 7
    np.testing.assert_allclose(mj.grad(lambda s: apply(s)[0]["u"] ** 2)(4.0), 2.0)
    np.testing.assert_allclose(mj.vmap(lambda s: apply(s)[0]["u"])(jnp.arange(3.0)), [0, 0.5, 1])


def test_linear_solve_may_iterate() -> None:
    def jacobi(matvec: Any, y: Any) -> Any:
        return lax.fori_loop(0, 200, lambda i, x: x + 0.2 * (y - matvec(x)), jnp.zeros_like(y))

    def loss(a: Any) -> Any:
        return jnp.sum(lax.custom_linear_solve(lambda x: a @ x, _B, jacobi, jacobi) ** 2)

    matrix = jnp.diag(jnp.array([2.0, 3.0, 4.0])).at[0, 1].set(0.5)
    expected = mj.grad(lambda a: jnp.sum(jnp.linalg.solve(a, _B) ** 2))(matrix)
    np.testing.assert_allclose(mj.jit(mj.grad(loss))(matrix), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("error", "text", "args"),
    [
        (TypeError, r"^matvec\(\) output pytree", (lambda x: [x], lambda f, x: x)),
        (TypeError, r"^solve\(\) output pytree", (lambda x: x, lambda f, x: [x])),
        (TypeError, r"^transpose_solve\(\) out", (lambda x: x, lambda f, x: x, lambda f, x: [x])),
        (ValueError, r"^solve\(\) output shapes", (lambda x: x, lambda f, x: jnp.ones(2))),
        (ValueError, r"^matvec\(\) output shapes", (lambda x: jnp.ones(2), lambda f, x: x)),
    ],
)
def test_linear_solve_refuses(error: type, text: str, args: Any) -> None:
    with pytest.raises(error, match=text):
        lax.custom_linear_solve(args[0], jnp.ones(3), *args[1:])


def test_linear_solve_without_a_transposed_solver_has_no_reverse_mode() -> None:
    with pytest.raises(TypeError, match="transpose_solve required"):
        mj.grad(lambda b: lax.custom_linear_solve(lambda x: 2 * x, b, lambda f, y: y / 2))(1.0)


# -- custom_root


def _cube_root(a: Any) -> Any:
    def newton(f: Any, x: Any) -> Any:
        return lax.while_loop(lambda x: jnp.abs(f(x)) > 1e-13, lambda x: x - f(x) / (3 * x**2), x)

    return lax.custom_root(lambda x: x**3 - a, 1.5, newton, lambda g, y: y / g(1.0))


@pytest.mark.parametrize(
    "derive",
    [
        lambda f: f,
        mj.grad,
        lambda f: mj.grad(mj.grad(f)),
        lambda f: mj.jacfwd(mj.jacfwd(f)),
        lambda f: mj.jacfwd(mj.grad(f)),
        lambda f: mj.grad(mj.grad(mj.grad(f))),
    ],
)
def test_root_has_the_derivatives_of_the_solution(derive: Any) -> None:
    f, points = derive(_cube_root), jnp.array([2.0, 5.0])
    expected = mj.vmap(derive(lambda a: a ** (1 / 3)))(points)
    np.testing.assert_allclose([f(x) for x in points], expected, rtol=1e-9)
    np.testing.assert_allclose(mj.jit(mj.vmap(f))(points), expected, rtol=1e-9)


def test_root_on_pytrees_with_auxiliary_data() -> None:
    def root(a: Any) -> Any:
        def solve(f: Any, guess: Any) -> Any:
            return {"x": a**2, "y": (a + 1.0,)}, {"steps": 3}

        def residual(p: Any) -> Any:
            return {"x": p["x"] - a**2, "y": (p["y"][0] - a - 1.0,)}

        start = {"x": 0.0, "y": (0.0,)}
        return lax.custom_root(residual, start, solve, lambda g, y: g(y), has_aux=True)

    value, slope = mj.jvp(lambda a: root(a)[0], (3.0,), (1.0,))
    assert [float(x) for x in mj.tree.leaves(value)] == [9.0, 4.0]
    assert [float(x) for x in mj.tree.leaves(slope)] == [6.0, 1.0]
    assert int(mj.jit(root)(3.0)[1]["steps"]) == 3


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (r"^f\(\) output pytree", (lambda x: (x, x), lambda f, x: x, lambda g, y: y)),
        (r"^solve\(\) output pytree", (lambda x: x, lambda f, x: (x, x), lambda g, y: y)),
        (r"^tangent_solve\(\) output", (lambda x: x, lambda f, x: x, lambda g, y: (y, y))),
    ],
)
def test_root_refuses(text: str, args: Any) -> None:
    with pytest.raises(TypeError, match=text):
        lax.custom_root(args[0], 0.0, *args[1:])
