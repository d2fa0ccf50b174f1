"""while: a loop whose number of iterations is known only at run time, and its pullback.

    while[cond=(cc…, carry…) -> bool, body=(bc…, carry…) -> carry…] cc… bc… init… = carry…

    while_pullback[…, active] cc… bc… init… accumulators… cts… = accumulators…, cts of init…

The reverse pass of a while loop needs what the iterations computed. `while_pullback` runs the loop
again and records that on tapes, arrays that grow with the iterations, then runs over the tapes
backwards. The tapes live inside the operation: programs hold arrays of known shape only, the memory
is free again after the pass, and a loop in a loop keeps one tape at a time.

The two primitives are closed under differentiation. With f the loop, J its derivative in the active
inputs and g(x, ct) = J(x)ᵀ ct the pullback,

    d g(x, ct)          = pullback of (x, ẋ) -> (f(x), Df(x) ẋ) at the cotangents (ċt, ct)
    g's transpose at u  = J(x) u for ct; for x the gradient of ct · J(x) u, a pullback as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import Zero, materialize
from minijax.core.jaxpr import Eqn, Jaxpr
from minijax.core.primitive import Primitive, primitive
from minijax.core.records import record
from minijax.interpreters.dependence import dependent_outputs
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.transpose import is_linear, transpose_jaxpr
from minijax.primitives.control.by_lane import (
    BLOCK,
    is_short,
    run_blocks,
    run_lanes,
    shares_products,
)
from minijax.primitives.control.loop import (
    Loop,
    batched_carry,
    loop_of,
    mapped_loop,
    move_operands,
    operand_flags,
    pruned_loop,
)
from minijax.primitives.control.programs import (
    carry_fixpoint,
    fill_zeros,
    remembered,
    reorder_inputs,
    split_sizes,
)
from minijax.primitives.control.residuals import SplitBody
from minijax.primitives.control.scan import check_operands, linearized_body, scan_p
from minijax.primitives.control.staged import is_unmapped, pick, run_staged

Flags = tuple[bool, ...]


def _zeros(x: Any) -> Any:
    return aval_of(x).tangent().zeros()


# -- while: the rules


def _while_impl(*operands: np.ndarray, **params: Any) -> Any:
    loop = loop_of(**params)
    cond_consts, consts, carry, _ = loop.split(operands)
    while bool(evaluate(loop.cond, [*cond_consts, *carry])[0]):
        carry = evaluate(loop.body, [*consts, *carry])
    return tuple(carry)


def _while_abstract(*avals: Any, **params: Any) -> Any:
    loop = loop_of(**params)
    cond_consts, consts, init, _ = loop.split(avals)
    check_operands("while (condition)", loop.cond, (*cond_consts, *init))
    check_operands("while", loop.body, (*consts, *init))
    pred: Any = loop.cond.out_avals[0]
    if pred.shape or pred.dtype != dtypes.bool_:
        raise TypeError(f"while: the condition must be a bool of rank 0, got {pred}.")
    for before, after in zip(init, loop.body.out_avals, strict=True):
        if not before.accepts(after):
            raise TypeError(f"while: the body turns a carry of {before} into {after}.")
    return loop.body.out_avals


def _while_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    loop = loop_of(**params)
    given = [type(t) is not Zero for t in tangents[loop.num_cond_consts :]]
    active = loop.active(given)
    moving = list(map(materialize, pick(tangents[loop.num_cond_consts :], active)))
    outs, out_tangents = _run_with_tangents(loop, active, primals, moving)
    carry_active = active[loop.num_consts :]
    return outs, fill_zeros(carry_active, loop.body.out_avals, out_tangents)


def _run_with_tangents(
    loop: Loop, active: Flags, primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Runs the loop with the given active tangents; returns outputs and active tangents."""
    derived, order = loop.with_tangents(active)
    cond_consts, inputs = split_sizes(primals, loop.num_cond_consts)
    values = [*inputs, *tangents]
    results = while_p.bind(*cond_consts, *(values[i] for i in order), **derived.params)
    return list(results[: loop.num_carry]), list(results[loop.num_carry :])


