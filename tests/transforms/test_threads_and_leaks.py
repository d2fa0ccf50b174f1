"""Threads do not see one another's traces; tracers that escape are found and named."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import errors, lax
from tests.transforms.test_grad import close

X = np.array([0.5, -1.0, 2.0])


def in_threads(*work: Callable[[], None]) -> None:
    """Runs functions at the same time and raises what any of them raised."""
    raised: list[BaseException] = []
    start = threading.Barrier(len(work))

    def guarded(f: Callable[[], None]) -> None:
        start.wait()
        try:
            f()
        except BaseException as error:  # re-raised below, in the thread of the test
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(f,)) for f in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in raised:
        raise error


def test_different_functions_at_the_same_time() -> None:
    def first() -> None:
        for n in range(1, 8):
            f = mj.jit(mj.grad(lambda x, n=n: jnp.sum(jnp.sin(x) ** n)))
            close(f(X), n * np.sin(X) ** (n - 1) * np.cos(X))

    def second() -> None:
        for n in range(1, 8):
            f = mj.vmap(mj.grad(lambda x, n=n: lax.fori_loop(0, n, lambda i, c: c * x, 1.0)))
            close(f(X), n * X ** (n - 1))

    in_threads(first, second, first, second)


def test_one_jitted_function_in_many_threads() -> None:
    f = mj.jit(lambda x: jnp.sum(jnp.cos(x) * x))

    def work() -> None:
        for size in range(1, 6):
            x = np.arange(float(size))
            close(f(x), np.sum(np.cos(x) * x))
            close(mj.grad(f)(x), np.cos(x) - np.sin(x) * x)

    in_threads(*[work] * 4)


def test_a_thread_started_while_tracing_runs_eagerly() -> None:
    found: list[Any] = []

    @mj.jit
    def f(x: Any) -> Any:
        in_threads(lambda: found.append(jnp.sin(1.0)))
        return x

    f(1.0)
    close(found[0], np.sin(1.0))


def test_overrides_of_flags_hold_for_one_thread() -> None:
    seen: list[bool] = []
    with mj.disable_jit():
        in_threads(lambda: seen.append(mj.config.disable_jit))
        assert mj.config.disable_jit
    assert seen == [False]


LEAKY: dict[str, Callable[[Callable[..., Any]], Any]] = {
    "jit": lambda f: mj.jit(f)(1.0),
    "grad": lambda f: mj.grad(f)(1.0),
    "jvp": lambda f: mj.jvp(f, (1.0,), (1.0,)),
    "vmap": lambda f: mj.vmap(f)(X),
    "scan": lambda f: lax.scan(lambda c, x: (f(c), x), 1.0, X),
    "cond": lambda f: lax.cond(True, f, lambda x: x, 1.0),
    "checkpoint": lambda f: mj.grad(mj.checkpoint(f))(1.0),
    "jit of grad": lambda f: mj.jit(mj.grad(f))(1.0),
}


@pytest.mark.parametrize("name", LEAKY)
def test_use_of_an_escaped_tracer_is_refused(name: str) -> None:
    escaped: list[Any] = []

    def f(x: Any) -> Any:
        escaped.append(x)
        return x

    LEAKY[name](f)
    with pytest.raises(errors.UnexpectedTracerError):
        escaped[0] + 1
    with pytest.raises(errors.UnexpectedTracerError):
        mj.jit(lambda y: y * escaped[0])(1.0)
    with pytest.raises(errors.UnexpectedTracerError):
        mj.grad(lambda y: y * escaped[0])(1.0)


@pytest.mark.parametrize("name", LEAKY)
def test_the_leak_check_finds_escaped_tracers(name: str) -> None:
    escaped: list[Any] = []

    def f(x: Any) -> Any:
        escaped.append(x * 2)
        return x

    with mj.checking_leaks(), pytest.raises(errors.UnexpectedTracerError, match="leak"):
        LEAKY[name](f)


@pytest.mark.parametrize("name", LEAKY)
def test_the_leak_check_accepts_functions_that_leak_nothing(name: str) -> None:
    with mj.checking_leaks():
        LEAKY[name](lambda x: jnp.sin(x) * x)


@pytest.mark.parametrize("name", LEAKY)
def test_the_leak_check_accepts_custom_rules_that_transform(name: str) -> None:
    @mj.custom_jvp
    def magnitude(x: Any) -> Any:
        return jnp.abs(x)

    @magnitude.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        return mj.jvp(lambda x: jnp.sqrt(x * x), primals, tangents)

    with mj.checking_leaks():
        LEAKY[name](lambda x: jnp.sum(magnitude(x)))


def test_an_exception_inside_any_transformation_restores_the_state() -> None:
    def f(x: Any) -> Any:
        raise ValueError("inside")

    for run in LEAKY.values():
        with pytest.raises(ValueError, match="inside"):
            run(f)
        assert isinstance(jnp.sin(1.0), mj.Array)
        close(mj.grad(jnp.sin)(0.5), np.cos(0.5))
    with pytest.raises(ValueError, match="inside"):
        mj.vmap(f, axis_name="i")(X)
    with pytest.raises(NameError):
        lax.axis_index("i")
