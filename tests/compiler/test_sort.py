"""Sorts by NumPy's functions, selections and lexical orders agree with the evaluator to the bit."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax.compiler import external, numpy_sorts
from minijax.compiler.emit.sorts import nth
from minijax.compiler.fuse.ordering import plain_keys, selects
from minijax.compiler.fuse.steps import fuse
from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.stage import stage, stage_closed
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.check import check_program
from minijax.kernel.printing import format_program
from minijax.kernel.reference import evaluate_program
from minijax.kernel.roots import Sort
from minijax.primitives.bitwise import bitwise_not
from minijax.primitives.creation import broadcasted_iota
from minijax.primitives.joining import concatenate
from minijax.primitives.partition import partition, partition_p
from minijax.primitives.sort import sort, sort_p, top_k, top_k_p
from minijax.primitives.windows import slice_in_dim

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
    """16-bit floats have no function of NumPy's to go through."""
    half = _values("float32", (70,)).astype(np.float16)
    assert plain_keys(_sort_root(half)) == ()
    found = compile_jaxpr(stage(lambda x: [sort(x)], _avals(half))).run([half])
    _same_bits(found, sort_p.impl(half, dimension=0, is_stable=True, num_keys=1))


@pytest.mark.parametrize("axis", [0, 1])
def test_complex_numbers_have_two_keys(axis: int) -> None:
    z = np.empty((70, 3), np.complex128)
    z.real, z.imag = _values("float64", (70, 3)), _values("float64", (70, 3), 1)
    places = np.indices(z.shape)[axis]
    assert [key.name for key in plain_keys(_sort_root(z))] == ["float64", "float64"]
    found = compile_jaxpr(stage(lambda z, i: sort((z, i), axis), _avals(z, places))).run(
        [z, places]
    )
    wanted = sort_p.impl(z, places, dimension=axis, is_stable=True, num_keys=1)
    _same_bits(found, wanted)


def _order(x: np.ndarray, axis: int = 0) -> None:
    """Compares the compiled order with that of a stable sort."""
    places = np.indices(x.shape)[axis]
    run = compile_jaxpr(stage(lambda x, i: sort((x, i), axis), _avals(x, places))).run
    wanted = np.argsort(x, axis=axis, kind="stable")
    np.testing.assert_array_equal(run([x, places])[1], wanted)


@pytest.mark.parametrize("dtype", ["int64", "uint64", "float64"])
def test_orders_of_keys_that_agree_in_their_upper_bits(dtype: str) -> None:
    rng = np.random.default_rng(0)
    spread = np.array([-(2**62), -(2**40), -1, 0, 1, 2**33, 2**62]) if dtype != "uint64" else None
    middle = np.array([0, 1, 2**33, 2**63]) if spread is None else spread
    for low in (2, 2**11, 2**12, 2**31, 2**33):
        x = rng.choice(middle, 3000).astype(dtype) + rng.integers(0, low, 3000).astype(dtype)
        _order(x)
    if dtype == "float64":
        _order(np.nextafter(np.full(3000, 1.5), np.inf) + rng.integers(0, 9, 3000) * 2.0**-50)


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8", "uint64", "uint16", "float32"])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 255, 256, 257])
def test_orders_of_keys_at_the_ends_of_their_range(dtype: str, n: int) -> None:
    info = np.finfo(dtype) if dtype.startswith("f") else np.iinfo(dtype)
    ends = np.array([info.min, info.max, 0, 1], dtype)
    _order(np.random.default_rng(n).choice(ends, n))
    _order(np.full(n, info.max, dtype))


@pytest.mark.parametrize("shape", [(600, 7), (3, 520, 5), (513, 1)])
def test_long_lines_are_brought_together(shape: tuple[int, ...]) -> None:
    axis = len(shape) - 2
    x = _values("float64", shape)
    _order(x, axis)
    run = compile_jaxpr(stage(lambda x: [sort(x, axis), *top_k(x, 3, axis=axis)], _avals(x))).run
    values = sort_p.impl(x, dimension=axis, is_stable=True, num_keys=1)
    _same_bits(run([x]), [*values, *top_k_p.impl(x, k=3, axis=axis)])


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


# -- around a place


def _around(x: np.ndarray, numbers: Sequence[int], axis: int = 0) -> None:
    """Compares values and places around some places with the evaluator's."""
    places = np.indices(x.shape)[axis].astype(np.int32)

    def all_of_them(x: Any, i: Any) -> list[Any]:
        return [out for k in numbers for out in partition([x, i], k, axis)]

    found = compile_jaxpr(stage(all_of_them, _avals(x, places))).run([x, places])
    order = np.argsort(x, axis=axis, kind="stable")
    for at, k in enumerate(numbers):
        wanted = partition_p.impl(x, places, dimension=axis, kth=k)
        _same_bits(found[2 * at : 2 * at + 2], wanted)
        assert np.array_equal(np.take(wanted[1], k, axis), np.take(order, k, axis))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bool", *INTEGERS])
