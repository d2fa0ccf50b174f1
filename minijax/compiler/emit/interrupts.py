"""Ctrl-C in long loops: every few milliseconds of work the loop asks Python for signals.

A handler may raise. What it raised waits in a slot until the code has left with a status; only the
main thread runs handlers, so there is one slot.
"""

from __future__ import annotations

import math

from minijax.compiler.emit.context import Context
from minijax.compiler.status import INTERRUPTED, SLOT, slot_address
from minijax.compiler.text import Operand

_WORK_BETWEEN = 2e7


def is_long(work: float) -> bool:
    """Tells whether a loop of so much work, in additions, should listen."""
    return work >= _WORK_BETWEEN


def emit_poll(c: Context, counter: Operand, work: float) -> None:
    """Emits the question, asked once in so many iterations.

    Args:
        c: the context; the code leaves if a handler raised.
        counter: the number of the iteration.
        work: what an iteration costs, in additions.
    """
    period = 1 << max(math.ceil(math.log2(_WORK_BETWEEN / max(work, 1.0))), 0)
    low = c.fn.emit(f"and i64 {counter}, {period - 1}")
    with c.fn.when(c.fn.emit(f"icmp eq i64 {low}, {period - 1}")):
        define_poll(c)
        if c.in_part:
            _define_part_poll(c)
            status = c.fn.call("i32", "part_poll", [("ptr", "%stop")])
        else:
            status = c.fn.call("i32", "poll", [])
        c.fn.fail_if(c.fn.emit(f"icmp ne i32 {status}, 0"), status)


def _define_part_poll(c: Context) -> None:
    """Writes what a part of a loop asks: threads of the pool ask whether the others go on."""
    if c.module.defines("part_poll"):
        return
    here = c.fn
    args, attributes = [("ptr", "stop")], ("nounwind", "noinline", "cold")
    c.fn = fn = c.module.function("part_poll", args, "i32", "internal", attributes)
    caller = fn.emit("icmp eq ptr %stop, null")
    with fn.if_else(caller, ["i32"]) as choice:
        with choice.then():
            choice.give(fn.call("i32", "poll", []))
        with choice.otherwise():
            word = fn.emit("load atomic i64, ptr %stop monotonic, align 8")
            choice.give(fn.emit(f"trunc i64 {word} to i32"))
    fn.ret(choice.results[0])
    c.fn = here


def define_poll(c: Context) -> None:
    """Writes the function that asks Python for signals: 0, or the status to leave with."""
    if c.module.defines("poll"):
        return
    here = c.fn
    c.fn = fn = c.module.function("poll", [], "i32", "internal", ("nounwind", "noinline", "cold"))
    c.symbols[SLOT] = slot_address()
    slot = c.module.declare(SLOT, "void", [])
    state = fn.call("i32", "PyGILState_Ensure", [])
    # Where the caller holds the lock, other threads get their turn.
    thread = fn.call("ptr", "PyEval_SaveThread", [])
    fn.call("void", "PyEval_RestoreThread", [("ptr", thread)])
    status = fn.call("i32", "PyErr_CheckSignals", [])
    with fn.when(fn.emit(f"icmp ne i32 {status}, 0")):
        places = [fn.gep("ptr", slot, k) for k in range(3)]
        fn.call("void", "PyErr_Fetch", [("ptr", place) for place in places])
    fn.call("void", "PyGILState_Release", [("i32", state)])
    raised = fn.emit(f"icmp ne i32 {status}, 0")
    fn.ret(fn.emit(f"select i1 {raised}, i32 {INTERRUPTED}, i32 0"))
    c.fn = here
