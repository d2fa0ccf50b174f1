"""Loop invariants: what a loop computes anew each step from its constants is computed before it.

scan { c, x -> t = sin c; x + t }      becomes      t = sin c;  scan { t, x -> x + t }

The condition and the body of a while loop are treated alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.simplify.nested import in_nested
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.primitives.control.scan import scan_p
from minijax.primitives.control.while_loop import while_p


def hoist_invariants(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which loops do not repeat what depends on their constants alone."""
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = in_nested(eqn, hoist_invariants)
        if eqn.primitive is scan_p:
            eqn = _split_scan(eqn, eqns)
        elif eqn.primitive is while_p:
            eqn = _split_while(eqn, eqns)
        eqns.append(eqn)
    return jaxpr.replace(eqns=eqns)


def _split_scan(eqn: Eqn, before: list[Eqn]) -> Eqn:
    num_consts = eqn.params["num_consts"]
    consts = eqn.invars[:num_consts]
    body, more = _split(eqn.params["jaxpr"], consts, before)
    params = eqn.params | {"jaxpr": body, "num_consts": num_consts + len(more)}
    return eqn.replace(invars=[*consts, *more, *eqn.invars[num_consts:]], params=params)


def _split_while(eqn: Eqn, before: list[Eqn]) -> Eqn:
    params = eqn.params
    start = params["cond_nconsts"]
    end = start + params["body_nconsts"]
    of_cond, of_body, init = eqn.invars[:start], eqn.invars[start:end], eqn.invars[end:]
    cond, for_cond = _split(params["cond_jaxpr"], of_cond, before)
    body, for_body = _split(params["body_jaxpr"], of_body, before)
    changed = {
        "cond_jaxpr": cond,
        "body_jaxpr": body,
        "cond_nconsts": start + len(for_cond),
        "body_nconsts": params["body_nconsts"] + len(for_body),
    }
    invars = [*of_cond, *for_cond, *of_body, *for_body, *init]
    return eqn.replace(invars=invars, params=params | changed)


def _split(body: Jaxpr, consts: Sequence[Atom], before: list[Eqn]) -> tuple[Jaxpr, list[Var]]:
    """Takes invariant equations out of a program whose leading inputs are constants.

    Args:
        body: the program.
        consts: the values of its leading inputs.
        before: receives the equations.

    Returns:
        The smaller program, and the values of further inputs that follow the constants.
    """
    outside: dict[Atom, Atom] = dict(zip(body.invars, consts, strict=False))
    kept: list[Eqn] = []
    produced: dict[Atom, Var] = {}
    for inner in body.eqns:
        if _is_invariant(inner, outside):
            outvars = [Var(var.aval) for var in inner.outvars]
            operands = [outside.get(atom, atom) for atom in inner.invars]
            before.append(inner.replace(invars=operands, outvars=outvars))
            outside.update(zip(inner.outvars, outvars, strict=True))
            produced.update(zip(inner.outvars, outvars, strict=True))
        else:
            kept.append(inner)
    if not produced:
        return body, []
    used = {atom for inner in kept for atom in inner.invars} | set(body.outvars)
    needed = [var for var in produced if var in used]
    count = len(consts)
    invars = (*body.invars[:count], *needed, *body.invars[count:])
    return body.replace(invars=invars, eqns=kept), [produced[var] for var in needed]


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
