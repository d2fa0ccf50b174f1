"""What the writers of the parts of an entry share."""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.entry.donate import Donated
from minijax.compiler.entry.layout import Layout
from minijax.compiler.entry.recipe import Leaf, Recipe, leaves
from minijax.compiler.entry.shared import shared_code
from minijax.compiler.entry.table import Table
from minijax.compiler.text import FunctionWriter, ModuleWriter, Operand
from minijax.core.records import record

ITEMS = 24  # of a tuple, its first item; of a list, the address of its items
SIZE = 16  # of a tuple or list
MISMATCH, OUT_OF_MEMORY = 1, 3
Given = list[tuple[str, Operand]]


@record(eq=True)
class Static:
    """A static argument: the object, or a number or text equal to it."""

    value: object


@record(eq=True)
class Call:
    """What an entry is made for.

    Attributes:
        positional: for each argument a recipe, or a static object.
        names: of the keyword arguments, in the order of the call.
        keywords: for each of them, as for `positional`.
        result: the recipe of what is returned, or of what `rebuild` takes.
        rebuild: what makes the result of a list of its leaves, if only Python can.
        consts: addresses of the captured arrays.
        literals: addresses of constant arrays of the program.
        arena: bytes of working memory.
        blas: addresses of what limits BLAS to one thread and of what frees it, if it matters.
        releases_lock: whether other threads of Python run meanwhile.
        runs_python: whether anything in Python may run meanwhile.
        donated: the donated leaves that a result takes the place of: arrays of ours.
    """

    positional: tuple[Recipe | Static, ...]
    names: tuple[str, ...]
    keywords: tuple[Recipe | Static, ...]
    result: Recipe
    rebuild: object | None
    consts: tuple[int, ...]
    literals: tuple[int, ...]
    arena: int
    blas: tuple[int, int] | None
    releases_lock: bool
    runs_python: bool
    donated: tuple[Donated, ...] = ()

    def inputs(self) -> list[Leaf]:
        """Returns the leaves in the order in which the program takes them."""
        by_name = dict(zip(self.names, self.keywords, strict=True))
        parts = [*self.positional, *(by_name[name] for name in sorted(by_name))]
        return [leaf for part in parts if not isinstance(part, Static) for leaf in leaves(part)]


class PartWriter:
    """Writes one function of an entry.

    Attributes:
        fn: the function being written.
    """

    def __init__(self, call: Call, layout: Layout, table: Table, module: ModuleWriter) -> None:
        self.call = call
        self.layout = layout
        self.table = table
        self.module = module
        self.fn: FunctionWriter

    def at(self, pointer: str, offset: int) -> str:
        """The address so many bytes after a pointer."""
        return self.fn.gep("i8", pointer, offset)

    def slot(self, slot: int) -> str:
        """Loads a slot of the table."""
        return self.fn.load("ptr", self.fn.gep("ptr", "%table", slot))

    def object(self, x: object) -> str:
        """Loads the address of a Python object."""
        return self.slot(self.table.object(x))

    def number(self, value: int) -> str:
        """Loads an address."""
        return self.slot(self.table.number(value))

    def shared(self, name: str) -> str:
        """Loads the address of a function that all entries share."""
        return self.number(shared_code().addresses[name])

    def require(self, condition: str, code: int = MISMATCH) -> None:
        """Leaves the function unless a comparison holds."""
        holds = self.fn.emit(condition)
        self.fn.fail_if(self.fn.emit(f"xor i1 {holds}, true"), code)

    def release(self, values: Sequence[str]) -> None:
        """Gives references up; they may be null."""
        for x in values:
            self.fn.call("void", "Py_DecRef", [("ptr", x)])
