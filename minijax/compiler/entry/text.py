"""The code of an entry: from CPython's arguments to the program and back to Python objects.

    entry     ──▶ check the arguments, collect addresses       else the next entry, at last Python
              ──▶ allocate results, run the program            else raise
              ──▶ wrap the results, build their containers

`entry` has the signature of a vectorcall with the table of pointers as a fifth argument. What the
checks read was found by `layout`; references are borrowed while the caller holds the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from minijax.compiler.entry.layout import Layout, kept_block_address, new_array_address
from minijax.compiler.entry.recipe import Leaf, Node, Recipe, leaves
from minijax.compiler.entry.table import BUSY, ENTRY, FAILURE, NEXT, RUN, Table
from minijax.compiler.text import FunctionWriter, ModuleWriter, Operand
from minijax.core.array import ConcreteArray

ENTRY_NAME = "entry"
_MISMATCH, _OUT_OF_MEMORY = 1, 3
_USED = 24  # of a set, the number of its members
_ITEMS = 24  # of a tuple, its first item; of a list, the address of its items
_SIZE = 16  # of a tuple or list
_VECTORCALL = (("ptr", "self"), ("ptr", "args"), ("i64", "nargs"), ("ptr", "names"))
_SMALL_ARENA = 1 << 14
Given = list[tuple[str, Operand]]
_WRITEABLE = 0x400
_CONTIGUOUS_AND_ALIGNED = 0x101


@dataclass(frozen=True, slots=True)
class Call:
    """What an entry is made for.

    Attributes:
        positional: for each argument a recipe, or a static object that must be the same.
        names: of the keyword arguments, in the order of the call.
        keywords: for each of them, as for `positional`.
        result: the recipe of what is returned.
        consts: addresses of the captured arrays.
        literals: addresses of constant arrays of the program.
        arena: bytes of working memory.
        blas: addresses of the getter and setter of the number of BLAS threads, if it matters.
        releases_lock: whether other threads of Python run meanwhile.
    """

    positional: tuple[Recipe | Static, ...]
    names: tuple[str, ...]
    keywords: tuple[Recipe | Static, ...]
    result: Recipe
    consts: tuple[int, ...]
    literals: tuple[int, ...]
    arena: int
    blas: tuple[int, int] | None
    releases_lock: bool

    def inputs(self) -> list[Leaf]:
        """Returns the leaves in the order in which the program takes them."""
        by_name = dict(zip(self.names, self.keywords, strict=True))
        parts = [*self.positional, *(by_name[name] for name in sorted(by_name))]
        return [leaf for part in parts if not isinstance(part, Static) for leaf in leaves(part)]


@dataclass(frozen=True, slots=True)
class Static:
    """A static argument: the very object."""

    value: object


def entry_text(call: Call, layout: Layout, table: Table) -> str:
    """Returns the LLVM text of an entry; fills the table."""
    return _EntryWriter(call, layout, table).write()


class _EntryWriter:
    def __init__(self, call: Call, layout: Layout, table: Table) -> None:
        self.call = call
        self.layout = layout
        self.table = table
        self.module = ModuleWriter()
        self.fn: FunctionWriter
        self.inputs = call.inputs()
        self.outputs = list(leaves(call.result))
        self._position = 0

    def write(self) -> str:
        self._write_check()
        self._write_produce()
        self._write_build()
        self._write_entry()
        return str(self.module)

    # -- the whole

    def _write_entry(self) -> None:
        self.fn = fn = self.module.function(
            ENTRY_NAME,
            [
                ("ptr", "self"),
                ("ptr", "args"),
                ("i64", "nargs"),
                ("ptr", "names"),
                ("ptr", "table"),
            ],
            "ptr",
        )
        count = len(self.call.consts) + len(self.inputs) + len(self.call.literals)
        inputs = fn.alloca("ptr", max(count, 1))
        numbers = fn.alloca("i64", max(len(self.inputs), 1))
        held = fn.alloca("ptr", max(len(self.inputs), 1))
        objects = fn.alloca("ptr", max(len(self.outputs), 1))
        checked = [("ptr", x) for x in ("%args", "%names", "%table", inputs, numbers, held)]
        differs = fn.call("i32", "check", [("i64", "%nargs"), *checked])
        with fn.if_else(fn.emit(f"icmp eq i32 {differs}, 0"), ["ptr"]) as choice:
            with choice.then():
                choice.give(self._run(inputs, held, objects))
            with choice.otherwise():
                choice.give(self._go_on())
        fn.ret(choice.results[0])

    def _go_on(self) -> str:
        fn = self.fn
        table = self._slot(NEXT)
        entry = fn.load("ptr", fn.gep("ptr", table, ENTRY))
        given = [("ptr", "%self"), ("ptr", "%args"), ("i64", "%nargs"), ("ptr", "%names")]
        return fn.call("ptr", entry, [*given, ("ptr", table)])

    def _run(self, inputs: str, held: str, objects: str) -> str:
        fn = self.fn
        for k in range(len(self.outputs)):
            fn.store("ptr", "null", fn.gep("ptr", objects, k))
        given = [("ptr", "%table"), ("ptr", inputs), ("ptr", held), ("ptr", objects)]
        status = fn.call("i32", "produce", given)
        with fn.if_else(fn.emit(f"icmp eq i32 {status}, 0"), ["ptr"]) as choice:
            with choice.then():
                choice.give(fn.call("ptr", "build", [("ptr", "%table"), ("ptr", objects)]))
            with choice.otherwise():
                choice.give(self._fail(status, objects))
        return choice.results[0]

    def _fail(self, status: str, objects: str) -> str:
        """Drops the results and lets Python raise, but for what NumPy has raised already."""
        fn = self.fn
        for k in range(len(self.outputs)):
            fn.call("void", "Py_DecRef", [("ptr", fn.load("ptr", fn.gep("ptr", objects, k)))])
        raised = fn.emit(f"icmp eq i32 {status}, {_OUT_OF_MEMORY}")
        with fn.if_else(raised, ["ptr"]) as choice:
            with choice.then():
                choice.give("null")
            with choice.otherwise():
                place = fn.alloca("ptr")
                wide = fn.emit(f"sext i32 {status} to i64")
                number = fn.call("ptr", "PyLong_FromLong", [("i64", wide)])
                fn.store("ptr", number, place)
                given: Given = [
                    ("ptr", self._slot(FAILURE)),
                    ("ptr", place),
                    ("i64", 1),
                    ("ptr", "null"),
                ]
                result = fn.call("ptr", "PyObject_Vectorcall", given)
                fn.call("void", "Py_DecRef", [("ptr", number)])
                choice.give(result)
        return choice.results[0]

    # -- arguments

    def _write_check(self) -> None:
        args = [("i64", "nargs"), ("ptr", "args"), ("ptr", "names"), ("ptr", "table")]
        args += [("ptr", "inputs"), ("ptr", "numbers"), ("ptr", "held")]
        self.fn = fn = self.module.function("check", args, "i32", "internal")
        positional, names = self.call.positional, self.call.names
        busy = fn.load("i64", self._at(self._slot(BUSY), _USED))
        self._require(f"icmp eq i64 {busy}, 0")
        count = fn.emit(f"and i64 %nargs, {(1 << 63) - 1}")
        self._require(f"icmp eq i64 {count}, {len(positional)}")
        if names:
            self._check_names(names)
        else:
            self._require("icmp eq ptr %names, null")
        for k, part in enumerate(positional):
            self._check(part, self._argument(k))
        order = {name: k for k, name in enumerate(names)}
        for name in sorted(names):
            k = order[name]
            self._check(self.call.keywords[k], self._argument(len(positional) + k))
        fn.ret()

    def _check_names(self, names: Sequence[str]) -> None:
        fn = self.fn
        self._require("icmp ne ptr %names, null")
        size = fn.load("i64", self._at("%names", _SIZE))
        self._require(f"icmp eq i64 {size}, {len(names)}")
        for k, name in enumerate(names):
            given = fn.load("ptr", self._at("%names", _ITEMS + 8 * k))
            self._require(f"icmp eq ptr {given}, {self._object(name)}")

    def _argument(self, number: int) -> str:
        return self.fn.load("ptr", self.fn.gep("ptr", "%args", number))

    def _check(self, part: Recipe | Static, x: str) -> None:
        match part:
            case Static():
                self._require(f"icmp eq ptr {x}, {self._object(part.value)}")
            case Leaf():
                self.fn.store("ptr", x, self.fn.gep("ptr", "%held", self._position))
                _LEAVES.get(part.kind, _EntryWriter._check_scalar)(self, part, x)
            case Node():
                self._check_node(part, x)

    def _check_node(self, node: Node, x: str) -> None:
        if node.type is type(None):
            self._require(f"icmp eq ptr {x}, {self._object(None)}")
            return
        self._check_type(node.type, x)
        if node.type is dict:
            size = self.fn.call("i64", "PyDict_Size", [("ptr", x)])
        else:
            size = self.fn.load("i64", self._at(x, _SIZE))
        self._require(f"icmp eq i64 {size}, {len(node.children)}")
        items = x if node.type is not list else self.fn.load("ptr", self._at(x, _ITEMS))
        first = 0 if node.type is list else _ITEMS
        for k, child in enumerate(node.children):
            if node.type is dict:
                item = self._dict_item(x, node.keys[k])
            else:
                item = self.fn.load("ptr", self._at(items, first + 8 * k))
            self._check(child, item)

    def _dict_item(self, x: str, key: object) -> str:
        given = [("ptr", x), ("ptr", self._object(key))]
        item = self.fn.call("ptr", "PyDict_GetItemWithError", given)
        self._require(f"icmp ne ptr {item}, null")
        return item

    def _check_array(self, leaf: Leaf, x: str) -> None:
        """An array of ours: known by its aval, or else field by field."""
        fn = self.fn
        self._check_type(leaf.type, x)
        buffer = fn.load("ptr", self._at(x, self.layout.value))
        aval = fn.load("ptr", self._at(x, self.layout.aval))
        same = fn.emit(f"icmp eq ptr {aval}, {self._object(leaf.aval)}")
        with fn.if_else(same) as choice, choice.otherwise():
            # An aval of another class has no such slot.
            self._check_type(type(leaf.aval), aval)
            weak = fn.load("ptr", self._at(aval, self.layout.weak_type))
            self._require(f"icmp eq ptr {weak}, {self._object(leaf.aval.weak_type)}")
            self._check_buffer(leaf, buffer)
        self._take(fn.load("ptr", self._at(buffer, self.layout.data)))

    def _check_numpy(self, leaf: Leaf, x: str) -> None:
        self._check_type(leaf.type, x)
        self._check_buffer(leaf, x)
        flags = self.fn.load("i32", self._at(x, self.layout.flags))
        plain = self.fn.emit(f"and i32 {flags}, {_CONTIGUOUS_AND_ALIGNED}")
        self._require(f"icmp eq i32 {plain}, {_CONTIGUOUS_AND_ALIGNED}")
        self._take(self.fn.load("ptr", self._at(x, self.layout.data)))

    def _check_buffer(self, leaf: Leaf, x: str) -> None:
        fn, shape = self.fn, leaf.aval.shape
        dtype = fn.load("ptr", self._at(x, self.layout.dtype))
        self._require(f"icmp eq ptr {dtype}, {self._object(leaf.aval.dtype)}")
        rank = fn.load("i32", self._at(x, self.layout.ndim))
        self._require(f"icmp eq i32 {rank}, {len(shape)}")
        lengths = fn.load("ptr", self._at(x, self.layout.shape))
        for d, n in enumerate(shape):
            self._require(f"icmp eq i64 {fn.load('i64', fn.gep('i64', lengths, d))}, {n}")

    def _check_scalar(self, leaf: Leaf, x: str) -> None:
        """A float, a complex or a NumPy scalar: the number stands behind the head."""
        self._check_type(leaf.type, x)
        self._take(self._at(x, 16))

    def _check_int(self, leaf: Leaf, x: str) -> None:
        fn = self.fn
        self._check_type(leaf.type, x)
        overflow = fn.alloca("i32")
        given = [("ptr", x), ("ptr", overflow)]
        value = fn.call("i64", "PyLong_AsLongLongAndOverflow", given)
        self._require(f"icmp eq i32 {fn.load('i32', overflow)}, 0")
        self._take_number("i64", value)

    def _check_bool(self, leaf: Leaf, x: str) -> None:
        self._check_type(leaf.type, x)
        is_true = self.fn.emit(f"icmp eq ptr {x}, {self._object(True)}")
        self._take_number("i8", self.fn.emit(f"zext i1 {is_true} to i8"))

    def _check_type(self, kind: type, x: str) -> None:
        self._require(f"icmp eq ptr {self.fn.load('ptr', self._at(x, 8))}, {self._object(kind)}")

    def _take_number(self, ty: str, value: str) -> None:
        place = self.fn.gep("i64", "%numbers", self._position)
        self.fn.store(ty, value, place)
        self._take(place)

    def _take(self, address: str) -> None:
        """Makes an address the next input of the program."""
        place = len(self.call.consts) + self._position
        self.fn.store("ptr", address, self.fn.gep("ptr", "%inputs", place))
        self._position += 1

    def _require(self, condition: str) -> None:
        holds = self.fn.emit(condition)
        self.fn.fail_if(self.fn.emit(f"xor i1 {holds}, true"), _MISMATCH)

    # -- the program

    def _write_produce(self) -> None:
        args = [("ptr", "table"), ("ptr", "inputs"), ("ptr", "held"), ("ptr", "objects")]
        self.fn = fn = self.module.function("produce", args, "i32", "internal")
        behind = len(self.call.consts) + len(self.inputs)
        for k, address in enumerate(self.call.consts):
            fn.store("ptr", self._number(address), fn.gep("ptr", "%inputs", k))
        for k, address in enumerate(self.call.literals):
            fn.store("ptr", self._number(address), fn.gep("ptr", "%inputs", behind + k))
        outputs = fn.alloca("ptr", max(len(self.outputs), 1))
        for k, leaf in enumerate(self.outputs):
            self._allocate(k, leaf, outputs)
        arena = self._take_arena()
        threads = self._limit_blas()
        given = [("ptr", "%inputs"), ("ptr", outputs), ("ptr", arena)]
        if self.call.releases_lock:
            status = self._run_unlocked(given)
        else:
            status = fn.call("i32", self._slot(RUN), given)
        if self.call.blas is not None:
            fn.call("void", self._number(self.call.blas[1]), [("i32", threads)])
        self._return_arena(arena)
        fn.ret(status)

    def _run_unlocked(self, given: Sequence[tuple[str, str]]) -> str:
        """Runs while other threads may change the containers that the arguments came from."""
        fn = self.fn
        run = self._slot(RUN)
        held = [fn.load("ptr", fn.gep("ptr", "%held", k)) for k in range(len(self.inputs))]
        for x in held:
            fn.call("void", "Py_IncRef", [("ptr", x)])
        state = fn.call("ptr", "PyEval_SaveThread", [])
        status = fn.call("i32", run, given)
        fn.call("void", "PyEval_RestoreThread", [("ptr", state)])
        for x in held:
            fn.call("void", "Py_DecRef", [("ptr", x)])
        return status

    def _allocate(self, number: int, leaf: Leaf, outputs: str) -> None:
        fn, aval = self.fn, leaf.aval
        dtype = self._object(aval.dtype)
        fn.call("void", "Py_IncRef", [("ptr", dtype)])
        shape = "null"
        if aval.shape:
            numbers = ", ".join(f"i64 {n}" for n in aval.shape)
            shape = self.module.constant(f"[{aval.ndim} x i64]", f"[{numbers}]")
        given = [("ptr", self._object(np.ndarray)), ("ptr", dtype), ("i32", str(aval.ndim))]
        given += [("ptr", shape), ("ptr", "null"), ("ptr", "null"), ("i32", "0"), ("ptr", "null")]
        new = self._number(new_array_address())
        array = fn.call("ptr", new, given)
        fn.fail_if(fn.emit(f"icmp eq ptr {array}, null"), _OUT_OF_MEMORY)
        fn.store("ptr", array, fn.gep("ptr", "%objects", number))
        data = fn.load("ptr", self._at(array, self.layout.data))
        fn.store("ptr", data, fn.gep("ptr", outputs, number))

    def _limit_blas(self) -> str:
        if self.call.blas is None:
            return ""
        get, limit = self.call.blas
        threads = self.fn.call("i32", self._number(get), [])
        self.fn.call("void", self._number(limit), [("i32", 1)])
        return threads

    def _take_arena(self) -> str:
        """Working memory: on the stack if small, else the one block that is kept between calls."""
        fn, size = self.fn, self.call.arena
        if size == 0:
            return "null"
        if size <= _SMALL_ARENA:
            return fn.alloca(f"[{size} x i8]", align=64)
        place = self._number(kept_block_address())
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
                total = -(-(size + 64) // 64) * 64
                fresh = fn.call("ptr", "aligned_alloc", [("i64", 64), ("i64", total)])
                block.give(fresh)
        found = block.results[0]
        fn.fail_if(fn.emit(f"icmp eq ptr {found}, null"), 2)
        with fn.when(fn.emit(f"xor i1 {enough}, true")):
            fn.store("i64", size, found)
        return self._at(found, 64)

    def _return_arena(self, arena: str) -> None:
        if self.call.arena <= _SMALL_ARENA:
            return
        fn = self.fn
        block = self._at(arena, -64)
        place = self._number(kept_block_address())
        other = fn.emit(f"atomicrmw xchg ptr {place}, ptr {block} seq_cst")
        fn.call("void", "free", [("ptr", other)])

    # -- results

    def _write_build(self) -> None:
        args = [("ptr", "table"), ("ptr", "objects")]
        self.fn = fn = self.module.function("build", args, "ptr", "internal")
        self._position = 0
        fn.ret(self._build(self.call.result))

    def _build(self, recipe: Recipe) -> str:
        fn = self.fn
        if isinstance(recipe, Leaf):
            return self._wrap(recipe)
        if recipe.type is type(None):
            found = self._object(None)
            fn.call("void", "Py_IncRef", [("ptr", found)])
            return found
        children = [self._build(child) for child in recipe.children]
        if recipe.type is dict:
            return self._new_dict(recipe.keys, children)
        count = len(children)
        if recipe.type is list:
            found = fn.call("ptr", "PyList_New", [("i64", count)])
            items = fn.load("ptr", self._at(found, _ITEMS)) if count else found
            first = 0
        else:
            given: Given = [("ptr", self._object(recipe.type)), ("i64", count)]
            # The empty tuple is one object.
            new = (
                ("PyTuple_New", given[1:])
                if recipe.type is tuple
                else ("PyType_GenericAlloc", given)
            )
            found = items = fn.call("ptr", *new)
            first = _ITEMS
        for k, child in enumerate(children):
            fn.store("ptr", child, self._at(items, first + 8 * k))
        return found

    def _new_dict(self, keys: Sequence[object], children: Sequence[str]) -> str:
        fn = self.fn
        found = fn.call("ptr", "PyDict_New", [])
        for key, child in zip(keys, children, strict=True):
            given = [("ptr", found), ("ptr", self._object(key)), ("ptr", child)]
            fn.call("i32", "PyDict_SetItem", given)
            fn.call("void", "Py_DecRef", [("ptr", child)])
        return found

    def _wrap(self, leaf: Leaf) -> str:
        """Makes a read-only buffer an array of ours, which takes over the reference."""
        fn = self.fn
        buffer = fn.load("ptr", fn.gep("ptr", "%objects", self._position))
        self._position += 1
        place = self._at(buffer, self.layout.flags)
        flags = fn.emit(f"and i32 {fn.load('i32', place)}, {~_WRITEABLE}")
        fn.store("i32", flags, place)
        given: Given = [("ptr", self._object(ConcreteArray)), ("i64", 0)]
        array = fn.call("ptr", "PyType_GenericAlloc", given)
        aval = self._object(leaf.aval)
        fn.call("void", "Py_IncRef", [("ptr", aval)])
        fn.store("ptr", buffer, self._at(array, self.layout.value))
        fn.store("ptr", aval, self._at(array, self.layout.aval))
        return array

    # -- parts

    def _at(self, pointer: str, offset: int) -> str:
        return self.fn.gep("i8", pointer, offset)

    def _slot(self, slot: int) -> str:
        return self.fn.load("ptr", self.fn.gep("ptr", "%table", slot))

    def _object(self, x: object) -> str:
        return self._slot(self.table.object(x))

    def _number(self, value: int) -> str:
        return self._slot(self.table.number(value))


_LEAVES: dict[str, Callable[[_EntryWriter, Leaf, str], None]] = {
    "array": _EntryWriter._check_array,
    "numpy": _EntryWriter._check_numpy,
    "int": _EntryWriter._check_int,
    "bool": _EntryWriter._check_bool,
}
