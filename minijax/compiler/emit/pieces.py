"""Long programs in pieces: functions of bounded size that are called one after the other.

    a = …; b = …; c = …     ──▶     i32 run(…):           i32 piece(inputs, arena, crossing):
                                        a = …                  a = crossing[0]
                                        crossing[0] = a        b = …; c = …
                                        piece(…)               crossing[1] = c
                                        c = crossing[1]

LLVM takes more than twice the time for a function of twice the length. So a program that has filled
a function goes on in another one, and in further ones, each of which ends where a step ends. Bodies
of loops and branches do the same, each counted from its own beginning.

Arrays are where the plan says. What else crosses a cut, numbers and addresses, goes through a table
on the stack of the function around: it puts there what pieces ask for, and a piece stores at its
end what a later one turns out to need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from minijax.compiler.emit.frame import Frame, Slot, Taken, register_types, writing
from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.fuse.parts import lanes_of
from minijax.compiler.fuse.walk import is_tape
from minijax.compiler.text import Block, FunctionWriter, Operand
from minijax.kernel.roots import Value

MOST_VALUES = 4000
"""How many values a program names in a function before it goes on in another one."""
MOST_VALUES_TIMES_CALLS = 80_000
_NESTED = 4
_T = TypeVar("_T")


class Allowance:
    """What a program may still add to a function."""

    def __init__(self, fn: FunctionWriter) -> None:
        self._fn = fn
        self._size = fn.size
        self._calls = fn.calls

    def is_spent(self) -> bool:
        """Tells whether the next step should go elsewhere.

        No vector register survives a call, and LLVM tries to keep what is needed over many calls
        in registers between each two of them, which takes time in values times calls.
        """
        size, calls = self._fn.size - self._size, self._fn.calls - self._calls
        if size >= MOST_VALUES or size * calls >= MOST_VALUES_TIMES_CALLS:
            return True
        # Many programs may be nested in one function, the cases of a choice for example.
        return self._fn.size >= _NESTED * MOST_VALUES


class Crossing:
    """The pieces of one program, and the table of what passes from one to another.

    Attributes:
        frame: the program in the function that calls the pieces.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._table = frame.fn.fresh()
        self._words = 0
        self._given: dict[Operand, int] = {}
        self._made: dict[Value, PieceFrame] = {}
        self._places: dict[Value, int] = {}
        self._addresses: dict[Value, str] = {}

    @contextmanager
    def piece(self) -> Iterator[PieceFrame]:
        """Within it, instructions go to a further piece; yields the program as it sees it."""
        c = self.frame.c
        around = "stop" if c.in_part else "inputs"
        args = [("ptr", around), ("ptr noalias", "arena"), ("ptr noalias", "crossing")]
        with c.function(c.fresh_name("piece"), args) as name:
            inner = PieceFrame(self)
            yield inner
            inner.end = c.fn.block
            c.fn.ret()
        self._made |= dict.fromkeys(inner.made(), inner)
        operands = [f"%{around}", self.frame.arena, self._table]
        status = c.fn.call("i32", name, [("ptr", x) for x in operands])
        if inner.fn.can_fail:
            c.fn.fail_if(c.fn.emit(f"icmp ne i32 {status}, 0"), status)

    def finish(self) -> None:
        """Makes the table, and known around the pieces what the program hands back."""
        for value in self.frame.plan.fused.program.outputs:
            if value in self._made:
                self.frame.scalars[value] = self.made(value, self.frame.fn, self._table)
        self.frame.fn.alloca("i64", max(self._words, 1), align=64, name=self._table)

    def given(self, ty: str, x: Operand, words: int) -> int:
        """Returns where in the table a value of the function around is."""
        place = self._given.get(x)
        if place is None:
            place = self._given[x] = self._room(words)
            fn = self.frame.fn
            fn.store(ty, x, fn.gep("i64", self._table, place), align=8)
        return place

    def address(self, home: Value) -> str:
        """Returns the address of a value in the function around."""
        found = self._addresses.get(home)
        if found is None:
            with writing(self.frame):
                found = self._addresses[home] = self.frame.address(home)
        return found

    def is_made(self, value: Value) -> bool:
        """Tells whether an earlier piece has made a value."""
        return value in self._made

    def made(self, value: Value, fn: FunctionWriter, table: str) -> Scalar:
        """Loads what an earlier piece has made; from now on that piece stores it.

        Args:
            value: the value.
            fn: the function that needs it.
            table: what the table is called there.
        """
        maker = self._made[value]
        parts = maker.parts(value)
        types, words = _types(value), lanes_of(value)
        if value not in self._places:
            self._places[value] = self._room(words * len(parts))
            self._store(value, maker)
        offsets = range(self._places[value], self._words, words)
        return tuple(
            fn.load(ty, fn.gep("i64", table, at), align=8) if part[0] == "%" else part
            for ty, part, at in zip(types, parts, offsets, strict=False)
        )

    def _store(self, value: Value, maker: PieceFrame) -> None:
        parts = maker.parts(value)
        offsets = range(self._places[value], self._words, lanes_of(value))
        with maker.fn.at(maker.end):
            for ty, part, at in zip(_types(value), parts, offsets, strict=True):
                if part[0] == "%":
                    maker.fn.store(ty, part, maker.fn.gep("i64", "%crossing", at), align=8)

    def _room(self, words: int) -> int:
        self._words += words
        return self._words - words


