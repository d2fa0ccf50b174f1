"""The native code of the allocator of large results.

    block:  …  its beginning, its size | elements, at a multiple of 64 bytes

NumPy may ask without the interpreter's lock, so there is one around what is kept. Whoever finds it
taken, be it by a thread that was not there any more after a fork, does without.
"""

from __future__ import annotations

from minijax.compiler.memory.workspace import KEPT_BYTES
from minijax.compiler.text import FunctionWriter, ModuleWriter, Operand

LARGE_BYTES = 1 << 22  # of results whose memory is kept: for these NumPy asks for large pages
FUNCTIONS = ("kept_malloc", "kept_calloc", "kept_realloc", "kept_free")
_SLOTS = 8
_LOCK, TOTAL, _TURN, _BLOCKS = range(4)
_SIZES = _BLOCKS + _SLOTS
WORDS = _SIZES + _SLOTS
_ALIGNMENT, _BEGINNING, _SIZE = 64, -16, -8
_AROUND = 2 * _ALIGNMENT  # bytes of a block that are not elements


def write_allocator(module: ModuleWriter) -> None:
    """Writes `FUNCTIONS`, `drop_kept` and `new_large`."""
    _write_release(module)
    _write_drop(module)
    _write_take(module)
    _write_keep(module)
    _write_malloc(module)
    _write_calloc(module)
    _write_realloc(module)
    _write_free(module)
    _write_new_large(module)


def _word(fn: FunctionWriter, number: int, offset: Operand = 0) -> str:
    """Returns the address of a word of what is kept, or of one of a slot."""
    place = fn.gep("i64", fn.module.declare("kept_state", "void", []), number)
    return fn.gep("i64", place, offset)


def _add(fn: FunctionWriter, number: int, change: str) -> str:
    place = _word(fn, number)
    changed = fn.emit(f"add i64 {fn.load('i64', place)}, {change}")
    fn.store("i64", changed, place)
    return changed


def _lock(fn: FunctionWriter) -> str:
    """Takes the lock; returns whether somebody had it."""
    place = _word(fn, _LOCK)
    return fn.emit(f"icmp ne i64 {fn.emit(f'atomicrmw xchg ptr {place}, i64 1 seq_cst')}, 0")


def _unlock(fn: FunctionWriter) -> None:
    fn.do(f"store atomic i64 0, ptr {_word(fn, _LOCK)} seq_cst, align 8")


def _size_of(fn: FunctionWriter, block: str) -> str:
    return fn.load("i64", fn.gep("i8", block, _SIZE))


def _write_release(module: ModuleWriter) -> None:
    """Gives a block back to NumPy's own allocator."""
    fn = module.function("release", [("ptr", "block")], "void", "internal")
    size = fn.emit(f"add i64 {_size_of(fn, '%block')}, {_AROUND}")
    beginning = fn.load("ptr", fn.gep("i8", "%block", _BEGINNING))
    fn.call("void", "plain_free", [("ptr", "null"), ("ptr", beginning), ("i64", size)])
    fn.ret()


def _write_drop(module: ModuleWriter) -> None:
    """Empties one slot, or all of them."""
    fn = module.function("drop_slot", [("i64", "number")], "void", "internal")
    place = _word(fn, _SIZES, "%number")
    size = fn.load("i64", place)
    with fn.when(fn.emit(f"icmp ne i64 {size}, 0")):
        fn.call("void", "release", [("ptr", fn.load("ptr", _word(fn, _BLOCKS, "%number")))])
        fn.store("i64", 0, place)
        _add(fn, TOTAL, fn.emit(f"sub i64 0, {size}"))
    fn.ret()
    fn = module.function("drop_kept", [], "void")
    busy = _lock(fn)
    with fn.when(fn.emit(f"xor i1 {busy}, true")):
        _drop_all(fn)
        _unlock(fn)
    fn.ret()


