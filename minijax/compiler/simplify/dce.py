"""Dead code: what nobody uses goes; operations with effects stay."""

from __future__ import annotations

from minijax.compiler.simplify.nested import in_nested
from minijax.core.jaxpr import Jaxpr
from minijax.interpreters.prune import prune_jaxpr


def eliminate_dead(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program without unused equations; its inputs stay as they are."""
    pruned, _ = prune_jaxpr(jaxpr, [True] * len(jaxpr.outvars))
    eqns = [in_nested(eqn, eliminate_dead) for eqn in pruned.eqns]
    return jaxpr.replace(eqns=eqns)
