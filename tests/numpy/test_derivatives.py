"""First and second derivatives of every differentiable function, against the oracle."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
from tests.numpy.oracle import OPERANDS, sample

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

# Functions of w, at a point inside the domain of each; t, m, sq and x are constants of the table.
INSIDE = np.array([[0.3, 0.7, -0.45], [0.2, -0.6, 0.85]])
POSITIVE = np.array([[0.3, 1.7, 2.45], [1.2, 0.6, 0.85]])
SQUARE = np.array([[1.5, 0.3, -0.2], [0.1, -1.1, 0.4], [0.6, 0.25, 2.0]])

EVERYWHERE = """
-w
w + m
w * w * m
w / (w * w + 1)
m / (w + 3)
w % 0.4
jnp.fmod(w, 0.25)
w // 0.4
jnp.divmod(w, 0.25)[1]
w ** 3
w ** -2
(w + 2) ** w
2.0 ** w
jnp.abs(w)
jnp.fabs(w)
jnp.sign(w) * w
jnp.square(w)
jnp.reciprocal(w)
jnp.maximum(w, m)
jnp.minimum(w, 0.1)
jnp.fmax(w, m)
jnp.fmin(w, m)
jnp.clip(w, -0.5, 0.5)
jnp.exp(w)
jnp.exp2(w)
jnp.expm1(w)
jnp.log1p(w)
jnp.cbrt(w)
jnp.sin(w)
jnp.cos(w)
jnp.tan(w)
jnp.arcsin(w)
jnp.arccos(w)
jnp.arctan(w)
jnp.sinh(w)
jnp.cosh(w)
jnp.tanh(w)
jnp.arcsinh(w)
jnp.arctanh(w)
jnp.sinc(w)
jnp.deg2rad(w)
jnp.logaddexp(w, m)
jnp.logaddexp2(w, m)
jnp.arctan2(w, m)
jnp.arctan2(m, w)
jnp.hypot(w, m)
jnp.copysign(w, m)
jnp.heaviside(w, 0.5)
jnp.floor(w)
jnp.round(w, 1)
jnp.trunc(w)
jnp.modf(w)[0]
jnp.nan_to_num(w)
jnp.abs(w + 1j * m)
jnp.angle(w + 1j * m)
jnp.real(jnp.exp(1j * w))
jnp.imag(jnp.sin(1j * w + 0.3))
jnp.real(jnp.conj(w * 1j) * (w + 2j))
jnp.sum(w)
jnp.sum(w, 0)
jnp.sum(w * w, (0, 1))
jnp.sum(w, 1, keepdims=True) * w
jnp.sum(w * w, where=w > 0)
jnp.sum(w * w, 1, initial=3.0)
jnp.prod(w)
jnp.prod(w, 1)
jnp.max(w * w, 1)
jnp.min(w * w)
jnp.max(w * w, 0, initial=0.2)
jnp.ptp(w * w, 1)
jnp.cumsum(w * w)
jnp.cumsum(w * w, 1)
jnp.cumprod(w, 1)
jnp.cumulative_sum(w[0] * w[1], include_initial=True)
jnp.mean(w * w)
jnp.mean(w * w, 1, where=w > 0)
jnp.var(w, 1)
jnp.var(w, 0, ddof=1)
jnp.std(w)
jnp.std(w, 1, keepdims=True)
jnp.average(w * w, 1, x * x)
jnp.average(m, 1, w[0] + 3)
jnp.nansum(w * w)
jnp.nanmean(w * w, 1)
jnp.nanvar(w, 1)
jnp.nanstd(w)
jnp.nanmax(w * w)
jnp.nanprod(w, 1)
jnp.cov(w)
jnp.cov(w, rowvar=False)
jnp.corrcoef(w)
jnp.diff(w * w)
jnp.diff(w * w, 2)
jnp.ediff1d(w * w)
jnp.gradient(w * w)[1]
jnp.trapezoid(w * w)
jnp.trapezoid(w[0] ** 2, w[1])
jnp.interp(w, jnp.array([-1.0, 0.0, 0.5, 1.0]), jnp.array([1.0, 3.0, -1.0, 2.0]))
jnp.interp(jnp.array([0.3, 0.8]), jnp.array([0.0, 0.5, 1.0]), w[0] ** 2)
jnp.polyval(w[0], w[1])
jnp.polyder(w[0] ** 2)
jnp.polyint(w[0] ** 2)
jnp.dot(w, w.T)
jnp.dot(w, x) ** 2
w @ (w.T @ w)
jnp.matmul(sq, w.T * w.T)
jnp.tensordot(w, w, 2)
jnp.tensordot(t, w, ((1,), (1,))) ** 2
jnp.inner(w, w)
jnp.vdot(w, w)
jnp.vecdot(w, w)
jnp.outer(w[0], w[1])
jnp.kron(w, w)
jnp.cross(w[0], w[1])
jnp.einsum('ij,kj->ik', w, w)
jnp.einsum('ij,ij', w, w)
jnp.einsum('ij,jk,lk->il', w, sq, w)
jnp.einsum('ij->j', w * w)
jnp.sort(w, 1) ** 2
jnp.sort(w, None) ** 2
jnp.sort(w * w, 0, descending=True)
jnp.partition(w, 1) ** 2
jnp.take(w, jnp.array([0, 5, 1]), mode='clip') ** 2
jnp.take(w, jnp.array([0, 2, 0]), axis=1) ** 2
jnp.take_along_axis(w, jnp.argsort(w, 1), 1) ** 2
jnp.where(w > 0, w * w, jnp.sin(w))
jnp.select([w > 0.5, w > 0], [w * w, w ** 3], 2.0)
jnp.choose(jnp.array([0, 1, 0]), [w[0] ** 2, w[1] ** 2], mode='clip')
jnp.reshape(w * w, (3, 2))
jnp.reshape(w * w, (3, 2), order='F')
jnp.ravel(w) ** 2
(w * w).T
jnp.moveaxis(w * w, 0, 1)
jnp.expand_dims(w * w, 1)
jnp.squeeze(w[:1] ** 2)
jnp.flip(w) * w
jnp.rot90(w) * w.T
jnp.broadcast_to(w[0] ** 2, (4, 3))
jnp.concatenate([w, w * w], 1)
jnp.stack([w, w ** 2, m])
jnp.hstack([w, w]) ** 2
jnp.block([[w, w * w], [m, w]])
jnp.append(w, w * w)
jnp.split(w * w, [1], 1)[1]
jnp.tile(w, (2, 2)) ** 2
jnp.repeat(w, 2, 1) ** 2
jnp.repeat(w, jnp.array([2, 0, 1]), 1, total_repeat_length=3) ** 2
jnp.roll(w, 1, 1) * w
jnp.pad(w, 1) ** 2
jnp.pad(w, ((1, 0), (0, 2)), 'edge') ** 2
jnp.pad(w, 1, 'reflect') ** 2
jnp.pad(w, 1, 'wrap') ** 2
jnp.pad(w, 1, 'mean') ** 2
jnp.diag(w[0] ** 2)
jnp.diag(w * w)
jnp.diagonal(w * w, 1)
jnp.trace(w * w)
jnp.tril(w * w)
jnp.triu(w * w, 1)
jnp.vander(w[0])
jnp.meshgrid(w[0] ** 2, w[1])[0]
jnp.linspace(w[0, 0] ** 2, w[0, 1], 5)
jnp.full((2, 2), w[0, 0] ** 2)
jnp.full_like(w, w[0, 0] ** 2)
jnp.array([w[0, 0] ** 2, w[1, 1], 1.0])
jnp.astype(w, jnp.float32) ** 2
jnp.linalg.norm(w)
jnp.linalg.norm(w, axis=1)
jnp.linalg.norm(w[0], 1)
jnp.linalg.norm(w[0], 3)
jnp.linalg.norm(w[0], jnp.inf)
jnp.linalg.norm(w, 1)
jnp.vectorize(jnp.dot, signature='(n),(n)->()')(w, w)
jnp.apply_along_axis(jnp.cumsum, 0, w * w)
jnp.resize(w, (2, 2)) ** 2
w[0] * w[:, None, 1]
w[jnp.array([0, 1, 0]), jnp.array([1, 2, 1])] ** 2
w[:, ::-2] ** 2
w.at[0].set(w[1] ** 2)
w.at[jnp.array([0, 0])].add(w ** 2)
w.at[0, 1].multiply(w[1, 1])
w.at[:, 1].divide(w[:, 0])
w.at[0].min(w[1] ** 2)
w.at[0].power(2)
jnp.median(w * w, 1)
jnp.quantile(w * w, jnp.array([0.1, 0.6]), axis=1)
jnp.nanquantile(w * w, 0.3)
jnp.percentile(w, 30)
jnp.convolve(w[0], w[1])
jnp.correlate(w[0], w[1], 'same')
jnp.insert(w, 1, w[:, 0] ** 2, axis=1)
jnp.delete(w * w, 1, axis=1)
jnp.fill_diagonal(w, w[0, 2] ** 2, inplace=False)
jnp.histogram(m, 4, weights=w * w)[0]
jnp.bincount(jnp.array([0, 2, 0]), weights=w[0] ** 2, length=4)
jnp.unique(w, size=6) ** 2
jnp.put_along_axis(w, jnp.array([[0], [1]]), w[:, :1] ** 2, 1, inplace=False)
""".strip().splitlines()

ABOVE_ZERO = """
jnp.sqrt(w)
jnp.log(w)
jnp.log2(w)
jnp.log10(w)
w ** 0.5
w ** w
jnp.float_power(w, 2.5)
jnp.arccosh(w + 1)
jnp.geomspace(w[0, 0], w[0, 1], 4)
jnp.logspace(w[0, 0], w[0, 1], 4)
jnp.linalg.norm(w[0], 2.5)
""".strip().splitlines()

CASES = [(line, INSIDE) for line in EVERYWHERE] + [(line, POSITIVE) for line in ABOVE_ZERO]


def function_of_w(expression: str, library: ModuleType) -> Callable[[Any], Any]:
    """Returns the function of `w` that an expression states, in a library's arrays."""
    names = {"jnp": library.numpy, "np": np}
    constants = {name: library.numpy.asarray(value) for name, value in OPERANDS.items()}
    return eval(f"lambda w: {expression}", names | constants)


