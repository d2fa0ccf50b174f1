"""Constant folding: operations on scalar constants are carried out by their `impl` rule."""

from __future__ import annotations

from minijax.compiler.simplify.nested import in_nested, renamed
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal

# A barrier is there to be kept. A Python function may raise, and stands in a branch for that.
_KEPT = ("optimization_barrier", "pure_callback")


def fold_constants(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which scalar operations on literals have become literals.

    Only results of rank 0 are folded: a larger constant would cost memory and code.
    """
    known: dict[Atom, Atom] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = renamed(eqn, known)
        if _is_foldable(eqn):
            values = [atom.val for atom in eqn.invars if isinstance(atom, Literal)]
            outs = eqn.primitive.impl(*values, **eqn.params)
            for var, out in zip(eqn.outvars, outs, strict=True):
                assert isinstance(var.aval, ShapedArray)
                known[var] = Literal(out, var.aval)
        else:
            eqns.append(in_nested(eqn, fold_constants))
    outvars = [known.get(atom, atom) for atom in jaxpr.outvars]
    return jaxpr.replace(eqns=eqns, outvars=outvars)


def _is_foldable(eqn: Eqn) -> bool:
    # `run` marks primitives that carry programs, and those of other libraries.
    return (
        bool(eqn.invars)
        and all(isinstance(atom, Literal) and atom.val.shape == () for atom in eqn.invars)
        and eqn.primitive.run is None
        and eqn.primitive.name not in _KEPT
        and not eqn.effects
        and all(var.aval.shape == () for var in eqn.outvars)  # type: ignore[attr-defined]
    )
