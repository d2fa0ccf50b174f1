"""Linearization: splitting a function into its value and its derivative as a linear program.

    linearize : (a -> b), a    to    b, (t_a -> t_b)

A jvp rule runs once. What it does to primals goes on to the parent trace and is computed there;
what it does to tangents is recorded. The values that the recorded program uses from the primal
side are the *residuals*.

For a program inside another (the body of a loop, a jitted function) the same is done once and for
all, jaxpr to jaxpr:

    linearize_jaxpr : (a -> b)    to    a -> (b, residuals)    and    (residuals, t_a) -> t_b

A residual that is one of the inputs is *forwarded*: the caller has it already, so it is not among
the results of the first program. One that no linear equation reads in the end is not saved at all.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minijax.core.activity import recording
from minijax.core.array import ConcreteArray, aval_of
from minijax.core.avals import Aval, Zero, materialize
from minijax.core.config import config
from minijax.core.jaxpr import Jaxpr, Var
from minijax.core.primitive import Primitive
from minijax.core.records import record
from minijax.core.trace import (
    EVAL,
    Trace,
    Tracer,
    check_leaks,
    current,
    current_trace,
    new_trace,
    process_in,
)
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.jvp import concrete_value
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import StageTrace, StageTracer, TangentTrace, with_literals
from minijax.interpreters.steps import Kind, Steps, Table
from minijax.interpreters.tape import Tape
from minijax.interpreters.transpose import LinearSteps, transpose_freely


class LinearizeTracer(Tracer):
    """A primal, and its tangent: a variable of the linear program, or a tracer of one."""

    __slots__ = ("primal", "tangent")

    def __init__(self, trace: Trace, primal: Any, tangent: Any) -> None:
        self._trace = trace
        self.aval = primal.aval if hasattr(primal, "aval") else aval_of(primal)
        self.primal = primal
        self.tangent = tangent

    def concrete(self) -> ConcreteArray | None:
        return concrete_value(self.primal)

    def origin(self) -> str:
        return self.primal.origin() if isinstance(self.primal, Tracer) else ""


class LinearizeTrace(Trace):
    """Computes primals in the parent trace and records tangents in `tangents`."""

    __slots__ = ("by_steps", "parent", "tangents")

    def __init__(self, parent: Trace, by_steps: bool = False) -> None:
        super().__init__()
        self.parent = parent
        self.tangents = TangentTrace(parent)
        # Whether the tape may hold `LinearSteps` among the equations of the linear program.
        self.by_steps = by_steps

    def new_input(self, primal: Any) -> LinearizeTracer:
        """Returns a tracer for `primal` whose tangent is a new input of the linear program."""
        return LinearizeTracer(self, primal, self.tangents.new_input(aval_of(primal).tangent()))

    def split(self, x: Any) -> tuple[Any, Any]:
        """Returns primal and tangent of a value; constants have a symbolic zero."""
        if type(x) is LinearizeTracer and x._trace is self:
            tangent = x.tangent
            if type(tangent) is Var:
                tangent = StageTracer(self.tangents, tangent, None)
            return x.primal, tangent
        return x, Zero(aval_of(x).tangent())

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        primals: list[Any] = []
        active: list[bool] = []
        # The operation and the avals of its operands, after None those that have no tangent.
        key: list[Any] = [primitive]
        for x in args:
            is_active = type(x) is LinearizeTracer and x._trace is self
            active.append(is_active)
            if is_active:
                primals.append(x.primal)
                key.append(x.aval)
            else:
                primals.append(x)
                key += (None, getattr(x, "aval", None))
        if True not in active:
            return process_in(self.parent, primitive, primals, params)
        if self.by_steps and not (recording and any(map(_is_number, primals))):
            plan = _plans.find_by(key, primitive, primals, active, params)
            if plan is not None:
                return self._take_steps(plan, primals, args)
        tangents = [self.split(x)[1] for x in args]
        previous = current.trace
        try:
            if primitive.linearize is None:
                current.trace = self.tangents
                outs, out_tangents = primitive.jvp(primals, tangents, **params)
            else:
                current.trace = self.parent
                outs, residuals, linear = primitive.linearize(primals, active, **params)
                current.trace = self.tangents
                out_tangents = linear(residuals, *tangents)
        finally:
            current.trace = previous
        return tuple(
            [
                out if type(tangent) is Zero else LinearizeTracer(self, out, tangent)
                for out, tangent in zip(outs, out_tangents, strict=True)
            ]
        )

    def _take_steps(self, plan: _Plan, primals: list[Any], args: Sequence[Any]) -> tuple[Any, ...]:
        native = plan.primal.native
        found = None if native is None or self.parent is not EVAL else native(*primals)
        if found is None:
            previous = current.trace
            current.trace = self.parent
            try:
                found = plan.primal(*primals)
            finally:
                current.trace = previous
        results: list[Any] = []
        outvars = []
        for aval, out in zip(plan.out_tangents, found, strict=False):
            if aval is None:
                results.append(out)
                continue
            var = Var(aval)
            outvars.append(var)
            results.append(LinearizeTracer(self, out, var))
        invars = []
        for k in plan.receivers:
            tangent = args[k].tangent
            invars.append(tangent if type(tangent) is Var else self.tangents.atom(tangent))
        residuals = plan.residuals(primals + found)
        self.tangents.eqns.append(LinearSteps(outvars, invars, residuals, plan.pull))  # type: ignore[arg-type]
        return tuple(results)


def _is_number(x: Any) -> bool:
    """Whether this is a number that rules can look at, which makes better programs of them."""
    return type(x) is ConcreteArray and not x.aval.shape


class _Plan(NamedTuple):
    """How an operation and its backward pass are carried out.

    Attributes:
        primal: operands -> results and values to save.
        out_tangents: for each result the aval of its tangent, None if that is zero.
        residuals: picks the residuals out of operands, results and saved values.
        receivers: the positions of operands that get cotangents.
        pull: residuals and cotangents of the active results -> cotangents.
    """

    primal: Steps
    out_tangents: tuple[Aval | None, ...]
    residuals: Callable[[list[Any]], Sequence[Any]]
    receivers: tuple[int, ...]
    pull: Steps


def _derive(kind: Kind) -> _Plan | None:
    jaxpr = kind.program()
    num_outs = len(jaxpr.outvars)
    split = linearize_jaxpr(jaxpr, kind.active, [False] * num_outs)
    transposed = transpose_freely(split.linear, len(split.forwarded))
    if transposed is None:
        return None
    pull, receivers = transposed
    saved = iter(range(len(kind.avals) + num_outs, len(kind.avals) + num_outs + split.num_saved))
    positions = [k for k, on in enumerate(kind.active) if on]
    return _Plan(
        Steps(split.primal),
        tuple(
            aval.tangent() if on else None
            for aval, on in zip(jaxpr.out_avals, split.out_active, strict=True)
        ),
        _picker([next(saved) if source is None else source for source in split.forwarded]),
        tuple(positions[k] for k in receivers),
        Steps(pull),
    )


def _picker(places: Sequence[int]) -> Callable[[list[Any]], Sequence[Any]]:
    if len(places) > 1:
        return operator.itemgetter(*places)
    (start,) = places or (0,)
    return operator.itemgetter(slice(start, start + len(places)))


_plans = Table(_derive)


def linearize(
    fun: Callable[..., Sequence[Any]], primals: Sequence[Any], active: Sequence[bool]
) -> tuple[list[Any], Jaxpr, tuple[bool, ...]]:
    """Evaluates a function of flat values and records its derivative.

    Args:
        fun: takes and returns flat values.
        primals: where to evaluate.
        active: which arguments are differentiated.

    Returns:
        The outputs; the linear program `active tangents -> active output tangents`, whose
        constants are the residuals; and which outputs have a tangent.
    """
    outs, linear, out_active, finished = _linearize(fun, primals, active, False)
    check_leaks(finished)
    return outs, linear, out_active


def _linearize(
    fun: Callable[..., Sequence[Any]],
    primals: Sequence[Any],
    active: Sequence[bool],
    by_steps: bool,
) -> tuple[list[Any], Jaxpr, tuple[bool, ...], weakref.ref[LinearizeTrace]]:
    trace = LinearizeTrace(current_trace(), by_steps)
    with new_trace(trace):
        inputs = [
            trace.new_input(primal) if is_active else primal
            for primal, is_active in zip(primals, active, strict=True)
        ]
        pairs = [trace.split(out) for out in fun(*inputs)]
        linear = trace.tangents.finish([t for _, t in pairs if type(t) is not Zero])
        trace.tangents.closed = True
    out_active = tuple(type(tangent) is not Zero for _, tangent in pairs)
    return [primal for primal, _ in pairs], linear, out_active, weakref.ref(trace)


def vjp(
    fun: Callable[..., Sequence[Any]], primals: Sequence[Any], active: Sequence[bool]
) -> tuple[list[Any], Tape]:
    """Evaluates a function of flat values and returns its pullback.

    Returns:
        The outputs, and the tape, which takes a cotangent for each output (`Zero` costs nothing)
        and returns a cotangent (maybe `Zero`) for each active argument.
    """
    # Where programs are checked, they hold equations only.
    by_steps = not (recording and (config.debug_checks or config.enable_checks))
    outs, linear, out_active, finished = _linearize(fun, primals, active, by_steps)
    check_leaks(finished)
    return outs, Tape(linear, out_active)


@record
class Linearized:
    """A closed program, split.

    Attributes:
        primal: inputs -> (outputs, saved residuals).
        linear: (all residuals, active tangents) -> active output tangents.
        out_active: which outputs have a tangent.
        forwarded: for each residual the position of the input that it is, or None if it is saved
            (the saved ones are the last results of `primal`, in order).
    """

    primal: Jaxpr
    linear: Jaxpr
    out_active: tuple[bool, ...]
    forwarded: tuple[int | None, ...]

    @property
    def num_saved(self) -> int:
        """The number of residuals that `primal` returns."""
        return sum(source is None for source in self.forwarded)

    @property
    def residual_avals(self) -> list[Any]:
        """The avals of all residuals, in order."""
        return [var.aval for var in self.linear.invars[: len(self.forwarded)]]

    def residuals(self, inputs: Sequence[Any], saved: Sequence[Any]) -> list[Any]:
        """Returns all residuals, given the inputs and what `primal` saved."""
        rest = iter(saved)
        return [next(rest) if i is None else inputs[i] for i in self.forwarded]


def linearize_jaxpr(
    jaxpr: Jaxpr, active: Sequence[bool], instantiate: Sequence[bool]
) -> Linearized:
    """Splits a closed program into its primal and its linear part; remembered per program.

    Args:
        jaxpr: a closed program.
        active: which inputs have a tangent.
        instantiate: which outputs must have a tangent even where it is zero.
    """
    key = ("linearize", tuple(active), tuple(instantiate))
    if key not in jaxpr.memo:
        jaxpr.memo[key] = _linearize_jaxpr(jaxpr, key[1], key[2])
    return jaxpr.memo[key]


def _linearize_jaxpr(
    jaxpr: Jaxpr, active: tuple[bool, ...], instantiate: tuple[bool, ...]
) -> Linearized:
    primal_trace = StageTrace()
    with new_trace(primal_trace):
        inputs = [primal_trace.new_input(aval) for aval in jaxpr.in_avals]
        trace = LinearizeTrace(primal_trace)
        with new_trace(trace):
            args = [
                trace.new_input(x) if is_active else x
                for x, is_active in zip(inputs, active, strict=True)
            ]
            pairs = [trace.split(out) for out in eval_jaxpr(jaxpr, *args)]
            out_active = tuple(
                wanted or type(t) is not Zero
                for (_, t), wanted in zip(pairs, instantiate, strict=True)
            )
            kept = [t for (_, t), on in zip(pairs, out_active, strict=True) if on]
            linear = trace.tangents.finish(map(materialize, kept), jaxpr.name)
            trace.tangents.closed = True
        linear, residuals = _needed_residuals(linear)
        positions = {var: i for i, var in enumerate(primal_trace.invars)}
        forwarded = tuple(
            positions.get(x.variable) if isinstance(x, StageTracer) else None for x in residuals
        )
        saved = [x for x, source in zip(residuals, forwarded, strict=True) if source is None]
        primal = primal_trace.finish([*(out for out, _ in pairs), *saved], jaxpr.name)
    return Linearized(with_literals(primal), linear, out_active, forwarded)


def _needed_residuals(linear: Jaxpr) -> tuple[Jaxpr, list[Any]]:
    """Returns the linear program with the residuals it needs as leading inputs, and those."""
    closed, used = prune_jaxpr(linear.close(), [True] * len(linear.outvars))
    num_residuals = len(linear.constvars)
    needed = [x for x, on in zip(linear.consts, used[:num_residuals], strict=True) if on]
    residual_vars = [v for v, on in zip(linear.constvars, used, strict=False) if on]
    return closed.replace(invars=(*residual_vars, *linear.invars)), needed