def _while_linearize(primals: Any, active: Any, **params: Any) -> Any:
    def linear(residuals: Any, *tangents: Any) -> Any:
        return _while_jvp(residuals, tangents, **params)[1]

    return while_p.bind(*primals, **params), list(primals), linear


def _while_transpose(cts: Any, *operands: Any, **params: Any) -> Any:
    loop = loop_of(**params)
    flags = [is_linear(x) for x in operands]
    active = loop.active(flags[loop.num_cond_consts :])
    cond_consts, consts, init, _ = loop.split(operands)
    carry_active = active[loop.num_consts :]
    accumulators = [x.take() for x in consts if is_linear(x)]
    results = while_pullback_p.bind(
        *(_zeros(x) if is_linear(x) else x for x in operands),
        *accumulators,
        *map(materialize, pick(cts, carry_active)),
        active=active,
        **params,
    )
    found = iter(results)
    contributions = [next(found) if on else None for on in active]
    return (
        *(None for _ in cond_consts),
        *(
            ct if is_linear(x) else None
            for ct, x in zip(contributions, (*consts, *init), strict=True)
        ),
    )


def _while_lower(k: Any, *operands: Any, out: Any, **params: Any) -> Any:
    loop = loop_of(**params)
    cond_consts, consts, init, _ = loop.split(operands)
    return k.while_loop(loop.cond, loop.body, cond_consts, consts, init)


def _while_prune(eqn: Eqn, used: Sequence[bool]) -> Eqn:
    loop, needed, carry = pruned_loop(loop_of(**eqn.params), tuple(used))
    return eqn.replace(
        invars=pick(eqn.invars, needed), outvars=pick(eqn.outvars, carry), params=loop.params
    )


def _while_depends(
    operands: Flags,
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    cond_nconsts: int,
    body_nconsts: int,
) -> Flags:
    cond_consts, consts, init = split_sizes(operands, cond_nconsts, body_nconsts)
    carry = carry_fixpoint(init, lambda flags: dependent_outputs(body_jaxpr, [*consts, *flags]))
    # All depend on what the number of iterations depends on.
    counts = any(dependent_outputs(cond_jaxpr, [*cond_consts, *carry]))
    return (True,) * len(carry) if counts else carry


def _while_batch(size: int, operands: Any, dims: Any, *, mapped_axis: Any, **params: Any) -> Any:
    loop = loop_of(**params)
    if is_unmapped(dims, mapped_axis, loop.cond, loop.body):
        outs = while_p.bind(*operands, **params)
        return outs, (None,) * len(outs)
    given = [dim is not None for dim in dims]
    carry, by_lane = batched_carry(loop, size, given, mapped_axis)
    if by_lane and _lanes_are_free(loop, mapped_axis):
        outs = _run_lanes(size, operands, dims, loop)
        return outs, (0,) * len(outs)
    outs = _run_mapped(size, operands, dims, loop, mapped_axis)
    return outs, tuple(0 if on else None for on in carry)


def _lanes_are_free(loop: Loop, mapped_axis: Any) -> bool:
    """Whether lanes neither speak to each other nor gain by going together."""
    programs = (loop.cond, loop.body)
    named = mapped_axis is not None and any(mapped_axis in p.axis_names for p in programs)
    return not named and not shares_products(*programs)


def _run_lanes(size: int, operands: Any, dims: Any, loop: Loop) -> tuple[Any, ...]:
    if not is_short(loop.cond, loop.body):
        one = partial(while_p.bind, **loop.params)
        return run_lanes(scan_p, size, operands, dims, one, loop.body, ("while", loop.cond))

    def block(lanes: int, xs: Any) -> Any:
        return _run_mapped(lanes, xs, [None if d is None else 0 for d in dims], loop, None)

    if size <= BLOCK:
        return _run_mapped(size, operands, dims, loop, None)
    return run_blocks(scan_p, size, operands, dims, block, loop.body, ("while", loop.cond))


