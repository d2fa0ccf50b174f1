"""Differential equations stepped in loops, with gradients through the solver."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, uniform
from benchmarks.registry import Made, program


def _lorenz_velocity(np: Any, s: Any) -> Any:
    x, y, z = s
    return np.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])


def _lorenz_end(np: Any, lib: Any, steps: int) -> Any:
    def step(state: Any, _: Any) -> Any:
        x, y, z = state
        dt = 1e-5
        x, y, z = (
            x + dt * 10.0 * (y - x),
            y + dt * (x * (28.0 - z) - y),
            z + dt * (x * y - 8.0 / 3.0 * z),
        )
        return (x, y, z), None

    def end(x: Any) -> Any:
        return lib.lax.scan(step, (x, x + 1.0, x + 2.0), None, length=steps)[0][0]

    return end


@program("Lorenz by Euler, scalars", 1_000, 10_000, 100_000)
def lorenz(np: Any, lib: Any, steps: int) -> Made:
    return _lorenz_end(np, lib, steps), (1.0,)


@program("Lorenz by Euler, value_and_grad", 1_000, 10_000, 100_000)
def lorenz_gradient(np: Any, lib: Any, steps: int) -> Made:
    return lib.value_and_grad(_lorenz_end(np, lib, steps)), (1.0,)


def runge_kutta(velocity: Any, y: Any, dt: Any) -> Any:
    """Returns one step of the classical fourth-order method."""
    k1 = velocity(y)
    k2 = velocity(y + 0.5 * dt * k1)
    k3 = velocity(y + 0.5 * dt * k2)
    k4 = velocity(y + dt * k3)
    return y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def _rk4_end(np: Any, lib: Any, steps: int) -> Any:
    def step(y: Any, _: Any) -> Any:
        y = runge_kutta(lambda s: _lorenz_velocity(np, s), y, 1e-4)
        return y, y

    return lambda y: np.mean(lib.lax.scan(step, y, None, length=steps)[1] ** 2)


@program("RK4 on a 3-vector", 100, 1_000, 10_000)
def rk4(np: Any, lib: Any, steps: int) -> Made:
    return _rk4_end(np, lib, steps), (1.0 + uniform(3),)


@program("RK4 on a 3-vector, value_and_grad", 100, 1_000, 5_000)
def rk4_gradient(np: Any, lib: Any, steps: int) -> Made:
    return lib.value_and_grad(_rk4_end(np, lib, steps)), (1.0 + uniform(3),)


@program("Van der Pol ensemble by vmap", 10, 1_000, 10_000)
def van_der_pol(np: Any, lib: Any, members: int) -> Made:
    def end(mu: Any) -> Any:
        def velocity(s: Any) -> Any:
            return np.array([s[1], mu * (1.0 - s[0] ** 2) * s[1] - s[0]])

        def step(_: Any, s: Any) -> Any:
            return runge_kutta(velocity, s, 0.01)

        return lib.lax.fori_loop(0, 50, step, np.array([2.0, 0.0]))

    return lib.vmap(end), (uniform(members, high=3.0),)


@program("neural ODE gradient", (4, 20), (16, 50), (64, 100))
def neural_ode(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    width, steps = size

    def loss(p: Any, y: Any) -> Any:
        def velocity(y: Any) -> Any:
            return np.tanh(y @ p[0]) @ p[1]

        def step(y: Any, _: Any) -> Any:
            return runge_kutta(velocity, y, 0.02), None

        return np.sum(lib.lax.scan(step, y, None, length=steps)[0] ** 2)

    weights = normal(width, width) / width**0.5, normal(width, width, seed=1) / width**0.5
    return lib.value_and_grad(loss), (weights, normal(width, seed=2))


@program("Hodgkin–Huxley neuron, gradient", 100, 1_000, 10_000)
def hodgkin_huxley(np: Any, lib: Any, steps: int) -> Made:
    def voltage(conductance: Any) -> Any:
        def step(state: Any, _: Any) -> Any:
            v, m, h, n = state
            am = 0.1 * (v + 40.0) / (1.0 - np.exp(-(v + 40.0) / 10.0))
            an = 0.01 * (v + 55.0) / (1.0 - np.exp(-(v + 55.0) / 10.0))
            ah = 0.07 * np.exp(-(v + 65.0) / 20.0)
            bm, bn = 4.0 * np.exp(-(v + 65.0) / 18.0), 0.125 * np.exp(-(v + 65.0) / 80.0)
            bh = 1.0 / (1.0 + np.exp(-(v + 35.0) / 10.0))
            sodium = conductance[0] * m**3 * h * (v - 50.0)
            potassium = conductance[1] * n**4 * (v + 77.0)
            leak = conductance[2] * (v + 54.4)
            dt = 0.005
            v = v + dt * (8.0 - sodium - potassium - leak)
            m, h = m + dt * (am * (1.0 - m) - bm * m), h + dt * (ah * (1.0 - h) - bh * h)
            return (v, m, h, n + dt * (an * (1.0 - n) - bn * n)), v

        return np.mean(lib.lax.scan(step, (-64.3, 0.05, 0.6, 0.32), None, length=steps)[1])

    return lib.value_and_grad(voltage), (normal(3) * 0.01 + [120.0, 36.0, 0.3],)


@program("adaptive Heun in while_loop", 1e-4, 1e-6, 1e-8, tolerance=1e-7)
def adaptive_heun(np: Any, lib: Any, accuracy: float) -> Made:
    def velocity(t: Any, y: Any) -> Any:
        return np.stack([y[1], -y[0] - 0.1 * y[1] + np.sin(1.3 * t)])

    def body(state: Any) -> Any:
        t, y, dt = state
        k1 = velocity(t, y)
        k2 = velocity(t + dt, y + dt * k1)
        error = np.max(np.abs(0.5 * dt * (k2 - k1)))
        accept = error < accuracy
        dt_new = dt * np.clip(0.9 * np.sqrt(accuracy / (error + 1e-30)), 0.3, 2.0)
        y = np.where(accept, y + 0.5 * dt * (k1 + k2), y)
        return np.where(accept, t + dt, t), y, np.minimum(dt_new, 10.0 - t + 1e-12)

    def solve(y: Any) -> Any:
        return lib.lax.while_loop(lambda s: s[0] < 9.999, body, (0.0, y, 0.01))[1]

    return solve, (normal(2),)
