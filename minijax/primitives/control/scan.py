"""scan: a loop with a known number of iterations over the leading axes of arrays.

    scan[jaxpr=(consts…, carry…, x…) -> (carry…, y…)] consts… init… xs… = final carry…, ys…

Its reverse pass is a scan in the other direction whose carry holds the cotangents of the constants
too: a body that reads `table[i]` adds into the one cotangent of `table` in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from minijax.core.avals import Zero, materialize
from minijax.core.jaxpr import Eqn, Jaxpr
from minijax.core.primitive import Primitive, primitive
from minijax.interpreters.batch import batch_jaxpr, move_batch_axis
from minijax.interpreters.dependence import dependent_outputs
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.jvp import jvp_jaxpr
from minijax.interpreters.linearize import linearize_jaxpr
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.transpose import is_linear, transpose_jaxpr
from minijax.primitives.control.by_lane import (
    BLOCK,
    goes_by_blocks,
    is_short,
    is_small,
    run_blocks,
    run_lanes,
    size_of,
)
from minijax.primitives.control.programs import (
    beside,
    carry_fixpoint,
    fill_zeros,
    remembered,
    reorder,
    reorder_inputs,
    run_here,
    split_sizes,
)
from minijax.primitives.control.residuals import SplitBody, split_body
from minijax.primitives.control.staged import is_unmapped, pick, run_staged

Flags = tuple[bool, ...]
# Numbers, a counter among them, of a state so small that more lanes fill the time of waiting.
_FEW_CARRIED = 3
_WORK_FOR_MEMORY = 8  # equations of a step for each value that it takes from or gives to memory


def _scan_impl(
    *args: np.ndarray,
    jaxpr: Jaxpr,
    length: int,
    reverse: bool,
    unroll: int,
    num_consts: int,
    num_carry: int,
) -> Any:
    consts, carry, xs = split_sizes(args, num_consts, num_carry)
    y_avals: Any = jaxpr.out_avals[num_carry:]
    ys = [np.empty((length, *aval.shape), aval.dtype) for aval in y_avals]
    for i in reversed(range(length)) if reverse else range(length):
        # The ellipsis keeps slices of rank 0 arrays.
        outs = evaluate(jaxpr, [*consts, *carry, *(x[i, ...] for x in xs)])
        carry = outs[:num_carry]
        for y, value in zip(ys, outs[num_carry:], strict=True):
            y[i] = value
    return (*carry, *ys)


def _scan_abstract(
    *avals: Any,
    jaxpr: Jaxpr,
    length: int,
    reverse: bool,
    unroll: int,
    num_consts: int,
    num_carry: int,
) -> Any:
    consts, init, xs = split_sizes(avals, num_consts, num_carry)
    for x in xs:
        if not x.shape or x.shape[0] != length:
            raise TypeError(
                f"scan: a scanned array needs a leading axis of length {length}, got {x}."
            )
    given = (*consts, *init, *(x.without_axis(0) for x in xs))
    check_operands("scan", jaxpr, given)
    carry, ys = split_sizes(jaxpr.out_avals, num_carry)
    for before, after in zip(init, carry, strict=True):
        if not before.accepts(after):
            raise TypeError(f"scan: the body turns a carry of {before} into {after}.")
    return (*carry, *(y.with_axis(length, 0) for y in ys))


def check_operands(name: str, jaxpr: Jaxpr, given: Sequence[Any]) -> None:
    """Refuses operands that are not of the types that a loop's body takes.

    Raises:
        TypeError: with both lists of types.
    """
    wanted = jaxpr.in_avals
    if len(wanted) != len(given) or not all(
        want.accepts(got) for want, got in zip(wanted, given, strict=True)
    ):
        shown = ", ".join(map(str, given))
        raise TypeError(
            f"{name}: the body takes ({', '.join(map(str, wanted))}), the operands give ({shown})."
        )


# -- derivatives


def active_carry(jaxpr: Jaxpr, active: Sequence[bool], num_consts: int, num_carry: int) -> Flags:
    """Returns for each input of a loop's body whether it has a tangent in some iteration."""
    consts, init, xs = split_sizes(active, num_consts, num_carry)
    never = [False] * len(jaxpr.outvars)

    def step(carry: Flags) -> Flags:
        return jvp_jaxpr(jaxpr, [*consts, *carry, *xs], never)[1][:num_carry]

    return (*consts, *carry_fixpoint(init, step), *xs)


