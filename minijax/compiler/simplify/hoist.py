"""Loop invariants: what a scan computes anew each step from its constants is computed before it.

scan { c, x -> t = sin c; x + t }      becomes      t = sin c;  scan { t, x -> x + t }
"""

from __future__ import annotations

from minijax.compiler.simplify.nested import in_nested
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.primitives.control.scan import scan_p


def hoist_invariants(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which scans do not repeat what depends on their constants alone."""
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = in_nested(eqn, hoist_invariants)
        if eqn.primitive is scan_p:
            before, eqn = _split_scan(eqn)
            eqns.extend(before)
        eqns.append(eqn)
    return jaxpr.replace(eqns=eqns)


def _split_scan(eqn: Eqn) -> tuple[list[Eqn], Eqn]:
    body: Jaxpr = eqn.params["jaxpr"]
    num_consts = eqn.params["num_consts"]
    outside: dict[Atom, Atom] = dict(zip(body.invars[:num_consts], eqn.invars, strict=False))
    before: list[Eqn] = []
    kept: list[Eqn] = []
    produced: dict[Atom, Var] = {}
    for inner in body.eqns:
        if _is_invariant(inner, outside):
            outvars = [Var(var.aval) for var in inner.outvars]
            invars = [outside.get(atom, atom) for atom in inner.invars]
            before.append(inner.replace(invars=invars, outvars=outvars))
            outside.update(zip(inner.outvars, outvars, strict=True))
            produced.update(zip(inner.outvars, outvars, strict=True))
        else:
            kept.append(inner)
    if not before:
        return [], eqn
    used = {atom for inner in kept for atom in inner.invars} | set(body.outvars)
    needed = [var for var in produced if var in used]
    new_body = body.replace(
        invars=(*body.invars[:num_consts], *needed, *body.invars[num_consts:]), eqns=kept
    )
    operands = (
        *eqn.invars[:num_consts],
        *(produced[var] for var in needed),
        *eqn.invars[num_consts:],
    )
    params = eqn.params | {"jaxpr": new_body, "num_consts": num_consts + len(needed)}
    return before, eqn.replace(invars=operands, params=params)


def _is_invariant(eqn: Eqn, outside: dict[Atom, Atom]) -> bool:
    # A program inside may not end, or be guarded by a branch: it stays where it is. A broadcast
    # or iota costs nothing inside a loop, and memory outside.
    if eqn.primitive.run is not None or eqn.effects or not eqn.invars:
        return False
    if any(not isinstance(atom, Literal) and atom not in outside for atom in eqn.invars):
        return False
    return not _grows(eqn)


def _grows(eqn: Eqn) -> bool:
    largest = max((_size(atom.aval) for atom in eqn.invars), default=0)
    return any(_size(var.aval) > max(largest, 1) for var in eqn.outvars)


def _size(aval: object) -> int:
    return aval.size if isinstance(aval, ShapedArray) else 0
