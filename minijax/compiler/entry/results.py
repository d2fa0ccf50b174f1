"""The last part of an entry: the containers around the results.

Containers are made first, from the outside in, each put into the one around it at once; what is
missing when memory runs out goes with the outermost. Putting the leaves in cannot fail.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from minijax.compiler.entry.layout import Layout, word
from minijax.compiler.entry.parts import ITEMS, OUT_OF_MEMORY, Call, Given, PartWriter
from minijax.compiler.entry.recipe import Leaf, Node
from minijax.compiler.entry.table import Table
from minijax.compiler.text import ModuleWriter

_KEYS = 32  # of a dict, the address of its keys and values
_ENTRY, _VALUE = 16, 8  # of an entry of a dict whose keys are all text: bytes, its value


@dataclass(frozen=True, slots=True)
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

    _position = 0

    def __init__(self, call: Call, layout: Layout, table: Table, module: ModuleWriter) -> None:
        super().__init__(call, layout, table, module)
        self._forms: dict[tuple[str, ...], DictForm] = {}
        self._leaves: list[tuple[_Container, int, int]] = []

    def write(self) -> None:
        """Writes the function; it stores the result at `root`, which is null at the start."""
        args = [("ptr", "table"), ("ptr", "objects"), ("ptr", "root")]
        self.fn = fn = self.module.function("build", args, "i32", "internal")
        recipe = self.call.result
        if isinstance(recipe, Leaf):
            fn.store("ptr", self._leaf(0), "%root")
        else:
            root = self._new(recipe)
            fn.store("ptr", root, "%root")
            self._open(recipe, root)
        for container, number, position in self._leaves:
            self._put(container, number, self._leaf(position))
        fn.ret()

    def _leaf(self, position: int) -> str:
        return self.fn.load("ptr", self.fn.gep("ptr", "%objects", position))

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
        return self._forms.setdefault(keys, dict_form(keys))

    def _open(self, node: Node, found: str) -> None:
        """Makes what a container holds, down to the leaves, which are left for later."""
        container = self._container(node, found)
        for number, child in enumerate(node.children):
            if isinstance(child, Node):
                inner = self._new(child)
                self._put(container, number, inner)
                self._open(child, inner)
            else:
                self._leaves.append((container, number, self._position))
                self._position += 1

    def _container(self, node: Node, found: str) -> _Container:
        if not node.children:
            return _Container(node, found, "", 0)
        if node.type is dict:
            form = self._form(node)
            if form.first is None:
                return _Container(node, found, "", 0)
            keys = self.fn.load("ptr", self.at(found, _KEYS))
            return _Container(node, found, keys, form.first + _VALUE)
        if node.type is list:
            return _Container(node, found, self.fn.load("ptr", self.at(found, ITEMS)), 0)
        return _Container(node, found, found, ITEMS)

    def _put(self, container: _Container, number: int, x: str) -> None:
        """Hands a reference to a container."""
        fn, node = self.fn, container.node
        if node.type is not dict:
            fn.store("ptr", x, self.at(container.items, container.first + 8 * number))
            return
        if not container.items:
            key = self.object(node.keys[number])
            given = [("ptr", container.object), ("ptr", key), ("ptr", x)]
            fn.call("i32", "PyDict_SetItem", given)  # the key is there: nothing is allocated
            self.release([x])
            return
        place = node.order.index(number)
        fn.store("ptr", x, self.at(container.items, container.first + _ENTRY * place))
        count = self.object(self._form(node).placeholder)
        fn.store("i64", fn.emit(f"add i64 {fn.load('i64', count)}, -1"), count)


@dataclass(frozen=True, slots=True)
class _Container:
    """A container that is being filled: where its items are, and the offset of the first."""

    node: Node
    object: str
    items: str
    first: int
