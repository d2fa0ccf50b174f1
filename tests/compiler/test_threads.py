"""Loops in parts: the same bits on any number of threads, and a pool that is a good neighbour."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.threads import runtime
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

COUNTS = (1, 2, 3, 8)
posix = pytest.mark.skipif(os.name == "nt", reason="threads, signals and processes of POSIX")


def numbers(*shape: int, dtype: Any = np.float64) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def softmax(x: Any) -> Any:
    e = jnp.exp(x - jnp.max(x, axis=-1, keepdims=True))
    return e / jnp.sum(e, axis=-1, keepdims=True)


def layer_norm(x: Any) -> Any:
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)


def spd(x: Any) -> Any:
    return x @ jnp.swapaxes(x, 1, 2) + 20 * jnp.eye(x.shape[-1])


def steps(x: Any) -> Any:
    return mj.lax.scan(lambda c, _: (jnp.cos(c), c[0]), x, None, length=40)


def halve(s: Any) -> Any:
    return s[0] + abs(s[1]) + 1, s[1] / 2


def until_large(x: Any) -> Any:
    return mj.lax.while_loop(
        lambda s: s[0] < 40, lambda s: (s[0] + abs(s[1]) + 1, s[1] / 2), (0, x)
    )


def heat(u: Any) -> Any:
    def step(_: Any, u: Any) -> Any:
        inner = u[1:-1, :-2] + u[1:-1, 2:] + u[:-2, 1:-1] + u[2:, 1:-1] - 4 * u[1:-1, 1:-1]
        return u.at[1:-1, 1:-1].add(0.1 * jnp.tanh(inner))

    return mj.lax.fori_loop(0, 3, step, u)


def joined(x: Any) -> Any:
    return jnp.concatenate([jnp.sin(x), jnp.pad(jnp.cos(x), (3, 5))])


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "elements": (lambda x: jnp.sin(x) * 2 + 1, (numbers(100_003),)),
    "floats": (lambda x: jnp.exp(x), (numbers(317, 331, dtype=np.float32),)),
    "bytes": (lambda x: jnp.abs(jnp.sin(x) * 9).astype("int8"), (numbers(100_003),)),
    "complex": (lambda x: jnp.exp(1j * x), (numbers(70_001),)),
    "few rows": (lambda x: jnp.sin(x), (numbers(3, 40_001),)),
    "transposed": (lambda x: jnp.sin(x.T) + 1, (numbers(300, 301),)),
    "joined": (joined, (numbers(60_001),)),
    "total": (lambda x: jnp.sum(jnp.sin(x)), (numbers(100_003),)),
    "total of rows": (lambda x: jnp.sum(jnp.sin(x.T) * x[0]), (numbers(331, 331),)),
    "rows": (lambda x: jnp.sum(jnp.sin(x), axis=1), (numbers(313, 317),)),
    "columns": (lambda x: jnp.sum(jnp.sin(x), axis=0), (numbers(313, 317),)),
    "few columns": (lambda x: jnp.sum(jnp.sin(x), axis=0), (numbers(30_011, 3),)),
    "many columns": (lambda x: jnp.sum(jnp.sin(x), axis=0), (numbers(7, 20_011),)),
    "middle": (lambda x: jnp.sum(jnp.sin(x), axis=1), (numbers(5, 1009, 23),)),
    "ends": (lambda x: jnp.sum(jnp.sin(x), axis=(0, 2)), (numbers(51, 17, 123),)),
    "largest": (lambda x: (jnp.argmax(jnp.sin(x)), jnp.max(jnp.cos(x))), (numbers(100_003),)),
    "by axis": (lambda x: [jnp.argmin(jnp.sin(x), a) for a in (0, 1)], (numbers(313, 317),)),
    "moments": (lambda x: (x.mean(), x.var(), x.std(0)), (numbers(1009, 1013),)),
    "products": (lambda x: jnp.prod(1 + 1e-3 * jnp.sin(x), axis=0), (numbers(5003, 23),)),
    "any": (lambda x: jnp.any(jnp.sin(x) > 2), (numbers(100_003),)),
    "running": (lambda x: [jnp.cumsum(jnp.sin(x), a) for a in (0, 1)], (numbers(313, 317),)),
    "softmax": (softmax, (numbers(301, 303),)),
    "long softmax": (softmax, (numbers(9, 20_003),)),
    "layer norm": (layer_norm, (numbers(1001, 1003),)),
    "softmax gradient": (mj.grad(lambda x: jnp.sum(softmax(x) ** 2)), (numbers(301, 303),)),
    "product": (lambda x: x @ x.T, (numbers(601, 301),)),
    "products of a batch": (lambda x: x @ x, (numbers(64, 50, 50),)),
    "cholesky": (lambda x: jnp.linalg.cholesky(spd(x)), (numbers(200, 20, 20),)),
    "small cholesky": (lambda x: jnp.linalg.cholesky(spd(x)), (numbers(20_001, 3, 3),)),
    "solve": (lambda x: jnp.linalg.solve(spd(x), x), (numbers(200, 20, 20),)),
    "mapped scan": (lambda x: mj.lax.map(steps, x), (numbers(300, 40),)),
    "mapped while": (lambda x: mj.vmap(until_large)(x), (numbers(20_001),)),
    "sorted rows": (lambda x: (jnp.sort(x), jnp.argsort(x, 0)), (numbers(301, 303),)),
    "sorted by keys": (
        lambda x: mj.lax.sort((jnp.round(x), x), num_keys=2),
        (numbers(301, 303),),
    ),
    "largest few": (lambda x: mj.lax.top_k(x, 5), (numbers(301, 303),)),
    "written places": (
        lambda x: (jnp.zeros((400, 400)).at[3:304, 5:308].set(jnp.sin(x)), x.at[::2].mul(x[::2])),
        (numbers(301, 303),),
    ),
    "heat": (heat, (numbers(301, 303),)),
    "convolution": (
        lambda x, k: mj.lax.conv(x, k, (1, 1), "SAME"),
        (numbers(8, 3, 40, 41), numbers(16, 3, 3, 3)),
    ),
}


def leaves(tree: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in mj.tree_util.tree_leaves(tree)]


def is_in_parts(function: Any, *args: Any) -> bool:
    return "@pool_run" in function.lower(*args).compile().as_text()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_number_of_threads_changes_no_bit(name: str) -> None:
    function, args = PROGRAMS[name]
    jitted = mj.jit(function)
    assert is_in_parts(jitted, *args)
    results = []
    for count in COUNTS:
        with mj.threads(count):
            results.append(leaves(jitted(*args)))
    for found in results[1:]:
        for x, y in zip(found, results[0], strict=True):
            np.testing.assert_array_equal(x, y)
    with back_end(evaluate):
        expected = leaves(mj.jit(function)(*args))
    for x, y in zip(results[0], expected, strict=True):
        tolerance = 1e-4 if x.dtype == np.float32 else 1e-9
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


def test_small_programs_stay_whole() -> None:
    assert not is_in_parts(mj.jit(lambda x: jnp.sum(jnp.sin(x))), numbers(10_000))
    assert not is_in_parts(mj.jit(softmax), numbers(100, 100))


def test_one_thread_starts_none() -> None:
    code = (
        "import numpy as np, minijax as mj, minijax.numpy as jnp\n"
        "from minijax.compiler.threads import runtime\n"
        "f = mj.jit(lambda x: jnp.sum(jnp.sin(x)))\n"
        "small, large = np.ones(1000), np.ones(200_000)\n"
        "with mj.threads(4): f(small)\n"
        "assert runtime.started() == 0\n"
        "with mj.threads(1): f(large)\n"
        "assert runtime.started() == 0\n"
        "with mj.threads(4): f(large)\n"
        "assert runtime.started() == 3, runtime.started()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_loops_of_unknown_length_are_tried_first() -> None:
    code = (
        "import numpy as np, minijax as mj, minijax.numpy as jnp\n"
        "from minijax.compiler.threads import runtime\n"
        "def count(n):\n"
        "    step = lambda s: (s[0] + 1, jnp.sin(s[1]))\n"
        "    return mj.lax.while_loop(lambda s: s[0] < n, step, (0, 1.0))[1]\n"
        "f = mj.jit(lambda n: mj.lax.map(count, n), threads=3)\n"
        "assert '@pool_run' in f.lower(np.arange(16)).compile().as_text()\n"
        "short = [float(f(np.full(16, 3))[k]) for k in (0, 15)]\n"
        "assert short[0] == short[1] != 1.0\n"
        "long = f(np.full(16, 1_000_000))\n"
        "assert runtime.started() == 2, runtime.started()\n"
        "assert len(set(map(float, long))) == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_count_of_a_function_goes_before_the_context() -> None:
    x = numbers(200_000)
    seen = []
    original = runtime.count_address

    def noted(count: int | None = None) -> int:
        found = original(count)
        seen.append(int.from_bytes((runtime.ctypes.c_char * 8).from_address(found).raw, "little"))
        return found

    runtime.count_address = noted
    try:
        function = mj.jit(lambda x: jnp.sum(jnp.sin(x)), threads=3)
        with mj.threads(5):
            function(x)
            mj.jit(lambda x: jnp.sum(jnp.cos(x)))(x)
        for _ in range(3):
            function(x)
    finally:
        runtime.count_address = original
    assert seen[:2] == [3, 5]
    assert set(seen[2:]) == {3}


def test_an_update_reaches_calls_that_pass_by_python() -> None:
    function, x = mj.jit(lambda x: jnp.sum(jnp.sin(x))), numbers(200_000)
    before = mj.config.num_threads
    results = []
    try:
        for count in (1, 4):
            mj.config.update("num_threads", count)
            results += [float(function(x)) for _ in range(3)]
    finally:
        mj.config.update("num_threads", before)
    assert len(set(results)) == 1


@pytest.mark.parametrize("count", (0, -1, 1.5, True))
def test_a_count_is_a_positive_integer(count: Any) -> None:
    with pytest.raises(ValueError, match="positive integer"), mj.threads(count):
        pass
    with pytest.raises(ValueError, match="positive integer"):
        mj.jit(jnp.sin, threads=count)


def test_callers_do_not_disturb_each_other() -> None:
    function = mj.jit(lambda x: (jnp.sum(jnp.sin(x)), softmax(x), jnp.cos(x)))
    inputs = [numbers(300, 301) + k for k in range(4)]
    expected = [leaves(function(x)) for x in inputs]
    failures: list[int] = []

    def work(number: int) -> None:
        with mj.threads(3):
            for _ in range(20):
                for x, y in zip(leaves(function(inputs[number])), expected[number], strict=True):
                    if not np.array_equal(x, y):
                        failures.append(number)

    callers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(120)
    assert not failures
    assert not any(caller.is_alive() for caller in callers)


def test_a_callback_may_run_programs_in_parts() -> None:
    inner = mj.jit(lambda x: jnp.sin(x))
    x = numbers(200_000)

    def outer(x: Any) -> Any:
        kind = mj.ShapeDtypeStruct(x.shape, x.dtype)
        return jnp.cos(mj.pure_callback(lambda y: np.asarray(inner(y)), kind, jnp.exp(-(x**2))))

    with mj.threads(3):
        found = mj.jit(outer)(x)
    np.testing.assert_allclose(found, np.cos(np.sin(np.exp(-(x**2)))), rtol=1e-12)


@posix
def test_an_interrupt_ends_all_parts() -> None:
    def endless(x: Any) -> Any:
        return mj.lax.while_loop(lambda s: s[1] > -2, lambda s: (s[0] + 1, jnp.sin(s[1])), (0, x))

    function = mj.jit(lambda x: mj.lax.map(endless, x)[1])
    x = numbers(5000)
    assert is_in_parts(function, x)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), mj.threads(3):
        function(x)
    assert time.monotonic() - start < 60
    timer.join()
    with mj.threads(3):
        total = float(mj.jit(lambda x: jnp.sum(jnp.sin(x)))(numbers(200_000)))
    assert np.isfinite(total)


def child_total(x: np.ndarray) -> float:
    with mj.threads(3):
        return float(mj.jit(lambda x: jnp.sum(jnp.sin(x)))(x))


@posix
@pytest.mark.filterwarnings("ignore:.*fork.*")  # the oracle warns of them once it is imported
def test_a_child_has_a_pool_of_its_own() -> None:
    x = numbers(200_000)
    expected = child_total(x)
    assert runtime.started() >= 2
    with multiprocessing.get_context("fork").Pool(2) as children:
        found = children.map_async(child_total, [x] * 4).get(120)
    assert found == [expected] * 4
    pid = os.fork()
    if pid == 0:
        fresh = runtime.started() == 0
        os._exit(0 if fresh and child_total(x) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert child_total(x) == expected


@posix
@pytest.mark.parametrize("busy", (False, True))
def test_a_process_ends(busy: bool) -> None:
    code = (
        "import threading, numpy as np, minijax as mj, minijax.numpy as jnp\n"
        "f = mj.jit(lambda x: jnp.sum(jnp.sin(x)), threads=3)\n"
        "x = np.ones(2_000_000)\n"
        "f(x)\n"
        "def work():\n"
        "    while True: f(x)\n"
        f"if {busy}: threading.Thread(target=work, daemon=True).start()\n"
        "f(x)\n"
        "print('done')\n"
    )
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
    assert (found.stdout, found.returncode) == ("done\n", 0), found.stderr
