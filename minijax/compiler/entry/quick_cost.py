"""What it costs to start the native way of operations, told without loading LLVM."""

from __future__ import annotations

import sys

import numpy as np

from minijax.compiler.cache.location import store
from minijax.compiler.cache.store import digest
from minijax.core.version import VERSION

# In operations done in Python, which take about as long: the code is linked; LLVM has to be loaded
# before; the code has to be compiled.
LINKED, LOADED, COMPILED = 1_500, 15_000, 20_000


def cost() -> int:
    """Returns how many operations in Python the start is worth now.

    A mark in the cache says that the code is there. If it is that of another state of the sources,
    a start costs more than this tells, once.
    """
    files = store()
    if files is None or files.get(_mark()) is None:
        return COMPILED
    return LINKED if "llvmlite.binding" in sys.modules else LOADED


def note_cached() -> None:
    """Marks the cache as one that has the code."""
    files = store()
    if files is not None and files.get(_mark()) is None:
        files.put(_mark(), b"operators")


def _mark() -> str:
    versions = (VERSION, str(sys.implementation.cache_tag), np.__version__)
    return digest(b"operators", repr(versions).encode())