class PieceFrame(Frame):
    """A program as one of its pieces sees it.

    Attributes:
        end: the last block, when the piece is complete.
    """

    def __init__(self, crossing: Crossing) -> None:
        outer = crossing.frame
        plan = outer.plan
        nothing: list[Slot] = [None for _ in plan.fused.program.inputs]
        targets: list[str | None] = [None for _ in plan.fused.program.outputs]
        literals = Taken(outer.literals, lambda _, address: self.take("ptr", address))
        super().__init__(outer.c, plan, nothing, targets, "%arena", literals)
        self.outer = outer
        self.end: Block
        self._crossing = crossing
        self._names: dict[Operand, str] = {}
        self._reached: set[Value] = set()
        self.scalars = _Known(self._reach)
        self.tapes = _Known(lambda tape: self._reach(tape)[0])

    def take(self, ty: str, x: Operand, words: int = 1) -> str:
        """Returns an operand of the function around as one of the piece.

        Args:
            ty: its type.
            x: its name there.
            words: how many times eight bytes it may need.
        """
        if not isinstance(x, str) or x[0] != "%":
            return str(x)
        if x not in self._names:
            place = self._crossing.given(ty, x, words)
            with self.fn.at(self.fn.entry):
                self._names[x] = self.fn.load(ty, self.fn.gep("i64", "%crossing", place), align=8)
        return self._names[x]

    def address(self, value: Value) -> str:
        """Returns the address of a value in memory."""
        home = self.plan.fused.home(value)
        if home not in self.literals and self.plan.places[home].kind == "arena":
            return super().address(home)
        return self.take("ptr", self._crossing.address(home))

    def made(self) -> Sequence[Value]:
        """Returns the numbers and tapes that the piece has made."""
        return [x for x in (*self.scalars, *self.tapes) if x not in self._reached]

    def parts(self, value: Value) -> Scalar:
        """Returns the names of what the piece has made."""
        return (self.tapes[value],) if is_tape(value) else self.scalars[value]

    def _reach(self, value: Value) -> Scalar:
        """Brings in what the function around or an earlier piece has made."""
        self._reached.add(value)
        if self._crossing.is_made(value):
            with self.fn.at(self.fn.entry):
                return self._crossing.made(value, self.fn, "%crossing")
        if is_tape(value):
            return (self.take("ptr", self.outer.tapes[value]),)
        pairs = zip(register_types(value), self.outer.scalars[value], strict=True)
        return tuple(self.take(ty, x, lanes_of(value)) for ty, x in pairs)


class _Known(dict[Value, _T]):
    """What a piece has made and what it has brought in, which it does when it is asked for."""

    def __init__(self, reach: Callable[[Value], _T]) -> None:
        super().__init__()
        self._reach = reach

    def __missing__(self, value: Value) -> _T:
        self[value] = found = self._reach(value)
        return found


def _types(value: Value) -> list[str]:
    return ["ptr"] if is_tape(value) else register_types(value)
