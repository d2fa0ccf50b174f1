"""Keeping the BLAS library to one thread while a compiled program runs.

Two reasons. OpenBLAS divides a product among its threads, and a sum divided otherwise is rounded
otherwise: results would depend on the number of cores. And its threads wait by spinning, which on a
machine with other work makes a small product a hundred times slower.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# SciPy's wheels bundle OpenBLAS under a prefix; a system's library has the plain names.
_PREFIXES = ("scipy_openblas", "openblas")


@functools.cache
def _functions() -> tuple[Any, Any] | None:
    """Returns the getter and setter of the number of threads, None for another BLAS."""
    spec = find_spec("scipy")
    if spec is None or spec.origin is None:
        return None
    site = Path(spec.origin).parent.parent
    libraries = [*site.glob("scipy.libs/*openblas*"), *site.glob("scipy/.dylibs/*openblas*")]
    for path in libraries:
        library = ctypes.CDLL(str(path))
        for prefix in _PREFIXES:
            if hasattr(library, f"{prefix}_set_num_threads"):
                return (
                    getattr(library, f"{prefix}_get_num_threads"),
                    getattr(library, f"{prefix}_set_num_threads"),
                )
    return None


def blas_functions() -> tuple[int, int] | None:
    """Returns the addresses of the getter and setter of the number of threads."""
    functions = _functions()
    if functions is None:
        return None
    get, limit = (ctypes.cast(f, ctypes.c_void_p).value or 0 for f in functions)
    return get, limit


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limits BLAS to one thread inside the context; does nothing for a BLAS it does not know."""
    functions = _functions()
    if functions is None:
        yield
        return
    get, limit = functions
    previous = get()
    limit(1)
    try:
        yield
    finally:
        limit(previous)