def projected(f: Callable[[Any], Any], library: ModuleType) -> Callable[[Any], Any]:
    """Returns f followed by a fixed projection, so that it has one gradient and one Hessian."""

    def scalar(w: Any) -> Any:
        y = f(w)
        weights = np.cos(1.0 + np.arange(int(np.prod(y.shape)))).reshape(y.shape)
        return library.numpy.sum(y * weights)

    return scalar


def derivatives(f: Callable[[Any], Any], library: ModuleType) -> Callable[[Any], tuple[Any, ...]]:
    """Returns w -> (f, f' along a direction, the gradient of a projection, its derivative)."""
    gradient = library.grad(projected(f, library))

    def all_of(w: Any) -> tuple[Any, ...]:
        direction = library.numpy.asarray(np.sin(2.0 + np.arange(w.size)).reshape(w.shape))
        value, tangent = library.jvp(f, (w,), (direction,))
        slope, curvature = library.jvp(gradient, (w,), (direction,))
        return value, tangent, slope, curvature

    return all_of


def check(expression: str, point: np.ndarray, oracle: ModuleType) -> None:
    """Asserts equal derivatives, eagerly, and both mapped and compiled."""
    expected = _at_points(expression, point, oracle)
    f = derivatives(function_of_w(expression, mj), mj)
    tolerance = 1e-5 if "float32" in expression else 1e-10
    close = lambda ours, theirs, what: np.testing.assert_allclose(  # noqa: E731
        np.asarray(ours), np.asarray(theirs), tolerance, tolerance, err_msg=what
    )
    what = ("value", "jvp", "grad", "hvp")
    for name, ours, theirs in zip(what, f(mj.numpy.asarray(point)), expected, strict=True):
        close(ours, theirs[0], f"{name} of {expression}")
    points = mj.numpy.asarray(np.stack([point, point * 0.9]))
    for name, ours, theirs in zip(what, mj.jit(mj.vmap(f))(points), expected, strict=True):
        close(ours, theirs, f"{name} of {expression} in jit(vmap)")


