"""Common subexpressions: an operation applied twice to the same operands is applied once."""

from __future__ import annotations

from typing import Any

from minijax.compiler.simplify.nested import in_nested, renamed
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal


def eliminate_common(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which equal equations without effects stand once.

    Example: `b = sin a; c = sin a; d = add b c` becomes `b = sin a; d = add b b`.
    """
    names: dict[Atom, Atom] = {}
    seen: dict[Any, Eqn] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = in_nested(renamed(eqn, names), eliminate_common)
        if eqn.effects or eqn.primitive.name == "optimization_barrier":
            eqns.append(eqn)
            continue
        earlier = seen.setdefault(_key(eqn), eqn)
        if earlier is eqn:
            eqns.append(eqn)
        else:
            names.update(zip(eqn.outvars, earlier.outvars, strict=True))
    outvars = [names.get(atom, atom) for atom in jaxpr.outvars]
    return jaxpr.replace(eqns=eqns, outvars=outvars)


def _key(eqn: Eqn) -> Any:
    return (
        eqn.primitive,
        tuple(map(_atom_key, eqn.invars)),
        tuple(sorted(eqn.params.items(), key=_name)) if eqn.params else (),
    )


def _name(item: tuple[str, Any]) -> str:
    return item[0]


def _atom_key(atom: Atom) -> Any:
    if isinstance(atom, Literal) and atom.val.shape == ():
        return (atom.aval, atom.val.tobytes())
    return atom