def _drop_all(fn: FunctionWriter) -> None:
    with fn.loop(_SLOTS) as loop:
        fn.call("void", "drop_slot", [("i64", loop.index)])


def _write_take(module: ModuleWriter) -> None:
    """A block that was kept and has this size; null if there is none."""
    fn = module.function("take_kept", [("i64", "size")], "ptr", "internal")
    with fn.if_else(_lock(fn), ["ptr"]) as choice:
        with choice.then():
            choice.give("null")
        with choice.otherwise():
            with fn.loop(_SLOTS, carried=[("i64", -1)]) as loop:
                size = fn.load("i64", _word(fn, _SIZES, loop.index))
                fits = fn.emit(f"icmp eq i64 {size}, %size")
                place = fn.emit(f"select i1 {fits}, i64 {loop.index}, i64 {loop.values[0]}")
                loop.next(place)
            number = loop.results[0]
            with fn.if_else(fn.emit(f"icmp slt i64 {number}, 0"), ["ptr"]) as found:
                with found.then():
                    found.give("null")
                with found.otherwise():
                    fn.store("i64", 0, _word(fn, _SIZES, number))
                    _add(fn, TOTAL, fn.emit("sub i64 0, %size"))
                    found.give(fn.load("ptr", _word(fn, _BLOCKS, number)))
            _unlock(fn)
            choice.give(found.results[0])
    fn.ret(choice.results[0])


def _write_keep(module: ModuleWriter) -> None:
    """Keeps a block, in the place of the oldest one: 0 if it does."""
    fn = module.function("keep", [("ptr", "block"), ("i64", "size")], "i32", "internal")
    fn.fail_if(fn.emit(f"icmp ult i64 %size, {LARGE_BYTES}"), 1)
    fn.fail_if(fn.emit(f"icmp ugt i64 %size, {KEPT_BYTES}"), 1)
    fn.fail_if(_lock(fn), 1)
    turn = fn.emit(f"and i64 {_add(fn, _TURN, '1')}, {_SLOTS - 1}")
    fn.call("void", "drop_slot", [("i64", turn)])
    total = fn.emit(f"add i64 {fn.load('i64', _word(fn, TOTAL))}, %size")
    with fn.when(fn.emit(f"icmp ugt i64 {total}, {KEPT_BYTES}")):
        _drop_all(fn)
    fn.store("ptr", "%block", _word(fn, _BLOCKS, turn))
    fn.store("i64", "%size", _word(fn, _SIZES, turn))
    _add(fn, TOTAL, "%size")
    _unlock(fn)
    fn.ret()


def _write_malloc(module: ModuleWriter) -> None:
    fn = module.function("fresh_block", [("i64", "size")], "ptr", "internal")
    total = fn.emit(f"add i64 %size, {_AROUND}")
    beginning = fn.call("ptr", "plain_malloc", [("ptr", "null"), ("i64", total)])
    with fn.if_else(fn.emit(f"icmp eq ptr {beginning}, null"), ["ptr"]) as choice:
        with choice.then():
            choice.give("null")
        with choice.otherwise():
            number = fn.emit(f"ptrtoint ptr {beginning} to i64")
            beyond = fn.emit(f"and i64 {number}, {_ALIGNMENT - 1}")
            block = fn.gep("i8", beginning, fn.emit(f"sub i64 {_AROUND}, {beyond}"))
            fn.store("ptr", beginning, fn.gep("i8", block, _BEGINNING))
            fn.store("i64", "%size", fn.gep("i8", block, _SIZE))
            choice.give(block)
    fn.ret(choice.results[0])
    fn = module.function("kept_malloc", [("ptr", "context"), ("i64", "size")], "ptr")
    kept = fn.call("ptr", "take_kept", [("i64", "%size")])
    with fn.if_else(fn.emit(f"icmp ne ptr {kept}, null"), ["ptr"]) as choice:
        with choice.then():
            choice.give(kept)
        with choice.otherwise():
            choice.give(fn.call("ptr", "fresh_block", [("i64", "%size")]))
    fn.ret(choice.results[0])


