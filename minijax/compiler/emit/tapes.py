"""Tapes: what a loop of unknown length records, in memory that doubles when it is full.

A tape is one block of the heap. It is freed after the last loop that reads it; only a run that is
cut short by an exception leaves it behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.memory_access import store
from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.status import OUT_OF_MEMORY
from minijax.compiler.text import Operand
from minijax.kernel.roots import Value

_FIRST_CAPACITY = 64


class Tapes:
    """The tapes that one loop records on.

    The loop carries the number of records, the capacity and the address of each tape.
    """

    def __init__(self, c: Context, values: Sequence[Value]) -> None:
        self.c = c
        self.elements = [value.aval.element for value in values]
        self.sizes = [max(e.size * e.dtype.itemsize, 1) for e in self.elements]
        self._count: Operand = 0
        self._state: list[Operand] = []

    def carried(self) -> list[tuple[str, Operand]]:
        """Returns types and first values of what the loop carries for the tapes."""
        places = [self._checked("malloc", [("i64", _FIRST_CAPACITY * n)]) for n in self.sizes]
        state: list[tuple[str, Operand]] = [("i64", 0), ("i64", _FIRST_CAPACITY)]
        return state + [("ptr", place) for place in places]

    def room(self, values: Sequence[str]) -> list[str | None]:
        """Makes room for one more record; returns where arrays of it are to be written."""
        fn = self.c.fn
        self._count, capacity, *places = values
        full = fn.emit(f"icmp eq i64 {self._count}, {capacity}")
        with fn.if_else(full, ["i64", *("ptr" for _ in places)]) as choice:
            with choice.then():
                larger = fn.emit(f"shl i64 {capacity}, 1")
                choice.give(larger, *self._grown(places, larger))
            with choice.otherwise():
                choice.give(capacity, *places)
        self._state = list(choice.results)
        return [
            None if e.ndim == 0 else fn.gep(f"[{size} x i8]", place, self._count)
            for e, size, place in zip(self.elements, self.sizes, choice.results[1:], strict=True)
        ]

    def recorded(self, results: Sequence[Scalar | None]) -> list[Operand]:
        """Stores the scalars of a record; returns what the loop carries on."""
        places = self._state[1:]
        for e, place, result in zip(self.elements, places, results, strict=True):
            if result is not None:
                store(self.c, e.dtype, result, str(place), self._count)
        return [self.c.fn.emit(f"add nsw i64 {self._count}, 1"), *self._state]

    def _grown(self, places: Sequence[str], capacity: str) -> list[str]:
        found = []
        for place, size in zip(places, self.sizes, strict=True):
            wanted = self.c.fn.emit(f"mul i64 {capacity}, {size}")
            found.append(self._checked("realloc", [("ptr", place), ("i64", wanted)]))
        return found

    def _checked(self, function: str, args: Sequence[tuple[str, Operand]]) -> str:
        place = self.c.fn.call("ptr", function, args)
        self.c.fn.fail_if(self.c.fn.emit(f"icmp eq ptr {place}, null"), OUT_OF_MEMORY)
        return place


def release(frame: Frame, tapes: Sequence[Value]) -> None:
    """Frees tapes that nobody reads any more."""
    for tape in tapes:
        frame.c.fn.call("void", "free", [("ptr", frame.tapes[tape])])
