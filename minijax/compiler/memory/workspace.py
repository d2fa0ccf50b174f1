"""Working memory for runs of compiled programs, kept from run to run.

Fresh memory costs a page fault for every 4 KiB at its first touch, more than the arithmetic of most
programs. So each thread keeps the largest piece that was used, up to a limit; a program that runs
inside another one, through a host call, finds the place empty and gets memory of its own.
"""

from __future__ import annotations

import threading

import numpy as np

KEPT_BYTES = 1 << 28
_ALIGNMENT = 64
_thread = threading.local()


def take(size: int) -> np.ndarray:
    """Returns at least `size` bytes, aligned to a cache line."""
    kept: np.ndarray | None = getattr(_thread, "kept", None)
    if kept is not None and kept.size >= size:
        _thread.kept = None
        return kept
    raw = np.empty(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size]


def give_back(memory: np.ndarray) -> None:
    """Keeps memory that a run has ended with for the next one."""
    kept: np.ndarray | None = getattr(_thread, "kept", None)
    if memory.size <= KEPT_BYTES and (kept is None or kept.size < memory.size):
        _thread.kept = memory
