"""Taylor mode: derivatives of any order of a function along a path.

A value x(t) is carried as its derivatives (x, x', x'', …) at one point. What an operation y = f(x)
does to them follows from its jvp rule alone: y' = ∂f(x)·x' is a function of the derivatives of x
that are one order shorter, so the rule is applied to those and gives all of y' at once. Operations
that are linear in what varies act on each derivative by itself; products follow Leibniz' rule and
quotients its inverse, so that the work grows with the cube of the order. Derivatives of derivatives
would double it with every order.

>>> import minijax.numpy as jnp
>>> from minijax.experimental.jet import jet
>>> y, (first, second) = jet(jnp.exp, (0.0,), ((1.0, 0.0),))
>>> float(y), float(first), float(second)
(1.0, 1.0, 1.0)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, aval_of, to_array
from minijax.core.avals import Aval, Zero, materialize
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import Primitive
from minijax.core.pytree import flatten, unflatten
from minijax.core.source import api_boundary
from minijax.core.trace import Trace, Tracer, current_trace, new_trace, process_in, set_trace
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.jvp import concrete_value, jvp
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import stage
from minijax.primitives.arithmetic import add, div, div_p, mul, mul_p, sub
from minijax.primitives.control.call import call_p
from minijax.primitives.convolution import conv_general_dilated_p
from minijax.primitives.dot import dot_general_p
from minijax.primitives.scaling import scale_p

# Derivatives of a value, from the first on; None is zero.
Terms = tuple[Any, ...]

_PRODUCTS = frozenset({mul_p, scale_p, dot_general_p, conv_general_dilated_p})


class JetTracer(Tracer):
    """A value with its derivatives along the path."""

    __slots__ = ("primal", "terms")

    def __init__(self, trace: Trace, primal: Any, terms: Terms) -> None:
        super().__init__(trace, aval_of(primal))
        self.primal = primal
        self.terms = terms

    def concrete(self) -> ConcreteArray | None:
        return concrete_value(self.primal)


class JetTrace(Trace):
    """Carries out operations on values and on their derivatives, in the parent trace."""

    __slots__ = ("parent",)

    def __init__(self, parent: Trace) -> None:
        super().__init__()
        self.parent = parent

    def owns(self, x: Any) -> bool:
        """Whether a value is a tracer of this trace."""
        return type(x) is JetTracer and x._trace is self

    def wrap(self, primal: Any, terms: Sequence[Any]) -> Any:
        """Returns a value with derivatives, a plain one if all of them are zero."""
        if all(term is None for term in terms):
            return primal
        return JetTracer(self, primal, tuple(terms))

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        moving = [x for x in args if self.owns(x)]
        primals = [x.primal if self.owns(x) else x for x in args]
        if not moving:
            return process_in(self.parent, primitive, primals, params)
        if primitive is call_p:
            return tuple(eval_jaxpr(params["jaxpr"], *args))
        outs = process_in(self.parent, primitive, primals, params)
        order = min(len(x.terms) for x in moving)
        series = [x.terms[:order] if self.owns(x) else None for x in args]
        if primitive in _PRODUCTS and len(moving) == len(args) == 2:
            found = [self._product(primitive, primals, series, params)]
        elif primitive is div_p and self.owns(args[1]):
            found = [self._quotient(outs[0], primals[1], series)]
        else:
            found = self._by_rule(primitive, primals, series, params)
        return tuple(self.wrap(out, terms) for out, terms in zip(outs, found, strict=True))

    def _product(
        self, primitive: Primitive, primals: list[Any], series: Any, params: dict[str, Any]
    ) -> Terms:
        (x, y), (x_terms, y_terms) = primals, series
        xs, ys = (x, *x_terms), (y, *y_terms)
        found = []
        with set_trace(self.parent):
            for order in range(1, len(xs)):
                total = None
                for i in range(order + 1):
                    if xs[i] is None or ys[order - i] is None:
                        continue
                    (part,) = primitive.bind(xs[i], ys[order - i], **params)
                    total = _plus(total, _times(math.comb(order, i), part))
                found.append(total)
        return tuple(found)

    def _quotient(self, out: Any, divisor: Any, series: Any) -> Terms:
        """Solves Leibniz' rule of out · divisor = dividend for the derivatives of `out`."""
        x_terms = series[0] or (None,) * len(series[1])
        ys = (divisor, *series[1])
        found = [out]
        with set_trace(self.parent):
            for order in range(1, len(ys)):
                rest = x_terms[order - 1]
                for i in range(order):
                    if found[i] is None or ys[order - i] is None:
                        continue
                    part = _times(math.comb(order, i), mul(found[i], ys[order - i]))
                    rest = -part if rest is None else sub(rest, part)
                found.append(None if rest is None else div(rest, divisor))
        return tuple(found[1:])

    def _by_rule(
        self, primitive: Primitive, primals: list[Any], series: Any, params: dict[str, Any]
    ) -> list[Terms]:
        active = [terms is not None for terms in series]
        order = next(len(terms) for terms in series if terms is not None)
        program, needed, moves = _tangent_program(primitive, primals, active, params)
        count = len(primals)
        if not any(on and used for on, used in zip(active, needed, strict=False)):
            return self._linear(program, needed, moves, primals, series, order)
        lower = [
            x if terms is None else self.wrap(x, terms[: order - 1])
            for x, terms in zip(primals, series, strict=True)
        ]
        shifted = [
            self.wrap(_or_zeros(terms[0], x), terms[1:])
            for x, terms in zip(primals, series, strict=True)
            if terms is not None
        ]
        inputs = [x for x, used in zip(lower + shifted, needed, strict=True) if used]
        assert len(needed) == count + sum(active), "one input for each tangent"
        with set_trace(self.parent if order == 1 else self):
            outs = iter(eval_jaxpr(program, *inputs))
        return [_shifted_back(self, next(outs), order) if on else (None,) * order for on in moves]

    def _linear(
        self,
        program: Jaxpr,
        needed: Sequence[bool],
        moves: Sequence[bool],
        primals: list[Any],
        series: Any,
        order: int,
    ) -> list[Terms]:
        found: list[list[Any]] = [[] for _ in moves]
        with set_trace(self.parent):
            for k in range(order):
                given = [
                    (terms[k], x)
                    for x, terms in zip(primals, series, strict=True)
                    if terms is not None
                ]
                if all(term is None for term, _ in given):
                    outs: Any = iter([None] * len(moves))
                else:
                    operands = [*primals, *(_or_zeros(term, x) for term, x in given)]
                    kept = [x for x, used in zip(operands, needed, strict=True) if used]
                    outs = iter(eval_jaxpr(program, *kept))
                for terms, on in zip(found, moves, strict=True):
                    terms.append(next(outs) if on else None)
        return [tuple(terms) for terms in found]


