"""`minijax.nn` has the values, dtypes and derivatives of the oracle's functions."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj

X = np.array([-np.inf, -30, -3.5, -1.2, -0.5, 0.3, 1.3, 4.0, 30, np.inf])
M = np.array([[1.0, 2, -3, 4], [0, -np.inf, 5, 1], [7, 1, 2, 3]])
WHERE = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]], bool)
ACTIVATIONS = (
    "celu",
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "identity",
    "leaky_relu",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softplus",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "tanh",
)
OF_AN_AXIS = ("softmax", "log_softmax", "logsumexp", "logmeanexp", "standardize")


def compare(ours: Any, theirs: Any, tolerance: float = 1e-10) -> None:
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), tolerance, tolerance)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(oracle: ModuleType, name: str) -> None:
    ours, theirs = getattr(mj.nn, name), getattr(oracle.nn, name)
    compare(ours(X), theirs(X))
    compare(ours(X.astype(np.float32)), theirs(X.astype(np.float32)), 1e-5)
    if name not in ("sigmoid", "silu"):  # these take integers here only
        compare(ours(np.arange(-3, 4)), theirs(np.arange(-3, 4)))
    inner = X[1:-1]
    compare(mj.vmap(mj.grad(ours))(inner), oracle.vmap(oracle.grad(theirs))(inner))


@pytest.mark.oracle
@pytest.mark.parametrize("axis", (0, 1, (0, 1)))
@pytest.mark.parametrize("where", (None, WHERE))
@pytest.mark.parametrize("name", OF_AN_AXIS)
def test_function_of_an_axis(oracle: ModuleType, name: str, where: Any, axis: Any) -> None:
    ours, theirs = getattr(mj.nn, name), getattr(oracle.nn, name)
    compare(ours(M, axis, where=where), theirs(M, axis, where=where))
    finite = np.where(np.isfinite(M), M, 0)

    def total(library: Any, function: Any) -> Any:
        return lambda x: library.numpy.nansum(
            library.numpy.exp(-library.numpy.square(function(x, axis, where=where)))
        )

    compare(mj.grad(total(mj, ours))(finite), oracle.grad(total(oracle, theirs))(finite))


@pytest.mark.oracle
@pytest.mark.parametrize("name", ("glorot_uniform", "he_normal", "lecun_normal", "xavier_normal"))
def test_initializer(oracle: ModuleType, name: str) -> None:
    ours = getattr(mj.nn.initializers, name)()(mj.random.key(0), (3, 4, 5))
    compare(ours, getattr(oracle.nn.initializers, name)()(oracle.random.key(0), (3, 4, 5)))


@pytest.mark.oracle
@pytest.mark.parametrize("causal", (False, True))
def test_attention(oracle: ModuleType, causal: bool) -> None:
    shapes = ((2, 5, 4, 3), (2, 6, 2, 3), (2, 6, 2, 3))
    rng = np.random.default_rng(0)
    operands = [rng.normal(size=shape) for shape in shapes]
    compare(
        mj.nn.dot_product_attention(*operands, is_causal=causal),
        oracle.nn.dot_product_attention(*operands, is_causal=causal),
        2e-6,  # the oracle takes the softmax in 32 bits
    )
