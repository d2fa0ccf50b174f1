"""Conversions, neighbours and constant powers in compiled code agree with the evaluator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import bfloat16
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.stage import stage
from minijax.primitives.arithmetic import nextafter
from minijax.primitives.compare import lt
from minijax.primitives.convert import convert_element_type
from minijax.primitives.powers import pow as power

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float64", "float32", "float16", bfloat16]


def _around(value: float) -> list[float]:
    return [value - 1, value - 0.5, np.nextafter(value, -np.inf), value, value + 0.5, value + 1]


def _hard_numbers() -> np.ndarray:
    """Ends of the ranges of integers, their neighbours, and what is no number."""
    found = [0.0, -0.0, 0.99, -0.99, 5e-324, 1e300, np.inf, np.nan, -np.inf, -1e300]
    for bits in (7, 8, 15, 16, 31, 32, 63, 64):
        found += [*_around(2.0**bits), *_around(-(2.0**bits))]
    return np.array(found)


def _both(function: Callable[..., Sequence[Any]], *arrays: np.ndarray) -> list[np.ndarray]:
    program = stage(function, [ShapedArray(x.shape, x.dtype) for x in arrays])
    found = compile_jaxpr(program).run(arrays)
    with np.errstate(all="ignore"):
        wanted = [np.asarray(y) for y in eval_jaxpr(program, *arrays)]
    for x, y in zip(found, wanted, strict=True):
        assert x.dtype == y.dtype
    return [*found, *wanted]


@pytest.mark.parametrize("source", FLOATS)
@pytest.mark.parametrize("target", INTEGERS)
def test_floats_become_integers(source: Any, target: str) -> None:
    with np.errstate(all="ignore"):
        x = _hard_numbers().astype(source)
    for each in (x, x[:3], x[7:8].reshape(())):
        found, wanted = _both(lambda x: [convert_element_type(x, target)], each)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_neighbours(dtype: str) -> None:
    info = np.finfo(dtype)
    some = [0.0, -0.0, 1.0, -1.0, info.max, info.tiny, info.smallest_subnormal, np.inf, np.nan]
    x, y = (a.ravel() for a in np.meshgrid(*[np.array([*some, -info.max, -np.inf], dtype)] * 2))
    found, wanted = _both(lambda x, y: [nextafter(x, y)], x, y)
    np.testing.assert_array_equal(found, wanted)
    if dtype != "float16":  # where NumPy's own forgets the sign of zero
        same = np.signbit(found) == np.signbit(wanted)
        assert same[~np.isnan(wanted)].all()


@pytest.mark.parametrize("exponent", [0.5, -0.5])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_power_of_one_half_is_a_root(exponent: float, dtype: str) -> None:
    x = np.array([0.0, -0.0, 1.0, 2.0, 1e-40, 3e38, np.inf, -np.inf, -1.0, np.nan], dtype)
    program = stage(
        lambda x: [power(x, np.asarray(exponent, dtype))], [ShapedArray(x.shape, x.dtype)]
    )
    compiled = compile_jaxpr(program)
    assert "pow" not in compiled.llvm_ir()
    # Element by element: that is what IEEE 754 says of -0 and -inf.
    with np.errstate(all="ignore"):
        wanted = np.array([np.float64(v) ** np.float64(exponent) for v in x]).astype(dtype)
    np.testing.assert_allclose(compiled.run([x])[0], wanted, 4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("size", [1, 5, 16, 33, 100])
def test_narrow_results_are_stored_by_whole_vectors(size: int) -> None:
    rng = np.random.default_rng(size)
    x, y = rng.normal(size=(2, 3, size))
    found, small, *wanted = _both(lambda x, y: [lt(x, y), convert_element_type(x, "int8")], x, y)
    np.testing.assert_array_equal(found, wanted[0])
    np.testing.assert_array_equal(small, wanted[1])


def test_integers_of_64_bits_are_rounded_once() -> None:
    rng = np.random.default_rng(0)
    found = [0, 1, -1, 2**31, -(2**31), 2**32 - 1, 2**52 + 1, -(2**63), 2**63 - 1, 2**63 - 513]
    found += [sign * (2**bits + k) for bits in range(50, 63) for k in (1, 3) for sign in (1, -1)]
    numbers = np.concatenate([found, rng.integers(-(2**63), 2**63 - 1, 999), np.arange(-9, 9)])
    numbers = numbers >> np.arange(numbers.size) % 3
    a, _ = _both(lambda x: [convert_element_type(x, np.dtype("float64"))], numbers)
    assert a.tobytes() == numbers.astype("float64").tobytes()
