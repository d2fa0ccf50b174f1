"""Prices of options and their sensitivities."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, uniform
from benchmarks.registry import Made, program


def black_scholes(np: Any, lib: Any, spot: Any, strike: Any, vol: Any, rate: Any, time: Any) -> Any:
    """Returns the price of a European call."""
    cdf = lib.scipy.stats.norm.cdf
    d1 = (np.log(spot / strike) + (rate + 0.5 * vol**2) * time) / (vol * np.sqrt(time))
    return spot * cdf(d1) - strike * np.exp(-rate * time) * cdf(d1 - vol * np.sqrt(time))


def _market(n: int) -> tuple[Any, ...]:
    bounds = ((80.0, 120.0), (80.0, 120.0), (0.1, 0.5), (0.01, 0.05), (0.2, 2.0))
    return tuple(uniform(n, low=a, high=b, seed=s) for s, (a, b) in enumerate(bounds))


@program("Black–Scholes price", 100, 10_000, 500_000)
def price(np: Any, lib: Any, n: int) -> Made:
    return lambda *market: black_scholes(np, lib, *market), _market(n)


@program("Black–Scholes greeks by vmap", 100, 10_000, 100_000)
def greeks(np: Any, lib: Any, n: int) -> Made:
    def call(*market: Any) -> Any:
        return black_scholes(np, lib, *market)

    return lib.vmap(lib.value_and_grad(call, argnums=(0, 1, 2, 3, 4))), _market(n)


@program("Black–Scholes gamma and vanna", 100, 10_000, 100_000, tolerance=1e-7)
def second_order(np: Any, lib: Any, n: int) -> Made:
    def call(*market: Any) -> Any:
        return black_scholes(np, lib, *market)

    delta = lib.grad(call)
    return lib.vmap(lib.grad(delta, argnums=(0, 2))), _market(n)


@program("implied volatility by Newton", 100, 1_000, 20_000, tolerance=1e-6)
def implied_volatility(np: Any, lib: Any, n: int) -> Made:
    def solve(spot: Any, strike: Any, vol: Any, rate: Any, time: Any) -> Any:
        def error(v: Any) -> Any:
            return black_scholes(np, lib, spot, strike, v, rate, time) - target

        def step(_: Any, v: Any) -> Any:
            value, slope = lib.value_and_grad(error)(v)
            return np.clip(v - value / (slope + 1e-9), 0.01, 2.0)

        target = black_scholes(np, lib, spot, strike, vol, rate, time)
        return lib.lax.fori_loop(0, 10, step, 0.3)

    return lib.vmap(solve), _market(n)


@program("binomial tree, American put", 50, 200, 1_000)
def binomial_tree(np: Any, lib: Any, steps: int) -> Made:
    def price(spot: Any, vol: Any) -> Any:
        dt = 1.0 / steps
        up = np.exp(vol * np.sqrt(dt))
        p = (np.exp(0.03 * dt) - 1.0 / up) / (up - 1.0 / up)
        levels = np.arange(steps + 1)

        def back(k: Any, values: Any) -> Any:
            step = steps - 1 - k
            hold = np.exp(-0.03 * dt) * (p * np.roll(values, -1) + (1.0 - p) * values)
            return np.maximum(hold, 100.0 - spot * up ** (2.0 * levels - step))

        values = np.maximum(100.0 - spot * up ** (2.0 * levels - steps), 0.0)
        return lib.lax.fori_loop(0, steps, back, values)[0]

    return price, (95.0, 0.3)


@program("Asian option by Monte Carlo, grad", (100, 20), (1_000, 50), (10_000, 100))
def asian_option(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    paths, steps = size

    def price(p: Any, shocks: Any) -> Any:
        spot, vol = p
        dt = 1.0 / steps
        growth = np.cumsum((0.03 - 0.5 * vol**2) * dt + vol * dt**0.5 * shocks, axis=1)
        return np.mean(np.maximum(np.mean(spot * np.exp(growth), axis=1) - 100.0, 0.0))

    return lib.value_and_grad(price), ((100.0, 0.2), normal(paths, steps))


@program("Heston paths in a scan, grad", (100, 20), (1_000, 50), (10_000, 50))
def heston(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    paths, steps = size

    def price(p: Any, shocks: Any) -> Any:
        kappa, theta, xi = p
        dt = 1.0 / steps

        def step(state: Any, z: Any) -> Any:
            log_price, variance = state
            root = np.sqrt(np.maximum(variance, 1e-6) * dt)
            log_price = log_price - 0.5 * variance * dt + root * z[0]
            variance = variance + kappa * (theta - variance) * dt + xi * root * z[1]
            return (log_price, np.abs(variance)), None

        start = np.zeros(paths), np.full(paths, 0.04)
        (log_price, _), _ = lib.lax.scan(step, start, shocks)
        return np.mean(lib.nn.softplus(10.0 * (np.exp(log_price) - 1.0)))

    return lib.value_and_grad(price), ((1.5, 0.04, 0.3), normal(steps, 2, paths))
