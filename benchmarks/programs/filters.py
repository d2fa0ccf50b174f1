"""Likelihoods of time series: filters that run through a scan, and their gradients."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, uniform
from benchmarks.registry import Made, program


@program("Kalman filter grad, 4 states", 20, 200, 2_000)
def kalman(np: Any, lib: Any, steps: int) -> Made:
    def negative_log_likelihood(p: Any, ys: Any) -> Any:
        transition, observe = p["transition"], p["observe"]
        q, r = np.exp(p["log_q"]) * np.eye(4), np.exp(p["log_r"]) * np.eye(2)

        def step(state: Any, y: Any) -> Any:
            mean, cov = state
            mean, cov = transition @ mean, transition @ cov @ transition.T + q
            s = observe @ cov @ observe.T + r
            innovation = y - observe @ mean
            gain = np.linalg.solve(s, observe @ cov).T
            cost = innovation @ np.linalg.solve(s, innovation) + np.linalg.slogdet(s)[1]
            return (mean + gain @ innovation, cov - gain @ observe @ cov), cost

        return 0.5 * np.sum(lib.lax.scan(step, (np.zeros(4), np.eye(4)), ys)[1])

    parameters = {
        "transition": 0.2 * normal(4, 4),
        "observe": normal(2, 4, seed=1),
        "log_q": -1.0,
        "log_r": -0.5,
    }
    return lib.value_and_grad(negative_log_likelihood), (parameters, normal(steps, 2, seed=2))


@program("scalar Kalman filter grad", 100, 1_000, 10_000)
def scalar_kalman(np: Any, lib: Any, steps: int) -> Made:
    def loss(q: Any, r: Any, ys: Any) -> Any:
        def step(state: Any, y: Any) -> Any:
            mean, variance = state
            variance = variance + q
            s = variance + r
            gain = variance / s
            cost = (y - mean) ** 2 / s + np.log(s)
            return (mean + gain * (y - mean), (1.0 - gain) * variance), cost

        return np.mean(lib.lax.scan(step, (0.0, 1.0), ys)[1])

    return lib.value_and_grad(loss, (0, 1)), (0.3, 0.7, normal(steps))


@program("hidden Markov model, gradient", (4, 50), (8, 500), (32, 2_000))
def hidden_markov(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    states, steps = size

    def loss(logits: Any, emissions: Any) -> Any:
        transition = lib.nn.log_softmax(logits, axis=1)

        def step(alpha: Any, e: Any) -> Any:
            return lib.nn.logsumexp(alpha[:, None] + transition, axis=0) + e, None

        alpha, _ = lib.lax.scan(step, emissions[0], emissions[1:])
        return -lib.nn.logsumexp(alpha)

    return lib.value_and_grad(loss), (normal(states, states), normal(steps, states, seed=1))


@program("GARCH likelihood, gradient", 100, 1_000, 10_000)
def garch(np: Any, lib: Any, steps: int) -> Made:
    def loss(p: Any, returns: Any) -> Any:
        def step(variance: Any, r: Any) -> Any:
            new = p[0] + p[1] * r * r + p[2] * variance
            return new, np.log(variance) + r * r / variance

        return np.mean(lib.lax.scan(step, 1.0, returns)[1])

    return lib.value_and_grad(loss), (uniform(3, low=0.1, high=0.4), normal(steps))


@program("exponential smoothing, 50 series", 20, 200, 2_000)
def smoothing(np: Any, lib: Any, steps: int) -> Made:
    def loss(rates: Any, series: Any) -> Any:
        def error(rates: Any, ys: Any) -> Any:
            def step(state: Any, y: Any) -> Any:
                level, trend = state
                new = rates[0] * y + (1.0 - rates[0]) * (level + trend)
                trend = rates[1] * (new - level) + (1.0 - rates[1]) * trend
                return (new, trend), (y - level - trend) ** 2

            return np.mean(lib.lax.scan(step, (ys[0], 0.0), ys[1:])[1])

        return np.mean(lib.vmap(error)(rates, series))

    return lib.value_and_grad(loss), (uniform(50, 2), normal(50, steps))


@program("Viterbi path", (4, 50), (16, 500), (64, 1_000))
def viterbi(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    states, steps = size

    def decode(transition: Any, emissions: Any) -> Any:
        def forward(score: Any, e: Any) -> Any:
            candidates = score[:, None] + transition
            return np.max(candidates, axis=0) + e, np.argmax(candidates, axis=0)

        def backward(state: Any, pointers: Any) -> Any:
            return pointers[state], state

        score, pointers = lib.lax.scan(forward, emissions[0], emissions[1:])
        _, path = lib.lax.scan(backward, np.argmax(score), pointers, reverse=True)
        return np.max(score), path

    return decode, (normal(states, states), normal(steps, states, seed=1))
