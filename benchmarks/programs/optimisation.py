"""Optimisers and what they need: gradients, Hessian-vector products, Newton steps inside jit."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, positive_definite
from benchmarks.registry import Made, program

ROSENBROCK = (10, 100, 100_000)


def rosenbrock(np: Any, x: Any) -> Any:
    """Returns the sum of 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@program("Rosenbrock value_and_grad", *ROSENBROCK)
def rosenbrock_gradient(np: Any, lib: Any, n: int) -> Made:
    return lib.value_and_grad(lambda x: rosenbrock(np, x)), (normal(n),)


@program("Rosenbrock Hessian times vector", *ROSENBROCK)
def rosenbrock_hvp(np: Any, lib: Any, n: int) -> Made:
    def hvp(x: Any, v: Any) -> Any:
        return lib.jvp(lib.grad(lambda x: rosenbrock(np, x)), (x,), (v,))[1]

    return hvp, (normal(n), normal(n, seed=1))


@program("Rosenbrock Hessian", 10, 50, 200)
def rosenbrock_hessian(np: Any, lib: Any, n: int) -> Made:
    return lib.hessian(lambda x: rosenbrock(np, x)), (normal(n),)


@program("Newton-CG, three steps", 10, 100, 1_000, tolerance=1e-6)
def newton_cg(np: Any, lib: Any, n: int) -> Made:
    def objective(x: Any) -> Any:
        return np.sum(np.cosh(0.1 * x)) + 0.5 * np.sum((x[1:] - x[:-1] ** 2 / 4) ** 2)

    gradient = lib.grad(objective)

    def newton_step(_: Any, x: Any) -> Any:
        def product(v: Any) -> Any:
            return lib.jvp(gradient, (x,), (v,))[1] + 1e-3 * v

        return x - lib.scipy.sparse.linalg.cg(product, gradient(x), maxiter=20)[0]

    return lambda x: lib.lax.fori_loop(0, 3, newton_step, x), (0.3 * normal(n),)


@program("gradient descent, 100 steps", 10, 100, 1_000)
def gradient_descent(np: Any, lib: Any, n: int) -> Made:
    def descend(a: Any, b: Any) -> Any:
        gradient = lib.grad(lambda x: 0.5 * np.dot(x, a @ x) - np.dot(b, x))

        def step(state: Any, _: Any) -> Any:
            x, velocity = state
            velocity = 0.9 * velocity - 1e-3 / n * gradient(x)
            return (x + velocity, velocity), None

        return lib.lax.scan(step, (np.zeros(n), np.zeros(n)), None, length=100)[0][0]

    return descend, (positive_definite(n, n), normal(n))


@program("logistic regression by Newton", (100, 4), (1_000, 10), (10_000, 30))
def logistic_newton(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    def fit(x: Any, y: Any) -> Any:
        def loss(w: Any) -> Any:
            return np.mean(np.logaddexp(0.0, -y * (x @ w))) + 1e-3 * np.dot(w, w)

        def step(_: Any, w: Any) -> Any:
            return w - np.linalg.solve(lib.hessian(loss)(w), lib.grad(loss)(w))

        return lib.lax.fori_loop(0, 5, step, np.zeros(x.shape[1]))

    x = normal(*size)
    return fit, (x, (x[:, 0] + normal(size[0], seed=1) > 0) * 2.0 - 1.0)


@program("root by bisection in while_loop", 1, 100, 10_000)
def bisection(np: Any, lib: Any, n: int) -> Made:
    def solve(target: Any) -> Any:
        def narrow(bounds: Any) -> Any:
            low, high = bounds
            middle = 0.5 * (low + high)
            above = middle * np.exp(middle) > target
            return np.where(above, low, middle), np.where(above, middle, high)

        return lib.lax.while_loop(lambda b: b[1] - b[0] > 1e-10, narrow, (0.0 * target, target))[0]

    return lib.vmap(solve), (1.0 + abs(normal(n)),)
