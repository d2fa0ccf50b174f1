"""The native code that all entries share: the way in, the way to Python, and making results.

A *shelf* (see `shelf`) describes the arrays of one aval. `elements_of_array` and
`elements_of_buffer` tell where the elements of an argument are, if it is of that aval. `take` gives
a result of it: one that died and was laid on the shelf, or a new one. `lay_down` is the destructor
of arrays.
"""

from __future__ import annotations

import ctypes
import os
import threading

from minijax.compiler.cache.modules import cached_module
from minijax.compiler.engine import Effort, Program, keep_forever
from minijax.compiler.entry import kept
from minijax.compiler.entry.donate import write_donation
from minijax.compiler.entry.kept_text import FUNCTIONS, write_allocator
from minijax.compiler.entry.layout import FIRST_TABLE, HEAD, Layout, find_layout, new_array_address
from minijax.compiler.entry.table import ENTRY, SLOW
from minijax.compiler.text import FunctionWriter, ModuleWriter

# Words of a shelf; the lengths of the axes follow.
AVAL, NEXT_DEAD, COUNT, LIMIT, DTYPE, NDIM, KIND, NDARRAY, AVAL_KIND, WEAK, LARGE, SHAPE = range(12)
DIRECTORY_SIZE = 1024
WRITEABLE = 0x400
_OWNED, _PLAIN = 0x105, 0x101  # owns its memory; contiguous and aligned
_VECTORCALL = (("ptr", "self"), ("ptr", "args"), ("i64", "nargs"), ("ptr", "names"))

_EXPORTS = (
    "slow",
    "elements_of_array",
    "elements_of_buffer",
    "elements_of_scalar",
    "all_elements",
    "values_of_dict",
    "take_all",
    "put_all",
    "is_alone",
    "take_over",
    "delete_array",
    "hold_all",
    "release_all",
    "lay_down",
    "drop_kept",
    *FUNCTIONS,
)

directory = (ctypes.c_uint64 * DIRECTORY_SIZE)()


_lock = threading.Lock()
# A child forked while another thread has the lock would wait for it for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lock._at_fork_reinit)  # type: ignore[attr-defined]
_made: list[Program] = []


def shared_code() -> Program:
    """Returns what all entries share; it is compiled once and never unloaded.

    Objects of Python point to it, and may do so longer than anything that could keep it.
    """
    with _lock:
        if not _made:
            _made.append(_compile())
            keep_forever(_made[0])
        return _made[0]


def _compile() -> Program:
    symbols = {
        "new_array": new_array_address(),
        "directory": ctypes.addressof(directory),
        **kept.symbols(),
    }
    name = f"shared by entries, {find_layout()}"
    program = cached_module(_text, "stub", symbols, Effort.LIGHT, _EXPORTS, name=name)
    kept.install(program.addresses)
    return program


def _text() -> str:
    layout = find_layout()
    assert layout is not None, "entries are made only where objects are laid out as they need it"
    module = ModuleWriter()
    _write_stub(module)
    _write_slow(module)
    _write_is_of(module, layout)
    _write_elements_of_array(module, layout)
    _write_elements_of_buffer(module, layout)
    write_allocator(module)
    _write_fresh(module, layout)
    _write_elements_of_scalar(module)
    _write_all_elements(module)
    _write_values_of_dict(module)
    _write_take(module)
    _write_take_all(module, layout)
    _write_put_all(module)
    write_donation(module, layout)
    _write_for_all(module, "hold_all", "Py_IncRef")
    _write_for_all(module, "release_all", "Py_DecRef")
    _write_lay_down(module, layout)
    return str(module)


def _write_stub(module: ModuleWriter) -> None:
    fn = module.function("stub", _VECTORCALL, "ptr")
    table = fn.load("ptr", fn.gep("i8", "%self", FIRST_TABLE))
    entry = fn.load("ptr", fn.gep("ptr", table, ENTRY))
    given = [("ptr", "%self"), ("ptr", "%args"), ("i64", "%nargs"), ("ptr", "%names")]
    fn.ret(fn.call("ptr", entry, [*given, ("ptr", table)]))


def _write_slow(module: ModuleWriter) -> None:
    fn = module.function("slow", [*_VECTORCALL, ("ptr", "table")], "ptr")
    slow = fn.load("ptr", fn.gep("ptr", "%table", SLOW))
    # The caller's leave to write in front of the arguments is not ours to give on.
    count = fn.emit(f"and i64 %nargs, {(1 << 63) - 1}")
    passed = [("ptr", slow), ("ptr", "%args"), ("i64", count), ("ptr", "%names")]
    # The table may go meanwhile, and the method with it.
    fn.call("void", "Py_IncRef", [("ptr", slow)])
    result = fn.call("ptr", "PyObject_Vectorcall", passed)
    fn.call("void", "Py_DecRef", [("ptr", slow)])
    fn.ret(result)


