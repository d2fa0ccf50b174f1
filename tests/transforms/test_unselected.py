"""What `where` leaves out contributes exactly zero, even where its derivative is infinite."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.scipy import special

Function = Callable[[Any], Any]


def _scanned(x: Any) -> Any:
    def step(total: Any, _: Any) -> Any:
        return jnp.where(x > 0, jnp.sqrt(x) + total * jnp.log(x), total), None

    return lax.scan(step, 1.0, None, length=3)[0]


def _repeated(x: Any) -> Any:
    return lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, _root_log(c[1])), (0, x))[1]


def _root_log(x: Any) -> Any:
    return jnp.where(x > 0, jnp.sqrt(x) * jnp.log(x), 0.0)


def _chosen(x: Any) -> Any:
    return lax.cond(x > -1, _root_log, lambda v: v, x)


def _norm(x: Any) -> Any:
    return jnp.where(x > 0, jnp.sqrt(jnp.sum((x * jnp.ones(2)) ** 2)), 0.0)


# Constant at the point: all derivatives are zero.
GUARDED: dict[str, tuple[Function, float]] = {
    "sqrt": (lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), 0.0),
    "rsqrt": (lambda x: jnp.where(x > 0, lax.rsqrt(x), 0.0), 0.0),
    "cbrt": (lambda x: jnp.where(x > 0, jnp.cbrt(x), 0.0), 0.0),
    "log": (lambda x: jnp.where(x > 0, jnp.log(x), 0.0), 0.0),
    "log2": (lambda x: jnp.where(x > 0, jnp.log2(x), 0.0), 0.0),
    "log1p": (lambda x: jnp.where(x > -1, jnp.log1p(x), 0.0), -1.0),
    "xlogx": (lambda x: jnp.where(x > 0, x * jnp.log(x), 0.0), 0.0),
    "reciprocal": (lambda x: jnp.where(x != 0, 1 / x, 0.0), 0.0),
    "sinc": (lambda x: jnp.where(x != 0, jnp.sin(x) / x, 1.0), 0.0),
    "direction": (lambda x: jnp.where(x == 0, 0.0, jnp.abs(x) / x), 0.0),
    "power": (lambda x: jnp.where(x > 0, x**0.5, 0.0), 0.0),
    "self power": (lambda x: jnp.where(x > 0, x**x, 0.0), 0.0),
    "negative power": (lambda x: jnp.where(x != 0, x**-3, 0.0), 0.0),
    "norm": (_norm, 0.0),
    "std": (lambda x: jnp.where(x > 0, jnp.std(x * jnp.ones(3)), 0.0), 0.0),
    "arcsin": (lambda x: jnp.where(x < 1, jnp.arcsin(x), 0.0), 1.0),
    "arccos": (lambda x: jnp.where(x < 1, jnp.arccos(x), 0.0), 1.0),
    "arctanh": (lambda x: jnp.where(x < 1, jnp.arctanh(x), 0.0), 1.0),
    "arccosh": (lambda x: jnp.where(x > 1, jnp.arccosh(x), 0.0), 1.0),
    "overflow": (lambda x: jnp.where(x < 700, jnp.exp(x), 0.0), 1000.0),
    "erfinv": (lambda x: jnp.where(x < 1, special.erfinv(x), 0.0), 1.0),
    "logit": (lambda x: jnp.where(x < 1, special.logit(x), 0.0), 1.0),
    "gammaln": (lambda x: jnp.where(x > 0, special.gammaln(x), 0.0), 0.0),
    "digamma": (lambda x: jnp.where(x > 0, special.digamma(x), 0.0), 0.0),
    "expi": (lambda x: jnp.where(x > 0, special.expi(x), 0.0), 0.0),
    "nested": (lambda x: jnp.where(x > 0, jnp.log(jnp.sqrt(x)) / x, 0.0), 0.0),
    "complex": (lambda x: jnp.where(x > 0, jnp.sqrt(lax.complex(x, 0.0)).real, 0.0), 0.0),
    "softmax": (lambda x: jnp.where(x > 0, mj.nn.softmax(jnp.log(x) * jnp.ones(2))[0], 0.0), 0.0),
    "scan": (_scanned, 0.0),
    "cond": (_chosen, 0.0),
}
WAYS: dict[str, Callable[[Function], Function]] = {
    "forward": mj.jacfwd,
    "reverse": mj.grad,
    "hessian": mj.hessian,
    "forward over forward": lambda f: mj.jacfwd(mj.jacfwd(f)),
    "reverse over forward": lambda f: mj.jacrev(mj.jacfwd(f)),
    "reverse over reverse": lambda f: mj.grad(mj.grad(f)),
}


@pytest.mark.parametrize("name", GUARDED)
def test_derivatives_are_zero(name: str) -> None:
    function, at = GUARDED[name]
    for way, derivative in WAYS.items():
        assert derivative(function)(at) == 0, way


@pytest.mark.parametrize("name", ["sqrt", "xlogx", "sinc", "norm", "arccos", "scan", "cond"])
def test_derivatives_of_compiled_and_mapped_functions_are_zero(name: str) -> None:
    function, at = GUARDED[name]
    points = jnp.array([at, at])
    for way in ("reverse", "hessian", "reverse over reverse"):
        derivative = WAYS[way](mj.jit(function))
        assert mj.jit(derivative)(at) == 0, way
        assert (mj.vmap(derivative)(points) == 0).all(), way
    third = mj.grad(mj.grad(mj.grad(function)))
    assert third(at) == 0


def test_a_loop_of_unknown_length_leaves_it_out() -> None:
    assert mj.grad(_repeated)(0.0) == 0
    assert mj.grad(mj.grad(_repeated))(0.0) == 0


def test_other_elements_keep_their_derivatives() -> None:
    x = jnp.array([0.0, 4.0, -1.0])
    slope = mj.grad(lambda x: jnp.where(x > 0, jnp.sqrt(x), 2 * x).sum())(x)
    np.testing.assert_allclose(slope, [2.0, 0.25, 2.0])
    curve = mj.hessian(lambda x: jnp.where(x > 0, x * jnp.log(x), 0.0).sum())(x)
    np.testing.assert_allclose(curve, np.diag([0.0, 0.25, 0.0]))


def test_what_does_not_move_contributes_nothing_forwards() -> None:
    x = jnp.array([0.0, 4.0])
    for function in (jnp.sqrt, jnp.log, jnp.reciprocal, jnp.cbrt, lax.rsqrt):
        _, slope = mj.jvp(function, (x,), (jnp.array([0.0, 1.0]),))
        assert slope[0] == 0
        assert slope[1] != 0


def test_without_a_guard_the_slope_is_infinite() -> None:
    for way in (mj.grad, mj.jacfwd):
        assert way(jnp.sqrt)(0.0) == np.inf
        assert way(jnp.log)(0.0) == np.inf
        assert way(jnp.reciprocal)(0.0) == -np.inf
        assert way(jnp.arccos)(1.0) == -np.inf


def test_a_nan_is_not_hidden() -> None:
    assert np.isnan(mj.grad(lambda x: x * 0.0 * jnp.log(-x))(1.0))
    assert np.isnan(mj.grad(lambda x: jnp.sqrt(x * x))(0.0))
