"""The last part of an entry: the containers around the results.

Containers are made first, from the outside in, each put into the one around it at once; what is
missing when memory runs out goes with the outermost. Putting the leaves in cannot fail.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence

from minijax.compiler.entry.layout import Layout, word
from minijax.compiler.entry.parts import ITEMS, OUT_OF_MEMORY, Call, Given, PartWriter
from minijax.compiler.entry.recipe import Leaf, Node
from minijax.compiler.entry.table import Table
from minijax.compiler.text import ModuleWriter
from minijax.core.records import record

_MOST_INLINE = 4
_KEYS = 32  # of a dict, the address of its keys and values
_ENTRY, _VALUE = 16, 8  # of an entry of a dict whose keys are all text: bytes, its value


@record(eq=True)
class DictForm:
    """A dict of the right keys, to be copied, with a placeholder as every value.

    Attributes:
        template: the dict.
        placeholder: the object that is every value.
        first: offset of the first entry among the keys and values; None if it was not found.
    """

    template: dict[str, object]
    placeholder: list[object]
    first: int | None


def dict_form(keys: Sequence[str]) -> DictForm:
    """Returns the form of dicts of these keys."""
    placeholder: list[object] = []
    template: dict[str, object] = dict.fromkeys(keys, placeholder)
    copy = template.copy()
    start, size = word(id(copy) + _KEYS), sys.getsizeof(copy) - sys.getsizeof({})
    wanted = [w for key in keys for w in (id(key), id(placeholder))]
    last = size - 8 * len(wanted)
    for at in range(0, last + 1, 8):
        found = (ctypes.c_uint64 * len(wanted)).from_address(start + at)
        if list(found) == wanted:
            return DictForm(template, placeholder, at)
    return DictForm(template, placeholder, None)


class ResultWriter(PartWriter):
    """Writes `build`."""

    def __init__(self, call: Call, layout: Layout, table: Table, module: ModuleWriter) -> None:
        super().__init__(call, layout, table, module)
        self._forms: dict[tuple[str, ...], DictForm] = {}
        self._opened: list[_Container] = []
        self._places: list[tuple[_Container, int]] = []

    def write(self) -> None:
        """Writes the function; it stores the result at `root`, which is null at the start."""
        args = [("ptr", "table"), ("ptr", "objects"), ("ptr", "root")]
        self.fn = fn = self.module.function("build", args, "i32", "internal")
        recipe = self.call.result
        if isinstance(recipe, Leaf):
            fn.store("ptr", fn.load("ptr", "%objects"), "%root")
        else:
            root = self._new(recipe)
            fn.store("ptr", root, "%root")
            self._open(recipe, root)
            self._put_leaves()
        fn.ret()

    def _new(self, node: Node) -> str:
        """A new container that holds nothing, or placeholders."""
        fn, count = self.fn, len(node.children)
        if node.type is type(None):
            found = self.object(None)
            fn.call("void", "Py_IncRef", [("ptr", found)])
            return found
        if node.type is dict:
            form = self._form(node)
            found = fn.call("ptr", "PyDict_Copy", [("ptr", self.object(form.template))])
        elif node.type is list:
            found = fn.call("ptr", "PyList_New", [("i64", count)])
        elif node.type is tuple:
            # The empty tuple is one object.
            found = fn.call("ptr", "PyTuple_New", [("i64", count)])
        else:
            given: Given = [("ptr", self.object(node.type)), ("i64", count)]
            found = fn.call("ptr", "PyType_GenericAlloc", given)
        self.require(f"icmp ne ptr {found}, null", OUT_OF_MEMORY)
        return found

    def _form(self, node: Node) -> DictForm:
        keys = tuple(node.keys[k] for k in node.order)
        if keys not in self._forms:
            self._forms[keys] = dict_form(keys)
        return self._forms[keys]

    def _open(self, node: Node, found: str) -> None:
        """Makes what a container holds, down to the leaves, which are left for later."""
        if not node.children:
            return
        container = self._container(node, found)
        self._opened.append(container)
        for number, child in enumerate(node.children):
            if isinstance(child, Node):
                inner = self._new(child)
                self._put(container, number, inner)
                self._open(child, inner)
            else:
                self._places.append((container, number))

    def _container(self, node: Node, found: str) -> _Container:
        fn, number = self.fn, len(self._opened)
        if node.type is dict:
            form = self._form(node)
            if form.first is None:
                return _Container(node, found, "", 0, number)
            keys = fn.load("ptr", self.at(found, _KEYS))
            return _Container(node, found, keys, form.first + _VALUE, number)
        if node.type is list:
            return _Container(node, found, fn.load("ptr", self.at(found, ITEMS)), 0, number)
        return _Container(node, found, found, ITEMS, number)

    def _put_leaves(self) -> None:
        """Nothing here can fail, so no leaf is ever left without an owner, or with two."""
        fn, opened = self.fn, self._opened
        if not self._places:
            return
        if len(self._places) <= _MOST_INLINE or not all(c.items for c in opened):
            for position, (container, number) in enumerate(self._places):
                leaf = fn.load("ptr", fn.gep("ptr", "%objects", position))
                self._put(container, number, leaf)
            return
        bases = fn.alloca("ptr", len(opened))
        for container in opened:
            fn.store("ptr", container.items, fn.gep("ptr", bases, container.number))
        rows = [word for c, number in self._places for word in (c.number, c.offset(number))]
        given: Given = [("ptr", fn.gep("ptr", "%table", self.table.row(rows)))]
        given += [("i64", len(self._places)), ("ptr", "%objects"), ("ptr", bases)]
        fn.call("void", self.shared("put_all"), given)
        for container in opened:
            count = sum(c is container for c, _ in self._places)
            if container.node.type is dict and count:
                self._drop_placeholders(container.node, count)

    def _put(self, container: _Container, number: int, x: str) -> None:
        """Hands a reference to a container."""
        fn, node = self.fn, container.node
        if container.items:
            fn.store("ptr", x, self.at(container.items, container.offset(number)))
            if node.type is dict:
                self._drop_placeholders(node, 1)
            return
        key = self.object(node.keys[number])
        given = [("ptr", container.object), ("ptr", key), ("ptr", x)]
        fn.call("i32", "PyDict_SetItem", given)  # the key is there: nothing is allocated
        self.release([x])

    def _drop_placeholders(self, node: Node, number: int) -> None:
        fn = self.fn
        count = self.object(self._form(node).placeholder)
        fn.store("i64", fn.emit(f"add i64 {fn.load('i64', count)}, -{number}"), count)


@record
class _Container:
    """A container that is being filled: where its items are, and the offset of the first."""

    node: Node
    object: str
    items: str
    first: int
    number: int

    def offset(self, child: int) -> int:
        """Returns the offset of a child."""
        if self.node.type is dict:
            return self.first + _ENTRY * self.node.order.index(child)
        return self.first + 8 * child
