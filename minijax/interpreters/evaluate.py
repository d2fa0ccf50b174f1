"""Running a jaxpr: with NumPy (`evaluate`, the reference) or in the current trace (`eval_jaxpr`).

`evaluate` knows only `impl` rules and is what a compiled program must agree with. `eval_jaxpr`
binds every equation again, which is how programs are differentiated, batched and transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var


def _last_uses(jaxpr: Jaxpr) -> list[list[Var]]:
    """Returns for each equation the variables that nobody reads after it."""
    seen: set[Atom] = set(jaxpr.outvars)
    dying: list[list[Var]] = []
    for eqn in reversed(jaxpr.eqns):
        last = [v for v in {*eqn.invars, *eqn.outvars} if isinstance(v, Var) and v not in seen]
        seen.update(last)
        dying.append(last)
    dying.reverse()
    return dying


def _interpret(
    jaxpr: Jaxpr,
    args: Sequence[Any],
    literal: Callable[[Literal], Any],
    apply: Callable[[Eqn, list[Any]], Sequence[Any]],
) -> list[Any]:
    assert len(args) == len(jaxpr.invars), f"expected {len(jaxpr.invars)} inputs, got {len(args)}"
    values: dict[Atom, Any] = dict(zip(jaxpr.constvars, jaxpr.consts, strict=True))
    values.update(zip(jaxpr.invars, args, strict=True))
    dying = jaxpr.memo.get("last_uses")
    if dying is None:
        dying = jaxpr.memo["last_uses"] = _last_uses(jaxpr)

    def read(atom: Atom) -> Any:
        return literal(atom) if isinstance(atom, Literal) else values[atom]

    for eqn, dead in zip(jaxpr.eqns, dying, strict=True):
        outs = apply(eqn, [read(atom) for atom in eqn.invars])
        values.update(zip(eqn.outvars, outs, strict=True))
        for var in dead:
            del values[var]
    return [read(atom) for atom in jaxpr.outvars]


def _apply_impl(eqn: Eqn, operands: list[Any]) -> Sequence[Any]:
    return eqn.primitive.impl(*operands, **eqn.params)


def _apply_bind(eqn: Eqn, operands: list[Any]) -> Sequence[Any]:
    return eqn.primitive.apply(*operands, **eqn.params)


def evaluate(jaxpr: Jaxpr, args: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Runs a program on NumPy arrays with the `impl` rules alone."""
    return _interpret(jaxpr, args, lambda atom: atom.val, _apply_impl)


def eval_jaxpr(jaxpr: Jaxpr, *args: Any) -> list[Any]:
    """Applies a program's equations in the current trace.

    Args:
        jaxpr: the program; its own constants are used.
        args: one value (array or tracer) for each of its inputs.
    """
    return _interpret(jaxpr, args, Literal.array, _apply_bind)
