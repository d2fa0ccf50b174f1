"""Escape times: while loops under vmap, complex numbers."""

from __future__ import annotations

from typing import Any

from benchmarks.data import uniform
from benchmarks.registry import Made, program

PIXELS = (16, 64, 256)


@program("Mandelbrot, while_loop under vmap", *PIXELS)
def mandelbrot(np: Any, lib: Any, n: int) -> Made:
    def escape(cx: Any, cy: Any) -> Any:
        def going(state: Any) -> Any:
            x, y, count = state
            return (x * x + y * y < 4.0) & (count < 100)

        def body(state: Any) -> Any:
            x, y, count = state
            return x * x - y * y + cx, 2.0 * x * y + cy, count + 1

        return lib.lax.while_loop(going, body, (0.0 * cx, 0.0 * cy, 0))[2]

    def picture(xs: Any, ys: Any) -> Any:
        return lib.vmap(lambda y: lib.vmap(lambda x: escape(x, y))(xs))(ys)

    return picture, _axes(n)


def _axes(n: int) -> tuple[Any, Any]:
    xs, ys = uniform(n, low=-2.0, high=0.6), uniform(n, low=-1.2, high=1.2, seed=1)
    xs.sort()
    ys.sort()
    return xs, ys


@program("Mandelbrot, complex, 50 masked steps", *PIXELS)
def mandelbrot_masked(np: Any, lib: Any, n: int) -> Made:
    def picture(xs: Any, ys: Any) -> Any:
        c = xs[None, :] + 1j * ys[:, None]

        def step(_: Any, state: Any) -> Any:
            z, count = state
            inside = z.real**2 + z.imag**2 < 4.0
            return np.where(inside, z * z + c, z), count + inside

        return lib.lax.fori_loop(0, 50, step, (np.zeros_like(c), np.zeros((n, n), int)))[1]

    return picture, _axes(n)


@program("Julia set, fori_loop under vmap", *PIXELS)
def julia(np: Any, lib: Any, n: int) -> Made:
    def escape(x: Any, y: Any) -> Any:
        def body(_: Any, state: Any) -> Any:
            x, y, count = state
            inside = x * x + y * y < 4.0
            new = x * x - y * y - 0.8, 2.0 * x * y + 0.156
            return np.where(inside, new[0], x), np.where(inside, new[1], y), count + inside

        return lib.lax.fori_loop(0, 50, body, (x, y, 0))[2]

    def picture(xs: Any, ys: Any) -> Any:
        return lib.vmap(lib.vmap(escape, (0, None)), (None, 0))(xs, ys)

    return picture, _axes(n)


@program("Newton fractal of z³ = 1", *PIXELS)
def newton(np: Any, lib: Any, n: int) -> Made:
    def root(x: Any, y: Any) -> Any:
        def body(_: Any, z: Any) -> Any:
            x, y = z
            square = x * x - y * y, 2.0 * x * y
            size = 3.0 * (square[0] ** 2 + square[1] ** 2) + 1e-12
            return 2.0 / 3.0 * x + square[0] / size, 2.0 / 3.0 * y - square[1] / size

        return lib.lax.fori_loop(0, 30, body, (x, y))[1] > 0.1

    def picture(xs: Any, ys: Any) -> Any:
        return lib.vmap(lib.vmap(root, (0, None)), (None, 0))(xs, ys)

    return picture, _axes(n)
