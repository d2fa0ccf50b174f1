"""Memory of large results: what one that died had is kept for the next one of its size.

The system takes large blocks back when they are freed, and each page of a new one costs a fault and
is cleared before it is written: more than most loops over it take. So large results have their
memory from an allocator of ours, which NumPy asks as it asks its own, and which keeps up to eight
freed blocks, 256 MiB in all.

Where a user has chosen another allocator for NumPy, results have their memory from that one.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
from collections.abc import Callable

from minijax.compiler.entry.kept_text import FUNCTIONS, LARGE_BYTES, TOTAL, WORDS

_SET_HANDLER, _GET_HANDLER, _DEFAULT_HANDLER = 304, 305, 306  # of NumPy's table of C functions
_NAME, _VERSION, _FUNCTIONS = b"default_allocator", 127, 128  # of a handler
_CAPSULE = b"mem_handler"
_POINTERS = {"malloc": 1, "free": 4}


class _Handler(ctypes.Structure):
    """NumPy's record of an allocator."""

    _fields_ = (
        ("name", ctypes.c_char * _VERSION),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("functions", ctypes.c_void_p * 4),
    )


_drop: list[Callable[[], None]] = []
_handler = _Handler(b"minijax", 1)
_state = (ctypes.c_uint64 * WORDS)()
# Arrays may die after this module.
for _each in (_handler, _state):
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_each))


@functools.cache
def _capsule() -> object:
    make = ctypes.pythonapi.PyCapsule_New
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return make(ctypes.addressof(_handler), _CAPSULE, None)


def _word(address: int, number: int = 0) -> int:
    return ctypes.c_uint64.from_address(address + 8 * number).value


@functools.cache
def _pointer(capsule: object, name: bytes | None) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    found: int = get(capsule, name)
    return found


def _table() -> int:
    return _pointer(importlib.import_module("numpy._core._multiarray_umath")._ARRAY_API, None)


@functools.cache
def _plain() -> int | None:
    """Returns where NumPy's own allocator is told, None where it is not as expected."""
    capsule = ctypes.cast(_word(_word(_table(), _DEFAULT_HANDLER)), ctypes.py_object).value
    found = _Handler.from_address(_pointer(capsule, _CAPSULE))
    fits = (found.name, found.version, found.context) == (_NAME, 1, None)
    return ctypes.addressof(found) if fits else None


def is_kept(size: int) -> bool:
    """Tells whether the memory of results of so many bytes is kept."""
    return size >= LARGE_BYTES and _plain() is not None


def symbols() -> dict[str, int]:
    """Returns the addresses that the functions written here need."""
    table, plain = _table(), _plain()
    default = _word(_word(table, _DEFAULT_HANDLER))
    functions = 0 if plain is None else plain + _FUNCTIONS
    return {
        "set_handler": _word(table, _SET_HANDLER),
        "get_handler": _word(table, _GET_HANDLER),
        "default_handler": default,
        "kept_handler": id(_capsule()),
        "kept_state": ctypes.addressof(_state),
        # Where NumPy's own allocator is not known, nothing calls ours.
        **{f"plain_{x}": _word(functions, k) if plain else default for x, k in _POINTERS.items()},
    }


def install(addresses: dict[str, int]) -> None:
    """Fills in the record of the allocator.

    Args:
        addresses: of `FUNCTIONS` and of `drop_kept`.
    """
    for number, name in enumerate(FUNCTIONS):
        _handler.functions[number] = addresses[name]
    _drop.append(ctypes.CFUNCTYPE(None)(addresses["drop_kept"]))


def drop() -> None:
    """Gives the memory that is kept back to the system."""
    for function in _drop:
        function()


def kept_bytes() -> int:
    """Returns how much memory is kept for results."""
    return _state[TOTAL]
