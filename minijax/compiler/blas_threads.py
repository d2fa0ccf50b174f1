"""Keeping the BLAS library to one thread while a compiled program runs.

Two reasons. OpenBLAS divides a product among its threads, and a sum divided otherwise is rounded
otherwise: results would depend on the number of cores. And its threads wait by spinning, which on a
machine with other work makes a small product a hundred times slower.

The number is one for the whole process. So the first of several threads of Python that run programs
sets it, and the last one restores it; they count themselves in native code, which compiled programs
call whether they hold the interpreter's lock or not.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from minijax.compiler.cache.modules import cached_module
from minijax.compiler.engine import Effort, Program, keep_forever

_LIMIT, _FREE = "limit_blas", "free_blas"
# A lock, how many are in BLAS, and the number of threads before the first of them.
_state = (ctypes.c_int64 * 3)()
_TEXT = """
declare i32 @get_threads()
declare void @set_threads(i32)
@state = external global [3 x i64]

define internal void @lock() {
entry:
  br label %again
again:
  %pair = cmpxchg ptr @state, i64 0, i64 1 acquire monotonic
  %taken = extractvalue { i64, i1 } %pair, 1
  br i1 %taken, label %done, label %again
done:
  ret void
}

define void @limit_blas() {
entry:
  call void @lock()
  %place = getelementptr i64, ptr @state, i64 1
  %users = load i64, ptr %place
  %first = icmp eq i64 %users, 0
  br i1 %first, label %set, label %count
set:
  %threads = call i32 @get_threads()
  %wide = zext i32 %threads to i64
  %before = getelementptr i64, ptr @state, i64 2
  store i64 %wide, ptr %before
  call void @set_threads(i32 1)
  br label %count
count:
  %more = add i64 %users, 1
  store i64 %more, ptr %place
  store atomic i64 0, ptr @state release, align 8
  ret void
}

define void @free_blas() {
entry:
  call void @lock()
  %place = getelementptr i64, ptr @state, i64 1
  %users = load i64, ptr %place
  %fewer = sub i64 %users, 1
  store i64 %fewer, ptr %place
  %last = icmp eq i64 %fewer, 0
  br i1 %last, label %restore, label %done
restore:
  %before = getelementptr i64, ptr @state, i64 2
  %wide = load i64, ptr %before
  %threads = trunc i64 %wide to i32
  call void @set_threads(i32 %threads)
  br label %done
done:
  store atomic i64 0, ptr @state release, align 8
  ret void
}
"""

# SciPy's wheels bundle OpenBLAS under a prefix; a system's library has the plain names.
_PREFIXES = ("scipy_openblas", "openblas")


@functools.cache
def _functions() -> tuple[Any, Any] | None:
    """Returns the getter and setter of the number of threads, None for another BLAS."""
    spec = import_module("importlib.util").find_spec("scipy")
    if spec is None or spec.origin is None:
        return None
    for path in _libraries(os.path.dirname(os.path.dirname(spec.origin))):
        library = ctypes.CDLL(path)
        for prefix in _PREFIXES:
            if hasattr(library, f"{prefix}_set_num_threads"):
                return (
                    getattr(library, f"{prefix}_get_num_threads"),
                    getattr(library, f"{prefix}_set_num_threads"),
                )
    return None


def _libraries(site: str) -> Iterator[str]:
    """Yields the files of OpenBLAS that come with SciPy."""
    for folder in (os.path.join(site, "scipy.libs"), os.path.join(site, "scipy", ".dylibs")):
        names = os.listdir(folder) if os.path.isdir(folder) else []
        yield from (os.path.join(folder, name) for name in names if "openblas" in name)


@functools.cache
def _code() -> Program | None:
    functions = _functions()
    if functions is None:
        return None
    get, limit = (ctypes.cast(f, ctypes.c_void_p).value or 0 for f in functions)
    known = {"get_threads": get, "set_threads": limit, "state": ctypes.addressof(_state)}
    code = cached_module(_TEXT, _LIMIT, known, Effort.MINIMAL, (_FREE,))
    keep_forever(code)
    return code


def blas_functions() -> tuple[int, int] | None:
    """Returns the addresses of what to call before and after BLAS is kept to one thread."""
    code = _code()
    return None if code is None else (code.addresses[_LIMIT], code.addresses[_FREE])


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limits BLAS to one thread inside the context; does nothing for a BLAS it does not know."""
    functions = blas_functions()
    if functions is None:
        yield
        return
    limit, free = map(ctypes.CFUNCTYPE(None), functions)
    limit()
    try:
        yield
    finally:
        free()


def _forget() -> None:
    """In a forked child there are none of the other threads that were in BLAS."""
    _, users, before = _state
    _state[:] = [0, 0, 0]
    functions = _functions()
    if users and functions is not None:
        functions[1](before)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
