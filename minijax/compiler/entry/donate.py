"""Native code for donated arguments: may their memory be taken, taking it, and deleting them."""

from __future__ import annotations

from minijax.compiler.entry.layout import Layout
from minijax.compiler.text import FunctionWriter, ModuleWriter
from minijax.core.records import record

_PLAIN, _OWNS = 0x101, 0x4  # contiguous and aligned; owner of its memory


@record(eq=True)
class Donated:
    """A donated leaf.

    Attributes:
        leaf: its number.
        out: the number of the result that takes its place.
        in_place: whether the program writes the result into its memory.
    """

    leaf: int
    out: int
    in_place: bool


def write_donation(module: ModuleWriter, layout: Layout) -> None:
    """Writes `is_alone`, `take_over` and `delete_array`."""
    _write_owns(module, layout)
    _write_is_alone(module, layout)
    _write_take_over(module, layout)
    _write_delete(module, layout)


def _write_owns(module: ModuleWriter, layout: Layout) -> None:
    """Whether nobody else has a buffer, or the array that it is a view of: 0 if so."""
    fn = module.function("owns", [("ptr", "buffer")], "i32", "internal")
    base = _field(fn, "ptr", "%buffer", layout.base)
    is_view = fn.emit(f"icmp ne ptr {base}, null")
    root = fn.emit(f"select i1 {is_view}, ptr {base}, ptr %buffer")
    kinds = [_field(fn, "ptr", x, 8) for x in (root, "%buffer")]
    _require(fn, f"icmp eq ptr {kinds[0]}, {kinds[1]}")
    for x in ("%buffer", root):
        _require(fn, f"icmp eq i64 {_field(fn, 'i64', x, 0)}, 1")
        _require(fn, f"icmp eq ptr {_field(fn, 'ptr', x, layout.array_weakrefs)}, null")
    _require(fn, f"icmp eq ptr {_field(fn, 'ptr', root, layout.base)}, null")
    _require_flags(fn, layout, "%buffer", _PLAIN)
    _require_flags(fn, layout, root, _OWNS)
    fn.ret()


def _require_flags(fn: FunctionWriter, layout: Layout, x: str, wanted: int) -> None:
    found = fn.emit(f"and i32 {_field(fn, 'i32', x, layout.flags)}, {wanted}")
    _require(fn, f"icmp eq i32 {found}, {wanted}")


def _write_is_alone(module: ModuleWriter, layout: Layout) -> None:
    """Whether nobody else sees the buffer of one of the leaves, which is an array of ours."""
    args = [("ptr", "leaves"), ("i64", "count"), ("i64", "number")]
    fn = module.function("is_alone", args, "i32")
    x = fn.load("ptr", fn.gep("ptr", "%leaves", "%number"))
    with fn.loop("%count", carried=[("i64", 0)]) as loop:
        same = fn.emit(f"icmp eq ptr {fn.load('ptr', fn.gep('ptr', '%leaves', loop.index))}, {x}")
        loop.next(fn.emit(f"add i64 {loop.values[0]}, {fn.emit(f'zext i1 {same} to i64')}"))
    _require(fn, f"icmp eq i64 {loop.results[0]}, 1")
    buffer = _field(fn, "ptr", x, layout.value)
    status = fn.call("i32", "owns", [("ptr", buffer)])
    _require(fn, f"icmp eq i32 {status}, 0")
    fn.ret()


def _write_take_over(module: ModuleWriter, layout: Layout) -> None:
    """A new array over the buffer of another one, which is deleted; null if there is no memory."""
    args = [("ptr", "x"), ("ptr", "kind"), ("ptr", "aval"), ("ptr", "deleted")]
    fn = module.function("take_over", args, "ptr")
    new = fn.call("ptr", "PyType_GenericAlloc", [("ptr", "%kind"), ("i64", 0)])
    with fn.when(fn.emit(f"icmp ne ptr {new}, null")):
        fn.call("void", "Py_IncRef", [("ptr", "%aval")])
        place = fn.gep("i8", "%x", layout.value)
        fn.store("ptr", fn.load("ptr", place), fn.gep("i8", new, layout.value))
        fn.store("ptr", "%aval", fn.gep("i8", new, layout.aval))
        fn.store("ptr", "null", place)
        fn.call("void", "delete_array", [("ptr", "%x"), ("ptr", "%deleted")])
    fn.ret(new)


def _write_delete(module: ModuleWriter, layout: Layout) -> None:
    """Gives an array the class of deleted ones, and its buffer up if it still has it."""
    fn = module.function("delete_array", [("ptr", "x"), ("ptr", "deleted")], "void")
    place = fn.gep("i8", "%x", layout.value)
    buffer = fn.load("ptr", place)
    kind = _field(fn, "ptr", "%x", 8)
    fn.call("void", "Py_IncRef", [("ptr", "%deleted")])
    fn.store("ptr", "%deleted", fn.gep("i8", "%x", 8))
    fn.store("ptr", "null", place)
    fn.call("void", "Py_DecRef", [("ptr", kind)])
    fn.call("void", "Py_DecRef", [("ptr", buffer)])
    fn.ret()


def _require(fn: FunctionWriter, condition: str) -> None:
    fn.fail_if(fn.emit(f"xor i1 {fn.emit(condition)}, true"), 1)


def _field(fn: FunctionWriter, ty: str, x: str, offset: int) -> str:
    return fn.load(ty, fn.gep("i8", x, offset))
