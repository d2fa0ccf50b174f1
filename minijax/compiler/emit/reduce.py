"""Folds, in one of four orders.

* *in order*: accumulators in registers, one element after the other;
* *kept*: vectors along the last kept axis, each lane folding its own elements in order;
* *lanes*: vectors along the last folded axis, for sums and whatever else may change its order.
  Element k of a row goes to accumulator k mod L; the L accumulators are added in a tree, so errors
  grow with n / L instead of n. Every `_BLOCK` rounds the accumulators are emptied into a second row
  of them. L depends on the program alone, so the result depends on nothing else;
* *rows*: where the kept axis is the contiguous one and long, a stretch of results is accumulated
  in memory that stays in the cache, while the operand is walked row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from minijax.compiler.emit import convert
from minijax.compiler.emit.body import Body, combine, plus, row_major, times
from minijax.compiler.emit.counts import Counts
from minijax.compiler.emit.frame import Frame, clear
from minijax.compiler.emit.lanes import Lanes, lanes_for
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.packed_bits import emit_packed_bits
from minijax.compiler.emit.types import Scalar, constant, layout, registers
from minijax.compiler.fuse.affine import address_terms
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.sweeps import STREAMS, STRETCH, streams_together, walks_rows
from minijax.compiler.fuse.walk import expressions, postorder
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce

_NEUTRAL = {"add": 0, "mul": 1}
_FEW = 4
_MOST_VECTORS = 8
_ROWS_AT_ONCE = 4
_SHORT_BODY = 10
_BLOCK = 64
# Rows that are read at the same time where they are long and all of them do not fit the cache.
_LONG_ROW, _FAR = 1 << 12, 1 << 20
_ZEROS = ("0", "0x0000000000000000", "false")
Vectors = list[list[Scalar]]


def emit_reduce(frame: Frame, reduce: Reduce) -> None:
    """Emits the loops of a fold."""
    if 0 not in reduce.outs[0].shape:
        emit_reduce_in(Body(frame), reduce)


def emit_reduce_in(body: Body, reduce: Reduce) -> None:
    """Emits the loops that are not there yet."""
    fold = _Fold(body, reduce)
    if any(i.payload == 0 for i in reduce.inner if i.op == "index"):
        fold.emit_nothing()
    elif emit_packed_bits(fold):
        return
    elif fold.walks_rows():
        if fold.outer[-1].payload > _MOST_VECTORS * fold.kept_lanes():
            fold.emit_rows()
        else:
            fold.emit_side_by_side()
    elif (counts := Counts.of(fold)) is not None:
        counts.emit()
    elif fold.is_free and fold.inner and fold.inner[-1].payload >= _FEW:
        fold.emit_lanes()
    elif fold.outer and fold.outer[-1].payload >= _FEW:
        fold.emit_kept()
    else:
        fold.emit_in_order()


class _Fold:
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
        self.rows: Sequence[Operand | None] = ()

    def walks_rows(self) -> bool:
        """Tells whether loads stride along what is folded but not along the last kept axis."""
        if not self.outer or not self.inner:
            return False
        nodes = postorder(self.reduce.elements)
        return walks_rows(nodes, self.outer[-1], self.inner[-1])

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
        if neutral and self.reduce.kind in _NEUTRAL:
            number = _NEUTRAL[self.reduce.kind]
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

    def emit_kept(self) -> None:
        """Vectors of results, each lane in order."""
        *before, last = self.outer

        def write(_: Operand) -> None:
            accs = self._fold_over(self.inner, self.starts())
            self.finish(accs)

        with self.body.loops(before):
            self.body.across(last.payload, last, self.kept_lanes(), write)

    def _fold_over(self, indices: Sequence[Expr], accs: Sequence[Scalar]) -> list[Scalar]:
        if not indices:
            return self.followed(accs, self.elements())
        first, *others = indices
        if first.payload <= _FEW:
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
        count = -(-last.payload // lanes)
        turns = self._turns(count)
        with self.body.loops(before):
            starts = self._fresh(lanes, turns > 1)
            accs = self._fold_vectors(self.inner, lanes, [starts] * (count * turns), turns)
            while len(accs) > count:
                half = len(accs) // 2
                accs = self._added(lanes, accs[:half], accs[half:])
            if turns > 1 and self.reduce.kind in _NEUTRAL:
                accs = self._added(lanes, [self._fresh(lanes, False)] * count, accs)
            for k, acc in enumerate(accs):
                with self.body.vector(self._some(k, lanes), last, k * lanes):
                    self.finish(acc)

    def _turns(self, count: int) -> int:
        """Returns how many rows take turns with accumulators of their own, to hide latency."""
        turns = 1
        while 2 * turns * count <= _MOST_VECTORS and self.inner[-1].payload >= 8 * turns:
            turns *= 2
        return turns if self.is_free and len(self.nodes) <= _SHORT_BODY else 1

    def _some(self, number: int, lanes: int) -> Lanes:
        """The lanes of one of the vectors of a row."""
        alive = min(lanes, self.outer[-1].payload - number * lanes)
        return Lanes(lanes) if alive == lanes else Lanes.first(alive, lanes)

    def _fold_vectors(
        self, indices: Sequence[Expr], lanes: int, accs: Vectors, turns: int = 1
    ) -> Vectors:
        if not indices:
            found = []
            for k, acc in enumerate(accs):
                with self.body.vector(self._some(k, lanes), self.outer[-1], k * lanes):
                    found.append(self.followed(acc, self.elements()))
            return found
        first, *others = indices
        if turns > 1 and not others:
            return self._fold_in_turns(first, lanes, accs, turns)
        if first.payload <= _FEW:
            for k in range(first.payload):
                with self.body.scope():
                    self.body.bind(first, (str(k),))
                    accs = self._fold_vectors(others, lanes, accs, turns)
            return accs
        with self.body.loop(first.payload, first, self._carry_all(lanes, accs)) as loop:
            values = self._regroup_all(loop.values, len(accs))
            news = self._fold_vectors(others, lanes, values, turns)
            loop.next(*self._follow_all(lanes, news))
        return self._regroup_all(loop.results, len(accs))

    def _fold_in_turns(self, rows: Expr, lanes: int, accs: Vectors, turns: int) -> Vectors:
        blocks, rest = divmod(rows.payload, turns)
        with self.body.loop(blocks, carried=self._carry_all(lanes, accs)) as loop:
            values = self._regroup_all(loop.values, len(accs))
            start = times(self.c, loop.index, turns)
            news = self._take_turns(rows, start, turns, lanes, values, len(accs) // turns)
            loop.next(*self._follow_all(lanes, news))
        found = self._regroup_all(loop.results, len(accs))
        return self._take_turns(rows, blocks * turns, rest, lanes, found, len(accs) // turns)

    def _take_turns(
        self, rows: Expr, start: Operand, many: int, lanes: int, accs: Vectors, count: int
    ) -> Vectors:
        """Folds some rows, each into its own accumulators."""
        found = list(accs)
        for turn in range(many):
            own = slice(turn * count, (turn + 1) * count)
            with self.body.scope():
                self.body.bind(rows, (str(plus(self.c, start, turn)),))
                found[own] = self._fold_vectors((), lanes, found[own])
        return found

    # -- vectors along the folded axis

    def emit_lanes(self) -> None:
        """Several accumulators in turn along the last folded axis."""
        last = self.inner[-1]
        lanes = lanes_for(self.nodes, last.payload)
        count = self._vectors(last.payload // lanes)
        if not self._reads_streams(last):
            with self.body.loops(self.outer):
                self._emit_together(lanes, [None] * count)
            return
        *before, row = self.outer
        with self.body.loops(before):
            start, stop = self.body.range_of(row.payload, row)
            length = plus(self.c, stop, times(self.c, start, -1))
            blocks = self._quotient(length, STREAMS)
            with self.body.all_of(row):
                with self.body.loop(blocks) as block:
                    first = plus(self.c, times(self.c, block.index, STREAMS), start)
                    rows = [plus(self.c, first, k) for k in range(STREAMS)]
                    self._emit_together(lanes, rows * max(count // STREAMS, 1))
                if self._leaves_rows(length):
                    done = times(self.c, blocks, STREAMS)
                    with self.body.loop(plus(self.c, length, times(self.c, done, -1))) as rest:
                        alone = plus(self.c, plus(self.c, rest.index, done), start)
                        self._emit_together(lanes, [alone] * count)

    def _leaves_rows(self, length: Operand) -> bool:
        """Tells whether rows may be left where some are taken together."""
        row = self.outer[-1]
        whole = length if isinstance(length, int) else row.payload
        together = isinstance(length, int) or streams_together(row) == STREAMS
        return whole % STREAMS != 0 or not together

    def _quotient(self, x: Operand, by: int) -> Operand:
        return x // by if isinstance(x, int) else self.c.fn.emit(f"sdiv i64 {x}, {by}")

    def _reads_streams(self, last: Expr) -> bool:
        """Tells whether rows come from far: several are read at a time, memory is faster then."""
        if not self.outer or isinstance(self.reduce, Sweep) or len(self.nodes) > _SHORT_BODY:
            return False
        row = self.outer[-1]
        for node in self.nodes:
            if node.op == "load" and last.payload * node.dtype.itemsize >= _LONG_ROW:
                strides = {id(x): c for x, c in address_terms(node)}
                size = strides.get(id(row), 0) * row.payload * node.dtype.itemsize
                if strides.get(id(last)) == 1 and size >= _FAR and row.payload >= STREAMS:
                    return True
        return False

    def _emit_together(self, lanes: int, rows: Sequence[Operand | None]) -> None:
        """Folds some rows at the same time.

        Args:
            lanes: the lanes of vectors.
            rows: the position of the row of each accumulator; None where a loop stands around.
        """
        *others, last = self.inner
        self.rows = rows
        starts = self._fresh(lanes)
        accs = self._fold_rows(others, last, lanes, [starts] * len(rows))
        for row in dict.fromkeys(rows):
            own = [acc for acc, where in zip(accs, rows, strict=True) if where == row]
            totals = self._tree(own, lanes)
            with self._in_row(row):
                if self.reduce.kind in _NEUTRAL:
                    totals = self.combined(self.starts(), totals)
                self.finish(totals)

    @contextmanager
    def _in_row(self, row: Operand | None) -> Iterator[None]:
        if row is None:
            yield
            return
        with self.body.scope():
            self.body.bind(self.outer[-1], (str(row),))
            yield

    def _turns_of(self) -> list[list[int]]:
        """Returns the accumulators that take elements of the same places, turn by turn."""
        turns: list[list[int]] = []
        seen: dict[Operand | None, int] = {}
        for k, row in enumerate(self.rows):
            turn = seen[row] = seen.get(row, -1) + 1
            if turn == len(turns):
                turns.append([])
            turns[turn].append(k)
        return turns

    def _vectors(self, available: int) -> int:
        """Returns how many vectors of accumulators there are: enough to hide latency."""
        work = len(self.nodes) + len(postorder(self.reduce.following or self.reduce.combined))
        wanted = 8 if work <= 10 else 4 if work <= 20 else 2
        while wanted > max(available // 2, 1):
            wanted //= 2
        return wanted

    def _fold_rows(self, others: Sequence[Expr], last: Expr, lanes: int, accs: Vectors) -> Vectors:
        if not others:
            return self._fold_row(last, lanes, accs)
        first, *rest = others
        with self.body.loop(first.payload, first, self._carry_all(lanes, accs)) as loop:
            news = self._fold_rows(rest, last, lanes, self._regroup_all(loop.values, len(accs)))
            loop.next(*self._follow_all(lanes, news))
        return self._regroup_all(loop.results, len(accs))

    def _fold_row(self, last: Expr, lanes: int, accs: Vectors) -> Vectors:
        """Folds one row: whole rounds of vectors, in blocks, then the rest."""
        width = lanes * len(self._turns_of())
        rounds = last.payload // width
        blocks, left = divmod(rounds, _BLOCK) if rounds > 2 * _BLOCK else (0, rounds)
        if blocks:
            accs = self._fold_blocks(last, lanes, blocks, accs)
        done = blocks * _BLOCK * width
        if left:
            accs = self._rounds(last, lanes, left, done, accs)
        return self._rest(last, lanes, rounds * width, accs)

    def _fold_blocks(self, last: Expr, lanes: int, blocks: int, accs: Vectors) -> Vectors:
        """Adds up blocks one by one: the accumulators of a block start afresh."""
        fresh = [self._fresh(lanes)] * len(accs)
        with self.body.loop(blocks, carried=self._carry_all(lanes, accs)) as block:
            totals = self._regroup_all(block.values, len(accs))
            start = times(self.c, block.index, _BLOCK * lanes * len(self._turns_of()))
            news = self._rounds(last, lanes, _BLOCK, start, fresh)
            block.next(*self._follow_all(lanes, self._added(lanes, totals, news)))
        return self._regroup_all(block.results, len(accs))

    def _fresh(self, lanes: int, neutral: bool = True) -> list[Scalar]:
        with self.c.on(lanes):
            return self.starts(neutral)

    def _rounds(self, last: Expr, lanes: int, count: int, start: Operand, accs: Vectors) -> Vectors:
        width = lanes * len(self._turns_of())
        if count == 1:
            return self._round(last, lanes, start, accs)
        with self.body.loop(count, carried=self._carry_all(lanes, accs)) as loop:
            base = plus(self.c, times(self.c, loop.index, width), start)
            news = self._round(last, lanes, base, self._regroup_all(loop.values, len(accs)))
            loop.next(*self._follow_all(lanes, news))
        return self._regroup_all(loop.results, len(accs))

    def _round(self, last: Expr, lanes: int, base: Operand, accs: Vectors) -> Vectors:
        found = list(accs)
        for turn, own in enumerate(self._turns_of()):
            with self.body.vector(Lanes(lanes), last, plus(self.c, base, turn * lanes)):
                for k in own:
                    with self._in_row(self.rows[k]):
                        found[k] = self.followed(accs[k], self.elements())
        return found

    def _rest(self, last: Expr, lanes: int, start: int, accs: Vectors) -> Vectors:
        """Folds what is less than a round; lanes beyond the end keep what they have."""
        found = list(accs)
        left = last.payload - start
        for turn, own in zip(range(-(-left // lanes)), self._turns_of(), strict=False):
            alive = min(lanes, left - turn * lanes)
            which = Lanes(lanes) if alive == lanes else Lanes.first(alive, lanes)
            with self.body.vector(which, last, start + turn * lanes):
                for k in own:
                    with self._in_row(self.rows[k]):
                        news = self.followed(found[k], self.elements())
                    if which.mask is not None:
                        news = self._chosen(which.mask, news, found[k])
                    found[k] = news
        return found

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

    # -- rows of accumulators in memory

    def emit_rows(self) -> None:
        """A stretch of the last kept axis at a time, row by row."""
        *before, last = self.outer
        part = self.body.part_of(last)
        width = STRETCH if part is None else part.length
        whole, rest = divmod(last.payload, width)
        places = [
            self.c.room(k, min(last.payload, width) * dtype.itemsize)
            for k, dtype in enumerate(self.dtypes)
        ]
        with self.body.loops(before), self.body.all_of(last):
            if part is None:
                self._stretches(before, last, whole, width, places)
            else:
                with self.body.when_begins(part, 0, whole * width):
                    self._stretch(before, last, part.start, width, places)
            if rest:
                with self.body.when_begins(part, whole * width, last.payload):
                    self._stretch(before, last, whole * width, rest, places)

    def _stretches(
        self, before: Sequence[Expr], last: Expr, count: int, width: int, places: Sequence[str]
    ) -> None:
        if count:
            with self.body.loop(count) as stretch:
                first = times(self.c, stretch.index, width)
                self._stretch(before, last, first, width, places)

    def _stretch(
        self,
        before: Sequence[Expr],
        last: Expr,
        first: Operand,
        count: int,
        places: Sequence[str],
    ) -> None:
        lanes = lanes_for(self.nodes, count)
        self._fill(places, count, lanes)
        *others, rows = self.inner
        at_once = _ROWS_AT_ONCE if len(self.nodes) <= _SHORT_BODY else 1
        blocks, rest = divmod(rows.payload, at_once)

        def walk(start: Operand, many: int) -> None:
            positions = [plus(self.c, start, k) for k in range(many)]
            self._across(
                last, first, count, lanes, lambda at: self._accumulate(places, at, rows, positions)
            )

        with self.body.loops(others):
            if blocks:
                with self.body.loop(blocks) as block:
                    walk(times(self.c, block.index, at_once), at_once)
            if rest:
                walk(blocks * at_once, rest)
        offset = times(self.c, row_major(self.body, before), last.payload)

        def hand_over(at: Operand) -> None:
            position = plus(self.c, offset, plus(self.c, first, at))
            self.finish(self._row(places, at), position)

        self.body.across(count, None, lanes, hand_over)

    def _across(
        self, last: Expr, first: Operand, count: int, lanes: int, write: Callable[[Operand], None]
    ) -> None:
        """Goes over a stretch; `last` stands for the position in the whole axis."""

        def shifted(at: Operand) -> None:
            self.body.move(last, plus(self.c, first, at))
            write(at)

        self.body.across(count, last, lanes, shifted)

    def _fill(self, places: Sequence[str], count: int, lanes: int) -> None:
        starts = self.starts()
        if all(part in _ZEROS for x in starts for part in x):
            for dtype, place in zip(self.dtypes, places, strict=True):
                clear(self.c, place, count * dtype.itemsize)
            return
        self.body.across(count, None, lanes, lambda at: self._keep(places, at, self.starts()))

    def _row(self, places: Sequence[str], at: Operand) -> list[Scalar]:
        pairs = zip(self.dtypes, places, strict=True)
        return [load(self.c, dtype, place, at) for dtype, place in pairs]

    def _keep(self, places: Sequence[str], at: Operand, values: Sequence[Scalar]) -> None:
        for dtype, place, value in zip(self.dtypes, places, values, strict=True):
            store(self.c, dtype, value, place, at)

    def _accumulate(
        self, places: Sequence[str], at: Operand, rows: Expr, positions: Sequence[Operand]
    ) -> None:
        """Folds a few rows into a stretch, in order."""
        accs = self._row(places, at)
        for position in positions:
            with self.body.scope():
                self.body.bind(rows, (str(position),))
                accs = self.followed(accs, self.elements())
        self._keep(places, at, accs)
