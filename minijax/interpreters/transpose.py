"""Transposition: running a linear program backwards.

The backward pass keeps one *accumulator* per linear variable: the sum of the cotangents that have
arrived so far. A transpose rule returns a contribution for each linear operand, which is added.
A rule that can add into the accumulator itself (an indexed read, a loop whose body reads indexed)
takes it with `operand.take()` and returns it with its contribution included. So the gradient of a
loop that reads `x[i]` updates one array in place, and never adds dense arrays of zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.avals import Aval, Zero, materialize
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.interpreters.dependence import split_eqn
from minijax.interpreters.stage import stage_closed

# Elements of an operand for which zeros are made and added sooner than a rule runs in Python.
_FEW = 1024


class _Accumulators:
    """The cotangents that have arrived at the linear variables.

    Attributes:
        sums: what has arrived so far.
        were_taken: whether a rule has added to those of a large operand in place.
    """

    def __init__(self) -> None:
        self.sums: dict[Atom, Any] = {}
        self.were_taken = False

    def add(self, var: Atom, ct: Any) -> None:
        """Adds a contribution; `None` and `Zero` contribute nothing."""
        if ct is None or type(ct) is Zero:
            return
        present = self.sums.get(var)
        self.sums[var] = ct if present is None else var.aval.tangent().add(present, ct)

    def pop(self, var: Var) -> Any:
        """Removes and returns the sum, a symbolic zero if nothing has arrived."""
        found = self.sums.pop(var, None)
        return Zero(var.aval.tangent()) if found is None else found


class UndefinedPrimal:
    """Stands for a linear operand in a transpose rule, which has no value in a backward pass."""

    __slots__ = ("_accumulators", "_var", "aval")

    def __init__(
        self, aval: Aval, accumulators: _Accumulators | None = None, var: Var | None = None
    ) -> None:
        self.aval = aval
        self._accumulators = accumulators
        self._var = var

    def take(self) -> Any:
        """Removes and returns the operand's accumulator, for a rule that adds into it in place."""
        return materialize(self.take_symbolic())

    def take_symbolic(self) -> Any:
        """Removes and returns the operand's accumulator, `Zero` if nothing has arrived."""
        if self._accumulators is None or self._var is None:
            return Zero(self.aval.tangent())
        self._accumulators.were_taken |= getattr(self.aval, "size", _FEW + 1) > _FEW
        return self._accumulators.pop(self._var)

    def __repr__(self) -> str:
        return f"UndefinedPrimal({self.aval})"


class LinearSteps:
    """What stands on a tape for equations whose backward pass is known as steps.

    Args:
        outvars: the tangents of the results.
        invars: the tangents of operands that get a cotangent.
        residuals: the values that the backward pass needs.
        pull: from residuals and cotangents of the results to cotangents of the operands.
    """

    __slots__ = ("invars", "outvars", "pull", "residuals")

    def __init__(
        self,
        outvars: Sequence[Var],
        invars: Sequence[Atom],
        residuals: Sequence[Any],
        pull: Callable[..., Sequence[Any]],
    ) -> None:
        self.outvars = outvars
        self.invars = invars
        self.residuals = residuals
        self.pull = pull

    def pull_back(self, accumulators: _Accumulators) -> None:
        """Carries the cotangents of the results to the operands."""
        sums = accumulators.sums
        if len(self.outvars) == 1:
            ct = sums.pop(self.outvars[0], None)
            if ct is None:
                return
            found = self.pull(*self.residuals, ct)
        else:
            cts = [accumulators.pop(var) for var in self.outvars]
            if all(type(ct) is Zero for ct in cts):
                return
            found = self.pull(*self.residuals, *map(materialize, cts))
        for atom, ct in zip(self.invars, found, strict=True):
            if atom in sums:
                accumulators.add(atom, ct)
            else:
                sums[atom] = ct


def is_linear(operand: Any) -> bool:
    """Whether an operand of a transpose rule is one to transpose with respect to.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import ad
        >>> x = jnp.ones(2)
        >>> ad.is_undefined_primal(ad.UndefinedPrimal(x.aval)), ad.is_undefined_primal(x)
        (True, False)
    """
    return type(operand) is UndefinedPrimal