def _run_mapped(
    size: int, operands: Any, dims: Any, loop: Loop, mapped_axis: Any
) -> tuple[Any, ...]:
    """Runs one loop whose carry holds all lanes, until the last of them is done."""
    given = [dim is not None for dim in dims]
    carry, by_lane = batched_carry(loop, size, given, mapped_axis)
    flags = operand_flags(loop, given, carry, by_lane)
    moved = move_operands(operands, dims, flags, size)
    mapped, inputs = mapped_loop(loop, size, flags, carry, by_lane, moved, mapped_axis)
    return while_p.bind(*inputs, **mapped.params)[by_lane:]


while_p: Primitive = primitive(
    "while",
    impl=_while_impl,
    abstract=_while_abstract,
    run=run_staged(lambda: while_p),
    jvp=_while_jvp,
    linearize=_while_linearize,
    transpose=_while_transpose,
    batch=_while_batch,
    lower=_while_lower,
    prune=_while_prune,
    depends=_while_depends,
    collective=True,
)


# -- while_pullback: recording and running backwards


@record
class _Reversal:
    """What the pullback of a loop runs.

    Attributes:
        recording: the loop whose body returns, after the carry, what an iteration records.
        needs: which operands of the original loop it takes.
        split: the linearized body.
        backward: (constant residuals, accumulators, cts, records) -> (accumulators, cts).
    """

    recording: Loop
    needs: Flags
    split: SplitBody
    backward: Jaxpr


def _reversal(loop: Loop, active: Flags) -> _Reversal:
    def make() -> _Reversal:
        split, _ = linearized_body(loop.body, active, loop.num_consts, loop.num_carry)
        extended = Loop(loop.cond, split.body, loop.num_cond_consts, loop.num_consts)
        num_records = len(split.body.outvars) - loop.num_carry
        used = (*[False] * loop.num_carry, *[True] * num_records)
        recording, needs, _ = pruned_loop(extended, used)
        return _Reversal(recording, needs, split, _backward_body(split, active, loop.num_consts))

    return remembered(loop.body, ("reversal", active, loop.cond), make)


def _backward_body(split: SplitBody, active: Flags, num_consts: int) -> Jaxpr:
    num_constants, num_sequences = len(split.constant_sources), len(split.sequence_sources)
    num_active = sum(active)
    linear = [False] * num_constants + [True] * num_active + [False] * num_sequences
    accumulate = [False] * len(linear)
    for i in range(num_constants, num_constants + sum(active[:num_consts])):
        accumulate[i] = True
    num_cts = len(split.linear.outvars)
    transposed = transpose_jaxpr(split.linear, linear, accumulate, [True] * num_cts)
    before = range(num_constants, num_constants + num_sequences)
    after = range(num_constants + num_sequences, len(transposed.invars))
    return reorder_inputs(transposed, [*range(num_constants), *after, *before])


def _pullback_impl(*operands: np.ndarray, active: Flags, **params: Any) -> Any:
    loop = loop_of(**params)
    plan = _reversal(loop, active)
    inputs, state = split_sizes(operands, loop.num_operands)
    records = _record(plan.recording, pick(inputs, plan.needs))
    constants = plan.split.constants(loop.split(inputs)[1], evaluate)
    for stacked in reversed(records):
        sequences = plan.split.sequences((), stacked)
        state = evaluate(plan.backward, [*constants, *state, *sequences])
    return tuple(state)


