"""`minijax.numpy.linalg` against the oracle: values, derivatives, batches, compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp

jax = pytest.importorskip("jax")

RNG = np.random.default_rng(3)


def _real(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def _complex(*shape: int) -> np.ndarray:
    return _real(*shape) + 1j * _real(*shape)


def _hermitian(x: np.ndarray) -> np.ndarray:
    return x @ x.conj().swapaxes(-1, -2) + np.eye(x.shape[-1])


def _leaves(x: Any) -> list[Any]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(x, is_leaf=lambda v: hasattr(v, "shape"))]


def _assert_same(found: Any, expected: Any, tolerance: float = 1e-8) -> None:
    pairs = list(zip(_leaves(found), _leaves(expected), strict=True))
    assert pairs
    for x, y in pairs:
        assert x.shape == y.shape
        assert x.dtype == y.dtype
        scale = np.abs(y[np.isfinite(y)]).max(initial=1.0)
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance * scale)


SQUARES = (_real(4, 4), _complex(3, 3), _real(2, 3, 3), _real(1, 1), _complex(2, 5, 5))
WIDE = (_real(4, 2), _real(2, 4), _complex(3, 5), _real(3, 5, 2), _complex(2, 4, 3))
HERMITIAN = tuple(_hermitian(x) for x in SQUARES)

# name: function of the linalg module, operands, whether the result is a smooth function of them
UNARY: dict[str, tuple[Callable[[Any], Any], tuple[np.ndarray, ...], bool]] = {
    "inv": (lambda la: la.inv, SQUARES, True),
    "det": (lambda la: la.det, SQUARES, True),
    "slogdet": (lambda la: la.slogdet, SQUARES, True),
    "pinv": (lambda la: la.pinv, WIDE, True),
    "pinv-hermitian": (lambda la: lambda x: la.pinv(x, hermitian=True), HERMITIAN, False),
    "matrix_power": (lambda la: lambda x: la.matrix_power(x, 5), SQUARES, True),
    "matrix_power-inverse": (lambda la: lambda x: la.matrix_power(x, -3), SQUARES, True),
    "matrix_rank": (lambda la: la.matrix_rank, WIDE, False),
    "cholesky": (lambda la: la.cholesky, HERMITIAN, True),
    "cholesky-upper": (lambda la: lambda x: la.cholesky(x, upper=True), HERMITIAN, True),
    "qr": (lambda la: la.qr, WIDE, True),
    "qr-complete": (lambda la: lambda x: la.qr(x, mode="complete"), WIDE, False),
    "qr-r": (lambda la: lambda x: la.qr(x, mode="r"), WIDE, True),
    "svd": (lambda la: lambda x: la.svd(x, full_matrices=False), WIDE, False),
    "svd-full": (lambda la: la.svd, WIDE, False),
    "svd-hermitian": (lambda la: lambda x: la.svd(x, hermitian=True)[1], SQUARES, False),
    "svdvals": (lambda la: la.svdvals, WIDE, True),
    "eigh": (lambda la: la.eigh, HERMITIAN, False),
    "eigvalsh": (lambda la: la.eigvalsh, HERMITIAN, True),
    "eig": (lambda la: la.eig, SQUARES, False),
    "eigvals": (lambda la: la.eigvals, SQUARES, True),
    "cond": (lambda la: la.cond, SQUARES, True),
    "cond-1": (lambda la: lambda x: la.cond(x, 1), SQUARES, True),
    "norm": (lambda la: la.norm, WIDE, True),
    "matrix_norm": (lambda la: la.matrix_norm, WIDE, True),
    "vector_norm": (lambda la: la.vector_norm, WIDE, True),
    "trace": (lambda la: la.trace, SQUARES, True),
    "diagonal": (lambda la: lambda x: la.diagonal(x, offset=1), WIDE, True),
    "matrix_transpose": (lambda la: la.matrix_transpose, WIDE, True),
    "tensorinv": (lambda la: lambda x: la.tensorinv(x, 1), (_real(6, 2, 3),), True),
}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_value(name: str, compiled: bool) -> None:
    function, operands, _ = UNARY[name]
    own = mj.jit(function(jnp.linalg)) if compiled else function(jnp.linalg)
    for x in operands[:2] if compiled else operands:
        _assert_same(own(jnp.array(x)), function(jax.numpy.linalg)(x))


def _loss(function: Callable[..., Any], weights: list[np.ndarray], tree: Any) -> Callable[..., Any]:
    def loss(*xs: Any) -> Any:
        outs = [x for x in tree(function(*xs)) if x.dtype.kind in "fc"]
        return sum((abs(x * w) ** 2).sum() for x, w in zip(outs, weights, strict=True))

    return loss


def _losses(function: Callable[[Any], Any], x: np.ndarray) -> tuple[Any, Any]:
    outs = _leaves(function(jax.numpy.linalg)(x))
    weights = [_real(*out.shape) for out in outs if out.dtype.kind in "fc"]
    return (
        _loss(function(jnp.linalg), weights, mj.tree.leaves),
        _loss(function(jax.numpy.linalg), weights, jax.tree.leaves),
    )


@pytest.mark.parametrize("name", [name for name, row in UNARY.items() if row[2]])
def test_gradient(name: str) -> None:
    function, operands, _ = UNARY[name]
    for number, x in enumerate(operands):
        own, oracle = _losses(function, x)
        gradient = mj.jit(mj.grad(own)) if number == 0 else mj.grad(own)
        _assert_same(gradient(jnp.array(x)), jax.grad(oracle)(x), 1e-7)


SECOND = ("inv", "det", "slogdet", "pinv", "cholesky", "qr", "svdvals", "eigvalsh", "matrix_power")


@pytest.mark.parametrize("name", SECOND)
def test_hessian(name: str) -> None:
    function, operands, _ = UNARY[name]
    for x in operands[:1]:
        own, oracle = _losses(function, x)
        _assert_same(mj.hessian(own)(jnp.array(x)), jax.hessian(oracle)(x), 1e-6)


@pytest.mark.parametrize(
    "name", ["inv", "det", "slogdet", "cholesky", "qr-r", "svdvals", "eigvals"]
)
def test_mapped(name: str) -> None:
    function, _, _ = UNARY[name]
    x = _hermitian(_real(5, 3, 3)) if name == "cholesky" else _real(3, 5, 3)
    axis = 0 if name == "cholesky" else 1
    found = mj.vmap(function(jnp.linalg), in_axes=axis)(jnp.array(x))
    _assert_same(found, jax.vmap(function(jax.numpy.linalg), in_axes=axis)(x))


@pytest.mark.parametrize("kind", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
@pytest.mark.parametrize("keepdims", [False, True])
def test_matrix_norms(kind: Any, keepdims: bool) -> None:
    x = _complex(4, 3, 2)
    found = jnp.linalg.norm(jnp.array(x), kind, axis=(0, 2), keepdims=keepdims)
    _assert_same(found, jax.numpy.linalg.norm(x, kind, axis=(0, 2), keepdims=keepdims))


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (2, 3, 4)),
        ((3, 3), (5, 3, 2)),
        ((4, 1, 3, 3), (5, 3, 2)),
        ((2, 3, 3), (3, 1)),
        ((2, 3, 3), (3,)),
    ],
    ids=str,
)
def test_solve(shapes: Any) -> None:
    a, b = _complex(*shapes[0]), _real(*shapes[1])

    def loss(la: Any) -> Any:
        return lambda x, y: (abs(la.solve(x, y)) ** 2).sum()

    own, oracle = jnp.linalg, jax.numpy.linalg
    _assert_same(own.solve(jnp.array(a), jnp.array(b)), oracle.solve(a, b))
    found = mj.jit(mj.grad(loss(own), (0, 1)))(jnp.array(a), jnp.array(b))
    _assert_same(found, jax.grad(loss(oracle), (0, 1))(a, b))


def test_the_gradient_of_a_solution_factors_once() -> None:
    def loss(a: Any, b: Any) -> Any:
        return (jnp.linalg.solve(a, b) ** 2).sum()

    program = str(mj.make_jaxpr(mj.grad(loss, (0, 1)))(jnp.eye(3), jnp.ones(3)))
    assert program.count("= lu ") == 1


def test_second_derivatives_of_a_solution() -> None:
    a, b = _real(3, 3), _real(3)

    def loss(la: Any) -> Any:
        return lambda x, y: (la.solve(x, y) ** 3).sum()

    found = mj.hessian(loss(jnp.linalg), (0, 1))(jnp.array(a), jnp.array(b))
    _assert_same(found, jax.hessian(loss(jax.numpy.linalg), (0, 1))(a, b), 1e-7)


@pytest.mark.parametrize("shape", [(5, 2), (2, 5), (4, 4)])
@pytest.mark.parametrize("columns", [(), (3,)])
def test_lstsq(shape: Any, columns: Any) -> None:
    a, b = _real(*shape), _real(shape[0], *columns)
    found = jnp.linalg.lstsq(jnp.array(a), jnp.array(b))
    expected = jax.numpy.linalg.lstsq(a, b)
    _assert_same(found[0], expected[0])
    _assert_same(found[3], expected[3])
    assert int(found[2]) == int(expected[2])
    np.testing.assert_allclose(found[1], expected[1], atol=1e-12)


def test_products() -> None:
    parts = [_real(2, 5), _real(5, 3), _real(3, 7), _real(7)]
    arrays = [jnp.array(x) for x in parts]
    _assert_same(jnp.linalg.multi_dot(arrays), jax.numpy.linalg.multi_dot(parts))
    x, y = _real(4), _real(3)
    _assert_same(jnp.linalg.outer(jnp.array(x), jnp.array(y)), jax.numpy.linalg.outer(x, y))
    x, y = _real(2, 3), _real(2, 3)
    _assert_same(jnp.linalg.cross(jnp.array(x), jnp.array(y)), jax.numpy.linalg.cross(x, y))
    a, b = _real(2, 3, 6), _real(2, 3)
    _assert_same(
        jnp.linalg.tensorsolve(jnp.array(a), jnp.array(b)), jax.numpy.linalg.tensorsolve(a, b)
    )


def test_singular_matrices() -> None:
    singular = np.ones((4, 4))
    assert float(jnp.linalg.det(jnp.array(singular))) == 0
    x = np.diag([1.0, 2.0, 3.0, 0.0])
    _assert_same(mj.grad(jnp.linalg.det)(jnp.array(x)), np.diag([0.0, 0.0, 0.0, 6.0]))
    sign, logarithm = jnp.linalg.slogdet(jnp.zeros((2, 2)))
    assert (float(sign), float(logarithm)) == (0.0, -np.inf)


def test_repeated_eigenvalues_have_finite_gradients() -> None:
    x = jnp.eye(3)
    gradient = mj.grad(lambda a: (jnp.linalg.eigvalsh(a) ** 3).sum())(x)
    _assert_same(gradient, 3 * np.eye(3))
    gradient = mj.grad(lambda a: (jnp.linalg.eigh(a)[1] ** 2).sum())(x)
    assert np.isfinite(np.asarray(gradient)).all()
    _assert_same(mj.grad(lambda a: jnp.linalg.norm(a, "nuc"))(x), np.eye(3))


def test_a_failed_factorisation_is_nan() -> None:
    x = np.stack([np.eye(2), -np.eye(2)])
    found = np.asarray(mj.jit(jnp.linalg.cholesky)(jnp.array(x)))
    _assert_same(found[0], np.eye(2))
    assert np.isnan(found[1][np.tril_indices(2)]).all()


@pytest.mark.parametrize("function", ["inv", "det", "cholesky", "eigh", "eig", "slogdet"])
def test_matrices_must_be_square(function: str) -> None:
    with pytest.raises(ValueError, match=r"square matrices.*\(2, 3\)"):
        getattr(jnp.linalg, function)(jnp.ones((2, 3)))


def test_dtypes_that_lapack_does_not_know() -> None:
    with pytest.raises(TypeError, match="allowed: f32 f64 c64 c128"):
        jnp.linalg.inv(jnp.ones((2, 2), jnp.float16))
