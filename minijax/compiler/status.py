"""What programs and those who run them agree on: a name, and why a run ended early."""

from __future__ import annotations

import ctypes

ENTRY = "run"
"""The function of a program: `i32 run(ptr inputs, ptr outputs, ptr arena)`, 0 if all went well."""

FAILED = 1
"""A host call raised; the exception waits with the program."""
OUT_OF_MEMORY = 2
INTERRUPTED = 4
"""A handler of signals raised; what it raised waits in a slot."""

SLOT = "raised"
# Only the main thread runs handlers, so there is one.
_slot = (ctypes.c_void_p * 3)()


def slot_address() -> int:
    """Returns where an interrupted loop leaves what the handler raised."""
    return ctypes.addressof(_slot)


def reraise() -> None:
    """Raises what a handler raised."""
    restore = ctypes.pythonapi.PyErr_Restore
    restore.restype, restore.argtypes = None, [ctypes.c_void_p] * 3
    restore(*_slot)