def _record(recording: Loop, operands: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """Runs a recording loop and returns what each iteration recorded."""
    cond_consts, consts, carry, _ = recording.split(operands)
    records = []
    while bool(evaluate(recording.cond, [*cond_consts, *carry])[0]):
        outs = evaluate(recording.body, [*consts, *carry])
        carry, recorded = split_sizes(outs, recording.num_carry)
        records.append(recorded)
    return records


def _pullback_abstract(*avals: Any, active: Flags, **params: Any) -> Any:
    loop = loop_of(**params)
    cond_consts, consts, init, state = loop.split(avals)
    _while_abstract(*cond_consts, *consts, *init, **params)
    outs = tuple(aval.tangent() for aval in pick((*consts, *init), active))
    if len(outs) != len(state) or not all(
        want.accepts(got) for want, got in zip(outs, state, strict=True)
    ):
        raise TypeError(
            f"while_pullback: accumulators and cotangents must be ({', '.join(map(str, outs))}), "
            f"got ({', '.join(map(str, state))})."
        )
    return tuple(aval.strip_weak_type() for aval in outs)


def _pullback_lower(k: Any, *operands: Any, out: Any, active: Flags, **params: Any) -> Any:
    loop = loop_of(**params)
    plan = _reversal(loop, active)
    inputs, state = split_sizes(operands, loop.num_operands)
    cond_consts, consts, init, _ = plan.recording.split(pick(inputs, plan.needs))
    recording = plan.recording
    count, tapes = k.record_while(recording.cond, recording.body, cond_consts, consts, init)
    constants = plan.split.constants(loop.split(inputs)[1], k.inline)
    sequences = plan.split.sequences((), tapes)
    return k.scan(out, plan.backward, constants, state, sequences, count, True)


# -- while_pullback: derivatives


def _pullback_jvp(primals: Any, tangents: Any, *, active: Flags, **params: Any) -> Any:
    outs = while_pullback_p.bind(*primals, active=active, **params)
    loop = loop_of(**params)
    inputs, state = split_sizes(primals, loop.num_operands)
    _, consts_t, init_t, state_t = loop.split(tangents)
    state_t = list(map(materialize, state_t))
    given = [type(t) is not Zero for t in (*consts_t, *init_t)]
    if not any(given):
        return outs, while_pullback_p.bind(*inputs, *state_t, active=active, **params)
    moving = loop.active(given)
    values = list(map(materialize, pick((*consts_t, *init_t), moving)))
    positions = loop.carry_positions(active)
    num_accs = sum(active[: loop.num_consts])
    return outs, _pull_back_tangents(
        loop,
        moving,
        (*inputs, *values),
        active,
        state_t[:num_accs],
        dict(zip(positions, state_t[num_accs:], strict=True)),
        dict(zip(positions, state[num_accs:], strict=True)),
    )


def _pull_back_tangents(
    loop: Loop,
    moving: Flags,
    operands: Sequence[Any],
    active: Flags,
    accumulators: Sequence[Any],
    ct_of_value: dict[int, Any],
    ct_of_tangent: dict[int, Any],
) -> tuple[Any, ...]:
    """Pulls cotangents back through the loop that carries tangents along.

    Args:
        loop: the original loop.
        moving: which of its inputs have tangents.
        operands: the operands of the loop, then the moving tangents.
        active: which of its inputs are differentiated (closed under iteration).
        accumulators: one for each active constant.
        ct_of_value, ct_of_tangent: cotangents of the carry and of its tangents, by the position of
            the carry component among the inputs; zero where there is none.

    Returns:
        For each active input the accumulator or cotangent.
    """
    derived, order = loop.with_tangents(moving)
    cond_consts, values = split_sizes(operands, loop.num_cond_consts)
    ordered = [values[i] for i in order]
    num_inputs = len(moving)
    is_value = [i < num_inputs for i in order]
    origin = [*range(num_inputs), *(i for i, on in enumerate(moving) if on)]
    wide = derived.active([i < num_inputs and active[i] for i in order])
    cts = []
    for place in derived.carry_positions(wide):
        known = ct_of_value if is_value[place] else ct_of_tangent
        ct = known.get(origin[order[place]])
        cts.append(_zeros(ordered[place]) if ct is None else ct)
    results = while_pullback_p.bind(
        *cond_consts, *ordered, *accumulators, *cts, active=wide, **derived.params
    )
    return tuple(pick(results, pick(is_value, wide)))


def _pullback_transpose(cts: Any, *operands: Any, active: Flags, **params: Any) -> Any:
    loop = loop_of(**params)
    cond_consts, consts, init, state = loop.split(operands)
    accs, state_cts = split_sizes(state, sum(active[: loop.num_consts]))
    known = [_zeros(x) if is_linear(x) else x for x in (*cond_consts, *consts, *init)]
    directions = list(map(materialize, cts))
    found_accs = [ct if is_linear(x) else None for ct, x in zip(cts, accs, strict=False)]
    found_cts: list[Any] = [None] * len(state_cts)
    if any(map(is_linear, state_cts)):
        _, pushed = _run_with_tangents(loop, active, known, directions)
        found_cts = [t if is_linear(x) else None for t, x in zip(pushed, state_cts, strict=True)]
    found_inputs: list[Any] = [None] * (len(consts) + len(init))
    if any(map(is_linear, (*consts, *init))):
        found_inputs = _gradient_of_push(
            loop, (*consts, *init), (*known, *directions), active, state_cts
        )
    return (*(None for _ in cond_consts), *found_inputs, *found_accs, *found_cts)


def _gradient_of_push(
    loop: Loop, inputs: Sequence[Any], operands: Sequence[Any], active: Flags, cts: Sequence[Any]
) -> list[Any]:
    """Returns the gradient of ct · J(x) u in the linear inputs x.

    Args:
        loop: the loop; J is its derivative in the active inputs.
        inputs: constants of the body and carry, the linear ones undefined.
        operands: the operands of the loop with zeros for the linear ones, then u.
        active: which inputs u belongs to.
        cts: ct for each active carry component. One that is linear itself does not count: the
            pullback is linear in x and ct together, so none of its terms has both.
    """
    linear = [is_linear(x) for x in inputs]
    positions = loop.carry_positions(active)
    pushed = {i: ct for i, ct in zip(positions, cts, strict=True) if not is_linear(ct)}
    wanted = loop.active(linear)
    accumulators = [x.take() for x in inputs[: loop.num_consts] if is_linear(x)]
    results = iter(_pull_back_tangents(loop, active, operands, wanted, accumulators, {}, pushed))
    found = [next(results) if on else None for on in wanted]
    return [ct if on else None for ct, on in zip(found, linear, strict=True)]


def _pullback_batch(
    size: int, operands: Any, dims: Any, *, active: Flags, mapped_axis: Any, **params: Any
) -> Any:
    loop = loop_of(**params)
    if is_unmapped(dims, mapped_axis, loop.cond, loop.body):
        outs = while_pullback_p.bind(*operands, active=active, **params)
        return outs, (None,) * len(outs)
    # Every lane has cotangents of its own, so what they belong to gets the batch axis too.
    given = [dim is not None for dim in dims[: loop.num_operands]]
    for i, on in enumerate(active, loop.num_cond_consts):
        given[i] = given[i] or on
    carry, by_lane = batched_carry(loop, size, given, mapped_axis)
    if by_lane and _lanes_are_free(loop, mapped_axis):
        one = partial(while_pullback_p.bind, active=active, **params)
        key = ("while pullback", loop.cond, active)
        outs = run_lanes(scan_p, size, operands, dims, one, loop.body, key)
        return outs, (0,) * len(outs)
    flags = operand_flags(loop, given, carry, by_lane)
    every = [True] * (len(operands) - loop.num_operands)
    moved, state = split_sizes(
        move_operands(operands, dims, [*flags, *every], size), loop.num_operands
    )
    mapped, inputs = mapped_loop(loop, size, flags, carry, by_lane, moved, mapped_axis)
    if by_lane:
        of_cond = (False,) * loop.num_cond_consts
        active = (*of_cond, *active[: loop.num_consts], False, *active[loop.num_consts :])
    assert mapped.active(active) == active, "mapping a loop must not make more of it active"
    outs = while_pullback_p.bind(*inputs, *state, active=active, **mapped.params)
    return outs, (0,) * len(outs)


while_pullback_p: Primitive = primitive(
    "while_pullback",
    impl=_pullback_impl,
    abstract=_pullback_abstract,
    run=run_staged(lambda: while_pullback_p),
    jvp=_pullback_jvp,
    transpose=_pullback_transpose,
    batch=_pullback_batch,
    lower=_pullback_lower,
    collective=True,
)
