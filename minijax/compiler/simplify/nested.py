"""What passes do to most equations: rename operands, go on in the programs of parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minijax.core.jaxpr import Atom, Eqn, Jaxpr

Pass = Callable[[Jaxpr], Jaxpr]


def renamed(eqn: Eqn, names: Mapping[Atom, Atom]) -> Eqn:
    """Returns the equation on the operands that have taken the place of its own."""
    if not any(atom in names for atom in eqn.invars):
        return eqn
    return eqn.replace(invars=[names.get(atom, atom) for atom in eqn.invars])


def in_nested(eqn: Eqn, rewrite: Pass) -> Eqn:
    """Returns the equation with `rewrite` applied to every program in its parameters."""
    if not eqn.params:
        return eqn
    changed: dict[str, Any] = {}
    for name, value in eqn.params.items():
        if isinstance(value, Jaxpr):
            changed[name] = remembered(rewrite, value)
        elif isinstance(value, tuple) and value and all(isinstance(x, Jaxpr) for x in value):
            changed[name] = tuple(remembered(rewrite, inner) for inner in value)
    return eqn.replace(params=eqn.params | changed) if changed else eqn


def remembered(rewrite: Pass, jaxpr: Jaxpr) -> Jaxpr:
    """Returns `rewrite(jaxpr)`, done once for each program."""
    key = ("simplify", rewrite)
    found = jaxpr.memo.get(key)
    if found is None:
        found = jaxpr.memo[key] = rewrite(jaxpr)
    return found
