"""Forward mode: carrying a tangent along with every value.

A tangent that is known to be zero is symbolic (`Zero`), and an operation none of whose operands has
a nonzero tangent is simply carried out by the parent trace.

    jvp_jaxpr : (a -> b)  to  (a, t_a) -> (b, t_b)      with tangents only where they are not zero
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minijax.core.activity import recording
from minijax.core.array import ConcreteArray, aval_of
from minijax.core.avals import Zero
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import Primitive
from minijax.core.trace import (
    Trace,
    Tracer,
    check_leaks,
    current,
    current_trace,
    new_trace,
    process_in,
)
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.stage import stage_closed, with_literals
from minijax.interpreters.steps import Kind, Steps, Table


class JVPTracer(Tracer):
    """A primal with its tangent."""

    __slots__ = ("primal", "tangent")

    def __init__(self, trace: Trace, primal: Any, tangent: Any) -> None:
        self._trace = trace
        self.aval = aval_of(primal)
        self.primal = primal
        self.tangent = tangent

    def concrete(self) -> ConcreteArray | None:
        return concrete_value(self.primal)

    def origin(self) -> str:
        return self.primal.origin() if isinstance(self.primal, Tracer) else ""


def concrete_value(x: Any) -> ConcreteArray | None:
    """Returns the array behind a primal where it is known."""
    return x.concrete() if isinstance(x, Tracer) else x


class JVPTrace(Trace):
    """Applies jvp rules, with the parent as current trace."""

    __slots__ = ("parent",)

    def __init__(self, parent: Trace) -> None:
        super().__init__()
        self.parent = parent

    def split(self, x: Any) -> tuple[Any, Any]:
        """Returns primal and tangent of a value; constants have a symbolic zero."""
        if type(x) is JVPTracer and x._trace is self:
            return x.primal, x.tangent
        return x, Zero(aval_of(x).tangent())

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        primals: list[Any] = []
        tangents: list[Any] = []
        is_constant = True
        for x in args:
            if type(x) is JVPTracer and x._trace is self:
                primals.append(x.primal)
                tangents.append(x.tangent)
                is_constant = False
            else:
                primals.append(x)
                tangents.append(Zero(aval_of(x).tangent()))
        if is_constant:
            return process_in(self.parent, primitive, primals, params)
        # While something is recorded, rules may look at numbers, which makes better programs.
        plan = None if recording else _plan_of(primitive, primals, tangents, params)
        previous = current.trace
        current.trace = self.parent
        try:
            if plan is None:
                outs, out_tangents = primitive.jvp(primals, tangents, **params)
            else:
                outs, out_tangents = plan.apply(primals, tangents)
        finally:
            current.trace = previous
        return tuple(
            [
                out if type(tangent) is Zero else JVPTracer(self, out, tangent)
                for out, tangent in zip(outs, out_tangents, strict=False)
            ]
        )


class _Plan(NamedTuple):
    """How an operation and its tangent are carried out.

    Attributes:
        steps: operands and tangents of the active ones -> results and tangents of active ones.
        out_tangents: for each result the place of its tangent among these, or that it is zero.
    """

    steps: Steps
    out_tangents: tuple[int | Zero, ...]

    def apply(self, primals: list[Any], tangents: list[Any]) -> tuple[list[Any], list[Any]]:
        """Returns results and tangents; behind the results others may stand."""
        found = self.steps(*primals, *[t for t in tangents if type(t) is not Zero])
        return found, [found[k] if type(k) is int else k for k in self.out_tangents]


def _plan_of(
    primitive: Primitive, primals: list[Any], tangents: list[Any], params: dict[str, Any]
) -> _Plan | None:
    active = [type(t) is not Zero for t in tangents]
    for x, t, on in zip(primals, tangents, active, strict=True):
        if on and getattr(t, "aval", None) is not aval_of(x).tangent():
            return None
    plan: _Plan | None = _plans.find(primitive, primals, active, params)
    return plan


def _derive(kind: Kind) -> _Plan | None:
    jaxpr = kind.program()
    program, out_active = jvp_jaxpr(jaxpr, kind.active, [False] * len(jaxpr.outvars))
    places = iter(range(len(jaxpr.outvars), len(program.outvars)))
    zeros = [Zero(aval.tangent()) for aval in jaxpr.out_avals]
    where = [next(places) if on else zero for on, zero in zip(out_active, zeros, strict=True)]
    return _Plan(Steps(with_literals(program)), tuple(where))


_plans = Table(_derive, patience=8)


def jvp(
    fun: Callable[..., Sequence[Any]], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Pushes tangents through a function of flat values.

    Args:
        fun: takes and returns flat values.
        primals: where to evaluate.
        tangents: one for each primal; `Zero` costs nothing.

    Returns:
        The outputs and their tangents, which may be `Zero`.
    """
    outs, out_tangents, finished = _jvp(fun, primals, tangents)
    check_leaks(finished)
    return outs, out_tangents


def _jvp(
    fun: Callable[..., Sequence[Any]], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[list[Any], list[Any], weakref.ref[JVPTrace]]:
    trace = JVPTrace(current_trace())
    with new_trace(trace):
        inputs = [
            primal if type(tangent) is Zero else JVPTracer(trace, primal, tangent)
            for primal, tangent in zip(primals, tangents, strict=True)
        ]
        pairs = [trace.split(out) for out in fun(*inputs)]
    outs, out_tangents = [primal for primal, _ in pairs], [tangent for _, tangent in pairs]
    return outs, out_tangents, weakref.ref(trace)


def jvp_jaxpr(
    jaxpr: Jaxpr, active: Sequence[bool], instantiate: Sequence[bool]
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """Returns the program of primals and tangents of a closed program.

    Args:
        jaxpr: a closed program.
        active: which inputs have a tangent.
        instantiate: which outputs must have a tangent even where it is zero.

    Returns:
        The program `(primals, active tangents) -> (outputs, active output tangents)`, and which
        outputs have a tangent.
    """
    key = ("jvp", tuple(active), tuple(instantiate))
    if key not in jaxpr.memo:
        jaxpr.memo[key] = _jvp_jaxpr(jaxpr, key[1], key[2])
    return jaxpr.memo[key]


def _jvp_jaxpr(
    jaxpr: Jaxpr, active: tuple[bool, ...], instantiate: tuple[bool, ...]
) -> tuple[Jaxpr, tuple[bool, ...]]:
    out_active: list[bool] = []

    def program(*args: Any) -> list[Any]:
        primals, given = args[: len(active)], iter(args[len(active) :])
        tangents = [
            next(given) if is_active else Zero(aval.tangent())
            for is_active, aval in zip(active, jaxpr.in_avals, strict=True)
        ]
        outs, out_tangents = jvp(lambda *xs: eval_jaxpr(jaxpr, *xs), primals, tangents)
        out_active.extend(
            wanted or type(t) is not Zero
            for t, wanted in zip(out_tangents, instantiate, strict=True)
        )
        return outs + [t for t, kept in zip(out_tangents, out_active, strict=True) if kept]

    tangent_avals = [
        aval.tangent() for aval, is_active in zip(jaxpr.in_avals, active, strict=True) if is_active
    ]
    staged = stage_closed(program, [*jaxpr.in_avals, *tangent_avals], jaxpr.name)
    return staged, tuple(out_active)
