"""Sparse arrays: each operation against the same one of dense arrays."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import sparse as scipy_sparse

import minijax as mj
import minijax.numpy as jnp
from minijax import random
from minijax.experimental import sparse

A = np.array([[0.0, 2.0, 0.0], [3.0, 0.0, -4.0]])
X = np.arange(3.0) + 1


def matrix(module: ModuleType = sparse) -> Any:
    return module.BCOO.fromdense(A)


def padded() -> Any:
    """The matrix with a place twice and a place out of bounds, in no order."""
    places = np.array([[1, 2], [0, 1], [2, 3], [1, 0], [1, 2]])
    return sparse.BCOO(([-3.0, 2.0, 9.0, 3.0, -1.0], places), shape=(2, 3))


UNARY: dict[str, Callable[[Any], Any]] = {
    "double": lambda m: 2 * m,
    "half": lambda m: m / 2,
    "negative": lambda m: -m,
    "magnitude": abs,
    "square": lambda m: m**2,
    "transposed": lambda m: m.T,
    "reshaped": lambda m: m.reshape(3, 2),
    "reshaped_to_fit": lambda m: m.reshape((-1, 3)),
    "rows": lambda m: m.sum(1),
    "columns": lambda m: m.sum(axis=0),
    "all": lambda m: m.sum(),
    "sum": lambda m: m + m,
    "difference": lambda m: m - 2 * m,
    "with_dense": lambda m: m + jnp.ones((2, 3)),
    "from_dense": lambda m: jnp.ones((2, 3)) - m,
    "scaled_rows": lambda m: m * jnp.array([[2.0], [3.0]]),
    "scaled_columns": lambda m: jnp.asarray(X) * m,
    "row": lambda m: m[1],
    "column": lambda m: m[:, -1],
    "element": lambda m: m[1, 2],
    "part": lambda m: m[..., ::2],
    "product": lambda m: m @ jnp.asarray(X),
    "products": lambda m: m @ jnp.ones((3, 4)),
    "from_the_left": lambda m: jnp.array([1.0, 10.0]) @ m,
    "numpy_from_the_left": lambda m: np.array([1.0, 10.0]) @ m,
    "with_itself": lambda m: m @ m.T,
    "elementwise": lambda m: m * m,
}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("make", [matrix, padded])
def test_operations_are_those_of_dense_arrays(name: str, make: Callable[[], Any]) -> None:
    operation, m = UNARY[name], make()
    expected = np.asarray(operation(jnp.asarray(A)))
    np.testing.assert_allclose(sparse.todense(operation(m)), expected)
    compiled = mj.jit(lambda m: sparse.todense(operation(m)))
    np.testing.assert_allclose(compiled(m), expected)


def test_functions_agree_with_the_oracle(oracle: ModuleType) -> None:
    theirs = pytest.importorskip("jax.experimental.sparse")
    calls: list[Callable[[Any], Any]] = [
        lambda s: s.eye(3, 4, k=-1),
        lambda s: s.empty((2, 3)),
        lambda s: s.bcoo_concatenate([matrix(s), matrix(s)], dimension=1),
        lambda s: matrix(s) + matrix(s),
        lambda s: matrix(s) * matrix(s),
        lambda s: (matrix(s) + matrix(s)).sum_duplicates(),
        lambda s: matrix(s)[:, 1],
        lambda s: matrix(s) @ matrix(s).T,
        lambda s: s.BCOO.fromdense(A, nse=5),
        lambda s: s.BCOO.fromdense(np.ones((2, 3, 2)), n_dense=1),
    ]
    for call in calls:
        ours, wanted = call(sparse), call(theirs)
        assert repr(ours) == repr(wanted)
        assert ours.indices.dtype == wanted.indices.dtype
        np.testing.assert_array_equal(ours.todense(), wanted.todense())


@pytest.mark.parametrize("kind", [sparse.CSR, sparse.BCSR, sparse.CSC, sparse.COO])
def test_kinds_hold_the_same_matrix(kind: Any) -> None:
    m = kind.from_bcoo(padded())
    np.testing.assert_array_equal(m.todense(), A)
    np.testing.assert_array_equal(m @ X, A @ X)
    np.testing.assert_array_equal(np.ones(2) @ m, np.ones(2) @ A)
    np.testing.assert_array_equal(m.T.todense(), A.T)
    np.testing.assert_array_equal((m @ m.T).todense(), A @ A.T)
    found = kind.from_scipy_sparse(scipy_sparse.csr_matrix(A))
    np.testing.assert_array_equal(mj.jit(lambda m, x: m @ x)(found, X), A @ X)


def test_sparse_arrays_have_derivatives_and_are_mapped() -> None:
    m = matrix()
    np.testing.assert_array_equal(mj.grad(lambda x: (m @ x).sum())(X), A.sum(0))
    (value, g) = sparse.value_and_grad(lambda m, x: (m @ x).sum(), argnums=(0, 1))(m, X)
    np.testing.assert_array_equal(g[0].todense(), np.where(A != 0, X, 0))
    np.testing.assert_array_equal(g[1], A.sum(0))
    assert float(value) == (A @ X).sum()
    rows = np.stack([X, 2 * X])
    np.testing.assert_array_equal(mj.vmap(lambda x: m @ x)(rows), rows @ A.T)


def test_products_over_any_axes() -> None:
    t = np.arange(24.0).reshape(2, 3, 4) % 5
    m, dense = sparse.BCOO.fromdense(t), jnp.asarray(t + 1)
    for dims in [
        (((0,), (0,)), ((), ())),
        (((2,), (2,)), ((0,), (0,))),
        (((1, 2), (1, 2)), ((), ())),
        (((), ()), ((0, 1), (0, 1))),
        (((), ()), ((), ())),
    ]:
        expected = mj.lax.dot_general(t, dense, dims)
        found = sparse.bcoo_dot_general(m, dense, dimension_numbers=dims)
        np.testing.assert_allclose(found, expected)
        both = sparse.bcoo_dot_general(
            m, sparse.BCOO.fromdense(dense), dimension_numbers=dims
        ).todense()
        np.testing.assert_allclose(both, expected)
        swapped = sparse.bcoo_dot_general(dense, m, dimension_numbers=dims)
        np.testing.assert_allclose(swapped, mj.lax.dot_general(dense, t, dims))


def test_dense_axes_stay_whole() -> None:
    t = np.array([[[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]]])
    m = sparse.BCOO.fromdense(t, n_dense=1)
    assert (m.nse, m.n_sparse, m.n_dense) == (2, 2, 1)
    np.testing.assert_array_equal((m + m).sum_duplicates().todense(), 2 * t)
    np.testing.assert_array_equal(m.transpose((1, 0, 2)).todense(), t.transpose(1, 0, 2))


def test_random_places() -> None:
    m = sparse.random_bcoo(random.key(0), (5, 4), nse=0.3, sorted_indices=True)
    assert m.nse == 6
    assert np.count_nonzero(m.todense()) == 6
    np.testing.assert_array_equal(m.sort_indices().indices, m.indices)


def test_wrong_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="integer indices"):
        sparse.BCOO((np.ones(2), np.zeros((2, 2))), shape=(2, 2))
    with pytest.raises(ValueError, match="do not fit"):
        sparse.BCOO((np.ones(3), np.zeros((2, 2), int)), shape=(2, 2))
    with pytest.raises(TypeError, match="not added"):
        matrix() + 1
    with pytest.raises(TypeError, match="differ in length"):
        matrix() @ np.ones(4)
    with pytest.raises(ValueError, match="n_batch"):
        sparse.BCOO.fromdense(A, n_batch=1)
    with pytest.raises(IndexError):
        matrix()[2]


def test_sparse_equations_and_their_derivatives() -> None:
    dense = np.array([[4.0, 1.0, 0.0], [0.0, 3.0, -1.0], [2.0, 0.0, 5.0]])
    m = sparse.CSR.fromdense(dense)

    def solved(data: Any, b: Any) -> Any:
        return sparse.linalg.spsolve(data, m.indices, m.indptr, b)

    def by_dense(data: Any, b: Any) -> Any:
        return jnp.linalg.solve(sparse.CSR((data, m.indices, m.indptr), shape=(3, 3)).todense(), b)

    args = m.data, jnp.asarray(X)
    np.testing.assert_allclose(mj.jit(solved)(*args), np.linalg.solve(dense, X))
    for transform in (lambda f: mj.jacrev(f, (0, 1)), lambda f: mj.jacfwd(f, (0, 1))):
        for found, wanted in zip(transform(solved)(*args), transform(by_dense)(*args), strict=True):
            np.testing.assert_allclose(found, wanted, 1e-10, 1e-12)
    rows = jnp.stack([args[1], 2 * args[1]])
    found = mj.vmap(solved, (None, 0))(args[0], rows)
    np.testing.assert_allclose(found, np.linalg.solve(dense, np.asarray(rows).T).T)
    with pytest.raises(ValueError, match="takes a vector b"):
        solved(m.data, jnp.ones(4))


SPARSIFIED: dict[str, Callable[[Any, Any], Any]] = {
    "product": lambda m, x: jnp.dot(m, x),
    "transposed": lambda m, x: (m.T * 2 - m.T).sum(1),
    "sines": lambda m, x: jnp.sin(m) * x,
    "square": lambda m, x: (m + m) ** 2 / 3.0,
    "part": lambda m, x: m[1] * x,
    "joined": lambda m, x: jnp.concatenate([m, -m]),
    "compiled": mj.jit(lambda m, x: m @ (x + 1)),
    "sum": lambda m, x: {"all": jnp.sum(m), "mean": x.mean(), "reshaped": m.reshape(3, 2)},
}


@pytest.mark.parametrize("name", SPARSIFIED)
def test_programs_of_dense_arrays_take_sparse_ones(name: str) -> None:
    f, x = SPARSIFIED[name], jnp.asarray(X)
    expected = f(jnp.asarray(A), x)
    for m in (matrix(), padded(), sparse.CSR.fromdense(A)):
        found = sparse.sparsify(f)(m, x)
        is_sparse = lambda v: isinstance(v, sparse.JAXSparse)  # noqa: E731
        dense = mj.tree.map(sparse.todense, found, is_leaf=is_sparse)
        mj.tree.map(np.testing.assert_allclose, dense, expected)


def test_programs_that_fill_zeros_are_refused() -> None:
    with pytest.raises(TypeError, match="cos has no sparse rule"):
        sparse.sparsify(jnp.cos)(matrix())
