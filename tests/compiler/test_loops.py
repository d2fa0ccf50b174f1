"""Elements, folds, running folds, scatters, products and sorts agree with the evaluator."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from minijax.core import dtypes
from minijax.primitives.arithmetic import add, mul
from minijax.primitives.broadcast import broadcast_in_dim, reduce_sum
from minijax.primitives.cumulative import cumsum
from minijax.primitives.dot import dot_general
from minijax.primitives.reduction import argmax, reduce_max, reduce_prod
from minijax.primitives.shape import reshape, transpose
from minijax.primitives.slicing import dynamic_index_in_dim, dynamic_update_index_in_dim
from minijax.primitives.sort import sort
from minijax.primitives.trigonometric import sin
from tests.compiler.programs import aval, check_function

SIZES = [0, 1, 7, 33, 64, 1000, 5000]


@pytest.mark.parametrize("n", SIZES)
def test_map_and_sums_of_every_size(n: int) -> None:
    check_function(lambda x, y: [add(mul(x, y), x), reduce_sum(sin(x), (0,))], aval(n), aval(n))


@pytest.mark.parametrize("shape", [(3, 5), (0, 4), (4, 0), (1, 1), (70, 533), (600, 9), (9, 1025)])
def test_sums_along_each_axis(shape: tuple[int, int]) -> None:
    check_function(
        lambda x: [reduce_sum(x, axes) for axes in ((), (0,), (1,), (0, 1))],
        aval(*shape),
        tolerance=1e-11,
    )


@pytest.mark.parametrize("dtype", dtypes.NUMERIC, ids=dtypes.short_name)
def test_folds_of_every_dtype(dtype: np.dtype) -> None:
    tolerance = 0.02 if dtype.itemsize <= 2 else 1e-4
    check_function(
        lambda x: [reduce_sum(x, (0,)), reduce_prod(x, (1,)), add(x, x)],
        aval(130, 3, dtype=dtype),
        tolerance=tolerance,
    )


def test_extremes_and_their_places() -> None:
    where = np.dtype("int64")
    check_function(
        lambda x: [reduce_max(x, (0,)), reduce_max(x, (1,)), argmax(x, 1, where)], aval(40, 50)
    )


def test_layouts_fuse_into_their_consumers() -> None:
    def function(x: Any) -> list[Any]:
        flat = reshape(transpose(x, (2, 0, 1)), (30, 4))
        return [sin(flat), reduce_sum(flat, (1,)), reshape(mul(x, x), (8, 15))]

    check_function(function, aval(4, 5, 6))


def test_expensive_elements_are_computed_once() -> None:
    compiled = check_function(
        lambda x: [broadcast_in_dim(sin(x), (50, 40), (1,))],
        aval(40),
    )
    assert len(re.findall(r"= call [^@]* @sin_f64x\d+", compiled.llvm_ir())) == 1
    assert compiled.memory()["arena"] == 0


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shape", [(7, 9), (1, 3), (3, 1), (0, 2)])
def test_running_sums(shape: tuple[int, int], reverse: bool) -> None:
    check_function(lambda x: [cumsum(x, 0, reverse), cumsum(x, 1, reverse)], aval(*shape))


NUMBERS = [
    (((1,), (0,)), ((), ()), (3, 4), (4, 5)),
    (((1,), (0,)), ((), ()), (30, 40), (40, 50)),
    (((0,), (0,)), ((), ()), (40, 30), (40, 50)),
    (((0,), (1,)), ((), ()), (40, 30), (50, 40)),
    (((1,), (1,)), ((), ()), (30, 40), (50, 40)),
    (((2,), (1,)), ((0,), (0,)), (3, 30, 40), (3, 40, 50)),
    (((2,), (1,)), ((1,), (2,)), (30, 3, 40), (50, 40, 3)),
    (((0, 2), (1, 0)), ((1,), (2,)), (5, 3, 40, 7), (40, 5, 3, 11)),
    (((1,), (0,)), ((), ()), (30, 40), (40,)),
    (((1,), (0,)), ((), ()), (30, 0), (0, 5)),
]


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128", "complex64", "int32"])
@pytest.mark.parametrize("numbers", NUMBERS, ids=str)
def test_products(numbers: Any, dtype: str) -> None:
    contract, batch, lhs, rhs = numbers
    tolerance = 1e-11 if dtype.endswith(("64", "128")) and dtype != "complex64" else 1e-3
    check_function(
        lambda x, y: [dot_general(x, y, (contract, batch))],
        aval(*lhs, dtype=dtype),
        aval(*rhs, dtype=dtype),
        tolerance=tolerance,
    )


@pytest.mark.parametrize("n", [0, 1, 2, 16, 17, 1000])
def test_sorts(n: int) -> None:
    check_function(lambda x: [sort(x, dimension=0)], aval(n, 3))
    check_function(lambda x: [sort(x, dimension=0)], aval(n, dtype="int8"))
    check_function(
        lambda x, y: sort((x, y), dimension=0, num_keys=1), aval(n, dtype="int8"), aval(n)
    )


def test_updates_are_in_place_and_inputs_are_left_alone() -> None:
    def function(x: Any) -> list[Any]:
        doubled = mul(x, 2.0)
        old = dynamic_index_in_dim(doubled, 3, 0, keepdims=False)
        return [dynamic_update_index_in_dim(doubled, 1.0, 3, 0), mul(old, x)]

    compiled = check_function(function, aval(2000))
    assert "memmove" not in compiled.llvm_ir()
    check_function(lambda x: [dynamic_update_index_in_dim(x, 1.0, 3, 0), x, x], aval(200))


def test_long_sums_of_complex_numbers() -> None:
    # Lanes and their totals are large here, and must not share memory.
    check_function(
        lambda x: [reduce_sum(x, (0,))], aval(70_001, dtype="complex128"), tolerance=1e-9
    )


def test_a_long_chain_compiles() -> None:
    def function(x: Any) -> list[Any]:
        for k in range(1000):
            x = add(mul(x, 0.5), x) if k % 2 else mul(x, 0.7)
        return [x]

    check_function(function, aval())
    check_function(function, aval(20))
