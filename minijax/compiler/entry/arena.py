"""Working memory of programs that native code runs: on the stack if small, else kept between runs.

One block is kept for the process, up to a limit. Whoever runs a program takes it, so the next one
finds none and gets memory of its own, and puts it back at the end; the block that was there
meanwhile is freed.
"""

from __future__ import annotations

from minijax.compiler.memory.workspace import KEPT_BYTES
from minijax.compiler.text import FunctionWriter

NO_MEMORY = 2
_ON_STACK = 1 << 14
_HEAD = 64  # bytes in front of a block: its size, and the rest of a cache line


def take_arena(fn: FunctionWriter, size: int, place: str) -> str:
    """Emits the taking of working memory; leaves the function with `NO_MEMORY` if there is none.

    Args:
        fn: a function that returns a status.
        size: bytes.
        place: where the address of the kept block is.

    Returns:
        The operand that is its address.
    """
    if size == 0:
        return "null"
    if size <= _ON_STACK:
        return fn.alloca(f"[{size} x i8]", align=64)
    kept = fn.emit(f"atomicrmw xchg ptr {place}, ptr null seq_cst")
    with fn.if_else(fn.emit(f"icmp eq ptr {kept}, null"), ["i64"]) as choice:
        with choice.then():
            choice.give(0)
        with choice.otherwise():
            choice.give(fn.load("i64", kept))
    enough = fn.emit(f"icmp uge i64 {choice.results[0]}, {size}")
    with fn.if_else(enough, ["ptr"]) as block:
        with block.then():
            block.give(kept)
        with block.otherwise():
            fn.call("void", "free", [("ptr", kept)])
            total = -(-(size + _HEAD) // 64) * 64
            fresh = fn.call("ptr", "aligned_alloc", [("i64", 64), ("i64", total)])
            block.give(fresh)
    found = block.results[0]
    fn.fail_if(fn.emit(f"icmp eq ptr {found}, null"), NO_MEMORY)
    with fn.when(fn.emit(f"xor i1 {enough}, true")):
        fn.store("i64", size, found)
    return fn.gep("i8", found, _HEAD)


def return_arena(fn: FunctionWriter, size: int, place: str, arena: str) -> None:
    """Emits the giving back of what `take_arena` gave."""
    if size <= _ON_STACK:
        return
    block = fn.gep("i8", arena, -_HEAD)
    if size > KEPT_BYTES:
        fn.call("void", "free", [("ptr", block)])
        return
    # A block that is kept is never larger than the limit, so neither is one that was taken.
    other = fn.emit(f"atomicrmw xchg ptr {place}, ptr {block} seq_cst")
    fn.call("void", "free", [("ptr", other)])
