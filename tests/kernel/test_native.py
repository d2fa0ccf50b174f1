"""Native calls: what the checker refuses, how they print, and batches in compiled programs."""

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import float64
from minijax.interpreters.stage import stage_closed
from minijax.kernel.build import KernelBuilder, lower_jaxpr
from minijax.kernel.check import KernelTypeError, check_program
from minijax.kernel.printing import format_program
from minijax.kernel.roots import NativeCall, Program, Value
from minijax.primitives.linalg.cholesky import cholesky
from minijax.primitives.linalg.triangular_solve import triangular_solve

MATRIX = ShapedArray((2, 3, 3), float64)


def _program(batch: tuple[int, ...], start: tuple[int, int], argument: tuple[str, int]) -> Program:
    k = KernelBuilder()
    x = Value(MATRIX, k)
    call = NativeCall("lapack_dpotrf", (argument,))
    outs = k.native((MATRIX,), (call,), (x,), batch, lambda a: (a,), (start,))
    return Program((x,), tuple(k.definitions), outs, tuple(k.literals))


def test_a_right_program_passes() -> None:
    check_program(_program((2,), (0, 0), ("out", 0)))


@pytest.mark.parametrize(
    ("batch", "argument", "message"),
    [
        ((3,), ("out", 0), "has no axes"),
        ((2, 3, 3), ("out", 0), "is no batch"),
        ((2,), ("out", 1), "no out"),
        ((2,), ("work", 0), "no work"),
        ((2,), ("pointer", 0), "argument of kind pointer"),
    ],
)
def test_wrong_programs_are_refused(
    batch: tuple[int, ...], argument: tuple[str, int], message: str
) -> None:
    with pytest.raises(KernelTypeError, match=message):
        check_program(_program(batch, (0, 0), argument))


def test_printing() -> None:
    program = lower_jaxpr(
        stage_closed(
            lambda a, b: [triangular_solve(a, b, left_side=True)],
            [ShapedArray((2, 9, 9), float64), ShapedArray((2, 9, 1), float64)],
        )
    )
    assert "native blas_dtrsm" in format_program(program)
    assert "for each of (2,)" in format_program(program)


def test_calls_in_loops_and_branches() -> None:
    def step(total: object, x: object) -> object:
        factor = mj.lax.cond(x[0, 0] > 0, cholesky, lambda a: a, x)
        return total + factor, jnp.linalg.inv(x)

    xs = np.stack([np.eye(9) * (k - 1.5) for k in range(4)])
    total, inverses = mj.jit(lambda a: mj.lax.scan(step, jnp.zeros((9, 9)), a))(jnp.array(xs))
    expected = sum(np.sqrt(x) if x[0, 0] > 0 else x for x in xs)
    np.testing.assert_allclose(total, expected, rtol=1e-12)
    np.testing.assert_allclose(inverses, np.linalg.inv(xs), rtol=1e-12, atol=1e-15)