class _Pass:
    """One forward sweep over what is not linear, then one backward sweep over what is."""

    def __init__(self, jaxpr: Jaxpr, args: Sequence[Any]) -> None:
        self.jaxpr = jaxpr
        self.accumulators = _Accumulators()
        # The values of all variables that are not linear.
        self.values: dict[Atom, Any] = dict(zip(jaxpr.constvars, jaxpr.consts, strict=True))
        for var, arg in zip(jaxpr.invars, args, strict=True):
            if is_linear(arg):
                self.accumulators.add(var, arg.take_symbolic())
            else:
                self.values[var] = arg

    def is_linear(self, atom: Atom) -> bool:
        return type(atom) is Var and atom not in self.values

    def read(self, atom: Atom) -> Any:
        return atom.array() if isinstance(atom, Literal) else self.values[atom]

    def forward(self) -> Sequence[Eqn]:
        """Evaluates the equations on known values and returns the linear ones."""
        linear_eqns = []
        for eqn in self.jaxpr.eqns:
            flags = [self.is_linear(atom) for atom in eqn.invars]
            known: Eqn | None = eqn
            if any(flags):
                known, rest = (
                    (None, eqn) if eqn.primitive.depends is None else split_eqn(eqn, flags)
                )
                linear_eqns.append(rest)
            if known is not None:
                outs = known.primitive.apply(*map(self.read, known.invars), **known.params)
                self.values.update(zip(known.outvars, outs, strict=True))
        return linear_eqns

    def backward(self, eqns: Sequence[Any]) -> None:
        """Carries cotangents from results to operands, last equation first."""
        accumulators, sums = self.accumulators, self.accumulators.sums
        for eqn in reversed(eqns):
            if type(eqn) is LinearSteps:
                eqn.pull_back(accumulators)
                continue
            outvars = eqn.outvars
            if len(outvars) == 1:
                ct = sums.pop(outvars[0], None)
                if ct is None:
                    continue
                cts = [ct]
            else:
                cts = [accumulators.pop(var) for var in outvars]
                if all(type(ct) is Zero for ct in cts):
                    continue
            operands = [self.operand(atom) for atom in eqn.invars]
            contributions = eqn.primitive.transpose(cts, *operands, **eqn.params)
            for atom, ct in zip(eqn.invars, contributions, strict=True):
                if ct is not None:
                    accumulators.add(atom, ct)

    def finish(self, linear_eqns: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        """Returns the cotangents of the inputs, None for those that are not linear."""
        for atom, ct in zip(self.jaxpr.outvars, cts, strict=True):
            if self.is_linear(atom):
                self.accumulators.add(atom, ct)
        self.backward(linear_eqns)
        return [
            self.accumulators.pop(var) if self.is_linear(var) else None for var in self.jaxpr.invars
        ]

    def operand(self, atom: Atom) -> Any:
        if type(atom) is Literal:
            return atom.array()
        if atom in self.values:
            return self.values[atom]
        return UndefinedPrimal(atom.aval, self.accumulators, atom)  # type: ignore[arg-type]


def backward_pass(jaxpr: Jaxpr, args: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
    """Runs a program backwards in the current trace.

    Args:
        jaxpr: a program that is linear in the inputs given as `UndefinedPrimal`.
        args: for each input its value, or `UndefinedPrimal(aval)` where it is linear.
        cts: a cotangent for each output; `Zero` costs nothing.

    Returns:
        For each input its cotangent (maybe `Zero`) where it is linear, else None.
    """
    sweep = _Pass(jaxpr, args)
    return sweep.finish(sweep.forward(), cts)


def pull_back(jaxpr: Jaxpr, cts: Sequence[Any]) -> list[Any]:
    """Runs a program backwards in which every equation depends on its inputs, linearly.

    Args:
        jaxpr: a program as linearization records it; its constants are the residuals.
        cts: a cotangent for each output; `Zero` costs nothing.

    Returns:
        The cotangent of each input, maybe `Zero`.
    """
    sweep = _Pass(jaxpr, [UndefinedPrimal(var.aval) for var in jaxpr.invars])
    return sweep.finish(jaxpr.eqns, cts)


def transpose_freely(jaxpr: Jaxpr, num_residuals: int) -> tuple[Jaxpr, tuple[int, ...]] | None:
    """Returns the transposed program of one that makes no use of accumulators.

    Args:
        jaxpr: a closed program, linear in all inputs but the leading residuals.
        num_residuals: how many those are.

    Returns:
        The program `(residuals, cotangents of the outputs) -> cotangents` and which linear inputs
        get these, the others' being zero; None if a rule adds into a large accumulator in place.
    """
    receivers: list[int] = []
    linear_avals = jaxpr.in_avals[num_residuals:]
    were_taken = False

    def program(*given: Any) -> list[Any]:
        nonlocal were_taken
        unknown = [UndefinedPrimal(aval) for aval in linear_avals]
        sweep = _Pass(jaxpr, [*given[:num_residuals], *unknown])
        found = sweep.finish(sweep.forward(), given[num_residuals:])[num_residuals:]
        were_taken = sweep.accumulators.were_taken
        receivers.extend(k for k, ct in enumerate(found) if type(ct) is not Zero)
        return [found[k] for k in receivers]

    ct_avals = [aval.tangent() for aval in jaxpr.out_avals]
    staged = stage_closed(program, [*jaxpr.in_avals[:num_residuals], *ct_avals], jaxpr.name)
    return None if were_taken else (staged, tuple(receivers))


class _Given:
    """An accumulator that a transposed program receives as an input."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.were_taken = False

    def pop(self, var: Var) -> Any:
        return self.value


def transpose_jaxpr(
    jaxpr: Jaxpr, linear: Sequence[bool], accumulate: Sequence[bool], active: Sequence[bool]
) -> Jaxpr:
    """Returns the transposed program of a closed program.

    Args:
        jaxpr: a closed program, linear in some inputs.
        linear: which inputs are linear.
        accumulate: which linear inputs have an accumulator to start from (loops pass theirs in).
        active: which outputs have a cotangent.

    Returns:
        The program `(nonlinear inputs, accumulators, cotangents of active outputs) -> cotangents
        of the linear inputs`, dense and with the accumulators included.
    """
    key = ("transpose", tuple(linear), tuple(accumulate), tuple(active))
    if key not in jaxpr.memo:
        jaxpr.memo[key] = _transpose_jaxpr(jaxpr, *key[1:])
    return jaxpr.memo[key]


def _transpose_jaxpr(
    jaxpr: Jaxpr,
    linear: tuple[bool, ...],
    accumulate: tuple[bool, ...],
    active: tuple[bool, ...],
) -> Jaxpr:
    inputs = list(zip(jaxpr.in_avals, linear, accumulate, strict=True))

    def program(*given: Any) -> list[Any]:
        values = iter(given)
        known = [None if is_lin else next(values) for _, is_lin, _ in inputs]
        args = []
        for (aval, is_lin, starts), var, value in zip(inputs, jaxpr.invars, known, strict=True):
            if not is_lin:
                args.append(value)
            elif starts:
                args.append(UndefinedPrimal(aval, _Given(next(values)), var))  # type: ignore[arg-type]
            else:
                args.append(UndefinedPrimal(aval))
        cts = [
            next(values) if has_ct else Zero(aval.tangent())
            for aval, has_ct in zip(jaxpr.out_avals, active, strict=True)
        ]
        found = backward_pass(jaxpr, args, cts)
        return [materialize(ct) for ct, is_lin in zip(found, linear, strict=True) if is_lin]

    nonlinear_avals = [aval for aval, is_lin, _ in inputs if not is_lin]
    start_avals = [aval.tangent() for aval, is_lin, starts in inputs if is_lin and starts]
    ct_avals = [aval.tangent() for aval, on in zip(jaxpr.out_avals, active, strict=True) if on]
    return stage_closed(program, [*nonlinear_avals, *start_avals, *ct_avals], jaxpr.name)