def _write_calloc(module: ModuleWriter) -> None:
    args = [("ptr", "context"), ("i64", "count"), ("i64", "each")]
    fn = module.function("kept_calloc", args, "ptr")
    product = "{i64, i1}"
    module.declare("llvm.umul.with.overflow.i64", product, ["i64", "i64"])
    found = fn.call(product, "llvm.umul.with.overflow.i64", [("i64", "%count"), ("i64", "%each")])
    size = fn.emit(f"extractvalue {product} {found}, 0")
    # No block is as large as all of memory.
    wraps = fn.emit(f"extractvalue {product} {found}, 1")
    size = fn.emit(f"select i1 {wraps}, i64 {-1 - _AROUND}, i64 {size}")
    block = fn.call("ptr", "kept_malloc", [("ptr", "null"), ("i64", size)])
    with fn.when(fn.emit(f"icmp ne ptr {block}, null")):
        fn.call("ptr", "memset", [("ptr", block), ("i32", 0), ("i64", size)])
    fn.ret(block)


def _write_realloc(module: ModuleWriter) -> None:
    args = [("ptr", "context"), ("ptr", "block"), ("i64", "size")]
    fn = module.function("kept_realloc", args, "ptr")
    other = fn.call("ptr", "kept_malloc", [("ptr", "null"), ("i64", "%size")])
    nothing = fn.emit(f"icmp eq ptr {other}, null")
    first = fn.emit("icmp eq ptr %block, null")
    with fn.if_else(fn.emit(f"or i1 {nothing}, {first}")) as choice, choice.otherwise():
        size = _size_of(fn, "%block")
        shorter = fn.emit(f"icmp ult i64 {size}, %size")
        length = fn.emit(f"select i1 {shorter}, i64 {size}, i64 %size")
        fn.call("ptr", "memcpy", [("ptr", other), ("ptr", "%block"), ("i64", length)])
        fn.call("void", "kept_free", [("ptr", "null"), ("ptr", "%block"), ("i64", 0)])
    fn.ret(other)


def _write_free(module: ModuleWriter) -> None:
    # NumPy's idea of the size follows what became of the array; the block knows better.
    args = [("ptr", "context"), ("ptr", "block"), ("i64", "size")]
    fn = module.function("kept_free", args, "void")
    with fn.when(fn.emit("icmp ne ptr %block, null")):
        given: list[tuple[str, Operand]] = [("ptr", "%block"), ("i64", _size_of(fn, "%block"))]
        status = fn.call("i32", "keep", given)
        with fn.when(fn.emit(f"icmp ne i32 {status}, 0")):
            fn.call("void", "release", [("ptr", "%block")])
    fn.ret()


def _write_new_large(module: ModuleWriter) -> None:
    """A NumPy array whose memory comes from here, unless the user has chosen an allocator."""
    args = [("ptr", "kind"), ("ptr", "dtype"), ("i32", "rank"), ("ptr", "lengths")]
    fn = module.function("new_large", args, "ptr", "internal")
    ours, plain = (module.declare(f"{x}_handler", "void", []) for x in ("kept", "default"))
    before = fn.call("ptr", "get_handler", [])
    is_plain = fn.emit(f"icmp eq ptr {before}, {plain}")
    with fn.when(is_plain):
        fn.call("void", "Py_DecRef", [("ptr", fn.call("ptr", "set_handler", [("ptr", ours)]))])
    given = [(ty, f"%{name}") for ty, name in args]
    given += [("ptr", "null"), ("ptr", "null"), ("i32", "0"), ("ptr", "null")]
    buffer = fn.call("ptr", "new_array", given)
    with fn.when(is_plain):
        fn.call("void", "Py_DecRef", [("ptr", fn.call("ptr", "set_handler", [("ptr", before)]))])
    fn.call("void", "Py_DecRef", [("ptr", before)])
    fn.ret(buffer)
