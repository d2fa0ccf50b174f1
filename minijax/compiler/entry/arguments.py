"""The first part of an entry: are the arguments what it was made for, and where are their elements?

References are borrowed while the caller holds the arguments. Nothing on the way runs code of the
user, so containers cannot change under the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minijax.compiler.entry.parts import ITEMS, SIZE, PartWriter, Static
from minijax.compiler.entry.recipe import Leaf, Node, Recipe, leaves
from minijax.compiler.entry.table import BUSY

_USED = 24  # of a set, the number of its members
# Objects of these types that are equal are alike, and comparing them runs no code of the user.
_COMPARED = (int, str, bytes)


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
                _LEAVES.get(part.kind, ArgumentWriter._check_scalar)(self, part, x)
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
        items = fn.load("ptr", self.at(x, ITEMS)) if is_list else x
        first = 0 if is_list else ITEMS
        for k, child in enumerate(node.children):
            self._check(child, fn.load("ptr", self.at(items, first + 8 * k)))

    def _check_dict(self, node: Node, x: str) -> None:
        """Goes over a dict in the order it had; a key that is elsewhere is looked up."""
        fn = self.fn
        size = fn.call("i64", "PyDict_Size", [("ptr", x)])
        self.require(f"icmp eq i64 {size}, {len(node.children)}")
        starts = [self._position]
        for child in node.children:
            starts.append(starts[-1] + sum(1 for _ in leaves(child)))
        # The walk writes three words of its own: which entry is next, and what it found there.
        walk = fn.alloca("ptr", 3)
        fn.store("i64", 0, walk)
        found, value = self.at(walk, 8), self.at(walk, 16)
        given = [("ptr", x), ("ptr", walk), ("ptr", found), ("ptr", value)]
        for k in node.order:
            wanted = self.object(node.keys[k])
            fn.call("i32", "PyDict_Next", given)
            same = fn.emit(f"icmp eq ptr {fn.load('ptr', found)}, {wanted}")
            with fn.if_else(same, ["ptr"]) as choice:
                with choice.then():
                    choice.give(fn.load("ptr", value))
                with choice.otherwise():
                    asked = [("ptr", x), ("ptr", wanted)]
                    choice.give(fn.call("ptr", "PyDict_GetItemWithError", asked))
            self.require(f"icmp ne ptr {choice.results[0]}, null")
            self._position = starts[k]
            self._check(node.children[k], choice.results[0])
        self._position = starts[-1]

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

    def _check_array(self, leaf: Leaf, x: str) -> None:
        self._take_elements(leaf, x, "elements_of_array")

    def _check_buffer(self, leaf: Leaf, x: str) -> None:
        self._take_elements(leaf, x, "elements_of_buffer")

    def _take_elements(self, leaf: Leaf, x: str, function: str) -> None:
        given = [("ptr", x), ("ptr", self.shelf(leaf.aval))]
        found = self.fn.call("ptr", self.shared(function), given)
        self.require(f"icmp ne ptr {found}, null")
        self._take(found)

    def _check_scalar(self, leaf: Leaf, x: str) -> None:
        """A float, a complex or a NumPy scalar: the number stands behind the head."""
        self._check_type(leaf.type, x)
        self._take(self.at(x, 16))

    def _check_int(self, leaf: Leaf, x: str) -> None:
        fn = self.fn
        self._check_type(leaf.type, x)
        overflow = fn.alloca("i32")
        given = [("ptr", x), ("ptr", overflow)]
        value = fn.call("i64", "PyLong_AsLongLongAndOverflow", given)
        self.require(f"icmp eq i32 {fn.load('i32', overflow)}, 0")
        self._take_number("i64", value)

    def _check_bool(self, leaf: Leaf, x: str) -> None:
        self._check_type(leaf.type, x)
        is_true = self.fn.emit(f"icmp eq ptr {x}, {self.object(True)}")
        self._take_number("i8", self.fn.emit(f"zext i1 {is_true} to i8"))

    def _check_type(self, kind: type, x: str) -> None:
        self.require(f"icmp eq ptr {self.fn.load('ptr', self.at(x, 8))}, {self.object(kind)}")

    def _take_number(self, ty: str, value: str) -> None:
        place = self.fn.gep("i64", "%numbers", self._position)
        self.fn.store(ty, value, place)
        self._take(place)

    def _take(self, address: str) -> None:
        """Makes an address the next input of the program."""
        place = len(self.call.consts) + self._position
        self.fn.store("ptr", address, self.fn.gep("ptr", "%inputs", place))
        self._position += 1


_LEAVES: dict[str, Callable[[ArgumentWriter, Leaf, str], None]] = {
    "array": ArgumentWriter._check_array,
    "numpy": ArgumentWriter._check_buffer,
    "int": ArgumentWriter._check_int,
    "bool": ArgumentWriter._check_bool,
}
