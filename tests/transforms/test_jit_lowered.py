"""Stages of a jitted function: costs, views, and functions compiled ahead of time."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.compiler.entry.layout import find_layout

needs_entries = pytest.mark.skipif(find_layout() is None, reason="another interpreter's layout")


def cost(f: Any, *args: Any) -> dict[str, float]:
    return mj.jit(f).lower(*args).cost()


def test_cost_of_elements_and_folds() -> None:
    x = np.ones(1000)
    found = cost(lambda x: jnp.exp(x) * 2 + jnp.sin(x), x)
    assert (found["flops"], found["transcendentals"]) == (2000, 2000)
    assert (found["bytes read"], found["bytes written"]) == (8000, 8000)
    found = cost(lambda x: jnp.sum(x * x), x)
    assert found["flops"] == 2000
    assert found["bytes read"] == 8000
    assert cost(lambda x: x.astype(np.float32)[::2], x)["flops"] == 0
    assert cost(lambda n: n + 1, 3)["flops"] == 0


def test_cost_of_products_loops_and_branches() -> None:
    a, b = np.ones((30, 40)), np.ones((40, 50))
    found = cost(jnp.dot, a, b)
    assert found["flops"] == 2 * 30 * 40 * 50
    assert found["bytes accessed"] == 8 * (30 * 40 + 40 * 50 + 30 * 50)
    body = cost(lambda x: jnp.sin(x) + 1.0, np.ones(100))
    loop = cost(lambda x: lax.fori_loop(0, 7, lambda i, x: jnp.sin(x) + 1.0, x), np.ones(100))
    assert loop["transcendentals"] == 7 * body["transcendentals"]
    branch = cost(
        lambda p, x: lax.cond(p, lambda x: jnp.sin(jnp.cos(x)), lambda x: x + 1.0, x),
        True,
        np.ones(10),
    )
    assert branch["transcendentals"] == 20
    lowered = mj.jit(jnp.dot).lower(a, b)
    assert lowered.cost_analysis() == lowered.cost() == lowered.compile().cost_analysis()
    assert lowered.memory_analysis() == lowered.memory() == lowered.compile().memory_analysis()


@needs_entries
def test_a_compiled_function_gets_an_entry() -> None:
    f = mj.jit(lambda tree, n, *, k: {"r": tree["x"] * n + k}, static_argnums=1)
    compiled = f.lower({"x": jnp.arange(3.0)}, 2, k=1.0).compile()
    for k in range(5):
        result = compiled({"x": jnp.arange(3.0)}, 2, k=float(k))
        np.testing.assert_array_equal(result["r"], np.arange(3.0) * 2 + k)
    assert len(compiled.entries) == 1
    assert sum(compiled._calls.values()) == 2
    mj.config.update("debug_nans", mj.config.debug_nans)
    assert not compiled.entries
    np.testing.assert_array_equal(compiled({"x": jnp.ones(3)}, 2, k=0.0)["r"], [2.0] * 3)


def test_a_compiled_function_refuses_other_signatures() -> None:
    compiled = mj.jit(lambda x, y: x + y).lower(jnp.arange(3.0), 1.0).compile()
    others = [
        (jnp.arange(4.0), 1.0),
        (jnp.arange(3), 1.0),
        (jnp.arange(3.0)[None], 1.0),
        (np.arange(3, dtype=np.float32), 1.0),
        (jnp.arange(3.0), 1j),
        (jnp.arange(3.0), (1.0,)),
        (jnp.arange(3.0),),
        (jnp.arange(3.0), 1.0, 1.0),
    ]
    for _ in range(3):
        np.testing.assert_array_equal(compiled(jnp.arange(3.0), 1.0), [1.0, 2.0, 3.0])
        np.testing.assert_array_equal(compiled(np.arange(6.0)[::2], 1.0), [1.0, 3.0, 5.0])
        for args in others:
            with pytest.raises(TypeError, match="compiled for"):
                compiled(*args)


def test_a_compiled_function_outlives_the_jitted_one_and_is_released() -> None:
    f = mj.jit(lambda x: x * 3)
    compiled = f.lower(1.0).compile()
    del f
    gc.collect()
    for k in range(4):
        assert float(compiled(float(k))) == 3.0 * k
    watch = weakref.ref(compiled)
    del compiled
    gc.collect()
    assert watch() is None


def test_caches_are_bounded_and_can_be_cleared() -> None:
    traced = []

    @mj.jit
    def f(x: Any) -> Any:
        traced.append(x.shape)
        return x + 1

    for _ in range(3):
        for n in range(1, 6):
            f(jnp.ones(n))
    assert f.cache_size() == len(traced) == 5
    f.clear_cache()
    assert f.cache_size() == 0
    f(jnp.ones(2))
    assert len(traced) == 6


def test_the_oldest_program_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minijax.transforms.jit._CACHE_LIMIT", 3)
    traced = []
    f = mj.jit(lambda x, n: traced.append(n) or x * n, static_argnums=1)
    for n in range(5):
        assert float(f(2.0, n)) == 2.0 * n
    assert f.cache_size() == 3
    assert float(f(2.0, 4)) == 8.0
    assert traced == [0, 1, 2, 3, 4]
    assert float(f(2.0, 0)) == 0.0
    assert traced == [0, 1, 2, 3, 4, 0]


# -- calls that only Python can take apart


@mj.tree_util.register_pytree_node_class
class Own:
    def __init__(self, x: Any, name: str) -> None:
        self.x, self.name = x, name

    def tree_flatten(self) -> Any:
        return (self.x,), self.name

    @classmethod
    def tree_unflatten(cls, name: str, children: Any) -> Own:
        return cls(*children, name)


def test_calls_that_keep_coming_through_python() -> None:
    traced = []

    @mj.jit
    def f(own: Any, y: Any) -> Any:
        traced.append(own.name)
        return Own(own.x * y["a"], own.name + "!"), {3: y["a"], 1: own.x + 1}

    for k in range(12):
        own, others = f(Own(jnp.arange(3.0) + k, "a"), {"a": float(k)})
        assert own.name == "a!"
        np.testing.assert_array_equal(own.x, (np.arange(3.0) + k) * k)
        np.testing.assert_array_equal(others[1], np.arange(3.0) + k + 1)
        assert list(others) == [3, 1]
    assert traced == ["a"]
    f(Own(1.0, "b"), {"a": 2.0})
    assert traced == ["a", "b"]


@needs_entries
def test_programs_of_such_calls_have_entries_of_their_own() -> None:
    f = mj.jit(lambda own, scale: own.x * scale)
    for _ in range(10):
        f(Own(jnp.arange(3.0), "a"), 2.0)
        f(Own(np.arange(6.0)[::2], "a"), 2.0)
    (program,) = f._programs.values()
    assert program.flat is not None
    assert program.flat.entries
    assert mj.grad(lambda x: f(Own(x, "a"), 2.0).sum())(jnp.ones(3)).tolist() == [2.0] * 3
    with mj.debug_nans(True), pytest.raises(FloatingPointError):
        f(Own(jnp.full(3, np.inf), "a"), 0.0)
    mj.config.update("debug_nans", True)
    try:
        with pytest.raises(FloatingPointError):
            f(Own(jnp.full(3, np.inf), "a"), 0.0)
    finally:
        mj.config.update("debug_nans", False)
    f.clear_cache()
    np.testing.assert_array_equal(f(Own(jnp.arange(3.0), "a"), 2.0), 2 * np.arange(3.0))


def test_arrays_with_gaps_are_copied_and_left_alone() -> None:
    f = mj.jit(lambda x: x * 2)
    base = np.arange(24.0).reshape(4, 6)
    views = [base[::2], base[:, ::-1], base.T, base[1:3, 2:5], base.astype(">f8")]
    for _ in range(6):
        for view in views:
            np.testing.assert_array_equal(f(view), 2 * np.asarray(view, float))
    np.testing.assert_array_equal(base, np.arange(24.0).reshape(4, 6))
