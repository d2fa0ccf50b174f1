"""How the programs of primitives are rearranged: order, added outputs, what depends on what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from minijax.core.avals import Zero
from minijax.core.jaxpr import Atom, Jaxpr, Var
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.linearize import Linearized
from minijax.interpreters.prune import prune_jaxpr
from minijax.primitives.control.staged import pick


def remembered(jaxpr: Jaxpr, key: Any, make: Callable[[], Any]) -> Any:
    """Returns what was derived from a program under a key, derived now if it is the first time."""
    if key not in jaxpr.memo:
        jaxpr.memo[key] = make()
    return jaxpr.memo[key]


def reorder_inputs(jaxpr: Jaxpr, order: Sequence[int]) -> Jaxpr:
    """Returns the program whose input k is the input `order[k]`."""
    key = ("inputs", tuple(order))
    invars = [jaxpr.invars[i] for i in order]
    return remembered(jaxpr, key, lambda: jaxpr.replace(invars=invars))


def reorder(jaxpr: Jaxpr, inputs: Sequence[int], outputs: Sequence[int]) -> Jaxpr:
    """Returns the program with inputs permuted and outputs chosen by position."""
    key = ("reorder", tuple(inputs), tuple(outputs))
    invars = [jaxpr.invars[i] for i in inputs]
    outvars = [jaxpr.outvars[i] for i in outputs]
    return remembered(jaxpr, key, lambda: jaxpr.replace(invars=invars, outvars=outvars))


def beside(active: Sequence[bool], groups: Sequence[int]) -> list[int]:
    """Returns the order that puts the tangents of each group of values right after the group.

    Args:
        active: for each value whether it has a tangent; the tangents come after all values.
        groups: the sizes of consecutive groups of values.
    """
    total, order, start = len(active), [], 0
    tangent_of = {}
    for i, is_active in enumerate(active):
        if is_active:
            tangent_of[i] = total + len(tangent_of)
    for size in groups:
        members = range(start, start + size)
        order += [*members, *(tangent_of[i] for i in members if i in tangent_of)]
        start += size
    return order


def dependent_outputs(jaxpr: Jaxpr, inputs: Sequence[bool]) -> tuple[bool, ...]:
    """Returns which outputs depend on the given inputs, equation by equation."""

    def find() -> tuple[bool, ...]:
        dependent: set[Atom] = set(pick(jaxpr.invars, inputs))
        for eqn in jaxpr.eqns:
            if any(atom in dependent for atom in eqn.invars):
                dependent.update(eqn.outvars)
        return tuple(atom in dependent for atom in jaxpr.outvars)

    return remembered(jaxpr, ("dependent", tuple(inputs)), find)


def carry_fixpoint(
    start: Sequence[bool], step: Callable[[tuple[bool, ...]], Sequence[bool]]
) -> tuple[bool, ...]:
    """Returns the least set of carry components that holds `start` and is closed under `step`.

    Args:
        start: a flag for each component before the first iteration.
        step: given the flags before an iteration, returns (at least) the flags after it.
    """
    flags = tuple(start)
    while True:
        after = tuple(a or b for a, b in zip(flags, step(flags), strict=False))
        if after == flags:
            return flags
        flags = after


def split_sizes(values: Sequence[Any], *sizes: int) -> list[list[Any]]:
    """Returns consecutive parts of a sequence: one of each size, then the rest."""
    parts, start = [], 0
    for size in sizes:
        parts.append(list(values[start : start + size]))
        start += size
    return [*parts, list(values[start:])]


def fill_zeros(
    flags: Sequence[bool], avals: Sequence[Any], found: Sequence[Any]
) -> tuple[Any, ...]:
    """Returns a tangent for each aval: the next one found where the flag is set, else `Zero`."""
    rest = iter(found)
    return tuple(
        next(rest) if on else Zero(aval.tangent()) for on, aval in zip(flags, avals, strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class SplitBody:
    """The body of a loop, linearized, with each residual at its cheapest place.

    A residual is a constant of the loop, or computed from constants alone (then once, before the
    loop), or a slice of a scanned input, or else it is saved by each iteration.

    Attributes:
        body: (consts, carry, xs) -> (carry, ys, saved).
        hoisted: (some of the consts) -> the residuals that depend on nothing else.
        hoisted_needs: which consts `hoisted` takes.
        linear: (constant residuals, tangents of consts, tangents of carry, residuals by
            iteration, tangents of xs) -> tangents of carry and ys.
        constant_sources: for each constant residual its position among consts followed by hoisted.
        sequence_sources: for each residual by iteration its position among xs, ys, saved.
        out_active: which outputs have a tangent.
    """

    body: Jaxpr
    hoisted: Jaxpr
    hoisted_needs: tuple[bool, ...]
    linear: Jaxpr
    constant_sources: tuple[int, ...]
    sequence_sources: tuple[int, ...]
    out_active: tuple[bool, ...]

    def constants(
        self, consts: Sequence[Any], run: Callable[[Jaxpr, list[Any]], Sequence[Any]]
    ) -> list[Any]:
        """Returns the constant residuals; `run` applies a program to its inputs."""
        known = [*consts, *run(self.hoisted, pick(consts, self.hoisted_needs))]
        return [known[i] for i in self.constant_sources]

    def sequences(self, xs: Sequence[Any], stacked: Sequence[Any]) -> list[Any]:
        """Returns the residuals by iteration, given xs and the stacked results of `body`."""
        known = [*xs, *stacked]
        return [known[i] for i in self.sequence_sources]


def split_body(
    split: Linearized, active: Sequence[bool], num_consts: int, num_carry: int
) -> SplitBody:
    """Returns the linearized body of a loop with every residual at its cheapest place."""
    return _BodySplitter(split, num_consts, num_carry).finish(active)


class _BodySplitter:
    def __init__(self, split: Linearized, num_consts: int, num_carry: int) -> None:
        self.split = split
        self.num_consts = num_consts
        self.num_carry = num_carry
        primal = split.primal
        self.num_xs = len(primal.invars) - num_consts - num_carry
        num_outs = len(primal.outvars) - split.num_saved
        self.outs = list(primal.outvars[:num_outs])
        self.saved = iter(primal.outvars[num_outs:])
        self.hoisted: list[Atom] = []
        self.constants: list[int] = []
        self.sequences: list[int] = []
        self.is_constant: list[bool] = []
        self.invariant = _loop_invariant(primal, num_consts)

    def place(self, source: int | None) -> None:
        first_x = self.num_consts + self.num_carry
        if source is not None and source < self.num_consts:
            self._constant(source)
        elif source is not None and source >= first_x:
            self._sequence(source - first_x)
        else:
            atom = next(self.saved) if source is None else self.split.primal.invars[source]
            if source is None and (not isinstance(atom, Var) or atom in self.invariant):
                self.hoisted.append(atom)
                self._constant(self.num_consts + len(self.hoisted) - 1)
            else:
                self._sequence(self.num_xs + self._stacked(atom))

    def _constant(self, position: int) -> None:
        self.is_constant.append(True)
        self.constants.append(position)

    def _sequence(self, position: int) -> None:
        self.is_constant.append(False)
        self.sequences.append(position)

    def _stacked(self, atom: Atom) -> int:
        """Returns the position among ys and saved of a value; what is a y already serves."""
        stacked = self.outs[self.num_carry :]
        for position, present in enumerate(stacked):
            if present is atom:
                return position
        self.outs.append(atom)
        return len(stacked)

    def finish(self, active: Sequence[bool]) -> SplitBody:
        for source in self.split.forwarded:
            self.place(source)
        primal, linear = self.split.primal, self.split.linear
        constants, rest = [], []
        for position, is_constant in enumerate(self.is_constant):
            (constants if is_constant else rest).append(position)
        before_xs = len(self.is_constant) + sum(active[: self.num_consts + self.num_carry])
        start = len(self.is_constant)
        order = [*constants, *range(start, before_xs), *rest, *range(before_xs, len(linear.invars))]
        program = Jaxpr(primal.invars, self.hoisted, primal.eqns, name=primal.name)
        hoisted, needs = prune_jaxpr(_without_effects(program), [True] * len(self.hoisted))
        return SplitBody(
            primal.replace(outvars=self.outs),
            hoisted,
            needs[: self.num_consts],
            reorder_inputs(linear, order),
            tuple(self.constants),
            tuple(self.sequences),
            self.split.out_active,
        )


def _loop_invariant(jaxpr: Jaxpr, num_consts: int) -> set[Atom]:
    """Returns the variables of a body that depend on its constants alone."""
    invariant: set[Atom] = set()
    known: set[Atom] = set(jaxpr.invars[:num_consts])
    for eqn in jaxpr.eqns:
        is_known = all(atom in known for atom in eqn.invars if isinstance(atom, Var))
        if is_known and not eqn.effects:
            known.update(eqn.outvars)
            invariant.update(eqn.outvars)
    return invariant


def _without_effects(jaxpr: Jaxpr) -> Jaxpr:
    return jaxpr.replace(eqns=[eqn for eqn in jaxpr.eqns if not eqn.effects])


def run_here(jaxpr: Jaxpr, args: Sequence[Any]) -> list[Any]:
    """Applies a program in the current trace."""
    return eval_jaxpr(jaxpr, *args)
