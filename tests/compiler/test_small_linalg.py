"""Factorisations of small matrices are straight code, and agree with LAPACK's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.interpreters.stage import stage, stage_closed
from minijax.kernel.build import KernelBuilder, lower_jaxpr
from minijax.kernel.check import KernelTypeError, check_program
from minijax.kernel.printing import format_program
from minijax.kernel.reference import evaluate_program
from minijax.kernel.roots import Program, Unrolled, Value
from minijax.primitives.control.loops import scan
from minijax.primitives.linalg.cholesky import cholesky, cholesky_p
from minijax.primitives.linalg.lu import lu, lu_p
from minijax.primitives.linalg.matrices import matmul, transposed
from minijax.primitives.linalg.solve import linear_solve, linear_solve_p
from minijax.primitives.linalg.triangular_solve import triangular_solve, triangular_solve_p

BATCHES = [(), (3,), (16,), (19,), (5, 7)]
TOLERANCE = {"float64": 1e-10, "float32": 2e-3}


def _matrices(batch: tuple[int, ...], n: int, m: int, dtype: str = "float64") -> np.ndarray:
    rng = np.random.default_rng([n, m, *batch])
    return rng.normal(size=(*batch, n, m)).astype(dtype)


def _avals(*arrays: np.ndarray) -> list[ShapedArray]:
    return [ShapedArray(x.shape, x.dtype) for x in arrays]


def _run(function: Callable[..., Sequence[Any]], *arrays: np.ndarray) -> list[np.ndarray]:
    return compile_jaxpr(stage(function, _avals(*arrays))).run(arrays)


def _is_unrolled(function: Callable[..., Sequence[Any]], *arrays: np.ndarray) -> bool:
    program = lower_jaxpr(stage_closed(function, _avals(*arrays)))
    return any(isinstance(d, Unrolled) for d in program.definitions)


def _close(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> None:
    for x, y in zip(found, wanted, strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        tolerance = TOLERANCE.get(x.dtype.name, 0)
        scale = max(1.0, float(np.abs(y).max(initial=0)))
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_factorisations_and_solutions(n: int, dtype: str) -> None:
    for batch in BATCHES if n < 5 else BATCHES[3:4]:
        a, b = _matrices(batch, n, n, dtype), _matrices(batch, n, 2, dtype)
        definite = (a @ a.swapaxes(-1, -2) + n * np.eye(n)).astype(dtype)
        found = _run(lambda a, s: [*lu(a), cholesky(s)], a, definite)
        _close(found, [*lu_p.impl(a), *cholesky_p.impl(definite)])
        factors, _, order = lu_p.impl(a)
        for trans in (0, 1):
            wanted = linear_solve_p.impl(a, factors, order, b, trans=trans)

            def solve(a: Any, f: Any, p: Any, b: Any, trans: int = trans) -> Any:
                return linear_solve_p.bind(a, f, p, b, trans=trans)

            _close(_run(solve, a, factors, order, b), wanted)


def test_eight_rows() -> None:
    a = _matrices((19,), 8, 8)
    _close(_run(lambda a: lu(a), a), lu_p.impl(a))


@pytest.mark.parametrize("shape", [(2, 4), (4, 2), (5, 1)])
def test_matrices_that_are_not_square(shape: tuple[int, int]) -> None:
    a = _matrices((17,), *shape)
    assert _is_unrolled(lambda a: lu(a), a)
    _close(_run(lambda a: lu(a), a), lu_p.impl(a))


FLAGS = ("left_side", "lower", "transpose_a", "unit_diagonal")


@pytest.mark.parametrize("flags", list(itertools.product((False, True), repeat=4)))
def test_triangular_equations(flags: tuple[bool, ...]) -> None:
    params = dict(zip(FLAGS, flags, strict=True))
    for batch in ((), (17,)):
        a = _matrices(batch, 3, 3) + 3 * np.eye(3)
        # The other triangle is not read.
        a = np.where(np.eye(3) + (np.tri(3) if params["lower"] else np.tri(3).T), a, np.nan)
        for width in (1, 2):
            b = _matrices(batch, 3, width) if params["left_side"] else _matrices(batch, width, 3)
            wanted = triangular_solve_p.impl(a, b, conjugate_a=False, **params)
            _close(_run(lambda a, b: [triangular_solve(a, b, **params)], a, b), wanted)


def test_what_has_no_factor_is_nan() -> None:
    a = np.broadcast_to(2 * np.eye(3), (20, 3, 3)).copy()
    a[3, 1, 1], a[5, 2, 2], a[7, 0, 0] = -1, 0, np.nan
    (found,) = _run(lambda a: [cholesky(a)], a)
    lost = np.isnan(found[:, *np.tril_indices(3)]).all(1)
    assert np.flatnonzero(lost).tolist() == [3, 5, 7]
    np.testing.assert_array_equal(found, cholesky_p.impl(a)[0])


def test_singular_matrices() -> None:
    a = _matrices((20,), 3, 3)
    a[4, :, 1] = 0
    a[9] = 0
    _close(_run(lambda a: lu(a), a), lu_p.impl(a))
    (x,) = _run(lambda a, b: [linear_solve(a, b)], a, np.ones((20, 3, 1)))
    assert np.flatnonzero(~np.isfinite(x).all((1, 2))).tolist() == [4, 9]


def test_what_goes_in_is_computed_on_the_way() -> None:
    """Operands that are expressions, slices and transposes are read in place."""
    a, b = _matrices((16,), 3, 5), _matrices((16,), 3, 1)

    def function(a: Any, b: Any) -> list[Any]:
        square = matmul(a, transposed(a))
        return [linear_solve(transposed(square), b * b), cholesky(square)]

    square = a @ a.swapaxes(-1, -2)
    wanted = [np.linalg.solve(square.swapaxes(-1, -2), b * b), np.linalg.cholesky(square)]
    _close(_run(function, a, b), wanted)


def test_a_matrix_inside_a_loop() -> None:
    a, b = _matrices((), 3, 3) + 3 * np.eye(3), _matrices((10,), 3, 1)

    def function(a: Any, b: Any) -> Any:
        return scan(lambda x, y: (linear_solve(a, x + y), x), b[0], b)

    x, xs = b[0], []
    for y in b:
        xs.append(x)
        x = np.linalg.solve(a, x + y)
    found = _run(lambda a, b: list(function(a, b)), a, b)
    _close(found, [x, np.stack(xs)])


def test_larger_and_complex_matrices_go_to_lapack() -> None:
    assert _is_unrolled(lambda a: [cholesky(a)], _matrices((16,), 8, 8))
    for a in (
        _matrices((16,), 9, 9),
        _matrices((3,), 5, 5),
        _matrices((16,), 3, 3).astype(np.complex128),
    ):
        assert not _is_unrolled(lambda a: [cholesky(a)], a)


@pytest.mark.parametrize("shape", [(9, 9), (16, 16), (17, 33), (33, 17), (1, 40), (40, 1)])
def test_larger_factors(shape: tuple[int, int]) -> None:
    for dtype, batch in (("float64", (3,)), ("float32", ())):
        a = _matrices(batch, *shape, dtype)
        _close(_run(lambda a: lu(a), a), lu_p.impl(a))


def test_pivots_whose_inverse_overflows() -> None:
    a = _matrices((), 12, 12)
    a[:, 4] = 0
    a[:, 7] *= np.finfo(np.float64).tiny / 64
    factors, _, order = _run(lambda a: lu(a), a)
    lower = np.tril(factors, -1) + np.eye(12)
    assert np.abs(lower).max() == 1
    np.testing.assert_allclose(lower @ np.triu(factors), a[order], rtol=1e-10, atol=1e-300)


# -- the root


def _program(count: int) -> Program:
    """Sums and differences of neighbours, of which `count` are handed in."""
    k = KernelBuilder()
    x = Value(ShapedArray((5, 2), np.dtype(np.float64)), k)
    outs = k.unrolled(
        [x.aval, ShapedArray((5, 1), x.dtype)],
        (5,),
        lambda i: ([k.add(x(i, 0), x(i, 1)), k.sub(x(i, 0), x(i, 1))][:count], [x(i, 1)]),
    )
    return Program((x,), tuple(k.definitions), outs, tuple(k.literals))


def test_the_evaluator_and_the_printer() -> None:
    program = _program(2)
    check_program(program)
    x = np.arange(10.0).reshape(5, 2)
    sums, last = evaluate_program(program, [x])
    np.testing.assert_array_equal(sums, np.stack([x[:, 0] + x[:, 1], x[:, 0] - x[:, 1]], 1))
    np.testing.assert_array_equal(last, x[:, 1:])
    assert "unrolled for i0:" in format_program(program)


def test_a_missing_body_is_refused() -> None:
    with pytest.raises(KernelTypeError, match="2 bodies"):
        check_program(_program(1))


@pytest.mark.parametrize("shape", [(4, 4), (7, 3), (32, 32), (33, 40), (40, 33)])
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_reflections_one_by_one_are_those_of_the_library(shape: Any, dtype: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(dtype)
    if dtype == "complex128":
        x += 1j * x[:, ::-1]
    found, expected = mj.jit(mj.numpy.linalg.qr)(x), mj.numpy.linalg.qr(x)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
