"""Loop invariants: what a loop computes anew each step from its constants is computed before it.

scan { c, x -> t = sin c; x + t }      becomes      t = sin c;  scan { t, x -> x + t }

The condition and the body of a while loop are treated alike. A product takes along what it needs
of arrays that would not leave the loop for their own sake, such as a matrix of ones and zeros.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.simplify.nested import in_nested
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.primitives.control.scan import scan_p
from minijax.primitives.control.while_loop import while_p

_HEAVY = frozenset(["dot_general", "conv_general_dilated"])


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
    light: dict[Atom, Eqn] = {}
    for inner in body.eqns:
        if inner.primitive.name in _HEAVY:
            _take_along(inner, outside, light, before)
        if _is_invariant(inner, outside):
            _move(inner, outside, before)
            produced.update((var, outside[var]) for var in inner.outvars)  # type: ignore[misc]
        else:
            kept.append(inner)
            if _is_light(inner, outside, light):
                light.update(dict.fromkeys(inner.outvars, inner))
    if not produced:
        return body, []
    used = {atom for inner in kept for atom in inner.invars} | set(body.outvars)
    needed = [var for var in produced if var in used]
    count = len(consts)
    invars = (*body.invars[:count], *needed, *body.invars[count:])
    return body.replace(invars=invars, eqns=kept), [produced[var] for var in needed]


def _move(eqn: Eqn, outside: dict[Atom, Atom], before: list[Eqn]) -> None:
    outvars = [Var(var.aval) for var in eqn.outvars]
    before.append(eqn.replace(invars=[outside.get(x, x) for x in eqn.invars], outvars=outvars))
    outside.update(zip(eqn.outvars, outvars, strict=True))


def _take_along(
    eqn: Eqn, outside: dict[Atom, Atom], light: dict[Atom, Eqn], before: list[Eqn]
) -> None:
    """Copies what an equation needs of light ones in front of the loop, if it can go there then."""
    if any(not (isinstance(x, Literal) or x in outside or x in light) for x in eqn.invars):
        return
    needed: dict[int, Eqn] = {}
    stack = [light[x] for x in eqn.invars if x in light]
    while stack:
        each = stack.pop()
        needed[id(each)] = each
        stack += [light[x] for x in each.invars if x in light and id(light[x]) not in needed]
    known = dict(outside)
    order = {id(each): place for place, each in enumerate(light.values())}
    for each in sorted(needed.values(), key=lambda e: order[id(e)]):
        _move(each, known, before)
    outside.update((x, known[x]) for x in eqn.invars if x in known)


def _is_invariant(eqn: Eqn, outside: dict[Atom, Atom]) -> bool:
    # A program inside may not end, or be guarded by a branch: it stays where it is. A broadcast
    # or iota costs nothing inside a loop, and memory outside.
    if eqn.primitive.run is not None or eqn.effects or not eqn.invars:
        return False
    if any(not isinstance(atom, Literal) and atom not in outside for atom in eqn.invars):
        return False
    return not _grows(eqn)


def _is_light(eqn: Eqn, outside: dict[Atom, Atom], light: dict[Atom, Eqn]) -> bool:
    """Tells whether an equation that stays could be repeated outside."""
    if eqn.primitive.run is not None or eqn.effects:
        return False
    return all(isinstance(x, Literal) or x in outside or x in light for x in eqn.invars)


def _grows(eqn: Eqn) -> bool:
    largest = max((_size(atom.aval) for atom in eqn.invars), default=0)
    return any(_size(var.aval) > max(largest, 1) for var in eqn.outvars)


def _size(aval: object) -> int:
    return aval.size if isinstance(aval, ShapedArray) else 0