def _write_fresh(module: ModuleWriter, layout: Layout) -> None:
    """A new array of ours over a new buffer; null, with an error set, if there is no memory."""
    fn = module.function("fresh", [("ptr", "shelf")], "ptr", "internal")
    dtype = _shelf(fn, DTYPE)
    fn.call("void", "Py_IncRef", [("ptr", dtype)])
    rank = fn.emit(f"trunc i64 {_shelf(fn, NDIM, 'i64')} to i32")
    given = [("ptr", _shelf(fn, NDARRAY)), ("ptr", dtype), ("i32", rank)]
    given += [("ptr", fn.gep("i64", "%shelf", SHAPE))]
    large = fn.emit(f"icmp ne i64 {_shelf(fn, LARGE, 'i64')}, 0")
    with fn.if_else(large, ["ptr"]) as size:
        with size.then():
            size.give(fn.call("ptr", "new_large", given))
        with size.otherwise():
            rest = [("ptr", "null"), ("ptr", "null"), ("i32", "0"), ("ptr", "null")]
            size.give(fn.call("ptr", "new_array", [*given, *rest]))
    buffer = size.results[0]
    with fn.if_else(fn.emit(f"icmp eq ptr {buffer}, null"), ["ptr"]) as choice:
        with choice.then():
            choice.give("null")
        with choice.otherwise():
            array = fn.call("ptr", "PyType_GenericAlloc", [("ptr", _shelf(fn, KIND)), ("i64", "0")])
            with fn.if_else(fn.emit(f"icmp eq ptr {array}, null")) as made:
                with made.then():
                    fn.call("void", "Py_DecRef", [("ptr", buffer)])
                with made.otherwise():
                    _fill(fn, layout, array, buffer)
            choice.give(array)
    fn.ret(choice.results[0])


def _fill(fn: FunctionWriter, layout: Layout, array: str, buffer: str) -> None:
    place = fn.gep("i8", buffer, layout.flags)
    fn.store("i32", fn.emit(f"and i32 {fn.load('i32', place)}, {~WRITEABLE}"), place)
    aval = _shelf(fn, AVAL)
    fn.call("void", "Py_IncRef", [("ptr", aval)])
    fn.store("ptr", buffer, fn.gep("i8", array, layout.value))
    fn.store("ptr", aval, fn.gep("i8", array, layout.aval))


def _write_take(module: ModuleWriter) -> None:
    fn = module.function("take", [("ptr", "shelf")], "ptr", "internal")
    dead = _shelf(fn, NEXT_DEAD)
    with fn.if_else(fn.emit(f"icmp ne ptr {dead}, null"), ["ptr"]) as choice:
        with choice.then():
            # The place of the reference count has served as the link to the next one.
            fn.store("ptr", fn.load("ptr", dead), fn.gep("i64", "%shelf", NEXT_DEAD))
            _count(fn, -1)
            fn.store("i64", 1, dead)
            fn.call("void", "PyObject_GC_Track", [("ptr", dead)])
            choice.give(dead)
        with choice.otherwise():
            choice.give(fn.call("ptr", "fresh", [("ptr", "%shelf")]))
    fn.ret(choice.results[0])