def _scan_jvp(
    primals: Any, tangents: Any, *, jaxpr: Jaxpr, num_consts: int, num_carry: int, **rest: Any
) -> Any:
    given = [type(t) is not Zero for t in tangents]
    active = active_carry(jaxpr, given, num_consts, num_carry)
    carry_active = active[num_consts : num_consts + num_carry]
    num_ys = len(jaxpr.outvars) - num_carry
    derived, out_active = jvp_jaxpr(jaxpr, active, [*carry_active, *[False] * num_ys])
    groups = (num_consts, num_carry, len(active) - num_consts - num_carry)
    inputs = beside(active, groups)
    body = reorder(derived, inputs, beside(out_active, (num_carry, num_ys)))
    values = [*primals, *map(materialize, pick(tangents, active))]
    results = scan_p.bind(
        *(values[i] for i in inputs),
        jaxpr=body,
        num_consts=num_consts + sum(active[:num_consts]),
        num_carry=num_carry + sum(carry_active),
        **rest,
    )
    carry, carry_t, ys, ys_t = split_sizes(results, num_carry, sum(carry_active), num_ys)
    avals = _out_avals(jaxpr, num_carry, rest["length"])
    return (*carry, *ys), fill_zeros(out_active, avals, [*carry_t, *ys_t])


def _out_avals(jaxpr: Jaxpr, num_carry: int, length: int) -> tuple[Any, ...]:
    carry, ys = split_sizes(jaxpr.out_avals, num_carry)
    return (*carry, *(y.with_axis(length, 0) for y in ys))


def linearized_body(
    jaxpr: Jaxpr, given: Sequence[bool], num_consts: int, num_carry: int
) -> tuple[SplitBody, Flags]:
    """Returns the linearized body of a loop, and which of its inputs have a tangent."""

    def make() -> tuple[SplitBody, Flags]:
        active = active_carry(jaxpr, given, num_consts, num_carry)
        carry_active = active[num_consts : num_consts + num_carry]
        never = [False] * (len(jaxpr.outvars) - num_carry)
        split = linearize_jaxpr(jaxpr, active, [*carry_active, *never])
        return split_body(split, active, num_consts, num_carry), active

    key = ("linearized body", tuple(given), num_consts, num_carry)
    return remembered(jaxpr, key, make)


def _scan_linearize(
    primals: Any, given: Any, *, jaxpr: Jaxpr, num_consts: int, num_carry: int, **rest: Any
) -> Any:
    split, active = linearized_body(jaxpr, given, num_consts, num_carry)
    consts, _, xs = split_sizes(primals, num_consts, num_carry)
    results = scan_p.bind(
        *primals, jaxpr=split.body, num_consts=num_consts, num_carry=num_carry, **rest
    )
    constants = split.constants(consts, run_here)
    residuals = [*constants, *split.sequences(xs, results[num_carry:])]
    const_active, carry_active, _ = split_sizes(active, num_consts, num_carry)

    def linear(residuals: Any, *tangents: Any) -> Any:
        constants, sequences = split_sizes(residuals, len(split.constant_sources))
        moving = list(map(materialize, pick(tangents, active)))
        loop, xs_t = split_sizes(moving, sum(const_active) + sum(carry_active))
        found = scan_p.bind(
            *constants,
            *loop,
            *sequences,
            *xs_t,
            jaxpr=split.linear,
            num_consts=len(constants) + sum(const_active),
            num_carry=sum(carry_active),
            **rest,
        )
        avals = _out_avals(jaxpr, num_carry, rest["length"])
        return fill_zeros(split.out_active, avals, found)

    return results[: len(jaxpr.outvars)], residuals, linear


