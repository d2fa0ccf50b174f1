"""Residuals of loops: where each value lives that the linear body needs from the primal one.

A residual is a constant of the loop; or computed from constants alone, then once before the loop;
or a slice of a scanned input; or an index, a flag, or another order of elements, which the linear
body computes again from those; or else it is saved by each iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.avals import ShapedArray
from minijax.core.dtypes import bool_, is_integer
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Var, sub_jaxprs
from minijax.core.records import record, replace
from minijax.interpreters.linearize import Linearized
from minijax.interpreters.prune import prune_jaxpr
from minijax.primitives.control.programs import reorder_inputs
from minijax.primitives.control.staged import pick


@record
class SplitBody:
    """The body of a loop, linearized, with each residual at its cheapest place.

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
    split = _with_recomputed(split, num_consts, num_carry)
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
        constants: list[int] = []
        rest: list[int] = []
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


# -- indices, flags and other orders of elements are computed again

_ORDERS = frozenset(["broadcast_in_dim", "reshape", "rev", "squeeze", "transpose"])


def _with_recomputed(split: Linearized, num_consts: int, num_carry: int) -> Linearized:
    """Returns the split program whose linear part computes indices, flags and orders itself.

    They are made from constants, slices of xs and counters in the carry, by operations on single
    integers and bools or ones that only arrange elements: cheaper to repeat than to save.
    """
    primal = split.primal
    carry = primal.invars[num_consts : num_consts + num_carry]
    leaves: set[Atom] = {v for v in primal.invars if v not in carry or _is_small(v.aval)}
    repeatable = _repeatable(primal, leaves) - _loop_invariant(primal, num_consts)
    first = len(primal.outvars) - split.num_saved
    saved = primal.outvars[first:]
    repeated = [atom in repeatable for atom in saved]
    if not any(repeated):
        return split
    names: dict[Atom, Var] = {}
    rest = iter(saved)
    sources = [primal.invars[i] if i is not None else next(rest) for i in split.forwarded]
    for atom, var in zip(sources, split.linear.invars, strict=False):
        names.setdefault(atom, var)
    chain, inputs = _slice_of(primal, set(pick(saved, repeated)))
    kept = [
        (var, source)
        for var, atom, source in zip(split.linear.invars, sources, split.forwarded, strict=False)
        if atom not in repeatable
    ]
    for leaf in inputs:
        if leaf not in names:
            names[leaf] = Var(leaf.aval)
            kept.append((names[leaf], primal.invars.index(leaf)))
    tangents = split.linear.invars[len(split.forwarded) :]
    return replace(
        split,
        primal=primal.replace(
            outvars=[*primal.outvars[:first], *pick(saved, [not on for on in repeated])]
        ),
        linear=split.linear.replace(
            invars=[*(var for var, _ in kept), *tangents],
            eqns=[*(_renamed(eqn, names) for eqn in chain), *split.linear.eqns],
        ),
        forwarded=tuple(source for _, source in kept),
    )


def _is_small(aval: Any) -> bool:
    """Whether a value is one integer or bool."""
    if type(aval) is not ShapedArray or aval.size != 1:
        return False
    return aval.dtype == bool_ or is_integer(aval.dtype)


def _repeatable(jaxpr: Jaxpr, leaves: set[Atom]) -> set[Atom]:
    """Returns the variables made from the leaves by operations that cost next to nothing."""
    known = set(leaves)
    found: set[Atom] = set()
    for eqn in jaxpr.eqns:
        is_known = all(atom in known for atom in eqn.invars if isinstance(atom, Var))
        if is_known and (eqn.primitive.name in _ORDERS or _is_counting(eqn)):
            known.update(eqn.outvars)
            found.update(eqn.outvars)
    return found


def _is_counting(eqn: Eqn) -> bool:
    """Whether an equation makes one integer or bool without going over an array."""
    is_one = len(eqn.outvars) == 1 and _is_small(eqn.outvars[0].aval) and not eqn.effects
    if not is_one or any(True for _ in sub_jaxprs(eqn.params)):
        return False
    # A reduction of an array has one small result too.
    reads_arrays = any(getattr(atom.aval, "size", 0) > 1 for atom in eqn.invars)
    return not reads_arrays or eqn.primitive.name in ("dynamic_slice", "slice")


def _slice_of(jaxpr: Jaxpr, wanted: set[Atom]) -> tuple[list[Eqn], list[Var]]:
    """Returns the equations that make some variables, and the leaves that they start from."""
    needed, chain = set(wanted), []
    for eqn in reversed(jaxpr.eqns):
        if eqn.outvars[0] in needed:
            chain.append(eqn)
            needed.update(atom for atom in eqn.invars if isinstance(atom, Var))
    return chain[::-1], [var for var in jaxpr.invars if var in needed]


def _renamed(eqn: Eqn, names: dict[Atom, Var]) -> Eqn:
    for var in eqn.outvars:
        names.setdefault(var, Var(var.aval))
    return eqn.replace(
        invars=[names.get(atom, atom) for atom in eqn.invars],
        outvars=[names[var] for var in eqn.outvars],
    )