def _write_lay_down(module: ModuleWriter, layout: Layout) -> None:
    """The destructor: lays an array whose buffer nobody else has on its shelf, if it has one."""
    fn = module.function("is_kept", [("ptr", "self")], "i32", "internal")
    weakrefs = fn.load("ptr", fn.gep("i8", "%self", layout.weakrefs))
    fn.fail_if(fn.emit(f"icmp ne ptr {weakrefs}, null"), 1)
    aval = fn.load("i64", fn.gep("i8", "%self", layout.aval))
    number = fn.emit(f"and i64 {fn.emit(f'lshr i64 {aval}, 4')}, {DIRECTORY_SIZE - 1}")
    directory_name = module.declare("directory", "void", [])
    shelf = fn.load("ptr", fn.gep("ptr", directory_name, number))
    fn.fail_if(fn.emit(f"icmp eq ptr {shelf}, null"), 1)
    kind = fn.load("ptr", fn.gep("i8", "%self", 8))
    wanted = fn.load("ptr", fn.gep("i64", shelf, KIND))
    fn.fail_if(fn.emit(f"icmp ne ptr {kind}, {wanted}"), 1)
    buffer = fn.load("ptr", fn.gep("i8", "%self", layout.value))
    fn.fail_if(fn.emit(f"icmp eq ptr {buffer}, null"), 1)
    given = [("ptr", shelf), ("ptr", buffer), ("i64", aval)]
    status = fn.call("i32", "fits", given)
    fn.fail_if(fn.emit(f"icmp ne i32 {status}, 0"), 1)
    fn.call("void", "PyObject_GC_UnTrack", [("ptr", "%self")])
    head = fn.gep("i64", shelf, NEXT_DEAD)
    fn.store("ptr", fn.load("ptr", head), "%self")
    fn.store("ptr", "%self", head)
    place = fn.gep("i64", shelf, COUNT)
    fn.store("i64", fn.emit(f"add i64 {fn.load('i64', place)}, 1"), place)
    fn.ret()
    _write_fits(module, layout)
    fn = module.function("lay_down", [("ptr", "self")], "void")
    status = fn.call("i32", "is_kept", [("ptr", "%self")])
    with fn.when(fn.emit(f"icmp ne i32 {status}, 0")):
        _take_apart(fn, layout)
    fn.ret()


def _take_apart(fn: FunctionWriter, layout: Layout) -> None:
    """What CPython does with an object that has slots and nothing else."""
    fn.call("void", "PyObject_GC_UnTrack", [("ptr", "%self")])
    weakrefs = fn.load("ptr", fn.gep("i8", "%self", layout.weakrefs))
    with fn.when(fn.emit(f"icmp ne ptr {weakrefs}, null")):
        fn.call("void", "PyObject_ClearWeakRefs", [("ptr", "%self")])
    kind = fn.load("ptr", fn.gep("i8", "%self", 8))
    slots = [fn.load("ptr", fn.gep("i8", "%self", at)) for at in (layout.value, layout.aval)]
    fn.call("void", "PyObject_GC_Del", [("ptr", "%self")])
    for x in (*slots, kind):
        fn.call("void", "Py_DecRef", [("ptr", x)])


def _write_fits(module: ModuleWriter, layout: Layout) -> None:
    """Whether a buffer is as `fresh` made it, and known to nobody else."""
    args = [("ptr", "shelf"), ("ptr", "buffer"), ("i64", "aval")]
    fn = module.function("fits", args, "i32", "internal")
    _require(fn, f"icmp eq i64 %aval, {_shelf(fn, AVAL, 'i64')}")
    _require(fn, f"icmp slt i64 {_shelf(fn, COUNT, 'i64')}, {_shelf(fn, LIMIT, 'i64')}")
    _require(fn, f"icmp eq i64 {_field(fn, 'i64', 0)}, 1")
    _require(fn, f"icmp eq ptr {_field(fn, 'ptr', 8)}, {_shelf(fn, NDARRAY)}")
    _require(fn, f"icmp eq ptr {_field(fn, 'ptr', layout.base)}, null")
    _require(fn, f"icmp eq ptr {_field(fn, 'ptr', layout.array_weakrefs)}, null")
    flags = fn.emit(f"and i32 {_field(fn, 'i32', layout.flags)}, {_OWNED | WRITEABLE}")
    _require(fn, f"icmp eq i32 {flags}, {_OWNED}")
    fn.ret(fn.call("i32", "is_of", [("ptr", "%shelf"), ("ptr", "%buffer")]))


def _write_is_of(module: ModuleWriter, layout: Layout) -> None:
    """Whether a buffer has the dtype and shape of a shelf: 0 if it has."""
    fn = module.function("is_of", [("ptr", "shelf"), ("ptr", "buffer")], "i32", "internal")
    _require(fn, f"icmp eq ptr {_field(fn, 'ptr', layout.dtype)}, {_shelf(fn, DTYPE)}")
    rank = fn.emit(f"sext i32 {_field(fn, 'i32', layout.ndim)} to i64")
    _require(fn, f"icmp eq i64 {rank}, {_shelf(fn, NDIM, 'i64')}")
    lengths = _field(fn, "ptr", layout.shape)
    with fn.loop(rank, carried=[("i64", 0)]) as loop:
        given = fn.load("i64", fn.gep("i64", lengths, loop.index))
        place = fn.emit(f"add i64 {loop.index}, {SHAPE}")
        wanted = fn.load("i64", fn.gep("i64", "%shelf", place))
        difference = fn.emit(f"xor i64 {given}, {wanted}")
        loop.next(fn.emit(f"or i64 {loop.values[0]}, {difference}"))
    _require(fn, f"icmp eq i64 {loop.results[0]}, 0")
    fn.ret()