def _scan_transpose(
    cts: Any,
    *operands: Any,
    jaxpr: Jaxpr,
    reverse: bool,
    num_consts: int,
    num_carry: int,
    **rest: Any,
) -> Any:
    linear = _linear_inputs(jaxpr, operands, num_consts, num_carry)
    consts, _, xs = split_sizes(operands, num_consts, num_carry)
    const_linear, carry_linear, x_linear = split_sizes(linear, num_consts, num_carry)
    history = _known_carry(operands, linear, jaxpr, reverse, num_consts, num_carry, rest)
    ct_carry, ct_ys = split_sizes(cts, num_carry)
    depends = dependent_outputs(jaxpr, linear)[num_carry:]
    y_active = [on and type(ct) is not Zero for ct, on in zip(ct_ys, depends, strict=True)]

    known_consts = [x for x, on in zip(consts, const_linear, strict=True) if not on]
    known_xs = [x for x, on in zip(xs, x_linear, strict=True) if not on]
    num_sequences = len(history) + len(known_xs)
    body = _transposed_body(jaxpr, linear, (num_consts, num_carry), y_active, num_sequences)
    results = scan_p.bind(
        *known_consts,
        *(x.take() for x in pick(consts, const_linear)),
        *map(materialize, pick(ct_carry, carry_linear)),
        *history,
        *known_xs,
        *pick(ct_ys, y_active),
        jaxpr=body,
        reverse=not reverse,
        num_consts=len(known_consts),
        num_carry=sum(const_linear) + sum(carry_linear),
        **rest,
    )
    found = iter(results)
    # A carry that starts at a known value and becomes linear later has no operand to contribute to.
    contributions = [next(found) if on else None for on in linear]
    return tuple(
        ct if is_linear(x) else None for ct, x in zip(contributions, operands, strict=True)
    )


def _transposed_body(
    jaxpr: Jaxpr,
    linear: Flags,
    sizes: tuple[int, int],
    y_active: Sequence[bool],
    num_sequences: int,
) -> Jaxpr:
    """Returns the body of the reverse loop.

    Its inputs are the known constants; the accumulators of constants and the cotangents of the
    carry; and by iteration the known values and the cotangents of ys.
    """
    const_linear, carry_linear, x_linear = split_sizes(linear, *sizes)
    # What reads a constant indexed adds into its accumulator; the carry's cotangent comes from the
    # iteration's result.
    accumulate = [*const_linear, *[False] * (len(carry_linear) + len(x_linear))]
    derived = transpose_jaxpr(jaxpr, linear, accumulate, [*carry_linear, *y_active])
    num_consts = sizes[0] - sum(const_linear)
    num_known = num_consts + num_sequences
    num_loop = sum(const_linear) + sum(carry_linear)
    loop = range(num_known, num_known + num_loop)
    cts = range(num_known + num_loop, len(derived.invars))
    return reorder_inputs(derived, [*range(num_consts), *loop, *range(num_consts, num_known), *cts])


def _linear_inputs(jaxpr: Jaxpr, operands: Sequence[Any], num_consts: int, num_carry: int) -> Flags:
    return _reached(jaxpr, [is_linear(x) for x in operands], num_consts, num_carry)


def _reached(jaxpr: Jaxpr, given: Sequence[bool], num_consts: int, num_carry: int) -> Flags:
    """Returns which inputs of the body depend on the given operands in some iteration."""
    consts, init, xs = split_sizes(given, num_consts, num_carry)

    def step(carry: Flags) -> Flags:
        return dependent_outputs(jaxpr, [*consts, *carry, *xs])[:num_carry]

    return (*consts, *carry_fixpoint(init, step), *xs)


def _known_carry(
    operands: Sequence[Any],
    linear: Flags,
    jaxpr: Jaxpr,
    reverse: bool,
    num_consts: int,
    num_carry: int,
    rest: dict[str, Any],
) -> list[Any]:
    """Returns the values by iteration of the carry components that are not linear."""
    carry = [i for i in range(num_consts, num_consts + num_carry) if not linear[i]]
    if not carry:
        return []

    def make() -> tuple[Jaxpr, Flags]:
        outs = [jaxpr.outvars[i - num_consts] for i in carry]
        program = jaxpr.replace(outvars=[*outs, *(jaxpr.invars[i] for i in carry)])
        return prune_jaxpr(program, [True] * len(program.outvars))

    body, needed = remembered(jaxpr, ("known carry", linear), make)
    results = scan_p.bind(
        *pick(operands, needed),
        jaxpr=body,
        reverse=reverse,
        num_consts=sum(needed[:num_consts]),
        num_carry=len(carry),
        **rest,
    )
    return list(results[len(carry) :])


