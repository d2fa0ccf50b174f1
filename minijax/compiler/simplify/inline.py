"""Inlining: a nested call becomes part of its caller, so that fusion sees across it."""

from __future__ import annotations

from typing import NamedTuple

from minijax.compiler.simplify.nested import in_nested, renamed
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.primitives.control.call import call_p


def inline_calls(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program without nested calls.

    Example: `b = jit[jaxpr={ lambda ; x. let y = sin x in (y,) }] a` becomes `b = sin a`.
    """
    names: dict[Atom, Atom] = {}
    eqns: list[Eqn] = []
    # A work list in place of recursion: calls nest as deeply as the user's functions do. An entry
    # is an equation to place, or the binding of a call's results once its body has been placed.
    pending: list[_Placed | _Return] = [_Placed(eqn, names) for eqn in reversed(jaxpr.eqns)]
    while pending:
        entry = pending.pop()
        if isinstance(entry, _Return):
            entry.bind()
            continue
        eqn, scope = entry
        if scope is names and eqn.primitive is not call_p:
            eqns.append(in_nested(renamed(eqn, names), inline_calls))
            continue
        invars = [_rename(atom, scope) for atom in eqn.invars]
        if eqn.primitive is call_p:
            body = eqn.params["jaxpr"]
            inner: dict[Atom, Atom] = dict(zip(body.invars, invars, strict=True))
            pending.append(_Return(eqn.outvars, scope, body.outvars, inner))
            pending.extend(_Placed(nested, inner) for nested in reversed(body.eqns))
            continue
        # A body that is called twice needs fresh variables each time.
        outvars = [Var(v.aval) for v in eqn.outvars]
        scope.update(zip(eqn.outvars, outvars, strict=True))
        eqns.append(in_nested(eqn.replace(invars=invars, outvars=outvars), inline_calls))
    return jaxpr.replace(eqns=eqns, outvars=[_rename(atom, names) for atom in jaxpr.outvars])


class _Placed(NamedTuple):
    """An equation to place, and the names that hold in its program."""

    eqn: Eqn
    scope: dict[Atom, Atom]


class _Return:
    """The results of a call, to be bound in the caller's scope."""

    __slots__ = ("atoms", "inner", "outvars", "scope")

    def __init__(
        self,
        outvars: tuple[Var, ...],
        scope: dict[Atom, Atom],
        atoms: tuple[Atom, ...],
        inner: dict[Atom, Atom],
    ) -> None:
        self.outvars = outvars
        self.scope = scope
        self.atoms = atoms
        self.inner = inner

    def bind(self) -> None:
        for var, atom in zip(self.outvars, self.atoms, strict=True):
            self.scope[var] = _rename(atom, self.inner)


def _rename(atom: Atom, names: dict[Atom, Atom]) -> Atom:
    return atom if isinstance(atom, Literal) else names.get(atom, atom)