def _write_elements_of_array(module: ModuleWriter, layout: Layout) -> None:
    """Where the elements of an array of ours are: known by its aval, or else field by field."""
    args = [("ptr", "x"), ("ptr", "shelf")]
    fn = module.function("is_array_of", args, "i32", "internal")
    kind = fn.load("ptr", fn.gep("i8", "%x", 8))
    _require(fn, f"icmp eq ptr {kind}, {_shelf(fn, KIND)}")
    buffer = fn.load("ptr", fn.gep("i8", "%x", layout.value))
    _require(fn, f"icmp ne ptr {buffer}, null")
    aval = fn.load("ptr", fn.gep("i8", "%x", layout.aval))
    same = fn.emit(f"icmp eq ptr {aval}, {_shelf(fn, AVAL)}")
    with fn.if_else(same) as choice, choice.otherwise():
        # An aval of another class has no such slot.
        aval_kind = fn.load("ptr", fn.gep("i8", aval, 8))
        _require(fn, f"icmp eq ptr {aval_kind}, {_shelf(fn, AVAL_KIND)}")
        weak = fn.load("ptr", fn.gep("i8", aval, layout.weak_type))
        _require(fn, f"icmp eq ptr {weak}, {_shelf(fn, WEAK)}")
        status = fn.call("i32", "is_of", [("ptr", "%shelf"), ("ptr", buffer)])
        _require(fn, f"icmp eq i32 {status}, 0")
    fn.ret()
    fn = module.function("elements_of_array", args, "ptr")
    status = fn.call("i32", "is_array_of", [("ptr", "%x"), ("ptr", "%shelf")])
    with fn.if_else(fn.emit(f"icmp eq i32 {status}, 0"), ["ptr"]) as choice:
        with choice.then():
            buffer = fn.load("ptr", fn.gep("i8", "%x", layout.value))
            choice.give(fn.load("ptr", fn.gep("i8", buffer, layout.data)))
        with choice.otherwise():
            choice.give("null")
    fn.ret(choice.results[0])


def _write_elements_of_buffer(module: ModuleWriter, layout: Layout) -> None:
    """Where the elements of a NumPy array are, if they lie side by side."""
    args = [("ptr", "buffer"), ("ptr", "shelf")]
    fn = module.function("is_buffer_of", args, "i32", "internal")
    _require(fn, f"icmp eq ptr {_field(fn, 'ptr', 8)}, {_shelf(fn, NDARRAY)}")
    flags = fn.emit(f"and i32 {_field(fn, 'i32', layout.flags)}, {_PLAIN}")
    _require(fn, f"icmp eq i32 {flags}, {_PLAIN}")
    fn.ret(fn.call("i32", "is_of", [("ptr", "%shelf"), ("ptr", "%buffer")]))
    fn = module.function("elements_of_buffer", args, "ptr")
    status = fn.call("i32", "is_buffer_of", [("ptr", "%buffer"), ("ptr", "%shelf")])
    data = fn.emit(f"icmp eq i32 {status}, 0")
    with fn.if_else(data, ["ptr"]) as choice:
        with choice.then():
            choice.give(_field(fn, "ptr", layout.data))
        with choice.otherwise():
            choice.give("null")
    fn.ret(choice.results[0])


def _write_elements_of_scalar(module: ModuleWriter) -> None:
    """A float, a complex or a NumPy scalar: the number stands behind the head."""
    fn = module.function("elements_of_scalar", [("ptr", "x"), ("ptr", "kind")], "ptr")
    kind = fn.load("ptr", fn.gep("i8", "%x", 8))
    same = fn.emit(f"icmp eq ptr {kind}, %kind")
    fn.ret(fn.emit(f"select i1 {same}, ptr {fn.gep('i8', '%x', HEAD)}, ptr null"))


def _write_all_elements(module: ModuleWriter) -> None:
    """Applies to each object the function of its row, to what stands beside the function."""
    args = [("ptr", "rows"), ("i64", "count"), ("ptr", "objects"), ("ptr", "found")]
    fn = module.function("all_elements", args, "i32")
    with fn.loop("%count") as loop:
        row = fn.gep("{ptr, ptr}", "%rows", loop.index)
        x = fn.load("ptr", fn.gep("ptr", "%objects", loop.index))
        given = [("ptr", x), ("ptr", fn.load("ptr", fn.gep("i8", row, 8)))]
        elements = fn.call("ptr", fn.load("ptr", row), given)
        fn.store("ptr", elements, fn.gep("ptr", "%found", loop.index))
        _require(fn, f"icmp ne ptr {elements}, null")
    fn.ret()