def _tangent_program(
    primitive: Primitive, primals: list[Any], active: list[bool], params: dict[str, Any]
) -> tuple[Jaxpr, Sequence[bool], list[bool]]:
    """Returns the program of the tangents of an operation.

    Returns:
        The program (primals, active tangents) -> tangents of the results that have one; which of
        its inputs it reads, all that it takes; and which results have one.
    """
    avals: list[Aval] = [aval_of(x) for x in primals]
    moves: list[bool] = []

    def tangents_of(*args: Any) -> list[Any]:
        given = iter(args[len(avals) :])
        tangents = [
            next(given) if on else Zero(aval.tangent())
            for on, aval in zip(active, avals, strict=True)
        ]
        _, found = jvp(lambda *xs: primitive.bind(*xs, **params), args[: len(avals)], tangents)
        moves.extend(type(t) is not Zero for t in found)
        return [t for t in found if type(t) is not Zero]

    inputs = [*avals, *(aval.tangent() for aval, on in zip(avals, active, strict=True) if on)]
    program = stage(tangents_of, inputs, f"derivative of {primitive.name}")
    pruned, needed = prune_jaxpr(program, [True] * len(program.outvars))
    return pruned, needed, moves


def _plus(total: Any, part: Any) -> Any:
    return part if total is None else add(total, part)


