"""Primitives: the operations that traces see, each declared once with every one of its rules.

    sin_p = primitive("sin", impl=..., abstract=..., jvp=..., transpose=..., batch=..., lower=...)

All rules are required, so none can be forgotten. "No rule" is a value with a reason:

* `linear`, `linear_in(0, 2)`: the jvp of an operation that is linear in (some of) its operands;
* `constant`: the tangents of the results are zero;
* `absent("argsort returns integers: there is nothing to transpose")`: the reason becomes the error.

| rule | signature |
|---|---|
| `impl` | `(*arrays, **params) -> arrays`: NumPy in, NumPy out; the definition of the primitive |
| `abstract` | `(*avals, **params) -> avals`: the only place that validates |
| `jvp` | `(primals, tangents, **params) -> (outs, out_tangents)`; tangents may be `Zero` |
| `linearize` | `(primals, active, **params) -> (outs, residuals, linear)`; optional |
| `transpose` | `(cts, *operands, **params) -> cts_in`; linear operands are `UndefinedPrimal` |
| `batch` | `(size, operands, dims, **params) -> (outs, out_dims)` |
| `lower` | `(k, *operands, out, **params) -> kernel values` |
| `run` | `(args, **params) -> outs`; optional: how an eager application runs, if not by `impl` |
| `stage` | `(args, params) -> (args, params)`; optional: the form that is recorded in a jaxpr |
| `prune` | `(eqn, used) -> eqn`; optional: the smaller equation whose results are the used ones |
| `depends` | `(operands, **params) -> results`; optional: flags of what depends on what |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minijax.core.avals import Aval, ShapedArray, Zero, materialize
from minijax.core.errors import MissingRuleError
from minijax.core.records import record
from minijax.core.trace import current

Rule = Callable[..., Any]

_CACHE_LIMIT = 4096


@record(eq=True)
class Linear:
    """The jvp rule of an operation that is linear in the operands at `positions` (None: all)."""

    positions: tuple[int, ...] | None = None

    def rule_for(self, primitive: Primitive) -> Rule:
        def jvp(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
            outs = primitive.bind(*primals, **params)
            linear = range(len(primals)) if self.positions is None else self.positions
            if all(type(tangents[i]) is Zero for i in linear):
                return outs, tuple(Zero(_tangent_of(out)) for out in outs)
            operands = list(primals)
            for i in linear:
                operands[i] = materialize(tangents[i])
            return outs, primitive.bind(*operands, **params)

        return jvp


@record(eq=True)
class Constant:
    """The jvp rule of an operation whose results do not depend smoothly on its operands."""

    def rule_for(self, primitive: Primitive) -> Rule:
        def jvp(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
            outs = primitive.bind(*primals, **params)
            return outs, tuple(Zero(_tangent_of(out)) for out in outs)

        return jvp


@record(eq=True)
class Absent:
    """A rule that does not exist, and why."""

    reason: str

    def rule_for(self, primitive: Primitive, rule: str) -> Rule:
        def missing(*args: Any, **params: Any) -> Any:
            raise MissingRuleError.of(primitive.name, rule, self.reason)

        return missing


linear = Linear()
constant = Constant()
absent = Absent


def linear_in(*positions: int) -> Linear:
    """Returns the jvp rule of an operation linear in the operands at these positions only."""
    return Linear(positions)


def _tangent_of(out: Any) -> Aval:
    return out.aval.tangent()


class Primitive:
    """An operation with all its rules; frozen once made. Create one with `primitive(...)`."""

    __slots__ = (
        "_abstract_cache",
        "abstract",
        "batch",
        "collective",
        "depends",
        "effect",
        "holds_functions",
        "impl",
        "jvp",
        "linearize",
        "lower",
        "name",
        "nan_apart",
        "plans",
        "prune",
        "run",
        "stage",
        "transpose",
        "ufuncs",
    )

    # `bind` returns a tuple, whatever the number of results.
    multiple_results = True
    # Interpreters written for JAX ask for these: a program in a parameter is no reason to differ.
    call_primitive = map_primitive = False

    _abstract_cache: dict[Any, tuple[Aval, ...]]
    plans: Plans
    name: str
    impl: Rule
    abstract: Rule
    jvp: Rule
    transpose: Rule
    batch: Rule
    lower: Rule
    linearize: Rule | None
    run: Rule | None
    stage: Rule | None
    prune: Rule | None
    depends: Rule | None
    effect: str | None
    collective: bool
    holds_functions: bool
    ufuncs: Mapping[np.dtype, np.ufunc]
    nan_apart: bool

    def __init__(self, name: str, **rules: Any) -> None:
        set_slot = object.__setattr__
        set_slot(self, "name", name)
        set_slot(self, "_abstract_cache", {})
        set_slot(self, "ufuncs", {})
        set_slot(self, "nan_apart", False)
        set_slot(self, "holds_functions", False)
        set_slot(self, "plans", Plans(self))
        for slot, rule in rules.items():
            if isinstance(rule, Linear | Constant):
                rule = rule.rule_for(self)
            elif isinstance(rule, Absent):
                rule = rule.rule_for(self, slot)
            set_slot(self, slot, rule)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"The primitive '{self.name}' is frozen: give its rules to primitive(...)."
        )

    def __repr__(self) -> str:
        return self.name

    def bind(self, *args: Any, **params: Any) -> tuple[Any, ...]:
        """Applies the primitive in the current trace and returns the tuple of its results."""
        return current.trace.process(self, args, params)

    def apply(self, *args: Any, **params: Any) -> tuple[Any, ...]:
        """Does what `bind` does, which a primitive declared outside may give another result."""
        return current.trace.process(self, args, params)

    def abstract_eval(self, avals: tuple[Aval, ...], params: dict[str, Any]) -> tuple[Aval, ...]:
        """Returns the avals of the results, remembered per operand avals and parameters."""
        if self.run is not None:
            # Its parameters are programs: a table here would keep them alive.
            return tuple(self.abstract(*avals, **params))
        key = (avals, *params.items()) if params else avals
        cache = self._abstract_cache
        found = cache.get(key)
        if found is None:
            found = tuple(self.abstract(*avals, **params))
            if len(cache) >= _CACHE_LIMIT:
                cache.clear()
            cache[key] = found
        return found


class Plan(NamedTuple):
    """How to apply a primitive to buffers: one ufunc, and the aval of what it gives.

    With `nan_apart` a result that holds a NaN is not valid, and `impl` decides.
    """

    ufunc: np.ufunc
    aval: ShapedArray
    nan_apart: bool


class Plans(dict[tuple[Aval, ...], Plan | None]):
    """The plans of a primitive by the avals of its operands; one is made when it is asked for.

    None where the primitive is no ufunc on such operands, or their avals do not fit.
    """

    __slots__ = ("_primitive",)

    def __init__(self, primitive: Primitive) -> None:
        self._primitive = primitive

    def __missing__(self, avals: tuple[Aval, ...]) -> Plan | None:
        if not self._primitive.ufuncs:
            return None
        if len(self) >= _CACHE_LIMIT:
            self.clear()
        self[avals] = found = self._make(avals)
        return found

    def _make(self, avals: tuple[Aval, ...]) -> Plan | None:
        if not avals or any(type(aval) is not ShapedArray for aval in avals):
            return None
        dtype = avals[0].dtype  # type: ignore[attr-defined]
        ufunc = self._primitive.ufuncs.get(dtype)
        if ufunc is None or ufunc.nin != len(avals):
            return None
        if any(aval.dtype != dtype for aval in avals):  # type: ignore[attr-defined]
            return None
        try:
            (out,) = self._primitive.abstract_eval(avals, {})
        except TypeError:
            return None
        assert isinstance(out, ShapedArray)
        found = ufunc.resolve_dtypes((*(dtype,) * ufunc.nin, None))
        if found != (*(dtype,) * ufunc.nin, out.dtype):
            return None
        return Plan(ufunc, out, self._primitive.nan_apart)


def primitive(
    name: str,
    *,
    impl: Rule,
    abstract: Rule,
    jvp: Rule | Linear | Constant | Absent,
    transpose: Rule | Absent,
    batch: Rule,
    lower: Rule | Absent,
    linearize: Rule | None = None,
    run: Rule | None = None,
    stage: Rule | None = None,
    prune: Rule | None = None,
    depends: Rule | None = None,
    effect: str | None = None,
    collective: bool = False,
    holds_functions: bool = False,
    ufuncs: Mapping[np.dtype, np.ufunc] | None = None,
    nan_apart: bool = False,
) -> Primitive:
    """Declares a primitive. The module's docstring gives the signature of each rule.

    Args:
        name: what jaxprs print.
        impl, abstract, jvp, transpose, batch, lower: the required rules.
        linearize: split into outputs, residuals and a linear map, where `jvp` gives a worse one.
        run: how an eager application runs where that is not `impl` on NumPy arrays.
        stage: rewrites the arguments and parameters of an application before it is recorded.
        prune: given an equation and which of its results are used, returns the smaller equation
            that has only those results and only the operands that they need.
        depends: given which operands count, returns which results depend on them; without it, all
            do.
        effect: the kind of side effect ("debug", "io", "ordered"), None for a pure operation.
        collective: whether the batch rule must know the name of the axis being mapped (keyword
            `mapped_axis`), as operations across a named axis do and programs that may hold such
            operations; it then also sees applications without any batched operand.
        holds_functions: whether parameters are functions of Python, which may close over traced
            values; its batch rule, a collective one, then takes a `MappedAxis` in place of a name.
        ufuncs: for dtypes on which `impl` is one ufunc of operands of that dtype, that ufunc.
        nan_apart: whether that holds for results without NaN only.
    """
    return Primitive(
        name,
        impl=impl,
        abstract=abstract,
        jvp=jvp,
        transpose=transpose,
        batch=batch,
        lower=lower,
        linearize=linearize,
        run=run,
        stage=stage,
        prune=prune,
        depends=depends,
        effect=effect,
        collective=collective,
        holds_functions=holds_functions,
        ufuncs=ufuncs or {},
        nan_apart=nan_apart,
    )
