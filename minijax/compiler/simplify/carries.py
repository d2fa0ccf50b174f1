"""Carries: what a loop hands on unchanged is one of its constants.

scan { c, x -> (c, c + x) } from a      becomes      scan { const c, x -> c + x } with c = a

Its result is the first value, and what depends on it alone can be computed before the loop.
"""

from __future__ import annotations

from minijax.compiler.simplify.nested import in_nested, renamed
from minijax.core.jaxpr import Atom, Eqn, Jaxpr
from minijax.primitives.control.scan import scan_p
from minijax.primitives.control.while_loop import while_p


def carries_to_constants(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which loops carry only what changes."""
    names: dict[Atom, Atom] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = renamed(eqn, names)
        eqn = in_nested(eqn, carries_to_constants)
        if eqn.primitive is scan_p:
            eqn = _scan(eqn, names)
        elif eqn.primitive is while_p:
            eqn = _while(eqn, names)
        eqns.append(eqn)
    return jaxpr.replace(eqns=eqns, outvars=[names.get(atom, atom) for atom in jaxpr.outvars])


def _unchanged(body: Jaxpr, num_consts: int, num_carry: int) -> list[int]:
    carry = body.invars[num_consts : num_consts + num_carry]
    return [j for j, var in enumerate(carry) if body.outvars[j] is var]


def _scan(eqn: Eqn, names: dict[Atom, Atom]) -> Eqn:
    body: Jaxpr = eqn.params["jaxpr"]
    num_consts, num_carry = eqn.params["num_consts"], eqn.params["num_carry"]
    fixed = _unchanged(body, num_consts, num_carry)
    if not fixed:
        return eqn
    names.update((eqn.outvars[j], eqn.invars[num_consts + j]) for j in fixed)
    outs = [k for k in range(len(body.outvars)) if k not in fixed]
    body = body.replace(outvars=[body.outvars[k] for k in outs])
    order, added = _moved(body, num_consts, fixed)
    smaller = body.replace(invars=[body.invars[k] for k in order])
    changed = {"num_consts": num_consts + added, "num_carry": num_carry - len(fixed)}
    return eqn.replace(
        invars=[eqn.invars[k] for k in order],
        outvars=[eqn.outvars[k] for k in outs],
        params=eqn.params | {"jaxpr": smaller} | changed,
    )


def _while(eqn: Eqn, names: dict[Atom, Atom]) -> Eqn:
    cond, body = eqn.params["cond_jaxpr"], eqn.params["body_jaxpr"]
    num_cond, num_body = eqn.params["cond_nconsts"], eqn.params["body_nconsts"]
    num_carry = len(eqn.invars) - num_cond - num_body
    fixed = _unchanged(body, num_body, num_carry)
    if not fixed:
        return eqn
    init = eqn.invars[num_cond + num_body :]
    names.update((eqn.outvars[j], init[j]) for j in fixed)
    kept = [j for j in range(num_carry) if j not in fixed]
    body = body.replace(outvars=[body.outvars[j] for j in kept])
    of_cond, more_cond = _moved(cond, num_cond, fixed)
    of_body, more_body = _moved(body, num_body, fixed)
    for_cond = [*eqn.invars[:num_cond], *init]
    for_body = eqn.invars[num_cond:]
    params = {
        "cond_jaxpr": cond.replace(invars=[cond.invars[k] for k in of_cond]),
        "body_jaxpr": body.replace(invars=[body.invars[k] for k in of_body]),
        "cond_nconsts": num_cond + more_cond,
        "body_nconsts": num_body + more_body,
    }
    constants = [for_cond[k] for k in of_cond[: num_cond + more_cond]]
    return eqn.replace(
        invars=[*constants, *(for_body[k] for k in of_body)],
        outvars=[eqn.outvars[j] for j in kept],
        params=eqn.params | params,
    )


def _moved(program: Jaxpr, num_consts: int, fixed: list[int]) -> tuple[list[int], int]:
    """Returns the inputs of a program with some of its carry among the constants.

    Returns:
        The order of the inputs that are left, and how many constants have come; of those that were
        carried only what is used stays.
    """
    used = {atom for eqn in program.eqns for atom in eqn.invars} | set(program.outvars)
    carried = [num_consts + j for j in fixed]
    moved = [k for k in carried if program.invars[k] in used]
    rest = [k for k in range(num_consts, len(program.invars)) if k not in carried]
    return [*range(num_consts), *moved, *rest], len(moved)
