"""Every scalar operation of the kernel language, on every dtype, agrees with its NumPy meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minijax.primitives.special  # gives the reference its special functions
from minijax.compiler.pipeline import compile_program
from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.kernel import expr
from minijax.kernel.build import KernelBuilder
from minijax.kernel.reference import evaluate_program
from minijax.kernel.roots import Program, Value

Make = Callable[[Any, Any, Any], Any]
ROWS = 67
FLOAT_UNARY = sorted(expr.UNARY_SAME - {"not", "population_count", "clz", "conj"})
FLOAT_BINARY = ["add", "sub", "mul", "div", "rem", "pow", "max", "min", "atan2", "nextafter"]
INTEGER_UNARY = ["neg", "sign", "not", "population_count", "clz"]
SHIFTS = ["shift_left", "shift_right_arithmetic", "shift_right_logical"]
INTEGER_BINARY = ["add", "sub", "mul", "div", "rem", "max", "min", "and", "or", "xor", *SHIFTS]
COMPLEX_UNARY = [
    *("neg", "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh"),
    *("tanh", "asinh", "acosh", "atanh", "conj", "expm1", "log1p", "rsqrt", "sign", "logistic"),
]
COMPLEX_BINARY = ["add", "sub", "mul", "div", "pow", "max", "min"]


def operations(dtype: np.dtype) -> Iterator[tuple[str, Make]]:
    """Yields names and makers of the operations on a dtype."""
    unary, binary, compare = INTEGER_UNARY, INTEGER_BINARY, sorted(expr.COMPARISON)
    if dtype == dtypes.bool_:
        unary, binary = ["not"], ["and", "or", "xor", "max", "min"]
    elif dtypes.is_complex(dtype):
        unary, binary, compare = COMPLEX_UNARY, COMPLEX_BINARY, ["eq", "ne"]
    elif dtypes.is_float(dtype):
        unary, binary = FLOAT_UNARY, FLOAT_BINARY
        yield from _float_only()
    if dtype != dtypes.bool_:
        yield "abs", lambda k, x, y: k.abs(x)
        for exponent in (0, 1, 2, 3, 7) + ((-1, -3) if dtypes.is_inexact(dtype) else ()):
            yield f"x**{exponent}", lambda k, x, y, n=exponent: k.integer_pow(x, n)
    for name in unary:
        yield name, lambda k, x, y, op=name: k.unary(op, x)
    for name in binary:
        yield name, lambda k, x, y, op=name: k.binary(op, x, y)
    for name in compare:
        yield name, lambda k, x, y, op=name: k.compare(op, x, y)
    for target in dtypes.ALL:
        yield f"to {target}", lambda k, x, y, t=target: k.convert(x, t)
    yield "select", lambda k, x, y: k.select(k.eq(x, y), x, y)


def _float_only() -> Iterator[tuple[str, Make]]:
    for bits in ((5, 10), (8, 7), (4, 3)):
        yield f"reduce_precision{bits}", lambda k, x, y, b=bits: k.reduce_precision(x, *b)
    for name in sorted(expr.PREDICATE):
        yield name, lambda k, x, y, op=name: getattr(k, op)(x)
    yield "bits", lambda k, x, y: k.bitcast(x, np.dtype(f"u{x.dtype.itemsize}"))


def sample(dtype: np.dtype, rng: np.random.Generator) -> np.ndarray:
    """Returns values of a dtype with its edge cases among them."""
    if dtype == dtypes.bool_:
        return rng.integers(0, 2, ROWS).astype(bool)
    if dtypes.is_integer(dtype):
        info = np.iinfo(dtype)
        x = rng.integers(info.min, info.max, ROWS, dtype=dtype, endpoint=True)
        x[:6] = info.min, info.max, 0, 1, 2, info.max
        x[6:8] = -1 if info.min else 0
        x[20:40] = rng.integers(0, 9, 20)
        return x
    if dtypes.is_complex(dtype):
        x = rng.standard_normal(ROWS) * 3 + 1j * rng.standard_normal(ROWS) * 3
        x[:4] = 0, 1, 1j, -1
        return x.astype(dtype)
    x = rng.standard_normal(ROWS) * 3
    x[:8] = 0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 0.5
    x[20:30] = rng.uniform(-1, 1, 10)
    x[30:40] *= 100
    x[40:44] = 2.5, 3.5, -2.5, 0.5
    return x.astype(dtype)


def tolerance(dtype: np.dtype) -> float:
    """Returns how far results may be apart, relatively."""
    if dtype in (dtypes.bfloat16, dtypes.float16):
        return 1e-2
    return 1e-5 if dtype in (dtypes.float32, dtypes.complex64) else 1e-13


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=dtypes.short_name)
def test_operations(dtype: np.dtype) -> None:
    assert minijax.primitives.special
    k = KernelBuilder()
    x, y = (Value(ShapedArray((ROWS,), dtype), k) for _ in range(2))
    names, outs = [], []
    for name, make in operations(dtype):
        result = make(k, k.variable(dtype), k.variable(dtype)).dtype
        aval = ShapedArray((ROWS,), result)
        outs += k.element(aval, lambda i, make=make: make(k, x(i), y(i)))
        names.append(name)
    program = Program((x, y), tuple(k.definitions), tuple(outs), ())
    rng = np.random.default_rng(1)
    args = [sample(dtype, rng), sample(dtype, rng)[rng.permutation(ROWS)]]
    got = compile_program(program).run(args)
    with np.errstate(all="ignore"):
        want = evaluate_program(program, args)
    for name, a, b in zip(names, got, want, strict=True):
        compare(name, a, b)


def compare(name: str, got: np.ndarray, want: np.ndarray) -> None:
    """Asserts that results agree; NaN equals NaN."""
    assert got.dtype == want.dtype, name
    if not dtypes.is_inexact(got.dtype):
        np.testing.assert_array_equal(got, want, err_msg=name)
        return
    wide = np.complex128 if dtypes.is_complex(got.dtype) else np.float64
    bound = tolerance(got.dtype)
    with np.errstate(all="ignore"):
        same = np.isclose(got.astype(wide), want.astype(wide), bound, bound, equal_nan=True)
    assert same.all(), f"{name}: {got[~same][:3]} is not {want[~same][:3]}"
