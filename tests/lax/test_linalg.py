"""`minijax.lax.linalg`: reduced forms, packed reflections, subsets, options."""

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.lax import linalg

RNG = np.random.default_rng(7)
DTYPES = (np.float64, np.complex128, np.float32, np.complex64)


def _random(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    x = RNG.normal(size=shape)
    return (x + 1j * RNG.normal(size=shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def _close(found: Any, expected: Any, tolerance: float = 1e-10) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    is_narrow = found.dtype in (np.dtype(np.float32), np.dtype(np.complex64))
    atol = 1e-4 if is_narrow else tolerance
    np.testing.assert_allclose(found, expected, rtol=atol, atol=atol)


def _adjoint(x: Any) -> Any:
    return np.asarray(x).conj().swapaxes(-1, -2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transform", [lambda f: f, mj.jit, mj.vmap], ids=["eager", "jit", "vmap"])
def test_forms_rebuild_the_matrix(dtype: Any, transform: Any) -> None:
    x = _random((2, 4, 4), dtype)
    t, q = (np.asarray(z) for z in transform(linalg.schur)(jnp.array(x)))
    _close(q @ t @ _adjoint(q), x)
    q, r, p = (
        np.asarray(z) for z in transform(lambda a: linalg.qr(a, pivoting=True))(jnp.array(x))
    )
    _close(q @ r, np.take_along_axis(x, p[:, None, :].astype(np.int64), -1))
    assert p.dtype == np.int32
    assert (np.diff(np.abs(np.diagonal(r, axis1=1, axis2=2))) <= 0).all()
    hermitian = x + _adjoint(x)
    _, d, e, _ = (np.asarray(z) for z in transform(linalg.tridiagonal)(jnp.array(hermitian)))
    dense = np.stack(
        [np.diag(a) + np.diag(b, 1) + np.diag(b, -1) for a, b in zip(d, e, strict=True)]
    )
    _close(np.linalg.eigvalsh(dense), np.linalg.eigvalsh(hermitian), 1e-9)


def test_reduced_forms_agree_with_the_oracle(oracle: Any) -> None:
    x = _random((4, 4), np.float64)
    theirs = oracle.lax.linalg
    for name in ("hessenberg", "tridiagonal", "schur"):
        found = getattr(linalg, name)(jnp.array(x))
        for own, other in zip(found, getattr(theirs, name)(x), strict=True):
            assert own.dtype == other.dtype
            _close(own, other)
    w = _random((4,), np.float64)
    r = np.triu(x) + 5 * np.eye(4)
    _close(linalg.cholesky_update(jnp.array(r), jnp.array(w)), theirs.cholesky_update(r, w))
    packed, taus = jnp.linalg.qr(jnp.array(x[:, :3]), mode="raw")
    for left in (True, False):
        for transpose in (True, False):
            options = {"left": left, "transpose": transpose}
            found = linalg.ormqr(packed.mT, taus, jnp.array(x), **options)
            expected = theirs.ormqr(np.asarray(packed).T, np.asarray(taus), x, **options)
            _close(found, expected)


def test_qdwh(oracle: Any) -> None:
    x = _random((5, 3), np.float64)
    u, h, iterations, converged = linalg.qdwh(jnp.array(x))
    expected = oracle.lax.linalg.qdwh(x)
    _close(u, expected[0])
    _close(h, expected[1])
    assert iterations.dtype == np.int64
    assert bool(converged)
    padded = np.zeros((6, 4))
    padded[:5, :3] = x
    found = linalg.qdwh(jnp.array(padded), dynamic_shape=(5, 3))
    _close(found[0][:5, :3], expected[0])
    _close(found[0][:, 3:], np.zeros((6, 1)))


def test_subsets_and_options() -> None:
    x = _random((2, 4, 4), np.complex128)
    hermitian = x + _adjoint(x)
    v, w = linalg.eigh(
        jnp.array(hermitian), subset_by_index=(1, 3), implementation=linalg.EighImplementation.QR
    )
    _close(w, np.linalg.eigvalsh(hermitian)[:, 1:3])
    _close(hermitian @ np.asarray(v), np.asarray(v) * np.asarray(w)[:, None, :])
    options = {"full_matrices": False, "algorithm": linalg.SvdAlgorithm.QR}
    u, s, vh = linalg.svd(jnp.array(x), subset_by_index=(0, 4), **options)
    _close((np.asarray(u) * np.asarray(s)[:, None]) @ np.asarray(vh), x)
    u, s, vh = linalg.svd(jnp.array(x), subset_by_index=(1, 3), **options)
    assert (u.shape, s.shape, vh.shape) == ((2, 4, 2), (2, 2), (2, 2, 4))
    found = jnp.linalg.svd(jnp.array(x), full_matrices=False, subset_by_index=(1, 3))
    _close(found.S, np.linalg.svd(x)[1][:, 1:3])
    with pytest.raises(ValueError, match="cannot both be set"):
        linalg.svd(jnp.array(x), subset_by_index=(0, 2))
    with pytest.raises(ValueError, match="start < end <= 4"):
        linalg.eigh(jnp.array(hermitian), subset_by_index=(2, 6))
    implementation = linalg.EigImplementation.LAPACK
    _close(linalg.eig(jnp.eye(2), implementation=implementation)[0], np.ones(2))


def test_singular_tridiagonal_equations() -> None:
    d = jnp.array([1.0, 0.0, 1.0])
    zero, b = jnp.zeros(3), jnp.ones((3, 1))
    assert np.isnan(np.asarray(linalg.tridiagonal_solve(zero, d, zero, b))).all()
    found = linalg.tridiagonal_solve(zero, d, zero, b, perturb_singular=True)
    assert np.isfinite(np.asarray(found)).all()
    with pytest.raises(TypeError, match="leading axes"):
        linalg.tridiagonal_solve(zero, d, zero, jnp.ones((2, 3, 1)))


def test_a_failed_schur_decomposition_is_nan() -> None:
    x = np.stack([np.eye(2), np.full((2, 2), np.inf)])
    for function in (linalg.schur, mj.jit(linalg.schur)):
        t, q = function(jnp.array(x))
        _close(t[0], np.eye(2))
        assert np.isnan(np.asarray(t[1])).all()
        assert np.isnan(np.asarray(q[1])).all()


def test_errors() -> None:
    with pytest.raises(TypeError, match="smooth function"):
        mj.jvp(lambda x: linalg.hessenberg(x)[0], (jnp.eye(3),), (jnp.eye(3),))
    with pytest.raises(TypeError, match="allowed: f32 f64 c64 c128"):
        linalg.schur(jnp.ones((2, 2), int))
    with pytest.raises(ValueError, match="sort_eig_vals"):
        linalg.schur(jnp.eye(2), sort_eig_vals=True)
    with pytest.raises(TypeError, match="vmap"):
        linalg.cholesky_update(jnp.ones((2, 3, 3)), jnp.ones((2, 3)))
    with pytest.raises(ValueError, match="rows"):
        linalg.ormqr(jnp.ones((3, 2)), jnp.ones(2), jnp.ones((4, 3)))
