"""The values of one program while its steps are emitted: registers and addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers.types import Scalar, registers
from minijax.compiler.fuse.parts import lanes_of
from minijax.compiler.memory.plan import Plan
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Value

Slot = Scalar | str | None
_T = TypeVar("_T")


class Part(NamedTuple):
    """A range of a loop: of the loop over `along`, or of the one loop that a step has.

    `length` is that of every part but the last one, and each begins at a multiple of it.
    """

    along: Expr | None
    start: str
    stop: str
    length: int


class Frame:
    """A program being emitted.

    Attributes:
        c: the module.
        fn: the function that it is emitted into.
        plan: where its values live.
        part: the range of a loop that is to be gone over here; None for all of every loop.
        inputs: for each input a scalar (rank 0) or an address.
        outputs: for each output the address to write to; None for a scalar that is handed back.
        arena: the address of its working memory.
    """

    def __init__(
        self,
        c: Context,
        plan: Plan,
        inputs: Sequence[Slot],
        outputs: Sequence[str | None],
        arena: str,
        literals: dict[Value, str],
    ) -> None:
        self.c = c
        self.fn = c.fn
        self.plan = plan
        self.part: Part | None = None
        self.inputs = inputs
        self.outputs = outputs
        self.arena = arena
        self.literals = literals
        self.scalars: dict[Value, Scalar] = {}
        self.tapes: dict[Value, str] = {}
        self._stack: dict[int, str] = {}
        for value, slot in zip(plan.fused.program.inputs, inputs, strict=True):
            if isinstance(slot, tuple):
                self.scalars[value] = slot

    def address(self, value: Value) -> str:
        """Returns the address of a value in memory."""
        home = self.plan.fused.home(value)
        if home in self.literals:
            return self.literals[home]
        place = self.plan.places[home]
        match place.kind:
            case "input":
                found = self.inputs[place.at]
            case "output":
                found = self.outputs[place.at]
                if place.offset and isinstance(found, str):
                    return self.c.fn.gep("i8", found, place.offset)
            case "stack":
                found = self._stack.get(place.at)
                if found is None:
                    size = max(nbytes(home), 1)
                    found = self._stack[place.at] = self.c.fn.alloca(f"[{size} x i8]", align=64)
            case _:
                return self.c.fn.gep("i8", self.arena, place.at)
        assert isinstance(found, str), f"{value} has no address"
        return found

    def scratch(self, position: int, number: int) -> str:
        """Returns the address of one of a step's working memories."""
        return self.c.fn.gep("i8", self.arena, self.plan.scratch[position][number])

    def span(self, size: Operand, is_cut: bool = True) -> tuple[Operand, Operand]:
        """Returns the bounds of a loop without index.

        Args:
            size: its length.
            is_cut: whether it is the one that a step in parts has cut.
        """
        if self.part is None or not is_cut:
            return 0, size
        return self.part.start, self.part.stop

    def thread_count(self) -> str:
        """Returns the address of the number of threads that loops in parts may use."""
        with self.fn.at(self.fn.entry):
            return self.fn.load("ptr", self.fn.gep("ptr", "%inputs", self.c.table_size))

    def slot(self, value: Value) -> Slot:
        """Returns a value as an operand of a nested program: a scalar or an address."""
        return self.scalars[value] if value.ndim == 0 else self.address(value)


class Taken(dict[Value, _T]):
    """What is known of values in the function around, taken over when it is asked for."""

    def __init__(self, outer: dict[Value, _T], take: Callable[[Value, _T], _T]) -> None:
        super().__init__()
        self._outer = outer
        self._take = take

    def __missing__(self, value: Value) -> _T:
        self[value] = found = self._take(value, self._outer[value])
        return found

    def __contains__(self, value: object) -> bool:
        return value in self._outer


@contextmanager
def writing(frame: Frame) -> Iterator[None]:
    """Within it, instructions go to the function of a frame."""
    c = frame.c
    here, c.fn = c.fn, frame.fn
    yield
    c.fn = here


def register_types(value: Value) -> list[str]:
    """Returns the types of the registers that hold a number or a vector."""
    lanes = lanes_of(value)
    return [ty if lanes == 1 else f"<{lanes} x {ty}>" for ty in registers(value.dtype)]


def nbytes(value: Value) -> int:
    """Returns the bytes of a value's memory."""
    return value.size * value.dtype.itemsize


def clear(c: Context, target: str, size: int) -> None:
    """Sets memory to zero bytes."""
    args: list[tuple[str, Operand]] = [("ptr", target), ("i8", 0), ("i64", size), ("i1", "false")]
    c.fn.call("void", "llvm.memset.p0.i64", args)


def copy(c: Context, target: str, source: str, size: Operand) -> None:
    """Copies memory that does not overlap (or is the same)."""
    if size and target != source:
        args: list[tuple[str, Operand]] = [
            ("ptr", target),
            ("ptr", source),
            ("i64", size),
            ("i1", "false"),
        ]
        c.fn.call("void", "llvm.memmove.p0.p0.i64", args)