def _times(count: int, x: Any) -> Any:
    return x if count == 1 else mul(x, count)


def _or_zeros(term: Any, like: Any) -> Any:
    return materialize(Zero(aval_of(like).tangent())) if term is None else term


def _shifted_back(trace: JetTrace, x: Any, order: int) -> Terms:
    """Returns the derivatives of a value from its first derivative."""
    if trace.owns(x):
        return (x.primal, *x.terms)
    return (x, *(None,) * (order - 1))


def _leaf(what: str, x: Any) -> Any:
    if hasattr(x, "aval") or not isinstance(x, list | tuple | dict):
        return to_array(x)
    raise ValueError(f"jet: {what} is not an array but a {type(x).__name__}: give its leaves.")


def _inputs(
    primals: Sequence[Any], series: Sequence[Any], scaled: bool
) -> tuple[list[Any], list[Terms]]:
    orders = {len(terms) for terms in series}
    if len(orders) != 1 or len(primals) != len(series):
        raise ValueError(
            f"jet: {len(primals)} primals need as many series, each of the same length; got "
            f"lengths {[len(terms) for terms in series]}."
        )
    xs = [_leaf(f"the primal value at position {i}", x) for i, x in enumerate(primals)]
    found = []
    for i, (x, terms) in enumerate(zip(xs, series, strict=True)):
        if not dtypes.is_inexact(x.dtype):
            raise TypeError(f"jet: the primal value at position {i} must be inexact, got {x.aval}.")
        terms = [_leaf(f"a term of series {i}", t).astype(x.dtype) for t in terms]
        if any(t.shape != x.shape for t in terms):
            raise ValueError(f"jet: the terms of series {i} need the shape {x.shape}.")
        if not scaled:
            terms = [_times(math.factorial(k + 1), t) for k, t in enumerate(terms)]
        found.append(tuple(terms))
    return xs, found


@api_boundary
def jet(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    series: Sequence[Sequence[Any]],
    factorial_scaled: bool = True,
    **_: Any,
) -> tuple[Any, Any]:
    """Returns a function's value and its derivatives along a path.

    Args:
        fun: a function of arrays that returns arrays, or pytrees of them.
        primals: where the path is: x(0) of each argument.
        series: for each argument the derivatives of the path there: x'(0), x''(0), …
        factorial_scaled: whether terms are derivatives; coefficients of the Taylor series if not.

    Returns:
        The output, and the structure of the output with the list of its derivatives at each leaf.

    Raises:
        ValueError: if the series differ in length, or terms in shape.
        TypeError: if an argument is neither floating nor complex.

    Example:
        >>> from minijax.experimental.jet import jet
        >>> y, terms = jet(lambda x: x**3, (2.0,), ((1.0, 0.0, 0.0),))
        >>> float(y), [float(t) for t in terms]
        (8.0, [12.0, 12.0, 6.0])
    """
    xs, found = _inputs(primals, series, factorial_scaled)
    order = len(found[0])
    trace = JetTrace(current_trace())
    with new_trace(trace):
        given = [trace.wrap(x, terms) for x, terms in zip(xs, found, strict=True)]
        leaves, tree = flatten(fun(*given))
    outs, out_terms = [], []
    for leaf in leaves:
        primal, terms = (leaf.primal, leaf.terms) if trace.owns(leaf) else (leaf, (None,) * order)
        terms = [_or_zeros(t, to_array(primal)) for t in terms]
        if not factorial_scaled:
            terms = [div(t, float(math.factorial(k + 1))) for k, t in enumerate(terms)]
        outs.append(primal)
        out_terms.append(list(terms))
    return unflatten(tree, outs), unflatten(tree, out_terms)
