"""The same bits as the oracle: each row is an expression of `random`, `jnp` and `key`."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj

TOLERANCE = {"float32": 1e-4, "complex64": 1e-4, "float16": 5e-3, "bfloat16": 4e-2}
FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = tuple(f"{sign}int{width}" for sign in ("", "u") for width in (8, 16, 32, 64))
RANGE = (-0.3, 0.7)
BOUNDS = ("0, 10", "-5, 5", "5, 5", "7, 3", "-1000, 1000", "0, 128", "0, 256")

EXACT = (
    "random.split(key)",
    "random.split(key, 3)",
    "random.split(key, (2, 3))",
    "random.fold_in(key, 2**32 - 1)",
    *(f"random.bits(key, (5,), {f'uint{width}'!r})" for width in (8, 16, 32, 64)),
    *(f"random.uniform(key, (500,), {dtype!r})" for dtype in FLOATS),
    *(f"random.uniform(key, (500,), {dtype!r}, low, high)" for dtype in FLOATS),
    *(f"random.normal(key, (500,), {dtype!r})" for dtype in (*FLOATS, "complex64", "complex128")),
    *(f"random.{name}(key, (500,), {dtype!r})"
      for name in ("gumbel", "exponential", "laplace", "cauchy", "logistic") for dtype in FLOATS),
    *(f"random.gumbel(key, (500,), {dtype!r}, {mode!r})"
      for dtype in ("float32", "float64") for mode in ("high", "highest")),
    *(f"random.truncated_normal(key, -1.5, 2.0, (500,), {dtype!r})" for dtype in FLOATS),
    "random.truncated_normal(key, jnp.arange(-3.0, 1), jnp.arange(1.0, 5), (9, 4), 'float32')",
    *(f"random.randint(key, (9,), {pair}, {dtype!r})" for pair in BOUNDS for dtype in INTEGERS),
    "random.randint(key, (9,), jnp.arange(9), jnp.arange(9) * 300 + 300, 'int8')",
    "random.bernoulli(key, jnp.linspace(0, 1, 7), (3, 7))",
    "random.bernoulli(key, 0.3, (100,), mode='high')",
    "random.permutation(key, 100)",
    "random.permutation(key, jnp.arange(30).reshape(5, 6), 1)",
    "random.permutation(key, jnp.arange(30).reshape(5, 6), 0, True)",
    "random.choice(key, 6, (2, 3))",
    "random.choice(key, 6, (2, 3), False)",
    "random.choice(key, jnp.arange(30).reshape(5, 6), (4,), axis=1, p=jnp.arange(6) / 15)",
    "random.choice(key, 6, (3,), False, jnp.arange(1, 7) / 21, mode='high')",
    "random.categorical(key, jnp.log(jnp.arange(1.0, 13)).reshape(3, 4), 0, (2, 4))",
    "random.categorical(key, jnp.log(jnp.arange(1.0, 6)), shape=(3,), replace=False)",
    "random.rademacher(key, (50,), 'int32')",
)  # fmt: skip
# The same keys and the same rejections; functions and sums round differently.
CLOSE = (
    *(f"random.gamma(key, {a}, (50,), {dtype!r})"
      for a in (0.05, 2.5) for dtype in ("float32", "float64")),
    "random.beta(key, 0.5, 2.0, (50,))",
    "random.dirichlet(key, jnp.array([0.5, 1.0, 2.0]), (20,))",
    "random.chisquare(key, 3.0, (50,))",
    "random.f(key, 3.0, 5.0, (50,))",
    "random.t(key, 3.0, (50,))",
    "random.generalized_normal(key, 1.5, (50,))",
    "random.ball(key, 3, 2.5, (20,))",
    "random.lognormal(key, 0.7, (50,))",
    "random.pareto(key, 2.0, (50,))",
    "random.rayleigh(key, 2.0, (50,))",
    "random.weibull_min(key, 2.0, 1.5, (50,))",
    "random.triangular(key, -1.0, 0.5, 3.0, (50,))",
    "random.wald(key, 2.0, (50,))",
    "random.maxwell(key, (50,))",
    "random.double_sided_maxwell(key, 1.0, 2.0, (50,))",
    "random.poisson(key, jnp.array([0.0, 3.0, 50.0]), (50, 3))",
    "random.geometric(key, 0.3, (100,))",
    "random.binomial(key, 20, 0.3, (100,))",
    "random.binomial(key, 200, 0.7, (100,))",
    "random.multinomial(key, 50, jnp.array([0.2, 0.5, 0.3]))",
    "random.orthogonal(key, 2, m=5)",
    *(f"random.multivariate_normal(key, jnp.zeros(2), jnp.array([[2, 0.5], [0.5, 1]]), (5,), "
      f"method={method!r})" for method in ("cholesky", "eigh", "svd")),
)  # fmt: skip


def evaluate(expression: str, library: ModuleType, kind: str) -> np.ndarray:
    return np.asarray(_drawn(expression, library, kind, *RANGE))


def _drawn(expression: str, library: ModuleType, kind: str, low: Any, high: Any) -> Any:
    scope = {"random": library.random, "jnp": library.numpy, "low": low, "high": high}
    scope["key"] = getattr(library.random, kind)(7)
    out = eval(expression, scope)
    return library.random.key_data(out) if "key" in str(out.dtype) else out


def optimised(expression: str, oracle: ModuleType) -> np.ndarray:
    """What the oracle draws with its optimiser on, which decides about the last bits."""
    program = oracle.jit(lambda *ends: _drawn(expression, oracle, "key", *ends)).lower(*RANGE)
    compiled = program.compile(compiler_options={"xla_backend_optimization_level": 3})
    return np.asarray(compiled(*RANGE))


@pytest.mark.oracle
@pytest.mark.parametrize("expression", EXACT)
def test_bits_are_those_of_the_oracle(oracle: ModuleType, expression: str) -> None:
    theirs = optimised(expression, oracle)
    for kind in ("key", "PRNGKey"):
        ours = evaluate(expression, mj, kind)
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert ours.tobytes() == theirs.tobytes()


# Loops of rejection take both systems long to compile.
QUICK = ("lognormal", "pareto", "gamma(key, 2.5", "poisson", "orthogonal", "'cholesky'")


def nightly(expression: str) -> object:
    is_quick = any(word in expression for word in QUICK)
    return expression if is_quick else pytest.param(expression, marks=pytest.mark.slow)


@pytest.mark.oracle
@pytest.mark.parametrize("expression", [nightly(row) for row in CLOSE])
def test_functions_of_the_same_bits_agree_to_rounding(oracle: ModuleType, expression: str) -> None:
    theirs, ours = evaluate(expression, oracle, "key"), evaluate(expression, mj, "key")
    assert ours.dtype == theirs.dtype
    tolerance = TOLERANCE.get(str(ours.dtype), 1e-11)
    ours, theirs = ours.astype(np.complex128), theirs.astype(np.complex128)
    np.testing.assert_allclose(ours, theirs, tolerance, tolerance)


@pytest.mark.oracle
@pytest.mark.parametrize("seed", (0, -1, 2**32, 2**63 - 1, np.int32(-3), np.uint8(7)))
def test_seeds_make_the_keys_of_the_oracle(oracle: ModuleType, seed: int) -> None:
    np.testing.assert_array_equal(mj.random.PRNGKey(seed), oracle.random.PRNGKey(seed))
