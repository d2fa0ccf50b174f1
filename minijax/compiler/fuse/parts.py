"""Small arrays as registers: what an array is split into, and how its elements are read.

    v:f64[3]      three numbers                        v[i] with i known: one of them
    v:f64[8,2]    two vectors of 8 lanes               v[:, 1]: the second vector

An array whose leading axis is as long as a vector keeps that axis as *lanes*: its parts are
vectors, one for each place in the axes after it. Any other small array becomes numbers. Three
operations exist for the sake of such values, and are made here only:

* `lane_index`: 0, 1, 2, … over the lanes;
* `lane`: one number of a vector;
* `lanes`: a vector of given numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minijax.compiler.fuse.walk import postorder
from minijax.core.avals import Aval, ShapedArray
from minijax.core.dtypes import bool_, int64
from minijax.core.records import record
from minijax.kernel.expr import COMPARISON, Expr, ExprBuilder
from minijax.kernel.roots import Value

LANES = (4, 8, 16)
MOST_SOUGHT = 4  # parts among which an element at a computed place is chosen
_MOST_NUMBERS = 12
_MOST_VECTORS = 9
_MOST_IN_VECTORS = 72  # numbers


@record(eq=True)
class LanesAval(Aval):
    """The aval of a vector in a register: to programs it is of rank 0."""

    dtype: np.dtype
    lanes: int

    @property
    def shape(self) -> tuple[int, ...]:
        return ()

    @property
    def size(self) -> int:
        return 1

    def __str__(self) -> str:
        return f"{self.dtype}<{self.lanes}>"


def lanes_of(value: Value) -> int:
    """Returns how many lanes a value in registers has; 1 for a number."""
    return value.aval.lanes if type(value.aval) is LanesAval else 1


@record(eq=True)
class Layout:
    """How arrays of a shape are split: into `count` parts of `lanes` lanes each."""

    shape: tuple[int, ...]
    lanes: int
    count: int

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that the parts go through in row-major order."""
        return self.shape if self.lanes == 1 else self.shape[1:]

    def places(self) -> list[tuple[int, ...]]:
        """Returns the indices in `axes` of each part."""
        return list(np.ndindex(*self.axes))


def layout_of(shape: Sequence[int]) -> Layout | None:
    """Returns how arrays of a shape are split; None for one that is not small."""
    if not shape or 0 in shape:
        return None
    size = math.prod(shape)
    rest = size // shape[0]
    if shape[0] in LANES and rest <= _MOST_VECTORS and size <= _MOST_IN_VECTORS:
        return Layout(tuple(shape), shape[0], rest)
    return Layout(tuple(shape), 1, size) if size <= _MOST_NUMBERS else None


