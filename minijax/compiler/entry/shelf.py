"""Shelves: where small results wait that died, to be results again.

Making a NumPy array and an array of ours around it costs more than most small programs. So when a
small array dies whose buffer nobody else has seen, it is not taken apart but laid on the shelf of
its aval, and the next result of that aval is taken from there. Whoever holds an array, or a view of
its buffer, or a weak reference keeps it from the shelf; nothing dies later than it would.

    dies ──▶ `lay_down` ──▶ shelf of its aval ──▶ `take` ──▶ a result of a later call
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import math
import os
import threading
import weakref

import numpy as np

from minijax.compiler.entry.kept import is_kept
from minijax.compiler.entry.layout import HEAD, find_layout, word
from minijax.compiler.entry.shared import (
    AVAL,
    AVAL_KIND,
    DIRECTORY_SIZE,
    DTYPE,
    KIND,
    LARGE,
    LIMIT,
    NDARRAY,
    NDIM,
    SHAPE,
    WEAK,
    directory,
    shared_code,
)
from minijax.core.array import ConcreteArray
from minijax.core.avals import ShapedArray

_MOST_BYTES = 1024  # of a result that is kept
_MOST_KEPT = 128
_SHELF_BYTES, _OBJECTS_BYTES = 1 << 15, 256
_lock = threading.Lock()
# A child forked while another thread has the lock would wait for it for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lock._at_fork_reinit)  # type: ignore[attr-defined]


class Shelf:
    """What native code knows of the arrays of one aval.

    Attributes:
        aval: the aval; results share this very object.
    """

    __slots__ = ("__weakref__", "_memory", "aval")

    def __init__(self, aval: ShapedArray, limit: int) -> None:
        self.aval = aval
        words = [0] * SHAPE + list(aval.shape)
        words[AVAL], words[LIMIT] = id(aval), limit
        words[DTYPE], words[NDIM] = id(aval.dtype), len(aval.shape)
        words[KIND], words[NDARRAY] = id(ConcreteArray), id(np.ndarray)
        words[AVAL_KIND], words[WEAK] = id(ShapedArray), id(aval.weak_type)
        words[LARGE] = is_kept(_size(aval))
        self._memory = (ctypes.c_uint64 * len(words))(*words)

    @property
    def address(self) -> int:
        """The address of its first word."""
        return ctypes.addressof(self._memory)


_small: dict[ShapedArray, Shelf] = {}
_others: weakref.WeakValueDictionary[ShapedArray, Shelf] = weakref.WeakValueDictionary()


def shelf_of(aval: ShapedArray) -> Shelf:
    """Returns the shelf of an aval. It lives as long as it is referenced, or for ever."""
    with _lock:
        found = _small.get(aval) or _others.get(aval)
        if found is None:
            found = _place(aval) or Shelf(aval, 0)
            (_others if found._memory[LIMIT] == 0 else _small)[found.aval] = found
        return found


def _size(aval: ShapedArray) -> int:
    return math.prod(aval.shape) * aval.dtype.itemsize


def _place(aval: ShapedArray) -> Shelf | None:
    """A shelf of small results: one that `lay_down` finds by the address of its aval."""
    size = _size(aval)
    if size > _MOST_BYTES or aval.dtype.hasobject or not _keep_the_dead():
        return None
    tried = []
    for _ in range(8):
        place = (id(aval) >> 4) % DIRECTORY_SIZE
        if directory[place] == 0:
            made = Shelf(aval, min(_MOST_KEPT, _SHELF_BYTES // (size + _OBJECTS_BYTES)))
            directory[place] = made.address
            return made
        # An equal aval elsewhere in memory has another place.
        tried.append(aval)
        aval = ShapedArray(aval.shape, aval.dtype, aval.weak_type)
    return None


@functools.cache
def _keep_the_dead() -> bool:
    """Makes `lay_down` the destructor of arrays, until the interpreter ends."""
    layout = find_layout()
    if layout is None or not _has_only_slots(ConcreteArray):
        return False
    kind = id(ConcreteArray)
    destructor = ctypes.c_uint64.from_address(kind + layout.dealloc)
    plain = word(kind + layout.dealloc)
    destructor.value = shared_code().addresses["lay_down"]
    atexit.register(setattr, destructor, "value", plain)
    return True


def _has_only_slots(kind: type) -> bool:
    """Whether instances are two references and a list of weak references, and nothing else."""
    plain = kind.__basicsize__ == HEAD + 3 * 8 and kind.__dictoffset__ == 0
    return plain and not hasattr(kind, "__del__")
