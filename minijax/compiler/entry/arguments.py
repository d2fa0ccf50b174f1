"""The first part of an entry: are the arguments what it was made for, and where are their elements?

References are borrowed while the caller holds the arguments. Nothing on the way runs code of the
user, so containers cannot change under the walk.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.entry.parts import ITEMS, SIZE, Given, PartWriter, Static
from minijax.compiler.entry.recipe import Leaf, Node, Recipe
from minijax.compiler.entry.shared import shared_code
from minijax.compiler.entry.shelf import shelf_of
from minijax.compiler.entry.table import BUSY

_USED = 24  # of a set, the number of its members
# Objects of these types that are equal are alike, and comparing them runs no code of the user.
_COMPARED = (int, str, bytes)
_MOST_INLINE = 4


class ArgumentWriter(PartWriter):
    """Writes `check`."""

    _position = 0

    def write(self) -> None:
        """Writes the function; its result is 0 if the arguments are as expected."""
        args = [("i64", "nargs"), ("ptr", "args"), ("ptr", "names"), ("ptr", "table")]
        args += [("ptr", "inputs"), ("ptr", "numbers"), ("ptr", "held")]
        self.fn = fn = self.module.function("check", args, "i32", "internal")
        positional, names = self.call.positional, self.call.names
        busy = fn.load("i64", self.at(self.slot(BUSY), _USED))
        self.require(f"icmp eq i64 {busy}, 0")
        count = fn.emit(f"and i64 %nargs, {(1 << 63) - 1}")
        self.require(f"icmp eq i64 {count}, {len(positional)}")
        if names:
            self._check_names(names)
        else:
            self.require("icmp eq ptr %names, null")
        for k, part in enumerate(positional):
            self._check(part, self._argument(k))
        order = {name: k for k, name in enumerate(names)}
        for name in sorted(names):
            k = order[name]
            self._check(self.call.keywords[k], self._argument(len(positional) + k))
        self._find_elements()
        self._check_donated()
        fn.ret()

    def _check_names(self, names: Sequence[str]) -> None:
        fn = self.fn
        self.require("icmp ne ptr %names, null")
        size = fn.load("i64", self.at("%names", SIZE))
        self.require(f"icmp eq i64 {size}, {len(names)}")
        for k, name in enumerate(names):
            given = fn.load("ptr", self.at("%names", ITEMS + 8 * k))
            self.require(f"icmp eq ptr {given}, {self.object(name)}")

    def _argument(self, number: int) -> str:
        return self.fn.load("ptr", self.fn.gep("ptr", "%args", number))

    def _check(self, part: Recipe | Static, x: str) -> None:
        match part:
            case Static():
                self._check_same(part.value, x)
            case Leaf():
                self.fn.store("ptr", x, self.fn.gep("ptr", "%held", self._position))
                self._position += 1
            case Node():
                self._check_node(part, x)

    def _check_same(self, wanted: object, x: str) -> None:
        """The very object, or one that cannot be told from it."""
        if type(wanted) not in _COMPARED:
            self.require(f"icmp eq ptr {x}, {self.object(wanted)}")
            return
        fn, known = self.fn, self.object(wanted)
        same = fn.emit(f"icmp eq ptr {x}, {known}")
        with fn.if_else(same) as choice, choice.otherwise():
            self._check_type(type(wanted), x)
            given = [("ptr", x), ("ptr", known), ("i32", "2")]
            equal = fn.call("i32", "PyObject_RichCompareBool", given)
            self.require(f"icmp eq i32 {equal}, 1")

    # -- containers

    def _check_node(self, node: Node, x: str) -> None:
        if node.type is type(None):
            self.require(f"icmp eq ptr {x}, {self.object(None)}")
            return
        self._check_type(node.type, x)
        if node.type is dict:
            self._check_dict(node, x)
        elif node.fields:
            self._check_fields(node, x)
        else:
            self._check_sequence(node, x)

    def _check_sequence(self, node: Node, x: str) -> None:
        fn = self.fn
        size = fn.load("i64", self.at(x, SIZE))
        self.require(f"icmp eq i64 {size}, {len(node.children)}")
        is_list = node.type is list
        first = fn.load("ptr", self.at(x, ITEMS)) if is_list else self.at(x, ITEMS)
        if len(node.children) > _MOST_INLINE and _has_only_leaves(node):
            place = fn.gep("ptr", "%held", self._position)
            given: Given = [("ptr", place), ("ptr", first), ("i64", 8 * len(node.children))]
            fn.call("ptr", "memcpy", given)
            self._position += len(node.children)
            return
        for k, child in enumerate(node.children):
            self._check(child, fn.load("ptr", self.at(first, 8 * k)))

    def _check_dict(self, node: Node, x: str) -> None:
        """Goes over a dict in the order it had; a key that is elsewhere is looked up."""
        fn = self.fn
        size = fn.call("i64", "PyDict_Size", [("ptr", x)])
        self.require(f"icmp eq i64 {size}, {len(node.children)}")
        if not node.children:
            return
        plain = _has_only_leaves(node)
        values = fn.gep("ptr", "%held", self._position)
        if not plain:
            values = fn.alloca("ptr", len(node.children))
        rows = [word for k in node.order for word in (id(node.keys[k]), k)]
        self.table.kept.append(node.keys)
        given: Given = [("ptr", x), ("ptr", fn.gep("ptr", "%table", self.table.row(rows)))]
        given += [("i64", len(node.keys)), ("ptr", values)]
        status = fn.call("i32", self.shared("values_of_dict"), given)
        self.require(f"icmp eq i32 {status}, 0")
        if plain:
            self._position += len(node.children)
            return
        for k, child in enumerate(node.children):
            self._check(child, fn.load("ptr", fn.gep("ptr", values, k)))

    def _check_fields(self, node: Node, x: str) -> None:
        """A dataclass: instances hold their fields, so the references that we get can go back."""
        fn = self.fn
        values = []
        for name in (*node.fields, *(name for name, _ in node.rest)):
            value = fn.call("ptr", "PyObject_GetAttr", [("ptr", x), ("ptr", self.object(name))])
            self.require(f"icmp ne ptr {value}, null")
            self.release([value])
            values.append(value)
        for child, value in zip(node.children, values, strict=False):
            self._check(child, value)
        for (_, wanted), value in zip(node.rest, values[len(node.fields) :], strict=True):
            self._check_same(wanted, value)

    # -- leaves

    def _find_elements(self) -> None:
        """Checks the leaves, which the walk has collected, and finds where their elements are."""
        inputs = self.call.inputs()
        rows = [self._row(leaf) for leaf in inputs]
        if len(rows) > _MOST_INLINE and all(rows):
            self._find_in_loop([row for row in rows if row is not None])
            return
        for position, (leaf, row) in enumerate(zip(inputs, rows, strict=True)):
            x = self.fn.load("ptr", self.fn.gep("ptr", "%held", position))
            place = self.fn.gep("ptr", "%inputs", len(self.call.consts) + position)
            self.fn.store("ptr", self._elements(leaf, row, x, position), place)

    def _check_donated(self) -> None:
        """What somebody else sees too is left to Python, which copies it."""
        count = len(self.call.inputs())
        for donated in self.call.donated:
            if donated.in_place:
                given: Given = [("ptr", "%held"), ("i64", count), ("i64", donated.leaf)]
                status = self.fn.call("i32", self.shared("is_alone"), given)
                self.require(f"icmp eq i32 {status}, 0")

    def _row(self, leaf: Leaf) -> tuple[int, int] | None:
        """The shared function that finds the elements, and what it compares with."""
        functions = shared_code().addresses
        match leaf.kind:
            case "int" | "bool":
                return None
            case "array" | "numpy":
                shelf = shelf_of(leaf.aval)
                self.table.kept.append(shelf)
                of = "elements_of_array" if leaf.kind == "array" else "elements_of_buffer"
                return functions[of], shelf.address
            case _:
                self.table.kept.append(leaf.type)
                return functions["elements_of_scalar"], id(leaf.type)

    def _find_in_loop(self, rows: Sequence[tuple[int, int]]) -> None:
        fn = self.fn
        first = fn.gep("ptr", "%table", self.table.row([word for row in rows for word in row]))
        inputs = fn.gep("ptr", "%inputs", len(self.call.consts))
        given: Given = [("ptr", first), ("i64", len(rows)), ("ptr", "%held"), ("ptr", inputs)]
        status = fn.call("i32", self.shared("all_elements"), given)
        self.require(f"icmp eq i32 {status}, 0")

    def _elements(self, leaf: Leaf, row: tuple[int, int] | None, x: str, position: int) -> str:
        if row is not None:
            given: Given = [("ptr", x), ("ptr", self.number(row[1]))]
            found = self.fn.call("ptr", self.number(row[0]), given)
            self.require(f"icmp ne ptr {found}, null")
            return found
        fn, place = self.fn, self.fn.gep("i64", "%numbers", position)
        self._check_type(leaf.type, x)
        if leaf.kind == "bool":
            is_true = fn.emit(f"icmp eq ptr {x}, {self.object(True)}")
            fn.store("i8", fn.emit(f"zext i1 {is_true} to i8"), place)
        else:
            overflow = fn.alloca("i32")
            asked = [("ptr", x), ("ptr", overflow)]
            value = fn.call("i64", "PyLong_AsLongLongAndOverflow", asked)
            self.require(f"icmp eq i32 {fn.load('i32', overflow)}, 0")
            fn.store("i64", value, place)
        return place

    def _check_type(self, kind: type, x: str) -> None:
        self.require(f"icmp eq ptr {self.fn.load('ptr', self.at(x, 8))}, {self.object(kind)}")


def _has_only_leaves(node: Node) -> bool:
    return all(isinstance(child, Leaf) for child in node.children)
