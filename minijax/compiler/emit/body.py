"""Expressions inside a nest of loops: each instruction goes where its indices are known.

    for i: for j: out[i,j] = sin(x[i]) * y[j]

`sin(x[i])` needs only i: it is emitted in the block in front of the loop over j. A body remembers
what it has emitted, so a shared subexpression is emitted once; leaving a loop forgets what was
emitted inside it.

The innermost loop may go over whole vectors (`across`). What depends on its index is then a vector;
what does not stays a single number, and is spread over the lanes where the two meet. A load whose
position moves with the index is a load of neighbours, any other one that depends on the index
gathers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import NamedTuple

import numpy as np

from minijax.compiler.emit import masks
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame, Part
from minijax.compiler.emit.lanes import Lanes
from minijax.compiler.emit.memory_access import (
    can_stride,
    gather,
    load,
    load_strided,
    load_where,
    store,
)
from minijax.compiler.emit.numbers import divisor, scalar
from minijax.compiler.emit.numbers.divisor import Divisor
from minijax.compiler.emit.numbers.types import Scalar, constant, registers
from minijax.compiler.emit.positions import clamp, plus, row_major, times
from minijax.compiler.emit.shortcuts import known_bool, needed
from minijax.compiler.fuse.affine import Address, address_terms
from minijax.compiler.fuse.parts import lanes_of
from minijax.compiler.text import Block, Carried, Loop, Operand
from minijax.core.dtypes import bool_, is_integer
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Value


class _Emitted(NamedTuple):
    """What an expression has become: a number, or a vector where it varies over the lanes."""

    value: Scalar
    level: int
    varies: bool


class Body:
    """Emits the expressions of one kernel."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.c: Context = frame.c
        self._fronts: list[Block] = []
        self._known: dict[int, _Emitted] = {}
        # On all lanes, for each number of lanes: vectors of several lengths may read one number.
        self._spread: dict[int, dict[int, Scalar]] = {}
        self._masks: dict[int, dict[tuple[int, int], str]] = {}
        self._divisors: dict[int, dict[int, Divisor]] = {}
        self._emitted: list[list[int]] = [[]]
        self._kept: list[Expr] = []
        self._addresses: dict[Value, str] = {}
        self._moving: tuple[Expr | None, Operand] = (None, 0)
        self._moving_level = 0
        self._part = frame.part
        self.row: Expr | None = None

    @property
    def depth(self) -> int:
        """The number of loops around the present place."""
        return len(self._fronts)

    @contextmanager
    def loop(
        self, size: Operand, index: Expr | None = None, carried: Carried = (), first: int = 0
    ) -> Iterator[Loop]:
        """A loop of the nest over `size` places; `index` stands for its counter inside."""
        start, stop = self.range_of(size, index, first)
        with self.c.fn.loop(start, stop, carried=carried) as loop, self._inside(loop.preheader):
            if index is not None:
                self.bind(index, (loop.index,))
            yield loop

    def range_of(
        self, size: Operand, index: Expr | None, first: int = 0
    ) -> tuple[Operand, Operand]:
        """Returns the bounds of a loop: of its part, if it is the one that is cut."""
        part = None if index is None else self.part_of(index)
        if part is None:
            return first, plus(self.c, size, first)
        if part.along is None or size == part.along.payload:
            return part.start, part.stop
        last = plus(self.c, size, first)
        return clamp(self.c, "smax", part.start, first), clamp(self.c, "smin", part.stop, last)

    def part_of(self, index: Expr) -> Part | None:
        """Returns the range of an index in this part, None for all of it."""
        part = self._part
        return part if part is not None and part.along is index else None

    @contextmanager
    def all_of(self, index: Expr) -> Iterator[None]:
        """Within it, the caller sees to it that an index keeps to the part."""
        before = self._part
        if self.part_of(index):
            self._part = None
        yield
        self._part = before

    @contextmanager
    def within(self, loop: Loop, index: Expr) -> Iterator[None]:
        """Within it, a loop that others share stands around the nest."""
        with self._inside(loop.preheader):
            self.bind(index, (loop.index,))
            self.row = index
            yield

    def is_row(self, value: Value) -> bool:
        """Tells whether only the present row of a value exists."""
        return value in self.frame.plan.rows

    def free(self, indices: Sequence[Expr]) -> list[Expr]:
        """Returns the indices that no loop goes over yet."""
        return [i for i in indices if i.op == "index" and id(i) not in self._known]

    @contextmanager
    def loops(self, indices: Sequence[Expr]) -> Iterator[None]:
        """Nested loops over indices."""
        with ExitStack() as stack:
            for index in indices:
                stack.enter_context(self.loop(index.payload, index))
            yield

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forgets on leaving what was bound and emitted inside."""
        with self._inside(self.c.fn.block):
            yield

    @contextmanager
    def _inside(self, front: Block) -> Iterator[None]:
        self._fronts.append(front)
        self._emitted.append([])
        yield
        self._fronts.pop()
        for key in self._emitted.pop():
            self._known.pop(key, None)
            self._spread.pop(key, None)
            self._masks.pop(key, None)
            self._divisors.pop(key, None)

    def bind(self, expr: Expr, value: Scalar, varies: bool = False) -> None:
        """Says what an index or variable is at the present place.

        Args:
            expr: the index or variable.
            value: what it is.
            varies: whether that differs from lane to lane.
        """
        self._remember(expr, _Emitted(value, self.depth, varies))

    def _remember(self, expr: Expr, emitted: _Emitted) -> None:
        self._kept.append(expr)
        self._known[id(expr)] = emitted
        self._emitted[emitted.level].append(id(expr))

    # -- vectors

    @contextmanager
    def vector(self, lanes: Lanes, index: Expr | None, base: Operand) -> Iterator[None]:
        """Within it, `index` goes from `base` on over the lanes."""
        before = self._moving, self._moving_level
        with self._inside(self.c.fn.block):
            self._moving, self._moving_level = (index, base), self.depth
            with self.c.on(lanes.count, lanes.mask, lanes.alive):
                yield
        self._moving, self._moving_level = before

    def across(
        self,
        size: int,
        index: Expr | None,
        lanes: int,
        write: Callable[[Operand], None],
        first: int = 0,
    ) -> None:
        """Calls `write` with the first position of every vector that an index goes over.

        Args:
            size: the length of the axis, or of a part of it.
            index: the index that stands for the position in expressions.
            lanes: the numbers in a vector.
            write: emits the work on one vector; called for whole ones and for what is left over.
            first: where the part begins.
        """
        whole, rest = divmod(size, lanes)
        part = None if index is None else self.part_of(index)
        if whole == 1 and part is None:
            with self.vector(Lanes(lanes), index, first):
                write(first)
        elif whole:
            start, stop = self._vectors(part, first, whole * lanes, lanes)
            with (
                self.c.fn.loop(start, stop, lanes) as loop,
                self._inside(loop.preheader),
                self.vector(Lanes(lanes), index, loop.index),
            ):
                write(loop.index)
        if rest:
            end = first + whole * lanes
            lanes_left = Lanes.first(rest, lanes)
            with self.when_inside(part, end), self.vector(lanes_left, index, end):
                write(end)

    def blocks(
        self, size: int, index: Expr, width: int, write: Callable[[Operand, int], None]
    ) -> None:
        """Calls `write` with the first position and the length of every block of an axis.

        That is `width` for whole blocks and less for what is left over; `write` binds the index.
        """
        whole, rest = divmod(size, width)
        part = self.part_of(index)
        if whole == 1 and part is None:
            with self.scope():
                write(0, width)
        elif whole:
            start, stop = self._vectors(part, 0, whole * width, width)
            with self.c.fn.loop(start, stop, width) as loop, self._inside(loop.preheader):
                write(loop.index, width)
        if rest:
            end = whole * width
            with self.when_inside(part, end), self.scope():
                write(end, rest)

    def _vectors(
        self, part: Part | None, first: int, size: int, lanes: int
    ) -> tuple[Operand, Operand]:
        """Returns the bounds of a loop over vectors. One belongs to the part in which it begins."""
        if part is None:
            return first, first + size
        bounds = []
        for bound in part.start, part.stop:
            distance = plus(self.c, bound, lanes - 1 - first)
            vectors = self.c.fn.emit(f"sdiv i64 {distance}, {lanes}")
            inside = clamp(self.c, "smax", times(self.c, vectors, lanes), 0)
            bounds.append(plus(self.c, clamp(self.c, "smin", inside, size), first))
        return bounds[0], bounds[1]

    def when_begins(self, part: Part | None, first: int, stop: int) -> AbstractContextManager[None]:
        """Emits what is inside it if a part begins between two positions."""
        return self._when_between(None if part is None else part.start, first, stop)

    def when_inside(self, part: Part | None, at: int) -> AbstractContextManager[None]:
        """Emits what is inside it if a position is in the part."""
        inside = (None, 0, 0) if part is None else (at, part.start, part.stop)
        return self._when_between(*inside)

    @contextmanager
    def _when_between(self, at: Operand | None, first: Operand, stop: Operand) -> Iterator[None]:
        """Emits what is inside it if a position, if there is one, is in a range."""
        if at is None:
            yield
            return
        late = self.c.fn.emit(f"icmp sge i64 {at}, {first}")
        early = self.c.fn.emit(f"icmp slt i64 {at}, {stop}")
        inside = self.c.fn.emit(f"and i1 {late}, {early}")
        with self.scope(), self.c.fn.when(inside), self.scope():  # others may read what is known
            yield

    def overlapping(
        self, size: int, index: Expr, lanes: int, write: Callable[[Operand], None]
    ) -> None:
        """Calls `write` once, for every vector: the last one goes over some elements again.

        Args:
            size: the length of the axis, at least one vector.
            index: the index that stands for the position in expressions.
            lanes: the numbers in a vector.
            write: emits the work on a vector, which must not change what it reads.
        """
        start, stop = self.range_of(size, index)
        with self.c.fn.loop(start, stop, lanes) as loop, self._inside(loop.preheader):
            base: Operand = loop.index
            if size % lanes:
                base = clamp(self.c, "smin", loop.index, size - lanes)
            with self.vector(Lanes(lanes), index, base):
                write(base)

    def move(self, index: Expr, base: Operand) -> None:
        """Says, at the start of a vector, that the moving index goes on from another place."""
        self._moving = index, base

    def whole(self, expr: Expr) -> Scalar:
        """Emits an expression; returns its scalar, on all lanes."""
        self.emit(expr)
        return self._over_lanes(expr)

    def _over_lanes(self, expr: Expr) -> Scalar:
        value, level, varies = self._known[id(expr)]
        if varies or self.c.lanes == 1:
            return value
        spread = self._spread.setdefault(id(expr), {})
        if self.c.lanes not in spread:
            types = registers(expr.dtype)
            with self._at(level):
                pairs = zip(types, value, strict=True)
                spread[self.c.lanes] = tuple(str(self.c.spread(ty, part)) for ty, part in pairs)
        return spread[self.c.lanes]

    def _mask(self, x: Expr, bits: int) -> Scalar | None:
        """Returns a bool from in front of the innermost loop on all lanes; None for others."""
        value, level, varies = self._known[id(x)]
        if not bits or x.dtype != bool_ or varies or level == self.depth or value[0][0] != "%":
            return None
        known = self._masks.setdefault(id(x), {})
        key = self.c.lanes, bits
        if key not in known:
            with self._at(level):
                known[key] = masks.spread_mask(self.c, value[0], bits)
        return (masks.from_mask(self.c, known[key], bits),)

    @contextmanager
    def _at(self, level: int) -> Iterator[None]:
        """Within it, instructions go where everything of a level is known."""
        if level == self.depth:
            yield
        else:
            with self.c.fn.at(self._fronts[level]):
                yield

    # -- emitting

    def emit(self, root: Expr) -> Scalar:
        """Emits an expression and what it needs; returns its scalar."""
        stack = [root]
        while stack:
            node = stack[-1]
            if id(node) in self._known:
                stack.pop()
                continue
            operands = self._needed(node)
            missing = [x for x in operands if id(x) not in self._known]
            if node.op in ("load", "address", "guarded"):
                # Where only the first lane's position counts, the index need not be a vector.
                missing = [x for x in missing if x is not self._moving[0]]
            if missing:
                stack.extend(reversed(missing))
                continue
            stack.pop()
            self._place(node, operands)
        return self._known[id(root)][0]

    def _needed(self, node: Expr) -> Sequence[Expr]:
        return needed(node, self._text)

    def _text(self, x: Expr) -> str:
        """What has been emitted for an expression of one register, "" if nothing has."""
        return self._known[id(x)].value[0] if id(x) in self._known else ""

    def _place(self, node: Expr, operands: Sequence[Expr]) -> None:
        """Emits a node where the operands that it needs are known."""
        if node is self._moving[0]:
            with self._at(self._moving_level):  # loops inside the vector share it
                self._remember(node, _Emitted((self._counted(),), self._moving_level, True))
            return
        assert node.op not in ("index", "var"), f"{node.op} outside its loop"
        level = max(map(self._level, operands), default=0)
        if len(operands) < len(node.operands) and node.op not in ("and", "or"):
            level = max(level, self._level(node.operands[0]))  # the choice is known there
        varies = self._is_vector(node, operands)
        if node.op == "scalar" and varies:
            level = self.depth  # it may have been made in this nest
        if level == self.depth and (varies or self.c.on_numbers):
            value = self._node(node, operands)
        else:
            with self._at(level), nullcontext() if varies else self.c.on(1):
                value = self._node(node, operands)
        self._remember(node, _Emitted(value, level, varies))

    def _is_vector(self, node: Expr, operands: Sequence[Expr]) -> bool:
        if node.op == "lane":
            return False
        if node.op == "scalar":
            return lanes_of(node.payload) > 1
        return node.op == "lanes" or any(map(self._varies, operands))

    def _counted(self) -> str:
        """The moving index as a vector."""
        base = self.c.spread("i64", self._moving[1])
        return self.c.op("add nsw", "i64", base, self.c.counting())

    def _level(self, x: Expr) -> int:
        return self._moving_level if x is self._moving[0] else self._known[id(x)].level

    def _varies(self, x: Expr) -> bool:
        return x is self._moving[0] or self._known[id(x)].varies

    def _node(self, node: Expr, used: Sequence[Expr]) -> Scalar:
        if node.op == "scalar":
            return self.frame.scalars[node.payload]
        if node.op == "load":
            return self._load(node)
        if node.op == "guarded":
            return self._load_where(node)
        if node.op == "lane":
            return self._lane(node)
        if node.op == "lanes":
            return self._lanes(node)
        if node.op in ("div", "rem") and self._has_one_divisor(node):
            return self._divided(node)
        bits = masks.mask_bits(node) if self.c.lanes > 1 else 0
        operands = [self._mask(x, bits) or self._over_lanes(x) for x in used]
        if len(operands) < len(node.operands):
            return operands[0]
        known = known_bool(node.op, operands) if node.dtype == bool_ else None
        return scalar.apply(self.c, node, operands) if known is None else known

    def _has_one_divisor(self, node: Expr) -> bool:
        """Tells whether integers are divided by what is the same in all lanes."""
        index, y = self._moving[0], node.operands[1]
        if index is None or not is_integer(node.dtype) or self._varies(y):
            return False
        return divisor.is_worthwhile(self.c, node.dtype, self._text(y), index.payload)

    def _divided(self, node: Expr) -> Scalar:
        x, y = node.operands
        known = self._divisors.setdefault(id(y), {})
        if self.c.lanes not in known:
            with self._at(self._level(y)):
                known[self.c.lanes] = divisor.prepare(self.c, node.dtype, self._text(y))
        by = divisor.quotient_by if node.op == "div" else divisor.remainder_by
        return (by(self.c, known[self.c.lanes], self._over_lanes(x)[0]),)

    def _lane(self, node: Expr) -> Scalar:
        """One number of a vector in a register."""
        vector, at = node.operands
        lanes = lanes_of(vector.payload)
        (place,) = self._known[id(at)].value
        parts = zip(registers(node.dtype), self._known[id(vector)].value, strict=True)
        return tuple(
            self.c.fn.emit(f"extractelement <{lanes} x {ty}> {part}, i64 {place}")
            for ty, part in parts
        )

    def _lanes(self, node: Expr) -> Scalar:
        """A vector of numbers."""
        found = []
        for k, ty in enumerate(registers(node.dtype)):
            vector = "poison"
            for lane, x in enumerate(node.operands):
                part = self._known[id(x)].value[k]
                text = f"insertelement {self.c.type(ty)} {vector}, {ty} {part}, i64 {lane}"
                vector = self.c.fn.emit(text)
            found.append(vector)
        return tuple(found)

    def address(self, value: Value) -> str:
        """Returns the address of a memory, computed in front of the nest."""
        found = self._addresses.get(value)
        if found is None:
            if self._fronts:
                with self.c.fn.at(self._fronts[0]), self.c.on(1):
                    found = self.frame.address(value)
            else:
                found = self.frame.address(value)
            self._addresses[value] = found
        return found

    # -- memory

    def store(self, value: Value, x: Scalar, offset: Operand) -> None:
        """Stores the element of a value at a position, or a vector of them from there on."""
        store(self.c, value.dtype, x, self.address(value), offset)

    def store_at(self, value: Value, x: Scalar, place: Expr) -> None:
        """Stores the element of a value at an address, or a vector of them, however far apart."""
        offset, step = self.offset(place), self._step(place)
        if self.c.lanes == 1 or step == 1:
            self.store(value, x, offset)
            return
        address, alive = self.address(value), self.c.alive
        types = [self.c.type(ty) for ty in registers(value.dtype)]
        with self.c.on(1):
            for lane in range(alive):
                parts = tuple(
                    self.c.fn.emit(f"extractelement {ty} {part}, i64 {lane}")
                    for ty, part in zip(types, x, strict=True)
                )
                store(self.c, value.dtype, parts, address, plus(self.c, offset, lane * step))

    def place(self, value: Value, indices: Sequence[Expr]) -> Operand:
        """Emits the row-major position of the present iteration in a value."""
        skipped = self.row if self.is_row(value) else None
        return row_major(self, [i for i in indices if i is not skipped])

    def _load(self, node: Expr) -> Scalar:
        address: Address = node.payload
        place = self.address(address.value)
        if self.c.lanes == 1:
            return load(self.c, node.dtype, place, self.offset(node))
        step = self._step(node)
        if step in (1, -1):
            return load(self.c, node.dtype, place, self.offset(node), step)
        if step and can_stride(self.c, node.dtype):
            return load_strided(self.c, node.dtype, place, self.offset(node), step)
        return gather(self.c, node.dtype, place, self._offsets(node))

    def _load_where(self, node: Expr) -> Scalar:
        """Loads where a condition holds; elsewhere the result does not matter."""
        place = self.address(node.payload.value)
        (known,) = self.emit(node.operands[0])
        if known == "true":
            return self._load(node)
        if known == "false":
            return constant(np.zeros((), node.dtype))  # a number that does not matter
        step = self._step(node)
        if self.c.lanes == 1 or (step == 1 and not self._varies(node.operands[0])):
            with self.c.on(1):
                safe = self.c.select(known, "i64", self.offset(node), 0)
            return load(self.c, node.dtype, place, safe)
        condition = self._over_lanes(node.operands[0])[0]
        if step == 1:
            offset = self._near(condition, self.offset(node))
            return load_where(self.c, condition, node.dtype, place, offset)
        safe = self.c.select(condition, "i64", self._offsets(node), 0)
        return gather(self.c, node.dtype, place, safe)

    def _near(self, condition: str, offset: Operand) -> str:
        """A position inside the array where no lane counts: far from it, a masked load is slow."""
        any_lane = f"llvm.vector.reduce.or.v{self.c.lanes}i1"
        counts = self.c.pure_call("i1", any_lane, [(self.c.type("i1"), condition)])
        with self.c.on(1):
            return self.c.select(counts, "i64", offset, 0)

    def _step(self, node: Expr) -> int:
        """Returns by how much a position moves from lane to lane; 0 where that is not constant."""
        terms = address_terms(node)
        if any(self._varies(x) for x, _ in terms if x is not self._moving[0]):
            return 0
        return next((c for x, c in terms if x is self._moving[0]), 0)

    def _offsets(self, node: Expr) -> str:
        """Emits the positions of a load that gathers."""
        still = self.offset(node, lambda x: not self._varies(x))
        total = self.c.spread("i64", still)
        for term, coefficient in address_terms(node):
            if not self._varies(term):
                continue
            x: Operand = self.emit(term)[0]
            if coefficient != 1:
                x = self.c.op("mul nsw", "i64", x, coefficient)
            total = self.c.op("add nsw", "i64", total, x)
        return str(total)

    def offset(self, node: Expr, wanted: Callable[[Expr], bool] | None = None) -> Operand:
        """Emits the position of a load or of a place; each partial sum as far out as it can be.

        Args:
            node: the load or place.
            wanted: tells which terms to add up; all of them without it.
        """
        address: Address = node.payload
        pairs = address_terms(node)
        if self.is_row(node.payload.value):
            pairs = [(x, c) for x, c in pairs if x is not self.row]
        terms = [(self._term_level(x), x, c) for x, c in pairs if wanted is None or wanted(x)]
        total: Operand = address.const
        with self.c.on(1):
            for level, term, coefficient in sorted(terms, key=lambda found: found[0]):
                with self._at(level):
                    total = self._plus(total, term, coefficient)
        return total

    def _term_level(self, term: Expr) -> int:
        if term is not self._moving[0] and id(term) not in self._known:
            self.emit(term)
        return self._level(term)

    def _plus(self, total: Operand, term: Expr, coefficient: int) -> Operand:
        return plus(self.c, total, times(self.c, self.position(term), coefficient))

    def position(self, index: Expr) -> Operand:
        """Returns the value of an index, on the first lane."""
        if index is self._moving[0]:
            return self._moving[1]
        (value,) = self.emit(index)
        return value if value[0] == "%" else int(value)
