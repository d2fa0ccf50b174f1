"""A damped pendulum whose length and friction are found from data, by descent through the solver.

    θ'' = -(g / l) sin θ - c θ'

The solver is the classical Runge-Kutta method of fourth order in a `scan`; the gradient of the
misfit with respect to l and c runs backwards through it.

    python examples/pendulum.py [--output pendulum.png]
"""

from __future__ import annotations

import argparse
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import minijax as mj
import minijax.numpy as jnp
from minijax import lax, random

GRAVITY = 9.81  # m/s²
STEP = 0.02  # s
NUM_STEPS = 400
START = (1.2, 0.0)  # angle in rad, angular velocity in rad/s
TRUTH = {"length": 0.8, "friction": 0.25}  # m, 1/s


def motion(state: Any, parameters: dict[str, Any]) -> Any:
    """Returns the time derivative of (angle, angular velocity)."""
    angle, velocity = state
    pull = -GRAVITY / parameters["length"] * jnp.sin(angle)
    return jnp.stack([velocity, pull - parameters["friction"] * velocity])


def solve(parameters: dict[str, Any]) -> Any:
    """Returns the angle after every step, shape (NUM_STEPS,)."""

    def step(state: Any, _: Any) -> tuple[Any, Any]:
        k1 = motion(state, parameters)
        k2 = motion(state + STEP / 2 * k1, parameters)
        k3 = motion(state + STEP / 2 * k2, parameters)
        k4 = motion(state + STEP * k3, parameters)
        state = state + STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return state, state[0]

    return lax.scan(step, jnp.array(START), length=NUM_STEPS)[1]


def misfit(logs: dict[str, Any], measured: Any) -> Any:
    """Returns the mean squared error of the angles; parameters are positive, so logarithms."""
    return jnp.mean((solve({name: jnp.exp(x) for name, x in logs.items()}) - measured) ** 2)


def fit(
    measured: Any, steps: int = 300, rate: float = 0.05
) -> tuple[dict[str, float], list[float]]:
    """Returns the parameters found by gradient descent with momentum, and the misfits."""
    value_and_gradient = mj.jit(mj.value_and_grad(misfit))
    logs = {"length": jnp.log(1.0), "friction": jnp.log(0.1)}
    speed = dict.fromkeys(logs, 0.0)
    misfits = []
    for _ in range(steps):
        value, gradient = value_and_gradient(logs, measured)
        for name in logs:
            speed[name] = 0.9 * speed[name] - rate * gradient[name]
            logs[name] = logs[name] + speed[name]
        misfits.append(float(value))
    return {name: float(jnp.exp(x)) for name, x in logs.items()}, misfits


def plot(path: str, measured: Any, fitted: Any, misfits: list[float], noise: float) -> None:
    """Saves the measured and the fitted motion, and the misfit over the descent."""
    times = STEP * np.arange(1, NUM_STEPS + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.plot(times, measured, ".", ms=4, alpha=0.6, label="measured")
    left.plot(times, fitted, lw=1.2, label="fitted")
    left.set(xlabel="time / s", ylabel="angle / rad")
    left.legend(loc="upper right")
    right.semilogy(misfits, label="misfit")
    right.axhline(noise, color="gray", ls="--", lw=1, label="noise")
    right.set(xlabel="descent step", ylabel="mean square / rad²")
    right.legend(loc="upper right")
    figure.savefig(path, dpi=120)


def main() -> None:
    """Fits noisy measurements and plots them with the fitted motion."""
    parser = argparse.ArgumentParser(description="Fit a pendulum to measurements.")
    parser.add_argument("--output", default="pendulum.png")
    options = parser.parse_args()
    noise = 0.02 * random.normal(random.key(0), (NUM_STEPS,))
    measured = solve(TRUTH) + noise
    found, misfits = fit(measured)
    for name, value in found.items():
        print(f"{name}: found {value:.4f}, true {TRUTH[name]:.4f}")
    power = float(jnp.mean(noise**2))
    print(f"misfit {misfits[0]:.2e} -> {misfits[-1]:.2e} (noise {power:.2e})")
    plot(options.output, measured, solve(found), misfits, power)
    print(f"saved {options.output}")


if __name__ == "__main__":
    main()
