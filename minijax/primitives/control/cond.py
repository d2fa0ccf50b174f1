"""cond: applying one of several programs, chosen by an index. It is what `cond` and `switch` bind.

cond[branches=(f0, …, fn)] i x… = fi(x…)        for an int32 i in 0 … n
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import int32
from minijax.core.jaxpr import Eqn, Jaxpr, Var
from minijax.core.primitive import Primitive, primitive
from minijax.core.records import record
from minijax.interpreters.batch import batch_jaxpr, move_batch_axis
from minijax.interpreters.dependence import dependent_outputs
from minijax.interpreters.evaluate import eval_jaxpr, evaluate
from minijax.interpreters.jvp import jvp_jaxpr
from minijax.interpreters.linearize import Linearized, linearize_jaxpr
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import stage_closed
from minijax.interpreters.transpose import is_linear, transpose_jaxpr
from minijax.primitives.compare import eq, ne
from minijax.primitives.control.by_lane import is_costly, run_lanes
from minijax.primitives.control.lanes import choose_lanes, gate_lanes, needs_gate
from minijax.primitives.control.programs import fill_zeros, remembered
from minijax.primitives.control.scan import scan_p
from minijax.primitives.control.staged import is_unmapped, pick, run_staged

Branches = tuple[Jaxpr, ...]


def _cond_impl(index: np.ndarray, *operands: np.ndarray, branches: Branches) -> Any:
    return tuple(evaluate(branches[int(index)], operands))


def _cond_abstract(index: ShapedArray, *operands: Any, branches: Branches) -> Any:
    if index.shape or index.dtype != int32:
        raise TypeError(f"cond: the index must be an int32 of rank 0, got {index}.")
    for number, branch in enumerate(branches):
        if len(operands) != len(branch.in_avals) or not all(
            want.accepts(got) for want, got in zip(branch.in_avals, operands, strict=True)
        ):
            want = ", ".join(map(str, branch.in_avals))
            got = ", ".join(map(str, operands))
            raise TypeError(f"cond: branch {number} takes ({want}), the operands are ({got}).")
    return tuple(map(_join, *(branch.out_avals for branch in branches)))


def _join(first: Any, *others: Any) -> Any:
    """Returns the common type of a result; as in JAX, it is as weak as the first branch has it."""
    if not all(first.accepts(other) for other in others):
        shown = ", ".join(map(str, (first, *others)))
        raise TypeError(f"cond: a result must have one type in all branches, got {shown}.")
    return first


def _cond_jvp(primals: Any, tangents: Any, *, branches: Branches) -> Any:
    active = [type(t) is not Zero for t in tangents[1:]]
    out_active = _any_of(
        jvp_jaxpr(branch, active, [False] * len(branch.outvars))[1] for branch in branches
    )
    derived = tuple(jvp_jaxpr(branch, active, out_active)[0] for branch in branches)
    results = cond_p.bind(*primals, *pick(tangents[1:], active), branches=derived)
    num_outs = len(out_active)
    avals = branches[0].out_avals
    return results[:num_outs], fill_zeros(out_active, avals, results[num_outs:])


def _any_of(flags: Any) -> tuple[bool, ...]:
    return tuple(map(any, zip(*flags, strict=True)))


# -- linearize: the branches share the places for saved residuals, since only one of them runs


@record
class _Split:
    """Linearized branches of one type.

    Attributes:
        primal: operands -> (outputs, saved residuals), zeros where the branch saves none.
        linear: (saved residuals, shared operands, active tangents) -> active output tangents.
        shared: the positions of operands that are residuals of some branch.
        out_active: which outputs have a tangent.
    """

    primal: Branches
    linear: Branches
    shared: tuple[int, ...]
    out_active: tuple[bool, ...]


def _split_branches(branches: Branches, active: tuple[bool, ...]) -> _Split:
    never = [False] * len(branches[0].outvars)
    out_active = _any_of(linearize_jaxpr(b, active, never).out_active for b in branches)
    splits = [linearize_jaxpr(branch, active, out_active) for branch in branches]
    places = _places(splits)
    shared = sorted({i for split in splits for i in split.forwarded if i is not None})
    return _Split(
        tuple(_primal_branch(split, places) for split in splits),
        tuple(_linear_branch(split, places, shared, branches[0]) for split in splits),
        tuple(shared),
        out_active,
    )


def _saved_avals(split: Linearized) -> list[Any]:
    pairs = zip(split.residual_avals, split.forwarded, strict=True)
    return [aval for aval, source in pairs if source is None]


def _places(splits: Sequence[Linearized]) -> list[Any]:
    """Returns the avals of the shared places: of each aval as many as one branch needs at most."""
    most: Counter[Any] = Counter()
    for split in splits:
        most |= Counter(_saved_avals(split))
    return list(most.elements())


def _assign(wanted: Sequence[Any], places: Sequence[Any]) -> list[int]:
    """Returns a place of its own for each wanted aval."""
    free: dict[Any, list[int]] = {}
    for place in reversed(range(len(places))):
        free.setdefault(places[place], []).append(place)
    return [free[aval].pop() for aval in wanted]


def _primal_branch(split: Linearized, places: Sequence[Any]) -> Jaxpr:
    num_outs = len(split.primal.outvars) - split.num_saved
    assigned = _assign(_saved_avals(split), places)

    def program(*operands: Any) -> list[Any]:
        results = eval_jaxpr(split.primal, *operands)
        by_place = dict(zip(assigned, results[num_outs:], strict=True))
        filled = [by_place[i] if i in by_place else aval.zeros() for i, aval in enumerate(places)]
        return [*results[:num_outs], *filled]

    return stage_closed(program, split.primal.in_avals, split.primal.name)


def _linear_branch(
    split: Linearized, places: Sequence[Any], shared: Sequence[int], original: Jaxpr
) -> Jaxpr:
    invars = [Var(aval) for aval in (*places, *(original.in_avals[i] for i in shared))]
    assigned = iter(_assign(_saved_avals(split), places))
    num_residuals = len(split.forwarded)
    for var, source in zip(split.linear.invars, split.forwarded, strict=False):
        position = next(assigned) if source is None else len(places) + shared.index(source)
        invars[position] = var
    return split.linear.replace(invars=(*invars, *split.linear.invars[num_residuals:]))


def _cond_linearize(primals: Any, active: Any, *, branches: Branches) -> Any:
    index, *operands = primals
    moving = tuple(active[1:])
    key = ("split branches", branches, moving)
    split = remembered(branches[0], key, lambda: _split_branches(branches, moving))
    results = cond_p.bind(index, *operands, branches=split.primal)
    num_outs = len(split.out_active)
    residuals = [index, *results[num_outs:], *(operands[i] for i in split.shared)]

    def linear(residuals: Any, *tangents: Any) -> Any:
        given = pick(tangents[1:], moving)
        found = cond_p.bind(*residuals, *given, branches=split.linear)
        return fill_zeros(split.out_active, branches[0].out_avals, found)

    return results[:num_outs], residuals, linear


# -- the other rules


def _cond_transpose(cts: Any, index: Any, *operands: Any, branches: Branches) -> Any:
    linear = [is_linear(x) for x in operands]
    starts = [x.take_symbolic() for x in operands if is_linear(x)]
    given = iter(starts)
    accumulate = [on and type(next(given)) is not Zero for on in linear]
    active = [type(ct) is not Zero for ct in cts]
    derived = tuple(transpose_jaxpr(b, linear, accumulate, active) for b in branches)
    known = [x for x in operands if not is_linear(x)]
    nonzero = [x for x in starts if type(x) is not Zero]
    results = iter(cond_p.bind(index, *known, *nonzero, *pick(cts, active), branches=derived))
    return (None, *(next(results) if on else None for on in linear))


def _cond_batch(
    size: int, operands: Any, dims: Any, *, branches: Branches, mapped_axis: Any
) -> Any:
    if is_unmapped(dims, mapped_axis, *branches):
        outs = cond_p.bind(*operands, branches=branches)
        return outs, (None,) * len(outs)
    (index, *rest), (index_dim, *rest_dims) = operands, dims
    named = mapped_axis is not None and any(mapped_axis in b.axis_names for b in branches)
    if index_dim is not None and not named and is_costly(*branches):
        one = partial(cond_p.bind, branches=branches)
        key = ("cond", *branches)
        outs = run_lanes(scan_p, size, operands, dims, one, branches[0], key)
        return _passed_on(outs, rest, rest_dims, branches)
    if index_dim is not None:
        outs = _run_lanes(size, index, rest, rest_dims, branches, mapped_axis)
        return _passed_on(outs, rest, rest_dims, branches)
    batched = [dim is not None for dim in rest_dims]
    moved = [
        x if dim is None else move_batch_axis(x, dim, size)
        for x, dim in zip(rest, rest_dims, strict=True)
    ]
    never = [False] * len(branches[0].outvars)
    found = [batch_jaxpr(b, size, batched, never, mapped_axis) for b in branches]
    out_batched = _any_of(flags for _, flags in found)
    derived = tuple(batch_jaxpr(b, size, batched, out_batched, mapped_axis)[0] for b in branches)
    outs = cond_p.bind(index, *moved, branches=derived)
    return outs, tuple(0 if on else None for on in out_batched)


def _passed_on(
    outs: Sequence[Any], operands: Sequence[Any], dims: Sequence[int | None], branches: Branches
) -> tuple[tuple[Any, ...], tuple[int | None, ...]]:
    """Returns outputs of all lanes; one that each branch only passes on is the operand."""
    results = []
    for out, *passed in zip(outs, *(b.outvars for b in branches), strict=True):
        places = {
            b.invars.index(x) if x in b.invars else None
            for b, x in zip(branches, passed, strict=True)
        }
        place = places.pop() if len(places) == 1 else None
        results.append((out, 0) if place is None else (operands[place], dims[place]))
    return tuple(x for x, _ in results), tuple(dim for _, dim in results)


def _run_lanes(
    size: int, index: Any, operands: Any, dims: Any, branches: Branches, mapped_axis: Any
) -> tuple[Any, ...]:
    """Runs every branch for all lanes and returns what each lane chose."""
    batched = [
        dim is not None or needs_gate(aval_of(x)) for x, dim in zip(operands, dims, strict=True)
    ]
    moved = [
        move_batch_axis(x, dim, size) if on else x
        for x, dim, on in zip(operands, dims, batched, strict=True)
    ]
    always = [True] * len(branches[0].outvars)
    results = []
    for number, branch in enumerate(branches):
        derived, _ = batch_jaxpr(branch, size, batched, always, mapped_axis)
        chosen = eq(index, number)
        gated = [gate_lanes(chosen, x) if on else x for x, on in zip(moved, batched, strict=True)]
        results.append(eval_jaxpr(derived, *gated))
    return _select_lanes(index, results)


def _select_lanes(index: Any, cases: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """Returns for each result the lanes of the case that the lane's index chooses."""
    if len(cases) == 1:
        return tuple(cases[0])
    which = ne(index, 0) if len(cases) == 2 else index
    return tuple(choose_lanes(which, *values) for values in zip(*cases, strict=True))


