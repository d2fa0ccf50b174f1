"""Sorts by NumPy's functions, selections and lexical orders agree with the evaluator to the bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from minijax.compiler import external
from minijax.compiler.fuse.ordering import plain_keys, selects
from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.interpreters.stage import stage, stage_closed
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.check import check_program
from minijax.kernel.printing import format_program
from minijax.kernel.reference import evaluate_program
from minijax.kernel.roots import Sort
from minijax.primitives.bitwise import bitwise_not
from minijax.primitives.sort import sort, sort_p, top_k, top_k_p

SHAPES = [((1,), 0), ((1000,), 0), ((200, 5), 0), ((5, 200), 1), ((3, 40, 2), 1)]
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def _values(dtype: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Many equal elements; floats have zeros, infinities and NaNs of both signs among them."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if not dtype.startswith("float"):
        return rng.integers(0, 30, shape).astype(dtype)
    rare = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 0.0], dtype)
    x = np.round(3 * rng.normal(size=shape)).astype(dtype)
    return np.where(rng.random(shape) < 0.2, rng.choice(rare, shape), x).astype(dtype)


def _same_bits(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> None:
    for x, y in zip(found, wanted, strict=True):
        assert (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes())


def _avals(*arrays: np.ndarray) -> list[ShapedArray]:
    return [ShapedArray(x.shape, x.dtype) for x in arrays]


def _sort_root(*arrays: np.ndarray, **params: int) -> Sort:
    program = stage_closed(lambda *xs: sort(xs, **params), _avals(*arrays))  # type: ignore[arg-type]
    (found,) = (d for d in lower_jaxpr(program).definitions if isinstance(d, Sort))
    return found


@pytest.mark.parametrize("dtype", ["float64", "float32", "bool", *INTEGERS])
def test_values_and_orders(dtype: str) -> None:
    for shape, axis in SHAPES:
        x = _values(dtype, shape)
        places = np.indices(shape)[axis].astype(np.int32)
        params = {"dimension": axis, "is_stable": True, "num_keys": 1}
        run = compile_jaxpr(
            stage(lambda x, i, a=axis: [sort(x, a), *sort((x, i), a)], _avals(x, places))
        ).run
        wanted = [*sort_p.impl(x, **params), *sort_p.impl(x, places, **params)]
        _same_bits(run([x, places]), wanted)
        # In order already, or all alike.
        ready = np.sort(x, axis=axis, kind="stable")
        _same_bits(run([ready, places])[1:], sort_p.impl(ready, places, **params))
        alike = np.full_like(x, x.flat[0])
        _same_bits(run([alike, places])[1:], (alike, places))


@pytest.mark.parametrize("axis", [0, 1])
def test_several_keys(axis: int) -> None:
    keys = [_values(name, (40, 50), n) for n, name in enumerate(["bool", "float32", "int64"])]
    rest = _values("float64", (40, 50), 9)
    for count in (1, 2, 3):
        root = _sort_root(*keys, rest, num_keys=count)
        assert [d.name for d in plain_keys(root)] == ["uint8", "float32", "int64"][:count]
        program = stage(lambda *xs, n=count: sort(xs, axis, num_keys=n), _avals(*keys, rest))
        wanted = sort_p.impl(*keys, rest, dimension=axis, is_stable=True, num_keys=count)
        _same_bits(compile_jaxpr(program).run([*keys, rest]), wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint8", "bool"])
def test_few_of_many(dtype: str) -> None:
    for shape, axis in SHAPES:
        x = _values(dtype, shape)
        for k in sorted({0, 1, min(5, shape[axis]), shape[axis]}):
            program = stage(lambda x, k=k, a=axis: top_k(x, k, axis=a), _avals(x))
            wanted = top_k_p.impl(x, k=k, axis=axis)
            _same_bits(compile_jaxpr(program).run([x]), wanted)


def test_other_orders_are_merged() -> None:
    """Complex and 16-bit keys have no function of NumPy's to go through."""
    z = np.empty((70,), np.complex128)
    z.real, z.imag = _values("float64", (70,)), _values("float64", (70,), 1)
    half = _values("float32", (70,)).astype(np.float16)
    for x in (z, half):
        assert plain_keys(_sort_root(x)) == ()
        found = compile_jaxpr(stage(lambda x: [sort(x)], _avals(x))).run([x])
        _same_bits(found, sort_p.impl(x, dimension=0, is_stable=True, num_keys=1))


def test_the_evaluator_keeps_the_first() -> None:
    x = np.array([[3.0, 1.0, np.nan], [2.0, 2.0, -np.inf]])
    program = lower_jaxpr(stage_closed(lambda x: top_k(x, 2), _avals(x)))
    check_program(program)
    assert "= first 2 of sort" in format_program(program)
    _same_bits(evaluate_program(program, [x]), top_k_p.impl(x, k=2, axis=1))


def test_few_are_selected_and_many_sorted() -> None:
    x = np.zeros((1000,))
    for k, few in ((5, True), (64, True), (65, False), (1000, False)):
        program = lower_jaxpr(stage_closed(lambda x, k=k: top_k(x, k), _avals(x)))
        (root,) = (d for d in program.definitions if isinstance(d, Sort))
        assert selects(root) is few


def test_unknown_functions_are_refused() -> None:
    assert external.signature("numpy_sort_int32").args == ("ptr", "i64", "ptr")
    with pytest.raises(LookupError, match="float16"):
        external.address("numpy_sort_float16")


def test_orders_are_of_expressions() -> None:
    """A key that is computed is stored first, and its order is that of the numbers stored."""
    x = _values("int64", (500,))
    program = stage(lambda x: sort((bitwise_not(x), x)), _avals(x))
    wanted = sort_p.impl(~x, x, dimension=0, is_stable=True, num_keys=1)
    _same_bits(compile_jaxpr(program).run([x]), wanted)
