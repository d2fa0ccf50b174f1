"""BLAS is kept to one thread for as long as any program needs it, and then as it was."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import minijax as mj
from minijax.compiler import blas_threads
from minijax.compiler.blas_threads import one_blas_thread
from minijax.compiler.stages import write
from minijax.interpreters.stage import stage
from tests.compiler.programs import aval

_FUNCTIONS = blas_threads._functions()
pytestmark = pytest.mark.skipif(_FUNCTIONS is None, reason="a BLAS whose threads nobody counts")


@pytest.fixture
def count() -> Iterator[Callable[[], int]]:
    """Two threads for BLAS; yields what tells how many there are."""
    assert _FUNCTIONS is not None, "the tests are skipped"
    get, limit = _FUNCTIONS
    before = get()
    limit(2)
    yield get
    limit(before)


def test_the_last_one_restores_the_number(count: Callable[[], int]) -> None:
    first, second = one_blas_thread(), one_blas_thread()
    assert count() == 2
    first.__enter__()
    second.__enter__()
    assert count() == 1
    first.__exit__(None, None, None)
    assert count() == 1
    second.__exit__(None, None, None)
    assert count() == 2


def test_an_error_restores_the_number(count: Callable[[], int]) -> None:
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert count() == 2


def test_products_in_several_threads_are_those_of_one(count: Callable[[], int]) -> None:
    x = np.random.default_rng(0).standard_normal((300, 300))
    product = mj.jit(lambda x: x @ x @ x)
    wanted = [np.asarray(product(x)) for _ in range(3)][-1]
    wrong: list[int] = []

    def work() -> None:
        for k in range(20):
            if np.asarray(product(x)).tobytes() != wanted.tobytes():
                wrong.append(k)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert count() == 2


def test_a_program_called_from_c_restores_the_number(count: Callable[[], int]) -> None:
    x, y = np.ones((40, 40)), np.zeros((40, 40))
    product = mj.jit(lambda x: x @ x).lower(x).compile()
    run = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(product.address)
    tables = [(ctypes.c_void_p * 1)(each.ctypes.data) for each in (x, y)]
    assert run(*tables) == 0
    np.testing.assert_array_equal(y, x @ x)
    assert count() == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_meanwhile_has_all_threads(count: Callable[[], int]) -> None:
    with one_blas_thread():
        child = os.fork()
        if child == 0:
            os._exit(0 if count() == 2 else 1)
        assert os.waitpid(child, 0)[1] == 0
    assert count() == 2


@pytest.mark.parametrize(("steps", "lets_go"), [(10, False), (10_000, True)])
def test_programs_of_some_microseconds_let_other_threads_run(steps: int, lets_go: bool) -> None:
    def program(x: object) -> list[object]:
        return [mj.lax.fori_loop(0, steps, lambda i, y: mj.numpy.sin(y) + 1, x)]

    written = write(stage(program, [aval()]), True, (), {})
    assert written.record(b"").is_long == lets_go
