"""Results that entries make: counted, taken again after they died, never while anyone has them."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import tracemalloc
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.entry import install
from minijax.compiler.entry.layout import find_layout
from minijax.compiler.pipeline import compile_jaxpr
from tests.compiler.test_entry import warm

pytestmark = pytest.mark.skipif(find_layout() is None, reason="another interpreter's layout")


def run_python(code: str) -> str:
    """Runs a program in a process of its own; returns what it printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_result_is_not_taken_again_while_its_buffer_is_seen() -> None:
    function = mj.jit(lambda x: x * 2)
    warm(function, jnp.arange(3.0))
    seen = [np.asarray(function(jnp.arange(3.0) + k)) for k in range(5)]
    views = [np.asarray(function(jnp.arange(3.0) - k))[1:] for k in range(5)]
    memories = [memoryview(np.asarray(function(jnp.full(3, 1.0 * k)))) for k in range(5)]
    for _ in range(50):
        function(jnp.full(3, 100.0))
    for k in range(5):
        np.testing.assert_array_equal(seen[k], 2 * (np.arange(3.0) + k))
        np.testing.assert_array_equal(views[k], 2 * (np.arange(3.0) - k)[1:])
        np.testing.assert_array_equal(memories[k], np.full(3, 2.0 * k))


def test_a_result_that_dies_is_taken_again() -> None:
    function = mj.jit(lambda x: x * 2)
    x = jnp.arange(3.0)
    warm(function, x)
    assert len({function(x).unsafe_buffer_pointer() for _ in range(20)}) == 1
    held = [function(x) for _ in range(20)]
    assert len({y.unsafe_buffer_pointer() for y in held}) == 20


def test_references_to_results_are_counted() -> None:
    function = mj.jit(lambda x: x * 2)
    x, held = jnp.arange(3.0), np.arange(3.0)
    warm(function, x)
    for _ in range(3):
        result = function(x)
        assert sys.getrefcount(result) == 2
        # The array has one reference, as one that a name holds.
        assert sys.getrefcount(result.__array__()) == sys.getrefcount(np.asarray(held))
        assert gc.is_tracked(result)
        watch = weakref.ref(result)
        del result
        assert watch() is None