# -- the other rules


def _scan_batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    jaxpr: Jaxpr,
    num_consts: int,
    num_carry: int,
    mapped_axis: Any,
    **rest: Any,
) -> Any:
    if is_unmapped(dims, mapped_axis, jaxpr):
        outs = scan_p.bind(
            *operands, jaxpr=jaxpr, num_consts=num_consts, num_carry=num_carry, **rest
        )
        return outs, (None,) * len(outs)
    if goes_by_blocks(jaxpr) and not _speaks(jaxpr, mapped_axis):
        params = {"jaxpr": jaxpr, "num_consts": num_consts, "num_carry": num_carry, **rest}
        one = partial(scan_p.bind, **params)
        outs = run_lanes(scan_p, size, operands, dims, one, jaxpr, ("scan", rest["length"]))
        return outs, (0,) * len(outs)
    given = [dim is not None for dim in dims]
    if size > BLOCK and _stays_in_registers(jaxpr, given, num_consts, num_carry, mapped_axis):
        params = {"jaxpr": jaxpr, "num_consts": num_consts, "num_carry": num_carry, **rest}
        outs = _run_blocks(size, operands, dims, params)
        return outs, (0,) * len(outs)
    params = {"jaxpr": jaxpr, "num_consts": num_consts, "num_carry": num_carry, **rest}
    return _map_body(size, operands, dims, mapped_axis, **params)


def _map_body(
    size: int,
    operands: Any,
    dims: Any,
    mapped_axis: Any,
    *,
    jaxpr: Jaxpr,
    num_consts: int,
    num_carry: int,
    **rest: Any,
) -> Any:
    """Runs one loop whose body does all lanes at once."""
    given = [dim is not None for dim in dims]
    consts, init, xs = split_sizes(given, num_consts, num_carry)
    never = [False] * len(jaxpr.outvars)

    def step(carry: Flags) -> Flags:
        flags = [*consts, *carry, *xs]
        return batch_jaxpr(jaxpr, size, flags, never, mapped_axis)[1][:num_carry]

    carry = carry_fixpoint(init, step)
    wanted = [*carry, *never[num_carry:]]
    body, out_batched = batch_jaxpr(jaxpr, size, [*consts, *carry, *xs], wanted, mapped_axis)
    # A slice of a scanned array has its batch axis first, so the array has it second.
    axes = [0] * (num_consts + num_carry) + [1] * len(xs)
    moved = [
        move_batch_axis(x, dim, size, axis) if on else x
        for x, dim, axis, on in zip(operands, dims, axes, (*consts, *carry, *xs), strict=True)
    ]
    outs = scan_p.bind(*moved, jaxpr=body, num_consts=num_consts, num_carry=num_carry, **rest)
    out_axes = [0] * num_carry + [1] * (len(outs) - num_carry)
    return outs, tuple(axis if on else None for on, axis in zip(out_batched, out_axes, strict=True))


def _stays_in_registers(
    jaxpr: Jaxpr, given: Sequence[bool], num_consts: int, num_carry: int, mapped_axis: Any
) -> bool:
    """Whether blocks of lanes should go through all steps one after the other.

    What they carry stays in registers then; what is scanned and stacked is brought into the order
    of lanes, which must be little beside the work of a step.
    """
    if not num_carry or _speaks(jaxpr, mapped_axis):
        return False
    carry = jaxpr.in_avals[num_consts : num_consts + num_carry]
    if not is_short(jaxpr) or not all(map(is_small, carry)):
        return False
    through_memory = sum(given[num_consts + num_carry :]) + len(jaxpr.outvars) - num_carry
    return _WORK_FOR_MEMORY * through_memory <= len(jaxpr.eqns)


