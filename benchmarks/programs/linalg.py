"""Matrices: products, small systems by vmap, factorisations by the library and by hand."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, positive_definite
from benchmarks.registry import Made, program

BATCHES = (1_000, 10_000, 100_000)


@program("matmul", 8, 128, 512)
def matmul(np: Any, lib: Any, n: int) -> Made:
    return lambda a, b: a @ b, (normal(n, n), normal(n, n, seed=1))


@program("matmul, larger", 16, 256, 1_024)
def matmul_larger(np: Any, lib: Any, n: int) -> Made:
    return lambda a, b: a @ b, (normal(n, n), normal(n, n, seed=1))


@program("matmul in float32", 16, 128, 512, tolerance=1e-4)
def matmul_float32(np: Any, lib: Any, n: int) -> Made:
    a, b = normal(n, n).astype("float32"), normal(n, n, seed=1).astype("float32")
    return lambda a, b: a @ b, (a, b)


@program("matrix times vector", 16, 256, 2_048)
def matvec(np: Any, lib: Any, n: int) -> Made:
    return lambda a, x: a @ x, (normal(n, n), normal(n, seed=1))


@program("batched 4×4 matmul", *BATCHES)
def batched_matmul(np: Any, lib: Any, batch: int) -> Made:
    return lambda a, b: a @ b, (normal(batch, 4, 4), normal(batch, 4, 4, seed=1))


@program("einsum of three factors", 8, 32, 128)
def contraction(np: Any, lib: Any, n: int) -> Made:
    def f(a: Any, b: Any, c: Any) -> Any:
        return np.einsum("ij,jkl,lm->ikm", a, b, c)

    return f, (normal(n, n), normal(n, n, 16, seed=1), normal(16, n, seed=2))


def _register_small(n: int) -> None:
    # Sizes of the batch shrink with the matrices, so that every run stays below a second.
    batches = tuple(batch if n < 8 else batch // 5 for batch in BATCHES)

    @program(f"vmap of solve {n}×{n}", *batches, tolerance=1e-7)
    def solve(np: Any, lib: Any, batch: int) -> Made:
        a, b = positive_definite(batch, n, n), normal(batch, n)
        return lib.vmap(np.linalg.solve), (a, b)

    @program(f"vmap of cholesky {n}×{n}", *batches)
    def cholesky(np: Any, lib: Any, batch: int) -> Made:
        return lib.vmap(np.linalg.cholesky), (positive_definite(batch, n, n),)


def _register_inverse(n: int) -> None:
    batches = tuple(batch if n < 8 else batch // 5 for batch in BATCHES)

    @program(f"vmap of inv {n}×{n}", *batches, tolerance=1e-7)
    def inverse(np: Any, lib: Any, batch: int) -> Made:
        return lib.vmap(np.linalg.inv), (positive_definite(batch, n, n),)

    @program(f"vmap of det {n}×{n}", *batches)
    def determinant(np: Any, lib: Any, batch: int) -> Made:
        return lib.vmap(np.linalg.det), (positive_definite(batch, n, n),)


for _n in (2, 4, 8):
    _register_small(_n)
for _n in (3, 6):
    _register_inverse(_n)


@program("vmap of grad of log det 4×4", 100, 1_000, 10_000, tolerance=1e-7)
def log_determinant_gradient(np: Any, lib: Any, batch: int) -> Made:
    gradient = lib.grad(lambda a: np.linalg.slogdet(a)[1])
    return lib.vmap(gradient), (positive_definite(batch, 4, 4),)


@program("cholesky", 16, 128, 512)
def cholesky(np: Any, lib: Any, n: int) -> Made:
    return np.linalg.cholesky, (positive_definite(n, n),)


@program("solve", 16, 128, 512, tolerance=1e-7)
def solve(np: Any, lib: Any, n: int) -> Made:
    return np.linalg.solve, (positive_definite(n, n), normal(n))


@program("symmetric eigenvalues", 8, 64, 200, tolerance=1e-7)
def eigenvalues(np: Any, lib: Any, n: int) -> Made:
    return np.linalg.eigvalsh, (positive_definite(n, n),)


@program("triangular solve by rows", 16, 128, 512, tolerance=1e-7)
def triangular_by_rows(np: Any, lib: Any, n: int) -> Made:
    def f(a: Any, b: Any) -> Any:
        def body(i: Any, x: Any) -> Any:
            return x.at[i].set((b[i] - np.dot(a[i], x)) / a[i, i])

        return lib.lax.fori_loop(0, n, body, np.zeros(n))

    return f, (positive_definite(n, n) / n, normal(n))


@program("LU by a loop", 16, 64, 256, tolerance=1e-7)
def lu_by_loop(np: Any, lib: Any, n: int) -> Made:
    def f(a: Any) -> Any:
        rows = np.arange(n)

        def body(k: Any, a: Any) -> Any:
            below = rows > k
            factors = np.where(below, a[:, k] / a[k, k], 0.0)
            update = a - factors[:, None] * np.where(below, a[k], 0.0)[None, :]
            return update.at[:, k].set(np.where(below, factors, a[:, k]))

        return lib.lax.fori_loop(0, n - 1, body, a)

    return f, (positive_definite(n, n) / n,)


@program("Cholesky by a loop", 16, 64, 256, tolerance=1e-7)
def cholesky_by_loop(np: Any, lib: Any, n: int) -> Made:
    def f(a: Any) -> Any:
        rows = np.arange(n)

        def body(k: Any, factor: Any) -> Any:
            column = a[:, k] - factor @ factor[k]
            column = np.where(rows >= k, column / np.sqrt(column[k]), 0.0)
            return factor.at[:, k].set(column)

        return lib.lax.fori_loop(0, n, body, np.zeros((n, n)))

    return f, (positive_definite(n, n) / n,)


@program("Gram–Schmidt by a loop", 16, 64, 256, tolerance=1e-7)
def gram_schmidt(np: Any, lib: Any, n: int) -> Made:
    def f(a: Any) -> Any:
        def body(k: Any, q: Any) -> Any:
            v = a[:, k] - q @ (q.T @ a[:, k])
            return q.at[:, k].set(v / np.linalg.norm(v))

        return lib.lax.fori_loop(0, n, body, np.zeros((n, n)))

    return f, (normal(n, n) + 3.0 * positive_definite(n, n) / n,)


@program("LU of slices, unrolled", 4, 8, 24, tolerance=1e-7)
def lu_unrolled(np: Any, lib: Any, n: int) -> Made:
    def f(a: Any) -> Any:
        for k in range(n - 1):
            a = a.at[k + 1 :, k].divide(a[k, k])
            a = a.at[k + 1 :, k + 1 :].add(-np.outer(a[k + 1 :, k], a[k, k + 1 :]))
        return a

    return f, (positive_definite(n, n) / n,)


@program("power iteration", 16, 128, 512)
def power_iteration(np: Any, lib: Any, n: int) -> Made:
    def f(a: Any, v: Any) -> Any:
        def body(_: Any, v: Any) -> Any:
            w = a @ v
            return w / np.linalg.norm(w)

        v = lib.lax.fori_loop(0, 50, body, v)
        return v @ a @ v

    return f, (positive_definite(n, n) / n, normal(n))
