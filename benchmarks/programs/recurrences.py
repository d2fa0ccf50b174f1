"""Integer and bit loops, dynamic programming, iterated maps."""

from __future__ import annotations

from typing import Any

from benchmarks.data import integers, normal, uniform
from benchmarks.registry import Made, program


@program("CRC-32, bit by bit", 100, 1_000, 10_000)
def crc32(np: Any, lib: Any, n: int) -> Made:
    def checksum(data: Any) -> Any:
        def bit(_: Any, crc: Any) -> Any:
            return np.where(crc & 1, (crc >> 1) ^ np.uint32(0xEDB88320), crc >> 1)

        def byte(crc: Any, x: Any) -> Any:
            return lib.lax.fori_loop(0, 8, bit, crc ^ x.astype(np.uint32)), None

        return ~lib.lax.scan(byte, np.uint32(0xFFFFFFFF), data)[0]

    return checksum, (integers(256, n).astype("uint8"),)


@program("xorshift generator", 1_000, 10_000, 100_000)
def xorshift(np: Any, lib: Any, n: int) -> Made:
    def step(x: Any, _: Any) -> Any:
        x = x ^ (x << np.uint64(13))
        x = x ^ (x >> np.uint64(7))
        x = x ^ (x << np.uint64(17))
        return x, x

    def f(seed: Any) -> Any:
        return lib.lax.scan(step, seed.astype(np.uint64), None, length=n)[1]

    return f, (88172645463325252,)


@program("bits set in bytes", 1_000, 100_000, 1_000_000)
def popcount(np: Any, lib: Any, n: int) -> Made:
    def f(x: Any) -> Any:
        def body(_: Any, state: Any) -> Any:
            x, count = state
            return x >> 1, count + (x & 1)

        return lib.lax.fori_loop(0, 8, body, (x, np.zeros_like(x)))[1]

    return f, (integers(256, n).astype("uint8"),)


@program("Collatz lengths under vmap", 10, 1_000, 10_000)
def collatz(np: Any, lib: Any, n: int) -> Made:
    def length(start: Any) -> Any:
        def body(state: Any) -> Any:
            x, count = state
            return np.where(x % 2 == 0, x // 2, 3 * x + 1), count + 1

        return lib.lax.while_loop(lambda s: s[0] > 1, body, (start, 0))[1]

    return lib.vmap(length), (1 + integers(1_000, n),)


@program("greatest common divisors", 10, 1_000, 10_000)
def divisors(np: Any, lib: Any, n: int) -> Made:
    def gcd(a: Any, b: Any) -> Any:
        return lib.lax.while_loop(lambda s: s[1] > 0, lambda s: (s[1], s[0] % s[1]), (a, b))[0]

    return lib.vmap(gcd), (1 + integers(10_000, n), 1 + integers(10_000, n, seed=1))


@program("edit distance by rows", 20, 100, 400)
def edit_distance(np: Any, lib: Any, n: int) -> Made:
    def distance(a: Any, b: Any) -> Any:
        def row(previous: Any, x: Any) -> Any:
            def cell(left: Any, entry: Any) -> Any:
                above, diagonal, y = entry
                best = np.minimum(np.minimum(above, left) + 1, diagonal + (x != y))
                return best, best

            start = previous[0] + 1
            _, rest = lib.lax.scan(cell, start, (previous[1:], previous[:-1], b))
            return np.concatenate([start[None], rest]), None

        return lib.lax.scan(row, np.arange(n + 1), a)[0][-1]

    return distance, (integers(4, n), integers(4, n, seed=1))


@program("soft alignment, gradient", 10, 40, 100)
def soft_alignment(np: Any, lib: Any, n: int) -> Made:
    def score(costs: Any) -> Any:
        def row(previous: Any, cost: Any) -> Any:
            def cell(left: Any, entry: Any) -> Any:
                above, diagonal, c = entry
                best = c - np.log(np.exp(-above) + np.exp(-left) + np.exp(-diagonal))
                return best, best

            entries = previous[1:], previous[:-1], cost
            _, rest = lib.lax.scan(cell, np.array(50.0), entries)
            return np.concatenate([np.array([50.0]), rest]), None

        start = np.full(n + 1, 50.0).at[0].set(0.0)
        return lib.lax.scan(row, start, costs)[0][-1]

    return lib.value_and_grad(score), (uniform(n, n),)


@program("logistic map, many starts", (10, 100), (1_000, 100), (10_000, 100))
def logistic_map(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    starts, steps = size

    def f(x: Any) -> Any:
        return lib.lax.fori_loop(0, steps, lambda _, x: 3.2 * x * (1.0 - x), x)

    return f, (uniform(starts),)


@program("linear recurrence, associative scan", 100, 10_000, 100_000)
def linear_recurrence(np: Any, lib: Any, n: int) -> Made:
    def combine(left: Any, right: Any) -> Any:
        return left[0] * right[0], right[0] * left[1] + right[1]

    def f(a: Any, b: Any) -> Any:
        return lib.lax.associative_scan(combine, (a, b))[1]

    return f, (uniform(n), normal(n))


@program("sieve of primes", 1_000, 10_000, 100_000)
def sieve(np: Any, lib: Any, n: int) -> Made:
    def f(zeros: Any) -> Any:
        places = np.arange(n)

        def strike(p: Any, prime: Any) -> Any:
            multiples = (places % p == 0) & (places > p)
            return prime & ~(multiples & prime[p])

        return np.sum(lib.lax.fori_loop(2, int(n**0.5) + 1, strike, (zeros + places) > 1))

    return f, (integers(1, n),)


@program("bandit with switch in scan", 100, 1_000, 10_000)
def bandit(np: Any, lib: Any, n: int) -> Made:
    branches = [
        lambda x: x * 0.9 + 0.1,
        lambda x: np.sin(x),
        lambda x: x - 0.5 * x**3,
        lambda x: np.tanh(2.0 * x),
    ]

    def f(choices: Any, x: Any) -> Any:
        def step(x: Any, choice: Any) -> Any:
            x = lib.lax.switch(choice, branches, x)
            return x, x

        return np.sum(lib.lax.scan(step, x, choices)[1])

    return lib.value_and_grad(f, argnums=1), (integers(4, n), 0.3)
