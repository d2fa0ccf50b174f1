"""Random draws and what is simulated with them; both libraries give the same bits."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal
from benchmarks.registry import Made, program

LENGTHS = (1_000, 100_000, 1_000_000)


def _register(name: str, draw: Any) -> None:
    @program(name, *LENGTHS)
    def sample(np: Any, lib: Any, n: int) -> Made:
        return lambda seed: draw(lib, lib.random.key(seed), n), (3,)


_register("uniform", lambda lib, key, n: lib.random.uniform(key, (n,)))
_register("normal", lambda lib, key, n: lib.random.normal(key, (n,)))
_register("exponential", lambda lib, key, n: lib.random.exponential(key, (n,)))
_register("integers", lambda lib, key, n: lib.random.randint(key, (n,), 0, 1_000))
_register("coin flips", lambda lib, key, n: lib.random.bernoulli(key, 0.3, (n,)))


@program("normal, float32", *LENGTHS, tolerance=1e-5)
def normal_float32(np: Any, lib: Any, n: int) -> Made:
    return lambda seed: lib.random.normal(lib.random.key(seed), (n,), np.float32), (3,)


@program("permutation", 1_000, 10_000, 100_000)
def permutation(np: Any, lib: Any, n: int) -> Made:
    return lambda seed: lib.random.permutation(lib.random.key(seed), n), (3,)


@program("gamma", 100, 1_000, 10_000, tolerance=1e-6)
def gamma(np: Any, lib: Any, n: int) -> Made:
    return lambda seed: lib.random.gamma(lib.random.key(seed), 2.5, (n,)), (3,)


@program("categorical", (10, 10), (1_000, 10), (10_000, 50))
def categorical(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    def f(seed: Any, logits: Any) -> Any:
        return lib.random.categorical(lib.random.key(seed), logits)

    return f, (3, normal(*shape))


@program("pi by Monte Carlo", *LENGTHS)
def monte_carlo(np: Any, lib: Any, n: int) -> Made:
    def f(seed: Any) -> Any:
        xy = lib.random.uniform(lib.random.key(seed), (n, 2))
        return 4.0 * np.mean(np.sum(xy**2, axis=1) < 1.0)

    return f, (3,)


@program("Brownian paths", (100, 10), (1_000, 100), (10_000, 100))
def brownian(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    def f(seed: Any) -> Any:
        return np.cumsum(0.1 * lib.random.normal(lib.random.key(seed), shape), axis=1)

    return f, (3,)


@program("Metropolis chain, 1000 steps", 1, 10, 100, tolerance=1e-6)
def metropolis(np: Any, lib: Any, dimension: int) -> Made:
    def log_density(x: Any) -> Any:
        return -0.5 * np.sum(x**2) - 0.1 * np.sum(x**4)

    def step(x: Any, key: Any) -> Any:
        move, accept = lib.random.split(key)
        proposal = x + 0.3 * lib.random.normal(move, x.shape)
        threshold = np.log(lib.random.uniform(accept))
        x = np.where(log_density(proposal) - log_density(x) > threshold, proposal, x)
        return x, x[0]

    def f(seed: Any, x: Any) -> Any:
        return lib.lax.scan(step, x, lib.random.split(lib.random.key(seed), 1_000))[1]

    return f, (3, normal(dimension))


@program("Hamiltonian Monte Carlo, 20 moves", 2, 20, 200, tolerance=1e-6)
def hamiltonian(np: Any, lib: Any, dimension: int) -> Made:
    def energy(x: Any) -> Any:
        return 0.5 * np.sum(x**2) + 0.05 * np.sum(x[1:] ** 2 * x[:-1] ** 2)

    def leapfrog(_: Any, state: Any) -> Any:
        x, p = state
        p = p - 0.05 * lib.grad(energy)(x)
        x = x + 0.1 * p
        return x, p - 0.05 * lib.grad(energy)(x)

    def move(x: Any, key: Any) -> Any:
        kick, accept = lib.random.split(key)
        p = lib.random.normal(kick, x.shape)
        new_x, new_p = lib.lax.fori_loop(0, 10, leapfrog, (x, p))
        change = energy(x) + 0.5 * np.sum(p**2) - energy(new_x) - 0.5 * np.sum(new_p**2)
        x = np.where(np.log(lib.random.uniform(accept)) < change, new_x, x)
        return x, energy(x)

    def f(seed: Any, x: Any) -> Any:
        return lib.lax.scan(move, x, lib.random.split(lib.random.key(seed), 20))[1]

    return f, (3, normal(dimension))