def _write_values_of_dict(module: ModuleWriter) -> None:
    """The values of a dict of as many keys, gone over in the order it is expected to have.

    A row is a key and the place that its value gets.
    """
    args = [("ptr", "dict"), ("ptr", "rows"), ("i64", "count"), ("ptr", "values")]
    fn = module.function("values_of_dict", args, "i32")
    next_place, key, value = fn.alloca("i64"), fn.alloca("ptr"), fn.alloca("ptr")
    fn.store("i64", 0, next_place)
    given = [("ptr", "%dict"), ("ptr", next_place), ("ptr", key), ("ptr", value)]
    with fn.loop("%count") as loop:
        row = fn.gep("{ptr, i64}", "%rows", loop.index)
        wanted = fn.load("ptr", row)
        fn.call("i32", "PyDict_Next", given)
        same = fn.emit(f"icmp eq ptr {fn.load('ptr', key)}, {wanted}")
        with fn.if_else(same, ["ptr"]) as choice:
            with choice.then():
                choice.give(fn.load("ptr", value))
            with choice.otherwise():
                asked = [("ptr", "%dict"), ("ptr", wanted)]
                choice.give(fn.call("ptr", "PyDict_GetItemWithError", asked))
        place = fn.load("i64", fn.gep("i8", row, 8))
        fn.store("ptr", choice.results[0], fn.gep("ptr", "%values", place))
        _require(fn, f"icmp ne ptr {choice.results[0]}, null")
    fn.ret()


def _write_put_all(module: ModuleWriter) -> None:
    """Puts objects into containers: a row is the number of the container, and an offset in it."""
    args = [("ptr", "rows"), ("i64", "count"), ("ptr", "objects"), ("ptr", "containers")]
    fn = module.function("put_all", args, "void")
    with fn.loop("%count") as loop:
        row = fn.gep("{i64, i64}", "%rows", loop.index)
        container = fn.load("ptr", fn.gep("ptr", "%containers", fn.load("i64", row)))
        place = fn.gep("i8", container, fn.load("i64", fn.gep("i8", row, 8)))
        fn.store("ptr", fn.load("ptr", fn.gep("ptr", "%objects", loop.index)), place)
    fn.ret()


def _write_for_all(module: ModuleWriter, name: str, function: str) -> None:
    fn = module.function(name, [("ptr", "objects"), ("i64", "count")], "void")
    with fn.loop("%count") as loop:
        x = fn.load("ptr", fn.gep("ptr", "%objects", loop.index))
        fn.call("void", function, [("ptr", x)])
    fn.ret()


def _write_take_all(module: ModuleWriter, layout: Layout) -> None:
    """Takes a result from each of the shelves that are there; tells where their elements go."""
    args = [("ptr", "shelves"), ("i64", "count"), ("ptr", "objects"), ("ptr", "elements")]
    fn = module.function("take_all", args, "i32")
    with fn.loop("%count") as loop:
        shelf = fn.load("ptr", fn.gep("ptr", "%shelves", loop.index))
        with fn.when(fn.emit(f"icmp ne ptr {shelf}, null")):
            x = fn.call("ptr", "take", [("ptr", shelf)])
            _require(fn, f"icmp ne ptr {x}, null")
            fn.store("ptr", x, fn.gep("ptr", "%objects", loop.index))
            buffer = fn.load("ptr", fn.gep("i8", x, layout.value))
            data = fn.load("ptr", fn.gep("i8", buffer, layout.data))
            fn.store("ptr", data, fn.gep("ptr", "%elements", loop.index))
    fn.ret()


def _require(fn: FunctionWriter, condition: str) -> None:
    fn.fail_if(fn.emit(f"xor i1 {fn.emit(condition)}, true"), 1)


def _field(fn: FunctionWriter, ty: str, offset: int) -> str:
    return fn.load(ty, fn.gep("i8", "%buffer", offset))


def _shelf(fn: FunctionWriter, number: int, ty: str = "ptr") -> str:
    return fn.load(ty, fn.gep("i64", "%shelf", number))


def _count(fn: FunctionWriter, change: int) -> None:
    place = fn.gep("i64", "%shelf", COUNT)
    fn.store("i64", fn.emit(f"add i64 {fn.load('i64', place)}, {change}"), place)
