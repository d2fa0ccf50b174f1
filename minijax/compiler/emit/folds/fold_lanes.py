"""Folds by vectors along the folded axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minijax.compiler.emit.folds.fold import NEUTRAL, SHORT_BODY, Fold, Vectors
from minijax.compiler.emit.folds.places import Places
from minijax.compiler.emit.lanes import Lanes, lanes_for
from minijax.compiler.emit.positions import plus, times
from minijax.compiler.fuse.affine import address_terms
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.sweeps import STREAMS, streams_together
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr

_BLOCK = 64
# Rows that are read at the same time where they are long and all of them do not fit the cache.
_LONG_ROW, _FAR = 1 << 12, 1 << 20
_VERY_FAR = 1 << 24  # where places, too, are found faster in several rows at a time


class LanesFold(Fold):
    """Element k of a row goes to accumulator k mod L; the accumulators are added in a tree."""

    rows: Sequence[Operand | None] = ()

    def emit_lanes(self) -> None:
        """Several accumulators in turn along the last folded axis."""
        last = self.inner[-1]
        places = Places.of(self)
        if places is not None and (places.bits < 32 or not self._reads_streams(last, _VERY_FAR)):
            places.emit()
            return
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

    def _reads_streams(self, last: Expr, far: int = _FAR) -> bool:
        """Tells whether rows come from far: several are read at a time, memory is faster then."""
        if not self.outer or isinstance(self.reduce, Sweep) or len(self.nodes) > SHORT_BODY:
            return False
        row = self.outer[-1]
        for node in self.nodes:
            if node.op == "load" and last.payload * node.dtype.itemsize >= _LONG_ROW:
                strides = {id(x): c for x, c in address_terms(node)}
                size = strides.get(id(row), 0) * row.payload * node.dtype.itemsize
                if strides.get(id(last)) == 1 and size >= far and row.payload >= STREAMS:
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
                if self.reduce.kind in NEUTRAL:
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
