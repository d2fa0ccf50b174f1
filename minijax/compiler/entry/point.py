"""Objects that CPython calls through a pointer of their own: where generated entries are hung in.

An `EntryPoint` has two words that Python does not look at: the address of the function to call and
the table of the first entry. As long as the first is null, a call goes to `__call__`.

    call ──▶ stub ──▶ entry 1 ──differs──▶ entry 2 ──differs──▶ … ──▶ `__call__`
"""

from __future__ import annotations

import ctypes
import os
import threading
from typing import TYPE_CHECKING, Any

from minijax.compiler.entry.layout import FIRST_TABLE, HEAD, find_layout, word
from minijax.compiler.entry.table import ENTRY, NEXT, SLOW, Table

if TYPE_CHECKING:
    from minijax.compiler.engine import Program

_HAVE_VECTORCALL = 1 << 11
_BASETYPE = 1 << 10
_FUNCTION, _TABLE, _SIZE = HEAD, FIRST_TABLE, HEAD + 16
_READ_ONLY, _OFFSET = 1, 19
_MEMBERS = 72  # Py_tp_members
_MOST_ENTRIES = 16
_lock = threading.Lock()
# A child forked while another thread has the lock would wait for it for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lock._at_fork_reinit)  # type: ignore[attr-defined]


class _Member(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("offset", ctypes.c_ssize_t),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class _TypeSlot(ctypes.Structure):
    _fields_ = (("slot", ctypes.c_int), ("function", ctypes.c_void_p))


class _TypeSpec(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("basicsize", ctypes.c_int),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(_TypeSlot)),
    )


def _make_base() -> type:
    """Returns a type whose instances have room for two words that are not Python objects."""
    if find_layout() is None:
        return object
    members = (_Member * 2)(_Member(b"__vectorcalloffset__", _OFFSET, _FUNCTION, _READ_ONLY, None))
    slots = (_TypeSlot * 2)(_TypeSlot(_MEMBERS, ctypes.addressof(members)))
    spec = _TypeSpec(b"minijax.compiler.entry.EntryBase", _SIZE, 0, _BASETYPE, slots)
    make = ctypes.pythonapi.PyType_FromSpec
    make.restype, make.argtypes = ctypes.py_object, [ctypes.POINTER(_TypeSpec)]
    made: type = make(ctypes.byref(spec))
    _kept.append((members, slots, spec))
    return made


_kept: list[Any] = []
_Base: Any = _make_base()


class EntryPoint(_Base):
    """A callable to which entries can be added. Subclasses define `__call__`, which serves first.

    Attributes:
        entries: the tables of its entries, the latest first.
    """

    entries: list[Table]
    _retired: list[Table]

    def add_entry(self, table: Table, code: Program, stub: Program) -> None:
        """Makes an entry the first that calls try, through the code that all points share."""
        with _lock:
            if not hasattr(self, "entries"):
                self.entries, self._retired = [], []
            # A call that runs an entry may last longer than the entry does.
            self._retired = [old for old in self._retired if old.in_use]
            last = self.entries[0] if self.entries else _last_table(self, stub)
            table.fix(ENTRY, code.address)
            _link(table, last)
            self.entries.insert(0, table)
            if len(self.entries) > _MOST_ENTRIES:
                self._retired.append(self.entries.pop())
                _link(self.entries[-1], _last_table(self, stub))
            ctypes.c_uint64.from_address(id(self) + _TABLE).value = table.address
            ctypes.c_uint64.from_address(id(self) + _FUNCTION).value = stub.addresses["stub"]
            _let_calls_through(type(self))

    def drop_entries(self) -> None:
        """Makes calls go to `__call__` again. A call that is under way keeps its entry."""
        if getattr(self, "entries", None):
            with _lock:
                ctypes.c_uint64.from_address(id(self) + _FUNCTION).value = 0
                self._retired += self.entries
                self.entries.clear()


def _link(table: Table, following: Table) -> None:
    table.fix(NEXT, following.address)
    table.following = following


def _last_table(point: EntryPoint, stub: Program) -> Table:
    """The table of the entry that ends every chain: it calls `__call__`."""
    table = Table()
    slow = point.__call__
    table.kept.append(slow)
    table.settle()
    table.fix(ENTRY, stub.addresses["slow"])
    table.fix(SLOW, id(slow))
    return table


def _let_calls_through(kind: type) -> None:
    """Tells CPython that instances of a type may have a function of their own."""
    layout = find_layout()
    if layout is None or kind.__flags__ & _HAVE_VECTORCALL:
        return
    place = ctypes.c_uint64.from_address(id(kind) + layout.type_flags)
    place.value = word(id(kind) + layout.type_flags) | _HAVE_VECTORCALL
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
