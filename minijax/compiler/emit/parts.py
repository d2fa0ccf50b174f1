"""Loops in parts: a function that does one part, and a call of the pool that does them all.

    for i < n: y[i] = s · x[i]     ──▶     i32 part(env, number, scratch, stop):
                                               s, x, y = env[0], env[1], env[2]
                                               for i in range(number): y[i] = s · x[i]

                                           env = s, x, y;  pool_run(part, env, …)

What a part takes from the function around it, numbers and addresses, is handed over in a table; a
`PartFrame` notes what is asked for. Working memory is the thread's own. Inside a part nothing is
cut again.
"""

from __future__ import annotations

from collections.abc import Callable

from minijax.compiler.emit.frame import Frame, Part, Slot, Taken, register_types, writing
from minijax.compiler.emit.interrupts import define_poll
from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.fuse.parts import lanes_of
from minijax.compiler.memory.plan import Private
from minijax.compiler.text import Operand
from minijax.compiler.threads import runtime
from minijax.compiler.threads.partition import Split
from minijax.compiler.threads.state import RUN
from minijax.kernel.roots import Value

_ARGS = [("ptr", "env"), ("i64", "part"), ("ptr", "scratch"), ("ptr", "stop")]


class PartFrame(Frame):
    """A program as a part of one of its loops sees it."""

    def __init__(self, outer: Frame, part: Part, private: Private) -> None:
        plan = outer.plan
        program = plan.fused.program
        nothing: list[Slot] = [None for _ in program.inputs]
        targets: list[str | None] = [None for _ in program.outputs]
        literals = Taken(outer.literals, lambda _, address: self.take("ptr", address))
        super().__init__(outer.c, plan, nothing, targets, "%scratch", literals)
        self.part = part
        self.scalars = Taken(outer.scalars, self._take_scalar)
        self.outer = outer
        self.fn = outer.c.fn
        self.private = private
        self.taken: list[tuple[str, Operand, int]] = []
        self.words = 0
        self._names: dict[Operand, str] = {}

    def take(self, ty: str, x: Operand, words: int = 1) -> str:
        """Returns an operand of the function around the part as one of the part.

        Args:
            ty: its type.
            x: its name there.
            words: how many times eight bytes it may need.
        """
        if not isinstance(x, str) or x[0] != "%":
            return str(x)
        if x not in self._names:
            with self.fn.at(self.fn.entry):
                place = self.fn.gep("i64", "%env", self.words)
                self._names[x] = self.fn.load(ty, place, align=8)
            self.taken.append((ty, x, self.words))
            self.words += words
        return self._names[x]

    def _take_scalar(self, value: Value, scalar: Scalar) -> Scalar:
        lanes = lanes_of(value)
        pairs = zip(register_types(value), scalar, strict=True)
        return tuple(self.take(ty, x, lanes) for ty, x in pairs)

    def address(self, value: Value) -> str:
        """Returns the address of a value: of the thread's own, or of one all parts share."""
        home = self.plan.fused.home(value)
        if home in self.plan.rows:
            place = self.plan.places[home]
            if place.kind == "arena":
                return self.fn.gep("i8", "%scratch", place.at - self.private.start)
            return super().address(home)
        with writing(self.outer):
            found = self.outer.address(home)
        return self.take("ptr", found)

    def scratch(self, position: int, number: int) -> str:
        """Returns the address of one of a step's working memories, the thread's own."""
        offset = self.plan.scratch[position][number] - self.private.start
        return self.fn.gep("i8", "%scratch", offset)


def emit_in_parts(
    frame: Frame, position: int, split: Split, emit: Callable[[PartFrame], None]
) -> None:
    """Emits a step in parts.

    Args:
        frame: the program.
        position: the number of the step, or of the first of those that share rows.
        split: how the loop is cut.
        emit: emits the step, given the frame of a part.
    """
    c = frame.c
    private = frame.plan.private.get(position, Private(0, 0))
    with c.part(c.fresh_name("part"), _ARGS) as name:
        start = c.fn.emit(f"mul nsw i64 %part, {split.length}")
        beyond = c.fn.emit(f"add nsw i64 {start}, {split.length}")
        bounds: list[tuple[str, Operand]] = [("i64", beyond), ("i64", split.size)]
        stop = c.pure_call("i64", "llvm.smin.i64", bounds)
        inner = PartFrame(frame, Part(split.index, start, stop, split.length), private)
        emit(inner)
        c.fn.ret()
    _call(frame, name, inner, split, private)


def _call(frame: Frame, name: str, inner: PartFrame, split: Split, private: Private) -> None:
    c = frame.c
    env = c.fn.alloca("i64", max(inner.words, 1))
    for ty, x, place in inner.taken:
        c.fn.store(ty, x, c.fn.gep("i64", env, place), align=8)
    define_poll(c)
    c.symbols[RUN] = runtime.address()
    given: list[tuple[str, Operand]] = [
        ("ptr", frame.thread_count()),
        ("ptr", f"@{name}"),
        ("ptr", env),
        ("i64", split.parts),
        ("ptr", c.fn.gep("i8", frame.arena, private.start)),
        ("i64", private.size),
        ("ptr", "@poll"),
        ("i1", "true" if split.is_sure else "false"),
    ]
    status = c.fn.call("i32", RUN, given)
    c.fn.fail_if(c.fn.emit(f"icmp ne i32 {status}, 0"), status)