class Reader(ExprBuilder):
    """Makes the expressions of a program some of whose arrays are split.

    Attributes:
        parts: the parts of every array that is split.
        known: constant arrays.
        memory: gives the value that stands for another one where it is read from memory.
    """

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[Value, tuple[Expr, ...]] = {}
        self.known: dict[Value, np.ndarray] = {}
        self.memory: Callable[[Value], Value] = lambda value: value
        self._loops = False
        self._varying: dict[int, bool] = {}
        self._kept: list[Expr] = []

    # -- lanes

    def lane_index(self, lanes: int) -> Expr:
        """Returns the number of each lane."""
        return self.make("lane_index", int64, (), lanes)

    def varies(self, x: Expr) -> bool:
        """Tells whether an expression is a vector."""
        found = self._varying
        if id(x) not in found:
            for node in postorder((x,)):
                if id(node) not in found:
                    found[id(node)] = node.op != "lane" and (
                        node.op in ("lane_index", "lanes")
                        or _is_vector(node)
                        or any(found[id(operand)] for operand in node.operands)
                    )
                    self._kept.append(node)
        return found[id(x)]

    def lane(self, x: Expr, at: Expr) -> Expr:
        """Returns one number of a part."""
        return self.make("lane", x.dtype, (x, at)) if self.varies(x) else x

    def _in_lane(self, x: Expr, lane: int) -> Expr:
        """Returns what an index is in one lane."""
        done: dict[int, Expr] = {}
        for node in postorder((x,)):
            if node.op == "lane_index":
                done[id(node)] = self.constant(lane)
            elif not self.varies(node):
                done[id(node)] = node
            elif _is_vector(node):
                done[id(node)] = self.lane(node, self.constant(lane))
            elif node.op == "lanes":
                done[id(node)] = node.operands[lane]
            else:
                operands = tuple(done[id(operand)] for operand in node.operands)
                done[id(node)] = self.remake(node, operands)
        return done[id(x)]

    # -- elements of split arrays

    @contextmanager
    def from_memory(self, loops: bool) -> Iterator[None]:
        """Within it, if for loops, what is not read at constant indices is read from memory."""
        before, self._loops = self._loops, loops
        try:
            yield
        finally:
            self._loops = before

    def element(self, value: Value, indices: Sequence[Expr]) -> Expr:
        """Returns the element of an array, from its parts if it has some."""
        parts = self.parts.get(value)
        fixed = all(i.is_constant for i in indices)
        if fixed and value in self.known:
            spot = tuple(int(i.payload) for i in indices)
            return self.constant(self.known[value][spot], value.dtype)
        if parts is None or (self._loops and not fixed):
            return self.read(self.memory(value), indices)
        layout = layout_of(value.shape)
        assert layout is not None, "only small arrays have parts"
        own = layout.lanes > 1 and indices[0] is self.lane_index(layout.lanes)
        place = self._flat(indices[1:] if layout.lanes > 1 else indices, layout.axes)
        if layout.lanes == 1 or own:
            if not self.varies(place) or not self._in_lane(place, 0).is_constant:
                return self._chosen(parts, place)
        elif not self.varies(indices[0]) and not self.varies(place):
            return self._chosen([self.lane(x, indices[0]) for x in parts], place)
        lanes = next(n for node in postorder(indices) if (n := _lanes_in(node)) > 1)
        found = [self.element(value, [self._in_lane(i, k) for i in indices]) for k in range(lanes)]
        return self.make("lanes", value.dtype, tuple(found))

    def _flat(self, indices: Sequence[Expr], shape: Sequence[int]) -> Expr:
        position = self.constant(0)
        for i, n in zip(indices, shape, strict=True):
            position = self.binary("add", self.binary("mul", position, n), i)
        return position

    def _chosen(self, parts: Sequence[Expr], place: Expr) -> Expr:
        """Returns the part at a place: one of them, or a chain of choices."""
        if place.is_constant:
            return parts[int(place.payload)]
        found = parts[0]
        for k, part in enumerate(parts[1:], 1):
            found = self.select(self.compare("eq", place, k), part, found)
        return found

    # -- expressions

    def rebuild(self, roots: Sequence[Expr], known: Mapping[int, Expr]) -> tuple[Expr, ...]:
        """Returns expressions with nodes (by id) replaced, and reads of split arrays resolved."""
        done = dict(known)
        for node in postorder(roots):
            if id(node) not in done:
                operands = tuple(done[id(x)] for x in node.operands)
                done[id(node)] = self.remake(node, operands)
        return tuple(done[id(root)] for root in roots)

    def remake(self, node: Expr, operands: tuple[Expr, ...]) -> Expr:
        """Returns a node with other operands, simplified where they are constants."""
        match node.op:
            case "read":
                return self.element(node.payload, operands)
            case "const":
                return self.constant(node.payload, node.dtype)
            case "index" | "var":
                return node
            case "floordiv":
                return self.floordiv(operands[0], node.payload)
            case "mod":
                return self.mod(operands[0], node.payload)
            case "select":
                return self.select(*operands)
            case "convert":
                return self.convert(operands[0], node.dtype)
            case "and" | "or" if node.dtype == bool_:
                return self._logical(node.op, *operands)
            case "add" | "sub" | "mul" | "max" | "min" if node.dtype == int64:
                return self.binary(node.op, *operands)
            case op if op in COMPARISON:
                return self.compare(op, *operands)
        return self.make(node.op, node.dtype, operands, node.payload)

    def _logical(self, op: str, x: Expr, y: Expr) -> Expr:
        for a, b in ((x, y), (y, x)):
            if a.is_constant:
                return b if bool(a.payload) == (op == "and") else a
        return self.make(op, bool_, (x, y))


def _is_vector(node: Expr) -> bool:
    return node.op == "read" and lanes_of(node.payload) > 1


def _lanes_in(node: Expr) -> int:
    """Returns how many lanes a node has that counts them, is a part or is made of parts."""
    match node.op:
        case "lane_index":
            return int(node.payload)
        case "lanes":
            return len(node.operands)
        case "read":
            return lanes_of(node.payload)
    return 1


def part_aval(dtype: np.dtype, lanes: int) -> Any:
    """Returns the aval of a part."""
    return ShapedArray((), dtype) if lanes == 1 else LanesAval(dtype, lanes)
