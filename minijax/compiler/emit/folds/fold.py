"""Folds: what all orders have in common, and those that keep their accumulators in registers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.combine import combine
from minijax.compiler.emit.lanes import Lanes, lanes_for
from minijax.compiler.emit.numbers import convert
from minijax.compiler.emit.numbers.types import Scalar, constant, layout, registers
from minijax.compiler.emit.positions import plus, times
from minijax.compiler.fuse.cost import is_function
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.sweeps import slides, walks_rows
from minijax.compiler.fuse.walk import expressions, postorder
from minijax.compiler.text import Operand
from minijax.core.records import record
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce

NEUTRAL = {"add": 0, "mul": 1}
FEW = 4
MOST_VECTORS = 8
SHORT_BODY = 10
_NEAR = 1 << 18  # bytes
_FEW_LAST = 8  # steps along the last folded axis that are written one by one for several vectors
Vectors = list[list[Scalar]]


@record
class Block:
    """Neighbouring results in several vectors, the last of which may be masked.

    Attributes:
        index: the last kept index.
        lanes: the lanes of a vector.
        size: how many results there are.
        first: where they begin.
    """

    index: Expr
    lanes: int
    size: int
    first: Operand = 0

    @property
    def count(self) -> int:
        """The number of vectors."""
        return -(-self.size // self.lanes)


class Fold:
    """Emits one fold."""

    def __init__(self, body: Body, reduce: Reduce) -> None:
        self.frame = body.frame
        self.c = body.c
        self.reduce = reduce
        self.body = body
        self.kept = [i for i in reduce.outer if i.op == "index"]
        self.outer = body.free(reduce.outer)
        self.inner = [i for i in reduce.inner if i.op == "index"]
        self.is_free = reduce.kind is not None or reduce.commutes
        self.nodes = postorder(expressions(reduce))
        self.dtypes = [e.dtype for e in reduce.elements]
        self.types = [ty for dtype in self.dtypes for ty in registers(dtype)]

    def walks_rows(self) -> bool:
        """Tells whether loads stride along what is folded but not along the last kept axis."""
        if not self.outer or not self.inner:
            return False
        nodes = postorder(self.reduce.elements)
        return walks_rows(nodes, self.outer[-1], self.inner[-1])

    def slides(self) -> bool:
        """Tells whether vectors of results read neighbours, and the fold is short."""
        return bool(self.outer and self.inner) and slides(self.nodes, self.outer[-1], self.inner)

    def is_short(self) -> bool:
        """Tells whether little is done to each element."""
        return len(self.nodes) <= SHORT_BODY and not any(map(is_function, self.nodes))

    def is_near(self) -> bool:
        """Tells whether all that is read stays in the second level of the cache."""
        values = {node.payload.value for node in self.nodes if node.op in ("load", "guarded")}
        return sum(math.prod(x.shape) * x.dtype.itemsize for x in values) <= _NEAR

    def kept_lanes(self) -> int:
        """Returns the lanes of vectors along the last kept axis."""
        return lanes_for(self.nodes, self.outer[-1].payload)

    # -- parts

    def combined(self, accs: Sequence[Scalar], news: Sequence[Scalar]) -> list[Scalar]:
        """Emits new accumulators."""
        variables = (*self.reduce.accs, *self.reduce.news)
        return combine(self.frame, variables, (*accs, *news), self.reduce.combined)

    def followed(self, accs: Sequence[Scalar], news: Sequence[Scalar]) -> list[Scalar]:
        """Emits new accumulators where the elements come after all that were folded."""
        if not self.reduce.following:
            return self.combined(accs, news)
        variables = (*self.reduce.accs, *self.reduce.news)
        return combine(self.frame, variables, (*accs, *news), self.reduce.following)

    def starts(self, neutral: bool = False) -> list[Scalar]:
        """Returns what the fold, or a part of it, starts from, on all lanes."""
        if neutral and self.reduce.kind in NEUTRAL:
            number = NEUTRAL[self.reduce.kind]
            return [constant(np.asarray(number).astype(dtype)) for dtype in self.dtypes]
        return [self.body.whole(x) for x in self.reduce.init]

    def finish(self, results: Sequence[Scalar], offset: Operand | None = None) -> None:
        """Hands over the results of one index of the kept axes, or of a vector of them."""
        folds = self.reduce.outs[: len(self.dtypes)]
        for value, dtype, x in zip(folds, self.dtypes, results, strict=True):
            result = convert.convert(self.c, x, dtype, value.dtype)
            if value.ndim == 0:
                self.frame.scalars[value] = result
            else:
                at = self.body.place(value, self.kept) if offset is None else offset
                self.body.store(value, result, at)

    def elements(self) -> list[Scalar]:
        """Emits the next elements, and stores what is to be stored on the way."""
        found = [self.body.whole(e) for e in self.reduce.elements]
        if isinstance(self.reduce, Sweep):
            sweep = self.reduce
            # All loads come before the first store: a result may overwrite an operand.
            values = [self.body.whole(x) for x in sweep.bodies]
            for out, place, x in zip(sweep.stored, sweep.places, values, strict=True):
                self.body.store_at(out, x, place)
        return found

    def _carried(self, accs: Sequence[Scalar]) -> list[tuple[str, Operand]]:
        parts = [part for x in accs for part in x]
        return [
            (self.c.type(ty), self.c.operand(ty, part))
            for ty, part in zip(self.types, parts, strict=True)
        ]

    def _regrouped(self, parts: Sequence[str]) -> list[Scalar]:
        found, rest = [], list(parts)
        for dtype in self.dtypes:
            count = layout(dtype).parts
            found.append(tuple(rest[:count]))
            del rest[:count]
        return found

    def _following(self, accs: Sequence[Scalar]) -> list[Operand]:
        return [x for _, x in self._carried(accs)]

    # -- one element after the other

    def emit_nothing(self) -> None:
        """A fold over nothing is what it starts from."""
        with self.body.loops(self.outer):
            self.finish(self.starts())

    def emit_in_order(self) -> None:
        """One element after the other."""
        with self.body.loops(self.outer):
            accs = self._fold_over(self.inner, self.starts())
            self.finish(accs)

    def emit_kept(self, most: int = MOST_VECTORS) -> None:
        """Vectors of results, each lane in order; a few at a time, up to so many registers."""
        *before, last = self.outer
        lanes = self.kept_lanes()
        count = self._vectors_at_once(last, lanes, most // len(self.types))

        def write(_: Operand) -> None:
            accs = self._fold_over(self.inner, self.starts())
            self.finish(accs)

        def write_several(base: Operand, size: int) -> None:
            block = Block(last, lanes, size, base)
            starts = self._fresh(lanes, False)
            accs = self._fold_vectors(self.inner, block, [starts] * block.count)
            self._finish_block(block, accs)

        with self.body.loops(before):
            if count == 1:
                self.body.across(last.payload, last, lanes, write)
            else:
                self.body.blocks(last.payload, last, lanes * count, write_several)

    def _vectors_at_once(self, last: Expr, lanes: int, most: int) -> int:
        """Returns how many vectors of results are folded together, to hide latency."""
        if most < 2 or not self.is_short():
            return 1
        vectors = -(-last.payload // lanes)
        if last.payload % lanes == 0:
            exact = [k for k in range(most // 2, most + 1) if k and vectors % k == 0]
            if exact and vectors > most:
                return exact[-1]
        return -(-vectors // -(-vectors // most))

    def _fold_over(self, indices: Sequence[Expr], accs: Sequence[Scalar]) -> list[Scalar]:
        if not indices:
            return self.followed(accs, self.elements())
        first, *others = indices
        if first.payload <= FEW:
            for k in range(first.payload):
                with self.body.scope():
                    self.body.bind(first, (str(k),))
                    accs = self._fold_over(others, accs)
            return list(accs)
        with self.body.loop(first.payload, first, self._carried(accs)) as loop:
            news = self._fold_over(others, self._regrouped(loop.values))
            loop.next(*self._following(news))
        return self._regrouped(loop.results)

    def emit_side_by_side(self) -> None:
        """All results of a row in registers, while the rows are walked."""
        *before, last = self.outer
        lanes = self.kept_lanes()
        block = Block(last, lanes, last.payload)
        count = block.count
        turns = self._turns(count)
        with self.body.loops(before):
            starts = self._fresh(lanes, turns > 1)
            accs = self._fold_vectors(self.inner, block, [starts] * (count * turns), turns)
            while len(accs) > count:
                half = len(accs) // 2
                accs = self._added(lanes, accs[:half], accs[half:])
            if turns > 1 and self.reduce.kind in NEUTRAL:
                accs = self._added(lanes, [self._fresh(lanes, False)] * count, accs)
            self._finish_block(block, accs)

    def _turns(self, count: int) -> int:
        """Returns how many rows take turns with accumulators of their own, to hide latency."""
        turns = 1
        while 2 * turns * count <= MOST_VECTORS and self.inner[-1].payload >= 8 * turns:
            turns *= 2
        return turns if self.is_free and len(self.nodes) <= SHORT_BODY else 1

    def _finish_block(self, block: Block, accs: Vectors) -> None:
        for number, acc in enumerate(accs):
            with self._vector_of(block, number):
                self.finish(acc)

    def _vector_of(self, block: Block, number: int) -> AbstractContextManager[None]:
        """Within it, the index of a block goes over one of its vectors."""
        start = number * block.lanes
        alive = min(block.lanes, block.size - start)
        lanes = Lanes(block.lanes)
        if alive < block.lanes:
            lanes = Lanes.first(alive, block.lanes)
        return self.body.vector(lanes, block.index, plus(self.c, block.first, start))

    def _fold_vectors(
        self, indices: Sequence[Expr], block: Block, accs: Vectors, turns: int = 1
    ) -> Vectors:
        if not indices:
            found = []
            for number, acc in enumerate(accs):
                with self._vector_of(block, number):
                    found.append(self.followed(acc, self.elements()))
            return found
        first, *others = indices
        if turns > 1 and not others:
            return self._fold_in_turns(first, block, accs, turns)
        if first.payload <= (FEW if others else _FEW_LAST):
            for k in range(first.payload):
                with self.body.scope():
                    self.body.bind(first, (str(k),))
                    accs = self._fold_vectors(others, block, accs, turns)
            return accs
        with self.body.loop(first.payload, first, self._carry_all(block.lanes, accs)) as loop:
            values = self._regroup_all(loop.values, len(accs))
            news = self._fold_vectors(others, block, values, turns)
            loop.next(*self._follow_all(block.lanes, news))
        return self._regroup_all(loop.results, len(accs))

    def _fold_in_turns(self, rows: Expr, block: Block, accs: Vectors, turns: int) -> Vectors:
        blocks, rest = divmod(rows.payload, turns)
        with self.body.loop(blocks, carried=self._carry_all(block.lanes, accs)) as loop:
            values = self._regroup_all(loop.values, len(accs))
            start = times(self.c, loop.index, turns)
            news = self._take_turns(rows, start, turns, block, values)
            loop.next(*self._follow_all(block.lanes, news))
        found = self._regroup_all(loop.results, len(accs))
        return self._take_turns(rows, blocks * turns, rest, block, found)

    def _take_turns(
        self, rows: Expr, start: Operand, many: int, block: Block, accs: Vectors
    ) -> Vectors:
        """Folds some rows, each into its own accumulators."""
        found = list(accs)
        for turn in range(many):
            own = slice(turn * block.count, (turn + 1) * block.count)
            with self.body.scope():
                self.body.bind(rows, (str(plus(self.c, start, turn)),))
                found[own] = self._fold_vectors((), block, found[own])
        return found

    # -- vectors of accumulators

    def _fresh(self, lanes: int, neutral: bool = True) -> list[Scalar]:
        with self.c.on(lanes):
            return self.starts(neutral)

    def _chosen(self, mask: str, news: Sequence[Scalar], accs: Sequence[Scalar]) -> list[Scalar]:
        return [
            tuple(
                self.c.select(mask, ty, a, b)
                for ty, a, b in zip(registers(dtype), new, acc, strict=True)
            )
            for dtype, new, acc in zip(self.dtypes, news, accs, strict=True)
        ]

    def _added(self, lanes: int, accs: Vectors, news: Vectors) -> Vectors:
        with self.c.on(lanes):
            return [self.combined(a, b) for a, b in zip(accs, news, strict=True)]

    def _carry_all(self, lanes: int, accs: Vectors) -> list[tuple[str, Operand]]:
        with self.c.on(lanes):
            return [pair for acc in accs for pair in self._carried(acc)]

    def _follow_all(self, lanes: int, accs: Vectors) -> list[Operand]:
        return [x for _, x in self._carry_all(lanes, accs)]

    def _regroup_all(self, parts: Sequence[str], count: int) -> Vectors:
        size = len(parts) // count
        return [self._regrouped(parts[k * size : (k + 1) * size]) for k in range(count)]

    def _tree(self, accs: Vectors, lanes: int) -> list[Scalar]:
        """Combines halves with halves, down to single numbers."""
        while len(accs) > 1:
            half = len(accs) // 2
            accs = self._added(lanes, accs[:half], accs[half:])
        (found,) = accs
        while lanes > 1:
            lanes //= 2
            low, high = (self._part(found, lanes, k) for k in (0, 1))
            with self.c.on(lanes):
                found = self.combined(low, high)
        return found

    def _part(self, accs: Sequence[Scalar], lanes: int, number: int) -> list[Scalar]:
        """Returns the lower or upper half of vectors of twice as many lanes."""
        return [
            tuple(
                self._half(ty, part, lanes, number)
                for ty, part in zip(registers(dtype), x, strict=True)
            )
            for dtype, x in zip(self.dtypes, accs, strict=True)
        ]

    def _half(self, ty: str, x: str, lanes: int, number: int) -> str:
        wide = f"<{2 * lanes} x {ty}>"
        with self.c.on(2 * lanes):
            vector = self.c.operand(ty, x)
        if lanes == 1:
            return self.c.fn.emit(f"extractelement {wide} {vector}, i64 {number}")
        order = ", ".join(f"i32 {k + number * lanes}" for k in range(lanes))
        return self.c.fn.emit(
            f"shufflevector {wide} {vector}, {wide} poison, <{lanes} x i32> <{order}>"
        )
