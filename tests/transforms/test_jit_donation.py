"""Donated arguments: their memory becomes a result's, and never anybody else's."""

from __future__ import annotations

import gc
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.compiler.entry.layout import find_layout
from minijax.core.array import value_of
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate


def address(x: Any) -> int:
    return np.asarray(x).ctypes.data


def test_the_memory_of_a_donated_array_is_reused() -> None:
    f = mj.jit(lambda x, y: x * 2 + y, donate_argnums=0)
    for _ in range(4):
        x, y = jnp.arange(1000.0), jnp.ones(1000)
        place = address(x)
        result = f(x, y)
        assert address(result) == place
        np.testing.assert_array_equal(result, np.arange(1000.0) * 2 + 1)
        assert x.is_deleted()
        assert not y.is_deleted()


def test_a_loop_goes_on_in_the_memory_of_its_state() -> None:
    @mj.jit
    def plain(x: Any) -> Any:
        return lax.fori_loop(0, 5, lambda i, x: x.at[i].add(x[i + 1]), x)

    f = mj.jit(plain, donate_argnums=0)
    expected = np.asarray(plain(jnp.arange(100.0)))
    x = jnp.arange(100.0)
    place = address(x)
    result = f(x)
    np.testing.assert_array_equal(result, expected)
    assert address(result) == place


def test_use_of_a_donated_array_is_an_error() -> None:
    f = mj.jit(lambda x: x + 1, donate_argnums=(0,))
    x = jnp.arange(3.0)
    f(x)
    assert x.is_deleted()
    assert x.shape == (3,)
    assert x.dtype == jnp.float64
    assert "deleted" in repr(x)
    for use in (
        lambda: x + 1,
        lambda: jnp.sin(x),
        lambda: f(x),
        lambda: mj.jit(jnp.sin)(x),
        lambda: mj.grad(lambda x: x.sum())(x),
        lambda: np.asarray(x),
        lambda: x[0],
        lambda: str(x),
        lambda: list(x),
        lambda: x.tolist(),
    ):
        with pytest.raises(RuntimeError, match="donated"):
            use()


def test_deleting_an_array() -> None:
    x = jnp.arange(3.0)
    other = jnp.sin(x)
    x.delete()
    x.delete()
    assert x.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        x + 1
    np.testing.assert_array_equal(other, np.sin(np.arange(3.0)))


@pytest.mark.parametrize("share", ("view", "asarray", "memoryview", "reshape", "slice"))
def test_memory_that_somebody_else_sees_is_left_alone(share: str) -> None:
    f = mj.jit(lambda x: x * 0 - 1, donate_argnums=0)
    x = jnp.arange(64.0)
    see: dict[str, Any] = {
        "view": lambda: np.asarray(x)[3:],
        "asarray": lambda: np.asarray(x),
        "memoryview": lambda: memoryview(np.asarray(x)),
        "reshape": lambda: x.reshape(8, 8),
        "slice": lambda: x[1:],
    }
    seen = see[share]()
    before = np.array(seen)
    np.testing.assert_array_equal(f(x), np.full(64, -1.0))
    np.testing.assert_array_equal(np.asarray(seen), before)
    assert x.is_deleted()


def test_arrays_of_numpy_are_never_donated() -> None:
    f = mj.jit(lambda x: x * 0 - 1, donate_argnums=0)
    x = np.arange(64.0)
    for _ in range(4):
        result = f(x)
        np.testing.assert_array_equal(x, np.arange(64.0))
        assert not np.shares_memory(x, np.asarray(result))
    borrowed = jnp.asarray(x)
    f(borrowed)
    np.testing.assert_array_equal(x, np.arange(64.0))


def test_numbers_and_arrays_that_are_passed_twice() -> None:
    f = mj.jit(lambda x, y: (x + 1, y * 2), donate_argnums=0)
    assert float(f(1.0, 2.0)[0]) == 2.0
    x = jnp.arange(64.0)
    first, second = f(x, x)
    np.testing.assert_array_equal(first, np.arange(64.0) + 1)
    np.testing.assert_array_equal(second, np.arange(64.0) * 2)
    both = mj.jit(lambda x, y: (y + 1, x * 2), donate_argnums=(0, 1))
    x = jnp.arange(64.0)
    first, second = both(x, x)
    np.testing.assert_array_equal(first, np.arange(64.0) + 1)
    np.testing.assert_array_equal(second, np.arange(64.0) * 2)


