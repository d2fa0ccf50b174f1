"""Which results of an operation, and which outputs of a program, depend on which inputs.

All results of an operation without programs depend on all its operands; one that carries programs
has a `depends` rule, which looks inside.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.core.jaxpr import Atom, Eqn, Jaxpr

Flags = tuple[bool, ...]


def dependent_results(eqn: Eqn, operands: Sequence[bool]) -> Flags:
    """Returns which results of an equation depend on the given operands."""
    if eqn.primitive.depends is None or not any(operands):
        return (any(operands),) * len(eqn.outvars)
    return tuple(eqn.primitive.depends(tuple(operands), **eqn.params))


def dependent_outputs(jaxpr: Jaxpr, inputs: Sequence[bool]) -> Flags:
    """Returns which outputs of a program depend on the given inputs."""
    key = ("dependent", tuple(inputs))
    if key not in jaxpr.memo:
        dependent: set[Atom] = {var for var, on in zip(jaxpr.invars, inputs, strict=True) if on}
        for eqn in jaxpr.eqns:
            flags = [atom in dependent for atom in eqn.invars]
            if any(flags):
                found = dependent_results(eqn, flags)
                dependent.update(var for var, on in zip(eqn.outvars, found, strict=True) if on)
        jaxpr.memo[key] = tuple(atom in dependent for atom in jaxpr.outvars)
    return jaxpr.memo[key]


def split_eqn(eqn: Eqn, operands: Sequence[bool]) -> tuple[Eqn | None, Eqn]:
    """Takes an equation apart by whether results depend on the given operands.

    Returns:
        The equation of the results that do not, None if there are none, and that of the others,
        which may name some of the former again.
    """
    depends = dependent_results(eqn, operands)
    if all(depends) or eqn.primitive.prune is None or eqn.effects:
        return None, eqn
    apart = eqn.primitive.prune(eqn, [not on for on in depends])
    if not any(depends):
        return apart, eqn
    return apart, eqn.primitive.prune(eqn, list(depends))
