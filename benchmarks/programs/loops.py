"""Sequential loops over scalars as people write them, and their gradients."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, uniform
from benchmarks.registry import Made, program

STEPS = (1_000, 10_000, 100_000)
# The reverse pass of a loop that writes into a carried vector takes quadratic time in some
# libraries, so these lengths stay small enough to be timed.
WRITES = (1_000, 3_000, 10_000)


def tridiagonal(np: Any, lib: Any, lower: Any, diagonal: Any, upper: Any, right: Any) -> Any:
    """Solves a tridiagonal system by forward elimination and back substitution."""

    def forward(carry: Any, row: Any) -> Any:
        c, d = carry
        a, b, u, r = row
        scale = 1.0 / (b - a * c)
        carry = u * scale, (r - a * d) * scale
        return carry, carry

    def backward(x: Any, row: Any) -> Any:
        c, d = row
        x = d - c * x
        return x, x

    zero = np.zeros(())
    _, rows = lib.lax.scan(forward, (zero, zero), (lower, diagonal, upper, right))
    return lib.lax.scan(backward, zero, rows, reverse=True)[1]


def _tridiagonal_data(n: int) -> tuple[Any, ...]:
    lower, upper = normal(n) * 0.3, normal(n, seed=1) * 0.3
    return lower, 3.0 + uniform(n, seed=2), upper, normal(n, seed=3)


@program("tridiagonal solve", *STEPS)
def tridiagonal_value(np: Any, lib: Any, n: int) -> Made:
    return lambda *rows: tridiagonal(np, lib, *rows), _tridiagonal_data(n)


@program("tridiagonal solve, gradient", *STEPS)
def tridiagonal_gradient(np: Any, lib: Any, n: int) -> Made:
    def loss(*rows: Any) -> Any:
        return np.sum(tridiagonal(np, lib, *rows) ** 2)

    return lib.value_and_grad(loss, argnums=(0, 1, 2, 3)), _tridiagonal_data(n)


def history(np: Any, lib: Any, x: Any) -> Any:
    """Returns y with yᵢ = xᵢ + ½ sin yᵢ₋₁ − ¼ yᵢ₋₃, written into a carried vector."""
    y = np.zeros_like(x).at[:3].set(x[:3])

    def body(i: Any, y: Any) -> Any:
        return y.at[i].set(x[i] + 0.5 * np.sin(y[i - 1]) - 0.25 * y[i - 3])

    return lib.lax.fori_loop(3, x.shape[0], body, y)


@program("recurrence with history", *STEPS)
def history_value(np: Any, lib: Any, n: int) -> Made:
    return lambda x: history(np, lib, x), (normal(n),)


@program("recurrence with history, gradient", *WRITES)
def history_gradient(np: Any, lib: Any, n: int) -> Made:
    return lib.value_and_grad(lambda x: np.sum(history(np, lib, x) ** 2)), (normal(n),)


def horner(np: Any, lib: Any, coefficients: Any, x: Any) -> Any:
    """Evaluates a polynomial by a loop over its coefficients."""

    def body(i: Any, value: Any) -> Any:
        return value * x + coefficients[i]

    return lib.lax.fori_loop(0, coefficients.shape[0], body, np.zeros(()))


@program("polynomial by a loop", *STEPS)
def polynomial(np: Any, lib: Any, n: int) -> Made:
    return lambda c, x: horner(np, lib, c, x), (normal(n), 0.999)


@program("polynomial by a loop, gradient", *WRITES)
def polynomial_gradient(np: Any, lib: Any, n: int) -> Made:
    return lib.value_and_grad(lambda c, x: horner(np, lib, c, x), (0, 1)), (normal(n), 0.999)


def lookup(np: Any, lib: Any, table: Any, xs: Any) -> Any:
    """Sums a piecewise linear function, given by a table, over points visited one by one."""

    def step(total: Any, x: Any) -> Any:
        place = x * (table.shape[0] - 1)
        i = np.floor(place).astype(int)
        t = place - i
        return total + (1.0 - t) * table[i] + t * table[i + 1], None

    return lib.lax.scan(step, np.zeros(()), xs)[0]


@program("table lookup", *STEPS)
def table_lookup(np: Any, lib: Any, n: int) -> Made:
    return lambda t, x: lookup(np, lib, t, x), (normal(256), uniform(n))


@program("table lookup, gradient", *STEPS)
def table_lookup_gradient(np: Any, lib: Any, n: int) -> Made:
    return lib.value_and_grad(lambda t, x: lookup(np, lib, t, x), (0, 1)), (normal(256), uniform(n))


def running_product(np: Any, lib: Any, x: Any) -> Any:
    """Returns the cumulative product, by a scan."""

    def step(product: Any, x: Any) -> Any:
        product = product * x
        return product, product

    return lib.lax.scan(step, np.ones(()), x)[1]


@program("cumulative product", *STEPS)
def product(np: Any, lib: Any, n: int) -> Made:
    return lambda x: running_product(np, lib, x), (1.0 + 1e-3 * normal(n),)


@program("cumulative product, gradient", *STEPS)
def product_gradient(np: Any, lib: Any, n: int) -> Made:
    def loss(x: Any) -> Any:
        return np.mean(running_product(np, lib, x))

    return lib.value_and_grad(loss), (1.0 + 1e-3 * normal(n),)


def compartments(np: Any, lib: Any, count: int, steps: int) -> Any:
    """Returns a loss over scalars in a dictionary, each coupled to its neighbours, in a scan."""
    names = [f"v{k:02d}" for k in range(count)]

    def step(state: Any, _: Any) -> Any:
        new = {}
        for k, name in enumerate(names):
            left, right = state[names[k - 1]], state[names[(k + 1) % count]]
            v = state[name]
            new[name] = v + 0.05 * (left - 2.0 * v + right) - 0.01 * v * (v - 0.2) * (v - 1.0)
        return new, None

    def loss(start: Any) -> Any:
        final, _ = lib.lax.scan(step, start, None, length=steps)
        return sum(v * v for v in final.values())

    return loss


@program("dict of 60 scalars, 614 steps", *((5, 614), (20, 614), (60, 614)))
def compartments_value(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    values = uniform(size[0])
    return compartments(np, lib, *size), ({f"v{k:02d}": v for k, v in enumerate(values)},)


@program("dict of 60 scalars, gradient", *((5, 614), (20, 614), (60, 614)))
def compartments_gradient(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    values = uniform(size[0])
    loss = compartments(np, lib, *size)
    return lib.value_and_grad(loss), ({f"v{k:02d}": v for k, v in enumerate(values)},)
