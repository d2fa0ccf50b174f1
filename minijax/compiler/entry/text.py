"""The code of an entry: from CPython's arguments to the program and back to Python objects.

    entry     ──▶ check the arguments, collect addresses       else the next entry, at last Python
              ──▶ allocate results, run the program            else raise
              ──▶ wrap the results, build their containers

`entry` has the signature of a vectorcall with the table of pointers as a fifth argument. What the
checks read was found by `layout`; references are borrowed while the caller holds the arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.entry.arena import return_arena, take_arena
from minijax.compiler.entry.arguments import ArgumentWriter
from minijax.compiler.entry.layout import Layout, kept_block_address
from minijax.compiler.entry.parts import OUT_OF_MEMORY, Call, Given, PartWriter
from minijax.compiler.entry.recipe import leaves
from minijax.compiler.entry.results import ResultWriter
from minijax.compiler.entry.shelf import shelf_of
from minijax.compiler.entry.table import ENTRY, FAILURE, IN_USE, NEXT, RUN, Table
from minijax.compiler.text import ModuleWriter
from minijax.core.array import ConcreteArray, DeletedArray
from minijax.core.avals import ShapedArray

ENTRY_NAME = "entry"


def entry_text(call: Call, layout: Layout, table: Table) -> str:
    """Returns the LLVM text of an entry; fills the table."""
    module = ModuleWriter()
    for writer in (ArgumentWriter, ResultWriter, _EntryWriter):
        writer(call, layout, table, module).write()
    return str(module)


class _EntryWriter(PartWriter):
    """Writes `produce`, which runs the program, and `entry`."""

    def __init__(self, call: Call, layout: Layout, table: Table, module: ModuleWriter) -> None:
        super().__init__(call, layout, table, module)
        self.inputs = call.inputs()
        self.outputs = list(leaves(call.result))

    def write(self) -> None:
        """Writes the two functions."""
        self._write_produce()
        self._write_entry()

    # -- the whole

    def _write_entry(self) -> None:
        args = [("ptr", name) for name in ("self", "args", "nargs", "names", "table")]
        args[2] = ("i64", "nargs")
        self.fn = fn = self.module.function(ENTRY_NAME, args, "ptr")
        count = len(self.call.consts) + len(self.inputs) + len(self.call.literals)
        inputs = fn.alloca("ptr", max(count, 1))
        numbers = fn.alloca("i64", max(len(self.inputs), 1))
        held = fn.alloca("ptr", max(len(self.inputs), 1))
        # The last one is for the result as a whole.
        objects = fn.alloca("ptr", len(self.outputs) + 1)
        checked = [("ptr", x) for x in ("%args", "%names", "%table", inputs, numbers, held)]
        differs = fn.call("i32", "check", [("i64", "%nargs"), *checked])
        with fn.if_else(fn.emit(f"icmp eq i32 {differs}, 0"), ["ptr"]) as choice:
            with choice.then():
                self._count(1)
                result = self._run(inputs, held, objects)
                self._count(-1)
                choice.give(result)
            with choice.otherwise():
                choice.give(self._go_on())
        fn.ret(choice.results[0])

    def _count(self, change: int) -> None:
        """Counts the calls that need the table, which is not freed meanwhile."""
        place = self.fn.gep("i64", "%table", IN_USE)
        self.fn.store("i64", self.fn.emit(f"add i64 {self.fn.load('i64', place)}, {change}"), place)

    def _go_on(self) -> str:
        fn = self.fn
        # An attribute that is not there has raised.
        fn.call("void", "PyErr_Clear", [])
        table = self.slot(NEXT)
        entry = fn.load("ptr", fn.gep("ptr", table, ENTRY))
        given = [("ptr", "%self"), ("ptr", "%args"), ("i64", "%nargs"), ("ptr", "%names")]
        return fn.call("ptr", entry, [*given, ("ptr", table)])

    def _run(self, inputs: str, held: str, objects: str) -> str:
        fn = self.fn
        size = 8 * (len(self.outputs) + 1)
        fn.call("ptr", "memset", [("ptr", objects), ("i32", 0), ("i64", size)])
        given = [("ptr", "%table"), ("ptr", inputs), ("ptr", held), ("ptr", objects)]
        status = fn.call("i32", "produce", given)
        root = fn.gep("ptr", objects, len(self.outputs))
        with fn.if_else(fn.emit(f"icmp eq i32 {status}, 0"), ["i32"]) as ran:
            with ran.then():
                built = [("ptr", "%table"), ("ptr", objects), ("ptr", root)]
                ran.give(fn.call("i32", "build", built))
            with ran.otherwise():
                ran.give(status)
        status = ran.results[0]
        with fn.if_else(fn.emit(f"icmp eq i32 {status}, 0"), ["ptr"]) as choice:
            with choice.then():
                choice.give(self._finish(fn.load("ptr", root)))
            with choice.otherwise():
                choice.give(self._fail(status, objects))
        return choice.results[0]

    def _finish(self, root: str) -> str:
        """The result; Python makes it of the list of its leaves where only Python can."""
        if self.call.rebuild is None:
            return root
        found = self._call_python(self.object(self.call.rebuild), root)
        self.release([root])
        return found

    def _fail(self, status: str, objects: str) -> str:
        """Drops the results and lets Python raise, but for what has been raised already."""
        fn = self.fn
        dropped: Given = [("ptr", objects), ("i64", len(self.outputs) + 1)]
        fn.call("void", self.shared("release_all"), dropped)
        raised = fn.emit(f"icmp eq i32 {status}, {OUT_OF_MEMORY}")
        with fn.if_else(raised, ["ptr"]) as choice:
            with choice.then():
                choice.give("null")
            with choice.otherwise():
                wide = fn.emit(f"sext i32 {status} to i64")
                number = fn.call("ptr", "PyLong_FromLong", [("i64", wide)])
                result = self._call_python(self.slot(FAILURE), number)
                self.release([number])
                choice.give(result)
        return choice.results[0]

    def _call_python(self, function: str, argument: str) -> str:
        fn = self.fn
        place = fn.alloca("ptr")
        fn.store("ptr", argument, place)
        given: Given = [("ptr", function), ("ptr", place), ("i64", 1), ("ptr", "null")]
        return fn.call("ptr", "PyObject_Vectorcall", given)

    # -- the program

    def _write_produce(self) -> None:
        args = [("ptr", "table"), ("ptr", "inputs"), ("ptr", "held"), ("ptr", "objects")]
        self.fn = fn = self.module.function("produce", args, "i32", "internal")
        behind = len(self.call.consts) + len(self.inputs)
        self._copy_addresses(self.call.consts, 0)
        self._copy_addresses(self.call.literals, behind)
        outputs = fn.alloca("ptr", max(len(self.outputs), 1))
        self._allocate(outputs)
        place = self.number(kept_block_address()) if self.call.arena else "null"
        arena = take_arena(fn, self.call.arena, place)
        if self.call.blas is not None:
            fn.call("void", self.number(self.call.blas[0]), [])
        given = [("ptr", "%inputs"), ("ptr", outputs), ("ptr", arena)]
        status = self._call_program(given)
        for donated in self.call.donated:
            if not donated.in_place:
                x = fn.load("ptr", fn.gep("ptr", "%held", donated.leaf))
                deleted: Given = [("ptr", x), ("ptr", self.object(DeletedArray))]
                fn.call("void", self.shared("delete_array"), deleted)
        if self.call.blas is not None:
            fn.call("void", self.number(self.call.blas[1]), [])
        return_arena(fn, self.call.arena, place, arena)
        fn.ret(status)

    def _copy_addresses(self, addresses: Sequence[int], place: int) -> None:
        if addresses:
            known = self.fn.gep("ptr", "%table", self.table.row(addresses))
            given: Given = [("ptr", self.fn.gep("ptr", "%inputs", place)), ("ptr", known)]
            self.fn.call("ptr", "memcpy", [*given, ("i64", 8 * len(addresses))])

    def _call_program(self, given: Sequence[tuple[str, str]]) -> str:
        fn, run = self.fn, self.slot(RUN)
        if not self.call.runs_python:
            return fn.call("i32", run, given)
        # Whoever runs meanwhile may change the containers that the arguments came from.
        held: Given = [("ptr", "%held"), ("i64", len(self.inputs))]
        fn.call("void", self.shared("hold_all"), held)
        if self.call.releases_lock:
            state = fn.call("ptr", "PyEval_SaveThread", [])
            status = fn.call("i32", run, given)
            fn.call("void", "PyEval_RestoreThread", [("ptr", state)])
        else:
            status = fn.call("i32", run, given)
        fn.call("void", self.shared("release_all"), held)
        return status

    def _allocate(self, outputs: str) -> None:
        """Takes the results from their shelves; they own their buffers."""
        taken = {donated.out: donated.leaf for donated in self.call.donated if donated.in_place}
        shelves = [shelf_of(leaf.aval) for leaf in self.outputs]
        self.table.kept.append(shelves)
        addresses = [0 if k in taken else shelf.address for k, shelf in enumerate(shelves)]
        first = self.fn.gep("ptr", "%table", self.table.row(addresses))
        given: Given = [("ptr", first), ("i64", len(shelves)), ("ptr", "%objects")]
        status = self.fn.call("i32", self.shared("take_all"), [*given, ("ptr", outputs)])
        self.require(f"icmp eq i32 {status}, 0", OUT_OF_MEMORY)
        for out, leaf in taken.items():
            self._take_over(out, leaf, shelves[out].aval, outputs)

    def _take_over(self, out: int, leaf: int, aval: ShapedArray, outputs: str) -> None:
        """Makes the buffer of a donated leaf that of a result."""
        fn = self.fn
        x = fn.load("ptr", fn.gep("ptr", "%held", leaf))
        given: Given = [("ptr", x), ("ptr", self.object(ConcreteArray))]
        given += [("ptr", self.object(aval)), ("ptr", self.object(DeletedArray))]
        new = fn.call("ptr", self.shared("take_over"), given)
        self.require(f"icmp ne ptr {new}, null", OUT_OF_MEMORY)
        fn.store("ptr", new, fn.gep("ptr", "%objects", out))
        elements = fn.load("ptr", fn.gep("ptr", "%inputs", len(self.call.consts) + leaf))
        fn.store("ptr", elements, fn.gep("ptr", outputs, out))
