"""Long folds in two levels, so that threads can share them.

    s = Σ_{i < n} x[i]     ──▶     t[p] = Σ_{j < m} x[m p + j]      for p < n // m
                                   s = Σ_p (t[p] + x[m (n // m) + p])

where the last n mod m elements are added one to each of the first strips; if the fold goes over
several axes, the last strip is filled up with what changes nothing. How many strips there are
follows from the lengths and the work alone. What the fold keeps, it keeps in each strip. A fold
that keeps an axis which is cut anyway stays as it is, and one that stores elements on its way is
only cut into strips of one length.

A fold over a large array of which memory runs through a kept axis in between (the sum of x[i, j, k]
over i and k) is two folds as well, the first one over the inner axes alone: it walks memory in
order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from minijax.compiler.fuse.affine import IndexBuilder, address_terms
from minijax.compiler.fuse.estimate import step_work
from minijax.compiler.fuse.expand import Bindings, Expander
from minijax.compiler.fuse.step import Step
from minijax.compiler.fuse.storage import Storage
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.walk import expressions, postorder
from minijax.compiler.threads.partition import LEAST_WORK, split_step, wanted_parts
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import int64
from minijax.core.records import replace
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce, Value

_NEUTRAL = {"add": 0, "mul": 1}
_FEWEST, _MOST = 8, 64
_LEAST_STRIP, _LEAST_ROWS = 16, 64  # elements of each result in a strip
_ALIGNED = 16
_FAR, _LEAST_RUN = 1 << 21, 64  # bytes that are worth walking in order, elements in a run


def cut_folds(steps: Sequence[Step], bindings: Bindings) -> list[Step]:
    """Returns the steps of a program with long folds cut into strips.

    Args:
        steps: the steps, their loops joined.
        bindings: of the program.
    """
    found: list[Step] = []
    places: dict[int, int] = {}
    for position, step in enumerate(steps):
        places[position] = len(found)
        found += _cut(step, bindings) if step.group is None else [step]
    for step in found:
        if step.group is not None:
            step.group = places[step.group]
    return found


def _cut(step: Step, bindings: Bindings) -> Sequence[Step]:
    if isinstance(step.definition, Reduce):
        index = _far_index(step.definition)
        if index is not None:
            writer = _Strips(step, step.definition, bindings, index, index.payload)
            return writer.first(), writer.second()
    work = step_work(step) if isinstance(step.definition, Reduce) else 0.0
    if work < LEAST_WORK or _is_split(step):
        return [step]
    return in_strips(step, bindings, wanted_parts(work), _least(step)) or [step]


def _far_index(fold: Reduce) -> Expr | None:
    """Returns the folded index whose steps are further than those of a kept one inside it."""
    inner = [i for i in fold.inner if i.op == "index"]
    kept = [i for i in fold.outer if i.op == "index"]
    if len(inner) < 2 or not kept or (fold.kind is None and not fold.commutes):
        return None
    first, *others = inner
    run = math.prod(i.payload for i in others)
    size = first.payload * run * math.prod(i.payload for i in kept)
    far = [x for x in postorder(fold.elements) if x.op in ("load", "guarded")]
    is_large = size * max((x.dtype.itemsize for x in far), default=0) >= _FAR
    if run < _LEAST_RUN or not is_large:
        return None
    strides = [{id(x): abs(c) for x, c in address_terms(node)} for node in far]
    orders = [[s.get(id(i), 0) for i in (first, kept[-1], others[-1])] for s in strides]
    apart = [order for order in orders if all(order)]
    return first if apart and all(a > b > c for a, b, c in apart) else None


def shares_work(step: Step) -> bool:
    """Tells whether threads can share a fold that stores elements, if it is long."""
    fold, work = step.definition, step_work(step)
    if work < LEAST_WORK or _is_split(step):
        return True
    assert isinstance(fold, Reduce), "asked of folds"
    cut = _strips_of(fold, wanted_parts(work), _least(step))
    return cut is not None and cut[0].payload % cut[1] == 0


def _is_split(step: Step) -> bool:
    split = split_step(step, columns=False)
    return split is not None and split.parts >= _FEWEST


def _least(step: Step) -> int:
    # Whole rows are read faster than parts of them, but their sums are read again.
    by_columns = split_step(step) != split_step(step, columns=False)
    return _LEAST_ROWS if by_columns else _LEAST_STRIP


def in_strips(step: Step, bindings: Bindings, wanted: int, least: int) -> tuple[Step, Step] | None:
    """Returns a fold as two steps, None if it cannot be cut.

    Args:
        step: a fold, with its loops joined.
        bindings: of the program; learns of the values between the two steps.
        wanted: how many strips there should be.
        least: how many elements of each result there must be in a strip.
    """
    fold = step.definition
    cut = _strips_of(fold, wanted, least) if isinstance(fold, Reduce) else None
    if cut is None or not isinstance(fold, Reduce):
        return None
    index, count = cut
    if isinstance(fold, Sweep) and index.payload % count:
        return None
    writer = _Strips(step, fold, bindings, index, count)
    return writer.first(), writer.second()


def _strips_of(fold: Reduce, wanted: int, least: int) -> tuple[Expr, int] | None:
    if fold.kind is None and not fold.commutes:
        return None
    inner = [i for i in fold.inner if i.op == "index"]
    most = math.prod(i.payload for i in inner) // least
    return _choose(inner, min(wanted, most, _MOST))


def _choose(inner: Sequence[Expr], wanted: int) -> tuple[Expr, int] | None:
    """Returns which index is cut, and into how many strips."""
    for index in inner:
        n = index.payload
        exact = [d for d in range(_FEWEST, wanted + 1) if n % d == 0]
        many = [d for d in exact if 2 * d >= wanted]
        if many:
            return index, max(many, key=lambda d: ((n // d) % _ALIGNED == 0, d))
    first = inner[0].payload if inner else 0
    count = min(wanted, first) if len(inner) == 1 else -(-first // -(-first // max(wanted, 1)))
    return (inner[0], count) if min(count, wanted) >= _FEWEST else None


class _Strips:
    def __init__(
        self, step: Step, fold: Reduce, bindings: Bindings, index: Expr, count: int
    ) -> None:
        self.step = step
        self.fold = fold
        self.bindings = bindings
        self.index = index
        self.count = count
        is_only = sum(i.op == "index" for i in fold.inner) == 1
        self.length = index.payload // count if is_only else -(-index.payload // count)
        kept = [int(i.payload) for i in fold.outer if i.op == "index"]
        self.values = [
            Value(ShapedArray((count, *kept), e.dtype), step.builder, None, k)
            for k, e in enumerate(fold.elements)
        ]
        for value in self.values:
            bindings.storage[value] = Storage.MEMORY

    def _at(
        self, expander: Expander, places: dict[int, Expr], exprs: Sequence[Expr] | None = None
    ) -> tuple[Expr, ...]:
        """Returns the elements, or other expressions, with other indices in the place of some."""
        old = [i for i in (*self.fold.outer, *self.fold.inner) if i.op == "index"]
        new = [places.get(id(i), i) for i in old]
        return expander.expand(self.fold.elements if exprs is None else exprs, old, new)

    def first(self) -> Step:
        """The fold of each strip."""
        k = self.step.builder
        p = k.index(self.count)
        j = k.index(self.length) if self.length > 1 else k.constant(0)
        place = k.add(k.mul(p, self.length), j)
        there = k.compare("lt", place, k.constant(self.index.payload))
        filled = self.count * self.length > self.index.payload
        if filled:
            place = k.select(there, place, k.constant(0))
        expander = Expander(self.bindings, k)
        elements = self._at(expander, {id(self.index): place})
        inner = tuple(j if i is self.index else i for i in self.fold.inner)
        init = self.fold.init
        if self.fold.kind in _NEUTRAL:
            number = _NEUTRAL[self.fold.kind]
            init = tuple(k.constant(number, e.dtype) for e in self.fold.elements)
        if filled:
            elements = tuple(map(k.guarded, [there] * len(init), elements, init))
        fold = replace(
            self.fold,
            outs=tuple(self.values),
            outer=(p, *self.fold.outer),
            inner=inner,
            elements=elements,
            init=init,
        )
        if isinstance(self.fold, Sweep):
            assert isinstance(fold, Sweep), "the same definition with other parts"
            fold = replace(
                fold,
                outs=(*self.values, *self.fold.stored),
                places=self._at(expander, {id(self.index): place}, self.fold.places),
                bodies=self._at(expander, {id(self.index): place}, self.fold.bodies),
            )
        nodes = {id(node) for node in postorder(expressions(fold))}
        return replace(self.step, definition=fold, loads=set(self.step.loads), nodes=nodes)

    def second(self) -> Step:
        """The fold of the strips, each with one of the elements that are left over."""
        k = IndexBuilder()
        p = k.index(self.count)
        outer = tuple(k.index(i.payload) if i.op == "index" else i for i in self.fold.outer)
        kept = [i for i in outer if i.op == "index"]
        elements: tuple[Expr, ...] = tuple(
            k.load(value, value.dtype, k.position([p, *kept], value.shape)) for value in self.values
        )
        left = self.index.payload - self.count * self.length
        loads = set(self.values)
        if left > 0:
            elements = self._with_rest(k, p, outer, left, elements)
            loads |= self.step.loads
        plain = self.fold.alone() if isinstance(self.fold, Sweep) else self.fold
        fold = replace(plain, outer=outer, inner=(p,), elements=elements)
        nodes = {id(node) for node in postorder(expressions(fold))}
        return Step(fold, loads, k, (), nodes)

    def _with_rest(
        self, k: IndexBuilder, p: Expr, outer: Sequence[Expr], left: int, totals: Sequence[Expr]
    ) -> tuple[Expr, ...]:
        expander = Expander(self.bindings, k)
        there = k.compare("lt", p, k.constant(left))
        start = k.constant(self.count * self.length, int64)
        place = k.select(there, k.add(start, p), k.constant(0))
        places = dict(zip(map(id, self.fold.outer), outer, strict=True))
        rest = self._at(expander, places | {id(self.index): place})
        variables = (*self.fold.accs, *self.fold.news)
        both = expander.expand(self.fold.combined, variables, (*totals, *rest))
        return tuple(k.guarded(there, x, t) for x, t in zip(both, totals, strict=True))
