"""What the threads of the pool share: one block of words and locks, and instructions on them."""

from __future__ import annotations

from collections.abc import Callable

from minijax.compiler.engine import host
from minijax.compiler.text import FunctionWriter, ModuleWriter, Operand

RUN, STOP, STATE = "pool_run", "pool_stop", "pool_state"
STATE_BYTES = 1024
# Bytes of the state. Locks have more room than any C library gives them.
LOCK, WORK, DONE = 0, 128, 256
OWNER, GATE, NEXT, SLEEPERS, WAITING = 384, 448, 512, 576, 584
STARTED, ALIVE, CLOSING, STATUS = 640, 648, 656, 664
BODY, ENV, PARTS, SCRATCH_SIZE = 704, 712, 720, 728
INSIDE = 1 << 32
TICKETS = INSIDE - 1
_LOOKS = 1000
_PAUSES = {"x86_64": "void @llvm.x86.sse2.pause()", "aarch64": "void @llvm.aarch64.hint(i32 1)"}


class StateWriter:
    """Writes functions that use the state; `fn` is the one being written."""

    def __init__(self) -> None:
        self.module = ModuleWriter()
        self.state = self.module.declare(STATE, "void", [])
        self.fn: FunctionWriter

    def begin(
        self, name: str, args: list[tuple[str, str]], ret: str, linkage: str = "internal"
    ) -> FunctionWriter:
        """Starts a function."""
        self.fn = self.module.function(name, args, ret, linkage)
        return self.fn

    # -- words of the state

    def at(self, offset: int) -> str:
        """Returns the address of a word."""
        return self.fn.gep("i8", self.state, offset)

    def get(self, offset: int) -> str:
        """Reads a word."""
        return self.fn.emit(f"load atomic i64, ptr {self.at(offset)} seq_cst, align 8")

    def put(self, offset: int, x: Operand) -> None:
        """Sets a word."""
        self.fn.do(f"store atomic i64 {x}, ptr {self.at(offset)} seq_cst, align 8")

    def change(self, word: str, offset: int, by: int) -> str:
        """Changes a word at once; returns what it was."""
        return self.fn.emit(f"atomicrmw {word} ptr {self.at(offset)}, i64 {by} seq_cst")

    def swap(self, offset: int, old: Operand, new: Operand) -> str:
        """Sets a word that has an expected value; returns whether it had."""
        pair = self.fn.emit(f"cmpxchg ptr {self.at(offset)}, i64 {old}, i64 {new} seq_cst seq_cst")
        return self.fn.emit(f"extractvalue {{ i64, i1 }} {pair}, 1")

    def compare(self, order: str, x: Operand, y: Operand) -> str:
        """Compares two numbers."""
        return self.fn.emit(f"icmp {order} i64 {x}, {y}")

    def has_tickets(self) -> str:
        """Whether workers may join the present loop."""
        tickets = self.fn.emit(f"and i64 {self.get(GATE)}, {TICKETS}")
        return self.compare("ne", tickets, 0)

    def is_called(self) -> str:
        """Whether there is something to do for a worker."""
        closing = self.compare("ne", self.get(CLOSING), 0)
        return self.fn.emit(f"or i1 {self.has_tickets()}, {closing}")

    # -- locks

    def lock(self) -> None:
        """Takes the lock."""
        self.fn.call("i32", "pthread_mutex_lock", [("ptr", self.at(LOCK))])

    def unlock(self) -> None:
        """Gives the lock back."""
        self.fn.call("i32", "pthread_mutex_unlock", [("ptr", self.at(LOCK))])

    def wake(self, condition: int) -> None:
        """Wakes all that sleep until a condition holds."""
        self.lock()
        self.fn.call("i32", "pthread_cond_broadcast", [("ptr", self.at(condition))])
        self.unlock()

    def pause(self) -> None:
        """Tells the processor that this thread only looks."""
        call = _PAUSES.get(host().triple.partition("-")[0].replace("arm64", "aarch64"))
        if call is not None:
            ret, _, rest = call.partition(" @")
            name, _, args = rest.rstrip(")").partition("(")
            self.fn.call(ret, name, [("i32", 1)] if args else [])

    def look(self, test: Callable[[], str]) -> None:
        """Looks some times whether a test holds."""
        fn = self.fn
        with fn.while_loop([("i64", 0)]) as looks:
            there = test()
            absent = fn.emit(f"xor i1 {there}, true")
            few = self.compare("slt", looks.values[0], _LOOKS)
            looks.test(fn.emit(f"and i1 {absent}, {few}"))
            self.pause()
            looks.next(fn.emit(f"add i64 {looks.values[0]}, 1"))

    def is_empty(self) -> str:
        """Whether the gate is closed and nobody is inside."""
        return self.compare("eq", self.get(GATE), 0)
