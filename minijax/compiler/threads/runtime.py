"""The pool in this process, and how many threads a run may use.

A program that has loops in parts finds the number of threads in memory, at an address it is given
with its inputs: one that the configuration sets, or one that never changes for a number asked for
by `jit(..., threads=n)` or `threads(n)`.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from minijax.compiler import engine
from minijax.compiler.cache.modules import cached_module
from minijax.compiler.threads import pool
from minijax.core.config import config

_NEEDED = ("pthread_create", "pthread_sigmask", "pthread_cond_timedwait", "clock_gettime", "usleep")
_raw = (ctypes.c_uint64 * ((pool.STATE_BYTES + 64) // 8))()
_state = ctypes.addressof(_raw) + -ctypes.addressof(_raw) % 64
_cells: dict[int, ctypes.c_int64] = {}
_process_cell = ctypes.c_int64(int(config.num_threads))


class _Asked(threading.local):
    count: int | None = None


_asked = _Asked()


def _has_threads() -> bool:
    if os.name == "nt" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    process = ctypes.CDLL(None)
    return all(hasattr(process, name) for name in _NEEDED)


@functools.cache
def _code() -> engine.Program:
    has_threads = _has_threads()
    exports = (pool.STOP,) if has_threads else ()
    code = cached_module(
        functools.partial(pool.pool_text, has_threads),
        pool.RUN,
        {pool.STATE: _state},
        engine.Effort.MINIMAL,
        exports,
        name=f"pool {has_threads}",
    )
    engine.keep_forever(code)
    if exports:
        atexit.register(_stop)
    return code


def address() -> int:
    """Returns the address of `pool_run`, compiled at its first use."""
    return _code().address


def _stop() -> None:
    """Ends the threads of the pool; loops then run on the thread that asks."""
    ctypes.CFUNCTYPE(ctypes.c_int32)(_code().addresses[pool.STOP])()


def _forget() -> None:
    """Makes the pool one that has not been started: a child has none of its parent's threads."""
    ctypes.memset(_state, 0, pool.STATE_BYTES)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def started() -> int:
    """Returns how many threads the pool has besides those that ask."""
    return ctypes.c_int64.from_address(_state + pool.STARTED).value


# -- how many


def _follow() -> None:
    _process_cell.value = int(config.num_threads)


config.on_update(_follow)


def _fixed(count: int) -> ctypes.c_int64:
    return _cells.setdefault(count, ctypes.c_int64(count))


def count_address(count: int | None = None) -> int:
    """Returns where code finds the number of threads.

    Args:
        count: the number; without, the one that holds for calls of this thread.
    """
    if count is None:
        count = _asked.count
    if count is None:
        here = int(config.num_threads)
        cell = _process_cell if here == _process_cell.value else _fixed(here)
    else:
        cell = _fixed(count)
    return ctypes.addressof(cell)


@contextmanager
def asked(count: int) -> Iterator[None]:
    """Runs of this thread use so many threads inside the context."""
    before, _asked.count = _asked.count, count
    try:
        yield
    finally:
        _asked.count = before
