"""odeint against closed forms, SciPy's integrator, and what the oracle was seen to return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import minijax as mj
import minijax.numpy as jnp
from minijax.experimental.ode import odeint

_TIMES = jnp.linspace(0.0, 3.0, 5)


def _pendulum(y: Any, t: Any, friction: Any, gravity: Any) -> Any:
    angle, speed = y
    return speed, -friction * speed - gravity * jnp.sin(angle)


def _decay(rate: Any) -> Any:
    return odeint(lambda y, t: -rate * y, jnp.array([1.0, 2.0]), jnp.array([0.0, 0.5, 1.0]))


def _last(rate: Any) -> Any:
    return _decay(rate)[-1].sum()


def test_a_pendulum() -> None:
    start = (jnp.array(np.pi - 0.1), jnp.array(0.0))
    ours = mj.jit(lambda friction: odeint(_pendulum, start, _TIMES, friction, 9.8))(0.25)
    theirs = solve_ivp(
        lambda t, y: np.array([y[1], -0.25 * y[1] - 9.8 * np.sin(y[0])]),
        (0, 3),
        [np.pi - 0.1, 0.0],
        t_eval=np.asarray(_TIMES),
        rtol=1e-10,
        atol=1e-10,
    )
    np.testing.assert_allclose(np.stack(ours), theirs.y, atol=1e-6)


def test_derivatives_of_everything() -> None:
    def loss(y0: Any, times: Any, rate: Any) -> Any:
        return jnp.sum(odeint(lambda y, t, k: -k * y * t, y0, times, rate)[1:] ** 2)

    times = jnp.array([0.5, 1.0, 1.5])
    args = (jnp.array([1.0, 2.0]), times, 0.7)

    def exact(y0: Any, times: Any, rate: Any) -> Any:
        decay = jnp.exp(-rate * (times[1:] ** 2 - times[0] ** 2) / 2)
        return jnp.sum((decay[:, None] * y0) ** 2)

    expected = mj.grad(exact, (0, 1, 2))(*args)
    for derive in (mj.grad(loss, (0, 1, 2)), mj.jit(mj.grad(loss, (0, 1, 2)))):
        for x, y in zip(derive(*args), expected, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-7)


def test_captured_values_lanes_and_second_order() -> None:
    exact = 3 * np.exp(-2.0)
    np.testing.assert_allclose(_last(2.0), exact, rtol=1e-6)
    np.testing.assert_allclose(mj.jit(mj.grad(_last))(2.0), -exact, rtol=1e-6)
    np.testing.assert_allclose(mj.jit(mj.grad(mj.grad(_last)))(2.0), exact, rtol=1e-5)
    rates = jnp.array([1.0, 2.0])
    slopes = mj.jit(mj.vmap(mj.grad(_last)))(rates)
    np.testing.assert_allclose(slopes, -3 * np.exp(-np.asarray(rates)), rtol=1e-6)


def test_dtypes_complex_numbers_and_integers() -> None:
    turning = odeint(lambda y, t: 1j * y, jnp.array([1.0 + 0j]), _TIMES)
    np.testing.assert_allclose(turning[:, 0], np.exp(1j * np.asarray(_TIMES)), atol=1e-6)
    single = odeint(lambda y, t: -y, jnp.ones(1, jnp.float32), _TIMES.astype(jnp.float32))
    assert single.dtype == np.float32
    start, times = jnp.ones(2), jnp.array([0.0, 1.0], jnp.float32)
    mixed = mj.grad(lambda y: odeint(lambda y, t: -y * t, y, times)[-1].sum())(start)
    assert mixed.dtype == np.float64
    np.testing.assert_allclose(mixed, np.exp(-0.5), rtol=1e-5)

    def twice(y: Any) -> Any:
        return odeint(lambda y, t, n: -y * n, y, _TIMES, 2)[-1]

    np.testing.assert_allclose(mj.grad(twice)(1.0), np.exp(-6.0), rtol=1e-4)


def test_limits_of_steps() -> None:
    coarse = odeint(lambda y, t: -y, 1.0, _TIMES, rtol=1e-2, atol=1e-2)
    fine = odeint(lambda y, t: -y, 1.0, _TIMES, rtol=1e-2, atol=1e-2, hmax=0.05)
    exact = np.exp(-np.asarray(_TIMES))
    assert np.abs(fine - exact).max() < np.abs(coarse - exact).max()
    # Steps that run out leave the last polynomial, far from where it holds.
    assert np.abs(odeint(lambda y, t: -y, 1.0, _TIMES, mxstep=1) - exact).max() > 1e-3


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("custom_vjp", lambda: mj.jvp(_last, (2.0,), (1.0,))),
        ("array of floats", lambda: odeint(lambda y, t: y, 1.0, jnp.arange(3))),
        ("must be arrays or scalars", lambda: odeint(lambda y, t, a: y, 1.0, _TIMES, "x")),
        ("y0 must hold", lambda: odeint(lambda y, t: y, jnp.arange(2), _TIMES)),
    ],
)
def test_refusals(text: str, call: Any) -> None:
    with pytest.raises(TypeError, match=text):
        call()
