"""Forward mode: carrying a tangent along with every value.

A tangent that is known to be zero is symbolic (`Zero`), and an operation none of whose operands has
a nonzero tangent is simply carried out by the parent trace.

    jvp_jaxpr : (a -> b)  to  (a, t_a) -> (b, t_b)      with tangents only where they are not zero
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

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
from minijax.interpreters.stage import stage_closed


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
        previous = current.trace
        current.trace = self.parent
        try:
            outs, out_tangents = primitive.jvp(primals, tangents, **params)
        finally:
            current.trace = previous
        return tuple(
            [
                out if type(tangent) is Zero else JVPTracer(self, out, tangent)
                for out, tangent in zip(outs, out_tangents, strict=True)
            ]
        )


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
