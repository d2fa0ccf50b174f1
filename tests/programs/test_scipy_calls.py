"""Jitted functions handed to SciPy's solvers as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize

import minijax as mj
import minijax.numpy as jnp


def rosenbrock(x: Any) -> Any:
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


VALUE = mj.jit(rosenbrock)
VALUE_AND_GRAD = mj.jit(mj.value_and_grad(rosenbrock))
GRAD = mj.jit(mj.grad(rosenbrock))
HESSIAN = mj.jit(mj.hessian(rosenbrock))
HVP = mj.jit(lambda x, v: mj.grad(lambda x: jnp.vdot(mj.grad(rosenbrock)(x), v))(x))
START = np.full(10, -0.5)


@pytest.mark.parametrize("method", ("BFGS", "L-BFGS-B", "CG", "SLSQP"))
def test_minimize_with_value_and_gradient(method: str) -> None:
    found = optimize.minimize(
        VALUE_AND_GRAD, START, jac=True, method=method, options={"maxiter": 2000}
    )
    np.testing.assert_allclose(found.x, 1.0, atol=2e-2)
    apart = optimize.minimize(VALUE, START, jac=GRAD, method=method, options={"maxiter": 2000})
    np.testing.assert_allclose(apart.x, 1.0, atol=2e-2)


@pytest.mark.parametrize("method", ("trust-ncg", "trust-krylov", "trust-constr", "Newton-CG"))
def test_minimize_with_second_derivatives(method: str) -> None:
    found = optimize.minimize(VALUE, START, jac=GRAD, hessp=HVP, method=method)
    np.testing.assert_allclose(found.x, 1.0, atol=1e-3)
    found = optimize.minimize(VALUE, START, jac=GRAD, hess=HESSIAN, method=method)
    np.testing.assert_allclose(found.x, 1.0, atol=1e-3)


def test_minimize_with_constraints() -> None:
    sphere = mj.jit(lambda x: jnp.sum(x**2))
    line = mj.jit(lambda x: jnp.array([jnp.sum(x) - 1.0]))
    constraint = {"type": "eq", "fun": line, "jac": mj.jit(mj.jacobian(line))}
    found = optimize.minimize(
        sphere, np.ones(4), jac=mj.jit(mj.grad(sphere)), method="SLSQP", constraints=[constraint]
    )
    np.testing.assert_allclose(found.x, 0.25, atol=1e-6)


def test_extra_arguments() -> None:
    f = mj.jit(mj.value_and_grad(lambda x, a, b: jnp.sum((x - a) ** 2) + b["c"]))
    found = optimize.minimize(f, np.zeros(3), args=(2.0, {"c": 1.0}), jac=True, method="BFGS")
    np.testing.assert_allclose(found.x, 2.0, atol=1e-6)
    assert found.fun == pytest.approx(1.0)


@pytest.mark.parametrize("method", ("RK45", "DOP853", "LSODA", "BDF", "Radau"))
def test_solve_ivp(method: str) -> None:
    def field(t: Any, y: Any) -> Any:
        return jnp.stack([y[1], -y[0] + 0.1 * jnp.sin(t)])

    jacobian = {"jac": mj.jit(mj.jacobian(field, argnums=1))} if method in ("BDF", "Radau") else {}
    found = integrate.solve_ivp(
        mj.jit(field), (0.0, 3.0), [1.0, 0.0], method=method, rtol=1e-8, atol=1e-10, **jacobian
    )
    plain = integrate.solve_ivp(
        lambda t, y: [y[1], -y[0] + 0.1 * np.sin(t)], (0.0, 3.0), [1.0, 0.0], rtol=1e-8, atol=1e-10
    )
    np.testing.assert_allclose(found.y[:, -1], plain.y[:, -1], atol=1e-6)


def test_odeint_and_events() -> None:
    field = mj.jit(lambda y, t: -2.0 * y * t)
    found = integrate.odeint(field, [1.0], [0.0, 1.0])
    assert found[-1, 0] == pytest.approx(np.exp(-1.0), rel=1e-6)
    event = mj.jit(lambda t, y: y[0] - 0.5)
    fall = integrate.solve_ivp(mj.jit(lambda t, y: -y), (0.0, 5.0), [1.0], events=event)
    assert fall.t_events[0][0] == pytest.approx(np.log(2.0), rel=1e-2)


@pytest.mark.parametrize("method", ("hybr", "lm"))
def test_root(method: str) -> None:
    f = mj.jit(lambda x: jnp.stack([x[0] ** 2 + x[1] - 3.0, x[0] - x[1]]))
    found = optimize.root(f, [1.0, 2.0], jac=mj.jit(mj.jacobian(f)), method=method)
    np.testing.assert_allclose(f(found.x), 0.0, atol=1e-8)


@pytest.mark.parametrize("method", ("newton", "halley", "brentq"))
def test_root_of_one_number(method: str) -> None:
    f = lambda x: jnp.cos(x) - x  # noqa: E731 - three derivatives of one formula
    options: dict[str, Any] = {"x0": 0.5, "fprime": mj.jit(mj.grad(f))}
    if method == "halley":
        options["fprime2"] = mj.jit(mj.grad(mj.grad(f)))
    if method == "brentq":
        options = {"bracket": (0.0, 1.0)}
    found = optimize.root_scalar(mj.jit(f), method=method, **options)
    assert found.root == pytest.approx(0.7390851332151607)


def test_quad_and_least_squares() -> None:
    assert integrate.quad(mj.jit(lambda x: jnp.exp(-x)), 0.0, np.inf)[0] == pytest.approx(1.0)
    area = integrate.dblquad(mj.jit(lambda y, x: x * y), 0.0, 1.0, 0.0, 2.0)[0]
    assert area == pytest.approx(1.0)
    times = np.linspace(0.0, 1.0, 30)
    values = 2.0 * np.exp(-1.5 * times)
    residual = mj.jit(lambda p: p[0] * jnp.exp(-p[1] * times) - values)
    for method in ("trf", "lm", "dogbox"):
        found = optimize.least_squares(
            residual, [1.0, 1.0], jac=mj.jit(mj.jacobian(residual)), method=method
        )
        np.testing.assert_allclose(found.x, [2.0, 1.5], rtol=1e-6)
    model = mj.jit(lambda t, a, b: a * jnp.exp(-b * t))
    found, _ = optimize.curve_fit(model, times, values, p0=[1.0, 1.0])
    np.testing.assert_allclose(found, [2.0, 1.5], rtol=1e-6)
