"""Grids stepped in time: each point from its neighbours, many steps inside one loop."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, uniform
from benchmarks.registry import Made, program


@program("1-D average, 100 steps", 1_000, 10_000, 100_000)
def average(np: Any, lib: Any, n: int) -> Made:
    def f(u: Any) -> Any:
        def step(_: Any, u: Any) -> Any:
            return u.at[1:-1].set((u[:-2] + u[1:-1] + u[2:]) / 3.0)

        return lib.lax.fori_loop(0, 100, step, u)

    return f, (normal(n),)


@program("periodic advection, 100 steps", 1_000, 10_000, 100_000)
def advection(np: Any, lib: Any, n: int) -> Made:
    def f(u: Any) -> Any:
        def step(_: Any, u: Any) -> Any:
            flux = 0.5 * (u**2 + np.roll(u, -1) ** 2) / 2 - 0.25 * (np.roll(u, -1) - u)
            return u - 0.1 * (flux - np.roll(flux, 1))

        return lib.lax.fori_loop(0, 100, step, u)

    return f, (uniform(n),)


def _heat(np: Any, u: Any) -> Any:
    inside = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
    return u.at[1:-1, 1:-1].add(0.2 * inside)


@program("2-D heat, 100 steps", 16, 128, 256)
def heat(np: Any, lib: Any, n: int) -> Made:
    return lambda u: lib.lax.fori_loop(0, 100, lambda _, u: _heat(np, u), u), (normal(n, n),)


@program("2-D heat, gradient, 50 steps", 16, 64, 128)
def heat_gradient(np: Any, lib: Any, n: int) -> Made:
    def loss(u: Any) -> Any:
        return np.sum(lib.lax.scan(lambda u, _: (_heat(np, u), None), u, None, length=50)[0] ** 2)

    return lib.value_and_grad(loss), (normal(n, n),)


@program("3-D heat, 20 steps", 16, 32, 64)
def heat_3d(np: Any, lib: Any, n: int) -> Made:
    def step(_: Any, u: Any) -> Any:
        c = u[1:-1, 1:-1, 1:-1]
        change = (
            (u[2:, 1:-1, 1:-1] - 2.0 * c + u[:-2, 1:-1, 1:-1])
            + (u[1:-1, 2:, 1:-1] - 2.0 * c + u[1:-1, :-2, 1:-1])
            + (u[1:-1, 1:-1, 2:] - 2.0 * c + u[1:-1, 1:-1, :-2])
        )
        return u.at[1:-1, 1:-1, 1:-1].set(c + 0.125 * change)

    return lambda u: lib.lax.fori_loop(0, 20, step, u), (normal(n, n, n),)


@program("horizontal diffusion", (16, 16, 8), (64, 64, 40), (128, 128, 80))
def horizontal_diffusion(np: Any, lib: Any, shape: tuple[int, int, int]) -> Made:
    def f(u: Any, coefficient: Any) -> Any:
        laplacian = 4.0 * u[1:-1, 1:-1] - (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
        flux_x = laplacian[1:, 1:-1] - laplacian[:-1, 1:-1]
        flux_x = np.where(flux_x * (u[2:-1, 2:-2] - u[1:-2, 2:-2]) > 0.0, 0.0, flux_x)
        flux_y = laplacian[1:-1, 1:] - laplacian[1:-1, :-1]
        flux_y = np.where(flux_y * (u[2:-2, 2:-1] - u[2:-2, 1:-2]) > 0.0, 0.0, flux_y)
        divergence = flux_x[1:] - flux_x[:-1] + flux_y[:, 1:] - flux_y[:, :-1]
        return u[2:-2, 2:-2] - coefficient * divergence

    rows, columns, levels = shape
    return f, (normal(*shape), uniform(rows - 4, columns - 4, levels, seed=1))


@program("FDTD in two dimensions, 100 steps", 32, 100, 200)
def fdtd(np: Any, lib: Any, n: int) -> Made:
    def f(ex: Any, ey: Any, hz: Any, source: Any) -> Any:
        def step(t: Any, fields: Any) -> Any:
            ex, ey, hz = fields
            ey = ey.at[0, :].set(source[t])
            ey = ey.at[1:, :].add(-0.5 * (hz[1:, :] - hz[:-1, :]))
            ex = ex.at[:, 1:].add(-0.5 * (hz[:, 1:] - hz[:, :-1]))
            curl = ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1]
            return ex, ey, hz.at[:-1, :-1].add(-0.7 * curl)

        return lib.lax.fori_loop(0, 100, step, (ex, ey, hz))

    return f, (*(normal(n, n, seed=s) for s in range(3)), normal(100))


def _pressure(np: Any, lib: Any, p: Any, b: Any) -> Any:
    def sweep(_: Any, p: Any) -> Any:
        right, left = np.roll(p, -1, axis=1), np.roll(p, 1, axis=1)
        p = p.at[1:-1].set(0.25 * (right[1:-1] + left[1:-1] + p[2:] + p[:-2]) - b[1:-1])
        return p.at[0].set(p[1]).at[-1].set(p[-2])

    return lib.lax.fori_loop(0, 20, sweep, p)


@program("channel flow, 10 steps", 16, 64, 128)
def channel_flow(np: Any, lib: Any, n: int) -> Made:
    h, dt, viscosity = 1.0 / n, 1e-5, 0.1

    def differences(a: Any) -> Any:
        dx = (np.roll(a, -1, axis=1) - np.roll(a, 1, axis=1))[1:-1] / (2 * h)
        dy = (a[2:] - a[:-2]) / (2 * h)
        across = (np.roll(a, -1, axis=1) + np.roll(a, 1, axis=1) - 2.0 * a)[1:-1]
        return dx, dy, (across + a[2:] + a[:-2] - 2.0 * a[1:-1]) / h**2

    def step(_: Any, state: Any) -> Any:
        u, v, p = state
        (ux, uy, lu), (vx, vy, lv) = differences(u), differences(v)
        source = np.zeros_like(p).at[1:-1].set(0.25 * h * h * ((ux + vy) / dt - ux**2 - vy**2))
        p = _pressure(np, lib, p, source - np.mean(source))
        px, py, _ = differences(p)
        u = u.at[1:-1].add(dt * (viscosity * lu - u[1:-1] * ux - v[1:-1] * uy - px + 1.0))
        v = v.at[1:-1].add(dt * (viscosity * lv - u[1:-1] * vx - v[1:-1] * vy - py))
        return u.at[0].set(0.0).at[-1].set(0.0), v.at[0].set(0.0).at[-1].set(0.0), p

    def run(u: Any, v: Any, p: Any) -> Any:
        return lib.lax.fori_loop(0, 10, step, (u, v, p))

    return run, tuple(0.1 * normal(n, n, seed=s) for s in range(3))


@program("alternating directions, 20 steps", 16, 50, 100)
def alternating_directions(np: Any, lib: Any, n: int) -> Made:
    a, b = -0.5, 2.0

    def sweep(v: Any) -> Any:
        """Solves along columns, one row of all columns at a time, and returns the transpose."""
        zero = np.zeros(n)

        def eliminate(i: Any, rows: Any) -> Any:
            p, q = rows
            scale = a * p[i - 1] + b
            right = -a * v[i - 1] + (1.0 + 2.0 * a) * v[i] - a * v[i + 1]
            return p.at[i].set(-a / scale), q.at[i].set((right - a * q[i - 1]) / scale)

        def substitute(k: Any, u: Any) -> Any:
            i = n - 2 - k
            return u.at[i].set(p[i] * u[i + 1] + q[i])

        grid = np.zeros((n, n))
        p, q = lib.lax.fori_loop(1, n - 1, eliminate, (grid, grid.at[0].set(1.0)))
        u = grid.at[0].set(1.0).at[-1].set(1.0)
        u = lib.lax.fori_loop(0, n - 2, substitute, u)
        return u.at[:, 0].set(zero).at[:, -1].set(zero).T

    def step(_: Any, v: Any) -> Any:
        return sweep(sweep(v))

    return lambda v: lib.lax.fori_loop(0, 20, step, v), (uniform(n, n),)


@program("Gauss–Seidel rows, 5 sweeps", 16, 64, 128)
def gauss_seidel(np: Any, lib: Any, n: int) -> Made:
    def row(i: Any, u: Any) -> Any:
        middle = 0.25 * (u[i - 1, 1:-1] + u[i + 1, 1:-1] + u[i, 2:] + u[i, :-2])
        return u.at[i, 1:-1].set(middle)

    def f(u: Any) -> Any:
        return lib.lax.fori_loop(0, 5, lambda _, u: lib.lax.fori_loop(1, n - 1, row, u), u)

    return f, (normal(n, n),)


@program("game of life, 50 steps", 16, 128, 256)
def game_of_life(np: Any, lib: Any, n: int) -> Made:
    def step(_: Any, alive: Any) -> Any:
        around = sum(
            np.roll(alive, (dx, dy), axis=(0, 1))
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            if (dx, dy) != (0, 0)
        )
        born = (around == 3) | ((alive == 1) & (around == 2))
        return born.astype(alive.dtype)

    cells = (uniform(n, n) < 0.3).astype("int32")
    return lambda cells: lib.lax.fori_loop(0, 50, step, cells), (cells,)