def _cond_lower(k: Any, index: Any, *operands: Any, out: Any, branches: Branches) -> Any:
    return k.branch(out, index, branches, operands)


def _cond_depends(operands: tuple[bool, ...], *, branches: Branches) -> tuple[bool, ...]:
    if operands[0]:
        return (True,) * len(branches[0].outvars)
    return _any_of(dependent_outputs(branch, operands[1:]) for branch in branches)


def _cond_prune(eqn: Eqn, used: Sequence[bool]) -> Eqn:
    branches = eqn.params["branches"]
    key = ("prune branches", branches, tuple(used))
    pruned, needed = remembered(branches[0], key, lambda: _prune_branches(branches, used))
    return eqn.replace(
        invars=[eqn.invars[0], *pick(eqn.invars[1:], needed)],
        outvars=pick(eqn.outvars, used),
        params={"branches": pruned},
    )


def _prune_branches(branches: Branches, used: Sequence[bool]) -> tuple[Branches, tuple[bool, ...]]:
    found = [prune_jaxpr(branch, used) for branch in branches]
    needed = _any_of(flags for _, flags in found)
    pruned = tuple(
        small.replace(invars=pick(branch.invars, needed))
        for branch, (small, _) in zip(branches, found, strict=True)
    )
    return pruned, needed


cond_p: Primitive = primitive(
    "cond",
    impl=_cond_impl,
    abstract=_cond_abstract,
    run=run_staged(lambda: cond_p),
    jvp=_cond_jvp,
    linearize=_cond_linearize,
    transpose=_cond_transpose,
    batch=_cond_batch,
    lower=_cond_lower,
    prune=_cond_prune,
    depends=_cond_depends,
    collective=True,
)
