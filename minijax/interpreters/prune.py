"""Pruning: leaving out what nobody uses.

    prune_jaxpr : (a -> b), used results    to    (used a -> used b)

An equation goes if none of its results is used and it has no effect. An equation that carries
programs is made smaller by its primitive's own `prune` rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Var


def prune_jaxpr(jaxpr: Jaxpr, used: Sequence[bool]) -> tuple[Jaxpr, tuple[bool, ...]]:
    """Returns the program of the used outputs alone, and which inputs it still needs.

    Args:
        jaxpr: a closed program.
        used: which outputs are wanted.

    Returns:
        The pruned program, whose inputs are only those that it needs, and which those are.
    """
    key = ("prune", tuple(used))
    if key not in jaxpr.memo:
        jaxpr.memo[key] = _prune_jaxpr(jaxpr, key[1])
    return jaxpr.memo[key]


def _prune_jaxpr(jaxpr: Jaxpr, used: tuple[bool, ...]) -> tuple[Jaxpr, tuple[bool, ...]]:
    outvars = [atom for atom, on in zip(jaxpr.outvars, used, strict=True) if on]
    live: set[Atom] = {atom for atom in outvars if isinstance(atom, Var)}
    kept: list[Eqn] = []
    for eqn in reversed(jaxpr.eqns):
        pruned = _prune_eqn(eqn, [var in live for var in eqn.outvars])
        if pruned is not None:
            kept.append(pruned)
            live.update(atom for atom in pruned.invars if isinstance(atom, Var))
    needed = tuple(var in live for var in jaxpr.invars)
    invars = [var for var, on in zip(jaxpr.invars, needed, strict=True) if on]
    return Jaxpr(invars, outvars, kept[::-1], name=jaxpr.name), needed


def _prune_eqn(eqn: Eqn, used: list[bool]) -> Eqn | None:
    if not any(used) and not eqn.effects:
        return None
    if eqn.primitive.prune is None or all(used):
        return eqn
    return eqn.primitive.prune(eqn, used)
