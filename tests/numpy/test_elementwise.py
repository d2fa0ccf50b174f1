"""Elementwise functions on operands of all kinds against the oracle."""

from __future__ import annotations

from typing import Any

import pytest

from tests.numpy.oracle import agree, sample

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

# Elementwise functions are run on all of these operands.
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "remainder",
    "fmod",
    "power",
    "float_power",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "logaddexp",
    "arctan2",
    "copysign",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "left_shift",
    "right_shift",
    "nextafter",
    "isclose",
    "divmod",
]
PAIRS = [
    "x,y",
    "x,2",
    "2,x",
    "x,f",
    "f,2.5",
    "i,j",
    "i,2",
    "i,2.5",
    "2,i",
    "i,f",
    "u,s",
    "u,3",
    "b,b",
    "b,1",
    "b,2.0",
    "z,x",
    "z,2",
    "1,2",
    "1.5,2",
    "h,f",
    "h,2",
    "m,x",
    "x,m.T",
    "n,n",
    "n,1.0",
    "s,s",
    "7,-2",
    "i,0",
    "1j,x",
    "f,1j",
]
UNARY = [
    "negative",
    "positive",
    "abs",
    "absolute",
    "fabs",
    "sign",
    "signbit",
    "square",
    "reciprocal",
    "floor",
    "ceil",
    "trunc",
    "round",
    "sqrt",
    "cbrt",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "sinc",
    "deg2rad",
    "rad2deg",
    "real",
    "imag",
    "conj",
    "angle",
    "isfinite",
    "isnan",
    "isinf",
    "isposinf",
    "isneginf",
    "iscomplex",
    "isreal",
    "logical_not",
    "bitwise_not",
    "bitwise_count",
    "modf",
    "nan_to_num",
]
SINGLES = ["x", "y", "i", "u", "s", "b", "f", "h", "n", "z", "m", "1", "2.5", "True", "1j"]


@pytest.mark.parametrize("name", BINARY)
def test_binary(name: str, oracle: Any) -> None:
    for pair in sample(PAIRS, 2, BINARY.index(name)):
        agree(f"jnp.{name}({pair})", oracle)


@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str, oracle: Any) -> None:
    for operand in sample(SINGLES, 2, UNARY.index(name)):
        agree(f"jnp.{name}({operand})", oracle)


@pytest.mark.parametrize("name", ["add", "divide", "maximum", "left_shift", "power", "hstack"])
def test_a_python_bool_leaves_other_numbers_weak(name: str, oracle: Any) -> None:
    for pair in ("True, 3", "3, True", "jnp.asarray(3), True"):
        agree(f"jnp.{name}(({pair}))" if name == "hstack" else f"jnp.{name}({pair})", oracle)


@pytest.mark.parametrize("name", ["floor_divide", "divmod"])
def test_floats_divided_by_zero(name: str, oracle: Any) -> None:
    agree(f"jnp.{name}(jnp.array([1.0, -1.0, 0.0, jnp.inf, jnp.nan]), 0.0)", oracle)
    agree(f"jnp.{name}(jnp.array([1.0, -1.0, 0.0, 5.0]), -0.0)", oracle)
