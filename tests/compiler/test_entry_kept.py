"""Memory of large results: kept when they die, taken by the next, never while anybody sees it."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy._core.multiarray import get_handler_name

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.entry import kept
from minijax.compiler.entry.kept_text import LARGE_BYTES
from minijax.compiler.entry.layout import find_layout
from minijax.compiler.entry.shared import shared_code
from minijax.compiler.memory.workspace import KEPT_BYTES
from minijax.core.array import value_of
from tests.compiler.test_entry import warm

pytestmark = pytest.mark.skipif(
    find_layout() is None or not kept.is_kept(LARGE_BYTES), reason="another NumPy's layout"
)
LENGTH = LARGE_BYTES // 8


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    mj.clear_caches()
    yield
    mj.clear_caches()


def doubled(length: int = LENGTH) -> tuple[Callable[..., Any], Any]:
    function, x = mj.jit(lambda x: x * 2), jnp.arange(float(length))
    warm(function, x)
    return function, x


def test_memory_of_a_large_result_is_the_next_ones() -> None:
    function, x = doubled()
    assert len({function(x).unsafe_buffer_pointer() for _ in range(5)}) == 1
    held = [function(x) for _ in range(5)]
    assert len({y.unsafe_buffer_pointer() for y in held}) == 5
    assert all(y.unsafe_buffer_pointer() % 64 == 0 for y in held)


def test_memory_that_is_seen_is_not_taken() -> None:
    function, x = doubled()
    view = np.asarray(function(x))[1:]
    for k in range(5):
        function(x + k)
    np.testing.assert_array_equal(view, 2 * np.arange(1.0, LENGTH))


def test_memory_serves_results_of_other_shapes_and_dtypes() -> None:
    function, x = doubled()
    other, y = mj.jit(lambda y: y + 1), jnp.zeros((2, LENGTH), np.float32)
    warm(other, y)
    place = function(x).unsafe_buffer_pointer()
    assert other(y).unsafe_buffer_pointer() == place
    np.testing.assert_array_equal(other(y), np.ones((2, LENGTH)))


def test_what_is_kept_is_bounded_and_given_back() -> None:
    for length in range(8 * LENGTH, 36 * LENGTH, 9 * LENGTH):
        function, x = doubled(length)
        function(x)
    assert 0 < kept.kept_bytes() <= KEPT_BYTES
    mj.clear_caches()
    assert kept.kept_bytes() == 0


def test_small_results_are_not_kept() -> None:
    function, x = doubled(LENGTH // 2)
    function(x)
    assert kept.kept_bytes() == 0


def test_the_users_allocator_is_asked() -> None:
    table = kept._table()
    place = kept._plain()
    assert place is not None
    theirs = kept._Handler.from_buffer_copy(kept._Handler.from_address(place))
    theirs.name = b"theirs"
    make = ctypes.pythonapi.PyCapsule_New
    capsule = make(ctypes.addressof(theirs), b"mem_handler", None)
    switch = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(kept._word(table, 304))
    function, x = doubled()
    assert get_handler_name(value_of(function(x))) == "minijax"
    before = switch(capsule)
    try:
        found = function(x)
    finally:
        switch(before)
    assert get_handler_name(value_of(found)) == "theirs"
    del found
    assert get_handler_name(np.empty(3)) == "default_allocator"


def test_functions_of_the_allocator() -> None:
    addresses = shared_code().addresses
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    calloc = ctypes.CFUNCTYPE(pointer, pointer, size, size)(addresses["kept_calloc"])
    realloc = ctypes.CFUNCTYPE(pointer, pointer, pointer, size)(addresses["kept_realloc"])
    free = ctypes.CFUNCTYPE(None, pointer, pointer, size)(addresses["kept_free"])
    assert calloc(None, 1 << 62, 8) is None
    block = calloc(None, 5, 20)
    assert ctypes.string_at(block, 100) == bytes(100)
    ctypes.memmove(block, bytes(range(100)), 100)
    longer = realloc(None, block, 1000)
    assert ctypes.string_at(longer, 100) == bytes(range(100))
    shorter = realloc(None, longer, 10)
    assert ctypes.string_at(shorter, 10) == bytes(range(10))
    free(None, shorter, 0)
    free(None, realloc(None, None, LARGE_BYTES), 0)
    assert kept.kept_bytes() == LARGE_BYTES
    # Memory that was kept is not clear.
    block = calloc(None, LARGE_BYTES, 1)
    assert ctypes.string_at(block, LARGE_BYTES) == bytes(LARGE_BYTES)
    free(None, block, 0)


def test_threads_take_different_memory() -> None:
    function, x = doubled()
    wrong = []

    def work(number: int) -> None:
        for k in range(20):
            found = np.asarray(function(x + number + k))
            if found[0] != 2 * (number + k) or found[-1] != 2 * (LENGTH - 1 + number + k):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(100 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