def test_results_that_are_read_crosswise() -> None:
    swap = mj.jit(lambda x, y: (y[::-1] + 1, x * 2), donate_argnums=(0, 1))
    for _ in range(3):
        x, y = jnp.arange(64.0), -jnp.arange(64.0)
        first, second = swap(x, y)
        np.testing.assert_array_equal(first, -np.arange(64.0)[::-1] + 1)
        np.testing.assert_array_equal(second, 2 * np.arange(64.0))
    same = mj.jit(lambda x: (x, x, x + 1), donate_argnums=0)
    x = jnp.arange(64.0)
    for result, shift in zip(same(x), (0, 0, 1), strict=True):
        np.testing.assert_array_equal(result, np.arange(64.0) + shift)
    places = {address(result) for result in same(jnp.arange(64.0))}
    assert len(places) == 3


def test_a_captured_array_that_is_donated_too() -> None:
    c = jnp.arange(64.0)
    f = mj.jit(lambda x: x * 2 + c, donate_argnums=0)
    np.testing.assert_array_equal(f(jnp.ones(64)), np.arange(64.0) + 2)
    held = np.array(c)
    np.testing.assert_array_equal(f(c), 3 * held)


def test_trees_names_and_static_arguments() -> None:
    def step(lr: float, state: Any, n: int, *, grads: Any) -> Any:
        return mj.tree.map(lambda s, g: s - lr * g * n, state, grads)

    f = mj.jit(step, static_argnums=2, donate_argnums=1, donate_argnames="grads")
    for _ in range(3):
        state = {"a": jnp.ones(50), "b": (jnp.zeros((5, 5)),)}
        grads = {"a": jnp.ones(50), "b": (jnp.ones((5, 5)),)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = f(0.5, state, 2, grads=grads)
        np.testing.assert_array_equal(result["a"], np.zeros(50))
        assert all(x.is_deleted() for x in mj.tree.leaves(state))
    named = mj.jit(step, static_argnames="n", donate_argnames=("state",))
    state = {"a": jnp.ones(50)}
    named(0.5, state=state, n=2, grads={"a": jnp.ones(50)})
    assert state["a"].is_deleted()


def test_a_donated_array_of_no_use_is_kept_and_told() -> None:
    f = mj.jit(lambda x: x.sum(), donate_argnums=0)
    x = jnp.arange(5.0)
    with pytest.warns(UserWarning, match=r"not usable.*f64\[5\]"):
        f(x)
    assert not x.is_deleted()
    np.testing.assert_array_equal(x + 0, np.arange(5.0))


def test_inside_transformations_nothing_is_donated() -> None:
    f = mj.jit(lambda x: x * 2, donate_argnums=0)
    x = jnp.arange(4.0)
    np.testing.assert_array_equal(mj.grad(lambda x: f(x).sum())(x), [2.0] * 4)
    np.testing.assert_array_equal(mj.vmap(f)(x), 2 * np.arange(4.0))
    np.testing.assert_array_equal(mj.jit(lambda y: f(y) + f(x))(x), 4 * np.arange(4.0))
    assert "jit" in str(mj.make_jaxpr(f)(x))
    assert not x.is_deleted()
    with mj.disable_jit():
        f(x)
    with back_end(evaluate):
        f(x)
    assert not x.is_deleted()


def test_compiled_ahead_of_time() -> None:
    f = mj.jit(lambda x, y: (x + y, y.sum()), donate_argnums=0)
    lowered = f.lower(mj.ShapeDtypeStruct((8,), "float64"), jnp.ones(8))
    assert lowered.donate_argnums == (0,)
    args, _ = lowered.args_info
    assert [info.donated for info in args] == [True, False]
    compiled = lowered.compile()
    for _ in range(3):
        x = jnp.arange(8.0)
        np.testing.assert_array_equal(compiled(x, jnp.ones(8))[0], np.arange(8.0) + 1)
        assert x.is_deleted()


def test_a_run_that_fails_leaves_no_half_written_array() -> None:
    def check(x: np.ndarray) -> np.ndarray:
        if x < 0:
            raise ValueError("negative")
        return x

    shape = mj.ShapeDtypeStruct((), np.float64)
    f = mj.jit(lambda x: x * mj.pure_callback(check, shape, x[0]), donate_argnums=0)
    x = jnp.arange(64.0) - 1
    with pytest.raises(ValueError, match="negative"):
        f(x)
    assert x.is_deleted()


def test_references_after_donation() -> None:
    f = mj.jit(lambda x: x + 1, donate_argnums=0)
    x = jnp.arange(64.0)
    for _ in range(100):
        x = f(x)
    gc.collect()
    assert sys.getrefcount(x) == 2
    value = value_of(x)
    assert sys.getrefcount(value) == 3
    np.testing.assert_array_equal(x, np.arange(64.0) + 100)


def test_what_is_static_cannot_be_donated() -> None:
    with pytest.raises(ValueError, match="static_argnums and donate_argnums"):
        mj.jit(lambda x, n: x * n, static_argnums=1, donate_argnums=1)
    with pytest.raises(ValueError, match="donate_argnums"):
        mj.jit(lambda x: x, donate_argnums=3)


# -- through entries


needs_entries = pytest.mark.skipif(find_layout() is None, reason="another interpreter's layout")


@needs_entries
@pytest.mark.parametrize("size", (3, 64, 100_000))
def test_calls_that_donate_have_entries(size: int) -> None:
    f = mj.jit(lambda x, y: (x + y, y.sum()), donate_argnums=0)
    x, y = jnp.arange(float(size)), jnp.ones(size)
    for _ in range(3):
        x = f(x, y)[0]
    assert len(f.entries) == 1
    (program,) = f._programs.values()
    slow = dict(program.calls)
    for _ in range(50):
        place, before = address(x), x
        x, total = f(x, y)
        assert address(x) == place
        assert before.is_deleted()
        with pytest.raises(RuntimeError, match="donated"):
            before + 1
        assert float(total) == size
    np.testing.assert_array_equal(x, np.arange(float(size)) + 53)
    assert program.calls == slow
    assert not y.is_deleted()


@needs_entries
def test_entries_leave_what_others_see_alone() -> None:
    f = mj.jit(lambda x, y: (x * 0 - 1, y * 2), donate_argnums=0)
    for _ in range(4):
        f(jnp.arange(64.0), jnp.ones(64))
    x = jnp.arange(64.0)
    seen, copy = np.asarray(x), np.arange(64.0)
    np.testing.assert_array_equal(f(x, jnp.ones(64))[0], np.full(64, -1.0))
    np.testing.assert_array_equal(seen, copy)
    assert x.is_deleted()
    x = jnp.arange(64.0)
    np.testing.assert_array_equal(f(x, x)[1], 2 * copy)
    x = np.arange(64.0)
    np.testing.assert_array_equal(f(x, jnp.ones(64))[0], np.full(64, -1.0))
    np.testing.assert_array_equal(x, copy)
    x = jnp.asarray(x)
    view = x.reshape(8, 8)
    f(x, jnp.ones(64))
    np.testing.assert_array_equal(view, copy.reshape(8, 8))


@needs_entries
def test_results_that_cannot_be_written_in_place() -> None:
    f = mj.jit(lambda x: jnp.cumsum(x[::-1]) + x, donate_argnums=0)
    for _ in range(6):
        x = jnp.arange(64.0)
        np.testing.assert_array_equal(f(x), np.cumsum(np.arange(64.0)[::-1]) + np.arange(64.0))
        assert x.is_deleted()


@needs_entries
def test_references_after_calls_that_donate() -> None:
    f = mj.jit(lambda tree, y: ({"x": tree["x"] + y}, tree["z"][::-1]), donate_argnums=0)
    y = jnp.ones(64)
    tree = {"x": jnp.zeros(64), "z": jnp.zeros(64)}
    counts = sys.getrefcount(y), sys.getrefcount(type(y))
    for _ in range(2000):
        new, z = f(tree, y)
        tree = {**new, "z": z}
    gc.collect()
    assert sys.getrefcount(y) == counts[0]
    assert abs(sys.getrefcount(type(y)) - counts[1]) < 500
    last = tree.pop("x")
    del new
    assert sys.getrefcount(last) == 2
    np.testing.assert_array_equal(last, np.full(64, 2000.0))


@needs_entries
def test_a_failing_call_that_donates() -> None:
    def check(x: np.ndarray) -> np.ndarray:
        if x < 0:
            raise ValueError("negative")
        return x

    shape = mj.ShapeDtypeStruct((), np.float64)
    f = mj.jit(lambda x: (x * mj.pure_callback(check, shape, x[0]), x + 1), donate_argnums=0)
    for _ in range(4):
        f(jnp.ones(64))
    for _ in range(100):
        x = jnp.arange(64.0) - 1
        with pytest.raises(ValueError, match="negative"):
            f(x)
        assert x.is_deleted()
    np.testing.assert_array_equal(f(jnp.ones(64))[1], np.full(64, 2.0))