def test_buffers_that_were_changed_are_not_taken_again() -> None:
    function = mj.jit(lambda x: x * 2)
    x = jnp.arange(4.0)
    warm(function, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of NumPy 2.5
        function(x).__array__().shape = (2, 2)
    assert function(x).shape == function(x).__array__().shape == (4,)
    function(x).__array__().flags.writeable = True
    assert not function(x).__array__().flags.writeable


def test_a_large_result_gives_its_memory_back() -> None:
    function = mj.jit(lambda x: jnp.zeros(1 << 20) + x)
    warm(function, 1.0)
    tracemalloc.start()
    try:
        function(1.0)
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
        result = function(1.0)
        assert tracemalloc.get_traced_memory()[0] > 8 << 20
        del result
    finally:
        tracemalloc.stop()


def test_a_million_calls_leave_nothing_behind() -> None:
    function = mj.jit(lambda tree: {"a": [tree["x"] + 1, None], "b": (tree["y"].sum(),)})
    tree = {"x": 1.5, "y": jnp.arange(3.0)}
    other = {"x": 1.5, "y": jnp.arange(4.0)}
    fresh = mj.jit(lambda x: jnp.zeros(200) + x)
    for x in (tree, other):
        warm(function, x)
    warm(fresh, 1.0)
    for _ in range(1_000):
        function(tree), function(other), fresh(1.0)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(400_000):
            function(tree), function(other)
        for _ in range(200_000):
            fresh(1.0)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 50_000
    finally:
        tracemalloc.stop()


def test_failing_calls_leave_nothing_behind() -> None:
    def check(x: np.ndarray) -> np.ndarray:
        if x < 0:
            raise ValueError("negative")
        return x

    shape = mj.ShapeDtypeStruct((), np.float64)
    function = mj.jit(lambda x, y: [mj.pure_callback(check, shape, x) + 1, y * 2, jnp.zeros(500)])
    good, bad, y = jnp.asarray(1.0), jnp.asarray(-1.0), jnp.arange(3.0)
    warm(function, good, y)
    counts = [sys.getrefcount(x) for x in (good, bad, y)]

    def fail(times: int) -> None:
        for _ in range(times):
            with pytest.raises(ValueError, match="negative"):
                function(bad, y)

    fail(20)
    gc.collect()
    tracemalloc.start()
    try:
        fail(20)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        fail(300)
        gc.collect()
        # Each call makes an array of 4000 bytes.
        assert tracemalloc.get_traced_memory()[0] - before < 50_000
    finally:
        tracemalloc.stop()
    assert [sys.getrefcount(x) for x in (good, bad, y)] == counts


def test_a_callback_may_change_the_container_that_the_arguments_came_from() -> None:
    box = [jnp.arange(300.0), jnp.asarray(2.0)]

    def empty(x: np.ndarray) -> np.ndarray:
        box.clear()
        gc.collect()
        np.full(300, np.nan)
        return x

    shape = mj.ShapeDtypeStruct((), np.float64)

    @mj.jit
    def function(xs: Any) -> Any:
        return xs[0] * mj.pure_callback(empty, shape, xs[1])

    for _ in range(4):
        box[:] = [jnp.arange(300.0), jnp.asarray(2.0)]
        np.testing.assert_array_equal(function(box), 2 * np.arange(300.0))


def test_dicts_come_back_in_the_order_they_were_made_in() -> None:
    function = mj.jit(lambda x: {"b": x, "a": {"z": x + 1, "c": [x + 2, {}]}, "é": None})
    expected = function(1.0)
    result = warm(function, 1.0)
    assert str(result) == str(expected)
    assert list(result) == list(expected)
    assert list(result["a"]) == list(expected["a"])
    result["new"] = 1
    del result["a"]
    assert str(function(1.0)) == str(expected)


def test_many_keys_and_keys_that_are_equal_but_not_the_same() -> None:
    names = [f"p{k}" for k in range(60)]
    function = mj.jit(lambda tree: {name: x * 2 for name, x in tree.items()})
    warm(function, dict.fromkeys(names, 1.0))
    other = {"".join(name): float(k) for k, name in enumerate(reversed(names))}
    result = function({"".join(["p", name[1:]]): x for name, x in other.items()})
    assert {name: float(x) for name, x in result.items()} == {n: 2 * x for n, x in other.items()}


def test_threads_take_results_from_one_shelf() -> None:
    function = mj.jit(lambda x: [x + k for k in range(20)])
    warm(function, 1.0)
    wrong: list[Any] = []

    def work(start: float) -> None:
        kept = []
        for k in range(2_000):
            found = function(start + k)
            kept.append(found[k % 20])
            if len(kept) > 30:
                kept = kept[15:]
        wrong.extend(x for x in kept if not start <= float(x) < start + 2_100)

    threads = [threading.Thread(target=work, args=(1e4 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_first_calls_from_many_threads_at_once() -> None:
    functions = [mj.jit(lambda x, k=k: {"r": jnp.sin(x) * k, "n": x.size}) for k in range(3)]
    barrier, wrong = threading.Barrier(6), []

    def work(number: int) -> None:
        barrier.wait()
        for size in range(1, 5):
            for k in range(3):
                x = np.arange(float(size)) + number
                for _ in range(4):
                    found = functions[(k + number) % 3](x)["r"]
                    if not np.allclose(found, np.sin(x) * ((k + number) % 3), rtol=1e-14):
                        wrong.append((number, size, k))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(("rounds", "releases"), ((2, False), (20_000, True)))
def test_long_programs_release_the_lock(rounds: int, releases: bool) -> None:
    function = mj.jit(lambda x: mj.lax.fori_loop(0, rounds, lambda i, x: jnp.sin(x) + i, x))
    warm(function, jnp.arange(4.0))
    (program,) = function._programs.values()
    assert compile_jaxpr(program.jaxpr).is_long == releases
    texts = [text for text, code in install._codes.items() if code in function.entries[0].kept]
    assert [("PyEval_SaveThread" in text) for text in texts] == [releases]


def test_entries_that_are_no_longer_used_are_freed() -> None:
    function = mj.jit(lambda x: x.sum())
    watched = []
    for n in range(1, 60):
        warm(function, jnp.ones(n))
        watched.append(weakref.ref(function.entries[0]))
    gc.collect()
    assert sum(watch() is not None for watch in watched) <= 18
    function.clear_cache()
    warm(function, jnp.ones(3))
    gc.collect()
    assert sum(watch() is not None for watch in watched) == 0


def test_an_entry_that_is_dropped_while_it_runs() -> None:
    def drop(x: np.ndarray) -> np.ndarray:
        if x > 0:
            function.clear_cache()
            for n in range(2, 30):
                warm(function, jnp.zeros(n))
            gc.collect()
        return x

    shape = mj.ShapeDtypeStruct((), np.float64)
    function = mj.jit(lambda x: (mj.pure_callback(drop, shape, x[0]) + 1, x * 2))
    warm(function, jnp.zeros(1))
    for _ in range(3):
        first, second = function(jnp.ones(1))
        assert (float(first), float(second[0])) == (2.0, 2.0)
        warm(function, jnp.zeros(1))


def test_without_memory_for_results_a_call_raises() -> None:
    code = """
import resource
import minijax as mj, minijax.numpy as jnp
f = mj.jit(lambda n, x: (x + 1, jnp.zeros(n) + x, x + 2), static_argnums=0)
for _ in range(3):
    f(1 << 27, 1.0)
size = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 28), resource.RLIM_INFINITY))
for _ in range(3):
    try:
        f(1 << 27, 1.0)
    except MemoryError:
        print("raised")
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(f(1 << 27, 1.0)[2])
"""
    if not sys.platform.startswith("linux"):
        pytest.skip("limits of memory are set as on Linux")
    assert run_python(code).split() == ["raised"] * 3 + ["3.0"]


def test_results_outlive_the_interpreter_quietly() -> None:
    code = """
import sys
import minijax as mj, minijax.numpy as jnp
f = mj.jit(lambda x: [x + 1, x + 2])
for _ in range(4):
    sys.kept = f(jnp.arange(3.0))
sys.modules["also kept"] = f
class Late:
    def __del__(self, f=f):
        f(1.0)
late = Late()
print("done")
"""
    assert run_python(code).split() == ["done"]


def test_without_the_expected_layouts_everything_goes_through_python() -> None:
    code = """
import platform, sys
platform.python_implementation = lambda: "Another"
import pytest
from minijax.compiler.entry import install
from minijax.compiler.entry.layout import find_layout
assert find_layout() is None
names = ["tests/transforms/test_jit.py", "tests/compiler/test_entry_plain.py"]
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *names]))
"""
    assert "passed" in run_python(code)


def test_threads_that_make_the_first_entries_of_a_process() -> None:
    code = """
import gc, threading, sys
import minijax as mj, minijax.numpy as jnp
functions = [mj.jit(lambda x, k=k: [x + k] * (k + 1)) for k in range(4)]
barrier = threading.Barrier(4)
def work(k):
    barrier.wait()
    for _ in range(20):
        for f in functions[k:] + functions[:k]:
            f(1.0)
    gc.collect()
    for _ in range(200):
        assert float(functions[k](1.0)[k]) == 1.0 + k
threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print("done")
"""
    for _ in range(2):
        assert run_python(code).split() == ["done"]
