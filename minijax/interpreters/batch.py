"""Batching: running a function once for a whole axis of examples.

A `BatchTracer` is a value with an extra axis at `dim`; the function sees it without. An operation
none of whose operands is batched is carried out once, by the parent trace.

    batch_jaxpr : (a -> b)  to  (a with a leading axis) -> (b with a leading axis)
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minijax.core.activity import recording
from minijax.core.array import aval_of
from minijax.core.avals import Aval
from minijax.core.errors import UnexpectedTracerError
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import Primitive
from minijax.core.trace import (
    Trace,
    Tracer,
    check_leaks,
    current_trace,
    named_axis,
    nested_trace,
    new_trace,
)
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.stage import stage_closed, with_literals
from minijax.interpreters.steps import Kind, Steps, Table

Dim = int | None


class MappedAxis(NamedTuple):
    """The axis being mapped, for rules that map functions of Python.

    Attributes:
        name: the name under which collective operations know it.
        tag: what the traces of one mapping have in common: a function that a rule maps may close
            over values of the trace that met it.
    """

    name: Any
    tag: object


class BatchTracer(Tracer):
    """A value with a batch axis at `dim` that the function being mapped does not see."""

    __slots__ = ("dim", "value")

    _trace: BatchTrace

    def __init__(self, trace: BatchTrace, value: Any, dim: int, aval: Any = None) -> None:
        self._trace = trace
        self.aval = aval_of(value).without_axis(dim) if aval is None else aval
        self.value = value
        self.dim = dim

    def origin(self) -> str:
        return self.value.origin() if isinstance(self.value, Tracer) else ""


class BatchTrace(Trace):
    """Applies batch rules, with the parent as current trace."""

    __slots__ = ("axis_name", "parent", "size", "tag")

    def __init__(self, parent: Trace, size: int, axis_name: Any, tag: object = None) -> None:
        super().__init__()
        self.parent = parent
        self.size = size
        self.axis_name = axis_name
        self.tag = object() if tag is None else tag

    def split(self, x: Any) -> tuple[Any, Dim]:
        """Returns the value with its batch axis and where that is, None for a constant."""
        if type(x) is BatchTracer and (x._trace is self or x._trace.tag is self.tag):
            return x.value, x.dim
        return x, None

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        operands: list[Any] = []
        dims: list[Dim] = []
        is_shared = True
        for x in args:
            value, dim = self.split(x)
            operands.append(value)
            dims.append(dim)
            is_shared = is_shared and dim is None
        if is_shared and primitive.holds_functions and callable(params.get("call")):
            return self._call_function(primitive, operands, dims, params)
        with nested_trace(self.parent):
            if is_shared and (self.axis_name is None or not primitive.collective):
                return self.parent.process(primitive, operands, params)
            return self._map(primitive, operands, dims, params)

    def _map(
        self, primitive: Primitive, operands: list[Any], dims: list[Dim], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        """Applies a batch rule; the parent is current."""
        plan = None
        if primitive.holds_functions:
            params = params | {"mapped_axis": MappedAxis(self.axis_name, self.tag)}
        elif primitive.collective:
            params = params | {"mapped_axis": self.axis_name}
        elif not recording:
            plan = _plans.find(primitive, operands, (self.size, *dims), params)
        if plan is not None:
            return plan.take(self, operands)
        outs, out_dims = primitive.batch(self.size, operands, dims, **params)
        return tuple(
            [
                out if dim is None else BatchTracer(self, out, dim)
                for out, dim in zip(outs, out_dims, strict=True)
            ]
        )

    def _call_function(
        self, primitive: Primitive, operands: list[Any], dims: list[Dim], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        """Applies a function of Python to values without an axis: it may close over some with one.

        What it closes over becomes an operand where the application is recorded. Eagerly the
        function runs here. Where traces around ask for its derivative, they do with it what they
        would do without this one, until they meet a value that is mapped.
        """
        assert primitive.stage is not None
        assert primitive.run is not None
        if not recording and not any(isinstance(x, Tracer) for x in operands):
            return primitive.run(operands, **params)
        with nested_trace(self.parent):
            if not recording:
                try:
                    return self.parent.process(primitive, operands, params)
                except UnexpectedTracerError:
                    return self._map(primitive, operands, dims, params)
            args, staged = primitive.stage(operands, params)
        return self.process(primitive, args, staged)


class _Plan(NamedTuple):
    """How an operation on a whole axis is carried out.

    Attributes:
        steps: operands -> results.
        out_dims: where the results have the axis.
        out_avals: their avals without it.
    """

    steps: Steps
    out_dims: tuple[Dim, ...]
    out_avals: tuple[Aval | None, ...]

    def take(self, trace: BatchTrace, operands: list[Any]) -> tuple[Any, ...]:
        """Carries it out in the current trace."""
        results: list[Any] = []
        for out, dim, aval in zip(
            self.steps(*operands), self.out_dims, self.out_avals, strict=True
        ):
            results.append(out if dim is None else BatchTracer(trace, out, dim, aval))
        return tuple(results)


def _derive(kind: Kind) -> _Plan:
    size, *dims = kind.active
    out_dims: list[Dim] = []

    def program(*operands: Any) -> Sequence[Any]:
        outs, found = kind.primitive.batch(size, operands, dims, **dict(kind.params))
        out_dims.extend(found)
        return outs

    mapped = with_literals(stage_closed(program, kind.avals))
    out_avals = [
        None if dim is None else aval.without_axis(dim)
        for aval, dim in zip(mapped.out_avals, out_dims, strict=True)
    ]
    return _Plan(Steps(mapped), tuple(out_dims), tuple(out_avals))


_plans = Table(_derive, patience=8)


def move_batch_axis(x: Any, dim: Dim, size: int, to: int = 0) -> Any:
    """Returns a value with its batch axis at `to`, repeated along it if it has none."""
    aval = aval_of(x)
    return aval.spread(x, size, to) if dim is None else aval.move_axis(x, dim, to)


def batch(
    fun: Callable[..., Sequence[Any]],
    args: Sequence[Any],
    dims: Sequence[Dim],
    size: int,
    axis_name: Any = None,
    tag: object = None,
) -> tuple[list[Any], list[Dim]]:
    """Maps a function of flat values over an axis of its arguments.

    Args:
        fun: takes and returns flat values.
        args: the arguments, with their batch axes.
        dims: where each argument's batch axis is; None for one that all examples share.
        size: the length of the batch axis.
        axis_name: the name under which collective operations know the axis.
        tag: that of the `MappedAxis` where a batch rule maps a function.

    Returns:
        The outputs, and where the batch axis of each is (None if it does not depend on it).
    """
    outs, out_dims, finished = _batch(fun, args, dims, size, axis_name, tag)
    check_leaks(finished)
    return outs, out_dims


def _batch(
    fun: Callable[..., Sequence[Any]],
    args: Sequence[Any],
    dims: Sequence[Dim],
    size: int,
    axis_name: Any,
    tag: object,
) -> tuple[list[Any], list[Dim], weakref.ref[BatchTrace]]:
    trace = BatchTrace(current_trace(), size, axis_name, tag)
    with named_axis(axis_name, size), new_trace(trace):
        inputs = [
            x if dim is None else BatchTracer(trace, x, dim)
            for x, dim in zip(args, dims, strict=True)
        ]
        pairs = [trace.split(out) for out in fun(*inputs)]
    return [value for value, _ in pairs], [dim for _, dim in pairs], weakref.ref(trace)


def batch_jaxpr(
    jaxpr: Jaxpr,
    size: int,
    batched: Sequence[bool],
    instantiate: Sequence[bool],
    axis_name: Any = None,
) -> tuple[Jaxpr, tuple[bool, ...]]:
    """Returns a closed program mapped over a leading axis.

    Args:
        jaxpr: a closed program.
        size: the length of the axis.
        batched: which inputs have the axis (leading).
        instantiate: which outputs must have it even where they do not depend on it.
        axis_name: the name under which collective operations in the program know the axis.

    Returns:
        The mapped program, and which of its outputs have the axis (leading).
    """
    key = ("batch", size, tuple(batched), tuple(instantiate), axis_name)
    if key not in jaxpr.memo:
        jaxpr.memo[key] = _batch_jaxpr(jaxpr, size, key[2], key[3], axis_name)
    return jaxpr.memo[key]


def _batch_jaxpr(
    jaxpr: Jaxpr,
    size: int,
    batched: tuple[bool, ...],
    instantiate: tuple[bool, ...],
    axis_name: Any,
) -> tuple[Jaxpr, tuple[bool, ...]]:
    out_batched: list[bool] = []

    def program(*args: Any) -> list[Any]:
        dims = [0 if is_batched else None for is_batched in batched]
        outs, out_dims = batch(lambda *xs: eval_jaxpr(jaxpr, *xs), args, dims, size, axis_name)
        results = []
        for out, dim, wanted in zip(outs, out_dims, instantiate, strict=True):
            has_axis = wanted or dim is not None
            out_batched.append(has_axis)
            results.append(move_batch_axis(out, dim, size) if has_axis else out)
        return results

    avals = [
        aval.with_axis(size, 0) if is_batched else aval
        for aval, is_batched in zip(jaxpr.in_avals, batched, strict=True)
    ]
    return stage_closed(program, avals, jaxpr.name), tuple(out_batched)
