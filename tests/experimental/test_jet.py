"""Taylor mode against derivatives of derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.experimental.jet import jet

X = np.array([0.5, -1.25, 2.0])
TERMS = (np.array([1.0, 2.0, -0.5]), np.array([0.0, -1.0, 0.25]), np.array([0.3, 0.0, 2.0]))
ORDER = len(TERMS)

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": jnp.exp,
    "log": lambda x: jnp.log(x + 2),
    "tanh": jnp.tanh,
    "power": lambda x: (x + 2) ** 2.5,
    "power_of_itself": lambda x: (x + 2) ** x,
    "quotient": lambda x: jnp.sin(x) / (1 + x * x),
    "constant_over": lambda x: 2.0 / (x + 3),
    "over_constant": lambda x: x / 4.0,
    "reversed": lambda x: x[::-1] * x,
    "matrix": lambda x: jnp.outer(x, x) @ x,
    "convolved": lambda x: jnp.convolve(x, x),
    "largest": lambda x: jnp.max(x) * x,
    "product": jnp.prod,
    "sorted": jnp.sort,
    "softmax": mj.nn.softmax,
    "chosen": lambda x: jnp.where(x > 0, x**2, jnp.sin(x)),
    "scattered": lambda x: jnp.zeros(4).at[jnp.array([0, 2, 2])].add(x * x),
    "compiled": mj.jit(lambda x: jnp.sin(x) * x),
    "loop": lambda x: lax.fori_loop(0, 3, lambda i, c: jnp.sin(c) * x, x),
    "branch": lambda x: lax.cond(x[0] > 0, jnp.cos, jnp.sin, x),
    "still": lambda x: jnp.floor(x),
}


def path(t: Any) -> Any:
    return X + sum(term * t ** (k + 1) / math.factorial(k + 1) for k, term in enumerate(TERMS))


def derivatives(fun: Callable[[Any], Any]) -> list[Any]:
    """Returns the value and the derivatives of fun(path(t)) at 0, one jvp within the other."""

    def derived(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda t: mj.jvp(inner, (t,), (1.0,))[1]

    along: Callable[[Any], Any] = lambda t: fun(path(t))  # noqa: E731
    found = [along(0.0)]
    for _ in range(ORDER):
        along = derived(along)
        found.append(along(0.0))
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_terms_are_derivatives_along_the_path(name: str) -> None:
    fun = FUNCTIONS[name]
    expected = derivatives(fun)
    for call in (jet, mj.jit(lambda *args: jet(*args), static_argnums=0)):
        value, terms = call(fun, (X,), (TERMS,))
        assert len(terms) == ORDER
        for found, wanted in zip([value, *terms], expected, strict=True):
            np.testing.assert_allclose(found, wanted, 1e-9, 1e-11)


def test_several_arguments_and_a_tree_of_results() -> None:
    out, terms = jet(lambda x, y: {"product": x * y, "still": 3.0}, (2.0, X), ((1.0, 0.5), (X, X)))
    np.testing.assert_allclose(terms["product"][0], X + 2 * X)
    np.testing.assert_allclose(terms["product"][1], 0.5 * X + 2 * X + 2 * X)
    assert out["still"] == 3.0
    assert [float(t) for t in terms["still"]] == [0.0, 0.0]


def test_coefficients_of_the_series() -> None:
    _, terms = jet(jnp.exp, (0.0,), ((1.0, 0.0, 0.0, 0.0),), factorial_scaled=False)
    np.testing.assert_allclose(terms, [1.0, 1 / 2, 1 / 6, 1 / 24])


def test_jets_are_differentiated_and_mapped() -> None:
    third = lambda x: jet(jnp.sin, (x,), ((1.0, 0.0, 0.0),))[1][2]  # noqa: E731
    np.testing.assert_allclose(mj.grad(third)(0.5), np.sin(0.5))
    np.testing.assert_allclose(mj.vmap(third)(X), -np.cos(X))


def test_work_grows_no_faster_than_the_cube_of_the_order() -> None:
    def count(order: int) -> int:
        series = (1.0,) + (0.0,) * (order - 1)
        fun = lambda x: jnp.sin(x * x) / (1 + jnp.exp(x))  # noqa: E731
        program = mj.make_jaxpr(lambda x: jet(fun, (x,), (series,))[1])(0.5)
        return len(program.eqns)

    assert count(12) < 8 * count(6)


def test_wrong_series_are_refused() -> None:
    with pytest.raises(ValueError, match="the same length"):
        jet(jnp.add, (1.0, 2.0), ((1.0, 0.0), (1.0,)))
    with pytest.raises(ValueError, match="need the shape"):
        jet(jnp.sin, (X,), ((1.0, 0.0),))
    with pytest.raises(ValueError, match="not an array"):
        jet(jnp.sin, ([X],), ((X, X),))
    with pytest.raises(TypeError, match="inexact"):
        jet(jnp.sin, (1,), ((1.0, 0.0),))