def _at_points(expression: str, point: np.ndarray, oracle: ModuleType) -> list[np.ndarray]:
    f = oracle.jit(derivatives(function_of_w(expression, oracle), oracle))
    rows = [f(oracle.numpy.asarray(p)) for p in (point, point * 0.9)]
    return [np.stack([np.asarray(v) for v in column]) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(("expression", "point"), sample(CASES, 2))
def test_derivatives(expression: str, point: np.ndarray, oracle: ModuleType) -> None:
    check(expression, point, oracle)


# Expressions at points where a formula divides by zero, subtracts infinities or has two branches.
ZEROS = [0.0, 0.0, 0.0]
TIES = [1.0, 1.0, 0.5]
AROUND = [0.0, -1.0, 2.0]
FROM_ZERO = [0.0, 1.0, 4.0]
GAPS = [np.nan, 1.0, 2.0]
LOWEST = [-np.inf, -np.inf, 0.0]
ENDS = [0.0, 1e3, -1e3]
UNIT = [1.0, 0.0, -1.0]
BOUNDS = [0.0, 1.0, 0.5]

SINGULAR: dict[str, list[list[float]]] = {
    "jnp.linalg.norm(w)": [ZEROS],
    "jnp.linalg.norm(w,1)": [ZEROS],
    "jnp.linalg.norm(w,2)": [ZEROS],
    "jnp.linalg.norm(w,3)": [ZEROS],
    "jnp.linalg.norm(w,jnp.inf)": [ZEROS],
    "jnp.linalg.norm(w[None],axis=1)": [ZEROS],
    "jnp.sqrt(w)": [FROM_ZERO],
    "jnp.cbrt(w)": [AROUND],
    "jnp.abs(w)": [AROUND],
    "jnp.sign(w)": [AROUND],
    "jnp.max(w)": [TIES],
    "jnp.min(w)": [[0.0, 0.0, -0.5]],
    "jnp.maximum(w,1.0)": [TIES],
    "jnp.minimum(w,jnp.ones(3))": [TIES],
    "jnp.fmax(w,1.0)": [TIES],
    "w**0": [AROUND],
    "w**0.0": [AROUND],
    "w**1": [AROUND],
    "w**2": [AROUND],
    "w**2.0": [AROUND],
    "w**1.0": [AROUND],
    "w**3.0": [AROUND],
    "w**0.5": [FROM_ZERO],
    "0.0**w": [[1.0, 2.0, 5.0], FROM_ZERO],
    "jnp.power(w,jnp.array([2.0,1.0,0.0]))": [ZEROS],
    "jnp.power(w,jnp.array([2,1,0]))": [ZEROS],
    "jnp.float_power(w,2)": [AROUND],
    "jnp.where(w>0,jnp.log(jnp.where(w>0,w,1.0)),0.0)": [AROUND],
    "jnp.where(w>0,w,0.0)": [AROUND],
    "jnp.where(w>0,jnp.sqrt(w),0.0)": [AROUND],
    "jnp.logaddexp(w,-jnp.inf)": [LOWEST],
    "jnp.logaddexp(w,w)": [LOWEST],
    "jnp.logaddexp2(w,-jnp.inf)": [LOWEST],
    "jnp.logaddexp(w,1.0)": [TIES],
    "jnp.sinc(w)": [ZEROS, AROUND],
    "jnp.arctan2(w,0.0)": [AROUND],
    "jnp.arctan2(0.0,w)": [AROUND],
    "jnp.arctan2(w,w)": [ZEROS],
    "jnp.std(w)": [[1.0, 1.0, 1.0]],
    "jnp.var(w)": [ZEROS],
    "jnp.nanstd(w)": [ZEROS],
    "jnp.std(w,ddof=1)": [ZEROS],
    "jnp.clip(w,0.0,1.0)": [BOUNDS],
    "jnp.clip(w,0.0,0.0)": [ZEROS],
    "jnp.hypot(w,0.0)": [AROUND, ZEROS],
    "jnp.hypot(w,w)": [ZEROS],
    "jnp.prod(w)": [AROUND, ZEROS],
    "jnp.cumprod(w)": [AROUND],
    "jnp.abs(w+0j)": [ZEROS],
    "jnp.abs(w*1j)": [AROUND],
    "jnp.angle(w+0j)": [AROUND],
    "jnp.arcsin(w)": [UNIT],
    "jnp.arccosh(w)": [[1.0, 2.0, 3.0]],
    "jnp.arctanh(w)": [[0.0, 1.0, -1.0]],
    "jnp.tanh(w)": [ENDS],
    "jnp.exp(w)": [ENDS],
    "jnp.log(w)": [FROM_ZERO],
    "jnp.log1p(w)": [[-1.0, 0.0, 1.0]],
    "jnp.reciprocal(w)": [AROUND],
    "w/w": [AROUND],
    "jnp.nan_to_num(w)": [LOWEST],
    "jnp.nansum(w)": [GAPS],
    "jnp.nanmean(w*w)": [GAPS],
    "jnp.nanvar(w)": [GAPS],
    "jnp.nanmax(w)": [[np.nan, 2.0, 2.0]],
    "jnp.ptp(w)": [TIES],
    "jnp.sort(w)": [TIES],
    "jnp.argmax(w)*w": [TIES],
    "jnp.mod(w,1.0)": [AROUND],
    "jnp.floor_divide(w,1.0)": [AROUND],
    "jnp.fmod(w,1.0)": [AROUND],
    "jnp.copysign(w,1.0)": [AROUND],
    "jnp.heaviside(w,0.5)": [AROUND],
    "jnp.interp(w,jnp.array([0.,1,2]),jnp.array([0.,1,4]))": [[0.0, 1.0, 2.0]],
    "jnp.square(w)": [ZEROS],
    "jnp.fabs(w)": [AROUND],
    "jnp.real(jnp.sqrt(w+0j))": [AROUND],
    "jnp.linalg.norm(w*1j)": [ZEROS],
    "jnp.corrcoef(jnp.stack([w,w*w]))": [AROUND],
    "jnp.max(w,initial=1.0)": [TIES],
    "jnp.expm1(w)": [ZEROS],
    "jnp.vdot(w,w)": [ZEROS],
    "w.at[jnp.array([0,0])].max(1.0)": [TIES],
    "w.at[0].min(1.0)": [TIES],
    "w.at[0].multiply(0.0)": [AROUND],
    "w.at[0].power(2)": [AROUND],
    "jnp.trapezoid(w,w)": [ZEROS],
}


@pytest.mark.parametrize(
    ("expression", "point"), [(key, point) for key, points in SINGULAR.items() for point in points]
)
def test_singular_points(expression: str, point: list[float], oracle: ModuleType) -> None:
    """Where the oracle's derivatives are finite, they are finite and equal; values always."""
    compiled = oracle.jit(derivatives(function_of_w(expression, oracle), oracle))
    theirs = compiled(oracle.numpy.asarray(point))
    f = derivatives(function_of_w(expression, mj), mj)
    for run in (f, mj.jit(f)):
        for ours, expected in zip(run(mj.numpy.asarray(point)), theirs, strict=True):
            wanted = np.asarray(expected)
            found = np.where(np.isfinite(wanted), np.asarray(ours), wanted)
            np.testing.assert_allclose(found, wanted, 1e-9, 1e-9, err_msg=expression)


@pytest.mark.parametrize(
    "expression",
    ["jnp.linalg.norm(w)", "jnp.linalg.norm(w * 1j)", "jnp.std(w)", "jnp.nanstd(w)"],
)
def test_roots_of_zero_have_derivative_zero(expression: str) -> None:
    values = derivatives(function_of_w(expression, mj), mj)(mj.numpy.zeros(3))
    for value in values:
        np.testing.assert_array_equal(np.asarray(value), 0)
