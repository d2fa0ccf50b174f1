"""Staging: recording what a function does into a jaxpr.

    >>> from minijax.core.avals import ShapedArray
    >>> from minijax.core.dtypes import float64
    >>> import minijax.numpy as jnp
    >>> print(stage(lambda x: [jnp.sin(x)], [ShapedArray((3,), float64)]))
    { lambda ; a:f64[3]. let b:f64[3] = sin a in (b,) }

Values that the function uses from outside become constants of the program: arrays and tracers of
enclosing traces as `constvars`, scalars as literals.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minijax.core.activity import recording
from minijax.core.array import ConcreteArray, aval_of, to_array
from minijax.core.avals import Aval, ShapedArray, materialize
from minijax.core.check import check_jaxpr
from minijax.core.collector import calm
from minijax.core.config import config
from minijax.core.dtypes import float0, key_dtype
from minijax.core.errors import UnexpectedTracerError
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.core.primitive import Primitive
from minijax.core.references import (
    Ref,
    ReferencesTouched,
    put_back,
    read_all,
    threading,
    with_values,
)
from minijax.core.source import SourceLine, user_frame
from minijax.core.trace import Trace, Tracer, check_leaks, check_open, new_trace, process_in
from minijax.interpreters.dependence import split_eqn


class StageTracer(Tracer):
    """A value that will exist when the program runs: a variable of the program being recorded."""

    __slots__ = ("source", "variable")

    def __init__(self, trace: Trace, var: Var, source: SourceLine | None) -> None:
        self._trace = trace
        self.aval = var.aval  # type: ignore[assignment]
        self.variable = var
        self.source = source

    def origin(self) -> str:
        return "" if self.source is None else f"computed at {self.source}"


class StageTrace(Trace):
    """Records every operation as an equation."""

    records = True

    __slots__ = ("_constants", "consts", "constvars", "eqns", "invars", "references")

    def __init__(self) -> None:
        super().__init__()
        # References from outside that the function touches, with what they were before.
        self.references: dict[Ref, Any] = {}
        self.eqns: list[Eqn] = []
        self.invars: list[Var] = []
        self.constvars: list[Var] = []
        self.consts: list[Any] = []
        # Keyed by id of values that `consts` keeps alive.
        self._constants: dict[int, Var] = {}

    def new_input(self, aval: Aval) -> StageTracer:
        """Returns a tracer for a further input of the program."""
        var = Var(aval)
        self.invars.append(var)
        return StageTracer(self, var, None)

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        return self.record(primitive, args, params, user_frame())

    def record(
        self,
        primitive: Primitive,
        args: Sequence[Any],
        params: dict[str, Any],
        source: SourceLine | None,
    ) -> tuple[Any, ...]:
        """Adds an equation, which comes from a line of the user's program."""
        if primitive.stage is not None:
            args, params = primitive.stage(args, params)
        atoms = []
        avals = []
        for x in args:
            atom = x.variable if type(x) is StageTracer and x._trace is self else self.atom(x)
            atoms.append(atom)
            avals.append(atom.aval)
        results = primitive.abstract_eval(tuple(avals), params)
        outvars = tuple([Var(aval) for aval in results])
        self.eqns.append(Eqn(primitive, tuple(atoms), outvars, params, source))
        if len(outvars) == 1:
            return (StageTracer(self, outvars[0], source),)
        return tuple([StageTracer(self, var, source) for var in outvars])

    def atom(self, x: Any) -> Atom:
        """Returns the variable of one of this trace's tracers, or a constant for anything else."""
        if type(x) is StageTracer and x._trace is self:
            return x.variable
        if isinstance(x, Tracer):
            check_open(x)
            return self._constvar(x)
        if not hasattr(x, "aval"):
            x = to_array(x) if aval_of(x).dtype != float0 else ConcreteArray(x, aval_of(x))
        if type(x.aval) is ShapedArray and x.aval.shape == () and x.aval.dtype not in _NO_LITERAL:
            return Literal(x._value, x.aval)
        return self._constvar(x)

    def _constvar(self, x: Any) -> Var:
        var = self._constants.get(id(x))
        if var is None:
            var = self._constants[id(x)] = Var(x.aval)
            self.constvars.append(var)
            self.consts.append(x)
        return var

    def finish(self, outs: Iterable[Any], name: str = "") -> Jaxpr:
        """Returns the program recorded so far with the given outputs."""
        outvars = [self.atom(materialize(x)) for x in outs]
        jaxpr = Jaxpr(self.invars, outvars, self.eqns, self.constvars, self.consts, name)
        if recording and (config.debug_checks or config.enable_checks):
            check_jaxpr(jaxpr)
        return jaxpr


_NO_LITERAL = (float0, key_dtype)