def _speaks(jaxpr: Jaxpr, mapped_axis: Any) -> bool:
    """Whether lanes of a mapped axis speak to each other in a program."""
    return mapped_axis is not None and mapped_axis in jaxpr.axis_names


def _run_blocks(size: int, operands: Any, dims: Any, params: dict[str, Any]) -> tuple[Any, ...]:
    jaxpr: Jaxpr = params["jaxpr"]
    num_carry = params["num_carry"]

    def block(lanes: int, xs: Sequence[Any]) -> list[Any]:
        axes = [None if d is None else 0 for d in dims]
        outs, found = _map_body(lanes, xs, axes, None, **params)
        return [move_batch_axis(y, d, lanes) for y, d in zip(outs, found, strict=True)]

    start = params["num_consts"]
    carried = sum(map(size_of, jaxpr.in_avals[start : start + num_carry]))
    wide = 2 * BLOCK if carried <= _FEW_CARRIED and size >= 2 * BLOCK else BLOCK
    key = ("scan", params["length"], params["reverse"], num_carry, wide)
    return run_blocks(scan_p, size, operands, dims, block, jaxpr, key, wide)


def _scan_lower(
    k: Any,
    *operands: Any,
    out: Any,
    jaxpr: Jaxpr,
    length: int,
    reverse: bool,
    unroll: int,
    num_consts: int,
    num_carry: int,
) -> Any:
    consts, init, xs = split_sizes(operands, num_consts, num_carry)
    return k.scan(out, jaxpr, consts, init, xs, length, reverse)


def _scan_depends(
    operands: Flags, *, jaxpr: Jaxpr, num_consts: int, num_carry: int, **_: Any
) -> Flags:
    inputs = _reached(jaxpr, operands, num_consts, num_carry)
    carry = inputs[num_consts : num_consts + num_carry]
    return (*carry, *dependent_outputs(jaxpr, inputs)[num_carry:])


def _scan_prune(eqn: Eqn, used: Sequence[bool]) -> Eqn:
    params = eqn.params
    num_consts, num_carry = params["num_consts"], params["num_carry"]
    body, carry, needed = prune_loop(params["jaxpr"], used, num_consts, num_carry)
    return eqn.replace(
        invars=pick(eqn.invars, needed),
        outvars=pick(eqn.outvars, [*carry, *used[num_carry:]]),
        params=params
        | {"jaxpr": body, "num_consts": sum(needed[:num_consts]), "num_carry": sum(carry)},
    )


def prune_loop(
    jaxpr: Jaxpr, used: Sequence[bool], num_consts: int, num_carry: int
) -> tuple[Jaxpr, Flags, Flags]:
    """Returns the body of a loop without what no used result needs.

    Args:
        jaxpr: (consts, carry, xs) -> (carry, ys).
        used: for each result whether it is used (of carry components: after the last iteration).
        num_consts, num_carry: how many constants and carry components there are.

    Returns:
        The smaller body, which carry components it keeps, and which inputs it keeps.
    """

    def make() -> tuple[Jaxpr, Flags, Flags]:
        ys = used[num_carry:]

        def step(carry: Flags) -> Flags:
            needed = prune_jaxpr(jaxpr, [*carry, *ys])[1]
            return needed[num_consts : num_consts + num_carry]

        carry = carry_fixpoint(used[:num_carry], step)
        body, needed = prune_jaxpr(jaxpr, [*carry, *ys])
        inputs = (*needed[:num_consts], *carry, *needed[num_consts + num_carry :])
        return body.replace(invars=pick(jaxpr.invars, inputs)), carry, inputs

    return remembered(jaxpr, ("prune loop", tuple(used), num_consts, num_carry), make)


scan_p: Primitive = primitive(
    "scan",
    impl=_scan_impl,
    abstract=_scan_abstract,
    run=run_staged(lambda: scan_p),
    jvp=_scan_jvp,
    linearize=_scan_linearize,
    transpose=_scan_transpose,
    batch=_scan_batch,
    lower=_scan_lower,
    prune=_scan_prune,
    depends=_scan_depends,
    collective=True,
)
