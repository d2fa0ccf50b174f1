"""Primitives that are declared first and get their rules later, as other libraries write them.

    p = UserPrimitive("triple")
    p.def_impl(lambda x: 3 * np.asarray(x))
    p.def_abstract_eval(lambda x: x)

Further rules are entries of the tables below, under the names that `minijax.interpreters` gives
them. A compiled program calls the implementation as Python, unless a lowering in terms of other
primitives is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, ClassVar

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array, value_of
from minijax.core.avals import Aval, ShapedArray, Zero
from minijax.core.errors import MissingRuleError
from minijax.core.primitive import Primitive, Rule
from minijax.core.records import record
from minijax.core.trace import EVAL, set_trace

ParamDict = dict[str, Any]

primitive_jvps: dict[Primitive, Rule] = {}
primitive_transposes: dict[Primitive, Rule] = {}
primitive_batchers: dict[Primitive, Rule] = {}
# Batch rules that are told of the axis: (axis data, operands, dims, **params) -> (results, dims)
fancy_primitive_batchers: dict[Primitive, Rule] = {}
# (kernel builder, operands, result avals, params) -> values
primitive_lowerings: dict[Primitive, Rule] = {}


@record(eq=True)
class AxisData:
    """The axis that is mapped, as batch rules are told of it.

    Attributes:
        name: the name under which collective operations know it, None if it has none.
        size: its length.
        spmd_name, explicit_mesh_axis: there for rules that look at them; nothing sets them.
    """

    name: Any
    size: int
    spmd_name: Any = None
    explicit_mesh_axis: Any = None


class _AnyPrimitive(type):
    """Makes every primitive an instance, built in or not."""

    def __instancecheck__(cls, instance: object) -> bool:
        return type.__instancecheck__(Primitive, instance)


def _is_zero(tangent: Any, aval: Any) -> bool:
    return type(tangent) is Zero or aval.tangent().dtype == dtypes.float0


class UserPrimitive(Primitive, metaclass=_AnyPrimitive):
    """A primitive that gets its rules after it was made.

    Args:
        name: what programs print.

    Example:
        >>> import minijax as mj
        >>> triple_p = UserPrimitive("triple")
        >>> _ = triple_p.def_impl(lambda x: 3 * np.asarray(x))
        >>> _ = triple_p.def_abstract_eval(lambda x: x)
        >>> float(triple_p.bind(2.0)), float(mj.jit(triple_p.bind)(2.0))
        (6.0, 6.0)
    """

    multiple_results = False
    # The rules that a subclass defines as methods `impl` and `abstract_eval`.
    _methods: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __init_subclass__(cls) -> None:
        # Taken out of the class: the methods of these names are what interpreters call.
        found = {name: vars(cls)[name] for name in _METHODS if name in vars(cls)}
        for name in found:
            delattr(cls, name)
        cls._methods = {**cls._methods, **found}

    def __init__(self, name: str) -> None:
        rules = {
            "impl": self._evaluate,
            "abstract": self._abstract,
            "run": self._run,
            "jvp": self._jvp,
            "transpose": self._transpose,
            "batch": self._batch,
            "lower": self._lower,
        }
        absent = dict.fromkeys(("linearize", "stage", "prune", "depends", "effect"))
        super().__init__(name, **rules, **absent, collective=True)
        self._user: dict[str, Callable[..., Any]] = {}
        for method, define in _METHODS.items():
            if method in self._methods:
                define(self, MethodType(self._methods[method], self))

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def bind(self, *args: Any, **params: Any) -> Any:
        """Applies the primitive; returns one result, or a list if `multiple_results` is set."""
        outs = self.apply(*map(to_array, args), **params)
        return list(outs) if self.multiple_results else outs[0]

    def def_impl(self, impl: Callable[..., Any]) -> Callable[..., Any]:
        """Sets the implementation: arrays and parameters to arrays."""
        self._user["impl"] = impl
        return impl

    def def_abstract_eval(self, abstract_eval: Callable[..., Any]) -> Callable[..., Any]:
        """Sets the rule that takes avals and parameters to avals."""
        self._user["abstract"] = abstract_eval
        return abstract_eval

    def def_effectful_abstract_eval(self, abstract_eval: Callable[..., Any]) -> Callable[..., Any]:
        """Sets the rule that takes avals and parameters to avals and effects."""
        self._user["abstract"] = lambda *avals, **params: abstract_eval(*avals, **params)[0]
        return abstract_eval

    # -- the rules, in terms of those that were given

    def _many(self, outs: Any) -> tuple[Any, ...]:
        return tuple(outs) if self.multiple_results else (outs,)

    def _given(self, rule: str, table: dict[Primitive, Rule] | None = None) -> Rule:
        found = self._user.get(rule) if table is None else table.get(self)
        if found is None:
            raise MissingRuleError.of(self.name, rule, "none was given")
        return found

    def _run(self, args: Sequence[Any], **params: Any) -> tuple[Any, ...]:
        return tuple(map(to_array, self._many(self._given("impl")(*args, **params))))

    def _evaluate(self, *args: np.ndarray, **params: Any) -> tuple[np.ndarray, ...]:
        avals = self._abstract(*map(aval_of, args), **params)
        with set_trace(EVAL):
            outs = self._run([to_array(x) for x in args], **params)
        return tuple(
            np.asarray(value_of(out), aval.dtype) for out, aval in zip(outs, avals, strict=True)
        )

    def _abstract(self, *avals: Aval, **params: Any) -> tuple[ShapedArray, ...]:
        found = self._many(self._given("abstract")(*avals, **params))
        return tuple(
            ShapedArray(tuple(aval.shape), dtypes.canonical(aval.dtype), aval.weak_type)
            for aval in found
        )

    def _jvp(self, primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
        if all(type(t) is Zero for t in tangents):
            results = self.apply(*primals, **params)
            return results, tuple(Zero(out.aval.tangent()) for out in results)
        outs, out_tangents = self._given("jvp", primitive_jvps)(primals, tangents, **params)
        results = tuple(map(to_array, self._many(outs)))
        return results, tuple(
            Zero(out.aval.tangent()) if _is_zero(t, out.aval) else to_array(t)
            for out, t in zip(results, self._many(out_tangents), strict=True)
        )

    def _transpose(self, cts: Sequence[Any], *operands: Any, **params: Any) -> tuple[Any, ...]:
        rule = self._given("transpose", primitive_transposes)
        found = rule(list(cts) if self.multiple_results else cts[0], *operands, **params)
        return tuple(
            Zero(aval_of(x).tangent()) if type(ct) is Zero else ct
            for ct, x in zip(found, operands, strict=True)
        )

    def _batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[int | None],
        mapped_axis: Any,
        **params: Any,
    ) -> Any:
        fancy = fancy_primitive_batchers.get(self)
        if fancy is not None:
            axis = AxisData(mapped_axis, size)
            outs, out_dims = fancy(axis, tuple(operands), tuple(dims), **params)
        elif all(dim is None for dim in dims):
            results = self.apply(*operands, **params)
            return results, (None,) * len(results)
        else:
            rule = self._given("batch", primitive_batchers)
            outs, out_dims = rule(tuple(operands), tuple(dims), **params)
        return tuple(map(to_array, self._many(outs))), self._many(out_dims)

    def _lower(self, k: Any, *operands: Any, out: Any, **params: Any) -> tuple[Any, ...]:
        rule = primitive_lowerings.get(self)
        if rule is not None:
            return rule(k, operands, out, params)
        return k.host_call(out, lambda *args: self._evaluate(*args, **params), operands)


# How a rule that a subclass defines as a method is given.
_METHODS = {
    "impl": UserPrimitive.def_impl,
    "abstract_eval": UserPrimitive.def_effectful_abstract_eval,
}
