from types import ModuleType
from typing import Any

import numpy as np
import pytest

from minijax.core import dtypes
from minijax.kernel.expr import BINARY_SAME, COMPARISON, PREDICATE, UNARY_SAME
from minijax.kernel.scalars import apply, convert, total_order

SMALL = (dtypes.int8, dtypes.uint8, dtypes.int64, dtypes.uint64)
FLOATS = np.array([0.0, -0.0, 1.5, -2.5, 1e300, -1e300, 300.0, -1.0, np.inf, -np.inf, np.nan])


def extremes(dtype: np.dtype) -> np.ndarray:
    info = np.iinfo(dtype)
    middle = [0, 1, 2, 7, 8, 63, 64, 100]
    if dtype.kind == "i":
        middle += [-1, -2, -7, info.min + 1]
    return np.array([info.min, info.max, *middle], dtype)


def pairs(dtype: np.dtype) -> list[np.ndarray]:
    x = extremes(dtype)
    return [grid.ravel() for grid in np.meshgrid(x, x)]


INTEGER_BINARY = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "div": "div",
    "rem": "rem",
    "max": "max",
    "min": "min",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "shift_left": "shift_left",
    "shift_right_arithmetic": "shift_right_arithmetic",
    "shift_right_logical": "shift_right_logical",
}
INTEGER_UNARY = {"neg": "neg", "not": "bitwise_not", "clz": "clz", "abs": "abs", "sign": "sign"}
INTEGER_UNARY["population_count"] = "population_count"
FLOAT_UNARY = (
    *("neg", "sign", "floor", "ceil", "abs", "sqrt", "rsqrt", "cbrt", "logistic"),
    *("exp", "exp2", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)


def jax_result(function: Any, *operands: np.ndarray) -> np.ndarray:
    return np.asarray(function(*operands))


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", SMALL, ids=dtypes.short_name)
@pytest.mark.parametrize("op", INTEGER_BINARY)
def test_integer_operations_at_extremes(oracle: ModuleType, op: str, dtype: np.dtype) -> None:
    x, y = pairs(dtype)
    expected = jax_result(getattr(oracle.lax, INTEGER_BINARY[op]), x, y)
    np.testing.assert_array_equal(apply(op, dtype, [x, y]), expected)


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", SMALL, ids=dtypes.short_name)
@pytest.mark.parametrize("op", INTEGER_UNARY)
def test_integer_functions_at_extremes(oracle: ModuleType, op: str, dtype: np.dtype) -> None:
    x = extremes(dtype)
    if op == "abs" and dtype.kind == "u":  # which the oracle refuses
        np.testing.assert_array_equal(apply(op, dtype, [x]), x)
        return
    expected = jax_result(getattr(oracle.lax, INTEGER_UNARY[op]), x)
    np.testing.assert_array_equal(apply(op, dtype, [x]), expected)


@pytest.mark.oracle
@pytest.mark.parametrize("op", FLOAT_UNARY)
def test_float_functions_at_special_values(oracle: ModuleType, op: str) -> None:
    found = apply(op, dtypes.float64, [FLOATS])
    expected = jax_result(getattr(oracle.lax, op), FLOATS)
    # At 1e300 no two libraries reduce the argument of a trigonometric function alike.
    near = np.abs(FLOATS) != 1e300 if op in ("sin", "cos", "tan") else slice(None)
    np.testing.assert_allclose(found[near], expected[near], rtol=1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("target", (*SMALL, dtypes.int32, dtypes.bool_), ids=dtypes.short_name)
@pytest.mark.parametrize("source", dtypes.FLOAT, ids=dtypes.short_name)
def test_floats_saturate_when_converted(
    oracle: ModuleType, source: np.dtype, target: np.dtype
) -> None:
    with np.errstate(all="ignore"):
        x = np.concatenate([FLOATS, [127.5, 128.0, -128.9, 2.0**63, -(2.0**63)]]).astype(source)
    expected = jax_result(lambda x: oracle.lax.convert_element_type(x, target), x)
    np.testing.assert_array_equal(convert(x, target), expected)


@pytest.mark.oracle
@pytest.mark.parametrize("bits", [(8, 7), (5, 10), (8, 23), (11, 52), (4, 3), (5, 0)])
@pytest.mark.parametrize("dtype", (dtypes.float32, dtypes.float64), ids=dtypes.short_name)
def test_reduce_precision(oracle: ModuleType, dtype: np.dtype, bits: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    spread = np.exp(rng.uniform(-20, 20, 200)) * rng.choice([-1, 1], 200)
    with np.errstate(over="ignore"):
        x = np.concatenate([spread, FLOATS, [65504.0, 65519.9, 65520.0, 6.1e-5]]).astype(dtype)
    expected = jax_result(lambda x: oracle.lax.reduce_precision(x, *bits), x)
    np.testing.assert_array_equal(apply("reduce_precision", dtype, [x], bits), expected)


@pytest.mark.parametrize("dtype", dtypes.FLOAT, ids=dtypes.short_name)
def test_total_order_puts_nans_outside_and_joins_zeros(dtype: np.dtype) -> None:
    rising = np.array([-np.inf, -1.0, -0.0, 0.0, 0.5, 2.0, np.inf]).astype(dtype)
    nan = np.abs(np.array([np.nan], dtype))
    order = total_order(np.concatenate([-nan, rising, nan]))
    assert order[3] == order[4]
    assert np.all(np.diff(np.delete(order, 3)) > 0)


def test_half_floats_are_rounded_once() -> None:
    x = np.array([1.0, 0.1, 3.0], dtypes.float16)
    expected = (1 / np.sqrt(x.astype(np.float32))).astype(np.float16)
    np.testing.assert_array_equal(apply("rsqrt", dtypes.float16, [x]), expected)


def test_nextafter_steps_in_its_own_dtype() -> None:
    x, y = np.ones(1, dtypes.bfloat16), np.full(1, 2, dtypes.bfloat16)
    assert float(apply("nextafter", dtypes.bfloat16, [x, y])[0]) == 1 + 2.0**-7


def test_a_complex_number_keeps_infinite_parts_apart() -> None:
    z = apply("complex", dtypes.complex128, [np.array(np.inf), np.array(1.0)])
    assert (z.real, z.imag) == (np.inf, 1.0)


def test_integer_pow_multiplies() -> None:
    x = np.array([2.0, -3.0, 0.0])
    np.testing.assert_array_equal(apply("integer_pow", x.dtype, [x], 5), [32.0, -243.0, 0.0])
    np.testing.assert_array_equal(apply("integer_pow", x.dtype, [x], -1), [0.5, -1 / 3, np.inf])


def test_a_function_nobody_installed_is_named() -> None:
    with pytest.raises(LookupError, match=r"'no_such_function'.*install_special_functions"):
        apply("special", dtypes.float64, [np.ones(2)], "no_such_function")


INSTALLED = {"erf", "erfc", "lgamma", "digamma"}
SPOKEN = sorted((UNARY_SAME | BINARY_SAME | COMPARISON | PREDICATE) - INSTALLED)


@pytest.mark.parametrize("op", SPOKEN)
def test_every_operation_of_the_language_has_a_function(op: str) -> None:
    integer = {"not", "population_count", "clz", "and", "or", "xor"}
    is_integer = op in integer or op.startswith("shift")
    dtype = np.dtype(np.int64 if is_integer else np.float64)
    operands = [np.ones(3, dtype)] * (1 if op in UNARY_SAME | PREDICATE else 2)
    is_bool = op in COMPARISON | PREDICATE
    assert apply(op, dtypes.bool_ if is_bool else dtype, operands).shape == (3,)
