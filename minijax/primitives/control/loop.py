"""While loops as records: carrying tangents along, pruning, and running a batch of lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minijax.core.jaxpr import Jaxpr, Var
from minijax.core.records import record
from minijax.interpreters.batch import batch_jaxpr, move_batch_axis
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.jvp import jvp_jaxpr
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import stage_closed
from minijax.primitives.control.lanes import choose_lanes, gate_lanes, needs_gate
from minijax.primitives.control.programs import (
    beside,
    carry_fixpoint,
    remembered,
    reorder,
    split_sizes,
)
from minijax.primitives.control.scan import active_carry, prune_loop
from minijax.primitives.control.staged import pick
from minijax.primitives.reduction import reduce_or

Flags = tuple[bool, ...]


@record
class Loop:
    """The programs of a while loop: `cond(cond_consts, carry)` and `body(consts, carry)`."""

    cond: Jaxpr
    body: Jaxpr
    num_cond_consts: int
    num_consts: int

    @property
    def num_carry(self) -> int:
        """The number of carry components."""
        return len(self.cond.invars) - self.num_cond_consts

    @property
    def num_operands(self) -> int:
        """The number of constants of condition and body, and carry components."""
        return self.num_cond_consts + self.num_consts + self.num_carry

    def carry_positions(self, flags: Sequence[bool]) -> list[int]:
        """Returns the positions of flagged carry components among constants and carry."""
        return [i for i, on in enumerate(flags) if on and i >= self.num_consts]

    @property
    def params(self) -> dict[str, Any]:
        """The loop as parameters of a primitive."""
        return {
            "cond_jaxpr": self.cond,
            "body_jaxpr": self.body,
            "cond_nconsts": self.num_cond_consts,
            "body_nconsts": self.num_consts,
        }

    def split(self, operands: Sequence[Any]) -> list[list[Any]]:
        """Returns constants of cond and body, initial carry, and what comes after."""
        return split_sizes(operands, self.num_cond_consts, self.num_consts, self.num_carry)

    def active(self, given: Sequence[bool]) -> Flags:
        """Returns which constants of the body and carry components have a tangent."""
        return active_carry(self.body, given, self.num_consts, self.num_carry)

    def with_tangents(self, active: Flags) -> tuple[Loop, list[int]]:
        """Returns the loop that carries tangents along.

        Args:
            active: which constants of the body and carry components have tangents.

        Returns:
            The loop, and the order of its constants and carry: positions in the list of the
            original ones followed by the active tangents.
        """
        consts, carry = split_sizes(active, self.num_consts)
        derived, _ = jvp_jaxpr(self.body, active, carry)
        order = beside(active, (self.num_consts, self.num_carry))
        body = reorder(derived, order, beside(carry, (self.num_carry,)))
        avals = pick(self.cond.in_avals[self.num_cond_consts :], carry)
        cond = _with_unused_inputs(self.cond, tuple(aval.tangent() for aval in avals))
        return Loop(cond, body, self.num_cond_consts, self.num_consts + sum(consts)), order


def loop_of(cond_jaxpr: Jaxpr, body_jaxpr: Jaxpr, cond_nconsts: int, body_nconsts: int) -> Loop:
    """Returns the loop that the parameters of a primitive describe."""
    return Loop(cond_jaxpr, body_jaxpr, cond_nconsts, body_nconsts)


def _with_unused_inputs(jaxpr: Jaxpr, avals: tuple[Any, ...]) -> Jaxpr:
    def make() -> Jaxpr:
        return jaxpr.replace(invars=(*jaxpr.invars, *map(Var, avals)))

    return remembered(jaxpr, ("with unused inputs", avals), make)


# -- pruning


def pruned_loop(loop: Loop, used: Sequence[bool]) -> tuple[Loop, Flags, Flags]:
    """Returns the loop without what neither its condition nor a used result needs.

    Args:
        loop: a loop; its body may have results besides the carry.
        used: which results of the body are used.

    Returns:
        The smaller loop, which operands it takes, and which carry components it keeps.
    """
    cond, cond_needs = prune_jaxpr(loop.cond, [True])
    cond_consts, tested = split_sizes(cond_needs, loop.num_cond_consts)
    carry_used, others = split_sizes(used, loop.num_carry)
    wanted = tuple(a or b for a, b in zip(carry_used, tested, strict=True))
    body, carry, inputs = prune_loop(loop.body, (*wanted, *others), loop.num_consts, loop.num_carry)

    def make() -> Jaxpr:
        return cond.replace(invars=pick(loop.cond.invars, (*cond_consts, *carry)))

    smaller = remembered(loop.cond, ("pruned condition", carry), make)
    num_consts = sum(inputs[: loop.num_consts])
    return Loop(smaller, body, sum(cond_consts), num_consts), (*cond_consts, *inputs), carry


# -- batching


def batched_carry(
    loop: Loop, size: int, flags: Sequence[bool], mapped_axis: Any
) -> tuple[Flags, bool]:
    """Returns which carry components have the batch axis, and whether the condition has it."""
    cond_consts, consts, init, _ = loop.split(flags)
    never = [False] * loop.num_carry
    always = [True] * loop.num_carry

    def is_tested_by_lane(carry: Flags) -> bool:
        flags = [*cond_consts, *carry]
        return batch_jaxpr(loop.cond, size, flags, [False], mapped_axis)[1][0]

    def step(carry: Flags) -> Sequence[bool]:
        if is_tested_by_lane(carry):
            return always
        return batch_jaxpr(loop.body, size, [*consts, *carry], never, mapped_axis)[1]

    carry = carry_fixpoint(init, step)
    return carry, is_tested_by_lane(carry)


def _lanes_loop(
    loop: Loop, size: int, flags: Sequence[bool], carry: Flags, mapped_axis: Any
) -> tuple[Jaxpr, Loop]:
    """Returns the loop that goes on until every lane is done.

    Its carry is one flag for each lane (whether it goes on) and the original carry, which stands
    still in lanes that are done. Its constants are those of condition and body.

    Returns:
        The condition mapped over lanes, and the loop.
    """
    cond_consts, consts, _, _ = loop.split(flags)
    num_cond = loop.num_cond_consts
    cond, _ = batch_jaxpr(loop.cond, size, [*cond_consts, *carry], [True], mapped_axis)
    body, _ = batch_jaxpr(loop.body, size, [*consts, *carry], carry, mapped_axis)

    def program(*args: Any) -> list[Any]:
        for_cond, for_body, (running,), state = split_sizes(args, num_cond, loop.num_consts, 1)
        inputs = zip((*for_body, *state), (*consts, *carry), strict=True)
        after = eval_jaxpr(body, *(gate_lanes(running, x) if on else x for x, on in inputs))
        kept = [choose_lanes(running, old, new) for old, new in zip(state, after, strict=True)]
        return [*eval_jaxpr(cond, *for_cond, *kept), *kept]

    def make() -> Loop:
        (running,) = cond.out_avals
        avals = [*cond.in_avals[:num_cond], *body.in_avals[: loop.num_consts], running]
        avals += body.in_avals[loop.num_consts :]
        lanes = stage_closed(program, avals, loop.body.name)
        state = [running, *body.in_avals[loop.num_consts :]]
        goes_on = stage_closed(lambda flag, *_: [reduce_or(flag, (0,))], state, loop.cond.name)
        return Loop(goes_on, lanes, 0, num_cond + loop.num_consts)

    return cond, remembered(body, ("lanes", cond), make)


def operand_flags(loop: Loop, given: Sequence[bool], carry: Flags, by_lane: bool) -> list[bool]:
    """Returns which operands get the batch axis."""
    cond_consts, consts, _, _ = loop.split(given)
    if by_lane:
        avals = loop.body.in_avals[: loop.num_consts]
        consts = [on or needs_gate(aval) for on, aval in zip(consts, avals, strict=True)]
    return [*cond_consts, *consts, *carry]


def move_operands(operands: Sequence[Any], dims: Sequence[Any], flags: Any, size: int) -> list[Any]:
    """Returns the flagged operands with the batch axis first, the others as they are."""
    return [
        move_batch_axis(x, dim, size) if on else x
        for x, dim, on in zip(operands, dims, flags, strict=True)
    ]


def mapped_loop(
    loop: Loop,
    size: int,
    flags: Sequence[bool],
    carry: Flags,
    by_lane: bool,
    operands: Sequence[Any],
    mapped_axis: Any,
) -> tuple[Loop, list[Any]]:
    """Returns the mapped loop and its operands, whose carry has a flag first if `by_lane`."""
    cond_consts, consts, init, _ = loop.split(operands)
    if by_lane:
        cond, lanes = _lanes_loop(loop, size, flags, carry, mapped_axis)
        running = eval_jaxpr(cond, *cond_consts, *init)
        return lanes, [*cond_consts, *consts, *running, *init]
    cond_flags, const_flags, _, _ = loop.split(flags)
    cond, _ = batch_jaxpr(loop.cond, size, [*cond_flags, *carry], [False], mapped_axis)
    body, _ = batch_jaxpr(loop.body, size, [*const_flags, *carry], carry, mapped_axis)
    return Loop(cond, body, loop.num_cond_consts, loop.num_consts), list(operands)
