"""Keeping Python's collector from looking again and again at a program that is being made.

Tracing and compiling make many objects that live to their end and hardly any cycles. The collector
would go over all of them, and over everything else in the process, whenever there are so many more.
While a program is compiled it rests; while one is traced, the user's code runs as well and may need
it, so it only comes more rarely.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pausing = 0
_was_on = False
_MANY = 100_000
_calming = 0
_before = gc.get_threshold()


@contextmanager
def paused() -> Iterator[None]:
    """Within it, in whichever threads it is entered, the collector does not run by itself.

    Example:
        >>> with paused():
        ...     gc.isenabled()
        False
        >>> gc.isenabled()
        True
    """
    global _pausing, _was_on
    with _lock:
        if _pausing == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _pausing += 1
    try:
        yield
    finally:
        with _lock:
            _pausing -= 1
            if _pausing == 0 and _was_on:
                gc.enable()


@contextmanager
def calm() -> Iterator[None]:
    """Within it, in whichever threads it is entered, the collector waits for many new objects.

    Example:
        >>> with calm():
        ...     gc.isenabled(), gc.get_threshold()[0]
        (True, 100000)
    """
    global _calming, _before
    with _lock:
        if _calming == 0:
            _before = gc.get_threshold()
            if 0 < _before[0] < _MANY:
                gc.set_threshold(_MANY, *_before[1:])
        _calming += 1
    try:
        yield
    finally:
        with _lock:
            _calming -= 1
            if _calming == 0:
                _restore()


def _restore() -> None:
    """Brings back what was there before, unless somebody else has asked for something meanwhile."""
    if gc.get_threshold()[0] == _MANY:
        gc.set_threshold(*_before)


def _resume() -> None:
    """In a forked child there are none of the other threads that trace and compile."""
    global _pausing, _calming, _lock
    _lock = threading.Lock()
    if _pausing and _was_on:
        gc.enable()
    if _calming:
        _restore()
    _pausing = _calming = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_resume)
