"""Keeping Python's collector from looking again and again at a program that is being compiled.

Compiling makes many objects that live to its end and hardly any cycles. The collector would go over
all of them, and over everything else in the process, whenever there are so many more.
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


def _resume() -> None:
    """In a forked child there are none of the other threads that are compiling."""
    global _pausing, _lock
    _lock = threading.Lock()
    if _pausing and _was_on:
        gc.enable()
    _pausing = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_resume)
