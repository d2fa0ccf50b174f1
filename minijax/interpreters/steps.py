"""Rules of single operations, worked out once for operands of known avals and kept as steps.

What a rule does depends on avals and parameters, not on values. A trace that computes at once can
therefore derive the linearization of an operation, or its backward pass, the first time it meets
one of its kind, and from then on take the recorded steps:

    sin at f64[8]     forward: y = sin x, r = cos x      backward: (r, ct) -> scale ct r

The steps come from the rules by `linearize_jaxpr` and `transpose_jaxpr`, as those of the body of a
loop do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minijax.core import quick
from minijax.core.avals import Aval
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.core.primitive import Primitive
from minijax.core.trace import EVAL, current

_LIMIT = 4096
# How often steps are taken in Python before native code for them is worth its making.
_WORTH_DERIVING = 200
_FEW = 1024  # elements of a constant that is kept


def _none(*_: Any) -> None:
    """Stands for native code where there is none."""


class Steps:
    """A closed program as a list of applications, each of which reads numbered values.

    Args:
        jaxpr: the program; it holds no constants.

    Attributes:
        native: native code that takes the steps on arrays, or gives None; None where there is none.
    """

    __slots__ = ("_constants", "_jaxpr", "_outs", "_steps", "_uses", "native")

    def __init__(self, jaxpr: Jaxpr) -> None:
        assert not jaxpr.constvars, "steps have no captured values"
        self._jaxpr = jaxpr
        self.native: Callable[..., list[Any] | None] | None = None
        self._uses = 0
        atoms = [atom for eqn in jaxpr.eqns for atom in eqn.invars] + list(jaxpr.outvars)
        literals = list(dict.fromkeys(atom for atom in atoms if isinstance(atom, Literal)))
        constants: dict[Atom, Any] = {literal: literal.array() for literal in literals}
        eqns = _without_constant(jaxpr, constants)
        self._constants = tuple(constants.values())
        known: list[Atom] = [*constants, *jaxpr.invars]
        places = {atom: k for k, atom in enumerate(known)}
        self._steps: list[tuple[int, Primitive, tuple[int, ...], dict[str, Any]]] = []
        for eqn in eqns:
            operands = tuple([places[atom] for atom in eqn.invars])
            # How many operands there are, if nothing else has to be passed on.
            count = 0 if eqn.params else len(operands)
            self._steps.append((count, eqn.primitive, operands, eqn.params))
            for var in eqn.outvars:
                places[var] = len(places)
        self._outs = tuple([places[atom] for atom in jaxpr.outvars])

    def __call__(self, *inputs: Any) -> list[Any]:
        """Takes the steps in the current trace and returns the outputs."""
        trace = current.trace
        if trace is EVAL:
            if self.native is not None:
                found = self.native(*inputs)
                if found is not None:
                    return found
            self._uses += 1
            if self._uses % _WORTH_DERIVING == 0 and quick.derive_steps is not None:
                self._derive()
            return self.in_python(*inputs)
        values = [*self._constants, *inputs]
        for _, primitive, operands, params in self._steps:
            values += trace.process(primitive, [values[k] for k in operands], params)
        return [values[k] for k in self._outs]

    def _derive(self) -> None:
        """Has native code made, the first time there may be some."""
        if self.native is None and quick.derive_steps is not None and self._steps:
            self.native = quick.derive_steps(self._jaxpr) or _none

    def in_python(self, *inputs: Any) -> list[Any]:
        """Takes the steps on arrays."""
        values = [*self._constants, *inputs]
        for count, primitive, operands, params in self._steps:
            if count == 2:
                values += primitive.bind(values[operands[0]], values[operands[1]])
            elif count == 1:
                values += primitive.bind(values[operands[0]])
            else:
                values += EVAL.process(primitive, [values[k] for k in operands], params)
        return [values[k] for k in self._outs]

    def first(self, *inputs: Any) -> Any:
        """Takes the steps on arrays and returns the first output."""
        values = [*self._constants, *inputs]
        for count, primitive, operands, params in self._steps:
            if count:
                values += primitive.bind(*[values[k] for k in operands])
            else:
                values += EVAL.process(primitive, [values[k] for k in operands], params)
        return values[self._outs[0]]


def _without_constant(jaxpr: Jaxpr, constants: dict[Atom, Any]) -> list[Eqn]:
    """Returns the equations that are no small constants; the values of those go to `constants`."""
    left = []
    for eqn in jaxpr.eqns:
        is_constant = (
            all(atom in constants for atom in eqn.invars)
            and is_regular(eqn.primitive)
            and all(getattr(var.aval, "size", _FEW + 1) <= _FEW for var in eqn.outvars)
            # Whoever gets a result may give its memory away.
            and not any(var in jaxpr.outvars for var in eqn.outvars)
        )
        if is_constant:
            values = EVAL.process(eqn.primitive, [constants[x] for x in eqn.invars], eqn.params)
            constants.update(zip(eqn.outvars, values, strict=True))
        else:
            left.append(eqn)
    return left


class Kind(NamedTuple):
    """An application, as far as its rules look at it.

    Attributes:
        primitive, avals, params: the operation, its operands and its parameters.
        active: what else there is to know: which operands have a tangent, or the length of the
            axis that is mapped and where the operands have it.
    """

    primitive: Primitive
    avals: tuple[Aval, ...]
    active: tuple[Any, ...]
    params: tuple[tuple[str, Any], ...]

    def program(self) -> Jaxpr:
        """Returns the program of this one application."""
        params = dict(self.params)
        invars = [Var(aval) for aval in self.avals]
        outvars = [Var(aval) for aval in self.primitive.abstract_eval(self.avals, params)]
        return Jaxpr(invars, outvars, [Eqn(self.primitive, invars, outvars, params)])


class Table:
    """Something derived for every kind of application, None where it cannot be.

    Args:
        derive: from a kind to what is kept.
        patience: how many applications go by before it is derived, where a rule that runs once
            costs much less.
    """

    def __init__(self, derive: Callable[[Kind], Any], patience: int = 0) -> None:
        self._derive = derive
        self._patience = patience
        # An int is the number of applications so far.
        self._found: dict[Any, Any] = {}
        self._by_key: dict[Any, Any] = {}

    def find(
        self,
        primitive: Primitive,
        operands: Sequence[Any],
        active: Sequence[Any],
        params: dict[str, Any],
    ) -> Any:
        """Returns what belongs to an application, None if its rules have to run each time."""
        try:
            avals = [x.aval for x in operands]
            key = (primitive, *avals, *active, *params.items())
            found = self._found[key]
            if type(found) is not int:
                return found
        except KeyError:
            if not is_regular(primitive):
                return None  # a function among the parameters may hold arrays: it is not kept
            found = 0
        except (AttributeError, TypeError):  # a bare number, or a parameter without a hash
            return None
        if found < self._patience:
            self._keep(key, found + 1)
            return None
        kind = Kind(primitive, tuple(avals), tuple(active), tuple(params.items()))
        try:
            found = self._derive(kind)
        except RecursionError:
            return None
        except Exception:
            # Whatever is wrong, the rule will say so where it is needed.
            found = None
        self._keep(key, found)
        return found

    def find_by(
        self,
        key: Sequence[Any],
        primitive: Primitive,
        operands: Sequence[Any],
        active: Sequence[Any],
        params: dict[str, Any],
    ) -> Any:
        """Does what `find` does, sooner, for a caller who has a key at hand.

        Args:
            key: something that tells all of the other arguments but `params`.
            primitive, operands, active, params: as for `find`.
        """
        whole = (*key, *params.items())
        try:
            return self._by_key[whole]
        except KeyError:
            found = self.find(primitive, operands, active, params)
        except TypeError:  # a parameter without a hash
            return None
        if found is not None:
            if len(self._by_key) >= _LIMIT:
                self._by_key.clear()
            self._by_key[whole] = found
        return found

    def _keep(self, key: Any, found: Any) -> None:
        if len(self._found) >= _LIMIT:
            self._found.clear()
        self._found[key] = found


def is_regular(primitive: Primitive) -> bool:
    """Whether an operation does nothing but compute, and its rules carry no programs."""
    special = primitive.run, primitive.linearize, primitive.effect, primitive.stage
    return not primitive.collective and all(rule is None for rule in special)