def test_rows_around_a_place(dtype: str) -> None:
    for shape, axis in (*SHAPES, ((300, 3), 0), ((3000,), 0)):
        n = shape[axis]
        _around(_values(dtype, shape), sorted({0, min(3, n - 1), n // 2, n - 1}), axis)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint32", "int16"])
def test_a_place_among_many_keys(dtype: str) -> None:
    n = 20000
    rng = np.random.default_rng(3)
    info = np.iinfo(dtype if dtype[0] in "iu" else "int32")
    x = rng.integers(info.min, info.max, n, dtype=info.dtype).astype(dtype)
    for values in (x, np.sort(x), np.full_like(x, 3)):
        _around(values, (0, 7, n // 3, n - 2))
    # One key is most of them, and few are far away.
    x[rng.random(n) < 0.9] = 5
    _around(x, (0, 400, 1500, n // 2, n - 1))
    if dtype.startswith("f"):
        x[rng.random(n) < 0.3] = np.nan
        _around(x, (0, n // 2, 3 * n // 4, n - 1))


@pytest.mark.parametrize("rounds", [0, 1])
def test_a_place_is_found_without_luck(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample is but a guess: halving the range of keys ends as well."""
    monkeypatch.setattr(nth, "_SAMPLED_ROUNDS", rounds)
    monkeypatch.setattr(nth, "_MANY", 2000)
    monkeypatch.setattr(nth, "_SPREAD", 0.0)
    monkeypatch.setattr(nth, "_SLACK", 0.0)
    for dtype in ("float64", "int8", "uint64"):
        _around(_values(dtype, (3000,)), (0, 1200, 2999))
        mixed = np.random.default_rng(0).integers(0, 100, 3000).astype(dtype)
        _around(mixed, (0, 1200, 2999))


def test_a_place_is_found_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_sorts, "available", lambda dtype: False)
    for dtype in ("float32", "uint8"):
        _around(_values(dtype, (1500,)), (700,))


def test_the_evaluator_keeps_both_sides_in_order() -> None:
    x = np.array([[3.0, 1.0, np.nan, 1.0, -0.0], [2.0, 2.0, -np.inf, 0.0, 2.0]])
    program = lower_jaxpr(stage_closed(lambda x: partition([x], 2), _avals(x)))
    check_program(program)
    assert "= around 2 of sort" in format_program(program)
    _same_bits(evaluate_program(program, [x]), partition_p.impl(x, kth=2, dimension=1))


@pytest.mark.parametrize("length", [64, 65, 120, 199, 200])
@pytest.mark.parametrize("dtype", ["float64", "int32", "int16"])
def test_a_partition_of_rows_however_long(length: int, dtype: str) -> None:
    x = _values(dtype, (length, 3))
    for k in (0, 7, length - 1):
        found = np.asarray(mj.jit(lambda x, k=k: mj.numpy.partition(x, k, axis=0))(x))
        np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(x, axis=0))
        np.testing.assert_array_equal(found[k], np.sort(x, axis=0)[k])
        np.testing.assert_array_equal(np.sort(found[:k], axis=0), np.sort(x, axis=0)[:k])


# -- what is true


@pytest.mark.parametrize("n", [1, 31, 32, 33, 200])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_true_ones_first(n: int, share: float) -> None:
    tall = np.random.default_rng(n).random((n, 3)) < share
    for x, axis, k in itertools.product((tall, tall.T), (0, 1), (0, 1, 3, n // 2, n)):
        if k <= x.shape[axis]:
            program = stage(lambda x, k=k, a=axis: top_k(x, k, axis=a), _avals(x))
            _same_bits(compile_jaxpr(program).run([x]), top_k_p.impl(x, k=k, axis=axis))


# -- what is moved


def test_places_are_not_read_and_unread_results_not_written() -> None:
    x = _values("float64", (600, 3))

    def order(x: Any) -> Any:
        return sort((x, broadcasted_iota(np.int64, x.shape, 0)), 0)[1]

    steps = fuse(lower_jaxpr(stage_closed(lambda x: [order(x)], _avals(x)))).steps
    (step,) = (step for step in steps if isinstance(step.definition, Sort))
    assert step.definition.unread == (0,)
    assert all(value.dtype == np.float64 for value in step.loads)
    found = compile_jaxpr(stage(lambda x: [order(x)], _avals(x))).run([x])
    _same_bits(found, [np.argsort(x, axis=0, kind="stable")])


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint16"])
@pytest.mark.parametrize("axis", [0, 1])
def test_places_as_keys(dtype: str, axis: int) -> None:
    """Places wrap around where their dtype is narrow, and then their order is not their own."""

    def function(x: Any) -> Any:
        places = broadcasted_iota(np.dtype(dtype), x.shape, axis)
        return [sort(places, axis), *sort((places, x), axis), *partition([places, x], 2, axis)]

    x = _values("float64", (300, 4) if axis == 0 else (4, 300))
    program = stage(function, _avals(x))
    _same_bits(compile_jaxpr(program).run([x]), evaluate(program, [x]))


def test_sorts_of_which_nothing_is_read() -> None:
    """What reads one only where it never is leaves it behind; nothing is sorted then."""

    def first(x: Any) -> Any:
        return [slice_in_dim(concatenate([x, sort(x, 1)], 1), 0, 1, axis=1)]

    x = _values("float64", (4, 9))
    program = stage(first, _avals(x))
    _same_bits(compile_jaxpr(program).run([x]), [x[:, :1]])


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


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("n", [1, 2, 39, 40, 41, 300])
def test_bytes_are_sorted_in_rows_of_any_length(dtype: str, n: int) -> None:
    info = np.iinfo(dtype)
    x = np.random.default_rng(n).integers(info.min, info.max, (7, n), dtype, endpoint=True)
    for axis in (0, 1):
        (found,) = compile_jaxpr(stage(lambda x, a=axis: sort([x], a), _avals(x))).run([x])
        np.testing.assert_array_equal(found, np.sort(x, axis))
