"""Forwarding: a scan does not stack what is there already.

scan { x, y -> (x, sin y, k) } over xs, ys     stacks     sin y     alone

What it hands on of a scanned array is that array; of a constant, the constant repeated. A value
that is stacked twice is stacked once. So residuals of a derivative that are inputs cost no memory.
"""

from __future__ import annotations

from minijax.compiler.simplify.nested import in_nested, renamed
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.interpreters.stage import stage_closed
from minijax.primitives.broadcast import broadcast_in_dim
from minijax.primitives.control.scan import scan_p


def forward_stacks(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which scans stack only what they compute."""
    names: dict[Atom, Atom] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = renamed(eqn, names)
        eqn = in_nested(eqn, forward_stacks)
        if eqn.primitive is scan_p:
            eqn, repeated = _forward(eqn, names)
            eqns += repeated
        eqns.append(eqn)
    return jaxpr.replace(eqns=eqns, outvars=[names.get(atom, atom) for atom in jaxpr.outvars])


def _forward(eqn: Eqn, names: dict[Atom, Atom]) -> tuple[Eqn, list[Eqn]]:
    body: Jaxpr = eqn.params["jaxpr"]
    num_consts, num_carry = eqn.params["num_consts"], eqn.params["num_carry"]
    constants: dict[Atom, Atom] = dict(zip(body.invars[:num_consts], eqn.invars, strict=False))
    first = num_consts + num_carry
    stacked: dict[Atom, Atom] = dict(zip(body.invars[first:], eqn.invars[first:], strict=True))
    kept = list(range(num_carry))
    repeated: list[Eqn] = []
    for k in range(num_carry, len(body.outvars)):
        inner, outer = body.outvars[k], eqn.outvars[k]
        value = inner if isinstance(inner, Literal) else constants.get(inner)
        if value is not None:
            eqns, found = _repeated(value, eqn.params["length"])
            repeated += eqns
            names[outer] = found
        elif inner in stacked:
            names[outer] = stacked[inner]
        else:
            stacked[inner] = outer
            kept.append(k)
    if len(kept) == len(body.outvars):
        return eqn, []
    smaller = body.replace(outvars=[body.outvars[k] for k in kept])
    outvars = [eqn.outvars[k] for k in kept]
    return eqn.replace(outvars=outvars, params=eqn.params | {"jaxpr": smaller}), repeated


def _repeated(value: Atom, length: int) -> tuple[list[Eqn], Atom]:
    """Returns equations that repeat a value along a new leading axis, and their result."""
    aval = value.aval
    assert isinstance(aval, ShapedArray), "a loop's values are arrays"
    shape = (length, *aval.shape)
    axes = tuple(range(1, len(shape)))
    program = stage_closed(lambda x: [broadcast_in_dim(x, shape, axes)], [aval], "repeat")
    fresh: dict[Atom, Atom] = {program.invars[0]: value}
    eqns = []
    for eqn in program.eqns:
        invars = [fresh.get(atom, atom) for atom in eqn.invars]
        outvars = [Var(var.aval) for var in eqn.outvars]
        fresh.update(zip(eqn.outvars, outvars, strict=True))
        eqns.append(eqn.replace(invars=invars, outvars=outvars))
    return eqns, fresh.get(program.outvars[0], program.outvars[0])
