"""Folds over the same elements in one sweep: sum and sum of squares, maximum and its place.

Two folds join if they go over index spaces of the same lengths, if neither needs the other, if both
may change their order, and if they read at least one element in common.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from minijax.compiler.fuse.affine import address_terms
from minijax.core.records import replace
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce

MOST_FOLDS = 4
STRETCH = 2048  # results that are folded in memory at a time, where rows are walked
STREAMS = 4  # rows that are read at the same time, if they are long and come from far
_WINDOW = 1 << 10  # elements of a fold that is short: adding them up in order is as good as a tree
_LEAST_KEPT = 8
_NEUTRAL = {"add": 0.0, "mul": 1.0}

Spaces = tuple[tuple[int, ...], tuple[int, ...]]


def spaces(fold: Reduce) -> Spaces | None:
    """Returns what two folds must have in common; None for one that has to stay alone."""
    free = fold.kind is not None or fold.commutes
    if not free or not all(x.is_constant for x in fold.init):
        return None
    if fold.kind in _NEUTRAL and any(x.payload != _NEUTRAL[fold.kind] for x in fold.init):
        return None
    return tuple(map(_size, fold.outer)), tuple(map(_size, fold.inner))


def _size(index: Expr) -> int:
    return int(index.payload) if index.op == "index" else 1


def walks_rows(nodes: Iterable[Expr], kept: Expr, folded: Expr) -> bool:
    """Tells whether loads stride along what is folded but not along the last kept axis.

    Args:
        nodes: the expressions of a fold.
        kept: the index of its last kept axis.
        folded: the index of its last folded axis.
    """
    along_kept, along_folded = 0, 0
    for node in nodes:
        if node.op in ("load", "guarded"):
            strides = {id(x): c for x, c in address_terms(node)}
            along_kept += strides.get(id(kept), 0) not in (0, 1)
            along_folded += strides.get(id(folded), 0) not in (0, 1)
    return along_kept < along_folded


def slides(nodes: Sequence[Expr], kept: Expr, inner: Sequence[Expr]) -> bool:
    """Tells whether a short fold reads neighbours along its last kept axis as well.

    So it is where a window slides along an axis: vectors of results need no sums over lanes.

    Args:
        nodes: the expressions of a fold.
        kept: the index of its last kept axis.
        inner: the folded indices.
    """
    if math.prod(i.payload for i in inner) > _WINDOW or kept.payload < _LEAST_KEPT:
        return False
    depends = {id(kept)}
    for node in nodes:
        if node.op not in ("load", "guarded"):
            if any(id(x) in depends for x in node.operands):
                depends.add(id(node))
            continue
        for x, stride in address_terms(node):
            if id(x) in depends and (x is not kept or stride != 1):
                return False
        if any(id(x) in depends for x in node.operands):
            depends.add(id(node))
    return True


def goes_across(nodes: Iterable[Expr], index: Expr, last: Expr) -> bool:
    """Tells whether a load goes on in memory along one index and strides along the last one."""
    for node in nodes:
        if node.op == "load":
            strides = {id(x): c for x, c in address_terms(node)}
            if strides.get(id(index)) == 1 and strides.get(id(last), 0) > 1:
                return True
    return False


def streams_together(rows: Expr) -> int:
    """Returns of what the rows are a multiple that one part of a fold takes, but for the last."""
    return STREAMS if rows.payload >= 8 * STREAMS else 1


def joined(first: Reduce, second: Reduce, elements: Sequence[Expr]) -> Reduce:
    """Returns both folds as one; `elements` are those of the second over the first's indices."""
    kind = first.kind if first.kind == second.kind else None
    following: tuple[Expr, ...] = ()
    if first.following or second.following:
        following = (first.following or first.combined) + (second.following or second.combined)
    return replace(
        first,
        outs=(*first.outs, *second.outs),
        elements=(*first.elements, *elements),
        init=(*first.init, *second.init),
        accs=(*first.accs, *second.accs),
        news=(*first.news, *second.news),
        combined=(*first.combined, *second.combined),
        kind=kind,
        commutes=True,
        following=following,
    )
