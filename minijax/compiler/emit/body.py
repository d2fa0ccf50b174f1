"""Expressions inside a nest of loops: each instruction goes where its indices are known.

    for i: for j: out[i,j] = sin(x[i]) * y[j]

`sin(x[i])` needs only i: it is emitted in the block in front of the loop over j. A body remembers
what it has emitted, so a shared subexpression is emitted once; leaving a loop forgets what was
emitted inside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from minijax.compiler.emit import scalar
from minijax.compiler.emit.context import Context
from minijax.compiler.emit.frame import Frame, load
from minijax.compiler.emit.types import Scalar
from minijax.compiler.fuse.affine import Address
from minijax.compiler.text import Block, Carried, Loop, Operand
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Value


class Body:
    """Emits the expressions of one kernel."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.c: Context = frame.c
        self.note = ""
        self._fronts: list[Block] = []
        self._known: dict[int, tuple[Scalar, int]] = {}
        self._emitted: list[list[int]] = [[]]
        self._kept: list[Expr] = []
        self._addresses: dict[Value, str] = {}

    @property
    def depth(self) -> int:
        """The number of loops around the present place."""
        return len(self._fronts)

    @contextmanager
    def loop(
        self,
        size: Operand,
        index: Expr | None = None,
        carried: Carried = (),
        independent: bool = False,
    ) -> Iterator[Loop]:
        """A loop of the nest; `index` stands for its counter inside."""
        note = self.c.independent() if independent else ""
        outer_note, self.note = self.note, self.c.access() if independent else ""
        with self.c.fn.loop(size, carried=carried, note=note) as loop:
            self._fronts.append(loop.preheader)
            self._emitted.append([])
            if index is not None:
                self.bind(index, (loop.index,))
            yield loop
            self._leave()
        self.note = outer_note

    @contextmanager
    def loops(self, indices: Sequence[Expr], independent: bool = False) -> Iterator[None]:
        """Nested loops over indices; the innermost one has independent iterations if said so."""
        with ExitStack() as stack:
            for index in indices:
                is_innermost = index is indices[-1]
                loop = self.loop(index.payload, index, independent=independent and is_innermost)
                stack.enter_context(loop)
            yield

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forgets on leaving what was bound and emitted inside."""
        self._fronts.append(self.c.fn.block)
        self._emitted.append([])
        yield
        self._leave()

    def _leave(self) -> None:
        self._fronts.pop()
        for key in self._emitted.pop():
            self._known.pop(key, None)

    def bind(self, expr: Expr, value: Scalar) -> None:
        """Says what an index or variable is at the present place."""
        self._remember(expr, value, self.depth)

    def _remember(self, expr: Expr, value: Scalar, level: int) -> None:
        self._kept.append(expr)
        self._known[id(expr)] = (value, level)
        self._emitted[level].append(id(expr))

    # -- emitting

    def emit(self, root: Expr) -> Scalar:
        """Emits an expression and what it needs; returns its scalar."""
        stack = [root]
        while stack:
            node = stack[-1]
            if id(node) in self._known:
                stack.pop()
                continue
            missing = [x for x in node.operands if id(x) not in self._known]
            if missing:
                stack.extend(reversed(missing))
                continue
            stack.pop()
            self._place(node)
        return self._known[id(root)][0]

    def _place(self, node: Expr) -> None:
        level = max((self._known[id(x)][1] for x in node.operands), default=0)
        assert node.op not in ("index", "var"), f"{node.op} outside its loop"
        if level == self.depth:
            value = self._node(node)
        else:
            with self.c.fn.at(self._fronts[level]):
                value = self._node(node)
        self._remember(node, value, level)

    def _node(self, node: Expr) -> Scalar:
        if node.op == "scalar":
            return self.frame.scalars[node.payload]
        if node.op == "load":
            offset = self.offset(node)
            address = self.address(node.payload.value)
            return load(self.c, node.dtype, address, offset, self.note)
        operands = [self._known[id(x)][0] for x in node.operands]
        return scalar.apply(self.c, node, operands)

    def address(self, value: Value) -> str:
        """Returns the address of a memory, computed in front of the nest."""
        found = self._addresses.get(value)
        if found is None:
            if self._fronts:
                with self.c.fn.at(self._fronts[0]):
                    found = self.frame.address(value)
            else:
                found = self.frame.address(value)
            self._addresses[value] = found
        return found

    def offset(self, node: Expr) -> Operand:
        """Emits the position of a load or of a place; each partial sum as far out as it can be."""
        address: Address = node.payload
        pairs = zip(node.operands, address.coefficients, strict=True)
        terms = sorted(((self._level(x), x, c) for x, c in pairs), key=lambda term: term[0])
        total: Operand = address.const
        for level, term, coefficient in terms:
            if level < self.depth:
                with self.c.fn.at(self._fronts[level]):
                    total = self._plus(total, term, coefficient)
            else:
                total = self._plus(total, term, coefficient)
        return total

    def _level(self, term: Expr) -> int:
        if id(term) not in self._known:
            self.emit(term)
        return self._known[id(term)][1]

    def _plus(self, total: Operand, term: Expr, coefficient: int) -> Operand:
        (value,) = self._known[id(term)][0]
        if coefficient != 1:
            value = self.c.fn.emit(f"mul nsw i64 {value}, {coefficient}")
        return value if total == 0 else self.c.fn.emit(f"add nsw i64 {total}, {value}")


def combine(
    frame: Frame, variables: Sequence[Expr], values: Sequence[Scalar], combined: Sequence[Expr]
) -> list[Scalar]:
    """Emits expressions of variables alone, such as how two accumulators combine."""
    body = Body(frame)
    for variable, value in zip(variables, values, strict=True):
        body.bind(variable, value)
    return [body.emit(expr) for expr in combined]


def row_major(body: Body, indices: Sequence[Expr]) -> Operand:
    """Emits the row-major position of the present iteration of loops over these indices."""
    total: Operand = 0
    for index in indices:
        (value,) = body.emit(index)
        if total == 0:
            total = value
        else:
            scaled = body.c.fn.emit(f"mul nsw i64 {total}, {index.payload}")
            total = body.c.fn.emit(f"add nsw i64 {scaled}, {value}")
    return total