class TangentTrace(StageTrace):
    """Records what depends on tangents; everything else goes on to the parent trace at once.

    This is what makes linearization direct: a jvp rule runs once, its primal part is computed by
    the parent, and its tangent part becomes the linear program.
    """

    records = False

    __slots__ = ("parent",)

    def __init__(self, parent: Trace) -> None:
        super().__init__()
        self.parent = parent

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        for x in args:
            if type(x) is StageTracer and x._trace is self:
                if primitive.depends is not None:
                    return self._record_apart(primitive, args, params)
                # The lines of a linear program are those of the program it was derived from.
                return self.record(primitive, args, params, None)
        return process_in(self.parent, primitive, args, params)

    def _record_apart(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        """Records an operation with programs; results that need no tangent are the parent's."""
        avals = [aval_of(x) for x in args]
        results = [Var(aval) for aval in primitive.abstract_eval(tuple(avals), params)]
        eqn = Eqn(primitive, [Var(aval) for aval in avals], results, params)
        flags = [type(x) is StageTracer and x._trace is self for x in args]
        apart, rest = split_eqn(eqn, flags)
        if apart is None:
            return self.record(primitive, args, params, None)
        given = dict(zip(eqn.invars, args, strict=True))
        operands = [given[var] for var in apart.invars]
        known = process_in(self.parent, primitive, operands, apart.params)
        found = dict(zip(apart.outvars, known, strict=True))
        if len(found) < len(results):
            operands = [given[var] for var in rest.invars]
            linear = self.record(primitive, operands, rest.params, None)
            found = dict(zip(rest.outvars, linear, strict=True)) | found
        return tuple([found[var] for var in results])


def stage(
    fun: Callable[..., Iterable[Any]],
    avals: Iterable[Aval],
    name: str = "",
    *,
    kept: bool = False,
) -> Jaxpr:
    """Records a function of flat values as a program.

    Args:
        fun: takes one tracer for each aval and returns a sequence of outputs.
        avals: the avals of the inputs.
        name: what the program is called in messages and pictures.
        kept: whether the program serves later calls too, so that it must not hold what a reference
            holds now.

    Returns:
        The program; `constvars` are what `fun` used from outside.

    Raises:
        UnexpectedTracerError: under `config.check_tracer_leaks`, if a tracer outlives the trace.
        ReferencesTouched: if `fun` writes to a reference made outside of it, or `kept` and reads.
    """
    jaxpr, finished = _record(fun, avals, name, kept)
    check_leaks(finished)
    return jaxpr


def _record(
    fun: Callable[..., Iterable[Any]], avals: Iterable[Aval], name: str, kept: bool
) -> tuple[Jaxpr, weakref.ref[StageTrace]]:
    trace = StageTrace()
    with calm(), new_trace(trace):
        try:
            outs = fun(*[trace.new_input(aval) for aval in avals])
            jaxpr = trace.finish(outs, name)
        finally:
            changed = put_back(trace.references)
    if trace.references:
        if changed or kept:
            raise ReferencesTouched(tuple(trace.references), name)
        read_all(trace.references)  # which an enclosing recording notes
    return jaxpr, weakref.ref(trace)


def stage_with_references(
    fun: Callable[..., Iterable[Any]], avals: Sequence[Aval], name: str = ""
) -> tuple[Jaxpr, tuple[Ref, ...]]:
    """Records a function that may touch references made outside of it.

    Returns:
        The program, and the references: their values are the first inputs, and what they are in
        the end the first outputs.
    """

    def record(references: tuple[Ref, ...]) -> tuple[Jaxpr, tuple[Ref, ...]]:
        count, pure = len(references), with_values(fun, references)

        def flat(*args: Any) -> list[Any]:
            values, outs = pure(args[:count], *args[count:])
            return [*values, *outs]

        inputs = [aval_of(value) for value in read_all(references)]
        return stage(flat, [*inputs, *avals], name, kept=True), references

    try:
        return stage(fun, avals, name, kept=True), ()
    except ReferencesTouched as found:
        return threading(record, found)


def stage_closed(fun: Callable[..., Iterable[Any]], avals: Iterable[Aval], name: str = "") -> Jaxpr:
    """Records a function as a closed program; arrays that it uses from outside become literals.

    Raises:
        UnexpectedTracerError: if the function uses a tracer of an enclosing trace, which a program
            that is derived once and used many times cannot hold.
    """
    jaxpr = stage(fun, avals, name)
    return with_literals(jaxpr) if jaxpr.constvars else jaxpr


def with_literals(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the closed program in which captured arrays are literals."""
    literals: dict[Atom, Atom] = {}
    for var, const in zip(jaxpr.constvars, jaxpr.consts, strict=True):
        if not isinstance(const, ConcreteArray):
            raise UnexpectedTracerError.of(const, "A rule that is derived once for many uses")
        literals[var] = Literal(const._value, const.aval)
    eqns = [
        eqn.replace(invars=[literals.get(atom, atom) for atom in eqn.invars]) for eqn in jaxpr.eqns
    ]
    outvars = [literals.get(atom, atom) for atom in jaxpr.outvars]
    return Jaxpr(jaxpr.invars, outvars, eqns, name=jaxpr.name)
