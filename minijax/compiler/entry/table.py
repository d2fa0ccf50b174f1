"""The table of an entry: every pointer and number that its code needs and its text must not name.

The text of an entry speaks of slots of the table alone, so entries for arguments of one make-up
share their code, and code can be kept from process to process.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

ENTRY, NEXT, SLOW, BUSY, RUN, FAILURE, IN_USE = range(7)
_FIXED = 7


class Table:
    """Slots of eight bytes, which live as long as the table does.

    Attributes:
        kept: the objects that slots point to.
        following: the table that calls go on to.
    """

    def __init__(self) -> None:
        self._values: list[int] = [0] * _FIXED
        self._slots: dict[int, int] = {}
        self.kept: list[Any] = []
        self.following: Table | None = None
        self._memory: Any = None

    def object(self, x: Any) -> int:
        """Returns the slot of the address of a Python object."""
        self.kept.append(x)
        return self.number(id(x))

    def number(self, value: int) -> int:
        """Returns the slot of an address or another number."""
        slot = self._slots.get(value)
        if slot is None:
            slot = self._slots[value] = len(self._values)
            self._values.append(value)
        return slot

    def row(self, values: Sequence[int]) -> int:
        """Returns the first of slots that follow each other and hold these numbers."""
        first = len(self._values)
        self._values += values
        return first

    def settle(self) -> None:
        """Gives the table its memory; no more slots are made after."""
        self._memory = (ctypes.c_uint64 * len(self._values))(*self._values)

    def fix(self, slot: int, value: int) -> None:
        """Sets one of the named slots."""
        self._memory[slot] = value

    @property
    def in_use(self) -> int:
        """How many calls are running the entry."""
        return int(self._memory[IN_USE])

    @property
    def address(self) -> int:
        """The address of the first slot."""
        return ctypes.addressof(self._memory)
