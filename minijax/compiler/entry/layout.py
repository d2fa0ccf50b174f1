"""Where CPython and NumPy keep what generated entries read: found by looking, never assumed.

Each offset is confirmed on objects whose contents are known. Where one is not as expected, on
another interpreter or a build without the global lock, `find_layout` returns None and calls go
through Python.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import platform
import sys
import weakref
from typing import Any

import numpy as np

from minijax.core.array import ConcreteArray, wrap
from minijax.core.avals import ShapedArray
from minijax.core.records import record

HEAD = 16  # reference count and type
FIRST_TABLE = HEAD + 8  # of an entry point, the table of its first entry
_WORD = ctypes.sizeof(ctypes.c_void_p)


@record(eq=True)
class Layout:
    """Offsets in bytes.

    Attributes:
        value, aval: of the slots of an array of ours.
        weak_type: of the slot of its aval.
        weakrefs: of an array of ours, the list of weak references.
        data, ndim, shape, base, dtype, flags, array_weakrefs: of the fields of a NumPy array.
        dealloc, type_flags: of a type's destructor and flags.
    """

    value: int
    aval: int
    weak_type: int
    weakrefs: int
    data: int = 16
    ndim: int = 24
    shape: int = 32
    base: int = 48
    dtype: int = 56
    flags: int = 64
    array_weakrefs: int = 72
    dealloc: int = 48
    type_flags: int = 168


def _is_free_threaded() -> bool:
    if not hasattr(sys, "_is_gil_enabled"):
        return False  # a Python from before there were such builds
    # Imported here, as it reads all the variables of the build.
    import sysconfig

    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


@functools.cache
def find_layout() -> Layout | None:
    """Returns the offsets, or None where objects are not laid out as entries need it."""
    usable = (
        platform.python_implementation() == "CPython"
        and _WORD == 8
        and not _is_free_threaded()
        and not hasattr(sys, "getobjects")
        and not sys.flags.dev_mode
    )
    if not usable or not _containers_are_plain():
        return None
    # Of integers, so that one slot of the aval alone holds True.
    buffer = np.arange(6).reshape(2, 3)
    aval = ShapedArray((2, 3), buffer.dtype, True)
    array = wrap(buffer, aval)
    value_at = _find(array, id(array._value))
    aval_at = _find(array, id(aval))
    weak_at = _find(aval, id(True))
    if value_at is None or aval_at is None or weak_at is None:
        return None
    found = Layout(value_at, aval_at, weak_at, ConcreteArray.__weakrefoffset__)
    plain = _arrays_are_plain(found, array._value) and _types_are_plain(found)
    return found if plain else None


def word(address: int) -> int:
    """Returns eight bytes of memory as an unsigned integer."""
    return ctypes.c_uint64.from_address(address).value


def _find(x: Any, wanted: int) -> int | None:
    """Returns the offset of the only slot of an object that holds a pointer."""
    size = type(x).__basicsize__
    places = [at for at in range(HEAD, size, _WORD) if word(id(x) + at) == wanted]
    return places[0] if len(places) == 1 else None


def _containers_are_plain() -> bool:
    pair, items = (object(), object()), [object(), object()]
    members = {object(), object(), object()}
    first, part = word(id(items) + 24), slice(items[0], items[1])
    return (
        word(id(pair) + 16) == 2
        and (word(id(pair) + 24), word(id(pair) + 32)) == (id(pair[0]), id(pair[1]))
        and word(id(items) + 16) == 2
        and (word(first), word(first + 8)) == (id(items[0]), id(items[1]))
        and word(id(members) + 24) == 3
        and word(id(dict.fromkeys(items)) + 16) == 2
        and (word(id(part) + 16), word(id(part) + 24)) == (id(items[0]), id(items[1]))
        and word(id(part) + 32) == id(None)
        and ctypes.c_double.from_address(id(1.5) + HEAD).value == 1.5
        and _complex_is_plain(complex(2.5, 3.5))
        and _scalar_is_plain(np.float64(4.5))
    )


def _complex_is_plain(x: complex) -> bool:
    parts = (ctypes.c_double * 2).from_address(id(x) + HEAD)
    return (parts[0], parts[1]) == (x.real, x.imag)


def _scalar_is_plain(x: np.float64) -> bool:
    return ctypes.c_double.from_address(id(x) + HEAD).value == float(x)


def _arrays_are_plain(layout: Layout, x: np.ndarray) -> bool:
    at = id(x)
    shape = word(at + layout.shape)
    view, watched = x[:1], weakref.ref(x)
    flags = ctypes.c_int32.from_address(at + layout.flags).value
    return (
        word(at + layout.data) == x.ctypes.data
        and ctypes.c_int32.from_address(at + layout.ndim).value == 2
        and (word(shape), word(shape + 8)) == (2, 3)
        and word(at + layout.dtype) == id(x.dtype)
        and bool(flags & 0x1) == x.flags.c_contiguous
        and bool(flags & 0x100) == x.flags.aligned
        and bool(flags & 0x400) == x.flags.writeable
        and bool(flags & 0x4) == x.flags.owndata
        and word(id(view) + layout.base) == id(view.base)
        and word(at + layout.array_weakrefs) == id(watched)
    )


_TP_DEALLOC = 52  # the number of the slot, in CPython's stable interface


def _types_are_plain(layout: Layout) -> bool:
    slot = ctypes.pythonapi.PyType_GetSlot
    slot.restype, slot.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_int]
    return word(id(ConcreteArray) + layout.type_flags) == ConcreteArray.__flags__ and word(
        id(ConcreteArray) + layout.dealloc
    ) == slot(ConcreteArray, _TP_DEALLOC)


_NEW_FROM_DESCR = 94  # of NumPy's table of C functions
_kept_block = ctypes.c_void_p(None)


@functools.cache
def new_array_address() -> int:
    """Returns the address of NumPy's PyArray_NewFromDescr."""
    table = importlib.import_module("numpy._core._multiarray_umath")._ARRAY_API
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return word(pointer(table, None) + 8 * _NEW_FROM_DESCR)


def kept_block_address() -> int:
    """Returns where the address of the working memory is that is kept between calls."""
    return ctypes.addressof(_kept_block)
