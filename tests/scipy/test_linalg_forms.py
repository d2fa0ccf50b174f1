"""`minijax.scipy.linalg`: Schur forms, functions of matrices, Sylvester, matrices by formula."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.scipy import linalg

scipy_linalg = pytest.importorskip("scipy.linalg")

RNG = np.random.default_rng(11)
A = RNG.normal(size=(4, 4))
C = A + 1j * RNG.normal(size=(4, 4))
POSITIVE = A @ A.T + np.eye(4)
TALL = RNG.normal(size=(5, 3))
DIRECTION = RNG.normal(size=(4, 4))
V = RNG.normal(size=4)


def _close(found: Any, expected: Any, tolerance: float = 1e-9) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale)


VALUES: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "schur": (lambda la: la.schur, (A,)),
    "schur-complex": (lambda la: lambda a: la.schur(a, "complex"), (A,)),
    "hessenberg": (lambda la: lambda a: la.hessenberg(a, calc_q=True), (C,)),
    "rsf2csf": (lambda la: lambda a: la.rsf2csf(*la.schur(a)), (A,)),
    "sqrtm": (lambda la: la.sqrtm, (POSITIVE,)),
    "sqrtm-complex": (lambda la: la.sqrtm, (C,)),
    "funm": (lambda la: lambda a: la.funm(a, lambda w: w**3 + 1), (A,)),
    "funm-error": (lambda la: lambda a: la.funm(a, lambda w: w**2, disp=False)[1], (A,)),
    "solve_sylvester": (lambda la: la.solve_sylvester, (A, POSITIVE, DIRECTION)),
    "solve_sylvester-complex": (lambda la: la.solve_sylvester, (C, POSITIVE, TALL[:4, :4] @ A[:3])),
    "qr-pivoting": (lambda la: lambda a: la.qr(a, pivoting=True), (TALL,)),
    "qr-r-pivoting": (lambda la: lambda a: la.qr(a, mode="r", pivoting=True), (TALL,)),
    "qr_multiply": (lambda la: la.qr_multiply, (TALL, RNG.normal(size=(2, 5)))),
    "qr_multiply-left": (lambda la: lambda a, c: la.qr_multiply(a, c, "left"), (TALL, V[:3])),
    "qr_multiply-conjugate": (lambda la: lambda a, c: la.qr_multiply(a, c, conjugate=True), (C, V)),
    "eigh_tridiagonal": (lambda la: lambda d, e: la.eigh_tridiagonal(d, e)[0], (V, A[0, :3])),
    "eigh_tridiagonal-range": (
        lambda la: (
            lambda d, e: la.eigh_tridiagonal(
                d, e, eigvals_only=True, select="i", select_range=(1, 2)
            )
        ),
        (V, A[0, :3]),
    ),
    "convolution_matrix": (lambda la: lambda a: la.convolution_matrix(a, 3), (V,)),
    "convolution_matrix-same": (lambda la: lambda a: la.convolution_matrix(a, 2, "same"), (V,)),
    "convolution_matrix-valid": (lambda la: lambda a: la.convolution_matrix(a, 7, "valid"), (V,)),
    "fiedler": (lambda la: la.fiedler, (V,)),
    "fiedler_companion": (lambda la: la.fiedler_companion, (RNG.normal(size=6),)),
    "fiedler_companion-two": (lambda la: la.fiedler_companion, (V[:2],)),
    "leslie": (lambda la: la.leslie, (V, V[:3])),
    "companion": (lambda la: la.companion, (V,)),
}


@pytest.mark.parametrize("name", VALUES)
def test_value(name: str) -> None:
    function, operands = VALUES[name]
    expected = function(scipy_linalg)(*operands)
    arrays = [jnp.array(x) for x in operands]
    for own in (function(linalg), mj.jit(function(linalg))):
        found = own(*arrays)
        pairs = (
            zip(found, expected, strict=True)
            if isinstance(expected, tuple)
            else [(found, expected)]
        )
        for x, y in pairs:
            _close(x, y)


def test_numbers() -> None:
    for n in (1, 2, 5):
        _close(linalg.helmert(n), scipy_linalg.helmert(n))
        _close(linalg.helmert(n, full=True), scipy_linalg.helmert(n, full=True))
        _close(linalg.invhilbert(n), scipy_linalg.invhilbert(n))
        for kind in ("symmetric", "lower", "upper"):
            _close(linalg.pascal(n, kind), scipy_linalg.pascal(n, kind))
            _close(linalg.invpascal(n, kind), scipy_linalg.invpascal(n, kind))
    _close(linalg.hadamard(8), scipy_linalg.hadamard(8))
    assert linalg.hadamard(2, dtype=np.float32).dtype == np.float32
    assert linalg.pascal(3).dtype == np.float32
    assert [linalg.pascal(0).shape, linalg.invhilbert(0).shape] == [(0, 0), (0, 0)]


def _sylvester(x: Any) -> Any:
    return linalg.solve_sylvester(x, jnp.array(POSITIVE), x.T)


def _pivoted(x: Any) -> Any:
    q, r, _ = linalg.qr(x[:, :3], pivoting=True, mode="economic")
    return q @ r[:, ::-1]


SMOOTH: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "sqrtm": (linalg.sqrtm, POSITIVE),
    "sqrtm-repeated": (linalg.sqrtm, np.eye(4)),
    "funm": (lambda x: linalg.funm(x, jnp.exp), A),
    "solve_sylvester": (_sylvester, A),
    "expm": (linalg.expm, A),
    "polar": (lambda x: linalg.polar(x)[0], A),
    "polar-repeated": (lambda x: sum(linalg.polar(x)), np.eye(4)),
    "polar-tall": (lambda x: linalg.polar(x[:, :2])[0], A),
    "polar-wide": (lambda x: linalg.polar(x[:2])[1], A),
    "eigh_tridiagonal": (lambda x: linalg.eigh_tridiagonal(x[0], x[1, :3])[0], A),
    "qr-pivoted": (_pivoted, A),
    "qr_multiply": (lambda x: linalg.qr_multiply(x[:, :2], x)[0], A),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives(name: str) -> None:
    """Forward, reverse, second order, against differences; compiled as eager."""
    function, x = SMOOTH[name]
    weights = RNG.normal(size=np.shape(function(jnp.array(x))))

    def loss(y: Any) -> Any:
        out = function(y)
        return ((out.real + out.imag) * weights).sum()

    def slope(f: Callable[[Any], Any], step: float = 1e-6) -> np.ndarray:
        ahead, behind = (jnp.array(x + s * step * DIRECTION) for s in (1, -1))
        return (np.asarray(f(ahead)) - np.asarray(f(behind))) / (2 * step)

    point, direction = jnp.array(x), jnp.array(DIRECTION)
    compiled = mj.jit(mj.grad(loss))
    _close(mj.jvp(loss, (point,), (direction,))[1], slope(loss), 1e-6)
    _close((mj.grad(loss)(point) * direction).sum(), slope(loss), 1e-6)
    _close(compiled(point), mj.grad(loss)(point))
    _close(mj.jvp(mj.grad(loss), (point,), (direction,))[1], slope(compiled), 1e-5)


def test_one_decomposition_serves_the_derivatives() -> None:
    def loss(x: Any) -> Any:
        return linalg.sqrtm(x).real.sum()

    program = str(mj.make_jaxpr(mj.grad(loss))(jnp.array(POSITIVE)))
    assert program.count("= schur") == 1


def test_batches_and_empty_matrices() -> None:
    x = jnp.array(np.stack([POSITIVE, POSITIVE + np.eye(4)]))
    for function in (linalg.sqrtm, lambda a: linalg.polar(a)[0], lambda a: linalg.schur(a)[0]):
        for row, one in zip(function(x), x, strict=True):
            _close(row, function(one))
        _close(mj.vmap(function)(x), function(x))
    found = linalg.solve_sylvester(x, jnp.array(POSITIVE), jnp.array(A))
    assert found.shape == (2, 4, 4)
    none = jnp.zeros((0, 0))
    assert linalg.sqrtm(none).shape == (0, 0)
    assert linalg.schur(none)[1].shape == (0, 0)
    assert linalg.hessenberg(none).shape == (0, 0)
    assert linalg.solve_sylvester(none, none, none).shape == (0, 0)
    assert linalg.sqrtm(jnp.array([[4]])).dtype == np.complex128
    assert linalg.sqrtm(jnp.ones((1, 1), np.float32)).dtype == np.complex64
    assert np.isnan(np.asarray(linalg.solve_sylvester(x[0], -x[0], x[0]))).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linalg.schur(jnp.eye(2), "triangular"), "output"),
        (lambda: linalg.rsf2csf(jnp.eye(2), jnp.eye(3)), "one size"),
        (lambda: linalg.sqrtm(jnp.eye(2), 4), "blocksize"),
        (lambda: linalg.funm(jnp.ones(3), jnp.exp), "square"),
        (lambda: linalg.solve_sylvester(jnp.eye(2), jnp.eye(2), jnp.eye(3)), "shape"),
        (lambda: linalg.solve_sylvester(*[jnp.eye(2)] * 3, method="svd"), "method"),
        (lambda: linalg.qr(jnp.eye(2), mode="raw"), "mode"),
        (lambda: linalg.qr_multiply(jnp.eye(2), jnp.ones(3)), "does not fit"),
        (lambda: linalg.polar(jnp.eye(2), method="newton"), "method"),
        (lambda: linalg.eigh_tridiagonal(jnp.ones(2), jnp.ones(2)), "shape"),
        (lambda: linalg.eigh_tridiagonal(jnp.ones(2), jnp.ones(1), select="v"), "select"),
        (lambda: linalg.hadamard(3), "power of 2"),
        (lambda: linalg.helmert(0), "positive"),
        (lambda: linalg.pascal(2, "diagonal"), "kind"),
        (lambda: linalg.leslie(jnp.ones(2), jnp.ones(2)), "shape"),
        (lambda: linalg.convolution_matrix(jnp.ones(2), 0), "positive"),
        (lambda: linalg.companion(jnp.ones(1)), "two coefficients"),
    ],
)
def test_errors(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
