"""Applying a pass to the programs nested in an equation's parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minijax.core.jaxpr import Eqn, Jaxpr

Pass = Callable[[Jaxpr], Jaxpr]


def in_nested(eqn: Eqn, rewrite: Pass) -> Eqn:
    """Returns the equation with `rewrite` applied to every program in its parameters."""
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
