"""Entries: calls of jitted functions that never pass through Python."""

from __future__ import annotations

import gc
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.entry.layout import find_layout
from minijax.core.config import config

pytestmark = pytest.mark.skipif(find_layout() is None, reason="another interpreter's layout")


class Point(NamedTuple):
    x: Any
    y: Any


def warm(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Calls often enough for an entry to be there; returns the last result."""
    for _ in range(3):
        result = function(*args, **kwargs)
    return result


def slow_calls(function: Any, call: Callable[[], Any]) -> int:
    """Returns how many of three calls pass through Python."""
    assert all(p.flat is None for p in function._programs.values()), (
        "calls have gone through Python"
    )
    before = sum(sum(p.calls.values()) for p in function._programs.values())
    for _ in range(3):
        call()
    return sum(sum(p.calls.values()) for p in function._programs.values()) - before


ARGUMENTS = {
    "array": lambda: jnp.arange(4.0),
    "matrix": lambda: jnp.arange(6.0).reshape(2, 3),
    "weak": lambda: jnp.asarray(2.0) * 1,
    "numpy": lambda: np.arange(4.0, dtype=np.float32),
    "bool array": lambda: np.array([True, False]),
    "complex": lambda: 1.5 + 2.5j,
    "float": lambda: 2.5,
    "int": lambda: -1,
    "large int": lambda: 1 << 60,
    "bool": lambda: True,
    "numpy scalar": lambda: np.float32(2.5),
    "numpy int": lambda: np.int16(-7),
    "list": lambda: [jnp.arange(3.0), 2.0],
    "tuple": lambda: (jnp.arange(3.0), (1, 2.0), ()),
    "named tuple": lambda: Point(1.0, np.arange(3)),
    "dict": lambda: {"w": jnp.ones((2, 2)), "b": {"z": 1.0, "a": 2}},
    "none": lambda: [None, 1.0],
    "empty": lambda: np.zeros((0, 3)),
}


def double(tree: Any) -> Any:
    return mj.tree.map(lambda x: x + x if x.dtype != bool else x, tree)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_kind_of_argument(name: str) -> None:
    argument = ARGUMENTS[name]()
    function = mj.jit(lambda tree: double(mj.tree.map(jnp.asarray, tree)))
    expected = function(argument)
    result = warm(function, argument)
    assert slow_calls(function, lambda: function(argument)) == 0
    assert mj.tree.structure(result) == mj.tree.structure(expected)
    for x, y in zip(mj.tree.leaves(result), mj.tree.leaves(expected), strict=True):
        assert (x.dtype, x.shape, x.weak_type) == (y.dtype, y.shape, y.weak_type)
        np.testing.assert_array_equal(x, y)
        assert not np.asarray(x).flags.writeable


@pytest.mark.parametrize(
    "other",
    (
        np.arange(5.0),
        np.arange(4.0, dtype=np.float32),
        np.arange(8.0)[::2],
        np.arange(4.0).astype(">f8"),
        np.arange(4.0).reshape(2, 2),
        jnp.arange(4),
        2.0,
        [jnp.arange(4.0)],
    ),
    ids=str,
)
def test_another_argument_takes_another_way(other: Any) -> None:
    function = mj.jit(lambda tree: mj.tree.map(lambda x: jnp.asarray(x) * 3, tree))
    warm(function, jnp.arange(4.0))
    result = function(other)
    for x, y in zip(mj.tree.leaves(result), mj.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(x, np.asarray(y) * 3)


def test_weak_and_strong_numbers_are_told_apart() -> None:
    function = mj.jit(lambda x: x + jnp.float32(1))
    assert warm(function, 2.0).dtype == jnp.float32
    assert warm(function, np.float64(2.0)).dtype == jnp.float64
    assert function(2.0).dtype == jnp.float32
    assert warm(function, True).dtype == jnp.float32
    assert slow_calls(function, lambda: (function(2.0), function(np.float64(2.0)))) == 0


def test_integers_beyond_64_bits_are_refused() -> None:
    function = mj.jit(lambda x: x + 1)
    warm(function, 3)
    with pytest.raises(OverflowError):
        function(1 << 70)


def test_keywords_and_their_order() -> None:
    function = mj.jit(lambda x, *, scale, shift: x * scale + shift)
    assert float(warm(function, 2.0, scale=3.0, shift=1.0)) == 7.0
    assert slow_calls(function, lambda: function(2.0, scale=4.0, shift=1.0)) == 0
    assert float(function(2.0, shift=1.0, scale=3.0)) == 7.0
    with pytest.raises(TypeError, match="shift"):
        function(2.0, scale=3.0)


def test_static_arguments() -> None:
    function = mj.jit(lambda x, n, mode: x * n if mode == "a" else x, static_argnums=1)
    function = mj.jit(
        lambda x, n, mode="a": x * n if mode == "a" else -x,
        static_argnums=1,
        static_argnames="mode",
    )
    assert float(warm(function, 2.0, 3)) == 6.0
    assert float(warm(function, 2.0, 4)) == 8.0
    assert float(warm(function, 2.0, 3, mode="b")) == -2.0
    assert slow_calls(function, lambda: function(5.0, 4)) == 0
    assert float(function(2.0, 3)) == 6.0


def test_methods() -> None:
    class Model:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        @mj.jit
        def plain(x: Any) -> Any:  # noqa: N805 - a function kept in a class
            return x + 1

        def apply(self, x: Any) -> Any:
            return x * self.factor

    model = Model(3.0)
    function = mj.jit(model.apply)
    assert float(warm(function, 2.0)) == 6.0
    assert float(warm(Model.plain, 2.0)) == 3.0


def test_results_that_hold_other_containers_still_come_back() -> None:
    function = mj.jit(lambda x: OrderedDict(b=x, a=x + 1))
    result = warm(function, 1.0)
    assert type(result) is OrderedDict
    assert list(result) == ["b", "a"]


def test_one_output_twice_and_an_input_handed_through() -> None:
    x = jnp.arange(3.0)
    first, second, third = warm(mj.jit(lambda x: (x, x, x + 1)), x)
    for result in (first, second):
        assert not np.shares_memory(np.asarray(result), np.asarray(x))
        np.testing.assert_array_equal(result, x)
    np.testing.assert_array_equal(third, [1.0, 2.0, 3.0])


def test_under_transformations_the_program_is_traced() -> None:
    function = mj.jit(lambda x: jnp.sin(x) * 2)
    warm(function, jnp.arange(3.0))
    np.testing.assert_allclose(mj.grad(lambda x: function(x).sum())(jnp.zeros(3)), [2.0, 2.0, 2.0])
    assert "jit" in str(mj.make_jaxpr(function)(jnp.arange(3.0)))
    np.testing.assert_allclose(mj.vmap(function)(jnp.zeros((2, 3))), np.zeros((2, 3)))
    assert slow_calls(function, lambda: function(jnp.arange(3.0))) == 0


def test_the_configuration_is_looked_at() -> None:
    function = mj.jit(lambda x: jnp.log(x))
    warm(function, jnp.zeros(2) - 1)
    with mj.debug_nans(True), pytest.raises(FloatingPointError):
        function(jnp.zeros(2) - 1)
    config.update("debug_nans", True)
    try:
        with pytest.raises(FloatingPointError):
            function(jnp.zeros(2) - 1)
    finally:
        config.update("debug_nans", False)
    with mj.disable_jit():
        function(jnp.ones(2))
    assert np.isnan(warm(function, jnp.zeros(2) - 1)).all()


def test_errors_of_callbacks_come_through() -> None:
    def check(x: np.ndarray) -> np.ndarray:
        if x < 0:
            raise ValueError("negative")
        return x

    shape = mj.ShapeDtypeStruct((), np.float64)
    function = mj.jit(lambda x: mj.pure_callback(check, shape, x) + 1)
    warm(function, jnp.asarray(1.0))
    with pytest.raises(ValueError, match="negative"):
        function(jnp.asarray(-1.0))
    assert float(function(jnp.asarray(1.0))) == 2.0


def test_clear_cache_and_many_signatures() -> None:
    function = mj.jit(lambda x: x.sum())
    for n in range(1, 30):
        assert float(warm(function, jnp.ones(n))) == n
    assert len(function.entries) <= 16
    for n in range(1, 30):
        assert float(function(jnp.ones(n))) == n
    function.clear_cache()
    assert function.entries == []
    assert float(warm(function, jnp.ones(3))) == 3.0


def test_references_are_counted() -> None:
    tree = {"a": jnp.arange(3.0), "b": [1.5, np.arange(2.0)], "c": None}
    function = mj.jit(lambda tree, k: ({"r": tree["a"] * k}, [tree["b"][1], None], ()))
    warm(function, tree, 2)
    leaves = [tree["a"], tree["b"][1], tree["a"].aval, tree["a"].dtype, None, function]
    counts = [sys.getrefcount(x) for x in leaves]
    results = [function(tree, 2) for _ in range(2_000)]
    del results
    for _ in range(2_000):
        function(tree, 1 << 62)
        with pytest.raises(TypeError):
            function(tree, "x")
    gc.collect()
    after = [sys.getrefcount(x) for x in leaves]
    # Six thousand calls; None is also counted by everybody else.
    assert all(abs(a - b) < 1_000 for a, b in zip(counts, after, strict=True))


def test_results_outlive_the_function() -> None:
    function = mj.jit(lambda x: x * 2)
    result = warm(function, jnp.arange(3.0))
    del function
    gc.collect()
    np.testing.assert_array_equal(result + 0, [0.0, 2.0, 4.0])


def test_threads() -> None:
    long = mj.jit(lambda x: mj.lax.fori_loop(0, 20_000, lambda i, x: jnp.sin(x) + i * 1e-9, x))
    short = mj.jit(lambda x: x * 2)
    starts = [jnp.full((4,), float(k)) for k in range(4)]
    expected = [np.asarray(warm(long, x)) for x in starts]
    warm(short, starts[0])
    failures: list[str] = []

    def work(k: int) -> None:
        for _ in range(5):
            if not np.array_equal(long(starts[k]), expected[k]):
                failures.append(f"long {k}")
            if not np.array_equal(short(starts[k]), 2 * np.asarray(starts[k])):
                failures.append(f"short {k}")

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_python_serves_where_objects_are_laid_out_otherwise(monkeypatch: Any) -> None:
    monkeypatch.setattr("minijax.compiler.entry.install.find_layout", lambda: None)
    function = mj.jit(lambda x: x * 2)
    np.testing.assert_array_equal(warm(function, jnp.arange(3.0)), [0.0, 2.0, 4.0])
    assert not getattr(function, "entries", None)
